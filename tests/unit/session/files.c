/* SPDX-License-Identifier: MPL-2.0 */
/* See files.h. The sj_http_* and xmpp_slot_* functions below stand in for the real ones. */
#include "files.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define FILES_REQUESTS_MAX 4096

struct sj_http {
    bool upload;
};
struct request {
    const struct sj_http_events *events;     /* NULL: it has ended */
    void *ctx;
    size_t room;
    uint64_t left;
    bool paused, upload;
};

static struct {
    struct request request[FILES_REQUESTS_MAX];
    uint64_t newest, ticket;
    enum sj_status refuse;
    size_t written;
} files;
static struct sj_http files_fetch_client, files_upload_client = {.upload = true};

struct sj_http *files_http(bool upload)
{
    return upload ? &files_upload_client : &files_fetch_client;
}

void files_reset(struct world *w)
{
    (void)w;
    memset(&files, 0, sizeof files);
}

static struct request *files_find(uint64_t id)
{
    struct request *r = id && id <= files.newest ? &files.request[id % FILES_REQUESTS_MAX] : NULL;

    return r && r->events ? r : NULL;
}

uint64_t files_request(void)
{
    return files.newest;
}

uint64_t files_ticket(void)
{
    return files.ticket;
}

bool files_is_upload(void)
{
    return files.request[files.newest % FILES_REQUESTS_MAX].upload;
}

size_t files_written(void)
{
    return files.written;
}

void files_refuse(enum sj_status status)
{
    files.refuse = status;
}

/* ---- HTTP ---- */

uint64_t sj_http_start(struct sj_http *http, const struct sj_http_request *q, struct sj_error *err)
{
    struct sj_strbuf line;
    struct request *r;

    if (files.refuse) {
        sj_fail(err, files.refuse, "as the test says");
        files.refuse = SJ_OK;
        return 0;
    }
    files.newest++;
    r = &files.request[files.newest % FILES_REQUESTS_MAX];
    *r = (struct request){.events = q->events, .ctx = q->ctx, .left = q->body_size,
                          .upload = http->upload};
    sj_strbuf_init(&line, 65536);
    sj_strbuf_addf(&line, "http %llu %s %s", (unsigned long long)files.newest,
                   q->method == SJ_HTTP_PUT ? "put" : "get", q->url);
    if (q->method == SJ_HTTP_PUT)
        sj_strbuf_addf(&line, " %llu", (unsigned long long)q->body_size);
    for (size_t i = 0; i < q->n_headers; i++)
        sj_strbuf_addf(&line, " %s: %s", q->headers[i].name, q->headers[i].value);
    world_line("%s", line.s);
    sj_strbuf_release(&line);
    return files.newest;
}

void sj_http_cancel(struct sj_http *http, uint64_t id)
{
    struct request *r = files_find(id);

    (void)http;
    if (!r)
        return;
    r->events = NULL;
    world_line("http %llu cancel", (unsigned long long)id);
}

void sj_http_pause(struct sj_http *http, uint64_t id)
{
    (void)http;
    if (files_find(id))
        files_find(id)->paused = true;
}

void sj_http_resume(struct sj_http *http, uint64_t id)
{
    (void)http;
    if (files_find(id))
        files_find(id)->paused = false;
}

size_t sj_http_room(const struct sj_http *http, uint64_t id)
{
    const struct request *r = files_find(id);

    (void)http;
    return !r ? 0 : r->room < r->left ? r->room : (size_t)r->left;
}

enum sj_status sj_http_write(struct sj_http *http, uint64_t id, const void *p, size_t n)
{
    struct request *r = files_find(id);

    if (!r)
        return SJ_NOTFOUND;
    if (n > sj_http_room(http, id))
        return n > r->left ? SJ_INVALID : SJ_LIMIT;
    r->room -= n;
    r->left -= n;
    files.written += n;
    if (n < 100)
        world_line("http %llu body %.*s", (unsigned long long)id, (int)n, (const char *)p);
    return SJ_OK;
}

enum sj_status sj_http_status_check(int status, struct sj_error *err)
{
    if (status >= 200 && status < 300)
        return SJ_OK;
    return sj_fail(err, status == 403 ? SJ_DENIED : SJ_REMOTE, "status %d", status);
}

void files_head(struct world *w, uint64_t id, int status, const char *type, int64_t length)
{
    struct request *r = files_find(id);

    if (r)
        r->events->headers(r->ctx, id, status, type, length);
    world_run(w);
}

void files_data(struct world *w, uint64_t id, const char *text)
{
    struct request *r = files_find(id);

    if (r)
        r->events->data(r->ctx, id, text, strlen(text));
    world_run(w);
}

size_t files_flood(struct world *w, uint64_t id, size_t n)
{
    static char piece[SJ_HTTP_DATA_MAX];
    size_t came = 0;

    memset(piece, 'x', sizeof piece);
    while (came < n && files_find(id) && !files_find(id)->paused) {
        size_t now = n - came < sizeof piece ? n - came : sizeof piece;
        struct request *r = files_find(id);
        r->events->data(r->ctx, id, piece, now);
        came += now;
    }
    world_run(w);
    return came;
}

void files_done(struct world *w, uint64_t id, int status, enum sj_status error)
{
    struct request *r = files_find(id);
    const struct sj_http_events *events = r ? r->events : NULL;
    struct sj_error err;

    sj_fail(&err, error, "as the test says");
    if (events) {
        r->events = NULL;
        events->done(r->ctx, id, status, error ? &err : NULL);
    }
    world_run(w);
}

void files_room(struct world *w, uint64_t id, size_t room)
{
    struct request *r = files_find(id);

    if (r) {
        r->room += room;
        r->events->writable(r->ctx, id, sj_http_room(NULL, id));
    }
    world_run(w);
}

/* ---- slots ---- */

void xmpp_slot_get(struct xmpp *x, unsigned host, const struct xmpp_slot_ask *a)
{
    (void)x, (void)host;
    files.ticket = a->ticket;
    world_line("slot %s %s %s %llu #%llu", a->user, a->name ? a->name : "-",
               a->media_type ? a->media_type : "-", (unsigned long long)a->size,
               (unsigned long long)a->ticket);
}

void xmpp_slot_forget(struct xmpp *x, unsigned host, uint64_t ticket)
{
    (void)x, (void)host;
    world_line("forget #%llu", (unsigned long long)ticket);
}

void files_slot(struct world *w, uint64_t ticket, const char *put, const char *get)
{
    const struct xmpp_slot slot = {.ticket = ticket, .put = put, .get = get, .trusted = true,
                                   .n_headers = 1, .header = {{"Authorization", "x"}}};

    w->in->file.slot(w->sessions, 0, &slot);
    world_run(w);
}

void files_no_slot(struct world *w, uint64_t ticket, enum sj_status status, uint64_t max,
                   const char *text)
{
    struct xmpp_slot slot = {.ticket = ticket, .size_max = max};

    sj_fail(&slot.err, status, "%s", text);
    w->in->file.slot(w->sessions, 0, &slot);
    world_run(w);
}

/* ---- the network ---- */

static void files_file_data(struct sj_link *link, sj_op op, const void *data, size_t len)
{
    (void)link, (void)op;
    if (len > 100)
        world_line("net data %zu", len);
    else
        world_line("net data %.*s", len ? (int)len : 3, len ? (const char *)data : "end");
}

static enum sj_status files_file_read(struct sj_link *link, const char *key, sj_op op,
                                      struct sj_error *err)
{
    (void)link, (void)op;
    world_line("net read %s", key);
    world_op(op);
    if (strcmp(key, "refused") == 0)
        return sj_fail(err, SJ_NOTFOUND, "no such file");
    return SJ_OK;
}

static void files_file_next(struct sj_link *link, sj_op op)
{
    (void)link, (void)op;
    world_line("net next");
}

static void files_file_abort(struct sj_link *link, sj_op op)
{
    (void)link, (void)op;
    world_line("net abort");
}

void files_backend(struct sj_backend *b)
{
    b->file_data = files_file_data;
    b->file_read = files_file_read;
    b->file_next = files_file_next;
    b->file_abort = files_file_abort;
}

enum sj_status files_send(struct world *w, const char *peer, const struct xmpp_file *f,
                          const char *body)
{
    struct xmpp_message_in m = {.from = world_from(ROMEO, "r"), .peer = peer, .body = body,
                                .file = f};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->message(w->sessions, &m, &err);

    world_run(w);
    return status;
}

void files_says(struct world *w, const char *peer, const struct sj_file *f, const char *caption)
{
    struct sj_message m = {.peer = peer, .body = caption, .id = "n1", .file = f};

    w->link->host->message(w->link, &m);
    world_run(w);
}

void files_wants(struct world *w, sj_op op, size_t len)
{
    w->link->host->file_wanted(w->link, op, len);
    world_run(w);
}

void files_chunk(struct world *w, sj_op op, const char *text)
{
    w->link->host->file_chunk(w->link, op, text, strlen(text));
    world_run(w);
}

void files_chunk_n(struct world *w, sj_op op, size_t n)
{
    char *text = sj_malloc(n);

    memset(text, 'x', n);
    w->link->host->file_chunk(w->link, op, text, n);
    sj_free(text);
    world_run(w);
}

void files_op_done(struct world *w, sj_op op, enum sj_status status)
{
    struct sj_error err;

    sj_fail(&err, status, "as the test says");
    w->link->host->op_done(w->link, op, status == SJ_OK ? NULL : &err);
    world_run(w);
}
