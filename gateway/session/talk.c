/* SPDX-License-Identifier: MPL-2.0 */
/* Conversations that go on. Ids of messages are remembered by hashes: a collision costs one report
 * of reading, and only a network can bring it about, for its own users. */
#include "talk.h"

#include <string.h>

#include "session.h"
#include "sojourn/memory.h"

struct talk *talk_find(const struct session *s, const char *peer)
{
    return s->talks ? sj_map_find(&s->talks->by_peer, peer) : NULL;
}

static void talk_free(struct session *s, struct talk *t)
{
    sj_list_remove(&t->by_use);
    sj_list_remove(&t->typing);
    sj_map_remove(&s->talks->by_peer, t->peer);
    sj_free(t);
}

static struct talk *talk_new(struct session *s, const char *peer)
{
    size_t n = strlen(peer) + 1;
    struct talk *t = sj_calloc(1, sizeof *t + n);

    t->session = s;
    memcpy(t->peer, peer, n);
    sj_list_init(&t->by_use);
    sj_list_init(&t->typing);
    sj_map_put(&s->talks->by_peer, t->peer, t);
    return t;
}

struct talk *talk_get(struct session *s, const char *peer)
{
    struct talk *t = talk_find(s, peer);

    if (!s->talks) {
        s->talks = sj_calloc(1, sizeof *s->talks);
        sj_map_init(&s->talks->by_peer);
        sj_list_init(&s->talks->by_use);
    }
    if (!t && s->talks->by_peer.used >= TALKS_MAX) {
        struct talk *oldest = SJ_CONTAINER(s->talks->by_use.next, struct talk, by_use);
        typing_forget(oldest);
        talk_free(s, oldest);
    }
    if (!t)
        t = talk_new(s, peer);
    sj_list_remove(&t->by_use);
    sj_list_append(&s->talks->by_use, &t->by_use);
    return t;
}

void talks_clear(struct session *s)
{
    if (!s->talks)
        return;
    while (!sj_list_empty(&s->talks->by_use))
        talk_free(s, SJ_CONTAINER(s->talks->by_use.next, struct talk, by_use));
    sj_map_release(&s->talks->by_peer);
    sj_free(s->talks);
    s->talks = NULL;
}

/* FNV-1a */
static uint32_t talk_hash(const char *id)
{
    uint32_t h = 2166136261u;

    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * 16777619u;
    return h;
}

void talk_note(struct session *s, const char *peer, const char *network_id)
{
    struct talk *t = talk_get(s, peer);
    unsigned at = (unsigned)(t->n_recent % TALK_RECENT);

    t->recent[at] = talk_hash(network_id);
    t->confirmed &= ~(1u << at);
    t->n_recent++;
}

/* Number of the message, counted from 1; 0: it is not among the last ones. */
static uint64_t talk_number(const struct talk *t, const char *network_id)
{
    uint32_t hash = talk_hash(network_id);
    uint64_t n = t->n_recent < TALK_RECENT ? t->n_recent : TALK_RECENT;

    for (uint64_t i = 0; i < n; i++) {
        uint64_t number = t->n_recent - i;
        if (t->recent[(number - 1) % TALK_RECENT] == hash)
            return number;
    }
    return 0;
}

bool talk_read(struct session *s, const char *peer, const char *network_id)
{
    struct talk *t = talk_get(s, peer);
    uint64_t number = talk_number(t, network_id);

    if (number == 0)                     /* older than all that are known: news only at first */
        return t->n_read == 0;
    if (number <= t->n_read)
        return false;
    t->n_read = number;
    return true;
}

bool talk_read_room(struct session *s, const char *room, sj_msec at)
{
    struct talk *t = talk_get(s, room);

    if (at <= t->read_at)
        return false;
    t->read_at = at;
    return true;
}

bool talk_received(struct session *s, const char *peer, const char *network_id)
{
    struct talk *t = talk_get(s, peer);
    uint64_t number = talk_number(t, network_id);
    uint32_t bit = number ? 1u << ((number - 1) % TALK_RECENT) : 0;

    if (number == 0)
        return t->n_recent < TALK_RECENT;
    if (t->confirmed & bit)
        return false;
    t->confirmed |= bit;
    return true;
}
