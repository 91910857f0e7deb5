/* SPDX-License-Identifier: MPL-2.0 */
/* Messages on their way: handed to the link, or held for a bounded time while there is none; and
 * from the network held until the user's log-in is through (G100-08) and the component stream
 * takes them. Nothing is stored beyond that (XEP-0100 §8). */
#include <string.h>

#include "deliver.h"
#include "incoming.h"
#include "position.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "talk.h"
#include "transfer.h"

#define HELD_SWEEP_MS 1000
#define HELD_DROP_BURST 5
#define HELD_DROP_PERIOD_MS 60000

static void held_unlink(struct session *s, struct held *h)
{
    sj_list_remove(&h->link);
    journal_end(s->all, &h->journal);
    s->held_count--;
    s->held_bytes -= h->bytes;
}

void held_free(struct held *h)
{
    if (!h)
        return;
    sj_free(h->peer);
    sj_free(h->body);
    sj_free(h->id);
    sj_free(h->full);
    sj_free(h->nick);
    sj_free(h->rich);
    sj_free(h->file);
    sj_free(h);
}

static bool held_fits(const struct session *s, size_t bytes)
{
    return s->held_count < SESSION_HELD_MAX && s->held_bytes + bytes <= SESSION_HELD_BYTES_MAX;
}

static size_t held_size(const char *peer, const char *body, const struct rich *rich)
{
    return strlen(peer) + (body ? strlen(body) : 0) + rich_bytes(rich);
}

/* Before too much waits, what waits for files only goes ahead of them. true: it went. */
static bool held_make_room(struct session *s, size_t bytes)
{
    if (held_fits(s, bytes) || sj_list_empty(&s->transfers))
        return false;
    transfers_unblock(s);
    return true;
}

/* NULL: too much waits. */
static struct held *held_new(struct session *s, const char *peer, const char *body, const char *id,
                             const struct rich *rich)
{
    size_t bytes = held_size(peer, body, rich);
    struct held *h;

    if (!held_fits(s, bytes))
        return NULL;
    h = sj_calloc(1, sizeof *h);
    h->peer = sj_strdup(peer);
    h->body = sj_strdup(body);
    h->id = sj_strdup(id);
    h->rich = rich_dup(rich);
    h->bytes = bytes;
    journal_none(&h->journal);
    sj_list_init(&h->link);
    s->held_count++;
    s->held_bytes += bytes;
    return h;
}

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

void held_describe(const struct journal *j, struct journal_record *r)
{
    const struct held *h = SJ_CONTAINER(j, const struct held, journal);
    struct outgoing o = held_outgoing(h);

    journal_describe(r, &o, h->txn != 0);
}

static void held_out_send_one(struct session *s, struct held *h)
{
    struct outgoing o = held_outgoing(h);
    struct sj_error err = {.status = SJ_OK};
    struct journal passed;

    journal_none(&passed);
    o.journaled = h->journal.written && !h->txn;
    if (h->txn && h->journal.written) {  /* the same message: its record goes on */
        passed = h->journal;
        sj_list_init(&passed.fresh);
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

/* Is there something for or from this peer in the list, before end? */
static bool held_is_in(const struct sj_list *list, const char *peer, const struct sj_list *end)
{
    const struct sj_list *at;

    for (at = list->next; at != end; at = at->next) {
        if (strcmp(SJ_CONTAINER(at, struct held, link)->peer, peer) == 0)
            return true;
    }
    return false;
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
        if (!held_is_behind(s, h->peer, &h->link) && !outgoing_waits(s, &o) &&
            !transfer_blocks(s, TRANSFER_OUT, h->peer))
            held_out_send_one(s, h);
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

static struct held *held_in_new(struct session *s, const struct sj_message *m,
                                const struct rich *rich)
{
    struct sj_strbuf text;
    struct held *h;

    if (m->n_spans == 0)
        return held_new(s, m->peer, m->body, m->id, rich);
    deliver_write_styles(m, &text);
    h = held_new(s, m->peer, text.s, m->id, rich);
    if (h)
        h->styled = true;
    sj_strbuf_release(&text);
    return h;
}

/* Puts it where it belongs: before the first that came later. */
static void held_in_insert(struct session *s, struct held *h)
{
    struct sj_list *before = &s->held_in;

    while (before->prev != &s->held_in &&
           SJ_CONTAINER(before->prev, struct held, link)->arrival > h->arrival)
        before = before->prev;
    sj_list_append(before, &h->link);
    sessions_sweep_later(s->all);
}

/* caption: its file was sent. */
static void held_in_add(struct session *s, const struct sj_message *m, const struct rich *rich,
                        uint64_t arrival, bool caption)
{
    bool flows = held_make_room(s, held_size(m->peer, m->body, rich));
    struct held *h = held_in_new(s, m, rich);
    unsigned dropped;

    if (!h) {
        if (!position_lose(s) &&
            sj_log_allow(&s->all->drop_limit, sj_loop_now_ms(s->all->loop), HELD_DROP_BURST,
                         HELD_DROP_PERIOD_MS, &dropped))
            sj_log_warn(&s->log, "message from the network dropped, too many are held for the "
                        "user held=%zu suppressed=%u", s->held_count, dropped);
        return;                          /* else the network tells it again */
    }
    h->sent_at = m->sent_at ? m->sent_at : sj_loop_utc_ms(s->all->loop);
    h->action = m->action;
    h->file = attachment_of_network(m->file, NULL);
    h->is_caption = caption;
    h->arrival = arrival;
    held_in_insert(s, h);
    if (flows)
        held_in_flush(s);
}

static bool held_in_send_one(struct session *s, const struct held *h)
{
    struct sj_message m = {.peer = h->peer, .body = h->body, .id = h->id, .sent_at = h->sent_at,
                           .action = h->action};
    struct sj_file file;
    struct sj_mark mark = {.peer = h->peer, .sent_at = h->sent_at};

    if (h->rich && h->rich->is_mark) {
        rich_to_network_mark(&mark, h->rich);
        return incoming_mark(s, &mark);
    }
    if (h->rich)
        rich_to_message(&m, h->rich);
    if (h->file) {
        file = attachment_to_network(h->file);
        m.file = &file;
    }
    if (h->styled)
        return deliver_again(s, &m, h->is_caption);
    return h->is_caption ? deliver_caption(s, &m) : deliver_message(s, &m);
}

/* A message that is sent may have to make room for what follows it; its own place is kept. */
void held_in_send(struct session *s)
{
    struct sj_list *at = s->held_in.next;
    bool sent = true;

    if (s->sends_held)
        return;
    s->sends_held = true;
    while (sent && at != &s->held_in) {
        struct held *h = SJ_CONTAINER(at, struct held, link);
        at = at->next;
        if (transfer_blocks(s, TRANSFER_IN, h->peer))
            continue;
        sent = held_in_send_one(s, h);
        if (sent && h->file && *h->body && !h->is_caption) {
            h->is_caption = true;
            sent = held_in_send_one(s, h);
        }
        if (sent) {
            held_unlink(s, h);
            held_free(h);
        }
    }
    s->sends_held = false;
    position_go_on(s);
}

void held_in_flush(struct session *s)
{
    bool before_log_in = s->check || (s->state == SESSION_ONLINE && !s->announced);

    if (!s->unseen && (s->announced || !before_log_in))
        held_in_send(s);
    position_resume(s);
}

/* Others of the conversation go first, or the user is not to hear of anything yet. */
static bool held_in_waits(const struct session *s, const char *peer)
{
    if (!s->announced || s->unseen)
        return true;
    if (sj_list_empty(&s->held_in) && sj_list_empty(&s->transfers))
        return false;
    return held_is_in(&s->held_in, peer, &s->held_in) || transfer_blocks(s, TRANSFER_IN, peer);
}

static void session_hold(struct session *s, const struct sj_message *m, uint64_t arrival,
                         bool caption)
{
    struct rich rich;

    if (s->network->rich || m->own)
        rich_of_message(&rich, m);
    held_in_add(s, m, s->network->rich || m->own ? &rich : NULL, arrival, caption);
}

/* false: nothing of it went. A caption that did not is held in the file's place, the arrival-th (0:
 * the last one). */
static bool session_tell(struct session *s, const struct sj_message *m, uint64_t arrival)
{
    if (!deliver_message(s, m))
        return false;
    if (m->file && *m->body && !deliver_caption(s, m))
        session_hold(s, m, arrival ? arrival : ++s->all->arrivals, true);
    return true;
}

void session_deliver_at(struct session *s, const struct sj_message *m, const struct rich *rich,
                        uint64_t arrival)
{
    bool first = sj_list_empty(&s->held_in) ||
                 SJ_CONTAINER(s->held_in.next, struct held, link)->arrival > arrival ||
                 !held_is_in(&s->held_in, m->peer, &s->held_in);

    if (!s->announced || s->unseen || !first || !session_tell(s, m, arrival))
        held_in_add(s, m, rich, arrival, false);
}

void session_deliver(struct session *s, const struct sj_message *m)
{
    s->network->from_network++;
    if (m->file && transfer_receive(s, m))
        return;
    if (held_in_waits(s, m->peer) || !session_tell(s, m, 0))
        session_hold(s, m, ++s->all->arrivals, false);
}

/* In order with the messages. */
void session_deliver_mark(struct session *s, const struct sj_mark *mark)
{
    const struct sj_message m = {.peer = mark->peer, .sent_at = mark->sent_at};
    struct rich rich;

    if (!held_in_waits(s, mark->peer) && incoming_mark(s, mark))
        return;
    rich_of_network_mark(&rich, mark);
    held_in_add(s, &m, &rich, ++s->all->arrivals, false);
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
        sj_free(file);
        return room_say(s, m, err);
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

static void held_expire(struct session *s, int64_t now_ms)
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
            held_out_send_one(s, h);     /* without what it waited for */
            continue;
        }
        held_unlink(s, h);
        held_answer(s, h, h->txn ? &unknown : &late);
        held_free(h);
    }
}

void held_sweep(struct sessions *all, int64_t now_ms)
{
    struct session *s;
    uint32_t at = 0;

    while ((s = sj_idmap_next(&all->by_id, &at)) != NULL) {
        if (s->stale && !session_is_blocked(s))
            session_show(s);
        prompt_flush(s);
        if (s->n_refusals > 0) {
            refusals_flush(s);
            session_release(s);
        }
        if (s->held_count == 0 && !position_is_due(s))
            continue;
        held_expire(s, now_ms);
        held_in_flush(s);
        if (s->held_count == 0)
            session_release(s);
    }
}

static void held_clear_list(struct session *s, struct sj_list *list)
{
    while (!sj_list_empty(list)) {
        struct held *h = SJ_CONTAINER(list->next, struct held, link);
        held_unlink(s, h);
        held_free(h);
    }
}

void held_in_clear(struct session *s)
{
    held_clear_list(s, &s->held_in);
}

void held_clear(struct session *s)
{
    held_clear_list(s, &s->held_out);
    held_clear_list(s, &s->held_in);
}

static bool held_any(const struct sessions *all)
{
    const struct session *s;
    uint32_t at = 0;

    while ((s = sj_idmap_next(&all->by_id, &at)) != NULL) {
        if (s->held_count > 0 || s->n_refusals > 0 || s->stale || prompt_is_due(s) ||
            position_is_due(s))
            return true;
    }
    return false;
}

static void sweep_run(void *arg)
{
    struct sessions *all = arg;
    int64_t now_ms = sj_loop_now_ms(all->loop);

    ops_sweep(all, now_ms);
    held_sweep(all, now_ms);
    typing_sweep(all, now_ms);
    rooms_sweep(all, now_ms);
    if (!sj_list_empty(&all->ops_by_age) || !sj_list_empty(&all->typing) ||
        !sj_list_empty(&all->rooms_due) || held_any(all))
        sj_timer_start(all->loop, &all->sweep, HELD_SWEEP_MS);
}

void sweep_init(struct sessions *all)
{
    sj_timer_init(&all->sweep, sweep_run, all);
}

void sessions_sweep_later(struct sessions *all)
{
    if (!sj_timer_running(&all->sweep))
        sj_timer_start(all->loop, &all->sweep, HELD_SWEEP_MS);
}
