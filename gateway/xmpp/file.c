/* SPDX-License-Identifier: MPL-2.0 */
/* Writes a file into a message so that every client shows it: out-of-band data beside a body that
 * is the link and nothing else, which all know (GFIL-01, XEP-0066 §2), then what is known of it for
 * those that read stateless file sharing (GFIL-02, XEP-0447 §4.1) or its elder (GFIL-05,
 * XEP-0385). The body holds nothing that is not in the sources, so it is a fallback (GFIL-03). */
#include "file.h"

#include <stdio.h>
#include <string.h>

#include "sojourn/strbuf.h"
#include "stanza.h"

#define FILE_NUMBER_SIZE 24

static void file_add_number(xmpp_stanza_t *parent, const char *name, uint64_t number)
{
    char text[FILE_NUMBER_SIZE];

    if (number == 0)
        return;
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    stanza_add_with_text(parent, name, text);
}

static void file_add_hash(xmpp_stanza_t *parent, const struct xmpp_file *f)
{
    xmpp_ctx_t *ctx = xmpp_stanza_get_context(parent);
    char *text;

    if (f->hash_kind != SJ_DIGEST_SHA256)
        return;
    text = xmpp_base64_encode(ctx, f->hash, sj_digest_size(f->hash_kind));
    if (!text)
        return;
    xmpp_stanza_t *hash = stanza_add(parent, "hash", NS_HASHES);
    stanza_set(hash, "algo", "sha-256");
    stanza_add_text(hash, text);
    xmpp_free(ctx, text);
}

/* The same words in both kinds of <file/>. */
static void file_add_facts(xmpp_stanza_t *parent, const char *ns,
                           const struct xmpp_file *f)
{
    xmpp_stanza_t *file = stanza_add(parent, "file", ns);
    char name[SJ_FILE_NAME_MAX + 1];
    char type[SJ_MEDIA_TYPE_SIZE];

    if (sj_media_type(type, f->media_type))
        stanza_add_with_text(file, "media-type", type);
    if (sj_file_name(name, f->name) || sj_file_name_of_url(name, f->url))
        stanza_add_with_text(file, "name", name);
    file_add_number(file, "size", f->size);
    file_add_number(file, "width", f->width);
    file_add_number(file, "height", f->height);
    file_add_number(file, "length", f->length_ms);
    file_add_hash(file, f);
}

/* To be shown at its place in the talk, or offered for keeping (XEP-0447 §3). */
static bool file_is_media(const struct xmpp_file *f)
{
    char type[SJ_MEDIA_TYPE_SIZE];

    return sj_media_type(type, f->media_type) &&
           (strncmp(type, "image/", 6) == 0 || strncmp(type, "video/", 6) == 0 ||
            strncmp(type, "audio/", 6) == 0);
}

void file_add(xmpp_stanza_t *st, const struct xmpp_file *f)
{
    stanza_add_with_text(st, "body", f->url);
    stanza_add_with_text(stanza_add(st, "x", NS_OOB), "url", f->url);

    xmpp_stanza_t *share = stanza_add(st, "file-sharing", NS_SFS);
    stanza_set(share, "disposition", file_is_media(f) ? "inline" : "attachment");
    file_add_facts(share, NS_FILE_METADATA, f);
    xmpp_stanza_t *sources = stanza_add(share, "sources", NULL);
    stanza_set(stanza_add(sources, "url-data", NS_URL_DATA), "target", f->url);
    xmpp_stanza_t *fallback = stanza_add(st, "fallback", NS_FALLBACK);
    stanza_set(fallback, "for", NS_SFS);
    stanza_add(fallback, "body", NULL);

    xmpp_stanza_t *reference = stanza_add(st, "reference", NS_REFERENCE);
    stanza_set(reference, "type", "data");
    xmpp_stanza_t *media = stanza_add(reference, "media-sharing", NS_SIMS);
    file_add_facts(media, NS_FILE_JINGLE, f);
    xmpp_stanza_t *source =
        stanza_add(stanza_add(media, "sources", NULL), "reference", NS_REFERENCE);
    stanza_set(source, "type", "data");
    stanza_set(source, "uri", f->url);
}
