/* SPDX-License-Identifier: MPL-2.0 */
/* Ids as biboumi's users write them: #channel%server, nick%server, server. */
#ifndef IRC_MOVED_H
#define IRC_MOVED_H

#include <stddef.h>

#include "sojourn/error.h"

struct sj_net;
struct sj_strbuf;

/* One of these is in every such id. The dot: of a server alone. */
#define IRC_MOVED_MARKS "%!."
#define IRC_SERVER_NAMES_MAX 16u

/* server-names: other names of servers of the network. */
struct irc_server_names {
    char *text;                          /* what the others point into */
    const char *name[IRC_SERVER_NAMES_MAX];
    size_t n;
};

/* Reads a list of names; NULL: none. SJ_INVALID with text. */
enum sj_status irc_moved_init(struct irc_server_names *out, const char *list, struct sj_error *err);
void irc_moved_release(struct irc_server_names *names);
/* struct sj_backend.id_moved */
enum sj_status irc_moved_id(const struct sj_net *net, const char *id, struct sj_strbuf *out);

#endif
