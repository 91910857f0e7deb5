/* SPDX-License-Identifier: MPL-2.0 */
/* SASL PLAIN over IRC: `AUTHENTICATE` in pieces of 400 bytes.
 *
 * IRCv3 SASL 3.1 and 3.2, RFC 4616 (PLAIN), RFC 4648 §4 (base64). Whether the password may be sent
 * is decided in irc_cap.c: only when the server offers PLAIN. All copies are wiped. */
#include <string.h>

#include "irc_cap.h"
#include "irc_link.h"
#include "irc_login.h"
#include "irc_parse.h"
#include "irc_sasl.h"
#include "irc_send.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"

size_t irc_base64(char *out, const unsigned char *s, size_t n)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *p = out;

    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)s[i] << 16;
        if (i + 1 < n)
            v |= (uint32_t)s[i + 1] << 8;
        if (i + 2 < n)
            v |= s[i + 2];
        *p++ = digits[v >> 18];
        *p++ = digits[v >> 12 & 63];
        *p++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
        *p++ = i + 2 < n ? digits[v & 63] : '=';
    }
    return (size_t)(p - out);
}

void irc_sasl_start(struct irc_link *l)
{
    l->login->sasl = IRC_SASL_STARTED;
    irc_send_text(l, "AUTHENTICATE PLAIN", IRC_NOW);
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

/* authzid NUL authcid NUL password (RFC 4616 §2); the authzid is left to the server. */
static void sasl_send_plain(struct irc_link *l)
{
    const struct irc_login *login = l->login;
    const char *account = login->account ? login->account : login->nick;
    unsigned char plain[2 * SJ_FIELD_MAX + 2];
    char text[(sizeof plain + 2) / 3 * 4];
    size_t account_length = strlen(account);
    size_t password_length = strlen(login->password);

    if (account_length > SJ_FIELD_MAX || password_length > SJ_FIELD_MAX) {
        irc_link_end(l, SJ_END_AUTH, "the account's password is too long");
        return;
    }
    plain[0] = '\0';
    memcpy(plain + 1, account, account_length + 1);
    memcpy(plain + account_length + 2, login->password, password_length);
    size_t n = irc_base64(text, plain, account_length + password_length + 2);
    size_t at = 0;
    size_t piece;
    do {
        piece = n - at < IRC_SASL_PIECE ? n - at : IRC_SASL_PIECE;
        sasl_send_piece(l, text + at, piece);
        at += piece;
        /* A last piece of full length is followed by an empty one. */
    } while (piece == IRC_SASL_PIECE);
    sj_wipe(plain, sizeof plain);
    sj_wipe(text, sizeof text);
    l->login->sasl = IRC_SASL_SENT;
}

void irc_sasl_handle_authenticate(struct irc_link *l, struct irc_line *line)
{
    if (!l->login || l->login->sasl != IRC_SASL_STARTED)
        return;
    if (strcmp(line->param[0], "+") == 0)
        sasl_send_plain(l);
}

void irc_sasl_handle_done(struct irc_link *l, struct irc_line *line)
{
    (void)line;
    if (!l->login || l->login->sasl != IRC_SASL_SENT)
        return;
    l->login->sasl = IRC_SASL_DONE;
    l->login->identified = true;
    irc_cap_settle(l);
}

void irc_sasl_handle_failed(struct irc_link *l, struct irc_line *line)
{
    if (!l->login || (l->login->sasl != IRC_SASL_STARTED && l->login->sasl != IRC_SASL_SENT))
        return;
    irc_link_end(l, SJ_END_AUTH, IRC_WORDS(l, line->param[line->n_params - 1]));
}
