/* SPDX-License-Identifier: MPL-2.0 */
/* Lines sent whose outcome is not known yet, in the order of their sending.
 *
 * IRC has no receipt. What is known: an error numeric or an echo names a line's target, a label
 * names the line, and a PONG proves that everything before its PING was handled. */
#ifndef IRC_OPS_H
#define IRC_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/backend.h"

struct irc_link;

/* Unconfirmed lines of one link. */
#define IRC_OPS_MAX 4096u
/* So many written and unconfirmed lines call for a PING at once. */
#define IRC_OPS_PING 128u
/* The same while others wait for their turn: a PING takes one. */
#define IRC_OPS_PACED 8u

struct irc_op;
struct irc_ops {
    struct irc_op *ring;             /* NULL: none yet */
    uint32_t cap;                    /* a power of two */
    uint32_t first;                  /* number of the oldest line */
    uint32_t next;                   /* number of the next line: next - first are unconfirmed */
    uint32_t unwritten;              /* the last ones that wait in the queue */
    uint32_t hurry;                  /* number behind the last one that is in a hurry */
};

/* Releases the memory; tells nobody. */
void irc_ops_release(struct irc_ops *ops);
bool irc_ops_have_room(const struct irc_ops *ops, uint32_t lines);
static inline bool irc_ops_empty(const struct irc_ops *ops)
{
    return ops->first == ops->next;
}
/* Number of the first line that is not written yet. */
static inline uint32_t irc_ops_written(const struct irc_ops *ops)
{
    return ops->next - ops->unwritten;
}

/* Adds a line as not yet written; returns its number. last: the operation's last line. target and
 * text are hashes (irc_case_hash, irc_ops_hash). */
uint32_t irc_ops_add(struct irc_ops *ops, sj_op op, bool last, uint32_t target, uint32_t text);
uint32_t irc_ops_hash(const char *s, size_t n);
/* The same for a command: target and other are hashes of the names that it is about. forgiving:
 * that there is no such thing is a success. It is confirmed soon (irc_ops_hurry). */
uint32_t irc_ops_add_command(struct irc_ops *ops, sj_op op, bool last, uint32_t target,
                             uint32_t other, bool forgiving);
/* The operation of that line while it is written and unconfirmed, else 0. */
sj_op irc_ops_open(const struct irc_ops *ops, uint32_t number);
bool irc_ops_is_unconfirmed(const struct irc_ops *ops, uint32_t number);     /* written or not */
/* Number of the oldest open message to target, with that text if there is one. */
bool irc_ops_find_echo(const struct irc_ops *ops, uint32_t target, uint32_t text, uint32_t *out);
/* Of a line that is written and unconfirmed: is it its operation's last one; does it go on with
 * what the line before it began? */
bool irc_ops_is_last(const struct irc_ops *ops, uint32_t number);
bool irc_ops_goes_on(const struct irc_ops *ops, uint32_t number);
/* Number of the oldest written command about both names. */
bool irc_ops_find_command(const struct irc_ops *ops, uint32_t target, uint32_t other,
                          uint32_t *out);
/* The line of that number ends a batch of lines; number of the oldest written one that does. */
void irc_ops_mark_batch(struct irc_ops *ops, uint32_t number);
bool irc_ops_find_batch(const struct irc_ops *ops, uint32_t *out);
/* The oldest unwritten line is on its way. */
void irc_ops_on_written(struct irc_link *l);
/* Is a PING wanted at the end of this turn? */
bool irc_ops_call_for_ping(const struct irc_link *l);
/* May those that are written wait for a PING until no line waits for its turn? */
bool irc_ops_may_wait(const struct irc_link *l);
/* A PONG for the outstanding PING. */
void irc_ops_on_pong(struct irc_link *l);
/* Everything before line number `end` arrived, but for what failed. From the loop top only. */
void irc_ops_confirm(struct irc_link *l, uint32_t end);
/* A server's label names this line. false: no such line. */
bool irc_ops_confirm_one(struct irc_link *l, uint32_t number);
bool irc_ops_fail_one(struct irc_link *l, uint32_t number, enum sj_status status,
                      const char *text);
/* The oldest written line to that target failed. target 0: the oldest of all. */
bool irc_ops_fail_target(struct irc_link *l, uint32_t target, enum sj_status status,
                         const char *text);
/* The command of that number, or the oldest written one about that name (0: any), failed.
 * false: none. */
bool irc_ops_fail_command(struct irc_link *l, uint32_t number, const struct sj_error *err);
bool irc_ops_fail_about(struct irc_link *l, uint32_t name, const struct sj_error *err);
/* The message of that number, or the oldest written one to that target, failed. false: none. */
bool irc_ops_fail_message(struct irc_link *l, uint32_t number, const struct sj_error *err);
bool irc_ops_fail_message_to(struct irc_link *l, uint32_t target, const struct sj_error *err);
/* All fail: the link is gone. */
void irc_ops_fail_all(struct irc_link *l);

#endif
