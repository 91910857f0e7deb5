/* SPDX-License-Identifier: MPL-2.0 */
/* State that links have the gateway keep (state_save), and who waits until it is on the disk: a
 * token that is good once must not be used before (sojourn/backend.h, state_saved).
 *
 * It goes with the next grouped commit, and nobody else waits for that. When the disk refuses, the
 * link is told so and goes on, since it would be lost with the old token as well; the store keeps
 * what it has and tries again. */
#include "save.h"

#include "session.h"
#include "sojourn/memory.h"

/* One for each link that waits. Owner: sessions.saves. */
struct save {
    struct sj_list list;
    uint64_t session;
    const struct sj_link *link;  /* only compared: it may be gone */
    uint64_t mark;               /* sj_store_group; 0: nothing is to be waited for */
    enum sj_status status;       /* not SJ_OK: the disk has refused */
};

static struct save *save_find(const struct sessions *all, const struct sj_link *link)
{
    for (struct sj_list *l = all->saves.next; l != &all->saves; l = l->next) {
        struct save *w = SJ_CONTAINER(l, struct save, list);
        if (w->link == link)
            return w;
    }
    return NULL;
}

static void save_free(struct save *w)
{
    sj_list_remove(&w->list);
    sj_free(w);
}

/* While a registration is checked, its commit takes the state along (check_describe). */
static bool save_is_of_check(const struct session *s, const struct sj_link *link)
{
    const struct check *k = s->check;

    return k && (k->link == link || (s->link == link && k->adopted && !k->handed));
}

/* The newer takes the place of the older, and its mark says for both. */
static void save_wait(struct session *s, const struct sj_link *link, uint64_t mark, bool kept)
{
    struct save *w = save_find(s->all, link);

    if (!w) {
        w = sj_calloc(1, sizeof *w);
        sj_list_init(&w->list);
        sj_list_append(&s->all->saves, &w->list);
    }
    w->session = s->id;
    w->link = link;
    w->mark = mark;
    w->status = kept ? SJ_OK : SJ_LIMIT;
    sj_loop_defer(s->all->loop, &s->all->saves_due);
}

void saves_add(struct session *s, struct sj_link *link, const void *blob, size_t len)
{
    struct sj_store *store = s->all->store;
    struct sj_owner owner;
    uint64_t mark = 0;
    bool kept = true;

    if (save_is_of_check(s, link)) {
        check_save_state(s, blob, len);
    } else if (s->registered) {
        session_owner(s, &owner);
        kept = sj_store_state_put(store, &owner, blob, len);
        mark = sj_store_group(store);
    }
    if (s->network->backend->state_saved)
        save_wait(s, link, mark, kept);
}

static void save_tell(struct sessions *all, const struct save *w)
{
    struct session *s = session_by_id(all, w->session);
    struct sj_link *link = NULL;
    struct sj_error err;

    if (s && s->link == w->link)
        link = s->link;
    else if (s && s->check && s->check->link == w->link)
        link = s->check->link;
    if (!link)
        return;
    sj_fail(&err, w->status, "the store cannot keep it at this moment");
    s->network->backend->state_saved(link, w->status == SJ_OK ? NULL : &err);
}

static void saves_on_due(void *arg)
{
    struct sessions *all = arg;
    struct sj_list *next;

    for (struct sj_list *l = all->saves.next; l != &all->saves; l = next) {
        struct save *w = SJ_CONTAINER(l, struct save, list);
        next = l->next;
        if (w->status == SJ_OK && sj_store_durable(all->store) < w->mark)
            continue;
        save_tell(all, w);
        save_free(w);
    }
}

void saves_settled(struct sessions *all, enum sj_status status)
{
    for (struct sj_list *l = all->saves.next; l != &all->saves; l = l->next) {
        struct save *w = SJ_CONTAINER(l, struct save, list);
        if (status != SJ_OK)
            w->status = status;
    }
    if (!sj_list_empty(&all->saves))
        sj_loop_defer(all->loop, &all->saves_due);
}

void saves_init(struct sessions *all)
{
    sj_list_init(&all->saves);
    sj_defer_init(&all->saves_due, saves_on_due, all);
}

void saves_release(struct sessions *all)
{
    sj_defer_cancel(&all->saves_due);
    while (!sj_list_empty(&all->saves))
        save_free(SJ_CONTAINER(all->saves.next, struct save, list));
}
