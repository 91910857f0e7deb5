/* SPDX-License-Identifier: MPL-2.0 */
/* Error answers to messages: each is sent once; one that the stream does not take (lost, or too
 * much waits) is kept until it does, so that no message ends in silence (G100-44, DESIGN §1.1). */
#include "session.h"
#include "sojourn/memory.h"

static void refusal_free(struct session *s, struct refusal *r)
{
    sj_list_remove(&r->link);
    s->n_refusals--;
    sj_free(r->peer);
    sj_free(r->full);
    sj_free(r->id);
    sj_free(r->nick);
    sj_free(r);
}

static struct refusal *refusal_first(const struct session *s)
{
    return SJ_CONTAINER(s->refusals.next, struct refusal, link);
}

static bool refusal_try(struct session *s, const struct refused *r, const struct sj_error *err)
{
    struct sj_error words = session_words(s, err);

    if (r->in_room || r->nick)
        return xmpp_send_room_message_error(s->all->xmpp, s->network->index, r->peer, r->nick,
                                            r->full, r->id, &words);
    return xmpp_send_message_error(s->all->xmpp, s->network->index, r->peer, r->full, r->id,
                                   &words);
}

static void refusal_keep(struct session *s, const struct refused *to, const struct sj_error *err)
{
    struct refusal *r = sj_calloc(1, sizeof *r);

    if (s->n_refusals >= SESSION_REFUSALS_MAX)
        refusal_free(s, refusal_first(s));
    r->err = *err;
    r->peer = sj_strdup(to->peer);
    r->full = sj_strdup(to->full);
    r->id = sj_strdup(to->id);
    r->nick = sj_strdup(to->nick);
    r->in_room = to->in_room;
    sj_list_init(&r->link);
    sj_list_append(&s->refusals, &r->link);
    s->n_refusals++;
    sessions_sweep_later(s->all);
}

void refusal_send(struct session *s, const struct refused *to, const struct sj_error *err)
{
    if (!refusal_try(s, to, err) && session_is_blocked(s))
        refusal_keep(s, to, err);
}

void refusal_unanswered(struct session *s, const struct xmpp_unanswered *u,
                        const struct sj_error *why)
{
    const struct refused r = {.peer = u->peer, .full = u->from.full, .id = u->from.id,
                              .in_room = u->in_room, .nick = u->nick};

    if (s->all->stopping)
        journal_refuse_later(s, &r);
    else if (session_is_blocked(s))
        refusal_keep(s, &r, why);
}

void refusals_flush(struct session *s)
{
    while (s->n_refusals > 0 && !session_is_blocked(s)) {
        struct refusal *r = refusal_first(s);
        struct refused to = {.peer = r->peer, .full = r->full, .id = r->id,
                             .in_room = r->in_room, .nick = r->nick};
        (void)refusal_try(s, &to, &r->err);          /* what is refused now can never be sent */
        refusal_free(s, r);
    }
}

void refusals_clear(struct session *s)
{
    while (s->n_refusals > 0)
        refusal_free(s, refusal_first(s));
}
