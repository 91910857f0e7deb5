/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of the XMPP room about what is advertised: what a contact or a gateway can do, who
 * runs the gateway, and what happens to data. Included by xmpp.h. */
#ifndef SOJOURN_XMPP_DISCO_H
#define SOJOURN_XMPP_DISCO_H

#include <stddef.h>
#include <stdint.h>

/* Abilities that are advertised, as bits. The session room tells them for each contact, and sets
 * only what really works; this room knows the names that clients look for (disco_set.c). */
enum xmpp_feature {
    XMPP_FEATURE_TYPING = 1u << 0,       /* XEP-0085 */
    XMPP_FEATURE_RECEIPTS = 1u << 1,     /* XEP-0184 */
    XMPP_FEATURE_MARKERS = 1u << 2,      /* XEP-0333 */
    XMPP_FEATURE_CORRECT = 1u << 3,      /* XEP-0308 */
    XMPP_FEATURE_RETRACT = 1u << 4,      /* XEP-0424 */
    XMPP_FEATURE_REACT = 1u << 5,        /* XEP-0444, with the rules of the host */
    XMPP_FEATURE_REPLY = 1u << 6,        /* XEP-0461, XEP-0428 */
    XMPP_FEATURE_ATTENTION = 1u << 7,    /* XEP-0224 */
    XMPP_FEATURE_STYLED = 1u << 8,       /* XEP-0393 */
    XMPP_FEATURE_FILES = 1u << 9,        /* XEP-0066 */
    XMPP_FEATURE_PEP = 1u << 10,         /* XEP-0163: nodes of a contact */
    XMPP_FEATURE_VCARD4 = 1u << 11,      /* XEP-0292, in such a node */
    XMPP_FEATURE_NO_REPLY = 1u << 12,    /* XEP-0506: takes no messages */
    XMPP_FEATURE_SEARCH = 1u << 13,      /* XEP-0055; gateways only */
    XMPP_FEATURE_PICTURES = 1u << 14,    /* XEP-0231; gateways only */
    XMPP_FEATURE_INVITES = 1u << 15,     /* XEP-0249: can be asked into rooms */
};

/* XEP-0157: each has any number of URIs. */
enum xmpp_address {
    XMPP_ADDRESS_ABUSE,
    XMPP_ADDRESS_ADMIN,
    XMPP_ADDRESS_FEEDBACK,
    XMPP_ADDRESS_SALES,
    XMPP_ADDRESS_SECURITY,
    XMPP_ADDRESS_STATUS,
    XMPP_ADDRESS_SUPPORT,
    XMPP_ADDRESS_COUNT
};
struct xmpp_texts {
    const char *const *text;
    size_t n;
};

/* How what is said travels between the gateway and the network. */
enum xmpp_transport { XMPP_TRANSPORT_NONE, XMPP_TRANSPORT_PLAIN, XMPP_TRANSPORT_TLS };

/* XEP-0504: what differs between networks and installations; the rest is the same for all. */
struct xmpp_policy {
    bool takes_secrets;              /* users entrust a password or token to the gateway */
    enum xmpp_transport transport;   /* NONE: there is no network outside of this process */
    const char *tos;                 /* URI of the gateway's terms, or NULL */
    const char *info;                /* a sentence of who runs it, or NULL */
    const char *network_tos;         /* the same of the network */
    const char *network_info;
};

/* XEP-0444 §4: what a network lets people react with. */
struct xmpp_reaction_rules {
    unsigned max_per_user;           /* 0: no limit */
    struct xmpp_texts allowed;       /* none: any */
};

#endif
