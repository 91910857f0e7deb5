/* SPDX-License-Identifier: MPL-2.0 */
/* NickServ: logging in where there is no SASL, and getting a nickname back.
 *
 * A message to a nickname goes to whoever has it, and when services are away anybody may take it.
 * So the password is sent only right after the server has said that the nickname's owner has the
 * configured user and host (USERHOST), or by a command that servers pass to services alone. What
 * NickServ says counts only from that mask, too. Regaining needs no password: we are logged in by
 * then. Services speak no protocol, so their verdict is read from their words, from the mode +r
 * (irc_self.c) or from 900 (irc_login.c). RFC 2812 §4.8; the words are Atheme's, Anope's and older
 * ones'. */
#include "irc_services.h"

#include <stdio.h>
#include <string.h>

#include "irc_link.h"
#include "irc_login.h"
#include "irc_nick.h"
#include "irc_parse.h"
#include "irc_send.h"
#include "irc_text.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define SERVICES_NICK "NickServ"

/* ---- who they are ---- */

enum sj_status irc_services_init(struct irc_services *out, enum irc_nickserv how, const char *mask,
                                 struct sj_error *err)
{
    *out = (struct irc_services){ .mask = mask };
    sj_copy(out->nick, sizeof out->nick, SERVICES_NICK);
    if (!mask) {
        if (how != IRC_NICKSERV_OFF)
            return sj_fail(err, SJ_INVALID, "nickserv = %s needs nickserv-mask, so that nobody "
                                            "else gets passwords or is believed",
                           how == IRC_NICKSERV_IDENTIFY ? "identify" : "command");
        return SJ_OK;
    }
    size_t n = strcspn(mask, "!");
    if (n == 0 || n > IRC_SERVICES_NICK_MAX || mask[n] != '!' || !strchr(mask + n, '@'))
        return sj_fail(err, SJ_INVALID, "nickserv-mask is not of the form nickname!user@host");
    memcpy(out->nick, mask, n);
    out->nick[n] = '\0';
    if (!irc_nick_may_be_target(out->nick) || strchr(out->nick, '*'))
        return sj_fail(err, SJ_INVALID, "nickserv-mask begins with no nickname");
    return SJ_OK;
}

/* Does the text fit the pattern, with * for any text and ? for any byte, whatever the case? */
static bool fits(const char *pattern, const char *text)
{
    const char *star = NULL, *from = text;

    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            from = text;
        } else if (*pattern == '?' || (*pattern && sj_ascii_lower(*pattern) ==
                                                       sj_ascii_lower(*text))) {
            pattern++;
            text++;
        } else if (star) {
            /* The last star takes one byte more. */
            pattern = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

bool irc_services_is(const struct irc_services *services, const char *nick, const char *user,
                     const char *host)
{
    char mask[SJ_ERROR_TEXT_MAX * 3];

    if (sj_ascii_casecmp(nick, services->nick) != 0)
        return false;
    if (!services->mask || !user || !host)
        return false;
    /* One that does not fit here fits no mask either. */
    int n = snprintf(mask, sizeof mask, "%s@%s", user, host);
    return n > 0 && (size_t)n < sizeof mask &&
           fits(services->mask + strlen(services->nick) + 1, mask);
}

/* ---- logging in ---- */

/* "PRIVMSG NickServ :" or "NICKSERV " */
static void begin_words(struct irc_out *o, const struct sj_net *net)
{
    irc_out_init(o);
    if (net->nickserv == IRC_NICKSERV_COMMAND) {
        irc_out_adds(o, "NICKSERV ");
        return;
    }
    irc_out_adds(o, "PRIVMSG ");
    irc_out_adds(o, net->services.nick);
    irc_out_adds(o, " :");
}

/* Sends the password as `IDENTIFY [account] password`; the account when it is not the nickname
 * that we have. */
static void send_password(struct irc_link *l)
{
    struct irc_login *login = l->login;
    const char *account = login->account;
    struct irc_out o;

    if (!account && !irc_case_equal((enum irc_casemap)l->casemap, l->nick, login->nick))
        account = login->nick;
    begin_words(&o, l->base.net);
    irc_out_adds(&o, "IDENTIFY ");
    if (account) {
        irc_out_adds(&o, account);
        irc_out_adds(&o, " ");
    }
    irc_out_adds(&o, login->password);
    login->asks_services = true;
    irc_send(l, &o, IRC_NOW);
    sj_wipe(&o, sizeof o);
}

void irc_services_identify(struct irc_link *l)
{
    struct irc_out o;

    irc_link_enter(l, IRC_IDENTIFYING);
    if (l->base.net->nickserv == IRC_NICKSERV_COMMAND) {
        send_password(l);
        return;
    }
    irc_out_init(&o);
    irc_out_adds(&o, "USERHOST ");
    irc_out_adds(&o, l->base.net->services.nick);
    irc_send(l, &o, IRC_NOW);
}

void irc_services_on_owner(struct irc_link *l, const char *user, const char *host)
{
    const struct irc_services *services = &l->base.net->services;

    if (l->state != IRC_IDENTIFYING || l->login->asks_services)
        return;
    if (!user) {
        irc_services_on_absence(l);
    } else if (irc_services_is(services, services->nick, user, host)) {
        send_password(l);
    } else {
        sj_log_warn(l->base.log, "services have another mask user=%s host=%s expected=%s",
                    SJ_CLIP(user), SJ_CLIP(host), services->mask);
        l->login->unused = N_("somebody else has the name of NickServ at present");
        irc_link_up(l);
    }
}

void irc_services_on_absence(struct irc_link *l)
{
    l->login->unused = N_("this network has no NickServ at present");
    irc_link_up(l);
}

void irc_services_handle_unknown(struct irc_link *l, struct irc_line *line)
{
    if (sj_ascii_casecmp(line->param[1], "NICKSERV") == 0)
        irc_services_on_absence(l);
}

bool irc_services_on_notice(struct irc_link *l, const struct irc_line *line, const char *text)
{
    static const char *const refusals[] = {
        "incorrect", "invalid password", "invalid account", "wrong password", "password mismatch",
        "not registered", "isn't registered", "not a registered", "no such account",
        "authentication failed", "login failed", "access denied", "too many failed", "suspended",
        "frozen", NULL
    };
    static const char *const successes[] = {
        "now identified", "password accepted", "successfully identified", "now logged in",
        "already identified", "already logged in", "you are logged in", "now recognized", NULL
    };
    /* What NickServ says unasked to whoever takes a registered nickname: we are at it. */
    static const char *const prompts[] = {
        "nickname is registered", "identify via", "nick is owned by", NULL
    };
    char lower[512];

    if (!irc_services_is(&l->base.net->services, line->nick, line->user, line->host))
        return false;
    irc_text_lower(lower, sizeof lower, text);
    if (l->login->asks_services && irc_text_has_word(lower, refusals)) {
        irc_link_end(l, SJ_END_AUTH, IRC_WORDS(l, text));
        return true;
    }
    if (l->login->asks_services && irc_text_has_word(lower, successes)) {
        irc_login_identified(l);
        return true;
    }
    return irc_text_has_word(lower, prompts);
}

/* ---- getting a nickname back ---- */

void irc_services_regain(struct irc_link *l, const char *nick)
{
    const struct sj_net *net = l->base.net;
    struct irc_out o;

    if (net->nickserv == IRC_NICKSERV_OFF || !net->regain_word)
        return;
    begin_words(&o, net);
    irc_out_adds(&o, net->regain_word);
    irc_out_adds(&o, " ");
    irc_out_adds(&o, nick);
    irc_send(l, &o, IRC_PACED);
}
