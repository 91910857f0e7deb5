/* SPDX-License-Identifier: MPL-2.0 */
/* What was said in a channel before: CHATHISTORY, where the server keeps it.
 *
 * The answer is one batch, oldest first; its messages are like others, and are told as the past by
 * irc_chan_text.c. Who came and went then is passed over; that servers tell it as such, and not in
 * the words of a service, is asked for (draft/event-playback). Messages are named by their msgid;
 * which of four questions it is follows from the bounds. IRCv3 chathistory (draft), batch,
 * message-ids, server-time. */
#include <stdio.h>
#include <string.h>

#include "irc_ask.h"
#include "irc_ids.h"
#include "irc_parse.h"
#include "irc_send.h"
#include "sojourn/memory.h"

#define NEEDED (IRC_CAP_CHATHISTORY | IRC_CAP_BATCH | IRC_CAP_MESSAGE_TAGS | IRC_CAP_SERVER_TIME)

/* One line's id out of an id: the first, or the last one. NULL: none was given, or it cannot be
 * asked for. */
static const char *id_of_line(const char *id, bool last, size_t *n)
{
    const char *found = NULL;
    const char *word;
    size_t length;

    *n = 0;
    while (id && (word = irc_ids_next(&id, &length)) != NULL && (last || !found)) {
        found = word;
        *n = length;
    }
    return found && irc_id_is_fit(found, *n) && !memchr(found, ',', *n) ? found : NULL;
}

/* Which of the four questions it is. */
static void history_words(char *out, size_t size, const char *room, const char *const id[2],
                          const size_t n[2])
{
    if (id[0] && id[1])
        (void)snprintf(out, size, "BETWEEN %s msgid=%.*s msgid=%.*s", room, (int)n[0], id[0],
                       (int)n[1], id[1]);
    else if (id[0])
        (void)snprintf(out, size, "BEFORE %s msgid=%.*s", room, (int)n[0], id[0]);
    else if (id[1])
        (void)snprintf(out, size, "LATEST %s msgid=%.*s", room, (int)n[1], id[1]);
    else
        (void)snprintf(out, size, "LATEST %s *", room);
}

enum sj_status irc_chan_history(struct sj_link *base, const char *room, const char *before,
                                const char *after, unsigned max, sj_op op, struct sj_error *err)
{
    struct irc_link *l = irc_link_of(base);
    struct irc_chan *c;
    enum sj_status status = irc_chan_check_in(l, room, &c, err);
    char text[3 * IRC_ID_MAX + IRC_CHANNEL_MAX];
    size_t n[2];
    const char *const id[2] = { id_of_line(before, false, &n[0]), id_of_line(after, true, &n[1]) };

    if (status != SJ_OK)
        return status;
    if (!irc_cap_has(l, NEEDED))
        return sj_fail(err, SJ_UNSUPPORTED, "this network cannot do that");
    if ((before && !id[0]) || (after && !id[1]))
        return sj_fail(err, SJ_NOTFOUND, "the network has no such message");
    history_words(text, sizeof text, room, id, n);
    struct irc_ask *a = irc_ask_add(l, IRC_ASK_HISTORY, room, op);
    if (!a)
        return sj_fail(err, SJ_LIMIT, "too much waits for the network; try again later");
    a->max = max < SJ_ROOM_HISTORY_MAX ? max : SJ_ROOM_HISTORY_MAX;
    a->words = sj_strdup(text);
    return SJ_OK;
}

void irc_history_write(const struct irc_link *l, const struct irc_ask *a, struct irc_out *o)
{
    char number[16];

    (void)l;
    irc_out_adds(o, "CHATHISTORY ");
    irc_out_adds(o, a->words);
    (void)snprintf(number, sizeof number, " %u", a->max);
    irc_out_adds(o, number);
}

static uint32_t hash_of(const char *ref)
{
    uint32_t hash = irc_ops_hash(ref, strlen(ref));

    return hash ? hash : 1;
}

/* BATCH +<ref> chathistory <channel>, BATCH -<ref> */
bool irc_history_on_batch(struct irc_link *l, const struct irc_line *line)
{
    struct irc_ask *a = irc_ask_heard(l, IRC_ASK_HISTORY);
    const char *ref = line->param[0];

    if (!a || !*ref)
        return false;
    if (*ref == '+' && !a->batch && line->n_params > 2 &&
        strcmp(line->param[1], "chathistory") == 0 &&
        irc_case_equal((enum irc_casemap)l->casemap, line->param[2], a->room)) {
        a->batch = hash_of(ref + 1);
        return true;
    }
    if (*ref != '-' || !a->batch || a->batch != hash_of(ref + 1))
        return false;
    irc_ask_over(l, NULL);
    return true;
}

/* FAIL CHATHISTORY <code> ... :text */
bool irc_history_on_fail(struct irc_link *l, const struct irc_line *line)
{
    struct sj_error err;

    if (strcmp(line->param[0], "CHATHISTORY") != 0 || !irc_ask_out(l, IRC_ASK_HISTORY))
        return false;
    sj_fail(&err, SJ_REMOTE, "%s", IRC_WORDS(l, line->param[line->n_params - 1]));
    irc_ask_over(l, &err);
    return true;
}

bool irc_history_is_past(const struct irc_link *l, const struct irc_line *line, sj_op *op)
{
    const struct irc_ask *a = irc_ask_out(l, IRC_ASK_HISTORY);

    if (!a || !a->batch || !line->tags.batch || a->batch != hash_of(line->tags.batch))
        return false;
    *op = a->op;
    return true;
}

bool irc_history_is_old_event(const struct irc_link *l, const struct irc_line *line)
{
    static const char *const still[] = {"PRIVMSG", "NOTICE", "REDACT", "BATCH"};
    sj_op op;

    if (!line->tags.batch)
        return false;
    for (size_t i = 0; i < sizeof still / sizeof *still; i++) {
        if (strcmp(line->command, still[i]) == 0)
            return false;
    }
    return irc_history_is_past(l, line, &op);
}
