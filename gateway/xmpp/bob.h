/* SPDX-License-Identifier: MPL-2.0 */
/* Bits of binary (XEP-0231): small pictures that users fetch from the gateway by their hash. */
#ifndef XMPP_BOB_H
#define XMPP_BOB_H

#include <stddef.h>

#include "xmpp.h"

#define BOB_SIZE_MAX 8192u               /* of one, in bytes (XEP-0231 §2.1) */
#define BOB_USER_MAX 4u                  /* for one user at one gateway: the oldest makes room */
#define BOB_ITEMS_MAX 256u               /* in all: likewise */
#define BOB_LIFE_MS 1200000              /* then it is gone */
#define BOB_TYPE_MAX 63u
#define BOB_CID_SIZE 64u                 /* "sha1+" hex "@bob.xmpp.org" and NUL */
#define BOB_MEDIA_MAX 4u                 /* pictures in one form */

struct bob;

struct bob *bob_new(void);
void bob_free(struct bob **);
/* Keeps bytes for the user (bare JID), and says under which cid. false: too large, or no picture's
 * type. */
bool bob_keep(struct xmpp *x, unsigned host, const char *user, const struct xmpp_media *m,
              char cid[BOB_CID_SIZE]);

void bob_cid(char cid[BOB_CID_SIZE], const struct xmpp_media *m);

/* A form whose pictures are kept and named by URI. */
struct bob_form {
    struct xmpp_form form;
    struct xmpp_media media[BOB_MEDIA_MAX];
    char uri[BOB_MEDIA_MAX][BOB_CID_SIZE + 4];
};
/* The form itself when it has no bytes, else *out with what was kept; one that cannot be kept goes
 * without picture. */
const struct xmpp_form *bob_in_form(struct bob_form *out, struct xmpp *x, unsigned host,
                                    const char *user, const struct xmpp_form *form);

#endif
