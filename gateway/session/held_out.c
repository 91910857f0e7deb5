/* SPDX-License-Identifier: MPL-2.0 */
/* What the user says: handed to the link, or held for a bounded time while there is none, while
 * something for the same peer waits, or while it refers to a message whose id is not known yet.
 * In the network's terms it is put by outgoing.c; over a crash it is kept by journal.c. */
#include <string.h>

#include "held_priv.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "talk.h"
#include "transfer.h"

static void held_fill(struct held *h, const struct outgoing *o)
{
    h->full = sj_strdup(o->full);
    h->nick = sj_strdup(o->nick);
    h->in_room = o->in_room;
    h->action = o->action;
    h->file = o->file ? attachment_dup(o->file) : NULL;
    h->unstyled = o->unstyled;
    h->txn = o->txn;
}

static int64_t held_deadline(const struct session *s)
{
    int64_t at = sj_loop_now_ms(s->all->loop) + s->all->options->hold_ms;

    /* it may have to wait for a file, too */
    return sj_list_empty(&s->transfers) ? at : at + 2 * TRANSFER_ORDER_MS;
}

enum sj_status held_out_add(struct session *s, const struct outgoing *o, struct sj_error *err)
{
    bool flows = held_make_room(s, held_size(o->peer, o->body, o->rich));
    struct held *h = held_new(s, o->peer, o->body, o->id, o->rich);

    if (!h)
        return sj_fail(err, SJ_LIMIT, "Too many messages are waiting for the connection.");
    held_fill(h, o);
    h->deadline_ms = held_deadline(s);
    journal_begin(s, &h->journal, true, o);
    sj_list_append(&s->held_out, &h->link);
    sessions_sweep_later(s->all);
    if (flows)
        held_out_send(s);
    return SJ_OK;
}

struct held *held_copy(const struct outgoing *o)
{
    struct held *h = sj_calloc(1, sizeof *h);

    h->peer = sj_strdup(o->peer);
    h->body = sj_strdup(o->body);
    h->id = sj_strdup(o->id);
    h->rich = rich_dup(o->rich);
    h->bytes = held_size(o->peer, o->body, o->rich);
    held_fill(h, o);
    journal_none(&h->journal);
    sj_list_init(&h->link);
    return h;
}

static void held_answer(struct session *s, const struct held *h, const struct sj_error *err)
{
    if (h->full)
        refusal_send(s, &(struct refused){.peer = h->peer, .full = h->full, .id = h->id,
                                          .in_room = h->in_room, .nick = h->nick}, err);
}

struct outgoing held_outgoing(const struct held *h)
{
    return (struct outgoing){.peer = h->peer, .nick = h->nick, .in_room = h->in_room,
                             .full = h->full, .id = h->id, .body = h->body,
                             .action = h->action, .unstyled = h->unstyled, .rich = h->rich,
                             .file = h->file, .txn = h->txn};
}

bool held_out_again(struct session *s, struct held *h, struct journal *sent)
{
    struct outgoing o = held_outgoing(h);

    if (!held_fits(s, h->bytes))
        return false;
    o.txn = h->txn = sent->number;
    o.record = sent->written ? sent->number : 0;
    sent->written = false;               /* the record goes on */
    h->deadline_ms = held_deadline(s);
    journal_begin(s, &h->journal, true, &o);
    s->held_count++;
    s->held_bytes += h->bytes;
    sj_list_append(s->held_out.next, &h->link);
    sessions_sweep_later(s->all);
    return true;
}

void held_describe(const struct session *s, const struct journal *j, struct journal_record *r)
{
    const struct held *h = SJ_CONTAINER(j, const struct held, journal);
    struct outgoing o = held_outgoing(h);

    if (j->sent && !(s->network->backend->caps & SJ_CAP_REPEAT)) {
        o.body = NULL;                   /* as op_describe */
        o.rich = NULL;
    }
    journal_describe(r, &o, j->sent);
}

static void held_out_send_one(struct session *s, struct held *h)
{
    struct outgoing o = held_outgoing(h);
    struct sj_error err = {.status = SJ_OK};
    struct journal passed;

    journal_none(&passed);
    if (h->journal.written) {            /* the same message: its record goes on */
        passed = h->journal;
        sj_list_init(&passed.link);
        o.record = passed.number;
        h->journal.written = false;
    }
    held_unlink(s, h);
    if (outgoing_send(s, &o, &err) != SJ_OK) {
        held_answer(s, h, &err);
        journal_end(s->all, &passed);
    }
    held_free(h);
}

/* Something for this peer is held, before end: what comes later must not overtake it. */
static bool held_is_behind(const struct session *s, const char *peer, const struct sj_list *end)
{
    return held_is_in(&s->held_out, peer, end);
}

void held_out_send(struct session *s)
{
    struct sj_list *at = s->held_out.next;

    while (s->state == SESSION_ONLINE && at != &s->held_out) {
        struct held *h = SJ_CONTAINER(at, struct held, link);
        struct outgoing o = held_outgoing(h);
        at = at->next;
        if (!outgoing_waits(s, &o) && !transfer_blocks(s, TRANSFER_OUT, h->peer) &&
            journal_may_go(s, &h->journal) && !held_is_behind(s, h->peer, &h->link))
            held_out_send_one(s, h);
    }
}

void held_out_wait(struct session *s)
{
    for (struct sj_list *at = s->held_out.next; at != &s->held_out; at = at->next) {
        struct held *h = SJ_CONTAINER(at, struct held, link);
        if (!h->txn)
            journal_waits(s, &h->journal);
    }
}

void held_out_bounce(struct session *s, const struct sj_error *err)
{
    while (!sj_list_empty(&s->held_out)) {
        struct held *h = SJ_CONTAINER(s->held_out.next, struct held, link);
        held_unlink(s, h);
        held_answer(s, h, err);
        held_free(h);
    }
}

void held_expire(struct session *s, int64_t now_ms)
{
    struct sj_list *at = s->held_out.next;
    struct sj_error late, unknown;

    sj_fail(&late, SJ_UNREACHABLE, "The network could not be reached in time.");
    sj_fail(&unknown, SJ_TIMEOUT, "The network could not be asked in time whether this arrived.");
    while (at != &s->held_out) {
        struct held *h = SJ_CONTAINER(at, struct held, link);
        at = at->next;
        if (now_ms < h->deadline_ms)
            continue;
        if (s->state == SESSION_ONLINE) {
            if (journal_may_go(s, &h->journal))
                held_out_send_one(s, h); /* without what it waited for */
            continue;
        }
        held_unlink(s, h);
        held_answer(s, h, h->txn ? &unknown : &late);
        held_free(h);
    }
}

/* A link is being made, or will be as soon as the old one is gone. */
static bool session_expects_link(const struct session *s)
{
    return s->state == SESSION_CONNECTING || s->state == SESSION_QUEUED ||
           s->state == SESSION_BACKOFF ||
           (s->state == SESSION_CLOSING && s->wants_online && !s->all->stopping);
}

/* Passes it on at once, or holds it while a link is being made, or while it refers to a message
 * whose id is not known yet. */
static enum sj_status session_pass(struct session *s, const struct outgoing *o,
                                   struct sj_error *err)
{
    bool online = s->state == SESSION_ONLINE;
    bool waits = held_is_behind(s, o->peer, &s->held_out) ||
                 transfer_blocks(s, TRANSFER_OUT, o->peer);

    if (!abilities_may_write(s, o->peer))
        return sj_fail(err, SJ_UNACCEPTABLE, "This contact takes no messages.");   /* G506-01 */
    if (online && !waits && !(o->rich && outgoing_waits(s, o)))
        return outgoing_send(s, o, err);
    if (online || session_expects_link(s))
        return held_out_add(s, o, err);
    if (s->state == SESSION_ASKING)
        return sj_fail(err, SJ_UNREACHABLE, "The network waits for your answer to a question "
                       "before it lets you in; see what the gateway wrote to you.");
    if (s->state == SESSION_REFUSED && s->gave_up)
        return sj_fail(err, SJ_UNREACHABLE, "You are not logged in to the network; "
                       "log in again with this gateway.");
    if (s->state == SESSION_REFUSED)
        return sj_fail(err, SJ_UNREACHABLE, "The network refused your log-in; "
                       "register again with the right data.");
    if (s->wants_online && quota_check(s, SESSIONS_LOGINS, 1, err) != SJ_OK)
        return err->status;
    return sj_fail(err, SJ_UNREACHABLE, "You are not logged in to the network; "
                   "show yourself as available first.");
}

/* The same for a peer that need not be canonical yet. */
static enum sj_status session_pass_to(struct session *s, const char *peer, struct outgoing *o,
                                      struct sj_error *err)
{
    struct sj_strbuf id;
    enum sj_status status;

    sj_strbuf_init(&id, SJ_ID_MAX);
    status = session_canon(s, peer, &id, err);
    o->peer = id.s;
    if (status == SJ_OK)
        status = session_pass(s, o, err);
    else
        status = sj_fail(err, SJ_NOTFOUND, "This is no address on this network.");
    sj_strbuf_release(&id);
    return status;
}

/* Queues m for the peer of the session's link; held for hold_ms while the link is being made.
 * Source: XEP-0100 §4.8.1, §4.8.2; G100-43, G100-44, G100-47. */
enum sj_status session_send(struct session *s, const struct xmpp_message_in *m,
                            struct sj_error *err)
{
    struct attachment *file = attachment_of_xmpp(m->file);
    struct outgoing o = {.full = m->from.full, .id = m->from.id, .body = m->body,
                         .action = m->action, .unstyled = m->unstyled, .file = file};
    struct rich rich;
    enum sj_status status;

    if (m->in_room || m->nick) {
        status = room_say(s, m, file, err);
        sj_free(file);
        return status;
    }
    if (s->network->rich || m->replaces || m->attention) {
        rich_of_text(&rich, m);
        o.rich = &rich;
        typing_learn(s, m->from.resource, m->state);
    }
    status = session_pass_to(s, m->peer, &o, err);
    sj_free(file);
    return status;
}

enum sj_status session_mark(struct session *s, const struct xmpp_mark_in *m, struct sj_error *err)
{
    struct outgoing o = {.full = m->from.full, .id = m->from.id,
                         .body = m->body ? m->body : ""};
    bool report = m->kind == XMPP_MARK_RECEIVED || m->kind == XMPP_MARK_DISPLAYED;
    struct sj_error ignored = {.status = SJ_OK};
    struct rich rich;

    if (m->in_room || m->nick)
        return room_say_mark(s, m, err);
    rich_of_mark(&rich, m);
    o.rich = &rich;
    if (!report)
        return session_pass_to(s, m->peer, &o, err);
    o.full = o.id = NULL;                /* nobody waits for it: no error, now or later */
    if (s->state == SESSION_ONLINE)
        (void)session_pass_to(s, m->peer, &o, &ignored);
    return SJ_OK;
}
