/* SPDX-License-Identifier: MPL-2.0 */
/* STS: an offer without TLS makes this link, and all later ones of the net, connect to the offered
 * port with TLS and a certificate that is valid for the server's name; what was said without TLS is
 * discarded. The duration counts only where it was said with TLS, because anybody on the way could
 * have changed it, from then and from the end of each such connection on; 0 ends the policy. There
 * is no way back to plain while it lasts. Only for names: an address has no certificate that proves
 * anything. IRCv3 strict transport security. */
#include "irc_sts.h"

#include <string.h>

#include "irc_link.h"
#include "irc_login.h"
#include "sojourn/conn.h"
#include "sojourn/log.h"
#include "sojourn/strbuf.h"

/* The number behind "key=" among the n bytes; -1: not there, or none. */
static int64_t offer_number(const char *s, size_t n, const char *key)
{
    size_t length = strlen(key);

    while (n) {
        const char *comma = memchr(s, ',', n);
        size_t word = comma ? (size_t)(comma - s) : n;
        if (word > length && memcmp(s, key, length) == 0 && s[length] == '=') {
            char digits[20];
            int64_t number;
            size_t count = word - length - 1;
            if (count == 0 || count >= sizeof digits)
                return -1;
            memcpy(digits, s + length + 1, count);
            digits[count] = '\0';
            return sj_parse_int(digits, 0, INT64_MAX / 2000, &number) ? number : -1;
        }
        s += word + (comma != NULL);
        n -= word + (comma != NULL);
    }
    return -1;
}

enum sj_status irc_sts_init(struct sj_net *net, const char *tls_ca, struct sj_error *err)
{
    const char *server = net->server;

    if (net->tls || strchr(server, ':') || server[strspn(server, "0123456789.")] == '\0')
        return SJ_OK;
    return sj_tls_new(&net->sts.tls, tls_ca, true, err);
}

static void sts_confirm(struct irc_link *l, int64_t seconds)
{
    struct irc_sts *sts = &l->base.net->sts;

    if (seconds < 0)
        return;
    if (seconds > IRC_STS_DURATION_MAX_S)
        seconds = IRC_STS_DURATION_MAX_S;
    sts->duration_ms = seconds * 1000;
    sts->until_ms = seconds ? sj_loop_now_ms(l->base.loop) + sts->duration_ms : 0;
}

/* The duration counts from here on: connections outlast policies. */
void irc_sts_on_end(struct irc_link *l)
{
    struct irc_sts *sts = &l->base.net->sts;
    bool was_open = l->state >= IRC_LOGIN && l->state <= IRC_ONLINE;

    if (was_open && l->is_tls && sts->duration_ms)
        sts->until_ms = sj_loop_now_ms(l->base.loop) + sts->duration_ms;
}

void irc_sts_on_offer(struct irc_link *l, const char *value, size_t n)
{
    struct irc_sts *sts = &l->base.net->sts;
    int64_t port = offer_number(value, n, "port");

    if (!sts->tls)
        return;
    if (l->is_tls) {
        sts_confirm(l, offer_number(value, n, "duration"));
        return;
    }
    if (l->state != IRC_LOGIN || port < 1 || port > UINT16_MAX)
        return;
    sj_log_info(l->base.log, "server asks for tls port=%d", (int)port);
    sts->port = (uint16_t)port;
    sts->until_ms = sj_loop_now_ms(l->base.loop) + IRC_STS_TRIAL_MS;
    irc_login_restart(l->login);
    irc_link_enter(l, IRC_CONNECTING);
}
