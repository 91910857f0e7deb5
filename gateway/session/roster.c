/* SPDX-License-Identifier: MPL-2.0 */
/* When and by which way the user's roster hears of the network's list: with privileges it is read,
 * compared and written (XEP-0356), else contacts are offered (suggest.c, XEP-0144), and as the last
 * way each asks by itself, once ever and slowly. Which way there is, is looked at each time.
 *
 * Reading comes before writing, always: a write replaces the user's own names and groups
 * (G356-09). What an item means is in roster_item.c. Each piece of work is bounded; what is left
 * over follows with the next reading. */
#include "roster.h"

#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

static void roster_on_timer(void *session);
static void roster_on_ask(void *session);

static void roster_on_names(void *arg)
{
    struct session *s = arg;

    s->roster->nameless = true;
    roster_later(s);
}

struct roster *roster_get(struct session *s)
{
    struct roster *r = s->roster;

    if (r)
        return r;
    r = sj_calloc(1, sizeof *r);
    sj_list_init(&r->moves);
    sj_timer_init(&r->timer, roster_on_timer, s);
    sj_timer_init(&r->names, roster_on_names, s);
    sj_timer_init(&r->ask, roster_on_ask, s);
    s->roster = r;
    return r;
}

/* No answer is waited for any more. A new item may be there all the same, and then it is ours. */
static void roster_give_up(struct session *s)
{
    struct roster *r = s->roster;
    struct contact *c;
    uint32_t at = 0;

    r->state = ROSTER_IDLE;
    r->stale = false;
    if (r->open == 0)
        return;
    r->open = 0;
    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (c->writing == CONTACT_WRITES_NOTHING)
            continue;
        c->created = c->created || c->writing == CONTACT_WRITES_NEW;
        contact_written(c, false);
        contact_changed(c);
    }
}

void roster_free(struct session *s)
{
    struct roster *r = s->roster;

    if (!r)
        return;
    roster_give_up(s);
    roster_moves_clear(r);
    sj_timer_stop(&r->timer);
    sj_timer_stop(&r->names);
    sj_timer_stop(&r->ask);
    sj_free(r);
    s->roster = NULL;
}

static unsigned roster_may(const struct session *s)
{
    return xmpp_privileges(s->all->xmpp, s->network->index, s->user);
}

/* Where it cannot be read it is not written either: what the user has there would be lost. */
bool roster_is_writable(const struct session *s)
{
    unsigned both = XMPP_MAY_READ_ROSTER | XMPP_MAY_SET_ROSTER;

    return (roster_may(s) & both) == both &&
           !(s->roster && (s->roster->refused || s->roster->unreadable));
}

static bool roster_is_readable(const struct session *s)
{
    return (roster_may(s) & XMPP_MAY_READ_ROSTER) && !(s->roster && s->roster->unreadable);
}

bool roster_takes_over(const struct session *s)
{
    bool unread = roster_is_readable(s) && s->announced && !(s->roster && s->roster->known);

    return roster_is_writable(s) || unread;
}

static bool roster_is_wanted(const struct session *s)
{
    return s->announced && s->registered && !s->removal.wanted && !s->all->stopping;
}

static void roster_work_in(struct session *s, int64_t ms)
{
    struct roster *r = roster_get(s);

    if (r->state != ROSTER_IDLE)
        r->again = true;
    else if (!sj_timer_running(&r->timer))
        sj_timer_start(s->all->loop, &r->timer, ms);
}

/* Readings are at least a pause apart, so that a network full of renames costs little. */
static void roster_work(struct session *s, int64_t spread_ms)
{
    const struct roster *r = roster_get(s);
    int64_t rest = r->read_ms ? r->read_ms + ROSTER_PAUSE_MS - sj_loop_now_ms(s->all->loop) : 0;

    roster_work_in(s, spread_ms + (rest > 0 ? rest : 0));
}

void roster_later(struct session *s)
{
    if (!roster_is_wanted(s))
        return;
    if (roster_is_readable(s))
        roster_work(s, 0);
    if (!roster_takes_over(s))
        suggest_later(s);
}

bool roster_rests(struct session *s, int64_t ms)
{
    struct roster *r = roster_get(s);
    int64_t now = sj_loop_now_ms(s->all->loop);

    if (r->changed_ms && now - r->changed_ms < ms) {
        roster_work_in(s, r->changed_ms + ms - now);
        return true;
    }
    r->changed_ms = now;
    return false;
}

void roster_start(struct session *s)
{
    struct contact *c;
    uint32_t at = 0;

    while ((c = sj_map_next(&s->contacts, &at)) != NULL)
        c->in_roster = false;
    roster_later(s);
}

/* ---- names before items ---- */

void roster_wait_for_name(struct session *s)
{
    struct roster *r = roster_get(s);

    if (sj_timer_running(&r->names))
        return;
    r->nameless = false;
    sj_timer_start(s->all->loop, &r->names, ROSTER_NAMES_MS);
}

bool roster_has_name(const struct session *s, const struct contact *c)
{
    return c->name || !s->roster || s->roster->nameless || !sj_timer_running(&s->roster->names);
}

/* ---- writing ---- */

bool roster_write(struct session *s, struct contact *c, const struct xmpp_roster_item *item,
                  enum contact_writes how)
{
    struct roster *r = roster_get(s);

    if (c->writing != CONTACT_WRITES_NOTHING || r->open >= ROSTER_WRITES_MAX)
        return false;
    if (!xmpp_roster_write(s->all->xmpp, s->network->index, s->user, item))
        return false;
    c->writing = how;
    r->open++;
    return true;
}

static bool roster_lacks(const struct session *s, const struct contact *c)
{
    return c->listed && !c->suggested && !c->in_roster && !c->asked_out &&
           c->writing == CONTACT_WRITES_NOTHING && roster_has_name(s, c);
}

/* Puts contacts in that are not there, some at a time. Subscription both is no more than a wish,
 * which some servers grant (G356-08); what came of it is read afterwards. */
static void roster_fill(struct session *s)
{
    struct contact *c;
    uint32_t at = 0;

    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        struct xmpp_roster_item item = {.peer = c->id, .name = c->name, .sub = XMPP_ROSTER_BOTH};
        if (!roster_lacks(s, c))
            continue;
        if (c->group && *c->group)
            item.group[item.n_groups++] = c->group;
        if (!roster_write(s, c, &item, CONTACT_WRITES_NEW))
            return;
        contact_tell_all(c);
    }
}

/* ---- the last way: each asks by itself ---- */

static bool roster_may_ask(const struct session *s, const struct contact *c)
{
    bool quiet = c->to || c->from || c->asked_out || c->asked_in || c->asked;

    return c->listed && c->suggested && !quiet && (c->created || !roster_is_writable(s));
}

/* At most once for each contact, ever; an answer is no answer to the network, which was not asked.
 * Does a client take offers, it has got them. */
static void roster_on_ask(void *session)
{
    struct session *s = session;
    struct roster *r = s->roster;
    struct contact *c;
    uint32_t at = 0;

    if (!roster_is_wanted(s) || s->n_resources == 0 ||
        (!roster_is_writable(s) && suggest_is_understood(s)))
        return;
    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (!roster_may_ask(s, c))
            continue;
        records_promise(s);
        if (!xmpp_send_subscription(s->all->xmpp, s->network->index, c->id, s->user,
                                    XMPP_SUBSCRIBE, NULL, c->name, NULL))
            break;
        c->asked = true;
        contact_changed(c);
        if (++r->asked >= ROSTER_ASK_BURST)
            break;
    }
    if (c)
        sj_timer_start(s->all->loop, &r->ask, ROSTER_ASK_MS);
}

void roster_offered(struct session *s)
{
    struct contact *c;
    struct roster *r;
    uint32_t at = 0;

    while ((c = sj_map_next(&s->contacts, &at)) != NULL && !roster_may_ask(s, c))
        continue;
    if (!c)
        return;
    r = roster_get(s);
    if (!sj_timer_running(&r->ask))
        sj_timer_start(s->all->loop, &r->ask, ROSTER_ASK_FIRST_MS);
}

/* ---- the course of one piece of work ---- */

static void roster_rest(struct session *s)
{
    struct roster *r = s->roster;

    r->state = ROSTER_IDLE;
    if (r->again) {
        r->again = false;
        roster_later(s);
    }
}

static void roster_on_timer(void *session)
{
    struct session *s = session;
    struct roster *r = s->roster;
    struct contact *c;
    uint32_t at = 0;

    if (!roster_is_wanted(s))
        return;
    if (!roster_is_readable(s)) {
        suggest_later(s);
        return;
    }
    r->again = false;
    r->read_ms = sj_loop_now_ms(s->all->loop);
    if (!xmpp_roster_read(s->all->xmpp, s->network->index, s->user)) {
        roster_work(s, 0);               /* too much is asked at the moment */
        return;
    }
    while ((c = sj_map_next(&s->contacts, &at)) != NULL)
        c->in_roster = false;
    r->state = ROSTER_READING;
}

/* All writes are answered. Which subscriptions came of them, only another look tells. */
static void roster_written_all(struct session *s)
{
    struct roster *r = s->roster;

    if (r->refused) {
        suggest_features(s);
        suggest_later(s);
    } else if (r->verify) {
        r->verify = false;
        r->again = false;
        r->state = ROSTER_IDLE;
        roster_work_in(s, 0);
        return;
    }
    roster_rest(s);
}

static void roster_after_reading(struct session *s)
{
    struct roster *r = s->roster;

    if (roster_is_writable(s))
        roster_fill(s);
    else
        suggest_later(s);
    r->state = r->open > 0 ? ROSTER_WRITING : ROSTER_IDLE;
    if (r->open > 0)
        return;
    if (roster_is_writable(s))
        roster_on_ask(s);
    roster_rest(s);
}

static struct session *roster_session(void *ctx, unsigned host, const char *user)
{
    struct sessions *all = ctx;
    struct session *s = session_find(&all->networks[host], user);

    return s && s->roster && roster_is_wanted(s) ? s : NULL;
}

void roster_on_item(void *ctx, unsigned host, const char *user,
                    const struct xmpp_roster_item *item)
{
    struct session *s = roster_session(ctx, host, user);

    if (s && s->roster->state == ROSTER_READING && !s->roster->stale)
        roster_take_item(s, item);
}

void roster_on_read(void *ctx, unsigned host, const char *user, bool ok)
{
    struct session *s = roster_session(ctx, host, user);

    if (!s || s->roster->state != ROSTER_READING)
        return;
    if (s->roster->stale) {
        s->roster->stale = false;
        s->roster->state = ROSTER_IDLE;
        roster_work(s, 0);
        return;
    }
    if (ok)
        roster_take_missing(s);
    else
        s->roster->unreadable = true;    /* too large, or the server does not answer */
    s->roster->known = true;
    roster_after_reading(s);
}

/* What comes after its stream or log-in has ended means nothing; of a contact that is gone, too,
 * it is only known that something was open. */
static bool roster_expects(const struct roster *r, const struct contact *c)
{
    return c ? c->writing != CONTACT_WRITES_NOTHING : r->open > 0;
}

void roster_on_written(void *ctx, unsigned host, const char *user, const char *peer, bool ok)
{
    struct session *s = roster_session(ctx, host, user);
    struct contact *c = s ? contact_find(s, peer) : NULL;
    struct roster *r = s ? s->roster : NULL;

    if (!s || !roster_expects(r, c))
        return;
    r->open -= r->open > 0;
    if (c)
        contact_written(c, ok);
    r->wrote = r->wrote || ok;
    r->verify = r->verify || (ok && c && !c->to);
    if (!ok && !r->wrote)
        r->refused = true;               /* the server promises more than it can (G356-04) */
    roster_finish_move(s, peer, ok);
    if (roster_is_writable(s) && r->state == ROSTER_WRITING)
        roster_fill(s);
    if (r->open == 0 && r->state == ROSTER_WRITING)
        roster_written_all(s);
}

/* Only changes that somebody else made matter; our own find everything as it should be. */
void roster_on_pushed(void *ctx, unsigned host, const char *user,
                      const struct xmpp_roster_item *item)
{
    struct sessions *all = ctx;
    struct session *s = session_find(&all->networks[host], user);

    if (!s || !roster_is_wanted(s))
        return;
    if (item->sub == XMPP_ROSTER_REMOVE)
        roster_take_removal(s, item);
    else
        roster_take_item(s, item);
    session_release(s);
}

static bool roster_is_of(const struct session *s, const char *domain)
{
    const char *at = strchr(s->user, '@');

    return at && strcmp(at + 1, domain) == 0;
}

/* Everybody of that server, spread over a while. */
void roster_on_changed(void *ctx, unsigned host, const char *domain)
{
    struct sessions *all = ctx;
    struct session *s;
    uint32_t at = 0;
    int64_t spread = 0;

    while ((s = sj_map_next(&all->networks[host].by_user, &at)) != NULL) {
        if (!roster_is_wanted(s) || !roster_is_of(s, domain))
            continue;
        if (s->roster) {
            s->roster->refused = s->roster->unreadable = s->roster->known = false;
            sj_timer_stop(&s->roster->timer);
        }
        if (roster_may(s) & XMPP_MAY_READ_ROSTER)
            roster_work(s, spread += ROSTER_SPREAD_MS);
        else
            suggest_features(s);
    }
}

/* Answers get lost with the stream. What was under way is begun again when privileges are granted
 * anew; if they are not, by the ways that are left. */
void roster_on_lost(struct sessions *all, unsigned host)
{
    struct session *s;
    uint32_t at = 0;

    while ((s = sj_map_next(&all->networks[host].by_user, &at)) != NULL) {
        if (!s->roster || s->roster->state == ROSTER_IDLE)
            continue;
        roster_give_up(s);
        roster_work_in(s, ROSTER_LOST_MS);
    }
}
