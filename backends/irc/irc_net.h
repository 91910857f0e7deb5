/* SPDX-License-Identifier: MPL-2.0 */
/* One configured IRC network: what its links share. Every periodic duty of all links (time-outs,
 * pings, paced lines, polls) hangs in lists here, behind one timer. */
#ifndef IRC_NET_H
#define IRC_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "irc_case.h"
#include "irc_charset.h"
#include "irc_moved.h"
#include "irc_services.h"
#include "irc_source.h"
#include "irc_sts.h"
#include "irc_webirc.h"
#include "sojourn/error.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "sojourn/option.h"

struct sj_log;
struct sj_tls;
struct irc_link;
struct irc_rules;

/* Links are polled in this many groups, so that not all of them poll at once. */
#define IRC_PHASES 16u

#define IRC_OPTIONS 30u
extern const struct sj_option irc_options[IRC_OPTIONS];

struct sj_net {
    struct sj_loop *loop;
    const struct sj_log *log;
    struct sj_tls *tls;                  /* NULL: plain, but for sts */
    struct irc_sts sts;
    const struct irc_charset *charset;   /* for what is no UTF-8; NULL: replacement characters */
    enum irc_casemap casemap;            /* as the last link learnt it */

    unsigned multiline_bytes, multiline_lines;           /* what draft/multiline may have */
    uint8_t ids_given;                   /* enum irc_ids_given */
    struct irc_rules *rules;             /* of channels, as the last link learnt them */

    /* The configuration; texts are borrowed, NULL: not given. */
    const char *server, *server_password, *ident, *realname, *quit_message;
    uint16_t port;
    uint16_t nick_length;                /* 0: what the server says */
    enum irc_nickserv nickserv;
    struct irc_services services;
    struct irc_sources sources;
    struct irc_server_names names;              /* of its servers, beside `server` */
    struct irc_webirc webirc;
    const char *regain_word;             /* for services; NULL: none */
    const char *version;                 /* for who asks by CTCP; NULL: not told */
    bool clear_passwords;                /* the admin permits them without TLS */
    bool is_local;                       /* the server is on this machine */
    int64_t ping_interval_ms, ping_timeout_ms, connect_timeout_ms, login_timeout_ms;
    int64_t presence_interval_ms;
    int64_t send_rate_ms;                /* 0: no pacing */
    int64_t send_burst;
    uint8_t gentle;                      /* how often it was flooded: irc_send_be_gentle */
    uint32_t contacts_max;
    uint32_t lines_max;

    /* Each link is in at most one of these by its `wait` node, the longest waiting first. */
    struct sj_list login;                /* connected, not yet logged in */
    struct sj_list identify;             /* wait for NickServ */
    struct sj_list live;                 /* by last input */
    struct sj_list pinged;               /* silent, by the time of our PING */
    struct sj_list closing;              /* QUIT sent with messages unconfirmed */
    struct sj_list parked;               /* not read while the net is paused */
    bool paused;
    int64_t pressed_until_ms;            /* it was paused: links read a little at a time */
    /* By `confirm`: lines sent that no PING stands behind; then, lines with one. */
    struct sj_list confirm, barrier;
    struct sj_list asking;               /* the same: get their PING at the end of this turn */
    struct sj_defer ask;
    struct sj_list pacing;               /* by `pace`: lines wait for their turn */
    struct sj_list poll[IRC_PHASES];     /* by `poll`: contacts that are polled */
    uint32_t poll_phase;
    uint32_t n_polled;
    int64_t poll_at_ms;                  /* when the next group is polled */
    struct sj_timer sweep;
    struct sj_list regain;               /* links without their nickname (irc_regain.c) */
    struct sj_list deriving;             /* logins with work to do on their keys (irc_sasl.c) */
    struct sj_timer derive;
};

/* struct sj_backend.net_new and net_free. */
enum sj_status irc_net_new(struct sj_net **out, struct sj_loop *loop, const struct sj_log *log,
                           const struct sj_values *values, struct sj_error *err);
void irc_net_free(struct sj_net **net);

/* What new connections are encrypted with; NULL: nothing. */
struct sj_tls *irc_net_tls(const struct sj_net *net);
/* Makes sure that the sweep runs at at_ms (loop time) or earlier. */
void irc_net_wake(struct sj_net *net, int64_t at_ms);
/* Puts l at the end of one of the `wait` lists (NULL: none) as of now. */
void irc_net_wait(struct irc_link *l, struct sj_list *list);
/* struct sj_backend.pause: links that have something to say are parked, in their order. */
void irc_net_pause(struct sj_net *net, bool paused);
/* The same with the time limit of that list, for the wake-up. */
void irc_net_confirm(struct irc_link *l, struct sj_list *list);
/* Has l send a PING at the end of this turn, behind all that it writes until then. */
void irc_net_ask(struct irc_link *l);
/* Has l's group polled from now on, or no longer. */
void irc_net_poll(struct irc_link *l, bool polled);

#endif
