/* SPDX-License-Identifier: MPL-2.0 */
/* What we advertise (XEP-0030), and its hash in presence (XEP-0115). */
#ifndef XMPP_DISCO_H
#define XMPP_DISCO_H

#include <stdbool.h>
#include <strophe.h>

struct disco;
struct xmpp;

struct disco *disco_new(struct xmpp *x);
void disco_free(struct disco **d);
/* Adds <c/> to an available presence of the gateway or of a contact. */
void disco_add_caps(struct xmpp *x, unsigned host, bool contact, xmpp_stanza_t *presence);

#endif
