/* SPDX-License-Identifier: MPL-2.0 */
/* The driver's sockets: one epoll set, bytes in, bytes out, nothing blocks.
 *
 * Bytes put on a wire leave at the next turn of the loop, many puts in one write; wire_flush
 * sends them at once, as a server does that handles one message. */
#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include "common.h"

#define WIRE_NOBODY UINT32_MAX

struct loop;

enum wire_kind { WIRE_LISTENER, WIRE_STREAM };

/* Owned by the loop; ends with wire_close or when the other side closes. */
struct wire {
    int fd;
    enum wire_kind kind;
    uint32_t end;            /* the caller's: which role this wire has */
    uint32_t user;           /* the caller's: index of the user, or WIRE_NOBODY */
    uint32_t state;          /* the caller's */
    bool dead, dirty, wants_write;
    bool deaf;               /* is not read */
    bool limited;            /* is read as far as the allowance goes */
    size_t allowance;        /* bytes */
    struct text in;          /* beginning of what is not complete yet */
    struct text out;
    struct loop *loop;
    struct wire *next_dirty, *next_dead;
};

struct loop_handler {
    /* Returns how many of the n bytes were used; the rest comes again with more behind it. */
    size_t (*data)(void *ctx, struct wire *w, char *p, size_t n);
    void (*closed)(void *ctx, struct wire *w);
    void (*accepted)(void *ctx, struct wire *listener, struct wire *w);
};

struct loop *loop_new(const struct loop_handler *handler, void *ctx);
void loop_free(struct loop **l);
/* Nothing is read by more than that at once from now on (LOOP_SCRATCH_BYTES at first). */
void loop_sip(struct loop *l, size_t bytes);
/* Sends what waits, then handles events; waits for them until `until` on clock_now_ns at most. */
void loop_turn(struct loop *l, int64_t until);
/* Bytes that came in since the loop was made: tells quiet from busy. */
uint64_t loop_received(const struct loop *l);

/* Listens on 127.0.0.1; port 0 takes a free one, the one taken is written back. */
struct wire *wire_listen(struct loop *l, uint32_t end, uint16_t *port);
/* Connects to 127.0.0.1 (the floor's side only). NULL when refused at once. */
struct wire *wire_connect(struct loop *l, uint32_t end, uint16_t port);
void wire_put(struct wire *w, const char *p, size_t n);
void wire_puts(struct wire *w, const char *s);
void wire_flush(struct wire *w);
void wire_close(struct wire *w);
/* Reads it no more, or again. */
void wire_deafen(struct wire *w, bool deaf);
/* So many bytes more may be read; the first call makes it limited. */
void wire_allow(struct wire *w, size_t n);
/* No limit any more. */
void wire_allow_all(struct wire *w);

#endif
