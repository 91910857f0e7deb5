/* SPDX-License-Identifier: MPL-2.0 */
/* What the user said in channels, until the network has it: then it is told to the host as the
 * room's own, once, in the place that it has among what others say.
 *
 * Servers with echo-message send it back, the others get a PING behind it; irc_ops.c knows which
 * line that confirms. What is told is what was sent, not what comes back in pieces; the network's
 * time is that of the first piece, its id has the ids of all of them (irc_ids.c). */
#include <string.h>

#include "irc_chan.h"
#include "sojourn/memory.h"

/* Bytes of bodies that wait, in one link. */
#define SAID_BYTES_MAX (256u * 1024u)

struct irc_said {
    struct sj_list link;
    sj_op op;
    uint32_t first, last;            /* its lines, in l->ops */
    size_t bytes;
    char *id;                        /* the network's; NULL: none yet */
    sj_msec at;
    bool action, notice;
    char *peer, *body, *reply_to;
    struct sj_span *spans;
    size_t n_spans;
};

static struct irc_said *said_first(const struct irc_rooms *rooms)
{
    return sj_list_empty(&rooms->said) ? NULL
                                       : SJ_CONTAINER(rooms->said.next, struct irc_said, link);
}

bool irc_said_has_room(const struct irc_link *l, const struct sj_message *msg)
{
    return !l->rooms || l->rooms->said_bytes + strlen(msg->body) <= SAID_BYTES_MAX;
}

void irc_said_add(struct irc_link *l, const struct sj_message *msg, sj_op op, uint32_t first,
                  uint32_t last)
{
    struct irc_rooms *rooms = irc_rooms_get(l);
    struct irc_said *s = sj_malloc(sizeof *s);

    *s = (struct irc_said){
        .op = op, .first = first, .last = last, .bytes = strlen(msg->body),
        .action = msg->action, .notice = msg->notice, .peer = sj_strdup(msg->peer),
        .body = sj_strdup(msg->body), .reply_to = sj_strdup(msg->reply_to),
        .n_spans = msg->n_spans,
    };
    if (msg->n_spans) {
        s->spans = sj_malloc(msg->n_spans * sizeof *s->spans);
        memcpy(s->spans, msg->spans, msg->n_spans * sizeof *s->spans);
    }
    sj_list_init(&s->link);
    sj_list_append(&rooms->said, &s->link);
    rooms->said_bytes += s->bytes;
}

static void said_free(struct irc_rooms *rooms, struct irc_said *s)
{
    sj_list_remove(&s->link);
    rooms->said_bytes -= s->bytes;
    sj_free(s->id);
    sj_free(s->peer);
    sj_free(s->body);
    sj_free(s->reply_to);
    sj_free(s->spans);
    sj_free(s);
}

static void said_tell(struct irc_link *l, const struct irc_said *s)
{
    const struct irc_chan *c = irc_chan_find(l, s->peer);
    const struct irc_person *p = l->nick ? irc_person_find(l, l->nick) : NULL;
    const struct sj_message msg = {
        .peer = s->peer, .nick = p ? p->nick : l->nick, .in_room = true, .echo = s->op,
        .body = s->body, .id = s->id, .sent_at = s->at, .action = s->action,
        .notice = s->notice, .reply_to = s->reply_to, .spans = s->spans,
        .n_spans = s->n_spans,
    };

    if (c && c->state == IRC_CHAN_IN && irc_rooms_heard(l))
        l->base.host->message(&l->base, &msg);
}

void irc_said_on_line(struct irc_link *l, uint32_t number)
{
    struct irc_rooms *rooms = l->rooms;
    struct irc_said *s = said_first(rooms);

    /* What lies before was forgotten by the ring. */
    for (; s && (int32_t)(number - s->last) > 0; s = said_first(rooms))
        said_free(rooms, s);
    if (!s || (int32_t)(number - s->first) < 0)
        return;
    if (rooms->echo.is_set && rooms->echo.number == number && !s->at)
        s->at = rooms->echo.at;
    if (number != s->last)
        return;
    if (rooms->echo.is_set && rooms->echo.number == number)
        s->id = sj_strdup(rooms->echo.id);
    /* Out of the list first: the host may say the next one now. */
    sj_list_remove(&s->link);
    said_tell(l, s);
    said_free(rooms, s);
}

void irc_said_on_failure(struct irc_link *l, uint32_t number)
{
    struct irc_rooms *rooms = l->rooms;

    for (struct sj_list *at = rooms->said.next; at != &rooms->said; at = at->next) {
        struct irc_said *s = SJ_CONTAINER(at, struct irc_said, link);
        if ((int32_t)(number - s->first) >= 0 && (int32_t)(number - s->last) <= 0) {
            said_free(rooms, s);
            return;
        }
    }
}

void irc_said_release(struct irc_link *l)
{
    struct irc_said *s;

    while ((s = said_first(l->rooms)))
        said_free(l->rooms, s);
}
