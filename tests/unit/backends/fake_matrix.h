/* SPDX-License-Identifier: MPL-2.0 */
/* A small home server on a loopback port, for tests that need one to log in to. As it comes, it
 * lets everybody in, has one chat for each user, with @echo:hs.test, who answers, and knows nobody
 * of the name "nobody". Tests give it other answers, and syncs of their own making. */
#ifndef TEST_FAKE_MATRIX_H
#define TEST_FAKE_MATRIX_H

#include <stdbool.h>

struct fake_matrix;

struct fake_matrix *fake_matrix_new(void);
void fake_matrix_free(struct fake_matrix **f);
unsigned fake_matrix_port(const struct fake_matrix *f);
/* Accepts, reads, answers; never waits. arg is the struct fake_matrix. */
void fake_matrix_pump(void *arg);
/* Ends all connections, and all that follow until somebody logs in. */
void fake_matrix_hang_up(struct fake_matrix *f);
/* From here on it reads nothing and answers nothing. */
void fake_matrix_freeze(struct fake_matrix *f);

/* Syncs from here on are these, one after the other; when there is none, polls are held. */
void fake_matrix_sync(struct fake_matrix *f, const char *json);
/* The next request that begins with this ("PUT /_matrix/client/v3/rooms/") gets this answer,
 * `times` times. headers: "Retry-After: 3\r\n" or "". Status 0: the connection is cut. */
void fake_matrix_answer(struct fake_matrix *f, const char *request, unsigned times, int status,
                        const char *headers, const char *body);
/* Requests so far that begin with this. */
unsigned fake_matrix_count(const struct fake_matrix *f, const char *request);
/* "METHOD path\nbody" of the last one that begins with this, or "". */
const char *fake_matrix_last(const struct fake_matrix *f, const char *request);
/* Headers of the last request of all. */
const char *fake_matrix_headers(const struct fake_matrix *f);

#endif
