/* SPDX-License-Identifier: MPL-2.0 */
/* Grouped writes: values whose loss of a few milliseconds is allowed wait here for one commit.
 *
 * A synced commit alone costs 24 times one in a group, so flags and link states are kept in a
 * bounded list, newest value for each record, seen by reads at once, and written together: by a
 * timer SJ_STORE_GROUP_MS after the first, with the next synced commit (so that order holds), at
 * flush, at close, and when a bound is reached; the disk is waited for on another thread, while the
 * next group is collected (behind.c). A commit that fails is tried again later; until then a full
 * list refuses further values, which is logged. */
#include <string.h>

#include "behind.h"
#include "group.h"
#include "overlay.h"
#include "sojourn/memory.h"

#define GROUP_NAME_LEN (2 * STORE_PART_LEN + 1 + 2 * sizeof(uint64_t))

/* One record that waits; owned by the list. */
struct pending {
    struct sj_list link;
    char name[GROUP_NAME_LEN + 1];       /* user part in hex, table, number: the map's key */
    uint8_t user[STORE_PART_LEN];
    enum store_table table;
    bool early;                          /* its owner's registration follows */
    uint64_t number;                     /* JOURNAL */
    bool again;                          /* JOURNAL: the same number was written before */
    uint8_t *plain;                      /* not FLAGS: encoded, wiped after; NULL: to be removed */
    size_t n;
    uint8_t mask, bits;                  /* FLAGS: the flags of mask become those of bits */
};

static void group_name(char out[GROUP_NAME_LEN + 1], enum store_table table,
                       const uint8_t user[STORE_PART_LEN], uint64_t number)
{
    static const char digits[] = "0123456789abcdef";
    char *at = out;
    for (size_t i = 0; i < STORE_PART_LEN; i++) {
        *at++ = digits[user[i] >> 4];
        *at++ = digits[user[i] & 15];
    }
    *at++ = (char)('a' + (int)table);
    for (size_t i = 0; i < 2 * sizeof number; i++)
        *at++ = digits[number >> (4 * i) & 15];
    *at = '\0';
}

static struct pending *group_lookup_number(const struct sj_store *s, enum store_table table,
                                           const uint8_t user[STORE_PART_LEN], uint64_t number)
{
    char name[GROUP_NAME_LEN + 1];
    group_name(name, table, user, number);
    return sj_map_find(&s->pending, name);
}

static struct pending *group_lookup(const struct sj_store *s, enum store_table table,
                                    const uint8_t user[STORE_PART_LEN])
{
    return group_lookup_number(s, table, user, 0);
}

static void pending_set(struct sj_store *s, struct pending *p, const uint8_t *plain, size_t n)
{
    if (p->plain)
        sj_wipe(p->plain, p->n);
    sj_free(p->plain);
    s->pending_bytes += n - p->n;
    p->plain = NULL;
    p->n = n;
    if (n > 0) {
        p->plain = sj_malloc(n);
        memcpy(p->plain, plain, n);
    }
}

static void pending_free(struct sj_store *s, struct pending *p)
{
    pending_set(s, p, NULL, 0);
    sj_map_remove(&s->pending, p->name);
    sj_list_remove(&p->link);
    sj_free(p);
}

void group_write(struct sj_store *s)
{
    if (store_busy(s))
        return;                          /* group_go_on when it is through */
    if (group_empty(s)) {                /* it was taken back: nobody waits for it any more */
        if (s->settled)
            s->settled(s->settled_arg, SJ_OK);
        return;
    }
    if (parts_close(s))
        return;
    enum sj_status status = store_write(s, STORE_BEHIND, NULL, NULL, NULL);
    if (status == SJ_OK)
        return;
    sj_timer_start(s->loop, &s->pending_timer, STORE_RETRY_MS);
    if (s->settled)
        s->settled(s->settled_arg, status);
}

static void group_on_timer(void *arg)
{
    group_write(arg);
}

void group_init(struct sj_store *s)
{
    parts_init(s);
    sj_map_init(&s->pending);
    sj_list_init(&s->pending_order);
    sj_timer_init(&s->pending_timer, group_on_timer, s);
    waits_init(s);
    archive_waits_init(s);
}

static void group_forget(struct sj_store *s, bool owners_too)
{
    struct sj_list *l = s->pending_order.next;
    while (l != &s->pending_order) {
        struct pending *p = SJ_CONTAINER(l, struct pending, link);
        l = l->next;
        if (owners_too || !p->early)
            pending_free(s, p);
    }
    waits_clear(s, owners_too);
    archive_waits_clear(s);
    parts_end(s);
    sj_timer_stop(&s->pending_timer);
}

void group_clear(struct sj_store *s)
{
    group_forget(s, false);
}

bool group_expects(const struct sj_store *s, const uint8_t user[STORE_PART_LEN])
{
    for (size_t i = 0; i < s->n_expected; i++) {
        if (memcmp(s->expected[i], user, STORE_PART_LEN) == 0)
            return true;
    }
    return false;
}

void sj_store_expect(struct sj_store *s, const struct sj_owner *owner, bool on)
{
    uint8_t user[STORE_PART_LEN];
    seal_user_part(s->seal, owner, user);
    if (on) {
        s->expected = sj_realloc(s->expected, (s->n_expected + 1) * sizeof *s->expected);
        memcpy(s->expected[s->n_expected++], user, STORE_PART_LEN);
        return;
    }
    for (size_t i = 0; i < s->n_expected; i++) {
        if (memcmp(s->expected[i], user, STORE_PART_LEN) == 0) {
            memmove(s->expected[i], s->expected[--s->n_expected], STORE_PART_LEN);
            return;
        }
    }
}

void group_release(struct sj_store *s)
{
    group_forget(s, true);
    sj_free(s->expected);
    sj_map_release(&s->pending);
    sj_map_release(&s->waits);
    archive_waits_release(s);
}

size_t group_waiting(const struct sj_store *s)
{
    return s->pending.used + s->n_waits + s->n_archive;
}

/* Is there room for n bytes more (and, unless it replaces one, for a record more)? */
static bool group_has_room(const struct sj_store *s, const struct pending *old, size_t n)
{
    size_t kept = s->pending_bytes - (old ? old->n : 0);
    return (old || group_waiting(s) < STORE_PENDING_MAX) && kept + n <= STORE_PENDING_BYTES_MAX;
}

static void group_refused(struct sj_store *s)
{
    unsigned dropped = 0;
    if (sj_log_allow(&s->dropped, sj_loop_now_ms(s->loop), 1, 60000, &dropped))
        sj_log_error(&s->log, "value dropped, the list of waiting values is full "
                              "waiting=%zu dropped_before=%u", group_waiting(s), dropped);
}

static void group_start_timer(struct sj_store *s)
{
    if (!sj_timer_running(&s->pending_timer))
        sj_timer_start(s->loop, &s->pending_timer, SJ_STORE_GROUP_MS);
}

void group_go_on(struct sj_store *s)
{
    if (group_empty(s))
        return;
    group_start_timer(s);
    parts_soon(s);
}

bool group_room(struct sj_store *s, size_t n)
{
    /* After a failure the timer decides when to try again, not each caller. */
    if (!group_has_room(s, NULL, n) && !s->pending_failed)
        store_write(s, STORE_BEHIND, NULL, NULL, NULL);
    if (!group_has_room(s, NULL, n)) {
        group_refused(s);
        return false;
    }
    group_start_timer(s);
    return true;
}

bool group_empty(const struct sj_store *s)
{
    return group_waiting(s) == 0;
}

bool group_is_half_full(const struct sj_store *s)
{
    return group_waiting(s) >= STORE_PENDING_MAX / 2 ||
           s->pending_bytes >= STORE_PENDING_BYTES_MAX / 2;
}

/* The record's entry with room for n bytes, made when there is none; NULL: no room. */
static struct pending *group_entry(struct sj_store *s, enum store_table table,
                                   const uint8_t user[STORE_PART_LEN], uint64_t number, size_t n)
{
    struct pending *p = group_lookup_number(s, table, user, number);
    if (!group_has_room(s, p, n)) {
        /* After a failure the timer decides when to try again, not each caller. */
        if (!s->pending_failed)
            store_write(s, STORE_BEHIND, NULL, NULL, NULL);
        p = group_lookup_number(s, table, user, number);
        if (!group_has_room(s, p, n)) {
            group_refused(s);
            return NULL;
        }
    }
    if (!p) {
        p = sj_calloc(1, sizeof *p);
        p->table = table;
        p->number = number;
        memcpy(p->user, user, STORE_PART_LEN);
        group_name(p->name, table, user, number);
        sj_map_put(&s->pending, p->name, p);
        sj_list_append(&s->pending_order, &p->link);
    }
    group_start_timer(s);
    return p;
}

bool group_put_state(struct sj_store *s, enum store_table table,
                     const uint8_t user[STORE_PART_LEN], const uint8_t *plain, size_t n)
{
    struct pending *p = group_entry(s, table, user, 0, n);
    if (p)
        pending_set(s, p, plain, n);
    return p != NULL;
}

void group_put_journal(struct sj_store *s, const uint8_t user[STORE_PART_LEN], uint64_t number,
                       const uint8_t *plain, size_t n, bool again)
{
    struct pending *p = group_lookup_number(s, STORE_JOURNAL, user, number);
    if (p && n == 0 && p->n > 0 && !p->again) {
        pending_free(s, p);
        return;
    }
    bool waited = p != NULL;
    p = group_entry(s, STORE_JOURNAL, user, number, n);
    if (!p)
        return;
    if (p->n == 0)                       /* made now, perhaps since the one before is on its way */
        p->again = again || waited;
    pending_set(s, p, plain, n);
}

void group_put_flags(struct sj_store *s, const uint8_t user[STORE_PART_LEN], uint8_t mask,
                     uint8_t bits)
{
    struct pending *p = group_entry(s, STORE_FLAGS, user, 0, 0);
    if (!p)
        return;
    p->mask |= mask;
    p->bits = (uint8_t)((p->bits & ~mask) | (bits & mask));
}

static enum sj_status pending_copy(const struct pending *p, struct secret_buf *plain,
                                   struct sj_error *err)
{
    if (p->n == 0)
        return sj_fail(err, SJ_NOTFOUND, "no such record");
    secret_buf_reserve(plain, p->n);
    memcpy(plain->p, p->plain, p->n);
    plain->n = p->n;
    return SJ_OK;
}

enum sj_status group_load(struct sj_store *s, enum store_table table,
                          const uint8_t user[STORE_PART_LEN], struct secret_buf *plain,
                          struct sj_error *err)
{
    const struct pending *p = group_lookup(s, table, user);
    struct store_place place;
    struct seal_key key;
    enum sj_status status = sealed_owner_key(s, user, &key, err);
    if (status != SJ_OK)
        return status;
    store_place_of(s, &place, table, user, "");
    status = p ? pending_copy(p, plain, err) : sealed_get(s, &place, &key, plain, err);
    seal_key_wipe(&key);
    return status;
}

static uint8_t pending_merge(const struct pending *p, uint8_t flags)
{
    return (uint8_t)((flags & ~p->mask) | p->bits);
}

uint8_t group_merge_flags(const struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                          uint8_t flags)
{
    const struct pending *p = group_lookup(s, STORE_FLAGS, user);
    return p ? pending_merge(p, flags) : flags;
}

void group_drop(struct sj_store *s, const uint8_t user[STORE_PART_LEN])
{
    struct sj_list *next;
    for (struct sj_list *l = s->pending_order.next; l != &s->pending_order; l = next) {
        struct pending *p = SJ_CONTAINER(l, struct pending, link);
        next = l->next;
        if (memcmp(p->user, user, STORE_PART_LEN) == 0)
            pending_free(s, p);
    }
    waits_drop(s, user);
    parts_forget(s);
    archive_waits_drop(s, user);
    store_forget(s, OVERLAY_ALL_TABLES, user);
}

static enum sj_status pending_apply_flags(struct sj_store *s, const struct pending *p,
                                          const struct seal_key *key, struct sj_error *err)
{
    uint8_t flags = 0;                   /* also when the record is damaged (logged) */
    flags_load(s, p->user, key, &flags, NULL);
    return flags_save(s, p->user, key, pending_merge(p, flags), err);
}

static enum sj_status pending_apply_state(struct sj_store *s, const struct pending *p,
                                          const struct seal_key *key, struct sj_error *err)
{
    struct store_place place;
    if (p->table == STORE_JOURNAL)
        store_journal_place(s, &place, p->user, p->number);
    else
        store_place_of(s, &place, p->table, p->user, "");
    if (p->n > 0)
        return sealed_put(s, &place, key, p->plain, p->n, err);
    return s->engine->ops->remove(s->engine, place.table, place.key, err);
}

static enum sj_status pending_apply(struct sj_store *s, const struct pending *p,
                                    struct sj_error *err)
{
    struct seal_key key;
    enum sj_status status = sealed_owner_key(s, p->user, &key, err);
    if (status != SJ_OK)
        return status;
    if (p->table == STORE_FLAGS)
        status = pending_apply_flags(s, p, &key, err);
    else
        status = pending_apply_state(s, p, &key, err);
    seal_key_wipe(&key);
    return status;
}

enum sj_status group_apply(struct sj_store *s, struct sj_error *err)
{
    for (struct sj_list *l = s->pending_order.next; l != &s->pending_order; l = l->next) {
        struct pending *p = SJ_CONTAINER(l, struct pending, link);
        enum sj_status status = pending_apply(s, p, err);
        p->early = status == SJ_NOTFOUND && group_expects(s, p->user);
        /* Owners that are unknown or damaged must not hold up the others. */
        if (status != SJ_OK && status != SJ_NOTFOUND && status != SJ_INTERNAL)
            return status;
    }
    enum sj_status status = waits_apply(s, err);
    return status == SJ_OK ? archive_waits_apply(s, SIZE_MAX, err) : status;
}
