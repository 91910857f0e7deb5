/* SPDX-License-Identifier: MPL-2.0 */
/* Lines to the server: building, the one writer, pacing.
 *
 * Every line leaves through irc_send, which refuses CR, LF and NUL: nothing that a user writes can
 * become a line of its own. What users cause is paced by the message timer of RFC 1459 §8.10; the
 * lines in excess wait in a bounded queue, in order. How a message becomes lines is irc_message.c's
 * affair; outcomes are followed in irc_ops.c. */
#include "irc_send.h"

#include <stdio.h>
#include <string.h>

#include "irc_link.h"
#include "sojourn/conn.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* After a warning of the server: lines cost so many times as much, at least so much, and nothing is
 * sent in advance, until nothing has been owed for so long. */
#define SLOW_FACTOR 4
#define SLOW_RATE_MS 2000
#define SLOW_MS 60000
/* After the end of a session for flooding: each time twice as slow, so many times; what a line
 * costs then where it cost nothing. */
#define GENTLE_MAX 3u
#define GENTLE_RATE_MS 250

/* Lines one behind the other, each with a head: length (2 bytes), urgency (1). */
#define QUEUE_HEAD 3u
struct irc_queue {
    size_t at, end, cap;
    size_t lines;
    unsigned char bytes[];
};

void irc_out_add(struct irc_out *o, const char *s, size_t n)
{
    if (n > IRC_OUT_MAX - o->n) {
        o->failed = true;
        return;
    }
    memcpy(o->s + o->n, s, n);
    o->n += n;
}

void irc_out_adds(struct irc_out *o, const char *s)
{
    irc_out_add(o, s, strlen(s));
}

void irc_out_add_text(struct irc_out *o, const char *s, size_t max)
{
    size_t n = sj_utf8_cut(s, strlen(s), max);

    for (size_t i = 0; i < n; i++) {
        char c = s[i] == '\r' || s[i] == '\n' ? ' ' : s[i];
        if (c != '\001')
            irc_out_add(o, &c, 1);
    }
}

static bool is_one_line(const char *s, size_t n)
{
    return !memchr(s, '\n', n) && !memchr(s, '\r', n) && !memchr(s, '\0', n);
}

static bool is_command(const char *s, size_t n, const char *command)
{
    size_t length = strlen(command);

    return n > length && sj_ascii_ncasecmp(s, command, length) == 0 && s[length] == ' ';
}

/* Is it a name of services? The configured one, or what many networks call theirs. */
static bool is_services(const struct irc_link *l, const char *target, size_t n)
{
    const char *nick = l->base.net->services.nick;

    return (n == strlen(nick) && sj_ascii_ncasecmp(target, nick, n) == 0) ||
           (n >= 4 && sj_ascii_ncasecmp(target + n - 4, "serv", 4) == 0) ||
           memchr(target, '@', n);
}

/* Where the word of that number ends (0: the command), from `at` on; n: there is none behind it. */
static size_t word_end(const char *s, size_t at, size_t n, unsigned word)
{
    for (;; word--) {
        const char *space = memchr(s + at, ' ', n - at);
        if (!space)
            return n;
        at = (size_t)(space - s);
        if (word == 0)
            return at;
        at++;
    }
}

/* The key of a channel stands behind its name in JOIN, and behind mode k. */
static size_t key_public(const char *s, size_t at, size_t n, bool is_ours)
{
    bool is_list = is_command(s + at, n - at, "324");

    if (is_command(s + at, n - at, "JOIN"))
        return is_ours ? word_end(s, at, n, 1) : n;
    if (!is_list && !is_command(s + at, n - at, "MODE"))
        return n;
    size_t from = word_end(s, at, n, is_list ? 2 : 1);
    size_t end = word_end(s, at, n, is_list ? 3 : 2);
    return memchr(s + from, 'k', end - from) ? end : n;
}

/* Bytes of the line that may be logged. Passwords hide behind these commands and in what is said to
 * services, in our lines and in their echoes. */
static size_t trace_public(const struct irc_link *l, const char *s, size_t n)
{
    static const char *const secret[] = { "PASS", "AUTHENTICATE", "OPER", "NICKSERV", "NS",
                                          "WEBIRC" };
    size_t at = 0;
    bool is_ours = true;

    while (at < n && (s[at] == '@' || s[at] == ':')) {
        is_ours = s[at] == '@';
        const char *space = memchr(s + at, ' ', n - at);
        at = space ? (size_t)(space - s) + 1 : n;
    }
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        if (is_command(s + at, n - at, secret[i]))
            return at + strlen(secret[i]);
    }
    if (!is_command(s + at, n - at, "PRIVMSG") && !is_command(s + at, n - at, "NOTICE"))
        return key_public(s, at, n, is_ours);
    const char *target = memchr(s + at, ' ', n - at);
    target = target ? target + 1 : s + n;
    const char *text = memchr(target, ' ', (size_t)(s + n - target));
    size_t length = text ? (size_t)(text - target) : 0;
    return text && is_services(l, target, length) ? (size_t)(text - s) : n;
}

void irc_send_trace(const struct irc_link *l, const char *dir, const char *s, size_t n)
{
    if (!sj_log_wants(SJ_LOG_TRACE))
        return;
    size_t shown = trace_public(l, s, n);
    sj_log_trace(l->base.log, "line dir=%s text=%s%s", dir, SJ_CLIP_N(s, shown),
                 shown < n ? " [hidden]" : "");
}

/* The end of every line's way; n counts its CR LF. */
static void send_now(struct irc_link *l, const char *s, size_t n, enum irc_urgency urgency)
{
    irc_send_trace(l, "out", s, urgency == IRC_PACED_RAW ? word_end(s, 0, n - 2, 0) : n - 2);
    if (l->conn)
        sj_conn_write(l->conn, s, n);
}

/* Milliseconds that a line costs; 0: nothing. */
static int64_t pace_rate(const struct irc_link *l)
{
    const struct sj_net *net = l->base.net;
    int64_t rate = net->send_rate_ms;

    if (net->gentle)
        rate = (rate ? rate : GENTLE_RATE_MS) << net->gentle;
    if (l->is_slow)
        rate = rate * SLOW_FACTOR < SLOW_RATE_MS ? SLOW_RATE_MS : rate * SLOW_FACTOR;
    return rate < IRC_QUEUE_MS ? rate : IRC_QUEUE_MS;
}

/* Milliseconds that may be owed before a line has to wait. */
static int64_t pace_credit(const struct irc_link *l)
{
    const struct sj_net *net = l->base.net;
    int64_t burst = net->send_burst >> net->gentle;

    return l->is_slow || burst < 1 ? 0 : (burst - 1) * pace_rate(l);
}

static bool is_more(enum irc_urgency urgency)
{
    return urgency == IRC_PACED_MORE || urgency == IRC_PACED_LAST;
}

static void pace_pay(struct irc_link *l, int64_t now_ms)
{
    int64_t rate = pace_rate(l);

    if (rate > 0)
        l->pace_ms = (l->pace_ms < now_ms ? now_ms : l->pace_ms) + rate;
}

/* Pays for one line of the message timer (RFC 1459 §8.10). */
static bool pace_take(struct irc_link *l, int64_t now_ms, enum irc_urgency urgency)
{
    if (l->is_slow && now_ms - l->pace_ms > SLOW_MS)
        l->is_slow = false;
    if (l->pace_ms - now_ms > pace_credit(l) && !is_more(urgency) && pace_rate(l) > 0)
        return false;
    pace_pay(l, now_ms);
    return true;
}

static int64_t pace_due(const struct irc_link *l)
{
    return l->pace_ms - pace_credit(l);
}

void irc_send_slow_down(struct irc_link *l)
{
    int64_t now = sj_loop_now_ms(l->base.loop);

    sj_log_debug(l->base.log, "server asks to slow down slow=%d", l->is_slow);
    l->is_slow = true;
    if (l->pace_ms < now + pace_rate(l))
        l->pace_ms = now + pace_rate(l);
}

void irc_send_be_gentle(struct irc_link *l)
{
    struct sj_net *net = l->base.net;

    if (net->gentle >= GENTLE_MAX)
        return;
    net->gentle++;
    sj_log_warn(net->log, "server ended a session for flooding, all send slower until the restart; "
                "send-rate and send-burst are too much for it rate_ms=%d burst=%d",
                (int)pace_rate(l), (int)(net->send_burst >> net->gentle ? net->send_burst >>
                                         net->gentle : 1));
}

/* 263 <me> <command> :Please wait a while and try again. */
void irc_send_handle_try_again(struct irc_link *l, struct irc_line *line)
{
    (void)line;
    irc_send_slow_down(l);
}

static size_t queue_used(const struct irc_queue *q)
{
    return q ? q->end - q->at : 0;
}

static bool queue_add(struct irc_link *l, const struct irc_out *o, enum irc_urgency urgency)
{
    struct irc_queue *q = l->queue;
    size_t need = o->n + QUEUE_HEAD;

    if (queue_used(q) + need > IRC_QUEUE_MAX)
        return false;
    if (!q || q->cap - q->end < need) {
        size_t used = queue_used(q);
        size_t cap = (used + need) * 2;
        struct irc_queue *bigger = sj_malloc(sizeof *bigger + cap);
        *bigger = (struct irc_queue){ .end = used, .cap = cap, .lines = q ? q->lines : 0 };
        if (q)
            memcpy(bigger->bytes, q->bytes + q->at, used);
        sj_free(q);
        l->queue = q = bigger;
    }
    unsigned char *to = q->bytes + q->end;
    to[0] = (unsigned char)(o->n >> 8);
    to[1] = (unsigned char)(o->n & 0xff);
    to[2] = (unsigned char)urgency;
    memcpy(to + QUEUE_HEAD, o->s, o->n);
    q->end += need;
    q->lines++;
    if (sj_list_empty(&l->pace)) {
        sj_list_append(&l->base.net->pacing, &l->pace);
        irc_net_wake(l->base.net, pace_due(l));
    }
    return true;
}

void irc_send_drop(struct irc_link *l)
{
    sj_free(l->queue);
    l->queue = NULL;
    sj_list_remove(&l->pace);
}

int64_t irc_send_pace(struct irc_link *l, int64_t now_ms)
{
    struct irc_queue *q = l->queue;

    while (queue_used(q) && pace_take(l, now_ms, (enum irc_urgency)q->bytes[q->at + 2])) {
        const unsigned char *head = q->bytes + q->at;
        size_t n = (size_t)head[0] << 8 | head[1];
        q->at += QUEUE_HEAD + n;
        q->lines--;
        send_now(l, (const char *)head + QUEUE_HEAD, n, (enum irc_urgency)head[2]);
        if (head[2] >= IRC_PACED_OP)
            irc_ops_on_written(l);
    }
    if (queue_used(q))
        return pace_due(l);
    irc_send_drop(l);
    return INT64_MAX;
}

bool irc_send(struct irc_link *l, struct irc_out *o, enum irc_urgency urgency)
{
    if (o->failed || o->n == 0 || !is_one_line(o->s, o->n)) {
        sj_log_warn(l->base.log, "line refused bytes=%zu too_long=%d", o->n, o->failed);
        return false;
    }
    memcpy(o->s + o->n, "\r\n", 2);
    o->n += 2;
    if (urgency != IRC_NOW &&
        (l->queue || !pace_take(l, sj_loop_now_ms(l->base.loop), urgency)))
        return queue_add(l, o, urgency);
    send_now(l, o->s, o->n, urgency);
    if (urgency >= IRC_PACED_OP)
        irc_ops_on_written(l);
    return true;
}

bool irc_send_is_free(const struct irc_link *l)
{
    return !l->queue && l->pace_ms - sj_loop_now_ms(l->base.loop) <= pace_credit(l);
}

bool irc_send_has_time(const struct irc_link *l)
{
    int64_t owed = l->pace_ms - sj_loop_now_ms(l->base.loop);

    return !l->queue && (owed < 0 ? 0 : owed) + pace_rate(l) <= pace_credit(l) / 2;
}

bool irc_send_text(struct irc_link *l, const char *s, enum irc_urgency urgency)
{
    struct irc_out o;

    irc_out_init(&o);
    irc_out_adds(&o, s);
    return irc_send(l, &o, urgency);
}

void irc_send_ping(struct irc_link *l)
{
    char text[32];

    if (l->ping_out)
        return;
    l->ping_out = true;
    l->confirm_rounds = 0;
    l->ping_seq = irc_ops_written(&l->ops);
    pace_pay(l, sj_loop_now_ms(l->base.loop));
    (void)snprintf(text, sizeof text, "PING :%08x", (unsigned)l->ping_seq);
    irc_send_text(l, text, IRC_NOW);
}

bool irc_send_has_room(const struct irc_link *l, size_t bytes, size_t n)
{
    const struct irc_queue *q = l->queue;

    if (queue_used(q) + bytes + n * QUEUE_HEAD > IRC_QUEUE_MAX)
        return false;
    /* A message alone may take as long as it takes; more must not pile up behind. */
    if (q && (int64_t)(q->lines + n) * pace_rate(l) > IRC_QUEUE_MS)
        return false;
    return !l->conn || sj_conn_queued(l->conn) + bytes <= IRC_OUTPUT_MAX;
}
