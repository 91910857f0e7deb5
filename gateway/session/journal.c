/* SPDX-License-Identifier: MPL-2.0 */
/* The journal of what users send (DESIGN §4): a message is in it from when we took it until its
 * outcome is known and told.
 *
 * It is a list in memory, and most messages leave it there: what is confirmed within journal_ms
 * never reaches the disk. The rest is written by the store's next grouped commit, sealed. After a
 * crash, what had waited for a link waits again. What a link had been given is sent again where the
 * network knows a repetition (SJ_CAP_REPEAT); elsewhere nobody can tell whether it arrived, and the
 * sender is told so: an error for a message that did arrive can be looked into, one that is lost or
 * comes twice cannot. Component streams cannot give a stanza back, so what came in the last
 * milliseconds before a crash is lost (docs/DELIVERY.md).
 *
 * What waited for a link, and was written, goes to one only when its record says so: else a crash
 * right behind it would send it twice. That is one grouped commit, for all that waited together. */
#include "journal.h"

#include <stdlib.h>
#include <string.h>

#include "outgoing.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define JOURNAL_SENDING_MS 2000          /* beyond it the disk is not waited for */
#define JOURNAL_WARN_BURST 3
#define JOURNAL_WARN_PERIOD_MS 60000

/* ---- what is open ---- */

uint64_t journal_number(struct sessions *all)
{
    return ++all->next_journal;
}

/* A text too long for a record stays out of it: then the message can only be answered. */
static void journal_put(struct session *s, uint64_t number, struct journal_record *r, bool again)
{
    struct sj_owner owner;
    struct sj_strbuf bytes;

    sj_strbuf_init(&bytes, SJ_STORE_JOURNAL_MAX);
    journal_encode(r, &bytes);
    if (!sj_strbuf_ok(&bytes)) {
        sj_strbuf_reset(&bytes);
        r->text[JOURNAL_BODY] = r->text[JOURNAL_REPLY_TEXT] = NULL;
        r->flags &= ~(uint32_t)JOURNAL_WHOLE;
        journal_encode(r, &bytes);
    }
    session_owner(s, &owner);
    if (again)
        sj_store_journal_renew(s->all->store, &owner, number, bytes.s, bytes.len);
    else
        sj_store_journal_put(s->all->store, &owner, number, bytes.s, bytes.len);
    sj_strbuf_release(&bytes);
}

/* Its record, as it is now. */
static void journal_renew(struct session *s, const struct journal *j)
{
    struct journal_record r = {.flags = 0};

    if (j->held)
        held_describe(s, j, &r);
    else
        op_describe(j, &r);
    journal_put(s, j->number, &r, j->written);
}

static void journal_write(struct session *s, struct journal *j)
{
    if (!j->number)
        j->number = journal_number(s->all);
    journal_renew(s, j);
    s->all->n_journal++;
    j->written = true;
    sj_log_debug(&s->log, "message kept until its outcome is known number=%llu",
                 (unsigned long long)j->number);
}

static bool journal_may_write(struct session *s)
{
    unsigned dropped;

    if (!s->registered)
        return false;
    if (s->all->n_journal < JOURNAL_MAX)
        return true;
    if (sj_log_allow(&s->all->journal_limit, sj_loop_now_ms(s->all->loop), JOURNAL_WARN_BURST,
                     JOURNAL_WARN_PERIOD_MS, &dropped))
        sj_log_warn(&s->all->log, "journal is full, messages are not kept over a crash n=%u "
                    "suppressed=%u", s->all->n_journal, dropped);
    return false;
}

void journal_refuse_later(struct session *s, const struct refused *refused)
{
    struct journal_record r = {
        .flags = refused->in_room ? (uint32_t)JOURNAL_IN_ROOM : 0,
        .text = {[JOURNAL_PEER] = refused->peer, [JOURNAL_NICK] = refused->nick,
                 [JOURNAL_FULL] = refused->full, [JOURNAL_ID] = refused->id}};

    if (!journal_may_write(s))
        return;
    journal_put(s, journal_number(s->all), &r, false);
    s->all->n_journal++;
    sj_log_debug(&s->log, "message to be refused after the next start");
}

static void journal_on_timer(void *arg)
{
    struct sessions *all = arg;
    int64_t now_ms = sj_loop_now_ms(all->loop);

    while (!sj_list_empty(&all->fresh)) {
        struct journal *j = SJ_CONTAINER(all->fresh.next, struct journal, link);
        struct session *s = session_by_id(all, j->session);
        int64_t wait = j->since_ms + all->options->journal_ms - now_ms;
        if (wait > 0) {
            sj_timer_start(all->loop, &all->journal, wait);
            return;
        }
        sj_list_remove(&j->link);
        if (s && journal_may_write(s))
            journal_write(s, j);
    }
}

void journal_none(struct journal *j)
{
    *j = (struct journal){.session = 0};
    sj_list_init(&j->link);
}

void journal_begin(struct session *s, struct journal *j, bool held, const struct outgoing *o)
{
    struct sessions *all = s->all;

    journal_none(j);
    j->held = held;
    j->number = o->record ? o->record : o->txn;
    j->written = o->record != 0;
    j->sent = !held || o->txn != 0;
    j->session = s->id;
    if (j->written || !o->full)
        return;
    j->since_ms = sj_loop_now_ms(all->loop);
    sj_list_append(&all->fresh, &j->link);
    if (!sj_timer_running(&all->journal))
        sj_timer_start(all->loop, &all->journal, all->options->journal_ms);
}

/* ---- what goes out ---- */

bool journal_may_go(struct session *s, struct journal *j)
{
    struct sessions *all = s->all;

    if (!j->written)
        return true;
    if (j->sent)
        return sj_list_empty(&j->link);
    j->sent = true;
    journal_renew(s, j);
    j->group = sj_store_group(all->store);
    j->since_ms = sj_loop_now_ms(all->loop);
    sj_list_append(&all->sending, &j->link);
    if (!sj_timer_running(&all->sending_late))
        sj_timer_start(all->loop, &all->sending_late, JOURNAL_SENDING_MS);
    return false;
}

void journal_waits(struct session *s, struct journal *j)
{
    if (!j->written || !j->sent)
        return;
    sj_list_remove(&j->link);
    j->sent = false;
    journal_renew(s, j);
}

static void journal_go_on(struct sessions *all, uint64_t session)
{
    struct session *s = session_by_id(all, session);

    if (s && s->state == SESSION_ONLINE)
        held_out_send(s);
}

/* Of one session they mostly stand together. */
static void journal_send(void *arg)
{
    struct sessions *all = arg;
    uint64_t durable = sj_store_durable(all->store), session = 0;
    int64_t now_ms = sj_loop_now_ms(all->loop);

    while (!sj_list_empty(&all->sending)) {
        struct journal *j = SJ_CONTAINER(all->sending.next, struct journal, link);
        int64_t wait = j->since_ms + JOURNAL_SENDING_MS - now_ms;
        if (j->group > durable && wait > 0) {
            sj_timer_start(all->loop, &all->sending_late, wait);
            break;
        }
        sj_list_remove(&j->link);
        if (session != 0 && session != j->session)
            journal_go_on(all, session);
        session = j->session;
    }
    if (session != 0)
        journal_go_on(all, session);
}

void journal_settled(struct sessions *all)
{
    if (!sj_list_empty(&all->sending))
        sj_loop_defer(all->loop, &all->sending_now);
}

void journal_end(struct sessions *all, struct journal *j)
{
    struct session *s;
    struct sj_owner owner;

    sj_list_remove(&j->link);
    if (!j->written)
        return;
    j->written = false;
    all->n_journal -= all->n_journal > 0;
    s = all->freeing ? NULL : session_by_id(all, j->session);
    if (!s)
        return;                          /* nobody was told: the next process does */
    session_owner(s, &owner);
    sj_store_journal_put(all->store, &owner, j->number, NULL, 0);
}

void journal_init(struct sessions *all)
{
    sj_list_init(&all->fresh);
    sj_list_init(&all->sending);
    sj_timer_init(&all->journal, journal_on_timer, all);
    sj_timer_init(&all->sending_late, journal_send, all);
    sj_defer_init(&all->sending_now, journal_send, all);
    all->next_journal = all->first_journal = (uint64_t)sj_loop_utc_ms(all->loop) << 16;
}

void journal_release(struct sessions *all)
{
    sj_timer_stop(&all->journal);
    sj_timer_stop(&all->sending_late);
    sj_defer_cancel(&all->sending_now);
}

/* ---- after a start ---- */

struct journal_found {
    uint64_t number;
    uint8_t *data;               /* owned */
    size_t n;
};
struct journal_collect {
    const struct sessions *all;
    struct journal_found *found;
    size_t n, room;
};

static void journal_collect(uint64_t number, const void *data, size_t n, void *arg)
{
    struct journal_collect *c = arg;

    if (number > c->all->first_journal && number <= c->all->next_journal)
        return;                          /* it was faster than its turn here, and is open */
    if (c->n == c->room) {
        c->room = c->room ? 2 * c->room : 16;
        c->found = sj_realloc(c->found, c->room * sizeof *c->found);
    }
    c->found[c->n] = (struct journal_found){number, sj_malloc(n), n};
    memcpy(c->found[c->n++].data, data, n);
}

static int journal_compare(const void *a, const void *b)
{
    const struct journal_found *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static void journal_to_outgoing(const struct journal_record *r, struct outgoing *o,
                                struct rich *rich)
{
    *rich = (struct rich){.receipt = r->flags & JOURNAL_RECEIPT,
                          .markable = r->flags & JOURNAL_MARKABLE,
                          .attention = r->flags & JOURNAL_ATTENTION,
                          .unstored = r->flags & JOURNAL_UNSTORED,
                          .other_id = r->text[JOURNAL_OTHER_ID],
                          .replaces = r->text[JOURNAL_REPLACES],
                          .reply_to = r->text[JOURNAL_REPLY_TO],
                          .reply_text = r->text[JOURNAL_REPLY_TEXT],
                          .mentions = r->text[JOURNAL_MENTIONS],
                          .thread = r->text[JOURNAL_THREAD]};
    *o = (struct outgoing){.peer = r->text[JOURNAL_PEER], .nick = r->text[JOURNAL_NICK],
                           .in_room = r->flags & JOURNAL_IN_ROOM, .full = r->text[JOURNAL_FULL],
                           .id = r->text[JOURNAL_ID], .body = r->text[JOURNAL_BODY],
                           .action = r->flags & JOURNAL_ACTION,
                           .unstyled = r->flags & JOURNAL_UNSTYLED,
                           .rich = r->flags & JOURNAL_RICH ? rich : NULL};
}

static void journal_answer(struct session *s, const struct journal_record *r)
{
    struct sj_error err;

    if (r->flags & JOURNAL_SENT)
        sj_fail(&err, SJ_TIMEOUT, "The gateway was restarted before the network confirmed this; "
                "it may or may not have arrived.");
    else
        sj_fail(&err, SJ_UNREACHABLE, "The gateway was restarted before this could be sent.");
    refusal_send(s, &(struct refused){.peer = r->text[JOURNAL_PEER], .full = r->text[JOURNAL_FULL],
                                      .id = r->text[JOURNAL_ID],
                                      .in_room = r->flags & JOURNAL_IN_ROOM,
                                      .nick = r->text[JOURNAL_NICK]}, &err);
}

/* Into a room nobody is in any more nothing is sent. */
static bool journal_may_send(const struct session *s, const struct journal_record *r, bool logs_in)
{
    bool again = !(r->flags & JOURNAL_SENT) || (s->network->backend->caps & SJ_CAP_REPEAT);

    return again && logs_in && (r->flags & JOURNAL_WHOLE) && r->text[JOURNAL_BODY] &&
           !(r->flags & JOURNAL_IN_ROOM) && !r->text[JOURNAL_NICK];
}

static void journal_recover_one(struct session *s, const struct journal_found *f, bool logs_in)
{
    struct journal j = {.session = s->id, .number = f->number, .written = true};
    struct sj_error ignored = {.status = SJ_OK};
    struct journal_record r;
    struct outgoing o;
    struct rich rich;
    bool ok = journal_decode(&r, f->data, f->n);

    sj_list_init(&j.link);
    s->all->n_journal++;
    if (ok && journal_may_send(s, &r, logs_in)) {
        journal_to_outgoing(&r, &o, &rich);
        o.record = f->number;
        o.txn = r.flags & JOURNAL_SENT ? f->number : 0;
        if (held_out_add(s, &o, &ignored) == SJ_OK)
            return;
    }
    if (ok)
        journal_answer(s, &r);
    journal_end(s->all, &j);
}

void journal_recover(struct network *n, const char *user, bool logs_in)
{
    const struct sj_owner owner = {.host = n->options->host, .user = user, .label = ""};
    struct journal_collect c = {.all = n->all};
    struct sj_error err = {.status = SJ_OK};
    struct session *s = NULL;

    if (sj_store_journal_each(n->all->store, &owner, journal_collect, &c, &err) != SJ_OK)
        sj_log_error(&n->log, "journal not read cause=%s", SJ_CLIP(err.text));
    if (c.n > 0)
        s = session_get(n, user, &err);
    if (s) {
        sj_log_info(&s->log, "messages of a former process n=%zu", c.n);
        qsort(c.found, c.n, sizeof *c.found, journal_compare);
        for (size_t i = 0; i < c.n; i++)
            journal_recover_one(s, &c.found[i], logs_in);
        session_release(s);
    }
    for (size_t i = 0; i < c.n; i++) {
        sj_wipe(c.found[i].data, c.found[i].n);
        sj_free(c.found[i].data);
    }
    sj_free(c.found);
}
