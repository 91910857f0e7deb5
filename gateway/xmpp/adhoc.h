/* SPDX-License-Identifier: MPL-2.0 */
/* Ad-hoc commands (XEP-0050): what disco.c needs of them. */
#ifndef XMPP_ADHOC_H
#define XMPP_ADHOC_H

#include <stdbool.h>
#include <strophe.h>

#include "sojourn/error.h"

struct inbound;

/* Fills a disco#items query of the list node, for the asker. */
void adhoc_add_items(struct inbound *in, xmpp_stanza_t *query);
/* Fills a disco#info query of the list node or of one command. SJ_NOTFOUND: no such node,
 * SJ_DENIED: not for the asker. */
enum sj_status adhoc_add_info(struct inbound *in, xmpp_stanza_t *query, const char *node,
                              struct sj_error *err);
/* Is it the node of a command that the asker may run? */
bool adhoc_has_node(struct inbound *in, const char *node);

#endif
