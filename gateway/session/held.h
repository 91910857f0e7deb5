/* SPDX-License-Identifier: MPL-2.0 */
/* Messages on their way: operations whose outcome is open, messages and errors that wait. */
#ifndef SESSION_HELD_H
#define SESSION_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "journal.h"
#include "outgoing.h"
#include "room.h"
#include "rich.h"
#include "sojourn/map.h"
#include "xmpp.h"

struct attachment;
struct session;
struct sessions;

/* A message that waits: to the network for a link, or from it for the user or the stream. */
struct held {
    struct sj_list link;
    int64_t deadline_ms, sent_at;
    uint64_t arrival;            /* order among all that came from networks */
    size_t bytes;
    bool action;
    struct attachment *file;     /* or NULL; body is its caption, or (out) the text with its link */
    bool is_caption;             /* from the network: the file was sent already */
    bool unstyled;               /* to the network: as struct outgoing has it */
    bool styled;                 /* from it: body has directives for its styles already */
    char *peer, *body, *id;      /* id: stanza id, or the network's */
    char *full;                  /* who gets the error; NULL: nobody (a report), or it came from
                                    the network */
    char *nick;                  /* to the network: as struct outgoing has it, with in_room */
    bool in_room;
    struct rich *rich;           /* NULL: a plain text */
    struct journal journal;      /* to the network */
    uint64_t txn;                /* as struct outgoing has it */
    struct sj_mention *mentions;         /* whom it names, from the network; or NULL */
    size_t n_mentions;
};

/* The error of a message that the stream did not take yet. */
struct refusal {
    struct sj_list link;
    struct sj_error err;
    char *peer, *full, *id, *nick;
    bool in_room;
};

/* op.c: operations whose outcome is open */
enum op_kind {
    OP_MESSAGE, OP_CONTACT_ADD, OP_CONTACT_REMOVE, OP_FILE, OP_MARK, OP_FETCH, OP_SEARCH,
    OP_OWN_PROFILE, OP_COMMAND, OP_ROOM, OP_RAW
};
struct op_ask {
    enum op_kind kind;
    const char *peer, *full, *id;    /* full and id: NULL unless a stanza waits */
    const char *other_id;            /* MESSAGE: a second id of it, or NULL */
    const char *target;              /* MESSAGE: the network's id of the first version; MARK: of the
                                        message that was reacted to; or NULL */
    uint64_t run;                    /* COMMAND, CONTACT_REMOVE: hears the outcome */
    bool receipt, markable;          /* MESSAGE: what its client wants to know */
    bool unstored;                   /* MESSAGE: in no archive of the room */
    const char *const *before;       /* MARK: reactions that hold again if it fails */
    size_t n_before;
    bool in_room;                    /* peer is a room: said to everybody there... */
    const char *nick;                /* ...or to this occupant alone */
    const struct outgoing *said;     /* MESSAGE, FILE, MARK: goes into the journal; or NULL */
    enum sj_mark_kind mark;          /* MARK */
    enum room_ask room_ask;          /* ROOM; run is its request */
};
sj_op op_new(struct session *, const struct op_ask *, struct sj_error *);    /* 0: limit */
void op_finish(struct sessions *, const struct session *, sj_op, const struct sj_error *);
/* The network's id of the message that op sends: from now on it can be referred to. */
void op_message_id(struct sessions *, struct session *, sj_op, const char *network_id);
/* A message that clients know by id is on its way, and its id is not known yet. */
bool op_is_open(const struct session *, const char *peer, const char *id);
/* Who sends by op, and as which message; borrowed until it ends. False: it has ended. */
struct op_sender {
    const char *full, *id, *other_id;
    bool unstored;
};
bool op_sender(const struct session *, sj_op, struct op_sender *out);
/* sj_message.txn of the message that it sends. */
uint64_t op_txn(const struct sessions *, sj_op);
void op_forget(struct sessions *, sj_op);    /* the backend refused it at once */
/* Something happened: its time counts from now. */
void op_touch(struct sessions *, sj_op);
void ops_fail(struct session *, const struct sj_error *);
/* The link is lost: what the network would know again waits for the next one, the rest fails. */
void ops_lost(struct session *, const struct sj_error *, bool retry);
void ops_sweep(struct sessions *, int64_t now_ms);

/* refusal.c: the one error answer of a message (G100-44); waits while the stream takes nothing. */
struct refused {
    const char *peer, *full, *id;
    bool in_room;                /* peer is a room... */
    const char *nick;            /* ...or who was spoken to there */
};
void refusal_send(struct session *, const struct refused *, const struct sj_error *);
/* A message whose error could not be sent (late.c). When we stop, the next process says it. */
void refusal_unanswered(struct session *, const struct xmpp_unanswered *,
                        const struct sj_error *why);
void refusals_flush(struct session *);
void refusals_clear(struct session *);

/* held.c: messages that wait */
void held_free(struct held *);
void held_clear(struct session *);
void held_in_clear(struct session *);

/* held_out.c: for a link */
/* A copy of o in no list, for held_free, or for held_out_again, which takes it over and what was
 * sent of it: it goes again before all that waits, with its txn. */
struct held *held_copy(const struct outgoing *);
bool held_out_again(struct session *, struct held *, struct journal *);
struct outgoing held_outgoing(const struct held *);
enum sj_status held_out_add(struct session *, const struct outgoing *, struct sj_error *);
void held_out_send(struct session *);
/* The link is lost: what was about to go waits again. */
void held_out_wait(struct session *);
void held_out_bounce(struct session *, const struct sj_error *);
enum sj_status session_send(struct session *, const struct xmpp_message_in *, struct sj_error *);
/* About an earlier message. */
enum sj_status session_mark(struct session *, const struct xmpp_mark_in *, struct sj_error *);

/* held_in.c: for the user, or the component stream */
void held_in_send(struct session *);
/* The same unless the log-in use case is yet to end (G100-08). */
void held_in_flush(struct session *);
void session_deliver(struct session *, const struct sj_message *);
void session_deliver_mark(struct session *, const struct sj_mark *);
/* The same for a message that came earlier, as the arrival-th: those that came after it follow.
 * rich: what it has beyond its text, or NULL. */
void session_deliver_at(struct session *, const struct sj_message *, const struct rich *rich,
                        uint64_t arrival);

/* sweep.c */
void held_sweep(struct sessions *, int64_t now_ms);
void sweep_init(struct sessions *);
void sessions_sweep_later(struct sessions *);

#endif
