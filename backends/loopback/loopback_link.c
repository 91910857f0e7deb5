/* SPDX-License-Identifier: MPL-2.0 */
/* The life of one login on the loopback network. Only this file and, from here, loopback_prompt.c
 * and loopback_message.c call the host.
 *
 * NEW -> CONNECTING -> [ASKING ->] ONLINE -> CLOSING -> DOWN; what is not in the table below does
 * not happen. All calls of the host are made from link_on_due, which the loop calls. The host may
 * call operations from there, also disconnect, so the state is looked at again after each call; it
 * does not free the link there (sojourn/backend.h). */
#include "loopback_link.h"

#include <string.h>

#include "loopback_file.h"
#include "loopback_room.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

/* Events told in one turn of the loop, so that a busy link does not hold up the others. */
#define LINK_EVENTS_PER_TURN 64u

static const char *const link_state_names[LOOPBACK_STATES] = {
    [LOOPBACK_NEW] = "new",
    [LOOPBACK_CONNECTING] = "connecting",
    [LOOPBACK_ASKING] = "asking",
    [LOOPBACK_ONLINE] = "online",
    [LOOPBACK_CLOSING] = "closing",
    [LOOPBACK_DOWN] = "down",
};

/* The legal moves: row from, bit to. disconnect may come at any time; nothing leaves DOWN, for the
 * gateway makes a new link to reconnect. */
static const uint8_t link_moves[LOOPBACK_STATES] = {
    [LOOPBACK_NEW] = 1u << LOOPBACK_CONNECTING | 1u << LOOPBACK_CLOSING,
    [LOOPBACK_CONNECTING] = 1u << LOOPBACK_ASKING | 1u << LOOPBACK_ONLINE |
                            1u << LOOPBACK_CLOSING | 1u << LOOPBACK_DOWN,
    [LOOPBACK_ASKING] = 1u << LOOPBACK_ONLINE | 1u << LOOPBACK_CLOSING | 1u << LOOPBACK_DOWN,
    [LOOPBACK_ONLINE] = 1u << LOOPBACK_CLOSING,
    [LOOPBACK_CLOSING] = 1u << LOOPBACK_DOWN,
};

static void link_enter(struct loopback_link *l, enum loopback_state state)
{
    assert(link_moves[l->state] & 1u << state);
    sj_log_debug(l->base.log, "link state=%s->%s", link_state_names[l->state],
                 link_state_names[state]);
    l->state = state;
}

/* --- login and end ------------------------------------------------------------------------ */

/* Takes the login out of the network: others see the user go. */
static void link_leave(struct loopback_link *l, const struct sj_exit *exit)
{
    struct sj_net *net = l->base.net;
    struct loopback_account *a = l->account;
    if (!a)
        return;                      /* was not online */
    sj_idmap_remove(&net->links, l->serial);
    l->account = NULL;
    a->logins--;
    if (a->link == l) {              /* else a later login of the same session has taken over */
        a->link = NULL;
        loopback_account_announce(net, a);
        loopback_rooms_logout(net, a->id, exit);
    }
    if (net->links.used == 0)
        loopback_residents_stop(net);
}

/* Everything that is owed is paid: outcomes, then the end. */
static void link_end(struct loopback_link *l, enum sj_end end)
{
    const struct sj_error lost = {.status = SJ_UNREACHABLE,
                                  .text = N_("logged out before the answer came")};
    sj_timer_stop(&l->confirm);
    link_enter(l, LOOPBACK_DOWN);
    loopback_files_drop(l);
    while (!sj_list_empty(&l->ops)) {
        struct loopback_op *o = SJ_CONTAINER(l->ops.next, struct loopback_op, list);
        sj_op op = o->op;
        sj_list_remove(&o->list);
        sj_free(o);
        l->base.host->op_done(&l->base, op, &lost);
    }
    l->base.host->link_state(&l->base, SJ_LINK_DOWN, end, NULL);
}

/* The account's list: what the network remembers, else what the gateway has kept for us. */
static void link_load_list(struct loopback_link *l)
{
    struct loopback_account *a = l->account;
    bool restored = l->blob && !a->loaded && loopback_state_decode(a, l->blob, l->blob_len);
    if (l->blob && !a->loaded && !restored)
        sj_log_warn(l->base.log, "list not restored, its bytes are not ours bytes=%zu",
                    l->blob_len);
    if (!a->loaded && !restored)
        loopback_residents_join(a);
    a->loaded = true;
    sj_free(l->blob);
    l->blob = NULL;
}

/* A request that the other does not know of, because it was made before a restart. */
static void link_ask_again(struct loopback_link *l, const struct loopback_entry *e)
{
    struct loopback_account *other = loopback_account_get(l->base.net, e->id);
    struct loopback_entry *theirs = other ? loopback_entry_get_asked(other, l->id) : NULL;
    if (!theirs || theirs->facts & (LOOPBACK_ASKED_IN | LOOPBACK_FROM))
        return;
    theirs->facts |= LOOPBACK_ASKED_IN;
    loopback_queue_news(other, theirs, LOOPBACK_NEWS_REQUEST);
    loopback_queue_save(other);
}

/* The network reports the list after the login (SJ_CAP_CONTACT_LIST), and what has been asked. */
static void link_report_list(struct loopback_link *l)
{
    struct loopback_entry *e;
    uint32_t at = 0;
    while ((e = sj_map_next(&l->account->entries, &at)) != NULL) {
        e->queued = false;           /* whatever stood in an earlier link's queue is gone */
        unsigned news = e->news;
        if (e->facts & LOOPBACK_TO)
            news |= LOOPBACK_NEWS_CONTACT;
        if (e->facts & LOOPBACK_ASKED_IN)
            news |= LOOPBACK_NEWS_REQUEST;
        if (news)
            loopback_queue_news(l->account, e, news);
        if (e->facts & LOOPBACK_ASKED_OUT && !loopback_is_resident(e->id))
            link_ask_again(l, e);
    }
    loopback_queue_add(l, LOOPBACK_EVENT_LISTED);
}

/* Does the network let this login in? If not, *end says why. */
static bool link_is_welcome(const struct loopback_link *l, enum sj_end *end)
{
    const struct loopback_account *a = loopback_account_find(l->base.net, l->id);
    if (!l->id[0] || loopback_is_resident(l->id) || !l->password_ok) {
        *end = SJ_END_AUTH;
        return false;
    }
    /* The same session may log in twice for a moment, to check new credentials. */
    if (a && a->link && a->link->base.session != l->base.session) {
        *end = SJ_END_CONFLICT;
        return false;
    }
    return true;
}

static void link_join(struct loopback_link *l, struct loopback_account *a)
{
    if (a->link) {                   /* the new login is in no room yet */
        const struct sj_exit exit = {.kind = SJ_EXIT_LOST};
        a->link = NULL;
        loopback_rooms_logout(l->base.net, a->id, &exit);
    }
    l->account = a;
    a->link = l;
    a->logins++;
    a->show = SJ_SHOW_ONLINE;
    a->idle_since = 0;
    sj_free(a->status);
    a->status = NULL;
    sj_idmap_put(&l->base.net->links, l->serial, l);
    loopback_residents_start(l->base.net);
}

/* Is there a question before the user gets in? */
static bool link_asks(struct loopback_link *l)
{
    if (l->state == LOOPBACK_CONNECTING && l->base.net->login_steps != LOOPBACK_STEPS_NONE)
        link_enter(l, LOOPBACK_ASKING);
    return l->state == LOOPBACK_ASKING && loopback_prompt_ask(l);
}

static void link_log_in(struct loopback_link *l)
{
    enum sj_end end = SJ_END_THROTTLED;          /* when there is no room for an account */
    struct loopback_account *a = NULL;
    bool welcome = link_is_welcome(l, &end);
    if (welcome && link_asks(l))
        return;                      /* goes on with its outcome */
    if (welcome)
        a = loopback_account_get(l->base.net, l->id);
    if (!a) {
        link_end(l, end);
        return;
    }
    link_enter(l, LOOPBACK_ONLINE);
    link_join(l, a);
    link_load_list(l);
    link_report_list(l);
    loopback_rooms_login(l);
    loopback_heard_log_in(l);
    loopback_queue_save(a);
    loopback_account_announce(l->base.net, a);
    l->base.host->link_state(&l->base, SJ_LINK_UP, SJ_END_ASKED, NULL);
    if (l->state == LOOPBACK_ONLINE)
        l->base.host->self(&l->base, l->id);
}

/* An answer was judged, or something was done elsewhere. */
static void link_on_step(struct loopback_link *l, enum sj_status outcome)
{
    if (loopback_prompt_step(l, outcome))
        link_log_in(l);
    else
        link_end(l, SJ_END_AUTH);
}

/* --- telling the host --------------------------------------------------------------------- */

static void link_tell_op(struct loopback_link *l, const struct loopback_event *e)
{
    struct sj_error err;
    if (e->status == SJ_OK) {
        l->base.host->op_done(&l->base, e->op, NULL);
        return;
    }
    sj_fail(&err, e->status, "%s", e->text ? e->text : "");
    l->base.host->op_done(&l->base, e->op, &err);
}

static void link_tell_contact(struct loopback_link *l, const char *id)
{
    const struct loopback_entry *e = loopback_entry_find(l->account, id);
    const struct loopback_presence p = loopback_presence_of(l->base.net, id);
    const struct sj_contact c = {
        .id = id,
        .name = e && e->name ? e->name : p.name,
        .group = e && e->group ? e->group : "",
        .status = p.status,
        .avatar = p.avatar,
        .show = p.show,
        .idle_since = p.idle_since,
        .lacks = loopback_resident_lacks(id),
        .listed = true,
        .has_presence = true,
        .has_lacks = true,
    };
    l->base.host->contact(&l->base, &c);
}

/* News about an entry, as things stand now. The entry may be forgotten at the end of this. */
static void link_tell_entry(struct loopback_link *l, const char *id)
{
    struct loopback_entry *e = loopback_entry_find(l->account, id);
    struct sj_error why;
    if (!e)
        return;
    unsigned news = e->news;
    unsigned facts = e->facts;
    sj_fail(&why, SJ_DENIED, "%s", e->why ? e->why : "");
    e->news = 0;
    e->why = NULL;
    e->queued = false;
    loopback_entry_tidy(l->account, e);
    /* From here on by id: the host may call operations that remove the entry. */
    if (news & LOOPBACK_NEWS_GONE)
        l->base.host->contact_gone(&l->base, id, &why);
    if (news & LOOPBACK_NEWS_CONTACT && facts & LOOPBACK_TO && l->state == LOOPBACK_ONLINE)
        link_tell_contact(l, id);
    if (news & LOOPBACK_NEWS_REQUEST && facts & LOOPBACK_ASKED_IN && l->state == LOOPBACK_ONLINE)
        l->base.host->contact_request(&l->base, id, NULL, NULL);
}

/* A resident wants to see the user. */
static void link_on_ask(struct loopback_link *l, const char *id)
{
    struct loopback_entry *e = loopback_entry_find(l->account, id);
    if (!e || e->facts & LOOPBACK_FROM)
        return;                      /* removed meanwhile, or granted already */
    e->facts |= LOOPBACK_ASKED_IN;
    loopback_queue_news(l->account, e, LOOPBACK_NEWS_REQUEST);
    loopback_queue_save(l->account);
}

/* A part of an operation, then its end (sojourn/backend.h). */
static void link_tell_profile(struct loopback_link *l, const struct loopback_event *e)
{
    struct sj_profile profile;
    if (!loopback_profile_fill(l, e->id, &profile)) {
        loopback_op_finish(l, e->op, SJ_NOTFOUND, "there is no such user in your list");
        return;
    }
    l->base.host->profile(&l->base, e->op, &profile);
    loopback_op_finish(l, e->op, SJ_OK, NULL);
}

static void link_tell_avatar(struct loopback_link *l, const struct loopback_event *e)
{
    struct sj_strbuf data;
    sj_strbuf_init(&data, LOOPBACK_PICTURE_MAX);
    if (loopback_picture_fill(l, e->id, e->body, &data)) {
        const struct sj_avatar avatar = {
            .contact = e->id,
            .id = e->body,
            .media_type = "image/x-loopback",    /* nobody is to trust it */
            .data = data.s,
            .len = data.len,
        };
        l->base.host->avatar(&l->base, e->op, &avatar);
        loopback_op_finish(l, e->op, SJ_OK, NULL);
    } else {
        loopback_op_finish(l, e->op, SJ_NOTFOUND, "this picture is not there any more");
    }
    sj_strbuf_release(&data);
}

static void link_save(struct loopback_link *l)
{
    struct sj_strbuf blob;
    sj_strbuf_init(&blob, SJ_STATE_MAX);
    loopback_state_encode(&blob, l->account);
    if (sj_strbuf_ok(&blob))
        l->base.host->state_save(&l->base, blob.s, blob.len);
    sj_strbuf_release(&blob);
}

static void link_on_event(struct loopback_link *l, const struct loopback_event *e)
{
    switch (e->kind) {
    case LOOPBACK_EVENT_LOGIN:
        link_log_in(l);
        break;
    case LOOPBACK_EVENT_STEP:
        link_on_step(l, e->status);
        break;
    case LOOPBACK_EVENT_OP:
        link_tell_op(l, e);
        break;
    case LOOPBACK_EVENT_NAMED:
        loopback_named_tell(l, e);
        break;
    case LOOPBACK_EVENT_MESSAGE:
        loopback_message_tell(l, e);
        break;
    case LOOPBACK_EVENT_MARK:
        loopback_mark_tell(l, e);
        break;
    case LOOPBACK_EVENT_TYPING:
        l->base.host->typing(&l->base, e->id, e->typing);
        break;
    case LOOPBACK_EVENT_ENTRY:
        link_tell_entry(l, e->id);
        break;
    case LOOPBACK_EVENT_LISTED:
        l->base.host->list_told(&l->base);
        break;
    case LOOPBACK_EVENT_ASK:
        link_on_ask(l, e->id);
        break;
    case LOOPBACK_EVENT_PROFILE:
        link_tell_profile(l, e);
        break;
    case LOOPBACK_EVENT_AVATAR:
        link_tell_avatar(l, e);
        break;
    case LOOPBACK_EVENT_FOUND:
        loopback_search_tell(l, e);
        break;
    case LOOPBACK_EVENT_RAW:
        l->base.host->raw(&l->base, e->op, e->body);
        break;
    case LOOPBACK_EVENT_FILE:
        loopback_file_tell(l, e);
        break;
    case LOOPBACK_EVENT_ROOM:
        loopback_told_tell(l, e);
        break;
    case LOOPBACK_EVENT_PAST:
        loopback_past_tell(l, e);
        break;
    case LOOPBACK_EVENT_SAVE:
        link_save(l);
        break;
    case LOOPBACK_EVENT_END:
        link_end(l, SJ_END_ASKED);
        break;
    }
}

/* The network ends the link: what is left untold stays so, but for outcomes. */
static void link_lose(struct loopback_link *l)
{
    const struct sj_exit exit = {.kind = SJ_EXIT_LOST};
    struct loopback_event *e;
    loopback_queue_drop(l);
    link_leave(l, &exit);
    link_enter(l, LOOPBACK_CLOSING);
    loopback_queue_hurry(l);
    while ((e = loopback_queue_take(l)) != NULL) {
        link_on_event(l, e);
        loopback_event_free(&e);
    }
    link_end(l, l->end);
}

/* From the loop: tells the host what is due. */
static void link_on_due(void *arg)
{
    struct loopback_link *l = arg;
    struct loopback_event *e;
    for (unsigned i = 0; i < LINK_EVENTS_PER_TURN && l->state != LOOPBACK_DOWN; i++) {
        e = loopback_queue_take(l);
        if (!e)
            break;
        link_on_event(l, e);
        loopback_event_free(&e);
    }
    loopback_heard_position(l);
    if (l->state == LOOPBACK_ONLINE && l->end != SJ_END_ASKED)
        link_lose(l);
    else if (l->state != LOOPBACK_DOWN)
        loopback_queue_arm(l);
}

void loopback_link_cut(struct loopback_link *l, enum sj_end end)
{
    l->end = end;
    sj_loop_defer(l->base.loop, &l->defer);
}

/* --- the table's functions ---------------------------------------------------------------- */

static bool link_password_ok(const struct sj_net *net, const char *password)
{
    if (!net->password)
        return true;
    size_t n = strlen(net->password);
    return password && strlen(password) == n && sj_equal_secret(password, net->password, n);
}

struct sj_link *loopback_link_new(const struct sj_link *base, const struct sj_account *account,
                                  const void *blob, size_t len)
{
    struct loopback_link *l = sj_calloc(1, sizeof *l);
    const char *username = account->value[LOOPBACK_FIELD_USERNAME];
    const char *password = account->value[LOOPBACK_FIELD_PASSWORD];
    l->base = *base;
    l->base.magic = LOOPBACK_MAGIC;
    l->serial = ++base->net->serial;
    if (!username || !loopback_id_fold(l->id, username))
        l->id[0] = '\0';
    /* Judged now and told at the login: so the password need not be kept. */
    l->password_ok = link_password_ok(base->net, password);
    l->has_password = password && *password;
    if (blob && len <= SJ_STATE_MAX) {
        l->blob = sj_malloc(len);
        memcpy(l->blob, blob, len);
        l->blob_len = len;
    }
    sj_list_init(&l->queue);
    sj_list_init(&l->ops);
    sj_list_init(&l->streams);
    sj_defer_init(&l->defer, link_on_due, l);
    sj_timer_init(&l->timer, link_on_due, l);
    sj_timer_init(&l->confirm, loopback_prompt_confirmed, l);
    return &l->base;
}

/* At any time, from the loop top. Nothing is heard of the link after it; senders who wait for an
 * outcome that depends on it get one. */
void loopback_link_free(struct sj_link **link)
{
    if (!link || !*link)
        return;
    const struct sj_exit exit = {.kind = SJ_EXIT_LOST};
    struct loopback_link *l = loopback_link_of(*link);
    loopback_queue_drop(l);
    loopback_files_drop(l);
    link_leave(l, &exit);
    while (!sj_list_empty(&l->queue)) {
        struct loopback_event *e = SJ_CONTAINER(l->queue.next, struct loopback_event, list);
        sj_list_remove(&e->list);
        loopback_event_free(&e);
    }
    while (!sj_list_empty(&l->ops)) {
        struct loopback_op *o = SJ_CONTAINER(l->ops.next, struct loopback_op, list);
        sj_list_remove(&o->list);
        sj_free(o);
    }
    sj_defer_cancel(&l->defer);
    sj_timer_stop(&l->timer);
    sj_timer_stop(&l->confirm);
    sj_free(l->blob);
    l->base.magic = 0;
    sj_free(l);
    *link = NULL;
}

enum sj_status loopback_connect(struct sj_link *base, struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    if (l->state != LOOPBACK_NEW)
        return sj_fail(err, SJ_EXISTS, "connected already");
    link_enter(l, LOOPBACK_CONNECTING);
    loopback_queue_add(l, LOOPBACK_EVENT_LOGIN);
    return SJ_OK;
}

void loopback_disconnect(struct sj_link *base, const char *reason)
{
    struct loopback_link *l = loopback_link_of(base);
    const struct sj_exit exit = {.kind = SJ_EXIT_LEFT, .reason = reason};
    if (l->state == LOOPBACK_CLOSING || l->state == LOOPBACK_DOWN)
        return;
    loopback_queue_drop(l);          /* outcomes of operations stay */
    sj_timer_stop(&l->confirm);
    link_leave(l, &exit);
    link_enter(l, LOOPBACK_CLOSING);
    loopback_queue_add(l, LOOPBACK_EVENT_END);
    loopback_queue_hurry(l);
}
