/* SPDX-License-Identifier: MPL-2.0 */
/* Which internet addresses lead into the open network, and subnets in CIDR form. Pure functions. */
#ifndef SOJOURN_IPADDR_H
#define SOJOURN_IPADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

struct sockaddr;

#define SJ_IPADDR_TEXT_MAX 46   /* of sj_ipaddr_text, terminator included */

/* An IPv4 subnet stands as its IPv4-mapped form (::ffff:0:0/96 and longer). */
struct sj_subnet {
    uint8_t base[16];           /* bits behind the prefix are zero */
    uint8_t bits;               /* of the prefix, 0..128 */
};

/* Reads "192.0.2.0/24", "2001:db8::/32" or a single address. SJ_INVALID with a text for the admin:
 * no address, bad length, or bits set behind the prefix (most likely a slip). */
enum sj_status sj_subnet_parse(struct sj_subnet *out, const char *text, struct sj_error *err);
/* False also for families other than IPv4 and IPv6. IPv4-mapped IPv6 counts as IPv4. */
bool sj_subnet_has(const struct sj_subnet *subnet, const struct sockaddr *address);

/* True for global unicast addresses only: false for private, shared (RFC 6598), loopback,
 * link-local, unique local, multicast, unspecified, documentation, benchmarking and reserved
 * ranges, for IPv6 that embeds an IPv4 address (mapped, translated RFC 6052 and 8215, 6to4,
 * Teredo, compatible), and for families other than IPv4 and IPv6. Source: the IANA special-purpose
 * address registries (RFC 6890). */
bool sj_ipaddr_is_public(const struct sockaddr *address);

/* The address without port, "192.0.2.1"; "?" for other families. Returns out. */
const char *sj_ipaddr_text(char out[SJ_IPADDR_TEXT_MAX], const struct sockaddr *address);

#endif
