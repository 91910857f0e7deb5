/* SPDX-License-Identifier: MPL-2.0 */
/* The identd: takes "PORT , PORT" over TCP, answers with the ident that the conn between the same
 * two addresses was given (sojourn/conn.h), and closes. One question a client.
 *
 * Anybody may connect, so everything is bounded: clients, bytes, time. Nobody learns anything about
 * connections that are not their own, and an ident says nothing about who the user is. RFC 1413 §4
 * to §6; what cannot be read as two numbers gets no answer. */
#include "identd.h"

#include <stdio.h>
#include <string.h>

#include "sojourn/conn.h"
#include "sojourn/ipaddr.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define IDENTD_FINISH_MS 2000

struct identd_client {
    struct sj_list link;
    struct identd *identd;
    struct sj_conn *conn;
    struct sj_timer limit;
    bool answered;
};

struct identd {
    struct sj_loop *loop;
    struct sj_log log;
    struct sj_listener *listener[IDENTD_LISTENERS_MAX];
    size_t n_listeners;
    struct sj_list clients;
    unsigned n_clients;
};

/* One place to listen on. */
struct identd_place {
    char address[SJ_IPADDR_TEXT_MAX];
    uint16_t port;
};

/* ---- configuration ---- */

static enum sj_status place_parse(struct identd_place *out, const char *text, struct sj_error *err)
{
    struct sj_subnet subnet;
    const char *colon = strrchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : 0;
    int64_t port;

    if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    } else if (memchr(text, ':', n)) {
        n = 0;                           /* an IPv6 address stands in brackets */
    }
    if (n == 0 || n >= sizeof out->address || memchr(text, '/', n) ||
        !sj_parse_int(colon + 1, 1, UINT16_MAX, &port))
        return sj_fail(err, SJ_INVALID, "not of the form 192.0.2.1:113 or [2001:db8::1]:113");
    memcpy(out->address, text, n);
    out->address[n] = '\0';
    out->port = (uint16_t)port;
    return sj_subnet_parse(&subnet, out->address, err);
}

static enum sj_status places_parse(struct identd_place out[IDENTD_LISTENERS_MAX], size_t *n,
                                   const char *where, struct sj_error *err)
{
    enum sj_status status = SJ_OK;
    char *copy = sj_strdup(where);
    char *rest, *word;

    *n = 0;
    for (char *at = copy; status == SJ_OK && (word = strtok_r(at, ", \t", &rest)) != NULL;
         at = NULL) {
        if (*n == IDENTD_LISTENERS_MAX)
            status = sj_fail(err, SJ_INVALID, "more than %u addresses", IDENTD_LISTENERS_MAX);
        else
            status = place_parse(&out[(*n)++], word, err);
    }
    sj_free(copy);
    return status;
}

enum sj_status identd_check(const char *where, struct sj_error *err)
{
    struct identd_place places[IDENTD_LISTENERS_MAX];
    size_t n;

    return places_parse(places, &n, where, err);
}

/* ---- clients ---- */

static void client_free(struct identd_client *c)
{
    sj_timer_stop(&c->limit);
    sj_list_remove(&c->link);
    c->identd->n_clients--;
    sj_conn_free(&c->conn);
    sj_free(c);
}

static void client_limit(void *arg)
{
    client_free(arg);
}

/* The number at *at, with blanks around it, of at most five digits; goes on behind it. */
static bool take_number(const char **at, unsigned *out)
{
    const char *p = *at + strspn(*at, " \t");
    size_t n = strspn(p, "0123456789");

    *out = 0;
    for (size_t i = 0; i < n && i < 6; i++)
        *out = *out * 10 + (unsigned)(p[i] - '0');
    *at = p + n + strspn(p + n, " \t");
    return n > 0 && n < 6;
}

bool identd_read(const char *line, unsigned *ours, unsigned *theirs)
{
    return take_number(&line, ours) && *line++ == ',' && take_number(&line, theirs) && !*line;
}

static void client_answer(struct identd_client *c, const char *line)
{
    char text[IDENTD_LINE_MAX + 64];
    unsigned ours, theirs;

    if (!identd_read(line, &ours, &theirs)) {
        client_free(c);
        return;
    }
    if (ours < 1 || ours > UINT16_MAX || theirs < 1 || theirs > UINT16_MAX) {
        (void)snprintf(text, sizeof text, "%u , %u : ERROR : INVALID-PORT\r\n", ours, theirs);
    } else {
        const char *ident = sj_conn_ident_find(c->conn, (uint16_t)ours, (uint16_t)theirs);
        (void)snprintf(text, sizeof text, "%u , %u : %s%s\r\n", ours, theirs,
                       ident ? "USERID : UNIX : " : "ERROR : NO-USER", ident ? ident : "");
        sj_log_debug(&c->identd->log, "asked ours=%u theirs=%u known=%d", ours, theirs,
                     ident != NULL);
    }
    c->answered = true;
    sj_conn_write(c->conn, text, strlen(text));
    sj_conn_finish(c->conn, IDENTD_FINISH_MS);
}

static void client_data(void *arg)
{
    struct identd_client *c = arg;
    char *line;
    size_t n;

    if (c->answered)
        return;
    enum sj_line got = sj_conn_line(c->conn, IDENTD_LINE_MAX, &line, &n);
    if (got == SJ_LINE_OK && strlen(line) == n)
        client_answer(c, line);
    else if (got != SJ_LINE_NONE)
        client_free(c);
}

static void client_down(void *arg, const struct sj_error *why)
{
    (void)why;
    client_free(arg);
}

static void client_nothing(void *arg)
{
    (void)arg;
}

static const struct sj_conn_events client_events = {
    .up = client_nothing,
    .data = client_data,
    .drained = client_nothing,
    .down = client_down,
};

static void identd_accepted(void *arg, struct sj_conn *conn)
{
    struct identd *identd = arg;

    if (identd->n_clients >= IDENTD_CLIENTS_MAX) {
        sj_log_debug(&identd->log, "client refused, too many n=%u", identd->n_clients);
        sj_conn_free(&conn);
        return;
    }
    struct identd_client *c = sj_calloc(1, sizeof *c);
    c->identd = identd;
    c->conn = conn;
    sj_list_init(&c->link);
    sj_list_append(&identd->clients, &c->link);
    identd->n_clients++;
    sj_timer_init(&c->limit, client_limit, c);
    sj_timer_start(identd->loop, &c->limit, IDENTD_CLIENT_MS);
    sj_conn_adopt(conn, &client_events, c);
}

/* ---- life ---- */

enum sj_status identd_new(struct identd **out, struct sj_loop *loop, const struct sj_log *log,
                          const char *where, struct sj_error *err)
{
    struct identd_place places[IDENTD_LISTENERS_MAX];
    size_t n;
    enum sj_status status = places_parse(places, &n, where, err);

    if (status != SJ_OK)
        return status;
    struct identd *identd = sj_calloc(1, sizeof *identd);
    identd->loop = loop;
    identd->log = (struct sj_log){.parent = log, .area = "identd"};
    sj_list_init(&identd->clients);
    for (size_t i = 0; i < n; i++) {
        status = sj_listen_tcp(&identd->listener[i], loop, places[i].address, places[i].port,
                               identd_accepted, identd, err);
        if (status != SJ_OK) {
            identd_free(&identd);
            return status;
        }
        identd->n_listeners++;
    }
    sj_conn_ident_enable(loop);
    *out = identd;
    return SJ_OK;
}

void identd_free(struct identd **at)
{
    struct identd *identd = at ? *at : NULL;

    if (!identd)
        return;
    for (size_t i = 0; i < identd->n_listeners; i++)
        sj_listener_free(&identd->listener[i]);
    while (!sj_list_empty(&identd->clients))
        client_free(SJ_CONTAINER(identd->clients.next, struct identd_client, link));
    sj_free(identd);
    *at = NULL;
}
