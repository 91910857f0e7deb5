/* SPDX-License-Identifier: MPL-2.0 */
/* The life of one login: connect, up, the end, and the outcomes of operations.
 *
 * A link has no connection of its own; it lives as long as its long poll is answered (mx_sync.c).
 * How it gets its token is mx_login.c, what is kept of it mx_state.c. Disconnecting is not logging
 * out: the token stays good for the next link, or there would be a new device at every start. */
#include "mx_link.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_contact.h"
#include "mx_gone.h"
#include "mx_id.h"
#include "mx_login.h"
#include "mx_react.h"
#include "mx_media.h"
#include "mx_muc.h"
#include "mx_net.h"
#include "mx_room.h"
#include "mx_send.h"
#include "mx_state.h"
#include "mx_steps.h"
#include "mx_sync.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

/* An outcome that is due. */
struct mx_done {
    struct sj_list list;
    sj_op op;
    struct sj_error err;                 /* SJ_OK: success */
    char *look;                          /* room that is told first, or NULL */
};

static const char *const state_names[] = {
    [MX_NEW] = "new", [MX_LOGIN] = "login", [MX_ONLINE] = "online", [MX_CLOSING] = "closing",
    [MX_DOWN] = "down",
};
_Static_assert(sizeof state_names / sizeof state_names[0] == MX_STATES, "a name for each state");

/* Row from, bit to. */
static const uint8_t state_moves[MX_STATES] = {
    [MX_NEW] = 1u << MX_LOGIN | 1u << MX_CLOSING,
    [MX_LOGIN] = 1u << MX_ONLINE | 1u << MX_CLOSING | 1u << MX_DOWN,
    [MX_ONLINE] = 1u << MX_CLOSING | 1u << MX_DOWN,
    [MX_CLOSING] = 1u << MX_DOWN,
};

void mx_link_enter(struct mx_link *l, enum mx_state state)
{
    assert(state_moves[l->state] & 1u << state);
    sj_log_debug(l->base.log, "link state=%s->%s", state_names[l->state], state_names[state]);
    l->state = (uint8_t)state;
}

/* ---- outcomes ---- */

void mx_link_done_err(struct mx_link *l, sj_op op, const struct sj_error *err)
{
    if (op == 0)
        return;
    struct mx_done *d = sj_calloc(1, sizeof *d);
    d->op = op;
    if (err)
        d->err = *err;
    sj_list_init(&d->list);
    sj_list_append(&l->done, &d->list);
    mx_link_defer(l, MX_TODO_DONE);
}

void mx_link_look(struct mx_link *l, sj_op op, const char *room)
{
    if (op == 0)
        return;
    mx_link_done_err(l, op, NULL);
    SJ_CONTAINER(l->done.prev, struct mx_done, list)->look = sj_strdup(room);
}

void mx_link_done(struct mx_link *l, sj_op op, enum sj_status status, const char *text)
{
    struct sj_error err;
    sj_fail(&err, status, "%s", text ? text : "");
    mx_link_done_err(l, op, status == SJ_OK ? NULL : &err);
}

static void link_report_done(struct mx_link *l)
{
    while (!sj_list_empty(&l->done)) {
        struct mx_done *d = SJ_CONTAINER(l->done.next, struct mx_done, list);
        struct mx_room *r = d->look ? mx_room_find_name(l, d->look) : NULL;
        sj_list_remove(&d->list);
        if (r && mx_link_is_up(l))
            mx_muc_tell_room(r, NULL, 0);
        l->base.host->op_done(&l->base, d->op, d->err.status == SJ_OK ? NULL : &d->err);
        sj_free(d->look);
        sj_free(d);
    }
}

static void link_drop_done(struct mx_link *l)
{
    while (!sj_list_empty(&l->done)) {
        struct mx_done *d = SJ_CONTAINER(l->done.next, struct mx_done, list);
        sj_list_remove(&d->list);
        sj_free(d->look);
        sj_free(d);
    }
}

/* Every outcome that is owed is posted: nothing is answered any more. */
static void link_pay(struct mx_link *l)
{
    struct sj_error lost;
    uint32_t at = 0;
    sj_fail(&lost, SJ_UNREACHABLE, N_("logged out before the answer came"));
    for (struct mx_room *r; (r = sj_map_next(&l->rooms, &at));) {
        mx_link_done_err(l, r->join_op, &lost);
        r->join_op = 0;
    }
    mx_calls_fail(l, &lost);
    mx_steps_fail(l, &lost);
    mx_send_fail_all(l, &lost);
    mx_media_fail_all(l);
}

/* ---- duties ---- */

static void link_on_defer(void *arg)
{
    struct mx_link *l = arg;
    unsigned todo = l->todo;
    l->todo = 0;
    if (todo & MX_TODO_DONE)
        link_report_done(l);
    if (todo & MX_TODO_END) {
        mx_link_end(l, SJ_END_ASKED, NULL);
        return;
    }
    if (todo & MX_TODO_SAVED && l->saving) {
        l->saving = false;
        mx_login_saved(l);
    }
    if (todo & MX_TODO_CHECK && mx_link_is_up(l))
        mx_rooms_check(l);
    if (todo & MX_TODO_SEND && mx_link_is_up(l))
        mx_send_pump(l);
    if (todo & MX_TODO_WORK && mx_link_is_up(l))
        mx_sync_work(l);
}

void mx_link_defer(struct mx_link *l, enum mx_todo todo)
{
    l->todo |= (uint8_t)todo;
    sj_loop_defer(l->base.loop, &l->defer);
}

void mx_link_defer_next(struct mx_link *l, enum mx_todo todo)
{
    l->todo |= (uint8_t)todo;
    sj_loop_defer_next(l->base.loop, &l->defer);
}

bool mx_link_has_seen(struct mx_link *l, const char *event)
{
    uint64_t digest = 14695981039346656037u;         /* FNV-1a: a table of our own, not a lookup */
    for (const char *p = event; *p; p++)
        digest = (digest ^ (unsigned char)*p) * 1099511628211u;
    if (!l->seen)
        l->seen = sj_calloc(MX_SEEN, sizeof *l->seen);
    for (size_t i = 0; i < MX_SEEN; i++) {
        if (l->seen[i] == digest)
            return true;
    }
    l->seen[l->seen_at++ % MX_SEEN] = digest;
    return false;
}

bool mx_link_save(struct mx_link *l)
{
    size_t n;
    char *blob = mx_state_encode(l, &n);
    l->saved_ms = sj_loop_now_ms(l->base.loop);
    if (!blob)
        return false;
    l->base.host->state_save(&l->base, blob, n);
    sj_wipe(blob, n);
    sj_free(blob);
    return true;
}

void mx_link_save_first(struct mx_link *l)
{
    l->saving = true;
    if (!mx_link_save(l))
        mx_link_defer(l, MX_TODO_SAVED);
}

void mx_link_state_saved(struct sj_link *link, const struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    if (!l->saving)
        return;
    if (err)                             /* the old token is of no use any more, either */
        sj_log_warn(l->base.log, "token is used before it is kept cause=%s", SJ_CLIP(err->text));
    mx_link_defer(l, MX_TODO_SAVED);
}

/* ---- life ---- */

struct sj_link *mx_link_new(const struct sj_link *base, const struct sj_account *account,
                            const void *blob, size_t len)
{
    struct mx_link *l = sj_calloc(1, sizeof *l);
    uint32_t nonce[2];
    l->base = *base;
    l->base.magic = MX_LINK_MAGIC;
    l->show = SJ_SHOW_ONLINE;
    sj_list_init(&l->calls);
    sj_list_init(&l->parked);
    sj_list_init(&l->sends);
    sj_list_init(&l->done);
    sj_list_init(&l->steps);
    sj_list_init(&l->media);
    sj_list_init(&l->reactions);
    sj_map_init(&l->rooms);
    sj_map_init(&l->names);
    sj_map_init(&l->contacts);
    sj_map_init(&l->direct_of);
    sj_defer_init(&l->defer, link_on_defer, l);
    sj_random_bytes(nonce, sizeof nonce);
    snprintf(l->txn_base, sizeof l->txn_base, "%08x", (unsigned)nonce[0]);
    if (blob && !mx_state_decode(l, blob, len))
        sj_log_warn(base->log, "state not restored, its bytes are not ours bytes=%zu", len);
    l->login = mx_login_new(l, account);
    return &l->base;
}

static void link_release_memory(struct mx_link *l)
{
    mx_login_free(&l->login);
    mx_calls_drop(l);
    mx_sync_drop(l);
    mx_send_drop(l);
    mx_steps_drop(l);
    mx_media_drop(l);
    mx_reacts_drop(l);
    mx_gone_take(l);
    mx_contacts_release(l);
    link_drop_done(l);
    json_object_put(l->direct);
    l->direct = NULL;
}

void mx_link_free(struct sj_link **link)
{
    if (!link || !*link)
        return;
    struct mx_link *l = mx_link_of(*link);
    sj_defer_cancel(&l->defer);
    link_release_memory(l);
    sj_map_release(&l->rooms);
    sj_map_release(&l->names);
    sj_map_release(&l->contacts);
    sj_map_release(&l->direct_of);
    sj_secret_free(&l->token);
    sj_secret_free(&l->refresh);
    sj_secret_free(&l->next_token);
    sj_secret_free(&l->next_refresh);
    sj_free(l->url);
    sj_free(l->user);
    sj_free(l->self);
    sj_free(l->device);
    sj_free(l->oauth_client);
    sj_free(l->oauth_token);
    sj_free(l->oauth_revoke);
    sj_free(l->since);
    sj_free(l->begin);
    sj_free(l->seen);
    l->base.magic = 0;
    sj_free(l);
    *link = NULL;
}

enum sj_status mx_link_connect(struct sj_link *link, struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    if (l->state != MX_NEW)
        return sj_fail(err, SJ_EXISTS, "connected already");
    mx_link_enter(l, MX_LOGIN);
    mx_login_start(l);
    return SJ_OK;
}

void mx_link_disconnect(struct sj_link *link, const char *reason)
{
    struct mx_link *l = mx_link_of(link);
    (void)reason;
    if (l->state == MX_CLOSING || l->state == MX_DOWN)
        return;
    mx_link_enter(l, MX_CLOSING);
    l->saving = false;
    mx_login_use_next(l);                /* it is what can be ended over there */
    link_pay(l);
    if (!l->logs_out || !mx_login_end(l))
        mx_link_defer(l, MX_TODO_END);
}

void mx_link_log_out(struct sj_link *link)
{
    mx_link_of(link)->logs_out = true;
}

void mx_link_up(struct mx_link *l)
{
    struct sj_strbuf self;
    sj_strbuf_init(&self, SJ_ID_MAX);
    mx_id_encode(&self, l->user);
    sj_free(l->self);
    l->self = sj_strbuf_take(&self);
    mx_login_free(&l->login);
    mx_link_enter(l, MX_ONLINE);
    l->base.host->link_state(&l->base, SJ_LINK_UP, SJ_END_ASKED, NULL);
    if (mx_link_is_up(l))
        l->base.host->self(&l->base, l->self);
    if (mx_link_is_up(l))
        mx_sync_start(l);
}

void mx_link_end(struct mx_link *l, enum sj_end end, const char *why)
{
    struct sj_error err;
    if (l->state == MX_DOWN)
        return;
    if (l->state == MX_CLOSING) {
        end = SJ_END_ASKED;
        why = NULL;
    }
    sj_fail(&err, end == SJ_END_TIMEOUT ? SJ_TIMEOUT : SJ_REMOTE, "%s", why ? why : "");
    mx_link_enter(l, MX_DOWN);
    l->saving = false;
    link_pay(l);
    link_report_done(l);
    sj_defer_cancel(&l->defer);
    l->base.host->link_state(&l->base, SJ_LINK_DOWN, end, why && *why ? &err : NULL);
}
