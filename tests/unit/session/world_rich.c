/* SPDX-License-Identifier: MPL-2.0 */
/* See world.h: more than texts, both ways. */
#include <string.h>

#include "sojourn/strbuf.h"
#include "world.h"

static char world_id[SJ_ID_MAX + 1];
static char world_sid[SJ_ID_MAX + 1];

static void add_fact(struct sj_strbuf *out, const char *name, const char *value)
{
    if (value)
        sj_strbuf_addf(out, " %s=%s", name, value);
}

void world_facts(struct sj_strbuf *out, const struct xmpp_message_out *m)
{
    snprintf(world_id, sizeof world_id, "%s", m->id ? m->id : "");
    sj_strbuf_adds(out, m->action ? " (action)" : "");
    sj_strbuf_adds(out, m->request ? " request" : "");
    sj_strbuf_adds(out, m->markable ? " markable" : "");
    sj_strbuf_adds(out, m->active ? " active" : "");
    sj_strbuf_adds(out, m->attention ? " attention" : "");
    sj_strbuf_adds(out, m->unstyled ? " unstyled" : "");
    add_fact(out, "replaces", m->replaces);
    add_fact(out, "reply", m->reply_to);
    add_fact(out, "quote", m->reply_quote);
    add_fact(out, "mentions", m->mentions);
    add_fact(out, "thread", m->thread);
    sj_strbuf_adds(out, m->reply_own ? " own" : "");
    if (m->speaker) {
        sj_strbuf_adds(out, m->speaker->in_room ? "" : " whispered");
        add_fact(out, "nick", m->speaker->nick);
        add_fact(out, "id", m->id);
        add_fact(out, "oid", m->speaker->origin_id);
        sj_strbuf_adds(out, m->speaker->stanza_id ? " sid" : "");
        sj_strbuf_adds(out, m->speaker->late ? " late" : "");
        snprintf(world_sid, sizeof world_sid, "%s",
                 m->speaker->stanza_id ? m->speaker->stanza_id : "");
    }
}

const char *world_last_stanza_id(void)
{
    return world_sid;
}

const char *world_last_id(void)
{
    return world_id;
}

void world_sent_facts(struct sj_strbuf *out, const struct sj_message *m)
{
    sj_strbuf_adds(out, m->attention ? " attention" : "");
    add_fact(out, "replaces", m->replaces);
    add_fact(out, "reply", m->reply_to);
    add_fact(out, "thread", m->thread);
    for (size_t i = 0; i < m->n_spans; i++)
        sj_strbuf_addf(out, " style=%d:%u-%u", (int)m->spans[i].style, m->spans[i].start,
                       m->spans[i].end);
    for (size_t i = 0; i < m->n_mentions; i++)
        sj_strbuf_addf(out, " mention=%u-%u:%s/%s", m->mentions[i].start, m->mentions[i].end,
                       m->mentions[i].id ? m->mentions[i].id : "",
                       m->mentions[i].nick ? m->mentions[i].nick : "");
}

enum sj_status xmpp_send_as_user(struct xmpp *x, unsigned host, const struct xmpp_message_out *m,
                                 char out[XMPP_OWN_ID_SIZE])
{
    struct sj_strbuf b;

    (void)host;
    if (!world_takes(x))
        return SJ_LIMIT;
    snprintf(out, XMPP_OWN_ID_SIZE, "own-%s", m->network_id ? m->network_id : "0");
    sj_strbuf_init(&b, 1 << 16);
    sj_strbuf_addf(&b, "as %s -> %s %s", m->to, m->peer, m->body);
    world_facts(&b, m);
    world_note("%s", b.s);
    sj_strbuf_release(&b);
    return SJ_OK;
}

static void add_set(struct sj_strbuf *out, const char *const *set, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sj_strbuf_addf(out, " %s", set[i]);
}

bool xmpp_send_mark(struct xmpp *x, unsigned host, const struct xmpp_mark_out *m)
{
    static const char *const kinds[] = {"received", "displayed", "retracted", "reactions"};
    struct sj_strbuf b;

    (void)host;
    if (!world_takes(x))
        return false;
    sj_strbuf_init(&b, 1 << 16);
    sj_strbuf_addf(&b, "mark %s -> %s %s %s", m->peer, m->to, kinds[m->kind], m->target);
    add_set(&b, m->reactions, m->n_reactions);
    world_note("%s", b.s);
    sj_strbuf_release(&b);
    return true;
}

bool xmpp_send_chat_state(struct xmpp *x, unsigned host, const char *peer, const char *to,
                          enum xmpp_chat_state state)
{
    static const char *const names[] = {"none", "active", "composing", "paused", "inactive",
                                        "gone"};

    (void)host;
    if (!world_takes(x))
        return false;
    world_note("state %s -> %s %s", peer, to, names[state]);
    return true;
}

enum sj_status world_send_mark(struct sj_link *link, const struct sj_mark *m, sj_op op,
                               struct sj_error *err)
{
    static const char *const kinds[] = {"received", "displayed", "retracted", "reactions"};
    struct sj_strbuf b;

    (void)err;
    sj_strbuf_init(&b, 1 << 16);
    sj_strbuf_addf(&b, "net mark %s%s %s %s%s",
                   m->in_room && m->kind == SJ_MARK_DISPLAYED ? "in " : "", m->peer,
                   kinds[m->kind], m->target, m->target_own ? " own" : m->quiet ? " quiet" : "");
    add_set(&b, m->reactions, m->n_reactions);
    if (m->kind == SJ_MARK_REACTIONS && m->n_before > 0)
        sj_strbuf_adds(&b, " was");
    add_set(&b, m->before, m->n_before);
    world_note("%s", b.s);
    sj_strbuf_release(&b);
    if (op)
        world_later(link, op);
    return SJ_OK;
}

void world_set_typing(struct sj_link *link, const char *id, enum sj_typing typing)
{
    (void)link;
    world_note("net typing %s %d", id, (int)typing);
}

enum sj_status world_send_rich(struct world *w, const char *id, struct xmpp_message_in *m)
{
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status;

    m->from = world_from(ROMEO, "r");
    m->from.id = id;
    m->peer = "juliet";
    status = w->in->message(w->sessions, m, &err);
    world_advance(w, 1);
    return status;
}

/* Words of a text into a set; the text is changed. */
static size_t split(char *text, const char *set[SJ_REACTIONS_MAX])
{
    size_t n = 0;
    char *rest = NULL;

    for (char *at = strtok_r(text, " ", &rest); at; at = strtok_r(NULL, " ", &rest))
        set[n++] = at;
    return n;
}

enum sj_status world_mark(struct world *w, enum xmpp_mark kind, const char *target,
                          const char *reactions)
{
    char text[512];
    const char *set[SJ_REACTIONS_MAX];
    struct sj_error err = {.status = SJ_OK};
    struct xmpp_mark_in m = {.from = world_from(ROMEO, "r"), .peer = "Juliet", .kind = kind,
                             .target = target, .reactions = set};
    enum sj_status status;

    snprintf(text, sizeof text, "%s", reactions ? reactions : "");
    m.n_reactions = split(text, set);
    status = w->in->messages.mark(w->sessions, &m, &err);
    world_advance(w, 1);
    return status;
}

void world_state(struct world *w, const char *resource, enum xmpp_chat_state state)
{
    struct xmpp_from from = world_from(ROMEO, resource);

    w->in->messages.state(w->sessions, &from, "juliet", state);
    world_run(w);
}

void world_tells(struct world *w, struct sj_message *m)
{
    m->peer = "juliet";
    w->link->host->message(w->link, m);
    world_run(w);
}

void world_marks(struct world *w, enum sj_mark_kind kind, const char *target,
                 const char *reactions)
{
    char text[512];
    const char *set[SJ_REACTIONS_MAX];
    struct sj_mark m = {.kind = kind, .peer = "juliet", .target = target, .reactions = set};

    snprintf(text, sizeof text, "%s", reactions ? reactions : "");
    m.n_reactions = split(text, set);
    w->link->host->mark(w->link, &m);
    world_run(w);
}

void world_types(struct world *w, enum sj_typing typing)
{
    w->link->host->typing(w->link, "juliet", typing);
    world_run(w);
}

void world_named(struct world *w, const char *id)
{
    w->link->host->message_id(w->link, w->op, id);
    world_run(w);
}
