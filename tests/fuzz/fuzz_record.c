/* SPDX-License-Identifier: MPL-2.0 */
/* Decoders of records, and what they accept: it must encode to the same bytes again.
 * Input: kind of record, schema byte, record. */
#include <assert.h>
#include <string.h>

#include "record.h"
#include "sojourn/memory.h"
#include "store_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A copy of the very size, so that sanitizers see a read past the end. */
static uint8_t *exact_copy(const uint8_t *p, size_t n)
{
    uint8_t *copy = sj_malloc(n);
    if (n > 0)
        memcpy(copy, p, n);
    return copy;
}

static void same(const uint8_t *p, size_t n, const uint8_t *again, size_t n_again)
{
    assert(n == n_again);
    assert(memcmp(p, again, n) == 0);
}

static void try_key(uint8_t schema, const uint8_t *p, size_t n, uint8_t *again)
{
    struct record_key k;
    if (!record_decode_key(&k, schema, p, n))
        return;
    assert(record_check_owner(&k.owner, NULL) == SJ_OK);
    same(p, n, again, record_encode_key(again, n, &k));
}

static void try_registration(uint8_t schema, const uint8_t *p, size_t n, uint8_t *again)
{
    struct sj_registration r;
    if (!record_decode_registration(&r, schema, p, n))
        return;
    assert(record_check_registration(&r, NULL) == SJ_OK);
    same(p, n, again, record_encode_registration(again, n, &r));
}

static void try_contact(uint8_t schema, const uint8_t *p, size_t n, uint8_t *again)
{
    struct sj_store_contact c;
    if (!record_decode_contact(&c, schema, p, n))
        return;
    assert(record_check_contact(&c, NULL) == SJ_OK);
    same(p, n, again, record_encode_contact(again, n, &c));
}

static void try_message(uint8_t schema, const uint8_t *p, size_t n, uint8_t *again)
{
    struct sj_store_message m;
    struct record_reactions set;
    if (record_decode_message(&m, schema, p, n)) {
        assert(record_check_message(&m));
        same(p, n, again, record_encode_message(again, n, &m));
    }
    if (record_decode_reactions(&set, schema, p, n)) {
        assert(record_check_reactions(set.text, set.n));
        same(p, n, again, record_encode_reactions(again, n, set.text, set.n));
    }
}

static void try_archive(uint8_t schema, const uint8_t *p, size_t n, uint8_t *again)
{
    struct record_archive a;
    struct record_archive_room room;
    if (record_decode_archive(&a, schema, p, n)) {
        assert(record_check_archive(&a));
        same(p, n, again, record_encode_archive(again, n, &a));
    }
    if (record_decode_archive_room(&room, schema, p, n)) {
        assert(room.n > 0 && room.room[0] != '\0');
        same(p, n, again, record_encode_archive_room(again, n, &room));
    }
}

static void try_preferences(uint8_t schema, const uint8_t *p, size_t n, uint8_t *again)
{
    struct sj_preferences set;
    if (!record_decode_preferences(&set, schema, p, n))
        return;
    assert(record_check_preferences(&set, NULL) == SJ_OK);
    same(p, n, again, record_encode_preferences(again, n, &set));
}

static void try_small(uint8_t kind, uint8_t schema, const uint8_t *p, size_t n, uint8_t *again)
{
    struct record_state state;
    uint8_t flags = 0;
    uint8_t id[STORE_PART_LEN];
    if (kind == STORE_FLAGS && record_decode_flags(&flags, schema, p, n))
        same(p, n, again, record_encode_flags(again, n, flags));
    if (kind == STORE_STATE && record_decode_state(&state, schema, p, n))
        same(p, n, again, record_encode_state(again, n, &state));
    if (kind == STORE_HEADER && record_decode_header(id, schema, p, n))
        same(p, n, again, record_encode_header(again, n, id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t n = size - 2;
    uint8_t kind = data[0] % STORE_TABLE_COUNT;
    uint8_t *p = exact_copy(data + 2, n);
    uint8_t *again = exact_copy(data + 2, n);
    if (kind == STORE_KEY)
        try_key(data[1], p, n, again);
    else if (kind == STORE_REGISTRATION)
        try_registration(data[1], p, n, again);
    else if (kind == STORE_CONTACT)
        try_contact(data[1], p, n, again);
    else if (kind == STORE_MESSAGE)
        try_message(data[1], p, n, again);
    else if (kind == STORE_ARCHIVE)
        try_archive(data[1], p, n, again);
    else if (kind == STORE_PREFERENCE)
        try_preferences(data[1], p, n, again);
    else
        try_small(kind, data[1], p, n, again);
    sj_free(again);
    sj_free(p);
    return 0;
}
