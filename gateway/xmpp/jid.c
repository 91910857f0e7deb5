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

/* Which part may hold a character of ASCII. */
enum { JID_LOCAL = 1, JID_DOMAIN = 2, JID_RESOURCE = 4 };

/* Local: no blank, no control, none of RFC 7622 §3.3.1. Domain: letters, digits, hyphen, dot,
 * underscore (occurs in real host names), brackets and colon (addresses in digits). Resource: no
 * control. */
static bool jid_char(unsigned char c, unsigned part)
{
    static const char excluded[] = "\"&'/:<>@ ";
    static const char names[] = "-._[]:";
    unsigned parts = c >= ' ' && c != 0x7f ? JID_RESOURCE : 0;
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    if (part == JID_LOCAL && parts != 0 && memchr(excluded, c, sizeof excluded - 1) == NULL)
        parts |= JID_LOCAL;
    if (part == JID_DOMAIN && memchr(names, c, sizeof names - 1) != NULL)
        parts |= JID_DOMAIN;
    return (parts & part) != 0;
}

/* Copies one part of n bytes, checked and, but for a resource, folded. Returns its length, 0:
 * malformed. */
static size_t jid_copy_part(char *out, const char *p, size_t n, unsigned part, locale_t fold)
{
    size_t len = 0;
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)p[i];
        if (c < 0x80) {
            if (len == JID_PART_MAX || !jid_char(c, part))
                return 0;
            bool upper = part != JID_RESOURCE && c >= 'A' && c <= 'Z';
            out[len++] = (char)(upper ? c + ('a' - 'A') : c);
            i++;
            continue;
        }
        uint32_t cp = 0;
        char one[4];
        size_t used = sj_utf8_decode(p + i, n - i, &cp);
        if (used == 0 || !sj_xml_char(cp) || cp < 0xa0)
            return 0;
        if (part != JID_RESOURCE && fold != (locale_t)0)
            cp = (uint32_t)towlower_l((wint_t)cp, fold);
        size_t one_len = jid_encode(one, cp);
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
        len = jid_copy_part(out->local, text, local_n, JID_LOCAL, fold);
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
    size_t host_n = jid_copy_part(out->bare + len, domain, domain_n, JID_DOMAIN, fold);
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
                                      JID_RESOURCE, fold);
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
