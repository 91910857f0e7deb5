/* SPDX-License-Identifier: MPL-2.0 */
/* Nicknames: what may be asked for, what may be written to, and what to try when one is taken.
 *
 * Lengths are the server's business (NICKLEN) and are cut where they are known; RFC 2812's own
 * limit of 9 holds nowhere. */
#include "irc_nick.h"

#include <stdio.h>
#include <string.h>

#include "irc_link.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define IDENT_MAX 9u
/* Attempts that add underlines; the others add digits. */
#define UNDERLINES 2u

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool irc_nick_is_valid(const char *s)
{
    if (!is_letter(*s) && (!*s || !strchr("[]\\`_^{|}", *s)))
        return false;
    for (s++; *s; s++) {
        if (!is_letter(*s) && !is_digit(*s) && !strchr("[]\\`_^{|}-", *s))
            return false;
    }
    return true;
}

bool irc_nick_may_be_target(const char *s)
{
    size_t n = strlen(s);

    if (n == 0 || n > IRC_NICK_MAX || strchr(":+~$=", *s) || !sj_utf8_valid(s, n))
        return false;
    for (; *s; s++) {
        if ((unsigned char)*s <= 0x20 || *s == 0x7f || strchr("#&,?!@%", *s))
            return false;
    }
    return true;
}

void irc_nick_alternative(char *out, size_t size, const char *nick, unsigned attempt, size_t max)
{
    char tail[12] = "__";

    if (attempt <= UNDERLINES)
        tail[attempt] = '\0';
    else
        (void)snprintf(tail, sizeof tail, "%u", 10 + (unsigned)sj_random_below(990));
    size_t keep = strlen(nick);
    size_t add = strlen(tail);
    if (max >= size)
        max = size - 1;
    if (max < add + 1)
        max = add + 1;
    if (keep > max - add)
        keep = max - add;
    (void)snprintf(out, size, "%.*s%s", (int)keep, nick, tail);
}

void irc_nick_ident(char *out, size_t size, const char *from)
{
    size_t n = 0;

    for (; *from && n < IDENT_MAX && n + 1 < size; from++) {
        if (is_letter(*from) || is_digit(*from))
            out[n++] = sj_ascii_lower(*from);
    }
    out[n] = '\0';
    if (n == 0)
        sj_copy(out, size, "user");
}

void irc_nick_user_ident(char out[IRC_USER_IDENT_MAX + 1], uint64_t user)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";

    out[0] = 'u';
    for (size_t i = 1; i < IRC_USER_IDENT_MAX; i++, user <<= 5)
        out[i] = digits[user >> 59];
    out[IRC_USER_IDENT_MAX] = '\0';
}
