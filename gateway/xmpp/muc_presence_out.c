/* SPDX-License-Identifier: MPL-2.0 */
/* Presence of occupants to the clients in a room, and what joins are refused with.
 *
 * Every presence of a room says affiliation and role (G045-14, G045-63) and who the occupant is by
 * its occupant id (G421-01). In which order and to whom is the session room's business.
 * Source: XEP-0045 §7.1 to §7.7, §8.2, §10.9, XEP-0317 §3, XEP-0421 §3. */
#include <string.h>

#include "muc.h"

static void muc_add_actor(xmpp_stanza_t *item, const char *actor, const char *reason)
{
    if (actor != NULL)
        stanza_set(stanza_add(item, "actor", NULL), "nick", actor);
    if (reason != NULL && reason[0] != '\0')
        stanza_add_with_text(item, "reason", reason);
}

static void muc_add_occupant_item(struct xmpp *x, unsigned host, xmpp_stanza_t *user,
                                  const struct xmpp_occupant_out *o)
{
    bool renamed = (o->statuses & XMPP_STATUS_RENAMED) != 0;
    xmpp_stanza_t *item = stanza_add(user, "item", NULL);
    stanza_set(item, "affiliation", muc_affiliation_name((int)o->affiliation));
    stanza_set(item, "role", muc_role_name((int)o->role));
    muc_set_person(x, host, item, "jid", o->peer, o->jid);
    if (renamed)
        stanza_set(item, "nick", o->new_nick);
    if (!o->closed)
        muc_add_actor(item, o->actor, o->reason);
}

/* Marks of rank need a URI each; the words are the only name that a network gives them. */
static void muc_add_titles(struct xmpp *x, unsigned host, xmpp_stanza_t *st,
                           const struct xmpp_occupant_out *o)
{
    struct sj_strbuf uri;
    if (o->n_titles == 0)
        return;
    xmpp_stanza_t *hats = stanza_add(st, "hats", NS_HATS);
    for (size_t i = 0; i < o->n_titles && i < XMPP_TITLES_MAX; i++) {
        sj_strbuf_init(&uri, JID_MAX);
        sj_strbuf_addf(&uri, "xmpp:%s#", x->options->hosts[host].name);
        for (const unsigned char *p = (const unsigned char *)o->titles[i]; *p != '\0'; p++)
            if (*p > ' ' && *p < 0x7f && strchr("\"#%<>[\\]^`{|}", *p) == NULL)
                sj_strbuf_addc(&uri, (char)*p);
            else
                sj_strbuf_addf(&uri, "%%%02X", *p);
        xmpp_stanza_t *hat = stanza_add(hats, "hat", NULL);
        stanza_set(hat, "uri", uri.s);
        stanza_set(hat, "title", o->titles[i]);
        sj_strbuf_release(&uri);
    }
}

bool xmpp_send_occupant(struct xmpp *x, unsigned host, const struct xmpp_occupant_out *o)
{
    bool available = o->show != XMPP_OFFLINE;
    xmpp_stanza_t *st = room_stanza_of(x, host, "presence", available ? NULL : "unavailable",
                                       o->room, o->nick, o->to, o->id);
    if (st == NULL)
        return false;
    if (available && o->show != XMPP_ONLINE)
        stanza_add_with_text(st, "show", presence_show_name(o->show));
    if (o->status != NULL && o->status[0] != '\0')
        stanza_add_with_text(st, "status", o->status);
    xmpp_stanza_t *user = muc_add_user(st);
    muc_add_occupant_item(x, host, user, o);
    muc_add_statuses(user, o->statuses);
    if (o->closed) {
        xmpp_stanza_t *destroy = stanza_add(user, "destroy", NULL);
        if (o->reason != NULL && o->reason[0] != '\0')
            stanza_add_with_text(destroy, "reason", o->reason);
    }
    occupant_id_add(x, host, st, o->room, o->nick, o->account);
    if (available) {
        muc_add_titles(x, host, st, o);
        if (o->picture.state != XMPP_PICTURE_UNKNOWN)
            presence_add_picture(st, &o->picture);
    }
    return room_send(x, host, st);
}

/* nick: as the client wrote it, so it can be part of an address whatever it is. */
static xmpp_stanza_t *muc_error_new(struct xmpp *x, unsigned host, const char *name,
                                    const char *room, const char *nick, const char *to,
                                    const char *id)
{
    struct sj_strbuf from;
    xmpp_stanza_t *st = room_stanza_of(x, host, name, "error", room, NULL, to, id);
    if (st == NULL)
        return NULL;
    if (id == NULL)
        xmpp_stanza_del_attribute(st, "id");
    if (nick != NULL) {
        sj_strbuf_init(&from, JID_MAX);
        sj_strbuf_addf(&from, "%s/%s", stanza_get(st, "from"), nick);
        stanza_set(st, "from", from.s);
        sj_strbuf_release(&from);
    }
    return st;
}

static void muc_add_error(struct xmpp *x, unsigned host, xmpp_stanza_t *st, const char *room,
                          const struct sj_error *err, bool joins, bool nick)
{
    struct sj_strbuf by;
    bool full = joins && err->status == SJ_LIMIT;
    bool cancels = nick && err->status == SJ_UNACCEPTABLE;       /* another nick must be used */
    sj_strbuf_init(&by, JID_MAX);
    room_address(x, host, room, NULL, &by);
    stanza_add_error(st, full ? STANZA_SERVICE_UNAVAILABLE : stanza_condition_of(err->status), err,
                     false);
    muc_finish_error(xmpp_stanza_get_child_by_name(st, "error"), by.s,
                     full ? "wait" : cancels ? "cancel" : NULL);
    sj_strbuf_release(&by);
}

bool xmpp_send_room_error(struct xmpp *x, unsigned host, const char *room, const char *nick,
                          const char *to, const char *id, bool joins, const struct sj_error *err)
{
    xmpp_stanza_t *st = muc_error_new(x, host, "presence", room, nick, to, id);
    if (st == NULL)
        return false;
    if (joins)
        stanza_add(st, "x", NS_MUC);
    muc_add_error(x, host, st, room, err, joins, true);
    return room_send(x, host, st);
}

bool xmpp_send_room_message_error(struct xmpp *x, unsigned host, const char *room,
                                  const char *nick, const char *to, const char *id,
                                  const struct sj_error *err)
{
    xmpp_stanza_t *st = muc_error_new(x, host, "message", room, nick, to, id);
    if (st == NULL)
        return false;
    muc_add_error(x, host, st, room, err, false, false);
    return room_send_kept(x, host, st, true);
}
