/* SPDX-License-Identifier: MPL-2.0 */
/* Records of the journal as bytes, which the store seals. */
#include <string.h>

#include "journal.h"
#include "outgoing.h"
#include "rich.h"
#include "sojourn/strbuf.h"

#define JOURNAL_VERSION 1u
#define JOURNAL_HEAD_LEN 7u              /* version, flags, which texts */
#define JOURNAL_LEN_LEN 4u

static void journal_put_number(struct sj_strbuf *out, uint32_t value, size_t n)
{
    for (size_t i = n; i-- > 0;)
        sj_strbuf_addc(out, (char)(uint8_t)(value >> (8 * i)));
}

static uint32_t journal_take_number(const uint8_t *p, size_t n)
{
    uint32_t value = 0;

    for (size_t i = 0; i < n; i++)
        value = value << 8 | p[i];
    return value;
}

void journal_encode(const struct journal_record *r, struct sj_strbuf *out)
{
    uint32_t there = 0;

    for (unsigned i = 0; i < JOURNAL_TEXTS; i++)
        there |= r->text[i] ? 1u << i : 0;
    journal_put_number(out, JOURNAL_VERSION, 1);
    journal_put_number(out, r->flags, 4);
    journal_put_number(out, there, 2);
    for (unsigned i = 0; i < JOURNAL_TEXTS; i++) {
        if (!r->text[i])
            continue;
        journal_put_number(out, (uint32_t)strlen(r->text[i]), JOURNAL_LEN_LEN);
        sj_strbuf_add(out, r->text[i], strlen(r->text[i]) + 1);
    }
}

bool journal_decode(struct journal_record *r, const void *data, size_t n)
{
    const uint8_t *p = data;
    uint32_t there;

    *r = (struct journal_record){.flags = 0};
    if (n < JOURNAL_HEAD_LEN || p[0] != JOURNAL_VERSION)
        return false;
    r->flags = journal_take_number(p + 1, 4);
    there = journal_take_number(p + 5, 2);
    p += JOURNAL_HEAD_LEN;
    n -= JOURNAL_HEAD_LEN;
    for (unsigned i = 0; i < JOURNAL_TEXTS; i++) {
        size_t len;
        if (!(there & 1u << i))
            continue;
        if (n < JOURNAL_LEN_LEN + 1)
            return false;
        len = journal_take_number(p, JOURNAL_LEN_LEN);
        p += JOURNAL_LEN_LEN;
        n -= JOURNAL_LEN_LEN;
        if (len >= n || p[len] != '\0' || memchr(p, '\0', len))
            return false;
        r->text[i] = (const char *)p;
        p += len + 1;
        n -= len + 1;
    }
    return n == 0 && there >> JOURNAL_TEXTS == 0 && r->text[JOURNAL_PEER] && r->text[JOURNAL_FULL];
}

static uint32_t journal_flag(bool on, enum journal_flag flag)
{
    return on ? flag : 0;
}

void journal_describe(struct journal_record *r, const struct outgoing *o, bool sent)
{
    const struct rich *rich = o->rich;

    *r = (struct journal_record){
        .flags = journal_flag(sent, JOURNAL_SENT) | journal_flag(o->in_room, JOURNAL_IN_ROOM) |
                 journal_flag(o->action, JOURNAL_ACTION) |
                 journal_flag(o->unstyled, JOURNAL_UNSTYLED) |
                 journal_flag(rich, JOURNAL_RICH) |
                 journal_flag(!rich || !rich->is_mark, JOURNAL_WHOLE),
        .text = {[JOURNAL_PEER] = o->peer, [JOURNAL_NICK] = o->nick, [JOURNAL_FULL] = o->full,
                 [JOURNAL_ID] = o->id, [JOURNAL_BODY] = o->body}};
    if (!rich)
        return;
    r->flags |= journal_flag(rich->receipt, JOURNAL_RECEIPT) |
                journal_flag(rich->markable, JOURNAL_MARKABLE) |
                journal_flag(rich->attention, JOURNAL_ATTENTION) |
                journal_flag(rich->unstored, JOURNAL_UNSTORED);
    r->text[JOURNAL_OTHER_ID] = rich->other_id;
    r->text[JOURNAL_REPLACES] = rich->replaces;
    r->text[JOURNAL_REPLY_TO] = rich->reply_to;
    r->text[JOURNAL_REPLY_TEXT] = rich->reply_text;
    r->text[JOURNAL_MENTIONS] = rich->mentions;
    r->text[JOURNAL_THREAD] = rich->thread;
}
