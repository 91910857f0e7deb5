/* SPDX-License-Identifier: MPL-2.0 */
/* From a line to its handler: the table, and the end of the welcome.
 *
 * A row says in which states a command means something and how many parameters it has at least;
 * what is in no row is ignored (RFC 2812 §2.4 knows no answer from clients). Numerics as servers
 * use them, modern.ircdocs.horse. */
#include <stdlib.h>
#include <string.h>

#include "irc_handlers.h"
#include "irc_link.h"
#include "irc_login.h"
#include "irc_parse.h"
#include "irc_presence.h"
#include "irc_sasl.h"
#include "irc_self.h"
#include "irc_send.h"
#include "irc_services.h"
#include "irc_text.h"
#include "sojourn/log.h"

#define IN(state) (1u << (state))
#define LOGIN IN(IRC_LOGIN)
#define IDENTIFYING IN(IRC_IDENTIFYING)
#define ONLINE IN(IRC_ONLINE)
#define WELCOMED (IN(IRC_WELCOMED) | IDENTIFYING | ONLINE)
#define OPEN (LOGIN | WELCOMED)
#define UNTIL_DOWN (OPEN | IN(IRC_CLOSING))

/* Sorted by command. */
const struct irc_handler irc_handlers[] = {
    { "001", 1, LOGIN, irc_login_handle_welcome },
    { "005", 2, WELCOMED, irc_isupport_handle },
    { "263", 2, ONLINE, irc_send_handle_try_again },
    { "301", 3, ONLINE, irc_presence_handle_rpl_away },
    { "302", 2, WELCOMED, irc_self_handle_userhost },
    { "303", 2, ONLINE, irc_presence_handle_ison },
    { "396", 2, WELCOMED, irc_self_handle_host },
    { "401", 2, IDENTIFYING | ONLINE, irc_text_handle_refusal },
    { "403", 2, ONLINE, irc_text_handle_refusal },
    { "404", 2, ONLINE, irc_text_handle_refusal },
    { "406", 2, ONLINE, irc_text_handle_refusal },
    { "407", 2, ONLINE, irc_text_handle_refusal },
    { "408", 2, ONLINE, irc_text_handle_refusal },
    { "411", 1, ONLINE, irc_text_handle_refusal },
    { "412", 1, ONLINE, irc_text_handle_refusal },
    { "413", 2, ONLINE, irc_text_handle_refusal },
    { "414", 2, ONLINE, irc_text_handle_refusal },
    { "415", 2, ONLINE, irc_text_handle_refusal },
    { "417", 1, ONLINE, irc_text_handle_refusal },
    { "421", 2, IDENTIFYING, irc_services_handle_unknown },
    { "432", 1, LOGIN | ONLINE, irc_login_handle_bad_nick },
    { "433", 1, LOGIN | ONLINE, irc_login_handle_nick_in_use },
    { "436", 1, LOGIN | ONLINE, irc_login_handle_nick_in_use },
    { "437", 1, LOGIN | ONLINE, irc_login_handle_nick_in_use },
    { "439", 2, ONLINE, irc_text_handle_refusal },
    { "440", 2, IDENTIFYING | ONLINE, irc_text_handle_refusal },
    { "463", 1, LOGIN, irc_login_handle_banned },
    { "464", 1, LOGIN, irc_login_handle_bad_password },
    { "465", 1, OPEN, irc_login_handle_banned },
    { "466", 1, OPEN, irc_login_handle_banned },
    { "477", 2, ONLINE, irc_text_handle_refusal },
    { "486", 2, ONLINE, irc_text_handle_refusal },
    { "492", 2, ONLINE, irc_text_handle_refusal },
    { "494", 2, ONLINE, irc_text_handle_refusal },
    { "531", 2, ONLINE, irc_text_handle_refusal },
    { "716", 2, ONLINE, irc_text_handle_refusal },
    { "730", 2, ONLINE, irc_presence_handle_monitor },
    { "731", 2, ONLINE, irc_presence_handle_monitor },
    { "734", 3, ONLINE, irc_presence_handle_full },
    { "900", 1, OPEN, irc_login_handle_logged_in },
    { "901", 1, ONLINE, irc_self_handle_logged_out },
    { "902", 1, LOGIN, irc_sasl_handle_failed },
    { "903", 1, LOGIN, irc_sasl_handle_done },
    { "904", 1, LOGIN, irc_sasl_handle_failed },
    { "905", 1, LOGIN, irc_sasl_handle_failed },
    { "906", 1, LOGIN, irc_sasl_handle_failed },
    { "907", 1, LOGIN, irc_sasl_handle_done },
    { "908", 2, LOGIN, irc_sasl_handle_mechanisms },
    { "ACK", 0, ONLINE, irc_text_handle_ack },
    { "AUTHENTICATE", 1, LOGIN, irc_sasl_handle_authenticate },
    { "AWAY", 0, ONLINE, irc_presence_handle_away },
    { "BATCH", 1, ONLINE, irc_text_handle_batch },
    { "CAP", 3, OPEN, irc_cap_handle },
    { "CHGHOST", 2, WELCOMED, irc_self_handle_chghost },
    { "ERROR", 1, UNTIL_DOWN, irc_self_handle_error },
    { "FAIL", 3, OPEN, irc_text_handle_fail },
    { "KILL", 1, OPEN, irc_self_handle_kill },
    { "MODE", 2, WELCOMED, irc_self_handle_mode },
    { "NICK", 1, WELCOMED, irc_self_handle_nick },
    { "NOTE", 3, OPEN, irc_text_handle_remark },
    { "NOTICE", 2, OPEN, irc_text_handle_notice },
    { "PING", 1, UNTIL_DOWN, irc_self_handle_ping },
    { "PONG", 0, UNTIL_DOWN, irc_self_handle_pong },
    { "PRIVMSG", 2, OPEN, irc_text_handle_privmsg },
    { "WARN", 3, OPEN, irc_text_handle_remark },
};
const size_t irc_handlers_n = sizeof irc_handlers / sizeof irc_handlers[0];

static int handler_compare(const void *key, const void *row)
{
    return strcmp(key, ((const struct irc_handler *)row)->command);
}

/* The welcome is over with the end of the message of the day, or with the first thing that servers
 * send after all their 005 lines. Messages from people come after it, too. */
static bool ends_welcome(const struct irc_link *l, const struct irc_line *line)
{
    if (l->state != IRC_WELCOMED)
        return false;
    if (line->numeric == 376 || line->numeric == 422)
        return true;
    if (line->user && line->host && strcmp(line->command, "PRIVMSG") == 0)
        return true;
    return l->has_isupport && ((line->numeric >= 250 && line->numeric <= 266) ||
                               line->numeric == 375 || line->numeric == 372);
}

void irc_handle(struct irc_link *l, struct irc_line *line)
{
    if (ends_welcome(l, line))
        irc_login_welcomed(l);
    const struct irc_handler *h = bsearch(line->command, irc_handlers, irc_handlers_n,
                                          sizeof *h, handler_compare);
    if (!h || !(h->states & IN(l->state)) || line->n_params < h->params_min)
        return;
    h->handle(l, line);
}
