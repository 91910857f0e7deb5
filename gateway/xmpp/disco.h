/* SPDX-License-Identifier: MPL-2.0 */
/* What we advertise (XEP-0030), and its hash in presence (XEP-0115). */
#ifndef XMPP_DISCO_H
#define XMPP_DISCO_H

#include <stdint.h>
#include <strophe.h>

#include "caps.h"
#include "info_forms.h"

#define DISCO_NODE_SIZE (sizeof CAPS_NODE + CAPS_VER_SIZE)
#define DISCO_FEATURES_MAX 48u
#define DISCO_IDENTITIES_MAX 3u
/* Different sets of contacts that are kept ready; beyond it the one that was not used for longest
 * is made anew when it is asked for. */
#define DISCO_SETS_MAX 256u

struct disco;
struct xmpp;

/* One answer, ready: everything of caps_set points into it or is constant. */
struct disco_entity {
    struct caps_identity identities[DISCO_IDENTITIES_MAX];
    const char *features[DISCO_FEATURES_MAX];
    struct info_forms forms;
    struct caps_set set;
    char ver[CAPS_VER_SIZE];
    char node[DISCO_NODE_SIZE];          /* CAPS_NODE#ver */
};

struct disco *disco_new(struct xmpp *x);
void disco_free(struct disco **d);
const struct disco_entity *disco_gateway(const struct xmpp *x, unsigned host);
/* The entity of a contact with these features (enum xmpp_feature); valid until the next call. */
const struct disco_entity *disco_contact(struct xmpp *x, unsigned host, uint32_t features);
/* Adds <feature/> for those of the abilities (enum xmpp_feature) that are about what can be said to
 * somebody: all that rooms and occupants have. */
void disco_add_abilities(xmpp_stanza_t *query, uint32_t features);
/* Adds the forms of f. */
void disco_add_forms(xmpp_stanza_t *query, const struct caps_form *forms, size_t n);
/* Adds <c/> to an available presence of a contact with these features; NULL: of the gateway. */
void disco_add_caps(struct xmpp *x, unsigned host, const uint32_t *features,
                    xmpp_stanza_t *presence);

#endif
