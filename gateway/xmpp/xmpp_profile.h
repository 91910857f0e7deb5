/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of the XMPP room about people: cards, pictures, nicknames, and the nodes through
 * which clients read them (XEP-0054, XEP-0084, XEP-0153, XEP-0163, XEP-0172, XEP-0292). Included by
 * xmpp.h, whose rules hold here too. */
#ifndef SOJOURN_XMPP_PROFILE_H
#define SOJOURN_XMPP_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

struct sj_profile;
struct xmpp;
struct xmpp_from;
typedef uint64_t xmpp_req;       /* xmpp.h */

#define XMPP_CAPS_NODE_MAX 1023u
/* XEP-0115: names a set of features. */
struct xmpp_caps_in {
    const char *node;            /* at most XMPP_CAPS_NODE_MAX bytes */
    const char *ver;             /* a SHA-1 as Base64, 28 characters */
};

/* A picture, as presence and metadata tell of it. */
enum xmpp_picture_state {
    XMPP_PICTURE_UNKNOWN,        /* not known yet */
    XMPP_PICTURE_NONE,
    XMPP_PICTURE_KNOWN
};
struct xmpp_picture {
    enum xmpp_picture_state state;
    const uint8_t *sha1;         /* KNOWN: 20 bytes */
    const char *type;            /* KNOWN: "image/png" */
    size_t bytes;
    unsigned width, height;      /* 0: not known */
};
#define XMPP_PICTURE_PNG "image/png"

/* What can be said of a contact at once. */
struct xmpp_person {
    const char *name;            /* display name */
    struct xmpp_picture picture;
};

/* The nodes of a contact; also bits (1u << node) of what a resource wants to be told. */
enum xmpp_node { XMPP_NODE_AVATAR, XMPP_NODE_NICK, XMPP_NODE_VCARD4, XMPP_NODE_COUNT };

/* Everything about a contact, for an answer. NULL members: not known, or not asked for. */
struct xmpp_card {
    const char *name;
    const struct sj_profile *profile;
    const void *data;            /* the picture's bytes */
    size_t len;
    const char *type;
    const uint8_t *sha1;
    const char *lang;            /* of who asks: filled in by this room */
};

/* What a request wants of the card. */
#define XMPP_CARD_PROFILE 1u
#define XMPP_CARD_PICTURE 2u
struct xmpp_card_ask {
    unsigned wants;
    const uint8_t *sha1;         /* only this picture will do; NULL: whichever is shown */
};

/* The user's own picture, as their server tells of it. */
struct xmpp_own_picture {
    const uint8_t *sha1;         /* NULL: none any more */
    size_t bytes;                /* 0: not told */
    bool by_card;                /* it stands in the vCard (XEP-0153), else in the node */
};

/* Implemented by the session room; every member non-NULL. */
struct xmpp_in_profile {
    /* Fills out; strings and digests live until the next call into the session room. false: the
     * asker may not see peer, or it is unknown. */
    bool (*person)(void *ctx, const struct xmpp_from *, const char *peer, struct xmpp_person *out);
    /* SJ_OK: accepted, xmpp_answer_card or xmpp_answer follows (maybe already called) in less than
     * XMPP_CARD_MS. SJ_NOTFOUND: not the picture that is shown. */
    enum sj_status (*card)(void *ctx, const struct xmpp_from *, const char *peer,
                           const struct xmpp_card_ask *, xmpp_req, struct sj_error *);
    /* The nodes whose changes this resource of a user wants to be told, as bits. */
    void (*wants)(void *ctx, unsigned host, const char *full, unsigned nodes);
    /* The user's own nick, picture; from.resource is "" or, by_card, any. */
    void (*own_nick)(void *ctx, const struct xmpp_from *, const char *nick);
    void (*own_picture)(void *ctx, const struct xmpp_from *, const struct xmpp_own_picture *);
    /* The outcome of xmpp_fetch_own_picture; NULL: it is not to be had, or is another one. */
    void (*own_data)(void *ctx, unsigned host, const char *user, const uint8_t sha1[20],
                     const void *data, size_t len);
};
#define XMPP_CARD_MS 25000

/* Which nodes does this resource want to be told of? True: nodes has them, from what is known of
 * its capabilities (caps: of its presence, NULL: it told none). Else it is asked, and when it wants
 * any, in->profile.wants follows. */
bool xmpp_query_wants(struct xmpp *, unsigned host, const char *full, const struct xmpp_caps_in *,
                      unsigned *nodes);
/* Bytes of the largest picture that fits into a stanza with everything around it. */
size_t xmpp_picture_max(const struct xmpp *);
/* Answers a request that in->profile.card accepted. */
void xmpp_answer_card(struct xmpp *, xmpp_req, const struct xmpp_card *);
/* One notification of peer's node to one resource of the user. false: not queued. */
bool xmpp_send_node(struct xmpp *, unsigned host, const char *peer, const char *to,
                    enum xmpp_node node, const struct xmpp_person *);
/* Is this the id of a notification (G163-05)? */
bool xmpp_is_node_id(const char *id);
/* Asks the user's server for the user's picture; the outcome comes as in->profile.own_data. false:
 * not asked. */
bool xmpp_fetch_own_picture(struct xmpp *, unsigned host, const char *user,
                            const struct xmpp_own_picture *);

#endif
