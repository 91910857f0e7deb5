/* SPDX-License-Identifier: MPL-2.0 */
/* struct xmpp_in: what the XMPP room reports, brought to the session that it is about. Presence is
 * in presence.c, registration in register.c, subscriptions to contacts in subscription.c. */
#include <string.h>

#include "barrier.h"
#include "bookmark.h"
#include "command.h"
#include "dialogue.h"
#include "late.h"
#include "position.h"
#include "raw.h"
#include "register.h"
#include "rooms.h"
#include "roster.h"
#include "search.h"
#include "session.h"
#include "sojourn/strbuf.h"
#include "talk.h"
#include "transfer.h"

static void in_up(void *ctx, unsigned host)
{
    struct sessions *all = ctx;

    startup_begin(all, &all->networks[host]);
    late_tell(&all->networks[host]);
}

static void in_down(void *ctx, unsigned host)
{
    struct sessions *all = ctx;

    sj_log_debug(&all->networks[host].log, "component stream lost, sessions stay");
    startup_lost(&all->networks[host]);
    positions_lost(&all->networks[host]);
    rooms_stream_lost(&all->networks[host]);
    roster_on_lost(all, host);
}

static struct session *in_session(void *ctx, const struct xmpp_from *from, struct sj_error *err)
{
    struct sessions *all = ctx;
    struct session *s = session_get(&all->networks[from->host], from->user, err);

    if (s && (!s->registered || s->removal.wanted)) {
        sj_fail(err, SJ_UNREGISTERED, "You are not registered with this gateway.");
        return NULL;
    }
    return s;
}

/* Subscriptions between the user and the gateway itself (G100-10, G100-11). */
static void in_gateway_subscription(struct session *s, const struct xmpp_subscription_in *in)
{
    unsigned host = in->from.host;
    bool sees = s->sees_user, seen = s->seen_by_user;
    struct sj_owner owner;

    switch (in->kind) {
    case XMPP_SUBSCRIBE:
        s->seen_by_user = true;
        xmpp_send_subscription(s->all->xmpp, host, NULL, s->user, XMPP_SUBSCRIBED, NULL, NULL,
                               NULL);
        if (s->announced)                /* else it follows with the log-in */
            session_send_gateway_presence(s, s->user, NULL);
        break;
    case XMPP_SUBSCRIBED:
        s->sees_user = true;
        if (s->n_resources == 0)
            xmpp_send_probe(s->all->xmpp, host, s->user);
        break;
    case XMPP_UNSUBSCRIBE:
        s->seen_by_user = false;
        xmpp_send_subscription(s->all->xmpp, host, NULL, s->user, XMPP_UNSUBSCRIBED, NULL, NULL,
                               NULL);
        break;
    case XMPP_UNSUBSCRIBED:
        s->sees_user = false;
        break;
    }
    if (sees == s->sees_user && seen == s->seen_by_user)
        return;
    session_owner(s, &owner);
    sj_store_subscription_put(s->all->store, &owner, s->sees_user, s->seen_by_user);
}

enum sj_status subscription_take(struct sessions *all, const struct xmpp_subscription_in *in,
                                 struct sj_error *err)
{
    struct session *s = in_session(all, &in->from, err);

    if (s) {
        session_heard(s, &in->from);
        if (in->peer)
            contact_subscription(s, in, err);
        else
            in_gateway_subscription(s, in);
        session_release(s);
        return SJ_OK;
    }
    if (err->status != SJ_UNREGISTERED)
        return err->status;
    if (in->kind != XMPP_SUBSCRIBE)
        return SJ_OK;                    /* nothing is subscribed to what does not exist */
    if (!in->peer) {
        strangers_asked(all->strangers, in->from.host, in->from.user);
        return SJ_OK;                    /* answered at the registration (G100-12) */
    }
    return SJ_UNREGISTERED;
}

/* While the gateway stops no network hears of it, and soon nobody can be answered. */
static void in_late_subscription(struct sessions *all, const struct xmpp_subscription_in *in)
{
    struct sj_error err = {.status = SJ_OK};
    struct session *s = in_session(all, &in->from, &err);
    bool stranger = !s && err.status == SJ_UNREGISTERED;

    if (!stranger || in->kind == XMPP_SUBSCRIBE)
        late_subscription(all, in, stranger);
    if (s)
        session_release(s);
}

static enum sj_status in_subscription(void *ctx, const struct xmpp_subscription_in *in,
                                      struct sj_error *err)
{
    struct sessions *all = ctx;

    if (all->stopping) {
        in_late_subscription(all, in);
        return SJ_OK;
    }
    late_catch_up(&all->networks[in->from.host], in->from.user);
    return subscription_take(all, in, err);
}

static enum sj_status in_message(void *ctx, const struct xmpp_message_in *in, struct sj_error *err)
{
    struct session *s = in_session(ctx, &in->from, err);
    enum sj_status status;

    if (!s)
        return err->status;
    status = quota_take_message(s, strlen(in->body), err);
    if (status == SJ_OK)
        status = raw_is_for(s->network, in) ? raw_say(s, in, err) : session_send(s, in, err);
    session_release(s);
    return status;
}

static enum sj_status in_mark(void *ctx, const struct xmpp_mark_in *in, struct sj_error *err)
{
    struct session *s = in_session(ctx, &in->from, err);
    enum sj_status status;

    if (!s)
        return err->status;
    if (in->kind == XMPP_MARK_RECEIVED || in->kind == XMPP_MARK_DISPLAYED)
        status = SJ_OK;                  /* clients send those by themselves */
    else
        status = quota_take_message(s, in->body ? strlen(in->body) : 0, err);
    if (status == SJ_OK)
        status = session_mark(s, in, err);
    session_release(s);
    return status;
}

/* Nobody is loaded, and nothing is answered, for a chat state. */
static void in_state(void *ctx, const struct xmpp_from *from, const char *peer,
                     enum xmpp_chat_state state)
{
    struct sessions *all = ctx;
    struct network *n = &all->networks[from->host];
    struct session *s = n->rich ? session_find(n, from->user) : NULL;
    struct sj_error ignored = {.status = SJ_OK};
    struct sj_strbuf id;

    if (!s || !s->registered || s->removal.wanted)
        return;
    sj_strbuf_init(&id, SJ_ID_MAX);
    if (session_canon(s, peer, &id, &ignored) == SJ_OK)
        typing_from_user(s, from, id.s, state);
    sj_strbuf_release(&id);
}

static enum sj_status moved_ask(const struct network *n, const char *id, struct sj_strbuf *out)
{
    if (!n->backend->id_moved)
        return SJ_INVALID;
    return n->backend->id_moved(n->options->net, id, out);
}

/* Another network that the gateway has may be the one that is meant. */
static enum xmpp_moved in_moved(void *ctx, const char *id, unsigned *host, struct sj_strbuf *out)
{
    struct sessions *all = ctx;
    enum sj_status status = moved_ask(&all->networks[*host], id, out);

    if (status == SJ_OK)
        return XMPP_MOVED_TO;
    if (status == SJ_INVALID)
        return XMPP_MOVED_NOT;
    for (unsigned i = 0; i < all->n_networks; i++) {
        if (moved_ask(&all->networks[i], id, out) != SJ_OK)
            continue;
        *host = i;
        return XMPP_MOVED_TO;
    }
    return XMPP_MOVED_NOWHERE;
}

static enum sj_status in_prompt(void *ctx, const struct xmpp_from *from, const char *typed,
                                struct sj_strbuf *id, struct sj_error *err)
{
    struct sessions *all = ctx;
    struct network *n = &all->networks[from->host];
    struct session *s = session_find(n, from->user);
    struct sj_link *link = s ? s->link : NULL;

    if (n->backend->id_canon(id, n->options->net, link, typed, err) == SJ_OK)
        return SJ_OK;
    return sj_fail(err, SJ_UNACCEPTABLE, "This cannot be a %s on this network.",
                   n->backend->id_name);
}

static void in_rosterx(void *ctx, unsigned host, const char *full, bool supported)
{
    struct sessions *all = ctx;
    const char *slash = strchr(full, '/');
    struct sj_strbuf bare;
    struct session *s;

    if (!slash)
        return;
    sj_strbuf_init(&bare, 3072);
    sj_strbuf_add(&bare, full, (size_t)(slash - full));
    s = session_find(&all->networks[host], bare.s);
    if (s)
        suggest_answer(s, slash + 1, supported);
    sj_strbuf_release(&bare);
}

static const struct xmpp_in session_xmpp_in = {
    .up = in_up,
    .down = in_down,
    .register_get = register_get,
    .register_set = register_set,
    .register_remove = register_remove,
    .presence = presence_in,
    .subscription = in_subscription,
    .probe = presence_probe,
    .bounce = presence_bounce,
    .message = in_message,
    .messages = {.mark = in_mark, .state = in_state},
    .unanswered = late_unanswered,
    .moved = in_moved,
    .prompt = in_prompt,
    .peer = presence_peer,
    .rosterx = in_rosterx,
    .handled = barrier_answered,
    .command = {.list = adhoc_list, .info = adhoc_info, .step = adhoc_step, .talk = dialogue_hear},
    .search = {.form = search_form, .start = search_start},
    .file = {.slot = transfer_slot},
    .privilege =
        {
            .changed = roster_on_changed,
            .item = roster_on_item,
            .read = roster_on_read,
            .written = roster_on_written,
            .pushed = roster_on_pushed,
            .bookmark = bookmark_item,
            .bookmarks_read = bookmarks_read,
            .bookmarked = bookmark_written,
        },
    .profile = {
        .person = profile_person,
        .card = profile_card,
        .wants = nodes_wanted,
        .own_nick = own_profile_on_nick,
        .own_picture = own_profile_on_picture,
        .own_data = own_profile_on_data,
    },
    .muc = {
        .is_room = rooms_is_room,
        .join = rooms_join,
        .presence = rooms_presence,
        .leave = rooms_leave,
        .lost = rooms_lost,
        .subject = rooms_subject,
        .state = rooms_state,
        .invite = rooms_invite,
        .place = rooms_place,
        .card = rooms_card,
        .picture = rooms_picture,
        .admin_get = rooms_admin_get,
        .admin_set = rooms_admin_set,
        .config_get = rooms_config_get,
        .config_set = rooms_config_set,
        .destroy = rooms_destroy,
        .moderate = rooms_moderate,
        .info = rooms_info,
        .list = rooms_list,
    },
    .archive = {.query = rooms_archive_query, .ends = rooms_archive_ends},
};

const struct xmpp_in *sessions_xmpp_in(void)
{
    return &session_xmpp_in;
}
