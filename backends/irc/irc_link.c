/* SPDX-License-Identifier: MPL-2.0 */
/* The life cycle of one login: connect, lines in, the end.
 *
 * Host functions are called from here and from the handlers, that is from events of the conn, the
 * net's sweep and the deferred call, never from inside an operation. What a line means stands in
 * irc_handlers.c, the login itself in irc_login.c, time-outs in irc_net.c. */
#include "irc_link.h"

#include <string.h>

#include "irc_ask.h"
#include "irc_chan.h"
#include "irc_login.h"
#include "irc_nick.h"
#include "irc_parse.h"
#include "irc_presence.h"
#include "irc_regain.h"
#include "irc_send.h"
#include "irc_tags.h"
#include "irc_talk.h"
#include "sojourn/conn.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* The list of done operations grows by this. */
#define DONE_STEP 16u

static const char *const state_names[] = {
    [IRC_NEW] = "new",
    [IRC_CONNECTING] = "connecting",
    [IRC_LOGIN] = "login",
    [IRC_WELCOMED] = "welcomed",
    [IRC_IDENTIFYING] = "identifying",
    [IRC_ONLINE] = "online",
    [IRC_CLOSING] = "closing",
    [IRC_DOWN] = "down",
};
_Static_assert(sizeof state_names / sizeof state_names[0] == IRC_STATES, "a name for each state");

static bool state_may_follow(enum irc_state from, enum irc_state to)
{
    if (from == IRC_DOWN)
        return false;
    if (to == IRC_DOWN || (to == IRC_CLOSING && from != IRC_CLOSING))
        return true;
    if ((from == IRC_WELCOMED && to == IRC_ONLINE) || (from == IRC_LOGIN && to == IRC_CONNECTING))
        return true;
    return to == from + 1 && to <= IRC_ONLINE;
}

void irc_link_enter(struct irc_link *l, enum irc_state state)
{
    struct sj_net *net = l->base.net;
    enum irc_state from = (enum irc_state)l->state;

    assert(state_may_follow(from, state));
    sj_log_debug(l->base.log, "link state=%s->%s", state_names[from], state_names[state]);
    if (state == IRC_CLOSING || state == IRC_DOWN)
        irc_sts_on_end(l);
    l->state = (uint8_t)state;
    switch (state) {
    case IRC_CONNECTING:
        irc_net_wait(l, NULL);
        break;
    case IRC_LOGIN:
        irc_net_wait(l, &net->login);
        break;
    case IRC_IDENTIFYING:
        irc_net_wait(l, &net->identify);
        break;
    case IRC_ONLINE:
        irc_net_wait(l, &net->live);
        break;
    case IRC_CLOSING:
        irc_regain_stop(l);
        irc_net_wait(l, &net->closing);
        irc_net_poll(l, false);
        irc_send_drop(l);
        break;
    case IRC_DOWN:
        irc_regain_stop(l);
        irc_net_wait(l, NULL);
        irc_net_poll(l, false);
        irc_send_drop(l);
        break;
    default:
        break;
    }
}

static void link_report_done(struct irc_link *l)
{
    sj_op *done = l->done;
    uint32_t n = l->n_done;

    l->done = NULL;
    l->n_done = 0;
    for (uint32_t i = 0; i < n; i++)
        l->base.host->op_done(&l->base, done[i], NULL);
    sj_free(done);
}

static void link_on_defer(void *arg)
{
    struct irc_link *l = arg;
    unsigned todo = l->todo;

    l->todo = 0;
    if (todo & IRC_TODO_CONTACTS && l->state == IRC_ONLINE)
        irc_presence_watch(l);
    if (todo & IRC_TODO_DONE)
        link_report_done(l);
    if (todo & IRC_TODO_ASKS)
        irc_ask_next(l);
    if (todo & IRC_TODO_END)
        irc_link_end(l, SJ_END_ASKED, NULL);
}

void irc_link_defer(struct irc_link *l, enum irc_todo todo)
{
    l->todo |= (uint8_t)todo;
    sj_loop_defer(l->base.loop, &l->defer);
}

void irc_link_done(struct irc_link *l, sj_op op)
{
    if (op == 0)
        return;
    if (l->n_done % DONE_STEP == 0)
        l->done = sj_realloc(l->done, (l->n_done + DONE_STEP) * sizeof *l->done);
    l->done[l->n_done++] = op;
    irc_link_defer(l, IRC_TODO_DONE);
}

void irc_link_end(struct irc_link *l, enum sj_end end, const char *why)
{
    struct sj_error err;

    if (l->state == IRC_DOWN)
        return;
    if (l->state == IRC_CLOSING) {
        end = SJ_END_ASKED;
        why = NULL;
    }
    sj_fail(&err, end == SJ_END_TIMEOUT ? SJ_TIMEOUT : SJ_REMOTE, "%s", why ? why : "");
    if (l->state >= IRC_LOGIN && l->state <= IRC_ONLINE && l->base.net->sts.duration_ms)
        irc_sts_save(l);
    irc_link_enter(l, IRC_DOWN);
    irc_login_free(&l->login);
    irc_chan_fail_all(l);
    irc_ops_fail_all(l);
    link_report_done(l);
    /* Within on_data the conn holds the line that is being handled. */
    if (!l->in_input)
        sj_conn_free(&l->conn);
    l->base.host->link_state(&l->base, SJ_LINK_DOWN, end, why && *why ? &err : NULL);
}

void irc_link_line(struct irc_link *l, char *s, size_t n)
{
    struct irc_line line;

    if (n == 0)
        return;
    irc_send_trace(l, "in", s, n);
    if (irc_parse(&line, s, n) != SJ_OK) {
        sj_log_debug(l->base.log, "line dropped reason=syntax bytes=%zu", n);
        return;
    }
    if (l->state == IRC_LOGIN)
        irc_login_step(l, &line);
    irc_handle(l, &line);
}

/* Handles up to `most` lines; true when there may be more. */
static bool link_read(struct irc_link *l, unsigned most)
{
    char *line;
    size_t n;

    for (unsigned i = 0; i < most; i++) {
        if (l->state == IRC_DOWN || l->state == IRC_CONNECTING)
            return false;
        enum sj_line got = sj_conn_line(l->conn, IRC_INPUT_LINE_MAX, &line, &n);
        if (got == SJ_LINE_NONE)
            return false;
        if (got == SJ_LINE_TOO_LONG) {
            irc_link_end(l, SJ_END_PROTOCOL, "line too long");
            return false;
        }
        irc_link_line(l, line, n);
    }
    return l->state != IRC_DOWN;
}

static unsigned link_lines(const struct irc_link *l)
{
    const struct sj_net *net = l->base.net;

    if (net->pressed_until_ms == 0 || sj_loop_now_ms(net->loop) >= net->pressed_until_ms)
        return IRC_LINES_PER_TURN;
    return IRC_LINES_PRESSED;
}

static void link_open(struct irc_link *l);

static void link_on_data(void *arg)
{
    struct irc_link *l = arg;
    struct sj_net *net = l->base.net;

    if (l->state == IRC_ONLINE && net->paused) {
        irc_net_wait(l, &net->parked);
        return;
    }
    /* Any input is a sign of life. */
    if (l->state == IRC_ONLINE)
        irc_net_wait(l, &net->live);
    l->in_input = true;
    bool more = link_read(l, link_lines(l));
    l->in_input = false;
    if (l->state == IRC_DOWN) {
        sj_conn_free(&l->conn);
        return;
    }
    if (l->state == IRC_CONNECTING) {
        link_open(l);
        return;
    }
    if (sj_conn_queued(l->conn) > IRC_OUTPUT_HARD_MAX)
        irc_link_end(l, SJ_END_OVERFLOW, NULL);
    else if (more)
        sj_conn_again(l->conn);
}

static void link_on_up(void *arg)
{
    struct irc_link *l = arg;

    sj_log_debug(l->base.log, "connected tls=%s", sj_conn_tls_text(l->conn));
    irc_link_enter(l, IRC_LOGIN);
    irc_login_start(l);
}

static void link_on_drained(void *arg)
{
    (void)arg;
}

static void link_on_down(void *arg, const struct sj_error *why)
{
    struct irc_link *l = arg;
    enum sj_end end;
    struct sj_error copy = *why;
    bool was_connecting = l->state == IRC_CONNECTING;

    /* The server's last words: an ERROR line says more than the end of the stream. */
    l->in_input = true;
    while (link_read(l, IRC_LINES_PER_TURN))
        ;
    l->in_input = false;
    if (l->state == IRC_DOWN) {
        sj_conn_free(&l->conn);
        return;
    }
    if (l->state == IRC_CONNECTING && !was_connecting) {
        link_open(l);
        return;
    }
    if (copy.status == SJ_DENIED)
        end = SJ_END_TLS;
    else if (copy.status == SJ_REMOTE)
        end = SJ_END_CLOSED;
    else if (l->state == IRC_CONNECTING)
        end = SJ_END_UNREACHABLE;
    else
        end = copy.status == SJ_TIMEOUT ? SJ_END_TIMEOUT : SJ_END_CLOSED;
    irc_link_end(l, end, copy.text);
}

static const struct sj_conn_events link_events = {
    .up = link_on_up,
    .data = link_on_data,
    .drained = link_on_drained,
    .down = link_on_down,
};

struct sj_link *irc_link_new(const struct sj_link *base, const struct sj_account *account,
                             const void *blob, size_t len)
{
    struct irc_link *l = sj_calloc(1, sizeof *l);

    irc_sts_load(base->net, blob, len);
    l->base = *base;
    l->base.magic = IRC_LINK_MAGIC;
    l->login = irc_login_new(l, account);
    l->casemap = (uint8_t)base->net->casemap;
    l->line_max = 512;
    memcpy(l->chantypes, "#&", 3);
    sj_list_init(&l->wait);
    sj_list_init(&l->confirm);
    sj_list_init(&l->pace);
    sj_list_init(&l->poll);
    sj_defer_init(&l->defer, link_on_defer, l);
    sj_map_init(&l->contacts);
    return &l->base;
}

void irc_link_free(struct sj_link **link)
{
    if (!link || !*link)
        return;
    struct irc_link *l = irc_link_of(*link);
    irc_sts_on_end(l);
    sj_conn_free(&l->conn);
    sj_defer_cancel(&l->defer);
    irc_net_wait(l, NULL);
    irc_net_confirm(l, NULL);
    irc_net_poll(l, false);
    irc_regain_stop(l);
    irc_send_drop(l);
    irc_ops_release(&l->ops);
    irc_rooms_release(l);
    irc_talk_release(l);
    irc_rules_release(l);
    irc_presence_release(l);
    irc_login_free(&l->login);
    sj_free(l->done);
    sj_free(l->nick);
    l->base.magic = 0;
    sj_free(l);
    *link = NULL;
}

/* Begins a connection, in place of the one there may be. */
static void link_open(struct irc_link *l)
{
    const struct sj_net *net = l->base.net;
    struct sj_tls *tls = irc_net_tls(net);
    char ident[IRC_USER_IDENT_MAX + 1];
    struct sj_conn_target target = {
        .host = net->server,
        .port = tls && tls == net->sts.tls ? net->sts.port : net->port,
        .tls = tls,
        .identity = l->login->identity,
        .ident = ident,
        .timeout_ms = net->connect_timeout_ms,
    };
    irc_nick_user_ident(ident, l->base.user);
    irc_sources_pick(&net->sources, l->base.user, target.source);
    sj_conn_free(&l->conn);
    l->is_tls = tls != NULL;
    l->conn = sj_conn_new(l->base.loop, &link_events, l);
    sj_conn_connect(l->conn, &target);
}

enum sj_status irc_link_connect(struct sj_link *base, struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);

    if (l->state != IRC_NEW)
        return sj_fail(err, SJ_EXISTS, "connected already");
    irc_link_enter(l, IRC_CONNECTING);
    link_open(l);
    return SJ_OK;
}

void irc_link_disconnect(struct sj_link *base, const char *reason)
{
    struct irc_link *l = irc_link_of(base);
    struct irc_out o;

    if (l->state == IRC_CLOSING || l->state == IRC_DOWN)
        return;
    if (l->state == IRC_NEW || l->state == IRC_CONNECTING) {
        sj_conn_free(&l->conn);
        irc_link_enter(l, IRC_CLOSING);
        irc_link_defer(l, IRC_TODO_END);
        return;
    }
    if (!reason || !*reason)
        reason = base->net->quit_message;
    irc_out_init(&o);
    irc_out_adds(&o, "QUIT");
    if (reason && *reason) {
        irc_out_adds(&o, " :");
        irc_out_add_text(&o, reason, IRC_TEXT_MAX);
    }
    bool was_online = l->state == IRC_ONLINE;
    irc_link_enter(l, IRC_CLOSING);
    irc_send(l, &o, IRC_NOW);
    /* The server's ERROR is awaited: it proves that all lines were handled, and what others said
     * until then comes before it. */
    if (!was_online && l->conn)
        sj_conn_finish(l->conn, IRC_FINISH_MS);
}

const char *irc_words_of(struct irc_words *out, const struct irc_link *l, const char *text)
{
    struct sj_strbuf b;

    sj_strbuf_init(&b, (size_t)IRC_INPUT_LINE_MAX * 3);
    irc_text_clean(&b, irc_link_charset(l), text, strlen(text));
    sj_copy(out->s, sizeof out->s, b.s);
    sj_strbuf_release(&b);
    return out->s;
}

void irc_link_notice(struct irc_link *l, const char *from, const char *text)
{
    struct sj_strbuf b;

    sj_strbuf_init(&b, (size_t)IRC_INPUT_LINE_MAX * 3);
    irc_text_clean(&b, irc_link_charset(l), text, strlen(text));
    if (b.len && from) {
        sj_strbuf_reset(&b);
        irc_text_clean(&b, irc_link_charset(l), from, strlen(from));
        sj_strbuf_adds(&b, ": ");
        irc_text_clean(&b, irc_link_charset(l), text, strlen(text));
    }
    if (b.len && sj_strbuf_ok(&b))
        l->base.host->notice(&l->base, b.s);
    sj_strbuf_release(&b);
}

void irc_link_up(struct irc_link *l)
{
    struct irc_login *login = l->login;
    char id[IRC_NICK_MAX + 1];

    l->login = NULL;
    irc_link_enter(l, IRC_ONLINE);
    irc_rules_share(l);
    irc_login_ask_mask(l);
    sj_copy(id, sizeof id, l->nick);
    irc_case_fold((enum irc_casemap)l->casemap, id);
    l->ids_given = l->base.net->ids_given & 3u;
    irc_tags_settle(l);
    l->base.host->link_state(&l->base, SJ_LINK_UP, SJ_END_ASKED, NULL);
    if (l->state == IRC_ONLINE)
        l->base.host->self(&l->base, id);
    if (l->state == IRC_ONLINE)
        irc_login_report(l, login);
    if (l->state == IRC_ONLINE)
        irc_chan_on_up(l);
    if (l->state == IRC_ONLINE && login->attempt > 0)
        irc_regain_start(l, login->nick, login->identified);
    irc_login_free(&login);
}
