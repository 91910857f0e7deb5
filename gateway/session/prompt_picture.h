/* SPDX-License-Identifier: MPL-2.0 */
/* A picture to scan, put where files for users are put, for clients that show no pictures in
 * forms. */
#ifndef SESSION_PROMPT_PICTURE_H
#define SESSION_PROMPT_PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "xmpp.h"

#define PROMPT_PICTURE_MS 30000          /* for the way to the server, all in all */

struct prompt_picture;
struct session;
struct sessions;

/* Begins to put it there; the user gets a message with it when that is done, and none when it
 * cannot be. bytes and type of the picture are copied. NULL: this gateway uploads nothing. */
struct prompt_picture *prompt_picture_new(struct session *, const struct xmpp_media *);
void prompt_picture_free(struct prompt_picture **);

/* Does the message with it wait, because nothing can be sent? NULL: no. Then it is sent by the
 * second function. */
bool prompt_picture_is_due(const struct prompt_picture *);
void prompt_picture_flush(struct prompt_picture *);

/* Is this the ticket of one? Then the slot is for the session's. */
bool prompt_picture_has(uint64_t ticket);
void prompt_picture_slot(struct sessions *, const struct xmpp_slot *);

#endif
