/* SPDX-License-Identifier: MPL-2.0 */
/* Messages of the loopback network: what they may hold, how they are named, copied and told, and
 * what is said about them later (received, read, taken back, reactions), and who types.
 *
 * A network judges for itself who may do what to which message, and so does this one: only authors
 * correct and take back, only readers report. It keeps no messages; what it must know of one stands
 * in its id. */
#include "loopback_message.h"

#include <stdio.h>
#include <string.h>

#include "loopback_link.h"
#include "loopback_room.h"
#include "sojourn/digest.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* What this network knows to react with: a list that fits on one screen, as such networks have. */
static const char *const message_reactions[] = {
    "\xf0\x9f\x91\x8d", "\xf0\x9f\x91\x8e", "\xe2\x9d\xa4\xef\xb8\x8f", "\xf0\x9f\x98\x82",
    "\xf0\x9f\x98\xae", "\xf0\x9f\x98\xa2", "\xf0\x9f\x8e\x89",         "\xf0\x9f\x8c\xb9",
};
const struct sj_reaction_rules loopback_reactions = {
    .max_per_user = 3,
    .allowed = message_reactions,
    .n_allowed = sizeof message_reactions / sizeof message_reactions[0],
};

/* --- ids ---------------------------------------------------------------------------------- */

void loopback_message_name(char out[LOOPBACK_MESSAGE_ID_SIZE], uint64_t number, const char *author)
{
    snprintf(out, LOOPBACK_MESSAGE_ID_SIZE, "%llu-%s", (unsigned long long)number, author);
}

const char *loopback_message_author(const char *id)
{
    char folded[LOOPBACK_ID_MAX + 1];
    size_t digits = strspn(id, "0123456789");
    if (digits == 0 || digits > 20 || id[digits] != '-')
        return NULL;
    const char *author = id + digits + 1;
    return loopback_id_fold(folded, author) && strcmp(folded, author) == 0 ? author : NULL;
}

static enum sj_status message_check_target(const char *id, const char *author, struct sj_error *err)
{
    const char *by = loopback_message_author(id);
    if (!by)
        return sj_fail(err, SJ_NOTFOUND, "there is no such message");
    if (author && strcmp(by, author) != 0)
        return sj_fail(err, SJ_DENIED, "this message is somebody else's");
    return SJ_OK;
}

/* --- copies ------------------------------------------------------------------------------- */

static size_t copy_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static const char *copy_put(char **at, const char *text)
{
    char *start = *at;
    if (!text)
        return NULL;
    size_t n = strlen(text) + 1;
    memcpy(start, text, n);
    *at += n;
    return start;
}

/* Room enough for the other author is kept by LOOPBACK_MESSAGE_ID_SIZE. */
static const char *copy_id(char **at, const char *id, const struct loopback_mirror *mirror)
{
    char *start = *at;
    const char *author = id ? loopback_message_author(id) : NULL;
    if (!author)
        return copy_put(at, id);
    if (mirror->one && strcmp(author, mirror->one) == 0)
        author = mirror->other;
    else if (mirror->one && strcmp(author, mirror->other) == 0)
        author = mirror->one;
    loopback_message_name(start, strtoull(id, NULL, 10), author);
    *at += strlen(start) + 1;
    return start;
}

static size_t copy_id_size(const char *id)
{
    return id ? strlen(id) + 1 + LOOPBACK_MESSAGE_ID_SIZE : 0;
}

static size_t copy_file_size(const struct sj_file *f)
{
    if (!f)
        return 0;
    return sizeof *f + copy_size(f->name) + copy_size(f->media_type) + copy_size(f->key) +
           (f->sha256 ? SJ_DIGEST_SHA256_SIZE : 0);
}

/* The address of the user's own place is nobody's business over there. */
static void copy_file(struct sj_file *out, char **at, const struct sj_file *f)
{
    *out = *f;
    out->url = NULL;
    out->name = copy_put(at, f->name);
    out->media_type = copy_put(at, f->media_type);
    out->key = copy_put(at, f->key);
    if (f->sha256) {
        out->sha256 = memcpy(*at, f->sha256, SJ_DIGEST_SHA256_SIZE);
        *at += SJ_DIGEST_SHA256_SIZE;
    }
}

size_t loopback_message_bytes(const struct sj_message *m)
{
    size_t n = sizeof *m + copy_file_size(m->file) + m->n_spans * sizeof m->spans[0] +
               m->n_mentions * sizeof m->mentions[0] + copy_size(m->nick) + copy_size(m->body) +
               copy_id_size(m->replaces) + copy_id_size(m->reply_to) + copy_id_size(m->thread);
    for (size_t i = 0; i < m->n_mentions; i++)
        n += copy_size(m->mentions[i].id) + copy_size(m->mentions[i].nick);
    return n;
}

struct sj_message *loopback_message_copy(const struct sj_message *m,
                                         const struct loopback_mirror *mirror)
{
    struct sj_message *copy = sj_malloc(loopback_message_bytes(m));
    struct sj_file *file = (struct sj_file *)(copy + 1);
    struct sj_mention *mentions = (struct sj_mention *)(file + (m->file ? 1 : 0));
    struct sj_span *spans = (struct sj_span *)(mentions + m->n_mentions);
    char *at = (char *)(spans + m->n_spans);
    *copy = (struct sj_message){
        .action = m->action,
        .notice = m->notice,
        .attention = m->attention,
        .in_room = m->in_room,
        .echo = m->echo,
        .sent_at = m->sent_at,
        .n_spans = m->n_spans,
        .mentions = mentions,
        .n_mentions = m->n_mentions,
        .nick = copy_put(&at, m->nick),
        .body = copy_put(&at, m->body),
        .replaces = copy_id(&at, m->replaces, mirror),
        .reply_to = copy_id(&at, m->reply_to, mirror),
        .thread = copy_id(&at, m->thread, mirror),
    };
    if (m->n_spans > 0) {
        memcpy(spans, m->spans, m->n_spans * sizeof spans[0]);
        copy->spans = spans;
    }
    for (size_t i = 0; i < m->n_mentions; i++) {
        mentions[i] = m->mentions[i];
        mentions[i].id = copy_put(&at, m->mentions[i].id);
        mentions[i].nick = copy_put(&at, m->mentions[i].nick);
    }
    if (m->file) {
        copy_file(file, &at, m->file);
        copy->file = file;
    }
    return copy;
}

size_t loopback_mark_bytes(const struct sj_mark *m)
{
    size_t n = sizeof *m + m->n_reactions * sizeof m->reactions[0] + copy_size(m->nick) +
               copy_id_size(m->target);
    for (size_t i = 0; i < m->n_reactions; i++)
        n += copy_size(m->reactions[i]);
    return n;
}

struct sj_mark *loopback_mark_copy(const struct sj_mark *m, const struct loopback_mirror *mirror)
{
    struct sj_mark *copy = sj_malloc(loopback_mark_bytes(m));
    const char **reactions = (const char **)(copy + 1);
    char *at = (char *)(reactions + m->n_reactions);
    *copy = (struct sj_mark){
        .kind = m->kind,
        .in_room = m->in_room,
        .nick = copy_put(&at, m->nick),
        .target = copy_id(&at, m->target, mirror),
        .reactions = reactions,
        .n_reactions = m->n_reactions,
    };
    for (size_t i = 0; i < m->n_reactions; i++)
        reactions[i] = copy_put(&at, m->reactions[i]);
    return copy;
}

/* --- what comes down ---------------------------------------------------------------------- */

static enum sj_status message_check_body(const struct sj_message *m, struct sj_error *err)
{
    size_t n = strnlen(m->body, SJ_BODY_MAX + 1);
    if ((n == 0 && !m->attention && !m->file) || n > SJ_BODY_MAX)
        return sj_fail(err, SJ_INVALID, "a message has 1 to %u bytes", SJ_BODY_MAX);
    if (!sj_utf8_valid(m->body, n))
        return sj_fail(err, SJ_INVALID, "a message is UTF-8");
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)m->body[i] < 0x20 && m->body[i] != '\n' && m->body[i] != '\t')
            return sj_fail(err, SJ_INVALID, "a message has no control characters");
    }
    return SJ_OK;
}

static enum sj_status message_check_spans(const struct sj_message *m, struct sj_error *err)
{
    size_t n = strlen(m->body);
    if (m->n_spans > SJ_SPANS_MAX)
        return sj_fail(err, SJ_INVALID, "a message has at most %u styles", SJ_SPANS_MAX);
    for (size_t i = 0; i < m->n_spans; i++) {
        if (m->spans[i].start >= m->spans[i].end || m->spans[i].end > n)
            return sj_fail(err, SJ_INVALID, "a style is outside the message");
    }
    return SJ_OK;
}

static enum sj_status message_check_mentions(const struct sj_message *m, struct sj_error *err)
{
    size_t n = strlen(m->body);
    if (m->n_mentions > SJ_MENTIONS_MAX)
        return sj_fail(err, SJ_INVALID, "a message has at most %u mentions", SJ_MENTIONS_MAX);
    for (size_t i = 0; i < m->n_mentions; i++) {
        const struct sj_mention *at = &m->mentions[i];
        bool nowhere = at->start == 0 && at->end == 0;
        if ((!nowhere && at->start >= at->end) || at->end > n || (!at->id && !at->nick))
            return sj_fail(err, SJ_INVALID, "a mention is outside the message, or of nobody");
    }
    return SJ_OK;
}

enum sj_status loopback_message_check(const struct loopback_link *l, const struct sj_message *m,
                                      struct sj_error *err)
{
    enum sj_status status = message_check_body(m, err);
    if (status == SJ_OK)
        status = message_check_spans(m, err);
    if (status == SJ_OK)
        status = message_check_mentions(m, err);
    if (loopback_is_room(l->base.net, m->peer))
        return status;               /* a room judges by what it remembers */
    if (status == SJ_OK && m->replaces)
        status = message_check_target(m->replaces, l->id, err);
    if (status == SJ_OK && m->reply_to)
        status = message_check_target(m->reply_to, NULL, err);
    if (status == SJ_OK && m->thread)
        status = message_check_target(m->thread, NULL, err);
    return status;
}

enum sj_status loopback_mark_check(const struct loopback_link *l, const struct sj_mark *m,
                                   struct sj_error *err)
{
    if (m->n_reactions > loopback_reactions.max_per_user)
        return sj_fail(err, SJ_LIMIT, "too many reactions");
    switch (m->kind) {
    case SJ_MARK_RECEIVED:
    case SJ_MARK_DISPLAYED:
        return message_check_target(m->target, m->peer, err);
    case SJ_MARK_RETRACTED:
        return message_check_target(m->target, l->id, err);
    case SJ_MARK_REACTIONS:
        return message_check_target(m->target, NULL, err);
    }
    return sj_fail(err, SJ_INVALID, "this network has no such thing");
}

/* --- what goes up ------------------------------------------------------------------------- */

/* The id of an event's message: its number, and the author or the room. */
static void message_name(char id[LOOPBACK_MESSAGE_ID_SIZE], const struct loopback_link *l,
                         const struct loopback_event *e, bool own)
{
    if (loopback_is_room(l->base.net, e->id))
        loopback_room_message_name(id, e->number, e->id);
    else
        loopback_message_name(id, e->number, own ? l->id : e->id);
}

/* Who is meant depends on who reads it; the copy is the reader's own. */
void loopback_mentions_see(const struct loopback_link *l, struct sj_message *m)
{
    struct sj_mention *mentions = (struct sj_mention *)m->mentions;
    for (size_t i = 0; i < m->n_mentions; i++)
        mentions[i].self = mentions[i].id && strcmp(mentions[i].id, l->id) == 0;
}

void loopback_message_tell(struct loopback_link *l, const struct loopback_event *e)
{
    char id[LOOPBACK_MESSAGE_ID_SIZE];
    struct sj_message m = *e->message;
    m.peer = e->id;
    m.own = e->own;
    m.confirm = !e->own && !m.nick;              /* every contact here wants to know */
    m.id = id;
    loopback_mentions_see(l, &m);
    message_name(id, l, e, e->own);
    if (!m.nick && !m.in_room)
        loopback_heard_add(l, e);
    l->base.host->message(&l->base, &m);
    /* Only now does the sender hear of success. It may have gone: it is found by its serial. */
    struct loopback_link *from = sj_idmap_find(&l->base.net->links, e->sender);
    if (from)
        loopback_op_finish(from, e->op, SJ_OK, NULL);
}

void loopback_mark_tell(struct loopback_link *l, const struct loopback_event *e)
{
    struct sj_mark m = *e->mark;
    m.peer = e->id;
    m.own = e->own;
    l->base.host->mark(&l->base, &m);
}

/* The network has taken the message: this is its id from now on. */
void loopback_named_tell(struct loopback_link *l, const struct loopback_event *e)
{
    char id[LOOPBACK_MESSAGE_ID_SIZE];
    message_name(id, l, e, true);
    l->base.host->message_id(&l->base, e->op, id);
}
