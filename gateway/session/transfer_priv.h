/* SPDX-License-Identifier: MPL-2.0 */
/* Shared by the files of the transfers: transfer.c has the table, the turns and the order,
 * transfer_in.c and transfer_out.c what is done step by step. */
#ifndef SESSION_TRANSFER_PRIV_H
#define SESSION_TRANSFER_PRIV_H

#include "session.h"
#include "sojourn/http.h"
#include "transfer.h"

enum transfer_step {
    TRANSFER_WAITING,            /* for its turn */
    TRANSFER_SLOT,               /* IN: a place is asked for */
    TRANSFER_PUT,                /* IN: the server is being connected to; then bytes pass */
    TRANSFER_HEAD,               /* OUT: the user's server is asked */
    TRANSFER_STREAM,             /* OUT: bytes pass */
    TRANSFER_ENDING,             /* OUT: all bytes are given, the network is to say what became */
    TRANSFER_STEPS
};

/* Owner: struct transfers. Named by its number, its http request and its operation. */
struct transfer {
    struct sj_list in_session, in_all;
    struct transfers *all;       /* borrowed */
    uint64_t number, session, arrival;
    enum transfer_way way;
    enum transfer_step step;
    bool running;                /* counted as such */
    bool orders;                 /* others of the conversation wait for it */
    struct sj_timer order, stall;
    int64_t progress_ms;
    struct attachment *file;
    char *peer, *body, *id, *full;
    char *nick;                  /* IN, in_room: who says it */
    bool in_room;                /* said to everybody in the room `peer` */
    struct rich *rich;           /* what the message has beyond its text, or NULL */
    int64_t sent_at;
    sj_op op;                    /* 0: none open */
    struct sj_http *client;      /* of http */
    uint64_t http;               /* request, 0: none */
    struct sj_digest *digest;
    uint64_t moved;              /* bytes so far */
    uint8_t *buffer;             /* TRANSFER_BUFFER_MAX, while bytes pass */
    size_t at, len;              /* what is in it */
    size_t wanted;               /* OUT: the link takes so many */
    bool paused;                 /* OUT: so is the request */
    bool complete;               /* OUT: all bytes were fetched; IN: all were read */
    char *get;                   /* IN: where it will lie */
};

/* Owner: struct sessions. */
struct transfers {
    struct sessions *sessions;   /* borrowed */
    struct sj_idmap by_number, by_op;
    struct sj_list all;          /* in order of age */
    struct sj_defer turns;
    uint64_t newest;
    unsigned n, running;
    struct transfers_counts counts;
};

/* transfer.c */
struct session *transfer_session(const struct transfer *);
void transfer_enter(struct transfer *, enum transfer_step);
void transfer_keep_op(struct transfer *, sj_op);
/* Opens the operation under which the backend works; false: too many are open. */
bool transfer_open_op(struct transfer *, struct sj_error *);
/* A byte has passed. */
void transfer_progress(struct transfer *);
/* Bytes pass: buffer, digest of kind, watch over progress. */
void transfer_begin_bytes(struct transfer *, enum sj_digest_kind kind);
void transfer_close_http(struct transfer *);
/* Nobody waits for the operation any more; abort: the backend is told. */
void transfer_close_op(struct transfer *, bool abort);
/* It is over: frees t, lets those pass that waited for it, and starts others. */
void transfer_end(struct transfer *, bool passed);

/* transfer_in.c, transfer_out.c: begins; t may be gone afterwards. */
void transfer_in_start(struct transfer *);
void transfer_out_start(struct transfer *);
/* Ends it in the way of its direction: a note, the link as text, an error. t is gone. */
void transfer_in_fail(struct transfer *, const char *because);
void transfer_out_fail(struct transfer *, const struct sj_error *why);
/* The one error for the user's message. */
void transfer_out_refuse(const struct transfer *, const struct sj_error *why);
/* All bytes were given to the network, and it says what became of it; t is gone. */
void transfer_out_done(struct transfer *, const struct sj_error *err);
void transfer_in_read(struct transfer *, const struct sj_error *err);
void transfer_in_chunk(struct transfer *, const void *data, size_t len);
void transfer_in_slot(struct transfer *, const struct xmpp_slot *);
/* Gives the link what it wants and what is there. t may be gone. */
void transfer_out_pump(struct transfer *);

#endif
