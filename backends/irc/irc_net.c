/* SPDX-License-Identifier: MPL-2.0 */
/* One configured network: its options, and the periodic duties of all its links.
 *
 * No link has a timer. Links stand in lists that are ordered by time, because all members of one
 * list wait equally long; a sweep looks at the heads. So an idle link costs nothing but its PING
 * now and then, and a thousand of them wake the process no more often than one.
 * What a duty consists of is the business of the link's files. */
#include "irc_net.h"

#include <string.h>

#include "irc_link.h"
#include "irc_login.h"
#include "irc_presence.h"
#include "irc_regain.h"
#include "irc_rules.h"
#include "irc_sasl.h"
#include "irc_send.h"
#include "sojourn/conn.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* Duties that fall due close together are done together. */
#define SWEEP_MIN_MS 40

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

const struct sj_option irc_options[] = {
    { .name = "server", .kind = SJ_OPTION_TEXT, .required = true, .max = 255,
      .help = "Name or address of the IRC server." },
    { .name = "server-names", .kind = SJ_OPTION_LIST, .max = 3071,
      .help = "Other names of servers of this network, as they stand in addresses of biboumi "
              "(#channel%server): who writes to such an address is told the new one. The server "
              "of the key server counts by itself." },
    { .name = "port", .kind = SJ_OPTION_INT, .fallback = "6697", .min = 1, .max = 65535,
      .help = "Port of the IRC server; 6697 is the usual one with TLS, 6667 without." },
    { .name = "tls", .kind = SJ_OPTION_BOOL, .fallback = "yes",
      .help = "Whether to encrypt the connection to the server; with no, passwords of users cross "
              "the network in the clear." },
    { .name = "tls-ca", .kind = SJ_OPTION_FILE,
      .help = "File with the certificates (PEM) to trust in place of the system's, for a server "
              "with a private or self-signed one." },
    { .name = "tls-verify", .kind = SJ_OPTION_BOOL, .fallback = "yes",
      .help = "Whether the server's certificate must be valid for its name; no accepts anybody." },
    { .name = "clear-passwords", .kind = SJ_OPTION_BOOL, .fallback = "no",
      .help = "With tls = no: whether passwords of users may be sent all the same to a server that "
              "is not on this machine (SASL PLAIN, NickServ, server passwords); SASL SCRAM never "
              "sends them." },
    { .name = "server-password", .kind = SJ_OPTION_SECRET, .max = 255,
      .help = "Password that the server asks of everybody; a user may give another one when "
              "registering." },
    { .name = "webirc-password", .kind = SJ_OPTION_SECRET, .max = 200,
      .help = "Password for WEBIRC, from the network's admin: each user is then shown with an "
              "address and a host of their own." },
    { .name = "webirc-prefix", .kind = SJ_OPTION_TEXT, .fallback = "fd53:6f6a:6f75:726e::/64",
      .max = 50,
      .help = "IPv6 network of at most 64 bits in which each user gets an address for WEBIRC; the "
              "other half is a digest of the user." },
    { .name = "webirc-host", .kind = SJ_OPTION_TEXT, .max = 200,
      .help = "What the hosts of users end in for WEBIRC (users.example.org), behind the digest of "
              "the user; without it, the host is the address." },
    { .name = "source", .kind = SJ_OPTION_LIST, .max = 3071,
      .help = "Local addresses (IPv4 or IPv6) to connect from; each user gets one of each family, "
              "always the same. Without any of a family, that family is not used." },
    { .name = "nick-length", .kind = SJ_OPTION_INT, .fallback = "0", .min = 0, .max = 255,
      .help = "Longest nickname; 0 takes what the server says, and 30 before it says so." },
    { .name = "ident", .kind = SJ_OPTION_TEXT, .max = 10,
      .help = "User name (ident) of all users; without it, it is made of the nickname." },
    { .name = "realname-default", .kind = SJ_OPTION_TEXT, .max = 100,
      .help = "Real name of users who gave none; without it, the nickname." },
    { .name = "quit-message", .kind = SJ_OPTION_TEXT, .max = 200,
      .help = "What others read when a user logs out without giving a reason." },
    { .name = "nickserv", .kind = SJ_OPTION_CHOICE, .fallback = "off",
      .choices = "off|identify|command",
      .help = "What to do with an account's password when the server offers no SASL for it: off "
              "does not use it and says so; identify sends it to NickServ, if it has the mask of "
              "nickserv-mask; command uses the server's command NICKSERV, where it has one." },
    { .name = "nickserv-mask", .kind = SJ_OPTION_TEXT, .max = 200,
      .help = "Nickname, user and host of the network's NickServ, as WHOIS shows them: "
              "NickServ!user@host; * and ? are possible behind the !. Needed unless "
              "nickserv is off: what others say in its name does not count." },
    { .name = "nickserv-regain", .kind = SJ_OPTION_CHOICE, .fallback = "regain",
      .choices = "off|regain|recover|ghost",
      .help = "Word by which NickServ gives users a nickname of their account back that somebody "
              "else has (Atheme knows regain, Anope recover); without nickserv it is not asked." },
    { .name = "encoding-fallback", .kind = SJ_OPTION_CHOICE, .fallback = "windows-1252",
      .choices = IRC_CHARSET_CHOICES,
      .help = "Encoding of incoming text that is not UTF-8; what we send is always UTF-8." },
    { .name = "ctcp-version", .kind = SJ_OPTION_TEXT, .max = 100,
      .help = "What others are told who ask for the client's name and version; off tells them "
              "nothing; without it, the name and version of the gateway." },
    { .name = "ping-interval", .kind = SJ_OPTION_DURATION, .fallback = "90s", .min = 5000,
      .max = HOUR, .help = "How long a server may be silent before it is asked for a sign." },
    { .name = "ping-timeout", .kind = SJ_OPTION_DURATION, .fallback = "60s", .min = 1000,
      .max = HOUR, .help = "How long it may take to answer before the connection is given up." },
    { .name = "connect-timeout", .kind = SJ_OPTION_DURATION, .fallback = "30s", .min = 1000,
      .max = 10 * MINUTE, .help = "How long look-up, connection and TLS may take together." },
    { .name = "login-timeout", .kind = SJ_OPTION_DURATION, .fallback = "60s", .min = 1000,
      .max = 10 * MINUTE, .help = "How long each step of a login may take once connected; all of "
                                  "them five times that." },
    { .name = "presence-interval", .kind = SJ_OPTION_DURATION, .fallback = "60s", .min = 10000,
      .max = HOUR,
      .help = "How often the presence of contacts is asked for, where the server does not report "
              "it by itself (MONITOR)." },
    { .name = "contacts-max", .kind = SJ_OPTION_INT, .fallback = "1000", .min = 0, .max = 10000,
      .help = "How many contacts one user may have here." },
    { .name = "send-rate", .kind = SJ_OPTION_INT, .fallback = "2000", .min = 0, .max = 60000,
      .help = "Milliseconds between two lines of one user, once the burst is used up; 0 sends "
              "without delay, for servers that do not mind." },
    { .name = "send-burst", .kind = SJ_OPTION_INT, .fallback = "5", .min = 1, .max = 1000,
      .help = "Lines that a user may send at once." },
    { .name = "max-lines", .kind = SJ_OPTION_INT, .fallback = "20", .min = 1, .max = 500,
      .help = "Lines that one message may take; longer ones are refused." },
};
_Static_assert(sizeof irc_options / sizeof irc_options[0] == IRC_OPTIONS, "IRC_OPTIONS is wrong");

static void net_sweep(void *arg);
static void net_ask(void *arg);

static void net_derive(void *arg)
{
    irc_sasl_derive(arg);
}

static bool server_is_local(const char *server)
{
    return sj_ascii_casecmp(server, "localhost") == 0 || strcmp(server, "::1") == 0 ||
           (strncmp(server, "127.", 4) == 0 && server[strspn(server, "0123456789.")] == '\0');
}

struct sj_tls *irc_net_tls(const struct sj_net *net)
{
    if (net->tls || sj_loop_now_ms(net->loop) >= net->sts.until_ms)
        return net->tls;
    return net->sts.tls;
}

static void net_read_options(struct sj_net *net, const struct sj_values *v)
{
    net->server = sj_values_text(v, "server");
    net->is_local = server_is_local(net->server);
    net->clear_passwords = sj_values_number(v, "clear-passwords") != 0;
    net->port = (uint16_t)sj_values_number(v, "port");
    net->server_password = sj_values_text(v, "server-password");
    net->ident = sj_values_text(v, "ident");
    net->realname = sj_values_text(v, "realname-default");
    net->quit_message = sj_values_text(v, "quit-message");
    net->nick_length = (uint16_t)sj_values_number(v, "nick-length");
    net->nickserv = (enum irc_nickserv)sj_values_number(v, "nickserv");
    static const char *const words[] = { NULL, "REGAIN", "RECOVER", "GHOST" };
    net->regain_word = words[sj_values_number(v, "nickserv-regain")];
    net->charset = irc_charset_find(sj_values_text(v, "encoding-fallback"));
    net->ping_interval_ms = sj_values_number(v, "ping-interval");
    net->ping_timeout_ms = sj_values_number(v, "ping-timeout");
    net->connect_timeout_ms = sj_values_number(v, "connect-timeout");
    net->login_timeout_ms = sj_values_number(v, "login-timeout");
    net->presence_interval_ms = sj_values_number(v, "presence-interval");
    net->contacts_max = (uint32_t)sj_values_number(v, "contacts-max");
    net->send_rate_ms = sj_values_number(v, "send-rate");
    net->send_burst = sj_values_number(v, "send-burst");
    net->lines_max = (uint32_t)sj_values_number(v, "max-lines");
}

static enum sj_status net_read_version(struct sj_net *net, const char *text, struct sj_error *err)
{
    net->version = text ? text : "Sojourn " SOJOURN_VERSION;
    if (strcmp(net->version, "off") == 0)
        net->version = NULL;
    else if (strcmp(net->version, "yes") == 0 || strcmp(net->version, "no") == 0)
        return sj_fail(err, SJ_INVALID, "ctcp-version is a text that others are told; off tells "
                                        "them nothing");
    return SJ_OK;
}

enum sj_status irc_net_new(struct sj_net **out, struct sj_loop *loop, const struct sj_log *log,
                           const struct sj_values *values, struct sj_error *err)
{
    struct sj_net *net = sj_calloc(1, sizeof *net);

    net->loop = loop;
    net->log = log;
    net->casemap = IRC_CASEMAP_RFC1459;
    struct sj_list *lists[] = { &net->login, &net->identify, &net->live, &net->pinged,
                                &net->closing, &net->parked, &net->confirm, &net->barrier,
                                &net->asking, &net->pacing, &net->deriving, &net->regain };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        sj_list_init(lists[i]);
    for (size_t i = 0; i < IRC_PHASES; i++)
        sj_list_init(&net->poll[i]);
    sj_timer_init(&net->sweep, net_sweep, net);
    sj_timer_init(&net->derive, net_derive, net);
    sj_defer_init(&net->ask, net_ask, net);
    net_read_options(net, values);
    if (irc_sources_init(&net->sources, sj_values_text(values, "source"), err) != SJ_OK ||
        irc_moved_init(&net->names, sj_values_text(values, "server-names"), err) != SJ_OK ||
        net_read_version(net, sj_values_text(values, "ctcp-version"), err) != SJ_OK ||
        irc_services_init(&net->services, net->nickserv, sj_values_text(values, "nickserv-mask"),
                          err) != SJ_OK) {
        irc_net_free(&net);
        return SJ_INVALID;
    }
    if (sj_values_number(values, "tls")) {
        enum sj_status status = sj_tls_new(&net->tls, sj_values_text(values, "tls-ca"),
                                           sj_values_number(values, "tls-verify") != 0, err);
        if (status != SJ_OK) {
            irc_net_free(&net);
            return status;
        }
    }
    if (irc_webirc_init(&net->webirc, sj_values_text(values, "webirc-password"),
                        sj_values_text(values, "webirc-host"),
                        sj_values_text(values, "webirc-prefix"), err) != SJ_OK) {
        irc_net_free(&net);
        return SJ_INVALID;
    }
    if (irc_sts_init(net, sj_values_text(values, "tls-ca"), err) != SJ_OK) {
        irc_net_free(&net);
        return SJ_INVALID;
    }
    *out = net;
    return SJ_OK;
}

void irc_net_free(struct sj_net **net)
{
    if (!net || !*net)
        return;
    sj_timer_stop(&(*net)->sweep);
    sj_timer_stop(&(*net)->derive);
    sj_defer_cancel(&(*net)->ask);
    sj_tls_free(&(*net)->tls);
    sj_tls_free(&(*net)->sts.tls);
    irc_sources_release(&(*net)->sources);
    irc_moved_release(&(*net)->names);
    irc_rules_forget(*net);
    sj_free(*net);
    *net = NULL;
}

void irc_net_wake(struct sj_net *net, int64_t at_ms)
{
    int64_t now = sj_loop_now_ms(net->loop);
    int64_t delay = at_ms - now;

    if (sj_timer_running(&net->sweep) && net->sweep.due_ms <= at_ms)
        return;
    sj_timer_start(net->loop, &net->sweep, delay < SWEEP_MIN_MS ? SWEEP_MIN_MS : delay);
}

/* How long a link may stand in that list. */
static int64_t wait_limit(const struct sj_net *net, const struct sj_list *list)
{
    if (list == &net->login)
        return net->login_timeout_ms;
    if (list == &net->identify)
        return IRC_IDENTIFY_MS;
    if (list == &net->live)
        return net->ping_interval_ms;
    if (list == &net->pinged)
        return net->ping_timeout_ms;
    return IRC_CLOSING_MS;
}

void irc_net_wait(struct irc_link *l, struct sj_list *list)
{
    struct sj_net *net = l->base.net;

    sj_list_remove(&l->wait);
    if (l->is_parked != (list == &net->parked)) {
        l->is_parked = !l->is_parked;
        if (l->conn)
            sj_conn_pause(l->conn, l->is_parked);
    }
    if (!list)
        return;
    bool is_first = sj_list_empty(list);
    l->wait_ms = sj_loop_now_ms(net->loop);
    sj_list_append(list, &l->wait);
    if (is_first && !l->is_parked)
        irc_net_wake(net, l->wait_ms + wait_limit(net, list));
}

void irc_net_pause(struct sj_net *net, bool paused)
{
    net->paused = paused;
    net->pressed_until_ms = sj_loop_now_ms(net->loop) + IRC_PRESSED_MS;
    while (!paused && !sj_list_empty(&net->parked))
        irc_net_wait(SJ_CONTAINER(net->parked.next, struct irc_link, wait), &net->live);
}

static int64_t confirm_limit(const struct sj_net *net, const struct sj_list *list)
{
    return list == &net->confirm ? IRC_CONFIRM_MS : net->ping_timeout_ms;
}

void irc_net_confirm(struct irc_link *l, struct sj_list *list)
{
    struct sj_net *net = l->base.net;

    sj_list_remove(&l->confirm);
    if (!list)
        return;
    bool is_first = sj_list_empty(list);
    l->confirm_ms = sj_loop_now_ms(net->loop);
    sj_list_append(list, &l->confirm);
    if (is_first)
        irc_net_wake(net, l->confirm_ms + confirm_limit(net, list));
}

void irc_net_ask(struct irc_link *l)
{
    struct sj_net *net = l->base.net;

    sj_list_remove(&l->confirm);
    sj_list_append(&net->asking, &l->confirm);
    sj_loop_defer(net->loop, &net->ask);
}

static void confirm_by_ping(struct irc_link *l)
{
    irc_send_ping(l);
    irc_net_confirm(l, &l->base.net->barrier);
}

static void net_ask(void *arg)
{
    struct sj_net *net = arg;

    while (!sj_list_empty(&net->asking)) {
        struct irc_link *l = SJ_CONTAINER(net->asking.next, struct irc_link, confirm);
        if (l->state != IRC_ONLINE)
            irc_net_confirm(l, NULL);    /* the server's goodbye tells as much */
        else if (irc_ops_call_for_ping(l))
            confirm_by_ping(l);
        else
            irc_net_confirm(l, &net->confirm);   /* the turn has used up what there was */
    }
}

static int64_t poll_step(const struct sj_net *net)
{
    return net->presence_interval_ms / IRC_PHASES;
}

void irc_net_poll(struct irc_link *l, bool polled)
{
    struct sj_net *net = l->base.net;
    bool was_polled = !sj_list_empty(&l->poll);

    if (polled == was_polled)
        return;
    if (!polled) {
        sj_list_remove(&l->poll);
        net->n_polled--;
        return;
    }
    /* The group whose turn has just been: the next poll comes after a whole interval. */
    sj_list_append(&net->poll[net->poll_phase % IRC_PHASES], &l->poll);
    if (net->n_polled++ == 0) {
        net->poll_at_ms = sj_loop_now_ms(net->loop) + poll_step(net);
        irc_net_wake(net, net->poll_at_ms);
    }
}

/* The link has stood in its list for too long. */
static void wait_is_over(struct irc_link *l, struct sj_list *list)
{
    struct sj_net *net = l->base.net;

    if (list == &net->live) {
        irc_net_wait(l, &net->pinged);
        irc_send_ping(l);
    } else if (list == &net->identify) {
        l->login->unused = N_("NickServ did not say whether the password is right");
        irc_link_up(l);
    } else if (list == &net->login && l->login->waits_for_tls) {
        irc_login_end_unsafe(l);
    } else if (list == &net->login) {
        irc_link_end(l, SJ_END_TIMEOUT, "the login took too long");
    } else {
        irc_link_end(l, SJ_END_TIMEOUT, "no answer to a ping");
    }
}

/* Handles who is due; returns when the next one is. */
static int64_t sweep_waits(struct sj_net *net, struct sj_list *list, int64_t now)
{
    int64_t limit = wait_limit(net, list);

    while (!sj_list_empty(list)) {
        struct irc_link *l = SJ_CONTAINER(list->next, struct irc_link, wait);
        if (l->wait_ms + limit > now)
            return l->wait_ms + limit;
        wait_is_over(l, list);
    }
    return INT64_MAX;
}

static int64_t sweep_confirms(struct sj_net *net, struct sj_list *list, int64_t now)
{
    int64_t limit = confirm_limit(net, list);

    while (!sj_list_empty(list)) {
        struct irc_link *l = SJ_CONTAINER(list->next, struct irc_link, confirm);
        if (l->confirm_ms + limit > now)
            return l->confirm_ms + limit;
        if (list == &net->confirm && l->queue && irc_ops_may_wait(l) &&
            ++l->confirm_rounds < IRC_CONFIRM_ROUNDS) {
            irc_net_confirm(l, list);
        } else if (list == &net->confirm) {
            confirm_by_ping(l);
        } else if (l->is_parked) {
            irc_net_confirm(l, list);    /* the answer may have come: it is not read */
        } else {
            irc_link_end(l, SJ_END_TIMEOUT, "the server does not confirm messages");
        }
    }
    return INT64_MAX;
}

static int64_t sweep_pacing(struct sj_net *net, int64_t now)
{
    int64_t next = INT64_MAX;

    for (struct sj_list *at = net->pacing.next, *after; at != &net->pacing; at = after) {
        after = at->next;
        int64_t due = irc_send_pace(SJ_CONTAINER(at, struct irc_link, pace), now);
        if (due < next)
            next = due;
    }
    return next;
}

static int64_t sweep_polls(struct sj_net *net, int64_t now)
{
    if (net->n_polled == 0)
        return INT64_MAX;
    if (net->poll_at_ms <= now) {
        net->poll_phase = (net->poll_phase + 1) % IRC_PHASES;
        net->poll_at_ms = now + poll_step(net);
        struct sj_list *group = &net->poll[net->poll_phase];
        for (struct sj_list *at = group->next, *after; at != group; at = after) {
            after = at->next;
            irc_presence_poll(SJ_CONTAINER(at, struct irc_link, poll));
        }
    }
    return net->poll_at_ms;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void net_sweep(void *arg)
{
    struct sj_net *net = arg;
    int64_t now = sj_loop_now_ms(net->loop);
    struct sj_list *waits[] = { &net->login, &net->identify, &net->live, &net->pinged,
                                &net->closing };

    int64_t next = sweep_pacing(net, now);
    next = earlier(next, sweep_polls(net, now));
    next = earlier(next, irc_regain_sweep(&net->regain, now, net->presence_interval_ms));
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
        next = earlier(next, sweep_waits(net, waits[i], now));
    /* The first pass fills the second list. */
    next = earlier(next, sweep_confirms(net, &net->confirm, now));
    next = earlier(next, sweep_confirms(net, &net->barrier, now));
    if (next != INT64_MAX)
        irc_net_wake(net, next);
}
