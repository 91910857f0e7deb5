/* SPDX-License-Identifier: MPL-2.0 */
/* A link of the IRC backend without a socket: irc_ground.h. */
#include "irc_ground.h"

#include <string.h>

#include "sojourn/memory.h"

void irc_ground_begin(struct ground *g, uint8_t flags)
{
    ground_begin(g, &irc_backend, "server", "127.0.0.1", flags);
}

void irc_ground_link(struct ground *g, const char *password)
{
    const char *values[IRC_FIELDS] = { "me" };

    values[IRC_FIELD_PASSWORD] = password;
    ground_link(g, values, IRC_FIELDS);
    irc_link_enter(irc_link_of(g->link), IRC_CONNECTING);
    irc_link_enter(irc_link_of(g->link), IRC_LOGIN);
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
