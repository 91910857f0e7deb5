/* SPDX-License-Identifier: MPL-2.0 */
/* What crossed our goodbye, or was open when a stream was away at the stop: requests, joins, what
 * was said to the gateway itself, and all of who is not registered. A note of each is left to the
 * next process, which answers it by an error, once. Messages to networks have the journal.
 *
 * The notes are one small record of the store, written at the end of a process; so they are bounded
 * in bytes, for each sender and for strangers. A note that is older than a day is of no use. */
#include "late.h"

#include <stdio.h>
#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define LATE_BYTES_MAX SJ_STORE_BLOB_MAX
#define LATE_STRANGERS_MAX (LATE_BYTES_MAX / 2)
#define LATE_USER_MAX 16u                /* notes of one address */
#define LATE_AGE_MS (24 * 3600 * INT64_C(1000))

/* The texts of a note, in the store too, each with its NUL. Optional ones are "" when absent. */
enum late_text { LATE_KIND, LATE_HOST, LATE_FULL, LATE_TO, LATE_ID, LATE_LANG, LATE_TIME,
                 LATE_TEXTS };

struct late_note {
    struct sj_list link;
    size_t n;
    bool stranger;
    const char *text[LATE_TEXTS];        /* inside bytes */
    char bytes[];
};

struct late {
    struct sj_list notes;                /* oldest first */
    size_t bytes, stranger_bytes;
    unsigned dropped;                    /* there was no room */
    bool changed;                        /* the store has others */
};

/* ---- notes ---- */

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
    sj_list_init(&note->link);
    sj_list_append(&l->notes, &note->link);
    l->bytes += n;
    l->stranger_bytes += stranger ? n : 0;
    return note;
}

static void late_note_free(struct late *l, struct late_note *note)
{
    l->bytes -= note->n;
    l->stranger_bytes -= note->stranger ? note->n : 0;
    sj_list_remove(&note->link);
    sj_free(note);
}

static bool late_is_of(const struct late_note *note, const char *user)
{
    size_t n = strlen(user);

    return strncmp(note->text[LATE_FULL], user, n) == 0 &&
           (note->text[LATE_FULL][n] == '\0' || note->text[LATE_FULL][n] == '/');
}

static bool late_has_room(const struct late *l, const char *user, size_t n, bool stranger)
{
    unsigned of_user = 0;

    for (const struct sj_list *i = l->notes.next; i != &l->notes; i = i->next)
        of_user += late_is_of(SJ_CONTAINER(i, const struct late_note, link), user);
    return of_user < LATE_USER_MAX && l->bytes + n <= LATE_BYTES_MAX &&
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
    if (sj_strbuf_ok(&bytes) && late_has_room(l, u->from.user, bytes.len, stranger)) {
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
        if (!late_is_ours(all, note) || !late_is_fresh(all, note)) {
            late_note_free(l, note);
            l->changed = true;
        }
        at = next;
    }
}

struct late *late_new(void)
{
    struct late *l = sj_calloc(1, sizeof *l);

    sj_list_init(&l->notes);
    return l;
}

void late_load(struct sessions *all)
{
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = sj_store_memo_get(all->store, late_read, all, &err);
    if (status != SJ_OK && status != SJ_NOTFOUND)
        sj_log_error(&all->log, "notes of a former process not read cause=%s", SJ_CLIP(err.text));
}

/* What cannot be written stays without an answer, or gets it twice. */
static void late_write(struct sessions *all)
{
    struct late *l = all->late;
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf blob;

    sj_strbuf_init(&blob, LATE_BYTES_MAX);
    for (const struct sj_list *i = l->notes.next; i != &l->notes; i = i->next) {
        const struct late_note *note = SJ_CONTAINER(i, const struct late_note, link);
        sj_strbuf_add(&blob, note->bytes, note->n);
    }
    l->changed = sj_store_memo_put(all->store, blob.s, blob.len, &err) != SJ_OK;
    if (l->changed)
        sj_log_error(&all->log, "notes for the next process not written bytes=%zu cause=%s",
                     blob.len, SJ_CLIP(err.text));
    sj_strbuf_release(&blob);
}

void late_free(struct sessions *all)
{
    struct late *l = all->late;

    if (!l)
        return;
    if (l->dropped > 0)
        sj_log_warn(&all->log, "too many requests while stopping, some get no answer n=%u",
                    l->dropped);
    if (l->changed)
        late_write(all);
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

static bool late_send(struct network *n, const struct late_note *note)
{
    const struct xmpp_late late = {
        .kind = note->text[LATE_KIND][0], .full = note->text[LATE_FULL],
        .to = note->text[LATE_TO], .id = late_text(note, LATE_ID),
        .lang = late_text(note, LATE_LANG)};
    struct sj_error err;

    sj_fail(&err, SJ_UNREACHABLE, "The gateway was restarted before it could answer this; please "
            "try again.");
    return xmpp_send_late_error(n->all->xmpp, n->index, &late, &err);
}

void late_tell(struct network *n)
{
    struct late *l = n->all->late;
    struct sj_list *next;
    size_t told = 0;

    for (struct sj_list *i = l->notes.next; i != &l->notes; i = next) {
        struct late_note *note = SJ_CONTAINER(i, struct late_note, link);
        next = i->next;
        if (strcmp(note->text[LATE_HOST], n->options->host) != 0 || !late_send(n, note))
            continue;
        late_note_free(l, note);
        told++;
    }
    if (told == 0)
        return;
    sj_log_info(&n->log, "requests of a former process answered n=%zu", told);
    late_write(n->all);
}
