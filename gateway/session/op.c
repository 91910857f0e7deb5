/* SPDX-License-Identifier: MPL-2.0 */
/* Operations whose outcome is open: each is answered once (by the backend, by the link's end, or
 * by its deadline), always through op_finish. A message that arrived is answered by silence, one
 * that did not by the one error with its id (G100-44). */
#include <string.h>

#include "session.h"
#include "sojourn/memory.h"

struct op {
    struct sj_list in_session, by_age;
    uint64_t session;
    sj_op id;
    int64_t started_ms;
    enum op_kind kind;
    const char *peer, *full, *stanza_id;     /* into text; NULL: none */
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

sj_op op_new(struct session *s, const struct op_ask *ask, struct sj_error *err)
{
    struct sessions *all = s->all;
    struct op *op;
    char *at;

    if (s->n_ops >= SESSION_OPS_MAX) {
        sj_fail(err, SJ_LIMIT, "Too many messages are waiting for the network; try again later.");
        return 0;
    }
    op = sj_malloc(sizeof *op + op_size(ask->peer) + op_size(ask->full) + op_size(ask->id));
    at = op->text;
    op->peer = op_text(&at, ask->peer);
    op->full = op_text(&at, ask->full);
    op->stanza_id = op_text(&at, ask->id);
    op->session = s->id;
    op->kind = ask->kind;
    op->id = ++all->next_op;
    op->started_ms = sj_loop_now_ms(all->loop);
    sj_list_init(&op->in_session);
    sj_list_init(&op->by_age);
    sj_list_append(&s->ops, &op->in_session);
    sj_list_append(&all->ops_by_age, &op->by_age);
    sj_idmap_put(&all->ops, op->id, op);
    s->n_ops++;
    sessions_sweep_later(all);
    return op->id;
}

static void op_unlink(struct sessions *all, struct session *s, struct op *op)
{
    sj_list_remove(&op->in_session);
    sj_list_remove(&op->by_age);
    sj_idmap_remove(&all->ops, op->id);
    if (s)
        s->n_ops--;
}

static void op_tell(struct session *s, const struct op *op, const struct sj_error *err)
{
    struct contact *c;

    if (op->kind == OP_MESSAGE) {
        if (err && op->full)
            refusal_send(s, &(struct refused){.peer = op->peer, .full = op->full,
                                              .id = op->stanza_id}, err);
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
    sj_free(op);
}

void op_forget(struct sessions *all, sj_op id)
{
    struct op *op = sj_idmap_find(&all->ops, id);

    if (!op)
        return;
    op_unlink(all, session_by_id(all, op->session), op);
    sj_free(op);
}

void ops_fail(struct session *s, const struct sj_error *err)
{
    while (!sj_list_empty(&s->ops))
        op_finish(s->all, s, SJ_CONTAINER(s->ops.next, struct op, in_session)->id, err);
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
