/* SPDX-License-Identifier: MPL-2.0 */
/* Contacts: people with whom the user has a chat. Who was invited to one has been asked, who joins
 * it has consented; an invitation of theirs to a chat asks for the user's consent.
 *
 * The gateway may forget and change things in any call of the host, so nothing is used behind one
 * that was not looked up anew. Making and leaving chats is mx_chat.c.
 * Source: Matrix client-server API, "Direct messaging", "Presence". */
#include "mx_contact.h"

#include <string.h>

#include "mx_id.h"
#include "mx_json.h"
#include "mx_media.h"
#include "mx_room.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

struct mx_contact *mx_contact_find(const struct mx_link *l, const char *id)
{
    return sj_map_find(&l->contacts, id);
}

static void contact_name(struct sj_strbuf *out, const char *user)
{
    sj_strbuf_init(out, SJ_ID_MAX);
    mx_id_encode(out, user);
}

struct mx_contact *mx_contact_find_user(const struct mx_link *l, const char *user)
{
    struct sj_strbuf id;
    contact_name(&id, user);
    struct mx_contact *c = mx_contact_find(l, id.s);
    sj_strbuf_release(&id);
    return c;
}

struct mx_contact *mx_contact_add(struct mx_link *l, const char *user)
{
    struct mx_contact *c = mx_id_is_user(user) ? mx_contact_find_user(l, user) : NULL;
    struct sj_strbuf id;
    if (c || !mx_id_is_user(user) || strcmp(user, l->user) == 0 ||
        l->n_contacts >= MX_CONTACTS_MAX)
        return c;
    contact_name(&id, user);
    c = sj_calloc(1, sizeof *c + id.len + 1);
    memcpy(c->id, id.s, id.len + 1);
    c->user = sj_strdup(user);
    sj_map_put(&l->contacts, c->id, c);
    l->n_contacts++;
    sj_strbuf_release(&id);
    return c;
}

void mx_contacts_release(struct mx_link *l)
{
    uint32_t at = 0;
    for (struct mx_contact *c; (c = sj_map_next(&l->contacts, &at));) {
        sj_free(c->user);
        sj_free(c->name);
        sj_free(c->status);
        sj_free(c->invite);
        sj_free(c);
    }
    sj_map_release(&l->contacts);
    l->n_contacts = 0;
}

/* ---- telling ---- */

static struct mx_link *contact_link(const struct mx_contact *c)
{
    return c->room ? c->room->link : NULL;
}

/* The network's id of its picture: where it lies. "": none; NULL: not known. */
static const char *contact_avatar(const struct mx_contact *c)
{
    const struct mx_member *m = mx_member_find(c->room, c->user);
    if (!m)
        return NULL;
    return mx_mxc_or_none(m->avatar);
}

void mx_contact_tell(struct mx_contact *c)
{
    struct mx_link *l = contact_link(c);
    bool consents = c->room && mx_room_partner(c->room) == MX_JOINED;
    if (!l || !mx_link_is_up(l))
        return;
    c->listed = c->listed || consents;
    c->asked = !c->listed;
    if (!c->listed)
        return;
    const struct sj_contact told = {
        .id = c->id,
        .name = c->name,
        .avatar = contact_avatar(c),
        .status = c->has_presence ? c->status : NULL,
        /* A server that tells of nobody's presence: who is in the list can be written to. */
        .show = c->has_presence ? (enum sj_show)c->show
                : l->has_presence ? SJ_SHOW_OFFLINE : SJ_SHOW_ONLINE,
        .idle_since = c->idle_since,
        .lacks = c->room->encrypted ? (uint32_t)SJ_CAPS_OF_CONTACT : 0,
        .listed = true,
        .has_presence = l->synced || c->has_presence,
        .has_lacks = true,
    };
    l->base.host->contact(&l->base, &told);
}

void mx_contacts_listed(struct mx_link *l)
{
    uint32_t at = 0;
    for (struct mx_contact *c; mx_link_is_up(l) && (c = sj_map_next(&l->contacts, &at));) {
        if (c->listed)
            mx_contact_tell(c);          /* now it is known whether there is presence */
    }
    if (mx_link_is_up(l))
        l->base.host->list_told(&l->base);
}

static bool contact_prefers(const struct mx_room *a, const struct mx_room *b)
{
    bool a_in = mx_room_partner(a) == MX_JOINED, b_in = mx_room_partner(b) == MX_JOINED;
    if (a_in != b_in)
        return a_in;
    if (a->encrypted != b->encrypted)
        return !a->encrypted;            /* one that can be written in */
    return a->active_ms > b->active_ms;
}

void mx_contact_gains(struct mx_contact *c, struct mx_room *r)
{
    c->n_rooms++;
    if (!c->room || contact_prefers(r, c->room))
        c->room = r;
    mx_contact_tell(c);
}

/* The best of the chats that are left. */
static struct mx_room *contact_best_room(const struct mx_link *l, const struct mx_contact *c)
{
    struct mx_room *best = NULL;
    uint32_t at = 0;
    for (struct mx_room *r; (r = sj_map_next(&l->rooms, &at));) {
        if (r->kind == MX_KIND_CHAT && r->contact == c && (!best || contact_prefers(r, best)))
            best = r;
    }
    return best;
}

void mx_contact_loses(struct mx_contact *c, struct mx_room *r)
{
    struct mx_link *l = r->link;
    bool known = c->listed || c->asked;
    struct sj_error why;
    if (c->n_rooms > 0)
        c->n_rooms--;
    if (c->room != r)
        return;
    c->room = contact_best_room(l, c);
    if (c->room || !known)
        return;
    sj_fail(&why, SJ_DENIED, "%s", c->asked ? N_("refused, or left the conversation") : "");
    c->listed = c->asked = false;
    if (mx_link_is_up(l))
        l->base.host->contact_gone(&l->base, c->id, *why.text ? &why : NULL);
}

/* ---- presence ---- */

void mx_contact_presence(struct mx_link *l, struct json_object *event)
{
    struct json_object *content = mx_json_object(event, "content");
    const char *sender = mx_json_text(event, "sender", MX_ID_MAX);
    const char *presence = mx_json_text(content, "presence", MX_ID_MAX);
    const char *status = mx_json_text(content, "status_msg", SJ_BODY_MAX);
    struct mx_contact *c = sender && mx_id_is_user(sender) ? mx_contact_find_user(l, sender) : NULL;
    struct sj_strbuf clean;
    int64_t ago_ms = 0;
    if (!presence)
        return;
    l->has_presence = true;
    if (!c && sender && !l->synced)
        c = mx_contact_add(l, sender);   /* its chat is told later in the same answer */
    if (!c)
        return;
    bool active = mx_json_is_true(content, "currently_active");
    bool dated = mx_json_int(content, "last_active_ago", 0, INT64_MAX / 4, &ago_ms);
    int64_t utc_ms = sj_loop_utc_ms(l->base.loop);
    c->has_presence = true;
    c->show = strcmp(presence, "online") == 0        ? SJ_SHOW_ONLINE
              : strcmp(presence, "unavailable") == 0 ? SJ_SHOW_AWAY
                                                     : SJ_SHOW_OFFLINE;
    c->idle_since = !active && dated && ago_ms > 0 && ago_ms < utc_ms ? utc_ms - ago_ms : 0;
    sj_strbuf_init(&clean, SJ_STATUS_MAX);
    if (status)
        mx_text_clean(&clean, status, SJ_STATUS_MAX, true);
    mx_set(&c->status, clean.len ? clean.s : NULL);
    sj_strbuf_release(&clean);
    if (c->listed)
        mx_contact_tell(c);
}

/* ---- invitations ---- */

void mx_contact_invited(struct mx_link *l, const char *room, const char *user, const char *name)
{
    struct mx_contact *c = mx_contact_add(l, user);
    struct sj_strbuf clean;
    if (!c || (c->invite && strcmp(c->invite, room) == 0))
        return;
    mx_set(&c->invite, room);
    sj_strbuf_init(&clean, SJ_NAME_MAX);
    if (name)
        mx_text_clean(&clean, name, SJ_NAME_MAX, false);
    l->base.host->contact_request(&l->base, c->id, clean.len ? clean.s : NULL, NULL);
    sj_strbuf_release(&clean);
}

void mx_contact_uninvited(struct mx_link *l, const char *room)
{
    uint32_t at = 0;
    for (struct mx_contact *c; (c = sj_map_next(&l->contacts, &at));) {
        if (c->invite && strcmp(c->invite, room) == 0)
            mx_set(&c->invite, NULL);
    }
}
