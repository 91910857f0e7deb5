/* SPDX-License-Identifier: MPL-2.0 */
/* Messages on their way: operations whose outcome is open, messages and errors that wait. */
#ifndef SESSION_HELD_H
#define SESSION_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "sojourn/map.h"
#include "xmpp.h"

struct session;
struct sessions;

/* A message that waits: to the network for a link, or from it for the user or the stream. */
struct held {
    struct sj_list link;
    int64_t deadline_ms, sent_at;
    size_t bytes;
    bool action;
    char *peer, *body, *id;      /* id: stanza id, or the network's */
    char *full;                  /* asker; NULL when it came from the network */
};

/* The error of a message that the stream did not take yet. */
struct refusal {
    struct sj_list link;
    struct sj_error err;
    char *peer, *full, *id;
};

/* op.c: operations whose outcome is open */
enum op_kind { OP_MESSAGE, OP_CONTACT_ADD };
struct op_ask {
    enum op_kind kind;
    const char *peer, *full, *id;    /* full and id: NULL unless a stanza waits */
};
sj_op op_new(struct session *, const struct op_ask *, struct sj_error *);    /* 0: limit */
void op_finish(struct sessions *, const struct session *, sj_op, const struct sj_error *);
void op_forget(struct sessions *, sj_op);    /* the backend refused it at once */
void ops_fail(struct session *, const struct sj_error *);
void ops_sweep(struct sessions *, int64_t now_ms);

/* refusal.c: the one error answer of a message (G100-44); waits while the stream takes nothing. */
struct refused {
    const char *peer, *full, *id;
};
void refusal_send(struct session *, const struct refused *, const struct sj_error *);
void refusals_flush(struct session *);
void refusals_clear(struct session *);

/* held.c: messages that wait */
enum sj_status held_out_add(struct session *, const struct xmpp_message_in *, const char *peer,
                            struct sj_error *);
void held_out_send(struct session *);
void held_out_bounce(struct session *, const struct sj_error *);
void held_in_add(struct session *, const struct sj_message *);
void held_in_send(struct session *);
/* The same unless the log-in use case is yet to end (G100-08). */
void held_in_flush(struct session *);
void held_sweep(struct sessions *, int64_t now_ms);
void held_clear(struct session *);
enum sj_status session_send(struct session *, const struct xmpp_message_in *, struct sj_error *);
enum sj_status session_send_now(struct session *, const struct sj_message *, const char *full,
                                struct sj_error *);
void session_deliver(struct session *, const struct sj_message *);
void sweep_init(struct sessions *);
void sessions_sweep_later(struct sessions *);

#endif
