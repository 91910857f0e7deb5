/* SPDX-License-Identifier: MPL-2.0 */
/* Lists of roles and affiliations, and requests to change them.
 *
 * What can be seen from the request alone is checked here: both things in one item (G045-74), none,
 * names that are no names, too many. Who may do what to whom is the session room's business
 * (G045-75, G045-78). Affiliations name bare addresses; a resource that stands there is cut off
 * (G045-71), and an address in the room means its occupant. Source: XEP-0045 §8 to §10. */
#include <string.h>

#include "handlers.h"
#include "message_parts.h"
#include "muc.h"

/* Exactly one of the two must be there (G045-74). */
static enum sj_status admin_read_names(xmpp_stanza_t *item, int *affiliation, int *role,
                                       struct sj_error *err)
{
    const char *affiliation_name = stanza_get(item, "affiliation");
    const char *role_name = stanza_get(item, "role");
    *affiliation = affiliation_name != NULL ? muc_affiliation_of(affiliation_name) : -1;
    *role = role_name != NULL ? muc_role_of(role_name) : -1;
    if (affiliation_name != NULL && *affiliation < 0)
        return sj_fail(err, SJ_INVALID, "There is no such affiliation.");
    if (role_name != NULL && *role < 0)
        return sj_fail(err, SJ_INVALID, "There is no such role.");
    if ((*affiliation < 0) == (*role < 0))
        return sj_fail(err, SJ_INVALID, "Say either a role or an affiliation.");
    return SJ_OK;
}

static xmpp_stanza_t *admin_next_item(xmpp_stanza_t *node)
{
    while (node != NULL && !stanza_is(node, "item", NS_MUC_ADMIN))
        node = stanza_next(node);
    return node;
}

enum sj_status muc_handle_admin_get(struct inbound *in, struct sj_error *err)
{
    xmpp_stanza_t *item = admin_next_item(stanza_first(in->payload));
    int affiliation = -1;
    int role = -1;
    if (item == NULL || admin_next_item(stanza_next(item)) != NULL)
        return sj_fail(err, SJ_INVALID, "Ask for one list at a time.");
    enum sj_status status = admin_read_names(item, &affiliation, &role, err);
    if (status == SJ_OK)
        status = router_defer(in, false, err);
    if (status != SJ_OK)
        return status;
    return in->x->in->muc.admin_get(in->x->ctx, &in->from, in->peer, affiliation, role,
                                    in->request, err);
}

/* Whom an affiliation is for. */
static enum sj_status admin_read_person(struct inbound *in, xmpp_stanza_t *item,
                                        struct muc_kept *kept, struct xmpp_room_item *out,
                                        struct sj_error *err)
{
    struct muc_person who;
    const char *jid = stanza_get(item, "jid");
    if (jid == NULL)
        return SJ_OK;
    if (!muc_person_read(in, jid, kept, &who))
        return router_fail(in, STANZA_JID_MALFORMED, err, "This is not an address.");
    if (who.room != NULL) {
        if (strcmp(who.room, in->peer) != 0 || who.nick == NULL)
            return router_fail(in, STANZA_JID_MALFORMED, err, "This is the address of a room.");
        out->nick = who.nick;
    }
    out->peer = who.peer;
    out->jid = who.jid;
    return SJ_OK;
}

static enum sj_status admin_read_item(struct inbound *in, xmpp_stanza_t *item,
                                      struct muc_kept *kept, struct xmpp_room_item *out,
                                      struct sj_error *err)
{
    *out = (struct xmpp_room_item){.nick = stanza_get(item, "nick")};
    enum sj_status status = admin_read_names(item, &out->affiliation, &out->role, err);
    if (status == SJ_OK)
        status = muc_read_reason(item, NS_MUC_ADMIN, &out->reason, err);
    if (status == SJ_OK)
        status = admin_read_person(in, item, kept, out, err);
    if (status != SJ_OK)
        return status;
    if (out->nick != NULL && (out->nick[0] == '\0' || strlen(out->nick) > XMPP_NICK_MAX))
        return sj_fail(err, SJ_NOTFOUND, "Nobody here has this nickname.");
    if (out->role >= 0)
        out->peer = out->jid = NULL;     /* roles are occupants' */
    if (out->nick == NULL && out->peer == NULL && out->jid == NULL)
        return sj_fail(err, SJ_INVALID, "Say whom you mean.");
    return SJ_OK;
}

static enum sj_status admin_read_all(struct inbound *in, struct muc_kept *kept,
                                     struct xmpp_room_item items[XMPP_ROOM_ITEMS_MAX], size_t *n,
                                     struct sj_error *err)
{
    xmpp_stanza_t *item = admin_next_item(stanza_first(in->payload));
    *n = 0;
    if (item == NULL)
        return sj_fail(err, SJ_INVALID, "There is nothing to change.");
    for (; item != NULL; item = admin_next_item(stanza_next(item))) {
        if (*n == XMPP_ROOM_ITEMS_MAX)
            return sj_fail(err, SJ_UNACCEPTABLE, "At most %u changes fit one request.",
                           XMPP_ROOM_ITEMS_MAX);
        enum sj_status status = admin_read_item(in, item, kept, &items[(*n)++], err);
        if (status != SJ_OK)
            return status;
    }
    return SJ_OK;
}

enum sj_status muc_handle_admin_set(struct inbound *in, struct sj_error *err)
{
    struct xmpp_room_item items[XMPP_ROOM_ITEMS_MAX];
    struct muc_kept kept = {.n = 0};
    size_t n = 0;
    enum sj_status status = admin_read_all(in, &kept, items, &n, err);
    if (status == SJ_OK)
        status = router_defer(in, false, err);
    if (status == SJ_OK)
        status = in->x->in->muc.admin_set(in->x->ctx, &in->from, in->peer, items, n, in->request,
                                          err);
    muc_kept_release(&kept);
    return status;
}

/* G425-01. */
enum sj_status muc_handle_moderate(struct inbound *in, struct sj_error *err)
{
    const char *target = stanza_get(in->payload, "id");
    const char *reason = NULL;
    if (target == NULL || target[0] == '\0' || strlen(target) > SJ_ID_MAX ||
        stanza_child(in->payload, "retract", NS_RETRACT) == NULL)
        return sj_fail(err, SJ_INVALID, "Say which message is to be taken back.");
    enum sj_status status = muc_read_reason(in->payload, NS_MODERATE, &reason, err);
    if (status == SJ_OK)
        status = router_defer(in, false, err);
    if (status != SJ_OK)
        return status;
    return in->x->in->muc.moderate(in->x->ctx, &in->from, in->peer, target, reason, in->request,
                                   err);
}

void xmpp_answer_room_items(struct xmpp *x, xmpp_req req, const struct xmpp_room_item *items,
                            size_t n)
{
    unsigned host;
    enum request_card kind;
    xmpp_stanza_t *result = muc_result(x, req, &host, &kind);
    if (result == NULL)
        return;
    xmpp_stanza_t *query = stanza_add(result, "query", NS_MUC_ADMIN);
    for (size_t i = 0; i < n; i++)
        muc_add_item(x, host, query, &items[i]);
    muc_answer(x, req, host, result);
}
