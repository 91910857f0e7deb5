/* SPDX-License-Identifier: MPL-2.0 */
/* Service discovery of rooms: what one is like, and which there are.
 *
 * A room may have to be asked for on the network first, so its answer comes later. Who is in it is
 * not told here (G045-06), nor what its secrets are: the session room leaves them out. The list of
 * rooms comes in pages (G045-02). Source: XEP-0045 §6.3 to §6.7, §16.5.1, §17.3.2, XEP-0059,
 * XEP-0486 §3. */
#include <stdio.h>
#include <string.h>

#include "disco.h"
#include "form.h"
#include "handlers.h"
#include "message_parts.h"
#include "muc.h"
#include "rsm.h"
#include "sojourn/sha1.h"

#define MUC_NODE_NICK "x-roomuser-item"
#define MUC_NODE_TRAFFIC NS_MUC "#traffic"

enum sj_status muc_handle_info(struct inbound *in, struct sj_error *err)
{
    const char *node = stanza_get(in->payload, "node");
    enum request_card kind = REQUEST_ROOM_INFO;
    if (node != NULL && strcmp(node, MUC_NODE_NICK) == 0)
        kind = REQUEST_ROOM_NICK;
    else if (node != NULL && strcmp(node, MUC_NODE_TRAFFIC) == 0)
        return sj_fail(err, SJ_UNAVAILABLE, "%s", "");       /* G045-09 */
    else if (node != NULL)
        return sj_fail(err, SJ_NOTFOUND, "%s", "");
    enum sj_status status = router_defer_card(in, kind, err);
    if (status != SJ_OK)
        return status;
    return in->x->in->muc.info(in->x->ctx, &in->from, in->peer, in->request, err);
}

/* Empty of a room and of its occupants alike (G045-06). */
enum sj_status muc_handle_items(struct inbound *in, struct sj_error *err)
{
    const char *node = stanza_get(in->payload, "node");
    if (node != NULL)
        return sj_fail(err, SJ_NOTFOUND, "%s", "");
    xmpp_stanza_t *result = router_result(in);
    stanza_add(result, "query", NS_ITEMS);
    router_answer(in, result);
    return SJ_OK;
}

enum sj_status muc_handle_list(struct inbound *in, struct sj_error *err)
{
    struct xmpp_page page;
    enum sj_status status = rsm_read(in->payload, &page, err);
    if (status == SJ_OK)
        status = router_defer(in, false, err);
    if (status != SJ_OK)
        return status;
    return in->x->in->muc.list(in->x->ctx, &in->from, &page, in->request, err);
}

void xmpp_answer_room_list(struct xmpp *x, xmpp_req req, const struct xmpp_room_listed *rooms,
                           size_t n, const struct xmpp_page_out *page)
{
    unsigned host;
    enum request_card kind;
    xmpp_stanza_t *result = muc_result(x, req, &host, &kind);
    if (result == NULL)
        return;
    xmpp_stanza_t *query = stanza_add(result, "query", NS_ITEMS);
    struct sj_strbuf jid;
    sj_strbuf_init(&jid, JID_MAX);
    for (size_t i = 0; i < n; i++) {
        sj_strbuf_reset(&jid);
        if (!room_address(x, host, rooms[i].room, NULL, &jid))
            continue;
        xmpp_stanza_t *item = stanza_add(query, "item", NULL);
        stanza_set(item, "jid", jid.s);
        stanza_set(item, "name", rooms[i].name);
    }
    sj_strbuf_release(&jid);
    if (page != NULL)
        rsm_add_page(query, page);
    muc_answer(x, req, host, result);
}

/* ---- one room ---- */

static void muc_add_identity(xmpp_stanza_t *query, const char *name)
{
    xmpp_stanza_t *identity = stanza_add(query, "identity", NULL);
    stanza_set(identity, "category", "conference");
    stanza_set(identity, "type", "text");
    stanza_set(identity, "name", name);
}

static void muc_add_feature(xmpp_stanza_t *query, const char *feature)
{
    stanza_set(stanza_add(query, "feature", NULL), "var", feature);
}

/* Each flag has a name when it is set and another when it is not (G045-03). */
static void muc_add_pairs(xmpp_stanza_t *query, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *set, *unset;
    } pairs[] = {
        {XMPP_ROOM_SECRET, "muc_hidden", "muc_public"},
        {XMPP_ROOM_MEMBERS_ONLY, "muc_membersonly", "muc_open"},
        {XMPP_ROOM_MODERATED, "muc_moderated", "muc_unmoderated"},
        {XMPP_ROOM_ANONYMOUS, "muc_semianonymous", "muc_nonanonymous"},
        {XMPP_ROOM_PASSWORD, "muc_passwordprotected", "muc_unsecured"},
        {XMPP_ROOM_PERSISTENT, "muc_persistent", "muc_temporary"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        muc_add_feature(query, (flags & pairs[i].flag) != 0 ? pairs[i].set : pairs[i].unset);
}

static void muc_add_features(xmpp_stanza_t *query, const struct xmpp_room_info *r)
{
    static const char *const always[] = {
        NS_INFO, NS_ITEMS, NS_MUC, NS_MUC "#stable_id", NS_MUC "#self-ping-optimization",
        NS_OCCUPANT_ID, NS_SID, NS_PING,
    };
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        muc_add_feature(query, always[i]);
    disco_add_abilities(query, r->features & ~(uint32_t)XMPP_FEATURE_RECEIPTS);   /* G184-06 */
    if ((r->features & XMPP_FEATURE_RETRACT) != 0)
        muc_add_feature(query, NS_MODERATE);
    if (r->has_archive) {                /* G313-01 */
        muc_add_feature(query, NS_MAM);
        muc_add_feature(query, NS_MAM "#extended");
    }
    if (r->has_titles)
        muc_add_feature(query, NS_HATS);
    if (r->avatar != NULL || r->picture_settable)        /* G486-01 */
        muc_add_feature(query, NS_VCARD);
    muc_add_pairs(query, r->flags);
}

static void muc_add_value(xmpp_stanza_t *form, const char *type, const char *var,
                          const char *value)
{
    if (value != NULL)
        form_add_values(form, type, var, &value, 1);
}

static void muc_add_number(xmpp_stanza_t *form, const char *var, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)number);
    if (number >= 0)
        muc_add_value(form, "text-single", var, text);
}

/* G045-05, G486-01. */
static void muc_add_form(xmpp_stanza_t *query, const struct xmpp_room_info *r)
{
    const char *open = (r->flags & XMPP_ROOM_SUBJECT_LOCKED) != 0 ? "0" : "1";
    xmpp_stanza_t *form = form_add_result(query, NS_MUC "#roominfo");
    muc_add_value(form, "text-single", "muc#roominfo_description", r->description);
    muc_add_value(form, "text-single", "muc#roominfo_subject", r->subject);
    muc_add_value(form, "boolean", "muc#roominfo_subjectmod", open);
    muc_add_value(form, "boolean", "muc#roomconfig_changesubject", open);
    muc_add_number(form, "muc#roominfo_occupants", r->occupants);
    muc_add_number(form, "muc#maxhistoryfetch", r->history_max);
    if (r->avatar != NULL) {
        char hex[SJ_SHA1_HEX_SIZE];
        sj_sha1_hex(hex, r->avatar);
        muc_add_value(form, "text-multi", "muc#roominfo_avatarhash", hex);
    }
}

void xmpp_answer_room_info(struct xmpp *x, xmpp_req req, const struct xmpp_room_info *r)
{
    unsigned host;
    enum request_card kind;
    xmpp_stanza_t *result = muc_result(x, req, &host, &kind);
    if (result == NULL)
        return;
    xmpp_stanza_t *query = stanza_add(result, "query", NS_INFO);
    if (kind == REQUEST_ROOM_NICK) {     /* G045-08 */
        stanza_set(query, "node", MUC_NODE_NICK);
        if (r->reserved_nick != NULL)
            muc_add_identity(query, r->reserved_nick);
    } else {
        struct info_forms forms = {.n = 0};
        muc_add_identity(query, r->name != NULL ? r->name : r->room);
        muc_add_features(query, r);
        muc_add_form(query, r);
        info_forms_contact(&forms, &x->options->hosts[host], r->features);
        disco_add_forms(query, forms.form, forms.n);
    }
    muc_answer(x, req, host, result);
}
