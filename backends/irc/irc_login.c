/* SPDX-License-Identifier: MPL-2.0 */
/* Logging in: PASS, NICK, USER, what the server answers to them.
 *
 * CAP is negotiated in irc_cap.c, SASL in irc_sasl.c, NickServ in irc_services.c. RFC 2812 §3.1;
 * numerics as servers use them today (modern.ircdocs.horse). Passwords stay in struct irc_login,
 * which is wiped when the link is up or over; lines that hold them are wiped after sending, and
 * irc_send.c keeps them out of the log. */
#include "irc_login.h"

#include <stdio.h>
#include <string.h>

#include "irc_chan.h"
#include "irc_identity.h"
#include "irc_link.h"
#include "irc_nick.h"
#include "irc_parse.h"
#include "irc_regain.h"
#include "irc_rules.h"
#include "irc_sasl.h"
#include "irc_self.h"
#include "irc_send.h"
#include "irc_services.h"
#include "irc_text.h"
#include "sojourn/conn.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/scram.h"
#include "sojourn/strbuf.h"

#define NICK_ATTEMPTS_MAX 8u
#define NICK_LENGTH_ASSUMED 30u
#define REALNAME_MAX 200u

static const char *account_value(const struct sj_account *account, enum irc_field field)
{
    if (field >= account->n_values || !account->value[field] || !*account->value[field])
        return NULL;
    return account->value[field];
}

struct irc_login *irc_login_new(struct irc_link *l, const struct sj_account *account)
{
    const struct sj_net *net = l->base.net;
    struct irc_login *login = sj_calloc(1, sizeof *login);
    const char *server_password = account_value(account, IRC_FIELD_SERVER_PASSWORD);
    const char *nick = account_value(account, IRC_FIELD_NICK);
    const char *realname = account_value(account, IRC_FIELD_NAME);

    if (!realname)
        realname = net->realname;
    login->link = l;
    sj_list_init(&login->deriving);
    sj_strbuf_init(&login->sasl_input, IRC_SASL_INPUT_MAX);
    login->nick = sj_strdup(nick ? nick : "user");
    login->account = sj_strdup(account_value(account, IRC_FIELD_LOGIN));
    login->realname = sj_strdup(realname ? realname : login->nick);
    /* It was usable when the user gave it; a server without TLS may still ask for it (STS). */
    (void)irc_identity_of(&login->identity, NULL, account, NULL);
    login->password = sj_locked_dup(account_value(account, IRC_FIELD_PASSWORD));
    const char *bot = account_value(account, IRC_FIELD_BOT);
    login->is_bot = bot && strcmp(bot, "1") == 0;
    login->own_server_password = server_password != NULL;
    login->server_password = sj_locked_dup(server_password ? server_password
                                                           : net->server_password);
    return login;
}

void irc_login_free(struct irc_login **login)
{
    if (!login || !*login)
        return;
    sj_list_remove(&(*login)->deriving);
    sj_scram_free(&(*login)->scram);
    sj_identity_free(&(*login)->identity);
    sj_strbuf_release(&(*login)->sasl_input);
    sj_free((*login)->nick);
    sj_free((*login)->account);
    sj_free((*login)->realname);
    sj_locked_free(&(*login)->password);
    sj_locked_free(&(*login)->server_password);
    sj_free(*login);
    *login = NULL;
}

void irc_login_step(struct irc_link *l, const struct irc_line *line)
{
    struct sj_net *net = l->base.net;
    int64_t took = sj_loop_now_ms(l->base.loop) - l->login->since_ms;
    bool is_step = line->numeric > 0 || strcmp(line->command, "CAP") == 0 ||
                   strcmp(line->command, "AUTHENTICATE") == 0;

    if (is_step && !l->login->waits_for_tls && took < IRC_LOGIN_TIMEOUTS * net->login_timeout_ms)
        irc_net_wait(l, &net->login);
}

void irc_login_restart(struct irc_login *login)
{
    sj_list_remove(&login->deriving);
    sj_scram_free(&login->scram);
    sj_strbuf_release(&login->sasl_input);
    login->offered = login->pending = 0;
    login->sasl = IRC_SASL_NONE;
    login->mechanisms = login->mechanism = login->attempt = 0;
    login->negotiating = login->listed = login->single = login->waits_for_tls = false;
    login->identified = login->certificate_refused = false;
    login->link->caps = 0;
}

static size_t login_nick_max(const struct irc_link *l)
{
    uint16_t configured = l->base.net->nick_length;

    return configured ? configured : NICK_LENGTH_ASSUMED;
}

static void login_send_pass(struct irc_link *l)
{
    struct irc_out o;

    irc_out_init(&o);
    irc_out_adds(&o, "PASS :");
    irc_out_adds(&o, l->login->server_password);
    irc_send(l, &o, IRC_NOW);
    sj_wipe(&o, sizeof o);
    /* Without TLS, the server may ask us to say it again with it. */
    if (l->is_tls)
        sj_locked_free(&l->login->server_password);
}

static void login_send_nick(struct irc_link *l, const char *nick)
{
    struct irc_out o;

    irc_out_init(&o);
    irc_out_adds(&o, "NICK ");
    irc_out_adds(&o, nick);
    irc_send(l, &o, IRC_NOW);
}

void irc_login_end_unsafe(struct irc_link *l)
{
    irc_link_end(l, SJ_END_AUTH, "the connection is not encrypted, so the server's password was "
                                 "not sent");
}

void irc_login_start(struct irc_link *l)
{
    struct irc_login *login = l->login;
    const struct sj_net *net = l->base.net;
    char nick[IRC_NICK_MAX + 1];
    char ident[16];
    struct irc_out o;

    login->since_ms = sj_loop_now_ms(l->base.loop);
    if (login->own_server_password && !irc_link_keeps_secrets(l)) {
        if (!net->sts.tls) {
            irc_login_end_unsafe(l);
            return;
        }
        login->waits_for_tls = true;
        irc_webirc_send(l);
        irc_send_text(l, "CAP LS 302", IRC_NOW);
        return;
    }
    irc_webirc_send(l);
    /* PASS must come before NICK and USER (RFC 2812 §3.1.1). */
    irc_send_text(l, "CAP LS 302", IRC_NOW);
    if (login->server_password)
        login_send_pass(l);
    (void)snprintf(nick, sizeof nick, "%.*s", (int)login_nick_max(l), login->nick);
    login_send_nick(l, nick);
    irc_nick_ident(ident, sizeof ident, net->ident ? net->ident : login->nick);
    irc_out_init(&o);
    irc_out_adds(&o, "USER ");
    irc_out_adds(&o, ident);
    irc_out_adds(&o, " 0 * :");
    irc_out_add_text(&o, login->realname, REALNAME_MAX);
    irc_send(l, &o, IRC_NOW);
}

void irc_login_handle_welcome(struct irc_link *l, struct irc_line *line)
{
    const char *text = line->param[line->n_params - 1];

    if (!irc_nick_may_be_target(line->param[0])) {
        irc_link_end(l, SJ_END_PROTOCOL, "the server gave no usable nickname");
        return;
    }
    sj_free(l->nick);
    l->nick = sj_strdup(line->param[0]);
    const char *mask = strrchr(text, ' ');
    if (mask)
        irc_self_learn_mask(l, mask + 1);
    irc_link_enter(l, IRC_WELCOMED);
}

void irc_login_welcomed(struct irc_link *l)
{
    struct irc_login *login = l->login;

    if (login->password && !login->identified) {
        bool is_safe = irc_link_keeps_secrets(l);
        if (is_safe && l->base.net->nickserv != IRC_NICKSERV_OFF) {
            irc_services_identify(l);
            return;
        }
        login->unused = is_safe
            ? N_("this server offers no way to log in to accounts (SASL PLAIN)")
            : N_("the connection is not encrypted, and everybody on its way could read it");
    }
    irc_link_up(l);
}

/* IRCv3 bot mode: the letter is the server's. */
static void login_mark_bot(struct irc_link *l)
{
    const char bot = irc_rules_of(l)->bot;
    struct irc_out o;

    if (!bot) {
        irc_link_notice(l, NULL, "You are not marked as a bot, because this network has no mark "
                                 "for bots.");
        return;
    }
    irc_out_init(&o);
    irc_out_adds(&o, "MODE ");
    irc_out_adds(&o, l->nick);
    irc_out_adds(&o, " +");
    irc_out_add(&o, &bot, 1);
    irc_send(l, &o, IRC_NOW);
}

void irc_login_report(struct irc_link *l, const struct irc_login *login)
{
    char text[512];

    if (!irc_case_equal((enum irc_casemap)l->casemap, l->nick, login->nick)) {
        (void)snprintf(text, sizeof text, "Your nickname here is %s, because the network did not "
                       "give you %s.", l->nick, login->nick);
        irc_link_notice(l, NULL, text);
    }
    if (login->identity && !l->is_tls)
        irc_link_notice(l, NULL, "Your certificate was not shown, because the connection is not "
                                 "encrypted.");
    if (login->certificate_refused)
        irc_link_notice(l, NULL, "Your account does not know your certificate, so your password "
                                 "was used. To make it known, write \"CERT ADD\" to nickserv.");
    if (login->unused) {
        (void)snprintf(text, sizeof text, "Your account's password was not used: %s.",
                       login->unused);
        irc_link_notice(l, NULL, text);
    }
    if (login->is_bot)
        login_mark_bot(l);
}

void irc_login_ask_mask(struct irc_link *l)
{
    struct irc_out o;

    irc_out_init(&o);
    irc_out_adds(&o, "USERHOST ");
    irc_out_adds(&o, l->nick);
    irc_send(l, &o, IRC_NOW);
}

void irc_login_identified(struct irc_link *l)
{
    if (l->login)
        l->login->identified = true;
    if (l->state == IRC_IDENTIFYING)
        irc_link_up(l);
}

void irc_login_handle_nick_in_use(struct irc_link *l, struct irc_line *line)
{
    char nick[IRC_NICK_MAX + 1];
    struct irc_login *login = l->login;

    if (l->state != IRC_LOGIN) {
        if (!irc_chan_on_refusal(l, line))
            irc_regain_handle_refused(l, line);
        return;
    }
    if (++login->attempt > NICK_ATTEMPTS_MAX) {
        irc_link_end(l, SJ_END_CONFLICT, "the nickname and all alternatives are in use");
        return;
    }
    irc_nick_alternative(nick, sizeof nick, login->nick, login->attempt, login_nick_max(l));
    login_send_nick(l, nick);
}

void irc_login_handle_bad_nick(struct irc_link *l, struct irc_line *line)
{
    char text[2 * SJ_ERROR_TEXT_MAX];

    if (l->state != IRC_LOGIN) {
        if (!irc_chan_on_refusal(l, line))
            irc_regain_handle_refused(l, line);
        return;
    }
    (void)snprintf(text, sizeof text, "the network refused the nickname: %s",
                   IRC_WORDS(l, line->param[line->n_params - 1]));
    irc_link_end(l, SJ_END_BANNED, text);
}

void irc_login_handle_bad_password(struct irc_link *l, struct irc_line *line)
{
    char text[2 * SJ_ERROR_TEXT_MAX];

    (void)snprintf(text, sizeof text, "the server's password is missing or wrong: %s",
                   IRC_WORDS(l, line->param[line->n_params - 1]));
    irc_link_end(l, SJ_END_AUTH, text);
}

enum sj_end irc_login_classify(const char *text)
{
    static const char *const throttled[] = {
        "throttl", "too fast", "too many", "try again", "trying to reconnect", "connection limit",
        "session limit", "clones", "max connections", NULL
    };
    static const char *const banned[] = {
        "k-line", "kline", "k:line", "g-line", "gline", "g:line", "z-line", "zline", "z:line",
        "d-line", "dline", "x-line", "xline", "akill", "autokill", "banned", "blacklist", "dnsbl",
        "not authorized to connect", "not welcome", NULL
    };
    /* ngIRCd says so without a numeric. */
    static const char *const refused[] = { "bad password", "password incorrect",
                                           "invalid password", "password mismatch", NULL };
    char lower[512];

    irc_text_lower(lower, sizeof lower, text);
    if (irc_text_has_word(lower, throttled))
        return SJ_END_THROTTLED;
    if (irc_text_has_word(lower, refused))
        return SJ_END_AUTH;
    return irc_text_has_word(lower, banned) ? SJ_END_BANNED : SJ_END_CLOSED;
}

void irc_login_handle_banned(struct irc_link *l, struct irc_line *line)
{
    const char *text = line->param[line->n_params - 1];
    enum sj_end end = irc_login_classify(text);

    irc_link_end(l, end == SJ_END_THROTTLED ? end : SJ_END_BANNED, IRC_WORDS(l, text));
}

void irc_login_handle_logged_in(struct irc_link *l, struct irc_line *line)
{
    (void)line;
    irc_login_identified(l);
}
