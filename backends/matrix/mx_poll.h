/* SPDX-License-Identifier: MPL-2.0 */
/* Polls, as text. Used by the files of this backend only. */
#ifndef MX_POLL_H
#define MX_POLL_H

#include <stdbool.h>

/* Of events, as filters name them. */
#define MX_POLL_TYPES                                                                        \
    "\"m.poll.start\",\"m.poll.end\","                                                       \
    "\"org.matrix.msc3381.poll.start\",\"org.matrix.msc3381.poll.end\""

struct json_object;
struct sj_strbuf;

/* Appends what people read of the beginning or the end of a poll; out has room for SJ_BODY_MAX
 * bytes. false: nothing. */
bool mx_poll_read(struct json_object *content, struct sj_strbuf *out);

#endif
