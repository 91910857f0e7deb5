/* SPDX-License-Identifier: MPL-2.0 */
/* Turns stanzas into bytes, and makes sure that none of them ends the stream.
 *
 * A server closes the component stream, and with it every user's, for one control character, one
 * invalid byte, one wrong `from` or one stanza too large (measured: tech.md §1.6). libstrophe
 * escapes markup and checks nothing else, so every stanza passes here. Queueing is component.c's.
 * Source: XEP-0114 §3 (from, to), RFC 6120 §11.1 and §11.6, R6120-11, R6120-27. */
#include "output.h"

#include <stdio.h>
#include <string.h>

#include "jid.h"
#include "sojourn/memory.h"

void output_init(struct output *o, size_t stanza_max)
{
    *o = (struct output){.text = NULL};
    arena_init(&o->arena);
    o->ctx = arena_ctx_new(&o->arena);
    sj_strbuf_init(&o->repaired, stanza_max);
}

void output_done(struct output *o)
{
    if (o->text != NULL)
        xmpp_free(o->ctx, o->text);
    o->text = NULL;
}

void output_release(struct output *o)
{
    output_done(o);
    sj_strbuf_release(&o->repaired);
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

/* Length of the longest prefix that may go out as it is. */
static size_t output_good_prefix(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n) {
        unsigned char c = (unsigned char)s[i];
        if (c >= ' ' && c < 0x80) {
            i++;
            continue;
        }
        if (c == '\n' || c == '\t' || c == '\r') {
            i++;
            continue;
        }
        uint32_t cp = 0;
        size_t used = c >= 0x80 ? sj_utf8_decode(s + i, n - i, &cp) : 0;
        if (used == 0 || !sj_xml_char(cp))
            break;
        i += used;
    }
    return i;
}

/* Copies s to the scratch buffer with what is wrong replaced or dropped (R6120-11, R6120-12). */
static void output_repair(struct sj_strbuf *out, const char *s, size_t n)
{
    sj_strbuf_reset(out);
    while (n > 0) {
        size_t good = output_good_prefix(s, n);
        sj_strbuf_add(out, s, good);
        s += good;
        n -= good;
        if (n == 0)
            break;
        uint32_t cp = 0;
        size_t used = sj_utf8_decode(s, n, &cp);
        if (used == 0) {
            sj_strbuf_adds(out, "\xef\xbf\xbd");
            used = 1;
        }
        s += used;
        n -= used;
    }
}

enum sj_status output_format(struct output *o, const char *host, xmpp_stanza_t *st,
                             const char **text, size_t *n)
{
    output_done(o);
    if (!output_from_ok(xmpp_stanza_get_from(st), host) || !output_to_ok(xmpp_stanza_get_to(st)))
        return SJ_INVALID;
    size_t len = 0;
    if (xmpp_stanza_to_text(st, &o->text, &len) != XMPP_EOK || o->text == NULL)
        return SJ_INVALID;
    *text = o->text;
    *n = len;
    if (len > o->repaired.max)
        return SJ_LIMIT;
    size_t good = output_good_prefix(o->text, len);
    if (good == len)
        return SJ_OK;
    output_repair(&o->repaired, o->text, len);
    *text = o->repaired.s;
    *n = o->repaired.len;
    return sj_strbuf_ok(&o->repaired) ? SJ_OK : SJ_LIMIT;
}

void output_new_id(struct output *o, char out[OUTPUT_ID_SIZE])
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    size_t need = (OUTPUT_ID_SIZE - 1) / 4 * 3;
    if (o->pool_left < need) {
        sj_random_bytes(o->pool, sizeof o->pool);
        o->pool_left = sizeof o->pool;
    }
    o->pool_left -= need;
    const unsigned char *p = o->pool + o->pool_left;
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

void output_escape(struct sj_strbuf *out, const char *s)
{
    for (; *s != '\0'; s++) {
        switch (*s) {
        case '<':
            sj_strbuf_adds(out, "&lt;");
            break;
        case '&':
            sj_strbuf_adds(out, "&amp;");
            break;
        case '"':
            sj_strbuf_adds(out, "&quot;");
            break;
        case '\'':
            sj_strbuf_adds(out, "&apos;");
            break;
        default:
            sj_strbuf_addc(out, *s);
        }
    }
}
