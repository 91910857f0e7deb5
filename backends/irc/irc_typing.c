/* SPDX-License-Identifier: MPL-2.0 */
/* That the user types, told to others.
 *
 * A sign of typing is believed for six seconds, so it is repeated while the host does not take it
 * back, for half a minute at most; no two of them to one target within three seconds: what comes
 * earlier waits, and only the last of it is told. None waits for messages that wait for their
 * turn. There is a timer only while somebody is told of typing. IRCv3 typing. */
#include "irc_typing.h"

#include <string.h>

#include "irc_chan.h"
#include "irc_nick.h"
#include "irc_send.h"
#include "irc_talk.h"
#include "sojourn/memory.h"

#define TYPING_PAUSE_MS 3000
#define TYPING_AGAIN_MS 4000
#define TYPING_LASTS_MS 30000

struct irc_typing {
    struct sj_list link;
    int64_t since_ms, sent_ms;
    uint8_t wanted, told;            /* enum sj_typing */
    char id[];
};

static struct irc_typing *typing_find(const struct irc_talk *t, const char *id)
{
    for (struct sj_list *at = t->typing.next; at != &t->typing; at = at->next) {
        struct irc_typing *y = SJ_CONTAINER(at, struct irc_typing, link);
        if (strcmp(y->id, id) == 0)
            return y;
    }
    return NULL;
}

static void typing_free(struct irc_talk *t, struct irc_typing *y)
{
    sj_list_remove(&y->link);
    t->n_typing--;
    sj_free(y);
}

static struct irc_typing *typing_new(struct irc_talk *t, const char *id)
{
    size_t n = strlen(id) + 1;

    if (t->n_typing >= IRC_TYPING_MAX)
        return NULL;
    struct irc_typing *y = sj_calloc(1, sizeof *y + n);
    memcpy(y->id, id, n);
    y->sent_ms = INT64_MIN / 2;
    sj_list_init(&y->link);
    sj_list_append(&t->typing, &y->link);
    t->n_typing++;
    return y;
}

static void typing_send(struct irc_link *l, struct irc_typing *y, int64_t now)
{
    static const char *const words[] = { "done", "paused", "active" };
    struct irc_out o;

    y->told = y->wanted;
    y->sent_ms = now;
    if (irc_tags_lacks(l) & SJ_CAP_TYPING || !irc_send_is_free(l))
        return;
    irc_out_init(&o);
    irc_tag_add(&o, "+typing", words[y->wanted]);
    irc_tag_end(&o);
    irc_out_adds(&o, "TAGMSG ");
    irc_out_adds(&o, y->id);
    irc_send(l, &o, IRC_PACED);
}

/* Tells what is due; returns when to look again, or 0: nothing is left to be told. */
static int64_t typing_push(struct irc_link *l, struct irc_typing *y, int64_t now)
{
    if (y->wanted == SJ_TYPING_ACTIVE && now - y->since_ms >= TYPING_LASTS_MS)
        return 0;
    if (y->wanted != y->told && now - y->sent_ms >= TYPING_PAUSE_MS)
        typing_send(l, y, now);
    else if (y->wanted == SJ_TYPING_ACTIVE && y->told == SJ_TYPING_ACTIVE &&
             now - y->sent_ms >= TYPING_AGAIN_MS)
        typing_send(l, y, now);
    if (y->wanted == SJ_TYPING_ACTIVE && y->told == SJ_TYPING_ACTIVE)
        return y->sent_ms + TYPING_AGAIN_MS;
    return y->wanted != y->told || now - y->sent_ms < TYPING_PAUSE_MS
               ? y->sent_ms + TYPING_PAUSE_MS : 0;
}

static void typing_push_all(struct irc_link *l)
{
    struct irc_talk *t = l->talk;
    int64_t now = sj_loop_now_ms(l->base.loop);
    int64_t next = INT64_MAX;

    for (struct sj_list *at = t->typing.next; at != &t->typing;) {
        struct irc_typing *y = SJ_CONTAINER(at, struct irc_typing, link);
        at = at->next;
        int64_t due = typing_push(l, y, now);
        if (due == 0)
            typing_free(t, y);
        else if (due < next)
            next = due;
    }
    if (next == INT64_MAX)
        sj_timer_stop(&t->typing_timer);
    else
        sj_timer_start(l->base.loop, &t->typing_timer, next > now ? next - now : 0);
}

void irc_typing_on_timer(void *arg)
{
    struct irc_link *l = arg;

    if (l->state == IRC_ONLINE)
        typing_push_all(l);
}

static bool typing_is_possible(const struct irc_link *l, const char *id)
{
    struct sj_error ignored;
    struct irc_chan *c;

    if (l->state != IRC_ONLINE || irc_tags_lacks(l) & SJ_CAP_TYPING)
        return false;
    if (irc_chan_is_name(id))
        return irc_chan_check_in(l, id, &c, &ignored) == SJ_OK;
    return irc_nick_may_be_target(id);
}

void irc_set_typing(struct sj_link *base, const char *id, enum sj_typing typing)
{
    struct irc_link *l = irc_link_of(base);
    struct irc_typing *y;

    if (!typing_is_possible(l, id))
        return;
    y = typing_find(irc_talk_get(l), id);
    if (!y && typing != SJ_TYPING_ACTIVE)
        return;                          /* nobody believes it */
    if (!y && (y = typing_new(l->talk, id)) == NULL)
        return;
    y->wanted = (uint8_t)typing;
    y->since_ms = sj_loop_now_ms(l->base.loop);
    typing_push_all(l);
}

void irc_typing_said(struct irc_link *l, const char *id)
{
    struct irc_typing *y = l->talk ? typing_find(l->talk, id) : NULL;

    if (y)
        y->wanted = y->told = SJ_TYPING_STOPPED;
}

void irc_typing_release(struct irc_talk *t)
{
    sj_timer_stop(&t->typing_timer);
    while (!sj_list_empty(&t->typing))
        typing_free(t, SJ_CONTAINER(t->typing.next, struct irc_typing, link));
}
