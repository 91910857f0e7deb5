/* SPDX-License-Identifier: MPL-2.0 */
/* Finds the file that a message is about, however the client says it.
 *
 * Stateless file sharing (XEP-0447) first, then stateless inline media sharing (XEP-0385), then
 * out-of-band data (XEP-0066), then a body that is one link; the same address said twice is one
 * file (GFIL-09). A bare link is a file only when its path ends in a name with an ending that is no
 * page's: who talks of a web site sends no file. Nothing is fetched here. */
#include <string.h>

#include "file.h"
#include "sojourn/message.h"
#include "stanza.h"

#define FILE_HASH_TEXT_MAX 128u          /* Base64 of the longest digest has 88 */
#define FILE_ENDING_MAX 5u

/* Every address of the message, so that what is said twice counts once. */
struct file_search {
    const char *url[FILE_URLS_MAX];
    size_t n_urls;
    bool full, encrypted;
    const char *first;           /* the file */
    xmpp_stanza_t *facts;        /* <file/> about it, or NULL */
    size_t n_files;
    struct sj_strbuf *text;      /* links beyond what the body says, FILE_MANY */
};

static bool file_begins(const char *text, const char *scheme)
{
    return sj_ascii_ncasecmp(text, scheme, strlen(scheme)) == 0;
}

/* One link, as a file can be fetched from it; its end is not looked at. */
static bool file_is_link(const char *url)
{
    size_t n = strcspn(url, " \t\r\n<>\"");
    return (file_begins(url, "https://") || file_begins(url, "http://")) && url[n] == '\0' &&
           n <= SJ_URL_MAX && n > strlen("https://");
}

/* Notes an address. true: it was not known, and is one that can be fetched. */
static bool file_note(struct file_search *s, const char *url)
{
    if (url == NULL)
        return false;
    if (file_begins(url, "aesgcm:"))
        s->encrypted = true;
    if (!file_is_link(url))
        return false;
    for (size_t i = 0; i < s->n_urls; i++) {
        if (strcmp(s->url[i], url) == 0)
            return false;
    }
    if (s->n_urls == FILE_URLS_MAX) {
        s->full = true;
        return false;
    }
    s->url[s->n_urls++] = url;
    return true;
}

static void file_take(struct file_search *s, const char *url, xmpp_stanza_t *facts)
{
    if (s->n_files++ == 0) {
        s->first = url;
        s->facts = facts;
    }
}

/* The sources of one file: it counts once, by its first address that is new. */
static void file_sources(struct file_search *s, xmpp_stanza_t *share, const char *ns,
                         const char *element, const char *element_ns, const char *attribute)
{
    xmpp_stanza_t *sources = stanza_child(share, "sources", ns);
    const char *url = NULL;
    bool known = false;

    for (xmpp_stanza_t *c = sources ? stanza_first(sources) : NULL; c; c = stanza_next(c)) {
        const char *address = stanza_is(c, element, element_ns) ? stanza_get(c, attribute) : NULL;
        if (file_note(s, address))
            url = url ? url : address;
        else if (address && file_is_link(address))
            known = true;                /* said before: the same file in other words */
    }
    if (url && !known)
        file_take(s, url, stanza_child(share, "file", strcmp(ns, NS_SFS) == 0 ? NS_FILE_METADATA
                                                                               : NS_FILE_JINGLE));
}

static void file_search_shares(struct file_search *s, xmpp_stanza_t *st)
{
    for (xmpp_stanza_t *c = stanza_first(st); c; c = stanza_next(c)) {
        if (stanza_is(c, "file-sharing", NS_SFS))
            file_sources(s, c, NS_SFS, "url-data", NS_URL_DATA, "target");
    }
    for (xmpp_stanza_t *c = stanza_first(st); c; c = stanza_next(c)) {
        xmpp_stanza_t *media = stanza_is(c, "reference", NS_REFERENCE)
                                   ? stanza_child(c, "media-sharing", NS_SIMS) : NULL;
        if (media)
            file_sources(s, media, NS_SIMS, "reference", NS_REFERENCE, "uri");
    }
    for (xmpp_stanza_t *c = stanza_first(st); c; c = stanza_next(c)) {
        xmpp_stanza_t *url = stanza_is(c, "x", NS_OOB) ? stanza_child(c, "url", NS_OOB) : NULL;
        if (url && file_note(s, stanza_text(url)))
            file_take(s, stanza_text(url), NULL);
    }
}

/* Does the path end in a name like cat.png, and not in one of a page? */
static bool file_looks_like_one(const char *url)
{
    static const char *const pages[] = {"html", "htm", "xhtml", "shtml", "php", "asp", "aspx",
                                        "jsp",  "cgi", "do"};
    const char *host = strstr(url, "://") + 3;
    const char *path = host + strcspn(host, "/?#");
    size_t n = strcspn(path, "?#");
    size_t ending = 0;

    while (ending < n && ((path[n - ending - 1] >= '0' && path[n - ending - 1] <= '9') ||
                          (sj_ascii_lower(path[n - ending - 1]) >= 'a' &&
                           sj_ascii_lower(path[n - ending - 1]) <= 'z')))
        ending++;
    if (ending == 0 || ending > FILE_ENDING_MAX || ending + 2 > n || path[n - ending - 1] != '.' ||
        path[n - ending - 2] == '/')
        return false;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (strlen(pages[i]) == ending &&
            sj_ascii_ncasecmp(path + n - ending, pages[i], ending) == 0)
            return false;
    }
    return true;
}

/* Is there anything to look at? Most messages end here. */
static bool file_is_hinted(xmpp_stanza_t *st, const char *body)
{
    if (body && (file_begins(body, "https://") || file_begins(body, "http://") ||
                 file_begins(body, "aesgcm:")))
        return true;
    for (xmpp_stanza_t *c = stanza_first(st); c; c = stanza_next(c)) {
        char first = xmpp_stanza_get_name(c)[0];
        if ((first == 'f' && stanza_is(c, "file-sharing", NS_SFS)) ||
            (first == 'r' && stanza_is(c, "reference", NS_REFERENCE)) ||
            (first == 'x' && stanza_is(c, "x", NS_OOB)))
            return true;
    }
    return false;
}

/* ---- what is said about it ---- */

static bool file_number(xmpp_stanza_t *facts, const char *name, int64_t max, int64_t *out)
{
    xmpp_stanza_t *c = stanza_child(facts, name, xmpp_stanza_get_ns(facts));
    return c && sj_parse_int(stanza_text(c), 0, max, out);
}

/* The strongest digest that can be checked. */
static void file_hash(xmpp_stanza_t *facts, struct file_in *out)
{
    xmpp_ctx_t *ctx = xmpp_stanza_get_context(facts);
    static const char *const algo[SJ_DIGEST_KINDS] = {
        [SJ_DIGEST_SHA1] = "sha-1",         [SJ_DIGEST_SHA256] = "sha-256",
        [SJ_DIGEST_SHA3_256] = "sha3-256",  [SJ_DIGEST_SHA512] = "sha-512",
        [SJ_DIGEST_SHA3_512] = "sha3-512",
    };
    for (xmpp_stanza_t *c = stanza_first(facts); c; c = stanza_next(c)) {
        const char *name = stanza_is(c, "hash", NS_HASHES) ? stanza_get(c, "algo") : NULL;
        for (unsigned k = SJ_DIGEST_NONE + 1; name && k < SJ_DIGEST_KINDS; k++) {
            const char *text = stanza_text(c);
            unsigned char *bytes = NULL;
            size_t n = 0;
            if (strcmp(name, algo[k]) != 0 || k <= (unsigned)out->file.hash_kind ||
                strlen(text) > FILE_HASH_TEXT_MAX)
                continue;
            xmpp_base64_decode_bin(ctx, text, strlen(text), &bytes, &n);
            if (bytes && n == sj_digest_size((enum sj_digest_kind)k)) {
                memcpy(out->hash, bytes, n);
                out->file.hash = out->hash;
                out->file.hash_kind = (enum sj_digest_kind)k;
            }
            if (bytes)
                xmpp_free(ctx, bytes);
        }
    }
}

static void file_facts(xmpp_stanza_t *facts, struct file_in *out)
{
    const char *ns = xmpp_stanza_get_ns(facts);
    xmpp_stanza_t *name = stanza_child(facts, "name", ns);
    xmpp_stanza_t *type = stanza_child(facts, "media-type", ns);
    int64_t n;

    if (name && sj_file_name(out->name, stanza_text(name)))
        out->file.name = out->name;
    if (type && sj_media_type(out->media_type, stanza_text(type)))
        out->file.media_type = out->media_type;
    if (file_number(facts, "size", INT64_MAX, &n))
        out->file.size = (uint64_t)n;
    if (file_number(facts, "width", UINT32_MAX, &n))
        out->file.width = (uint32_t)n;
    if (file_number(facts, "height", UINT32_MAX, &n))
        out->file.height = (uint32_t)n;
    if (file_number(facts, "length", UINT32_MAX, &n))
        out->file.length_ms = (uint32_t)n;
    file_hash(facts, out);
}

/* ---- what is said beside it ---- */

/* Does the body only stand for the file (XEP-0428)? */
static bool file_body_is_fallback(xmpp_stanza_t *st)
{
    for (xmpp_stanza_t *c = stanza_first(st); c; c = stanza_next(c)) {
        const char *of = stanza_is(c, "fallback", NS_FALLBACK) ? stanza_get(c, "for") : NULL;
        xmpp_stanza_t *part = of ? stanza_child(c, "body", NS_FALLBACK) : NULL;
        if (of && (strcmp(of, NS_SFS) == 0 || strcmp(of, NS_SIMS) == 0 ||
                   strcmp(of, NS_OOB) == 0) &&
            (!part || !stanza_get(part, "start")))
            return true;
    }
    return false;
}

/* The body without the link, without blanks at both ends. */
static void file_caption(struct file_in *out, const char *body)
{
    const char *link = strstr(body, out->file.url);

    if (link) {
        sj_strbuf_add(&out->caption, body, (size_t)(link - body));
        sj_strbuf_adds(&out->caption, link + strlen(out->file.url));
    } else {
        sj_strbuf_adds(&out->caption, body);
    }
    while (out->caption.len > 0 && strchr(" \t\r\n", out->caption.s[out->caption.len - 1]))
        out->caption.s[--out->caption.len] = '\0';
    const char *from = out->caption.s + strspn(out->caption.s, " \t\r\n");
    if (*from)
        out->file.caption = from;
}

/* Every link is in the text, whatever the body says. */
static void file_text(struct file_in *out, const struct file_search *s, const char *body)
{
    sj_strbuf_adds(&out->text, body);
    for (size_t i = 0; i < s->n_urls; i++) {
        if ((s->n_files == 1 && s->url[i] != s->first) || strstr(body, s->url[i]))
            continue;
        if (out->text.len > 0)
            sj_strbuf_addc(&out->text, '\n');
        sj_strbuf_adds(&out->text, s->url[i]);
    }
}

static void file_describe(xmpp_stanza_t *st, const char *body,
                          const struct file_search *s, struct file_in *out)
{
    out->file.url = s->first;
    if (s->facts)
        file_facts(s->facts, out);
    if (!out->file.name && sj_file_name_of_url(out->name, s->first))
        out->file.name = out->name;
    if (strcmp(body, s->first) != 0 && !file_body_is_fallback(st))
        file_caption(out, body);
}

enum sj_status file_find(xmpp_stanza_t *st, const char *body, enum file_found *found,
                         struct file_in *out, struct sj_error *err)
{
    struct file_search s = {.n_urls = 0};
    size_t room = SJ_BODY_MAX + FILE_URLS_MAX * (SJ_URL_MAX + 1u);

    *found = FILE_NONE;
    if (!file_is_hinted(st, body))
        return SJ_OK;
    body = body ? body : "";
    file_search_shares(&s, st);
    if (s.n_files == 0 && file_is_link(body) && file_looks_like_one(body) && file_note(&s, body))
        file_take(&s, body, NULL);
    if (s.n_files == 0 && (s.encrypted || file_begins(body, "aesgcm:")))
        return sj_fail(err, SJ_UNACCEPTABLE, "This gateway cannot read encrypted files. Turn "
                       "encryption off for this contact and send it again.");
    if (s.full)
        return sj_fail(err, SJ_UNACCEPTABLE, "There are too many files in one message.");
    if (s.n_files == 0)
        return SJ_OK;
    *found = s.n_files == 1 ? FILE_ONE : FILE_MANY;
    out->file = (struct xmpp_file){.url = NULL};
    sj_strbuf_init(&out->text, room);
    sj_strbuf_init(&out->caption, room);
    if (*found == FILE_ONE)
        file_describe(st, body, &s, out);
    file_text(out, &s, body);
    return SJ_OK;
}

void file_in_release(struct file_in *in)
{
    sj_strbuf_release(&in->text);
    sj_strbuf_release(&in->caption);
}
