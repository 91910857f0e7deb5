/* SPDX-License-Identifier: MPL-2.0 */
/* Sends our own iq requests and matches what comes back: by id, by who was asked, and by which
 * address of ours asked. Nobody else can answer.
 *
 * Each request has exactly one outcome, also when nothing comes. The time to wait is the same for
 * all, so the list by age is the list by deadline and one timer serves it. What one user makes us
 * ask cannot fill the table for the others. Source: RFC 6120 §8.2.3 (R6120-01), §8.3.1. */
#include "queries.h"

#include <string.h>

#include "privilege.h"
#include "room.h"
#include "sojourn/memory.h"
#include "stanza.h"

/* Lives as long as it has open queries. */
struct query_user {
    unsigned open;
    char bare[];
};

struct query {
    struct sj_list link;
    int64_t due_ms;
    unsigned host;
    uint64_t token;
    query_handler *answer;
    struct query_user *user;     /* NULL: a server was asked */
    bool privileged;
    const char *from, *note;     /* inside to */
    char id[OUTPUT_ID_SIZE];
    char to[];
};

static void queries_arm(struct queries *q)
{
    if (sj_list_empty(&q->ordered)) {
        sj_timer_stop(&q->timer);
        return;
    }
    const struct query *oldest = SJ_CONTAINER(q->ordered.next, struct query, link);
    int64_t wait = oldest->due_ms - sj_loop_now_ms(q->x->loop);
    sj_timer_start(q->x->loop, &q->timer, wait > 0 ? wait : 0);
}

/* Out of the table; the caller frees it. */
static void queries_unlink(struct queries *q, struct query *one)
{
    sj_map_remove(&q->by_id, one->id);
    sj_list_remove(&one->link);
    q->count--;
    if (one->user != NULL && --one->user->open == 0) {
        sj_map_remove(&q->users, one->user->bare);
        sj_free(one->user);
    }
}

static void queries_tell(struct queries *q, struct query *one, xmpp_stanza_t *iq)
{
    if (iq != NULL && one->privileged)
        iq = privilege_open_answer(iq, one->id);
    const char *type = iq != NULL ? stanza_get(iq, "type") : NULL;
    struct query_reply reply = {
        .host = one->host,
        .to = one->to,
        .token = one->token,
        .note = one->note,
        .iq = iq,
        .ok = type != NULL && strcmp(type, "result") == 0,
    };
    queries_unlink(q, one);
    one->answer(q->x, &reply);
    sj_free(one);
}

static void queries_on_timer(void *arg)
{
    struct queries *q = arg;
    int64_t now = sj_loop_now_ms(q->x->loop);
    /* Not those that handlers add meanwhile: what cannot be sent would go round for ever. */
    for (size_t left = q->count; left > 0 && !sj_list_empty(&q->ordered); left--) {
        struct query *one = SJ_CONTAINER(q->ordered.next, struct query, link);
        if (one->due_ms > now)
            break;
        queries_tell(q, one, NULL);
    }
    queries_arm(q);
}

void queries_init(struct queries *q, struct xmpp *x)
{
    *q = (struct queries){.x = x};
    sj_map_init(&q->by_id);
    sj_map_init(&q->users);
    sj_list_init(&q->ordered);
    sj_timer_init(&q->timer, queries_on_timer, q);
}

void queries_release(struct queries *q)
{
    while (!sj_list_empty(&q->ordered)) {
        struct query *one = SJ_CONTAINER(q->ordered.next, struct query, link);
        queries_unlink(q, one);
        sj_free(one);
    }
    sj_timer_stop(&q->timer);
    sj_map_release(&q->by_id);
    sj_map_release(&q->users);
}

bool queries_answer(struct queries *q, const char *from, const char *to, const char *id,
                    xmpp_stanza_t *iq)
{
    struct query *one = id != NULL ? sj_map_find(&q->by_id, id) : NULL;
    if (one == NULL || strcmp(one->to, from) != 0 || strcmp(one->from, to) != 0)
        return false;
    queries_tell(q, one, iq);
    queries_arm(q);
    return true;
}

/* Bytes of the bare JID when `to` is a user's; 0: a server is asked. */
static size_t query_user_length(const char *to)
{
    size_t bare = strcspn(to, "/");
    return memchr(to, '@', bare) != NULL ? bare : 0;
}

static bool query_is_allowed(const struct queries *q, const char *to)
{
    size_t n = query_user_length(to);
    const struct query_user *user = n > 0 ? sj_map_find_n(&q->users, to, n) : NULL;
    return q->count < XMPP_QUERIES_MAX && (user == NULL || user->open < XMPP_QUERIES_USER_MAX);
}

static struct query_user *query_user_open(struct queries *q, const char *to)
{
    size_t n = query_user_length(to);
    if (n == 0)
        return NULL;
    struct query_user *user = sj_map_find_n(&q->users, to, n);
    if (user == NULL) {
        user = sj_calloc(1, sizeof *user + n + 1);
        memcpy(user->bare, to, n);
        sj_map_put(&q->users, user->bare, user);
    }
    user->open++;
    return user;
}

static struct query *query_new(struct queries *q, const struct query_ask *ask)
{
    const char *to = stanza_get(ask->iq, "to");
    const char *from = stanza_get(ask->iq, "from");
    const char *note = ask->note != NULL ? ask->note : "";
    size_t n_to = strlen(to) + 1;
    size_t n_from = strlen(from) + 1;
    size_t n_note = strlen(note) + 1;
    struct query *one = sj_calloc(1, sizeof *one + n_to + n_from + n_note);
    memcpy(one->to, to, n_to);
    one->from = memcpy(one->to + n_to, from, n_from);
    one->note = memcpy(one->to + n_to + n_from, note, n_note);
    sj_copy(one->id, sizeof one->id, stanza_get(ask->iq, "id"));
    one->host = ask->host;
    one->answer = ask->answer;
    one->token = ask->token;
    one->privileged = ask->privileged;
    one->user = query_user_open(q, to);
    one->due_ms = sj_loop_now_ms(q->x->loop) + XMPP_QUERY_TIMEOUT_MS;
    sj_map_put(&q->by_id, one->id, one);
    sj_list_append(&q->ordered, &one->link);
    q->count++;
    return one;
}

bool query_ask(struct xmpp *x, const struct query_ask *ask)
{
    struct queries *q = &x->queries;
    if (ask->iq == NULL)
        return false;
    const char *to = stanza_get(ask->iq, "to");
    if (!query_is_allowed(q, to)) {
        room_log_drop(x, "query not sent, too many are open", stanza_get(ask->iq, "from"), to);
        xmpp_stanza_release(ask->iq);
        return false;
    }
    struct query *one = query_new(q, ask);
    if (!room_send(x, ask->host, ask->iq)) {
        one->due_ms = 0;                 /* told from the loop top: no event inside a call */
        sj_list_remove(&one->link);
        sj_list_append(q->ordered.next, &one->link);
    }
    queries_arm(q);
    return true;
}

bool query_send(struct xmpp *x, unsigned host, xmpp_stanza_t *iq, query_handler *answer,
                uint64_t token)
{
    return query_ask(x, &(struct query_ask){.host = host, .iq = iq, .answer = answer,
                                            .token = token});
}
