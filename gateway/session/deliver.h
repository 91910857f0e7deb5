/* SPDX-License-Identifier: MPL-2.0 */
/* Messages from networks, as stanzas. */
#ifndef SESSION_DELIVER_H
#define SESSION_DELIVER_H

#include <stdbool.h>

#include "sojourn/message.h"

struct session;
struct sj_strbuf;

/* Sends it to the user; of a file with words beside it, the file (deliver_caption). false: the
 * server takes nothing for now, it is to be held. */
bool deliver_message(struct session *, const struct sj_message *);
/* What is said beside a file is a message of its own, sent next (GFIL-03): m becomes that. What is
 * said of both is said once: the file calls for attention, asks whether it was received, and takes
 * the place of what it corrects; the words are the answer to another message. id is made here, m
 * borrows it; the caller releases it. */
void deliver_caption(struct sj_message *m, struct sj_strbuf *id);
/* The same for one whose body was held with directives for its styles, which are read again; m is
 * changed. */
bool deliver_again(struct session *, struct sj_message *m);
/* The body with directives for its styles (G393-01), without them if they do not fit. text is made
 * here; the caller releases it. */
void deliver_write_styles(const struct sj_message *, struct sj_strbuf *text);

#endif
