/* SPDX-License-Identifier: MPL-2.0 */
/* Takes an account out of a parcel into the store (sojourn/store_parcel.h).
 *
 * Items are decoded as they come, and come in one order only. All but archives is kept, bounded,
 * until it is complete, and then written in one frame: an account is there as a whole or not at
 * all. Entries of archives go the way of those of a room that is talked in (archive.c), each to the
 * place of its time, so that whoever reads or writes there meanwhile is not disturbed. The disk is
 * not waited for: who brings the items is told to come again. Unless the last commit failed: then
 * another one is tried, and what comes of it is told. */
#include <string.h>

#include "archive.h"
#include "behind.h"
#include "group.h"
#include "overlay.h"
#include "parcel.h"
#include "sojourn/memory.h"

#define IMPORT_BYTES_MAX (8u << 20)      /* of an account without its archives */

/* What goes when an account is replaced; its data key and the ids of its messages stay. */
static const enum store_table import_tables[] = {
    STORE_REGISTRATION, STORE_FLAGS, STORE_CONTACT, STORE_STATE, STORE_POSITION, STORE_PREFERENCE,
};

enum import_stage {
    IMPORT_BEFORE,
    IMPORT_SMALL,
    IMPORT_WRITES,                       /* all but archives is on its way to the disk */
    IMPORT_ARCHIVES,
    IMPORT_ENDS,                         /* the last of them are */
    IMPORT_DONE,
    IMPORT_FAILED
};

struct import_part {
    uint8_t *p;
    size_t n;
};

struct sj_import {
    struct sj_store *s;
    bool replace;
    const struct sj_import_calls *calls;
    enum import_stage stage;
    struct import_part *parts;           /* items of the account, the first is its own */
    size_t n, cap, bytes;
    bool seen[PARCEL_END + 1];           /* kinds of items that come once */
    bool fresh;                          /* with a new data key */
    enum sj_status outcome;              /* of the commit of all but archives */
    bool written;                        /* it is on the disk */
    uint64_t group;                      /* of the last archives */
    struct parcel_item account;          /* the first part, decoded */
    uint8_t user[STORE_PART_LEN];
    char *room;
    struct sj_import_count count;
};

struct sj_import *sj_import_new(struct sj_store *s, bool replace,
                                const struct sj_import_calls *calls)
{
    struct sj_import *im = sj_calloc(1, sizeof *im);
    im->s = s;
    im->replace = replace;
    im->calls = calls;
    return im;
}

static void import_forget(struct sj_import *im, size_t from)
{
    while (im->n > from) {
        struct import_part *part = &im->parts[--im->n];
        sj_wipe(part->p, part->n);
        sj_free(part->p);
    }
}

void sj_import_free(struct sj_import **at)
{
    struct sj_import *im = at ? *at : NULL;
    if (!im)
        return;
    sj_import_settle(im);
    import_forget(im, 0);
    sj_free(im->parts);
    sj_free(im->room);
    sj_free(im);
    *at = NULL;
}

bool sj_import_owner(const struct sj_import *im, struct sj_owner *out)
{
    if (im->n == 0)
        return false;
    *out = im->account.registration.owner;
    return true;
}

bool sj_import_is_written(const struct sj_import *im)
{
    return im->written;
}

bool sj_import_done(const struct sj_import *im, struct sj_import_count *out)
{
    *out = im->count;
    return im->stage == IMPORT_DONE;
}

static enum sj_status import_astray(struct sj_error *err)
{
    return sj_fail(err, SJ_INVALID, "the file makes no sense: this cannot come here");
}

/* --- collecting ----------------------------------------------------------------------------- */

static enum sj_status import_keep(struct sj_import *im, const uint8_t *p, size_t n,
                                  struct sj_error *err)
{
    if (n > IMPORT_BYTES_MAX - im->bytes)
        return sj_fail(err, SJ_LIMIT, "the account has more than %u MiB without its archives",
                       IMPORT_BYTES_MAX >> 20);
    if (im->n == im->cap) {
        im->cap = im->cap ? 2 * im->cap : 16;
        im->parts = sj_realloc(im->parts, im->cap * sizeof *im->parts);
    }
    im->parts[im->n] = (struct import_part){sj_malloc(n), n};
    memcpy(im->parts[im->n++].p, p, n);
    im->bytes += n;
    return SJ_OK;
}

static enum sj_status import_may(struct sj_import *im, bool now, struct sj_error *err)
{
    const struct sj_parcel_account account = {.owner = im->account.registration.owner,
                                              .kind = im->account.network,
                                              .archives = im->account.archives};
    return im->calls ? im->calls->may(im->calls->arg, &account, now, err) : SJ_OK;
}

static void import_on_old(const struct sj_registration *r, void *arg)
{
    (void)r;
    (void)arg;
}

/* Early, before everything is sent. */
static enum sj_status import_begin(struct sj_import *im, const uint8_t *p, size_t n,
                                   struct sj_error *err)
{
    struct sj_error inner = {.status = SJ_OK};
    enum sj_status status = import_keep(im, p, n, err);
    if (status != SJ_OK)
        return status;
    (void)parcel_item_decode(&im->account, im->parts[0].p, n);
    const struct sj_owner *owner = &im->account.registration.owner;
    status = record_check_registration(&im->account.registration, err);
    if (status != SJ_OK)
        return status;
    seal_user_part(im->s->seal, owner, im->user);
    if (!im->replace &&
        sj_store_registration_get(im->s, owner, import_on_old, NULL, &inner) != SJ_NOTFOUND)
        return sj_fail(err, SJ_EXISTS, "%s is registered at %s already: --replace puts this "
                       "account in its place", owner->user, owner->host);
    im->stage = IMPORT_SMALL;
    return import_may(im, false, err);
}

/* --- writing -------------------------------------------------------------------------------- */

static enum sj_status import_clear(struct sj_import *im, struct sj_error *err)
{
    struct engine *engine = im->s->engine;
    struct store_place place;
    struct store_bytes old;
    store_place_of(im->s, &place, STORE_REGISTRATION, im->user, "");
    enum sj_status status = engine->ops->get(engine, place.table, place.key, &old, err);
    im->count.replaced = status == SJ_OK;
    if (status == SJ_OK && !im->replace)
        return sj_fail(err, SJ_EXISTS, "the account was registered meanwhile");
    if (status != SJ_OK && status != SJ_NOTFOUND)
        return status;
    status = SJ_OK;
    for (size_t i = 0; status == SJ_OK && i < sizeof import_tables / sizeof import_tables[0]; i++)
        status = engine->ops->remove_prefix(engine, import_tables[i], im->user, STORE_PART_LEN,
                                            err);
    if (status == SJ_OK && im->account.archives)
        status = archive_erase(im->s, im->user, err);
    return status;
}

/* Under which record an item is kept. */
static bool import_place(struct sj_import *im, const struct parcel_item *item,
                         struct store_place *out)
{
    static const enum store_table tables[] = {
        [PARCEL_PREFERENCES] = STORE_PREFERENCE,
        [PARCEL_STATE] = STORE_STATE,
        [PARCEL_POSITION] = STORE_POSITION,
    };
    bool is_contact = item->kind == PARCEL_CONTACT;
    store_place_of(im->s, out, is_contact ? STORE_CONTACT : tables[item->kind], im->user,
                   is_contact ? item->contact.id : "");
    return is_contact;
}

/* What stands behind the kind of such an item is the record itself. */
static enum sj_status import_write(struct sj_import *im, const struct import_part *part,
                                   const struct seal_key *key, struct sj_error *err)
{
    struct parcel_item item;
    struct store_place place;
    if (!parcel_item_decode(&item, part->p, part->n))
        return import_astray(err);
    im->count.contacts += import_place(im, &item, &place);
    return sealed_put(im->s, &place, key, part->p + 1, part->n - 1, err);
}

static enum sj_status import_change(struct sj_store *s, void *arg, struct sj_error *err)
{
    struct sj_import *im = arg;
    struct seal_key key;
    im->count.contacts = 0;
    enum sj_status status = import_clear(im, err);
    if (status != SJ_OK)
        return status;
    status = registration_store(s, &im->account.registration, im->user, &key, &im->fresh, err);
    for (size_t i = 1; status == SJ_OK && i < im->n; i++)
        status = import_write(im, &im->parts[i], &key, err);
    seal_key_wipe(&key);
    return status;
}

static enum sj_status import_later(struct sj_error *err)
{
    return sj_fail(err, SJ_UNAVAILABLE, "the disk is busy: try again");
}

/* Once it was handed over. What the user has been given since, if it failed, was never there. */
static enum sj_status import_wait(struct sj_import *im, struct sj_error *err)
{
    if (im->s->import == im)
        return import_later(err);
    if (im->written) {
        im->stage = IMPORT_ARCHIVES;
        return SJ_OK;
    }
    (void)import_may(im, true, NULL);
    return sj_fail(err, im->outcome, "the account could not be written: is the disk full?");
}

/* It is taken back as it came; what the account was before counts again. */
static void import_undo(struct sj_import *im)
{
    uint32_t tables = 0;
    for (size_t i = 0; i < sizeof import_tables / sizeof import_tables[0]; i++)
        tables |= 1u << import_tables[i];
    if (im->account.archives)
        tables |= 1u << STORE_ARCHIVE | 1u << STORE_ARCHIVE_ID;
    store_forget(im->s, im->fresh ? OVERLAY_ALL_TABLES : tables, im->user);
}

void import_settle(struct sj_store *s, enum sj_status status)
{
    struct sj_import *im = s->import;
    if (!im)
        return;
    s->import = NULL;
    im->outcome = status;
    im->written = status == SJ_OK;
    if (status != SJ_OK)
        import_undo(im);
}

static enum sj_status import_write_all(struct sj_import *im, struct sj_error *err)
{
    struct sj_store *s = im->s;
    enum store_when when = s->pending_failed ? STORE_NOW : STORE_BEHIND;
    if (when == STORE_BEHIND && store_busy(s))
        return import_later(err);
    enum sj_status status = import_may(im, true, err);
    if (status == SJ_OK)
        status = store_write(s, when, import_change, im, err);
    if (status != SJ_OK)
        return status;
    import_forget(im, 1);
    im->stage = IMPORT_WRITES;
    s->import = im;
    if (!store_busy(s))
        import_settle(s, SJ_OK);         /* unless it has been settled within */
    return import_wait(im, err);
}

void sj_import_settle(struct sj_import *im)
{
    if (im->s->import == im)
        behind_wait(im->s->behind);
}

/* --- archives ------------------------------------------------------------------------------- */

static enum sj_status import_entry(struct sj_import *im, const struct parcel_item *item,
                                   struct sj_error *err)
{
    struct sj_error inner = {.status = SJ_OK};
    const struct record_archive *r = &item->entry;
    const struct sj_archive_entry e = {.time = r->time, .network_id = r->network_id,
                                       .data = r->data, .n = r->n};
    if (!im->room)
        return import_astray(err);
    enum sj_status status = archive_restore(im->s, &im->account.registration.owner, im->room, &e,
                                            item->place_ms, &inner);
    if (status == SJ_OK)
        im->count.entries++;
    else if (status == SJ_EXISTS || status == SJ_UNSUPPORTED)
        im->count.left_out++;
    else
        return sj_fail(err, status, "%s", inner.text);
    return SJ_OK;
}

/* Everything is on the disk, or on its way there. */
static enum sj_status import_end(struct sj_import *im, struct sj_error *err)
{
    struct sj_store *s = im->s;
    if (s->pending_failed) {
        im->stage = IMPORT_DONE;
        return sj_store_flush(s, err);
    }
    if (im->stage == IMPORT_ARCHIVES)
        im->group = sj_store_group(s);
    im->stage = IMPORT_ENDS;
    if (!group_empty(s) && !store_busy(s))
        (void)store_write(s, STORE_BEHIND, NULL, NULL, NULL);    /* else: pending_failed */
    if (sj_store_durable(s) < im->group)
        return import_later(err);
    im->stage = IMPORT_DONE;
    return SJ_OK;
}

static enum sj_status import_in_archives(struct sj_import *im, const struct parcel_item *item,
                                         struct sj_error *err)
{
    switch (item->kind) {
    case PARCEL_ROOM:
        sj_free(im->room);
        im->room = sj_strdup(item->room);
        im->count.rooms++;
        return im->account.archives ? SJ_OK : import_astray(err);
    case PARCEL_ENTRY:
        /* A disk that refuses is not waited for: a full list says so. */
        if (sj_store_is_pressed(im->s) && !im->s->pending_failed)
            return import_later(err);
        return import_entry(im, item, err);
    case PARCEL_END:
        return import_end(im, err);
    default:
        return import_astray(err);
    }
}

/* --- taking --------------------------------------------------------------------------------- */

static enum sj_status import_in_small(struct sj_import *im, const struct parcel_item *item,
                                      const uint8_t *p, size_t n, struct sj_error *err)
{
    if (item->kind == PARCEL_CONTACT)
        return import_keep(im, p, n, err);
    if (im->seen[item->kind])
        return import_astray(err);
    switch (item->kind) {
    case PARCEL_PREFERENCES:
    case PARCEL_STATE:
    case PARCEL_POSITION:
        im->seen[item->kind] = true;
        return import_keep(im, p, n, err);
    case PARCEL_ALL:
        return import_write_all(im, err);
    default:
        return import_astray(err);
    }
}

static enum sj_status import_take(struct sj_import *im, const struct parcel_item *item,
                                  const uint8_t *p, size_t n, struct sj_error *err)
{
    switch (im->stage) {
    case IMPORT_BEFORE:
        return item->kind == PARCEL_ACCOUNT ? import_begin(im, p, n, err) : import_astray(err);
    case IMPORT_SMALL:
        return import_in_small(im, item, p, n, err);
    case IMPORT_WRITES:
        return item->kind == PARCEL_ALL ? import_wait(im, err) : import_astray(err);
    case IMPORT_ARCHIVES:
        return import_in_archives(im, item, err);
    case IMPORT_ENDS:
        return item->kind == PARCEL_END ? import_end(im, err) : import_astray(err);
    case IMPORT_DONE:
    case IMPORT_FAILED:
        break;
    }
    return import_astray(err);
}

enum sj_status sj_import_item(struct sj_import *im, const uint8_t *p, size_t n,
                              struct sj_error *err)
{
    struct parcel_item item;
    enum sj_status status = parcel_item_decode(&item, p, n) ? import_take(im, &item, p, n, err)
                                                            : import_astray(err);
    if (status != SJ_OK && status != SJ_UNAVAILABLE)
        im->stage = IMPORT_FAILED;
    return status;
}
