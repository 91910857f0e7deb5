/* SPDX-License-Identifier: MPL-2.0 */
/* Who stands how in a channel: lists of masks that the server keeps, and ranks of those who are
 * there.
 *
 * The banned (mode b), those who need no invitation (INVEX) and those whom no ban keeps out
 * (EXCEPTS) are masks, which are told as they are, the last with "except:" in front: they are ids
 * for irc_chan_change.c, too. Everything else is known here. RFC 2812 §3.2.3; RFC 2811 §4.3. */
#include <string.h>

#include "irc_ask.h"
#include "irc_nick.h"
#include "irc_parse.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* Masks of one list that are told. */
#define MASKS_MAX 2000u

enum sj_status irc_chan_affiliates(struct sj_link *base, const char *room,
                                   enum sj_affiliation affiliation, sj_op op,
                                   struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    const struct irc_rules *rules = irc_rules_of(l);
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
        a->list = rules->invex ? rules->invex : rules->excepts;
    return SJ_OK;
}

/* Members have two lists: another one is to be asked for. */
static bool ask_has_more(struct irc_link *l, struct irc_ask *a)
{
    const struct irc_rules *rules = irc_rules_of(l);

    if (a->affiliation != SJ_AFFILIATION_MEMBER || !rules->excepts || a->list != rules->invex ||
        rules->excepts == rules->invex)
        return false;
    a->list = rules->excepts;
    a->n = 0;
    a->is_out = false;
    irc_link_defer(l, IRC_TODO_ASKS);
    return true;
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

/* The numeric of the masks of the list that is asked for; its end is the next one. */
static unsigned ask_numeric(const struct irc_link *l, const struct irc_ask *a)
{
    if (a->list == 'b')
        return 367;
    return a->list == irc_rules_of(l)->invex ? 346 : 348;
}

static struct irc_ask *ask_of(struct irc_link *l, const struct irc_line *line)
{
    struct irc_ask *a = irc_ask_heard(l, IRC_ASK_AFFILIATES);

    if (!a || !irc_case_equal((enum irc_casemap)l->casemap, line->param[1], a->room))
        return NULL;
    return line->numeric - ask_numeric(l, a) <= 1 ? a : NULL;
}

/* 367 <me> <channel> <mask> [<by> <when>]; 346, 348 the same of who needs no invitation, and whom
 * no ban keeps out */
void irc_ban_handle_mask(struct irc_link *l, struct irc_line *line)
{
    struct irc_ask *a = ask_of(l, line);
    struct sj_strbuf id;

    if (!a || a->n++ >= MASKS_MAX || !*line->param[2])
        return;
    char *mask = irc_chan_clean(l, line->param[2], SJ_ID_MAX - strlen(IRC_BAN_EXCEPTION));
    sj_strbuf_init(&id, SJ_ID_MAX);
    if (line->numeric == 348)
        sj_strbuf_adds(&id, IRC_BAN_EXCEPTION);
    sj_strbuf_adds(&id, mask);
    const struct sj_affiliate one = {
        .id = id.s, .affiliation = (enum sj_affiliation)a->affiliation,
    };
    if (*mask)
        irc_rooms_host(l)->affiliate(&l->base, a->op, &one);
    sj_strbuf_release(&id);
    sj_free(mask);
}

/* 368, 347, 349 <me> <channel> :End of list */
void irc_ban_handle_end(struct irc_link *l, struct irc_line *line)
{
    struct irc_ask *a = ask_of(l, line);

    if (!a || ask_has_more(l, a))
        return;
    if (a->affiliation != SJ_AFFILIATION_OUTCAST)
        irc_ban_tell_members(l, a);
    irc_ask_over(l, NULL);
}
