/* SPDX-License-Identifier: MPL-2.0 */
/* Asks for slots: places where a file can be put and fetched from (XEP-0363 §5 to §7).
 *
 * The server that we are a component of is asked first, for servers grant slots to their own users
 * and components; then the user's own, if it is another one; or the one service that the admin
 * named. What comes back is trusted as far as needed and no further: both addresses https
 * (G363-05), only the three headers that a slot may carry, without line breaks (G363-03). */
#include "upload.h"

#include <stdio.h>
#include <string.h>

#include "datetime.h"
#include "room.h"
#include "sojourn/file_name.h"
#include "sojourn/memory.h"
#include "stanza.h"

#define UPLOAD_RETRY_MAX_MS 60000        /* a service that asks to wait longer is busy */
#define UPLOAD_RETRY_MIN_MS 1000
#define UPLOAD_HEADER_MAX 4096u          /* bytes of a value */

enum ask_state {
    ASK_NEW,                     /* looked at in this turn */
    ASK_SEARCHES,                /* waits for a service to be found */
    ASK_ASKS,                    /* the slot is requested */
    ASK_WAITS                    /* the service asked for patience */
};

struct upload_ask {
    struct sj_list link;
    struct sj_timer timer;
    struct upload *u;            /* borrowed */
    uint64_t number, ticket, size;
    enum ask_state state;
    unsigned host, stage;
    uint64_t service;            /* number */
    bool patient;                /* has waited once */
    bool again;                  /* a remembered service failed, it was looked for anew */
    struct sj_error err;         /* the most telling so far */
    uint64_t size_max;
    char name[SJ_FILE_NAME_MAX + 1];
    char media_type[SJ_MEDIA_TYPE_SIZE];
    char user[];
};

static void ask_advance(struct upload_ask *a);

/* ---- outcomes ---- */

static void ask_free(struct upload_ask *a)
{
    struct upload *u = a->u;

    sj_timer_stop(&a->timer);
    sj_idmap_remove(&u->asks_by_number, a->number);
    sj_list_remove(&a->link);
    u->n_asks--;
    sj_free(a);
}

/* slot->ticket is set here. a is gone afterwards. */
static void ask_tell(struct upload_ask *a, struct xmpp_slot *slot)
{
    struct xmpp *x = a->u->x;
    unsigned host = a->host;

    slot->ticket = a->ticket;
    ask_free(a);
    x->in->file.slot(x->ctx, host, slot);
}

/* Of several reasons the user hears the one that helps most. */
static void ask_note(struct upload_ask *a, enum sj_status status, const char *text)
{
    static const enum sj_status order[] = {SJ_LIMIT, SJ_TIMEOUT, SJ_DENIED, SJ_REMOTE,
                                           SJ_NOTFOUND};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        if (a->err.status == order[i])
            return;
        if (status == order[i])
            break;
    }
    sj_fail(&a->err, status, "%s", text);
}

static void ask_note_size(struct upload_ask *a, uint64_t max)
{
    if (max > a->size_max)
        a->size_max = max;
    ask_note(a, SJ_LIMIT, "it is larger than your server takes");
}

/* ---- the answer ---- */

static bool slot_url_ok(const struct upload *u, const char *url)
{
    bool https = url && sj_ascii_ncasecmp(url, "https://", 8) == 0;
    bool http = url && sj_ascii_ncasecmp(url, "http://", 7) == 0;

    return (https || (http && u->x->options->upload.allow_http)) &&
           strlen(url) <= SJ_URL_MAX && url[strcspn(url, " \t\r\n<>\"")] == '\0';
}

/* The value without what would end or begin a line; NULL: too long. Freed by sj_secret_free. */
static char *slot_header_value(const char *text)
{
    size_t n = strlen(text);
    char *value;
    size_t len = 0;

    if (n > UPLOAD_HEADER_MAX)
        return NULL;
    value = sj_malloc(n + 1);
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] >= 0x20 && text[i] != 0x7f)
            value[len++] = text[i];
    }
    value[len] = '\0';
    return value;
}

static void slot_headers(struct xmpp_slot *slot, xmpp_stanza_t *put, char **values)
{
    static const char *const allowed[] = {"Authorization", "Cookie", "Expires"};

    for (xmpp_stanza_t *c = stanza_first(put); c; c = stanza_next(c)) {
        char *name = stanza_is(c, "header", NS_UPLOAD) && stanza_get(c, "name")
                         ? slot_header_value(stanza_get(c, "name")) : NULL;
        for (size_t i = 0; name && i < sizeof allowed / sizeof allowed[0]; i++) {
            size_t n = slot->n_headers;
            if (sj_ascii_casecmp(name, allowed[i]) != 0 || n == XMPP_SLOT_HEADERS_MAX)
                continue;
            values[n] = slot_header_value(stanza_text(c));
            if (!values[n])
                continue;
            slot->header[n].name = allowed[i];
            slot->header[n].value = values[n];
            slot->n_headers++;
        }
        sj_free(name);
    }
}

/* true: the asker has its place. */
static bool ask_take_slot(struct upload_ask *a, const struct upload_service *s, xmpp_stanza_t *iq)
{
    xmpp_stanza_t *slot = stanza_child(iq, "slot", NS_UPLOAD);
    xmpp_stanza_t *put = slot ? stanza_child(slot, "put", NS_UPLOAD) : NULL;
    xmpp_stanza_t *get = slot ? stanza_child(slot, "get", NS_UPLOAD) : NULL;
    char *values[XMPP_SLOT_HEADERS_MAX] = {NULL};
    struct xmpp_slot out = {
        .trusted = s->trusted,
        .put = put ? stanza_get(put, "url") : NULL,
        .get = get ? stanza_get(get, "url") : NULL,
    };

    if (!slot_url_ok(a->u, out.put) || !slot_url_ok(a->u, out.get)) {
        sj_log_debug(&a->u->x->log, "slot refused, its addresses are not https service=%s",
                     SJ_CLIP(s->jid));
        ask_note(a, SJ_REMOTE, "your server named no safe place for it");
        return false;
    }
    slot_headers(&out, put, values);
    ask_tell(a, &out);
    for (size_t i = 0; i < XMPP_SLOT_HEADERS_MAX; i++)
        sj_secret_free(&values[i]);
    return true;
}

static void ask_on_timer(void *arg)
{
    struct upload_ask *a = arg;

    a->state = ASK_NEW;
    ask_advance(a);
}

/* G363-04: the service asks for patience. true: it gets it, once. */
static bool ask_is_patient(struct upload_ask *a, xmpp_stanza_t *error)
{
    xmpp_stanza_t *retry = stanza_child(error, "retry", NS_UPLOAD);
    const char *stamp = retry ? stanza_get(retry, "stamp") : NULL;
    int64_t at;
    int64_t wait;

    if (!stamp || !datetime_parse(&at, stamp) || a->patient)
        return false;
    wait = at - sj_loop_utc_ms(a->u->x->loop);
    if (wait > UPLOAD_RETRY_MAX_MS)
        return false;
    a->patient = true;
    a->state = ASK_WAITS;
    sj_timer_start(a->u->x->loop, &a->timer,
                   wait < UPLOAD_RETRY_MIN_MS ? UPLOAD_RETRY_MIN_MS : wait);
    return true;
}

static bool slot_error_is(xmpp_stanza_t *error, const char *condition)
{
    return stanza_child(error, condition, NS_STANZAS) != NULL;
}

/* What the service says no with. true: a waits, or asks again. */
static bool ask_refused(struct upload_ask *a, struct upload_service *s, xmpp_stanza_t *error)
{
    xmpp_stanza_t *large = stanza_child(error, "file-too-large", NS_UPLOAD);
    xmpp_stanza_t *max = large ? stanza_child(large, "max-file-size", NS_UPLOAD) : NULL;
    int64_t n = 0;

    if (large) {
        if (max && sj_parse_int(stanza_text(max), 1, INT64_MAX, &n))
            s->size_max = (uint64_t)n;
        ask_note_size(a, (uint64_t)n);
    } else if (slot_error_is(error, "resource-constraint")) {
        if (ask_is_patient(a, error))
            return true;
        ask_note(a, SJ_TIMEOUT, "your server has no room for files at the moment");
    } else if (slot_error_is(error, "forbidden") || slot_error_is(error, "not-allowed") ||
               slot_error_is(error, "not-authorized") ||
               slot_error_is(error, "registration-required")) {
        ask_note(a, SJ_DENIED, "your server does not let this gateway store files");
    } else if (slot_error_is(error, "not-acceptable") || slot_error_is(error, "bad-request")) {
        ask_note(a, SJ_DENIED, "your server does not take this kind of file");
    } else {
        upload_service_doubt(a->u, s);
        ask_note(a, SJ_REMOTE, "your server's place for files does not work");
        if (!a->again) {
            a->again = true;
            a->stage--;                  /* looked for anew, once */
        }
    }
    return false;
}

static void ask_on_slot(struct xmpp *x, const struct query_reply *r)
{
    struct upload_ask *a = sj_idmap_find(&x->upload->asks_by_number, r->token);
    struct upload_service *s = a ? upload_service_by_number(a->u, a->service) : NULL;
    xmpp_stanza_t *error = r->iq && !r->ok ? stanza_child(r->iq, "error",
                                                          xmpp_stanza_get_ns(r->iq)) : NULL;

    if (!a)
        return;                          /* nobody waits any more */
    a->stage++;
    if (s && s->state == UPLOAD_FOUND && r->ok) {
        if (ask_take_slot(a, s, r->iq))
            return;
    } else if (s && error) {
        if (ask_refused(a, s, error)) {
            a->stage--;
            return;
        }
    } else {
        if (s)
            upload_service_doubt(a->u, s);
        ask_note(a, SJ_TIMEOUT, "your server did not answer");
    }
    a->state = ASK_NEW;
    ask_advance(a);
}

/* ---- asking ---- */

static bool ask_request(struct upload_ask *a, const struct upload_service *s)
{
    xmpp_stanza_t *iq = room_stanza_new(a->u->x, a->host, "iq", "get", NULL, s->jid, NULL);
    xmpp_stanza_t *request = stanza_add(iq, "request", NS_UPLOAD);
    char size[24];

    snprintf(size, sizeof size, "%llu", (unsigned long long)a->size);
    stanza_set(request, "filename", a->name);
    stanza_set(request, "size", size);
    stanza_set(request, "content-type", a->media_type);
    if (s->purposes)
        stanza_add(request, "message", NS_UPLOAD_PURPOSE);
    a->state = ASK_ASKS;
    a->service = s->number;
    return query_send(a->u->x, a->host, iq, ask_on_slot, a->number);
}

/* The server to ask at this stage, or NULL: there is none left. */
static const char *ask_candidate(const struct upload_ask *a)
{
    const struct xmpp_options *o = a->u->x->options;
    const char *ours = strchr(o->hosts[a->host].name, '.');
    const char *at = strchr(a->user, '@');
    const char *theirs = at ? at + 1 : a->user;

    ours = ours ? ours + 1 : theirs;
    if (o->upload.none)
        return NULL;
    if (o->upload.service)
        return a->stage == 0 ? o->upload.service : NULL;
    if (a->stage == 0)
        return ours;
    return a->stage == 1 && strcmp(ours, theirs) != 0 ? theirs : NULL;
}

static void ask_fail(struct upload_ask *a)
{
    struct xmpp_slot slot = {.err = a->err, .size_max = a->size_max};

    if (slot.err.status == SJ_OK)
        sj_fail(&slot.err, SJ_NOTFOUND, "your server has no place for files");
    ask_tell(a, &slot);
}

static void ask_advance(struct upload_ask *a)
{
    const struct xmpp_options *o = a->u->x->options;
    const char *domain;

    while ((domain = ask_candidate(a)) != NULL) {
        bool named = o->upload.service != NULL;
        const char *own = strchr(o->hosts[a->host].name, '.');
        bool ours = own && strcmp(domain, own + 1) == 0;
        struct upload_service *s =
            upload_service_get(a->u, a->host, domain, named || ours, named);
        if (s && s->state == UPLOAD_SEARCHING) {
            a->state = ASK_SEARCHES;
            a->service = s->number;
            return;
        }
        if (s && s->state == UPLOAD_FOUND && s->size_max > 0 && a->size > s->size_max)
            ask_note_size(a, s->size_max);
        else if (s && s->state == UPLOAD_FOUND && ask_request(a, s))
            return;
        else if (!s || s->state == UPLOAD_FOUND)
            ask_note(a, SJ_TIMEOUT, "too many files are on their way");
        a->stage++;
    }
    ask_fail(a);
}

void upload_service_known(struct upload *u, struct upload_service *s)
{
    for (struct sj_list *i = u->asks.next; i != &u->asks; i = i->next) {
        struct upload_ask *a = SJ_CONTAINER(i, struct upload_ask, link);
        if (a->state == ASK_SEARCHES && a->service == s->number)
            a->state = ASK_NEW;
    }
    sj_loop_defer(u->x->loop, &u->defer);
}

/* From the loop top: everything that is to be looked at. Asks may go meanwhile. */
static void upload_run(void *arg)
{
    struct upload *u = arg;
    struct sj_list *i = u->asks.next;

    while (i != &u->asks) {
        struct upload_ask *a = SJ_CONTAINER(i, struct upload_ask, link);
        if (a->state != ASK_NEW) {
            i = i->next;
            continue;
        }
        a->state = ASK_ASKS;
        ask_advance(a);
        i = u->asks.next;                /* whoever was told may have forgotten others */
    }
}

struct upload *upload_new(struct xmpp *x)
{
    struct upload *u = sj_calloc(1, sizeof *u);

    u->x = x;
    sj_map_init(&u->by_domain);
    sj_idmap_init(&u->by_number);
    sj_idmap_init(&u->asks_by_number);
    sj_list_init(&u->services);
    sj_list_init(&u->asks);
    sj_defer_init(&u->defer, upload_run, u);
    return u;
}

void upload_free(struct upload **at)
{
    struct upload *u = at ? *at : NULL;

    if (!u)
        return;
    while (!sj_list_empty(&u->asks))
        ask_free(SJ_CONTAINER(u->asks.next, struct upload_ask, link));
    upload_services_free(u);
    sj_defer_cancel(&u->defer);
    sj_map_release(&u->by_domain);
    sj_idmap_release(&u->by_number);
    sj_idmap_release(&u->asks_by_number);
    sj_free(u);
    *at = NULL;
}

void xmpp_slot_get(struct xmpp *x, unsigned host, const struct xmpp_slot_ask *ask)
{
    struct upload *u = x->upload;
    size_t n = strlen(ask->user) + 1;
    struct upload_ask *a = sj_calloc(1, sizeof *a + n);

    a->u = u;
    a->host = host;
    a->number = ++u->newest;
    a->ticket = ask->ticket;
    a->size = ask->size;
    memcpy(a->user, ask->user, n);
    if (!sj_file_name(a->name, ask->name))
        sj_copy(a->name, sizeof a->name, "file");
    if (!sj_media_type(a->media_type, ask->media_type))
        sj_copy(a->media_type, sizeof a->media_type, "application/octet-stream");
    sj_timer_init(&a->timer, ask_on_timer, a);
    sj_list_init(&a->link);
    sj_list_append(&u->asks, &a->link);
    sj_idmap_put(&u->asks_by_number, a->number, a);
    if (++u->n_asks > UPLOAD_ASKS_MAX) {
        a->stage = 2;
        ask_note(a, SJ_TIMEOUT, "too many files are on their way");
    }
    sj_loop_defer(x->loop, &u->defer);
}

void xmpp_slot_forget(struct xmpp *x, unsigned host, uint64_t ticket)
{
    struct upload *u = x->upload;

    for (struct sj_list *i = u->asks.next; i != &u->asks; i = i->next) {
        struct upload_ask *a = SJ_CONTAINER(i, struct upload_ask, link);
        if (a->ticket == ticket && a->host == host) {
            ask_free(a);
            return;
        }
    }
}
