/* SPDX-License-Identifier: MPL-2.0 */
/* Which message is meant.
 *
 * An id has no spaces (IRCv3 message-ids). A message that had to go out in several lines has an id
 * for each of them; for the host it is called by all of them, divided by spaces, so that it can be
 * taken back as a whole, also after a restart. Others answer and react to one of its lines: the ids
 * of the last such messages are kept, by which one leads to the whole. Lines are counted by
 * irc_ops.c; who is told of what is read in irc_text.c and irc_chan_text.c. */
#include "irc_ids.h"

#include <string.h>

#include "irc_charset.h"
#include "irc_link.h"
#include "irc_multiline.h"
#include "irc_parse.h"
#include "irc_react.h"
#include "irc_talk.h"
#include "irc_typing.h"
#include "sojourn/memory.h"

struct irc_talk *irc_talk_get(struct irc_link *l)
{
    if (!l->talk) {
        l->talk = sj_calloc(1, sizeof *l->talk);
        sj_strbuf_init(&l->talk->ids, SJ_ID_MAX);
        sj_list_init(&l->talk->reacted);
        sj_list_init(&l->talk->multilines);
        sj_list_init(&l->talk->typing);
        sj_timer_init(&l->talk->typing_timer, irc_typing_on_timer, l);
    }
    return l->talk;
}

void irc_talk_release(struct irc_link *l)
{
    struct irc_talk *t = l->talk;

    if (!t)
        return;
    for (unsigned i = 0; i < IRC_SPLIT_KEPT; i++)
        sj_free(t->split[i]);
    sj_strbuf_release(&t->ids);
    irc_react_release(l);
    irc_multiline_release(t);
    irc_typing_release(t);
    sj_free(t->read);
    sj_free(t);
    l->talk = NULL;
}

bool irc_id_is_fit(const char *id, size_t n)
{
    return n > 0 && n <= IRC_ID_MAX && *id != ':' && !memchr(id, ' ', n) &&
           irc_text_is_clean(id, n);
}

const char *irc_id_of(const struct irc_line *line)
{
    const char *id = line->tags.msgid;

    return id && irc_id_is_fit(id, strlen(id)) ? id : NULL;
}

static void ids_keep(struct irc_talk *t)
{
    char **slot = &t->split[t->n_split++ % IRC_SPLIT_KEPT];

    sj_free(*slot);
    *slot = sj_strdup(t->ids.s);
}

/* One line of several. True: all of them came back. */
static bool ids_collect(struct irc_link *l, sj_op op, uint32_t number, const char *id)
{
    struct irc_talk *t = irc_talk_get(l);

    if (!irc_ops_goes_on(&l->ops, number)) {
        t->naming = op;
        t->naming_next = number;
        sj_strbuf_reset(&t->ids);
    }
    if (t->naming != op || t->naming_next != number || !id) {
        t->naming = 0;
        return false;
    }
    if (t->ids.len > 0)
        sj_strbuf_addc(&t->ids, ' ');
    sj_strbuf_adds(&t->ids, id);
    t->naming_next++;
    if (!irc_ops_is_last(&l->ops, number))
        return false;
    t->naming = 0;
    if (!sj_strbuf_ok(&t->ids))
        return false;
    ids_keep(t);
    return true;
}

const char *irc_ids_learn(struct irc_link *l, uint32_t number, const char *id)
{
    sj_op op = irc_ops_open(&l->ops, number);
    bool is_sole = irc_ops_is_last(&l->ops, number) && !irc_ops_goes_on(&l->ops, number);

    if (!op || (is_sole && !id))
        return NULL;
    if (!is_sole) {
        if (!ids_collect(l, op, number, id))
            return NULL;
        id = l->talk->ids.s;
    }
    l->base.host->message_id(&l->base, op, id);
    return id;
}

/* Is id one of the words of text? */
static bool ids_have(const char *text, const char *id)
{
    const char *word;
    size_t n;

    while ((word = irc_ids_next(&text, &n)) != NULL) {
        if (strlen(id) == n && memcmp(word, id, n) == 0)
            return true;
    }
    return false;
}

const char *irc_ids_whole(const struct irc_link *l, const char *id)
{
    for (unsigned i = 0; l->talk && i < IRC_SPLIT_KEPT; i++) {
        if (l->talk->split[i] && ids_have(l->talk->split[i], id))
            return l->talk->split[i];
    }
    return id;
}

const char *irc_ids_next(const char **at, size_t *n)
{
    const char *word = *at + strspn(*at, " ");

    *n = strcspn(word, " ");
    *at = word + *n;
    return *n ? word : NULL;
}
