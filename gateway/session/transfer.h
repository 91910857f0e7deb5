/* SPDX-License-Identifier: MPL-2.0 */
/* Files on their way: streamed from a network to a place where the user can fetch them, or from
 * where the user put them to a network. Bytes pass in pieces; no file is ever held or stored. */
#ifndef SESSION_TRANSFER_H
#define SESSION_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "attachment.h"
#include "outgoing.h"

struct session;
struct sessions;
struct transfers;

/* Limits: what they bound, and what happens beyond them. */
#define TRANSFERS_SESSION_RUNNING_MAX 4u     /* further ones of one user wait */
#define TRANSFERS_SESSION_MAX 32u            /* waiting or not; more: as text, or a note */
#define TRANSFERS_MAX 4096u                  /* the same of all users */
#define TRANSFER_BUFFER_MAX 65536u           /* bytes that one transfer holds */
#define TRANSFER_ORDER_MS 15000              /* so long others of the conversation wait for it */
#define TRANSFER_STALL_MS 60000              /* without a byte: given up */
#define TRANSFER_TOTAL_MS (30 * 60 * 1000)   /* given up, whatever passes */

enum transfer_way {
    TRANSFER_IN,                 /* from the network */
    TRANSFER_OUT                 /* to it */
};

struct transfers *transfers_new(struct sessions *);
void transfers_free(struct transfers **);

/* A message of the user with a file, o->body the text that has its link. true: taken; what becomes
 * of it, one error at most, comes by itself. false: it is to go as text (network or contact take no
 * files, none may be fetched). */
bool transfer_send(struct session *, const struct outgoing *o);
/* What the user sends by op, and the text that has its link; NULL: no file of theirs. */
const struct attachment *transfer_sent(const struct session *, sj_op, const char **body);
/* A message from the network with a file. true: taken, it is delivered later. false: it needs no
 * transfer; its link is for everybody. */
bool transfer_receive(struct session *, const struct sj_message *m);
/* The same of what is said in a room. false: it is told as it is (as text, where the file cannot be
 * fetched by everybody). */
bool transfer_receive_in_room(struct session *, const struct sj_message *m);
/* Must a message of this conversation wait, so that order is kept? Costs nothing without files. */
bool transfer_blocks(const struct session *, enum transfer_way, const char *peer);
/* No file of this arrival or before is still on its way to the user. */
bool transfers_are_past(const struct session *, uint64_t arrival);
/* The messages of those that are, as far as they have ids. */
void transfers_each_in(const struct session *, void (*fn)(void *arg, const char *peer,
                                                          const char *id), void *arg);
/* Nothing waits any more for the session's files: too much is waiting already. */
void transfers_unblock(struct session *);

/* The log-in ends, or has ended: what the user sent goes as a link if there is still time, else it
 * fails with why; what came and is not complete is told. */
void transfers_stop(struct session *, const struct sj_error *why);
/* All of the session's; the user's get the error why, NULL: without a word. */
void transfers_drop(struct session *, const struct sj_error *why);

/* Events of the backend, and outcomes (op.c). */
void transfer_file_wanted(struct session *, sj_op, size_t len);
void transfer_file_chunk(struct session *, sj_op, const void *data, size_t len);
void transfer_op_done(struct session *, sj_op, const struct sj_error *);
/* struct xmpp_in_file */
void transfer_slot(void *ctx, unsigned host, const struct xmpp_slot *);

/* For status. */
struct transfers_counts {
    unsigned running, waiting;
    uint64_t passed_in, passed_out, failed;      /* since start */
};
struct transfers_counts transfers_counts(const struct sessions *);

#endif
