/* SPDX-License-Identifier: MPL-2.0 */
/* The small home server of tests; see fake_matrix.h. HTTP/1.1, one request after the other on each
 * connection. */
#include "fake_matrix.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define FAKE_PEERS 64u
#define FAKE_USERS 8u
#define FAKE_RULES 32u
#define FAKE_REQUESTS 4096u
#define FAKE_SYNCS 64u
#define FAKE_INPUT (4u << 20)

struct fake_user {
    char name[64];
    bool synced;
    unsigned batch;
    struct sj_strbuf events;     /* of its chat, behind commas */
};

struct fake_rule {
    char *request, *headers, *body;
    unsigned times;
    int status;
};

struct fake_peer {
    int fd;                      /* -1: free */
    struct sj_strbuf in;
    char *out;
    size_t n_out, at_out;
    struct fake_user *polls;     /* its sync is held */
};

struct fake_matrix {
    int listener;
    unsigned port;
    bool frozen, closed;
    struct fake_peer peer[FAKE_PEERS];
    struct fake_user user[FAKE_USERS];
    struct fake_rule rule[FAKE_RULES];
    unsigned n_rules;
    char *request[FAKE_REQUESTS];
    unsigned n_requests;
    char *sync[FAKE_SYNCS];
    unsigned n_syncs, at_sync, n_events;
    bool scripted;
    char *headers;
};

struct fake_matrix *fake_matrix_new(void)
{
    struct fake_matrix *f = sj_calloc(1, sizeof *f);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(f->listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(f->listener, 64), 0);
    cr_assert_eq(getsockname(f->listener, (struct sockaddr *)&address, &len), 0);
    f->port = ntohs(address.sin_port);
    for (size_t i = 0; i < FAKE_PEERS; i++) {
        f->peer[i].fd = -1;
        sj_strbuf_init(&f->peer[i].in, FAKE_INPUT);
    }
    for (size_t i = 0; i < FAKE_USERS; i++)
        sj_strbuf_init(&f->user[i].events, FAKE_INPUT);
    return f;
}

static void fake_close(struct fake_peer *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    p->polls = NULL;
    sj_free(p->out);
    p->out = NULL;
    p->n_out = p->at_out = 0;
    sj_strbuf_reset(&p->in);
}

void fake_matrix_free(struct fake_matrix **at)
{
    struct fake_matrix *f = *at;
    for (size_t i = 0; i < FAKE_PEERS; i++) {
        fake_close(&f->peer[i]);
        sj_strbuf_release(&f->peer[i].in);
    }
    for (size_t i = 0; i < FAKE_USERS; i++)
        sj_strbuf_release(&f->user[i].events);
    for (size_t i = 0; i < f->n_rules; i++) {
        sj_free(f->rule[i].request);
        sj_free(f->rule[i].headers);
        sj_free(f->rule[i].body);
    }
    for (size_t i = 0; i < f->n_requests; i++)
        sj_free(f->request[i]);
    for (size_t i = 0; i < f->n_syncs; i++)
        sj_free(f->sync[i]);
    sj_free(f->headers);
    close(f->listener);
    sj_free(f);
    *at = NULL;
}

unsigned fake_matrix_port(const struct fake_matrix *f)
{
    return f->port;
}

void fake_matrix_hang_up(struct fake_matrix *f)
{
    for (size_t i = 0; i < FAKE_PEERS; i++)
        fake_close(&f->peer[i]);
    f->closed = true;
}

void fake_matrix_freeze(struct fake_matrix *f)
{
    f->frozen = true;
}

void fake_matrix_sync(struct fake_matrix *f, const char *json)
{
    cr_assert_lt(f->n_syncs, FAKE_SYNCS);
    f->scripted = true;
    f->sync[f->n_syncs++] = sj_strdup(json);
}

void fake_matrix_answer(struct fake_matrix *f, const char *request, unsigned times, int status,
                        const char *headers, const char *body)
{
    cr_assert_lt(f->n_rules, FAKE_RULES);
    f->rule[f->n_rules++] = (struct fake_rule){
        .request = sj_strdup(request), .times = times, .status = status,
        .headers = sj_strdup(headers), .body = sj_strdup(body)};
}

unsigned fake_matrix_count(const struct fake_matrix *f, const char *request)
{
    unsigned n = 0;
    for (size_t i = 0; i < f->n_requests; i++)
        n += strncmp(f->request[i], request, strlen(request)) == 0;
    return n;
}

const char *fake_matrix_last(const struct fake_matrix *f, const char *request)
{
    for (size_t i = f->n_requests; i > 0; i--) {
        if (strncmp(f->request[i - 1], request, strlen(request)) == 0)
            return f->request[i - 1];
    }
    return "";
}

const char *fake_matrix_headers(const struct fake_matrix *f)
{
    return f->headers ? f->headers : "";
}

/* ---- answers ---- */

static void fake_reply(struct fake_peer *p, int status, const char *headers, const char *body)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, FAKE_INPUT * 8);
    sj_strbuf_addf(&text, "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%s"
                   "Content-Length: %zu\r\n\r\n", status, headers, strlen(body));
    sj_strbuf_adds(&text, body);
    cr_assert_null(p->out);
    p->n_out = text.len;
    p->at_out = 0;
    p->out = sj_strbuf_take(&text);
}

static bool fake_begins(const char *s, const char *with)
{
    return strncmp(s, with, strlen(with)) == 0;
}

static struct fake_user *fake_user(struct fake_matrix *f, const char *name, size_t n)
{
    for (size_t i = 0; i < FAKE_USERS; i++) {
        struct fake_user *u = &f->user[i];
        if (!u->name[0])
            snprintf(u->name, sizeof u->name, "%.*s", (int)n, name);
        if (strlen(u->name) == n && strncmp(u->name, name, n) == 0)
            return u;
    }
    return &f->user[0];
}

/* Whose token is it? */
static struct fake_user *fake_user_of(struct fake_matrix *f, const char *head)
{
    const char *token = strstr(head, "Bearer token-");
    if (!token)
        return NULL;
    token += strlen("Bearer token-");
    return fake_user(f, token, strcspn(token, "\r\n"));
}

static void fake_on_login(struct fake_matrix *f, struct fake_peer *p, const char *body)
{
    const char *user = strstr(body, "\"user\":\"");
    char answer[512];
    cr_assert(user);
    user += strlen("\"user\":\"");
    if (*user == '@')
        user++;
    struct fake_user *u = fake_user(f, user, strcspn(user, ":\""));
    u->synced = false;
    snprintf(answer, sizeof answer, "{\"user_id\":\"@%s:hs.test\",\"access_token\":\"token-%s\","
             "\"device_id\":\"D1\"}", u->name, u->name);
    fake_reply(p, 200, "", answer);
}

static void fake_sync_first(struct fake_peer *p, struct fake_user *u)
{
    char body[2048];
    u->synced = true;
    snprintf(body, sizeof body,
             "{\"next_batch\":\"s0\",\"account_data\":{\"events\":[{\"type\":\"m.direct\","
             "\"content\":{\"@echo:hs.test\":[\"!%s:hs.test\"]}}]},\"rooms\":{\"join\":{"
             "\"!%s:hs.test\":{\"summary\":{\"m.joined_member_count\":2},\"state\":{\"events\":["
             "{\"type\":\"m.room.member\",\"state_key\":\"@echo:hs.test\",\"sender\":"
             "\"@echo:hs.test\",\"content\":{\"membership\":\"join\",\"displayname\":\"Echo\"}}]},"
             "\"timeline\":{\"events\":[]}}}}}", u->name, u->name);
    fake_reply(p, 200, "", body);
}

/* News for whoever polls; false: there is none. */
static bool fake_sync_next(struct fake_matrix *f, struct fake_peer *p, struct fake_user *u)
{
    struct sj_strbuf body;
    if (f->scripted) {
        if (f->at_sync == f->n_syncs)
            return false;
        fake_reply(p, 200, "", f->sync[f->at_sync++]);
        return true;
    }
    if (!u->synced) {
        fake_sync_first(p, u);
        return true;
    }
    if (u->events.len == 0)
        return false;
    sj_strbuf_init(&body, FAKE_INPUT * 2);
    sj_strbuf_addf(&body, "{\"next_batch\":\"s%u\",\"rooms\":{\"join\":{\"!%s:hs.test\":{"
                   "\"timeline\":{\"events\":[%s]}}}}}", ++u->batch, u->name, u->events.s + 1);
    fake_reply(p, 200, "", body.s);
    sj_strbuf_release(&body);
    sj_strbuf_reset(&u->events);
    return true;
}

/* A message into the chat: it comes back to the sender, and is answered by echo. */
static void fake_on_send(struct fake_matrix *f, struct fake_peer *p, struct fake_user *u,
                         const char *path, const char *body)
{
    const char *txn = strrchr(path, '/') + 1;
    char answer[64];
    unsigned n = ++f->n_events;
    sj_strbuf_addf(&u->events, ",{\"type\":\"m.room.message\",\"sender\":\"@%s:hs.test\","
                   "\"event_id\":\"$%u\",\"content\":%s,\"unsigned\":{\"transaction_id\":\"%s\"}}",
                   u->name, n, body, txn);
    sj_strbuf_addf(&u->events, ",{\"type\":\"m.room.message\",\"sender\":\"@echo:hs.test\","
                   "\"event_id\":\"$%u-echo\",\"content\":%s}", n, body);
    snprintf(answer, sizeof answer, "{\"event_id\":\"$%u\"}", n);
    fake_reply(p, 200, "", answer);
}

static void fake_on_request(struct fake_matrix *f, struct fake_peer *p, struct fake_user *u,
                            const char *request, const char *path, const char *body)
{
    static const struct {
        const char *request, *answer;
    } rows[] = {
        {"GET /_matrix/client/versions", "{\"versions\":[\"v1.11\"]}"},
        {"GET /_matrix/client/v3/login", "{\"flows\":[{\"type\":\"m.login.password\"}]}"},
        {"POST /_matrix/client/v3/logout", "{}"},
        {"POST /_matrix/client/v3/createRoom", "{\"room_id\":\"!new:hs.test\"}"},
        {"POST /_matrix/client/v3/rooms/", "{}"},
        {"POST /_matrix/client/v3/join/", "{\"room_id\":\"!joined:hs.test\"}"},
        {"PUT /_matrix/client/v3/presence/", "{}"},
        {"PUT /_matrix/client/v3/user/", "{}"},
        {"GET /_matrix/client/v3/profile/", "{\"displayname\":\"Somebody\"}"},
    };
    char answer[256];
    if (fake_begins(request, "POST /_matrix/client/v3/login")) {
        fake_on_login(f, p, body);
    } else if (fake_begins(request, "GET /_matrix/client/v3/profile/%40nobody")) {
        fake_reply(p, 404, "", "{\"errcode\":\"M_NOT_FOUND\",\"error\":\"Nobody\"}");
    } else if (u && fake_begins(request, "GET /_matrix/client/v3/account/whoami")) {
        u->synced = false;
        snprintf(answer, sizeof answer, "{\"user_id\":\"@%s:hs.test\"}", u->name);
        fake_reply(p, 200, "", answer);
    } else if (u && fake_begins(request, "GET /_matrix/client/v3/sync")) {
        if (!fake_sync_next(f, p, u))
            p->polls = u;
    } else if (u && fake_begins(request, "PUT /_matrix/client/v3/rooms/") &&
               strstr(path, "/send/")) {
        fake_on_send(f, p, u, path, body);
    } else {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            if (fake_begins(request, rows[i].request)) {
                fake_reply(p, 200, "", rows[i].answer);
                return;
            }
        }
        fake_reply(p, u ? 404 : 401, "", u ? "{\"errcode\":\"M_UNRECOGNIZED\"}"
                                           : "{\"errcode\":\"M_UNKNOWN_TOKEN\"}");
    }
}

static bool fake_by_rule(struct fake_matrix *f, struct fake_peer *p, const char *request)
{
    for (size_t i = 0; i < f->n_rules; i++) {
        struct fake_rule *r = &f->rule[i];
        if (r->times == 0 || !fake_begins(request, r->request))
            continue;
        r->times--;
        if (r->status)
            fake_reply(p, r->status, r->headers, r->body);
        else
            fake_close(p);
        return true;
    }
    return false;
}

/* A whole request stands at the begin of what was read; false: not yet. */
static bool fake_take_request(struct fake_matrix *f, struct fake_peer *p)
{
    char *end = strstr(p->in.s, "\r\n\r\n");
    if (!end || p->out || p->polls)
        return false;
    const char *length = strstr(p->in.s, "Content-Length: ");
    size_t head = (size_t)(end - p->in.s) + 4;
    size_t n = length && length < end ? strtoul(length + 16, NULL, 10) : 0;
    if (p->in.len < head + n)
        return false;
    char *request = sj_strndup(p->in.s, strcspn(p->in.s, "\r"));
    char *body = sj_strndup(p->in.s + head, n);
    struct sj_strbuf text, rest;
    sj_free(f->headers);
    f->headers = sj_strndup(p->in.s, head);
    sj_strbuf_init(&rest, FAKE_INPUT);
    sj_strbuf_add(&rest, p->in.s + head + n, p->in.len - head - n);
    sj_strbuf_release(&p->in);
    p->in = rest;
    request[strlen(request) - strlen(" HTTP/1.1")] = '\0';
    sj_strbuf_init(&text, FAKE_INPUT);
    sj_strbuf_addf(&text, "%s\n%s", request, body);
    cr_assert_lt(f->n_requests, FAKE_REQUESTS);
    f->request[f->n_requests++] = sj_strbuf_take(&text);
    f->closed = f->closed && !strstr(request, "/login") && !strstr(request, "/whoami") &&
                !strstr(request, "/versions");
    if (f->closed)
        fake_close(p);
    else if (!fake_by_rule(f, p, request))
        fake_on_request(f, p, fake_user_of(f, f->headers), request, strchr(request, ' ') + 1, body);
    sj_free(request);
    sj_free(body);
    return true;
}

static void fake_serve(struct fake_matrix *f, struct fake_peer *p)
{
    char bytes[65536];
    ssize_t n;
    while ((n = recv(p->fd, bytes, sizeof bytes, 0)) > 0)
        sj_strbuf_add(&p->in, bytes, (size_t)n);
    if (n == 0) {
        fake_close(p);
        return;
    }
    if (p->polls && fake_sync_next(f, p, p->polls))
        p->polls = NULL;
    while (p->fd >= 0 && fake_take_request(f, p))
        ;
    if (p->fd >= 0 && p->out) {
        n = send(p->fd, p->out + p->at_out, p->n_out - p->at_out, MSG_NOSIGNAL);
        p->at_out += n > 0 ? (size_t)n : 0;
        if (p->at_out == p->n_out) {
            sj_free(p->out);
            p->out = NULL;
        }
    }
}

void fake_matrix_pump(void *arg)
{
    struct fake_matrix *f = arg;
    if (f->frozen)
        return;
    int fd = accept(f->listener, NULL, NULL);
    for (size_t i = 0; i < FAKE_PEERS; i++) {
        struct fake_peer *p = &f->peer[i];
        if (p->fd < 0 && fd >= 0) {
            fcntl(fd, F_SETFL, O_NONBLOCK);
            p->fd = fd;
            fd = -1;
        }
        if (p->fd >= 0)
            fake_serve(f, p);
    }
    cr_assert_lt(fd, 0, "too many connections");
}
