/* SPDX-License-Identifier: MPL-2.0 */
/* WEBIRC, the line before all others: password, gateway, host, address.
 *
 * Users of the gateway have no address that we know. Each gets one out of the configured prefix,
 * made of a digest of the user and the network's password: always the same for one user, and
 * nobody without the password can find out whose it is by trying names. The IRCv3 WEBIRC
 * extension. */
#include "irc_webirc.h"

#include <stdio.h>
#include <string.h>

#include "irc_link.h"
#include "irc_send.h"
#include "sojourn/digest.h"
#include "sojourn/ipaddr.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define WEBIRC_GATEWAY "sojourn"

enum sj_status irc_webirc_init(struct irc_webirc *out, const char *password, const char *host,
                               const char *prefix, struct sj_error *err)
{
    struct sj_subnet subnet;

    *out = (struct irc_webirc){ .password = password, .host = host };
    if (!password)
        return SJ_OK;
    if (*password == ':' || strchr(password, ' ') || (host && strpbrk(host, " :")))
        return sj_fail(err, SJ_INVALID, "webirc-password and webirc-host are words without blanks");
    if (sj_subnet_parse(&subnet, prefix, err) != SJ_OK)
        return SJ_INVALID;
    if (subnet.bits > 64 || !strchr(prefix, ':'))
        return sj_fail(err, SJ_INVALID, "webirc-prefix is an IPv6 network of at most 64 bits");
    memcpy(out->prefix, subnet.base, sizeof out->prefix);
    return SJ_OK;
}

/* Eight bytes that stand for the user. */
static void user_digest(uint8_t out[8], const struct irc_link *l)
{
    const struct irc_webirc *webirc = &l->base.net->webirc;
    struct sj_digest *digest = sj_digest_new(SJ_DIGEST_SHA256);
    uint8_t all[SJ_DIGEST_MAX];
    uint8_t user[8];

    for (unsigned i = 0; i < sizeof user; i++)
        user[i] = (uint8_t)(l->base.user >> (56 - 8 * i));
    sj_digest_add(digest, webirc->password, strlen(webirc->password) + 1);
    sj_digest_add(digest, user, sizeof user);
    sj_digest_end(digest, all);
    sj_digest_free(&digest);
    memcpy(out, all, 8);
    sj_wipe(all, sizeof all);
}

void irc_webirc_send(struct irc_link *l)
{
    const struct irc_webirc *webirc = &l->base.net->webirc;
    char address[48], host[300];
    uint8_t bytes[16];
    struct irc_out o;
    size_t n = 0;

    if (!webirc->password)
        return;
    memcpy(bytes, webirc->prefix, 8);
    user_digest(bytes + 8, l);
    for (size_t i = 0; i < sizeof bytes; i += 2)
        n += (size_t)snprintf(address + n, sizeof address - n, "%s%x", i ? ":" : "",
                              (unsigned)bytes[i] << 8 | bytes[i + 1]);
    sj_copy(host, sizeof host, address);
    if (webirc->host)
        (void)snprintf(host, sizeof host, "%02x%02x%02x%02x%02x%02x%02x%02x.%s", bytes[8],
                       bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15],
                       webirc->host);
    irc_out_init(&o);
    irc_out_adds(&o, "WEBIRC ");
    irc_out_adds(&o, webirc->password);
    irc_out_adds(&o, " " WEBIRC_GATEWAY " ");
    irc_out_adds(&o, host);
    irc_out_adds(&o, " ");
    irc_out_adds(&o, address);
    irc_send(l, &o, IRC_NOW);
    sj_wipe(&o, sizeof o);
}
