/* SPDX-License-Identifier: MPL-2.0 */
/* Turns stanzas into bytes, and makes sure that none of them ends the stream.
 *
 * A server closes the component stream, and with it every user's, for one control character, one
 * invalid byte, one wrong `from` or one stanza too large. libstrophe's own serialiser escapes
 * markup and checks nothing else, and it costs twice the time of this walk over its tree; so every
 * stanza is written here, checked and repaired in the same pass. Queueing is component.c's.
 * Source: XEP-0114 §3 (from, to), RFC 6120 §11.1 and §11.6, R6120-11, R6120-27. */
#include "output.h"

#include <string.h>

#include "jid.h"
#include "sojourn/memory.h"

void output_init(struct output *o, size_t stanza_max)
{
    arena_init(&o->arena);
    o->ctx = arena_ctx_new(&o->arena);
    sj_strbuf_init(&o->text, stanza_max);
    sj_strbuf_init(&o->address, JID_MAX);
}

void output_release(struct output *o)
{
    sj_strbuf_release(&o->text);
    sj_strbuf_release(&o->address);
    xmpp_ctx_free(o->ctx);
    arena_release(&o->arena);
}

/* Is `from` an address at host? The host itself, local@host, either with a resource. */
static bool output_from_ok(const char *from, const char *host)
{
    if (from == NULL || strlen(from) > JID_MAX)
        return false;
    size_t bare = strcspn(from, "/");
    const char *at = memchr(from, '@', bare);
    const char *domain = at != NULL ? at + 1 : from;
    size_t n = bare - (size_t)(domain - from);
    return at != from && n == strlen(host) && memcmp(domain, host, n) == 0;
}

/* A `to` that a server can route: a domain part and no control character or blank in the bare
 * JID. Prepared addresses come from jid.c; this is the net below. */
static bool output_to_ok(const char *to)
{
    if (to == NULL)
        return false;
    size_t n = strlen(to);
    size_t bare = strcspn(to, "/");
    const char *at = memchr(to, '@', bare);
    if (n > JID_MAX || bare == 0 || at == to || (at != NULL && (size_t)(at + 1 - to) == bare))
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)to[i] < ' ' || (i < bare && to[i] == ' '))
            return false;
    return true;
}

/* What a byte asks for when it is written: 0 nothing. */
enum { BYTE_PLAIN, BYTE_DROP, BYTE_MULTI, BYTE_AMP, BYTE_LT, BYTE_GT, BYTE_QUOT };

static unsigned output_class(unsigned char c)
{
    static const unsigned char classes[256] = {
        ['&'] = BYTE_AMP, ['<'] = BYTE_LT, ['>'] = BYTE_GT, ['"'] = BYTE_QUOT,
#define OUTPUT_EIGHT(first, what)                                                                 \
    [first] = what, [first + 1] = what, [first + 2] = what, [first + 3] = what,                   \
    [first + 4] = what, [first + 5] = what, [first + 6] = what, [first + 7] = what
        OUTPUT_EIGHT(0x00, BYTE_DROP), [0x08] = BYTE_DROP, [0x0b] = BYTE_DROP, [0x0c] = BYTE_DROP,
        [0x0e] = BYTE_DROP, [0x0f] = BYTE_DROP, OUTPUT_EIGHT(0x10, BYTE_DROP),
        OUTPUT_EIGHT(0x18, BYTE_DROP), OUTPUT_EIGHT(0x80, BYTE_MULTI),
        OUTPUT_EIGHT(0x88, BYTE_MULTI), OUTPUT_EIGHT(0x90, BYTE_MULTI),
        OUTPUT_EIGHT(0x98, BYTE_MULTI), OUTPUT_EIGHT(0xa0, BYTE_MULTI),
        OUTPUT_EIGHT(0xa8, BYTE_MULTI), OUTPUT_EIGHT(0xb0, BYTE_MULTI),
        OUTPUT_EIGHT(0xb8, BYTE_MULTI), OUTPUT_EIGHT(0xc0, BYTE_MULTI),
        OUTPUT_EIGHT(0xc8, BYTE_MULTI), OUTPUT_EIGHT(0xd0, BYTE_MULTI),
        OUTPUT_EIGHT(0xd8, BYTE_MULTI), OUTPUT_EIGHT(0xe0, BYTE_MULTI),
        OUTPUT_EIGHT(0xe8, BYTE_MULTI), OUTPUT_EIGHT(0xf0, BYTE_MULTI),
        OUTPUT_EIGHT(0xf8, BYTE_MULTI),
#undef OUTPUT_EIGHT
    };
    return classes[c];
}

/* Writes what stands for the byte (or character) at s; returns how many bytes it was. */
static size_t output_special(struct sj_strbuf *out, const char *s, size_t n)
{
    static const char *const entities[] = {
        [BYTE_AMP] = "&amp;", [BYTE_LT] = "&lt;", [BYTE_GT] = "&gt;", [BYTE_QUOT] = "&quot;"};
    unsigned class = output_class((unsigned char)s[0]);
    if (class == BYTE_DROP)
        return 1;
    if (class != BYTE_MULTI) {
        sj_strbuf_adds(out, entities[class]);
        return 1;
    }
    uint32_t cp = 0;
    size_t used = sj_utf8_decode(s, n, &cp);
    if (used == 0) {
        sj_strbuf_adds(out, "\xef\xbf\xbd");
        return 1;
    }
    if (sj_xml_char(cp))
        sj_strbuf_add(out, s, used);
    return used;
}

void output_escape(struct sj_strbuf *out, const char *s)
{
    size_t n = strlen(s);
    while (n > 0) {
        size_t plain = 0;
        while (plain < n && output_class((unsigned char)s[plain]) == BYTE_PLAIN)
            plain++;
        sj_strbuf_add(out, s, plain);
        s += plain;
        n -= plain;
        if (n == 0)
            break;
        size_t used = output_special(out, s, n);
        s += used;
        n -= used;
    }
}

/* libstrophe gives attributes as pairs in one array. */
static void output_attributes(struct sj_strbuf *out, xmpp_stanza_t *st, const char *parent_ns)
{
    const char *pairs[2 * OUTPUT_ATTRIBUTES_MAX];
    int n = xmpp_stanza_get_attributes(st, pairs, 2 * OUTPUT_ATTRIBUTES_MAX);
    for (int i = 0; i + 1 < n; i += 2) {
        if (strcmp(pairs[i], "xmlns") == 0 && parent_ns != NULL &&
            strcmp(pairs[i + 1], parent_ns) == 0)
            continue;
        sj_strbuf_addc(out, ' ');
        sj_strbuf_adds(out, pairs[i]);
        sj_strbuf_add(out, "=\"", 2);
        output_escape(out, pairs[i + 1]);
        sj_strbuf_addc(out, '"');
    }
}

void output_element(struct sj_strbuf *out, xmpp_stanza_t *st, const char *parent_ns)
{
    if (xmpp_stanza_is_text(st)) {
        const char *text = xmpp_stanza_get_text_ptr(st);
        if (text != NULL)
            output_escape(out, text);
        return;
    }
    const char *name = xmpp_stanza_get_name(st);
    const char *ns = xmpp_stanza_get_ns(st);
    sj_strbuf_addc(out, '<');
    sj_strbuf_adds(out, name);
    output_attributes(out, st, parent_ns);
    xmpp_stanza_t *child = xmpp_stanza_get_children(st);
    if (child == NULL) {
        sj_strbuf_add(out, "/>", 2);
        return;
    }
    sj_strbuf_addc(out, '>');
    for (; child != NULL; child = xmpp_stanza_get_next(child))
        output_element(out, child, ns != NULL ? ns : parent_ns);
    sj_strbuf_add(out, "</", 2);
    sj_strbuf_adds(out, name);
    sj_strbuf_addc(out, '>');
}

enum sj_status output_format(struct output *o, const char *host, xmpp_stanza_t *st,
                             const char **text, size_t *n)
{
    sj_strbuf_reset(&o->text);
    if (!output_from_ok(xmpp_stanza_get_from(st), host) || !output_to_ok(xmpp_stanza_get_to(st)))
        return SJ_INVALID;
    output_element(&o->text, st, NULL);
    *text = o->text.s;
    *n = o->text.len;
    return sj_strbuf_ok(&o->text) ? SJ_OK : SJ_LIMIT;
}

void output_new_id(char out[OUTPUT_ID_SIZE])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    unsigned char random[(OUTPUT_ID_SIZE - 1) / 4 * 3];
    const unsigned char *p = random;
    sj_random_public(random, sizeof random);
    for (size_t i = 0; i < OUTPUT_ID_SIZE - 1; i += 4, p += 3) {
        uint32_t bits = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        for (unsigned k = 0; k < 4; k++)
            out[i + k] = digits[bits >> (6 * k) & 63];
    }
    out[OUTPUT_ID_SIZE - 1] = '\0';
}

/* SHA-1 with the secret before and after the parts, so that nothing can be appended. */
void output_stable_id(struct output *o, char out[OUTPUT_STABLE_ID_SIZE], const char *secret,
                      const char *const parts[], size_t n)
{
    xmpp_sha1_t *sha1 = xmpp_sha1_new(o->ctx);
    xmpp_sha1_update(sha1, (const unsigned char *)secret, strlen(secret) + 1);
    for (size_t i = 0; i < n; i++)
        xmpp_sha1_update(sha1, (const unsigned char *)parts[i], strlen(parts[i]) + 1);
    xmpp_sha1_update(sha1, (const unsigned char *)secret, strlen(secret));
    xmpp_sha1_final(sha1);
    xmpp_sha1_to_string(sha1, out, OUTPUT_STABLE_ID_SIZE);
    xmpp_sha1_free(sha1);
}
