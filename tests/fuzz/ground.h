/* SPDX-License-Identifier: MPL-2.0 */
/* What the fuzz targets of backends share: a link without a network, a host that holds it to the
 * contract (clean UTF-8, canonical ids, one outcome for each operation, no event from within a
 * call, nothing of rooms and people that are not there), and the loop over an input's lines. */
#ifndef FUZZ_GROUND_H
#define FUZZ_GROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"

#define GROUND_OPS_MAX 4096

enum ground_flag {
    GROUND_TRACE = 1u << 6       /* of the first byte: everything is logged, to nowhere */
};

struct ground {
    struct sj_loop *loop;
    struct sj_net *net;
    struct sj_link *link;
    const struct sj_backend *backend;
    struct sj_log log;
    struct sj_map rooms;         /* the host's own book: struct ground_room by id */
    bool in_operation, is_down;
    struct sj_defer saved;       /* tells the link so */
    sj_op next_op;
    const char *secret;          /* part of all secrets: never logged, nor told to the user */
    uint8_t owed[GROUND_OPS_MAX];    /* 0: refused or none, 1: no outcome yet, 2: it came */
};
struct ground *ground_of(const struct sj_link *);

/* What may come and how, as sojourn/host.h has it. */
void ground_check_call(const struct sj_link *);
void ground_check_text(const char *, size_t max, bool may_have_lines);
void ground_check_id(const struct sj_link *, const char *id);
void ground_check_owed(const struct sj_link *, sj_op);
/* All members. */
extern const struct sj_host ground_host;
extern const struct sj_host_rooms ground_host_rooms;

/* One option of the configuration; a row without a name is the last. */
struct ground_option {
    const char *name, *value;
};
/* A network with the defaults of the configuration, these options apart. */
void ground_begin(struct ground *, const struct sj_backend *, const struct ground_option *,
                  uint8_t flags);
/* A link, not connected. blob: what an earlier one saved, or NULL. */
void ground_link(struct ground *, const char *const *values, size_t n, const void *blob,
                 size_t len);
/* Gives each line to line, in a buffer of just its size: reading past its end is a fault that is
 * seen. */
void ground_lines(struct ground *, const uint8_t *data, size_t size,
                  void (*line)(struct ground *, char *s, size_t n));
/* After the last line: the book is closed; when the link is down nothing is owed. */
void ground_end(struct ground *);
/* ground_room.c */
void ground_rooms_release(struct ground *);
/* One change of a room, of the kind that the letter names, as the user asks for it; by default of
 * its flags. */
enum sj_status ground_change(struct ground *, char what, const char *room, const char *rest, sj_op,
                             struct sj_error *);

/* Do the bytes hold that text? What holds the secret by itself proves nothing. */
bool ground_holds(const uint8_t *data, size_t size, const char *text);

/* What comes down is clean: the gateway has seen to it. */
bool ground_is_clean(const char *);
/* The id that the gateway would use, in place. False: none. */
bool ground_canonical(const struct ground *, char *id, size_t size);

#endif
