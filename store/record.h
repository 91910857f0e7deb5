/* SPDX-License-Identifier: MPL-2.0 */
/* Plain records to bytes and back. No keys, no engine.
 *
 * Encoders write at most cap bytes and return the number that the record takes; with cap 0 they
 * only count. The caller has checked the record. Decoders accept exactly what encoders of that
 * schema produce, bounded by the limits of sojourn/store.h; the result points into the bytes. */
#ifndef SOJOURN_RECORD_H
#define SOJOURN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal.h"
#include "sojourn/store.h"
#include "sojourn/store_archive.h"
#include "sojourn/store_message.h"

#define RECORD_VAR_MAX 63u               /* bytes of a value's field name */
#define RECORD_HEADER_LEN 28u            /* known text and store id */

/* An owner's data key, with the owner in plain: what re-keying starts from. */
struct record_key {
    struct sj_owner owner;
    const uint8_t *key;                  /* SEAL_KEY_LEN bytes */
};

/* What changes often about a registration, in one small record. */
enum record_flag {
    RECORD_ONLINE = 1u << 0,
    RECORD_SEES_USER = 1u << 1,
    RECORD_SEEN_BY_USER = 1u << 2,
    RECORD_FLAGS_ALL = (1u << 3) - 1
};

/* A link's state. */
struct record_state {
    const uint8_t *p;
    size_t n;
};

/* The user's set of reactions to a message: 1..SJ_REACTIONS_MAX. */
struct record_reactions {
    size_t n;
    const char *text[SJ_REACTIONS_MAX];
};

/* An entry of an archive. */
struct record_archive {
    uint32_t salt;                       /* random: another entry in its place has another id */
    int64_t time;                        /* UTC ms */
    const char *network_id;              /* or NULL */
    const uint8_t *data;
    size_t n;                            /* 1..SJ_ARCHIVE_DATA_MAX */
};

/* A room that has an archive. */
struct record_archive_room {
    uint64_t n;                          /* entries, at least one */
    const char *room;                    /* its canonical id */
};

/* SJ_INVALID with a text that names the member. */
enum sj_status record_check_owner(const struct sj_owner *o, struct sj_error *err);
enum sj_status record_check_registration(const struct sj_registration *r, struct sj_error *err);
enum sj_status record_check_preferences(const struct sj_preferences *p, struct sj_error *err);
bool record_check_message(const struct sj_store_message *m);     /* peer is not looked at */
bool record_check_reactions(const char *const *reactions, size_t n);
enum sj_status record_check_contact(const struct sj_store_contact *c, struct sj_error *err);
bool record_check_archive(const struct record_archive *a);

size_t record_encode_header(uint8_t *out, size_t cap, const uint8_t id[STORE_PART_LEN]);
size_t record_encode_key(uint8_t *out, size_t cap, const struct record_key *k);
size_t record_encode_registration(uint8_t *out, size_t cap, const struct sj_registration *r);
size_t record_encode_flags(uint8_t *out, size_t cap, uint8_t flags);
size_t record_encode_contact(uint8_t *out, size_t cap, const struct sj_store_contact *c);
size_t record_encode_message(uint8_t *out, size_t cap, const struct sj_store_message *m);
size_t record_encode_reactions(uint8_t *out, size_t cap, const char *const *reactions, size_t n);
size_t record_encode_preferences(uint8_t *out, size_t cap, const struct sj_preferences *p);
size_t record_encode_state(uint8_t *out, size_t cap, const struct record_state *s);
size_t record_encode_archive(uint8_t *out, size_t cap, const struct record_archive *a);
size_t record_encode_archive_room(uint8_t *out, size_t cap, const struct record_archive_room *r);

bool record_decode_header(uint8_t id[STORE_PART_LEN], uint8_t schema, const uint8_t *p, size_t n);
bool record_decode_key(struct record_key *out, uint8_t schema, const uint8_t *p, size_t n);
/* The three flags are false in out: they have a record of their own. */
bool record_decode_registration(struct sj_registration *out, uint8_t schema, const uint8_t *p,
                                size_t n);
bool record_decode_flags(uint8_t *out, uint8_t schema, const uint8_t *p, size_t n);
bool record_decode_contact(struct sj_store_contact *out, uint8_t schema, const uint8_t *p,
                           size_t n);
/* The record has no peer: NULL in out. */
bool record_decode_message(struct sj_store_message *out, uint8_t schema, const uint8_t *p,
                           size_t n);
bool record_decode_reactions(struct record_reactions *out, uint8_t schema, const uint8_t *p,
                             size_t n);
bool record_decode_preferences(struct sj_preferences *out, uint8_t schema, const uint8_t *p,
                               size_t n);
bool record_decode_state(struct record_state *out, uint8_t schema, const uint8_t *p, size_t n);
bool record_decode_archive(struct record_archive *out, uint8_t schema, const uint8_t *p, size_t n);
bool record_decode_archive_room(struct record_archive_room *out, uint8_t schema, const uint8_t *p,
                                size_t n);

#endif
