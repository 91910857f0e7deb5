/* SPDX-License-Identifier: MPL-2.0 */
/* Which lines arrived: the ring of lines whose outcome is not known yet.
 *
 * Servers handle a connection's lines in order. So what proves that a line was handled (its label,
 * its echo, the PONG behind it) proves it for all lines before it; those among them that got no
 * error have arrived. An operation succeeds with its last line and fails with its first failing
 * one. irc_message.c adds lines, irc_net.c sends the PINGs; DESIGN §4, Delivery. */
#include "irc_ops.h"

#include <string.h>

#include "irc_chan.h"
#include "irc_send.h"
#include "sojourn/memory.h"

#define OPS_START 8u

struct irc_op {
    sj_op op;                        /* 0: nobody waits (any more) */
    uint32_t target, text;           /* hashes */
    bool last;                       /* of its operation */
    bool goes_on;                    /* it is not its first */
    bool command;                    /* no message: text is another name that it is about */
    bool forgiving;
    bool batch;                      /* the end of a batch of lines */
};

static struct irc_op *op_at(const struct irc_ops *ops, uint32_t number)
{
    return &ops->ring[number & (ops->cap - 1)];
}

static bool op_is_written(const struct irc_ops *ops, uint32_t number)
{
    return number - ops->first < irc_ops_written(ops) - ops->first;
}

void irc_ops_release(struct irc_ops *ops)
{
    sj_free(ops->ring);
    memset(ops, 0, sizeof *ops);
}

bool irc_ops_have_room(const struct irc_ops *ops, uint32_t lines)
{
    return lines <= IRC_OPS_MAX - (ops->next - ops->first);
}

uint32_t irc_ops_hash(const char *s, size_t n)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 16777619u;
    return h;
}

static void ops_grow(struct irc_ops *ops)
{
    uint32_t cap = ops->cap ? ops->cap * 2 : OPS_START;
    struct irc_op *ring = sj_calloc(cap, sizeof *ring);

    for (uint32_t i = ops->first; i != ops->next; i++)
        ring[i & (cap - 1)] = *op_at(ops, i);
    sj_free(ops->ring);
    ops->ring = ring;
    ops->cap = cap;
}

uint32_t irc_ops_add(struct irc_ops *ops, sj_op op, bool last, uint32_t target, uint32_t text)
{
    if (ops->next - ops->first == ops->cap)
        ops_grow(ops);
    bool goes_on = op && ops->next != ops->first && op_at(ops, ops->next - 1)->op == op;
    *op_at(ops, ops->next) = (struct irc_op){
        .op = op, .target = target, .text = text, .last = last, .goes_on = goes_on,
    };
    ops->unwritten++;
    return ops->next++;
}

uint32_t irc_ops_add_command(struct irc_ops *ops, sj_op op, bool last, uint32_t target,
                             uint32_t other, bool forgiving)
{
    uint32_t number = irc_ops_add(ops, op, last, target, other);

    op_at(ops, number)->command = true;
    op_at(ops, number)->forgiving = forgiving;
    if (last)
        ops->hurry = ops->next;      /* a PING behind it as soon as it is written */
    return number;
}

sj_op irc_ops_open(const struct irc_ops *ops, uint32_t number)
{
    return op_is_written(ops, number) ? op_at(ops, number)->op : 0;
}

bool irc_ops_is_unconfirmed(const struct irc_ops *ops, uint32_t number)
{
    return number - ops->first < ops->next - ops->first;
}

bool irc_ops_is_last(const struct irc_ops *ops, uint32_t number)
{
    return op_is_written(ops, number) && op_at(ops, number)->last;
}

bool irc_ops_goes_on(const struct irc_ops *ops, uint32_t number)
{
    return op_is_written(ops, number) && op_at(ops, number)->goes_on;
}

bool irc_ops_find_command(const struct irc_ops *ops, uint32_t target, uint32_t other,
                          uint32_t *out)
{
    uint32_t end = irc_ops_written(ops);

    for (uint32_t i = ops->first; i != end; i++) {
        const struct irc_op *op = op_at(ops, i);
        if (op->command && op->target == target && op->text == other) {
            *out = i;
            return true;
        }
    }
    return false;
}

void irc_ops_mark_batch(struct irc_ops *ops, uint32_t number)
{
    op_at(ops, number)->batch = true;
}

bool irc_ops_find_batch(const struct irc_ops *ops, uint32_t *out)
{
    uint32_t end = irc_ops_written(ops);

    for (*out = ops->first; *out != end; ++*out) {
        if (op_at(ops, *out)->batch)
            return true;
    }
    return false;
}

/* Is something written that nothing confirms by itself, and that somebody waits for? */
static bool in_a_hurry(const struct irc_ops *ops)
{
    return !irc_ops_empty(ops) && (int32_t)(ops->hurry - ops->first) > 0 &&
           (int32_t)(irc_ops_written(ops) - ops->hurry) >= 0;
}

/* Lines that are written and unconfirmed. */
static uint32_t ops_waiting(const struct irc_ops *ops)
{
    return irc_ops_written(ops) - ops->first;
}

/* Echoes and labels confirm by themselves, and where
 * lines are paced, PINGs must not take what the user's next lines need. */
bool irc_ops_call_for_ping(const struct irc_link *l)
{
    const uint32_t self = IRC_CAP_ECHO_MESSAGE | IRC_CAP_LABELED_RESPONSE;

    return ops_waiting(&l->ops) >= IRC_OPS_PING || in_a_hurry(&l->ops) ||
           (!(l->caps & self) && irc_send_has_time(l));
}

/* After a change: is the link to be looked at for confirmations, and must a PING go out? One is
 * out at a time, and its PONG leads to the next: so there is at most one in each round trip. */
static void ops_watch(struct irc_link *l)
{
    struct sj_net *net = l->base.net;

    if (ops_waiting(&l->ops) == 0)
        irc_net_confirm(l, NULL);
    else if (!l->ping_out && l->state == IRC_ONLINE && irc_ops_call_for_ping(l))
        irc_net_ask(l);
    else if (sj_list_empty(&l->confirm))
        irc_net_confirm(l, l->ping_out ? &net->barrier : &net->confirm);
}

bool irc_ops_may_wait(const struct irc_link *l)
{
    return ops_waiting(&l->ops) < IRC_OPS_PACED;
}

void irc_ops_on_written(struct irc_link *l)
{
    assert(l->ops.unwritten > 0);
    l->ops.unwritten--;
    ops_watch(l);
}

void irc_ops_on_pong(struct irc_link *l)
{
    if (!l->ping_out)
        return;
    l->ping_out = false;
    irc_net_confirm(l, NULL);
    irc_ops_confirm(l, l->ping_seq);
    ops_watch(l);
}

void irc_ops_confirm(struct irc_link *l, uint32_t end)
{
    struct irc_ops *ops = &l->ops;

    while (!irc_ops_empty(ops) && (int32_t)(end - ops->first) > 0 &&
           op_is_written(ops, ops->first)) {
        /* A copy, and gone from the ring: the host may send while it hears of this one. */
        uint32_t number = ops->first++;
        struct irc_op op = *op_at(ops, number);
        if (l->rooms)
            irc_said_on_line(l, number);
        if (op.op && op.last)
            l->base.host->op_done(&l->base, op.op, NULL);
    }
    if (irc_ops_empty(ops))
        ops->hurry = ops->first;
    if (irc_ops_empty(ops) && ops->cap > OPS_START) {
        sj_free(ops->ring);
        ops->ring = NULL;
        ops->cap = 0;
    }
    if (irc_ops_empty(ops) || !op_is_written(ops, ops->first))
        irc_net_confirm(l, NULL);
}

bool irc_ops_confirm_one(struct irc_link *l, uint32_t number)
{
    if (!op_is_written(&l->ops, number))
        return false;
    irc_ops_confirm(l, number + 1);
    return true;
}

/* Takes the operation out of all its lines; they stand side by side. */
static void ops_forget(struct irc_ops *ops, uint32_t number, sj_op op)
{
    uint32_t i = number;

    while (i != ops->first && op_at(ops, i - 1)->op == op)
        i--;
    for (; i != ops->next && op_at(ops, i)->op == op; i++)
        op_at(ops, i)->op = 0;
}

static bool ops_fail(struct irc_link *l, uint32_t number, const struct sj_error *err)
{
    if (!op_is_written(&l->ops, number))
        return false;
    irc_ops_confirm(l, number);
    sj_op op = op_at(&l->ops, number)->op;
    if (l->rooms)
        irc_said_on_failure(l, number);
    if (op) {
        ops_forget(&l->ops, number, op);
        l->base.host->op_done(&l->base, op, err);
    }
    irc_ops_confirm(l, number + 1);
    return true;
}

bool irc_ops_fail_one(struct irc_link *l, uint32_t number, enum sj_status status,
                      const char *text)
{
    struct sj_error err;

    sj_fail(&err, status, "%s", text);
    return ops_fail(l, number, &err);
}

bool irc_ops_fail_command(struct irc_link *l, uint32_t number, const struct sj_error *err)
{
    if (!op_is_written(&l->ops, number) || !op_at(&l->ops, number)->command)
        return false;
    bool is_absence = err->status == SJ_NOTFOUND || err->status == SJ_UNACCEPTABLE;
    if (op_at(&l->ops, number)->forgiving && is_absence)
        irc_ops_confirm(l, number + 1);
    else
        ops_fail(l, number, err);
    return true;
}

bool irc_ops_fail_message(struct irc_link *l, uint32_t number, const struct sj_error *err)
{
    return op_is_written(&l->ops, number) && !op_at(&l->ops, number)->command &&
           ops_fail(l, number, err);
}

bool irc_ops_fail_message_to(struct irc_link *l, uint32_t target, const struct sj_error *err)
{
    uint32_t end = irc_ops_written(&l->ops);

    for (uint32_t i = l->ops.first; i != end; i++) {
        if (!op_at(&l->ops, i)->command && op_at(&l->ops, i)->target == target)
            return irc_ops_fail_message(l, i, err);
    }
    return false;
}

bool irc_ops_fail_about(struct irc_link *l, uint32_t name, const struct sj_error *err)
{
    uint32_t end = irc_ops_written(&l->ops);

    for (uint32_t i = l->ops.first; i != end; i++) {
        const struct irc_op *op = op_at(&l->ops, i);
        if (op->command && (name == 0 || op->target == name || op->text == name))
            return irc_ops_fail_command(l, i, err);
    }
    return false;
}

bool irc_ops_fail_target(struct irc_link *l, uint32_t target, enum sj_status status,
                         const char *text)
{
    uint32_t end = irc_ops_written(&l->ops);

    for (uint32_t i = l->ops.first; i != end; i++) {
        const struct irc_op *op = op_at(&l->ops, i);
        if (!op->command && (target == 0 || op->target == target))
            return irc_ops_fail_one(l, i, status, text);
    }
    return false;
}

/* Number of the oldest open line to target; any_text: whatever it said. */
static bool ops_find(const struct irc_ops *ops, uint32_t target, uint32_t text, bool any_text,
                     uint32_t *out)
{
    uint32_t end = irc_ops_written(ops);

    for (uint32_t i = ops->first; i != end; i++) {
        const struct irc_op *entry = op_at(ops, i);
        if (!entry->command && entry->target == target && (any_text || entry->text == text)) {
            *out = i;
            return true;
        }
    }
    return false;
}

bool irc_ops_find_echo(const struct irc_ops *ops, uint32_t target, uint32_t text, uint32_t *out)
{
    /* Servers may change a text (colours, case, words); the echo of a changed one is still ours. */
    return ops_find(ops, target, text, false, out) || ops_find(ops, target, text, true, out);
}

void irc_ops_fail_all(struct irc_link *l)
{
    struct irc_ops *ops = &l->ops;

    irc_net_confirm(l, NULL);
    while (!irc_ops_empty(ops)) {
        bool is_written = op_is_written(ops, ops->first);
        struct irc_op op = *op_at(ops, ops->first++);
        if (!is_written)
            ops->unwritten--;
        if (!op.op)
            continue;
        /* A message of several lines is said to have failed once, with its first open line. */
        if (!op.last)
            ops_forget(ops, ops->first, op.op);
        struct sj_error err;
        sj_fail(&err, SJ_UNREACHABLE, "%s",
                is_written ? N_("the connection broke before the network confirmed the message; "
                                "it may or may not have arrived")
                           : N_("the session ended before the message was sent"));
        l->base.host->op_done(&l->base, op.op, &err);
    }
    irc_ops_release(ops);
}
