/* SPDX-License-Identifier: MPL-2.0 */
/* See world.h: a store on LMDB with a gate before its writes. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "behind.h"
#include "gate.h"
#include "world.h"

static struct {
    bool wanted;
    char root[32], dir[48], key_file[48];
} disk;

struct world *world_ready_on_disk(uint32_t caps)
{
    disk.wanted = true;
    struct world *w = world_new(caps);
    world_ready(w);
    assert(sj_store_flush(w->store, NULL) == SJ_OK);
    world_settle(w);
    world_clear(w);
    return w;
}

struct sj_store *world_disk_open(struct sj_loop *loop)
{
    struct sj_error err = {.status = SJ_OK};
    struct engine *lmdb = NULL;
    struct sj_store *store = NULL;

    if (!disk.wanted)
        return NULL;
    snprintf(disk.root, sizeof disk.root, "/tmp/sojourn-world-XXXXXX");
    assert(mkdtemp(disk.root));
    snprintf(disk.dir, sizeof disk.dir, "%s/data", disk.root);
    snprintf(disk.key_file, sizeof disk.key_file, "%s/store.key", disk.root);
    const struct sj_store_options options = {.dir = disk.dir};
    assert(engine_lmdb_open(&lmdb, NULL, &options, &err) == SJ_OK);
    gate_build(lmdb);
    struct behind *b = behind_new(lmdb, loop, NULL);
    assert(store_open_engine(&store, loop, NULL, behind_engine(b), disk.key_file, &err) == SJ_OK);
    store_watch(store, b);
    return store;
}

static void disk_empty(const char *path)
{
    char file[512];
    DIR *dir = opendir(path);

    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        unlink(file);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

void world_disk_remove(void)
{
    if (!disk.wanted)
        return;
    disk.wanted = false;
    disk_empty(disk.dir);
    disk_empty(disk.root);
}

void world_disk_stops(bool stops)
{
    gate_set(stops);
}

void world_disk_fails(int n)
{
    gate_fail(n, ENOSPC);
}

void world_settle(struct world *w)
{
    for (int i = 0; i < 500; i++) {
        sj_loop_turn(w->loop, 5);
        world_run(w);
        if (sj_store_is_settled(w->store) ||
            (gate.failed > 0 && gate.fails == 0 && !behind_works(w->store->behind)))
            break;
    }
    world_run(w);
    gate.failed = 0;
}
