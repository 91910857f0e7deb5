/* SPDX-License-Identifier: MPL-2.0 */
/* How the records of each table are made, for what works on all tables alike. */
#ifndef SOJOURN_TABLE_H
#define SOJOURN_TABLE_H

#include "record.h"
#include "store_priv.h"

enum table_sealed {
    TABLE_CLEAR,                         /* nothing but hashes and numbers */
    TABLE_HEADER,                        /* with the key of the header */
    TABLE_WRAPPED,                       /* with the key that wraps data keys */
    TABLE_OWNED                          /* with the owner's data key */
};

/* The second half of a lookup key; the first is the user part, but in the header's table. */
enum table_tail {
    TABLE_FIXED,                         /* the header's */
    TABLE_ITEM,                          /* item part */
    TABLE_NUMBER,                        /* a number, zeros */
    TABLE_PLACE,                         /* half an item part, position */
    TABLE_LEAD                           /* half an item part, hash */
};

/* What a record says about where it belongs. */
struct table_fact {
    bool has_owner;
    struct sj_owner owner;
    const char *item;                    /* that its item part is made of; NULL: cannot be told */
    const char *room;                    /* the record of a room: its id; else NULL */
    const char *network_id;              /* an entry's; or NULL */
};

enum table_verdict { TABLE_SOUND, TABLE_DAMAGED, TABLE_ORPHANED, TABLE_ASTRAY, TABLE_LEAVING };

struct table_row {
    enum table_sealed sealed;
    enum table_tail tail;
    size_t clear;                        /* bytes of a value in front of the sealed ones */
    /* Hashes among the bytes in clear: where they begin, and how long each is (16, 8; 0: none). */
    size_t parts_at, part;
    bool lingers;                        /* records may outlive their account for a while */
    /* Plain bytes; false: they make no sense. NULL: the table is TABLE_CLEAR. */
    bool (*decode)(struct table_fact *out, uint8_t schema, const uint8_t *p, size_t n);
    /* Does all that it refers to exist? Inside a frame. NULL: it refers to nothing. */
    bool (*leads)(struct sj_store *s, const uint8_t key[STORE_KEY_LEN], struct store_bytes value);
};
const struct table_row *table_row(enum store_table table);

/* Is value one that only leads to another record, with nothing sealed in it? */
bool table_is_lead(enum store_table table, struct store_bytes value);
/* Bytes of a value in front of the sealed ones, of this record. */
size_t table_clear(enum store_table table, const uint8_t key[STORE_KEY_LEN]);
/* The key that a record is sealed with; user: the first half of its lookup key. SJ_NOTFOUND: the
 * owner's is gone. The caller wipes it. */
enum sj_status table_key(struct sj_store *s, enum store_table table,
                         const uint8_t user[STORE_PART_LEN], struct seal_key *out);
/* Inside a frame. */
enum table_verdict table_judge(struct sj_store *s, enum store_table table,
                               const uint8_t key[STORE_KEY_LEN], struct store_bytes value,
                               struct secret_buf *plain);

#endif
