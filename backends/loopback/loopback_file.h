/* SPDX-License-Identifier: MPL-2.0 */
/* Files of the loopback network. Used by the files of this backend only. */
#ifndef LOOPBACK_FILE_H
#define LOOPBACK_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "sojourn/backend.h"

struct loopback_event;
struct loopback_link;

/* Bytes of one file that the network keeps, bytes of all of them, and their number; the oldest are
 * forgotten. A larger one is refused, unless whom it is for only listens: such a file is counted
 * and not kept. */
#define LOOPBACK_FILE_MAX (4u << 20)
#define LOOPBACK_FILES_BYTES_MAX (32u << 20)
#define LOOPBACK_FILES_MAX 1024u
/* Files on their way to or from one link; more are refused. */
#define LOOPBACK_STREAMS_MAX 8u

/* A message with a file; it goes on when the file is there. */
enum sj_status loopback_file_begin(struct loopback_link *l, const struct sj_message *m, sj_op op,
                                   struct sj_error *err);
/* From the queue to the host: the next bytes are wanted, or are there. */
void loopback_file_tell(struct loopback_link *l, const struct loopback_event *e);
/* The link goes: so does what is on its way; outcomes are the caller's business. */
void loopback_files_drop(struct loopback_link *l);
void loopback_files_release(struct sj_net *net);

/* The operations of the table. */
void loopback_file_data(struct sj_link *base, sj_op op, const void *data, size_t len);
enum sj_status loopback_file_read(struct sj_link *base, const char *key, sj_op op,
                                  struct sj_error *err);
void loopback_file_next(struct sj_link *base, sj_op op);
void loopback_file_abort(struct sj_link *base, sj_op op);

#endif
