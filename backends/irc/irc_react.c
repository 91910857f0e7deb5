/* SPDX-License-Identifier: MPL-2.0 */
/* Sets of reactions, put together from what comes one by one.
 *
 * A bounded number of them is remembered, the least recently used is forgotten: then the next
 * reaction of that person to that message stands alone. Texts that are no emoji are no reactions
 * for the host; irc_mark.c shows them as answers. IRCv3 react (draft). */
#include "irc_react.h"

#include <string.h>

#include "irc_link.h"
#include "irc_talk.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

struct irc_reacted {
    struct sj_list link;
    uint32_t hash;                   /* of key */
    size_t n;
    const char *set[SJ_REACTIONS_MAX];
    char text[SJ_REACTIONS_MAX][SJ_REACTION_MAX + 1];
    char key[];                      /* peer, nick and target, divided by line ends */
};

/* ---- emoji ---- */

static bool is_regional(uint32_t cp)
{
    return cp >= 0x1f1e6 && cp <= 0x1f1ff;
}

/* Changes what stands before it: presentation, skin tone, keycap, the letters of a flag. */
static bool is_modifier(uint32_t cp)
{
    return cp == 0xfe0f || cp == 0xfe0e || cp == 0x20e3 || (cp >= 0x1f3fb && cp <= 0x1f3ff) ||
           (cp >= 0xe0020 && cp <= 0xe007f);
}

/* Blocks that hold emoji; not all in them are, but none is a letter. */
static bool is_base(uint32_t cp)
{
    static const uint32_t range[][2] = {
        { 0xa9, 0xa9 },     { 0xae, 0xae },     { 0x203c, 0x203c }, { 0x2049, 0x2049 },
        { 0x2122, 0x2122 }, { 0x2139, 0x2139 }, { 0x2190, 0x21ff }, { 0x2300, 0x23ff },
        { 0x24c2, 0x24c2 }, { 0x25a0, 0x27bf }, { 0x2900, 0x297f }, { 0x2b00, 0x2bff },
        { 0x3030, 0x3030 }, { 0x303d, 0x303d }, { 0x3297, 0x3297 }, { 0x3299, 0x3299 },
        { 0x1f000, 0x1faff },
    };

    for (size_t i = 0; i < sizeof range / sizeof range[0]; i++) {
        if (cp >= range[i][0] && cp <= range[i][1])
            return true;
    }
    return false;
}

static bool is_keycap(const char *s)
{
    return strchr("0123456789#*", *s) && (strcmp(s + 1, "\xef\xb8\x8f\xe2\x83\xa3") == 0 ||
                                          strcmp(s + 1, "\xe2\x83\xa3") == 0);
}

bool irc_react_is_emoji(const char *s)
{
    size_t left = strlen(s);
    unsigned n_bases = 0;
    uint32_t cp, last = 0;

    if (left == 0 || left > SJ_REACTION_MAX)
        return false;
    if (is_keycap(s))
        return true;
    while (left > 0) {
        size_t n = sj_utf8_decode(s, left, &cp);
        if (n == 0)
            return false;
        bool joined = last == 0x200d || (is_regional(cp) && is_regional(last) && n_bases == 1);
        if (is_base(cp) && !is_modifier(cp)) {
            if (n_bases > 0 && !joined)
                return false;
            n_bases++;
        } else if (n_bases == 0 || (cp != 0x200d && !is_modifier(cp))) {
            return false;
        }
        last = cp;
        s += n;
        left -= n;
    }
    return last != 0x200d;
}

/* ---- sets ---- */

static void key_of(struct sj_strbuf *out, const struct sj_mark *m)
{
    sj_strbuf_init(out, SJ_ID_MAX * 3u + 8);
    /* "\n" stands in none of them; the user's own set has no nick, which changes. */
    sj_strbuf_addf(out, "%s\n%s\n%s", m->peer, m->own ? "" : m->nick ? m->nick : m->peer,
                   m->target);
}

static void reacted_free(struct irc_talk *t, struct irc_reacted *r)
{
    sj_list_remove(&r->link);
    t->n_reacted--;
    sj_free(r);
}

static struct irc_reacted *reacted_find(const struct irc_link *l, const char *key, uint32_t hash)
{
    if (!l->talk)
        return NULL;
    for (struct sj_list *at = l->talk->reacted.prev; at != &l->talk->reacted; at = at->prev) {
        struct irc_reacted *r = SJ_CONTAINER(at, struct irc_reacted, link);
        if (r->hash == hash && strcmp(r->key, key) == 0)
            return r;
    }
    return NULL;
}

static struct irc_reacted *reacted_get(struct irc_link *l, const struct sj_mark *m)
{
    struct irc_talk *t = irc_talk_get(l);
    struct sj_strbuf key;

    key_of(&key, m);
    uint32_t hash = irc_ops_hash(key.s, key.len);
    struct irc_reacted *r = reacted_find(l, key.s, hash);
    if (!r) {
        if (t->n_reacted >= IRC_REACTED_MAX)
            reacted_free(t, SJ_CONTAINER(t->reacted.next, struct irc_reacted, link));
        r = sj_calloc(1, sizeof *r + key.len + 1);
        r->hash = hash;
        memcpy(r->key, key.s, key.len + 1);
        for (size_t i = 0; i < SJ_REACTIONS_MAX; i++)
            r->set[i] = r->text[i];
        sj_list_init(&r->link);
        t->n_reacted++;
    }
    sj_list_remove(&r->link);
    sj_list_append(&t->reacted, &r->link);
    sj_strbuf_release(&key);
    return r;
}

static void set_add(struct irc_reacted *r, const char *emoji)
{
    if (r->n < SJ_REACTIONS_MAX)
        sj_copy(r->text[r->n++], sizeof r->text[0], emoji);
}

bool irc_react_apply(struct irc_link *l, struct sj_mark *mark, const char *emoji, bool take_back)
{
    struct irc_reacted *r = reacted_get(l, mark);
    size_t i = 0;

    while (i < r->n && strcmp(r->text[i], emoji) != 0)
        i++;
    bool is_there = i < r->n;
    if (is_there != take_back || (!is_there && r->n == SJ_REACTIONS_MAX))
        return false;
    if (take_back) {
        r->n--;
        memmove(r->text[i], r->text[i + 1], (r->n - i) * sizeof r->text[0]);
    } else {
        set_add(r, emoji);
    }
    mark->reactions = r->set;
    mark->n_reactions = r->n;
    return true;
}

void irc_react_replace(struct irc_link *l, const struct sj_mark *mark)
{
    struct sj_mark own = *mark;

    own.own = true;
    struct irc_reacted *r = reacted_get(l, &own);
    r->n = 0;
    for (size_t i = 0; i < mark->n_reactions; i++)
        set_add(r, mark->reactions[i]);
}

void irc_react_release(struct irc_link *l)
{
    struct irc_talk *t = l->talk;

    while (!sj_list_empty(&t->reacted))
        reacted_free(t, SJ_CONTAINER(t->reacted.next, struct irc_reacted, link));
}
