/* SPDX-License-Identifier: MPL-2.0 */
/* The control socket, with clients of the test's own and a scripted daemon behind it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "control_item.h"
#include "sojourn/conn.h"
#include "sojourn/loop.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define TURNS_MAX 2000
#define ANSWER_MAX 4096u

struct client {
    struct sj_conn *conn;
    struct sj_strbuf answer;
    bool over;
};

struct stage {
    char dir[64], path[96];
    struct sj_loop *loop;
    struct control *control;
    char user[256], host[256];
    uint64_t ticket;             /* of the last unregister */
    unsigned asked;
    bool at_once;                /* answers before the call returns */
    char items[256];             /* an account that comes in: its items, each with a blank */
    unsigned imports, ends, laters;
    bool replace;
};

static void client_on_data(void *arg)
{
    struct client *c = arg;
    size_t n;
    char *p;

    while ((p = sj_conn_peek(c->conn, &n)) != NULL && n > 0) {
        sj_strbuf_add(&c->answer, p, n);
        sj_conn_consume(c->conn, n);
    }
}

static void client_on_nothing(void *arg)
{
    (void)arg;
}

static void client_on_down(void *arg, const struct sj_error *why)
{
    struct client *c = arg;

    (void)why;
    client_on_data(c);
    c->over = true;
}

static const struct sj_conn_events client_events = {.up = client_on_nothing,
                                                    .data = client_on_data,
                                                    .drained = client_on_nothing,
                                                    .down = client_on_down};

static void stage_status(void *ctx, struct sj_strbuf *out)
{
    (void)ctx;
    sj_strbuf_adds(out, "daemon");
    control_text(out, "version", "1\t%\n");
    control_number(out, "uptime_s", -7);
    sj_strbuf_addc(out, '\n');
}

static void stage_unregister(void *ctx, const char *user, const char *host, uint64_t ticket)
{
    struct stage *s = ctx;

    sj_copy(s->user, sizeof s->user, user);
    sj_copy(s->host, sizeof s->host, host);
    s->ticket = ticket;
    s->asked++;
    if (s->at_once)
        control_unregistered(s->control, ticket, NULL);
}

static void *stage_import_begin(void *ctx, bool replace)
{
    struct stage *s = ctx;

    s->imports++;
    s->replace = replace;
    return s;
}

/* "bad" is refused, "end" completes, "new" is taken when it comes for the third time. */
static enum sj_status stage_import_item(void *ctx, void *import, const uint8_t *item, size_t n,
                                        struct sj_strbuf *out, struct sj_error *err)
{
    struct stage *s = ctx;
    size_t at = strlen(s->items);

    cr_assert_eq(import, ctx);
    snprintf(s->items + at, sizeof s->items - at, "%.*s%zu ", n < 4 ? (int)n : 0, item, n);
    if (n == 3 && memcmp(item, "new", 3) == 0 && ++s->laters < 3)
        return sj_fail(err, SJ_UNAVAILABLE, "later");
    if (n == 3 && memcmp(item, "bad", 3) == 0)
        return sj_fail(err, SJ_LIMIT, "not this one");
    if (n == 3 && memcmp(item, "end", 3) == 0)
        sj_strbuf_adds(out, "account\thost=h\n");
    return SJ_OK;
}

static void stage_import_end(void *ctx, void *import)
{
    struct stage *s = ctx;

    cr_assert_eq(import, ctx);
    s->ends++;
}

static const struct control_calls stage_calls = {.status = stage_status,
                                                 .unregister = stage_unregister,
                                                 .import_begin = stage_import_begin,
                                                 .import_item = stage_import_item,
                                                 .import_end = stage_import_end};

static struct stage *stage_new(void)
{
    struct stage *s = sj_calloc(1, sizeof *s);
    struct sj_error err = {.status = SJ_OK};

    snprintf(s->dir, sizeof s->dir, "/tmp/test-control-XXXXXX");
    cr_assert_not_null(mkdtemp(s->dir));
    snprintf(s->path, sizeof s->path, "%s/socket", s->dir);
    s->loop = sj_loop_new();
    cr_assert_eq(control_new(&s->control, s->loop, NULL, s->path, &stage_calls, s, &err), SJ_OK);
    return s;
}

static void stage_free(struct stage *s)
{
    control_free(&s->control);
    sj_loop_free(&s->loop);
    rmdir(s->dir);
    sj_free(s);
}

static void client_open(struct client *c, struct stage *s, const char *request, size_t n)
{
    struct sj_conn_target target = {.host = s->path, .timeout_ms = 5000};

    *c = (struct client){.over = false};
    sj_strbuf_init(&c->answer, ANSWER_MAX);
    c->conn = sj_conn_new(s->loop, &client_events, c);
    sj_conn_connect(c->conn, &target);
    sj_conn_write(c->conn, request, n);
}

static void client_close(struct client *c)
{
    sj_conn_free(&c->conn);
    sj_strbuf_release(&c->answer);
}

static void turn_until(struct stage *s, const bool *done)
{
    for (int i = 0; i < TURNS_MAX && !*done; i++)
        sj_loop_turn(s->loop, 5);
    cr_expect(*done, "nothing came");
}

static void expect_answer(const char *request, size_t n, const char *answer)
{
    struct stage *s = stage_new();
    struct client c;

    s->at_once = true;
    client_open(&c, s, request, n);
    turn_until(s, &c.over);
    cr_expect_str_eq(c.answer.s, answer);
    client_close(&c);
    stage_free(s);
}

#define ANSWERS(request, answer) expect_answer(request, sizeof(request) - 1, answer)

Test(control, answers_each_request_once_and_closes)
{
    ANSWERS("status\n", "ok\ndaemon\tversion=1%09%25%0A\tuptime_s=-7\n\n");
    ANSWERS("status\nstatus\n", "ok\ndaemon\tversion=1%09%25%0A\tuptime_s=-7\n\n");
    ANSWERS("unregister romeo@example.org irc.example.org\n", "ok\n\n");
}

Test(control, refuses_what_it_does_not_understand)
{
    static char endless[20000];

    ANSWERS("reboot\n",
            "error unknown request; this daemon knows status, unregister, rekey and import\n\n");
    ANSWERS("unregister romeo@example.org\n",
            "error unregister needs a JID and the hostname of a network\n\n");
    ANSWERS("unregister  irc.example.org\n",
            "error unregister needs a JID and the hostname of a network\n\n");
    ANSWERS("sta\0tus\n", "error this request is too long or not text\n\n");
    ANSWERS("status\xff\n", "error this request is too long or not text\n\n");
    memset(endless, 'x', sizeof endless);
    expect_answer(endless, sizeof endless, "error this request is too long or not text\n\n");
}

Test(control, an_unregistering_whose_asker_left_is_nobody_elses)
{
    struct stage *s = stage_new();
    struct client gone, next;
    static const char ask[] = "unregister romeo@example.org irc.example.org\n";
    uint64_t first;

    client_open(&gone, s, ask, sizeof ask - 1);
    for (int i = 0; i < TURNS_MAX && s->asked < 1; i++)
        sj_loop_turn(s->loop, 5);
    cr_assert_eq(s->asked, 1);
    cr_expect_str_eq(s->user, "romeo@example.org");
    cr_expect_str_eq(s->host, "irc.example.org");
    first = s->ticket;
    client_close(&gone);
    client_open(&next, s, ask, sizeof ask - 1);
    for (int i = 0; i < TURNS_MAX && s->asked < 2; i++)
        sj_loop_turn(s->loop, 5);
    cr_expect_neq(s->ticket, first);
    control_unregistered(s->control, first, NULL);
    control_unregistered(s->control, s->ticket, &(struct sj_error){.status = SJ_NOTFOUND});
    control_unregistered(s->control, s->ticket, NULL);
    turn_until(s, &next.over);
    cr_expect_str_eq(next.answer.s, "error not found\n\n");
    client_close(&next);
    stage_free(s);
}

/* What is left of an import: its items, and that it has ended once. */
static void expect_import(const char *request, size_t n, const char *answer, const char *items)
{
    struct stage *s = stage_new();
    struct client c;

    client_open(&c, s, request, n);
    turn_until(s, &c.over);
    cr_expect_str_eq(c.answer.s, answer);
    cr_expect_str_eq(s->items, items, "%s", s->items);
    cr_expect_eq(s->imports, 1);
    cr_expect_eq(s->ends, 1);
    client_close(&c);
    stage_free(s);
}

#define IMPORTS(request, answer, items) expect_import(request, sizeof(request) - 1, answer, items)
#define NO_PART "error this is no part of an account\n\n"

Test(control, takes_an_account_item_by_item)
{
    IMPORTS("import\nitem 6162\nmore 65\nmore 6e\nitem 64\n", "ok\naccount\thost=h\n\n",
            "ab2 end3 ");
    IMPORTS("import replace\nitem 656e64\nitem 6162\n", "ok\naccount\thost=h\n\n", "end3 ");
    IMPORTS("import\nitem 626164\nitem 656e64\n", "error not this one\n\n", "bad3 ");
    IMPORTS("import\nitem 6e6577\nitem 6162\nitem 656e64\n", "ok\naccount\thost=h\n\n",
            "new3 new3 new3 ab2 end3 ");
    IMPORTS("import\nstatus\n", NO_PART, "");
    IMPORTS("import\nitem \n", NO_PART, "");
    IMPORTS("import\nitem 6\n", NO_PART, "");
    IMPORTS("import\nitem 6g\n", NO_PART, "");
    IMPORTS("import\nitem 6A\n", NO_PART, "");
}

Test(control, bounds_the_items_of_an_account)
{
    static char request[400000], big[60000];
    size_t n = 0;
    unsigned lines = CONTROL_ITEM_MAX / CONTROL_ITEM_PART + 1;

    n += (size_t)snprintf(request, sizeof request, "import\n");
    for (unsigned i = 0; i < lines; i++) {
        n += (size_t)snprintf(request + n, sizeof request - n, "more ");
        memset(request + n, 'a', 2 * CONTROL_ITEM_PART);
        n += 2 * CONTROL_ITEM_PART;
        request[n++] = '\n';
    }
    expect_import(request, n, NO_PART, "");
    snprintf(big, sizeof big, "import\nitem ");
    memset(big + strlen(big), 'a', sizeof big - strlen(big));
    expect_import(big, sizeof big, "error this line is too long or not text\n\n", "");
    IMPORTS("import\nitem 61\0\n", "error this line is too long or not text\n\n", "");
}

Test(control, ends_an_account_whose_sender_left)
{
    struct stage *s = stage_new();
    struct client c;
    static const char half[] = "import\nitem 6162\n";

    client_open(&c, s, half, sizeof half - 1);
    for (int i = 0; i < TURNS_MAX && !s->items[0]; i++)
        sj_loop_turn(s->loop, 5);
    cr_expect_eq(s->ends, 0);
    client_close(&c);
    for (int i = 0; i < TURNS_MAX && s->ends < 1; i++)
        sj_loop_turn(s->loop, 5);
    cr_expect_eq(s->ends, 1);
    stage_free(s);
}

Test(control, can_be_freed_while_somebody_waits)
{
    struct stage *s = stage_new();
    struct client c;
    static const char ask[] = "unregister romeo@example.org irc.example.org\n";

    client_open(&c, s, ask, sizeof ask - 1);
    for (int i = 0; i < TURNS_MAX && s->asked < 1; i++)
        sj_loop_turn(s->loop, 5);
    control_free(&s->control);
    turn_until(s, &c.over);
    cr_expect_str_eq(c.answer.s, "");
    client_close(&c);
    stage_free(s);
}
