/* SPDX-License-Identifier: MPL-2.0 */
/* What servers refuse about channels: numerics as statuses, and whose operation it was.
 *
 * A refusal names the channel, a nickname, or both. It belongs to the line that its label names, to
 * a channel that we asked to enter, to the question that is out, or to the oldest open line about
 * one of the names. RFC 2812 §5.2; modern.ircdocs.horse, "Numerics"; numerics of InspIRCd,
 * UnrealIRCd and the families around them where these say nothing. */
#include <stdlib.h>
#include <string.h>

#include "irc_ask.h"
#include "irc_chan.h"
#include "irc_parse.h"
#include "irc_send.h"
#include "irc_text.h"
#include "sojourn/log.h"

struct refusal {
    unsigned numeric;
    enum sj_status join;             /* to somebody who wants to enter */
    enum sj_status other;            /* to what is asked within */
    const char *join_text;           /* NULL: the network's words alone */
    const char *other_text;
};

/* Sorted by numeric. */
static const struct refusal refusals[] = {
    { 263, SJ_LIMIT, SJ_LIMIT, N_("the network is busy; try again later"),
      N_("the network is busy; try again later") },
    { 401, SJ_NOTFOUND, SJ_NOTFOUND, N_("there is no such room"),
      N_("nobody has this nickname now") },
    { 402, SJ_NOTFOUND, SJ_NOTFOUND, NULL, NULL },
    { 403, SJ_NOTFOUND, SJ_NOTFOUND, N_("there is no such room"), N_("there is no such room") },
    { 404, SJ_DENIED, SJ_DENIED, NULL, N_("you may not speak in this room now") },
    { 405, SJ_LIMIT, SJ_LIMIT, N_("the network lets you into no more rooms; leave one first"),
      NULL },
    { 407, SJ_LIMIT, SJ_LIMIT, NULL, NULL },
    { 421, SJ_UNSUPPORTED, SJ_UNSUPPORTED, NULL, NULL },
    { 432, SJ_UNACCEPTABLE, SJ_UNACCEPTABLE, NULL,
      N_("this network does not take such a nickname") },
    { 433, SJ_EXISTS, SJ_EXISTS, NULL, N_("somebody has this nickname already") },
    { 435, SJ_DENIED, SJ_DENIED, NULL, N_("you are banned from a room, so you must keep your "
                                          "nickname or leave that room") },
    { 436, SJ_EXISTS, SJ_EXISTS, NULL, N_("somebody has this nickname already") },
    { 437, SJ_UNAVAILABLE, SJ_UNAVAILABLE, N_("the room is closed for now; try again later"),
      N_("this name is closed for now; try again later") },
    { 438, SJ_LIMIT, SJ_LIMIT, NULL, N_("that is too often; try again later") },
    { 439, SJ_LIMIT, SJ_LIMIT, N_("that is too often; try again later"),
      N_("that is too often; try again later") },
    { 441, SJ_NOTFOUND, SJ_NOTFOUND, NULL, N_("nobody in this room has this nickname") },
    { 442, SJ_UNACCEPTABLE, SJ_UNACCEPTABLE, NULL, N_("you are not in this room") },
    { 443, SJ_EXISTS, SJ_EXISTS, NULL, N_("this person is in the room already") },
    { 447, SJ_DENIED, SJ_DENIED, NULL, N_("a room that you are in does not allow to change "
                                          "nicknames") },
    { 448, SJ_NOTFOUND, SJ_NOTFOUND, N_("there can be no such room"), NULL },
    { 461, SJ_INVALID, SJ_INVALID, NULL, NULL },
    { 467, SJ_EXISTS, SJ_EXISTS, NULL, N_("the room has a password; remove it first") },
    { 470, SJ_DENIED, SJ_DENIED, N_("the network sends you to another room instead"), NULL },
    { 471, SJ_LIMIT, SJ_LIMIT, N_("the room is full; try again later"), NULL },
    { 472, SJ_UNSUPPORTED, SJ_UNSUPPORTED, NULL, N_("this network cannot do that") },
    { 473, SJ_UNREGISTERED, SJ_DENIED,
      N_("only who is invited may enter; ask somebody in the room"), NULL },
    { 474, SJ_DENIED, SJ_DENIED, N_("you are banned from this room"), NULL },
    { 475, SJ_AUTH, SJ_AUTH, N_("the room has a password, and this is not it"), NULL },
    { 476, SJ_NOTFOUND, SJ_NOTFOUND, N_("there can be no such room"), NULL },
    { 477, SJ_UNREGISTERED, SJ_DENIED,
      N_("only who is logged in to an account of the network may enter"),
      N_("the room does not allow it, or you must log in to an account of the network") },
    { 478, SJ_LIMIT, SJ_LIMIT, NULL, N_("the room's list is full") },
    { 479, SJ_NOTFOUND, SJ_NOTFOUND, N_("there can be no such room"), NULL },
    { 480, SJ_LIMIT, SJ_LIMIT, N_("the room takes nobody in so quickly; try again later"), NULL },
    { 481, SJ_DENIED, SJ_DENIED, NULL, N_("only operators of the network may do that") },
    { 482, SJ_DENIED, SJ_DENIED, NULL, N_("only operators of the room may do that") },
    { 484, SJ_NOTALLOWED, SJ_NOTALLOWED, NULL, N_("this person cannot be removed") },
    { 485, SJ_NOTALLOWED, SJ_NOTALLOWED, N_("the room is closed"),
      N_("this person stands above you") },
    { 489, SJ_DENIED, SJ_DENIED, N_("only encrypted connections may enter this room"), NULL },
    { 492, SJ_DENIED, SJ_DENIED, NULL, NULL },
    { 494, SJ_DENIED, SJ_DENIED, NULL, NULL },
    { 495, SJ_LIMIT, SJ_LIMIT, N_("who was kicked must wait before coming back"), NULL },
    { 499, SJ_DENIED, SJ_DENIED, NULL, N_("only the room's owner may do that") },
    { 500, SJ_LIMIT, SJ_LIMIT, N_("the room takes nobody in so quickly; try again later"), NULL },
    { 518, SJ_DENIED, SJ_DENIED, NULL, N_("the room allows no invitations") },
    { 519, SJ_DENIED, SJ_DENIED, N_("only operators of the network may enter"), NULL },
    { 520, SJ_DENIED, SJ_DENIED, N_("only operators of the network may enter"), NULL },
    { 696, SJ_UNACCEPTABLE, SJ_UNACCEPTABLE, NULL, N_("the network does not take this value") },
    { 926, SJ_NOTFOUND, SJ_NOTFOUND, N_("the network has closed this room for good"), NULL },
    { 972, SJ_NOTALLOWED, SJ_NOTALLOWED, NULL, NULL },
    { 974, SJ_UNSUPPORTED, SJ_UNSUPPORTED, NULL, NULL },
};

static int refusal_compare(const void *key, const void *row)
{
    unsigned a = *(const unsigned *)key;
    unsigned b = ((const struct refusal *)row)->numeric;

    return a < b ? -1 : a > b;
}

static const struct refusal *refusal_of(unsigned numeric)
{
    static const struct refusal unknown = { 0, SJ_REMOTE, SJ_REMOTE, NULL, NULL };
    const struct refusal *r = bsearch(&numeric, refusals, sizeof refusals / sizeof refusals[0],
                                      sizeof *r, refusal_compare);

    return r ? r : &unknown;
}

/* Our words, with the network's behind. */
static void refusal_text(struct sj_error *err, const struct irc_link *l, enum sj_status status,
                         const char *ours, const struct irc_line *line)
{
    const char *theirs = IRC_WORDS(l, line->param[line->n_params - 1]);

    if (ours)
        sj_fail(err, status, "%s (the network says: %s)", ours, theirs);
    else
        sj_fail(err, status, "%s", theirs);
}

/* A channel that we wait to enter. */
static bool refuse_join(struct irc_link *l, const struct irc_line *line)
{
    const struct refusal *r = refusal_of(line->numeric);
    struct irc_chan *c = NULL;
    struct sj_error err;

    for (size_t i = 1; i + 1 < line->n_params && !c; i++)
        c = irc_chan_find(l, line->param[i]);
    if (!c || c->state != IRC_CHAN_ASKED)
        return false;
    refusal_text(&err, l, r->join, r->join_text, line);
    irc_chan_leave(l, c, NULL, &err);
    return true;
}

/* What was asked and is not answered. */
static bool refuse_question(struct irc_link *l, const struct irc_line *line)
{
    const struct refusal *r = refusal_of(line->numeric);
    struct sj_error err;

    refusal_text(&err, l, r->other, r->other_text, line);
    return irc_ask_on_refusal(l, line, &err);
}

/* 442: we are not there, whatever we believed. */
static void forget_channel(struct irc_link *l, const struct irc_line *line)
{
    static const struct sj_exit lost = { .kind = SJ_EXIT_LOST };
    struct irc_chan *c = line->n_params > 2 ? irc_chan_find(l, line->param[1]) : NULL;

    if (c && c->state == IRC_CHAN_IN)
        irc_chan_leave(l, c, &lost, NULL);
}

/* <numeric> <me> <channel> :text */
static bool names_channel(const struct irc_line *line)
{
    return line->n_params > 2 && irc_chan_is_name(line->param[1]);
}

/* Refusals that say nothing of what they are about: it is the oldest. */
static bool is_nameless(unsigned numeric)
{
    return numeric == 461 || numeric == 472 || numeric == 481 || numeric == 972;
}

/* A line of ours about one of the names. */
static bool refuse_line(struct irc_link *l, const struct irc_line *line)
{
    const struct refusal *r = refusal_of(line->numeric);
    struct sj_error err;
    uint32_t number;

    refusal_text(&err, l, r->other, r->other_text, line);
    if (line->numeric == 442)
        forget_channel(l, line);
    if (irc_text_answered(l, line, &number))
        return irc_ops_fail_command(l, number, &err) ||
               (names_channel(line) && irc_ops_fail_message(l, number, &err));
    for (size_t i = 1; i + 1 < line->n_params; i++) {
        uint32_t hash = irc_case_hash((enum irc_casemap)l->casemap, line->param[i]);
        if (irc_ops_fail_about(l, hash, &err))
            return true;
    }
    if (names_channel(line))
        return irc_ops_fail_message_to(
            l, irc_case_hash((enum irc_casemap)l->casemap, line->param[1]), &err);
    return is_nameless(line->numeric) && irc_ops_fail_about(l, 0, &err);
}

bool irc_chan_on_refusal(struct irc_link *l, struct irc_line *line)
{
    if (l->state != IRC_ONLINE)
        return false;
    return refuse_join(l, line) || refuse_line(l, line) || refuse_question(l, line);
}

void irc_chan_handle_refusal(struct irc_link *l, struct irc_line *line)
{
    if (line->numeric == 263)
        irc_send_handle_try_again(l, line);
    if (!irc_chan_on_refusal(l, line))
        sj_log_debug(l->base.log, "refusal unmatched numeric=%u", line->numeric);
}
