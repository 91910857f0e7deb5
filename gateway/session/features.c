/* SPDX-License-Identifier: MPL-2.0 */
/* From a network's capabilities to what clients are told: the one table between them.
 *
 * A row stands here when everything behind it works, in both directions; a capability without a row
 * is not advertised. A contact has what its network has, less what the network says that this one
 * contact lacks (G115-11, G444-01); one that takes no messages says that instead of how they could
 * be written (G506-01). */
#include "features.h"

#include "session.h"

/* What is about the gateway, not about contacts. */
#define FEATURES_OF_GATEWAY SJ_CAP_SEARCH

static const struct {
    uint32_t cap;                        /* enum sj_cap */
    uint32_t feature;                    /* enum xmpp_feature */
} features_rows[] = {
    {SJ_CAP_SEARCH, XMPP_FEATURE_SEARCH},
};

static uint32_t features_of(uint32_t caps)
{
    uint32_t features = 0;

    for (size_t i = 0; i < sizeof features_rows / sizeof features_rows[0]; i++) {
        if (caps & features_rows[i].cap)
            features |= features_rows[i].feature;
    }
    return features;
}

uint32_t features_of_contact(const struct session *s, const struct contact *c)
{
    uint32_t caps = s->network->backend->caps & ~(c->lacks | FEATURES_OF_GATEWAY);

    if (c->no_reply)
        return features_of(caps & ~SJ_CAPS_OF_CONTACT) | XMPP_FEATURE_NO_REPLY;
    return features_of(caps);
}

uint32_t features_of_network(uint32_t caps)
{
    return features_of(caps & FEATURES_OF_GATEWAY);
}

bool features_learn(struct session *s, struct contact *c, const struct sj_contact *in)
{
    uint32_t lacks = in->lacks & SJ_CAPS_OF_CONTACT;

    if (!in->has_lacks || (c->lacks == lacks && c->no_reply == in->no_reply))
        return false;
    c->lacks = lacks;
    c->no_reply = in->no_reply;
    s->has_no_reply = s->has_no_reply || c->no_reply;
    return true;
}

bool features_may_write(const struct session *s, const char *id)
{
    const struct contact *c = s->has_no_reply ? contact_find(s, id) : NULL;

    return !c || !c->no_reply;
}
