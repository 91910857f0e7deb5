/* SPDX-License-Identifier: MPL-2.0 */
/* The table of everything that is heard: one row for each section of a specification.
 *
 * First match wins. An iq that matches no row is answered service-unavailable by the router (RFC
 * 6120 §8.4), so a contact answers no registration (G077-02) simply because no row says so. */
#include <string.h>

#include "handlers.h"
#include "message_parts.h"
#include "router.h"

static const struct route_iq routes_iq_table[] = {
    {
        .ns = NS_INFO,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_GATEWAY | ROUTE_CONTACT,
        .handle = disco_handle_info,
        .source = "XEP-0030 §3.1",
    },
    {
        .ns = NS_ITEMS,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_GATEWAY | ROUTE_CONTACT,
        .handle = disco_handle_items,
        .source = "XEP-0030 §4.1",
    },
    {
        .ns = NS_COMMANDS,
        .name = "command",
        .types = ROUTE_SET,
        .targets = ROUTE_GATEWAY,
        .handle = adhoc_handle_set,
        .source = "XEP-0050 §3",
    },
    {
        .ns = NS_BOB,
        .name = "data",
        .types = ROUTE_GET,
        .targets = ROUTE_GATEWAY,
        .handle = bob_handle_get,
        .source = "XEP-0231 §3",
    },
    {
        .ns = NS_REGISTER,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_GATEWAY,
        .handle = register_handle_get,
        .registers = true,
        .source = "XEP-0077 §3.1, XEP-0100 §4.1",
    },
    {
        .ns = NS_REGISTER,
        .name = "query",
        .types = ROUTE_SET,
        .targets = ROUTE_GATEWAY,
        .handle = register_handle_set,
        .registers = true,
        .source = "XEP-0077 §3.1 and §3.2, XEP-0100 §4.1 to §4.3",
    },
    {
        .ns = NS_ROSTER,
        .name = "query",
        .types = ROUTE_SET,
        .targets = ROUTE_GATEWAY,
        .handle = roster_handle_push,
        .source = "XEP-0356 §5.3, RFC 6121 §2.1.6",
    },
    {
        .ns = NS_GATEWAY,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_GATEWAY,
        .handle = gateway_handle_get,
        .source = "XEP-0100 §6",
    },
    {
        .ns = NS_GATEWAY,
        .name = "query",
        .types = ROUTE_SET,
        .targets = ROUTE_GATEWAY,
        .handle = gateway_handle_set,
        .source = "XEP-0100 §6",
    },
    {
        .ns = NS_SEARCH,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_GATEWAY,
        .handle = search_handle_get,
        .source = "XEP-0055 §2.1",
    },
    {
        .ns = NS_SEARCH,
        .name = "query",
        .types = ROUTE_SET,
        .targets = ROUTE_GATEWAY,
        .handle = search_handle_set,
        .source = "XEP-0055 §2.1 and §3",
    },
    {
        .ns = NS_VCARD,
        .name = "vCard",
        .types = ROUTE_GET,
        .targets = ROUTE_GATEWAY | ROUTE_CONTACT,
        .handle = vcard_handle_get,
        .source = "XEP-0054 §3.1 and §3.3",
    },
    {
        .ns = NS_VCARD,
        .name = "vCard",
        .types = ROUTE_SET,
        .targets = ROUTE_GATEWAY | ROUTE_CONTACT,
        .handle = vcard_handle_set,
        .source = "XEP-0054 §3.2",
    },
    {
        .ns = NS_PUBSUB,
        .name = "pubsub",
        .types = ROUTE_GET,
        .targets = ROUTE_CONTACT,
        .handle = pep_handle_get,
        .source = "XEP-0163 §5, XEP-0060 §6.5",
    },
    {
        .ns = NS_PUBSUB,
        .name = "pubsub",
        .types = ROUTE_SET,
        .targets = ROUTE_CONTACT,
        .handle = pep_handle_set,
        .source = "XEP-0060 §7.1.3, G163-06",
    },
    {
        .ns = NS_PUBSUB_OWNER,
        .name = "pubsub",
        .types = ROUTE_GET | ROUTE_SET,
        .targets = ROUTE_CONTACT,
        .handle = pep_handle_set,
        .source = "XEP-0060 §8, G163-06",
    },
    {
        .ns = NS_PING,
        .name = "ping",
        .types = ROUTE_GET,
        .targets = ROUTE_GATEWAY | ROUTE_CONTACT,
        .handle = entity_handle_ping,
        .source = "XEP-0199 §4",
    },
    {
        .ns = NS_VERSION,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_GATEWAY,
        .handle = entity_handle_version,
        .source = "XEP-0092 §2",
    },
    {
        .ns = NS_TIME,
        .name = "time",
        .types = ROUTE_GET,
        .targets = ROUTE_GATEWAY,
        .handle = entity_handle_time,
        .source = "XEP-0202 §2",
    },
    {
        .ns = NS_LAST,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_GATEWAY | ROUTE_CONTACT,
        .handle = entity_handle_last,
        .source = "XEP-0012 §3 to §5",
    },
    {
        .ns = NS_INFO,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_ROOM,
        .handle = muc_handle_info,
        .source = "XEP-0045 §6.4, §6.7 and §17.3.2",
    },
    {
        .ns = NS_INFO,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_OCCUPANT,
        .handle = muc_handle_occupant_info,
        .source = "XEP-0045 §6.6",
    },
    {
        .ns = NS_ITEMS,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_ROOM | ROUTE_OCCUPANT,
        .handle = muc_handle_items,
        .source = "XEP-0045 §6.5 and §6.6",
    },
    {
        .ns = NS_MUC_ADMIN,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_ROOM,
        .handle = muc_handle_admin_get,
        .source = "XEP-0045 §8.5, §9.5 to §9.8, §10.5 and §10.8",
    },
    {
        .ns = NS_MUC_ADMIN,
        .name = "query",
        .types = ROUTE_SET,
        .targets = ROUTE_ROOM,
        .handle = muc_handle_admin_set,
        .source = "XEP-0045 §8.2 to §8.4, §9 and §10.3 to §10.8",
    },
    {
        .ns = NS_MODERATE,
        .name = "moderate",
        .types = ROUTE_SET,
        .targets = ROUTE_ROOM,
        .handle = muc_handle_moderate,
        .source = "XEP-0425 §3",
    },
    {
        .ns = NS_MUC_OWNER,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_ROOM,
        .handle = muc_handle_owner_get,
        .source = "XEP-0045 §10.2",
    },
    {
        .ns = NS_MUC_OWNER,
        .name = "query",
        .types = ROUTE_SET,
        .targets = ROUTE_ROOM,
        .handle = muc_handle_owner_set,
        .source = "XEP-0045 §10.1, §10.2 and §10.9",
    },
    {
        .ns = NS_VCARD,
        .name = "vCard",
        .types = ROUTE_GET,
        .targets = ROUTE_ROOM | ROUTE_OCCUPANT,
        .handle = muc_handle_card,
        .source = "XEP-0486 §3, XEP-0054 §3.3",
    },
    {
        .ns = NS_VCARD,
        .name = "vCard",
        .types = ROUTE_SET,
        .targets = ROUTE_ROOM,
        .handle = muc_handle_card_set,
        .source = "XEP-0486 §3",
    },
    {
        .ns = NS_PING,
        .name = "ping",
        .types = ROUTE_GET,
        .targets = ROUTE_ROOM | ROUTE_OCCUPANT,
        .handle = muc_handle_ping,
        .source = "XEP-0410 §3, XEP-0199 §4",
    },
    {
        .ns = NS_LAST,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_OCCUPANT,
        .handle = muc_handle_last,
        .source = "XEP-0012 §4",
    },
    {
        .ns = NS_MAM,
        .name = "query",
        .types = ROUTE_GET,
        .targets = ROUTE_ROOM,
        .handle = archive_handle_form,
        .source = "XEP-0313 §4.2.5",
    },
    {
        .ns = NS_MAM,
        .name = "query",
        .types = ROUTE_SET,
        .targets = ROUTE_ROOM,
        .handle = archive_handle_query,
        .source = "XEP-0313 §4",
    },
    {
        .ns = NS_MAM,
        .name = "metadata",
        .types = ROUTE_GET,
        .targets = ROUTE_ROOM,
        .handle = archive_handle_metadata,
        .source = "XEP-0313 §5.1",
    },
};

#define ANSWER_ALL (~0ul)
#define ANSWER_UNREGISTERED (1ul << SJ_UNREGISTERED)
#define ANSWER_INVALID (1ul << SJ_INVALID)

/* Types error and result never get here (router.c). */
static const struct route routes_table[] = {
    {
        .kind = 'p',
        .type = "",
        .handle = presence_handle_available,
        .answers = ANSWER_UNREGISTERED,
        .source = "XEP-0100 §4.4, RFC 6121 §4.2, G100-31",
    },
    {
        .kind = 'p',
        .type = "unavailable",
        .handle = presence_handle_unavailable,
        .source = "XEP-0100 §4.5, RFC 6121 §4.5",
    },
    {
        .kind = 'p',
        .type = "probe",
        .handle = presence_handle_probe,
        .source = "RFC 6121 §4.3",
    },
    {
        .kind = 'p',
        .type = "subscribe",
        .handle = presence_handle_subscription,
        .answers = ANSWER_UNREGISTERED,
        .source = "XEP-0100 §4.6, RFC 6121 §3.1",
    },
    {
        .kind = 'p',
        .type = "subscribed",
        .handle = presence_handle_subscription,
        .source = "XEP-0100 §4.1.1 and §5.1, RFC 6121 §3.1",
    },
    {
        .kind = 'p',
        .type = "unsubscribe",
        .handle = presence_handle_subscription,
        .source = "XEP-0100 §4.7, RFC 6121 §3.3",
    },
    {
        .kind = 'p',
        .type = "unsubscribed",
        .handle = presence_handle_subscription,
        .source = "XEP-0100 §4.7, RFC 6121 §3.2",
    },
    {
        .kind = 'p',
        .type = NULL,
        .handle = presence_handle_unknown,
        .answers = ANSWER_INVALID,
        .source = "RFC 6121 §4.7.1, R6121-30",
    },
    {
        .kind = 'm',
        .type = "headline",
        .handle = message_handle_headline,
        .source = "RFC 6121 §5.2.2, R6121-40",
    },
    {
        .kind = 'm',
        .type = "groupchat",
        .handle = message_handle_groupchat,
        .answers = ANSWER_ALL,
        .source = "RFC 6121 §8.5.2.1.1, R6121-40",
    },
    {
        .kind = 'm',
        .type = NULL,
        .handle = message_handle_chat,
        .answers = ANSWER_ALL,
        .source = "XEP-0100 §4.8, RFC 6121 §5.2.2",
    },
};

/* The same for rooms and their occupants. */
static const struct route routes_of_rooms[] = {
    {
        .kind = 'p',
        .type = "",
        .handle = muc_handle_available,
        .answers = ANSWER_ALL,
        .source = "XEP-0045 §7.2, §7.6 and §7.7",
    },
    {
        .kind = 'p',
        .type = "unavailable",
        .handle = muc_handle_unavailable,
        .source = "XEP-0045 §7.14",
    },
    {
        .kind = 'p',
        .type = "subscribe",
        .handle = muc_handle_subscribe,
        .source = "RFC 6121 §3.1.3",
    },
    {
        .kind = 'p',
        .type = "subscribed",
        .handle = muc_handle_ignored,
        .source = "RFC 6121 §3.1.6",
    },
    {
        .kind = 'p',
        .type = "unsubscribe",
        .handle = muc_handle_ignored,
        .source = "RFC 6121 §3.3.3",
    },
    {
        .kind = 'p',
        .type = "unsubscribed",
        .handle = muc_handle_ignored,
        .source = "RFC 6121 §3.2.3",
    },
    {
        .kind = 'p',
        .type = "probe",
        .handle = muc_handle_ignored,
        .source = "XEP-0045 §17.3, G045-67",
    },
    {
        .kind = 'p',
        .type = NULL,
        .handle = presence_handle_unknown,
        .answers = ANSWER_INVALID,
        .source = "RFC 6121 §4.7.1, R6121-30",
    },
    {
        .kind = 'm',
        .type = "headline",
        .handle = muc_handle_ignored,
        .source = "RFC 6121 §5.2.2",
    },
    {
        .kind = 'm',
        .type = "groupchat",
        .handle = muc_handle_groupchat,
        .answers = ANSWER_ALL,
        .source = "XEP-0045 §7.4 and §8.1",
    },
    {
        .kind = 'm',
        .type = NULL,
        .handle = muc_handle_private,
        .answers = ANSWER_ALL,
        .source = "XEP-0045 §7.5, §7.8 and §7.13",
    },
};

/* A contact has no resources (G100-46), so nobody is there to ask (RFC 6121 §8.5.3.2.3). */
static unsigned routes_target(const struct inbound *in)
{
    if (in->room != NULL)
        return in->nick != NULL ? ROUTE_OCCUPANT : ROUTE_ROOM;
    if (in->peer == NULL)
        return ROUTE_GATEWAY;
    return in->to_resource ? 0 : ROUTE_CONTACT;
}

const struct route_iq *routes_find_iq(const struct inbound *in)
{
    unsigned type = strcmp(in->type, "get") == 0 ? ROUTE_GET : ROUTE_SET;
    unsigned target = routes_target(in);
    for (size_t i = 0; i < sizeof routes_iq_table / sizeof *routes_iq_table; i++) {
        const struct route_iq *r = &routes_iq_table[i];
        if ((r->types & type) != 0 && (r->targets & target) != 0 &&
            stanza_is(in->payload, r->name, r->ns))
            return r;
    }
    return NULL;
}

const struct route *routes_find(char kind, const char *type, bool of_room)
{
    const struct route *r = of_room ? routes_of_rooms : routes_table;
    while (r->kind != kind || (r->type != NULL && strcmp(r->type, type) != 0))
        r++;
    return r;
}

const struct route_iq *routes_iq(size_t *n)
{
    *n = sizeof routes_iq_table / sizeof *routes_iq_table;
    return routes_iq_table;
}
