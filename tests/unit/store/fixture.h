/* SPDX-License-Identifier: MPL-2.0 */
/* What the tests of the store share: a loop, a temporary directory, a store on either engine, and
 * a log sink that counts lines an operator would have to read. */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "store_priv.h"

#if defined(__SANITIZE_ADDRESS__)
#define FIXTURE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIXTURE_ASAN 1
#endif
#endif
#ifndef FIXTURE_ASAN
#define FIXTURE_ASAN 0
#endif

enum fixture_engine { FIXTURE_LMDB, FIXTURE_MEM };

struct fixture {
    enum fixture_engine kind;
    struct sj_loop *loop;
    struct sj_log log;
    struct sj_store *store;
    char root[64];               /* the temporary directory */
    char dir[96];                /* data directory in it */
    char key_file[96];
    size_t map_bytes;
    unsigned archive_days, archive_messages;
    uint64_t data_max_bytes;
    unsigned errors;             /* lines at warn and error */
    char lines[16384];           /* all lines */
};

/* Makes loop and directory, opens nothing. */
void fixture_init(struct fixture *f, enum fixture_engine kind);
void fixture_open(struct fixture *f);
/* Opens and expects failure with this status and this piece of text. */
void fixture_refused(struct fixture *f, enum sj_status status, const char *text);
/* Closes and opens on the same data: files, or the engine in memory handed over. */
void fixture_reopen(struct fixture *f);
/* Closes, removes the directory, and expects this number of warn and error lines. */
void fixture_done(struct fixture *f, unsigned errors);
/* Removes what a test that failed has left; for .fini. */
void fixture_sweep(struct fixture *f);
void fixture_remove_tree(const char *path);

/* "romeo1@example.org" and so on; texts live in a static table of the fixture. */
struct sj_owner fixture_owner(unsigned i);
/* A registration with username and password of its own. */
struct sj_registration fixture_registration(unsigned i);
/* Changes, on the disk when it returns SJ_OK. */
enum sj_status fixture_write(struct sj_store *store, const struct sj_store_change *changes,
                             size_t n, struct sj_error *err);
enum sj_status fixture_put(struct sj_store *store, const struct sj_registration *r,
                           struct sj_error *err);
/* Durable when it returns SJ_OK. */
enum sj_status fixture_unregister(struct sj_store *store, const struct sj_owner *owner,
                                  struct sj_error *err);
/* Puts it and expects success. */
void fixture_register(struct fixture *f, unsigned i);

/* One change alone. */
enum sj_status fixture_contact_put(struct sj_store *store, const struct sj_owner *owner,
                                   const struct sj_store_contact *contact, struct sj_error *err);
enum sj_status fixture_contact_remove(struct sj_store *store, const struct sj_owner *owner,
                                      const char *id, struct sj_error *err);

/* A registration as lent to a callback, copied. */
struct copy {
    unsigned count;              /* calls */
    struct sj_registration r;
    char text[90000];            /* var=value lines, after host, user and label */
};
void copy_registration(const struct sj_registration *r, void *copy);
bool copy_each(const struct sj_registration *r, void *copy);
/* Loads it; SJ_OK expected. */
void fixture_load(struct fixture *f, unsigned i, struct copy *out);
enum sj_status fixture_get(struct fixture *f, unsigned i, struct copy *out);

/* Contacts as text: "id|name|group|flags\n" in no order. */
struct contacts {
    unsigned count;
    size_t damaged;
    char text[40000];
};
enum sj_status fixture_contacts(struct fixture *f, unsigned i, struct contacts *out);
enum sj_status fixture_add_contact(struct fixture *f, unsigned i, const char *id);

/* State of an owner: its length, or -1 when there is none; bytes to out. */
long fixture_state(struct fixture *f, unsigned i, unsigned char *out, size_t size);

/* Runs the loop until done says so; the test fails if that takes more than ten seconds. */
void fixture_until(struct fixture *f, bool (*done)(void *arg), void *arg);
/* A turn of the loop, which may wait a little for what is on its way to the disk. */
void fixture_turn(struct fixture *f);
/* Waits until the last grouped commit is durable. */
void fixture_settle(struct fixture *f);
/* The test clock, with some seconds more in which sweeps find the disk at rest. */
void fixture_advance(struct fixture *f, int64_t ms);
/* Records in all tables but the header. */
uint64_t fixture_records(struct fixture *f);
/* Calls change on the stored bytes of each record of a table and puts the result back. */
void fixture_tamper(struct fixture *f, enum store_table table,
                    void (*change)(unsigned char *p, size_t *n));

#endif
