/* SPDX-License-Identifier: MPL-2.0 */
/* What an answer has to know of the message that it answers. */
#ifndef MX_REPLY_H
#define MX_REPLY_H

#include <stdbool.h>
#include <stdint.h>

struct mx_room;
struct sj_error;

/* Asks the home server: ends in mx_send_looked or mx_send_later, with number. */
bool mx_reply_look(const struct mx_room *r, const char *event, uint32_t number,
                   struct sj_error *err);

#endif
