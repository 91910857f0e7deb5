/* SPDX-License-Identifier: MPL-2.0 */
/* Messages that wait, in either direction: their memory and their bounds. Nothing is stored beyond
 * that (XEP-0100 §8) but the journal. What waits for a link is held_out.c's business, what waits
 * for the user or the component stream held_in.c's; the sweep (sweep.c) looks at both. */
#include <string.h>

#include "held_priv.h"
#include "session.h"
#include "sojourn/memory.h"
#include "transfer.h"

void held_unlink(struct session *s, struct held *h)
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
    sj_free(h->mentions);
    sj_free(h);
}

bool held_fits(const struct session *s, size_t bytes)
{
    return s->held_count < SESSION_HELD_MAX && s->held_bytes + bytes <= SESSION_HELD_BYTES_MAX;
}

size_t held_size(const char *peer, const char *body, const struct rich *rich)
{
    return strlen(peer) + (body ? strlen(body) : 0) + rich_bytes(rich);
}

bool held_make_room(struct session *s, size_t bytes)
{
    if (held_fits(s, bytes) || sj_list_empty(&s->transfers))
        return false;
    transfers_unblock(s);
    return true;
}

struct held *held_new(struct session *s, const char *peer, const char *body, const char *id,
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

bool held_is_in(const struct sj_list *list, const char *peer, const struct sj_list *end)
{
    const struct sj_list *at;

    for (at = list->next; at != end; at = at->next) {
        if (strcmp(SJ_CONTAINER(at, struct held, link)->peer, peer) == 0)
            return true;
    }
    return false;
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
