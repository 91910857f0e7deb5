/* SPDX-License-Identifier: MPL-2.0 */
/* From a network's capabilities to what clients are told: the one table between them.
 *
 * A row stands here when everything behind it works, in both directions; a capability without a row
 * is not advertised. A contact has what its network has, less what the network says that this
 * login or this one contact lacks (G115-11, G444-01); one that takes no messages says that instead
 * of how they could be written (G506-01). */
#include "abilities.h"

#include "session.h"

/* What is about the gateway, not about contacts. */
#define ABILITIES_OF_GATEWAY ((uint32_t)(SJ_CAP_SEARCH | SJ_CAP_PROMPTS))

/* What works in rooms, too. */
#define ABILITIES_OF_ROOM                                                                       \
    ((uint32_t)(SJ_CAP_TYPING | SJ_CAP_CORRECT | SJ_CAP_RETRACT | SJ_CAP_REACT | SJ_CAP_REPLY | \
                SJ_CAP_STYLED | SJ_CAP_READ_SYNC))

static const struct {
    uint32_t cap;                        /* enum sj_cap */
    uint32_t feature;                    /* enum xmpp_feature */
} abilities_rows[] = {
    {SJ_CAP_SEARCH, XMPP_FEATURE_SEARCH},
    {SJ_CAP_TYPING, XMPP_FEATURE_TYPING},
    {SJ_CAP_RECEIPTS, XMPP_FEATURE_RECEIPTS},
    {SJ_CAP_MARKERS, XMPP_FEATURE_MARKERS},
    {SJ_CAP_READ_SYNC, XMPP_FEATURE_MARKERS},
    {SJ_CAP_CORRECT, XMPP_FEATURE_CORRECT},
    {SJ_CAP_RETRACT, XMPP_FEATURE_RETRACT},
    {SJ_CAP_REACT, XMPP_FEATURE_REACT},
    {SJ_CAP_REPLY, XMPP_FEATURE_REPLY},
    {SJ_CAP_ATTENTION, XMPP_FEATURE_ATTENTION},
    {SJ_CAP_STYLED, XMPP_FEATURE_STYLED},
    {SJ_CAP_PROFILES, XMPP_FEATURE_PEP},
    {SJ_CAP_PROFILES, XMPP_FEATURE_VCARD4},
    {SJ_CAP_PROMPTS, XMPP_FEATURE_PICTURES},
    {SJ_CAP_FILES, XMPP_FEATURE_FILES},
};

static uint32_t abilities_of(uint32_t caps)
{
    uint32_t features = 0;

    for (size_t i = 0; i < sizeof abilities_rows / sizeof abilities_rows[0]; i++) {
        if (caps & abilities_rows[i].cap)
            features |= abilities_rows[i].feature;
    }
    return features;
}

uint32_t abilities_caps(const struct session *s)
{
    return s->network->backend->caps & ~s->lacks;
}

uint32_t abilities_of_contact(const struct session *s, const struct contact *c)
{
    uint32_t caps = abilities_caps(s) & ~(c->lacks | ABILITIES_OF_GATEWAY);

    if (c->no_reply)
        return abilities_of(caps & ~(uint32_t)SJ_CAPS_OF_CONTACT) | XMPP_FEATURE_NO_REPLY;
    return abilities_of(caps);
}

uint32_t abilities_of_network(uint32_t caps)
{
    return abilities_of(caps & ABILITIES_OF_GATEWAY);
}

uint32_t abilities_of_room(uint32_t caps)
{
    return abilities_of(caps & ABILITIES_OF_ROOM);
}

bool abilities_learn(struct session *s, struct contact *c, const struct sj_contact *in)
{
    uint32_t before = abilities_of_contact(s, c);

    if (!in->has_lacks)
        return false;
    c->lacks = in->lacks & SJ_CAPS_OF_CONTACT;
    c->no_reply = in->no_reply;
    s->has_no_reply = s->has_no_reply || c->no_reply;
    return abilities_of_contact(s, c) != before;
}

void abilities_learn_link(struct session *s, uint32_t lacks)
{
    uint32_t before = s->lacks;
    struct contact *c;
    uint32_t at = 0;

    s->lacks = lacks;
    if (before == lacks || !s->announced || s->quiet)
        return;
    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (((before ^ lacks) & ~c->lacks) && c->shown && !c->quiet)
            contact_send_presence(s, c, s->user, NULL);          /* G115-05 */
    }
}

bool abilities_may_write(const struct session *s, const char *id)
{
    const struct contact *c = s->has_no_reply ? contact_find(s, id) : NULL;

    return !c || !c->no_reply;
}
