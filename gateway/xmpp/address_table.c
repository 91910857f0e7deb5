/* SPDX-License-Identifier: MPL-2.0 */
/* Which texts both generations of XMPP servers leave alone as a localpart.
 *
 * Servers prepare localparts by Nodeprep (RFC 6122) or by UsernameCaseMapped (RFC 8265); what one
 * of them changes or refuses would make a contact unreachable, or two contacts one. The table lists
 * single characters (address_ranges.py says how it was made); what depends on neighbours is checked
 * here: canonical order and composition (NFC, NFKC) and direction (RFC 3454 §6, RFC 5893 §2).
 * Where in doubt the answer is no. Source: R7622-03. */
#include "address_table.h"

#include <stdint.h>

#include "address_ranges.h"
#include "sojourn/strbuf.h"

enum address_kind { ADDRESS_NEUTRAL, ADDRESS_RIGHT, ADDRESS_LEFT };

struct address_range {
    uint32_t first, last;
    uint8_t combining;
    uint8_t kind;
};
static const struct address_range address_ranges[] = {ADDRESS_RANGES};

static const struct {
    uint32_t first, second;
} address_pairs[] = {ADDRESS_PAIRS};

/* ASCII that a localpart may hold: no capitals, no controls, none of RFC 7622 §3.3.1. */
static const struct address_range address_letter = {'a', 'z', 0, ADDRESS_LEFT};
static const struct address_range address_other = {'!', '~', 0, ADDRESS_NEUTRAL};

static const struct address_range *address_find_ascii(uint32_t cp)
{
    if (cp >= 'a' && cp <= 'z')
        return &address_letter;
    if (cp <= ' ' || cp >= 0x7f || (cp >= 'A' && cp <= 'Z'))
        return NULL;
    switch (cp) {
    case '"':
    case '&':
    case '\'':
    case '/':
    case ':':
    case '<':
    case '>':
    case '@':
        return NULL;
    default:
        return &address_other;
    }
}

static const struct address_range *address_find(uint32_t cp)
{
    if (cp < 0x80)
        return address_find_ascii(cp);
    size_t low = 0;
    size_t high = sizeof address_ranges / sizeof *address_ranges;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cp > address_ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < sizeof address_ranges / sizeof *address_ranges &&
                 cp >= address_ranges[low].first;
    return found ? &address_ranges[low] : NULL;
}

static bool address_composes(uint32_t first, uint32_t second)
{
    for (size_t i = 0; i < sizeof address_pairs / sizeof *address_pairs; i++)
        if (address_pairs[i].first == first && address_pairs[i].second == second)
            return true;
    return false;
}

bool address_is_stable(const char *s, size_t n)
{
    uint32_t before = 0;
    unsigned combining = 0;          /* of the character before */
    enum address_kind first = ADDRESS_NEUTRAL;
    enum address_kind kind = ADDRESS_NEUTRAL;
    bool right = false;
    bool left = false;
    for (size_t i = 0; i < n;) {
        uint32_t cp = (unsigned char)s[i];
        size_t used = cp < 0x80 ? 1 : sj_utf8_decode(s + i, n - i, &cp);
        const struct address_range *r = used != 0 ? address_find(cp) : NULL;
        if (r == NULL || (i == 0 && r->combining != 0))
            return false;
        if (r->combining != 0 && r->combining < combining)
            return false;
        if (cp >= 0x80 && address_composes(before, cp))
            return false;
        kind = (enum address_kind)r->kind;
        if (i == 0)
            first = kind;
        right = right || kind == ADDRESS_RIGHT;
        left = left || kind == ADDRESS_LEFT;
        combining = r->combining;
        before = cp;
        i += used;
    }
    return n > 0 && (!right || (!left && first == ADDRESS_RIGHT && kind == ADDRESS_RIGHT));
}
