/* SPDX-License-Identifier: MPL-2.0 */
/* What the server says about the connection (PING, PONG, ERROR, KILL) and about ourselves:
 * nickname, mode, mask.
 *
 * The lengths of our own user name and host decide how much text fits in a line as others get it
 * (irc_message.c). Servers show a cloaked host and may not tell at once, so the longest one seen
 * counts. RFC 2812 §3.1.2, §3.1.3, §3.7; IRCv3 chghost. */
#include "irc_self.h"

#include <stdio.h>
#include <string.h>

#include "irc_chan.h"
#include "irc_login.h"
#include "irc_nick.h"
#include "irc_parse.h"
#include "irc_regain.h"
#include "irc_send.h"
#include "irc_services.h"
#include "irc_text.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define PING_TEXT_MAX 400u

bool irc_self_is(const struct irc_link *l, const char *nick)
{
    return l->nick && irc_case_equal((enum irc_casemap)l->casemap, nick, l->nick);
}

static void grow(uint8_t *longest, size_t n)
{
    if (n > UINT8_MAX)
        n = UINT8_MAX;
    if (n > *longest)
        *longest = (uint8_t)n;
}

void irc_self_learn(struct irc_link *l, const char *user, const char *host)
{
    if (user)
        grow(&l->user_length, strlen(user));
    if (host)
        grow(&l->host_length, strlen(host));
}

void irc_self_learn_mask(struct irc_link *l, const char *mask)
{
    const char *bang = strchr(mask, '!');
    const char *at = strrchr(mask, '@');

    if (!bang || !at || at < bang || bang == mask)
        return;
    grow(&l->user_length, (size_t)(at - bang - 1));
    grow(&l->host_length, strlen(at + 1));
}

void irc_self_handle_ping(struct irc_link *l, struct irc_line *line)
{
    struct irc_out o;

    irc_out_init(&o);
    irc_out_adds(&o, "PONG :");
    irc_out_add_text(&o, line->param[0], PING_TEXT_MAX);
    irc_send(l, &o, IRC_NOW);
}

void irc_self_handle_pong(struct irc_link *l, struct irc_line *line)
{
    /* One PING is outstanding at a time, so this is its answer, whatever it repeats. */
    (void)line;
    irc_ops_on_pong(l);
}

/* Does the server end the session because too much came? */
static bool is_flood(const char *text)
{
    static const char *const words[] = { "excess flood", "flooding", "recvq", "(flood)", NULL };
    char lower[512];

    irc_text_lower(lower, sizeof lower, text);
    return irc_text_has_word(lower, words);
}

void irc_self_handle_error(struct irc_link *l, struct irc_line *line)
{
    enum sj_end end = irc_login_classify(line->param[0]);

    if (l->state == IRC_ONLINE && is_flood(line->param[0]))
        irc_send_be_gentle(l);
    /* It answers our QUIT: the lines before that were handled. */
    if (l->state == IRC_CLOSING)
        irc_ops_confirm(l, irc_ops_written(&l->ops));
    irc_link_end(l, end, IRC_WORDS(l, line->param[0]));
}

void irc_self_handle_kill(struct irc_link *l, struct irc_line *line)
{
    char text[3 * SJ_ERROR_TEXT_MAX];

    if (!irc_self_is(l, line->param[0]))
        return;
    (void)snprintf(text, sizeof text, "%s ended the session: %s", IRC_WORDS(l, line->nick),
                   IRC_WORDS(l, line->n_params > 1 ? line->param[1] : ""));
    irc_link_end(l, SJ_END_CLOSED, text);
}

void irc_self_handle_nick(struct irc_link *l, struct irc_line *line)
{
    char id[IRC_NICK_MAX + 1];
    char text[IRC_NICK_MAX + 40];

    if (!irc_self_is(l, line->nick))
        return;
    if (!irc_nick_may_be_target(line->param[0])) {
        irc_link_end(l, SJ_END_PROTOCOL, "the server gave no usable nickname");
        return;
    }
    bool is_same = irc_self_is(l, line->param[0]);
    sj_free(l->nick);
    l->nick = sj_strdup(line->param[0]);
    irc_regain_on_nick(l);
    if (l->state != IRC_ONLINE || is_same)
        return;
    sj_copy(id, sizeof id, l->nick);
    irc_case_fold((enum irc_casemap)l->casemap, id);
    l->base.host->self(&l->base, id);
    /* In a channel everybody sees it. */
    if (l->rooms && l->rooms->by_id.used)
        return;
    (void)snprintf(text, sizeof text, "Your nickname here is now %s.", line->param[0]);
    irc_link_notice(l, NULL, text);
}

/* MODE <own nick> +r: services have accepted us. */
void irc_self_handle_mode(struct irc_link *l, struct irc_line *line)
{
    bool adds = true;

    if (l->state != IRC_IDENTIFYING || !irc_self_is(l, line->param[0]))
        return;
    for (const char *p = line->param[1]; *p; p++) {
        if (*p == '+' || *p == '-')
            adds = *p == '+';
        else if (*p == 'r' && adds) {
            irc_login_identified(l);
            return;
        }
    }
}

/* 302 <me> :nick[*]=<+|->user@host */
void irc_self_handle_userhost(struct irc_link *l, struct irc_line *line)
{
    char *reply = line->param[line->n_params - 1];
    char *mask = strchr(reply, '=');

    if (!mask || mask == reply) {
        irc_services_on_owner(l, NULL, NULL);
        return;
    }
    char *end = mask[-1] == '*' ? mask - 1 : mask;
    *end = '\0';
    char *at = strchr(mask + 1, '@');
    if (!at || (mask[1] != '+' && mask[1] != '-'))
        return;
    *at = '\0';
    at[1 + strcspn(at + 1, " ")] = '\0';
    if (irc_self_is(l, reply))
        irc_self_learn(l, mask + 2, at + 1);
    else if (sj_ascii_casecmp(reply, l->base.net->services.nick) == 0)
        irc_services_on_owner(l, mask + 2, at + 1);
}

/* 396 <me> <host or user@host> :is now your displayed host */
void irc_self_handle_host(struct irc_link *l, struct irc_line *line)
{
    const char *host = line->param[1];
    const char *at = strrchr(host, '@');

    if (at)
        grow(&l->user_length, (size_t)(at - host));
    grow(&l->host_length, strlen(at ? at + 1 : host));
}

void irc_self_handle_chghost(struct irc_link *l, struct irc_line *line)
{
    if (irc_self_is(l, line->nick))
        irc_self_learn(l, line->param[0], line->param[1]);
}

/* 901 <me> <mask> :You are now logged out. Services dropped the account, or lost it. */
void irc_self_handle_logged_out(struct irc_link *l, struct irc_line *line)
{
    (void)line;
    irc_link_notice(l, NULL, "You are no longer logged in to your account on this network.");
}
