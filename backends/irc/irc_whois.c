/* SPDX-License-Identifier: MPL-2.0 */
/* Who somebody is: WHOIS, in the line of questions (irc_ask.c), so one is out at a time and paced
 * as everything. Nothing here asks by itself.
 *
 * What servers say of people is in a dozen numerics, of which only the end is sure to come; each
 * may come again, in any order, and names the person. What has a place in a profile goes there, the
 * rest as facts with labels; remarks ("is an IRC operator") are the server's own words. Addresses
 * behind masks (338, 378), which only few are shown, are left to who asks the server itself.
 * RFC 2812 §3.6.2; modern.ircdocs.horse, WHOIS. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "irc_ask.h"
#include "irc_format.h"
#include "irc_nick.h"
#include "irc_parse.h"
#include "irc_send.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

/* Shorter is as good as not idle. */
#define IDLE_MIN_S 60
#define IDLE_MAX_S INT64_C(315360000)            /* ten years */
#define TIME_MAX_S INT64_C(4102444800)           /* 2100 */

enum whois_part {
    WHOIS_REALNAME,
    WHOIS_NICK,
    WHOIS_MASK,
    WHOIS_ACCOUNT,
    WHOIS_SERVER,
    WHOIS_CHANNELS,
    WHOIS_AWAY,
    WHOIS_IDLE,
    WHOIS_SINCE,
    WHOIS_REMARKS,
    WHOIS_PARTS
};
/* NULL: it has a place in the profile. */
static const char *const labels[WHOIS_PARTS] = {
    [WHOIS_MASK] = N_("User and host"),
    [WHOIS_ACCOUNT] = N_("Account"),
    [WHOIS_SERVER] = N_("Server"),
    [WHOIS_CHANNELS] = N_("Channels"),
    [WHOIS_AWAY] = N_("Away"),
    [WHOIS_IDLE] = N_("Idle since"),
    [WHOIS_SINCE] = N_("Logged in since"),
    [WHOIS_REMARKS] = N_("The server says"),
};

struct irc_whois {
    struct sj_strbuf part[WHOIS_PARTS];          /* full: the rest does not come in */
};

void irc_whois_free(struct irc_ask *a)
{
    if (!a->whois)
        return;
    for (size_t i = 0; i < WHOIS_PARTS; i++)
        sj_strbuf_release(&a->whois->part[i]);
    sj_free(a->whois);
    a->whois = NULL;
}

enum sj_status irc_profile_get(struct sj_link *base, const char *id, sj_op op,
                               struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);

    if (l->state != IRC_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in there");
    /* Servers take stars for a mask, and tell of everybody. */
    if (!irc_nick_may_be_target(id) || strchr(id, '*'))
        return sj_fail(err, SJ_NOTFOUND, "this is nobody's nickname");
    struct irc_ask *a = irc_ask_add(l, IRC_ASK_WHOIS, id, op);
    if (!a)
        return sj_fail(err, SJ_LIMIT, "too much waits for the network; try again later");
    a->whois = sj_calloc(1, sizeof *a->whois);
    for (size_t i = 0; i < WHOIS_PARTS; i++)
        sj_strbuf_init(&a->whois->part[i], SJ_PROFILE_VALUE_MAX);
    return SJ_OK;
}

void irc_whois_write(const struct irc_link *l, const struct irc_ask *a, struct irc_out *o)
{
    (void)l;
    irc_out_adds(o, "WHOIS ");
    irc_out_adds(o, a->room);
}

/* ---- hearing ---- */

/* Appends the text, cleaned, behind what is there already; what does not fit is cut. */
static void whois_add(const struct irc_link *l, struct sj_strbuf *part, const char *between,
                      const char *text)
{
    struct sj_span ignored[1];
    struct sj_strbuf clean;

    if (part->len + strlen(between) >= SJ_PROFILE_VALUE_MAX)
        return;
    sj_strbuf_init(&clean, (size_t)IRC_INPUT_LINE_MAX * 3);
    irc_format_read(&clean, irc_link_charset(l), text, strlen(text), ignored, 1);
    size_t n = sj_utf8_cut(clean.s, clean.len, SJ_PROFILE_VALUE_MAX - part->len - strlen(between));
    while (n > 0 && clean.s[n - 1] == ' ')
        n--;
    if (n > 0) {
        sj_strbuf_adds(part, part->len ? between : "");
        sj_strbuf_add(part, clean.s, n);
    }
    sj_strbuf_release(&clean);
}

static void whois_set(const struct irc_link *l, struct sj_strbuf *part, const char *text)
{
    sj_strbuf_reset(part);
    whois_add(l, part, "", text);
}

static void whois_set_time(struct sj_strbuf *part, int64_t utc_s)
{
    time_t seconds = (time_t)utc_s;
    struct tm tm;
    char text[32];

    if (!gmtime_r(&seconds, &tm) || strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm) == 0)
        return;
    sj_strbuf_reset(part);
    sj_strbuf_adds(part, text);
}

/* 311 <me> <nick> <user> <host> * :<real name> */
static void whois_user(const struct irc_link *l, struct irc_whois *w, const struct irc_line *line)
{
    if (line->n_params < 6)
        return;
    whois_set(l, &w->part[WHOIS_NICK], line->param[1]);
    whois_set(l, &w->part[WHOIS_MASK], line->param[2]);
    whois_add(l, &w->part[WHOIS_MASK], "@", line->param[3]);
    whois_set(l, &w->part[WHOIS_REALNAME], line->param[5]);
}

/* 312 <me> <nick> <server> :<info> */
static void whois_server(const struct irc_link *l, struct irc_whois *w,
                         const struct irc_line *line)
{
    whois_set(l, &w->part[WHOIS_SERVER], line->param[2]);
    if (line->n_params > 3 && *line->param[3])
        whois_add(l, &w->part[WHOIS_SERVER], " - ", line->param[3]);
}

/* 317 <me> <nick> <idle> [<since>] :<words> */
static void whois_idle(const struct irc_link *l, struct irc_whois *w, const struct irc_line *line)
{
    int64_t now_s = sj_loop_utc_ms(l->base.loop) / 1000;
    int64_t n;

    if (sj_parse_int(line->param[2], IDLE_MIN_S, IDLE_MAX_S, &n) && n < now_s)
        whois_set_time(&w->part[WHOIS_IDLE], now_s - n);
    if (line->n_params > 4 && sj_parse_int(line->param[3], 1, TIME_MAX_S, &n))
        whois_set_time(&w->part[WHOIS_SINCE], n);
}

/* All of these have three parameters or more. */
static void whois_take(const struct irc_link *l, struct irc_whois *w, const struct irc_line *line)
{
    const char *last = line->param[line->n_params - 1];

    switch (line->numeric) {
    case 301:
        whois_set(l, &w->part[WHOIS_AWAY], *last ? last : "-");
        break;
    case 311:
        whois_user(l, w, line);
        break;
    case 312:
        whois_server(l, w, line);
        break;
    case 317:
        whois_idle(l, w, line);
        break;
    case 319:
        whois_add(l, &w->part[WHOIS_CHANNELS], " ", last);
        break;
    case 330:
        if (line->n_params > 3)
            whois_set(l, &w->part[WHOIS_ACCOUNT], line->param[2]);
        break;
    case 307: case 310: case 313: case 320: case 335: case 671:
        whois_add(l, &w->part[WHOIS_REMARKS], "; ", last);
        break;
    default:
        break;
    }
}

static struct irc_ask *whois_of(struct irc_link *l, const struct irc_line *line)
{
    const struct irc_ask *out = irc_ask_out(l, IRC_ASK_WHOIS);

    if (!out || line->n_params < 2 ||
        !irc_case_equal((enum irc_casemap)l->casemap, line->param[1], out->room))
        return NULL;
    return SJ_CONTAINER(l->rooms->asks.next, struct irc_ask, link);
}

bool irc_whois_hear(struct irc_link *l, const struct irc_line *line)
{
    /* Without a sign of life: only the end ends it in time. */
    struct irc_ask *a = line->numeric < 400 || line->numeric == 671 ? whois_of(l, line) : NULL;

    if (!a || line->n_params < 3)
        return false;
    whois_take(l, a->whois, line);
    return true;
}

static void whois_tell(struct irc_link *l, const struct irc_ask *a)
{
    struct sj_fact facts[WHOIS_PARTS];
    struct sj_profile profile = { .id = a->room, .facts = facts };

    for (size_t i = 0; i < WHOIS_PARTS; i++) {
        if (labels[i] && a->whois->part[i].len)
            facts[profile.n_facts++] = (struct sj_fact){ labels[i], a->whois->part[i].s };
    }
    if (a->whois->part[WHOIS_REALNAME].len)
        profile.value[SJ_PROFILE_FULL_NAME] = a->whois->part[WHOIS_REALNAME].s;
    if (a->whois->part[WHOIS_NICK].len)
        profile.value[SJ_PROFILE_NICK] = a->whois->part[WHOIS_NICK].s;
    l->base.host->profile(&l->base, a->op, &profile);
}

/* 318 <me> <nick> :End of WHOIS list; without anything before it, nobody is there. */
void irc_whois_handle_end(struct irc_link *l, struct irc_line *line)
{
    const struct irc_ask *a = whois_of(l, line);
    struct sj_error err;

    if (!a)
        return;
    if (a->whois->part[WHOIS_NICK].len) {
        if (a->op)
            whois_tell(l, a);
        irc_ask_over(l, NULL);
        return;
    }
    sj_fail(&err, SJ_NOTFOUND, "nobody has this nickname now");
    irc_ask_over(l, &err);
}
