/* SPDX-License-Identifier: MPL-2.0 */
/* What the fuzz targets of the IRC backend share: a link without a socket, a host that holds it to
 * the contract (clean UTF-8, canonical ids, one outcome for each operation, no event from within a
 * call), and the loop over the lines of an input. */
#ifndef FUZZ_IRC_GROUND_H
#define FUZZ_IRC_GROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irc.h"
#include "irc_link.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"

#define GROUND_OPS_MAX 4096

enum ground_flag {
    GROUND_TRACE = 1u << 6       /* of the first byte: everything is logged, to nowhere */
};

struct ground {
    struct sj_loop *loop;
    struct sj_net *net;
    struct sj_link *link;
    struct sj_log log;
    bool in_operation, is_down;
    sj_op next_op;
    uint8_t owed[GROUND_OPS_MAX];    /* 0: refused or none, 1: no outcome yet, 2: it came */
};
struct ground *ground_of(const struct sj_link *);

/* What may come and how, as sojourn/host.h has it. */
void ground_check_call(const struct sj_link *);
void ground_check_text(const char *, size_t max, bool may_have_lines);
void ground_check_id(const struct sj_link *, const char *id);
void ground_check_owed(const struct sj_link *, sj_op);
/* The members that check only. */
struct sj_host ground_host(void);
void ground_on_message(struct sj_link *, const struct sj_message *);

/* A network with the defaults of the configuration, without TLS, whose settings take long. */
void ground_begin(struct ground *, uint8_t flags);
/* A link of "me", whose server welcomes nobody yet. password may be NULL. host outlives it. */
void ground_link(struct ground *, const struct sj_host *host, const char *password);
void ground_server(struct ground *, const char *line);
/* Gives each line to line, in a buffer of just its size: reading past its end is a fault that is
 * seen. */
void ground_lines(struct ground *, const uint8_t *data, size_t size,
                  void (*line)(struct ground *, char *s, size_t n));
/* ends: a link that is still there ends. Then nothing is owed. */
void ground_end(struct ground *, bool ends);

#endif
