/* SPDX-License-Identifier: MPL-2.0 */
/* What the user sent, until it is known whether it arrived: over a crash, too. */
#ifndef SESSION_JOURNAL_H
#define SESSION_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/map.h"

struct network;
struct outgoing;
struct session;
struct sessions;
struct sj_strbuf;

#define JOURNAL_MAX 50000u               /* records of all users; beyond them nothing is written */

/* A message that is not known to have arrived; a member of what carries it. */
struct journal {
    struct sj_list link;         /* in sessions.fresh until it is written, in sessions.sending
                                  * until the disk has it that it goes out; else in no list */
    uint64_t session;
    uint64_t number;             /* of its record, and its sj_message.txn; 0: none yet */
    uint64_t group;              /* of the store, in sessions.sending */
    int64_t since_ms;            /* it has been in its list */
    bool held;                   /* a member of struct held, else of struct op */
    bool written;
    bool sent;                   /* its record says, or would say, that a link had it */
};
/* o was taken; it is written when it is still open after journal_ms. What it has of a journal goes
 * on here. Nothing is written of what nobody gets an error for. */
void journal_begin(struct session *, struct journal *, bool held, const struct outgoing *);
void journal_none(struct journal *);
/* A link is about to have what waited for one. False: not yet, since after a crash its record would
 * have it sent again; held_out_send follows as soon as the disk knows better. */
bool journal_may_go(struct session *, struct journal *);
/* It waits again, for another link. */
void journal_waits(struct session *, struct journal *);
/* Its outcome is known, and was told. */
void journal_end(struct sessions *, struct journal *);
/* The number for a message that the network is to know again. */
uint64_t journal_number(struct sessions *);

/* A message as it stands in the journal. Texts are borrowed. */
enum journal_text {
    JOURNAL_PEER, JOURNAL_NICK, JOURNAL_FULL, JOURNAL_ID, JOURNAL_BODY, JOURNAL_OTHER_ID,
    JOURNAL_REPLACES, JOURNAL_REPLY_TO, JOURNAL_REPLY_TEXT, JOURNAL_MENTIONS,
    JOURNAL_THREAD,
    JOURNAL_TEXTS
};
enum journal_flag {
    JOURNAL_SENT = 1u << 0,      /* a link had it; else it waited for one */
    JOURNAL_IN_ROOM = 1u << 1,
    JOURNAL_ACTION = 1u << 2,
    JOURNAL_UNSTYLED = 1u << 3,
    JOURNAL_RICH = 1u << 4,
    JOURNAL_RECEIPT = 1u << 5,
    JOURNAL_MARKABLE = 1u << 6,
    JOURNAL_ATTENTION = 1u << 7,
    JOURNAL_WHOLE = 1u << 8,     /* it can be sent again from this; else only answered */
    JOURNAL_UNSTORED = 1u << 9   /* as in struct rich */
};
struct journal_record {
    uint32_t flags;
    const char *text[JOURNAL_TEXTS];
};
void journal_encode(const struct journal_record *, struct sj_strbuf *out);
bool journal_decode(struct journal_record *, const void *data, size_t n);
void journal_describe(struct journal_record *, const struct outgoing *, bool sent);

struct refused;
/* The next process tells the sender that it was not sent. */
void journal_refuse_later(struct session *, const struct refused *);

/* What carries it describes it (op.c, held.c). */
void op_describe(const struct journal *, struct journal_record *);
void held_describe(const struct session *, const struct journal *, struct journal_record *);

/* After a start: what a former process left of this user is sent again or answered. logs_in: a
 * link will be made. */
void journal_recover(struct network *, const char *user, bool logs_in);
/* The store's. */
void journal_settled(struct sessions *);
void journal_init(struct sessions *);
void journal_release(struct sessions *);

#endif
