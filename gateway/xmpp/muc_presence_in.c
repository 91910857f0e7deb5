/* SPDX-License-Identifier: MPL-2.0 */
/* Presence of users to rooms: they join, show themselves, change nick, and leave.
 *
 * The muc element alone makes a join (G045-12); without it the session room finds out whether the
 * client is in the room (G045-22). A password is lent for one call and wiped here. Rooms are
 * nobody's contacts: subscriptions to them are declined and never remembered. muc_presence_out.c
 * writes.
 * Source: XEP-0045 §7.2, §7.6, §7.7, §7.14, §18.2 (ghosts). */
#include <string.h>

#include "component.h"
#include "datetime.h"
#include "handlers.h"
#include "muc.h"

static const char *presence_child(struct inbound *in, const char *name)
{
    xmpp_stanza_t *child = stanza_child_in(in->stanza, name, in->from.lang);
    const char *text = child != NULL ? stanza_text(child) : "";
    return text[0] != '\0' ? text : NULL;
}

/* G045-29: the address itself has kept out what no resource may hold. */
static bool muc_nick_is_blank(const char *nick)
{
    return nick[strspn(nick, " ")] == '\0';
}

static int64_t muc_history_number(xmpp_stanza_t *history, const char *name)
{
    const char *text = stanza_get(history, name);
    int64_t number = -1;
    return text != NULL && sj_parse_int(text, 0, INT32_MAX, &number) ? number : -1;
}

/* G045-32: what makes no sense asks for nothing. */
static void muc_read_history(xmpp_stanza_t *muc, struct xmpp_join_in *join)
{
    xmpp_stanza_t *history = stanza_child(muc, "history", NS_MUC);
    const char *since;
    join->history_chars = join->history_stanzas = join->history_seconds = -1;
    join->history_since = -1;
    if (history == NULL)
        return;
    join->history_chars = muc_history_number(history, "maxchars");
    join->history_stanzas = muc_history_number(history, "maxstanzas");
    join->history_seconds = muc_history_number(history, "seconds");
    since = stanza_get(history, "since");
    if (since != NULL && !datetime_parse(&join->history_since, since))
        join->history_since = -1;
}

static enum sj_status muc_join(struct inbound *in, xmpp_stanza_t *muc, struct sj_error *err)
{
    xmpp_stanza_t *password = stanza_child(muc, "password", NS_MUC);
    struct xmpp_join_in join = {
        .room = in->peer,
        .nick = in->nick,
        .password = password != NULL ? stanza_text(password) : NULL,
        .show = (int)presence_show_of(presence_child(in, "show")),
        .status = presence_child(in, "status"),
    };
    in->joins = true;
    if (in->nick == NULL)
        return router_fail(in, STANZA_JID_MALFORMED, err, "Choose a nickname.");     /* G045-13 */
    if (muc_nick_is_blank(in->nick))
        return sj_fail(err, SJ_UNACCEPTABLE, "This nickname is empty.");
    if (join.password != NULL && strlen(join.password) > XMPP_ROOM_PASSWORD_MAX)
        return sj_fail(err, SJ_AUTH, "The password is too long.");
    muc_read_history(muc, &join);
    enum sj_status status = in->x->in->muc.join(in->x->ctx, &in->from, &join, err);
    if (password != NULL) {
        stanza_wipe(password);
        component_wipe(in->stream);
    }
    return status;
}

enum sj_status muc_handle_available(struct inbound *in, struct sj_error *err)
{
    xmpp_stanza_t *muc = stanza_child(in->stanza, "x", NS_MUC);
    if (muc != NULL)
        return muc_join(in, muc, err);
    if (in->nick == NULL)
        return SJ_OK;                    /* nobody's presence there means anything */
    if (muc_nick_is_blank(in->nick))
        return sj_fail(err, SJ_UNACCEPTABLE, "This nickname is empty.");
    const struct xmpp_occupant_in p = {
        .room = in->peer,
        .nick = in->nick,
        .show = (int)presence_show_of(presence_child(in, "show")),
        .status = presence_child(in, "status"),
    };
    in->x->in->muc.presence(in->x->ctx, &in->from, &p);
    return SJ_OK;
}

enum sj_status muc_handle_unavailable(struct inbound *in, struct sj_error *err)
{
    (void)err;
    in->x->in->muc.leave(in->x->ctx, &in->from, in->peer, in->nick, presence_child(in, "status"));
    return SJ_OK;
}

/* A room is no contact: it declines, and stays invisible. */
enum sj_status muc_handle_subscribe(struct inbound *in, struct sj_error *err)
{
    (void)err;
    if (in->nick == NULL)
        xmpp_send_subscription(in->x, in->host, in->peer, in->from.user, XMPP_UNSUBSCRIBED, NULL,
                               NULL, NULL);
    return SJ_OK;
}

enum sj_status muc_handle_ignored(struct inbound *in, struct sj_error *err)
{
    (void)in, (void)err;
    return SJ_OK;
}

/* Conditions that say that the client is not there any more. service-unavailable is how servers
 * answer a groupchat message to a resource that is gone (RFC 6121 §8.5.3.2.1). */
static bool muc_is_delivery_error(const char *condition)
{
    static const char *const conditions[] = {
        "gone", "item-not-found", "recipient-unavailable", "redirect", "remote-server-not-found",
        "remote-server-timeout", "service-unavailable",
    };
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (strcmp(condition, conditions[i]) == 0)
            return true;
    return false;
}

void muc_handle_bounce(struct inbound *in, char kind, const char *condition)
{
    if (kind != 'i' && in->from.resource[0] != '\0' && muc_is_delivery_error(condition))
        in->x->in->muc.lost(in->x->ctx, &in->from, in->peer);
}
