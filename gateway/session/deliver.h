/* SPDX-License-Identifier: MPL-2.0 */
/* Messages from networks, as stanzas. */
#ifndef SESSION_DELIVER_H
#define SESSION_DELIVER_H

#include <stdbool.h>

#include "sojourn/message.h"

struct session;
struct sj_strbuf;

/* Sends it to the user. false: the server takes nothing for now, it is to be held. */
bool deliver_message(struct session *, const struct sj_message *);
/* The same for one whose body was held with directives for its styles, which are read again; m is
 * changed. */
bool deliver_again(struct session *, struct sj_message *m);
/* The body with directives for its styles (G393-01), without them if they do not fit. text is made
 * here; the caller releases it. */
void deliver_write_styles(const struct sj_message *, struct sj_strbuf *text);

#endif
