/* SPDX-License-Identifier: MPL-2.0 */
/* The latest bans of a channel that were set while we were in it, so that a kick behind a ban is
 * told as the ban that it is (G045-71, G045-72).
 *
 * Only patterns of nickname, user and host count: what servers add to that (accounts, words in
 * front) says nothing about who is kicked. Nothing is asked for, and lists that others set before
 * are not known. RFC 2812 §2.5 (wildcards), §3.2.3. */
#include "irc_bans.h"

#include <string.h>

#include "irc_chan.h"
#include "sojourn/memory.h"

#define BANS_MAX 8u
#define BAN_LENGTH_MAX 255u
/* Nickname, user and host. */
#define BAN_TEXT_MAX 767u

struct irc_bans {
    char *mask[BANS_MAX];            /* the newest first; NULL: no more */
};

void irc_bans_release(struct irc_chan *c)
{
    for (size_t i = 0; c->bans && i < BANS_MAX; i++)
        sj_free(c->bans->mask[i]);
    sj_free(c->bans);
    c->bans = NULL;
}

/* Takes the one at i out; those behind it move up. */
static void ban_drop(struct irc_bans *b, size_t i)
{
    sj_free(b->mask[i]);
    memmove(b->mask + i, b->mask + i + 1, (BANS_MAX - 1 - i) * sizeof *b->mask);
    b->mask[BANS_MAX - 1] = NULL;
}

void irc_bans_change(const struct irc_link *l, struct irc_chan *c, const char *mask, bool sets)
{
    if (strlen(mask) > BAN_LENGTH_MAX || (!sets && !c->bans))
        return;
    if (!c->bans)
        c->bans = sj_calloc(1, sizeof *c->bans);
    for (size_t i = 0; i < BANS_MAX && c->bans->mask[i]; i++) {
        if (irc_case_equal((enum irc_casemap)l->casemap, c->bans->mask[i], mask))
            ban_drop(c->bans, i--);
    }
    if (!sets)
        return;
    sj_free(c->bans->mask[BANS_MAX - 1]);
    memmove(c->bans->mask + 1, c->bans->mask, (BANS_MAX - 1) * sizeof *c->bans->mask);
    c->bans->mask[0] = sj_strdup(mask);
}

bool irc_bans_match(enum irc_casemap map, const char *mask, const char *text)
{
    const char *star = NULL;
    const char *from = NULL;

    while (*text) {
        if (*mask == '*') {
            star = mask++;
            from = text;
        } else if (*mask && (*mask == '?' ||
                             irc_case_lower(map, *mask) == irc_case_lower(map, *text))) {
            mask++;
            text++;
        } else if (star) {
            mask = star + 1;
            text = ++from;
        } else {
            return false;
        }
    }
    return mask[strspn(mask, "*")] == '\0';
}

bool irc_bans_has(const struct irc_link *l, const struct irc_chan *c, const struct irc_member *m)
{
    char text[BAN_TEXT_MAX + 1];

    if (!c->bans)
        return false;
    /* Where the host is not known, only a ban of the nickname from everywhere is one of it. */
    sj_copy(text, sizeof text, m->person->nick);
    size_t n = strlen(text);
    sj_copy(text + n, sizeof text - n, "!");
    sj_copy(text + n + 1, sizeof text - n - 1, m->person->mask ? m->person->mask : "@");
    for (size_t i = 0; i < BANS_MAX && c->bans->mask[i]; i++) {
        if (irc_bans_match((enum irc_casemap)l->casemap, c->bans->mask[i], text))
            return true;
    }
    return false;
}
