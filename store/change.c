/* SPDX-License-Identifier: MPL-2.0 */
/* Changes whose answer waits for the disk while nobody else does: contacts and registrations go out
 * in one grouped commit (behind.c), and the caller is told when it is durable.
 *
 * What readers see meanwhile is what will be there. Of a commit that fails contacts stay in the
 * overlay, which is tried again; a registration is taken back, since its user is told so: whoever
 * is not registered has nothing here, and whoever was keeps what they had. */
#include <string.h>

#include "behind.h"
#include "overlay.h"
#include "record.h"
#include "sojourn/memory.h"

struct change_job {
    const struct sj_store_change *changes;
    size_t n;
};

static enum sj_status change_registration(struct sj_store *s, const struct sj_store_change *c,
                                          struct sj_error *err)
{
    struct store_claim claim;
    struct seal_key key;
    seal_user_part(s->seal, &c->owner, claim.user);
    enum sj_status status = registration_store(s, c->registration, claim.user, &key, &claim.fresh,
                                               err);
    if (status == SJ_OK && c->state)
        status = state_store(s, claim.user, &key, c->state, c->state_len, err);
    seal_key_wipe(&key);
    if (status != SJ_OK)
        return status;
    s->claims = sj_realloc(s->claims, (s->n_claims + 1) * sizeof *s->claims);
    s->claims[s->n_claims++] = claim;
    return SJ_OK;
}

static enum sj_status change_all(struct sj_store *s, void *arg, struct sj_error *err)
{
    const struct change_job *job = arg;
    size_t passed_over = 0;
    s->n_claims = 0;
    for (size_t i = 0; i < job->n; i++) {
        const struct sj_store_change *c = &job->changes[i];
        enum sj_status status = c->registration ? change_registration(s, c, err)
                                                : contact_change(s, c, err);
        /* An owner who is unknown, or whose data key is damaged (logged), must not hold up the
         * others. When it is the engine that fails, the commit fails too. */
        if (!c->registration && (status == SJ_NOTFOUND || status == SJ_INTERNAL))
            passed_over++;
        else if (status != SJ_OK)
            return status;
    }
    if (passed_over > 0 && passed_over == job->n)
        return sj_fail(err, SJ_NOTFOUND, "no such registration, or it is damaged");
    return SJ_OK;
}

static enum sj_status change_check(struct sj_store *s, const struct sj_store_change *c,
                                   struct sj_error *err)
{
    uint8_t user[STORE_PART_LEN];
    if (!c->registration) {
        enum sj_status status = record_check_owner(&c->owner, err);
        return status == SJ_OK ? record_check_contact(&c->contact, err) : status;
    }
    if (c->state_len > SJ_STORE_BLOB_MAX)
        return sj_fail(err, SJ_INVALID, "the state of a link is too long");
    enum sj_status status = record_check_registration(c->registration, err);
    seal_user_part(s->seal, &c->owner, user);
    return status == SJ_OK ? scarce_check_new(s, user, err) : status;
}

enum sj_status sj_store_changes_put(struct sj_store *s, const struct sj_store_change *changes,
                                    size_t n, struct sj_error *err)
{
    struct change_job job = {.changes = changes, .n = n};
    for (size_t i = 0; i < n; i++) {
        enum sj_status status = change_check(s, &changes[i], err);
        if (status != SJ_OK)
            return status;
    }
    if (store_busy(s))
        return sj_fail(err, SJ_UNAVAILABLE, "the last changes are not on the disk yet");
    enum sj_status status = store_write(s, STORE_AHEAD, change_all, &job, err);
    if (status != SJ_OK || !store_busy(s))
        s->n_claims = 0;
    return status;
}

/* Of an owner with a new key nothing stays: what is under it cannot be read without. */
void claims_settle(struct sj_store *s, enum sj_status status)
{
    const uint32_t own = 1u << STORE_REGISTRATION | 1u << STORE_STATE;
    for (size_t i = 0; status != SJ_OK && i < s->n_claims; i++)
        store_forget(s, s->claims[i].fresh ? OVERLAY_ALL_TABLES : own, s->claims[i].user);
    s->n_claims = 0;
}
