/* SPDX-License-Identifier: MPL-2.0 */
/* Calls that share connections: HTTP/2 streams, and what becomes of all when a connection ends. */
#include <criterion/criterion.h>

#include "certificate.h"
#include "httpd.h"

#define POLLS 30

struct held {
    struct httpd_peer *peer;
    uint32_t stream;
};

/* Holds the polls until the test answers them. */
struct share {
    struct web w;
    struct fetch f[POLLS];
    struct held held[POLLS * 3];
    unsigned n_held;
};

static void serve_hold(struct httpd *d, struct httpd_peer *p, uint32_t stream)
{
    struct share *s = d->ctx;
    cr_assert_lt(s->n_held, POLLS * 3u);
    s->held[s->n_held++] = (struct held){p, stream};
}

static void share_init(struct share *s, unsigned streams_max)
{
    web_secure(&s->w, "IP:127.0.0.1", DAY_S);
    httpd_offer(&s->w.httpd, "h2");
    s->w.httpd.serve2 = serve_hold;
    s->w.httpd.ctx = s;
    s->w.httpd.streams_max = streams_max;
    web_init_with(&s->w, (struct sj_http_options){.running_host_max = 100});
}

static void share_start(struct share *s, enum sj_http_method method)
{
    for (int i = 0; i < POLLS; i++) {
        struct sj_http_request q = fetch_request(&s->w, "/sync");
        q.kind = SJ_HTTP_CALL;
        q.method = method;
        fetch_start(&s->f[i], &s->w, q);
    }
    for (int i = 0; i < HTTPD_TURNS && s->n_held < POLLS; i++)
        web_turn(&s->w);
    cr_assert_eq(s->n_held, POLLS);
}

static void share_release(struct share *s)
{
    for (int i = 0; i < POLLS; i++)
        fetch_release(&s->f[i]);
    web_release(&s->w);
}

static void share_answer_all(struct share *s)
{
    for (unsigned i = 0; i < s->n_held; i++)
        httpd_h2_answer(s->held[i].peer, s->held[i].stream, "hello");
    for (int i = 0; i < POLLS; i++) {
        fetch_wait(&s->f[i]);
        cr_expect_eq(s->f[i].err.status, SJ_OK, "%s", s->f[i].err.text);
        cr_expect_str_eq(s->f[i].body.s, "hello");
    }
}

static struct share *share_get(void)
{
    static struct share s;      /* each test is a process of its own */
    return &s;
}

Test(http_share, holds_many_polls_on_one_connection)
{
    struct share *s = share_get();
    share_init(s, 0);
    share_start(s, SJ_HTTP_GET);
    cr_assert_eq(s->w.httpd.accepted, 1, "%u", s->w.httpd.accepted);
    share_answer_all(s);
    cr_assert_eq(s->w.httpd.accepted, 1);
    share_release(s);
}

Test(http_share, keeps_to_the_servers_number_of_streams)
{
    struct share *s = share_get();
    share_init(s, 10);
    share_start(s, SJ_HTTP_GET);
    cr_assert_geq(s->w.httpd.accepted, 3);
    cr_assert_leq(s->w.httpd.accepted, 10, "%u", s->w.httpd.accepted);
    share_answer_all(s);
    share_release(s);
}

Test(http_share, gives_one_poll_up_without_the_others)
{
    struct share *s = share_get();
    share_init(s, 0);
    share_start(s, SJ_HTTP_GET);
    sj_http_cancel(s->w.http, s->f[7].id);
    web_turns(&s->w, 3);
    fetch_release(&s->f[7]);
    s->f[7] = (struct fetch){0};
    struct sj_http_request q = fetch_request(&s->w, "/sync");
    q.kind = SJ_HTTP_CALL;
    fetch_start(&s->f[7], &s->w, q);
    for (int i = 0; i < HTTPD_TURNS && s->n_held == POLLS; i++)
        web_turn(&s->w);
    cr_assert_eq(s->w.httpd.resets, 1, "with the next request");
    share_answer_all(s);                /* an answer for the one that is gone among them */
    share_release(s);
}

Test(http_share, fails_one_poll_without_the_others)
{
    struct share *s = share_get();
    share_init(s, 0);
    share_start(s, SJ_HTTP_GET);
    httpd_h2_reset(s->held[3].peer, s->held[3].stream);
    s->held[3] = s->held[--s->n_held];
    unsigned failed = 0;
    for (int i = 0; i < HTTPD_TURNS && !failed; i++) {
        web_turn(&s->w);
        for (int k = 0; k < POLLS; k++)
            failed += s->f[k].dones;
    }
    cr_assert_eq(failed, 1);
    for (unsigned i = 0; i < s->n_held; i++)
        httpd_h2_answer(s->held[i].peer, s->held[i].stream, "hello");
    unsigned lost = 0;
    for (int i = 0; i < POLLS; i++) {
        fetch_wait(&s->f[i]);
        lost += s->f[i].err.status == SJ_UNREACHABLE;
    }
    cr_assert_eq(lost, 1);
    share_release(s);
}

/* after_ms: how long the polls have been waiting when the connection ends. */
static void lose_connection(struct share *s, int64_t after_ms, enum sj_http_method method)
{
    share_init(s, 0);
    share_start(s, method);
    sj_loop_test_advance(s->w.loop, after_ms);
    s->held[0].peer->close_after = true;
}

Test(http_share, tells_all_that_their_connection_was_lost)
{
    struct share *s = share_get();
    lose_connection(s, 30000, SJ_HTTP_GET);
    for (int i = 0; i < POLLS; i++) {
        fetch_wait(&s->f[i]);
        cr_expect_eq(s->f[i].err.status, SJ_UNREACHABLE, "%s", s->f[i].err.text);
    }
    cr_assert_eq(s->n_held, POLLS, "nothing was asked again");
    share_release(s);
}

Test(http_share, never_posts_twice)
{
    struct share *s = share_get();
    lose_connection(s, 0, SJ_HTTP_POST);
    for (int i = 0; i < POLLS; i++) {
        fetch_wait(&s->f[i]);
        cr_expect_eq(s->f[i].err.status, SJ_UNREACHABLE, "%s", s->f[i].err.text);
    }
    cr_assert_eq(s->n_held, POLLS);
    share_release(s);
}

static void serve_silence(struct httpd *d, struct httpd_peer *p)
{
    (void)d;
    (void)p;
}

/* 0: plain; 1: TLS without a word about protocols; 2: TLS that says HTTP/1.1. */
static void hold_without_streams(int variant)
{
    struct share *s = share_get();
    *s = (struct share){0};
    if (variant)
        web_secure(&s->w, "IP:127.0.0.1", DAY_S);
    if (variant == 2)
        httpd_offer(&s->w.httpd, "http/1.1");
    s->w.httpd.serve = serve_silence;
    web_init_with(&s->w, (struct sj_http_options){.running_host_max = 100});
    for (int i = 0; i < POLLS; i++) {
        struct sj_http_request q = fetch_request(&s->w, "/sync");
        q.kind = SJ_HTTP_CALL;
        fetch_start(&s->f[i], &s->w, q);
    }
    for (int i = 0; i < HTTPD_TURNS && s->w.httpd.open < POLLS; i++)
        web_turn(&s->w);
    cr_assert_eq(s->w.httpd.open, POLLS, "variant %d: %u", variant, s->w.httpd.open);
    share_release(s);
}

Test(http_share, opens_connections_where_there_are_no_streams)
{
    for (int variant = 0; variant < 3; variant++)
        hold_without_streams(variant);
}

Test(http_share, can_be_dropped_with_all_polls_open)
{
    struct share *s = share_get();
    share_init(s, 10);
    share_start(s, SJ_HTTP_GET);
    sj_http_free(&s->w.http);
    web_turns(&s->w, 3);
    share_release(s);
}
