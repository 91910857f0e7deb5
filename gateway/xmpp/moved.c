/* SPDX-License-Identifier: MPL-2.0 */
/* Addresses that users bring along from another gateway, with the name of the network in them: who
 * joins, writes to, adds, probes or asks one is told the address that it has here.
 *
 * Which ids have that form, and what they stand for, only the networks know; here they become a
 * URI. The old address is gone for good, so the condition is <gone/>, not <redirect/>, which is for
 * a time; clients offer the new one when a room answers so. No session is needed, and nothing of
 * the user is told by it. Other stanzas to such an address are dropped.
 * Source: RFC 6120 §8.3.3.5, §8.3.3.14; RFC 6121 §4.3.2; RFC 5122 §2.2. */
#include <string.h>

#include "component.h"
#include "muc.h"
#include "router.h"

/* Presence that is merely broadcast is not answered: nobody waits for that, and it comes again. */
static bool moved_wants_answer(const struct inbound *in, char kind)
{
    const char *type = in->type;
    if (kind == 'p')
        return strcmp(type, "subscribe") == 0 || strcmp(type, "probe") == 0 ||
               (type[0] == '\0' && (in->room != NULL || in->joins));
    return strcmp(type, "error") != 0 && strcmp(type, "result") != 0;
}

static bool moved_address(struct inbound *in, unsigned host, const char *id,
                          struct sj_strbuf *address)
{
    if (id[0] != '\0')
        return xmpp_peer_jid(in->x, host, id, address);
    sj_strbuf_adds(address, in->x->options->hosts[host].name);
    return true;
}

static void moved_answer(struct inbound *in, const char *address)
{
    struct sj_error words;
    struct sj_strbuf uri;
    sj_strbuf_init(&uri, MUC_URI_MAX);
    muc_add_uri(&uri, address);
    sj_fail(&words, SJ_NOTFOUND, "This is an address of another gateway; here it is %s.", address);
    in->moved_to = uri.s;
    router_refuse(in, STANZA_GONE, &words);
    in->moved_to = NULL;
    sj_strbuf_release(&uri);
}

static void moved_answer_nowhere(struct inbound *in)
{
    struct sj_error words;
    sj_fail(&words, SJ_NOTFOUND, "This is an address of another gateway, of a network that this "
                                 "one does not have. Ask its administrators for it.");
    router_refuse(in, STANZA_ITEM_NOT_FOUND, &words);
}

bool moved_handle(struct inbound *in, char kind)
{
    const char *marks = in->x->options->hosts[in->host].moved_marks;
    if (marks == NULL || in->peer == NULL || strpbrk(in->peer, marks) == NULL)
        return false;
    struct sj_strbuf id;
    struct sj_strbuf address;
    unsigned host = in->host;
    sj_strbuf_init(&id, JID_PART_MAX);
    sj_strbuf_init(&address, JID_MAX);
    enum xmpp_moved moved = in->x->in->moved(in->x->ctx, in->peer, &host, &id);
    if (moved != XMPP_MOVED_NOT) {
        in->joins = kind == 'p' && stanza_child(in->stanza, "x", NS_MUC) != NULL;
        if (!moved_wants_answer(in, kind))
            room_log_drop(in->x, "stanza to an address of another gateway", in->from.full, in->to);
        else if (moved == XMPP_MOVED_TO && moved_address(in, host, id.s, &address))
            moved_answer(in, address.s);
        else
            moved_answer_nowhere(in);
    }
    sj_strbuf_release(&address);
    sj_strbuf_release(&id);
    return moved != XMPP_MOVED_NOT;
}
