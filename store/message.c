/* SPDX-License-Identifier: MPL-2.0 */
/* Ids of messages that users sent, both ways, and users' last reactions (sojourn/store_message.h).
 *
 * Names that hold the network's id are opened without the store's help (message_name.c); the rest
 * is looked for among what waits (message_wait.c), then on the disk. Records are sealed with the
 * owner's data key, items are keyed hashes of peer and id: a copy without the key tells how many
 * there are and of which days, no more. */
#include <string.h>

#include "message.h"
#include "message_name.h"
#include "record.h"
#include "sojourn/strbuf.h"

void message_item_of(const struct sj_store *s, uint8_t out[STORE_PART_LEN],
                     const uint8_t user[STORE_PART_LEN], enum message_item kind, const char *peer,
                     const char *id)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, SIZE_MAX / 2);
    /* No id and no peer holds a control character. */
    sj_strbuf_addf(&text, "%c%s\x01%s", (int)kind, peer, id);
    seal_item_part(s->seal, user, store_table_name(STORE_MESSAGE), text.s, out);
    sj_strbuf_release(&text);
}

void message_record(struct sj_store *s, const uint8_t user[STORE_PART_LEN],
                    const struct sj_store_message *m)
{
    uint8_t items[MESSAGE_ITEMS_MAX][STORE_PART_LEN];
    struct secret_buf plain = {NULL, 0, 0};
    size_t n = 0;
    if (!record_check_message(m))
        return;                          /* nobody can name it by such ids */
    message_item_of(s, items[n++], user, MESSAGE_BY_ID, m->peer, m->id);
    if (m->other_id)
        message_item_of(s, items[n++], user, MESSAGE_BY_ID, m->peer, m->other_id);
    if (!m->later)
        message_item_of(s, items[n++], user, MESSAGE_BY_NETWORK, m->peer, m->network_id);
    secret_buf_reserve(&plain, record_encode_message(NULL, 0, m));
    plain.n = record_encode_message(plain.p, plain.cap, m);
    waits_add(s, user, items, n, plain.p, plain.n);
    secret_buf_release(&plain);
}

void sj_store_message_put(struct sj_store *s, const struct sj_owner *owner,
                          const struct sj_store_message *m)
{
    uint8_t user[STORE_PART_LEN];
    if (record_check_owner(owner, NULL) != SJ_OK)
        return;
    seal_user_part(s->seal, owner, user);
    message_record(s, user, m);
}

/* --- looking up --------------------------------------------------------------------------- */

/* What stands on the disk under an item: the record's own place and its sealed bytes. */
static enum sj_status message_stored(struct sj_store *s, struct store_place *place,
                                     struct store_bytes *sealed, struct sj_error *err)
{
    for (unsigned step = 0; step < 2; step++) {
        enum sj_status status = s->engine->ops->get(s->engine, STORE_MESSAGE, place->key, sealed,
                                                    err);
        if (status != SJ_OK)
            return status;
        if (sealed->n != MESSAGE_SEQ_LEN + STORE_PART_LEN)
            break;                       /* no lead: the record itself */
        memcpy(place->key + STORE_PART_LEN, sealed->p + MESSAGE_SEQ_LEN, STORE_PART_LEN);
    }
    if (sealed->n <= MESSAGE_SEQ_LEN + STORE_PART_LEN)
        return sealed_damaged(s, place, err);
    sealed->p += MESSAGE_SEQ_LEN;
    sealed->n -= MESSAGE_SEQ_LEN;
    return SJ_OK;
}

static enum sj_status message_load_stored(struct sj_store *s, struct store_place *place,
                                          struct secret_buf *plain, struct sj_error *err)
{
    struct store_bytes sealed;
    struct seal_key key;
    enum sj_status status = store_read_begin(s, err);
    if (status != SJ_OK)
        return status;
    status = message_stored(s, place, &sealed, err);
    if (status == SJ_OK) {
        status = sealed_owner_key(s, place->key, &key, err);
        if (status == SJ_OK)
            status = sealed_open(s, place, &key, sealed, plain, err);
        seal_key_wipe(&key);
    }
    store_read_end(s);
    return status;
}

/* The plain record of an item into plain: a waiting one, else the stored one. */
static enum sj_status message_load(struct sj_store *s, struct store_place *place,
                                   struct secret_buf *plain, struct sj_error *err)
{
    const struct message_wait *w = waits_find(s, place->key + STORE_PART_LEN);
    if (!w)
        return message_load_stored(s, place, plain, err);
    if (w->n == 0)
        return sj_fail(err, SJ_NOTFOUND, "no such record");
    secret_buf_reserve(plain, w->n);
    memcpy(plain->p, w->plain, w->n);
    plain->n = w->n;
    return SJ_OK;
}

static enum sj_status message_place(struct sj_store *s, struct store_place *out,
                                    const struct sj_owner *owner, enum message_item kind,
                                    const char *peer, const char *id, struct sj_error *err)
{
    enum sj_status status = record_check_owner(owner, err);
    if (status != SJ_OK)
        return status;
    if (strnlen(id, SJ_ID_MAX + 1) > SJ_ID_MAX)
        return sj_fail(err, SJ_NOTFOUND, "no such record");
    out->table = STORE_MESSAGE;
    seal_user_part(s->seal, owner, out->key);
    message_item_of(s, out->key + STORE_PART_LEN, out->key, kind, peer, id);
    return SJ_OK;
}

static enum sj_status message_find(struct sj_store *s, struct store_place *place, const char *peer,
                                   void (*fn)(const struct sj_store_message *, void *arg),
                                   void *arg, struct sj_error *err)
{
    struct secret_buf plain = {NULL, 0, 0};
    struct sj_store_message m;
    enum sj_status status = message_load(s, place, &plain, err);
    if (status == SJ_OK && !record_decode_message(&m, STORE_SCHEMA, plain.p, plain.n))
        status = sealed_damaged(s, place, err);
    if (status == SJ_OK) {
        m.peer = peer;
        fn(&m, arg);
    }
    secret_buf_release(&plain);
    return status;
}

enum sj_status sj_store_message_find(struct sj_store *s, const struct sj_owner *owner,
                                     const char *peer, const char *id,
                                     void (*fn)(const struct sj_store_message *, void *arg),
                                     void *arg, struct sj_error *err)
{
    struct store_place place;
    struct message_name name;
    enum sj_status status = message_place(s, &place, owner, MESSAGE_BY_ID, peer, id, err);
    if (status != SJ_OK)
        return status;
    if (!name_open(s, place.key, peer, id, &name) || name.hashed)
        return message_find(s, &place, peer, fn, arg, err);
    fn(&(struct sj_store_message){.peer = peer, .network_id = name.id, .own = name.own,
                                  .later = name.later}, arg);
    return SJ_OK;
}

enum sj_status sj_store_message_find_network(struct sj_store *s, const struct sj_owner *owner,
                                             const char *peer, const char *network_id,
                                             void (*fn)(const struct sj_store_message *, void *arg),
                                             void *arg, struct sj_error *err)
{
    struct store_place place;
    enum sj_status status = message_place(s, &place, owner, MESSAGE_BY_NETWORK, peer, network_id,
                                          err);
    return status == SJ_OK ? message_find(s, &place, peer, fn, arg, err) : status;
}

/* --- reactions ---------------------------------------------------------------------------- */

void sj_store_reactions_put(struct sj_store *s, const struct sj_owner *owner, const char *peer,
                            const char *network_id, const char *const *reactions, size_t n)
{
    uint8_t item[1][STORE_PART_LEN];
    struct secret_buf plain = {NULL, 0, 0};
    struct store_place place;
    if (!record_check_reactions(reactions, n) ||
        message_place(s, &place, owner, MESSAGE_REACTIONS, peer, network_id, NULL) != SJ_OK)
        return;
    if (n > 0) {
        secret_buf_reserve(&plain, record_encode_reactions(NULL, 0, reactions, n));
        plain.n = record_encode_reactions(plain.p, plain.cap, reactions, n);
    }
    memcpy(item[0], place.key + STORE_PART_LEN, STORE_PART_LEN);
    waits_add(s, place.key, item, 1, plain.p, plain.n);
    secret_buf_release(&plain);
}

enum sj_status sj_store_reactions_get(struct sj_store *s, const struct sj_owner *owner,
                                      const char *peer, const char *network_id,
                                      void (*fn)(const char *const *reactions, size_t n, void *arg),
                                      void *arg, struct sj_error *err)
{
    struct secret_buf plain = {NULL, 0, 0};
    struct record_reactions set;
    struct store_place place;
    enum sj_status status = message_place(s, &place, owner, MESSAGE_REACTIONS, peer, network_id,
                                          err);
    if (status == SJ_OK)
        status = message_load(s, &place, &plain, err);
    if (status == SJ_OK && !record_decode_reactions(&set, STORE_SCHEMA, plain.p, plain.n))
        status = sealed_damaged(s, &place, err);
    if (status == SJ_OK)
        fn(set.text, set.n, arg);
    secret_buf_release(&plain);
    return status;
}
