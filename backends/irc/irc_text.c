/* SPDX-License-Identifier: MPL-2.0 */
/* Text messages: PRIVMSG and NOTICE that come in, echoes, and refusals of what went out.
 *
 * Who a message is from and for is decided here; cleaning the text is irc_charset.c, its formatting
 * irc_format.c, CTCP queries are irc_ctcp.c, the ring of unconfirmed lines is irc_ops.c. What is
 * said in channels is irc_chan_text.c. RFC 2812 §3.3, §5.2; IRCv3 echo-message, labeled-response,
 * batch, server-time, message-ids, standard-replies. */
#include "irc_text.h"

#include <stdlib.h>
#include <string.h>

#include "irc_ask.h"
#include "irc_chan.h"
#include "irc_format.h"
#include "irc_ids.h"
#include "irc_link.h"
#include "irc_login.h"
#include "irc_mark.h"
#include "irc_multiline.h"
#include "irc_nick.h"
#include "irc_parse.h"
#include "irc_read.h"
#include "irc_self.h"
#include "irc_send.h"
#include "irc_services.h"
#include "irc_talk.h"
#include "sojourn/log.h"
#include "sojourn/strbuf.h"

/* Spans of one line; what is more has no style. */
#define IRC_SPANS_MAX 64u

bool irc_text_is_to_channel(const struct irc_link *l, const char *target)
{
    /* Also "@#channel": to those with a status there. */
    target += strspn(target, "@+%~!");
    return *target && strchr(l->chantypes, *target);
}

bool irc_text_answered(const struct irc_link *l, const struct irc_line *line, uint32_t *out)
{
    if (line->tags.label) {
        char *end;
        unsigned long n = strtoul(line->tags.label, &end, 16);
        if (*end || n > UINT32_MAX)
            return false;
        *out = (uint32_t)n;
        return true;
    }
    if (line->tags.batch && l->talk && l->talk->batch &&
        irc_ops_hash(line->tags.batch, strlen(line->tags.batch)) == l->talk->batch) {
        *out = l->talk->batch_seq;
        return true;
    }
    return false;
}

/* Other text between \001 is left as it is. */
bool irc_text_take_action(char **text)
{
    static const char head[] = "\001ACTION";
    char *s = *text;
    size_t n = sizeof head - 1;

    if (strncmp(s, head, n) != 0 || (s[n] != ' ' && s[n] != '\001' && s[n] != '\0'))
        return false;
    s += n;
    if (*s == ' ')
        s++;
    *text = s;
    return true;
}

/* Each line has its own formatting. Of what becomes too long the end is left out. */
static size_t read_lines(const struct irc_link *l, struct sj_strbuf *out, const char *text,
                         struct sj_span *spans)
{
    size_t n_spans = 0;

    for (;; text++) {
        size_t n = strcspn(text, "\n");
        if (out->len + 3 * n + 1 > SJ_BODY_MAX)      /* as the worst charset has it */
            break;
        n_spans += irc_format_read(out, irc_link_charset(l), text, n, spans + n_spans,
                                   IRC_SPANS_MAX - n_spans);
        text += n;
        if (!*text)
            break;
        sj_strbuf_addc(out, '\n');
    }
    return n_spans;
}

/* past: of the answer to that operation; 0: it is said now. */
static void report_as(struct irc_link *l, const struct irc_line *line, struct sj_message *msg,
                      const char *before, const char *text, sj_op past)
{
    size_t n = strlen(text);
    struct sj_span spans[IRC_SPANS_MAX];
    struct sj_strbuf clean;
    int64_t sent_at;

    if (line->tags.time && irc_parse_time(line->tags.time, &sent_at))
        msg->sent_at = sent_at;
    msg->id = irc_id_of(line);
    if (line->tags.reply && irc_id_is_fit(line->tags.reply, strlen(line->tags.reply)))
        msg->reply_to = irc_ids_whole(l, line->tags.reply);
    sj_strbuf_init(&clean, SJ_BODY_MAX);
    msg->body = text;
    if (*before || !irc_text_is_clean(text, n)) {
        sj_strbuf_adds(&clean, before);
        msg->spans = spans;
        msg->n_spans = read_lines(l, &clean, text, spans);
        msg->body = clean.s;
    }
    if (!past && !msg->own)
        irc_tags_note(l, line);
    if (!msg->own)
        irc_read_note(l, msg);
    if (*msg->body && past)
        l->base.host->rooms->past(&l->base, past, msg);
    else if (*msg->body)
        l->base.host->message(&l->base, msg);
    sj_strbuf_release(&clean);
}

void irc_text_report(struct irc_link *l, const struct irc_line *line, struct sj_message *msg,
                     const char *before, const char *text)
{
    report_as(l, line, msg, before, text, 0);
}

void irc_text_report_past(struct irc_link *l, const struct irc_line *line, struct sj_message *msg,
                          const char *text, sj_op op)
{
    report_as(l, line, msg, "", text, op);
}

/* The canonical id of a nick. False: not one that we could answer to. */
static bool peer_of(char *out, const struct irc_link *l, const char *nick)
{
    if (!irc_nick_may_be_target(nick))
        return false;
    sj_copy(out, IRC_NICK_MAX + 1, nick);
    irc_case_fold((enum irc_casemap)l->casemap, out);
    return true;
}

/* It is the line of ours with that number. */
static bool confirm(struct irc_link *l, const struct irc_line *line, uint32_t number)
{
    irc_tags_note(l, line);
    irc_ids_learn(l, number, irc_id_of(line));
    return irc_ops_confirm_one(l, number);
}

/* Our own line comes back, or the user wrote it from elsewhere (a bouncer's other client). True:
 * it was dealt with. */
static bool handle_own(struct irc_link *l, struct irc_line *line, bool is_notice)
{
    char *text = line->param[1];
    char peer[IRC_NICK_MAX + 1];
    uint32_t number;

    irc_self_learn(l, line->user, line->host);
    if (l->state != IRC_ONLINE)
        return true;
    if (irc_text_answered(l, line, &number) && confirm(l, line, number))
        return true;
    bool is_action = irc_text_take_action(&text);
    /* Our answers to CTCP queries come back, too. */
    if (!is_action && *text == '\001')
        return true;
    text[strcspn(text, "\001")] = '\0';
    /* Where lines have labels, an echo without one is of no line of ours. */
    if (irc_cap_has(l, IRC_CAP_ECHO_MESSAGE) && !irc_cap_has(l, IRC_CAP_LABELED_RESPONSE) &&
        irc_ops_find_echo(&l->ops, irc_case_hash((enum irc_casemap)l->casemap, line->param[0]),
                          irc_ops_hash(text, strlen(text)), &number) &&
        confirm(l, line, number))
        return true;
    if (irc_self_is(l, line->param[0]))
        return false;
    if (!peer_of(peer, l, line->param[0]) || sj_ascii_ncasecmp(text, "IDENTIFY ", 9) == 0)
        return true;
    struct sj_message msg = {
        .peer = peer, .action = is_action, .notice = is_notice, .own = true,
    };
    if (!irc_mark_on_text(l, line, &msg, text))
        irc_text_report(l, line, &msg, "", text);
    return true;
}

void irc_text_lower(char *out, size_t size, const char *text)
{
    size_t n = 0;

    /* Formatting codes often stand within such sentences. */
    for (; *text && n + 1 < size; text++) {
        if ((unsigned char)*text >= 0x20)
            out[n++] = sj_ascii_lower(*text);
    }
    out[n] = '\0';
}

bool irc_text_has_word(const char *lower, const char *const *words)
{
    for (; *words; words++) {
        if (strstr(lower, *words))
            return true;
    }
    return false;
}

/* Before RPL_WELCOME, and what servers say: lines for the user. The chatter that every login brings
 * ("*** Looking up your hostname", "*** You are connected to ... using TLS") is not worth one. */
static void handle_server_text(struct irc_link *l, const struct irc_line *line)
{
    const char *text = line->param[1];

    if (strncmp(text, l->nick ? "*** You are connected to " : "***", l->nick ? 25 : 3) == 0)
        return;
    bool is_server = !*line->nick || strchr(line->nick, '.') || !l->nick;
    irc_link_notice(l, is_server ? NULL : line->nick, text);
}

static void handle_text(struct irc_link *l, struct irc_line *line, bool is_notice)
{
    const char *target = line->param[0];
    char *text = line->param[1];
    char peer[IRC_NICK_MAX + 1];
    bool has_mask = line->user || line->host;

    if (l->state == IRC_CLOSING && !has_mask)
        return;                          /* what people say crosses the log-out, and counts */
    if (l->nick && irc_text_is_to_channel(l, target)) {
        irc_chan_on_text(l, line, is_notice);
        return;
    }
    if (!l->nick || (!has_mask && (is_notice || strchr(line->nick, '.') || !*line->nick))) {
        handle_server_text(l, line);
        return;
    }
    if (irc_self_is(l, line->nick) && handle_own(l, line, is_notice))
        return;
    text = line->param[1];
    if (!irc_self_is(l, target) || !peer_of(peer, l, line->nick)) {
        irc_link_notice(l, line->nick, text);
        return;
    }
    bool is_action = irc_text_take_action(&text);
    if (!is_action && *text == '\001') {
        text[1 + strcspn(text + 1, "\001")] = '\0';
        if (!is_notice)
            irc_ctcp_answer(l, line->nick, text + 1);
        return;
    }
    text[strcspn(text, "\001")] = '\0';
    if (is_notice && l->state == IRC_IDENTIFYING && irc_services_on_notice(l, line, text))
        return;
    if (l->state < IRC_ONLINE) {
        irc_link_notice(l, line->nick, text);
        return;
    }
    struct sj_message msg = { .peer = peer, .action = is_action, .notice = is_notice };
    if (!irc_mark_on_text(l, line, &msg, text))
        irc_text_report(l, line, &msg, "", text);
}

void irc_text_handle_privmsg(struct irc_link *l, struct irc_line *line)
{
    if (!irc_multiline_on_text(l, line, false))
        handle_text(l, line, false);
}

void irc_text_handle_notice(struct irc_link *l, struct irc_line *line)
{
    if (!irc_multiline_on_text(l, line, true))
        handle_text(l, line, true);
}

/* BATCH +ref type, BATCH -ref: only the answer to a labelled line matters here; what other batches
 * hold is handled line by line. */
void irc_text_handle_batch(struct irc_link *l, struct irc_line *line)
{
    const char *ref = line->param[0];
    uint32_t hash = irc_ops_hash(ref + 1, *ref ? strlen(ref + 1) : 0);
    uint32_t number;

    if (irc_multiline_on_batch(l, line) || irc_history_on_batch(l, line))
        return;
    if (*ref == '+' && irc_text_answered(l, line, &number) && line->tags.label) {
        irc_talk_get(l)->batch = hash ? hash : 1;
        l->talk->batch_seq = number;
    } else if (*ref == '-' && l->talk && l->talk->batch == (hash ? hash : 1)) {
        l->talk->batch = 0;
        irc_ops_confirm_one(l, l->talk->batch_seq);
    }
}

void irc_text_handle_ack(struct irc_link *l, struct irc_line *line)
{
    uint32_t number;

    if (irc_text_answered(l, line, &number))
        irc_ops_confirm_one(l, number);
}

/* Fails the line that the refusal is about: by its label, else the oldest to that target. */
static bool refuse(struct irc_link *l, const struct irc_line *line, const char *target,
                   enum sj_status status, const char *text)
{
    uint32_t number;

    if (irc_text_answered(l, line, &number))
        return irc_ops_fail_one(l, number, status, text);
    uint32_t hash = target ? irc_case_hash((enum irc_casemap)l->casemap, target) : 0;
    return irc_ops_fail_target(l, hash, status, text);
}

static enum sj_status refusal_status(unsigned numeric)
{
    switch (numeric) {
    case 401:                        /* ERR_NOSUCHNICK */
    case 406:                        /* ERR_WASNOSUCHNICK */
        return SJ_OFFLINE;
    case 404:                        /* ERR_CANNOTSENDTOCHAN, used for people too */
    case 477:                        /* registered nicknames only */
    case 486:                        /* ERR_NONONREG and the like */
    case 531:                        /* ERR_CANTSENDTOUSER */
    case 716:                        /* RPL_TARGUMODEG: accepts nobody unknown */
        return SJ_DENIED;
    default:
        return SJ_REMOTE;
    }
}

/* <numeric> <me> <target> :text; without a target (411, 412, 417) it is about the oldest line. */
void irc_text_handle_refusal(struct irc_link *l, struct irc_line *line)
{
    const char *target = line->n_params > 2 ? line->param[1] : NULL;
    const char *text = line->param[line->n_params - 1];

    if (l->state == IRC_IDENTIFYING) {
        if (target && sj_ascii_casecmp(target, l->base.net->services.nick) == 0)
            irc_services_on_absence(l);
        return;
    }
    if (line->numeric == 439)            /* too many different people */
        irc_send_slow_down(l);
    if (irc_chan_on_refusal(l, line))
        return;
    enum sj_status status = refusal_status(line->numeric);
    const char *words = IRC_WORDS(l, text);
    /* Of somebody who is absent servers say "no such nick"; ours says what follows. */
    if (status == SJ_OFFLINE)
        words = "not online there at present; this network keeps no messages for later";
    if (!refuse(l, line, target, status, words))
        sj_log_debug(l->base.log, "refusal unmatched numeric=%u target=%s", line->numeric,
                     SJ_CLIP(target));
}

/* FAIL <command> <code> [<context>...] :text (IRCv3 standard replies). */
void irc_text_handle_fail(struct irc_link *l, struct irc_line *line)
{
    const char *text = IRC_WORDS(l, line->param[line->n_params - 1]);
    uint32_t number;

    if (irc_history_on_fail(l, line) || irc_mark_on_fail(l, line) ||
        irc_multiline_on_fail(l, line))
        return;
    if (irc_text_answered(l, line, &number) &&
        irc_ops_fail_one(l, number, SJ_REMOTE, text))
        return;
    bool about_text = strcmp(line->param[0], "PRIVMSG") == 0 ||
                      strcmp(line->param[0], "NOTICE") == 0;
    for (size_t i = 2; about_text && i + 1 < line->n_params; i++) {
        if (refuse(l, line, line->param[i], SJ_REMOTE, text))
            return;
    }
    if (about_text && refuse(l, line, NULL, SJ_REMOTE, text))
        return;
    irc_link_notice(l, NULL, line->param[line->n_params - 1]);
}

/* WARN and NOTE <command> <code> [<context>...] :text; what they are about went well. */
void irc_text_handle_remark(struct irc_link *l, struct irc_line *line)
{
    irc_link_notice(l, NULL, line->param[line->n_params - 1]);
}
