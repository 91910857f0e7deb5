/* SPDX-License-Identifier: MPL-2.0 */
/* MARKREAD: how far the user has read in a conversation. The server keeps it and tells the user's
 * other clients, and nobody else.
 *
 * It goes by the time of a message, and marks name ids; so the times of the last messages are kept,
 * of all conversations together, as hashes. A marker goes forward only; the server sees to that.
 * What the user has read elsewhere has no form that clients here would take from us, so what comes
 * in is only heard. IRCv3 read-marker (draft). */
#include "irc_read.h"

#include <stdio.h>
#include <time.h>

#include "irc_case.h"
#include "irc_link.h"
#include "irc_send.h"
#include "irc_tags.h"
#include "irc_talk.h"
#include "sojourn/memory.h"

#define READ_TIME_MAX 253402300799999    /* the last one with four digits of a year */

struct irc_read {
    int64_t at;
    uint32_t peer, id;                   /* hashes */
};

static uint32_t read_hash(const char *id)
{
    return irc_ops_hash(id, strlen(id));
}

void irc_read_note(struct irc_link *l, const struct sj_message *msg)
{
    struct irc_talk *t;

    if (!irc_cap_has(l, IRC_CAP_READ_MARKER | IRC_CAP_SERVER_TIME | IRC_CAP_MESSAGE_TAGS) ||
        !msg->id || !msg->sent_at)
        return;
    t = irc_talk_get(l);
    if (!t->read)
        t->read = sj_calloc(IRC_READ_KNOWN, sizeof *t->read);
    t->read[t->n_read++ % IRC_READ_KNOWN] = (struct irc_read){
        .at = msg->sent_at, .peer = read_hash(msg->peer), .id = read_hash(msg->id) };
}

/* When it was sent; 0: that is not known any more. */
static int64_t read_time(const struct irc_link *l, const char *peer, const char *id)
{
    const struct irc_talk *t = l->talk;
    uint32_t n = t && t->read ? t->n_read : 0;
    uint32_t by = read_hash(peer), hash = read_hash(id);

    for (uint32_t i = n; i > 0 && i + IRC_READ_KNOWN > n; i--) {
        const struct irc_read *r = &t->read[(i - 1) % IRC_READ_KNOWN];
        if (r->peer == by && r->id == hash)
            return r->at;
    }
    return 0;
}

/* MARKREAD <target> timestamp=YYYY-MM-DDThh:mm:ss.sssZ */
enum sj_status irc_read_send(struct irc_link *l, const struct sj_mark *mark, sj_op op,
                             struct sj_error *err)
{
    int64_t at = read_time(l, mark->peer, mark->target);
    time_t seconds;
    struct tm tm;
    char text[48], full[64];
    struct irc_out o;

    if (irc_tags_lacks(l) & SJ_CAP_READ_SYNC)
        return sj_fail(err, SJ_UNSUPPORTED, "this network does not keep what was read");
    if (!at)
        at = mark->target_at;
    seconds = (time_t)(at / 1000);
    if (at <= 0 || at > READ_TIME_MAX || !gmtime_r(&seconds, &tm) ||
        !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm))
        return sj_fail(err, SJ_NOTFOUND, "it is not known when this message was sent");
    (void)snprintf(full, sizeof full, "%s.%03dZ", text, (int)(at % 1000));
    irc_out_init(&o);
    irc_out_adds(&o, "MARKREAD ");
    irc_out_adds(&o, mark->peer);
    irc_out_adds(&o, " timestamp=");
    irc_out_adds(&o, full);
    if (!irc_send(l, &o, IRC_PACED))
        return sj_fail(err, SJ_LIMIT, "too much waits for the network; try again later");
    if (op)
        irc_link_done(l, op);
    return SJ_OK;
}

/* MARKREAD <target> [timestamp=...]: at a JOIN, of the user's other clients, and as the answer. */
void irc_read_handle(struct irc_link *l, struct irc_line *line)
{
    (void)l;
    (void)line;
}
