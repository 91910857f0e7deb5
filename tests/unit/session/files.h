/* SPDX-License-Identifier: MPL-2.0 */
/* The neighbours of transfers for tests of the session room: HTTP clients, an upload service and a
 * backend that takes and gives files, all recorded in the lines of world.h and driven by the test.
 *
 *   slot USER NAME TYPE SIZE #TICKET      forget #TICKET
 *   http N get|put URL [SIZE] [header: value ...]     http N body TEXT    http N cancel
 *   net file PEER NAME TYPE SIZE [CAPTION]            net data TEXT (or "end")
 *   net read KEY | next | abort */
#ifndef TEST_FILES_H
#define TEST_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "sojourn/http.h"
#include "world.h"

#define CAPS_FILES                                                                        \
    (SJ_CAP_CONTACTS | SJ_CAP_CONTACT_LIST | SJ_CAP_PRESENCE | SJ_CAP_FILES)

/* What world.c takes. */
struct sj_http *files_http(bool upload);
void files_reset(struct world *w);
void files_backend(struct sj_backend *b);    /* fills the functions of SJ_CAP_FILES */

/* Number and ticket of the newest request. */
uint64_t files_request(void);
uint64_t files_ticket(void);
bool files_is_upload(void);                  /* which client the newest one was given to */
void files_refuse(enum sj_status status);    /* the next sj_http_start fails */

void files_head(struct world *w, uint64_t id, int status, const char *type, int64_t length);
void files_data(struct world *w, uint64_t id, const char *text);
/* n bytes of 'x' in pieces as large as they may be; stops when paused. Returns how many came. */
size_t files_flood(struct world *w, uint64_t id, size_t n);
void files_done(struct world *w, uint64_t id, int status, enum sj_status err);
/* The server takes room bytes (more). */
void files_room(struct world *w, uint64_t id, size_t room);
size_t files_written(void);                  /* bytes of all bodies */

void files_slot(struct world *w, uint64_t ticket, const char *put, const char *get);
void files_no_slot(struct world *w, uint64_t ticket, enum sj_status status, uint64_t max,
                   const char *text);

/* The user sends a link as a file, and says more beside it. */
enum sj_status files_send(struct world *w, const char *peer, const struct xmpp_file *f,
                          const char *body);
/* The network's side. */
void files_says(struct world *w, const char *peer, const struct sj_file *f, const char *caption);
void files_wants(struct world *w, sj_op op, size_t len);
void files_chunk(struct world *w, sj_op op, const char *text);
void files_chunk_n(struct world *w, sj_op op, size_t n);
void files_op_done(struct world *w, sj_op op, enum sj_status status);

#endif
