/* SPDX-License-Identifier: MPL-2.0 */
/* Which channels there are: LIST, of all or of one.
 *
 * Only as many are told as were asked for; what the server sends beyond is read and dropped, in
 * turns like everything else. Where the server takes masks (ELIST M) it looks for the words itself,
 * in names; elsewhere they are looked for here, in names and topics. RFC 2812 §3.2.6;
 * modern.ircdocs.horse, ELIST. */
#include <string.h>

#include "irc_ask.h"
#include "irc_parse.h"
#include "irc_send.h"
#include "sojourn/memory.h"

/* Words that the server is asked for have at most this length. */
#define WORDS_MAX 100u

/* Text that can stand in a mask as it is. */
static bool is_plain(const char *s)
{
    return *s && strlen(s) <= WORDS_MAX && !strpbrk(s, " ,*?:<>!\r\n");
}

void irc_list_write(const struct irc_link *l, const struct irc_ask *a, struct irc_out *o)
{
    irc_out_adds(o, "LIST");
    if (*a->room) {
        irc_out_adds(o, " ");
        irc_out_adds(o, a->room);
    } else if (a->words && is_plain(a->words) && strchr(irc_rules_of(l)->elist, 'M')) {
        irc_out_adds(o, " *");
        irc_out_adds(o, a->words);
        irc_out_adds(o, "*");
    }
}

enum sj_status irc_chan_list(struct sj_link *base, const char *words, unsigned max, sj_op op,
                             struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);

    if (l->state != IRC_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in there");
    struct irc_ask *a = irc_ask_add(l, IRC_ASK_LIST, "", op);
    if (!a)
        return sj_fail(err, SJ_LIMIT, "too much waits for the network; try again later");
    a->max = max;
    if (*words)
        a->words = sj_strdup(words);
    return SJ_OK;
}

enum sj_status irc_chan_look(struct sj_link *base, const char *room, sj_op op,
                             struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);

    if (l->state != IRC_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in there");
    if (!irc_chan_is_name(room))
        return sj_fail(err, SJ_NOTFOUND, "there can be no room of this name");
    if (!irc_ask_add(l, IRC_ASK_LOOK, room, op))
        return sj_fail(err, SJ_LIMIT, "too much waits for the network; try again later");
    return SJ_OK;
}

/* Does the text hold the words, whatever their case? */
static bool holds(const char *text, const char *words)
{
    size_t n = strlen(words);

    for (; *text; text++) {
        if (sj_ascii_ncasecmp(text, words, n) == 0)
            return true;
    }
    return false;
}

/* Some servers put the modes before the topic: "[+nt 12] words". */
static const char *skip_modes(const char *topic)
{
    const char *end = strncmp(topic, "[+", 2) == 0 ? strchr(topic, ']') : NULL;

    if (!end)
        return topic;
    end++;
    return end + strspn(end, " ");
}

static void tell_listed(struct irc_link *l, struct irc_ask *a, const struct sj_room *room)
{
    const struct sj_host_rooms *host = irc_rooms_host(l);

    if (a->kind == IRC_ASK_LOOK) {
        a->is_found = true;
        host->room(&l->base, room);
        return;
    }
    sj_op op = a->op;
    bool is_last = ++a->n >= a->max;
    if (is_last)
        a->op = 0;
    host->listed(&l->base, op, room);
    if (is_last)
        l->base.host->op_done(&l->base, op, NULL);
}

/* 322 <me> <channel> <members> :<topic> */
void irc_list_handle_channel(struct irc_link *l, struct irc_line *line)
{
    struct irc_ask *a = irc_ask_heard(l, IRC_ASK_LIST);
    char id[IRC_CHANNEL_MAX + 1];
    int64_t n = 0;

    if (!a)
        a = irc_ask_heard(l, IRC_ASK_LOOK);
    if (!a || a->op == 0 || !irc_chan_is_name(line->param[1]))
        return;
    sj_copy(id, sizeof id, line->param[1]);
    irc_case_fold((enum irc_casemap)l->casemap, id);
    if (*a->room && strcmp(id, a->room) != 0)
        return;
    char *topic = irc_chan_clean(l, skip_modes(line->n_params > 3 ? line->param[3] : ""),
                                 SJ_SUBJECT_MAX);
    if (!sj_parse_int(line->param[2], 0, UINT32_MAX, &n))
        n = 0;
    const struct sj_room room = {
        .id = id, .name = line->param[1], .description = *topic ? topic : NULL,
        .n_occupants = (uint32_t)n,
    };
    if (!a->words || holds(line->param[1], a->words) || holds(topic, a->words))
        tell_listed(l, a, &room);
    sj_free(topic);
}

/* 323 <me> :End of /LIST */
void irc_list_handle_end(struct irc_link *l, struct irc_line *line)
{
    const struct irc_ask *look = irc_ask_heard(l, IRC_ASK_LOOK);
    struct sj_error err;

    (void)line;
    if (look && !look->is_found) {
        sj_fail(&err, SJ_NOTFOUND, "there is no such room, or it is a secret one");
        irc_ask_over(l, &err);
    } else if (look || irc_ask_heard(l, IRC_ASK_LIST)) {
        irc_ask_over(l, NULL);
    }
}
