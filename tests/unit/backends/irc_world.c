/* SPDX-License-Identifier: MPL-2.0 */
/* The scripted server, the recording host and the test clock around one IRC link. */
#include "irc_world.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "irc.h"
#include "irc_link.h"
#include "irc_world_room.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define WORLD_TRIES 200
#define WORLD_BYTES (4u * 1024u * 1024u)
#define OPS_MAX 16384

struct irc_world {
    struct sj_loop *loop;
    struct sj_net *net;
    struct sj_link *link;
    struct sj_log log;
    struct sj_value values[IRC_OPTIONS];
    struct sj_values table;
    int listener, peer;
    struct sj_strbuf input, events;
    size_t input_at, events_at;
    char *line;
    bool in_operation;
    bool expects_warnings;
    bool hears_all;
    bool is_up, is_down;
    sj_op next_op;
    unsigned char done[OPS_MAX];     /* by op: 1 owed, 2 done */
    unsigned char saved[1024];
    size_t n_saved;
    struct sj_error err;
};

/* One world at a time: each test is a process of its own. */
static struct irc_world *the_world;

static void event(struct sj_link *link, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void irc_world_event(struct sj_link *link, const char *text)
{
    event(link, "%s", text);
}

static void event(struct sj_link *link, const char *fmt, ...)
{
    static char text[SJ_BODY_MAX + 2048];
    va_list ap;

    cr_assert_not(the_world->in_operation, "host called from inside an operation");
    cr_assert_eq(link, the_world->link);
    cr_assert_not(the_world->is_down, "host called after the link was down");
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sj_strbuf_adds(&the_world->events, text);
    sj_strbuf_addc(&the_world->events, '\x1e');
}

static void on_state(struct sj_link *l, enum sj_link_state state, enum sj_end end,
                     const struct sj_error *why)
{
    if (state == SJ_LINK_UP) {
        cr_assert_not(the_world->is_up);
        the_world->is_up = true;
        event(l, "up");
        return;
    }
    event(l, "down %s%s%s", sj_end_name(end), why ? ": " : "", why ? why->text : "");
    for (sj_op op = 1; op < the_world->next_op; op++)
        cr_assert_neq(the_world->done[op], 1, "op %u has no outcome", (unsigned)op);
    the_world->is_down = true;
}

static void on_op_done(struct sj_link *l, sj_op op, const struct sj_error *err)
{
    cr_assert_lt(op, the_world->next_op);
    cr_assert_eq(the_world->done[op], 1, "op %u: outcome not owed", (unsigned)op);
    the_world->done[op] = 2;
    if (err)
        event(l, "op %u %s: %s", (unsigned)op, sj_status_text(err->status), err->text);
    else
        event(l, "op %u ok", (unsigned)op);
}

static void on_message(struct sj_link *l, const struct sj_message *m)
{
    const char *kind = m->action ? "action" : m->notice ? "notice" : "message";
    char extra[1200] = "";
    char where[32] = "";

    cr_assert(sj_utf8_valid(m->body, strlen(m->body)));
    cr_assert(*m->body);
    for (const char *p = m->body; *p; p++)
        cr_assert((unsigned char)*p >= 0x20 || *p == '\t' || *p == '\n');
    if (m->id || m->sent_at)
        (void)snprintf(extra, sizeof extra, "%s @%lld ", m->id ? m->id : "-",
                       (long long)m->sent_at);
    if (m->in_room && m->echo)
        (void)snprintf(where, sizeof where, "echo %u ", (unsigned)m->echo);
    if (m->reply_to && the_world->hears_all)
        (void)snprintf(extra + strlen(extra), sizeof extra - strlen(extra), "(to %s) ",
                       m->reply_to);
    event(l, "%s%s%s %s%s%s %s%s", where, m->own ? "own " : "", kind, m->peer, m->nick ? "/" : "",
          m->nick ? m->nick : "", extra, m->body);
}

static void on_message_id(struct sj_link *l, sj_op op, const char *id)
{
    cr_assert_eq(the_world->done[op], 1);
    if (the_world->hears_all)
        event(l, "id %u %s", (unsigned)op, id);
}

static void on_mark(struct sj_link *l, const struct sj_mark *m)
{
    static const char *const kinds[] = { "received", "displayed", "retracted", "reactions" };
    char set[512] = "";

    for (size_t i = 0; i < m->n_reactions; i++)
        (void)snprintf(set + strlen(set), sizeof set - strlen(set), " %s", m->reactions[i]);
    event(l, "%s%s %s%s%s %s%s", m->own ? "own " : "", kinds[m->kind], m->peer, m->nick ? "/" : "",
          m->nick ? m->nick : "", m->target, set);
}

static void on_typing(struct sj_link *l, const char *id, enum sj_typing typing)
{
    static const char *const words[] = { "stopped", "paused", "active" };

    event(l, "typing %s %s", id, words[typing]);
}

static void on_contact(struct sj_link *l, const struct sj_contact *c)
{
    static const char *const shows[] = { "offline", "online", "chat", "away", "xa", "dnd" };

    cr_assert(c->has_presence);
    event(l, "contact %s %s%s%s%s%s", c->id, shows[c->show], c->name ? " " : "",
          c->name ? c->name : "", c->status ? " : " : "", c->status ? c->status : "");
}

static void on_gone(struct sj_link *l, const char *id, const struct sj_error *why)
{
    (void)why;
    event(l, "gone %s", id);
}

static void on_list_told(struct sj_link *l)
{
    event(l, "listed");
}

static void on_renamed(struct sj_link *l, const char *id, const char *new_id)
{
    event(l, "renamed %s %s", id, new_id);
}

static void on_request(struct sj_link *l, const char *id, const char *name, const char *text)
{
    (void)name;
    (void)text;
    event(l, "request %s", id);
}

/* "lacks reply react retract" */
static void on_lacks(struct sj_link *l, uint32_t caps)
{
    static const struct {
        uint32_t cap;
        const char *name;
    } names[] = {
        { SJ_CAP_TYPING, "typing" }, { SJ_CAP_MARKERS, "markers" }, { SJ_CAP_RETRACT, "retract" },
        { SJ_CAP_REACT, "react" },   { SJ_CAP_REPLY, "reply" },   { SJ_CAP_READ_SYNC, "read" },
    };
    char text[128] = "lacks";

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!(caps & names[i].cap))
            continue;
        caps &= ~names[i].cap;
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), " %s", names[i].name);
    }
    cr_assert_eq(caps, 0);
    if (the_world->hears_all)
        event(l, "%s", text);
}

static void on_notice(struct sj_link *l, const char *text)
{
    cr_assert(sj_utf8_valid(text, strlen(text)));
    event(l, "tell %s", text);
}

static void on_self(struct sj_link *l, const char *id)
{
    event(l, "self %s", id);
}

static void on_save(struct sj_link *l, const void *blob, size_t len)
{
    cr_assert_leq(len, sizeof the_world->saved);
    memcpy(the_world->saved, len ? blob : "", len);
    the_world->n_saved = len;
    event(l, "save %zu", len);
}

const void *irc_saved(const struct irc_world *w, size_t *n)
{
    *n = w->n_saved;
    return w->saved;
}

/* What nobody asked for is told of most that a server says at a login. */
static void on_raw(struct sj_link *l, sj_op op, const char *line)
{
    cr_assert(sj_utf8_valid(line, strlen(line)) && strlen(line) <= SJ_RAW_MAX);
    if (op)
        event(l, "raw %llu %s", (unsigned long long)op, line);
}

static void on_position(struct sj_link *l, const char *position)
{
    cr_assert(*position && strlen(position) <= SJ_POSITION_MAX);
    event(l, "position %s", position);
}

/* "profile 1 ID|full name|nick|label=value|..." */
static void on_profile(struct sj_link *l, sj_op op, const struct sj_profile *p)
{
    const char *full = p->value[SJ_PROFILE_FULL_NAME], *nick = p->value[SJ_PROFILE_NICK];
    struct sj_strbuf text;

    cr_assert(op != 0 && p->n_facts <= SJ_FACTS_MAX);
    sj_strbuf_init(&text, 65536);
    sj_strbuf_addf(&text, "%s|%s|%s", p->id, full ? full : "", nick ? nick : "");
    for (size_t i = 0; i < p->n_facts; i++) {
        cr_assert_leq(strlen(p->facts[i].value), SJ_PROFILE_VALUE_MAX);
        sj_strbuf_addf(&text, "|%s=%s", p->facts[i].label, p->facts[i].value);
    }
    cr_assert(sj_utf8_valid(text.s, text.len));
    event(l, "profile %llu %s", (unsigned long long)op, text.s);
    sj_strbuf_release(&text);
}

static const struct sj_host world_host = {
    .link_state = on_state,
    .op_done = on_op_done,
    .message = on_message,
    .message_id = on_message_id,
    .mark = on_mark,
    .typing = on_typing,
    .contact = on_contact,
    .contact_gone = on_gone,
    .list_told = on_list_told,
    .contact_renamed = on_renamed,
    .contact_request = on_request,
    .notice = on_notice,
    .self = on_self,
    .state_save = on_save,
    .position = on_position,
    .raw = on_raw,
    .profile = on_profile,
    .lacks = on_lacks,
    .rooms = &irc_world_rooms,
};

static void on_log(enum sj_log_level level, const char *line, void *ctx)
{
    const struct irc_world *w = ctx;

    cr_assert(level > SJ_LOG_WARN || (level == SJ_LOG_WARN && w->expects_warnings),
              "unexpected log line: %s", line);
}

/* Text behind "name=" in a list divided by spaces, '+' made a space; NULL: not there. */
static char *listed_value(const char *list, const char *name)
{
    size_t n = strlen(name);

    for (const char *p = list; p && *p; p += strcspn(p, " "), p += strspn(p, " ")) {
        if (strncmp(p, name, n) != 0 || p[n] != '=')
            continue;
        char *value = sj_strndup(p + n + 1, strcspn(p + n + 1, " "));
        for (char *q = value; *q; q++) {
            if (*q == '+')
                *q = ' ';
        }
        return value;
    }
    return NULL;
}

static int64_t choice_index(const char *choices, const char *text)
{
    int64_t index = 0;

    for (const char *p = choices; *p; index++) {
        size_t n = strcspn(p, "|");
        if (strlen(text) == n && strncmp(p, text, n) == 0)
            return index;
        p += n + (p[n] == '|');
    }
    cr_assert_fail("no such choice: %s", text);
    return 0;
}

static int64_t option_number(const struct sj_option *o, const char *text)
{
    char *end;
    int64_t n = strtoll(text, &end, 10);

    switch (o->kind) {
    case SJ_OPTION_BOOL:
        return strcmp(text, "yes") == 0;
    case SJ_OPTION_CHOICE:
        return choice_index(o->choices, text);
    case SJ_OPTION_DURATION:
        return strcmp(end, "ms") == 0 ? n : strcmp(end, "m") == 0 ? n * 60000 : n * 1000;
    default:
        return n;
    }
}

static void world_listen(struct irc_world *w, char *port, size_t size)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(w->listener, 0);
    cr_assert_eq(bind(w->listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(w->listener, 4), 0);
    cr_assert_eq(getsockname(w->listener, (struct sockaddr *)&address, &length), 0);
    (void)snprintf(port, size, "%u", (unsigned)ntohs(address.sin_port));
}

static void values_read(struct sj_value *values, const char *options, const char *port)
{
    for (size_t i = 0; i < irc_backend.n_options; i++) {
        const struct sj_option *o = &irc_backend.options[i];
        const char *text = listed_value(options, o->name);
        if (!text && strcmp(o->name, "server") == 0)
            text = sj_strdup("127.0.0.1");
        else if (!text && strcmp(o->name, "port") == 0)
            text = sj_strdup(port);
        else if (!text && strcmp(o->name, "tls") == 0)
            text = sj_strdup("no");
        else if (!text)
            text = sj_strdup(o->fallback);
        values[i].text = text;
        values[i].number = text ? option_number(o, text) : 0;
    }
}

static void values_free(struct sj_value *values)
{
    for (size_t i = 0; i < irc_backend.n_options; i++)
        sj_free((void *)(uintptr_t)values[i].text);
}

enum sj_status irc_world_other_net(struct irc_world *w, struct sj_net **out, const char *options,
                                   struct sj_error *err)
{
    struct sj_value values[IRC_OPTIONS];
    const struct sj_values table = { irc_backend.options, values, irc_backend.n_options };

    values_read(values, options, "6667");
    enum sj_status status = irc_backend.net_new(out, w->loop, &w->log, &table, err);
    cr_assert_neq(status, SJ_OK, "a net borrows its values: not for those that are good");
    values_free(values);
    return status;
}

struct irc_world *irc_world_new(const char *options)
{
    struct irc_world *w = sj_calloc(1, sizeof *w);
    char port[16];

    the_world = w;
    w->peer = -1;
    w->next_op = 1;
    w->log.area = "irc";
    w->loop = sj_loop_new();
    sj_loop_test_advance(w->loop, 1);
    sj_log_set_sink(on_log, w);
    sj_strbuf_init(&w->input, WORLD_BYTES);
    sj_strbuf_init(&w->events, WORLD_BYTES);
    world_listen(w, port, sizeof port);
    values_read(w->values, options, port);
    w->table = (struct sj_values){ irc_backend.options, w->values, irc_backend.n_options };
    enum sj_status status = irc_backend.net_new(&w->net, w->loop, &w->log, &w->table, &w->err);
    cr_assert_eq(status, SJ_OK, "%s", w->err.text);
    return w;
}

void irc_world_free(struct irc_world *w)
{
    irc_frees(w);
    irc_backend.net_free(&w->net);
    sj_loop_free(&w->loop);
    values_free(w->values);
    if (w->peer >= 0)
        close(w->peer);
    close(w->listener);
    sj_strbuf_release(&w->input);
    sj_strbuf_release(&w->events);
    sj_free(w->line);
    sj_log_set_sink(NULL, NULL);
    sj_free(w);
}

void irc_expects_warnings(struct irc_world *w)
{
    w->expects_warnings = true;
}

struct sj_loop *irc_world_loop(const struct irc_world *w)
{
    return w->loop;
}

struct sj_net *irc_world_net(const struct irc_world *w)
{
    return w->net;
}

struct irc_link *irc_world_link(const struct irc_world *w)
{
    return irc_link_of(w->link);
}

void irc_try(struct irc_world *w, const char *fields)
{
    char *values[SJ_FIELDS_MAX] = { 0 };
    const char *lent[SJ_FIELDS_MAX];
    const struct sj_link base = {
        .backend = &irc_backend, .host = &world_host, .session = 1, .net = w->net,
        .loop = w->loop, .log = &w->log,
    };

    for (size_t i = 0; i < irc_backend.n_fields; i++) {
        values[i] = listed_value(fields, irc_backend.fields[i].var);
        lent[i] = values[i];
    }
    const struct sj_account account = { lent, irc_backend.n_fields };
    cr_assert_eq(irc_backend.account_check(w->net, &account, &w->err), SJ_OK, "%s", w->err.text);
    w->link = irc_backend.link_new(&base, &account, NULL, 0);
    cr_assert_eq(irc_backend.connect(w->link, &w->err), SJ_OK);
    for (size_t i = 0; i < irc_backend.n_fields; i++)
        sj_secret_free(&values[i]);
}

void irc_account(struct irc_world *w, const char *fields)
{
    irc_try(w, fields);
    cr_assert_geq(fcntl(w->listener, F_SETFL, O_NONBLOCK), 0);
    for (int i = 0; i < WORLD_TRIES && w->peer < 0; i++) {
        sj_loop_turn(w->loop, 10);
        w->peer = accept(w->listener, NULL, NULL);
    }
    cr_assert_geq(w->peer, 0, "the link did not connect");
    cr_assert_geq(fcntl(w->peer, F_SETFL, O_NONBLOCK), 0);
    /* Lines that are said one after the other come at once. */
    int on = 1;
    cr_assert_eq(setsockopt(w->peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
}

const unsigned char *irc_again(struct irc_world *w)
{
    static unsigned char bytes[16];
    ssize_t n = -1;

    close(w->peer);
    w->peer = -1;
    for (int i = 0; i < WORLD_TRIES && n <= 0; i++) {
        sj_loop_turn(w->loop, 10);
        if (w->peer < 0)
            w->peer = accept(w->listener, NULL, NULL);
        if (w->peer >= 0)
            n = recv(w->peer, bytes, sizeof bytes, MSG_DONTWAIT);
    }
    cr_assert_gt(n, 0, "the link did not connect again");
    cr_assert_geq(fcntl(w->peer, F_SETFL, O_NONBLOCK), 0);
    return bytes;
}

void irc_start(struct irc_world *w)
{
    irc_account(w, "username=me");
    irc_gets(w, "CAP LS 302");
    irc_gets(w, "NICK me");
    irc_gets(w, "USER me 0 * :me");
}

void irc_online(struct irc_world *w, const char *caps, const char *isupport)
{
    char line[512];

    irc_start(w);
    if (caps) {
        (void)snprintf(line, sizeof line, ":irc.test CAP * LS :%s", caps);
        irc_says(w, line);
        if (*caps) {
            const char *request = irc_gets(w, NULL);
            (void)snprintf(line, sizeof line, ":irc.test CAP me ACK %s", strchr(request, ':'));
            irc_says(w, line);
        }
        irc_gets(w, "CAP END");
    }
    irc_says(w, ":irc.test 001 me :Welcome me!me@host.example.org");
    if (isupport) {
        (void)snprintf(line, sizeof line, ":irc.test 005 me %s :are supported", isupport);
        irc_says(w, line);
    }
    irc_says(w, ":irc.test 422 me :no message of the day");
    irc_gets(w, "USERHOST me");
    irc_hears(w, "up");
    irc_hears(w, "self me");
}

static void world_read(struct irc_world *w)
{
    char bytes[65536];
    ssize_t n;

    while (w->peer >= 0 && (n = recv(w->peer, bytes, sizeof bytes, 0)) > 0)
        sj_strbuf_add(&w->input, bytes, (size_t)n);
}

void irc_settle(struct irc_world *w)
{
    for (int i = 0; i < 8; i++) {
        sj_loop_turn(w->loop, i < 2 ? 5 : 0);
        world_read(w);
    }
}

void irc_advance(struct irc_world *w, int64_t ms)
{
    sj_loop_test_advance(w->loop, ms);
    irc_settle(w);
}

/* The next piece that ends in `end`, from *at on; NULL: not there yet. */
static char *take_until(struct sj_strbuf *b, size_t *at, const char *end)
{
    char *stop = strstr(b->s + *at, end);

    if (!stop)
        return NULL;
    char *piece = sj_strndup(b->s + *at, (size_t)(stop - b->s) - *at);
    *at = (size_t)(stop - b->s) + strlen(end);
    return piece;
}

static char *wait_for(struct irc_world *w, struct sj_strbuf *b, size_t *at, const char *end)
{
    char *piece = NULL;

    for (int i = 0; i < WORLD_TRIES && !(piece = take_until(b, at, end)); i++) {
        sj_loop_turn(w->loop, 10);
        world_read(w);
    }
    sj_free(w->line);
    w->line = piece;
    return piece;
}

const char *irc_gets(struct irc_world *w, const char *line)
{
    const char *got = wait_for(w, &w->input, &w->input_at, "\r\n");

    cr_assert(got, "the server got nothing instead of: %s", line ? line : "any line");
    if (line)
        cr_assert_str_eq(got, line);
    return got;
}

const char *irc_line_if_any(struct irc_world *w)
{
    sj_free(w->line);
    w->line = take_until(&w->input, &w->input_at, "\r\n");
    return w->line;
}

void irc_gets_nothing(struct irc_world *w)
{
    irc_settle(w);
    cr_assert_str_eq(w->input.s + w->input_at, "");
}

void irc_says_raw(struct irc_world *w, const void *bytes, size_t n)
{
    const char *at = bytes;

    for (int i = 0; n && i < WORLD_TRIES; i++) {
        ssize_t sent = send(w->peer, at, n, MSG_NOSIGNAL);
        if (sent > 0) {
            at += sent;
            n -= (size_t)sent;
        }
        sj_loop_turn(w->loop, 0);
    }
    cr_assert_eq(n, 0);
}

void irc_says(struct irc_world *w, const char *line)
{
    char text[9000];
    int n = snprintf(text, sizeof text, "%s\r\n", line);

    irc_says_raw(w, text, (size_t)n);
}

void irc_hangs_up(struct irc_world *w)
{
    close(w->peer);
    w->peer = -1;
}

bool irc_is_closed(struct irc_world *w)
{
    char byte;

    for (int i = 0; i < WORLD_TRIES; i++) {
        sj_loop_turn(w->loop, 10);
        world_read(w);
        ssize_t n = recv(w->peer, &byte, 1, MSG_PEEK);
        if (n == 0 || (n < 0 && errno == ECONNRESET))
            return true;
    }
    return false;
}

const char *irc_event(struct irc_world *w)
{
    const char *got = wait_for(w, &w->events, &w->events_at, "\x1e");

    return got ? got : "";
}

void irc_hears(struct irc_world *w, const char *expected)
{
    cr_assert_str_eq(irc_event(w), expected);
}

void irc_hear_all(struct irc_world *w)
{
    w->hears_all = true;
}

void irc_hears_nothing(struct irc_world *w)
{
    irc_settle(w);
    cr_assert_str_eq(w->events.s + w->events_at, "");
}

sj_op irc_world_begin(struct irc_world *w)
{
    cr_assert_lt(w->next_op, OPS_MAX);
    w->in_operation = true;
    return w->next_op;
}

enum sj_status irc_world_end(struct irc_world *w, enum sj_status status)
{
    w->in_operation = false;
    if (status == SJ_OK)
        w->done[w->next_op] = 1;
    else
        cr_assert_eq(w->err.status, status);
    w->next_op++;
    return status;
}

enum sj_status irc_sends_message(struct irc_world *w, const struct sj_message *msg)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend.send_message(w->link, msg, op, &w->err));
}

enum sj_status irc_sends(struct irc_world *w, const char *peer, const char *body)
{
    const struct sj_message msg = { .peer = peer, .body = body };

    return irc_sends_message(w, &msg);
}

enum sj_status irc_marks(struct irc_world *w, const struct sj_mark *mark)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend.send_mark(w->link, mark, op, &w->err));
}

enum sj_status irc_adds(struct irc_world *w, const char *id)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend.contact_add(w->link, id, op, &w->err));
}

enum sj_status irc_asks_who(struct irc_world *w, const char *id)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend.profile_get(w->link, id, op, &w->err));
}

enum sj_status irc_removes(struct irc_world *w, const char *id)
{
    sj_op op = irc_world_begin(w);

    return irc_world_end(w, irc_backend.contact_remove(w->link, id, op, &w->err));
}

enum sj_status irc_shows(struct irc_world *w, enum sj_show show, const char *status)
{
    w->in_operation = true;
    enum sj_status result = irc_backend.set_presence(w->link, show, status, &w->err);
    w->in_operation = false;
    return result;
}

void irc_leaves(struct irc_world *w, const char *reason)
{
    w->in_operation = true;
    irc_backend.disconnect(w->link, reason);
    w->in_operation = false;
}

void irc_frees(struct irc_world *w)
{
    w->in_operation = true;
    irc_backend.link_free(&w->link);
    w->in_operation = false;
}

struct sj_error *irc_world_error(struct irc_world *w)
{
    return &w->err;
}

const char *irc_error(const struct irc_world *w)
{
    return w->err.text;
}
