/* SPDX-License-Identifier: MPL-2.0 */
/* A gateway's half for tests of any backend: one net, up to RECORDER_LINKS links, a host that
 * records, and the test clock. A test reads like a transcript: operations as calls, events as
 * lines in order, each with the number of its link in front.
 *
 *   1 up                      1 down asked[: words]        1 self romeo
 *   1 op 3 ok                 1 op 3 not found             1 save 12
 *   1 message echo hello      1 action echo waves          1 notice echo beep
 *   1 contact echo online Echo: status    (name and status only when there are any)
 *   1 profile echo Full Name  1 avatar echo ID bytes
 *   1 gone juliet: why        1 request juliet             1 renamed a b       1 tell text
 *   1 listed
 *   1 message echo caption<name 12>     1 wants 3 65536    1 chunk 4 12
 *
 * Broken rules of sojourn/backend.h fail the test where they are broken: a host call from inside an
 * operation, an outcome that is not owed or comes twice, anything after DOWN or link_free, DOWN
 * while outcomes are owed, ids that are not canonical, texts that are not clean. */
#ifndef TEST_RECORDER_H
#define TEST_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "sojourn/loop.h"

#define RECORDER_LINKS 8u

struct recorder;

/* options: "name=value name=value"; the rest has its defaults. pump: also called in each turn, for
 * whatever the backend speaks to; may be NULL. */
struct recorder *recorder_new(const struct sj_backend *backend, const char *options,
                              void (*pump)(void *arg), void *arg);
void recorder_free(struct recorder **r);
/* Records what is told of messages beside their text too: ids of what was sent, received,
 * displayed, and behind each text
 * "[id=5-echo confirm attention replaces=1-echo reply=2-romeo style=0:2-4]". */
void recorder_hear_all(struct recorder *r);
/* The same of "position". */
void recorder_hear_positions(struct recorder *r);
/* Before connect: link n goes on from the last position that was told for n, if there is one. */
void recorder_resume(struct recorder *r, unsigned n);
/* From here on lines at warn are right (their number: recorder_warnings). */
void recorder_expect_warnings(struct recorder *r);
unsigned recorder_warnings(const struct recorder *r);
struct sj_net *recorder_net(const struct recorder *r);
struct sj_link *recorder_link(const struct recorder *r, unsigned n);

/* Makes link n (1..RECORDER_LINKS), of session n, with fields as "username=x password=y" and what
 * was saved for n before. recorder_make_as: of another session. */
void recorder_make(struct recorder *r, unsigned n, const char *fields);
void recorder_make_as(struct recorder *r, unsigned n, uint64_t session, const char *fields);
/* What link n is given as its kept state when it is made; NULL: nothing. */
void recorder_keep(struct recorder *r, unsigned n, const void *blob, size_t len);
/* From here on nobody is told that what was saved is on the disk, but by recorder_saved. */
void recorder_hold_saves(struct recorder *r);
void recorder_saved(struct recorder *r, unsigned n, enum sj_status status);
enum sj_status recorder_connect(struct recorder *r, unsigned n);
/* recorder_make, recorder_connect, and all that follows until it is quiet; then forgets events. */
void recorder_log_in(struct recorder *r, unsigned n, const char *fields);
void recorder_disconnect(struct recorder *r, unsigned n);
void recorder_free_link(struct recorder *r, unsigned n);

/* Operations. Each gets the next op number of the test, from 1; recorder_next_op tells which. */
sj_op recorder_next_op(const struct recorder *r);
enum sj_status recorder_send(struct recorder *r, unsigned n, const char *peer, const char *body);
enum sj_status recorder_send_message(struct recorder *r, unsigned n, const struct sj_message *m);
enum sj_status recorder_mark(struct recorder *r, unsigned n, const struct sj_mark *m);
enum sj_status recorder_add(struct recorder *r, unsigned n, const char *id);
/* For the values of the first two search_fields. */
enum sj_status recorder_search(struct recorder *r, unsigned n, const char *first,
                               const char *second);
/* Files: bytes that a link has asked for; the newest message's file is read, piece by piece. */
void recorder_give_file(struct recorder *r, unsigned n, sj_op op, const void *data, size_t len);
enum sj_status recorder_read_file(struct recorder *r, unsigned n);
void recorder_next_chunk(struct recorder *r, unsigned n, sj_op op);
void recorder_abort_file(struct recorder *r, unsigned n, sj_op op);
enum sj_status recorder_remove(struct recorder *r, unsigned n, const char *id);
enum sj_status recorder_name(struct recorder *r, unsigned n, const char *id, const char *name,
                            const char *group);
enum sj_status recorder_answer(struct recorder *r, unsigned n, const char *id, bool accept);
enum sj_status recorder_show(struct recorder *r, unsigned n, enum sj_show show,
                             const char *status);
enum sj_status recorder_profile(struct recorder *r, unsigned n, const char *id);
enum sj_status recorder_avatar(struct recorder *r, unsigned n, const char *id, const char *avatar);
enum sj_status recorder_own_profile(struct recorder *r, unsigned n,
                                    const struct sj_own_profile *own);
/* Text of the last operation's error. */
const char *recorder_error(const struct recorder *r);
/* Outcomes that are owed to link n. */
unsigned recorder_owed(const struct recorder *r, unsigned n);
/* Is link n up and not down? */
bool recorder_is_up(const struct recorder *r, unsigned n);
bool recorder_is_down(const struct recorder *r, unsigned n);

/* Lets happen what is ready, without moving the clock more than a tick. */
void recorder_settle(struct recorder *r);
/* Moves the clock in small steps, with turns between. */
void recorder_advance(struct recorder *r, int64_t ms);
/* Moves the clock until link n is owed nothing (or a long time has gone by). */
void recorder_wait_for_outcomes(struct recorder *r, unsigned n);
/* The same until it is up, or down. */
void recorder_wait_for_login(struct recorder *r, unsigned n);
void recorder_wait_for_down(struct recorder *r, unsigned n);

/* The next event is this. */
void recorder_hears(struct recorder *r, const char *event);
void recorder_hears_nothing(struct recorder *r);
/* Was there an event like this since the last recorder_forget? Order does not matter. */
bool recorder_heard(const struct recorder *r, const char *event);
/* Number of events since then. */
unsigned recorder_heard_count(const struct recorder *r);
void recorder_forget(struct recorder *r);

#endif
