/* SPDX-License-Identifier: MPL-2.0 */
/* A link of the IRC backend without a socket: irc_ground.h. */
#include "irc_ground.h"

#include <stdlib.h>
#include <string.h>

#include "irc_login.h"
#include "sojourn/conn.h"
#include "sojourn/memory.h"

#define OPTIONS_MAX 24

static const struct {
    char letter;
    struct ground_option option;
} options[] = {
    { 'w', { "webirc-password", IRC_GROUND_SECRET "-webirc" } },
    { 'h', { "webirc-host", "users.test" } },
    { 'c', { "clear-passwords", "yes" } },
    { 'P', { "server-password", IRC_GROUND_SECRET "-all" } },
    { 'n', { "server-names", "irc.test other.test" } },
    { 's', { "source", "127.0.0.1 127.0.0.2 ::1" } },
    { 'g', { "nickserv-regain", "ghost" } },
    { 'N', { "nickserv", "command" } },
    { 'I', { "nickserv", "identify" } },
    { 'i', { "ident", "guest" } },
    { 'i', { "realname-default", "A Guest" } },
    { 'i', { "quit-message", "gone" } },
    { 'v', { "ctcp-version", "off" } },
    { 'u', { "encoding-fallback", "iso-8859-15" } },
};
#define OPTIONS (sizeof options / sizeof options[0])
_Static_assert(OPTIONS + 4 <= OPTIONS_MAX, "OPTIONS_MAX is too small");

void irc_ground_begin(struct ground *g, uint8_t flags, const char *set)
{
    struct ground_option given[OPTIONS_MAX] = {
        { "server", strchr(set, 'f') ? "192.0.2.1" : "127.0.0.1" },
        { "tls", "no" },
        { "nickserv-mask", "NickServ!*@*" },
    };
    size_t n = 3;

    for (size_t i = 0; i < OPTIONS; i++) {
        if (strchr(set, options[i].letter))
            given[n++] = options[i].option;
    }
    ground_begin(g, &irc_backend, given, flags);
    /* A policy needs a name, and for that the system's certificates are read: here nobody asks for
     * them, so do without. */
    if (strchr(set, 'f') && sj_tls_new(&g->net->sts.tls, NULL, false, NULL) != SJ_OK)
        abort();
    g->secret = IRC_GROUND_SECRET;
}

static void ground_connected(struct ground *g)
{
    struct irc_link *l = irc_link_of(g->link);

    l->is_tls = l->is_tls || irc_net_tls(g->net);
    irc_link_enter(l, IRC_LOGIN);
    irc_login_start(l);
}

void irc_ground_link(struct ground *g, const char *set, const void *blob, size_t len)
{
    const char *values[IRC_FIELDS] = { "me" };

    if (strchr(set, 'k'))
        values[IRC_FIELD_PASSWORD] = IRC_GROUND_SECRET;
    if (strchr(set, 'p'))
        values[IRC_FIELD_SERVER_PASSWORD] = IRC_GROUND_SECRET "-own";
    if (strchr(set, 'a'))
        values[IRC_FIELD_LOGIN] = "account";
    if (strchr(set, 'b'))
        values[IRC_FIELD_BOT] = "1";
    ground_link(g, values, IRC_FIELDS, blob, len);
    irc_link_of(g->link)->is_tls = strchr(set, 't') != NULL;
    irc_link_enter(irc_link_of(g->link), IRC_CONNECTING);
    ground_connected(g);
}

void irc_ground_again(struct ground *g)
{
    if (!g->is_down && irc_link_of(g->link)->state == IRC_CONNECTING)
        ground_connected(g);
}

void irc_ground_server(struct ground *g, const char *text)
{
    char *line = sj_strdup(text);

    irc_link_line(irc_link_of(g->link), line, strlen(line));
    sj_free(line);
}

void irc_ground_end(struct ground *g, bool ends)
{
    sj_loop_turn(g->loop, 0);
    if (!g->is_down && ends)
        irc_link_end(irc_link_of(g->link), SJ_END_CLOSED, "end of input");
    ground_end(g);
}
