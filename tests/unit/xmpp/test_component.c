/* SPDX-License-Identifier: MPL-2.0 */
/* The life of a component stream: handshake, errors, loss and reconnect, liveness, stop. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "component.h"
#include "congestion.h"
#include "peer.h"
#include "room.h"

static struct peer *p;

static void setup(void)
{
    p = peer_new(1);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(component, .init = setup, .fini = teardown);

#define HEADER                                                                      \
    "<stream:stream xmlns='jabber:component:accept' "                               \
    "xmlns:stream='http://etherx.jabber.org/streams' id='3BF96D32'>"

static enum component_state state(void)
{
    return p->xmpp->components[0].state;
}

/* Turns with the real clock until the state is there. */
static void wait_for(enum component_state wanted)
{
    for (int i = 0; i < 1000 && state() != wanted; i++)
        sj_loop_turn(p->loop, 5);
    cr_assert_eq(state(), wanted, "state %d, wanted %d", state(), wanted);
}

static void drop_connection(void)
{
    close(p->link[0].fd);
    p->link[0].fd = -1;
}

/* Moves the clock until the next connection attempt; the wait must lie in [min, max]. */
static void expect_retry(int64_t min_ms, int64_t max_ms)
{
    int64_t waited = 0;
    uint64_t before = p->xmpp->components[0].reconnects;
    cr_assert_eq(state(), COMPONENT_WAITING);
    while (p->xmpp->components[0].reconnects == before && waited <= max_ms + 1000) {
        sj_loop_test_advance(p->loop, 100);
        sj_loop_turn(p->loop, 0);
        waited += 100;
    }
    cr_expect(waited >= min_ms && waited <= max_ms + 200, "waited %lld, not %lld to %lld",
              (long long)waited, (long long)min_ms, (long long)max_ms);
}

/* G114-01, G114-02, G114-03. */
Test(component, sends_nothing_before_the_handshake_is_answered)
{
    xmpp_start(p->xmpp);
    struct peer_link *l = peer_accept(p, 0);
    for (int i = 0; i < 1000 && !l->opened; i++)
        peer_settle(p);
    cr_assert(l->opened);
    cr_expect_not(xmpp_is_up(p->xmpp, 0));
    cr_expect_not(xmpp_send_probe(p->xmpp, 0, "romeo@montague.lit"));
    peer_say(p, 0, HEADER);
    peer_expect(p, "<handshake>b40106087d2a3184dae337085f44de64a375e36c</handshake>");
    cr_expect_not(xmpp_send_probe(p->xmpp, 0, "romeo@montague.lit"));
    peer_say(p, 0, "<message from='a@b' to='c@irc0.example.org'><body>early</body></message>");
    peer_say(p, 0, "<handshake/>");
    peer_hears(p, "up 0");
    peer_expect_nothing(p);
    peer_hears_nothing(p);
    cr_expect(xmpp_is_up(p->xmpp, 0));
    cr_expect(xmpp_send_probe(p->xmpp, 0, "romeo@montague.lit"));
    peer_expect(p, "<presence from='irc0.example.org' id='*' to='romeo@montague.lit' "
                   "type='probe'/>");
}

Test(component, reads_the_stream_id_as_xml)
{
    xmpp_start(p->xmpp);
    peer_accept(p, 0);
    wait_for(COMPONENT_OPENING);
    peer_say(p, 0, "<stream:stream xmlns='jabber:component:accept' "
                   "xmlns:stream='http://etherx.jabber.org/streams' id='3BF&#57;6D32'>");
    peer_expect(p, "<handshake>b40106087d2a3184dae337085f44de64a375e36c</handshake>");
}

Test(component, reconnects_after_a_loss)
{
    peer_start(p);
    sj_loop_test_advance(p->loop, 1000);
    drop_connection();
    wait_for(COMPONENT_WAITING);
    peer_hears(p, "down 0");
    cr_expect_not(xmpp_is_up(p->xmpp, 0));
    cr_expect_not(xmpp_send_probe(p->xmpp, 0, "romeo@montague.lit"));
    expect_retry(0, COMPONENT_FIRST_WAIT_MS);
    peer_accept(p, 0);
    peer_handshake(p, 0);
    peer_hears(p, "up 0");
    struct xmpp_stats stats;
    xmpp_stats(p->xmpp, 0, &stats);
    cr_expect_eq(stats.reconnects, 1);
}

Test(component, waits_longer_each_time_up_to_a_bound)
{
    peer_start(p);
    sj_loop_test_advance(p->loop, 0);
    uint32_t span = COMPONENT_FIRST_WAIT_MS;
    for (int i = 0; i < 8; i++) {
        drop_connection();
        wait_for(COMPONENT_WAITING);
        expect_retry(i == 0 ? 0 : span / 2, span);
        span = span * 2 < COMPONENT_WAIT_MAX_MS ? span * 2 : COMPONENT_WAIT_MAX_MS;
        peer_accept(p, 0);
    }
}

Test(component, starts_the_back_off_anew_after_a_steady_time)
{
    peer_start(p);
    for (int i = 0; i < 4; i++) {
        sj_loop_test_advance(p->loop, COMPONENT_STEADY_MS + 1000);
        sj_loop_turn(p->loop, 0);
        drop_connection();
        wait_for(COMPONENT_WAITING);
        expect_retry(0, COMPONENT_FIRST_WAIT_MS);
        peer_accept(p, 0);
        peer_handshake(p, 0);
    }
}

/* ---- log lines: one for each reason ---- */

static unsigned lines[SJ_LOG_TRACE + 1];
static char last_line[512];

static void count_line(enum sj_log_level level, const char *line, void *ctx)
{
    (void)ctx;
    lines[level]++;
    snprintf(last_line, sizeof last_line, "%s", line);
}

/* G114-04, R6120-26. */
Test(component, retries_slowly_when_refused_and_says_so_once)
{
    static const char *const refusals[] = {
        "<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
        "</stream:stream>",
        "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text "
        "xmlns='urn:ietf:params:xml:ns:xmpp-streams'>no</text></stream:error>",
        "</stream:stream>",
        NULL,                                   /* just closes after the digest */
    };
    sj_log_set_sink(count_line, NULL);
    xmpp_start(p->xmpp);
    peer_accept(p, 0);
    sj_loop_test_advance(p->loop, 0);
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        memset(lines, 0, sizeof lines);
        for (int k = 0; k < 3; k++) {
            wait_for(COMPONENT_OPENING);
            peer_say(p, 0, HEADER);
            if (refusals[i] != NULL)
                peer_say(p, 0, refusals[i]);
            drop_connection();
            wait_for(COMPONENT_WAITING);
            expect_retry(COMPONENT_SLOW_WAIT_MS, 2 * COMPONENT_SLOW_WAIT_MS);
            peer_accept(p, 0);
        }
        /* the last two refusals mean not-authorized like the one before */
        cr_expect_eq(lines[SJ_LOG_ERROR], i == 4 ? 0 : 1, "row %zu: %u, %s", i, lines[SJ_LOG_ERROR],
                     last_line);
    }
    sj_log_set_sink(NULL, NULL);
}

Test(component, takes_system_shutdown_for_an_ordinary_loss)
{
    peer_start(p);
    sj_loop_test_advance(p->loop, 0);
    peer_say(p, 0, "<stream:error><system-shutdown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                   "</stream:error></stream:stream>");
    wait_for(COMPONENT_WAITING);
    peer_hears(p, "down 0");
    expect_retry(0, COMPONENT_FIRST_WAIT_MS);
}

Test(component, ends_a_stream_that_is_not_well_formed)
{
    peer_start(p);
    p->link[0].closed = false;
    peer_say(p, 0, "<a></b>");
    wait_for(COMPONENT_WAITING);
    peer_hears(p, "down 0");
    peer_expect(p, "<error xmlns='http://etherx.jabber.org/streams'>"
                   "<not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>");
    cr_expect(p->link[0].closed);
}

Test(component, hears_what_came_before_the_loss)
{
    peer_start(p);
    static const char last[] = "<presence from='a@b/c' to='irc0.example.org' type='unavailable'/>";
    cr_assert_eq(send(p->link[0].fd, last, sizeof last - 1, 0), sizeof last - 1);
    drop_connection();
    wait_for(COMPONENT_WAITING);
    peer_hears(p, "presence a@b/c to -: offline 0 -");
    peer_hears(p, "down 0");
}

/* The time for it passes, and not much more: the next attempt may follow soon. */
static void says_nothing(void)
{
    enum component_state was = state();
    sj_loop_test_advance(p->loop, COMPONENT_SETUP_MS - 100);
    sj_loop_turn(p->loop, 0);
    cr_expect_eq(state(), was);
    for (int i = 0; i < 200 && state() == was; i++) {
        sj_loop_test_advance(p->loop, 1);
        sj_loop_turn(p->loop, 0);
    }
    cr_expect_eq(state(), COMPONENT_WAITING);
}

Test(component, gives_up_on_a_server_that_says_nothing)
{
    xmpp_start(p->xmpp);
    peer_accept(p, 0);
    wait_for(COMPONENT_OPENING);
    says_nothing();
    expect_retry(0, COMPONENT_FIRST_WAIT_MS);
    peer_accept(p, 0);
    wait_for(COMPONENT_OPENING);
    peer_say(p, 0, HEADER);
    wait_for(COMPONENT_HANDSHAKE);
    says_nothing();
}

Test(component, retries_when_nobody_listens)
{
    p->hosts[0].port = 1;
    sj_loop_test_advance(p->loop, 0);
    xmpp_start(p->xmpp);
    wait_for(COMPONENT_WAITING);
    expect_retry(0, COMPONENT_FIRST_WAIT_MS);
    wait_for(COMPONENT_WAITING);
    expect_retry(COMPONENT_FIRST_WAIT_MS, 2 * COMPONENT_FIRST_WAIT_MS);
    wait_for(COMPONENT_WAITING);
    peer_settle(p);
    cr_expect_eq(p->heard.end, 0, "down without up");
}

/* ---- liveness ---- */

/* What the room pings itself with, as the server would route it back. */
static void echo_ping(void)
{
    char *ping = peer_next(p, 0);
    cr_assert(ping != NULL && peer_match("<iq from='irc0.example.org' id='*' to='irc0.example.org' "
                                         "type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
                                         ping),
              "%s", ping != NULL ? ping : "nothing");
    peer_say(p, 0, ping);
    free(ping);
}

/* G114-11. */
Test(component, asks_for_life_after_five_silent_minutes)
{
    peer_start(p);
    sj_loop_test_advance(p->loop, 0);
    sj_loop_test_advance(p->loop, COMPONENT_IDLE_MS / 2);
    peer_expect_nothing(p);                      /* also breaks the silence */
    sj_loop_test_advance(p->loop, COMPONENT_IDLE_MS - 1000);
    peer_settle(p);
    cr_expect_eq(p->link[0].sent.end, 0);
    sj_loop_test_advance(p->loop, 2000);
    echo_ping();
    peer_expect_nothing(p);
    peer_hears_nothing(p);
    cr_expect_eq(state(), COMPONENT_UP);
}

Test(component, declares_a_silent_stream_dead_where_the_echo_has_worked)
{
    peer_start(p);
    sj_loop_test_advance(p->loop, 0);
    sj_loop_test_advance(p->loop, COMPONENT_IDLE_MS + 100);
    echo_ping();
    sj_loop_test_advance(p->loop, COMPONENT_IDLE_MS + COMPONENT_PING_MS - 1000);
    cr_expect_eq(state(), COMPONENT_UP);
    peer_expect(p, "<iq *<ping xmlns='urn:xmpp:ping'/></iq>");
    sj_loop_test_advance(p->loop, 2000);
    cr_expect_neq(state(), COMPONENT_UP);
    peer_hears(p, "down 0");
}

Test(component, keeps_a_silent_stream_where_the_server_does_not_echo)
{
    peer_start(p);
    sj_loop_test_advance(p->loop, 0);
    for (int i = 0; i < 10; i++) {
        sj_loop_test_advance(p->loop, COMPONENT_IDLE_MS + 100);
        char *ping = peer_next(p, 0);
        cr_expect_not_null(ping);
        free(ping);
        cr_expect_eq(state(), COMPONENT_UP);
    }
}

/* ---- queue ---- */

static unsigned relieved;

static void on_relieved(void *ctx, unsigned host)
{
    (void)ctx, (void)host;
    relieved++;
}

Test(component, bounds_what_waits_for_a_server_that_does_not_read)
{
    static char body[50001];
    memset(body, 'x', 50000);
    struct xmpp_message_out m = {.peer = "bob", .to = "romeo@montague.lit", .body = body};
    peer_start(p);
    relieved = 0;
    xmpp_on_relieved(p->xmpp, on_relieved);
    unsigned sent = 0;
    while (sent < 100000 && xmpp_send_message(p->xmpp, 0, &m)) {
        sent++;
        sj_loop_turn(p->loop, 0);
    }
    cr_expect_gt(xmpp_queued(p->xmpp, 0), 2 * p->options.queue_max);
    cr_expect_lt(xmpp_queued(p->xmpp, 0), 2 * p->options.queue_max + 60000);
    cr_expect_not(xmpp_send_probe(p->xmpp, 0, "romeo@montague.lit"));
    cr_expect_eq(relieved, 0);
    struct xmpp_stats stats;
    xmpp_stats(p->xmpp, 0, &stats);
    cr_expect_eq(stats.refused_out, 2);
    cr_expect_geq(stats.stanzas_out, sent);
    cr_expect_leq(stats.stanzas_out, sent + 1);  /* one question of copies.c, not answered */
    for (int i = 0; i < 1000 && xmpp_queued(p->xmpp, 0) > 0; i++)
        peer_settle(p);
    peer_settle(p);
    cr_expect_eq(relieved, 1);
    cr_expect(xmpp_send_probe(p->xmpp, 0, "romeo@montague.lit"));
    for (; sent > 0; sent--)
        free(peer_next(p, 0));
    peer_expect(p, "<presence * type='probe'/>");
}

Test(component, relieves_whoever_waits_when_the_stream_is_lost)
{
    static char body[50001];
    memset(body, 'x', 50000);
    struct xmpp_message_out m = {.peer = "bob", .to = "romeo@montague.lit", .body = body};
    peer_start(p);
    relieved = 0;
    xmpp_on_relieved(p->xmpp, on_relieved);
    while (xmpp_send_message(p->xmpp, 0, &m))
        sj_loop_turn(p->loop, 0);
    close(p->link[0].fd);
    p->link[0].fd = -1;
    wait_for(COMPONENT_WAITING);
    cr_expect_eq(relieved, 1);
    cr_expect_eq(xmpp_queued(p->xmpp, 0), 0);
}

/* Sending and receiving leave nothing behind. */
Test(component, keeps_no_memory_of_stanzas)
{
    peer_start(p);
    for (int i = 0; i < 50; i++) {
        cr_expect(xmpp_send_message(p->xmpp, 0, &(struct xmpp_message_out){
                                                    .peer = "bob@x",
                                                    .to = "romeo@montague.lit",
                                                    .body = "hi",
                                                }));
        cr_expect_not(xmpp_send_message(p->xmpp, 0, &(struct xmpp_message_out){
                                                        .peer = "bob",
                                                        .to = "@",
                                                        .body = "hi",
                                                    }));
        cr_expect_eq(p->xmpp->output.arena.live, 0);
        free(peer_next(p, 0));
        peer_say(p, 0, "<iq type='get' id='1' from='a@b/c' to='irc0.example.org'>"
                       "<query xmlns='jabber:iq:version'/></iq>");
        free(peer_next(p, 0));
        cr_expect_eq(p->xmpp->output.arena.live, 0);
    }
}

/* One stanza too large is refused alone. */
Test(component, refuses_a_stanza_too_large_and_lives)
{
    static char body[300001];
    memset(body, 'x', 300000);
    peer_start(p);
    cr_expect_not(xmpp_send_message(p->xmpp, 0, &(struct xmpp_message_out){
                                                     .peer = "bob",
                                                     .to = "romeo@montague.lit",
                                                     .body = body,
                                                 }));
    peer_expect_nothing(p);
    cr_expect(xmpp_is_up(p->xmpp, 0));
}

/* ---- stop ---- */

static void on_stopped(void *arg)
{
    ((struct peer *)arg)->stopped = true;
}

Test(component, says_goodbye_after_what_is_queued)
{
    peer_start(p);
    cr_expect(xmpp_send_probe(p->xmpp, 0, "romeo@montague.lit"));
    xmpp_room_stop(p->xmpp, 5000, on_stopped, p);
    cr_expect_not(p->stopped);
    peer_expect(p, "<presence * type='probe'/>");
    sj_loop_test_advance(p->loop, 1300);         /* nobody answers the last question */
    cr_expect_not(xmpp_send_probe(p->xmpp, 0, "romeo@montague.lit"));
    for (int i = 0; i < 1000 && !p->link[0].closed; i++)
        peer_settle(p);
    cr_expect(p->link[0].closed);
    drop_connection();
    for (int i = 0; i < 1000 && !p->stopped; i++)
        sj_loop_turn(p->loop, 5);
    cr_expect(p->stopped);
    cr_expect_eq(state(), COMPONENT_STOPPED);
}

Test(component, stops_in_time_when_the_server_does_not)
{
    peer_start(p);
    sj_loop_test_advance(p->loop, 0);
    xmpp_room_stop(p->xmpp, 5000, on_stopped, p);
    peer_settle(p);
    cr_expect_not(p->stopped);
    sj_loop_test_advance(p->loop, 5100);
    for (int i = 0; i < 1000 && !p->stopped; i++)
        sj_loop_turn(p->loop, 1);
    cr_expect(p->stopped);
}

Test(component, stops_at_once_when_nothing_is_connected)
{
    xmpp_room_stop(p->xmpp, 5000, on_stopped, p);
    cr_expect_not(p->stopped, "called from inside the call");
    sj_loop_turn(p->loop, 0);
    cr_expect(p->stopped);
}

Test(component, stops_while_it_waits)
{
    p->hosts[0].port = 1;
    xmpp_start(p->xmpp);
    wait_for(COMPONENT_WAITING);
    xmpp_room_stop(p->xmpp, 5000, on_stopped, p);
    sj_loop_turn(p->loop, 0);
    cr_expect(p->stopped);
}

/* ---- many ---- */

/* G114-06. */
Test(hosts, attaches_all_of_them)
{
    struct peer *many = peer_new(256);
    peer_start(many);
    for (unsigned i = 0; i < 256; i += 51) {
        char text[256];
        snprintf(text, sizeof text,
                 "<message from='romeo@montague.lit/o' to='bob@irc%u.example.org' type='chat'>"
                 "<body>hi</body></message>",
                 i);
        /* servers mix the streams up: the `to` domain counts */
        peer_say(many, 255 - i, text);
        snprintf(text, sizeof text, "message %u romeo@montague.lit/o to bob: hi", i);
        peer_hears(many, text);
        cr_expect(xmpp_send_probe(many->xmpp, i, "romeo@montague.lit"));
        peer_expect_at(many, i, "<presence * type='probe'/>", __FILE__, __LINE__);
    }
    peer_free(&many);
}

/* A process with many sockets reconnects: the new descriptor has a high number. */
Test(hosts, attaches_with_more_than_1024_descriptors)
{
    static int fds[1200];
    struct rlimit limit;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    if (limit.rlim_cur < 1400 || setrlimit(RLIMIT_NOFILE, &limit) != 0)
        cr_skip_test("the system allows too few descriptors");
    for (size_t i = 0; i < 1200; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    cr_assert_gt(fds[1199], 1024);
    struct peer *many = peer_new(2);
    peer_start(many);
    peer_say(many, 1, "<iq type='get' id='1' from='a@b/c' to='irc1.example.org'>"
                      "<ping xmlns='urn:xmpp:ping'/></iq>");
    peer_expect_at(many, 1, "<iq * type='result'/>", __FILE__, __LINE__);
    peer_free(&many);
    for (size_t i = 0; i < 1200; i++)
        close(fds[i]);
}

/* Attached, and a server is known that can be asked. */
static void start_and_write(void)
{
    struct xmpp_message_out m = {.peer = "bob", .to = "romeo@m.lit", .body = "x"};

    p->shows_questions = true;
    peer_start(p);
    sj_loop_test_advance(p->loop, 0);
    cr_assert(xmpp_send_message(p->xmpp, 0, &m));
    free(peer_next(p, 0));
}

/* The answer to the last ping, which comes now, and what the server sends behind it. */
static void answer_last_ping(const char *behind)
{
    char *ping = peer_next(p, 0), text[700];
    cr_assert_not_null(ping);
    cr_assert(peer_match("<iq * to='m.lit' *<ping *", ping), "%s", ping);
    char *id = strstr(ping, "id='") + 4;
    *strchr(id, '\'') = '\0';
    cr_expect_eq(state(), COMPONENT_UP);
    snprintf(text, sizeof text, "<iq type='result' from='m.lit' to='irc0.example.org' id='%s'/>%s",
             id, behind);
    free(ping);
    peer_say(p, 0, text);
    peer_settle(p);
}

/* What the server sent before it answers the last ping is heard and answered; then comes the
 * goodbye, though the answer came in the same turn. */
Test(component, hears_what_came_before_its_goodbye)
{
    start_and_write();
    p->status = SJ_UNAVAILABLE;
    xmpp_room_stop(p->xmpp, 4000, on_stopped, NULL);
    answer_last_ping("<message type='chat' from='romeo@m.lit/o' to='bob@irc0.example.org' id='m1'>"
                     "<body>late</body></message>");
    peer_expect(p, "<message * id='m1' * type='error'>*</message>");
    cr_expect(p->link[0].closed);
}

static const char asked[] = "<iq type='set' from='romeo@m.lit/o' to='irc0.example.org' id='v1'>"
                            "<query xmlns='jabber:iq:register'><remove/></query></iq>";

/* Who waits for a network that has not answered waits in vain from then on. */
Test(component, answers_what_is_open_before_its_goodbye_R6120_01)
{
    start_and_write();
    peer_say(p, 0, asked);
    peer_settle(p);
    xmpp_room_stop(p->xmpp, 4000, on_stopped, p);
    answer_last_ping("");
    peer_hears(p, "register-remove romeo@m.lit");
    peer_expect(p, "<iq * id='v1' * type='error'*<service-unavailable*</iq>");
    cr_expect(p->link[0].closed);
}

Test(component, gives_back_what_is_open_when_its_stream_is_away_R6120_01)
{
    peer_start(p);
    peer_say(p, 0, asked);
    peer_hears(p, "register-remove romeo@m.lit");
    drop_connection();
    peer_hears(p, "down 0");
    xmpp_room_stop(p->xmpp, 4000, on_stopped, p);
    peer_hears(p, "unanswered i of romeo@m.lit/o (romeo@m.lit) to irc0.example.org: "
                  "service unavailable id=v1");
}

/* What waits for the disk is said before the goodbye. */
Test(component, says_goodbye_behind_what_is_held)
{
    start_and_write();
    uint64_t hold = xmpp_hold(p->xmpp, 0, "romeo@m.lit");
    xmpp_room_stop(p->xmpp, 4000, on_stopped, p);
    answer_last_ping("<iq type='get' from='romeo@m.lit/o' to='irc0.example.org' id='p1'>"
                     "<ping xmlns='urn:xmpp:ping'/></iq>");
    for (int i = 0; i < 20; i++)
        peer_settle(p);
    cr_expect_not(p->link[0].closed);
    xmpp_let_go(p->xmpp, hold, false);
    peer_expect(p, "<iq * id='p1' * type='result'/>");
    for (int i = 0; i < 1000 && !p->link[0].closed; i++)
        peer_settle(p);
    cr_expect(p->link[0].closed);
}

/* What the server sent before it read the goodbye is not answered on this stream, and not lost;
 * presence is, unless it joins or is a subscription. No handler sees what only asks. */
Test(component, refuses_what_crosses_its_goodbye)
{
    static const char crossing[] =
        "<message type='chat' from='romeo@m.lit/o' to='bob@irc0.example.org' id='m1'>"
        "<body>late</body></message>"
        "<iq type='get' from='romeo@m.lit/o' to='irc0.example.org' id='p1'>"
        "<ping xmlns='urn:xmpp:ping'/></iq>"
        "<iq type='result' from='romeo@m.lit/o' to='irc0.example.org' id='p2'/>"
        "<iq type='set' from='nobody@m.lit/n' to='bob@irc0.example.org/x' id='r1'>"
        "<query xmlns='jabber:iq:register'><remove/></query></iq>"
        "<message type='chat' from='romeo@m.lit/o' to='irc0.example.org' id='t1'>"
        "<body>help</body></message>"
        "<message type='chat' from='romeo@m.lit/o' to='irc0.example.org' id='t2'>"
        "<composing xmlns='http://jabber.org/protocol/chatstates'/></message>"
        "<presence from='romeo@m.lit/o' to='irc0.example.org'/>"
        "<presence type='probe' from='romeo@m.lit/o' to='irc0.example.org'/>"
        "<presence type='unsubscribe' from='romeo@m.lit' to='bob@irc0.example.org'/>"
        "<message type='error' from='romeo@m.lit/o' to='bob@irc0.example.org' id='m2'/>";

    peer_start(p);
    sj_loop_test_advance(p->loop, 0);
    p->status = SJ_UNAVAILABLE;
    xmpp_room_stop(p->xmpp, 4000, on_stopped, p);
    for (int i = 0; i < 1000 && !p->link[0].closed; i++)
        peer_settle(p);
    cr_assert_eq(state(), COMPONENT_ENDING);
    peer_say(p, 0, crossing);
    peer_hears(p, "message 0 romeo@m.lit/o to bob: late");
    peer_hears(p, "unanswered romeo@m.lit/o to bob: service unavailable id=m1");
    peer_hears(p, "unanswered i of romeo@m.lit/o (romeo@m.lit) to irc0.example.org: "
                  "service unavailable id=p1");
    peer_hears(p, "unanswered i of nobody@m.lit/n (nobody@m.lit) to bob@irc0.example.org/x: "
                  "service unavailable id=r1");
    peer_hears(p, "unanswered m of romeo@m.lit/o (romeo@m.lit) to irc0.example.org: "
                  "service unavailable id=t1");
    peer_hears(p, "unsubscribe romeo@m.lit to bob: -");
    peer_hears(p, "bounce romeo@m.lit/o to bob: m undefined-condition id=m2");
    cr_expect_eq(p->heard.first, p->heard.end);
    cr_expect_not(p->stopped);
    peer_say(p, 0, "</stream:stream>");
    peer_settle(p);
    cr_expect_not(p->stopped, "what is queued goes out first");
    drop_connection();
    for (int i = 0; i < 1000 && !p->stopped; i++)
        sj_loop_turn(p->loop, 5);
    cr_expect(p->stopped);
}

Test(component, refuses_what_comes_with_the_end_behind_its_goodbye)
{
    static const char last[] =
        "<message type='chat' from='romeo@m.lit/o' to='bob@irc0.example.org' id='m1'>"
        "<body>late</body></message></stream:stream>";

    peer_start(p);
    p->status = SJ_UNAVAILABLE;
    xmpp_room_stop(p->xmpp, 4000, on_stopped, p);
    cr_assert_eq(send(p->link[0].fd, last, sizeof last - 1, 0), sizeof last - 1);
    drop_connection();
    for (int i = 0; i < 1000 && !p->stopped; i++)
        sj_loop_turn(p->loop, 5);
    cr_expect(p->stopped);
    peer_hears(p, "message 0 romeo@m.lit/o to bob: late");
    peer_hears(p, "unanswered romeo@m.lit/o to bob: service unavailable id=m1");
}

/* A stream that is full to the brim takes no error either. (Its server is heard all the same when
 * it has taken nothing for long.) */
Test(component, gives_back_an_error_that_the_stream_does_not_take)
{
    static const char said[] =
        "<message type='chat' from='romeo@m.lit/o' to='bob@irc0.example.org' id='m1'>"
        "<body>hi</body></message>";
    static char body[50001];
    struct xmpp_message_out m = {.peer = "bob", .to = "romeo@m.lit", .body = body};

    memset(body, 'x', 50000);
    peer_start(p);
    p->status = SJ_UNAVAILABLE;
    while (xmpp_send_message(p->xmpp, 0, &m))
        sj_loop_turn(p->loop, 0);
    cr_assert_eq(send(p->link[0].fd, said, sizeof said - 1, 0), sizeof said - 1);
    for (int i = 0; i < 100 && !sj_timer_running(&p->xmpp->components[0].deaf); i++)
        sj_loop_turn(p->loop, 1);
    sj_loop_test_advance(p->loop, CONGESTION_DEAF_MS + 100);
    for (int i = 0; i < 1000 && p->heard.end == p->heard.first; i++)
        sj_loop_turn(p->loop, 1);
    peer_hears(p, "message 0 romeo@m.lit/o to bob: hi");
    peer_hears(p, "unanswered romeo@m.lit/o to bob: service unavailable id=m1");
}
