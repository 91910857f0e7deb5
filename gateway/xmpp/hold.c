/* SPDX-License-Identifier: MPL-2.0 */
/* What a user is told waits while a change of theirs is on its way to the disk, so that nobody is
 * told what a crash could undo, and nobody else waits (session/records.c; ARCHITECTURE, "Answers
 * wait for the disk").
 *
 * It waits as the bytes that output.c made, in order, below the user's bare JID: presence, messages
 * and answers of one user never overtake each other. They count as sent; when the stream is lost
 * meanwhile, what copies.c would have kept goes to it, and the rest is lost as if it had been on
 * the wire. The store's commit bounds the time, XMPP_HELD_MAX the bytes. */
#include "hold.h"

#include <stdio.h>
#include <string.h>

#include "component.h"
#include "jid.h"
#include "room.h"
#include "sojourn/conn.h"
#include "sojourn/memory.h"

struct held_user {
    struct sj_list holds;        /* struct hold, oldest first; never empty */
    struct component *c;
    char key[];                  /* number of the host, blank, bare JID */
};

struct hold {
    struct sj_list link;
    struct held_user *user;      /* borrowed */
    uint64_t number;
    bool over;                   /* let go: waits for those before it */
    struct sj_list texts;
};

struct hold_text {
    struct sj_list link;
    size_t n;
    bool kept;
    char bytes[];
};

#define HOLD_KEY_MAX (JID_MAX + 16u)

void holds_init(struct holds *h)
{
    *h = (struct holds){.newest = 0};
    sj_map_init(&h->users);
    sj_idmap_init(&h->holds);
    sj_strbuf_init(&h->key, HOLD_KEY_MAX);
}

static const char *hold_key(struct holds *h, unsigned host, const char *jid)
{
    sj_strbuf_reset(&h->key);
    sj_strbuf_addf(&h->key, "%u ", host);
    sj_strbuf_add(&h->key, jid, strcspn(jid, "/"));
    return h->key.s;
}

static void hold_forget_texts(struct holds *h, struct hold *hold)
{
    while (!sj_list_empty(&hold->texts)) {
        struct hold_text *t = SJ_CONTAINER(hold->texts.next, struct hold_text, link);
        h->bytes -= t->n;
        sj_list_remove(&t->link);
        sj_wipe(t->bytes, t->n);
        sj_free(t);
    }
}

/* The user goes with the last one. */
static void hold_free(struct holds *h, struct hold *hold)
{
    struct held_user *user = hold->user;
    hold_forget_texts(h, hold);
    sj_idmap_remove(&h->holds, hold->number);
    sj_list_remove(&hold->link);
    sj_free(hold);
    if (!sj_list_empty(&user->holds))
        return;
    sj_map_remove(&h->users, user->key);
    sj_free(user);
}

void holds_release(struct holds *h)
{
    uint32_t at = 0;
    struct hold *hold;
    while ((hold = sj_idmap_next(&h->holds, &at)) != NULL) {
        hold_free(h, hold);
        at = 0;
    }
    sj_map_release(&h->users);
    sj_idmap_release(&h->holds);
    sj_strbuf_release(&h->key);
}

uint64_t xmpp_hold(struct xmpp *x, unsigned host, const char *user)
{
    struct holds *h = &x->holds;
    const char *key = hold_key(h, host, user);
    struct held_user *u = sj_map_find(&h->users, key);
    struct hold *hold = sj_calloc(1, sizeof *hold);
    if (u == NULL) {
        size_t n = strlen(key) + 1;
        u = sj_malloc(sizeof *u + n);
        u->c = &x->components[host];
        sj_list_init(&u->holds);
        memcpy(u->key, key, n);
        sj_map_put(&h->users, u->key, u);
    }
    hold->user = u;
    hold->number = ++h->newest;
    sj_list_init(&hold->texts);
    sj_list_init(&hold->link);
    sj_list_append(&u->holds, &hold->link);
    sj_idmap_put(&h->holds, hold->number, hold);
    return hold->number;
}

bool xmpp_is_held(const struct xmpp *x, unsigned host, const char *user)
{
    char key[HOLD_KEY_MAX];
    if (x->holds.users.used == 0)
        return false;
    int n = snprintf(key, sizeof key, "%u %.*s", host, (int)strcspn(user, "/"), user);
    return n > 0 && (size_t)n < sizeof key && sj_map_find(&x->holds.users, key) != NULL;
}

void xmpp_pass_holds(struct xmpp *x, bool on)
{
    x->holds.passed = on;
}

void xmpp_on_crowded(struct xmpp *x, void (*crowded)(void *ctx))
{
    x->holds.on_crowded = crowded;
}

bool hold_take(struct component *c, const char *to, const char *text, size_t n, bool kept)
{
    struct holds *h = &c->x->holds;
    if (h->users.used == 0 || h->passed)
        return false;
    const struct held_user *user = sj_map_find(&h->users, hold_key(h, c->index, to));
    if (user == NULL)
        return false;
    struct hold *hold = SJ_CONTAINER(user->holds.prev, struct hold, link);
    struct hold_text *t = sj_malloc(sizeof *t + n);
    t->n = n;
    t->kept = kept;
    memcpy(t->bytes, text, n);
    sj_list_init(&t->link);
    sj_list_append(&hold->texts, &t->link);
    h->bytes += n;
    if (h->bytes > XMPP_HELD_MAX && !h->crowded && h->on_crowded != NULL) {
        h->crowded = true;
        h->on_crowded(c->x->ctx);
    }
    return true;
}

/* Whatever waits for the server: it was taken when it was said. */
static void hold_write(struct held_user *user, const struct hold *hold)
{
    struct component *c = user->c;
    const char *jid = strchr(user->key, ' ') + 1;
    for (struct sj_list *l = hold->texts.next; l != &hold->texts; l = l->next) {
        const struct hold_text *t = SJ_CONTAINER(l, struct hold_text, link);
        if (c->state == COMPONENT_UP) {
            sj_conn_write(c->conn, t->bytes, t->n);
            c->stanzas_out++;
        }
        if (t->kept)
            copies_add(&c->copies, jid, t->bytes, t->n);
    }
    component_check(c);                    /* notes that much waits now */
}

void xmpp_let_go(struct xmpp *x, uint64_t number, bool dropped)
{
    struct holds *h = &x->holds;
    struct hold *hold = number != 0 ? sj_idmap_find(&h->holds, number) : NULL;
    if (hold == NULL)
        return;
    struct held_user *user = hold->user;
    hold->over = true;
    if (dropped)
        hold_forget_texts(h, hold);
    for (bool more = true; more;) {
        struct hold *first = SJ_CONTAINER(user->holds.next, struct hold, link);
        if (!first->over)
            break;
        hold_write(user, first);
        more = user->holds.next != user->holds.prev;
        hold_free(h, first);
    }
    if (h->bytes <= XMPP_HELD_MAX)
        h->crowded = false;
    if (h->users.used == 0)
        components_let_go(x);
}
