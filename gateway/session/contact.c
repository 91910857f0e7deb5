/* SPDX-License-Identifier: MPL-2.0 */
/* The people in one user's list: their record, and their presence towards the user. What the
 * user's server and the network ask of it is in subscription.c; offering it to the user's client
 * in suggest.c. Addresses are bare, always (XEP-0100 §5, G100-46; requirements §24.1). */
#include <string.h>

#include "roster.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define CONTACT_LIVE_MS 60000        /* what happened later carries no delay (G203-03) */

struct contact *contact_find(const struct session *s, const char *id)
{
    return sj_map_find(&s->contacts, id);
}

struct contact *contact_new(struct session *s, const char *id)
{
    size_t n = strlen(id) + 1;
    struct contact *c = sj_calloc(1, sizeof *c + n);

    memcpy(c->id, id, n);
    c->session = s;
    sj_list_init(&c->dirty);
    sj_map_put(&s->contacts, c->id, c);
    return c;
}

static bool contact_is_unused(const struct contact *c)
{
    return !c->to && !c->from && !c->asked_out && !c->asked_in && !c->listed && !c->unwanted;
}

/* Records of offers that the network no longer makes go first. */
static bool contacts_make_room(struct session *s)
{
    struct contact *c;
    uint32_t at = 0;

    if (s->contacts.used < s->all->options->contacts_max)
        return true;
    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (contact_is_unused(c))
            contact_forget(c);
    }
    return s->contacts.used < s->all->options->contacts_max;
}

struct contact *contact_add(struct session *s, const char *id)
{
    struct contact *c = contact_find(s, id);

    if (c || !contacts_make_room(s))
        return c;
    return contact_new(s, id);
}

void contact_set(char **field, const char *text)
{
    if (text && *field && strcmp(text, *field) == 0)
        return;
    sj_free(*field);
    *field = sj_strdup(text);
}

void contact_free(struct contact *c)
{
    contact_clean(c);
    sj_free(c->name);
    sj_free(c->told_name);
    sj_free(c->told_group);
    sj_free(c->group);
    sj_free(c->status);
    portrait_free(c);
    sj_free(c);
}

void contact_forget(struct contact *c)
{
    sj_map_remove(&c->session->contacts, c->id);
    c->gone = true;
    contact_changed(c);
}

void contact_drop_unused(struct contact *c)
{
    if (contact_is_unused(c))
        contact_forget(c);
}

void contacts_clear(struct session *s)
{
    struct sj_list *at, *next;

    for (at = s->all->dirty.next; s->n_dirty > 0 && at != &s->all->dirty; at = next) {
        struct contact *c = SJ_CONTAINER(at, struct contact, dirty);
        next = at->next;
        if (c->session == s && c->gone)
            contact_free(c);
    }
    while (s->contacts.used > 0) {
        uint32_t first = 0;
        struct contact *c = sj_map_next(&s->contacts, &first);
        sj_map_remove(&s->contacts, c->id);
        contact_free(c);
    }
}

static enum xmpp_show contact_show(enum sj_show show)
{
    static const enum xmpp_show map[] = {
        [SJ_SHOW_OFFLINE] = XMPP_OFFLINE, [SJ_SHOW_ONLINE] = XMPP_ONLINE,
        [SJ_SHOW_CHAT] = XMPP_CHAT, [SJ_SHOW_AWAY] = XMPP_AWAY,
        [SJ_SHOW_XA] = XMPP_XA, [SJ_SHOW_DND] = XMPP_DND};

    return map[show];
}

/* Current presence of the contact to an address of the user, whatever it is (G100-27, R6121-05,
 * R6121-20). The caller has checked that the user may see it. */
void contact_send_presence(struct session *s, struct contact *c, const char *to, const char *id)
{
    bool available = s->state == SESSION_ONLINE && c->has_presence && c->show != SJ_SHOW_OFFLINE;
    bool long_ago = sj_loop_utc_ms(s->all->loop) - c->seen_at >= CONTACT_LIVE_MS;
    struct xmpp_presence_out out = {
        .peer = c->id, .to = to, .show = available ? contact_show(c->show) : XMPP_OFFLINE,
        .status = c->has_presence || available ? c->status : NULL,
        .id = available ? NULL : id, .seen_at = available || !long_ago ? 0 : c->seen_at,
        .features = available ? abilities_of_contact(s, c) : 0,
        .picture = portrait_picture(s, c), .idle_since = available ? c->idle_since : 0};

    if (!s->announced && available)
        return;                          /* it follows with the announcement */
    if (session_send_presence(s, &out))
        c->shown = available || (c->shown && strcmp(to, s->user) != 0);
}

bool contact_show_unavailable(struct session *s, struct contact *c, const char *to)
{
    struct xmpp_presence_out out = {.peer = c->id, .to = to, .show = XMPP_OFFLINE};

    return session_send_presence(s, &out);
}

void contact_send_question(struct session *s, struct contact *c, const char *text)
{
    if (c->question_sent)
        return;
    c->question_sent = xmpp_send_subscription(s->all->xmpp, s->network->index, c->id, s->user,
                                              XMPP_SUBSCRIBE, text, c->name, NULL);
    c->question_due = !c->question_sent;
}

void contacts_send_questions(struct session *s)
{
    struct contact *c;
    uint32_t at = 0;

    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (c->asked_in && c->question_due)
            contact_send_question(s, c, NULL);
    }
}

/* At the log-in and for each new resource: everybody who is there (G100-27, G100-29). At the first
 * announcement after a start of the daemon also those who are not, since the user's server may
 * still show what was true before (R6121-28). */
void contacts_send_all(struct session *s, const char *to)
{
    struct contact *c;
    uint32_t at = 0;

    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        bool available = c->has_presence && c->show != SJ_SHOW_OFFLINE;
        if (c->to && (available || (s->fresh && (c->has_presence || c->shown))))
            contact_send_presence(s, c, to, NULL);
    }
}

/* Everybody who was shown as available goes unavailable (G100-34); and everybody whom the user's
 * server may show so from before, when nothing was said since (R6121-28). Who could not be told
 * stays shown, for session_show. */
void contacts_unavailable(struct session *s, bool forget_presence)
{
    bool all = s->fresh;
    struct contact *c;
    uint32_t at = 0;

    s->fresh = false;
    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (c->shown || (all && c->to))
            c->shown = !contact_show_unavailable(s, c, s->user) && session_is_blocked(s);
        if (forget_presence)
            c->has_presence = c->listed = c->quiet = c->node_quiet = c->question_sent = false;
    }
}

/* The contact goes from the user's side: G100-52, in the order that requirements §24.2
 * recommends. */
void contact_end(struct session *s, struct contact *c, const struct sj_error *why)
{
    unsigned host = s->network->index;

    if (c->to)
        contact_show_unavailable(s, c, s->user);
    if (c->from || c->asked_in)
        xmpp_send_subscription(s->all->xmpp, host, c->id, s->user, XMPP_UNSUBSCRIBE, NULL, NULL,
                               NULL);
    if (c->to)
        session_unsubscribed(s, c->id, why);
    if (c->to)
        contact_show_unavailable(s, c, s->user);
}

void contact_gone(struct session *s, struct contact *c, const struct sj_error *why)
{
    records_promise(s);
    contact_end(s, c, why);
    suggest_gone(s, c);
    roster_gone(s, c);
    contact_forget(c);
}

/* One contact after a log-in; it may be gone afterwards. */
static void contact_watch(struct session *s, struct contact *c)
{
    struct op_ask ask = {.kind = OP_CONTACT_ADD, .peer = c->id};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status;
    sj_op op = 0;

    if (c->asked_out && (op = op_new(s, &ask, &err)) == 0)
        return;
    status = s->network->backend->contact_add(s->link, c->id, op, &err);
    if (status == SJ_OK)
        return;
    op_forget(s->all, op);
    if (c->asked_out && status != SJ_UNREACHABLE)
        contact_refused(s, c, &err);     /* G100-39, G100-40 */
    else
        sj_log_debug(&s->log, "contact not watched peer=%s cause=%s", SJ_CLIP(c->id),
                     SJ_CLIP(err.text));
}

/* After a log-in: a network without a list of its own is told ours; requests that were not
 * answered are repeated once (R6121-10). */
void contacts_watch(struct session *s)
{
    uint32_t caps = s->network->backend->caps;
    struct contact *c;
    uint32_t at = 0;

    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (!(caps & SJ_CAP_CONTACTS) && c->asked_out)
            contact_approved(s, c);      /* nobody there to be asked (G100-38) */
        else if ((caps & SJ_CAP_CONTACTS) &&
                 (c->asked_out || (c->to && !(caps & SJ_CAP_CONTACT_LIST))))
            contact_watch(s, c);
    }
}

void contacts_expect(struct session *s)
{
    bool lists = (s->network->backend->caps & SJ_CAP_CONTACT_LIST) != 0;
    struct contact *c;
    uint32_t at = 0;

    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        bool offered = c->suggested && !c->from && !c->asked_in;
        c->expected = lists && !c->asked_out && !c->unwanted && (c->to || offered);
    }
}

enum sj_status session_canon(const struct session *s, const char *peer, struct sj_strbuf *out,
                             struct sj_error *err)
{
    enum sj_status status =
        s->network->backend->id_canon(out, s->network->options->net, s->link, peer, err);

    if (status == SJ_OK && !sj_strbuf_ok(out))
        return sj_fail(err, SJ_INVALID, "This address is too long.");
    return status;
}
