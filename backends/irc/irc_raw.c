/* SPDX-License-Identifier: MPL-2.0 */
/* What IRC can do and nothing here has a word for: a line that the user writes, paced as all
 * others, and what the server says to it.
 *
 * Answers name no question, so whatever numerics come until the PONG behind the line are shown
 * (irc_ops.c), also when something else is made of them; what is in no row of irc_handlers.c is
 * shown at any time. Commands that would change what this backend has to know are refused. Users
 * may write passwords here: of these lines nothing but the command is ever logged. */
#include "irc_raw.h"

#include <stdio.h>
#include <string.h>

#include "irc_ask.h"
#include "irc_case.h"
#include "irc_charset.h"
#include "irc_link.h"
#include "irc_parse.h"
#include "irc_send.h"
#include "sojourn/strbuf.h"

/* Stands for the target of the user's own lines: no name has a space. */
#define RAW_TARGET " raw"

static const struct {
    const char *command;
    const char *why;
} refused[] = {
    { "AUTHENTICATE", N_("the gateway logs in by itself, with what you registered") },
    { "BATCH", N_("the gateway negotiates with the server by itself") },
    { "CAP", N_("the gateway negotiates with the server by itself") },
    { "NICK", N_("change your nickname in a room, or in your registration") },
    { "PASS", N_("the gateway logs in by itself, with what you registered") },
    { "PING", N_("the gateway watches the connection by itself") },
    { "PONG", N_("the gateway watches the connection by itself") },
    { "QUIT", N_("type logout to the gateway to log out") },
    { "STARTTLS", N_("the gateway negotiates with the server by itself") },
    { "USER", N_("the gateway logs in by itself, with what you registered") },
    { "WEBIRC", N_("the gateway logs in by itself, with what you registered") },
};

static enum sj_status raw_check(const struct irc_link *l, const char *line, struct sj_error *err)
{
    size_t word = strcspn(line, " ");

    if (word == 0 || strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
                         != word)
        return sj_fail(err, SJ_UNACCEPTABLE, "begin with a command of IRC, such as WHOIS");
    for (const char *p = line; *p; p++) {
        if (*p == '\r' || *p == '\n')
            return sj_fail(err, SJ_UNACCEPTABLE, "one line at a time, please");
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (strlen(refused[i].command) == word &&
            sj_ascii_ncasecmp(line, refused[i].command, word) == 0)
            return sj_fail(err, SJ_UNACCEPTABLE, "%s", refused[i].why);
    }
    if (strlen(line) + 2 > l->line_max)
        return sj_fail(err, SJ_UNACCEPTABLE, "this line is too long: at most %u bytes are possible",
                       (unsigned)l->line_max - 2);
    return SJ_OK;
}

enum sj_status irc_raw(struct sj_link *base, const char *line, sj_op op, struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    struct irc_out o;

    if (l->state != IRC_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in there");
    enum sj_status status = raw_check(l, line, err);
    if (status != SJ_OK)
        return status;
    if (!irc_ops_have_room(&l->ops, 1) || !irc_send_has_room(l, strlen(line) + 2, 1))
        return sj_fail(err, SJ_LIMIT, "too many messages wait for the network; try again later");
    l->raw_seq = irc_ops_add_command(&l->ops, op, true,
                                     irc_ops_hash(RAW_TARGET, strlen(RAW_TARGET)), 0, false);
    l->has_raw = true;
    irc_out_init(&o);
    irc_out_adds(&o, line);
    bool sent = irc_send(l, &o, IRC_PACED_RAW);
    assert(sent);
    (void)sent;
    return SJ_OK;
}

/* Does it answer a question of our own, which nobody wants to read? */
static bool raw_is_ours(struct irc_link *l, const struct irc_line *line)
{
    switch (line->numeric) {
    case 303:
        return l->asked_ison;
    case 315: case 352: case 354:
        return irc_ask_heard(l, IRC_ASK_WHO) != NULL;
    case 322: case 323:
        return irc_ask_heard(l, IRC_ASK_LIST) || irc_ask_heard(l, IRC_ASK_LOOK);
    default:
        return false;
    }
}

/* The number, or who says which command; then the parameters, without our own name before them. */
static void raw_write(const struct irc_link *l, const struct irc_line *line, struct sj_strbuf *out)
{
    const struct irc_charset *charset = irc_link_charset(l);

    if (line->numeric == 0 && *line->nick) {
        irc_text_clean(out, charset, line->nick, strlen(line->nick));
        sj_strbuf_addc(out, ' ');
    }
    sj_strbuf_adds(out, line->command);
    for (size_t i = line->numeric ? 1 : 0; i < line->n_params; i++) {
        sj_strbuf_addc(out, ' ');
        irc_text_clean(out, charset, line->param[i], strlen(line->param[i]));
    }
}

void irc_raw_hear(struct irc_link *l, const struct irc_line *line, bool is_handled)
{
    sj_op op;
    struct sj_strbuf text;

    if (l->state != IRC_ONLINE || (is_handled && (!l->has_raw || !line->numeric)))
        return;
    op = l->has_raw ? irc_ops_open(&l->ops, l->raw_seq) : 0;
    l->has_raw = l->has_raw && irc_ops_is_unconfirmed(&l->ops, l->raw_seq);
    if ((is_handled && !op) || raw_is_ours(l, line))
        return;
    sj_strbuf_init(&text, (size_t)IRC_INPUT_LINE_MAX * 3);
    raw_write(l, line, &text);
    text.s[sj_utf8_cut(text.s, text.len, SJ_RAW_MAX)] = '\0';
    l->base.host->raw(&l->base, op, text.s);
    sj_strbuf_release(&text);
}
