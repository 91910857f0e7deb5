/* SPDX-License-Identifier: MPL-2.0 */
/* What waits for a server that reads slowly, and who is to wait with it. For component.c. */
#ifndef XMPP_CONGESTION_H
#define XMPP_CONGESTION_H

#include <stdbool.h>
#include <stddef.h>

struct component;

/* Bytes that wait: beyond them the networks are to wait (xmpp_is_congested). */
#define CONGESTION_BYTES ((size_t)128 * 1024)
/* What the kernel may hold beside them. */
#define CONGESTION_UNSENT_BYTES 65536u
/* The same of what the server sends: whoever floods on the stream is ahead by so much at most. */
#define CONGESTION_UNREAD_BYTES 65536u
/* Beyond so many, what the server sends is not read either, for so long at most. */
#define CONGESTION_DEAF_BYTES ((size_t)192 * 1024)
#define CONGESTION_DEAF_MS 20000

void congestion_init(struct component *c);
/* The stream is gone. */
void congestion_forget(struct component *c);
/* Everything was taken. */
void congestion_end(struct component *c);
/* The server has sent something; true: it is to read first, data comes again then. */
bool congestion_stops_reading(struct component *c);
/* It is heard whatever waits. */
void congestion_listen(struct component *c);

#endif
