/* SPDX-License-Identifier: MPL-2.0 */
/* Facts about files: copies that outlive a call, the structs of both contracts made of them, and
 * words for people. Names are made harmless here, once, whichever side they come from (GFIL-06). */
#include "attachment.h"

#include <string.h>

#include "sojourn/file_name.h"
#include "sojourn/memory.h"

struct attachment_texts {
    const char *url, *key, *name, *media_type, *caption;
};

static size_t attachment_text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static char *attachment_text(char **at, const char *text)
{
    char *start = *at;
    size_t n = attachment_text_size(text);

    if (n == 0)
        return NULL;
    memcpy(start, text, n);
    *at += n;
    return start;
}

static struct attachment *attachment_new(const struct attachment_texts *t)
{
    char name[SJ_FILE_NAME_MAX + 1];
    char type[SJ_MEDIA_TYPE_SIZE];
    const char *clean = sj_file_name(name, t->name) ? name : NULL;
    const char *media = sj_media_type(type, t->media_type) ? type : NULL;
    size_t texts = attachment_text_size(t->url) + attachment_text_size(t->key) +
                   attachment_text_size(clean) + attachment_text_size(media) +
                   attachment_text_size(t->caption);
    struct attachment *f = sj_calloc(1, sizeof *f + texts);
    char *at = (char *)(f + 1);

    f->url = attachment_text(&at, t->url);
    f->key = attachment_text(&at, t->key);
    f->name = attachment_text(&at, clean);
    f->media_type = attachment_text(&at, media);
    f->caption = attachment_text(&at, t->caption);
    return f;
}

struct attachment *attachment_of_xmpp(const struct xmpp_file *from)
{
    struct attachment *f;

    if (!from)
        return NULL;
    f = attachment_new(&(struct attachment_texts){
        .url = from->url, .name = from->name, .media_type = from->media_type,
        .caption = from->caption});
    f->size = from->size;
    f->width = from->width;
    f->height = from->height;
    f->length_ms = from->length_ms;
    f->hash_kind = from->hash_kind;
    if (from->hash_kind != SJ_DIGEST_NONE)
        memcpy(f->hash, from->hash, sj_digest_size(from->hash_kind));
    return f;
}

struct attachment *attachment_of_network(const struct sj_file *from, const char *caption)
{
    struct attachment *f;

    if (!from)
        return NULL;
    f = attachment_new(&(struct attachment_texts){
        .url = from->url, .key = from->key, .name = from->name, .media_type = from->media_type,
        .caption = caption && *caption ? caption : NULL});
    f->size = from->size;
    f->width = from->width;
    f->height = from->height;
    f->length_ms = from->length_ms;
    if (from->sha256) {
        f->hash_kind = SJ_DIGEST_SHA256;
        memcpy(f->hash, from->sha256, SJ_DIGEST_SHA256_SIZE);
    }
    return f;
}

struct attachment *attachment_dup(const struct attachment *f)
{
    struct attachment *copy = attachment_new(&(struct attachment_texts){
        .url = f->url, .key = f->key, .name = f->name, .media_type = f->media_type,
        .caption = f->caption});

    copy->size = f->size;
    copy->width = f->width;
    copy->height = f->height;
    copy->length_ms = f->length_ms;
    copy->hash_kind = f->hash_kind;
    memcpy(copy->hash, f->hash, sizeof copy->hash);
    return copy;
}

struct sj_file attachment_to_network(const struct attachment *f)
{
    return (struct sj_file){
        .url = f->url, .name = f->name, .media_type = f->media_type, .size = f->size,
        .width = f->width, .height = f->height, .length_ms = f->length_ms,
        .sha256 = f->hash_kind == SJ_DIGEST_SHA256 ? f->hash : NULL};
}

void attachment_add_size(struct sj_strbuf *out, uint64_t bytes)
{
    static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    uint64_t tenths = bytes * 10;
    size_t u = 0;

    if (bytes < 1024) {
        sj_strbuf_addf(out, "%llu bytes", (unsigned long long)bytes);
        return;
    }
    if (bytes > UINT64_MAX / 10)
        tenths = UINT64_MAX;
    while (tenths >= 10240 && u < 4) {
        tenths /= 1024;
        u++;
    }
    sj_strbuf_addf(out, "%llu.%llu %s", (unsigned long long)(tenths / 10),
                   (unsigned long long)(tenths % 10), unit[u]);
}

void attachment_describe(struct sj_strbuf *out, const struct attachment *f)
{
    sj_strbuf_adds(out, f->name ? f->name : f->media_type ? f->media_type : "without a name");
    if (f->size == 0)
        return;
    sj_strbuf_adds(out, ", ");
    attachment_add_size(out, f->size);
}

bool attachment_url_is_web(const char *url)
{
    return sj_ascii_ncasecmp(url, "https://", 8) == 0 || sj_ascii_ncasecmp(url, "http://", 7) == 0;
}
