/* SPDX-License-Identifier: MPL-2.0 */
/* A conn under test and the other end of it: a plain socket on loopback that the test drives. */
#ifndef SOJOURN_TEST_WIRE_H
#define SOJOURN_TEST_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/conn.h"
#include "sojourn/error.h"
#include "sojourn/loop.h"
#include "sojourn/strbuf.h"

#define WIRE_TURNS 3000         /* before a wait is given up */
#define WIRE_WAIT_MS 20

struct wire {
    struct sj_loop *loop;
    struct sj_conn *conn;
    int listener;               /* -1: none */
    int peer;                   /* the other end, non-blocking; -1: none */
    uint16_t port;
    unsigned ups, datas, draineds, downs;
    struct sj_error why;        /* of the last down */
    struct sj_strbuf input;     /* all that was read, by on_data's default */
    char events[256];           /* U, D, W (drained), X (down) in order */
    void (*on_up)(struct wire *w);
    void (*on_data)(struct wire *w);    /* NULL: reads everything to input */
    void (*on_down)(struct wire *w);
};

extern const struct sj_conn_events wire_events;

void wire_init(struct wire *w);
void wire_release(struct wire *w);
/* Listens on a free port. */
void wire_listen(struct wire *w);
/* A conn to target; host and port of w when target is NULL. */
void wire_connect(struct wire *w, const struct sj_conn_target *target);
/* Both together, and takes the other end. */
void wire_establish(struct wire *w);
void wire_accept(struct wire *w);
/* Turns the loop until done says so; fails the test when it never does. */
void wire_until(struct wire *w, bool (*done)(struct wire *w));
bool wire_is_up(struct wire *w);
bool wire_is_down(struct wire *w);
/* Some turns, for things that must not happen. */
void wire_turns(struct wire *w, unsigned n);
void wire_peer_send(struct wire *w, const char *text);
/* Turns until the other end has got exactly so many bytes; they stand in out, terminated. */
void wire_peer_expect(struct wire *w, char *out, size_t n);
/* Turns until the other end sees the end of the stream. */
void wire_peer_expect_end(struct wire *w);
/* Reads everything that waits, to input. */
void wire_read(struct wire *w);

#endif
