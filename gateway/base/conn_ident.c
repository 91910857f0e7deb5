/* SPDX-License-Identifier: MPL-2.0 */
/* Whose conn is it? An index of the conns that have an ident, by their two addresses and ports, for
 * servers that ask back over a connection between the same addresses (RFC 1413 §3). It is there
 * only when somebody wants to answer (gateway/identd.c); without, conns pay nothing for it. Entries
 * are made before the server can know of the connection, and go with its descriptor. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "conn_priv.h"
#include "sojourn/ipaddr.h"
#include "sojourn/strbuf.h"

#define IDENT_KEY_MAX (2u * (SJ_IPADDR_TEXT_MAX + 7u))

/* Owner: the conn. */
struct conn_ident {
    char ident[SJ_IDENT_MAX + 1];
    char key[IDENT_KEY_MAX];         /* "192.0.2.1 40000 192.0.2.2 6697", ours first */
};

static uint16_t ident_port(const struct sockaddr_storage *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    if (address->ss_family == AF_INET) {
        memcpy(&v4, address, sizeof v4);
        return ntohs(v4.sin_port);
    }
    memcpy(&v6, address, sizeof v6);
    return ntohs(v6.sin6_port);
}

static void ident_key(char out[IDENT_KEY_MAX], const struct sockaddr_storage *ours,
                      uint16_t our_port, const struct sockaddr_storage *theirs,
                      uint16_t their_port)
{
    char a[SJ_IPADDR_TEXT_MAX], b[SJ_IPADDR_TEXT_MAX];

    sj_ipaddr_text(a, (const struct sockaddr *)ours);
    sj_ipaddr_text(b, (const struct sockaddr *)theirs);
    (void)snprintf(out, IDENT_KEY_MAX, "%s %u %s %u", a, (unsigned)our_port, b,
                   (unsigned)their_port);
}

static bool ident_local(int fd, struct sockaddr_storage *out)
{
    socklen_t len = sizeof *out;

    *out = (struct sockaddr_storage){0};
    return getsockname(fd, (struct sockaddr *)out, &len) == 0 &&
           (out->ss_family == AF_INET || out->ss_family == AF_INET6);
}

void sj_conn_ident_enable(struct sj_loop *loop)
{
    if (loop->idents)
        return;
    loop->idents = sj_malloc(sizeof *loop->idents);
    sj_map_init(loop->idents);
}

void conn_ident_free_all(struct sj_loop *loop)
{
    if (!loop->idents)
        return;
    sj_map_release(loop->idents);
    sj_free(loop->idents);
    loop->idents = NULL;
}

void conn_ident_add(struct sj_conn *c, const char *ident, const struct sockaddr *peer)
{
    struct sockaddr_storage ours, theirs = {0};

    if (!c->loop->idents || !*ident || !ident_local(c->fd, &ours))
        return;
    memcpy(&theirs, peer, peer->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                                     : sizeof(struct sockaddr_in6));
    struct conn_ident *i = sj_calloc(1, sizeof *i);
    sj_copy(i->ident, sizeof i->ident, ident);
    ident_key(i->key, &ours, ident_port(&ours), &theirs, ident_port(&theirs));
    /* One connection at a time has these ends: whoever else was found by them is over. */
    sj_map_remove(c->loop->idents, i->key);
    sj_map_put(c->loop->idents, i->key, i);
    c->ident = i;
}

void conn_ident_remove(struct sj_conn *c)
{
    if (!c->ident)
        return;
    if (c->loop->idents && sj_map_find(c->loop->idents, c->ident->key) == c->ident)
        sj_map_remove(c->loop->idents, c->ident->key);
    sj_free(c->ident);
    c->ident = NULL;
}

const char *sj_conn_ident_find(const struct sj_conn *asker, uint16_t ours, uint16_t theirs)
{
    struct sockaddr_storage local, peer = {0};
    socklen_t len = sizeof peer;
    char key[IDENT_KEY_MAX];

    if (!asker->loop->idents || !ident_local(asker->fd, &local) ||
        getpeername(asker->fd, (struct sockaddr *)&peer, &len) != 0)
        return NULL;
    ident_key(key, &local, ours, &peer, theirs);
    const struct conn_ident *i = sj_map_find(asker->loop->idents, key);
    return i ? i->ident : NULL;
}
