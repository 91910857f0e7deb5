/* SPDX-License-Identifier: MPL-2.0 */
/* What crossed our goodbye, or was open when a stream was away at the stop: requests, joins, what
 * was said to the gateway itself, and all of who is not registered. A note of each is left to the
 * next process, which answers it by an error, once. Messages to networks have the journal.
 *
 * Subscriptions are not asked for again: the user's server has changed its side already (RFC 6121
 * §3), and what is not done here stays undone. So the next process does it as if it had come then,
 * for who is about to be logged in when the network is there to hear of it, and before anything
 * that they ask later.
 *
 * The notes are one small record of the store, written at the end of a process; so they are bounded
 * in bytes, for each sender and for strangers. An answer that is a day late is of no use. */
#include "late.h"

#include <stdio.h>
#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define LATE_BYTES_MAX SJ_STORE_BLOB_MAX
#define LATE_STRANGERS_MAX (LATE_BYTES_MAX / 2)
#define LATE_USER_MAX 16u                /* notes of one address */
#define LATE_SUBS_MAX 128u               /* subscriptions of a user */
#define LATE_AGE_MS (24 * 3600 * INT64_C(1000))

/* LATE_KIND of subscriptions, beside those of struct xmpp_unanswered. */
static const char late_subs[] = {
    [XMPP_SUBSCRIBE] = 's', [XMPP_SUBSCRIBED] = 'S',
    [XMPP_UNSUBSCRIBE] = 'u', [XMPP_UNSUBSCRIBED] = 'U',
};

/* The texts of a note, in the store too, each with its NUL. Optional ones are "" when absent.
 * LATE_TO of subscriptions: the contact's id, optional. */
enum late_text { LATE_KIND, LATE_HOST, LATE_FULL, LATE_TO, LATE_ID, LATE_LANG, LATE_TIME,
                 LATE_TEXTS };

struct late_note {
    struct sj_list link;
    size_t n;
    bool stranger, subscribes;
    const char *text[LATE_TEXTS];        /* inside bytes */
    char bytes[];
};

struct late {
    struct sj_list notes;                /* oldest first */
    size_t bytes, stranger_bytes;
    unsigned dropped;                    /* there was no room */
    unsigned n_subs;
    struct sj_defer due;                 /* what is left of them is to be written */
    bool changed;                        /* the store has others */
};

/* ---- notes ---- */

static bool late_subscribes(char kind)
{
    return memchr(late_subs, kind, sizeof late_subs) != NULL;
}

/* bytes: the texts of a note. */
static struct late_note *late_note_new(struct late *l, const char *bytes, size_t n, bool stranger)
{
    struct late_note *note = sj_calloc(1, sizeof *note + n);
    const char *at = note->bytes;

    memcpy(note->bytes, bytes, n);
    note->n = n;
    note->stranger = stranger;
    for (unsigned i = 0; i < LATE_TEXTS; i++) {
        note->text[i] = at;
        at += strlen(at) + 1;
    }
    note->subscribes = late_subscribes(note->text[LATE_KIND][0]);
    sj_list_init(&note->link);
    sj_list_append(&l->notes, &note->link);
    l->n_subs += note->subscribes;
    l->bytes += n;
    l->stranger_bytes += stranger ? n : 0;
    return note;
}

static void late_note_free(struct late *l, struct late_note *note)
{
    l->bytes -= note->n;
    l->stranger_bytes -= note->stranger ? note->n : 0;
    l->n_subs -= note->subscribes;
    sj_list_remove(&note->link);
    sj_free(note);
}

static bool late_is_of(const struct late_note *note, const char *user)
{
    size_t n = strlen(user);

    return strncmp(note->text[LATE_FULL], user, n) == 0 &&
           (note->text[LATE_FULL][n] == '\0' || note->text[LATE_FULL][n] == '/');
}

static bool late_has_room(const struct late *l, const char *user, size_t n, bool stranger,
                          bool subscribes)
{
    unsigned max = subscribes && !stranger ? LATE_SUBS_MAX : LATE_USER_MAX, of_user = 0;

    for (const struct sj_list *i = l->notes.next; i != &l->notes; i = i->next) {
        const struct late_note *note = SJ_CONTAINER(i, const struct late_note, link);
        of_user += note->subscribes == subscribes && late_is_of(note, user);
    }
    return of_user < max && l->bytes + n <= LATE_BYTES_MAX &&
           (!stranger || l->stranger_bytes + n <= LATE_STRANGERS_MAX);
}

static void late_add_text(struct sj_strbuf *out, const char *text)
{
    sj_strbuf_add(out, text ? text : "", (text ? strlen(text) : 0) + 1);
}

void late_add(struct sessions *all, const struct xmpp_unanswered *u, bool stranger)
{
    struct late *l = all->late;
    const char kind[2] = {u->kind, '\0'};
    struct sj_strbuf bytes;
    char now[24];

    snprintf(now, sizeof now, "%lld", (long long)sj_loop_utc_ms(all->loop));
    sj_strbuf_init(&bytes, LATE_BYTES_MAX);
    late_add_text(&bytes, kind);
    late_add_text(&bytes, all->networks[u->from.host].options->host);
    late_add_text(&bytes, u->from.full);
    late_add_text(&bytes, u->to);
    late_add_text(&bytes, u->from.id);
    late_add_text(&bytes, u->from.lang);
    late_add_text(&bytes, now);
    if (sj_strbuf_ok(&bytes) &&
        late_has_room(l, u->from.user, bytes.len, stranger, late_subscribes(u->kind))) {
        late_note_new(l, bytes.s, bytes.len, stranger);
        l->changed = true;
    } else {
        l->dropped++;
    }
    sj_strbuf_release(&bytes);
}

void late_unanswered(void *ctx, const struct xmpp_unanswered *u, const struct sj_error *why)
{
    struct sessions *all = ctx;
    struct sj_error ignored = {.status = SJ_OK};
    struct session *s = session_get(&all->networks[u->from.host], u->from.user, &ignored);
    bool registered = s && s->registered;

    if (registered && u->kind == 'm' && u->peer)
        refusal_unanswered(s, u, why);
    else if (all->stopping)
        late_add(all, u, !registered);
    if (s)
        session_release(s);
}

void late_subscription(struct sessions *all, const struct xmpp_subscription_in *in, bool stranger)
{
    struct xmpp_unanswered u = {.from = in->from, .kind = late_subs[in->kind], .to = in->peer};

    u.from.full = in->from.user;
    late_add(all, &u, stranger);
}

/* ---- the store ---- */

static bool late_is_fresh(const struct sessions *all, const struct late_note *note)
{
    int64_t at = 0;

    return sj_parse_int(note->text[LATE_TIME], 0, INT64_MAX, &at) &&
           sj_loop_utc_ms(all->loop) - at < LATE_AGE_MS;
}

static bool late_is_ours(const struct sessions *all, const struct late_note *note)
{
    for (unsigned i = 0; i < all->n_networks; i++) {
        if (strcmp(all->networks[i].options->host, note->text[LATE_HOST]) == 0)
            return true;
    }
    return false;
}

static void late_read(const void *blob, size_t len, void *arg)
{
    struct sessions *all = arg;
    struct late *l = all->late;
    const char *at = blob, *end = at + len;

    while (at < end) {
        const char *next = at;
        for (unsigned i = 0; next && i < LATE_TEXTS; i++) {
            next = memchr(next, '\0', (size_t)(end - next));
            next = next ? next + 1 : NULL;
        }
        if (!next)
            return;
        struct late_note *note = late_note_new(l, at, (size_t)(next - at), false);
        if (!late_is_ours(all, note) || (!note->subscribes && !late_is_fresh(all, note))) {
            late_note_free(l, note);
            l->changed = true;
        }
        at = next;
    }
}

void late_load(struct sessions *all)
{
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = sj_store_memo_get(all->store, late_read, all, &err);
    if (status != SJ_OK && status != SJ_NOTFOUND)
        sj_log_error(&all->log, "notes of a former process not read cause=%s", SJ_CLIP(err.text));
}

/* On its way to the disk, in place of the notes before. What cannot be written stays without an
 * answer, or gets it twice. */
static enum sj_status late_write(struct sessions *all, struct sj_error *err)
{
    struct late *l = all->late;
    enum sj_status status;
    struct sj_strbuf blob;

    sj_strbuf_init(&blob, LATE_BYTES_MAX);
    for (const struct sj_list *i = l->notes.next; i != &l->notes; i = i->next) {
        const struct late_note *note = SJ_CONTAINER(i, const struct late_note, link);
        sj_strbuf_add(&blob, note->bytes, note->n);
    }
    status = sj_store_memo_put(all->store, blob.s, blob.len, err);
    l->changed = status != SJ_OK;
    sj_strbuf_release(&blob);
    return status;
}

/* Behind the subscriptions that were done: those are on the disk by then. */
static void late_on_due(void *arg)
{
    struct sessions *all = arg;
    struct sj_error err = {.status = SJ_OK};

    if (!all->late->changed || all->stopping || !sj_list_empty(&all->dirty) ||
        !sj_store_is_settled(all->store))
        return;                          /* late_settled, or late_free */
    if (late_write(all, &err) != SJ_OK)
        sj_log_error(&all->log, "notes of a former process not removed cause=%s",
                     SJ_CLIP(err.text));
}

void late_settled(struct sessions *all)
{
    if (all->late->changed)
        sj_loop_defer(all->loop, &all->late->due);
}

struct late *late_new(struct sessions *all)
{
    struct late *l = sj_calloc(1, sizeof *l);

    sj_list_init(&l->notes);
    sj_defer_init(&l->due, late_on_due, all);
    return l;
}

static void late_write_last(struct sessions *all)
{
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = sj_store_flush(all->store, &err);

    if (status == SJ_OK)
        status = late_write(all, &err);
    if (status == SJ_OK)
        status = sj_store_flush(all->store, &err);
    if (status != SJ_OK)
        sj_log_error(&all->log, "notes for the next process not written bytes=%zu cause=%s",
                     all->late->bytes, SJ_CLIP(err.text));
}

void late_free(struct sessions *all)
{
    struct late *l = all->late;

    if (!l)
        return;
    sj_defer_cancel(&l->due);
    if (l->dropped > 0)
        sj_log_warn(&all->log, "too many requests while stopping, some get no answer n=%u",
                    l->dropped);
    if (l->changed)
        late_write_last(all);
    while (!sj_list_empty(&l->notes))
        late_note_free(l, SJ_CONTAINER(l->notes.next, struct late_note, link));
    sj_free(all->late);
    all->late = NULL;
}

/* ---- the next process ---- */

static const char *late_text(const struct late_note *note, enum late_text text)
{
    return note->text[text][0] ? note->text[text] : NULL;
}

static bool late_refuse(struct network *n, const struct late_note *note, const char *to,
                        const struct sj_error *err)
{
    const struct xmpp_late late = {
        .kind = note->subscribes ? 's' : note->text[LATE_KIND][0], .full = note->text[LATE_FULL],
        .to = to, .id = late_text(note, LATE_ID), .lang = late_text(note, LATE_LANG)};

    return xmpp_send_late_error(n->all->xmpp, n->index, &late, err);
}

static bool late_send(struct network *n, const struct late_note *note)
{
    struct sj_error err;

    sj_fail(&err, SJ_UNREACHABLE, "The gateway was restarted before it could answer this; please "
            "try again.");
    return late_refuse(n, note, note->text[LATE_TO], &err);
}

static void late_refuse_sub(struct network *n, const struct late_note *note,
                            const struct sj_error *err)
{
    struct sj_strbuf jid;

    sj_strbuf_init(&jid, SJ_STORE_TEXT_MAX);
    if (xmpp_peer_jid(n->all->xmpp, n->index, note->text[LATE_TO], &jid))
        late_refuse(n, note, jid.s, err);
    sj_strbuf_release(&jid);
}

/* false: the store does not tell who that is, and the note stays. */
static bool late_subscribe(struct network *n, const struct late_note *note)
{
    const char *kind = memchr(late_subs, note->text[LATE_KIND][0], sizeof late_subs);
    const struct xmpp_subscription_in in = {
        .from = {.host = n->index, .user = note->text[LATE_FULL], .resource = "",
                 .full = note->text[LATE_FULL], .id = late_text(note, LATE_ID),
                 .lang = late_text(note, LATE_LANG)},
        .peer = late_text(note, LATE_TO), .kind = (enum xmpp_sub)(kind - late_subs)};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = subscription_take(n->all, &in, &err);

    if (status == SJ_UNREGISTERED)
        late_refuse_sub(n, note, &err);
    return status == SJ_OK || status == SJ_UNREGISTERED;
}

/* Is the user about to be logged in, so that the network can hear of it? */
static bool late_waits(struct network *n, const struct late_note *note)
{
    struct sj_error ignored = {.status = SJ_OK};
    struct session *s = session_get(n, note->text[LATE_FULL], &ignored);
    bool waits = s && s->online_stored && s->state != SESSION_ONLINE;

    if (s)
        session_release(s);
    return waits && late_is_fresh(n->all, note);
}

/* Does what is to be done for the network, or for one user of it. waits: or when they are logged
 * in. */
static void late_run(struct network *n, const char *user, bool waits)
{
    struct late *l = n->all->late;
    size_t told = 0, subscribed = 0;
    struct sj_list *next;

    for (struct sj_list *i = l->notes.next; i != &l->notes; i = next) {
        struct late_note *note = SJ_CONTAINER(i, struct late_note, link);
        next = i->next;
        if (strcmp(note->text[LATE_HOST], n->options->host) != 0 ||
            (user && (!note->subscribes || strcmp(note->text[LATE_FULL], user) != 0)))
            continue;
        if (note->subscribes ? (waits && late_waits(n, note)) || !late_subscribe(n, note)
                             : !late_send(n, note))
            continue;
        told += !note->subscribes;
        subscribed += note->subscribes;
        late_note_free(l, note);
    }
    if (told + subscribed == 0)
        return;
    sj_log_info(&n->log, "what a former process left is done answered=%zu subscriptions=%zu",
                told, subscribed);
    l->changed = true;
    sj_loop_defer(n->all->loop, &l->due);
}

void late_tell(struct network *n)
{
    late_run(n, NULL, true);
}

void late_catch_up(struct network *n, const char *user)
{
    if (n->all->late->n_subs > 0 && !n->all->stopping)
        late_run(n, user, false);
}

void late_forget(struct network *n, const char *user)
{
    struct late *l = n->all->late;
    struct sj_list *next;

    for (struct sj_list *i = l->notes.next; l->n_subs > 0 && i != &l->notes; i = next) {
        struct late_note *note = SJ_CONTAINER(i, struct late_note, link);
        next = i->next;
        if (!note->subscribes || strcmp(note->text[LATE_HOST], n->options->host) != 0 ||
            strcmp(note->text[LATE_FULL], user) != 0)
            continue;
        late_note_free(l, note);
        l->changed = true;
        sj_loop_defer(n->all->loop, &l->due);
    }
}
