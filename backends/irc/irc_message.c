/* SPDX-License-Identifier: MPL-2.0 */
/* A message as lines: which target, which command, how many parts.
 *
 * It is cut so that the line which the server relays, `:nick!user@host PRIVMSG target :text`, keeps
 * within its limit (RFC 2812 §2.3), or its parts go out as one batch where the server takes that
 * (draft/multiline). The lines are written and paced by irc_send.c; outcomes are followed in
 * irc_ops.c. */
#include "irc_send.h"

#include <stdio.h>
#include <string.h>

#include "irc_chan.h"
#include "irc_format.h"
#include "irc_link.h"
#include "irc_multiline.h"
#include "irc_nick.h"
#include "irc_split.h"
#include "irc_typing.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* Longest user and host of a mask, assumed until we have seen ours. */
#define USER_LENGTH_ASSUMED 10u
#define HOST_LENGTH_ASSUMED 63u
/* A body with its formatting: every line may repeat codes and marks. */
#define FORMATTED_MAX (4u * SJ_BODY_MAX)
/* Smallest part that is worth sending; below, the target is too long. */
#define PART_MIN 32u
/* ":nick!user@host PRIVMSG target :" and CR LF, as others get it. */
static size_t relay_overhead(const struct irc_link *l, size_t target_length)
{
    size_t nick = strlen(l->nick);
    size_t user = l->user_length ? l->user_length : USER_LENGTH_ASSUMED;
    size_t host = l->host_length ? l->host_length : HOST_LENGTH_ASSUMED;

    return 1 + nick + 1 + user + 1 + host + strlen(" PRIVMSG ") + target_length +
           strlen(" :\r\n");
}

/* What all lines of one message have in common. */
struct outgoing {
    const struct sj_message *msg;
    const char *body;
    size_t body_length;
    bool styled;
    bool is_first;                   /* the next part is */
    unsigned open;                   /* formatting at the begin of the next part */
    size_t part_max;
    const char *target;              /* who or where it goes */
    size_t target_length;
    uint32_t target_hash;
    uint32_t n_parts;
    bool in_batch;                   /* all parts are one message (irc_multiline.h) */
    uint32_t number;                 /* of the line in l->ops that stands for all of them */
    sj_op op;
};

/* The part with the formatting that goes on from the part before; text has room for both. */
static size_t continue_format(struct outgoing *m, const char *part, size_t n, char *text)
{
    size_t codes = irc_format_codes(m->open, text);

    memcpy(text + codes, part, n);
    m->open = irc_format_open(m->open, part, n);
    return codes + n;
}

/* "PRIVMSG <target> :", NOTICE for what machines must not answer (RFC 2812 §3.3.2). */
static void add_command(const struct outgoing *m, struct irc_out *o)
{
    irc_out_adds(o, m->msg->notice ? "NOTICE " : "PRIVMSG ");
    irc_out_add(o, m->target, m->target_length);
    irc_out_add(o, " :", 2);
}

static void add_text(struct irc_out *o, const char *part, size_t n)
{
    if (!memchr(part, '\001', n)) {
        irc_out_add(o, part, n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (part[i] != '\001')
            irc_out_add(o, part + i, 1);
    }
}

static bool send_part(struct irc_link *l, struct outgoing *m, const char *part, size_t n, bool last)
{
    struct irc_out o;
    char text[IRC_LINE_MAX];

    if (m->styled) {
        n = continue_format(m, part, n, text);
        part = text;
    }
    uint32_t number = irc_ops_add(&l->ops, m->op, last, m->target_hash, irc_ops_hash(part, n));

    irc_out_init(&o);
    irc_tag_add_label(l, &o, number);
    if (m->msg->reply_to && m->is_first)
        irc_tag_add_reply(l, &o, m->msg->reply_to);
    m->is_first = false;
    irc_tag_end(&o);
    add_command(m, &o);
    if (m->msg->action)
        irc_out_adds(&o, "\001ACTION ");
    add_text(&o, part, n);
    if (m->msg->action)
        irc_out_add(&o, "\001", 1);
    return irc_send(l, &o, IRC_PACED_OP);
}

/* Parts of one batch: with the line ends between them they are the text (IRCv3 multiline). */
static void send_in_batch(struct irc_link *l, struct outgoing *m)
{
    struct irc_split split;
    struct irc_out o;
    const char *part;
    size_t n;
    char ref[12];

    (void)snprintf(ref, sizeof ref, "%x", (unsigned)m->number);
    irc_out_init(&o);
    irc_tag_add_label(l, &o, m->number);
    if (m->msg->reply_to)
        irc_tag_add_reply(l, &o, m->msg->reply_to);
    irc_tag_end(&o);
    irc_out_adds(&o, "BATCH +");
    irc_out_adds(&o, ref);
    irc_out_adds(&o, " draft/multiline ");
    irc_out_add(&o, m->target, m->target_length);
    irc_send(l, &o, IRC_PACED);
    irc_split_init(&split, m->body, m->body_length, m->part_max);
    split.keeps_empty = true;
    while (irc_split_next(&split, &part, &n)) {
        irc_out_init(&o);
        irc_tag_add(&o, "batch", ref);
        if (split.goes_on)
            irc_tag_add_n(&o, "draft/multiline-concat", NULL, 0);
        irc_tag_end(&o);
        add_command(m, &o);
        add_text(&o, part, n);
        irc_send(l, &o, IRC_PACED_MORE);
    }
    irc_out_init(&o);
    irc_out_adds(&o, "BATCH -");
    irc_out_adds(&o, ref);
    irc_send(l, &o, IRC_PACED_LAST);
}

/* Can it go out in one batch, empty lines and all? Those at its ends are left out. */
static void outgoing_plan_batch(struct outgoing *m, const struct irc_link *l)
{
    struct irc_split split;
    const char *part;
    size_t n, parts = 0;

    if (m->msg->action || !irc_cap_has(l, IRC_CAP_MULTILINE))
        return;
    while (m->body_length && strchr("\r\n", *m->body)) {
        m->body++;
        m->body_length--;
    }
    while (m->body_length && strchr("\r\n", m->body[m->body_length - 1]))
        m->body_length--;
    irc_split_init(&split, m->body, m->body_length, m->part_max);
    split.keeps_empty = true;
    while (irc_split_next(&split, &part, &n))
        parts++;
    m->in_batch = parts <= l->base.net->lines_max && irc_multiline_fits(l, parts, m->body_length);
    if (m->in_batch)
        m->n_parts = (uint32_t)parts;
}

/* Computes what fits; counts the parts and their bytes on the wire. */
static enum sj_status outgoing_plan(struct outgoing *m, const struct irc_link *l,
                                    struct sj_error *err)
{
    size_t overhead = relay_overhead(l, m->target_length);
    struct irc_split split;
    const char *part;
    size_t n;
    size_t parts = 0;

    if (m->msg->action)
        overhead += strlen("\001ACTION \001");
    if (overhead + PART_MIN > l->line_max)
        return sj_fail(err, SJ_UNACCEPTABLE, "the name is too long for this network");
    m->part_max = l->line_max - overhead - (m->styled ? IRC_FORMAT_OPEN_MAX : 0);
    irc_split_init(&split, m->body, m->body_length, m->part_max);
    while (irc_split_next(&split, &part, &n))
        parts++;
    if (parts == 0)
        return sj_fail(err, SJ_UNACCEPTABLE, "there is nothing to send in an empty message");
    if (parts > l->base.net->lines_max)
        return sj_fail(err, SJ_UNACCEPTABLE,
                       "the message is too long for this network: it would take %zu lines, "
                       "%u are the most", parts, (unsigned)l->base.net->lines_max);
    m->n_parts = (uint32_t)parts;
    outgoing_plan_batch(m, l);
    parts = m->n_parts + (m->in_batch ? 2 : 0);
    if (!irc_ops_have_room(&l->ops, (uint32_t)parts) ||
        !irc_send_has_room(l, m->body_length + parts * (overhead + (m->in_batch ? 64 : 24)) +
                                  (m->msg->reply_to ? IRC_TAGS_MAX : 0), parts))
        return sj_fail(err, SJ_LIMIT, "too many messages wait for the network; try again later");
    return SJ_OK;
}

static enum sj_status send_parts(struct irc_link *l, struct outgoing *m, struct sj_error *err)
{
    struct irc_split split;
    const char *part, *next;
    size_t n, next_n;
    enum sj_status status = outgoing_plan(m, l, err);

    if (status != SJ_OK)
        return status;
    irc_split_init(&split, m->body, m->body_length, m->part_max);
    m->is_first = true;
    uint32_t lines = m->in_batch ? 1 : m->n_parts;
    if (m->msg->in_room)
        irc_said_add(l, m->msg, m->op, l->ops.next, l->ops.next + lines - 1);
    if (m->msg->in_room && !irc_cap_has(l, IRC_CAP_ECHO_MESSAGE))
        l->ops.hurry = l->ops.next + lines;
    if (m->in_batch) {
        m->number = irc_ops_add(&l->ops, m->op, true, m->target_hash,
                                irc_ops_hash(m->body, m->body_length));
        irc_ops_mark_batch(&l->ops, m->number);
        send_in_batch(l, m);
        return SJ_OK;
    }
    bool more = irc_split_next(&split, &part, &n);
    while (more) {
        more = irc_split_next(&split, &next, &next_n);
        /* There was room for all of them: a refusal can only be our own mistake. */
        bool sent = send_part(l, m, part, n, !more);
        assert(sent);
        (void)sent;
        part = next;
        n = next_n;
    }
    return SJ_OK;
}

/* To a channel, or to a person; whispers in a channel are messages to a person, who may be in no
 * other place with us (IRC has no word for it). */
static enum sj_status message_target(struct outgoing *m, const struct irc_link *l,
                                     struct sj_error *err)
{
    const struct sj_message *msg = m->msg;
    struct irc_chan *c;

    m->target = msg->peer;
    if (msg->in_room) {
        enum sj_status status = irc_chan_check_in(l, msg->peer, &c, err);
        if (status == SJ_OK && !irc_said_has_room(l, msg))
            return sj_fail(err, SJ_LIMIT,
                           "too many messages wait for the network; try again later");
        return status;
    }
    if (msg->nick)
        m->target = msg->nick;
    if (!irc_nick_may_be_target(m->target))
        return sj_fail(err, SJ_INVALID, "no nickname of this network");
    return SJ_OK;
}

enum sj_status irc_send_message(struct sj_link *base, const struct sj_message *msg, sj_op op,
                                struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    struct outgoing m = { .msg = msg, .body = msg->body, .op = op, .styled = msg->n_spans > 0 };
    struct sj_strbuf formatted;

    if (l->state != IRC_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in there");
    enum sj_status status = message_target(&m, l, err);
    if (status != SJ_OK)
        return status;
    sj_strbuf_init(&formatted, FORMATTED_MAX);
    if (m.styled) {
        irc_format_write(&formatted, msg->body, msg->spans, msg->n_spans);
        m.body = formatted.s;
    }
    m.body_length = strlen(m.body);
    m.target_length = strlen(m.target);
    m.target_hash = irc_case_hash((enum irc_casemap)l->casemap, m.target);
    status = sj_strbuf_ok(&formatted)
                 ? send_parts(l, &m, err)
                 : sj_fail(err, SJ_UNACCEPTABLE, "the message is too long for this network");
    sj_strbuf_release(&formatted);
    if (status == SJ_OK)
        irc_typing_said(l, msg->in_room ? msg->peer : m.target);
    return status;
}
