/* SPDX-License-Identifier: MPL-2.0 */
/* What the gateway keeps for a link between logins: the token, the position of the sync. */
#ifndef MX_STATE_H
#define MX_STATE_H

#include <stdbool.h>
#include <stddef.h>

struct mx_link;

/* A new block of *n bytes, wiped and freed by the caller; NULL: there is nothing to keep, or it
 * would be too large. */
char *mx_state_encode(const struct mx_link *l, size_t *n);
/* False: the bytes are not ours; nothing is taken from them. */
bool mx_state_decode(struct mx_link *l, const void *blob, size_t len);

#endif
