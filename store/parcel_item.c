/* SPDX-License-Identifier: MPL-2.0 */
/* Items of parcels to bytes and back: a kind, then a record as record.c makes it, or little more.
 * Decoding takes nothing but what encoding makes, and no longer texts than a store would. */
#include "parcel.h"

#include <string.h>

#include "record_io.h"

#define ITEM_NETWORK_MAX 63u             /* bytes of the name of a kind of network */
enum item_flag { ITEM_SEES_USER = 1u, ITEM_SEEN_BY_USER = 2u, ITEM_ARCHIVES = 4u, ITEM_ALL = 7u };

/* The record at its end; with cap 0 counts. */
static size_t item_record(uint8_t *p, size_t cap, const struct parcel_item *item)
{
    switch (item->kind) {
    case PARCEL_ACCOUNT:
        return record_encode_registration(p, cap, &item->registration);
    case PARCEL_CONTACT:
        return record_encode_contact(p, cap, &item->contact);
    case PARCEL_PREFERENCES:
        return record_encode_preferences(p, cap, &item->preferences);
    case PARCEL_STATE:
    case PARCEL_POSITION:
        return record_encode_state(p, cap, &item->state);
    case PARCEL_ENTRY:
        return record_encode_archive(p, cap, &item->entry);
    default:
        return 0;
    }
}

/* What comes in front of it. */
static void item_front(struct record_out *out, const struct parcel_item *item)
{
    const struct sj_registration *r = &item->registration;
    record_add_uint(out, item->kind, 1);
    if (item->kind == PARCEL_ACCOUNT) {
        record_add_uint(out, (r->sees_user ? ITEM_SEES_USER : 0u) |
                                 (r->seen_by_user ? ITEM_SEEN_BY_USER : 0u) |
                                 (item->archives ? ITEM_ARCHIVES : 0u), 1);
        record_add_text(out, item->network);
    } else if (item->kind == PARCEL_ROOM) {
        record_add_text(out, item->room);
    } else if (item->kind == PARCEL_ENTRY) {
        record_add_uint(out, (uint64_t)item->place_ms, 8);
    }
}

void parcel_item_encode(struct secret_buf *out, const struct parcel_item *item)
{
    struct record_out front = {NULL, 0, 0};
    item_front(&front, item);
    size_t n = item_record(NULL, 0, item);
    secret_buf_reserve(out, front.n + n);
    front = (struct record_out){out->p, 0, out->cap};
    item_front(&front, item);
    out->n = front.n + item_record(out->p + front.n, n, item);
}

static bool item_account(struct parcel_item *out, struct record_in *in)
{
    uint8_t flags = record_take_flags(in, ITEM_ALL);
    out->network = record_take_text(in, 0, ITEM_NETWORK_MAX);
    out->archives = (flags & ITEM_ARCHIVES) != 0;
    if (in->bad || !record_decode_registration(&out->registration, STORE_SCHEMA, in->p, in->n))
        return false;
    out->registration.sees_user = (flags & ITEM_SEES_USER) != 0;
    out->registration.seen_by_user = (flags & ITEM_SEEN_BY_USER) != 0;
    return true;
}

static bool item_room(struct parcel_item *out, struct record_in *in)
{
    out->room = record_take_text(in, 1, SJ_ID_MAX);
    return record_end(in);
}

static bool item_entry(struct parcel_item *out, struct record_in *in)
{
    uint64_t place = record_take_uint(in, 8);
    out->place_ms = (int64_t)(place > INT64_MAX ? INT64_MAX : place);
    return !in->bad && place <= INT64_MAX &&
           record_decode_archive(&out->entry, STORE_SCHEMA, in->p, in->n);
}

static bool item_position(struct parcel_item *out, const struct record_in *in)
{
    return record_decode_state(&out->state, STORE_SCHEMA, in->p, in->n) &&
           memchr(out->state.p, '\0', out->state.n) == NULL;
}

bool parcel_item_decode(struct parcel_item *out, const uint8_t *p, size_t n)
{
    struct record_in in = {p, n, false};
    uint64_t kind = record_take_uint(&in, 1);
    *out = (struct parcel_item){.kind = PARCEL_NONE};
    if (in.bad || kind > PARCEL_END)
        return false;
    out->kind = (enum parcel_kind)kind;
    switch (out->kind) {
    case PARCEL_ACCOUNT:
        return item_account(out, &in);
    case PARCEL_CONTACT:
        return record_decode_contact(&out->contact, STORE_SCHEMA, in.p, in.n);
    case PARCEL_PREFERENCES:
        return record_decode_preferences(&out->preferences, STORE_SCHEMA, in.p, in.n);
    case PARCEL_STATE:
        return record_decode_state(&out->state, STORE_SCHEMA, in.p, in.n);
    case PARCEL_POSITION:
        return item_position(out, &in);
    case PARCEL_ROOM:
        return item_room(out, &in);
    case PARCEL_ENTRY:
        return item_entry(out, &in);
    case PARCEL_ALL:
    case PARCEL_END:
        return record_end(&in);
    case PARCEL_NONE:
        break;
    }
    return false;
}

bool sj_parcel_account(struct sj_parcel_account *out, const uint8_t *item, size_t n)
{
    struct parcel_item decoded;
    if (!parcel_item_decode(&decoded, item, n) || decoded.kind != PARCEL_ACCOUNT)
        return false;
    *out = (struct sj_parcel_account){.owner = decoded.registration.owner, .kind = decoded.network,
                                      .archives = decoded.archives};
    return true;
}

bool sj_parcel_is_end(const uint8_t *item, size_t n)
{
    return n == 1 && item[0] == PARCEL_END;
}
