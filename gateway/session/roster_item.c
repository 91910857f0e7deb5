/* SPDX-License-Identifier: MPL-2.0 */
/* One item of the user's roster against what we know of the contact.
 *
 * The roster is the user's truth: subscriptions follow it (G356-10, R6121-09), names and groups
 * that the user has given are kept and, where the network keeps names too, told over there. Ours
 * are changed only where they still are ours, and only when they differ (G356-09). What is missing
 * in a roster is never removed over there for that: the roster may just be new. */
#include <string.h>

#include "roster.h"
#include "session.h"
#include "sojourn/strbuf.h"

/* ---- subscriptions ---- */

static void item_repair(struct session *s, struct contact *c, const struct xmpp_roster_item *item)
{
    bool to = item->sub == XMPP_ROSTER_TO || item->sub == XMPP_ROSTER_BOTH;
    bool from = item->sub == XMPP_ROSTER_FROM || item->sub == XMPP_ROSTER_BOTH;
    bool had = c->to;

    if (from && c->asked_in)
        contact_granted(s, c);
    if (c->from != from || !c->suggested)
        contact_changed(c);
    c->from = from;
    c->suggested = true;                 /* it is there: never to be offered (G144-11) */
    if (to && !had && contact_adopt(s, c->id)) {
        c->asked_out = false;
        c->asked = c->asked || c->created;   /* who unsubscribes later is not asked again */
        if (s->announced && c->has_presence)
            contact_send_presence(s, c, s->user, NULL);
    } else if (item->asks && !c->asked_out) {
        contact_wanted(s, c->id);        /* the request was lost, or our answer is on its way */
    } else if (!to && had) {
        c->to = c->shown = false;
        contact_changed(c);
    }
}

/* ---- names and groups ---- */

/* Tells the network how the user calls the contact, or where it stands; NULL: unchanged. */
static void item_tell_network(struct session *s, struct contact *c, const char *name,
                              const char *group)
{
    const struct sj_backend *b = s->network->backend;
    struct sj_error err = {.status = SJ_OK};

    if (!(b->caps & SJ_CAP_CONTACT_NAMES) || s->state != SESSION_ONLINE || !c->listed)
        return;
    if (b->contact_name(s->link, c->id, name, group, 0, &err) != SJ_OK)
        sj_log_debug(&s->log, "name of a contact not passed on peer=%s cause=%s", SJ_CLIP(c->id),
                     SJ_CLIP(err.text));
}

/* Puts the name that the item should have into out; true: it has another. */
static bool item_take_name(struct session *s, struct contact *c, struct xmpp_roster_item *out)
{
    const char *name = out->name ? out->name : "";
    const char *net = c->name ? c->name : "";
    const char *told = contact_told_name(c);

    if (strcmp(name, net) == 0) {
        c->named = false;
        contact_tell_name(c, name);
        return false;
    }
    if (*name == '\0' || (told && strcmp(name, told) == 0 && !c->named)) {
        out->name = net;
        return *net != '\0';
    }
    if (!told && *net == '\0')
        return false;                    /* the network has not told its name for it yet */
    if (told && strcmp(name, told) == 0)
        return false;
    c->named = true;
    contact_tell_name(c, name);
    contact_changed(c);
    item_tell_network(s, c, name, NULL);
    return false;
}

/* The same for the group. Several are the user's own. */
static bool item_take_group(struct session *s, struct contact *c, struct xmpp_roster_item *out)
{
    const char *group = out->n_groups ? out->group[0] : "";
    const char *net = c->group ? c->group : "";
    const char *told = contact_told_group(c);
    bool ours = told ? strcmp(group, told) == 0 : *group == '\0';

    if (out->n_groups > 1)
        return false;
    if (strcmp(group, net) == 0) {
        contact_tell_group(c, group);
        return false;
    }
    if (ours && c->group) {
        out->n_groups = *net ? 1 : 0;
        out->group[0] = net;
        return true;
    }
    if (!ours && (told || c->group))
        item_tell_network(s, c, NULL, group);
    return false;
}

static void item_compare(struct session *s, struct contact *c,
                         const struct xmpp_roster_item *item, enum contact_writes how)
{
    struct xmpp_roster_item out = *item;
    bool told = contact_is_told(c);
    bool change;

    if (item->cut)
        return;                          /* what we did not see cannot be kept */
    if (c->unsure) {
        contact_tell_name(c, item->name ? item->name : "");
        c->unsure = c->named = false;
    }
    out.peer = c->id;
    change = item_take_name(s, c, &out);
    change = item_take_group(s, c, &out) || change;
    if (!told && contact_is_told(c))
        contact_changed(c);
    if ((!change && how == CONTACT_WRITES_CHANGE) || !roster_is_writable(s))
        return;
    if (!roster_write(s, c, &out, how)) {
        roster_later(s);
        return;
    }
    contact_tell_name(c, out.name ? out.name : "");
    if (out.n_groups <= 1)
        contact_tell_group(c, out.n_groups ? out.group[0] : "");
}

/* ---- items ---- */

static struct contact *item_contact(struct session *s, const struct xmpp_roster_item *item)
{
    bool to = item->sub == XMPP_ROSTER_TO || item->sub == XMPP_ROSTER_BOTH;
    struct sj_error err = {.status = SJ_OK};
    struct contact *c = NULL;
    struct sj_strbuf id;

    sj_strbuf_init(&id, SJ_ID_MAX);
    if (session_canon(s, item->peer, &id, &err) == SJ_OK) {
        c = contact_find(s, id.s);
        if (!c && to)
            c = contact_adopt(s, id.s);
        else if (!c && item->asks)
            contact_wanted(s, id.s);
        if (!c)
            c = contact_find(s, id.s);
    }
    sj_strbuf_release(&id);
    return c;
}

void roster_take_item(struct session *s, const struct xmpp_roster_item *item)
{
    struct contact *c = roster_moved(s, item->peer);

    if (c) {
        item_compare(s, c, item, CONTACT_WRITES_NEW);
        return;
    }
    c = item_contact(s, item);
    if (!c || c->writing != CONTACT_WRITES_NOTHING)
        return;                          /* it is looked at again when that is through */
    c->in_roster = true;
    item_repair(s, c, item);
    c = item_contact(s, item);           /* a refusal may have ended it */
    if (c)
        item_compare(s, c, item, CONTACT_WRITES_CHANGE);
}

void roster_take_removal(struct session *s, const struct xmpp_roster_item *item)
{
    struct contact *c = item_contact(s, item);

    if (c)
        contact_removed(s, c);
}

void roster_take_missing(struct session *s)
{
    const struct sj_backend *b = s->network->backend;
    struct sj_error err = {.status = SJ_OK};
    struct contact *c;
    uint32_t at = 0;

    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        bool held = c->to || c->from || c->asked_out;
        if (c->in_roster || c->writing != CONTACT_WRITES_NOTHING || !held)
            continue;
        c->to = c->from = c->asked_out = c->shown = false;
        c->suggested = true;
        contact_changed(c);
        /* Where the list is ours alone, it need not be watched any more. */
        if ((b->caps & SJ_CAP_CONTACTS) && !(b->caps & SJ_CAP_CONTACT_LIST) &&
            s->state == SESSION_ONLINE)
            (void)b->contact_remove(s->link, c->id, 0, &err);
        contact_drop_unused(c);
    }
}
