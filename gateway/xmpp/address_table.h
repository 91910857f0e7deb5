/* SPDX-License-Identifier: MPL-2.0 */
/* Which texts both generations of XMPP servers leave alone as a localpart. */
#ifndef XMPP_ADDRESS_TABLE_H
#define XMPP_ADDRESS_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* True when Nodeprep (RFC 6122) and UsernameCaseMapped (RFC 8265) both allow the n bytes and map
 * them to themselves. Errs to false. */
bool address_is_stable(const char *s, size_t n);

#endif
