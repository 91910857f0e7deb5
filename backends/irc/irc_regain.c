/* SPDX-License-Identifier: MPL-2.0 */
/* Getting a lost nickname back: through services (irc_services.c), by taking it when MONITOR says
 * that it is free, and where there is no MONITOR, or no room in its list, by trying now and then,
 * as often as contacts are polled. A link that has its nickname holds nothing of this. IRCv3
 * monitor; RFC 2812 §3.1.2. */
#include "irc_regain.h"

#include <string.h>

#include "irc_link.h"
#include "irc_nick.h"
#include "irc_parse.h"
#include "irc_send.h"
#include "irc_services.h"
#include "irc_text.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* A server that says "free" over and over is not obeyed more often than this. */
#define REGAIN_PAUSE_MS 5000

/* Owner: the link. */
struct irc_regain {
    struct irc_link *link;
    struct sj_list wait;                 /* in the net's list, without MONITOR */
    int64_t since_ms;
    int64_t tried_ms;
    bool is_watched;
    char wanted[];
};

bool irc_regain_watches(const struct irc_link *l, const char *id)
{
    return l->regain && l->regain->is_watched &&
           irc_case_equal((enum irc_casemap)l->casemap, l->regain->wanted, id);
}

static void regain_wait(struct irc_link *l)
{
    struct sj_net *net = l->base.net;
    struct irc_regain *r = l->regain;

    sj_list_remove(&r->wait);
    r->since_ms = sj_loop_now_ms(net->loop);
    bool is_first = sj_list_empty(&net->regain);
    sj_list_append(&net->regain, &r->wait);
    if (is_first)
        irc_net_wake(net, r->since_ms + net->presence_interval_ms);
}

static void regain_send(struct irc_link *l, const char *command)
{
    struct irc_out o;

    irc_out_init(&o);
    irc_out_adds(&o, command);
    irc_out_adds(&o, l->regain->wanted);
    irc_send(l, &o, IRC_PACED);
}

void irc_regain_start(struct irc_link *l, const char *wanted, bool identified)
{
    size_t n = strlen(wanted);

    if (l->regain || irc_case_equal((enum irc_casemap)l->casemap, wanted, l->nick) ||
        (l->nick_length && n > l->nick_length))
        return;
    struct irc_regain *r = sj_calloc(1, sizeof *r + n + 1);
    memcpy(r->wanted, wanted, n + 1);
    r->link = l;
    r->tried_ms = INT64_MIN / 2;
    sj_list_init(&r->wait);
    l->regain = r;
    if (identified)
        irc_services_regain(l, wanted);
    if (l->monitor_max > l->n_monitored) {
        r->is_watched = true;
        l->n_monitored++;
        regain_send(l, "MONITOR + ");
    } else {
        regain_wait(l);
    }
}

void irc_regain_stop(struct irc_link *l)
{
    struct irc_regain *r = l->regain;
    char id[IRC_NICK_MAX + 1];

    if (!r)
        return;
    if (r->is_watched && l->n_monitored)
        l->n_monitored--;
    sj_copy(id, sizeof id, r->wanted);
    irc_case_fold((enum irc_casemap)l->casemap, id);
    /* A contact of that name was ours to watch: it is the user now. */
    if (r->is_watched && l->state == IRC_ONLINE && !sj_map_find(&l->contacts, id))
        regain_send(l, "MONITOR - ");
    sj_list_remove(&r->wait);
    sj_free(r);
    l->regain = NULL;
}

void irc_regain_on_nick(struct irc_link *l)
{
    if (l->regain && irc_case_equal((enum irc_casemap)l->casemap, l->regain->wanted, l->nick))
        irc_regain_stop(l);
}

static void regain_try(struct irc_link *l)
{
    int64_t now = sj_loop_now_ms(l->base.loop);

    if (now - l->regain->tried_ms < REGAIN_PAUSE_MS)
        return;
    l->regain->tried_ms = now;
    regain_send(l, "NICK ");
}

void irc_regain_on_gone(struct irc_link *l, const char *nick)
{
    if (irc_regain_watches(l, nick))
        regain_try(l);
}

void irc_regain_on_full(struct irc_link *l, const char *nick)
{
    if (!irc_regain_watches(l, nick))
        return;
    l->regain->is_watched = false;
    if (l->n_monitored)
        l->n_monitored--;
    regain_wait(l);
}

int64_t irc_regain_sweep(struct sj_list *list, int64_t now_ms, int64_t interval_ms)
{
    while (!sj_list_empty(list)) {
        struct irc_regain *r = SJ_CONTAINER(list->next, struct irc_regain, wait);
        if (r->since_ms + interval_ms > now_ms)
            return r->since_ms + interval_ms;
        regain_wait(r->link);
        regain_try(r->link);
    }
    return INT64_MAX;
}

/* <numeric> <me> <nick> :text */
void irc_regain_handle_refused(struct irc_link *l, struct irc_line *line)
{
    const char *nick = line->n_params > 2 ? line->param[1] : NULL;

    if (!l->regain || !nick ||
        !irc_case_equal((enum irc_casemap)l->casemap, l->regain->wanted, nick)) {
        if (line->numeric == 437)
            irc_text_handle_refusal(l, line);
        return;
    }
    if (line->numeric == 432)
        irc_regain_stop(l);
}
