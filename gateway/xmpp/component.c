/* SPDX-License-Identifier: MPL-2.0 */
/* The life of one component stream: connect, header, handshake, traffic, loss, reconnect.
 *
 * Nothing is sent before the server's <handshake/> (G114-03). A lost stream is tried again after a
 * random first wait, then with exponential back-off and jitter; where the server refuses us
 * (conflict, not-authorized, host-unknown) slowly, and the log says why once (R6120-25, R6120-26,
 * G114-04). An idle stream is checked by an iq to our own host, which the server routes back.
 * What stanzas mean is the router's business. Source: XEP-0114 §3, RFC 6120 §3.3 and §4.9. */
#include "component.h"

#include <string.h>

#include "congestion.h"
#include "late.h"
#include "room.h"
#include "router.h"
#include "sojourn/conn.h"
#include "sojourn/memory.h"
#include "stanza.h"
#include "stream.h"

static const char *const component_state_names[] = {
#define COMPONENT_NAME(name, text) [COMPONENT_##name] = text,
    COMPONENT_STATES(COMPONENT_NAME)
#undef COMPONENT_NAME
};
_Static_assert(sizeof component_state_names / sizeof *component_state_names ==
                   COMPONENT_STATE_COUNT,
               "every state has a name");

#define BIT(state) (1u << COMPONENT_##state)
/* Legal moves, by the state left. A stream starts only from IDLE or WAITING and goes through the
 * three set-up states in order; it may be lost from any of them, and stopped from all but STOPPED,
 * which is final. */
static const unsigned component_moves[COMPONENT_STATE_COUNT] = {
    [COMPONENT_IDLE] = BIT(CONNECTING) | BIT(STOPPED),
    [COMPONENT_CONNECTING] = BIT(OPENING) | BIT(WAITING) | BIT(STOPPED),
    [COMPONENT_OPENING] = BIT(HANDSHAKE) | BIT(WAITING) | BIT(ENDING),
    [COMPONENT_HANDSHAKE] = BIT(UP) | BIT(WAITING) | BIT(ENDING),
    [COMPONENT_UP] = BIT(WAITING) | BIT(ENDING),
    [COMPONENT_WAITING] = BIT(CONNECTING) | BIT(STOPPED),
    [COMPONENT_ENDING] = BIT(STOPPED),
    [COMPONENT_STOPPED] = 0,
};

static void component_enter(struct component *c, enum component_state state)
{
    assert((component_moves[c->state] & (1u << state)) != 0);
    sj_log_debug(&c->log, "component state=%s->%s", component_state_names[c->state],
                 component_state_names[state]);
    sj_timer_stop(&c->timer);
    c->state = state;
}

static void component_drop_stream(struct component *c)
{
    privileges_reset(c, false);
    copies_lost(&c->copies);
    sj_conn_free(&c->conn);
    stream_free(&c->stream);
    c->broken = NULL;
    congestion_forget(c);
    c->leaving = c->goodbye_held = false;
    sj_defer_cancel(&c->goodbye);
    c->ping_id[0] = '\0';
}

/* Must an admin act, and does trying at once make no sense? */
static bool component_is_refusal(const char *reason)
{
    static const char *const refusals[] = {"conflict", "host-unknown", "not-authorized",
                                           "invalid-namespace", "host-gone"};
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
        if (strcmp(reason, refusals[i]) == 0)
            return true;
    return false;
}

/* How long to wait before the next attempt. */
static uint32_t component_wait_ms(const struct component *c, const char *reason)
{
    if (component_is_refusal(reason))
        return COMPONENT_SLOW_WAIT_MS + sj_random_below(COMPONENT_SLOW_WAIT_MS);
    uint32_t span = COMPONENT_FIRST_WAIT_MS;
    for (unsigned i = 0; i < c->attempts && span < COMPONENT_WAIT_MAX_MS; i++)
        span *= 2;
    if (span > COMPONENT_WAIT_MAX_MS)
        span = COMPONENT_WAIT_MAX_MS;
    /* The first wait spreads from 0 (R6120-25), later ones from half. */
    return c->attempts == 0 ? sj_random_below(span) : span / 2 + sj_random_below(span / 2);
}

static void component_log_loss(struct component *c, const char *reason, uint32_t wait_ms)
{
    if (strcmp(c->reason, reason) == 0) {
        sj_log_debug(&c->log, "component stream lost again reason=%s retry_ms=%u",
                     SJ_CLIP(reason), (unsigned)wait_ms);
        return;
    }
    sj_copy(c->reason, sizeof c->reason, reason);
    if (component_is_refusal(reason))
        sj_log_error(&c->log,
                     "component refused by the server, check name and secret there "
                     "reason=%s retry_ms=%u",
                     SJ_CLIP(reason), (unsigned)wait_ms);
    else
        sj_log_warn(&c->log, "component stream lost reason=%s retry_ms=%u", SJ_CLIP(reason),
                    (unsigned)wait_ms);
}

/* The stream is gone, whatever the cause. Never from inside an event of c->stream. */
static void component_lose(struct component *c, const char *reason)
{
    enum component_state was = c->state;
    if (was == COMPONENT_ENDING || c->leaving) {
        component_drop_stream(c);
        if (was != COMPONENT_ENDING)
            component_enter(c, COMPONENT_ENDING);
        component_enter(c, COMPONENT_STOPPED);
        late_refuse_open(c->x, c->index);
        room_check_stopped(c->x);
        return;
    }
    if (was == COMPONENT_HANDSHAKE && strcmp(reason, "closed") == 0)
        reason = "not-authorized";         /* some servers just close (XEP-0114 §3) */
    if (was == COMPONENT_UP && sj_loop_now_ms(c->x->loop) - c->up_ms >= COMPONENT_STEADY_MS)
        c->attempts = 0;
    uint32_t wait_ms = component_wait_ms(c, reason);
    component_log_loss(c, reason, wait_ms);
    bool congested = c->congested;
    component_drop_stream(c);
    component_enter(c, COMPONENT_WAITING);
    c->attempts++;
    sj_timer_start(c->x->loop, &c->timer, wait_ms);
    if (was == COMPONENT_UP)
        c->x->in->down(c->x->ctx, c->index);
    /* What waited is gone with the stream; whoever waits for relief must not wait for ever. */
    if (congested && c->x->relieved != NULL)
        c->x->relieved(c->x->ctx, c->index);
}

void component_fail(struct component *c, const char *reason)
{
    component_lose(c, reason);
}

/* Ends the stream from inside an event of it; it reconnects. reason: static text. */
static void component_break(struct component *c, const char *reason)
{
    if (c->broken == NULL)
        c->broken = reason;
    stream_halt(c->stream);
}

/* ---- stream events ---- */

static void component_on_opened(void *arg, const char *id)
{
    struct component *c = arg;
    if (c->state != COMPONENT_OPENING)
        return;
    if (id == NULL) {
        component_break(c, "no-stream-id");
        return;
    }
    /* G114-02: SHA-1 of id and secret, as lower-case hex. */
    struct output *o = &c->x->output;
    xmpp_sha1_t *sha1 = xmpp_sha1_new(o->ctx);
    xmpp_sha1_update(sha1, (const unsigned char *)id, strlen(id));
    xmpp_sha1_update(sha1, (const unsigned char *)c->host->secret, strlen(c->host->secret));
    xmpp_sha1_final(sha1);
    char digest[41];
    xmpp_sha1_to_string(sha1, digest, sizeof digest);
    xmpp_sha1_free(sha1);

    struct sj_strbuf text;
    sj_strbuf_init(&text, 128);
    sj_strbuf_adds(&text, "<handshake>");
    sj_strbuf_adds(&text, digest);
    sj_strbuf_adds(&text, "</handshake>");
    sj_conn_write(c->conn, text.s, text.len);
    sj_strbuf_release(&text);
    component_enter(c, COMPONENT_HANDSHAKE);
    sj_timer_start(c->x->loop, &c->timer, COMPONENT_SETUP_MS);
}

static void component_on_authenticated(struct component *c)
{
    component_enter(c, COMPONENT_UP);
    c->up_ms = sj_loop_now_ms(c->x->loop);
    c->ping_works = false;
    c->reason[0] = '\0';
    sj_log_info(&c->log, "component attached server=%s", c->host->server);
    sj_timer_start(c->x->loop, &c->timer, COMPONENT_IDLE_MS);
    privileges_reset(c, true);
    copies_send_again(&c->copies);
    c->x->in->up(c->x->ctx, c->index);
}

/* <stream:error/>: its condition becomes the reason. */
static void component_on_error(struct component *c, xmpp_stanza_t *error)
{
    xmpp_stanza_t *condition = stanza_first(error);
    static const char *const known[] = {"conflict",        "host-unknown",       "not-authorized",
                                        "host-gone",       "invalid-namespace",  "invalid-from",
                                        "not-well-formed", "policy-violation",   "reset",
                                        "system-shutdown", "connection-timeout", "see-other-host"};
    const char *name = condition != NULL ? xmpp_stanza_get_name(condition) : "";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i]) == 0) {
            component_break(c, known[i]);
            return;
        }
    component_break(c, "stream-error");
}

/* Our own ping came back (see component_check_life). */
static bool component_is_echo(struct component *c, xmpp_stanza_t *st)
{
    const char *id = stanza_get(st, "id");
    if (c->ping_id[0] == '\0' || id == NULL || strcmp(id, c->ping_id) != 0)
        return false;
    c->ping_id[0] = '\0';
    c->ping_works = true;
    return true;
}

static void component_on_stanza(void *arg, xmpp_stanza_t *st, bool cut)
{
    struct component *c = arg;
    if (stanza_is(st, "error", NS_STREAMS)) {
        component_on_error(c, st);
        return;
    }
    if (c->state == COMPONENT_HANDSHAKE && strcmp(xmpp_stanza_get_name(st), "handshake") == 0) {
        component_on_authenticated(c);
        return;
    }
    if (c->state != COMPONENT_UP && c->state != COMPONENT_ENDING)
        return;
    c->stanzas_in++;
    if (!component_is_echo(c, st))
        router_handle(c, st, cut);
}

static void component_on_closed(void *arg)
{
    component_break(arg, "closed");
}

static const struct stream_events component_stream_events = {
    .opened = component_on_opened,
    .stanza = component_on_stanza,
    .closed = component_on_closed,
};

/* ---- conn events ---- */

static void component_on_conn_up(void *arg)
{
    struct component *c = arg;
    c->stream = stream_new(&component_stream_events, c);
    struct sj_strbuf text;
    sj_strbuf_init(&text, 8192);
    sj_strbuf_adds(&text, "<?xml version='1.0'?><stream:stream xmlns='" NS_COMPONENT
                          "' xmlns:stream='" NS_STREAMS "' to=\"");
    output_escape(&text, c->host->name);
    sj_strbuf_adds(&text, "\">");
    sj_conn_write(c->conn, text.s, text.len);
    sj_strbuf_release(&text);
    component_enter(c, COMPONENT_OPENING);
    sj_timer_start(c->x->loop, &c->timer, COMPONENT_SETUP_MS);
}

/* Parses what has come, at most limit bytes. false: the stream is broken. */
static bool component_read(struct component *c, size_t limit)
{
    while (limit > 0) {
        size_t n = 0;
        char *p = sj_conn_peek(c->conn, &n);
        if (n == 0)
            return true;
        if (n > limit)
            n = limit;
        if (n > COMPONENT_PIECE_BYTES)
            n = COMPONENT_PIECE_BYTES;
        char *to = stream_buffer(c->stream, n);
        if (to == NULL) {
            c->broken = "parser-memory";
            return false;
        }
        memcpy(to, p, n);
        sj_wipe(p, n);                     /* registration secrets pass here in clear */
        sj_conn_consume(c->conn, n);
        limit -= n;
        const char *error = stream_parse(c->stream, n);
        if (c->broken != NULL)
            return false;
        if (error != NULL) {
            c->broken = error;
            struct sj_strbuf text;
            sj_strbuf_init(&text, 256);
            sj_strbuf_adds(&text, "<stream:error><");
            sj_strbuf_adds(&text, error);
            sj_strbuf_adds(&text, " xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
                                  "</stream:stream>");
            sj_conn_write(c->conn, text.s, text.len);
            sj_conn_flush(c->conn);
            sj_strbuf_release(&text);
            return false;
        }
    }
    return true;
}

/* Nothing more is read; our end is closed behind what is still queued. */
static void component_finish(struct component *c)
{
    int64_t left_ms = c->stop_by_ms - sj_loop_now_ms(c->x->loop);
    sj_conn_finish(c->conn, left_ms > 0 ? left_ms : 0);
}

static void component_on_data(void *arg)
{
    struct component *c = arg;
    if (congestion_stops_reading(c))
        return;
    if (!component_read(c, COMPONENT_TURN_BYTES)) {
        if (c->state == COMPONENT_ENDING)
            component_finish(c);           /* the server's goodbye, mostly */
        else
            component_lose(c, c->broken);
        return;
    }
    if (sj_conn_available(c->conn) > 0)
        sj_conn_again(c->conn);
}

static void component_on_drained(void *arg)
{
    congestion_end(arg);
}

static void component_on_down(void *arg, const struct sj_error *why)
{
    struct component *c = arg;
    const char *reason = why->status == SJ_REMOTE    ? "closed"
                         : why->status == SJ_TIMEOUT ? "timeout"
                                                     : why->text;
    /* What the server said last (a stream error, mostly) is still unread. */
    if (c->stream != NULL && !component_read(c, SIZE_MAX))
        reason = c->broken;
    char copy[sizeof c->reason];
    sj_copy(copy, sizeof copy, reason[0] != '\0' ? reason : "unreachable");
    component_lose(c, copy);
}

static const struct sj_conn_events component_conn_events = {
    .up = component_on_conn_up,
    .data = component_on_data,
    .drained = component_on_drained,
    .down = component_on_down,
};

/* ---- timer ---- */

static void component_connect(struct component *c)
{
    component_enter(c, COMPONENT_CONNECTING);
    c->conn = sj_conn_new(c->x->loop, &component_conn_events, c);
    struct sj_conn_target target = {
        .host = c->host->server,
        .port = c->host->port,
        .timeout_ms = COMPONENT_SETUP_MS,
        .unsent_max = CONGESTION_UNSENT_BYTES,
        .unread_max = CONGESTION_UNREAD_BYTES,
    };
    sj_conn_connect(c->conn, &target);
}

/* After five silent minutes an iq to ourselves goes out; the server routes it back. Where that has
 * worked on this stream before, no answer within a minute means that the stream is dead. */
static void component_check_life(struct component *c)
{
    int64_t now = sj_loop_now_ms(c->x->loop);
    int64_t heard = sj_conn_last_input_ms(c->conn);
    if (c->ping_id[0] != '\0' && heard < c->ping_ms && c->ping_works) {
        component_lose(c, "no-answer");
        return;
    }
    c->ping_id[0] = '\0';
    int64_t silent = now - (heard > c->up_ms ? heard : c->up_ms);
    if (silent < COMPONENT_IDLE_MS) {
        sj_timer_start(c->x->loop, &c->timer, COMPONENT_IDLE_MS - silent);
        return;
    }
    output_new_id(c->ping_id);
    c->ping_ms = now;
    xmpp_stanza_t *iq = room_stanza_new(c->x, c->index, "iq", "get", NULL, c->host->name,
                                        c->ping_id);
    stanza_add(iq, "ping", NS_PING);
    room_send(c->x, c->index, iq);
    sj_timer_start(c->x->loop, &c->timer, c->ping_works ? COMPONENT_PING_MS : COMPONENT_IDLE_MS);
}

/* The last word: nothing that comes behind it can be answered on this stream (RFC 6120 §4.4). The
 * server is heard until it says the same, for half of the time that is left. */
static void component_say_goodbye(void *arg)
{
    static const char goodbye[] = "</stream:stream>";
    struct component *c = arg;
    int64_t left_ms = c->stop_by_ms - sj_loop_now_ms(c->x->loop);
    c->leaving = false;
    late_refuse_open(c->x, c->index);
    component_enter(c, COMPONENT_ENDING);
    sj_conn_write(c->conn, goodbye, sizeof goodbye - 1);
    sj_timer_start(c->x->loop, &c->timer, left_ms > 0 ? left_ms / 2 : 0);
}

/* What this turn has changed is on its way to the disk, and answers wait for it (hold.c): they go
 * first. The timer ends that. */
static void component_leave(void *arg)
{
    struct component *c = arg;
    c->goodbye_held = c->x->holds.users.used > 0;
    if (!c->goodbye_held)
        component_say_goodbye(c);
}

void components_let_go(struct xmpp *x)
{
    for (unsigned i = 0; i < x->options->n_hosts; i++) {
        struct component *c = &x->components[i];
        if (c->leaving && c->goodbye_held)
            sj_loop_defer(x->loop, &c->goodbye);
    }
}

/* What the server sent before this answer has been heard; the rest of this turn is, too. */
static void component_on_last_answer(struct xmpp *x, const struct query_reply *reply)
{
    struct component *c = &x->components[reply->host];
    if (c->leaving)
        sj_loop_defer(x->loop, &c->goodbye);
}

/* false: there is nobody to ask. */
static bool component_ask_last(struct component *c)
{
    if (c->copies.domain[0] == '\0')
        return false;
    xmpp_stanza_t *iq = room_stanza_new(c->x, c->index, "iq", "get", NULL, c->copies.domain, NULL);
    stanza_add(iq, "ping", NS_PING);
    return query_send(c->x, c->index, iq, component_on_last_answer, 0);
}

static void component_on_timer(void *arg)
{
    struct component *c = arg;
    switch (c->state) {
    case COMPONENT_WAITING:
        c->reconnects++;
        component_connect(c);
        break;
    case COMPONENT_UP:
        if (c->leaving)
            component_say_goodbye(c);
        else
            component_check_life(c);
        break;
    case COMPONENT_OPENING:
    case COMPONENT_HANDSHAKE:
        component_lose(c, "handshake-timeout");
        break;
    case COMPONENT_ENDING:
        component_finish(c);
        break;
    default:
        break;
    }
}

/* ---- room interface ---- */

void component_init(struct component *c, struct xmpp *x, unsigned index)
{
    *c = (struct component){
        .x = x,
        .index = index,
        .host = &x->options->hosts[index],
        .state = COMPONENT_IDLE,
    };
    c->log = (struct sj_log){.parent = &x->log, .key = "host", .value = c->host->name};
    sj_timer_init(&c->timer, component_on_timer, c);
    congestion_init(c);
    sj_defer_init(&c->goodbye, component_leave, c);
    privileges_init(c);
    copies_init(&c->copies, c);
}

void component_release(struct component *c)
{
    sj_timer_stop(&c->timer);
    component_drop_stream(c);
    privileges_release(c);
    copies_release(&c->copies);
}

void component_start(struct component *c)
{
    if (c->state == COMPONENT_IDLE)
        component_connect(c);
}

void component_stop(struct component *c, int64_t timeout_ms)
{
    if (c->leaving)
        return;
    c->stop_by_ms = sj_loop_now_ms(c->x->loop) + timeout_ms;
    congestion_listen(c);
    switch (c->state) {
    case COMPONENT_UP:
        c->leaving = true;
        sj_timer_start(c->x->loop, &c->timer, timeout_ms / 4);
        if (component_ask_last(c))
            break;
        component_say_goodbye(c);
        break;
    case COMPONENT_OPENING:
    case COMPONENT_HANDSHAKE:
        component_say_goodbye(c);
        break;
    case COMPONENT_ENDING:
    case COMPONENT_STOPPED:
        break;
    default:
        component_drop_stream(c);
        component_enter(c, COMPONENT_STOPPED);
        late_refuse_open(c->x, c->index);
    }
}

void component_wipe(struct component *c)
{
    if (c->stream != NULL)
        stream_wipe(c->stream);
}
