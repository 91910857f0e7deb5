/* SPDX-License-Identifier: MPL-2.0 */
/* A name server of the test's own on loopback. */
#ifndef SOJOURN_TEST_NAMES_H
#define SOJOURN_TEST_NAMES_H

#include <stdbool.h>

struct sj_loop;

/* What the name server says of any name: addresses as text, NULL ends; none: no such name. */
struct names {
    int fd;
    char path[64];              /* of the resolver's configuration */
    const char *v4[4];
    const char *v6[4];
    bool silent;
    unsigned asked;
};

/* Makes loop ask it. */
void names_init(struct names *n, struct sj_loop *loop);
void names_release(struct names *n);
/* Answers what was asked so far. */
void names_serve(struct names *n);

#endif
