/* SPDX-License-Identifier: MPL-2.0 */
/* The user's own nickname and picture on the network, where the user wants that. */
#ifndef SESSION_OWN_PROFILE_H
#define SESSION_OWN_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "xmpp.h"

struct network;
struct session;

/* Changes go out at most so often; of those between only the last. */
#define OWN_PROFILE_MS 10000

/* Preferences: are they of use there? And what follows when one was changed: that does not wait. */
bool own_profile_fits(const struct network *);
void own_profile_prefer(struct session *);
/* Tells the network what it was not told yet. */
void own_profile_sync(struct session *);
void own_profile_free(struct session *);
/* Other credentials: nothing of it was set with that account. */
void own_profile_forget(struct session *);
void own_profile_op_done(struct session *, sj_op, const struct sj_error *err);

/* What the user's server and clients say (xmpp_profile.h). */
void own_profile_on_nick(void *ctx, const struct xmpp_from *, const char *nick);
void own_profile_on_picture(void *ctx, const struct xmpp_from *, const struct xmpp_own_picture *);
void own_profile_on_data(void *ctx, unsigned host, const char *user, const uint8_t sha1[20],
                         const void *data, size_t len);
/* The hash in the user's presence (XEP-0153), as it came. */
void own_profile_hear_hash(struct session *, const char *hex);

#endif
