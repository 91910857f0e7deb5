/* SPDX-License-Identifier: MPL-2.0 */
/* HTTP/2 for the scripted server: frames are counted and answered, heads are not decoded. */
#include <arpa/inet.h>
#include <criterion/criterion.h>

#include "httpd.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum { H2_DATA = 0, H2_HEADERS = 1, H2_RESET = 3, H2_SETTINGS = 4, H2_PING = 6 };
enum { H2_END_STREAM = 1, H2_ACK = 1, H2_END_HEADERS = 4 };

static int offer_choose(SSL *ssl, const unsigned char **out, unsigned char *len,
                        const unsigned char *in, unsigned in_len, void *arg)
{
    const char *protocol = arg;
    size_t n = strlen(protocol);
    (void)ssl;
    for (const unsigned char *p = in; p < in + in_len; p += *p + 1) {
        if (*p == n && memcmp(p + 1, protocol, n) == 0) {
            *out = p + 1;
            *len = *p;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void httpd_offer(struct httpd *d, const char *protocol)
{
    SSL_CTX_set_alpn_select_cb(d->tls, offer_choose, (void *)protocol);
}

static void h2_send(struct httpd_peer *p, int type, int flags, uint32_t stream, const void *payload,
                    size_t n)
{
    unsigned char head[9] = {(unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n,
                             (unsigned char)type, (unsigned char)flags};
    uint32_t id = htonl(stream);
    memcpy(head + 5, &id, sizeof id);
    httpd_send(p, head, sizeof head);
    if (n)
        httpd_send(p, payload, n);
}

void httpd_h2_answer(struct httpd_peer *p, uint32_t stream, const char *body)
{
    static const unsigned char ok = 0x88;       /* ":status 200", RFC 7541 appendix A */
    h2_send(p, H2_HEADERS, H2_END_HEADERS, stream, &ok, 1);
    h2_send(p, H2_DATA, H2_END_STREAM, stream, body, strlen(body));
}

void httpd_h2_reset(struct httpd_peer *p, uint32_t stream)
{
    static const unsigned char internal[4] = {0, 0, 0, 2};
    h2_send(p, H2_RESET, 0, stream, internal, sizeof internal);
}

static void h2_greet(struct httpd_peer *p)
{
    unsigned max = p->httpd->streams_max;
    unsigned char settings[6] = {0, 3, 0, 0, (unsigned char)(max >> 8), (unsigned char)max};
    cr_assert_eq(memcmp(p->in.s, PREFACE, strlen(PREFACE)), 0);
    p->greeted = true;
    p->read = strlen(PREFACE);
    h2_send(p, H2_SETTINGS, 0, 0, settings, max ? sizeof settings : 0);
}

static void h2_frame(struct httpd_peer *p, const unsigned char *f, size_t n)
{
    struct httpd *d = p->httpd;
    uint32_t stream;
    memcpy(&stream, f + 5, sizeof stream);
    stream = ntohl(stream);
    if (f[3] == H2_SETTINGS && !(f[4] & H2_ACK))
        h2_send(p, H2_SETTINGS, H2_ACK, 0, NULL, 0);
    else if (f[3] == H2_PING && !(f[4] & H2_ACK))
        h2_send(p, H2_PING, H2_ACK, 0, f + 9, n);
    else if (f[3] == H2_RESET)
        d->resets++;
    else if ((f[3] == H2_HEADERS || f[3] == H2_DATA) && (f[4] & H2_END_STREAM)) {
        d->requests++;
        d->serve2(d, p, stream);
    }
}

void httpd_h2_read(struct httpd_peer *p)
{
    if (!p->greeted && p->in.len >= strlen(PREFACE))
        h2_greet(p);
    while (p->greeted && p->in.len - p->read >= 9) {
        const unsigned char *f = (const unsigned char *)p->in.s + p->read;
        size_t n = (size_t)f[0] << 16 | (size_t)f[1] << 8 | f[2];
        if (p->in.len - p->read < 9 + n)
            return;
        p->read += 9 + n;
        h2_frame(p, f, n);
    }
}
