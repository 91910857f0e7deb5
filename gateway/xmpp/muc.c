/* SPDX-License-Identifier: MPL-2.0 */
/* What the files about rooms share: names of affiliations and roles, the elements of muc#user, and
 * who is meant by an address. Source: XEP-0045 §5, §10, §16. */
#include "muc.h"

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "sojourn/memory.h"

static const char *const muc_affiliations[] = {
    [XMPP_AFF_NONE] = "none",   [XMPP_AFF_OUTCAST] = "outcast", [XMPP_AFF_MEMBER] = "member",
    [XMPP_AFF_ADMIN] = "admin", [XMPP_AFF_OWNER] = "owner",
};
static const char *const muc_roles[] = {
    [XMPP_ROLE_NONE] = "none",
    [XMPP_ROLE_VISITOR] = "visitor",
    [XMPP_ROLE_PARTICIPANT] = "participant",
    [XMPP_ROLE_MODERATOR] = "moderator",
};
#define MUC_COUNT(names) ((int)(sizeof(names) / sizeof *(names)))

static int muc_find(const char *const *names, int n, const char *name)
{
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

const char *muc_affiliation_name(int affiliation)
{
    return affiliation >= 0 && affiliation < MUC_COUNT(muc_affiliations)
               ? muc_affiliations[affiliation]
               : NULL;
}

const char *muc_role_name(int role)
{
    return role >= 0 && role < MUC_COUNT(muc_roles) ? muc_roles[role] : NULL;
}

int muc_affiliation_of(const char *name)
{
    return muc_find(muc_affiliations, MUC_COUNT(muc_affiliations), name);
}

int muc_role_of(const char *name)
{
    return muc_find(muc_roles, MUC_COUNT(muc_roles), name);
}

/* ---- reading ---- */

void muc_kept_release(struct muc_kept *kept)
{
    for (size_t i = 0; i < kept->n; i++)
        sj_free(kept->text[i]);
    kept->n = 0;
}

static const char *muc_keep(struct muc_kept *kept, const char *text)
{
    if (kept->n == MUC_KEPT_MAX)
        return NULL;
    return kept->text[kept->n++] = sj_strdup(text);
}

/* An address of the host: a room, an occupant, or a contact. */
static bool muc_person_own(struct inbound *in, const struct jid *jid, struct muc_kept *kept,
                           struct muc_person *out)
{
    struct sj_strbuf id;
    sj_strbuf_init(&id, JID_PART_MAX);
    bool ok = jid->local[0] != '\0' && address_unescape(&id, jid->local) == SJ_OK;
    const char *text = ok ? muc_keep(kept, id.s) : NULL;
    if (text != NULL && in->x->options->hosts[in->host].has_rooms &&
        in->x->in->muc.is_room(in->x->ctx, in->host, text)) {
        out->room = text;
        out->nick = jid->resource[0] != '\0' ? muc_keep(kept, jid->resource) : NULL;
    } else {
        out->peer = text;
    }
    sj_strbuf_release(&id);
    return text != NULL;
}

bool muc_person_read(struct inbound *in, const char *text, struct muc_kept *kept,
                     struct muc_person *out)
{
    struct jid jid;
    *out = (struct muc_person){.peer = NULL};
    if (text == NULL || !jid_parse(&jid, text, in->x->fold))
        return false;
    if (strcmp(jid.domain, in->x->options->hosts[in->host].name) == 0)
        return muc_person_own(in, &jid, kept, out);
    out->jid = muc_keep(kept, jid.bare);
    return out->jid != NULL;
}

enum sj_status muc_read_reason(xmpp_stanza_t *parent, const char *ns, const char **out,
                               struct sj_error *err)
{
    xmpp_stanza_t *reason = stanza_child(parent, "reason", ns);
    const char *text = reason != NULL ? stanza_text(reason) : "";
    *out = text[0] != '\0' ? text : NULL;
    if (strlen(text) > XMPP_ROOM_REASON_MAX)
        return sj_fail(err, SJ_UNACCEPTABLE, "The reason is too long.");
    return SJ_OK;
}

/* ---- writing ---- */

void muc_set_person(struct xmpp *x, unsigned host, xmpp_stanza_t *st, const char *attribute,
                    const char *peer, const char *jid)
{
    struct sj_strbuf address;
    if (peer == NULL) {
        stanza_set(st, attribute, jid);
        return;
    }
    sj_strbuf_init(&address, JID_MAX);
    if (xmpp_peer_jid(x, host, peer, &address))
        stanza_set(st, attribute, address.s);
    sj_strbuf_release(&address);
}

xmpp_stanza_t *muc_add_user(xmpp_stanza_t *st)
{
    return stanza_add(st, "x", NS_MUC_USER);
}

void muc_add_statuses(xmpp_stanza_t *user, uint32_t statuses)
{
    static const struct {
        uint32_t bit;
        const char *code;
    } rows[] = {
        {XMPP_STATUS_NOT_ANONYMOUS, "100"}, {XMPP_STATUS_ABSENT, "101"},
        {XMPP_STATUS_CHANGED, "104"},       {XMPP_STATUS_SELF, "110"},
        {XMPP_STATUS_LOGGED, "170"},        {XMPP_STATUS_NOW_LOGGED, "170"},
        {XMPP_STATUS_NOT_LOGGED, "171"},    {XMPP_STATUS_NOW_NOT_ANONYMOUS, "172"},
        {XMPP_STATUS_NOW_ANONYMOUS, "173"}, {XMPP_STATUS_CREATED, "201"},
        {XMPP_STATUS_NICK_ALTERED, "210"},  {XMPP_STATUS_BANNED, "301"},
        {XMPP_STATUS_RENAMED, "303"},       {XMPP_STATUS_KICKED, "307"},
        {XMPP_STATUS_REMOVED, "321"},       {XMPP_STATUS_NOW_MEMBERS_ONLY, "322"},
        {XMPP_STATUS_CLOSING, "332"},       {XMPP_STATUS_LOST, "333"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((statuses & rows[i].bit) != 0)
            stanza_set(stanza_add(user, "status", NULL), "code", rows[i].code);
}

void muc_add_item(struct xmpp *x, unsigned host, xmpp_stanza_t *parent,
                  const struct xmpp_room_item *i)
{
    xmpp_stanza_t *item = stanza_add(parent, "item", NULL);
    stanza_set(item, "affiliation", muc_affiliation_name(i->affiliation));
    stanza_set(item, "role", muc_role_name(i->role));
    stanza_set(item, "nick", i->nick);
    muc_set_person(x, host, item, "jid", i->peer, i->jid);
    if (i->reason != NULL && i->reason[0] != '\0')
        stanza_add_with_text(item, "reason", i->reason);
}

void muc_finish_error(xmpp_stanza_t *error, const char *room_address_text, const char *type)
{
    stanza_set(error, "by", room_address_text);
    if (type != NULL)
        stanza_set(error, "type", type);
}

void muc_add_uri(struct sj_strbuf *uri, const char *address)
{
    sj_strbuf_adds(uri, "xmpp:");
    for (const unsigned char *p = (const unsigned char *)address; *p != '\0'; p++)
        if (*p > ' ' && *p < 0x7f && strchr("\"#%<>?[\\]^`{|}", *p) == NULL)
            sj_strbuf_addc(uri, (char)*p);
        else
            sj_strbuf_addf(uri, "%%%02X", *p);
}

/* ---- requests ---- */

xmpp_stanza_t *muc_result(struct xmpp *x, xmpp_req req, unsigned *host, enum request_card *kind)
{
    *host = 0;
    *kind = REQUEST_NO_CARD;
    return requests_result(&x->requests, req, host, kind);
}

void muc_answer(struct xmpp *x, xmpp_req req, unsigned host, xmpp_stanza_t *result)
{
    if (room_send_status(x, host, result) == SJ_UNACCEPTABLE) {
        struct sj_error err;
        sj_fail(&err, SJ_LIMIT, "The answer is too large.");
        xmpp_answer(x, req, &err);
        return;
    }
    requests_drop(&x->requests, req);
}
