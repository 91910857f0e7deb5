/* SPDX-License-Identifier: MPL-2.0 */
/* A new master key for a store that is in use: every record moves, a slice at a time, and is sealed
 * anew on the way, under new data keys (docs/STORE.md, "A new key").
 *
 * Where it stands is written in the header's table with each step, in one transaction with what the
 * step changed, so it may be broken off anywhere: the new key stands beside the old one as
 * KEY-FILE.new until the last transaction has put the header under it, and takes the old one's
 * place then; a start finds out how far it was. What a moved record is stands in rekey_record.c,
 * how both kinds look like one in rekey_engine.c. */
#include "rekey.h"

#include <string.h>

#include "header.h"
#include "keyfile.h"
#include "sojourn/memory.h"

#define REKEY_RECORDS 200u
#define REKEY_BYTES (512u << 10)
#define REKEY_LOOKS 1000u                /* records that a slice only looks at */
#define REKEY_STEP_MS 0                  /* at the next tick: others have had their turn */

/* One transaction's part, taken over when it is committed. */
struct rekey_slice {
    struct rekey *r;
    enum rekey_step step;
    enum store_table table;
    uint8_t at[STORE_KEY_LEN];
    unsigned moved, dropped, looks;
    size_t bytes;
};

static bool slice_full(const struct rekey_slice *slice)
{
    return slice->moved + slice->dropped >= REKEY_RECORDS || slice->bytes >= REKEY_BYTES ||
           slice->looks >= REKEY_LOOKS;
}

/* --- an owner's records ------------------------------------------------------------------- */

/* Moves one; one that does not open cannot be read by anybody, and goes. */
static enum sj_status move_record(struct rekey_slice *slice, enum store_table table,
                                  const struct store_found *found, struct sj_error *err)
{
    struct rekey *r = slice->r;
    const struct engine_ops *ops = r->inner->ops;
    struct store_place place = {.table = table};
    uint8_t new_key[STORE_KEY_LEN];
    size_t n = found->value.n;
    memcpy(place.key, found->key, STORE_KEY_LEN);
    uint8_t *bytes = rekey_record(r, table, place.key, found->value);
    rekey_to_new(r, table, place.key, new_key);
    enum sj_status status = ops->remove(r->inner, table, place.key, err);
    if (status == SJ_OK && bytes)
        status = ops->put(r->inner, table, new_key, (struct store_bytes){bytes, n}, err);
    if (!bytes)
        sealed_damaged(r->s, &place, NULL);
    slice->moved += bytes != NULL;
    slice->dropped += bytes == NULL;
    slice->bytes += n;
    sj_free(bytes);
    return status;
}

/* All of an owner's in one table, as far as the slice goes. */
static enum sj_status move_table(struct rekey_slice *slice, enum store_table table,
                                 const uint8_t user[STORE_PART_LEN], struct sj_error *err)
{
    struct engine *inner = slice->r->inner;
    uint8_t from[STORE_KEY_LEN] = {0};
    memcpy(from, user, STORE_PART_LEN);
    while (!slice_full(slice)) {
        struct store_found found;
        enum sj_status status = inner->ops->seek(inner, table, from, &found, err);
        if (status == SJ_NOTFOUND ||
            (status == SJ_OK && memcmp(found.key, user, STORE_PART_LEN) != 0))
            return SJ_OK;
        if (status == SJ_OK)
            status = move_record(slice, table, &found, err);
        if (status != SJ_OK)
            return status;
    }
    return SJ_OK;
}

/* The owner whose old key stands at slice->at; the key itself goes last. */
static enum sj_status move_owner(struct rekey_slice *slice, struct sj_error *err)
{
    enum sj_status status = SJ_OK;
    for (int t = 0; status == SJ_OK && t < STORE_TABLE_COUNT; t++) {
        if (t != STORE_HEADER && t != STORE_KEY)
            status = move_table(slice, (enum store_table)t, slice->at, err);
    }
    if (status == SJ_OK && !slice_full(slice))
        status = move_table(slice, STORE_KEY, slice->at, err);
    return status;
}

/* The next owner who is still under the old key; SJ_NOTFOUND: there is none. */
static enum sj_status find_owner(struct rekey_slice *slice, struct sj_error *err)
{
    struct engine *inner = slice->r->inner;
    for (; slice->looks < REKEY_LOOKS; slice->looks++) {
        struct store_found found;
        enum sj_status status = inner->ops->seek(inner, STORE_KEY, slice->at, &found, err);
        if (status != SJ_OK)
            return status;
        memcpy(slice->at, found.key, STORE_KEY_LEN);
        if (rekey_has_key(slice->r, slice->r->old, found.key)) {
            memset(slice->at + STORE_PART_LEN, 0, STORE_KEY_LEN - STORE_PART_LEN);
            return SJ_OK;
        }
        if (!store_next_key(slice->at, STORE_PART_LEN))
            return SJ_NOTFOUND;
    }
    return SJ_OK;
}

static enum sj_status slice_owners(struct rekey_slice *slice, struct sj_error *err)
{
    while (!slice_full(slice)) {
        enum sj_status status = find_owner(slice, err);
        if (status == SJ_NOTFOUND) {
            slice->step = REKEY_LEFT;
            slice->table = STORE_KEY;
            memset(slice->at, 0, sizeof slice->at);
            return SJ_OK;
        }
        if (status == SJ_OK && slice->looks < REKEY_LOOKS)
            status = move_owner(slice, err);
        if (status != SJ_OK)
            return status;
    }
    return SJ_OK;
}

/* --- what is nobody's ----------------------------------------------------------------------- */

/* Removes what has no owner under the new key: left of accounts that are gone, or damaged. */
static enum sj_status slice_left(struct rekey_slice *slice, struct sj_error *err)
{
    struct rekey *r = slice->r;
    while (!slice_full(slice)) {
        struct store_found found;
        enum sj_status status = r->inner->ops->seek(r->inner, slice->table, slice->at, &found, err);
        bool through = status == SJ_NOTFOUND;
        if (status != SJ_OK && !through)
            return status;
        if (!through && rekey_has_key(r, r->s->seal, found.key)) {
            slice->looks++;
            memcpy(slice->at, found.key, STORE_KEY_LEN);
            through = !store_next_key(slice->at, STORE_PART_LEN);
        } else if (!through) {
            status = r->inner->ops->remove(r->inner, slice->table, found.key, err);
            slice->dropped++;
            if (status != SJ_OK)
                return status;
        }
        if (!through)
            continue;
        memset(slice->at, 0, sizeof slice->at);
        slice->table++;
        if (slice->table == STORE_TABLE_COUNT) {
            slice->step = REKEY_END;
            return SJ_OK;
        }
    }
    return SJ_OK;
}

/* --- steps ------------------------------------------------------------------------------------ */

static enum sj_status rekey_change(struct sj_store *s, void *arg, struct sj_error *err)
{
    struct rekey_slice *slice = arg;
    struct rekey *r = s->rekey;
    *slice = (struct rekey_slice){.r = r, .step = r->step, .table = r->table};
    memcpy(slice->at, r->at, sizeof slice->at);
    if (slice->step == REKEY_OWNERS)
        return slice_owners(slice, err);
    if (slice->step == REKEY_LEFT)
        return slice_left(slice, err);
    return header_under_new_key(s, err);
}

/* The real engine again; r is gone. */
void rekey_detach(struct sj_store *s)
{
    struct rekey *r = s->rekey;
    if (!r)
        return;
    sj_timer_stop(&r->timer);
    for (unsigned i = 0; i < REKEY_LENT; i++)
        sj_free(r->lent[i]);
    s->engine = r->inner;
    s->rekey = NULL;
    seal_free(&r->old);
    sj_free(r);
}

/* The last transaction is through: the old key opens nothing any more. */
static void rekey_finish(struct sj_store *s)
{
    struct sj_error err = {.status = SJ_OK};
    rekey_detach(s);
    s->rekeying.running = false;
    sj_log_info(&s->log, "new key in use moved=%llu dropped=%llu",
                (unsigned long long)s->rekeying.done, (unsigned long long)s->rekeying.dropped);
    /* A confined daemon may not; then the tool does, or the next start. */
    if (sj_store_new_key_take(s->key_file, &err) != SJ_OK)
        sj_log_info(&s->log, "new key still stands beside the old one hint=run-sojournctl-rekey");
}

/* The slice goes to the disk while the loop goes on; the next one follows when it is there. */
static void rekey_step(void *arg)
{
    struct rekey *r = arg;
    struct sj_store *s = r->s;
    struct rekey_slice slice;
    struct sj_error err = {.status = SJ_OK};
    if (r->ended && !r->handed) {
        rekey_finish(s);
        return;
    }
    if (r->handed || store_busy(s))
        return;                          /* rekey_settled when that is through */
    bool last = r->step == REKEY_END;
    if (store_write(s, STORE_BEHIND, rekey_change, &slice, &err) != SJ_OK) {
        s->rekeying.failing = true;      /* logged by the engine: a disk that must rest */
        sj_timer_start(s->loop, &r->timer, STORE_RETRY_MS);
        return;
    }
    r->handed = true;
    r->ended = last;
    r->moved = slice.moved;
    r->dropped = slice.dropped;
    r->step = slice.step;
    r->table = slice.table;
    memcpy(r->at, slice.at, sizeof r->at);
    if (!store_busy(s))
        rekey_settled(s, SJ_OK);
}

void rekey_settled(struct sj_store *s, enum sj_status status)
{
    struct rekey *r = s->rekey;
    if (!r)
        return;
    s->rekeying.failing = status != SJ_OK;
    if (status != SJ_OK)
        return;
    if (r->handed) {
        s->rekeying.done += r->moved;
        s->rekeying.dropped += r->dropped;
    }
    r->handed = false;
    if (!sj_timer_running(&r->timer))
        sj_timer_start(s->loop, &r->timer, REKEY_STEP_MS);
}

/* From here on the store knows the key of `seal`, which it owns, and records under both. */
static void rekey_attach(struct sj_store *s, struct seal *seal)
{
    struct rekey *r = sj_calloc(1, sizeof *r);
    rekey_engine_init(r);
    r->inner = s->engine;
    r->s = s;
    r->old = s->seal;
    r->step = REKEY_OWNERS;
    s->rekeying = (struct sj_store_rekeying){.running = true};
    for (int t = STORE_KEY; t < STORE_TABLE_COUNT; t++)
        s->rekeying.all += r->inner->ops->count(r->inner, (enum store_table)t);
    s->engine = &r->engine;
    s->seal = seal;
    s->rekey = r;
    sj_timer_init(&r->timer, rekey_step, r);
    sj_timer_start(s->loop, &r->timer, REKEY_STEP_MS);
}

/* --- beginning and going on ------------------------------------------------------------------- */

/* The keys of KEY-FILE.new, with what lasts of the store's. SJ_NOTFOUND: no such file. */
static enum sj_status rekey_seal(struct sj_store *s, struct seal **out, struct sj_error *err)
{
    uint8_t master[SEAL_KEY_LEN];
    enum sj_status status = keyfile_read_new(s->key_file, master, err);
    if (status == SJ_OK)
        status = seal_new(out, master, &s->log, err);
    sj_wipe(master, sizeof master);
    if (status == SJ_OK)
        seal_take_roots(*out, s->seal);
    return status;
}

static enum sj_status rekey_mark(struct sj_store *s, void *arg, struct sj_error *err)
{
    enum sj_status status = header_next_put(s, arg, err);
    return status == SJ_OK ? memo_move(s, arg, err) : status;
}

/* The last change is over, but the new key still stands beside the old one. */
static bool rekey_is_over(const struct sj_store *s, const struct seal *seal)
{
    return sj_equal_secret(seal_header_key(seal)->b, seal_header_key(s->seal)->b,
                           SEAL_KEY_LEN) != 0;
}

enum sj_status sj_store_rekey(struct sj_store *s, struct sj_error *err)
{
    struct seal *seal = NULL;
    if (s->rekey)
        return sj_fail(err, SJ_EXISTS, "a new key is being taken already");
    if (!s->key_file || s->reader)
        return sj_fail(err, SJ_UNSUPPORTED, "this store has no key file");
    if (s->n_expected > 0)               /* what waits for it is found by the old key */
        return sj_fail(err, SJ_UNAVAILABLE, "a registration is on its way to the disk: try again");
    enum sj_status status = rekey_seal(s, &seal, err);
    if (status != SJ_OK)
        return status;
    if (rekey_is_over(s, seal)) {
        seal_free(&seal);
        return SJ_OK;
    }
    /* With what is grouped, which is found by the old key. */
    status = store_write(s, STORE_BEHIND, rekey_mark, seal, err);
    if (status != SJ_OK) {
        seal_free(&seal);
        return status;
    }
    rekey_attach(s, seal);
    sj_log_info(&s->log, "new key is taken records=%llu", (unsigned long long)s->rekeying.all);
    return SJ_OK;
}

/* The new key of a change that was broken off. */
static enum sj_status rekey_find_seal(struct sj_store *s, struct seal **out, struct sj_error *err)
{
    struct sj_error inner = {.status = SJ_OK};
    if (s->reader)
        return sj_fail(err, SJ_EXISTS, "the store is taking a new key: wait until sojournctl "
                       "rekey says that it is done");
    if (rekey_seal(s, out, &inner) != SJ_OK)
        return sj_fail(err, SJ_DENIED, "the data are half way to a new key, and key-file.new is "
                       "not usable (%s): put it back beside key-file", inner.text);
    if (header_next_opens(s, *out))
        return SJ_OK;
    seal_free(out);
    return sj_fail(err, SJ_DENIED, "key-file.new is not the key that these data were moving to "
                   "when that was broken off: put the right one back");
}

enum sj_status rekey_resume(struct sj_store *s, struct sj_error *err)
{
    struct seal *seal = NULL;
    enum sj_status status = store_read_begin(s, err);
    if (status != SJ_OK)
        return status;
    bool on = header_next_exists(s);
    if (on)
        status = rekey_find_seal(s, &seal, err);
    store_read_end(s);
    if (!on || status != SJ_OK)
        return status;
    rekey_attach(s, seal);
    sj_log_info(&s->log, "taking the new key goes on records=%llu",
                (unsigned long long)s->rekeying.all);
    return SJ_OK;
}

void sj_store_rekeying(const struct sj_store *s, struct sj_store_rekeying *out)
{
    *out = s->rekeying;
}
