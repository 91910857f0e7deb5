/* SPDX-License-Identifier: MPL-2.0 */
/* SASL over IRC: `AUTHENTICATE` in pieces of 400 bytes, mechanisms one after the other.
 *
 * What the server offers is read in irc_cap.c; a mechanism is tried once, the safest first, and the
 * next only when the server refuses it: accounts that are older than a network's SCRAM have PLAIN
 * alone, and a certificate may not be known yet. SCRAM's keys cost work that the server chooses, so
 * the logins of a net wait in a list for the slices of one timer. IRCv3 SASL 3.1 and 3.2; RFC 4422
 * (EXTERNAL), 4616 (PLAIN), 5802 and 7677 (SCRAM). All copies of secrets are wiped. */
#include "irc_sasl.h"

#include <string.h>

#include "irc_base64.h"
#include "irc_cap.h"
#include "irc_link.h"
#include "irc_login.h"
#include "irc_parse.h"
#include "irc_send.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/scram.h"
#include "sojourn/strbuf.h"

static const struct {
    const char *name;
    unsigned bit;
} mechanisms[] = {
    { "EXTERNAL", IRC_MECHANISM_EXTERNAL },
    { "SCRAM-SHA-256", IRC_MECHANISM_SCRAM },
    { "PLAIN", IRC_MECHANISM_PLAIN },
};
#define MECHANISMS (sizeof mechanisms / sizeof mechanisms[0])

static const char *mechanism_name(unsigned bit)
{
    for (size_t i = 0; i < MECHANISMS; i++) {
        if (mechanisms[i].bit == bit)
            return mechanisms[i].name;
    }
    return "-";
}

unsigned irc_sasl_parse(const char *s, size_t n)
{
    unsigned found = 0;

    while (n) {
        const char *comma = memchr(s, ',', n);
        size_t word = comma ? (size_t)(comma - s) : n;
        for (size_t i = 0; i < MECHANISMS; i++) {
            if (strlen(mechanisms[i].name) == word &&
                sj_ascii_ncasecmp(s, mechanisms[i].name, word) == 0)
                found |= mechanisms[i].bit;
        }
        s += word;
        n -= word;
        if (n) {
            s++;
            n--;
        }
    }
    return found;
}

/* Those of what is left that we have the means for. */
static unsigned sasl_usable(const struct irc_link *l)
{
    const struct irc_login *login = l->login;
    unsigned usable = login->mechanisms;

    if (!login->identity || !l->is_tls)
        usable &= ~(unsigned)IRC_MECHANISM_EXTERNAL;
    if (!login->password)
        usable &= ~(unsigned)(IRC_MECHANISM_SCRAM | IRC_MECHANISM_PLAIN);
    if (!irc_link_keeps_secrets(l))
        usable &= ~(unsigned)IRC_MECHANISM_PLAIN;
    return usable;
}

bool irc_sasl_is_possible(const struct irc_link *l)
{
    return sasl_usable(l) != 0;
}

/* One piece; an empty one is "+". */
static void sasl_send_piece(struct irc_link *l, const char *s, size_t n)
{
    struct irc_out o;

    irc_out_init(&o);
    irc_out_adds(&o, "AUTHENTICATE ");
    if (n)
        irc_out_add(&o, s, n);
    else
        irc_out_adds(&o, "+");
    irc_send(l, &o, IRC_NOW);
    sj_wipe(&o, sizeof o);
}

/* The bytes as base64, in pieces; nothing is an empty one. */
static void sasl_send(struct irc_link *l, const void *bytes, size_t n)
{
    char text[(2 * SJ_FIELD_MAX + SJ_SCRAM_MESSAGE_MAX + 1024) / 3 * 4];

    assert((n + 2) / 3 * 4 <= sizeof text);
    size_t length = irc_base64(text, bytes, n);
    size_t at = 0;
    size_t piece;
    do {                                 /* bytes may be NULL, with n 0 */
        piece = length - at < IRC_SASL_PIECE ? length - at : IRC_SASL_PIECE;
        sasl_send_piece(l, text + at, piece);
        at += piece;
        /* A last piece of full length is followed by an empty one. */
    } while (piece == IRC_SASL_PIECE);
    sj_wipe(text, sizeof text);
}

/* Names the next mechanism. why: what the server said to the one before, NULL: none yet. */
static void sasl_next(struct irc_link *l, const char *why)
{
    struct irc_login *login = l->login;
    unsigned usable = sasl_usable(l);
    struct irc_out o;

    irc_sasl_release(l);
    for (size_t i = 0; i < MECHANISMS; i++) {
        if (!(usable & mechanisms[i].bit))
            continue;
        login->mechanisms &= (uint8_t)~mechanisms[i].bit;
        login->mechanism = (uint8_t)mechanisms[i].bit;
        login->sasl = IRC_SASL_STARTED;
        irc_out_init(&o);
        irc_out_adds(&o, "AUTHENTICATE ");
        irc_out_adds(&o, mechanisms[i].name);
        irc_send(l, &o, IRC_NOW);
        return;
    }
    if (why) {
        irc_link_end(l, SJ_END_AUTH, why);
        return;
    }
    login->sasl = IRC_SASL_NONE;
    irc_cap_settle(l);
}

void irc_sasl_start(struct irc_link *l)
{
    sasl_next(l, NULL);
}

void irc_sasl_release(struct irc_link *l)
{
    sj_list_remove(&l->login->deriving);
    sj_scram_free(&l->login->scram);
    sj_strbuf_release(&l->login->sasl_input);
}

static const char *sasl_account(const struct irc_link *l)
{
    return l->login->account ? l->login->account : l->login->nick;
}

/* authzid NUL authcid NUL password (RFC 4616 §2); the authzid is left to the server. */
static void sasl_send_plain(struct irc_link *l)
{
    const char *account = sasl_account(l);
    unsigned char plain[2 * SJ_FIELD_MAX + 2];
    size_t account_length = strlen(account);
    size_t password_length = strlen(l->login->password);

    if (account_length > SJ_FIELD_MAX || password_length > SJ_FIELD_MAX) {
        irc_link_end(l, SJ_END_AUTH, "the account's password is too long");
        return;
    }
    plain[0] = '\0';
    memcpy(plain + 1, account, account_length + 1);
    memcpy(plain + account_length + 2, l->login->password, password_length);
    l->login->sasl = IRC_SASL_SENT;
    sasl_send(l, plain, account_length + password_length + 2);
    sj_wipe(plain, sizeof plain);
}

/* The account that is meant, or nothing: the one that the certificate belongs to (RFC 4422 §A). */
static void sasl_send_external(struct irc_link *l)
{
    const char *account = l->login->account;

    l->login->sasl = IRC_SASL_SENT;
    sasl_send(l, account, account ? strlen(account) : 0);
}

/* ---- SCRAM ---- */

static void scram_send_first(struct irc_link *l)
{
    struct irc_login *login = l->login;

    login->scram = sj_scram_new(sasl_account(l), login->password);
    if (!login->scram) {
        irc_link_end(l, SJ_END_AUTH, "the account's password is too long");
        return;
    }
    const char *first = sj_scram_first(login->scram);
    login->sasl = IRC_SASL_FIRST;
    sasl_send(l, first, strlen(first));
}

static void scram_on_challenge(struct irc_link *l, const char *text)
{
    struct sj_net *net = l->base.net;
    struct sj_error err;

    if (sj_scram_challenge(l->login->scram, text, &err) != SJ_OK) {
        irc_link_end(l, SJ_END_AUTH, err.text);
        return;
    }
    l->login->sasl = IRC_SASL_DERIVING;
    sj_list_append(&net->deriving, &l->login->deriving);
    if (!sj_timer_running(&net->derive))
        sj_timer_start(net->loop, &net->derive, 0);
}

void irc_sasl_derive(struct sj_net *net)
{
    if (sj_list_empty(&net->deriving))
        return;
    struct irc_login *login = SJ_CONTAINER(net->deriving.next, struct irc_login, deriving);
    if (sj_scram_derive(login->scram, SJ_SCRAM_SLICE)) {
        sj_list_remove(&login->deriving);
        login->sasl = IRC_SASL_PROVED;
        const char *final = sj_scram_final(login->scram);
        sasl_send(login->link, final, strlen(final));
    }
    if (!sj_list_empty(&net->deriving))
        sj_timer_start(net->loop, &net->derive, 0);
}

static void scram_on_verdict(struct irc_link *l, const char *text)
{
    struct irc_login *login = l->login;
    struct sj_error err;

    if (sj_scram_verify(login->scram, text, &err) == SJ_OK) {
        login->sasl = IRC_SASL_SENT;
        sasl_send_piece(l, NULL, 0);
    } else if (*text == 'e' && !sj_scram_was_wrong(login->scram)) {
        /* The account may have no key of this kind; the server answers with 906. */
        login->sasl = IRC_SASL_ABORTED;
        sasl_send_piece(l, "*", 1);
    } else {
        irc_link_end(l, SJ_END_AUTH, err.text);
    }
}

/* ---- what the server says ---- */

static void sasl_on_begin(struct irc_link *l)
{
    if (l->login->mechanism == IRC_MECHANISM_SCRAM)
        scram_send_first(l);
    else if (l->login->mechanism == IRC_MECHANISM_EXTERNAL)
        sasl_send_external(l);
    else
        sasl_send_plain(l);
}

/* All pieces are there. */
static void sasl_on_data(struct irc_link *l, const char *text)
{
    if (l->login->sasl == IRC_SASL_STARTED)
        sasl_on_begin(l);
    else if (l->login->sasl == IRC_SASL_FIRST)
        scram_on_challenge(l, text);
    else if (l->login->sasl == IRC_SASL_PROVED)
        scram_on_verdict(l, text);
}

void irc_sasl_handle_authenticate(struct irc_link *l, struct irc_line *line)
{
    unsigned char bytes[IRC_SASL_INPUT_MAX / 4 * 3 + 1];
    struct irc_login *login = l->login;
    const char *piece = line->param[0];
    size_t n = strlen(piece);

    if (!login || login->sasl < IRC_SASL_STARTED || login->sasl >= IRC_SASL_ABORTED)
        return;
    if (strcmp(piece, "+") != 0)
        sj_strbuf_add(&login->sasl_input, piece, n);
    if (n == IRC_SASL_PIECE && sj_strbuf_ok(&login->sasl_input))
        return;
    bool is_text = sj_strbuf_ok(&login->sasl_input) &&
                   irc_base64_read(bytes, &n, login->sasl_input.s, login->sasl_input.len) &&
                   !memchr(bytes, '\0', n);
    sj_strbuf_reset(&login->sasl_input);
    if (!is_text) {
        irc_link_end(l, SJ_END_AUTH, "the network's part of the login (SASL) makes no sense");
        return;
    }
    bytes[n] = '\0';
    sasl_on_data(l, (const char *)bytes);
}

/* 908 <me> <mechanism,mechanism> :are available; the refusal itself comes besides. */
void irc_sasl_handle_mechanisms(struct irc_link *l, struct irc_line *line)
{
    if (l->login)
        l->login->mechanisms &= (uint8_t)irc_sasl_parse(line->param[1], strlen(line->param[1]));
}

void irc_sasl_handle_done(struct irc_link *l, struct irc_line *line)
{
    struct irc_login *login = l->login;

    (void)line;
    if (!login || login->sasl < IRC_SASL_STARTED || login->sasl > IRC_SASL_SENT)
        return;
    if (login->sasl != IRC_SASL_SENT) {
        /* A server that lets everybody in does not know the password: it is not the right one. */
        if (login->mechanism == IRC_MECHANISM_SCRAM)
            irc_link_end(l, SJ_END_AUTH, "the network did not prove that it knows the account");
        return;
    }
    sj_log_debug(l->base.log, "account proved mechanism=%s", mechanism_name(login->mechanism));
    irc_sasl_release(l);
    login->sasl = IRC_SASL_DONE;
    login->identified = true;
    irc_cap_settle(l);
}

void irc_sasl_handle_failed(struct irc_link *l, struct irc_line *line)
{
    if (!l->login || l->login->sasl < IRC_SASL_STARTED || l->login->sasl > IRC_SASL_SENT)
        return;
    if (l->login->mechanism == IRC_MECHANISM_EXTERNAL)
        l->login->certificate_refused = true;
    sasl_next(l, IRC_WORDS(l, line->param[line->n_params - 1]));
}
