/* SPDX-License-Identifier: MPL-2.0 */
/* Case mappings of IRC identifiers.
 *
 * rfc1459 and strict-rfc1459 take the Scandinavian origin of IRC into account, in which {}|^ are
 * the lower case of []\~ (RFC 1459 §2.2; "strict" leaves ~ and ^ alone). Whoever uses a mapping
 * gets it from the link; when it may change is the business of irc_isupport.c. */
#include "irc_case.h"

#include <string.h>

#include "sojourn/strbuf.h"

static const char *const casemap_names[] = {
    [IRC_CASEMAP_RFC1459] = "rfc1459",
    [IRC_CASEMAP_STRICT] = "strict-rfc1459",
    [IRC_CASEMAP_ASCII] = "ascii",
};

enum irc_casemap irc_casemap_parse(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof casemap_names / sizeof casemap_names[0]; i++) {
        if (strlen(casemap_names[i]) == n && sj_ascii_ncasecmp(name, casemap_names[i], n) == 0)
            return (enum irc_casemap)i;
    }
    /* An old spelling that some servers still send. */
    if (n == 14 && sj_ascii_ncasecmp(name, "rfc1459-strict", n) == 0)
        return IRC_CASEMAP_STRICT;
    return IRC_CASEMAP_ASCII;
}

const char *irc_casemap_name(enum irc_casemap m)
{
    return casemap_names[m];
}

char irc_case_lower(enum irc_casemap m, char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c + ('a' - 'A'));
    if (m == IRC_CASEMAP_ASCII)
        return c;
    switch (c) {
    case '[':
        return '{';
    case ']':
        return '}';
    case '\\':
        return '|';
    case '~':
        return m == IRC_CASEMAP_RFC1459 ? '^' : c;
    default:
        return c;
    }
}

void irc_case_fold(enum irc_casemap m, char *s)
{
    for (; *s; s++)
        *s = irc_case_lower(m, *s);
}

bool irc_case_equal(enum irc_casemap m, const char *a, const char *b)
{
    while (*a && irc_case_lower(m, *a) == irc_case_lower(m, *b)) {
        a++;
        b++;
    }
    return irc_case_lower(m, *a) == irc_case_lower(m, *b);
}

/* FNV-1a, 32 bits. */
uint32_t irc_case_hash(enum irc_casemap m, const char *s)
{
    uint32_t h = 2166136261u;

    for (; *s; s++)
        h = (h ^ (unsigned char)irc_case_lower(m, *s)) * 16777619u;
    return h ? h : 1u;
}
