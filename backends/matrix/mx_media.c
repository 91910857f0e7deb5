/* SPDX-License-Identifier: MPL-2.0 */
/* Files on their way: the list of them, what events say of a file, and what both directions have in
 * common. mx_media_down.c reads files, mx_media_up.c takes them.
 * Source: Matrix client-server API, "Content repository", "m.image", "m.file", "m.audio",
 * "m.video", "m.sticker". */
#include "mx_media.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_link.h"
#include "mx_net.h"
#include "sojourn/memory.h"

/* ---- addresses and contents ---- */

bool mx_mxc_is(const char *uri)
{
    static const char scheme[] = "mxc://";
    static const char of_name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_";
    size_t prefix = sizeof scheme - 1;
    if (!uri || strnlen(uri, MX_MXC_MAX + 1) > MX_MXC_MAX || strncmp(uri, scheme, prefix) != 0)
        return false;
    const char *server = uri + prefix;
    const char *slash = strchr(server, '/');
    if (!slash || slash == server || slash[1] == '\0')
        return false;
    for (const char *p = server; p < slash; p++) {
        if (!strchr(of_name, *p) && !strchr(".:[]", *p))
            return false;
    }
    return slash[1 + strspn(slash + 1, of_name)] == '\0';
}

const char *mx_mxc_or_none(const char *uri)
{
    return mx_mxc_is(uri) && strlen(uri) <= SJ_AVATAR_ID_MAX ? uri : "";
}

const char *mx_media_msgtype(const char *media_type)
{
    static const char *const rows[][2] = {
        {"image/", "m.image"}, {"audio/", "m.audio"}, {"video/", "m.video"}};
    for (size_t i = 0; media_type && i < sizeof rows / sizeof rows[0]; i++) {
        if (sj_ascii_ncasecmp(media_type, rows[i][0], strlen(rows[i][0])) == 0)
            return rows[i][1];
    }
    return "m.file";
}

static uint32_t media_number(struct json_object *info, const char *key)
{
    int64_t n;
    return mx_json_int(info, key, 0, UINT32_MAX, &n) ? (uint32_t)n : 0;
}

bool mx_media_read(struct json_object *content, struct sj_file *file, const char **caption)
{
    const char *body = mx_json_text(content, "body", SJ_BODY_MAX);
    const char *name = mx_json_text(content, "filename", SJ_FILE_NAME_MAX);
    const char *url = mx_json_text(content, "url", MX_MXC_MAX);
    struct json_object *info = mx_json_object(content, "info");
    int64_t size;
    *file = (struct sj_file){.name = NULL};
    *caption = "";
    if (!mx_mxc_is(url))
        return false;
    if (name && body && strcmp(name, body) != 0)
        *caption = body;
    file->key = url;
    file->name = name ? name : mx_json_text(content, "body", SJ_FILE_NAME_MAX);
    file->media_type = mx_json_text(info, "mimetype", SJ_NAME_MAX);
    if (mx_json_int(info, "size", 0, INT64_MAX, &size))
        file->size = (uint64_t)size;
    file->width = media_number(info, "w");
    file->height = media_number(info, "h");
    file->length_ms = media_number(info, "duration");
    return true;
}

/* ---- the list ---- */

struct mx_media *mx_media_new(struct mx_link *l, enum mx_media_way way, sj_op op,
                              struct sj_error *err)
{
    if (!mx_link_is_up(l)) {
        sj_fail(err, SJ_UNREACHABLE, "not logged in");
        return NULL;
    }
    if (l->n_media >= MX_MEDIAS_MAX) {
        sj_fail(err, SJ_LIMIT, "too many files are on their way");
        return NULL;
    }
    struct mx_media *f = sj_calloc(1, sizeof *f);
    f->link = l;
    f->way = way;
    f->op = op;
    mx_body_init(&f->answer);
    sj_strbuf_init(&f->bytes, SJ_AVATAR_MAX);
    sj_list_init(&f->list);
    sj_list_append(&l->media, &f->list);
    l->n_media++;
    return f;
}

struct mx_media *mx_media_find(const struct mx_link *l, sj_op op)
{
    for (struct sj_list *i = l->media.next; i != &l->media; i = i->next) {
        struct mx_media *f = SJ_CONTAINER(i, struct mx_media, list);
        if (f->op == op)
            return f;
    }
    return NULL;
}

void mx_media_free(struct mx_media *f)
{
    if (f->http)
        sj_http_cancel(f->link->base.net->http, f->http);
    if (f->ask.fn)
        sj_defer_cancel(&f->ask);
    sj_list_remove(&f->list);
    f->link->n_media--;
    mx_body_release(&f->answer);
    sj_strbuf_release(&f->bytes);
    json_object_put(f->content);
    sj_free(f->mxc);
    sj_free(f->contact);
    sj_free(f->type);
    sj_free(f->peer);
    sj_free(f);
}

void mx_media_end(struct mx_media *f, const struct sj_error *err)
{
    mx_link_done_err(f->link, f->op, err);
    mx_media_free(f);
}

void mx_media_fail(struct mx_media *f, enum sj_status status, const char *text)
{
    struct sj_error err = {.status = SJ_OK};
    sj_fail(&err, status, "%s", text);
    mx_media_end(f, &err);
}

void mx_media_fail_all(struct mx_link *l)
{
    while (!sj_list_empty(&l->media))
        mx_media_fail(SJ_CONTAINER(l->media.next, struct mx_media, list), SJ_UNREACHABLE,
                      "the connection to the network ended");
}

void mx_media_drop(struct mx_link *l)
{
    while (!sj_list_empty(&l->media))
        mx_media_free(SJ_CONTAINER(l->media.next, struct mx_media, list));
}

void mx_file_abort(struct sj_link *link, sj_op op)
{
    struct mx_media *f = mx_media_find(mx_link_of(link), op);
    if (f)
        mx_media_fail(f, SJ_CANCELED, sj_status_text(SJ_CANCELED));
}

/* ---- requests ---- */

uint64_t mx_media_request(struct mx_media *f, struct sj_http_request *q, const char *path,
                          const char *type, struct sj_error *err)
{
    struct mx_link *l = f->link;
    char *bearer = mx_call_bearer(l);
    struct sj_http_header headers[] = {{"Authorization", bearer}, {"Content-Type", type}};
    struct sj_strbuf url;
    uint64_t id = 0;
    sj_strbuf_init(&url, SJ_HTTP_URL_MAX);
    sj_strbuf_adds(&url, l->url);
    sj_strbuf_adds(&url, path);
    q->kind = SJ_HTTP_TRANSFER;
    q->url = url.s;
    q->allow_http = l->base.net->plain;
    q->headers = headers;
    q->n_headers = type ? 2 : 1;
    q->total_ms = MX_MEDIA_TOTAL_MS;
    q->stall_ms = MX_MEDIA_STALL_MS;
    q->stall_bytes = 1;
    q->ctx = f;
    if (sj_strbuf_ok(&url))
        id = sj_http_start(l->base.net->http, q, err);
    else
        sj_fail(err, SJ_INVALID, "the request is too long");
    sj_secret_free(&bearer);
    sj_strbuf_release(&url);
    return id;
}
