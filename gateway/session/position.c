/* SPDX-License-Identifier: MPL-2.0 */
/* How far a network was heard (DESIGN §4), for networks that tell again what came after a position
 * of theirs (SJ_CAP_RESUME).
 *
 * A position is kept in the store once the user's server has handled all that the link had told by
 * then; so what is kept never lies before something that can still be lost. What lies behind it is
 * told again to whom it may concern: to the next link, after a crash too, and to the present one
 * when the stream was lost with messages on their way, or when more waited than may be held. Then
 * nothing is held meanwhile, and the order is the network's. Repeated messages that were sent on a
 * stream that lives are passed over by their ids. Whoever has nothing on its way has no state. */
#include "position.h"

#include <string.h>

#include "barrier.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "transfer.h"

/* An id that was told since the position that is kept; owned by its position. */
struct known {
    struct sj_list link;
    char key[];                  /* peer, 0x01, id */
};

/* Owner: its session. */
struct position {
    struct barrier_wait wait;
    char *latest;                /* told, and not asked about yet; or NULL */
    uint64_t mark;               /* files that it lies behind have arrived at this at most */
    uint64_t latest_told;        /* `told` at that time */
    char *asked;                 /* the server is being asked about it; or NULL */
    uint64_t asked_told;
    uint64_t told;               /* messages */
    bool lost;
    struct sj_map by_key;        /* struct known */
    struct sj_list known;        /* the same, oldest first */
    unsigned n_known;
};

static struct position *position_get(struct session *s)
{
    struct position *p = s->position;

    if (p)
        return p;
    p = s->position = sj_calloc(1, sizeof *p);
    barrier_wait_init(&p->wait, s);
    sj_map_init(&p->by_key);
    sj_list_init(&p->known);
    return p;
}

static void known_drop(struct position *p)
{
    struct known *k = SJ_CONTAINER(p->known.next, struct known, link);

    sj_map_remove(&p->by_key, k->key);
    sj_list_remove(&k->link);
    p->n_known--;
    sj_free(k);
}

static void known_clear(struct position *p)
{
    while (p->n_known > 0)
        known_drop(p);
}

/* false: it is known already. */
static bool known_add(struct position *p, const char *peer, const char *id)
{
    size_t n_peer = strlen(peer), n_id = strlen(id) + 1;
    struct known *k = sj_malloc(sizeof *k + n_peer + 1 + n_id);

    memcpy(k->key, peer, n_peer);
    k->key[n_peer] = '\x01';
    memcpy(k->key + n_peer + 1, id, n_id);
    if (sj_map_find(&p->by_key, k->key)) {
        sj_free(k);
        return false;
    }
    if (p->n_known == POSITION_KNOWN_MAX)
        known_drop(p);
    sj_list_init(&k->link);
    sj_list_append(&p->known, &k->link);
    sj_map_put(&p->by_key, k->key, k);
    p->n_known++;
    return true;
}

void position_free(struct session *s)
{
    struct position *p = s->position;

    if (!p)
        return;
    s->position = NULL;
    barrier_leave(&p->wait);
    known_clear(p);
    sj_map_release(&p->by_key);
    sj_free(p->latest);
    sj_free(p->asked);
    sj_free(p);
}

static void position_keep(const struct session *s, const char *position)
{
    struct sj_owner owner;

    session_owner(s, &owner);
    sj_store_position_put(s->all->store, &owner, position);
}

void position_forget(struct session *s)
{
    position_free(s);
    if (s->network->backend->caps & SJ_CAP_RESUME)
        position_keep(s, NULL);
}

static void position_take(const void *position, size_t len, void *arg)
{
    char **out = arg;

    *out = sj_strndup(position, len);
}

/* What is kept, to be freed; NULL: nothing. */
static char *position_kept(const struct session *s)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_owner owner;
    char *kept = NULL;

    session_owner(s, &owner);
    if (sj_store_position_get(s->all->store, &owner, position_take, &kept, &err) != SJ_OK &&
        err.status != SJ_NOTFOUND)
        sj_log_warn(&s->log, "position not read cause=%s", SJ_CLIP(err.text));
    return kept;
}

/* ---- forward ---- */

bool position_passes_over(struct session *s, const struct sj_message *m)
{
    struct position *p;

    if (!(s->network->backend->caps & SJ_CAP_RESUME))
        return false;
    p = position_get(s);
    if (p->lost)
        return true;
    p->told++;
    return m->id && !known_add(p, m->peer, m->id);
}

/* Everything that was told before the latest position has been sent. */
static bool position_is_sent(const struct session *s, const struct position *p)
{
    return sj_list_empty(&s->held_in) && transfers_are_past(s, p->mark) &&
           !xmpp_is_held(s->all->xmpp, s->network->index, s->user);
}

void position_go_on(struct session *s)
{
    struct position *p = s->position;

    if (!p || !p->latest || p->asked || !position_is_sent(s, p) ||
        !xmpp_is_up(s->all->xmpp, s->network->index))
        return;
    p->asked = p->latest;
    p->asked_told = p->latest_told;
    p->latest = NULL;
    barrier_join(&p->wait);
}

void position_told(struct session *s, const char *position)
{
    size_t n = strnlen(position, SJ_POSITION_MAX + 1);
    struct position *p;

    if (!(s->network->backend->caps & SJ_CAP_RESUME) || s->state != SESSION_ONLINE)
        return;
    if (n == 0 || n > SJ_POSITION_MAX) {
        sj_log_error(&s->log, "bug: position of the network ignored bytes=%zu", n);
        return;
    }
    p = position_get(s);
    if (p->lost)
        return;
    sj_free(p->latest);
    p->latest = sj_strdup(position);
    p->mark = s->all->arrivals;
    p->latest_told = p->told;
    position_go_on(s);
}

void position_handled(struct session *s)
{
    struct position *p = s->position;

    position_keep(s, p->asked);
    sj_free(p->asked);
    p->asked = NULL;
    if (!p->latest && p->told == p->asked_told)
        position_free(s);
    else
        position_go_on(s);
}

/* ---- back ---- */

/* A file that is on its way arrives, whatever is told again. */
static void position_keep_file(void *arg, const char *peer, const char *id)
{
    known_add(arg, peer, id);
}

bool position_lose(struct session *s)
{
    struct position *p = s->position;

    if (!p)
        return false;
    if (!s->sends_held)
        held_in_clear(s);                /* it would come twice, and too early */
    if (!s->link) {
        position_free(s);                /* the next one goes on from what is kept anyway */
        return true;
    }
    if (!p->lost)
        sj_log_debug(&s->log, "messages from the network are to come again");
    p->lost = true;
    barrier_leave(&p->wait);
    contact_set(&p->latest, NULL);
    contact_set(&p->asked, NULL);
    known_clear(p);
    transfers_each_in(s, position_keep_file, p);
    sessions_sweep_later(s->all);
    return true;
}

void positions_lost(struct network *n)
{
    struct session *s;
    uint32_t at = 0;

    while ((s = sj_map_next(&n->by_user, &at)) != NULL)
        position_lose(s);
    barriers_lost(n);
}

bool position_is_due(const struct session *s)
{
    return s->position && s->position->lost;
}

static void position_found(struct session *s)
{
    struct position *p = s->position;

    if (!p || !p->lost)
        return;
    p->lost = false;
    if (p->n_known == 0)
        position_free(s);
}

void position_resume(struct session *s)
{
    char *kept;

    if (!position_is_due(s) || !s->link || s->state != SESSION_ONLINE || !s->announced ||
        s->unseen || s->sends_held || session_is_blocked(s))
        return;
    held_in_clear(s);
    kept = position_kept(s);
    position_found(s);
    s->network->backend->resume(s->link, kept);
    sj_free(kept);
}

void position_link_down(struct session *s)
{
    if (position_is_due(s))
        position_free(s);
}

void position_resume_link(struct session *s, struct sj_link *link)
{
    char *kept;

    if (!(s->network->backend->caps & SJ_CAP_RESUME))
        return;
    position_found(s);
    kept = position_kept(s);
    if (kept)
        s->network->backend->resume(link, kept);
    sj_free(kept);
}
