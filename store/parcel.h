/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of parcels share: the file as a stream of bytes, and what items are made of. */
#ifndef SOJOURN_PARCEL_H
#define SOJOURN_PARCEL_H

#include "record.h"
#include "sojourn/store_parcel.h"
#include "store_priv.h"

/* --- parcel.c ------------------------------------------------------------------------------- */

enum sj_status parcel_add(struct sj_parcel *p, const uint8_t *item, size_t n,
                          struct sj_error *err);
/* Bytes as they are, without a length: for tests of what reads them. */
enum sj_status parcel_add_bytes(struct sj_parcel *p, const uint8_t *bytes, size_t n,
                                struct sj_error *err);

/* --- parcel_item.c -------------------------------------------------------------------------- */

/* In this order: an account; contacts, preferences, state, position, each of the last three once
 * and in any order; that this was all; rooms, each with its entries; the end. */
enum parcel_kind {
    PARCEL_NONE,                         /* no item */
    PARCEL_ACCOUNT,
    PARCEL_CONTACT,
    PARCEL_PREFERENCES,
    PARCEL_STATE,
    PARCEL_POSITION,
    PARCEL_ALL,
    PARCEL_ROOM,
    PARCEL_ENTRY,
    PARCEL_END
};

/* An item, decoded; lent by its bytes. */
struct parcel_item {
    enum parcel_kind kind;
    const char *network;                 /* ACCOUNT: what kind of network */
    bool archives;                       /* ACCOUNT: rooms may follow */
    struct sj_registration registration;
    struct sj_store_contact contact;
    struct sj_preferences preferences;
    struct record_state state;           /* STATE, POSITION */
    const char *room;
    int64_t place_ms;                    /* ENTRY: where it stands */
    struct record_archive entry;
};
/* Into out, which is wiped and freed by the caller. */
void parcel_item_encode(struct secret_buf *out, const struct parcel_item *item);
/* False: it makes no sense. */
bool parcel_item_decode(struct parcel_item *out, const uint8_t *p, size_t n);

#endif
