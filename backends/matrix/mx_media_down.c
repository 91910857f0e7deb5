/* SPDX-License-Identifier: MPL-2.0 */
/* Reads files and pictures of the media repository, by authenticated media, or, from servers that
 * do not know it, by the older way. A file goes to the gateway piece by piece: while the one before
 * has not been taken the request is paused. A picture, which is small, is gathered first.
 * Source: Matrix client-server API 1.11, "Content repository"; before that
 * /_matrix/media/v3/download. */
#include <string.h>

#include "mx_id.h"
#include "mx_link.h"
#include "mx_media.h"
#include "mx_net.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"

#define DOWN_REDIRECTS_MAX 5u
#define PICTURE_QUERY "?width=192&height=192&method=crop"    /* clients show no larger ones */

static void down_add_path(struct sj_strbuf *out, const struct mx_media *f)
{
    static const char *const pattern[2][2] = {
        {"/_matrix/client/v1/media/download/*/*", "/_matrix/client/v1/media/thumbnail/*/*"},
        {"/_matrix/media/v3/download/*/*", "/_matrix/media/v3/thumbnail/*/*"}};
    const char *server = f->mxc + strlen("mxc://");
    const char *slash = strchr(server, '/');
    char *name = sj_strndup(server, (size_t)(slash - server));
    mx_path(out, pattern[f->old][f->way == MX_MEDIA_PICTURE], name, slash + 1);
    sj_free(name);
    if (f->way == MX_MEDIA_PICTURE)
        sj_strbuf_adds(out, PICTURE_QUERY);
}

/* ---- what comes ---- */

/* Not there in the one way, which an older server does not know: asked in the other. */
static bool down_ask_old(struct mx_media *f, int status)
{
    struct sj_error err = {.status = SJ_OK};
    if (f->old || (status != 404 && status != 405 && status != 400))
        return false;
    sj_http_cancel(f->link->base.net->http, f->http);
    f->old = true;
    if (mx_media_down_start(f, &err) != SJ_OK)
        mx_media_end(f, &err);
    return true;
}

static void down_on_headers(void *ctx, uint64_t id, int status, const char *type, int64_t length)
{
    struct mx_media *f = ctx;
    struct sj_error err = {.status = SJ_OK};
    (void)id;
    (void)length;
    if (status == 200) {
        if (f->way == MX_MEDIA_PICTURE)
            f->type = sj_strdup(type);
        return;
    }
    if (down_ask_old(f, status))
        return;
    if (sj_http_status_check(status, &err) == SJ_OK)
        sj_fail(&err, SJ_REMOTE, "the home server gave no whole file");
    mx_media_end(f, &err);
}

static void down_on_data(void *ctx, uint64_t id, const void *p, size_t n)
{
    struct mx_media *f = ctx;
    struct mx_link *l = f->link;
    if (f->way == MX_MEDIA_PICTURE) {
        sj_strbuf_add(&f->bytes, p, n);
        return;
    }
    sj_http_pause(l->base.net->http, id);
    l->base.host->file_chunk(&l->base, f->op, p, n);     /* f may be gone */
}

static void down_on_writable(void *ctx, uint64_t id, size_t room)
{
    (void)ctx;
    (void)id;
    (void)room;
}

static void down_tell_picture(struct mx_media *f)
{
    struct mx_link *l = f->link;
    sj_op op = f->op;
    if (!sj_strbuf_ok(&f->bytes) || f->bytes.len == 0) {
        mx_media_fail(f, SJ_REMOTE, "the home server gave no picture");
        return;
    }
    const struct sj_avatar picture = {.contact = f->contact, .id = f->mxc, .media_type = f->type,
                                      .data = f->bytes.s, .len = f->bytes.len};
    l->base.host->avatar(&l->base, op, &picture);
    f = mx_media_find(l, op);
    if (f)
        mx_media_end(f, NULL);
}

static void down_on_done(void *ctx, uint64_t id, int status, const struct sj_error *err)
{
    struct mx_media *f = ctx;
    (void)id;
    (void)status;
    f->http = 0;
    if (err)
        mx_media_end(f, err);
    else if (f->way == MX_MEDIA_PICTURE)
        down_tell_picture(f);
    else
        mx_media_end(f, NULL);
}

static const struct sj_http_events down_events = {
    .headers = down_on_headers,
    .data = down_on_data,
    .writable = down_on_writable,
    .done = down_on_done,
};

/* ---- asking ---- */

enum sj_status mx_media_down_start(struct mx_media *f, struct sj_error *err)
{
    struct sj_http_request q = {
        .method = SJ_HTTP_GET, .redirects_max = DOWN_REDIRECTS_MAX,
        .response_max = f->way == MX_MEDIA_PICTURE ? SJ_AVATAR_MAX : MX_MEDIA_MAX,
        .events = &down_events};
    struct sj_strbuf path;
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    down_add_path(&path, f);
    f->http = mx_media_request(f, &q, path.s, NULL, err);
    sj_strbuf_release(&path);
    return f->http ? SJ_OK : err->status;
}

static enum sj_status down_begin(struct mx_link *l, enum mx_media_way way, const char *mxc,
                                 const char *contact, sj_op op, struct sj_error *err)
{
    if (!mx_mxc_is(mxc))
        return sj_fail(err, SJ_INVALID, "this is no address of a file");
    struct mx_media *f = mx_media_new(l, way, op, err);
    if (!f)
        return err->status;
    f->mxc = sj_strdup(mxc);
    f->contact = sj_strdup(contact);
    if (mx_media_down_start(f, err) == SJ_OK)
        return SJ_OK;
    mx_media_free(f);
    return err->status;
}

enum sj_status mx_file_read(struct sj_link *link, const char *key, sj_op op, struct sj_error *err)
{
    return down_begin(mx_link_of(link), MX_MEDIA_READ, key, NULL, op, err);
}

enum sj_status mx_media_picture(struct mx_link *l, const char *contact, const char *mxc, sj_op op,
                                struct sj_error *err)
{
    return down_begin(l, MX_MEDIA_PICTURE, mxc, contact, op, err);
}

void mx_file_next(struct sj_link *link, sj_op op)
{
    const struct mx_media *f = mx_media_find(mx_link_of(link), op);
    if (f && f->way == MX_MEDIA_READ && f->http)
        sj_http_resume(link->net->http, f->http);
}
