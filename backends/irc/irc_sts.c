/* SPDX-License-Identifier: MPL-2.0 */
/* STS: an offer without TLS makes this link, and all later ones of the net, connect to the offered
 * port with TLS and a certificate that is valid for the server's name; what was said without TLS is
 * discarded. The duration counts only where it was said with TLS, because anybody on the way could
 * have changed it, from then and from the end of each such connection on; 0 ends the policy. There
 * is no way back to plain while it lasts, nor by a restart: each link saves the policy as its
 * state, with the server's name, for the configuration may have another one then. Only for names:
 * an address has no certificate that proves anything. IRCv3 strict transport security. */
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
    sts->ended = seconds == 0;
    irc_sts_save(l);
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

/* ---- over a restart ---- */

/* Version, port, duration and end (ms of UTC), most significant byte first; the server's name. */
#define STATE_VERSION 1u
#define STATE_NAME_AT 19u
#define STATE_MAX (STATE_NAME_AT + 255u)

static void state_put(uint8_t *to, uint64_t number, size_t n)
{
    for (size_t i = n; i-- > 0; number >>= 8)
        to[i] = (uint8_t)number;
}

static int64_t state_take(const uint8_t *from, size_t n)
{
    uint64_t number = 0;

    for (size_t i = 0; i < n; i++)
        number = number << 8 | from[i];
    return number > INT64_MAX ? -1 : (int64_t)number;
}

void irc_sts_save(struct irc_link *l)
{
    const struct sj_net *net = l->base.net;
    uint8_t blob[STATE_MAX];
    size_t n = strlen(net->server);

    if (!l->is_tls || !net->sts.tls || n > STATE_MAX - STATE_NAME_AT)
        return;
    if (net->sts.duration_ms == 0) {
        l->base.host->state_save(&l->base, NULL, 0);
        return;
    }
    blob[0] = STATE_VERSION;
    state_put(blob + 1, net->sts.port, 2);
    state_put(blob + 3, (uint64_t)net->sts.duration_ms, 8);
    state_put(blob + 11, (uint64_t)(sj_loop_utc_ms(net->loop) + net->sts.duration_ms), 8);
    memcpy(blob + STATE_NAME_AT, net->server, n);
    l->base.host->state_save(&l->base, blob, STATE_NAME_AT + n);
}

void irc_sts_load(struct sj_net *net, const void *blob, size_t len)
{
    const uint8_t *p = blob;
    struct irc_sts *sts = &net->sts;

    if (!sts->tls || sts->ended || !p || len <= STATE_NAME_AT || p[0] != STATE_VERSION ||
        strlen(net->server) != len - STATE_NAME_AT ||
        memcmp(p + STATE_NAME_AT, net->server, len - STATE_NAME_AT) != 0)
        return;
    int64_t port = state_take(p + 1, 2);
    int64_t duration = state_take(p + 3, 8);
    int64_t end = state_take(p + 11, 8);
    int64_t left = end - sj_loop_utc_ms(net->loop);
    int64_t until = sj_loop_now_ms(net->loop) + left;
    /* More than the whole duration is left: the clock was set back. */
    if (end < 0 || left <= 0 || port == 0 || duration <= 0 || left > duration ||
        duration > IRC_STS_DURATION_MAX_S * 1000 || until <= sts->until_ms)
        return;
    sts->until_ms = until;
    sts->duration_ms = duration;
    sts->port = (uint16_t)port;
}
