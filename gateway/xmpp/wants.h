/* SPDX-License-Identifier: MPL-2.0 */
/* What users' clients can do, by the hash of their capabilities. */
#ifndef XMPP_WANTS_H
#define XMPP_WANTS_H

#include "sojourn/map.h"

/* Sets of features that are remembered; beyond it the one unused for longest is asked for anew. */
#define WANTS_MAX 1024u
/* Of one answer; one that has more is not believed. */
#define WANTS_VARS_MAX 512u
#define WANTS_IDENTITIES_MAX 32u
#define WANTS_FORMS_MAX 16u
#define WANTS_FIELDS_MAX 64u          /* of one form */
#define WANTS_VALUES_MAX 64u          /* of one field */

struct xmpp;

/* Owner: struct xmpp. */
struct wants {
    struct sj_map by_ver;
    struct sj_list used;         /* least recently used first */
};

void wants_init(struct wants *w);
void wants_release(struct wants *w);

#endif
