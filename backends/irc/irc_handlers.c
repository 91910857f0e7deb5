/* SPDX-License-Identifier: MPL-2.0 */
/* From a line to its handler: the table, and the end of the welcome.
 *
 * A row says in which states a command means something and how many parameters it has at least;
 * what is in no row is shown to who talks to the server itself (irc_raw.c). Numerics as servers
 * use them, modern.ircdocs.horse. */
#include <stdlib.h>
#include <string.h>

#include "irc_ask.h"
#include "irc_chan.h"
#include "irc_handlers.h"
#include "irc_link.h"
#include "irc_login.h"
#include "irc_mark.h"
#include "irc_parse.h"
#include "irc_presence.h"
#include "irc_raw.h"
#include "irc_read.h"
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
/* What becomes of messages is told until the link is down. */
#define TALKS (ONLINE | IN(IRC_CLOSING))

/* Sorted by command. */
const struct irc_handler irc_handlers[] = {
    { "001", 1, LOGIN, irc_login_handle_welcome },
    { "005", 2, WELCOMED, irc_isupport_handle },
    { "263", 2, ONLINE, irc_chan_handle_refusal },
    { "301", 3, ONLINE, irc_presence_handle_rpl_away },
    { "302", 2, WELCOMED, irc_self_handle_userhost },
    { "303", 2, ONLINE, irc_presence_handle_ison },
    { "315", 2, ONLINE, irc_ask_handle_who_end },
    { "318", 2, ONLINE, irc_whois_handle_end },
    { "322", 3, ONLINE, irc_list_handle_channel },
    { "323", 1, ONLINE, irc_list_handle_end },
    { "324", 3, WELCOMED, irc_chan_handle_modes_are },
    { "331", 2, WELCOMED, irc_chan_handle_topic_is },
    { "332", 3, WELCOMED, irc_chan_handle_topic_is },
    { "333", 3, WELCOMED, irc_chan_handle_topic_by },
    { "346", 3, ONLINE, irc_ban_handle_mask },
    { "347", 2, ONLINE, irc_ban_handle_end },
    { "348", 3, ONLINE, irc_ban_handle_mask },
    { "349", 2, ONLINE, irc_ban_handle_end },
    { "352", 7, ONLINE, irc_ask_handle_who },
    { "353", 4, WELCOMED, irc_chan_handle_names },
    { "354", 8, ONLINE, irc_ask_handle_whox },
    { "366", 2, WELCOMED, irc_chan_handle_names_end },
    { "367", 3, ONLINE, irc_ban_handle_mask },
    { "368", 2, ONLINE, irc_ban_handle_end },
    { "396", 2, WELCOMED, irc_self_handle_host },
    { "401", 2, IDENTIFYING | TALKS, irc_text_handle_refusal },
    { "402", 2, ONLINE, irc_chan_handle_refusal },
    { "403", 2, TALKS, irc_text_handle_refusal },
    { "404", 2, TALKS, irc_text_handle_refusal },
    { "405", 2, ONLINE, irc_chan_handle_refusal },
    { "406", 2, TALKS, irc_text_handle_refusal },
    { "407", 2, TALKS, irc_text_handle_refusal },
    { "408", 2, TALKS, irc_text_handle_refusal },
    { "411", 1, TALKS, irc_text_handle_refusal },
    { "412", 1, TALKS, irc_text_handle_refusal },
    { "413", 2, TALKS, irc_text_handle_refusal },
    { "414", 2, TALKS, irc_text_handle_refusal },
    { "415", 2, TALKS, irc_text_handle_refusal },
    { "416", 2, ONLINE, irc_chan_handle_refusal },
    { "417", 1, TALKS, irc_text_handle_refusal },
    { "421", 2, IDENTIFYING, irc_services_handle_unknown },
    { "432", 1, LOGIN | ONLINE, irc_login_handle_bad_nick },
    { "433", 1, LOGIN | ONLINE, irc_login_handle_nick_in_use },
    { "435", 2, ONLINE, irc_chan_handle_refusal },
    { "436", 1, LOGIN | ONLINE, irc_login_handle_nick_in_use },
    { "437", 1, LOGIN | ONLINE, irc_login_handle_nick_in_use },
    { "438", 2, ONLINE, irc_chan_handle_refusal },
    { "439", 2, TALKS, irc_text_handle_refusal },
    { "440", 2, IDENTIFYING | TALKS, irc_text_handle_refusal },
    { "441", 2, ONLINE, irc_chan_handle_refusal },
    { "442", 2, ONLINE, irc_chan_handle_refusal },
    { "443", 2, ONLINE, irc_chan_handle_refusal },
    { "447", 2, ONLINE, irc_chan_handle_refusal },
    { "448", 2, ONLINE, irc_chan_handle_refusal },
    { "461", 2, ONLINE, irc_chan_handle_refusal },
    { "463", 1, LOGIN, irc_login_handle_banned },
    { "464", 1, LOGIN, irc_login_handle_bad_password },
    { "465", 1, OPEN, irc_login_handle_banned },
    { "466", 1, OPEN, irc_login_handle_banned },
    { "467", 2, ONLINE, irc_chan_handle_refusal },
    { "470", 2, ONLINE, irc_chan_handle_refusal },
    { "471", 2, ONLINE, irc_chan_handle_refusal },
    { "472", 2, ONLINE, irc_chan_handle_refusal },
    { "473", 2, ONLINE, irc_chan_handle_refusal },
    { "474", 2, ONLINE, irc_chan_handle_refusal },
    { "475", 2, ONLINE, irc_chan_handle_refusal },
    { "476", 2, ONLINE, irc_chan_handle_refusal },
    { "477", 2, TALKS, irc_text_handle_refusal },
    { "478", 2, ONLINE, irc_chan_handle_refusal },
    { "479", 2, ONLINE, irc_chan_handle_refusal },
    { "480", 2, ONLINE, irc_chan_handle_refusal },
    { "481", 1, ONLINE, irc_chan_handle_refusal },
    { "482", 2, ONLINE, irc_chan_handle_refusal },
    { "484", 1, ONLINE, irc_chan_handle_refusal },
    { "485", 1, ONLINE, irc_chan_handle_refusal },
    { "486", 2, TALKS, irc_text_handle_refusal },
    { "489", 2, ONLINE, irc_chan_handle_refusal },
    { "492", 2, TALKS, irc_text_handle_refusal },
    { "494", 2, TALKS, irc_text_handle_refusal },
    { "495", 2, ONLINE, irc_chan_handle_refusal },
    { "499", 2, ONLINE, irc_chan_handle_refusal },
    { "500", 2, ONLINE, irc_chan_handle_refusal },
    { "518", 2, ONLINE, irc_chan_handle_refusal },
    { "519", 2, ONLINE, irc_chan_handle_refusal },
    { "520", 2, ONLINE, irc_chan_handle_refusal },
    { "531", 2, TALKS, irc_text_handle_refusal },
    { "696", 2, ONLINE, irc_chan_handle_refusal },
    { "716", 2, TALKS, irc_text_handle_refusal },
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
    { "926", 2, ONLINE, irc_chan_handle_refusal },
    { "972", 1, ONLINE, irc_chan_handle_refusal },
    { "974", 2, ONLINE, irc_chan_handle_refusal },
    { "ACCOUNT", 1, WELCOMED, irc_chan_handle_account },
    { "ACK", 0, TALKS, irc_text_handle_ack },
    { "AUTHENTICATE", 1, LOGIN, irc_sasl_handle_authenticate },
    { "AWAY", 0, WELCOMED, irc_chan_handle_away },
    { "BATCH", 1, TALKS, irc_text_handle_batch },
    { "CAP", 3, OPEN, irc_cap_handle },
    { "CHGHOST", 2, WELCOMED, irc_chan_handle_chghost },
    { "ERROR", 1, UNTIL_DOWN, irc_self_handle_error },
    { "FAIL", 3, UNTIL_DOWN, irc_text_handle_fail },
    { "INVITE", 2, ONLINE, irc_chan_handle_invite },
    { "JOIN", 1, WELCOMED, irc_chan_handle_join },
    { "KICK", 2, WELCOMED, irc_chan_handle_kick },
    { "KILL", 1, OPEN, irc_self_handle_kill },
    { "MARKREAD", 1, WELCOMED, irc_read_handle },
    { "MODE", 2, WELCOMED, irc_chan_handle_mode },
    { "NICK", 1, WELCOMED, irc_chan_handle_nick },
    { "NOTE", 3, OPEN, irc_text_handle_remark },
    { "NOTICE", 2, UNTIL_DOWN, irc_text_handle_notice },
    { "PART", 1, WELCOMED, irc_chan_handle_part },
    { "PING", 1, UNTIL_DOWN, irc_self_handle_ping },
    { "PONG", 0, UNTIL_DOWN, irc_self_handle_pong },
    { "PRIVMSG", 2, UNTIL_DOWN, irc_text_handle_privmsg },
    { "QUIT", 0, WELCOMED, irc_chan_handle_quit },
    { "REDACT", 2, ONLINE, irc_mark_handle_redact },
    { "TAGMSG", 1, ONLINE, irc_mark_handle_tagmsg },
    { "TOPIC", 2, WELCOMED, irc_chan_handle_topic },
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
    bool is_handled = h && (h->states & IN(l->state)) && line->n_params >= h->params_min &&
                      !irc_history_is_old_event(l, line);
    if (!line->numeric || !irc_whois_hear(l, line))
        irc_raw_hear(l, line, is_handled);
    if (is_handled)
        h->handle(l, line);
}
