/* SPDX-License-Identifier: MPL-2.0 */
/* What a network says, on its way to the user. */
#ifndef SESSION_INCOMING_H
#define SESSION_INCOMING_H

#include <stdbool.h>

#include "sojourn/message.h"

struct session;
struct xmpp_message_out;

/* Fills in what clients get to see beside text; m is of a network that has such things, out has
 * the plain parts. Ends in send, whose result it returns. */
bool incoming_complete(struct session *, const struct sj_message *m, struct xmpp_message_out *out,
                       bool (*send)(struct session *, struct xmpp_message_out *));
/* Tells the user; false: the stream takes nothing now, it is to be held. */
bool incoming_mark(struct session *, const struct sj_mark *);

#endif
