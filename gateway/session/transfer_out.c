/* SPDX-License-Identifier: MPL-2.0 */
/* A file of the user: fetched from where the user put it, under limits, and handed to the link
 * piece by piece as it asks for them (GFIL-10). A digest that the client told is checked before the
 * last piece counts (GFIL-11). Whatever goes wrong before the network has all of it, the link goes
 * as text, so that nothing is lost; after that the one error with the message's id says so.
 * No address is logged: it may open the file to whoever reads the log. */
#include <string.h>

#include "sojourn/file_name.h"
#include "sojourn/memory.h"
#include "transfer_priv.h"

#define OUT_REDIRECTS_MAX 5u
#define OUT_PAUSE_BYTES (TRANSFER_BUFFER_MAX - SJ_HTTP_DATA_MAX)
#define OUT_RESUME_BYTES (TRANSFER_BUFFER_MAX / 4)

static struct outgoing out_outgoing(const struct transfer *t)
{
    return (struct outgoing){.peer = t->peer, .in_room = t->in_room, .full = t->full, .id = t->id,
                             .body = t->body, .rich = t->rich};
}

/* The link as text; its outcome is the message's. */
static void out_send_text(struct transfer *t)
{
    struct session *s = transfer_session(t);
    struct outgoing o = out_outgoing(t);
    struct sj_error err = {.status = SJ_OK};

    if (outgoing_send(s, &o, &err) != SJ_OK)
        transfer_out_refuse(t, &err);
}

void transfer_out_refuse(const struct transfer *t, const struct sj_error *why)
{
    refusal_send(transfer_session(t),
                 &(struct refused){.peer = t->peer, .in_room = t->in_room, .full = t->full,
                                   .id = t->id}, why);
}

void transfer_out_fail(struct transfer *t, const struct sj_error *why)
{
    struct session *s = transfer_session(t);

    transfer_close_http(t);
    transfer_close_op(t, true);
    if (why && why->text[0])
        sj_log_debug(&s->log, "file goes as a link number=%llu cause=%s",
                     (unsigned long long)t->number, SJ_CLIP(why->text));
    if (s->link && s->state == SESSION_ONLINE)
        out_send_text(t);
    else
        transfer_out_refuse(t, why);
    transfer_end(t, false);
}

static void out_fail(struct transfer *t, enum sj_status status, const char *text)
{
    struct sj_error err;

    sj_fail(&err, status, "%s", text);
    transfer_out_fail(t, &err);
}

/* The network says what became of it. */
void transfer_out_done(struct transfer *t, const struct sj_error *err)
{
    bool given = t->step == TRANSFER_ENDING;
    bool open = err && (err->status == SJ_UNREACHABLE || err->status == SJ_TIMEOUT);

    if (!err && given) {
        transfer_end(t, true);
    } else if (!err) {
        out_fail(t, SJ_REMOTE, "the network took only a part of it");
    } else if (given && open) {          /* it may have arrived: a second copy would confuse */
        transfer_out_refuse(t, err);
        transfer_end(t, false);
    } else {
        transfer_out_fail(t, err);
    }
}

/* ---- the bytes ---- */

static bool out_is_sound(struct transfer *t)
{
    uint8_t hash[SJ_DIGEST_MAX];

    if (t->file->size > 0 && t->moved != t->file->size)
        return false;
    if (!t->digest)
        return true;
    sj_digest_end(t->digest, hash);
    return memcmp(hash, t->file->hash, sj_digest_size(t->file->hash_kind)) == 0;
}

void transfer_out_pump(struct transfer *t)
{
    struct session *s = transfer_session(t);
    size_t n = t->len < t->wanted ? t->len : t->wanted;

    if (t->wanted == 0 || (n == 0 && !t->complete))
        return;
    t->wanted = 0;
    if (n == 0)
        transfer_enter(t, TRANSFER_ENDING);
    s->network->backend->file_data(s->link, t->op, t->buffer + t->at, n);
    t->at += n;
    t->len -= n;
    transfer_progress(t);
    if (t->paused && t->len <= OUT_RESUME_BYTES) {
        t->paused = false;
        sj_http_resume(t->client, t->http);
    }
}

static void out_data(void *ctx, uint64_t id, const void *p, size_t n)
{
    struct transfer *t = ctx;

    if (t->step != TRANSFER_STREAM)
        return;
    if (t->at + t->len + n > TRANSFER_BUFFER_MAX) {
        memmove(t->buffer, t->buffer + t->at, t->len);
        t->at = 0;
    }
    memcpy(t->buffer + t->at + t->len, p, n);
    t->len += n;
    t->moved += n;
    if (t->digest)
        sj_digest_add(t->digest, p, n);
    transfer_progress(t);
    if (t->len > OUT_PAUSE_BYTES) {
        t->paused = true;
        sj_http_pause(t->client, id);
    }
    transfer_out_pump(t);
}

/* ---- what the server says first ---- */

static void out_learn(struct transfer *t, const char *type, int64_t length)
{
    struct attachment *f = t->file;
    char media[SJ_MEDIA_TYPE_SIZE];

    if (length >= 0)
        f->size = (uint64_t)length;
    if (f->media_type || !sj_media_type(media, type))
        return;
    f->media_type = media;
    t->file = attachment_dup(f);
    sj_free(f);
}

/* A page where a file was said to be: a log-in, an error in disguise, or a link to read. */
static bool out_is_page(const struct transfer *t, const char *type)
{
    char media[SJ_MEDIA_TYPE_SIZE];

    return sj_media_type(media, type) && strcmp(media, "text/html") == 0 &&
           (!t->file->media_type || strcmp(t->file->media_type, "text/html") != 0);
}

static void out_offer(struct transfer *t)
{
    struct session *s = transfer_session(t);
    struct sj_file file = attachment_to_network(t->file);
    struct outgoing o = out_outgoing(t);
    struct sj_error err = {.status = SJ_OK};
    sj_op op;

    transfer_enter(t, TRANSFER_STREAM);
    transfer_begin_bytes(t, t->file->hash_kind);
    if (!s->link || s->state != SESSION_ONLINE) {
        out_fail(t, SJ_UNREACHABLE, "The connection to the network ended before this was sent.");
    } else if (outgoing_offer(s, &o, &file, t->file->caption ? t->file->caption : "", &op, &err) !=
               SJ_OK) {
        transfer_out_fail(t, &err);
    } else {
        transfer_keep_op(t, op);
    }
}

static void out_headers(void *ctx, uint64_t id, int status, const char *type, int64_t length)
{
    struct transfer *t = ctx;
    struct sj_error err = {.status = SJ_OK};

    (void)id;
    if (status != 200) {
        if (sj_http_status_check(status, &err) == SJ_OK)
            sj_fail(&err, SJ_REMOTE, "the server gave no whole file");
        transfer_out_fail(t, &err);
    } else if (out_is_page(t, type)) {
        out_fail(t, SJ_UNACCEPTABLE, "the link leads to a page");
    } else {
        out_learn(t, type, length);
        out_offer(t);
    }
}

static void out_writable(void *ctx, uint64_t id, size_t room)
{
    (void)ctx;
    (void)id;
    (void)room;
}

static void out_done(void *ctx, uint64_t id, int status, const struct sj_error *err)
{
    struct transfer *t = ctx;

    (void)id;
    (void)status;
    t->http = 0;
    if (err) {
        transfer_out_fail(t, err);
    } else if (!out_is_sound(t)) {
        out_fail(t, SJ_REMOTE, "it is not what the message says (size or digest)");
    } else {
        t->complete = true;
        transfer_out_pump(t);
    }
}

static const struct sj_http_events out_events = {
    .headers = out_headers,
    .data = out_data,
    .writable = out_writable,
    .done = out_done,
};

void transfer_out_start(struct transfer *t)
{
    const struct sessions_options *o = t->all->sessions->options;
    struct sj_error err = {.status = SJ_OK};
    struct sj_http_request request = {
        .method = SJ_HTTP_GET, .kind = SJ_HTTP_TRANSFER, .url = t->file->url,
        .allow_http = o->fetch_http, .redirects_max = OUT_REDIRECTS_MAX,
        .response_max = o->files_max, .total_ms = TRANSFER_TOTAL_MS,
        .stall_ms = TRANSFER_STALL_MS / 2, .stall_bytes = 1, .events = &out_events, .ctx = t};

    if (t->file->size > o->files_max) {
        out_fail(t, SJ_LIMIT, "it is larger than this gateway passes on");
        return;
    }
    transfer_enter(t, TRANSFER_HEAD);
    t->client = o->fetch;
    t->http = sj_http_start(t->client, &request, &err);
    if (!t->http)
        transfer_out_fail(t, &err);
}
