/* SPDX-License-Identifier: MPL-2.0 */
/* Splits, checks and prepares JIDs by RFC 7622 §3.
 *
 * The user's server has prepared and stamped every `from` and `to` that comes over the component
 * stream (G114-13), so this is no PRECIS library: it splits in the right order, enforces the byte
 * limits and the excluded characters, and lower-cases, which is what an address typed by an admin
 * needs too. libstrophe's helpers split at the wrong '@' and fold nothing; they are not used.
 * Localparts of our own contacts are address.c's business. */
#include "jid.h"

#include <stdint.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "sojourn/strbuf.h"
#include "xmpp.h"

locale_t jid_fold_new(void)
{
    return newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

void jid_fold_free(locale_t fold)
{
    if (fold != (locale_t)0)
        freelocale(fold);
}

static size_t jid_encode(char *out, uint32_t cp)
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t more = cp < 0x800 ? 1 : cp < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(lead[more] | (cp >> (6 * more)));
    for (size_t i = 1; i <= more; i++)
        out[i] = (char)(0x80 | ((cp >> (6 * (more - i))) & 0x3f));
    return more + 1;
}

/* Characters that no localpart may hold (RFC 7622 §3.3.1), in ASCII. */
static bool jid_local_char(unsigned char c)
{
    return c > ' ' && c != 0x7f && strchr("\"&'/:<>@", c) == NULL;
}

/* Letters, digits, hyphen, dot; underscore occurs in real host names; brackets and colon for
 * addresses in digits. */
static bool jid_domain_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._[]:", c) != NULL);
}

static bool jid_resource_char(unsigned char c)
{
    return c >= ' ' && c != 0x7f;
}

/* Copies one part of n bytes, checked and, with lower, folded. Returns its length, 0: malformed. */
static size_t jid_copy_part(char *out, const char *p, size_t n, bool (*allowed)(unsigned char),
                            bool lower, locale_t fold)
{
    size_t len = 0;
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)p[i];
        char one[4];
        size_t one_len = 1;
        size_t used = 1;
        if (c < 0x80) {
            if (!allowed(c))
                return 0;
            one[0] = lower ? sj_ascii_lower((char)c) : (char)c;
        } else {
            uint32_t cp = 0;
            used = sj_utf8_decode(p + i, n - i, &cp);
            if (used == 0 || !sj_xml_char(cp) || cp < 0xa0)
                return 0;
            if (lower && fold != (locale_t)0)
                cp = (uint32_t)towlower_l((wint_t)cp, fold);
            one_len = jid_encode(one, cp);
        }
        if (len + one_len > JID_PART_MAX)
            return 0;
        memcpy(out + len, one, one_len);
        len += one_len;
        i += used;
    }
    return len;
}

bool jid_parse(struct jid *out, const char *text, locale_t fold)
{
    size_t n = strlen(text);
    const char *slash = memchr(text, '/', n);
    size_t bare_n = slash != NULL ? (size_t)(slash - text) : n;
    const char *at = memchr(text, '@', bare_n);
    size_t local_n = at != NULL ? (size_t)(at - text) : 0;
    const char *domain = at != NULL ? at + 1 : text;
    size_t domain_n = bare_n - (size_t)(domain - text);

    size_t len = 0;
    if (at != NULL) {
        len = jid_copy_part(out->local, text, local_n, jid_local_char, true, fold);
        if (len == 0)
            return false;
        memcpy(out->bare, out->local, len);
        out->bare[len] = '@';
        out->local[len++] = '\0';
    } else {
        out->local[0] = '\0';
    }
    if (domain_n > 1 && domain[domain_n - 1] == '.')
        domain_n--;                        /* RFC 7622 §3.2: the final dot is stripped */
    size_t host_n = jid_copy_part(out->bare + len, domain, domain_n, jid_domain_char, true, fold);
    if (host_n == 0 || out->bare[len] == '.' || out->bare[len + host_n - 1] == '.')
        return false;
    out->domain = out->bare + len;
    len += host_n;
    out->bare[len] = '\0';
    memcpy(out->full, out->bare, len + 1);
    out->resource = out->full + len;
    if (slash == NULL)
        return true;
    size_t resource_n = jid_copy_part(out->full + len + 1, slash + 1, n - bare_n - 1,
                                      jid_resource_char, false, fold);
    if (resource_n == 0)
        return false;
    out->full[len] = '/';
    out->full[len + 1 + resource_n] = '\0';
    out->resource = out->full + len + 1;
    return true;
}

bool xmpp_jid_prepare(const char *jid, struct sj_strbuf *out)
{
    struct jid parsed;
    locale_t fold = jid_fold_new();
    bool ok = jid_parse(&parsed, jid, fold) && parsed.resource[0] == '\0';
    jid_fold_free(fold);
    if (ok)
        sj_strbuf_adds(out, parsed.bare);
    return ok && sj_strbuf_ok(out);
}
