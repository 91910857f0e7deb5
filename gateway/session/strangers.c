/* SPDX-License-Identifier: MPL-2.0 */
/* Remembers, within bounds, what passed between the gateway and users who are not registered:
 * which resource was already told so (G100-31: once per resource per session), and who asked to
 * see the gateway before registering (G100-12). The oldest are forgotten first. */
#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define STRANGERS_MAX 4096u

struct stranger {
    struct sj_list link;
    char key[];          /* kind, host index, address */
};

struct strangers {
    struct sj_map by_key;
    struct sj_list by_age;
};

struct strangers *strangers_new(void)
{
    struct strangers *t = sj_calloc(1, sizeof *t);

    sj_map_init(&t->by_key);
    sj_list_init(&t->by_age);
    return t;
}

static void stranger_remove(struct strangers *t, struct stranger *s)
{
    sj_map_remove(&t->by_key, s->key);
    sj_list_remove(&s->link);
    sj_free(s);
}

void strangers_free(struct strangers **t)
{
    if (!t || !*t)
        return;
    while (!sj_list_empty(&(*t)->by_age))
        stranger_remove(*t, SJ_CONTAINER((*t)->by_age.next, struct stranger, link));
    sj_map_release(&(*t)->by_key);
    sj_free(*t);
    *t = NULL;
}

static void stranger_key(struct sj_strbuf *key, char kind, unsigned host, const char *address)
{
    sj_strbuf_init(key, 4096);
    sj_strbuf_addf(key, "%c%u ", kind, host);
    sj_strbuf_adds(key, address);
}

static struct stranger *stranger_find(struct strangers *t, char kind, unsigned host,
                                      const char *address)
{
    struct sj_strbuf key;
    struct stranger *s;

    stranger_key(&key, kind, host, address);
    s = sj_map_find(&t->by_key, key.s);
    sj_strbuf_release(&key);
    return s;
}

/* False when it was there already. */
static bool stranger_add(struct strangers *t, char kind, unsigned host, const char *address)
{
    struct sj_strbuf key;
    struct stranger *s;

    if (stranger_find(t, kind, host, address))
        return false;
    if (t->by_key.used >= STRANGERS_MAX)
        stranger_remove(t, SJ_CONTAINER(t->by_age.next, struct stranger, link));
    stranger_key(&key, kind, host, address);
    s = sj_malloc(sizeof *s + key.len + 1);
    memcpy(s->key, key.s, key.len + 1);
    sj_strbuf_release(&key);
    sj_list_init(&s->link);
    sj_list_append(&t->by_age, &s->link);
    sj_map_put(&t->by_key, s->key, s);
    return true;
}

bool strangers_tell(struct strangers *t, unsigned host, const char *full)
{
    return stranger_add(t, 't', host, full);
}

void strangers_forget(struct strangers *t, unsigned host, const char *full)
{
    struct stranger *s = stranger_find(t, 't', host, full);

    if (s)
        stranger_remove(t, s);
}

void strangers_asked(struct strangers *t, unsigned host, const char *bare)
{
    stranger_add(t, 'a', host, bare);
}

bool strangers_take_asked(struct strangers *t, unsigned host, const char *bare)
{
    struct stranger *s = stranger_find(t, 'a', host, bare);

    if (s)
        stranger_remove(t, s);
    return s != NULL;
}
