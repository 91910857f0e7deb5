/* SPDX-License-Identifier: MPL-2.0 */
/* What a home server may answer to a link, while its user does things: log-in, syncs, and the
 * answers to whatever the link asks.
 *
 * HTTP is replaced: requests stay open until a line answers them. The first byte chooses how the
 * link starts. Then each line is one of these: "s" and JSON answers the sync, "NNN" and JSON the
 * oldest other request (or the sync, if there is none) with that status, "x" loses its connection,
 * "~": a minute goes. Or the user does something: ">ID text" says, "+ID" and "-ID" are a room
 * joined and left or a contact added and removed, "=ID subject", "*nick", "&ID who" invites,
 * "!K ID nick" (a change; K: k kick, b ban, u unban, o owner, m modes), "?K ID" (K: b m o lists,
 * l one room, L all, h past, p profile, s search), "%K ID event emoji" (a mark: R takes back,
 * D read, + and - react), "^ID xx" types, "#ID" answers a request, "q" logs out.
 * What the contract promises is checked by the ground. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ground.h"
#include "matrix.h"
#include "mx_link.h"
#include "mx_login.h"
#include "mx_net.h"
#include "sojourn/http.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ASKED_MAX 600                /* more than the link may have open */
#define TURNS_MAX 50

enum start {
    START_LOGIN = 1u << 0,           /* not logged in yet */
    START_RESUMED = 1u << 1,
    START_ENDS = 1u << 5
};

/* ---- HTTP ---- */

struct asked {
    uint64_t id;
    const struct sj_http_events *events;
    void *ctx;
    uint64_t max;
    bool is_sync;
};

struct sj_http {
    struct asked asked[ASKED_MAX];
    size_t n;
    uint64_t next;
};

struct sj_http *sj_http_new(struct sj_loop *loop, const struct sj_log *log,
                            const struct sj_http_options *options)
{
    (void)loop;
    (void)log;
    (void)options;
    return sj_calloc(1, sizeof(struct sj_http));
}

void sj_http_free(struct sj_http **http)
{
    sj_free(*http);
    *http = NULL;
}

uint64_t sj_http_start(struct sj_http *http, const struct sj_http_request *q, struct sj_error *err)
{
    if (http->n == ASKED_MAX) {
        sj_fail(err, SJ_LIMIT, "too much");
        return 0;
    }
    assert(strncmp(q->url, "http", 4) == 0 && ground_is_clean(q->url));
    http->asked[http->n++] = (struct asked){
        .id = ++http->next, .events = q->events, .ctx = q->ctx, .max = q->response_max,
        .is_sync = strstr(q->url, "/sync?") != NULL};
    return http->next;
}

static struct asked http_take(struct sj_http *http, size_t i)
{
    struct asked a = http->asked[i];

    memmove(&http->asked[i], &http->asked[i + 1], (http->n - i - 1) * sizeof a);
    http->n--;
    return a;
}

void sj_http_cancel(struct sj_http *http, uint64_t id)
{
    for (size_t i = 0; i < http->n; i++) {
        if (http->asked[i].id == id) {
            http_take(http, i);
            return;
        }
    }
}

void sj_http_pause(struct sj_http *http, uint64_t id)
{
    (void)http;
    (void)id;
}

void sj_http_resume(struct sj_http *http, uint64_t id)
{
    (void)http;
    (void)id;
}

enum sj_status sj_http_write(struct sj_http *http, uint64_t id, const void *p, size_t n)
{
    (void)http;
    (void)id;
    (void)p;
    (void)n;
    return SJ_NOTFOUND;
}

size_t sj_http_room(const struct sj_http *http, uint64_t id)
{
    (void)http;
    (void)id;
    return 0;
}

const char *sj_http_response_header(const struct sj_http *http, uint64_t id, const char *name)
{
    (void)http;
    (void)id;
    (void)name;
    return NULL;
}

struct sj_http_counts sj_http_counts(const struct sj_http *http)
{
    return (struct sj_http_counts){.running = (unsigned)http->n};
}

/* ---- the home server ---- */

/* The oldest one of that kind, or of the other; false: none is open. */
static bool server_take(struct ground *g, bool is_sync, struct asked *out)
{
    struct sj_http *http = g->net->http;

    for (size_t i = 0; i < http->n; i++) {
        if (http->asked[i].is_sync == is_sync) {
            *out = http_take(http, i);
            return true;
        }
    }
    if (http->n == 0)
        return false;
    *out = http_take(http, 0);
    return true;
}

static void server_answer(struct ground *g, bool is_sync, int status, const char *body, size_t n)
{
    struct asked a;
    struct sj_error lost;

    if (!server_take(g, is_sync, &a))
        return;
    if (status == 0 || (a.max && n > a.max)) {
        sj_fail(&lost, status ? SJ_LIMIT : SJ_UNREACHABLE, "lost");
        a.events->done(a.ctx, a.id, 0, &lost);
        return;
    }
    a.events->headers(a.ctx, a.id, status, "application/json", (int64_t)n);
    if (n)
        a.events->data(a.ctx, a.id, body, n);
    a.events->done(a.ctx, a.id, status, NULL);
}

/* ---- the user ---- */

static enum sj_status user_ask(struct ground *g, char what, const char *room, const char *rest,
                               sj_op op, struct sj_error *err)
{
    const struct sj_backend_rooms *rooms = matrix_backend.rooms;
    const char *values[8] = { rest };

    switch (what) {
    case 'b':
        return rooms->affiliates(g->link, room, SJ_AFFILIATION_OUTCAST, op, err);
    case 'm':
        return rooms->affiliates(g->link, room, SJ_AFFILIATION_MEMBER, op, err);
    case 'o':
        return rooms->affiliates(g->link, room, SJ_AFFILIATION_OWNER, op, err);
    case 'h':
        return rooms->history(g->link, room, *rest ? rest : NULL, NULL, 5, op, err);
    case 'p':
        return matrix_backend.profile_get(g->link, room, op, err);
    case 's':
        return matrix_backend.search(g->link, values, matrix_backend.n_search_fields, op,
                                     err);
    case 'l':
        return rooms->look(g->link, room, op, err);
    default:
        return rooms->list(g->link, rest, 3, op, err);
    }
}

/* rest: the message, and an emoji. "-": that one was there before. */
static enum sj_status user_mark(struct ground *g, char what, const char *peer, char *rest, sj_op op,
                                struct sj_error *err)
{
    char *emoji = strchr(rest, ' ');
    const char *set[1];
    struct sj_mark m = { .kind = what == 'R'   ? SJ_MARK_RETRACTED
                                 : what == 'D' ? SJ_MARK_DISPLAYED
                                               : SJ_MARK_REACTIONS,
                         .peer = peer, .in_room = matrix_backend.rooms->is_room(g->net, peer),
                         .target = rest, .target_own = what != '+' };

    if (emoji)
        *emoji++ = '\0';
    set[0] = emoji && *emoji && strlen(emoji) <= SJ_REACTION_MAX ? emoji : "x";
    m.reactions = m.before = set;
    m.n_reactions = what == '+';
    m.n_before = what == '-';
    return matrix_backend.send_mark(g->link, &m, op, err);
}

static enum sj_status user_enter(struct ground *g, bool in, const char *id, const char *rest,
                                 sj_op op, struct sj_error *err)
{
    bool room = matrix_backend.rooms->is_room(g->net, id);

    if (room && in)
        return matrix_backend.rooms->join(g->link, id, "romeo", *rest ? rest : NULL, op, err);
    if (room)
        return matrix_backend.rooms->leave(g->link, id, rest, op, err);
    if (in)
        return matrix_backend.contact_add(g->link, id, op, err);
    return matrix_backend.contact_remove(g->link, id, op, err);
}

static enum sj_status user_act(struct ground *g, char kind, char what, const char *id, char *rest,
                               sj_op op)
{
    struct sj_error err = { .status = SJ_OK };
    const struct sj_backend_rooms *rooms = matrix_backend.rooms;
    const struct sj_message msg = { .peer = id, .in_room = rooms->is_room(g->net, id),
                                    .body = rest };

    switch (kind) {
    case '+':
    case '-':
        return user_enter(g, kind == '+', id, rest, op, &err);
    case '*':
        return rooms->set_nick(g->link, "!r:hs.test", id, op, &err);
    case '=':
        return rooms->set_subject(g->link, id, rest, op, &err);
    case '&':
        return rooms->invite(g->link, id, rest, NULL, op, &err);
    case '#':
        return matrix_backend.contact_answer(g->link, id, strlen(rest) % 2, op, &err);
    case '^':
        matrix_backend.set_typing(g->link, id, (enum sj_typing)(strlen(rest) % 3));
        return SJ_INVALID;
    case '%':
        return user_mark(g, what, id, rest, op, &err);
    case '!':
        return ground_change(g, what, id, rest, op, &err);
    case '?':
        return user_ask(g, what, id, rest, op, &err);
    default:
        return *rest ? matrix_backend.send_message(g->link, &msg, op, &err) : SJ_INVALID;
    }
}

static void user_line(struct ground *g, char *s)
{
    char what = strchr("!?%", *s) && s[1] ? s[1] : 0;
    char *name = s + (what ? 2 : 1), *rest;
    char id[SJ_ID_MAX + 1];
    sj_op op = g->next_op++;

    while (*name == ' ')
        name++;
    rest = strchr(name, ' ');
    if (rest)
        *rest++ = '\0';
    else
        rest = name + strlen(name);
    sj_copy(id, sizeof id, name);
    if (!ground_is_clean(rest) || !ground_canonical(g, id, sizeof id))
        return;
    if (matrix_backend.rooms->is_room(g->net, id) ? strchr("#", *s) != NULL
                                                  : strchr("=&!*", *s) != NULL)
        return;                      /* the gateway asks that of nobody like this */
    g->owed[op] = user_act(g, *s, what, id, rest, op) == SJ_OK;
}

/* ---- lines ---- */

static void fuzz_line(struct ground *g, char *s, size_t n)
{
    if (*s && strchr("+-*=>!?&%^#", *s)) {
        if (g->next_op >= GROUND_OPS_MAX - 1)
            return;
        g->in_operation = true;
        user_line(g, s);
        g->in_operation = false;
    } else if (*s == 'q') {
        g->in_operation = true;
        matrix_backend.disconnect(g->link, NULL);
        g->in_operation = false;
    } else if (*s == '~') {
        sj_loop_test_advance(g->loop, 61000);
    } else if (*s == 's') {
        server_answer(g, true, 200, s + 1, n - 1);
    } else if (*s == 'x') {
        server_answer(g, false, 0, "", 0);
    } else if (n >= 3 && *s >= '2' && *s <= '5') {
        int status = (s[0] - '0') * 100 + ((unsigned char)s[1] + (unsigned char)s[2]) % 100;
        server_answer(g, false, s[1] == '0' && s[2] == '0' ? (s[0] - '0') * 100 : status, s + 3,
                      n - 3);
    }
    for (unsigned i = 0; i < TURNS_MAX && !g->is_down && mx_link_of(g->link)->todo; i++)
        sj_loop_turn(g->loop, 0);
    sj_loop_turn(g->loop, 0);
}

static void fuzz_link(struct ground *g, unsigned start)
{
    const char *values[MX_FIELDS] = { "@romeo:hs.test", "sesame" };

    ground_link(g, values, MX_FIELDS, NULL, 0);
    struct mx_link *l = mx_link_of(g->link);
    if (start & START_LOGIN) {
        if (matrix_backend.connect(g->link, NULL) != SJ_OK)
            abort();
        return;
    }
    l->user = sj_strdup("@romeo:hs.test");
    l->url = sj_strdup("http://127.0.0.1:8008");
    l->token = sj_strdup("t0");
    if (start & START_RESUMED)
        l->since = sj_strdup("s0");
    mx_link_enter(l, MX_LOGIN);
    mx_link_up(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ground_option options[] = {
        { "homeserver", "http://127.0.0.1:8008" }, { NULL, NULL }
    };
    struct ground g;

    if (size < 2 || size > 1 << 16)
        return 0;
    ground_begin(&g, &matrix_backend, options, data[0]);
    g.secret = ground_holds(data, size, "sesame") ? NULL : "sesame";
    fuzz_link(&g, data[0]);
    ground_lines(&g, data + 1, size - 1, fuzz_line);
    if (!g.is_down && data[0] & START_ENDS)
        mx_link_end(mx_link_of(g.link), SJ_END_CLOSED, "end of input");
    ground_end(&g);
    return 0;
}
