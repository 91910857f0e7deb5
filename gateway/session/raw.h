/* SPDX-License-Identifier: MPL-2.0 */
/* Lines in a network's own language, for what nothing else here can express (SJ_CAP_RAW): from a
 * command, or from the conversation with the address that stands for the network itself. */
#ifndef SESSION_RAW_H
#define SESSION_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "xmpp.h"

#define RAW_LINES_MAX 50u                /* of one answer; the rest is not shown */
#define RAW_BYTES_MAX 8192u              /* likewise */
#define RAW_MS 10000                     /* what comes later is no answer any more */
#define RAW_AT_ONCE 10u                  /* lines of one message */
#define RAW_LISTEN_MS 600000             /* after the user's last line, unasked ones are shown... */
#define RAW_UNASKED_MAX 50u              /* ...so many of them a minute */

struct network;
struct sj_strbuf;
struct session;

/* Is it written to the network itself? */
bool raw_is_for(const struct network *, const struct xmpp_message_in *);
/* Each line of it is sent when the one before is answered; answers come as messages. SJ_LIMIT: an
 * answer is still awaited. */
enum sj_status raw_say(struct session *, const struct xmpp_message_in *, struct sj_error *);
/* For a run of a command; its outcome comes by command_outcome, and until the next call in here
 * raw_answer appends what was said ("" nothing). */
enum sj_status raw_for_run(struct session *, const char *line, uint64_t run, struct sj_error *);
void raw_answer(const struct session *, struct sj_strbuf *out);
/* The run is gone. */
void raw_abandon(struct session *, uint64_t run);

/* host.c, op.c, sessions.c */
void raw_told(struct session *, sj_op, const char *line);
void raw_done(struct session *, sj_op, const struct sj_error *err);
void raw_free(struct session *);

#endif
