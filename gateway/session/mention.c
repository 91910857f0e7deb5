/* SPDX-License-Identifier: MPL-2.0 */
/* Mentions, from and to the network.
 *
 * A text changes on its way: styles become directives or the other way round, a quotation goes, a
 * name comes in front. So a mention is looked for by its words: where it stood, else at their next
 * place behind the mention before it, else it has no place. Addresses of people in a room are those
 * of their contacts where they are known (G372-01); the user is the user's own address. Where the
 * user's client marks nobody, a nickname at the begin, before ":" or ",", or behind "@" does
 * (G372-02). Source: XEP-0372. */
#include "mention.h"

#include <string.h>

#include "outgoing.h"
#include "room.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* Where the words from[start, end) stand in `to`, at `after` or behind; false: nowhere. */
static bool mention_place(const char *from, uint32_t start, uint32_t end, const char *to,
                          size_t after, uint32_t *out_start, uint32_t *out_end)
{
    size_t n = end - start, length = strlen(to);
    char *words;
    const char *at;

    *out_start = *out_end = 0;
    if (n == 0 || end > strlen(from) || after > length)
        return false;
    if (start >= after && start + n <= length && memcmp(to + start, from + start, n) == 0) {
        at = to + start;
    } else {
        words = sj_strndup(from + start, n);
        at = strstr(to + after, words);
        sj_free(words);
    }
    if (!at)
        return false;
    *out_start = (uint32_t)(at - to);
    *out_end = *out_start + (uint32_t)n;
    return true;
}

static const char *mention_put(char **at, const char *text)
{
    size_t n = text ? strlen(text) + 1 : 0;
    char *start = *at;

    if (!text)
        return NULL;
    memcpy(start, text, n);
    *at += n;
    return start;
}

struct sj_mention *mentions_dup(const struct sj_mention *list, size_t n, size_t *bytes)
{
    struct sj_mention *copy;
    char *at;

    *bytes = n * sizeof *list;
    for (size_t i = 0; i < n; i++)
        *bytes += (list[i].id ? strlen(list[i].id) + 1 : 0) +
                  (list[i].nick ? strlen(list[i].nick) + 1 : 0);
    if (n == 0)
        return NULL;
    copy = sj_malloc(*bytes);
    at = (char *)(copy + n);
    for (size_t i = 0; i < n; i++) {
        copy[i] = list[i];
        copy[i].id = mention_put(&at, list[i].id);
        copy[i].nick = mention_put(&at, list[i].nick);
    }
    return copy;
}

/* ---- from the network ---- */

static void mention_name(const struct room *r, const struct sj_mention *m,
                         struct xmpp_mention *out)
{
    const struct occupant *o = r && m->nick ? occupant_find(r, m->nick) : NULL;
    const char *id = o && o->id ? o->id : m->id;

    *out = (struct xmpp_mention){.kind = XMPP_MENTION_CONTACT, .name = ""};
    if (m->self || (o && o->self)) {
        out->kind = XMPP_MENTION_USER;
    } else if (id) {
        out->name = id;
    } else {
        out->kind = XMPP_MENTION_OCCUPANT;
        out->name = o ? occupant_nick(o) : "";
    }
    out->n_name = strlen(out->name);
}

const char *mentions_tell(struct session *s, const struct room *r, const struct sj_message *m,
                          const char *text, struct sj_strbuf *out)
{
    size_t after = 0;

    (void)s;
    for (size_t i = 0; i < m->n_mentions && i < SJ_MENTIONS_MAX; i++) {
        struct xmpp_mention who;
        mention_name(r, &m->mentions[i], &who);
        if (who.kind != XMPP_MENTION_USER && who.n_name == 0)
            continue;                    /* nobody who has an address */
        if (mention_place(m->body, m->mentions[i].start, m->mentions[i].end, text, after,
                          &who.start, &who.end))
            after = who.end;
        xmpp_mention_put(out, &who);
    }
    return out->len > 0 && sj_strbuf_ok(out) ? out->s : NULL;
}

/* ---- to the network ---- */

static void mention_add(struct mentions *all, const struct occupant *o, char *id, uint32_t start,
                        uint32_t end)
{
    all->kept[all->n] = id;
    all->list[all->n] = (struct sj_mention){.start = start, .end = end, .id = o ? o->id : id,
                                            .nick = o ? o->nick : NULL};
    all->n++;
}

static const struct occupant *mention_occupant_of(const struct room *r, const char *id)
{
    const struct sj_list *at;

    for (at = r ? r->occupants.next : NULL; r && at != &r->occupants; at = at->next) {
        const struct occupant *o = SJ_CONTAINER(at, struct occupant, link);
        if (o->id && strcmp(o->id, id) == 0)
            return o;
    }
    return NULL;
}

/* By what the client has marked. */
static void mention_resolve(struct session *s, const struct room *r, const struct xmpp_mention *m,
                            uint32_t start, uint32_t end, struct mentions *out)
{
    const struct sj_backend *backend = s->network->backend;
    struct sj_error ignored = {.status = SJ_OK};
    char *name = sj_strndup(m->name, m->n_name);
    const struct occupant *o = NULL;
    struct sj_strbuf id;

    sj_strbuf_init(&id, SJ_ID_MAX);
    if (m->kind == XMPP_MENTION_OCCUPANT && r) {
        o = occupant_shown(r, name);
        if (o && !o->self)
            mention_add(out, o, NULL, start, end);
    } else if (m->kind == XMPP_MENTION_CONTACT &&
               backend->id_canon(&id, s->network->options->net, s->link, name, &ignored) ==
                   SJ_OK) {
        o = mention_occupant_of(r, id.s);
        mention_add(out, o, o ? NULL : sj_strdup(id.s), start, end);
    }
    sj_strbuf_release(&id);
    sj_free(name);
}

static void mentions_marked(struct session *s, const struct room *r, const struct outgoing *o,
                            const char *text, struct mentions *out)
{
    const char *at = o->rich->mentions;
    struct xmpp_mention m;
    size_t after = 0;

    while (out->n < SJ_MENTIONS_MAX && xmpp_mention_next(&at, &m)) {
        uint32_t start, end;
        if (mention_place(o->body, m.start, m.end, text, after, &start, &end))
            after = end;
        mention_resolve(s, r, &m, start, end, out);
    }
}

static const struct occupant *mention_nick(const struct room *r, const char *text, size_t n)
{
    const struct occupant *o;
    char *nick;

    if (n == 0 || n > SJ_NICK_MAX)
        return NULL;
    nick = sj_strndup(text, n);
    o = occupant_shown(r, nick);
    sj_free(nick);
    return o && !o->self ? o : NULL;
}

/* "nick: ", "nick, " and "@nick". */
static void mentions_guess(const struct room *r, const char *text, struct mentions *out)
{
    size_t n = strcspn(text, ":,\n");
    const struct occupant *o = text[n] == ':' || text[n] == ',' ? mention_nick(r, text, n) : NULL;

    if (o)
        mention_add(out, o, NULL, 0, (uint32_t)n);
    for (const char *at = text + (o ? n : 0);
         out->n < SJ_MENTIONS_MAX && (at = strchr(at, '@')) != NULL; at++) {
        if (at > text && !strchr(" \t\n(", at[-1]))
            continue;
        for (n = strcspn(at + 1, " \t\n"); n > 0 && strchr(".,:;!?)", at[n]); n--)
            ;
        o = mention_nick(r, at + 1, n);
        if (o)
            mention_add(out, o, NULL, (uint32_t)(at - text),
                        (uint32_t)(at - text) + 1u + (uint32_t)n);
    }
}

void mentions_find(struct session *s, const struct outgoing *o, const char *text,
                   struct mentions *out)
{
    const struct room *r = o->in_room || o->nick ? room_find(s, o->peer) : NULL;

    out->n = 0;
    if (o->rich && o->rich->mentions)
        mentions_marked(s, r, o, text, out);
    else if (r)
        mentions_guess(r, text, out);
}

void mentions_release(struct mentions *m)
{
    for (size_t i = 0; i < m->n; i++)
        sj_free(m->kept[i]);
}
