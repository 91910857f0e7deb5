/* SPDX-License-Identifier: MPL-2.0 */
/* The store's two threads, for ThreadSanitizer: changes, groups, reads and failures, as the loop's
 * thread makes them while the writer's is at work. Run by tests/e2e/test_threads.py:
 *
 *     threads DIRECTORY ROUNDS
 *
 * Status 0 when there were writes, and some of them failed as they were told to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "behind.h"
#include "sojourn/store_message.h"

static bool seen(const struct sj_store_contact *c, void *arg)
{
    (void)c, (void)arg;
    return true;
}

static void step(struct sj_store *s, unsigned round)
{
    char user[32], id[16];
    snprintf(user, sizeof user, "u%u@example.org", round % 50);
    snprintf(id, sizeof id, "c%u", round % 7);
    struct sj_registration r = {.owner = {"net.test", user, ""}, .n_values = 1,
                                .values = {{"username", "x"}}};
    const struct sj_store_change changes[] = {
        {.owner = r.owner, .registration = &r, .state = "s", .state_len = 1},
        {.owner = r.owner, .contact = {.id = id, .to = true}},
    };
    if (round % 400 == 3)
        gate_fail(1, 28);
    if (sj_store_is_settled(s))
        sj_store_changes_put(s, changes, 2, NULL);
    sj_store_online_put(s, &r.owner, round % 2);
    sj_store_journal_put(s, &r.owner, round + 1, "m", 1);
    sj_store_message_put(s, &r.owner, &(struct sj_store_message){
        .peer = "p", .network_id = id, .id = id, .own = true});
    sj_store_contact_each(s, &r.owner, NULL, seen, NULL, NULL);
    if (round % 100 == 99)
        sj_store_flush(s, NULL);
    if (round % 97 == 0)
        sj_store_registration_remove(s, &r.owner, NULL, NULL, 0);
}

int main(int argc, char **argv)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_loop *loop = sj_loop_new();
    struct engine *lmdb = NULL;
    struct sj_store *s = NULL;
    char dir[256], key[256];
    if (argc != 3)
        return 2;
    sj_log_set_level(SJ_LOG_ERROR);
    snprintf(dir, sizeof dir, "%s/data", argv[1]);
    snprintf(key, sizeof key, "%s/key", argv[1]);
    const struct sj_store_options options = {.dir = dir};
    if (engine_lmdb_open(&lmdb, NULL, &options, &err) != SJ_OK)
        return 2;
    gate_build(lmdb);
    struct behind *b = behind_new(lmdb, loop, NULL);
    if (store_open_engine(&s, loop, NULL, behind_engine(b), key, &err) != SJ_OK)
        return 2;
    store_watch(s, b);
    for (unsigned i = 0; i < (unsigned)strtoul(argv[2], NULL, 10); i++) {
        step(s, i);
        sj_loop_turn(loop, 1);
    }
    sj_store_close(&s);
    sj_loop_free(&loop);
    printf("writes %u failed %u\n", gate.writes, gate.failed);
    return gate.writes > 20 && gate.failed > 2 ? 0 : 1;
}
