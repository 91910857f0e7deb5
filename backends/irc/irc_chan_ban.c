/* SPDX-License-Identifier: MPL-2.0 */
/* Who stands how in a channel: lists of masks that the server keeps, and ranks of those who are
 * there.
 *
 * The banned (mode b) and those who need no invitation (INVEX) are masks, which are told as they
 * are: they are ids for irc_chan_change.c, too. Everything else is known here. RFC 2812 §3.2.3;
 * RFC 2811 §4.3. */
#include <string.h>

#include "irc_ask.h"
#include "irc_nick.h"
#include "irc_parse.h"
#include "sojourn/memory.h"

/* Masks of one list that are told. */
#define MASKS_MAX 2000u

enum sj_status irc_chan_affiliates(struct sj_link *base, const char *room,
                                   enum sj_affiliation affiliation, sj_op op,
                                   struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    struct irc_chan *c;
    enum sj_status status = irc_chan_check_in(l, room, &c, err);

    if (status != SJ_OK)
        return status;
    struct irc_ask *a = irc_ask_add(l, IRC_ASK_AFFILIATES, room, op);
    if (!a)
        return sj_fail(err, SJ_LIMIT, "too much waits for the network; try again later");
    a->affiliation = (uint8_t)affiliation;
    if (affiliation == SJ_AFFILIATION_OUTCAST)
        a->list = 'b';
    else if (affiliation == SJ_AFFILIATION_MEMBER)
        a->list = irc_rules_of(l)->invex;
    return SJ_OK;
}

void irc_ban_tell_members(struct irc_link *l, const struct irc_ask *a)
{
    const struct irc_rules *rules = irc_rules_of(l);
    const struct irc_chan *c = irc_chan_find(l, a->room);

    if (!c || c->state != IRC_CHAN_IN)
        return;
    for (const struct sj_list *at = c->members.next; at != &c->members; at = at->next) {
        const struct irc_member *m = SJ_CONTAINER(at, struct irc_member, in_chan);
        const struct irc_person *p = m->person;
        if (irc_chan_affiliation(rules, m) != (enum sj_affiliation)a->affiliation ||
            p->is_repaired || !irc_nick_may_be_target(p->id) || !irc_rooms_told(l))
            continue;
        const struct sj_affiliate one = {
            .id = p->id, .nick = p->nick, .affiliation = (enum sj_affiliation)a->affiliation,
        };
        irc_rooms_host(l)->affiliate(&l->base, a->op, &one);
    }
}

static struct irc_ask *ask_of(struct irc_link *l, const struct irc_line *line)
{
    struct irc_ask *a = irc_ask_heard(l, IRC_ASK_AFFILIATES);

    if (!a || !irc_case_equal((enum irc_casemap)l->casemap, line->param[1], a->room))
        return NULL;
    return (a->list == 'b') == (line->numeric == 367 || line->numeric == 368) ? a : NULL;
}

/* 367 <me> <channel> <mask> [<by> <when>]; 346 the same of who needs no invitation */
void irc_ban_handle_mask(struct irc_link *l, struct irc_line *line)
{
    struct irc_ask *a = ask_of(l, line);

    if (!a || a->n++ >= MASKS_MAX || !*line->param[2])
        return;
    char *mask = irc_chan_clean(l, line->param[2], SJ_ID_MAX);
    const struct sj_affiliate one = {
        .id = mask, .affiliation = (enum sj_affiliation)a->affiliation,
    };
    if (*mask)
        irc_rooms_host(l)->affiliate(&l->base, a->op, &one);
    sj_free(mask);
}

/* 368, 347 <me> <channel> :End of list */
void irc_ban_handle_end(struct irc_link *l, struct irc_line *line)
{
    const struct irc_ask *a = ask_of(l, line);

    if (!a)
        return;
    if (a->affiliation != SJ_AFFILIATION_OUTCAST)
        irc_ban_tell_members(l, a);
    irc_ask_over(l, NULL);
}
