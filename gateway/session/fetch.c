/* SPDX-License-Identifier: MPL-2.0 */
/* Pictures and profiles on their way from the networks: within a budget for each network and each
 * user, and one fetch for all who want the same (G054-08, peers.md 27).
 *
 * A picture is named by network, contact (or room) and the network's id of it; users who share one
 * share its fetch. It goes over the link of one of them, its owner; when that fails, the next of
 * those who wait tries over their own. What comes is judged here: kind and size by its bytes, never
 * by what the network says. What it means for contacts and requests is left to portrait.c and
 * profile.c. */
#include <stdio.h>
#include <string.h>

#include "room_picture.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define FETCH_KEY_MAX (SJ_ID_MAX + SJ_AVATAR_ID_MAX + 64u)
#define FETCH_LOG_BURST 3
#define FETCH_LOG_PERIOD_MS 3600000

/* One under way. Owned by struct profiles.fetches; it ends with its last share, or its outcome. */
struct fetch {
    struct ticket ticket;
    struct profiles *profiles;   /* borrowed */
    struct network *network;     /* borrowed */
    struct sj_list shares;       /* the first is the owner */
    sj_op op;                    /* 0: waits for the budget */
    bool picture;                /* else the profile */
    bool unfit;                  /* a picture came that cannot be shown */
    bool came;                   /* a picture came: sha1 */
    uint8_t sha1[SJ_SHA1_LEN];
    bool ending;                 /* its outcome is being told */
    char *contact, *avatar, *key;    /* avatar: NULL for a profile */
};

/* One session that waits for a fetch. */
struct fetch_share {
    struct sj_list in_fetch, in_session;
    struct fetch *fetch;
    uint64_t session;
};

static void fetch_go(void *arg);

/* Frees the fetch; nobody waits for it any more. */
static void fetch_drop(struct fetch *f)
{
    struct profiles *p = f->profiles;

    governor_leave(&p->governors[f->network->index], &f->ticket);
    if (f->op)
        sj_idmap_remove(&p->by_op, f->op);
    sj_map_remove(&p->fetches, f->key);
    sj_free(f->contact);
    sj_free(f->avatar);
    sj_free(f->key);
    sj_free(f);
}

static void share_free(struct session *s, struct fetch_share *share)
{
    sj_list_remove(&share->in_fetch);
    sj_list_remove(&share->in_session);
    s->portfolio->n_shares--;
    sj_free(share);
}

static struct fetch_share *fetch_owner(const struct fetch *f)
{
    return SJ_CONTAINER(f->shares.next, struct fetch_share, in_fetch);
}

static bool fetch_has(const struct fetch *f, const struct session *s)
{
    const struct sj_list *at;

    for (at = f->shares.next; at != &f->shares; at = at->next) {
        if (SJ_CONTAINER(at, struct fetch_share, in_fetch)->session == s->id)
            return true;
    }
    return false;
}

static void fetch_join(struct fetch *f, struct session *s, bool interactive)
{
    struct fetch_share *share;

    if (!fetch_has(f, s)) {
        share = sj_calloc(1, sizeof *share);
        share->fetch = f;
        share->session = s->id;
        sj_list_init(&share->in_fetch);
        sj_list_init(&share->in_session);
        sj_list_append(&f->shares, &share->in_fetch);
        sj_list_append(&portfolio_get(s)->shares, &share->in_session);
        s->portfolio->n_shares++;
    }
    if (!f->op)
        governor_ask(&f->profiles->governors[f->network->index], &f->ticket, interactive);
}

static struct fetch *fetch_new(struct session *s, const char *key, const char *contact,
                               const char *avatar)
{
    struct profiles *p = s->all->profiles;
    struct fetch *f = sj_calloc(1, sizeof *f);

    f->profiles = p;
    f->network = s->network;
    f->picture = avatar != NULL;
    f->contact = sj_strdup(contact);
    f->avatar = sj_strdup(avatar);
    f->key = sj_strdup(key);
    sj_list_init(&f->shares);
    ticket_init(&f->ticket, fetch_go, f);
    sj_map_put(&p->fetches, f->key, f);
    return f;
}

static bool fetch_start(struct session *s, const char *key, const char *contact,
                        const char *avatar, bool interactive)
{
    struct fetch *f = sj_map_find(&s->all->profiles->fetches, key);
    unsigned max = interactive ? FETCH_SESSION_MAX : FETCH_BACKGROUND_MAX;

    if ((f && f->ending) || ((!f || !fetch_has(f, s)) && portfolio_get(s)->n_shares >= max))
        return false;
    if (!f)
        f = fetch_new(s, key, contact, avatar);
    fetch_join(f, s, interactive);
    return true;
}

void fetch_picture_key(struct sj_strbuf *out, const struct session *s, const char *peer,
                       const char *avatar)
{
    sj_strbuf_init(out, FETCH_KEY_MAX);
    sj_strbuf_addf(out, "a%u/%zu/", s->network->index, strlen(peer));
    sj_strbuf_adds(out, peer);
    sj_strbuf_adds(out, avatar);
}

bool fetch_picture(struct session *s, const char *peer, const char *avatar, bool interactive)
{
    struct sj_strbuf key;
    bool started;

    fetch_picture_key(&key, s, peer, avatar);
    started = fetch_start(s, key.s, peer, avatar, interactive);
    sj_strbuf_release(&key);
    return started;
}

bool fetch_profile(struct session *s, const char *peer)
{
    struct sj_strbuf key;
    bool started;

    sj_strbuf_init(&key, FETCH_KEY_MAX);
    sj_strbuf_addf(&key, "p%llu/", (unsigned long long)s->id);
    sj_strbuf_adds(&key, peer);
    started = fetch_start(s, key.s, peer, NULL, true);
    sj_strbuf_release(&key);
    return started;
}

/* ---- outcomes ---- */

static void fetch_tell_picture(struct session *s, const struct fetch *f, bool failed)
{
    const struct avatar *a = f->came ? avatars_find(&f->profiles->avatars, f->sha1) : NULL;
    struct contact *c = contact_find(s, f->contact);
    bool same = c && c->portrait && strcmp(c->portrait->id, f->avatar) == 0;

    if (same && failed)
        portrait_failed(c);
    else if (same)
        portrait_set(s, c, a);
    room_pictures_fetched(s, f->contact, f->avatar, a, failed);
    profile_fetched(s, f->contact, true, failed);
}

static void fetch_tell(struct session *s, const struct fetch *f, bool failed)
{
    if (f->picture) {
        fetch_tell_picture(s, f, failed);
        return;
    }
    if (!f->came)                        /* there is none, or it was not to be had: not so soon */
        kept_put(f->profiles, s, f->contact, NULL, failed);
    profile_fetched(s, f->contact, false, failed);
}

/* The owner could not fetch it; the next one tries, by the same budget. */
static void fetch_hand_on(struct fetch *f)
{
    struct governor *g = &f->profiles->governors[f->network->index];

    governor_leave(g, &f->ticket);
    if (f->op)
        sj_idmap_remove(&f->profiles->by_op, f->op);
    f->op = 0;
    f->came = f->unfit = f->ending = false;
    governor_ask(g, &f->ticket, f->ticket.interactive);
}

/* The link, not the picture, is at fault: another user's may do better. */
static bool fetch_is_about_link(enum sj_status status)
{
    return status == SJ_UNREACHABLE || status == SJ_TIMEOUT || status == SJ_LIMIT ||
           status == SJ_DENIED || status == SJ_CANCELED;
}

static void fetch_finish(struct fetch *f, enum sj_status status)
{
    bool failed = status != SJ_OK && status != SJ_NOTFOUND;
    bool owner_only = fetch_is_about_link(status);

    f->ending = true;
    while (!sj_list_empty(&f->shares)) {
        struct fetch_share *share = fetch_owner(f);
        struct session *s = session_by_id(f->profiles->all, share->session);
        share_free(s, share);
        fetch_tell(s, f, failed);
        portfolio_later(s);
        if (owner_only && !sj_list_empty(&f->shares)) {
            fetch_hand_on(f);
            return;
        }
    }
    fetch_drop(f);
}

static enum sj_status fetch_call(struct fetch *f, struct session *s, struct sj_error *err)
{
    const struct sj_backend *b = s->network->backend;
    struct op_ask ask = {.kind = OP_FETCH};
    enum sj_status status;
    sj_op op;

    if (s->state != SESSION_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    op = op_new(s, &ask, err);
    if (!op)
        return SJ_LIMIT;
    f->op = op;
    sj_idmap_put(&f->profiles->by_op, op, f);
    status = f->picture ? b->avatar_get(s->link, f->contact, f->avatar, op, err)
                        : b->profile_get(s->link, f->contact, op, err);
    if (status == SJ_OK)
        return SJ_OK;
    op_forget(s->all, op);
    sj_idmap_remove(&f->profiles->by_op, op);
    f->op = 0;
    return status;
}

/* The budget allows it now. */
static void fetch_go(void *arg)
{
    struct fetch *f = arg;
    struct session *s = session_by_id(f->profiles->all, fetch_owner(f)->session);
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = fetch_call(f, s, &err);

    if (status == SJ_OK)
        return;
    sj_log_debug(&s->log, "not fetched peer=%s cause=%s", SJ_CLIP(f->contact), SJ_CLIP(err.text));
    fetch_finish(f, status);
}

void fetch_op_done(struct profiles *p, sj_op op, const struct sj_error *err)
{
    struct fetch *f = sj_idmap_find(&p->by_op, op);

    if (!f)
        return;
    sj_idmap_remove(&p->by_op, op);
    f->op = 0;
    fetch_finish(f, err ? err->status : SJ_OK);
}

/* Of the owner's link, while the operation is open. */
static struct fetch *fetch_of(struct session *s, sj_op op, bool picture)
{
    struct fetch *f = sj_idmap_find(&s->all->profiles->by_op, op);

    return f && f->picture == picture && fetch_owner(f)->session == s->id ? f : NULL;
}

/* Pictures that no client could be given (G054-08, G478-01). */
static void fetch_refuse(const struct session *s, const struct fetch *f, const char *why,
                         size_t len)
{
    unsigned dropped;

    if (sj_log_allow(&s->all->profiles->limit, sj_loop_now_ms(s->all->loop), FETCH_LOG_BURST,
                     FETCH_LOG_PERIOD_MS, &dropped))
        sj_log_info(&s->log, "picture not shown cause=%s peer=%s bytes=%zu suppressed=%u", why,
                    SJ_CLIP(f->contact), len, dropped);
}

void fetch_on_avatar(struct session *s, sj_op op, const struct sj_avatar *a)
{
    struct fetch *f = fetch_of(s, op, true);
    const struct avatar *p;
    struct image image;

    if (!f || f->came || f->unfit)
        return;
    f->unfit = true;
    if (a->len == 0)
        return;
    if (a->len > xmpp_picture_max(s->all->xmpp)) {
        fetch_refuse(s, f, "size", a->len);
        return;
    }
    if (!image_read(&image, a->data, a->len)) {
        fetch_refuse(s, f, "kind", a->len);
        return;
    }
    p = avatars_put(&s->all->profiles->avatars, f->key, &image, a->data, a->len);
    if (!p) {
        fetch_refuse(s, f, "cache", a->len);
        return;
    }
    memcpy(f->sha1, p->sha1, sizeof f->sha1);
    f->came = true;
    f->unfit = false;
}

void fetch_on_profile(struct session *s, sj_op op, const struct sj_profile *profile)
{
    struct fetch *f = fetch_of(s, op, false);

    if (!f || f->came)
        return;
    f->came = true;
    kept_put(s->all->profiles, s, f->contact, profile, false);
}

void fetch_leave(struct session *s)
{
    while (!sj_list_empty(&s->portfolio->shares)) {
        struct fetch_share *share =
            SJ_CONTAINER(s->portfolio->shares.next, struct fetch_share, in_session);
        struct fetch *f = share->fetch;
        bool owner = fetch_owner(f) == share;
        share_free(s, share);
        if (sj_list_empty(&f->shares))
            fetch_drop(f);
        else if (owner)
            fetch_hand_on(f);
    }
}

/* All sessions are gone, and their shares with them. */
void fetches_release(struct profiles *p)
{
    assert(p->fetches.used == 0);
    sj_map_release(&p->fetches);
    sj_idmap_release(&p->by_op);
}
