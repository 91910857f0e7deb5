/* SPDX-License-Identifier: MPL-2.0 */
/* What the gateway still needs of the file system while it runs: its data; its configuration, its
 * key and the certificates of authorities, to read them again; and the control socket's directory,
 * to remove the socket. The mechanism is confine.c's. */
#include "confine.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "sojourn/conn.h"
#include "sojourn/memory.h"

struct confine_list {
    struct confine_path *item;
    char **owned;               /* their paths */
    size_t n, room;
};

/* Takes over path. */
static void list_add(struct confine_list *list, char *path, enum confine_use use)
{
    if (list->n == list->room) {
        list->room = list->room ? 2 * list->room : 16;
        list->item = sj_realloc(list->item, list->room * sizeof *list->item);
        list->owned = sj_realloc(list->owned, list->room * sizeof *list->owned);
    }
    list->owned[list->n] = path;
    list->item[list->n++] = (struct confine_path){.path = path, .use = use};
}

/* The directory that file stands in, a new string. */
static char *parent_of(const char *file)
{
    const char *slash = strrchr(file, '/');

    if (!slash)
        return sj_strdup(".");
    return sj_strndup(file, slash == file ? 1 : (size_t)(slash - file));
}

/* A file is replaced by renaming a new one over it, so it is its directory that counts; but not a
 * directory like /etc, which holds everybody's files: there a new file takes a restart. */
static void list_add_file_at(struct confine_list *list, const char *file)
{
    char *dir = parent_of(file);
    char *real = realpath(dir, NULL);

    sj_free(dir);
    list_add(list, sj_strdup(real && strchr(real + 1, '/') ? real : file), CONFINE_READ);
    free(real);
}

/* Where file stands, and where it really is when it is a link. */
static void list_add_file(struct confine_list *list, const char *file)
{
    char *real = realpath(file, NULL);

    list_add_file_at(list, file);
    if (real)
        list_add_file_at(list, real);
    free(real);
}

static void list_add_values(struct confine_list *list, const struct sj_values *v)
{
    for (size_t i = 0; i < v->n; i++) {
        if (v->table[i].kind == SJ_OPTION_FILE && v->value[i].text)
            list_add_file(list, v->value[i].text);
    }
}

void confine_to_config(const struct config *config, const struct sj_log *log)
{
    struct confine_list list = {0};
    char *dir;

    list_add(&list, sj_strdup(sj_values_text(&config->gateway, "data-dir")), CONFINE_WRITE);
    list_add(&list, parent_of(sj_values_text(&config->gateway, "control-socket")),
             CONFINE_REMOVE);
    list_add_file(&list, config->path);
    if (sj_values_text(&config->gateway, "key-file"))       /* the next key is read beside it */
        list_add_file(&list, sj_values_text(&config->gateway, "key-file"));
    list_add_values(&list, &config->gateway);
    for (size_t i = 0; i < config->n_networks; i++) {
        list_add_values(&list, &config->networks[i].common);
        list_add_values(&list, &config->networks[i].own);
    }
    for (unsigned i = 0; (dir = sj_tls_trust_dir(i)) != NULL; i++)
        list_add(&list, dir, CONFINE_READ);
    confine_process(list.item, list.n, log);
    for (size_t i = 0; i < list.n; i++)
        sj_free(list.owned[i]);
    sj_free(list.owned);
    sj_free(list.item);
}
