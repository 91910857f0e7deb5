/* SPDX-License-Identifier: MPL-2.0 */
/* What the gateway tells about itself: who runs it, and what happens to data. */
#ifndef SOJOURN_ABOUT_H
#define SOJOURN_ABOUT_H

#include <stddef.h>

#include "config.h"
#include "xmpp.h"

struct sj_net;

/* The lists of addresses, cut. Owner: the daemon; it outlives the XMPP room. */
struct about {
    char *copy[XMPP_ADDRESS_COUNT];
    char *item[XMPP_ADDRESS_COUNT][CONFIG_URIS_MAX];
};

/* Fills options->addresses from [gateway]. */
void about_addresses(struct about *, const struct sj_values *gateway, struct xmpp_options *options);
void about_release(struct about *);
/* The policy of one network; its texts are those of the configuration. */
void about_policy(struct xmpp_policy *out, const struct config *config, size_t network,
                  const struct sj_net *net);

#endif
