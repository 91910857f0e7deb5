/* SPDX-License-Identifier: MPL-2.0 */
/* Keeps iq requests that the session room answers later, and answers each exactly once.
 *
 * The deadline is the same for all, so the list by age is the list by deadline and one timer serves
 * it. One user cannot fill the table for all. A request outlives a lost stream: its answer goes out
 * if a stream is there by then. Source: RFC 6120 §8.2.3 (R6120-01). */
#include "requests.h"

#include <string.h>

#include "late.h"
#include "room.h"
#include "router.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"
#include "stanza.h"

static void requests_arm(struct requests *r)
{
    if (sj_list_empty(&r->ordered)) {
        sj_timer_stop(&r->timer);
        return;
    }
    const struct request *oldest = SJ_CONTAINER(r->ordered.next, struct request, link);
    int64_t wait = oldest->due_ms - sj_loop_now_ms(r->x->loop);
    sj_timer_start(r->x->loop, &r->timer, wait > 0 ? wait : 0);
}

static void requests_free_one(struct requests *r, struct request *q)
{
    sj_idmap_remove(&r->by_number, q->number);
    sj_list_remove(&q->link);
    r->count--;
    if (q->card != REQUEST_NO_CARD) {
        r->cards--;
        q->user->cards--;
    } else {
        q->user->open--;
    }
    if (q->user->open + q->user->cards == 0) {
        sj_map_remove(&r->users, q->user->user);
        sj_free(q->user);
    }
    sj_free(q->id);
    sj_free(q->from);
    sj_free(q->to);
    sj_free(q);
}

static void requests_on_timer(void *arg)
{
    struct requests *r = arg;
    int64_t now = sj_loop_now_ms(r->x->loop);
    while (!sj_list_empty(&r->ordered)) {
        const struct request *q = SJ_CONTAINER(r->ordered.next, struct request, link);
        if (q->due_ms > now)
            break;
        struct sj_error err;
        sj_fail(&err, SJ_TIMEOUT, "The network did not answer in time.");
        xmpp_answer(r->x, q->number, &err);
    }
    requests_arm(r);
}

void requests_init(struct requests *r, struct xmpp *x)
{
    *r = (struct requests){.x = x};
    sj_idmap_init(&r->by_number);
    sj_map_init(&r->users);
    sj_list_init(&r->ordered);
    sj_timer_init(&r->timer, requests_on_timer, r);
}

void requests_release(struct requests *r)
{
    while (!sj_list_empty(&r->ordered))
        requests_free_one(r, SJ_CONTAINER(r->ordered.next, struct request, link));
    sj_timer_stop(&r->timer);
    sj_idmap_release(&r->by_number);
    sj_map_release(&r->users);
}

static struct requester *requests_user(struct requests *r, const char *user)
{
    struct requester *u = sj_map_find(&r->users, user);
    if (u == NULL) {
        size_t n = strlen(user) + 1;
        u = sj_calloc(1, sizeof *u + n);
        memcpy(u->user, user, n);
        sj_map_put(&r->users, u->user, u);
    }
    return u;
}

static bool requests_has_room(const struct requests *r, const struct request_info *info)
{
    const struct requester *known = sj_map_find(&r->users, info->user);
    if (r->count >= XMPP_REQUESTS_MAX)
        return false;
    if (info->card != REQUEST_NO_CARD)
        return r->cards < XMPP_REQUESTS_CARDS_MAX &&
               (known == NULL || known->cards < XMPP_REQUESTS_USER_CARDS_MAX);
    return known == NULL || known->open < XMPP_REQUESTS_USER_MAX;
}

uint64_t requests_add(struct requests *r, const struct request_info *info)
{
    if (!requests_has_room(r, info))
        return 0;
    struct request *q = sj_calloc(1, sizeof *q);
    q->number = ++r->newest;
    q->due_ms = sj_loop_now_ms(r->x->loop) + XMPP_REQUEST_TIMEOUT_MS;
    q->host = info->host;
    q->registers = info->registers;
    q->lang = sj_language(info->lang);
    q->card = info->card;
    q->id = sj_strdup(info->id);
    q->from = sj_strdup(info->from);
    q->to = sj_strdup(info->to);
    q->user = requests_user(r, info->user);
    if (q->card != REQUEST_NO_CARD) {
        q->user->cards++;
        r->cards++;
    } else {
        q->user->open++;
    }
    sj_idmap_put(&r->by_number, q->number, q);
    bool first = sj_list_empty(&r->ordered);
    sj_list_append(&r->ordered, &q->link);
    r->count++;
    if (first)
        requests_arm(r);
    return q->number;
}

bool requests_has(const struct requests *r, uint64_t number)
{
    return requests_find(r, number) != NULL;
}

const struct request *requests_find(const struct requests *r, uint64_t number)
{
    return number != 0 ? sj_idmap_find(&r->by_number, number) : NULL;
}

void requests_drop(struct requests *r, uint64_t number)
{
    struct request *q = number != 0 ? sj_idmap_find(&r->by_number, number) : NULL;
    if (q == NULL)
        return;
    requests_free_one(r, q);
    requests_arm(r);
}

xmpp_stanza_t *requests_result(const struct requests *r, uint64_t number, unsigned *host,
                               enum request_card *card)
{
    const struct request *q = requests_find(r, number);
    if (q == NULL)
        return NULL;
    *host = q->host;
    *card = q->card;
    xmpp_stanza_t *st = stanza_new(r->x->output.ctx, "iq", "result", q->id);
    stanza_set(st, "from", q->to);
    stanza_set(st, "to", q->from);
    return st;
}

void xmpp_answer(struct xmpp *x, xmpp_req req, const struct sj_error *err)
{
    struct requests *r = &x->requests;
    const struct request *q = req != 0 ? sj_idmap_find(&r->by_number, req) : NULL;
    if (q == NULL)
        return;
    xmpp_stanza_t *st =
        stanza_new(x->output.ctx, "iq", err == NULL ? "result" : "error", q->id);
    stanza_set(st, "from", q->to);
    stanza_set(st, "to", q->from);
    if (err != NULL) {
        enum sj_status status = err->status;
        /* Refused credentials are unacceptable data there, not a refused asker (G100-07). */
        if (q->registers && status == SJ_AUTH)
            status = SJ_UNACCEPTABLE;
        struct sj_error words = *err;
        sj_error_translate(&words, q->lang);
        stanza_add_error(st, stanza_condition_of(status), &words, q->registers);
    }
    if (!room_send(x, q->host, st) && err != NULL)
        late_keep_request(x, q, err);
    requests_drop(r, req);
}
