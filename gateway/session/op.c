/* SPDX-License-Identifier: MPL-2.0 */
/* Operations whose outcome is open: each is answered once (by the backend, by the link's end, or
 * by its deadline), always through op_finish. A message that arrived is answered by silence, one
 * that did not by the one error with its id (G100-44). */
#include <string.h>

#include "command.h"
#include "journal.h"
#include "raw.h"
#include "search.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/store_message.h"
#include "transfer.h"

struct op {
    struct sj_list in_session, by_age;
    uint64_t session;
    sj_op id;
    int64_t started_ms;
    enum op_kind kind;
    uint64_t run;                /* of a command that waits */
    const char *peer, *full, *stanza_id;     /* into text; NULL: none */
    const char *other_id, *target, *nick;
    struct journal journal;
    struct held *again;          /* MESSAGE, SJ_CAP_REPEAT: what is sent again; or NULL */
    char *before;                /* texts one behind the other, owned; NULL: none */
    size_t n_before;
    enum room_ask room_ask;
    enum sj_mark_kind mark;
    bool in_room;
    bool receipt, markable, unstored, named; /* named: the network has told its id */
    char text[];
};

static const char *op_text(char **at, const char *s)
{
    char *start = *at;
    size_t n;

    if (!s)
        return NULL;
    n = strlen(s) + 1;
    memcpy(start, s, n);
    *at += n;
    return start;
}

static size_t op_size(const char *s)
{
    return s ? strlen(s) + 1 : 0;
}

static void op_keep_before(struct op *op, const struct op_ask *ask)
{
    size_t n = 0;
    char *at;

    for (size_t i = 0; i < ask->n_before; i++)
        n += op_size(ask->before[i]);
    op->before = at = n > 0 ? sj_malloc(n) : NULL;
    for (size_t i = 0; i < ask->n_before; i++)
        op_text(&at, ask->before[i]);
    op->n_before = ask->n_before;
}

static void op_free(struct op *op)
{
    sj_free(op->before);
    held_free(op->again);
    sj_free(op);
}

/* Networks that know a repetition are given a number for it, and the message stays at hand. */
static void op_enter_journal(struct session *s, struct op *op, const struct outgoing *said)
{
    op->again = NULL;
    if (!said) {
        journal_none(&op->journal);
        return;
    }
    if (op->kind == OP_MESSAGE && (s->network->backend->caps & SJ_CAP_REPEAT))
        op->again = held_copy(said);
    journal_begin(s, &op->journal, false, said);
    if (op->again && !op->journal.number)
        op->journal.number = journal_number(s->all);
}

void op_describe(const struct journal *j, struct journal_record *r)
{
    const struct op *op = SJ_CONTAINER(j, const struct op, journal);
    struct outgoing o = {.peer = op->peer, .nick = op->nick, .in_room = op->in_room,
                         .full = op->full, .id = op->stanza_id};

    if (op->again)
        o = held_outgoing(op->again);
    journal_describe(r, &o, true);
}

sj_op op_new(struct session *s, const struct op_ask *ask, struct sj_error *err)
{
    struct sessions *all = s->all;
    struct op *op;
    char *at;

    if (s->n_ops >= SESSION_OPS_MAX) {
        sj_fail(err, SJ_LIMIT, "Too many messages are waiting for the network; try again later.");
        return 0;
    }
    op = sj_malloc(sizeof *op + op_size(ask->peer) + op_size(ask->full) + op_size(ask->id) +
                   op_size(ask->other_id) + op_size(ask->target) + op_size(ask->nick));
    at = op->text;
    op->peer = op_text(&at, ask->peer);
    op->full = op_text(&at, ask->full);
    op->stanza_id = op_text(&at, ask->id);
    op->other_id = op_text(&at, ask->other_id);
    op->target = op_text(&at, ask->target);
    op->nick = op_text(&at, ask->nick);
    op->in_room = ask->in_room;
    op->room_ask = ask->room_ask;
    op->mark = ask->mark;
    op_keep_before(op, ask);
    op->receipt = ask->receipt;
    op->markable = ask->markable;
    op->unstored = ask->unstored;
    op->named = false;
    op->session = s->id;
    op->kind = ask->kind;
    op->run = ask->run;
    op->id = ++all->next_op;
    op->started_ms = sj_loop_now_ms(all->loop);
    sj_list_init(&op->in_session);
    sj_list_init(&op->by_age);
    sj_list_append(&s->ops, &op->in_session);
    sj_list_append(&all->ops_by_age, &op->by_age);
    sj_idmap_put(&all->ops, op->id, op);
    op_enter_journal(s, op, ask->said);
    s->n_ops++;
    sessions_sweep_later(all);
    return op->id;
}

static void op_unlink(struct sessions *all, struct session *s, struct op *op)
{
    sj_list_remove(&op->in_session);
    sj_list_remove(&op->by_age);
    sj_idmap_remove(&all->ops, op->id);
    journal_end(all, &op->journal);
    if (s)
        s->n_ops--;
}

static bool op_is_reactions(const struct op *op)
{
    return op->kind == OP_MARK && op->mark == SJ_MARK_REACTIONS && op->target;
}

static bool op_same_target(const struct op *a, const struct op *b)
{
    return op_is_reactions(a) && op_is_reactions(b) &&
           strcmp(a->peer, b->peer) == 0 && strcmp(a->target, b->target) == 0;
}

/* The next set of reactions to the same message that is still open, or NULL. */
static struct op *op_later_reactions(const struct session *s, const struct op *op)
{
    const struct sj_list *at;

    for (at = s->ops.next; at != &s->ops; at = at->next) {
        struct op *later = SJ_CONTAINER(at, struct op, in_session);
        if (later->id > op->id && op_same_target(later, op))
            return later;
    }
    return NULL;
}

static void op_restore_reactions(struct session *s, const struct op *op)
{
    const char *set[SJ_REACTIONS_MAX];
    const char *at = op->before;
    struct sj_owner owner;

    for (size_t i = 0; i < op->n_before; i++) {
        set[i] = at;
        at += strlen(at) + 1;
    }
    session_owner(s, &owner);
    sj_store_reactions_put(s->all->store, &owner, op->peer, op->target, set, op->n_before);
}

/* The reactions were not taken: the set before them holds again. If a later set is still open, that
 * one stands, and goes back to the same if it fails, too. */
static void op_undo_reactions(struct session *s, struct op *op)
{
    struct op *later = op_later_reactions(s, op);

    if (!later) {
        op_restore_reactions(s, op);
        return;
    }
    sj_free(later->before);
    later->before = op->before;
    later->n_before = op->n_before;
    op->before = NULL;
    op->n_before = 0;
}

/* The network took the set: what becomes of earlier ones does not matter any more. */
static void op_settle_reactions(struct session *s, const struct op *op)
{
    struct sj_list *at;

    for (at = s->ops.next; at != &s->ops; at = at->next) {
        struct op *earlier = SJ_CONTAINER(at, struct op, in_session);
        if (earlier->id < op->id && op_same_target(earlier, op))
            earlier->target = NULL;
    }
}

/* The network took it: now everybody of ours in the room may see it (G045-50). */
static void op_show_mark(struct session *s, const struct op *op)
{
    const struct sj_mark mark = {.kind = op->mark, .peer = op->peer, .in_room = true,
                                 .target = op->target};

    room_hear_own_mark(s, &mark, op->stanza_id, op->other_id);
}

static void op_tell(struct session *s, struct op *op, const struct sj_error *err)
{
    struct contact *c;

    if (op->kind == OP_FETCH) {
        fetch_op_done(s->all->profiles, op->id, err);
        return;
    }
    if (op->kind == OP_FILE) {
        transfer_op_done(s, op->id, err);
        return;
    }
    if (op->kind == OP_SEARCH) {
        search_done(s, op->id, err);
        return;
    }
    if (op->kind == OP_RAW) {
        raw_done(s, op->id, err);
        return;
    }
    if (op->kind == OP_OWN_PROFILE) {
        own_profile_op_done(s, op->id, err);
        return;
    }
    if (op->kind == OP_COMMAND) {
        command_outcome(s->all, op->run, err);
        return;
    }
    if (op->kind == OP_CONTACT_REMOVE) {
        command_removed(s, op->peer, op->run, err);
        return;
    }
    if (op->kind == OP_ROOM) {
        room_outcome(s, &(struct room_outcome){.ask = op->room_ask, .room = op->peer,
                                               .full = op->full, .id = op->stanza_id,
                                               .text = op->target, .req = op->run,
                                               .op = op->id}, err);
        return;
    }
    if (op_is_reactions(op) && err)
        op_undo_reactions(s, op);
    else if (op_is_reactions(op))
        op_settle_reactions(s, op);
    if (op->kind == OP_MARK && op->target && op->in_room && !err)
        op_show_mark(s, op);
    if (op->kind != OP_CONTACT_ADD) {
        if (err && op->full)
            refusal_send(s, &(struct refused){.peer = op->peer, .full = op->full,
                                              .id = op->stanza_id, .in_room = op->in_room,
                                              .nick = op->nick}, err);
        return;
    }
    c = contact_find(s, op->peer);
    if (!c || !c->asked_out)
        return;
    if (err && (err->status == SJ_UNREACHABLE || err->status == SJ_TIMEOUT))
        return;                          /* it stays pending and is asked again at the log-in */
    if (err)
        contact_refused(s, c, err);
    else if (!(s->network->backend->caps & SJ_CAP_APPROVAL))
        contact_approved(s, c);
}

void op_finish(struct sessions *all, const struct session *owner, sj_op id,
               const struct sj_error *err)
{
    struct op *op = sj_idmap_find(&all->ops, id);
    struct session *s;

    if (!op || (owner && op->session != owner->id))
        return;
    s = session_by_id(all, op->session);
    op_unlink(all, s, op);
    if (s)
        op_tell(s, op, err);
    op_free(op);
}

bool op_sender(const struct session *s, sj_op id, struct op_sender *out)
{
    const struct op *op = sj_idmap_find(&s->all->ops, id);

    if (!op || op->session != s->id)
        return false;
    *out = (struct op_sender){op->full, op->stanza_id, op->other_id, op->unstored};
    return true;
}

/* A message that can be referred to, with or without a file. */
static bool op_is_text(const struct op *op)
{
    return op->kind == OP_MESSAGE || op->kind == OP_FILE;
}

static bool op_is_called(const struct op *op, const char *id)
{
    return (op->stanza_id && strcmp(op->stanza_id, id) == 0) ||
           (op->other_id && strcmp(op->other_id, id) == 0);
}

bool op_is_open(const struct session *s, const char *peer, const char *id)
{
    const struct sj_list *at;

    for (at = s->ops.next; at != &s->ops; at = at->next) {
        const struct op *op = SJ_CONTAINER(at, struct op, in_session);
        if (op_is_text(op) && !op->named && strcmp(op->peer, peer) == 0 &&
            op_is_called(op, id))
            return true;
    }
    return false;
}

/* Later versions lead to the first one, by whose id the network refers to them all. */
void op_message_id(struct sessions *all, struct session *s, sj_op id, const char *network_id)
{
    struct op *op = sj_idmap_find(&all->ops, id);
    const char *slash;
    struct sj_owner owner;

    if (!op || op->session != s->id || !op_is_text(op) || op->named)
        return;
    op->named = true;
    if (!op->stanza_id)
        return;                          /* its client cannot refer to it */
    slash = op->full ? strchr(op->full, '/') : NULL;
    session_owner(s, &owner);
    sj_store_message_put(all->store, &owner, &(struct sj_store_message){
        .peer = op->peer, .network_id = op->target ? op->target : network_id,
        .id = op->stanza_id, .other_id = op->other_id,
        .resource = !op->receipt ? NULL : slash ? slash + 1 : "",
        .at = sj_loop_utc_ms(all->loop), .own = true, .markable = op->markable,
        .later = op->target != NULL});
}

void op_forget(struct sessions *all, sj_op id)
{
    struct op *op = sj_idmap_find(&all->ops, id);

    if (!op)
        return;
    op_unlink(all, session_by_id(all, op->session), op);
    op_free(op);
}

void op_touch(struct sessions *all, sj_op id)
{
    struct op *op = sj_idmap_find(&all->ops, id);

    if (!op)
        return;
    op->started_ms = sj_loop_now_ms(all->loop);
    sj_list_remove(&op->by_age);
    sj_list_append(&all->ops_by_age, &op->by_age);
}

void ops_fail(struct session *s, const struct sj_error *err)
{
    while (!sj_list_empty(&s->ops))
        op_finish(s->all, s, SJ_CONTAINER(s->ops.next, struct op, in_session)->id, err);
}

uint64_t op_txn(const struct sessions *all, sj_op id)
{
    const struct op *op = sj_idmap_find(&all->ops, id);

    return op && op->again ? op->journal.number : 0;
}

void ops_lost(struct session *s, const struct sj_error *err, bool retry)
{
    struct sj_list *at = s->ops.prev;    /* the last one first: each goes before what waits */

    while (retry && at != &s->ops) {
        struct op *op = SJ_CONTAINER(at, struct op, in_session);
        at = at->prev;
        if (!op->again || !held_out_again(s, op->again, &op->journal))
            continue;
        op->again = NULL;
        op_unlink(s->all, s, op);
        op_free(op);
    }
    ops_fail(s, err);
}

void ops_sweep(struct sessions *all, int64_t now_ms)
{
    struct sj_error late;

    sj_fail(&late, SJ_TIMEOUT, "The network did not say in time whether this arrived.");
    while (!sj_list_empty(&all->ops_by_age)) {
        struct op *op = SJ_CONTAINER(all->ops_by_age.next, struct op, by_age);
        if (now_ms - op->started_ms < SESSION_OP_MS)
            return;
        op_finish(all, NULL, op->id, &late);
    }
}
