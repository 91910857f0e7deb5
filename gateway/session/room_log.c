/* SPDX-License-Identifier: MPL-2.0 */
/* What was said in a room, kept in the user's archive of it (sojourn/store_archive.h): the ids that
 * clients know come from there, and so does the history of a join. Queries of archives are in
 * room_archive.c. Source: XEP-0045 §7.2.13, XEP-0359, G045-31 to G045-33, G313-05, G313-06. */
#include <string.h>

#include "event.h"
#include "ids.h"
#include "room.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/store_archive.h"
#include "sojourn/strbuf.h"

#define LOG_STANZA_OVERHEAD 350          /* characters of a message beyond its text, about */
#define LOG_WARN_BURST 3
#define LOG_WARN_PERIOD_MS 60000

/* Where nothing is kept: the network's own id, sealed, or a new one. */
void room_log_name(struct room *r, const char *network_id, struct sj_strbuf *id)
{
    char fresh[XMPP_NEW_ID_SIZE];

    sj_strbuf_reset(id);
    if (network_id) {
        ids_name(r->session, r->id, network_id, false, NULL, id);
        return;
    }
    xmpp_new_id(fresh);
    sj_strbuf_adds(id, fresh);
}

static enum sj_status log_put(struct room *r, const struct event *e, const char *network_id,
                              bool last, char kept[SJ_ARCHIVE_ID_SIZE], struct sj_error *err)
{
    enum sj_status status = SJ_LIMIT;    /* too long to be kept */
    struct sj_owner owner;
    struct sj_strbuf bytes;

    session_owner(r->session, &owner);
    sj_strbuf_init(&bytes, SJ_ARCHIVE_DATA_MAX);
    event_encode(e, &bytes);
    if (sj_strbuf_ok(&bytes)) {
        const struct sj_archive_entry entry = {.time = e->at, .network_id = network_id,
                                               .data = (const uint8_t *)bytes.s, .n = bytes.len};
        status = sj_store_archive_put(r->session->all->store, &owner, r->id, &entry, last, kept,
                                      err);
    }
    sj_strbuf_release(&bytes);
    return status;
}

static void log_failed(const struct room *r, const struct sj_error *err)
{
    struct session *s = r->session;
    unsigned dropped;

    if (sj_log_allow(&s->all->load_limit, sj_loop_now_ms(s->all->loop), LOG_WARN_BURST,
                     LOG_WARN_PERIOD_MS, &dropped))
        sj_log_warn(&s->log, "message of a room is not archived room=%s cause=%s suppressed=%u",
                    SJ_CLIP(r->id), SJ_CLIP(err->text), dropped);
}

bool room_log_put(struct room *r, const struct event *e, const char *network_id,
                  struct sj_strbuf *id)
{
    struct sj_error err = {.status = SJ_OK};
    char kept[SJ_ARCHIVE_ID_SIZE];
    enum sj_status status;

    if (!sj_store_archive_on(r->session->all->store) || e->kind == EVENT_WHISPER) {
        room_log_name(r, network_id, id);
        return true;
    }
    status = log_put(r, e, network_id, true, kept, &err);
    sj_strbuf_reset(id);
    if (status == SJ_EXISTS || status == SJ_OK)
        sj_strbuf_adds(id, kept);
    else
        room_log_name(r, network_id, id);
    if (status != SJ_OK && status != SJ_EXISTS)
        log_failed(r, &err);
    return status != SJ_EXISTS;
}

enum sj_status room_log_put_past(struct room *r, const struct event *e, const char *network_id)
{
    struct sj_error err = {.status = SJ_OK};
    char kept[SJ_ARCHIVE_ID_SIZE];
    enum sj_status status = log_put(r, e, network_id, false, kept, &err);

    if (status != SJ_OK && status != SJ_EXISTS && status != SJ_UNSUPPORTED)
        log_failed(r, &err);
    return status;
}

bool room_log_find(struct room *r, const char *network_id, struct sj_strbuf *id)
{
    char kept[SJ_ARCHIVE_ID_SIZE];
    struct sj_owner owner;

    session_owner(r->session, &owner);
    if (!sj_store_archive_on(r->session->all->store) ||
        sj_store_archive_find(r->session->all->store, &owner, r->id, network_id, kept, NULL) !=
            SJ_OK)
        return false;
    sj_strbuf_adds(id, kept);
    return true;
}

static void log_ignore(const struct sj_archive_entry *entry, void *arg)
{
    (void)entry, (void)arg;
}

bool room_log_has(struct room *r, const char *id)
{
    struct sj_owner owner;

    session_owner(r->session, &owner);
    return sj_store_archive_get(r->session->all->store, &owner, r->id, id, log_ignore, NULL,
                                NULL) == SJ_OK;
}

/* ---- one entry, by the id that clients know ---- */

static void log_keep(const struct sj_archive_entry *entry, void *arg)
{
    struct ids_message *out = arg;
    struct event e;

    if (!entry->network_id || !event_decode(&e, entry->data, entry->n))
        return;
    sj_strbuf_adds(&out->network_id, entry->network_id);
    sj_strbuf_adds(&out->id, e.text[EVENT_ID] ? e.text[EVENT_ID] : "");
    out->at = entry->time;
    out->own = (e.flags & EVENT_OWN) != 0;
}

bool room_log_get(struct session *s, const char *room, const char *id, struct ids_message *out)
{
    struct sj_owner owner;

    session_owner(s, &owner);
    return sj_store_archive_on(s->all->store) &&
           sj_store_archive_get(s->all->store, &owner, room, id, log_keep, out, NULL) == SJ_OK &&
           out->network_id.len > 0;
}

static void log_keep_speaker(const struct sj_archive_entry *entry, void *arg)
{
    struct event e;

    if (event_decode(&e, entry->data, entry->n) && e.text[EVENT_NICK])
        sj_strbuf_adds(arg, e.text[EVENT_NICK]);
}

void room_log_speaker(struct room *r, const char *id, struct sj_strbuf *nick)
{
    struct sj_owner owner;

    session_owner(r->session, &owner);
    if (sj_store_archive_on(r->session->all->store))
        sj_store_archive_get(r->session->all->store, &owner, r->id, id, log_keep_speaker, nick,
                             NULL);
}

static void log_keep_retracted(const struct sj_archive_entry *entry, void *arg)
{
    struct sj_strbuf *bytes = arg;
    struct event e;

    if (!event_decode(&e, entry->data, entry->n) || e.kind != EVENT_MESSAGE)
        return;
    e.flags |= EVENT_RETRACTED;
    event_encode(&e, bytes);
}

void room_log_retract(struct room *r, const char *id)
{
    struct sj_store *store = r->session->all->store;
    struct sj_owner owner;
    struct sj_strbuf bytes;

    session_owner(r->session, &owner);
    sj_strbuf_init(&bytes, SJ_ARCHIVE_DATA_MAX);
    if (sj_store_archive_on(store) &&
        sj_store_archive_get(store, &owner, r->id, id, log_keep_retracted, &bytes, NULL) == SJ_OK &&
        sj_strbuf_ok(&bytes) && bytes.len > 0)
        sj_store_archive_replace(store, &owner, r->id, id, bytes.s, bytes.len, NULL);
    sj_strbuf_release(&bytes);
}

/* ---- history of a join ---- */

struct log_history {
    const struct room_client *client;
    size_t n, bytes;
    struct {
        char *id;
        uint8_t *data;
        size_t n;
        int64_t at;
    } item[ROOM_HISTORY_MAX];
};

static bool history_wants(const struct sj_archive_entry *entry, void *arg)
{
    (void)arg;
    return event_is_said(entry->data, entry->n);
}

static void history_drop_first(struct log_history *h)
{
    sj_free(h->item[0].id);
    sj_free(h->item[0].data);
    h->bytes -= h->item[0].n;
    memmove(h->item, h->item + 1, --h->n * sizeof h->item[0]);
}

static void history_keep(const struct sj_archive_entry *entry, void *arg)
{
    struct log_history *h = arg;

    if (h->n == ROOM_HISTORY_MAX)
        history_drop_first(h);
    h->item[h->n].id = sj_strdup(entry->id);
    h->item[h->n].data = sj_malloc(entry->n);
    memcpy(h->item[h->n].data, entry->data, entry->n);
    h->item[h->n].n = entry->n;
    h->item[h->n++].at = entry->time;
    h->bytes += entry->n;
    while (h->bytes > ROOM_HISTORY_BYTES_MAX)
        history_drop_first(h);
}

/* The smallest of what was asked for and of our own limits (G045-32). */
static unsigned history_max(const struct room_client *c)
{
    bool asked = c->stanzas >= 0 || c->seconds >= 0 || c->since >= 0 || c->chars >= 0;
    unsigned max = asked ? ROOM_HISTORY_MAX : ROOM_HISTORY_DEFAULT;

    if (c->chars == 0)
        return 0;
    return c->stanzas >= 0 && c->stanzas < max ? (unsigned)c->stanzas : max;
}

static int64_t history_since(const struct room_client *c)
{
    int64_t now = sj_loop_utc_ms(c->room->session->all->loop);
    int64_t since = c->since;

    if (c->seconds >= 0 && c->seconds <= now / 1000 && now - c->seconds * 1000 > since)
        since = now - c->seconds * 1000;
    return since;
}

static void history_read(struct log_history *h, unsigned max)
{
    const struct room_client *c = h->client;
    struct session *s = c->room->session;
    struct sj_archive_page page = {.room = c->room->id, .since = history_since(c), .until = -1,
                                   .back = true, .max = max, .wanted = history_wants};
    struct sj_owner owner;
    bool more;

    session_owner(s, &owner);
    page.before = room_client_waits_for(c);
    sj_store_archive_each(s->all->store, &owner, &page, history_keep, h, &more, NULL);
}

/* The first of what may be shown: whole messages, the newest ones (G045-32). */
static size_t history_first(const struct log_history *h)
{
    int64_t left = h->client->chars;
    size_t first = h->n;

    if (left < 0)
        return 0;
    while (first > 0) {
        struct event e;
        int64_t size = LOG_STANZA_OVERHEAD;
        if (event_decode(&e, h->item[first - 1].data, h->item[first - 1].n))
            size += (int64_t)strlen(e.text[EVENT_BODY]);
        if (size > left)
            break;
        left -= size;
        first--;
    }
    return first;
}

static bool history_send(const struct log_history *h)
{
    const struct room_client *c = h->client;

    for (size_t i = history_first(h); i < h->n; i++) {
        struct event e;
        if (!event_decode(&e, h->item[i].data, h->item[i].n))
            continue;
        e.at = h->item[i].at;
        if (!event_send(c->room->session, c->room->id, &e, c->full, h->item[i].id, true))
            return false;
    }
    return true;
}

bool room_log_show(struct room_client *c)
{
    unsigned max = history_max(c);
    struct log_history *h;
    bool sent;

    if (max == 0 || !sj_store_archive_on(c->room->session->all->store))
        return true;
    h = sj_calloc(1, sizeof *h);
    h->client = c;
    history_read(h, max);
    sent = history_send(h);
    while (h->n > 0)
        history_drop_first(h);
    sj_free(h);
    return sent;
}
