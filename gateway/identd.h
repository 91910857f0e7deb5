/* SPDX-License-Identifier: MPL-2.0 */
/* An identd (RFC 1413): tells servers that ask back which user one of our connections is for, so
 * that they can deal with one user without shutting out the whole gateway. */
#ifndef SOJOURN_IDENTD_H
#define SOJOURN_IDENTD_H

#include <stdbool.h>

#include "sojourn/error.h"

struct identd;
struct sj_log;
struct sj_loop;

#define IDENTD_LISTENERS_MAX 8u
#define IDENTD_CLIENTS_MAX 64u          /* the next is closed at once */
#define IDENTD_LINE_MAX 64u
#define IDENTD_CLIENT_MS 10000          /* for question and answer together */

/* Is where a list of addresses with ports, "0.0.0.0:113, [::]:113"? SJ_INVALID with text. */
enum sj_status identd_check(const char *where, struct sj_error *err);
/* A question, "PORT , PORT"; false: it is none. Numbers of up to five digits that are no ports are
 * left to the answer. */
bool identd_read(const char *line, unsigned *ours, unsigned *theirs);
/* Listens there; conns of the loop that have an ident are known from now on. */
enum sj_status identd_new(struct identd **out, struct sj_loop *loop, const struct sj_log *log,
                          const char *where, struct sj_error *err);
void identd_free(struct identd **identd);

#endif
