/* SPDX-License-Identifier: MPL-2.0 */
/* The nodes of contacts (XEP-0163), for service discovery. */
#ifndef XMPP_PEP_H
#define XMPP_PEP_H

#include <stdbool.h>
#include <strophe.h>

/* Adds the nodes of address to the answer of a disco#items. */
void pep_add_nodes(xmpp_stanza_t *query, const char *address);
bool pep_is_node(const char *name);
/* Adds what disco#info says of any of them. */
void pep_add_info(xmpp_stanza_t *query);

#endif
