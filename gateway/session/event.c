/* SPDX-License-Identifier: MPL-2.0 */
/* Events of rooms as bytes: for archives, and while a client has to wait for them.
 *
 * A head (version, kind, mark, flags), then fields: a tag, four bytes of length, as many bytes and
 * a NUL, so that texts can be borrowed from the bytes. Numbers are big-endian. Tags are those of
 * enum event_text, each at most once and ascending, then the ones below. What was written by a
 * later version, or makes no sense, is no event. */
#include "event.h"

#include <string.h>

#include "sojourn/strbuf.h"

#define EVENT_VERSION 1u
#define EVENT_HEAD_LEN 7u
#define EVENT_LEN_LEN 4u
#define EVENT_NUMBERS_LEN 20u            /* of a file: size, width, height, length */

enum event_tag { EVENT_TAG_FILE = 64, EVENT_TAG_SHA256, EVENT_TAG_REACTION };

static void event_put_number(uint8_t *out, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(value >> (8 * (n - 1 - i)));
}

static uint64_t event_get_number(const uint8_t *in, size_t n)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++)
        value = value << 8 | in[i];
    return value;
}

static void event_put(struct sj_strbuf *out, unsigned tag, const void *p, size_t n)
{
    uint8_t head[1 + EVENT_LEN_LEN];

    head[0] = (uint8_t)tag;
    event_put_number(head + 1, n, EVENT_LEN_LEN);
    sj_strbuf_add(out, head, sizeof head);
    sj_strbuf_add(out, p, n);
    sj_strbuf_add(out, "", 1);
}

void event_encode(const struct event *e, struct sj_strbuf *out)
{
    uint8_t head[EVENT_HEAD_LEN] = {EVENT_VERSION, (uint8_t)e->kind, (uint8_t)e->mark};
    uint8_t numbers[EVENT_NUMBERS_LEN];

    event_put_number(head + 3, e->flags, 4);
    sj_strbuf_add(out, head, sizeof head);
    for (unsigned i = 0; i < EVENT_TEXTS; i++) {
        if (e->text[i])
            event_put(out, i, e->text[i], strlen(e->text[i]));
    }
    if (e->text[EVENT_URL]) {
        event_put_number(numbers, e->size, 8);
        event_put_number(numbers + 8, e->width, 4);
        event_put_number(numbers + 12, e->height, 4);
        event_put_number(numbers + 16, e->length_ms, 4);
        event_put(out, EVENT_TAG_FILE, numbers, sizeof numbers);
    }
    if (e->sha256)
        event_put(out, EVENT_TAG_SHA256, e->sha256, SJ_DIGEST_SHA256_SIZE);
    for (size_t i = 0; i < e->n_reactions; i++)
        event_put(out, EVENT_TAG_REACTION, e->reactions[i], strlen(e->reactions[i]));
}

static bool event_take_numbers(struct event *e, const uint8_t *p, size_t n)
{
    if (n != EVENT_NUMBERS_LEN)
        return false;
    e->size = event_get_number(p, 8);
    e->width = (uint32_t)event_get_number(p + 8, 4);
    e->height = (uint32_t)event_get_number(p + 12, 4);
    e->length_ms = (uint32_t)event_get_number(p + 16, 4);
    return true;
}

static bool event_take(struct event *e, unsigned tag, const uint8_t *p, size_t n)
{
    bool is_text = tag < EVENT_TEXTS || tag == EVENT_TAG_REACTION;

    if (is_text && memchr(p, '\0', n) != NULL)
        return false;
    if (tag < EVENT_TEXTS) {
        e->text[tag] = (const char *)p;
        return true;
    }
    switch (tag) {
    case EVENT_TAG_FILE:
        return event_take_numbers(e, p, n);
    case EVENT_TAG_SHA256:
        e->sha256 = p;
        return n == SJ_DIGEST_SHA256_SIZE;
    case EVENT_TAG_REACTION:
        if (e->n_reactions == SJ_REACTIONS_MAX)
            return false;
        e->reactions[e->n_reactions++] = (const char *)p;
        return true;
    default:
        return false;
    }
}

/* The parts without which an event cannot be shown. */
static bool event_is_whole(const struct event *e)
{
    switch (e->kind) {
    case EVENT_MESSAGE:
    case EVENT_WHISPER:
        return e->text[EVENT_BODY] != NULL && e->text[EVENT_ID] != NULL;
    case EVENT_MARK:
        return e->text[EVENT_TARGET] != NULL &&
               (e->mark == XMPP_MARK_RETRACTED || e->mark == XMPP_MARK_REACTIONS);
    case EVENT_SUBJECT:
        return e->text[EVENT_BODY] != NULL;
    case EVENT_HOLE:
        return true;
    }
    return false;
}

static bool event_has_head(const uint8_t *p, size_t n)
{
    return n >= EVENT_HEAD_LEN && p[0] == EVENT_VERSION && p[1] >= EVENT_MESSAGE &&
           p[1] <= EVENT_HOLE && p[2] <= XMPP_MARK_REACTIONS;
}

bool event_is_said(const void *data, size_t n)
{
    const uint8_t *p = data;

    return event_has_head(p, n) && p[1] == EVENT_MESSAGE &&
           !(event_get_number(p + 3, 4) & EVENT_RETRACTED);
}

bool event_decode(struct event *e, const void *data, size_t n)
{
    const uint8_t *p = data;
    int last = -1;

    *e = (struct event){.kind = EVENT_HOLE};
    if (!event_has_head(p, n))
        return false;
    e->kind = (enum event_kind)p[1];
    e->mark = (enum xmpp_mark)p[2];
    e->flags = (uint32_t)event_get_number(p + 3, 4);
    p += EVENT_HEAD_LEN;
    n -= EVENT_HEAD_LEN;
    while (n > 0) {
        size_t len;
        if (n < 2 + EVENT_LEN_LEN)
            return false;
        len = (size_t)event_get_number(p + 1, EVENT_LEN_LEN);
        if (len > n - 2 - EVENT_LEN_LEN || p[1 + EVENT_LEN_LEN + len] != '\0' || p[0] < last ||
            (p[0] == last && p[0] != EVENT_TAG_REACTION) ||
            !event_take(e, p[0], p + 1 + EVENT_LEN_LEN, len))
            return false;
        last = p[0];
        p += 2 + EVENT_LEN_LEN + len;
        n -= 2 + EVENT_LEN_LEN + len;
    }
    return event_is_whole(e);
}
