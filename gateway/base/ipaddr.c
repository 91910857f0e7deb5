/* SPDX-License-Identifier: MPL-2.0 */
/* Addresses and subnets: what is open network and what is not, by the special-purpose registries of
 * IANA (RFC 6890 and successors). For IPv6 the rule is positive, since only 2000::/3 is handed out
 * as global unicast (RFC 4291 §2.4): everything else is not public, whatever it will be used for.
 * Who may be connected to is decided by the callers. */
#include "sojourn/ipaddr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "sojourn/strbuf.h"

#define IPADDR_V4_BITS 96u      /* of the prefix in front of an IPv4 address */

static const uint8_t ipaddr_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

/* IPv4 outside of the open network. */
static const struct {
    uint32_t base;
    uint8_t bits;
} ipaddr_closed_v4[] = {
    {0x00000000, 8},    /* 0.0.0.0        this network, RFC 791 */
    {0x0A000000, 8},    /* 10.0.0.0       private, RFC 1918 */
    {0x64400000, 10},   /* 100.64.0.0     shared by carriers, RFC 6598 */
    {0x7F000000, 8},    /* 127.0.0.0      loopback */
    {0xA9FE0000, 16},   /* 169.254.0.0    link-local, RFC 3927 (clouds: metadata) */
    {0xAC100000, 12},   /* 172.16.0.0     private */
    {0xC0000000, 24},   /* 192.0.0.0      protocol assignments, RFC 6890 */
    {0xC0000200, 24},   /* 192.0.2.0      documentation, RFC 5737 */
    {0xC0586300, 24},   /* 192.88.99.0    6to4 relays, RFC 7526 */
    {0xC0A80000, 16},   /* 192.168.0.0    private */
    {0xC6120000, 15},   /* 198.18.0.0     benchmarking, RFC 2544 */
    {0xC6336400, 24},   /* 198.51.100.0   documentation */
    {0xCB007100, 24},   /* 203.0.113.0    documentation */
    {0xE0000000, 4},    /* 224.0.0.0      multicast */
    {0xF0000000, 4},    /* 240.0.0.0      reserved, and limited broadcast */
};

/* IPv6 inside 2000::/3 that is not open network, or stands for an IPv4 address. */
static const struct sj_subnet ipaddr_closed_v6[] = {
    {{0x20, 0x01, 0x00}, 23},                   /* 2001::/23     Teredo, ORCHID, benchmarking ... */
    {{0x20, 0x01, 0x0D, 0xB8}, 32},             /* 2001:db8::    documentation, RFC 3849 */
    {{0x20, 0x02}, 16},                         /* 2002::/16     6to4, RFC 3056 */
    {{0x3F, 0xFF, 0x00}, 20},                   /* 3fff::/20     documentation, RFC 9637 */
};

static bool ipaddr_same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return !rest || ((a[whole] ^ b[whole]) & (0xFF00u >> rest) & 0xFFu) == 0;
}

/* The 16 bytes of an address, IPv4 as IPv4-mapped; false for other families. */
static bool ipaddr_bytes(uint8_t out[16], const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        memcpy(out, ipaddr_mapped, sizeof ipaddr_mapped);
        memcpy(out + sizeof ipaddr_mapped, &v4.sin_addr, 4);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        memcpy(out, &v6.sin6_addr, 16);
        return true;
    }
    return false;
}

static bool ipaddr_is_v4(const uint8_t bytes[16])
{
    return memcmp(bytes, ipaddr_mapped, sizeof ipaddr_mapped) == 0;
}

static bool ipaddr_v4_is_public(uint32_t address)
{
    for (size_t i = 0; i < sizeof ipaddr_closed_v4 / sizeof ipaddr_closed_v4[0]; i++) {
        unsigned shift = 32u - ipaddr_closed_v4[i].bits;
        if (address >> shift == ipaddr_closed_v4[i].base >> shift)
            return false;
    }
    return true;
}

bool sj_ipaddr_is_public(const struct sockaddr *address)
{
    uint8_t bytes[16];
    if (!ipaddr_bytes(bytes, address))
        return false;
    if (address->sa_family == AF_INET) {
        uint32_t v4;
        memcpy(&v4, bytes + sizeof ipaddr_mapped, sizeof v4);
        return ipaddr_v4_is_public(ntohl(v4));
    }
    if (bytes[0] >> 5 != 1)                     /* 2000::/3 */
        return false;
    for (size_t i = 0; i < sizeof ipaddr_closed_v6 / sizeof ipaddr_closed_v6[0]; i++) {
        if (ipaddr_same_prefix(bytes, ipaddr_closed_v6[i].base, ipaddr_closed_v6[i].bits))
            return false;
    }
    return true;
}

bool sj_subnet_has(const struct sj_subnet *subnet, const struct sockaddr *address)
{
    uint8_t bytes[16];
    if (!ipaddr_bytes(bytes, address))
        return false;
    /* "::/0" speaks of IPv6 and does not let IPv4 in by the back door of the mapped form. */
    if (ipaddr_is_v4(bytes) && subnet->bits < IPADDR_V4_BITS)
        return false;
    return ipaddr_same_prefix(bytes, subnet->base, subnet->bits);
}

static bool subnet_is_clean(const struct sj_subnet *subnet)
{
    for (unsigned i = subnet->bits; i < 128; i++) {
        if (subnet->base[i / 8] & (0x80u >> (i % 8)))
            return false;
    }
    return true;
}

enum sj_status sj_subnet_parse(struct sj_subnet *out, const char *text, struct sj_error *err)
{
    char address[SJ_IPADDR_TEXT_MAX];
    size_t n = strcspn(text, "/");
    *out = (struct sj_subnet){0};
    if (n >= sizeof address)
        return sj_fail(err, SJ_INVALID, "this is not an address");
    memcpy(address, text, n);
    address[n] = '\0';
    bool v4 = inet_pton(AF_INET, address, out->base + sizeof ipaddr_mapped) == 1;
    if (v4)
        memcpy(out->base, ipaddr_mapped, sizeof ipaddr_mapped);
    else if (inet_pton(AF_INET6, address, out->base) != 1)
        return sj_fail(err, SJ_INVALID, "this is not an address");
    int64_t most = v4 ? 32 : 128;
    int64_t bits = most;
    if (text[n] == '/' && (text[n + 1] == '-' || !sj_parse_int(text + n + 1, 0, most, &bits)))
        return sj_fail(err, SJ_INVALID, "the length behind the slash must be 0 to %d", (int)most);
    out->bits = (uint8_t)(bits + (v4 ? (int64_t)IPADDR_V4_BITS : 0));
    if (!subnet_is_clean(out))
        return sj_fail(err, SJ_INVALID, "the address has bits set behind the first %d", (int)bits);
    return SJ_OK;
}

const char *sj_ipaddr_text(char out[SJ_IPADDR_TEXT_MAX], const struct sockaddr *address)
{
    uint8_t bytes[16];
    bool known = ipaddr_bytes(bytes, address);
    if (known && address->sa_family == AF_INET)
        known = inet_ntop(AF_INET, bytes + sizeof ipaddr_mapped, out, SJ_IPADDR_TEXT_MAX);
    else if (known)
        known = inet_ntop(AF_INET6, bytes, out, SJ_IPADDR_TEXT_MAX);
    if (!known)
        sj_copy(out, SJ_IPADDR_TEXT_MAX, "?");
    return out;
}
