/* SPDX-License-Identifier: MPL-2.0 */
/* The table of files on their way: whose turn it is, who waits for them, and when they are given
 * up.
 *
 * Order (DESIGN §4): what follows a file in its conversation waits for it, TRANSFER_ORDER_MS at
 * most; then it goes ahead, since a long film must not silence a talk. Files of one conversation
 * pass one after the other for as long. Nothing else ever waits for a file: neither other
 * conversations nor other users. */
#include "transfer.h"

#include <string.h>

#include "sojourn/memory.h"
#include "transfer_priv.h"

#define TRANSFER_WATCH_MS 15000          /* how often progress is looked at */

struct session *transfer_session(const struct transfer *t)
{
    return session_by_id(t->all->sessions, t->session);
}

void transfer_enter(struct transfer *t, enum transfer_step step)
{
    static const char *const name[] = {
        [TRANSFER_WAITING] = "waiting", [TRANSFER_SLOT] = "slot",     [TRANSFER_PUT] = "put",
        [TRANSFER_HEAD] = "head",       [TRANSFER_STREAM] = "stream", [TRANSFER_ENDING] = "ending",
    };
    _Static_assert(sizeof name / sizeof name[0] == TRANSFER_STEPS, "one name a step");

    sj_log_debug(&transfer_session(t)->log, "file number=%llu way=%s step=%s->%s",
                 (unsigned long long)t->number, t->way == TRANSFER_IN ? "in" : "out",
                 name[t->step], name[step]);
    t->step = step;
}

/* ---- operations ---- */

void transfer_keep_op(struct transfer *t, sj_op op)
{
    t->op = op;
    sj_idmap_put(&t->all->by_op, op, t);
}

bool transfer_open_op(struct transfer *t, struct sj_error *err)
{
    struct op_ask ask = {.kind = OP_FILE, .peer = t->peer};
    sj_op op = op_new(transfer_session(t), &ask, err);

    if (op)
        transfer_keep_op(t, op);
    return op != 0;
}

void transfer_close_op(struct transfer *t, bool abort)
{
    struct session *s = transfer_session(t);
    sj_op op = t->op;

    if (!op)
        return;
    t->op = 0;
    sj_idmap_remove(&t->all->by_op, op);
    op_forget(t->all->sessions, op);
    if (abort && s->link)
        s->network->backend->file_abort(s->link, op);
}

void transfer_op_done(struct session *s, sj_op op, const struct sj_error *err)
{
    struct transfer *t = sj_idmap_remove(&s->all->transfers->by_op, op);

    if (!t)
        return;
    t->op = 0;
    if (t->way == TRANSFER_IN)
        transfer_in_read(t, err);
    else
        transfer_out_done(t, err);
}

void transfer_file_wanted(struct session *s, sj_op op, size_t len)
{
    struct transfer *t = sj_idmap_find(&s->all->transfers->by_op, op);

    if (!t || t->session != s->id || t->way != TRANSFER_OUT || t->step != TRANSFER_STREAM)
        return;
    t->wanted = len;
    transfer_out_pump(t);
}

void transfer_file_chunk(struct session *s, sj_op op, const void *data, size_t len)
{
    struct transfer *t = sj_idmap_find(&s->all->transfers->by_op, op);

    if (t && t->session == s->id && t->way == TRANSFER_IN && len > 0)
        transfer_in_chunk(t, data, len);
}

void transfer_slot(void *ctx, unsigned host, const struct xmpp_slot *slot)
{
    struct sessions *all = ctx;
    struct transfer *t = sj_idmap_find(&all->transfers->by_number, slot->ticket);

    (void)host;
    if (prompt_picture_has(slot->ticket))
        prompt_picture_slot(all, slot);
    else if (t && t->way == TRANSFER_IN && t->step == TRANSFER_SLOT)
        transfer_in_slot(t, slot);
}

/* ---- progress ---- */

static void transfer_fail(struct transfer *t, enum sj_status status, const char *text)
{
    struct sj_error err;

    sj_fail(&err, status, "%s", text);
    if (t->way == TRANSFER_IN)
        transfer_in_fail(t, text);
    else
        transfer_out_fail(t, &err);
}

static void transfer_watch(void *arg)
{
    struct transfer *t = arg;
    struct sj_loop *loop = t->all->sessions->loop;

    if (t->step != TRANSFER_ENDING &&
        sj_loop_now_ms(loop) - t->progress_ms >= TRANSFER_STALL_MS) {
        transfer_fail(t, SJ_TIMEOUT, "it did not get through in time");
        return;
    }
    if (t->op && t->step != TRANSFER_ENDING)
        op_touch(t->all->sessions, t->op);
    sj_timer_start(loop, &t->stall, TRANSFER_WATCH_MS);
}

void transfer_progress(struct transfer *t)
{
    t->progress_ms = sj_loop_now_ms(t->all->sessions->loop);
}

void transfer_begin_bytes(struct transfer *t, enum sj_digest_kind kind)
{
    t->buffer = sj_malloc(TRANSFER_BUFFER_MAX);
    if (kind != SJ_DIGEST_NONE)
        t->digest = sj_digest_new(kind);
    transfer_progress(t);
    sj_timer_start(t->all->sessions->loop, &t->stall, TRANSFER_WATCH_MS);
}

void transfer_close_http(struct transfer *t)
{
    if (t->http)
        sj_http_cancel(t->client, t->http);
    t->http = 0;
}

/* ---- order ---- */

bool transfer_blocks(const struct session *s, enum transfer_way way, const char *peer)
{
    for (const struct sj_list *i = s->transfers.next; i != &s->transfers; i = i->next) {
        const struct transfer *t = SJ_CONTAINER(i, const struct transfer, in_session);
        if (t->orders && t->way == way && strcmp(t->peer, peer) == 0)
            return true;
    }
    return false;
}

bool transfers_are_past(const struct session *s, uint64_t arrival)
{
    for (const struct sj_list *i = s->transfers.next; i != &s->transfers; i = i->next) {
        const struct transfer *t = SJ_CONTAINER(i, const struct transfer, in_session);
        if (t->way == TRANSFER_IN && t->arrival <= arrival)
            return false;
    }
    return true;
}

void transfers_each_in(const struct session *s,
                       void (*fn)(void *arg, const char *peer, const char *id), void *arg)
{
    for (const struct sj_list *i = s->transfers.next; i != &s->transfers; i = i->next) {
        const struct transfer *t = SJ_CONTAINER(i, const struct transfer, in_session);
        if (t->way == TRANSFER_IN && t->id)
            fn(arg, t->peer, t->id);
    }
}

/* What waited goes, as far as no other file holds it. */
static void transfer_let_pass(struct session *s, enum transfer_way way)
{
    if (way == TRANSFER_OUT)
        held_out_send(s);
    else
        held_in_flush(s);
}

void transfers_unblock(struct session *s)
{
    for (struct sj_list *i = s->transfers.next; i != &s->transfers; i = i->next)
        SJ_CONTAINER(i, struct transfer, in_session)->orders = false;
    sj_loop_defer(s->all->loop, &s->all->transfers->turns);
    transfer_let_pass(s, TRANSFER_OUT);
    transfer_let_pass(s, TRANSFER_IN);
}

static void transfer_order_over(void *arg)
{
    struct transfer *t = arg;
    struct session *s = transfer_session(t);
    enum transfer_way way = t->way;

    sj_log_debug(&s->log, "file number=%llu takes long, others go ahead",
                 (unsigned long long)t->number);
    t->orders = false;
    sj_loop_defer(t->all->sessions->loop, &t->all->turns);
    transfer_let_pass(s, way);
}

/* ---- turns ---- */

static unsigned transfers_running(const struct session *s)
{
    unsigned n = 0;

    for (const struct sj_list *i = s->transfers.next; i != &s->transfers; i = i->next)
        n += SJ_CONTAINER(i, const struct transfer, in_session)->running;
    return n;
}

/* Is an older file of the conversation still to come? */
static bool transfer_follows(const struct transfer *t)
{
    const struct session *s = transfer_session(t);

    for (const struct sj_list *i = s->transfers.next; i != &t->in_session; i = i->next) {
        const struct transfer *before = SJ_CONTAINER(i, const struct transfer, in_session);
        if (before->orders && before->way == t->way && strcmp(before->peer, t->peer) == 0)
            return true;
    }
    return false;
}

/* From the loop top: starts those whose turn it is, oldest first. */
static void transfers_turn(void *arg)
{
    struct transfers *all = arg;
    struct sj_list *i = all->all.next;

    while (i != &all->all && all->running < all->sessions->options->files_at_once) {
        struct transfer *t = SJ_CONTAINER(i, struct transfer, in_all);
        i = i->next;
        if (t->running || transfer_follows(t) ||
            transfers_running(transfer_session(t)) >= TRANSFERS_SESSION_RUNNING_MAX)
            continue;
        t->running = true;
        all->running++;
        if (t->way == TRANSFER_IN)
            transfer_in_start(t);
        else
            transfer_out_start(t);
        i = all->all.next;               /* that may have ended others */
    }
}

/* ---- life ---- */

static struct transfer *transfer_new(struct session *s, enum transfer_way way,
                                     const struct sj_message *m)
{
    struct transfers *all = s->all->transfers;
    struct transfer *t = sj_calloc(1, sizeof *t);

    t->all = all;
    t->number = ++all->newest;
    t->arrival = ++s->all->arrivals;
    t->session = s->id;
    t->way = way;
    t->peer = sj_strdup(m->peer);
    t->body = sj_strdup(m->body);
    t->id = sj_strdup(m->id);
    t->sent_at = m->sent_at;
    t->orders = true;
    sj_timer_init(&t->order, transfer_order_over, t);
    sj_timer_init(&t->stall, transfer_watch, t);
    sj_list_init(&t->in_session);
    sj_list_init(&t->in_all);
    sj_list_append(&s->transfers, &t->in_session);
    sj_list_append(&all->all, &t->in_all);
    sj_idmap_put(&all->by_number, t->number, t);
    all->n++;
    sj_timer_start(s->all->loop, &t->order, TRANSFER_ORDER_MS);
    sj_loop_defer(s->all->loop, &all->turns);
    return t;
}

static void transfer_free(struct transfer *t)
{
    struct transfers *all = t->all;

    transfer_close_http(t);
    if (t->step == TRANSFER_SLOT)
        xmpp_slot_forget(all->sessions->xmpp, transfer_session(t)->network->index, t->number);
    sj_timer_stop(&t->order);
    sj_timer_stop(&t->stall);
    sj_idmap_remove(&all->by_number, t->number);
    if (t->op)
        sj_idmap_remove(&all->by_op, t->op);
    sj_list_remove(&t->in_session);
    sj_list_remove(&t->in_all);
    all->n--;
    all->running -= t->running;
    sj_digest_free(&t->digest);
    sj_free(t->file);
    sj_free(t->peer);
    sj_free(t->body);
    sj_free(t->id);
    sj_free(t->full);
    sj_free(t->nick);
    sj_free(t->rich);
    sj_free(t->buffer);
    sj_free(t->get);
    sj_free(t);
}

void transfer_end(struct transfer *t, bool passed)
{
    struct transfers *all = t->all;
    struct session *s = transfer_session(t);
    enum transfer_way way = t->way;

    sj_log_debug(&s->log, "file number=%llu %s bytes=%llu", (unsigned long long)t->number,
                 passed ? "passed on" : "not passed on", (unsigned long long)t->moved);
    if (!passed)
        all->counts.failed++;
    else if (way == TRANSFER_IN)
        all->counts.passed_in++;
    else
        all->counts.passed_out++;
    transfer_free(t);
    sj_loop_defer(all->sessions->loop, &all->turns);
    transfer_let_pass(s, way);
}

struct transfers *transfers_new(struct sessions *sessions)
{
    struct transfers *all = sj_calloc(1, sizeof *all);

    all->sessions = sessions;
    sj_idmap_init(&all->by_number);
    sj_idmap_init(&all->by_op);
    sj_list_init(&all->all);
    sj_defer_init(&all->turns, transfers_turn, all);
    return all;
}

void transfers_free(struct transfers **at)
{
    struct transfers *all = at ? *at : NULL;

    if (!all)
        return;
    sj_defer_cancel(&all->turns);
    sj_idmap_release(&all->by_number);
    sj_idmap_release(&all->by_op);
    sj_free(all);
    *at = NULL;
}

static bool transfers_full(const struct session *s)
{
    unsigned n = 0;

    for (const struct sj_list *i = s->transfers.next; i != &s->transfers; i = i->next)
        n++;
    return n >= TRANSFERS_SESSION_MAX || s->all->transfers->n >= TRANSFERS_MAX;
}

bool transfer_send(struct session *s, const struct outgoing *o)
{
    const struct sj_message m = {.peer = o->peer, .body = o->body, .id = o->id};
    struct transfer *t;

    if (!(session_caps(s, o->peer) & SJ_CAP_FILES) || !s->all->options->fetch || transfers_full(s))
        return false;
    t = transfer_new(s, TRANSFER_OUT, &m);
    t->full = sj_strdup(o->full);
    t->in_room = o->in_room;
    t->file = attachment_dup(o->file);
    t->rich = rich_dup(o->rich);
    return true;
}

const struct attachment *transfer_sent(const struct session *s, sj_op op, const char **body)
{
    const struct transfer *t = sj_idmap_find(&s->all->transfers->by_op, op);

    if (!t || t->session != s->id || t->way != TRANSFER_OUT)
        return NULL;
    *body = t->body;
    return t->file;
}

bool transfer_receive(struct session *s, const struct sj_message *m)
{
    bool full = transfers_full(s);
    struct rich rich;
    struct transfer *t;

    if (m->file->url && attachment_url_is_web(m->file->url))
        return false;
    t = transfer_new(s, TRANSFER_IN, m);
    t->file = attachment_of_network(m->file, m->body);
    if (s->network->rich || m->own) {
        rich_of_message(&rich, m);
        t->rich = rich_dup(&rich);
    }
    if (full)
        transfer_in_fail(t, "too many files are on their way");
    return true;
}

bool transfer_receive_in_room(struct session *s, const struct sj_message *m)
{
    const struct sessions_options *o = s->all->options;
    struct transfer *t;
    struct rich rich;

    if (m->echo || !m->in_room || !m->file->key || m->file->size == 0 ||
        m->file->size > o->upload_max || (m->file->url && attachment_url_is_web(m->file->url)) ||
        !s->network->backend->file_read || !o->upload || !o->fetch || transfers_full(s))
        return false;
    t = transfer_new(s, TRANSFER_IN, m);
    t->file = attachment_of_network(m->file, m->body);
    t->nick = sj_strdup(m->nick);
    t->in_room = true;
    rich_of_message(&rich, m);
    t->rich = rich_dup(&rich);
    return true;
}

void transfers_stop(struct session *s, const struct sj_error *why)
{
    struct sj_list *next;

    for (struct sj_list *i = s->transfers.next; i != &s->transfers; i = next) {
        struct transfer *t = SJ_CONTAINER(i, struct transfer, in_session);
        next = i->next;
        if (t->way == TRANSFER_OUT)
            transfer_out_fail(t, why);
        else if (!t->complete)
            transfer_in_fail(t, "the connection to the network ended");
    }
}

void transfers_drop(struct session *s, const struct sj_error *why)
{
    if (!sj_list_empty(&s->transfers))
        sj_loop_defer(s->all->loop, &s->all->transfers->turns);
    while (!sj_list_empty(&s->transfers)) {
        struct transfer *t = SJ_CONTAINER(s->transfers.next, struct transfer, in_session);
        transfer_close_op(t, true);
        if (why && t->way == TRANSFER_OUT)
            transfer_out_refuse(t, why);
        transfer_free(t);
    }
}

struct transfers_counts transfers_counts(const struct sessions *sessions)
{
    struct transfers_counts c = sessions->transfers->counts;

    c.running = sessions->transfers->running;
    c.waiting = sessions->transfers->n - sessions->transfers->running;
    return c;
}
