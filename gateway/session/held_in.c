/* SPDX-License-Identifier: MPL-2.0 */
/* What comes from the network for the user: sent at once, or held until the user's log-in is
 * through (G100-08), the component stream takes it, and what came before it in its conversation
 * has gone. How it looks as a stanza is deliver.c's business; networks that tell things again are
 * asked to when too much waits (position.c). */
#include <string.h>

#include "deliver.h"
#include "held_priv.h"
#include "incoming.h"
#include "mention.h"
#include "position.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "transfer.h"

#define HELD_DROP_BURST 5
#define HELD_DROP_PERIOD_MS 60000

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

/* Whom it names. */
static void held_in_mentions(struct session *s, struct held *h, const struct sj_message *m)
{
    size_t bytes;

    h->n_mentions = m->n_mentions < SJ_MENTIONS_MAX ? m->n_mentions : SJ_MENTIONS_MAX;
    h->mentions = mentions_dup(m->mentions, h->n_mentions, &bytes);
    h->bytes += bytes;
    s->held_bytes += bytes;
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
    if (m->n_mentions > 0)
        held_in_mentions(s, h, m);
    h->arrival = arrival;
    held_in_insert(s, h);
    if (flows)
        held_in_flush(s);
}

static bool held_in_send_one(struct session *s, const struct held *h)
{
    struct sj_message m = {.peer = h->peer, .body = h->body, .id = h->id, .sent_at = h->sent_at,
                           .action = h->action, .mentions = h->mentions,
                           .n_mentions = h->n_mentions};
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
