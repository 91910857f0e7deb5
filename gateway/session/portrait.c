/* SPDX-License-Identifier: MPL-2.0 */
/* What is known of a contact's picture: the network's id of it, and the digest by which clients
 * know it. Presence says "not known yet" until it was fetched once (G153-01). The bytes are the
 * cache's (avatar.c); neither is stored. */
#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

static bool portraits_possible(const struct session *s)
{
    return (s->network->backend->caps & SJ_CAP_PROFILES) && s->network->backend->avatar_get;
}

struct xmpp_picture portrait_picture(const struct session *s, const struct contact *c)
{
    const struct portrait *p = c->portrait;

    if (!portraits_possible(s) || (!p && c->no_picture) || (p && p->settled && !p->kind))
        return (struct xmpp_picture){.state = XMPP_PICTURE_NONE};
    if (!p || !p->settled)
        return (struct xmpp_picture){.state = XMPP_PICTURE_UNKNOWN};
    return (struct xmpp_picture){.state = XMPP_PICTURE_KNOWN, .sha1 = p->sha1,
                                 .type = image_type(p->kind), .bytes = p->bytes,
                                 .width = p->width, .height = p->height};
}

static void portrait_unwant(struct contact *c)
{
    if (!c->portrait || !c->portrait->wanted)
        return;
    c->portrait->wanted = false;
    if (c->session->portfolio)           /* not while the session is being freed */
        c->session->portfolio->n_wanted--;
}

void portrait_free(struct contact *c)
{
    portrait_unwant(c);
    sj_free(c->portrait);
    c->portrait = NULL;
}

void portrait_want(struct session *s, struct contact *c)
{
    struct portrait *p = c->portrait;

    if (!p || p->settled || p->wanted || p->failed || !c->to)
        return;
    p->wanted = true;
    portfolio_get(s)->n_wanted++;
    portfolio_later(s);
}

struct contact *portrait_next(struct session *s)
{
    struct contact *c;
    uint32_t at = 0;

    while (s->portfolio->n_wanted > 0 && (c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (!c->portrait || !c->portrait->wanted)
            continue;
        portrait_unwant(c);
        if (c->to)
            return c;
    }
    return NULL;
}

/* Other pictures than PNG leave the node as it is: empty metadata would say that there is none,
 * while the vCard has one (G084-04). */
static void portrait_tell_node(struct session *s, struct contact *c)
{
    const struct portrait *p = c->portrait;
    bool has_item = p && p->settled && p->kind == IMAGE_PNG;

    if (has_item || c->had_item)
        nodes_tell(s, c, XMPP_NODE_AVATAR);
    c->had_item = has_item;
}

/* What clients see is another one now: presence first, then the node (G153-03, G163-02). */
static void portrait_show(struct session *s, struct contact *c)
{
    if (c->to && c->shown && s->announced && !s->quiet && !c->quiet)
        contact_send_presence(s, c, s->user, NULL);
    portrait_tell_node(s, c);
}

/* Takes over what was fetched; true: it differs from what was known. */
static bool portrait_take(struct portrait *p, const struct avatar *a)
{
    struct portrait was = *p;

    p->settled = true;
    p->failed = false;
    p->kind = a ? a->image.kind : IMAGE_NONE;
    if (a) {
        memcpy(p->sha1, a->sha1, sizeof p->sha1);
        p->width = a->image.width;
        p->height = a->image.height;
        p->bytes = (uint32_t)a->len;
    }
    return !was.settled || was.kind != p->kind ||
           (a && memcmp(was.sha1, p->sha1, sizeof was.sha1) != 0);
}

void portrait_set(struct session *s, struct contact *c, const struct avatar *a)
{
    portrait_unwant(c);
    if (!portrait_take(c->portrait, a))
        return;
    portrait_show(s, c);
}

void portrait_failed(struct contact *c)
{
    portrait_unwant(c);
    if (!c->portrait->settled)
        c->portrait->failed = true;
}

static void portrait_new(struct contact *c, const char *id)
{
    size_t n = strlen(id) + 1;

    portrait_free(c);
    c->no_picture = false;
    c->portrait = sj_calloc(1, sizeof *c->portrait + n);
    memcpy(c->portrait->id, id, n);
}

/* The network says that there is none (any more). */
static bool portrait_none(struct session *s, struct contact *c)
{
    bool was_none = c->no_picture;

    portrait_free(c);
    c->no_picture = true;
    portrait_tell_node(s, c);
    return !was_none;
}

bool portrait_learn(struct session *s, struct contact *c, const struct sj_contact *in)
{
    struct sj_strbuf key;
    const struct avatar *a;
    bool other;

    if (!in->avatar || !portraits_possible(s) || strlen(in->avatar) > SJ_AVATAR_ID_MAX)
        return false;
    if (!*in->avatar)
        return portrait_none(s, c);
    if (!c->portrait || strcmp(c->portrait->id, in->avatar) != 0)
        portrait_new(c, in->avatar);
    if (c->portrait->settled)
        return false;
    fetch_picture_key(&key, s, c->id, c->portrait->id);
    a = avatars_find_source(&s->all->profiles->avatars, key.s);
    sj_strbuf_release(&key);
    if (!a) {                            /* shown when it is known: until then the old one is */
        portrait_want(s, c);
        return false;
    }
    portrait_unwant(c);
    other = portrait_take(c->portrait, a);
    portrait_tell_node(s, c);
    return other;
}

void portraits_retry(struct session *s)
{
    struct contact *c;
    uint32_t at = 0;

    if (!portraits_possible(s))
        return;
    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (c->portrait)
            c->portrait->failed = false;
    }
}
