/* SPDX-License-Identifier: MPL-2.0 */
/* Accounts for messages. Each carries a token "DIRECTION PHASE . NUMBER ," before its filler; the
 * record of that number says who sent it to whom. So a message that is lost, comes twice, reaches
 * another user, comes from another sender, overtakes another one of its conversation, or is
 * changed on the way is seen, whatever gateway stands between. */
#include "traffic.h"

#include <stdlib.h>
#include <string.h>

#include "world.h"

#define TOKEN_MAX 48u

void traffic_init(struct traffic *t, enum direction direction, size_t body_bytes, uint32_t n_peers)
{
    static const char letters[] = "the quick brown fox jumps over the lazy dog ";

    *t = (struct traffic){.direction = direction, .n_peers = n_peers};
    t->filler = mem_resize(NULL, body_bytes, 1);
    t->filler_n = body_bytes;
    for (size_t i = 0; i < body_bytes; i++)
        t->filler[i] = letters[i % (sizeof letters - 1)];
    if (body_bytes > 0)
        t->filler[body_bytes - 1] = '.';     /* nobody trims it */
}

void traffic_release(struct traffic *t)
{
    free(t->parcel);
    free(t->last);
    free(t->filler);
    *t = (struct traffic){0};
}

void traffic_begin(struct traffic *t, uint32_t n_users)
{
    t->phase++;
    t->n = t->arrived = t->closed = 0;
    t->first_sent = t->last_arrived = 0;
    t->doubled = t->misrouted = t->disordered = t->garbled = t->strays = t->refused = 0;
    free(t->last);
    t->n_users = n_users;
    t->last = mem_zeroed((size_t)n_users * t->n_peers, sizeof *t->last);
}

size_t traffic_outstanding(const struct traffic *t)
{
    return t->n - t->closed;
}

static size_t token_format(const struct traffic *t, size_t number, char *out)
{
    struct text text = {.p = out, .cap = TOKEN_MAX};

    text_adds(&text, t->direction == TO_IRC ? "o" : "i");
    text_addu(&text, t->phase);
    text_adds(&text, ".");
    text_addu(&text, number);
    text_adds(&text, ",");
    return text.n;
}

/* Reads a token; *used 0: it is none. */
static size_t token_parse(const struct traffic *t, const char *p, size_t n, unsigned *phase,
                          size_t *used)
{
    uint64_t number;
    size_t at = 1;
    size_t digits;

    *used = 0;
    if (n < 1 || p[0] != (t->direction == TO_IRC ? 'o' : 'i'))
        return 0;
    *phase = (unsigned)number_parse(p + at, n - at, &digits);
    at += digits;
    if (digits == 0 || at >= n || p[at++] != '.')
        return 0;
    number = number_parse(p + at, n - at, &digits);
    at += digits;
    if (digits == 0)
        return 0;
    *used = at;
    return (size_t)number;
}

void traffic_send(struct world *w, struct traffic *t, uint32_t user, uint32_t peer)
{
    char token[TOKEN_MAX];
    struct parcel *p;
    size_t n;

    if (t->n >= TRAFFIC_MAX)
        die("more than %u messages in one phase", TRAFFIC_MAX);
    if (t->n == t->cap) {
        t->cap = t->cap * 2 + 1024;
        t->parcel = mem_resize(t->parcel, t->cap, sizeof *t->parcel);
    }
    n = token_format(t, t->n, token);
    p = &t->parcel[t->n++];
    *p = (struct parcel){.sent_at = clock_now_ns(), .user = user, .peer = (uint16_t)peer};
    if (t->first_sent == 0)
        t->first_sent = p->sent_at;
    if (t->direction == TO_IRC)
        xmpp_message(w, user, peer, token, n, t->filler, t->filler_n);
    else
        irc_message(w, user, peer, token, n, t->filler, t->filler_n);
}

static void parcel_count(struct traffic *t, size_t number, uint32_t user, uint32_t peer)
{
    struct parcel *p = &t->parcel[number];
    uint32_t *last = &t->last[(size_t)user * t->n_peers + peer];
    int64_t now = clock_now_ns();
    int64_t took = now - p->sent_at;

    if (p->copies < UINT8_MAX)
        p->copies++;
    if (p->copies > 1) {
        t->doubled++;
        return;
    }
    p->latency_ns = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
    t->arrived++;
    if (!p->refused)
        t->closed++;
    t->last_arrived = now;
    if (number + 1 < *last)
        t->disordered++;
    else
        *last = (uint32_t)(number + 1);
}

void traffic_arrive(struct traffic *t, uint32_t user, uint32_t peer, const char *p, size_t n)
{
    unsigned phase = 0;
    size_t used;
    size_t number = token_parse(t, p, n, &phase, &used);

    if (used == 0 || phase != t->phase || number >= t->n) {
        t->strays++;
        return;
    }
    if (t->parcel[number].user != user || t->parcel[number].peer != peer) {
        t->misrouted++;
        return;
    }
    if (n != used + 1 + t->filler_n || p[used] != ',' ||
        memcmp(p + used + 1, t->filler, t->filler_n) != 0)
        t->garbled++;
    parcel_count(t, number, user, peer);
}

bool traffic_refuse(struct traffic *t, const char *id, size_t n)
{
    unsigned phase = 0;
    size_t used;
    size_t number = token_parse(t, id, n, &phase, &used);

    if (used == 0 || phase != t->phase || number >= t->n)
        return false;
    if (!t->parcel[number].refused) {
        t->parcel[number].refused = true;
        t->refused++;
        if (t->parcel[number].copies == 0)
            t->closed++;
    }
    return true;
}

void traffic_tally_add(struct traffic_tally *sum, const struct traffic *t)
{
    size_t silent = 0;

    for (size_t i = 0; i < t->n; i++)
        if (t->parcel[i].copies == 0 && !t->parcel[i].refused)
            silent++;
    sum->sent += t->n;
    sum->arrived += t->arrived;
    sum->lost += silent;
    sum->doubled += t->doubled;
    sum->misrouted += t->misrouted;
    sum->disordered += t->disordered;
    sum->garbled += t->garbled;
    sum->strays += t->strays;
    sum->refused += t->refused;
}

size_t traffic_latencies(const struct traffic *t, double *out)
{
    size_t n = 0;

    for (size_t i = 0; i < t->n; i++)
        if (t->parcel[i].copies > 0)
            out[n++] = (double)t->parcel[i].latency_ns / 1000.0;
    return n;
}
