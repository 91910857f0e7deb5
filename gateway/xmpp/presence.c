/* SPDX-License-Identifier: MPL-2.0 */
/* Presence and subscriptions, both ways.
 *
 * Reads what users send into plain structs, and builds what the gateway and its contacts send. Who
 * may see whom is the session room's business, as is every state (RFC 6121 appendix A). Available
 * presence carries capabilities (G115-01), that of contacts the avatar element (G153-01).
 * Source: RFC 6121 §3 and §4, XEP-0100 §4 and §5, XEP-0153 §3.1, XEP-0172 §4.2. */
#include <string.h>

#include "datetime.h"
#include "disco.h"
#include "handlers.h"
#include "muc.h"
#include "sojourn/sha1.h"

static const char *const presence_shows[] = {
    [XMPP_CHAT] = "chat",
    [XMPP_AWAY] = "away",
    [XMPP_XA] = "xa",
    [XMPP_DND] = "dnd",
};


static const char *const presence_subs[] = {
    [XMPP_SUBSCRIBE] = "subscribe",
    [XMPP_SUBSCRIBED] = "subscribed",
    [XMPP_UNSUBSCRIBE] = "unsubscribe",
    [XMPP_UNSUBSCRIBED] = "unsubscribed",
};

/* ---- in ---- */

static const char *presence_text(struct inbound *in, const char *name)
{
    xmpp_stanza_t *child = stanza_child_in(in->stanza, name, in->from.lang);
    return child != NULL ? stanza_text(child) : NULL;
}

enum xmpp_show presence_show_of(const char *text)
{
    for (size_t i = XMPP_CHAT; i < sizeof presence_shows / sizeof *presence_shows; i++)
        if (text != NULL && strcmp(text, presence_shows[i]) == 0)
            return (enum xmpp_show)i;
    return XMPP_ONLINE;
}

/* G115-09: other hashes than SHA-1 are not reckoned here. */
static bool presence_read_caps(xmpp_stanza_t *st, struct xmpp_caps_in *out)
{
    xmpp_stanza_t *c = stanza_child(st, "c", NS_CAPS);
    const char *hash = c != NULL ? stanza_get(c, "hash") : NULL;
    if (hash == NULL || strcmp(hash, "sha-1") != 0)
        return false;
    out->node = stanza_get(c, "node");
    out->ver = stanza_get(c, "ver");
    return out->node != NULL && strlen(out->node) <= XMPP_CAPS_NODE_MAX && out->ver != NULL &&
           strlen(out->ver) == CAPS_VER_LEN;
}

/* What the user's client, or server, says of the user's picture (XEP-0153 §3.1). NULL: nothing. */
static const char *presence_picture(xmpp_stanza_t *st)
{
    xmpp_stanza_t *x = stanza_child(st, "x", NS_VCARD_UPDATE);
    xmpp_stanza_t *photo = x != NULL ? stanza_child(x, "photo", NS_VCARD_UPDATE) : NULL;
    return photo != NULL ? stanza_text(photo) : NULL;
}

/* G319-01; 0: active, or nobody can tell. */
static int64_t presence_idle(xmpp_stanza_t *st)
{
    xmpp_stanza_t *idle = stanza_child(st, "idle", NS_IDLE);
    const char *since = idle != NULL ? stanza_get(idle, "since") : NULL;
    int64_t utc_ms = 0;
    return since != NULL && datetime_parse(&utc_ms, since) ? utc_ms : 0;
}

static enum sj_status presence_hear(struct inbound *in, bool available, struct sj_error *err)
{
    struct xmpp_presence_in p = {
        .from = in->from,
        .peer = in->peer,
        .show = available ? presence_show_of(presence_text(in, "show")) : XMPP_OFFLINE,
        .status = presence_text(in, "status"),
    };
    const char *priority = available ? presence_text(in, "priority") : NULL;
    int64_t number = 0;
    if (priority != NULL && sj_parse_int(priority, -128, 127, &number))
        p.priority = (int)number;
    if (p.status != NULL && p.status[0] == '\0')
        p.status = NULL;
    struct xmpp_caps_in caps;
    if (available && in->x->options->hosts[in->host].has_profiles &&
        presence_read_caps(in->stanza, &caps))
        p.caps = &caps;
    if (available && in->x->options->hosts[in->host].takes_idle)
        p.idle_since = presence_idle(in->stanza);
    if (available && in->x->options->hosts[in->host].takes_profile)
        p.picture = presence_picture(in->stanza);
    return in->x->in->presence(in->x->ctx, &p, err);
}

enum sj_status presence_handle_available(struct inbound *in, struct sj_error *err)
{
    return presence_hear(in, true, err);
}

enum sj_status presence_handle_unavailable(struct inbound *in, struct sj_error *err)
{
    return presence_hear(in, false, err);
}

enum sj_status presence_handle_probe(struct inbound *in, struct sj_error *err)
{
    (void)err;
    in->x->in->probe(in->x->ctx, &in->from, in->peer);
    return SJ_OK;
}

bool presence_is_subscription(const char *type)
{
    for (size_t i = 0; i < sizeof presence_subs / sizeof *presence_subs; i++)
        if (strcmp(type, presence_subs[i]) == 0)
            return true;
    return false;
}

enum sj_status presence_handle_subscription(struct inbound *in, struct sj_error *err)
{
    struct xmpp_subscription_in sub = {
        .from = in->from,
        .peer = in->peer,
        .text = presence_text(in, "status"),
    };
    while (strcmp(in->type, presence_subs[sub.kind]) != 0)
        sub.kind++;
    return in->x->in->subscription(in->x->ctx, &sub, err);
}

enum sj_status presence_handle_unknown(struct inbound *in, struct sj_error *err)
{
    (void)in;
    return sj_fail(err, SJ_INVALID, "There is no such type of presence.");
}

/* ---- out ---- */

static void presence_add_status(xmpp_stanza_t *st, const char *status)
{
    if (status != NULL && status[0] != '\0')
        stanza_add_with_text(st, "status", status);
}

const char *presence_show_name(int show)
{
    return presence_shows[show];
}

/* G153-01: the hash, no picture, or (an empty element) not known yet. */
void presence_add_picture(xmpp_stanza_t *st, const struct xmpp_picture *picture)
{
    char hash[SJ_SHA1_HEX_SIZE];
    xmpp_stanza_t *x = stanza_add(st, "x", NS_VCARD_UPDATE);
    if (picture->state == XMPP_PICTURE_KNOWN) {
        sj_sha1_hex(hash, picture->sha1);
        stanza_add_with_text(x, "photo", hash);
    } else if (picture->state == XMPP_PICTURE_NONE) {
        stanza_add(x, "photo", NULL);
    }
}

/* G319-01. */
static void presence_add_contact(xmpp_stanza_t *st, const struct xmpp_presence_out *p)
{
    char text[STANZA_TIME_SIZE];
    presence_add_picture(st, &p->picture);
    if (p->idle_since != 0) {
        stanza_format_time(text, p->idle_since);
        stanza_set(stanza_add(st, "idle", NS_IDLE), "since", text);
    }
}

bool xmpp_send_presence(struct xmpp *x, unsigned host, const struct xmpp_presence_out *p)
{
    bool available = p->show != XMPP_OFFLINE;
    xmpp_stanza_t *st = room_stanza_new(x, host, "presence", available ? NULL : "unavailable",
                                        p->peer, p->to, p->id);
    if (st == NULL)
        return false;
    if (available && p->show != XMPP_ONLINE)
        stanza_add_with_text(st, "show", presence_shows[p->show]);
    stanza_set(st, "xml:lang", p->lang);
    presence_add_status(st, p->status);
    if (available) {
        disco_add_caps(x, host, p->peer != NULL ? &p->features : NULL, st);
        if (p->peer != NULL)
            presence_add_contact(st, p);
    } else if (p->seen_at != 0) {
        stanza_add_delay(st, stanza_get(st, "from"), p->seen_at);
    }
    return room_send(x, host, st);
}

bool xmpp_send_subscription(struct xmpp *x, unsigned host, const char *peer, const char *to,
                            enum xmpp_sub kind, const char *status, const char *nick,
                            const char *id)
{
    xmpp_stanza_t *st = room_stanza_new(x, host, "presence", presence_subs[kind], peer, to, id);
    if (st == NULL)
        return false;
    presence_add_status(st, status);
    if (nick != NULL && kind == XMPP_SUBSCRIBE)
        stanza_add_text(stanza_add(st, "nick", NS_NICK), nick);
    return room_send(x, host, st);
}

bool xmpp_send_unsubscribed(struct xmpp *x, unsigned host, const char *peer, const char *to,
                            const struct sj_error *why)
{
    xmpp_stanza_t *st = room_stanza_new(x, host, "presence", "unsubscribed", peer, to, NULL);
    if (st == NULL)
        return false;
    if (why != NULL && why->text[0] != '\0') {
        stanza_set(st, "xml:lang", why->lang);
        presence_add_status(st, why->text);
    }
    return room_send(x, host, st);
}

bool xmpp_send_probe(struct xmpp *x, unsigned host, const char *to)
{
    return room_send(x, host, room_stanza_new(x, host, "presence", "probe", NULL, to, NULL));
}

bool xmpp_send_presence_error(struct xmpp *x, unsigned host, const char *peer, const char *to,
                              const struct sj_error *err)
{
    xmpp_stanza_t *st = room_stanza_new(x, host, "presence", "error", peer, to, NULL);
    if (st == NULL)
        return false;
    stanza_add_error(st, stanza_condition_of(err->status), err, false);
    return room_send(x, host, st);
}
