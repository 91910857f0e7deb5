/* SPDX-License-Identifier: MPL-2.0 */
/* Copies of what a message has beyond its text, while it waits, and the ways in and out of it. */
#include "rich.h"

#include <string.h>

#include "sojourn/memory.h"

#define RICH_TEXTS 7u

_Static_assert((int)XMPP_MARK_RECEIVED == (int)SJ_MARK_RECEIVED &&
                   (int)XMPP_MARK_DISPLAYED == (int)SJ_MARK_DISPLAYED &&
                   (int)XMPP_MARK_RETRACTED == (int)SJ_MARK_RETRACTED &&
                   (int)XMPP_MARK_REACTIONS == (int)SJ_MARK_REACTIONS,
               "both contracts know the same marks");

static void rich_texts(struct rich *r, const char **at[RICH_TEXTS])
{
    at[0] = &r->other_id;
    at[1] = &r->replaces;
    at[2] = &r->reply_to;
    at[3] = &r->reply_text;
    at[4] = &r->target;
    at[5] = &r->mentions;
    at[6] = &r->thread;
}

static size_t rich_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

size_t rich_bytes(const struct rich *r)
{
    struct rich copy;
    const char **texts[RICH_TEXTS];
    size_t n = sizeof copy;

    if (!r)
        return 0;
    copy = *r;
    rich_texts(&copy, texts);
    for (size_t i = 0; i < RICH_TEXTS; i++)
        n += rich_size(*texts[i]);
    for (size_t i = 0; i < r->n_reactions; i++)
        n += sizeof r->reactions[0] + rich_size(r->reactions[i]);
    return n;
}

static const char *rich_put(char **at, const char *text)
{
    size_t n = rich_size(text);
    char *start = *at;

    if (!text)
        return NULL;
    memcpy(start, text, n);
    *at += n;
    return start;
}

/* Behind the struct: the pointers to reactions, then all texts. */
struct rich *rich_dup(const struct rich *r)
{
    const char **texts[RICH_TEXTS];
    const char **reactions;
    struct rich *copy;
    char *at;

    if (!r)
        return NULL;
    copy = sj_malloc(rich_bytes(r));
    *copy = *r;
    reactions = (const char **)(copy + 1);
    at = (char *)(reactions + r->n_reactions);
    rich_texts(copy, texts);
    for (size_t i = 0; i < RICH_TEXTS; i++)
        *texts[i] = rich_put(&at, *texts[i]);
    for (size_t i = 0; i < r->n_reactions; i++)
        reactions[i] = rich_put(&at, r->reactions[i]);
    copy->reactions = reactions;
    return copy;
}

void rich_of_text(struct rich *out, const struct xmpp_message_in *m)
{
    *out = (struct rich){.receipt = m->wants_receipt, .markable = m->markable,
                         .attention = m->attention, .unstored = m->unstored,
                         .other_id = m->origin_id, .replaces = m->replaces, .reply_to = m->reply_to,
                         .reply_text = m->reply_body, .mentions = m->mentions,
                         .thread = m->thread};
}

void rich_of_mark(struct rich *out, const struct xmpp_mark_in *m)
{
    *out = (struct rich){.is_mark = true, .kind = (enum sj_mark_kind)m->kind, .target = m->target,
                         .reactions = m->reactions, .n_reactions = m->n_reactions};
}

void rich_of_message(struct rich *out, const struct sj_message *m)
{
    *out = (struct rich){.receipt = m->confirm, .attention = m->attention, .notice = m->notice,
                         .own = m->own, .replaces = m->replaces, .reply_to = m->reply_to,
                         .reply_text = m->reply_text, .thread = m->thread};
}

void rich_to_message(struct sj_message *out, const struct rich *r)
{
    out->confirm = r->receipt;
    out->attention = r->attention;
    out->notice = r->notice;
    out->own = r->own;
    out->replaces = r->replaces;
    out->reply_to = r->reply_to;
    out->reply_text = r->reply_text;
    out->thread = r->thread;
}

void rich_of_network_mark(struct rich *out, const struct sj_mark *m)
{
    *out = (struct rich){.is_mark = true, .kind = m->kind, .own = m->own, .target = m->target,
                         .reactions = m->reactions, .n_reactions = m->n_reactions};
}

void rich_to_network_mark(struct sj_mark *out, const struct rich *r)
{
    out->kind = r->kind;
    out->own = r->own;
    out->target = r->target;
    out->reactions = r->reactions;
    out->n_reactions = r->n_reactions;
}
