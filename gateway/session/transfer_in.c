/* SPDX-License-Identifier: MPL-2.0 */
/* A file from the network: a place is asked for, then the bytes go from the link to that place
 * piece by piece, each asked for when the one before has been taken; then the user is sent the
 * address. Whatever goes wrong, the user learns that there was a file, what it is and why it is not
 * here, and never an address that carries the log-in over there (G363-06).
 * Source: XEP-0363 §5 to §7, DESIGN §7. */
#include <string.h>

#include "room.h"
#include "sojourn/memory.h"
#include "transfer_priv.h"

#define IN_NOTE_MAX 1024u                /* bytes of what is said about a file */

/* What stands in for a file that is not passed on. */
static void in_note(const struct transfer *t, struct sj_strbuf *out, const char *because)
{
    sj_strbuf_adds(out, "[File: ");
    attachment_describe(out, t->file);
    sj_strbuf_addf(out, ". It cannot be passed on because %s.]", because);
    if (t->file->caption)
        sj_strbuf_addf(out, "\n%s", t->file->caption);
}

static void in_deliver(const struct transfer *t, const char *body, const struct sj_file *file)
{
    struct session *s = transfer_session(t);
    struct sj_message m = {.peer = t->peer, .body = body, .id = t->id, .sent_at = t->sent_at,
                           .file = file};

    if (t->rich)
        rich_to_message(&m, t->rich);
    if (t->in_room) {                    /* nobody waited for it: it is said now */
        m.in_room = true;
        m.nick = t->nick;
        room_hear(s, &m);
        return;
    }
    session_deliver_at(s, &m, t->rich, t->orders ? t->arrival : ++s->all->arrivals);
}

void transfer_in_fail(struct transfer *t, const char *because)
{
    struct sj_strbuf note;

    transfer_close_http(t);
    transfer_close_op(t, true);
    sj_strbuf_init(&note, SJ_BODY_MAX + IN_NOTE_MAX);
    in_note(t, &note, because);
    in_deliver(t, note.s, NULL);
    sj_strbuf_release(&note);
    transfer_end(t, false);
}

static void in_passed(struct transfer *t)
{
    uint8_t hash[SJ_DIGEST_MAX];
    struct sj_file file;

    sj_digest_end(t->digest, hash);
    if (t->file->hash_kind == SJ_DIGEST_SHA256 &&
        memcmp(hash, t->file->hash, SJ_DIGEST_SHA256_SIZE) != 0) {
        transfer_in_fail(t, "it was damaged on the way");
        return;
    }
    file = attachment_to_network(t->file);
    file.url = t->get;
    file.sha256 = hash;
    in_deliver(t, t->file->caption ? t->file->caption : "", &file);
    transfer_end(t, true);
}

/* ---- the bytes ---- */

/* Hands on what the buffer holds; asks for more when it is empty. */
static void in_pump(struct transfer *t)
{
    struct session *s = transfer_session(t);
    size_t n = sj_http_room(t->client, t->http);

    if (n > t->len)
        n = t->len;
    if (n > 0 && sj_http_write(t->client, t->http, t->buffer + t->at, n) == SJ_OK) {
        t->at += n;
        t->len -= n;
        transfer_progress(t);
        if (t->len == 0 && t->op)
            s->network->backend->file_next(s->link, t->op);
    }
}

void transfer_in_chunk(struct transfer *t, const void *data, size_t len)
{
    if (t->step != TRANSFER_PUT || !t->buffer || t->len > 0 || len > TRANSFER_BUFFER_MAX)
        return;                          /* not asked for */
    if (len > t->file->size - t->moved) {
        transfer_in_fail(t, "it is larger than the network said");
        return;
    }
    memcpy(t->buffer, data, len);
    t->at = 0;
    t->len = len;
    t->moved += len;
    sj_digest_add(t->digest, data, len);
    transfer_progress(t);
    in_pump(t);
}

/* The link has given all, or cannot. */
void transfer_in_read(struct transfer *t, const struct sj_error *err)
{
    if (err) {
        transfer_in_fail(t, err->status == SJ_UNREACHABLE ? "the connection to the network ended"
                                                          : "the network did not hand it over");
        return;
    }
    if (t->moved != t->file->size) {
        transfer_in_fail(t, "the network handed over only a part of it");
        return;
    }
    t->complete = true;
    if (!t->http)
        in_passed(t);
}

/* The server is ready for bytes: only now the network is asked for them. */
static void in_begin(struct transfer *t)
{
    struct session *s = transfer_session(t);
    struct sj_error err = {.status = SJ_OK};

    transfer_begin_bytes(t, SJ_DIGEST_SHA256);
    if (!transfer_open_op(t, &err)) {
        transfer_in_fail(t, "too much waits for the network");
        return;
    }
    if (s->network->backend->file_read(s->link, t->file->key, t->op, &err) != SJ_OK) {
        transfer_close_op(t, false);
        transfer_in_fail(t, "the network did not hand it over");
    }
}

static void in_writable(void *ctx, uint64_t id, size_t room)
{
    struct transfer *t = ctx;

    (void)id;
    (void)room;
    if (!t->buffer)
        in_begin(t);
    else
        in_pump(t);
}

static void in_headers(void *ctx, uint64_t id, int status, const char *type, int64_t length)
{
    (void)ctx;
    (void)id;
    (void)status;
    (void)type;
    (void)length;
}

static void in_data(void *ctx, uint64_t id, const void *p, size_t n)
{
    (void)ctx;
    (void)id;
    (void)p;
    (void)n;
}

static void in_done(void *ctx, uint64_t id, int status, const struct sj_error *err)
{
    struct transfer *t = ctx;
    struct session *s = transfer_session(t);
    struct sj_error why = {.status = SJ_OK};

    (void)id;
    t->http = 0;
    if (err || sj_http_status_check(status, &why) != SJ_OK) {
        sj_log_debug(&s->log, "upload failed status=%d cause=%s", status,
                     SJ_CLIP(err ? err->text : why.text));
        transfer_in_fail(t, "your server did not take it");
    } else if (t->moved != t->file->size || t->len > 0) {
        transfer_in_fail(t, "your server took only a part of it");
    } else if (t->complete) {
        in_passed(t);
    }
}

static const struct sj_http_events in_events = {
    .headers = in_headers,
    .data = in_data,
    .writable = in_writable,
    .done = in_done,
};

/* ---- the place ---- */

static uint64_t in_put(struct transfer *t, const struct xmpp_slot *slot, struct sj_error *err)
{
    const struct sessions_options *o = t->all->sessions->options;
    struct sj_http_header headers[XMPP_SLOT_HEADERS_MAX + 1];
    size_t n = 0;

    for (; n < slot->n_headers; n++)
        headers[n] = (struct sj_http_header){slot->header[n].name, slot->header[n].value};
    headers[n++] = (struct sj_http_header){
        "Content-Type", t->file->media_type ? t->file->media_type : "application/octet-stream"};
    struct sj_http_request request = {
        .method = SJ_HTTP_PUT, .kind = SJ_HTTP_TRANSFER, .url = slot->put,
        .allow_http = o->upload_http, .headers = headers, .n_headers = n,
        .body_size = t->file->size, .streamed = true, .response_max = SJ_HTTP_DATA_MAX,
        .total_ms = TRANSFER_TOTAL_MS, .stall_ms = TRANSFER_STALL_MS, .stall_bytes = 1,
        .events = &in_events, .ctx = t};

    t->client = slot->trusted ? o->upload : o->fetch;
    return sj_http_start(t->client, &request, err);
}

void transfer_in_slot(struct transfer *t, const struct xmpp_slot *slot)
{
    struct session *s = transfer_session(t);
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf because;

    transfer_enter(t, TRANSFER_PUT);
    if (slot->err.status == SJ_OK) {
        t->get = sj_strdup(slot->get);
        t->http = in_put(t, slot, &err);
        if (t->http)
            return;
        sj_log_debug(&s->log, "upload not possible cause=%s", SJ_CLIP(err.text));
        transfer_in_fail(t, "your server did not take it");
        return;
    }
    sj_strbuf_init(&because, SJ_ERROR_TEXT_MAX + 64);
    sj_strbuf_adds(&because, slot->err.text);
    if (slot->err.status == SJ_LIMIT && slot->size_max > 0) {
        sj_strbuf_adds(&because, " (");
        attachment_add_size(&because, slot->size_max);
        sj_strbuf_addc(&because, ')');
    }
    transfer_in_fail(t, because.s);
    sj_strbuf_release(&because);
}

void transfer_in_start(struct transfer *t)
{
    struct session *s = transfer_session(t);
    const struct sessions_options *o = s->all->options;
    struct xmpp_slot_ask ask = {.user = s->user, .name = t->file->name, .size = t->file->size,
                                .media_type = t->file->media_type, .ticket = t->number};

    if (!t->file->key || !s->network->backend->file_read || !s->link) {
        transfer_in_fail(t, "the network did not hand it over");
    } else if (!o->upload || !o->fetch) {
        transfer_in_fail(t, "this gateway passes no files on");
    } else if (t->file->size == 0) {
        transfer_in_fail(t, "the network does not tell its size");
    } else if (t->file->size > o->upload_max) {
        transfer_in_fail(t, "it is larger than this gateway passes on");
    } else {
        transfer_enter(t, TRANSFER_SLOT);
        xmpp_slot_get(s->all->xmpp, s->network->index, &ask);
    }
}
