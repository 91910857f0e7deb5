/* SPDX-License-Identifier: MPL-2.0 */
/* The life of a session: its states and what each move does. Log-ins wait for the network's budget;
 * what the end of a link means is session_end.c (DESIGN §5, XEP-0100 §4.4, §4.5). */
#include <string.h>

#include "command.h"
#include "late.h"
#include "position.h"
#include "roster.h"
#include "session.h"
#include "sojourn/digest.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"
#include "transfer.h"

static const char *const state_name[] = {
    [SESSION_OFFLINE] = "offline",       [SESSION_QUEUED] = "queued",
    [SESSION_CONNECTING] = "connecting", [SESSION_ASKING] = "asking",
    [SESSION_ONLINE] = "online",
    [SESSION_BACKOFF] = "waiting",       [SESSION_CLOSING] = "closing",
    [SESSION_REFUSED] = "refused",
};
_Static_assert(sizeof state_name / sizeof state_name[0] == SESSION_STATE_COUNT, "one name a state");

#define TO(state) (1u << (state))
/* OFFLINE leads to CLOSING when a login that the network keeps is given up (removal.c).
 * Absent moves: nothing leaves CLOSING but OFFLINE, so that the old link is gone before a new one
 * is made; ONLINE never goes straight to OFFLINE, the network is told first. */
static const unsigned state_moves[] = {
    [SESSION_OFFLINE] = TO(SESSION_QUEUED) | TO(SESSION_ONLINE) | TO(SESSION_CLOSING),
    [SESSION_QUEUED] = TO(SESSION_CONNECTING) | TO(SESSION_OFFLINE),
    [SESSION_CONNECTING] = TO(SESSION_ASKING) | TO(SESSION_ONLINE) | TO(SESSION_BACKOFF) |
                           TO(SESSION_REFUSED) | TO(SESSION_CLOSING),
    [SESSION_ASKING] = TO(SESSION_CONNECTING) | TO(SESSION_ONLINE) | TO(SESSION_BACKOFF) |
                       TO(SESSION_REFUSED) | TO(SESSION_CLOSING),
    [SESSION_ONLINE] = TO(SESSION_BACKOFF) | TO(SESSION_REFUSED) | TO(SESSION_CLOSING),
    [SESSION_BACKOFF] = TO(SESSION_QUEUED) | TO(SESSION_OFFLINE),
    [SESSION_CLOSING] = TO(SESSION_OFFLINE),
    [SESSION_REFUSED] = TO(SESSION_QUEUED) | TO(SESSION_OFFLINE),
};
_Static_assert(sizeof state_moves / sizeof state_moves[0] == SESSION_STATE_COUNT,
               "one row a state");

void session_enter(struct session *s, enum session_state state, const char *reason)
{
    bool legal = (state_moves[s->state] & TO(state)) != 0;

    if (!legal) {
        sj_log_error(&s->log, "bug: illegal move state=%s->%s reason=%s", state_name[s->state],
                     state_name[state], SJ_CLIP(reason));
        return;
    }
    sj_log_debug(&s->log, "state=%s->%s reason=%s", state_name[s->state], state_name[state],
                 SJ_CLIP(reason));
    s->network->n_online += state == SESSION_ONLINE;
    s->network->n_online -= s->state == SESSION_ONLINE;
    s->state = state;
    s->since_ms = sj_loop_utc_ms(s->all->loop);
    sj_timer_stop(&s->timer);
    if (state != SESSION_QUEUED && state != SESSION_CONNECTING)
        governor_leave(&s->network->governor, &s->ticket);
    if (state == SESSION_OFFLINE)
        sj_timer_stop(&s->linger);
}

void session_store_online(struct session *s, bool online)
{
    struct sj_owner owner;

    if (s->online_stored == online)
        return;
    s->online_stored = online;
    session_owner(s, &owner);
    sj_store_online_put(s->all->store, &owner, online);
}

struct link_make {
    struct session *s;
    struct sj_link *link;
    char *value[SJ_FIELDS_MAX];
    void *blob;
    size_t len;
};

static void link_values(const struct sj_registration *r, void *arg)
{
    struct link_make *m = arg;
    const struct sj_backend *b = m->s->network->backend;

    for (size_t i = 0; i < r->n_values; i++) {
        for (size_t f = 0; f < b->n_fields; f++) {
            if (strcmp(b->fields[f].var, r->values[i].var) == 0)
                m->value[f] = sj_strdup(r->values[i].value);
        }
    }
}

static void link_blob(const void *blob, size_t len, void *arg)
{
    struct link_make *m = arg;

    m->blob = sj_malloc(len + 1);
    memcpy(m->blob, blob, len);
    m->len = len;
}

/* A number that stands for the user towards backends and networks, which are not to know who it is,
 * nor to find out by trying addresses. */
static uint64_t link_user(const struct session *s)
{
    struct sj_digest *digest = sj_digest_new(SJ_DIGEST_SHA256);
    const char *host = s->network->options->host;
    const char *key = s->network->options->user_key;
    uint8_t out[SJ_DIGEST_MAX];
    uint64_t number = 0;

    if (key)
        sj_digest_add(digest, key, strlen(key) + 1);
    sj_digest_add(digest, host, strlen(host) + 1);
    sj_digest_add(digest, s->user, strlen(s->user));
    sj_digest_end(digest, out);
    sj_digest_free(&digest);
    for (unsigned i = 0; i < 8; i++)
        number = number << 8 | out[i];
    return number;
}

static void link_construct(struct link_make *m, char *const *values, size_t n)
{
    struct session *s = m->s;
    struct sj_link base = {.backend = s->network->backend,  .host = &s->all->host, .session = s->id,
                           .user = link_user(s),
                           .net = s->network->options->net, .loop = s->all->loop, .log = &s->log};
    struct sj_account account = {(const char *const *)values, n};

    m->link = s->network->backend->link_new(&base, &account, m->blob, m->len);
}

struct sj_link *session_link_new(struct session *s, char *const *values, size_t n,
                                 struct sj_error *err)
{
    struct link_make m = {.s = s};
    struct sj_owner owner;
    struct sj_error missing = {.status = SJ_OK};
    size_t n_fields = s->network->backend->n_fields;

    session_owner(s, &owner);
    if (s->registered &&
        sj_store_state_get(s->all->store, &owner, link_blob, &m, &missing) != SJ_OK &&
        missing.status != SJ_NOTFOUND)
        sj_log_warn(&s->log, "state of the link not read cause=%s", SJ_CLIP(missing.text));
    if (values)
        link_construct(&m, values, n);
    else if (sj_store_registration_get(s->all->store, &owner, link_values, &m, err) == SJ_OK)
        link_construct(&m, m.value, n_fields);
    for (size_t i = 0; i < n_fields; i++)
        sj_secret_free(&m.value[i]);
    if (m.blob)
        sj_wipe(m.blob, m.len);
    sj_free(m.blob);
    return m.link;
}

/* The budget allows it now. */
static void session_connect(void *arg)
{
    struct session *s = arg;
    struct sj_error err = {.status = SJ_OK};

    session_enter(s, SESSION_CONNECTING, "budget");
    s->lacks = 0;
    s->link = session_link_new(s, NULL, 0, &err);
    if (s->link)
        position_resume_link(s, s->link);
    if (s->link && s->network->backend->connect(s->link, &err) == SJ_OK)
        return;
    sj_log_error(&s->log, "log-in not possible cause=%s", SJ_CLIP(err.text));
    sessions_bury(s->all, &s->link);
    session_link_down(s, SJ_END_UNREACHABLE, &err);
}

void session_rest_over(void *arg)
{
    struct session *s = arg;

    session_login(s);
    session_release(s);
}

/* A log-in that the user causes. */
static bool session_may_log_in(struct session *s)
{
    struct sj_error err = {.status = SJ_OK};

    if (quota_take(s, SESSIONS_LOGINS, 1, &err) == SJ_OK)
        return true;
    session_tell_failure(s, SJ_LIMIT, &err);
    session_note_trouble(s, SJ_LIMIT, &err);
    return false;
}

/* One too many is made as soon as it may be. */
static void session_rest(struct session *s)
{
    sj_timer_stop(&s->timer);
    sj_timer_init(&s->timer, session_rest_over, s);
    sj_timer_start(s->all->loop, &s->timer, quota_wait_ms(s, SESSIONS_LOGINS, 1));
}

void session_login(struct session *s)
{
    if (s->ticket.go == NULL)
        ticket_init(&s->ticket, session_connect, s);
    if (!s->wants_online || s->removal.wanted || s->check || !s->registered || s->all->stopping ||
        session_prefers(s, PREFERENCE_DISABLED))
        return;
    if (s->state == SESSION_BACKOFF && !sj_list_empty(&s->resources) && s->tries <= 1)
        session_enter(s, SESSION_QUEUED, "user is back");
    else if (s->state == SESSION_OFFLINE && session_may_log_in(s))
        session_enter(s, SESSION_QUEUED, "user is available");
    else if (s->state == SESSION_OFFLINE)
        session_rest(s);
    if (s->state == SESSION_QUEUED)
        governor_ask(&s->network->governor, &s->ticket, !sj_list_empty(&s->resources));
}

static void session_close_timeout(void *arg)
{
    struct session *s = arg;

    sj_log_debug(&s->log, "log-out took too long");
    sessions_bury(s->all, &s->link);
    session_link_down(s, SJ_END_ASKED, NULL);
}

/* The link goes down, or is given up after SESSION_CLOSE_MS. */
static void session_close(struct session *s, const char *reason)
{
    session_enter(s, SESSION_CLOSING, "log-out");
    s->network->backend->disconnect(s->link, reason);
    sj_timer_init(&s->timer, session_close_timeout, s);
    sj_timer_start(s->all->loop, &s->timer, SESSION_CLOSE_MS);
}

bool session_log_out(struct session *s)
{
    const struct sj_backend *b = s->network->backend;
    struct sj_error err = {.status = SJ_OK};

    if (!b->log_out)
        return false;
    if (!s->link && s->state == SESSION_OFFLINE)
        s->link = session_link_new(s, NULL, 0, &err);
    if (!s->link)
        return false;
    b->log_out(s->link);
    if (s->state == SESSION_OFFLINE)
        session_close(s, "");
    return true;
}

/* Ends the log-in in good order. What the user was shown goes first; CLOSING ends when the link
 * is down, or after SESSION_CLOSE_MS. Idempotent. */
void session_logout(struct session *s, const char *reason)
{
    struct sj_error gone;

    sj_fail(&gone, SJ_UNREACHABLE, "The log-out came before this could be sent.");
    transfers_stop(s, &gone);
    rooms_log_out(s);
    session_unannounce(s, NULL);
    switch (s->state) {
    case SESSION_QUEUED:
    case SESSION_BACKOFF:
        session_enter(s, SESSION_OFFLINE, "log-out");
        break;
    case SESSION_CONNECTING:
    case SESSION_ASKING:
    case SESSION_ONLINE:
        session_close(s, reason);
        break;
    default:
        break;
    }
    if (!s->all->stopping)
        session_store_online(s, false);
    sj_fail(&gone, SJ_CANCELED, "The log-in was given up.");
    if (!s->check)
        prompt_over(s, &gone);
    if (s->awaited)
        command_login_over(s, &gone);
    if (!s->wants_online || s->all->stopping) {
        sj_fail(&gone, SJ_UNREACHABLE, "The log-out came before this could be sent.");
        held_out_bounce(s, &gone);       /* G100-47: nothing is kept for a later log-in */
    }
    session_release(s);
}

/* New registration data: a session that runs is made anew, one that was refused may try. */
void session_restart(struct session *s)
{
    s->tries = 0;
    s->failure_told = false;
    own_profile_forget(s);
    if (s->state == SESSION_REFUSED || s->state == SESSION_BACKOFF) {
        session_enter(s, SESSION_QUEUED, "new registration data");
        s->wants_online = true;
    } else if (s->state == SESSION_ONLINE || s->state == SESSION_CONNECTING ||
               s->state == SESSION_ASKING) {
        session_logout(s, "");
    }
    session_login(s);
}

void session_dismiss(struct session *s)
{
    s->wants_online = false;
    if (s->state == SESSION_REFUSED)
        session_enter(s, SESSION_OFFLINE, "stays out");
    session_logout(s, "");
}

enum sj_status session_stay_out(struct session *s, struct sj_error *err)
{
    enum sj_status status = session_prefer(s, PREFERENCE_STAY_OUT, "1", err);

    if (status == SJ_OK)
        session_dismiss(s);
    return status;
}

/* The user asks for it. Who is not known to be there is probed: a command is no presence. */
bool session_login_again(struct session *s)
{
    s->tries = 0;
    s->failure_told = false;
    s->wants_online = true;
    if (s->n_resources == 0 && s->sees_user)
        xmpp_send_probe(s->all->xmpp, s->network->index, s->user);
    if ((s->state == SESSION_REFUSED || s->state == SESSION_BACKOFF) && session_may_log_in(s))
        session_enter(s, SESSION_QUEUED, "asked for");
    if (s->state == SESSION_ONLINE)
        session_announce(s);
    else
        session_login(s);
    return s->state == SESSION_ONLINE;
}

static void session_unused(void *arg)
{
    struct session *s = arg;

    if (!s->announced) {
        s->announced = true;             /* what was held is the user's all the same */
        held_in_send(s);
        s->announced = false;
        session_logout(s, "");
    }
}

/* The link of a registration check becomes the session's. The log-in is announced when the user
 * shows presence; until then messages are held (G100-08). */
void session_adopt(struct session *s, struct sj_link *link)
{
    s->link = link;
    session_enter(s, SESSION_ONLINE, "registered");
    sj_timer_init(&s->timer, session_unused, s);
    sj_timer_start(s->all->loop, &s->timer, SESSION_UNUSED_MS);
    session_link_up(s);
}

/* The log-in use case ends: the user sees the gateway, the contacts, and what was held
 * (G100-25, G100-27, G100-08). */
void session_announce(struct session *s)
{
    if (s->announced || s->state != SESSION_ONLINE || !s->wants_online)
        return;
    sj_timer_stop(&s->timer);
    s->announced = true;
    s->failure_told = false;
    session_send_gateway_presence(s, s->user, NULL);
    contacts_send_all(s, s->user);
    s->fresh = false;
    session_store_online(s, true);
    held_in_send(s);
    roster_start(s);
    nodes_tell_new(s);
    rooms_announce(s);
    portfolio_later(s);
}

void session_unannounce(struct session *s, const struct sj_error *why)
{
    struct sj_error words = {.status = SJ_OK};
    struct xmpp_presence_out out = {.to = s->user, .show = XMPP_OFFLINE};

    contacts_unavailable(s, true);
    if (!s->announced)
        return;
    s->announced = s->offer_refused = false;
    roster_free(s);
    if (why) {
        words = session_words(s, why);
        out.status = words.text;
        out.lang = words.lang;
    }
    session_send_presence(s, &out);
}

/* Nobody was online, and now somebody is: the network was away and is back. Whoever waits for it
 * need not wait as long as it had been away; the budget says when. */
static void session_wake_others(struct network *n)
{
    struct session *s;
    uint32_t at = 0;
    unsigned woken = 0;

    while ((s = sj_map_next(&n->by_user, &at)) != NULL) {
        if (s->state != SESSION_BACKOFF || s->throttled)
            continue;
        sj_timer_stop(&s->timer);
        session_wait_over(s);
        woken++;
    }
    if (woken > 0)
        sj_log_info(&n->log, "network is back, those who wait for it are queued n=%u", woken);
}

void session_link_up(struct session *s)
{
    bool logs_in = s->state == SESSION_CONNECTING || s->state == SESSION_ASKING;

    governor_leave(&s->network->governor, &s->ticket);
    if (logs_in)
        session_enter(s, SESSION_ONLINE, "logged in");
    sj_log_info(&s->log, "link up");
    if (logs_in && s->network->n_online == 1)
        session_wake_others(s->network);
    s->online_at_ms = sj_loop_now_ms(s->all->loop);
    s->last_show = SJ_SHOW_ONLINE;
    s->idle_told = 0;
    contact_set(&s->last_status, NULL);
    contacts_expect(s);
    session_announce(s);
    session_apply_presence(s);
    own_profile_sync(s);
    contacts_watch(s);
    if (!(s->network->backend->caps & SJ_CAP_CONTACT_LIST))
        late_catch_up(s->network, s->user);
    held_out_send(s);
    rooms_link_up(s);
    contact_set(&s->trouble, NULL);
    if (!s->check)
        prompt_over(s, NULL);
    if (s->awaited)
        command_login_over(s, NULL);
    if (logs_in && !s->wants_online)     /* the user went away while the network waited for them */
        session_logout(s, "");
}
