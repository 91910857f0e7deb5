/* SPDX-License-Identifier: MPL-2.0 */
/* The line of questions of one link, and WHO.
 *
 * Answers to these are many lines that name nothing but the channel, so the next question waits
 * until the last one is through: that also keeps them from being a flood. Who is away and logged in
 * is asked once, after coming in, and only where the server tells of changes afterwards. RFC 2812
 * §3.6.1; WHOX of ircu; IRCv3 away-notify, account-notify. */
#include "irc_ask.h"

#include <assert.h>
#include <string.h>

#include "irc_parse.h"
#include "irc_send.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"

/* Names our question in its answers. */
#define WHO_TOKEN "711"

static struct irc_ask *ask_first(const struct irc_link *l)
{
    if (!l->rooms || sj_list_empty(&l->rooms->asks))
        return NULL;
    return SJ_CONTAINER(l->rooms->asks.next, struct irc_ask, link);
}

static void who_write(const struct irc_link *l, const struct irc_ask *a, struct irc_out *o)
{
    irc_out_adds(o, "WHO ");
    irc_out_adds(o, a->room);
    if (l->has_whox)
        irc_out_adds(o, " %tcuhnfa," WHO_TOKEN);
}

static void masks_write(const struct irc_link *l, const struct irc_ask *a, struct irc_out *o)
{
    (void)l;
    irc_out_adds(o, "MODE ");
    irc_out_adds(o, a->room);
    irc_out_adds(o, " +");
    irc_out_add(o, &a->list, 1);
}

static void (*const ask_write[IRC_ASK_KINDS])(const struct irc_link *l, const struct irc_ask *a,
                                              struct irc_out *o) = {
    [IRC_ASK_WHO] = who_write,
    [IRC_ASK_LIST] = irc_list_write,
    [IRC_ASK_LOOK] = irc_list_write,
    [IRC_ASK_AFFILIATES] = masks_write,
    [IRC_ASK_HISTORY] = irc_history_write,
    [IRC_ASK_WHOIS] = irc_whois_write,
};

static void ask_remove(struct irc_link *l, struct irc_ask *a)
{
    sj_list_remove(&a->link);
    l->rooms->n_asks--;
    irc_whois_free(a);
    sj_free(a->words);
    sj_free(a);
}

void irc_ask_next(struct irc_link *l)
{
    struct irc_ask *a = ask_first(l);
    struct irc_out o;

    if (!a || a->is_out || l->state != IRC_ONLINE)
        return;
    a->is_out = true;
    a->since_ms = sj_loop_now_ms(l->base.loop);
    if (a->kind == IRC_ASK_AFFILIATES && !a->list) {
        irc_ban_tell_members(l, a);
        irc_ask_over(l, NULL);
        return;
    }
    irc_out_init(&o);
    ask_write[a->kind](l, a, &o);
    /* When the queue is full, the deadline ends it. */
    irc_send(l, &o, IRC_PACED);
    if (!sj_timer_running(&l->rooms->timer))
        sj_timer_start(l->base.loop, &l->rooms->timer, IRC_ASK_MS);
}

struct irc_ask *irc_ask_add(struct irc_link *l, enum irc_ask_kind kind, const char *room, sj_op op)
{
    struct irc_rooms *rooms = irc_rooms_get(l);
    size_t n = strlen(room);

    if (rooms->n_asks >= IRC_ASKS_MAX)
        return NULL;
    struct irc_ask *a = sj_calloc(1, sizeof *a + n + 1);
    a->kind = kind;
    a->op = op;
    memcpy(a->room, room, n + 1);
    sj_list_init(&a->link);
    sj_list_append(&rooms->asks, &a->link);
    rooms->n_asks++;
    irc_link_defer(l, IRC_TODO_ASKS);
    return a;
}

const struct irc_ask *irc_ask_out(const struct irc_link *l, enum irc_ask_kind kind)
{
    const struct irc_ask *a = ask_first(l);

    return a && a->is_out && a->kind == kind ? a : NULL;
}

struct irc_ask *irc_ask_heard(struct irc_link *l, enum irc_ask_kind kind)
{
    struct irc_ask *a = ask_first(l);

    if (!a || !a->is_out || a->kind != kind)
        return NULL;
    a->since_ms = sj_loop_now_ms(l->base.loop);
    return a;
}

void irc_ask_over(struct irc_link *l, const struct sj_error *err)
{
    struct irc_ask *a = ask_first(l);
    assert(a);
    sj_op op = a->op;

    ask_remove(l, a);
    if (op)
        l->base.host->op_done(&l->base, op, err);
    irc_link_defer(l, IRC_TODO_ASKS);
}

void irc_ask_fail_all(struct irc_link *l, const struct sj_error *err)
{
    struct irc_ask *a;

    while ((a = ask_first(l))) {
        sj_op op = a->op;
        ask_remove(l, a);
        if (op && err)
            l->base.host->op_done(&l->base, op, err);
    }
}

/* Is the refusal about it? It names the channel, or the command (263, 416, 421). */
static bool is_about(const struct irc_link *l, const struct irc_ask *a, const char *name)
{
    static const char *const commands[IRC_ASK_KINDS] = {
        [IRC_ASK_WHO] = "WHO", [IRC_ASK_LIST] = "LIST", [IRC_ASK_LOOK] = "LIST",
        [IRC_ASK_AFFILIATES] = "MODE", [IRC_ASK_HISTORY] = "CHATHISTORY",
        [IRC_ASK_WHOIS] = "WHOIS",
    };

    return sj_ascii_casecmp(name, commands[a->kind]) == 0 ||
           (*a->room && irc_case_equal((enum irc_casemap)l->casemap, name, a->room));
}

bool irc_ask_on_refusal(struct irc_link *l, const struct irc_line *line,
                        const struct sj_error *err)
{
    const struct irc_ask *a = ask_first(l);

    if (!a || !a->is_out || line->n_params < 3 || !is_about(l, a, line->param[1]))
        return false;
    irc_ask_over(l, err);
    return true;
}

bool irc_ask_on_timer(struct irc_link *l, int64_t now_ms)
{
    struct irc_ask *a = ask_first(l);
    struct sj_error err;

    if (!a || l->state >= IRC_CLOSING)
        return false;
    if (a->is_out && now_ms - a->since_ms >= IRC_ASK_MS) {
        sj_log_info(l->base.log, "question unanswered room=%s", SJ_CLIP(a->room));
        sj_fail(&err, SJ_TIMEOUT, "the network did not answer");
        irc_ask_over(l, &err);
    }
    return ask_first(l) != NULL;
}

/* ---- who ---- */

void irc_ask_who(struct irc_link *l, const struct irc_chan *c)
{
    bool has_accounts = l->has_whox && irc_cap_has(l, IRC_CAP_ACCOUNT_NOTIFY);

    if (!has_accounts && !irc_cap_has(l, IRC_CAP_AWAY_NOTIFY))
        return;
    if (c->n_members > IRC_WHO_MEMBERS_MAX || c->n_members < 2)
        return;
    irc_ask_add(l, IRC_ASK_WHO, c->id, 0);
}

/* mask: user name and host. flags: "H" here or "G" gone, "*" operator of the network, signs, bot.
 * account NULL: not told. */
static void who_take(struct irc_link *l, char *const *mask, const char *nick, const char *flags,
                     const char *account)
{
    struct irc_person *p = irc_person_find(l, nick);
    char bot = irc_rules_of(l)->bot;

    if (!p)
        return;
    irc_person_learn(l, p, mask[0], mask[1]);
    bool is_oper = strchr(flags, '*') != NULL;
    bool is_bot = bot ? strchr(flags, bot) != NULL : p->is_bot;
    bool changed = is_oper != p->is_oper || is_bot != p->is_bot;
    p->is_oper = is_oper;
    p->is_bot = is_bot;
    if (irc_cap_has(l, IRC_CAP_AWAY_NOTIFY)) {
        if (*flags != 'G')
            changed |= irc_person_set(l, &p->away, NULL, 0);
        else if (!p->away)
            changed |= irc_person_set(l, &p->away, "", 0);
    }
    if (account)
        changed |= irc_person_set(l, &p->account, strcmp(account, "0") == 0 ? NULL : account,
                                  IRC_NICK_MAX);
    if (changed)
        irc_chan_tell_person(l, p);
}

/* 352 <me> <channel> <user> <host> <server> <nick> <flags> :<hops> <real name> */
void irc_ask_handle_who(struct irc_link *l, struct irc_line *line)
{
    if (!irc_ask_heard(l, IRC_ASK_WHO))
        return;
    who_take(l, line->param + 2, line->param[5], line->param[6], NULL);
}

/* 354 <me> <token> <channel> <user> <host> <nick> <flags> <account> */
void irc_ask_handle_whox(struct irc_link *l, struct irc_line *line)
{
    if (!irc_ask_heard(l, IRC_ASK_WHO) || strcmp(line->param[1], WHO_TOKEN) != 0)
        return;
    who_take(l, line->param + 3, line->param[5], line->param[6], line->param[7]);
}

/* 315 <me> <channel> :End of WHO list */
void irc_ask_handle_who_end(struct irc_link *l, struct irc_line *line)
{
    (void)line;
    if (irc_ask_heard(l, IRC_ASK_WHO))
        irc_ask_over(l, NULL);
}
