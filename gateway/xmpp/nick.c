/* SPDX-License-Identifier: MPL-2.0 */
/* Which nicks can be the resource of an address just as they are.
 *
 * Servers prepare the addresses that pass them, by Resourceprep (RFC 6122) or OpaqueString (RFC
 * 8265): a nick that one of them changes would be written to under another name, and one that it
 * refuses would make its room silent. Both leave letters of either case alone and fold some
 * compatibility characters; the table of localparts knows what is left alone without capitals, so
 * capitals are looked up by their small letters. Source: RFC 7622 §3.4, R7622-03. */
#include <string.h>
#include <wctype.h>

#include "address_table.h"
#include "room.h"

/* Letters that are compatibility characters although their small letters are none: U+2100 to
 * U+214F. */
static bool nick_is_letterlike(uint32_t cp)
{
    return cp >= 0x2100 && cp <= 0x214f;
}

/* Pictures, which no localpart may hold and every resource: U+2600 to U+27BF, U+1F300 to U+1FAFF.
 * The selectors and joiners between them are not left alone by Resourceprep. */
static bool nick_is_picture(uint32_t cp)
{
    return (cp >= 0x2600 && cp <= 0x27bf) || (cp >= 0x1f300 && cp <= 0x1faff);
}

/* Appends what stands for cp in the check: of ASCII any harmless character of the same kind. */
static void nick_add_folded(struct sj_strbuf *out, uint32_t cp, const char *s, size_t n,
                            locale_t fold)
{
    if (cp < 0x80) {
        char c = (char)cp;
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        sj_strbuf_addc(out, letter ? 'a' : c >= '0' && c <= '9' ? '0' : '!');
        return;
    }
    uint32_t small = fold != (locale_t)0 ? (uint32_t)towlower_l((wint_t)cp, fold) : cp;
    if (nick_is_picture(cp)) {
        sj_strbuf_addc(out, '!');
        return;
    }
    /* Of two bytes or more each: the table knows no small letter of ASCII that has another. */
    if (small == cp || small < 0x80 || nick_is_letterlike(cp)) {
        sj_strbuf_add(out, s, n);
        return;
    }
    char utf8[4];
    size_t len = 0;
    if (small < 0x800) {
        utf8[len++] = (char)(0xc0 | small >> 6);
    } else if (small < 0x10000) {
        utf8[len++] = (char)(0xe0 | small >> 12);
        utf8[len++] = (char)(0x80 | (small >> 6 & 0x3f));
    } else {
        utf8[len++] = (char)(0xf0 | small >> 18);
        utf8[len++] = (char)(0x80 | (small >> 12 & 0x3f));
        utf8[len++] = (char)(0x80 | (small >> 6 & 0x3f));
    }
    utf8[len++] = (char)(0x80 | (small & 0x3f));
    sj_strbuf_add(out, utf8, len);
}

/* Beyond ASCII. */
static bool nick_is_stable(const char *nick, size_t n, locale_t fold)
{
    struct sj_strbuf folded;
    bool ok = true;
    sj_strbuf_init(&folded, 4 * (size_t)XMPP_NICK_MAX);
    for (size_t i = 0; ok && i < n;) {
        uint32_t cp = 0;
        size_t used = sj_utf8_decode(nick + i, n - i, &cp);
        ok = used != 0 && cp >= ' ' && cp != 0x7f;
        if (ok)
            nick_add_folded(&folded, cp, nick + i, used, fold);
        i += used;
    }
    ok = ok && sj_strbuf_ok(&folded) && address_is_stable(folded.s, folded.len);
    sj_strbuf_release(&folded);
    return ok;
}

bool xmpp_nick_ok(const struct xmpp *x, const char *nick)
{
    size_t n = strlen(nick);
    size_t plain = 0;
    size_t blanks = 0;
    if (n == 0 || n > XMPP_NICK_MAX)
        return false;
    for (; plain < n && nick[plain] >= ' ' && nick[plain] <= '~'; plain++)
        blanks += nick[plain] == ' ';
    if (plain < n)
        return nick_is_stable(nick, n, x->fold);
    return blanks < n;                   /* G045-29 */
}
