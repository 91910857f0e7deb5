/* SPDX-License-Identifier: MPL-2.0 */
/* Messages from networks, as stanzas. */
#ifndef SESSION_DELIVER_H
#define SESSION_DELIVER_H

#include <stdbool.h>

#include "sojourn/message.h"

struct session;
struct sj_strbuf;

/* Sends it to the user; of a file with words beside it, the file. false: the server takes nothing
 * for now, it is to be held. */
bool deliver_message(struct session *, const struct sj_message *);
/* Sends what is said beside a file, a message of its own (GFIL-03), when the file m was sent. What
 * is said of both is said once: the file calls for attention, asks whether it was received, and
 * takes the place of what it corrects; the words are the answer to another message. */
bool deliver_caption(struct session *, const struct sj_message *m);
/* Either for one whose body was held with directives for its styles, which are read again; m is
 * changed. */
bool deliver_again(struct session *, struct sj_message *m, bool caption);
/* The body with directives for its styles (G393-01), without them if they do not fit. text is made
 * here; the caller releases it. */
void deliver_write_styles(const struct sj_message *, struct sj_strbuf *text);

#endif
