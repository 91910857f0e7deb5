/* SPDX-License-Identifier: MPL-2.0 */
/* Takes files of the user to the media repository: the gateway is asked for as many bytes as the
 * request can take, so that nothing piles up. When the server has said where the file lies, and the
 * gateway that this was all, the event that names it goes out like any other message.
 * The user's own picture, which is small, goes in one piece.
 * Source: Matrix client-server API, "POST /_matrix/media/v3/upload". */
#include <json-c/json.h>
#include <string.h>

#include "mx_contact.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_media.h"
#include "mx_net.h"
#include "mx_profile.h"
#include "mx_rich.h"
#include "mx_room.h"
#include "mx_send.h"
#include "sojourn/file_name.h"
#include "sojourn/memory.h"

#define UP_ANSWER_MAX 16384u
#define UP_ASK_BYTES (SJ_HTTP_ROOM_MAX / 2)

/* ---- what becomes of it ---- */

/* Where the server says it lies; NULL: it does not. Borrowed from the tree. */
static const char *up_address(struct json_object *root)
{
    const char *mxc = mx_json_text(root, "content_uri", MX_MXC_MAX);
    return mx_mxc_is(mxc) ? mxc : NULL;
}

static void up_send_event(struct mx_media *f, const char *mxc)
{
    struct mx_link *l = f->link;
    struct json_object *content = f->content;
    struct sj_error err = {.status = SJ_OK};
    f->content = NULL;
    mx_json_put(content, "url", mxc);
    if (mx_send_content(l, f->peer, f->in_room, content, f->op, &err) != SJ_OK)
        mx_media_end(f, &err);
    else
        mx_media_free(f);
}

static void up_finish(struct mx_media *f)
{
    struct json_object *root = mx_body_take(&f->answer);
    const char *mxc = up_address(root);
    if (!mxc)
        mx_media_fail(f, SJ_REMOTE, "the home server did not say where the file is");
    else if (f->way == MX_MEDIA_SEND)
        up_send_event(f, mxc);
    else {
        mx_profile_uploaded(f->link, f->op, mxc);
        mx_media_free(f);
    }
    json_object_put(root);
}

/* ---- HTTP ---- */

static void up_on_headers(void *ctx, uint64_t id, int status, const char *type, int64_t length)
{
    struct mx_media *f = ctx;
    struct sj_error err = {.status = SJ_OK};
    (void)id;
    (void)type;
    (void)length;
    f->status = status;
    if (sj_http_status_check(status, &err) != SJ_OK)
        mx_media_end(f, &err);
}

static void up_on_data(void *ctx, uint64_t id, const void *p, size_t n)
{
    struct mx_media *f = ctx;
    (void)id;
    mx_body_add(&f->answer, p, n);
}

/* Asks for the next bytes, or for the word that there are no more. */
static void up_ask(void *arg)
{
    struct mx_media *f = arg;
    struct mx_link *l = f->link;
    size_t room = f->http ? sj_http_room(l->base.net->http, f->http) : 0;
    if (f->way != MX_MEDIA_SEND || f->given || f->wanted)
        return;
    if (f->at == f->size)
        room = 1;
    if (room == 0)
        return;
    f->wanted = room < SJ_FILE_CHUNK_MAX ? room : SJ_FILE_CHUNK_MAX;
    l->base.host->file_wanted(&l->base, f->op, f->wanted);
}

static void up_on_writable(void *ctx, uint64_t id, size_t room)
{
    (void)id;
    (void)room;
    up_ask(ctx);
}

static void up_on_done(void *ctx, uint64_t id, int status, const struct sj_error *err)
{
    struct mx_media *f = ctx;
    (void)id;
    (void)status;
    f->http = 0;
    if (err)
        mx_media_end(f, err);
    else if (f->at != f->size)
        mx_media_fail(f, SJ_REMOTE, "the home server took only a part of it");
    else if (f->given)
        up_finish(f);
}

static const struct sj_http_events up_events = {
    .headers = up_on_headers,
    .data = up_on_data,
    .writable = up_on_writable,
    .done = up_on_done,
};

/* ---- pieces ---- */

void mx_file_data(struct sj_link *link, sj_op op, const void *data, size_t len)
{
    struct mx_link *l = mx_link_of(link);
    struct sj_http *http = link->net->http;
    struct mx_media *f = mx_media_find(l, op);
    if (!f || f->way != MX_MEDIA_SEND || !f->wanted)
        return;
    f->wanted = 0;
    if (len > f->size - f->at || (len == 0 && f->at != f->size)) {
        mx_media_fail(f, SJ_REMOTE, "it is not as large as was said");
    } else if (len == 0) {
        f->given = true;
        if (!f->http)
            up_finish(f);
    } else if (!f->http || sj_http_write(http, f->http, data, len) != SJ_OK) {
        mx_media_fail(f, SJ_REMOTE, "the home server took only a part of it");
    } else {
        f->at += len;
        if (f->at == f->size || sj_http_room(http, f->http) >= UP_ASK_BYTES)
            sj_loop_defer(link->loop, &f->ask);
    }
}

/* ---- the beginning ---- */

static void up_add_info(struct json_object *content, const struct sj_file *file)
{
    struct json_object *info = mx_json_put_object(content, "info");
    mx_json_put(info, "mimetype", file->media_type);
    mx_json_put_int(info, "size", (int64_t)file->size);
    if (file->width && file->height) {
        mx_json_put_int(info, "w", file->width);
        mx_json_put_int(info, "h", file->height);
    }
    if (file->length_ms)
        mx_json_put_int(info, "duration", file->length_ms);
}

static struct json_object *up_content(const struct sj_message *m, const char *name)
{
    struct json_object *content = json_object_new_object();
    mx_json_put(content, "msgtype", mx_media_msgtype(m->file->media_type));
    mx_json_put(content, "body", m->body[0] ? m->body : name);
    mx_json_put(content, "filename", name);
    up_add_info(content, m->file);
    mx_rich_relate(content, m);
    return content;
}

static enum sj_status up_start(struct mx_media *f, struct sj_http_request *q, const char *name,
                               const char *type, struct sj_error *err)
{
    struct sj_strbuf path;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, name ? "/_matrix/media/v3/upload?filename=*" : "/_matrix/media/v3/upload", name);
    q->method = SJ_HTTP_POST;
    q->body_size = f->size;
    q->response_max = UP_ANSWER_MAX;
    q->events = &up_events;
    f->http = mx_media_request(f, q, path.s, type ? type : "application/octet-stream", err);
    sj_strbuf_release(&path);
    if (f->http)
        return SJ_OK;
    mx_media_free(f);
    return err->status;
}

/* What is encrypted is told by the event's own error else, when the home server has it already. */
static bool up_is_encrypted(struct mx_link *l, const struct sj_message *m)
{
    const struct mx_contact *c = m->in_room ? NULL : mx_contact_find(l, m->peer);
    const struct mx_room *r = m->in_room ? mx_room_find_name(l, m->peer) : c ? c->room : NULL;
    return r && r->encrypted;
}

enum sj_status mx_media_send(struct mx_link *l, const struct sj_message *m, sj_op op,
                             struct sj_error *err)
{
    struct sj_http_request q = {.streamed = true};
    char name[SJ_FILE_NAME_MAX + 1];
    if (m->file->size == 0 || m->file->size > MX_MEDIA_MAX)
        return sj_fail(err, SJ_UNACCEPTABLE, "this network wants to know the size of a file");
    if (up_is_encrypted(l, m))
        return sj_fail(err, SJ_UNSUPPORTED, MX_SEND_ENCRYPTED);
    struct mx_media *f = mx_media_new(l, MX_MEDIA_SEND, op, err);
    if (!f)
        return err->status;
    if (!m->file->name || !sj_file_name(name, m->file->name))
        sj_copy(name, sizeof name, "file");
    sj_defer_init(&f->ask, up_ask, f);
    f->size = m->file->size;
    f->peer = sj_strdup(m->peer);
    f->in_room = m->in_room;
    f->content = up_content(m, name);
    return up_start(f, &q, name, m->file->media_type, err);
}

enum sj_status mx_media_own(struct mx_link *l, const struct sj_avatar *picture, sj_op op,
                            struct sj_error *err)
{
    struct sj_http_request q = {.body = picture->data};
    struct mx_media *f = mx_media_new(l, MX_MEDIA_OWN, op, err);
    if (!f)
        return err->status;
    f->size = f->at = picture->len;
    f->given = true;
    return up_start(f, &q, NULL, picture->media_type, err);
}
