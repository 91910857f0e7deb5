/* SPDX-License-Identifier: MPL-2.0 */
/* Puts a user's accounts into a parcel (sojourn/store_parcel.h), all of them in one read frame, so
 * that they are what they were at one moment, whoever writes meanwhile. Every record is decoded and
 * encoded anew: what is in a parcel is sound. One that does not open is left out and counted. */
#include <string.h>

#include "archive.h"
#include "parcel.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

struct export_job {
    struct sj_store *s;
    const struct sj_export *what;
    struct sj_parcel *to;
    struct seal_key key;                 /* of the account at work */
    uint8_t user[STORE_PART_LEN];
    uint8_t room[ARCHIVE_PREFIX_LEN];    /* the one whose entries come, if it could be read */
    bool in_room;
    struct sj_export_count count;
    struct secret_buf plain, item;
    enum sj_status status;
    struct sj_error *err;
};

static bool export_add(struct export_job *job, const struct parcel_item *item)
{
    parcel_item_encode(&job->item, item);
    job->status = parcel_add(job->to, job->item.p, job->item.n, job->err);
    return job->status == SJ_OK;
}

/* A record that makes no sense. */
static bool export_damaged(struct export_job *job)
{
    job->count.damaged++;
    return true;
}

/* The owner's only record of a table, opened into plain. False: there is none, or it is damaged. */
static bool export_load(struct export_job *job, enum store_table table)
{
    struct store_place place;
    store_place_of(job->s, &place, table, job->user, "");
    enum sj_status status = sealed_get(job->s, &place, &job->key, &job->plain, NULL);
    if (status != SJ_OK && status != SJ_NOTFOUND)
        export_damaged(job);
    return status == SJ_OK;
}

/* --- the small ones ------------------------------------------------------------------------- */

static bool export_account(struct export_job *job, const char *host)
{
    struct parcel_item item = {.kind = PARCEL_ACCOUNT, .archives = job->what->archives,
                               .network = job->what->kind(job->what->arg, host)};
    struct sj_registration *r = &item.registration;
    uint8_t flags = 0;
    flags_load(job->s, job->user, &job->key, &flags, NULL);
    if (!export_load(job, STORE_REGISTRATION) ||
        !record_decode_registration(r, STORE_SCHEMA, job->plain.p, job->plain.n)) {
        job->status = sj_fail(job->err, SJ_INTERNAL, "the registration at %s is damaged", host);
        return false;
    }
    r->sees_user = (flags & RECORD_SEES_USER) != 0;
    r->seen_by_user = (flags & RECORD_SEEN_BY_USER) != 0;
    return export_add(job, &item);
}

static bool export_preferences(struct export_job *job)
{
    struct parcel_item item = {.kind = PARCEL_PREFERENCES};
    if (!export_load(job, STORE_PREFERENCE))
        return true;
    if (!record_decode_preferences(&item.preferences, STORE_SCHEMA, job->plain.p, job->plain.n))
        return export_damaged(job);
    return export_add(job, &item);
}

static bool export_state(struct export_job *job, enum store_table table, enum parcel_kind kind)
{
    struct parcel_item item = {.kind = kind};
    if (!export_load(job, table))
        return true;
    if (!record_decode_state(&item.state, STORE_SCHEMA, job->plain.p, job->plain.n))
        return export_damaged(job);
    return export_add(job, &item);
}

/* --- the many ------------------------------------------------------------------------------- */

static bool export_on_contact(void *arg, const uint8_t key[STORE_KEY_LEN],
                              struct store_bytes stored)
{
    struct export_job *job = arg;
    struct store_place place = {.table = STORE_CONTACT};
    struct parcel_item item = {.kind = PARCEL_CONTACT};
    memcpy(place.key, key, STORE_KEY_LEN);
    if (sealed_open(job->s, &place, &job->key, stored, &job->plain, NULL) != SJ_OK ||
        !record_decode_contact(&item.contact, STORE_SCHEMA, job->plain.p, job->plain.n))
        return export_damaged(job);
    job->count.contacts++;
    return export_add(job, &item);
}

static bool export_room(struct export_job *job, const uint8_t key[STORE_KEY_LEN],
                        struct store_bytes stored)
{
    struct store_place place = {.table = STORE_ARCHIVE};
    struct record_archive_room room;
    memcpy(place.key, key, STORE_KEY_LEN);
    memcpy(job->room, key, ARCHIVE_PREFIX_LEN);
    job->in_room = sealed_open(job->s, &place, &job->key, stored, &job->plain, NULL) == SJ_OK &&
                   record_decode_archive_room(&room, STORE_SCHEMA, job->plain.p, job->plain.n);
    if (!job->in_room)
        return export_damaged(job);
    job->count.rooms++;
    return export_add(job, &(struct parcel_item){.kind = PARCEL_ROOM, .room = room.room});
}

/* A room's own record comes first, and names it. */
static bool export_on_archive(void *arg, const uint8_t key[STORE_KEY_LEN],
                              struct store_bytes stored)
{
    struct export_job *job = arg;
    struct parcel_item item = {.kind = PARCEL_ENTRY,
                               .place_ms = archive_ms_of(archive_position(key))};
    if (archive_position(key) == 0)
        return export_room(job, key, stored);
    if (!job->in_room || memcmp(job->room, key, ARCHIVE_PREFIX_LEN) != 0 ||
        archive_open(job->s, key, &job->key, stored, &job->plain, &item.entry, NULL) != SJ_OK)
        return export_damaged(job);
    item.entry.salt = 0;
    job->count.entries++;
    return export_add(job, &item);
}

static bool export_each(struct export_job *job, enum store_table table,
                        bool (*fn)(void *arg, const uint8_t key[STORE_KEY_LEN],
                                   struct store_bytes value))
{
    struct engine *engine = job->s->engine;
    enum sj_status status =
        engine->ops->each(engine, table, job->user, STORE_PART_LEN, fn, job, job->err);
    if (job->status == SJ_OK)
        job->status = status;
    return job->status == SJ_OK;
}

/* --- accounts ------------------------------------------------------------------------------- */

static bool export_one(struct export_job *job, const char *host)
{
    const struct sj_owner owner = {.host = host, .user = job->what->user, .label = ""};
    job->count = (struct sj_export_count){.contacts = 0};
    job->in_room = false;
    sj_copy(job->count.host, sizeof job->count.host, host);
    seal_user_part(job->s->seal, &owner, job->user);
    job->status = sealed_owner_key(job->s, job->user, &job->key, job->err);
    bool done = job->status == SJ_OK && export_account(job, host) &&
                export_each(job, STORE_CONTACT, export_on_contact) && export_preferences(job) &&
                export_state(job, STORE_STATE, PARCEL_STATE) &&
                export_state(job, STORE_POSITION, PARCEL_POSITION) &&
                export_add(job, &(struct parcel_item){.kind = PARCEL_ALL}) &&
                (!job->what->archives || export_each(job, STORE_ARCHIVE, export_on_archive)) &&
                export_add(job, &(struct parcel_item){.kind = PARCEL_END});
    seal_key_wipe(&job->key);
    return done;
}

struct export_hosts {
    const struct sj_export *what;
    char **host;
    size_t n, cap;
};

static bool export_on_registration(const struct sj_registration *r, void *arg)
{
    struct export_hosts *hosts = arg;
    if (strcmp(r->owner.user, hosts->what->user) != 0 || r->owner.label[0] != '\0' ||
        (hosts->what->host && strcmp(r->owner.host, hosts->what->host) != 0))
        return true;
    if (hosts->n == hosts->cap) {
        hosts->cap = hosts->cap ? 2 * hosts->cap : 8;
        hosts->host = sj_realloc(hosts->host, hosts->cap * sizeof *hosts->host);
    }
    hosts->host[hosts->n++] = sj_strdup(r->owner.host);
    return true;
}

enum sj_status sj_store_export(struct sj_store *s, const struct sj_export *what,
                               struct sj_parcel *to,
                               void (*told)(void *arg, const struct sj_export_count *), void *arg,
                               struct sj_error *err)
{
    struct export_job job = {.s = s, .what = what, .to = to, .err = err};
    struct export_hosts hosts = {.what = what};
    enum sj_status status = sj_store_registration_each(s, NULL, export_on_registration, &hosts,
                                                       err);
    if (status == SJ_OK && hosts.n == 0)
        status = sj_fail(err, SJ_NOTFOUND, "%s has no account here%s%s", what->user,
                         what->host ? " at " : "", what->host ? what->host : "");
    if (status == SJ_OK)
        status = store_read_begin(s, err);
    if (status == SJ_OK) {
        for (size_t i = 0; i < hosts.n && export_one(&job, hosts.host[i]); i++)
            told(arg, &job.count);
        status = job.status;
        store_read_end(s);
    }
    secret_buf_release(&job.plain);
    secret_buf_release(&job.item);
    for (size_t i = 0; i < hosts.n; i++)
        sj_free(hosts.host[i]);
    sj_free(hosts.host);
    return status;
}
