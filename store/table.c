/* SPDX-License-Identifier: MPL-2.0 */
/* The tables, one row each: what keys and values are made of, how a record is decoded, and what it
 * refers to. The tools that go through whole tables (check, rekey) work by these rows, so
 * that a new table costs a row here and nothing there. */
#include "table.h"

#include <assert.h>
#include <string.h>

#include "archive.h"
#include "message.h"

/* --- decoding ------------------------------------------------------------------------------- */

static bool fact_header(struct table_fact *out, uint8_t schema, const uint8_t *p, size_t n)
{
    uint8_t id[STORE_PART_LEN];
    struct record_state memo;
    (void)out;
    return n == SEAL_ROOTS_LEN || record_decode_header(id, schema, p, n) ||
           record_decode_state(&memo, schema, p, n);
}

static bool fact_key(struct table_fact *out, uint8_t schema, const uint8_t *p, size_t n)
{
    struct record_key key;
    if (!record_decode_key(&key, schema, p, n))
        return false;
    *out = (struct table_fact){.has_owner = true, .owner = key.owner, .item = ""};
    return true;
}

static bool fact_registration(struct table_fact *out, uint8_t schema, const uint8_t *p, size_t n)
{
    struct sj_registration r;
    if (!record_decode_registration(&r, schema, p, n))
        return false;
    *out = (struct table_fact){.has_owner = true, .owner = r.owner, .item = ""};
    return true;
}

static bool fact_flags(struct table_fact *out, uint8_t schema, const uint8_t *p, size_t n)
{
    uint8_t flags;
    out->item = "";
    return record_decode_flags(&flags, schema, p, n);
}

static bool fact_contact(struct table_fact *out, uint8_t schema, const uint8_t *p, size_t n)
{
    struct sj_store_contact contact;
    if (!record_decode_contact(&contact, schema, p, n))
        return false;
    out->item = contact.id;
    return true;
}

static bool fact_state(struct table_fact *out, uint8_t schema, const uint8_t *p, size_t n)
{
    struct record_state state;
    out->item = "";
    return record_decode_state(&state, schema, p, n);
}

/* Its number stands in what only the gateway reads. */
static bool fact_journal(struct table_fact *out, uint8_t schema, const uint8_t *p, size_t n)
{
    struct record_state state;
    (void)out;
    return record_decode_state(&state, schema, p, n);
}

static bool fact_preference(struct table_fact *out, uint8_t schema, const uint8_t *p, size_t n)
{
    struct sj_preferences set;
    out->item = "";
    return record_decode_preferences(&set, schema, p, n);
}

/* The peer is in no record, so the item part cannot be made again. */
static bool fact_message(struct table_fact *out, uint8_t schema, const uint8_t *p, size_t n)
{
    struct sj_store_message m;
    struct record_reactions set;
    (void)out;
    return record_decode_message(&m, schema, p, n) || record_decode_reactions(&set, schema, p, n);
}

static bool fact_archive(struct table_fact *out, uint8_t schema, const uint8_t *p, size_t n)
{
    struct record_archive entry;
    struct record_archive_room room;
    if (record_decode_archive(&entry, schema, p, n)) {
        out->network_id = entry.network_id;
        return true;
    }
    if (!record_decode_archive_room(&room, schema, p, n))
        return false;
    out->room = room.room;
    return true;
}

/* --- references ----------------------------------------------------------------------------- */

static bool lead_exists(struct sj_store *s, enum store_table table,
                        const uint8_t key[STORE_KEY_LEN], struct store_bytes *out)
{
    return s->engine->ops->get(s->engine, table, key, out, NULL) == SJ_OK;
}

/* A record's number has an entry in the order, and what leads to another leads to one of the same
 * number. */
static bool lead_of_message(struct sj_store *s, const uint8_t key[STORE_KEY_LEN],
                            struct store_bytes value)
{
    uint8_t at[STORE_KEY_LEN] = {0};
    uint8_t seq[MESSAGE_SEQ_LEN];
    struct store_bytes there;
    if (value.n < MESSAGE_SEQ_LEN)
        return false;
    memcpy(seq, value.p, sizeof seq);
    bool sound = true;
    if (table_is_lead(STORE_MESSAGE, value)) {
        memcpy(at, key, STORE_PART_LEN);
        memcpy(at + STORE_PART_LEN, value.p + MESSAGE_SEQ_LEN, STORE_PART_LEN);
        sound = lead_exists(s, STORE_MESSAGE, at, &there) &&
                !table_is_lead(STORE_MESSAGE, there) && there.n >= sizeof seq &&
                memcmp(there.p, seq, sizeof seq) == 0;
    }
    memset(at, 0, sizeof at);
    memcpy(at, key, STORE_PART_LEN);
    memcpy(at + STORE_PART_LEN, seq, sizeof seq);
    return sound && lead_exists(s, STORE_MESSAGE_ORDER, at, &there);
}

/* At least one item still carries the number: else the entry stands for nothing. */
static bool lead_of_order(struct sj_store *s, const uint8_t key[STORE_KEY_LEN],
                          struct store_bytes value)
{
    struct store_found found = {.value = value};
    uint8_t at[STORE_KEY_LEN];
    struct store_bytes there;
    uint32_t day;
    if (!order_day(&found, &day))
        return false;
    memcpy(at, key, STORE_PART_LEN);
    for (size_t i = sizeof day; i < value.n; i += STORE_PART_LEN) {
        memcpy(at + STORE_PART_LEN, value.p + i, STORE_PART_LEN);
        if (lead_exists(s, STORE_MESSAGE, at, &there) && there.n >= MESSAGE_SEQ_LEN &&
            memcmp(there.p, key + STORE_PART_LEN, MESSAGE_SEQ_LEN) == 0)
            return true;
    }
    return false;
}

/* An entry's room has its record, and what an entry is found by is there. */
static bool lead_of_archive(struct sj_store *s, const uint8_t key[STORE_KEY_LEN],
                            struct store_bytes value)
{
    static const uint8_t none[ARCHIVE_HASH_LEN];
    uint8_t at[STORE_KEY_LEN] = {0};
    struct store_bytes there;
    memcpy(at, key, ARCHIVE_PREFIX_LEN);
    if (archive_position(key) == 0)
        return true;
    if (value.n < ARCHIVE_HASH_LEN || !lead_exists(s, STORE_ARCHIVE, at, &there))
        return false;
    memcpy(at + ARCHIVE_PREFIX_LEN, value.p, ARCHIVE_HASH_LEN);
    return memcmp(value.p, none, sizeof none) == 0 || lead_exists(s, STORE_ARCHIVE_ID, at, &there);
}

static bool lead_of_archive_id(struct sj_store *s, const uint8_t key[STORE_KEY_LEN],
                               struct store_bytes value)
{
    uint8_t at[STORE_KEY_LEN];
    struct store_bytes there;
    if (value.n != STORE_KEY_LEN - ARCHIVE_PREFIX_LEN)
        return false;
    memcpy(at, key, ARCHIVE_PREFIX_LEN);
    memcpy(at + ARCHIVE_PREFIX_LEN, value.p, value.n);
    return lead_exists(s, STORE_ARCHIVE, at, &there) && there.n >= ARCHIVE_HASH_LEN &&
           memcmp(there.p, key + ARCHIVE_PREFIX_LEN, ARCHIVE_HASH_LEN) == 0;
}

/* --- the rows ------------------------------------------------------------------------------- */

static const struct table_row table_rows[STORE_TABLE_COUNT] = {
    [STORE_HEADER] = {TABLE_HEADER, TABLE_FIXED, .decode = fact_header},
    [STORE_KEY] = {TABLE_WRAPPED, TABLE_ITEM, .decode = fact_key},
    [STORE_REGISTRATION] = {TABLE_OWNED, TABLE_ITEM, .decode = fact_registration},
    [STORE_FLAGS] = {TABLE_OWNED, TABLE_ITEM, .decode = fact_flags},
    [STORE_CONTACT] = {TABLE_OWNED, TABLE_ITEM, .decode = fact_contact},
    [STORE_STATE] = {TABLE_OWNED, TABLE_ITEM, .decode = fact_state},
    [STORE_POSITION] = {TABLE_OWNED, TABLE_ITEM, .decode = fact_state},
    [STORE_JOURNAL] = {TABLE_OWNED, TABLE_ITEM, .decode = fact_journal},
    [STORE_MESSAGE] = {TABLE_OWNED, TABLE_ITEM, .clear = MESSAGE_SEQ_LEN,
                       .parts_at = MESSAGE_SEQ_LEN, .part = STORE_PART_LEN,
                       .decode = fact_message, .leads = lead_of_message},
    [STORE_MESSAGE_ORDER] = {TABLE_CLEAR, TABLE_NUMBER, .parts_at = sizeof(uint32_t),
                             .part = STORE_PART_LEN, .leads = lead_of_order},
    [STORE_PREFERENCE] = {TABLE_OWNED, TABLE_ITEM, .decode = fact_preference},
    [STORE_ARCHIVE] = {TABLE_OWNED, TABLE_PLACE, .clear = ARCHIVE_HASH_LEN,
                       .part = ARCHIVE_HASH_LEN, .lingers = true,
                       .decode = fact_archive, .leads = lead_of_archive},
    [STORE_ARCHIVE_ID] = {TABLE_CLEAR, TABLE_LEAD, .lingers = true, .leads = lead_of_archive_id},
};

const struct table_row *table_row(enum store_table table)
{
    const struct table_row *row = &table_rows[table];
    assert(row->decode || row->leads);   /* a table without a row */
    return row;
}

bool table_is_lead(enum store_table table, struct store_bytes value)
{
    return table == STORE_MESSAGE && value.n == MESSAGE_SEQ_LEN + STORE_PART_LEN;
}

/* A room's own record has nothing in front. */
size_t table_clear(enum store_table table, const uint8_t key[STORE_KEY_LEN])
{
    bool bare = table == STORE_ARCHIVE && archive_position(key) == 0;
    return bare ? 0 : table_row(table)->clear;
}

enum sj_status table_key(struct sj_store *s, enum store_table table,
                         const uint8_t user[STORE_PART_LEN], struct seal_key *out)
{
    switch (table_row(table)->sealed) {
    case TABLE_HEADER:
        *out = *seal_header_key(s->seal);
        return SJ_OK;
    case TABLE_WRAPPED:
        *out = *seal_wrap_key(s->seal);
        return SJ_OK;
    case TABLE_OWNED:
        return sealed_data_key(s, user, out, NULL);
    case TABLE_CLEAR:
        break;
    }
    *out = (struct seal_key){{0}};
    return SJ_OK;
}

/* --- judging -------------------------------------------------------------------------------- */

/* Does the owner still have both a key and a registration? */
static enum sj_status judge_owner(struct sj_store *s, const uint8_t user[STORE_PART_LEN])
{
    static const enum store_table both[] = {STORE_KEY, STORE_REGISTRATION};
    enum sj_status status = SJ_OK;
    for (size_t i = 0; status == SJ_OK && i < sizeof both / sizeof both[0]; i++) {
        struct store_place place;
        struct store_bytes there;
        store_place_of(s, &place, both[i], user, "");
        status = s->engine->ops->get(s->engine, both[i], place.key, &there, NULL);
    }
    return status;
}

/* Does it stand where what it says belongs? */
static bool judge_place(struct sj_store *s, const struct store_place *place,
                        const struct table_fact *fact)
{
    uint8_t part[STORE_KEY_LEN];
    if (fact->has_owner) {
        seal_user_part(s->seal, &fact->owner, part);
        if (memcmp(part, place->key, STORE_PART_LEN) != 0)
            return false;
    }
    if (fact->room) {
        archive_prefix(s, place->key, fact->room, part);
        return archive_position(place->key) == 0 &&
               memcmp(part, place->key, ARCHIVE_PREFIX_LEN) == 0;
    }
    if (!fact->item)
        return true;
    seal_item_part(s->seal, place->key, store_table_name(place->table), fact->item, part);
    return memcmp(part, place->key + STORE_PART_LEN, STORE_PART_LEN) == 0;
}

/* Opens and decodes. */
static enum table_verdict judge_record(struct sj_store *s, const struct store_place *place,
                                       const struct seal_key *key, struct store_bytes value,
                                       struct secret_buf *plain)
{
    const struct table_row *row = table_row(place->table);
    struct table_fact fact = {.has_owner = false};
    size_t clear = table_clear(place->table, place->key);
    if (value.n <= clear || value.p[clear] == 0 || value.p[clear] > STORE_SCHEMA) {
        sealed_damaged(s, place, NULL);
        return TABLE_DAMAGED;
    }
    value.p += clear;
    value.n -= clear;
    if (sealed_open(s, place, key, value, plain, NULL) != SJ_OK)
        return TABLE_DAMAGED;
    if (!row->decode(&fact, value.p[0], plain->p, plain->n)) {
        sealed_damaged(s, place, NULL);
        return TABLE_DAMAGED;
    }
    return judge_place(s, place, &fact) ? TABLE_SOUND : TABLE_ASTRAY;
}

enum table_verdict table_judge(struct sj_store *s, enum store_table table,
                               const uint8_t key[STORE_KEY_LEN], struct store_bytes value,
                               struct secret_buf *plain)
{
    const struct table_row *row = table_row(table);
    struct store_place place = {.table = table};
    struct seal_key sealed_with;
    enum table_verdict verdict = TABLE_SOUND;
    memcpy(place.key, key, STORE_KEY_LEN);
    if (row->tail != TABLE_FIXED && judge_owner(s, key) == SJ_NOTFOUND)
        return row->lingers ? TABLE_LEAVING : TABLE_ORPHANED;
    if (row->sealed != TABLE_CLEAR && !table_is_lead(table, value)) {
        verdict = table_key(s, table, key, &sealed_with) == SJ_OK
                      ? judge_record(s, &place, &sealed_with, value, plain)
                      : TABLE_DAMAGED;
        seal_key_wipe(&sealed_with);
    }
    if (verdict == TABLE_SOUND && row->leads && !row->leads(s, key, value))
        return TABLE_ASTRAY;
    return verdict;
}
