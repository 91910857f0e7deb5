/* SPDX-License-Identifier: MPL-2.0 */
/* The store: registrations, contacts and link states, sealed at rest. LMDB and libsodium hidden.
 *
 * An *owner* is one account: hostname of the network, user's bare address, label ("" for now).
 * Every function that takes an owner or a record copies what it keeps. Lists are called back with
 * borrowed records that are valid until the callback returns; the callback must not call the store.
 *
 * Durability: a function returns SJ_OK only after its change is synced, except the ones that say
 * "grouped": those return at once and are synced within SJ_STORE_GROUP_MS, in order.
 * Errors common to all: SJ_LIMIT the disk or the map is full (nothing was changed, the store stays
 * usable; one line is logged), SJ_INTERNAL a record is damaged or the disk fails (logged with
 * the table and the hashed key). SJ_NOTFOUND: no such record. What is returned counts: after SJ_OK
 * err may hold what a look-up on the way has met. */
#ifndef SOJOURN_STORE_H
#define SOJOURN_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

#define SJ_STORE_GROUP_MS 10
#define SJ_STORE_VALUES_MAX 16u          /* account values of a registration */
#define SJ_STORE_VALUE_MAX 4095u         /* bytes of one value */
#define SJ_STORE_TEXT_MAX 3071u          /* bytes of an address, id, name or group */
#define SJ_STORE_BLOB_MAX 65536u
#define SJ_STORE_PREFERENCES_MAX 32u     /* of an owner */

struct sj_loop;
struct sj_log;
struct sj_store;

struct sj_owner {
    const char *host;        /* "irc.example.org" */
    const char *user;        /* bare, prepared: "romeo@example.org" */
    const char *label;       /* "" unless the user has several accounts there */
};

struct sj_store_value {
    const char *var;         /* field name */
    const char *value;       /* may be a secret: lent pointers are wiped after the callback */
};

struct sj_registration {
    struct sj_owner owner;
    int64_t created_at;                          /* UTC ms */
    bool sees_user;          /* the user lets the gateway see their presence */
    bool seen_by_user;       /* the gateway lets the user see its presence */
    bool online;             /* was logged in: log in again after a restart (grouped) */
    size_t n_values;
    struct sj_store_value values[SJ_STORE_VALUES_MAX];
};

struct sj_store_contact {
    const char *id;          /* canonical id over there */
    const char *name;        /* or NULL */
    const char *group;       /* or NULL */
    bool to;                 /* the user sees the contact's presence */
    bool from;               /* the contact sees the user's presence */
    bool asked_out;          /* the user asked, the contact has not answered */
    bool asked_in;           /* the contact asked, the user has not answered */
    bool suggested;          /* was offered to the user's client as a roster item */
    /* What the user's roster was last told of it. */
    const char *told_name;   /* with name_told; NULL: the same as name */
    const char *told_group;  /* likewise */
    bool name_told, group_told;
    bool named;              /* the user has given it a name of their own */
    bool asked;              /* it asked the user by itself: once, ever */
    bool created;            /* its roster item is ours */
    bool unwanted;           /* the user has removed it, and the network is to be told */
};

struct sj_store_options {
    const char *dir;         /* data directory, made (0700) when missing; NULL: in memory (tests) */
    const char *key_file;    /* 32 bytes, 0600, ours; made when missing and the store is empty */
    size_t map_bytes;        /* address space to start with; 0: 1 GiB; grows by itself */
    unsigned message_days;   /* ids of messages are kept so long (store_message.h); 0: default */
    unsigned archive_days;   /* what was said in rooms is (store_archive.h); 0: not at all */
    bool tool;               /* root may open what is another user's, and leaves it theirs */
    unsigned archive_messages;   /* of one room of an owner; 0: SJ_ARCHIVE_MESSAGES */
    uint64_t data_max_bytes; /* what all records may take (scarce.c); 0: what the disk has */
};

/* Opens. SJ_DENIED: the key file is not private, of the wrong size, unreadable, missing although
 * there are data, or not the key of these data, or the directory is not usable; SJ_EXISTS: another
 * process uses the directory; SJ_INVALID: newer schema than ours; SJ_INTERNAL: damaged; text says
 * what to do. loop drives grouped commits; loop and log are borrowed and outlive the store. */
enum sj_status sj_store_open(struct sj_store **out, struct sj_loop *loop, const struct sj_log *log,
                             const struct sj_store_options *options, struct sj_error *err);
/* Commits what is grouped, wipes keys, closes. */
void sj_store_close(struct sj_store **store);
/* Commits what is grouped now. */
enum sj_status sj_store_flush(struct sj_store *store, struct sj_error *err);

/* Does so much wait for a grouped commit, while the one before is under way, that soon a call
 * would have to wait for the disk? Whoever can make others wait does so then. Not while the disk
 * refuses and nothing more can be kept for it: waiting would not help. */
bool sj_store_is_pressed(const struct sj_store *store);
/* The number of the group that a value put last belongs to, 1 or more, and that of the last one of
 * which all is durable; of what was taken back before as well. */
uint64_t sj_store_group(const struct sj_store *store);
uint64_t sj_store_durable(const struct sj_store *store);
/* Is nothing on its way to the disk, and nothing to be tried again? */
bool sj_store_is_settled(struct sj_store *store);
/* settled is called when a grouped commit is durable (SJ_OK) or could not be made, also when it is
 * tried again; from the loop top or inside any call of the store. It must not call the store, but
 * for sj_store_is_pressed and sj_store_durable. One at a time; NULL: none. */
void sj_store_on_settled(struct sj_store *store, void (*settled)(void *arg, enum sj_status status),
                         void *arg);

/* The key for ids that are made of names and shown to others: the same as long as the key file is,
 * and not to be told (G421-05). Nothing is sealed with it. */
#define SJ_STORE_ID_KEY_LEN 32u
void sj_store_id_key(const struct sj_store *store, uint8_t out[SJ_STORE_ID_KEY_LEN]);

/* Makes a new key file (32 random bytes, mode 0600); SJ_EXISTS: something is there already. */
enum sj_status sj_store_genkey(const char *path, struct sj_error *err);
/* What open would say of this key file, without opening data: SJ_OK also when it is missing and
 * may be made. */
enum sj_status sj_store_check_key(const char *path, struct sj_error *err);

enum sj_status sj_store_registration_get(struct sj_store *, const struct sj_owner *,
                                         void (*fn)(const struct sj_registration *, void *arg),
                                         void *arg, struct sj_error *);
/* Removes the registration and everything of this owner; the data key is destroyed with it. Nothing
 * is seen of that before it is durable; then done (or NULL) is called, from the loop top or inside
 * sj_store_flush. err: it could not be made, and all is as before; SJ_NOTFOUND: there was none. */
void sj_store_registration_remove(struct sj_store *, const struct sj_owner *,
                                  void (*done)(void *arg, uint64_t ticket,
                                               const struct sj_error *err),
                                  void *arg, uint64_t ticket);
/* All registrations in no order; damaged ones are logged, counted in *damaged (may be NULL) and
 * passed over. fn may return false to stop. */
enum sj_status sj_store_registration_each(struct sj_store *, size_t *damaged,
                                          bool (*fn)(const struct sj_registration *, void *arg),
                                          void *arg, struct sj_error *);
/* Grouped. Only the flag; unknown owners are ignored at commit. */
void sj_store_online_put(struct sj_store *, const struct sj_owner *, bool online);
/* Grouped. Only the two subscription flags (they live in the same small record as online). */
void sj_store_subscription_put(struct sj_store *, const struct sj_owner *, bool sees_user,
                               bool seen_by_user);

/* One contact put or, with remove set, taken out (only its id counts then). */
struct sj_store_change {
    struct sj_owner owner;
    struct sj_store_contact contact;
    bool remove;
    /* Or a registration of the same owner, added or replaced, with its flags, and the state of its
     * link or NULL. Makes the user's data key at first. */
    const struct sj_registration *registration;
    const void *state;
    size_t state_len;
};
#define SJ_STORE_CHANGES_MAX 256u
/* All of the n changes or none, in one commit, in order, without waiting for the disk: after SJ_OK
 * readers see the changes, which are durable when sj_store_is_settled, or `settled` is called with
 * SJ_OK. If they cannot be made durable, registrations among them have been taken back when
 * `settled` says so, contacts stay and are tried again. What is to be removed need not be there.
 * Changes of owners without a registration, or with a damaged one (logged), are passed over;
 * SJ_NOTFOUND: that was all. SJ_UNAVAILABLE: nothing was done, the store is not settled. */
enum sj_status sj_store_changes_put(struct sj_store *, const struct sj_store_change *changes,
                                    size_t n, struct sj_error *);
/* The registration of this owner follows by sj_store_changes_put: what is grouped for it before
 * that waits for it, whatever is committed meanwhile. on false: it has come, or will not. */
void sj_store_expect(struct sj_store *, const struct sj_owner *, bool on);
/* SJ_NOTFOUND when the owner has no registration. */
enum sj_status sj_store_contact_each(struct sj_store *, const struct sj_owner *, size_t *damaged,
                                     bool (*fn)(const struct sj_store_contact *, void *arg),
                                     void *arg, struct sj_error *);

/* Grouped. The backend's own state of a link; len 0 removes it. False: it was dropped (logged). */
bool sj_store_state_put(struct sj_store *, const struct sj_owner *, const void *blob, size_t len);
enum sj_status sj_store_state_get(struct sj_store *, const struct sj_owner *,
                                  void (*fn)(const void *blob, size_t len, void *arg), void *arg,
                                  struct sj_error *);

/* Grouped. How far the network was heard (sojourn/host.h); NULL or "" removes it. */
void sj_store_position_put(struct sj_store *, const struct sj_owner *, const char *position);
/* position: len bytes, no NUL behind them. */
enum sj_status sj_store_position_get(struct sj_store *, const struct sj_owner *,
                                     void (*fn)(const void *position, size_t len, void *arg),
                                     void *arg, struct sj_error *);

/* Messages of an owner that are not known to have arrived; a number is put once, and removed with
 * n 0. Grouped. What is removed before it was committed never reaches the disk. renew: other data
 * for a number that was put before. */
#define SJ_STORE_JOURNAL_MAX (SJ_STORE_BLOB_MAX - 16u)
void sj_store_journal_put(struct sj_store *, const struct sj_owner *, uint64_t number,
                          const void *data, size_t n);
void sj_store_journal_renew(struct sj_store *, const struct sj_owner *, uint64_t number,
                            const void *data, size_t n);
/* All of an owner's that were committed, in no order. */
enum sj_status sj_store_journal_each(struct sj_store *, const struct sj_owner *,
                                     void (*fn)(uint64_t number, const void *data, size_t n,
                                                void *arg),
                                     void *arg, struct sj_error *);

/* What an owner chose, by name; what is not there has its default. */
struct sj_preferences {
    size_t n;
    struct sj_store_value values[SJ_STORE_PREFERENCES_MAX];
};
/* All of them, in place of those before; n 0: none. They are grouped: durable when sj_store_durable
 * says so of sj_store_group. SJ_NOTFOUND: the owner has no registration. SJ_LIMIT: the disk takes
 * nothing, and no more can wait for it. */
enum sj_status sj_store_preferences_put(struct sj_store *, const struct sj_owner *,
                                        const struct sj_preferences *, struct sj_error *);
/* SJ_NOTFOUND: there are none. */
enum sj_status sj_store_preferences_get(struct sj_store *, const struct sj_owner *,
                                        void (*fn)(const struct sj_preferences *, void *arg),
                                        void *arg, struct sj_error *);

/* What the gateway leaves to its next process: one blob, SJ_STORE_BLOB_MAX bytes at most, in place
 * of the one before; len 0: none. It goes behind all that is grouped, without waiting for the disk,
 * and is durable when sj_store_is_settled. SJ_UNAVAILABLE: nothing was done, the store is not. */
enum sj_status sj_store_memo_put(struct sj_store *, const void *blob, size_t len,
                                 struct sj_error *);
/* SJ_NOTFOUND: there is none. */
enum sj_status sj_store_memo_get(struct sj_store *,
                                 void (*fn)(const void *blob, size_t len, void *arg), void *arg,
                                 struct sj_error *);

struct sj_store_stats {
    uint64_t registrations;
    uint64_t records;
    uint64_t map_bytes, used_bytes;
};
void sj_store_stats(struct sj_store *, struct sj_store_stats *out);

#endif
