/* SPDX-License-Identifier: MPL-2.0 */
/* draft/read-marker (backends/irc). */
#include <criterion/criterion.h>
#include <stdio.h>

#include "irc_link.h"
#include "irc_read.h"
#include "irc_talk.h"
#include "irc_world_room.h"

#define CAPS "message-tags server-time draft/read-marker"

static struct irc_world *world_with(const char *caps)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, caps, NULL);
    irc_hear_all(w);
    return w;
}

static enum sj_status reads(struct irc_world *w, const char *peer, const char *id, int64_t at)
{
    const struct sj_mark mark = { .kind = SJ_MARK_DISPLAYED, .peer = peer, .target = id,
                                  .quiet = true, .target_at = at };
    struct sj_error err;
    struct sj_link *l = &irc_world_link(w)->base;

    return l->backend->send_mark(l, &mark, 0, &err);
}

/* The times of the last messages are known, and of no more; else the gateway's, if it has one. */
Test(irc_read, knows_when_the_last_messages_were_sent)
{
    struct irc_world *w = world_with(CAPS);
    char line[160];

    for (unsigned i = 0; i < IRC_READ_KNOWN + 3; i++) {
        snprintf(line, sizeof line, "@msgid=m%u;time=2026-01-02T03:04:05.%03uZ :juliet!j@h PRIVMSG "
                 "me :hi", i, i);
        irc_says(w, line);
        irc_settle(w);
    }
    cr_expect_eq(reads(w, "juliet", "m3", 0), SJ_OK);
    irc_gets(w, "MARKREAD juliet timestamp=2026-01-02T03:04:05.003Z");
    snprintf(line, sizeof line, "m%u", IRC_READ_KNOWN + 2);
    cr_expect_eq(reads(w, "juliet", line, 1), SJ_OK);
    snprintf(line, sizeof line, "MARKREAD juliet timestamp=2026-01-02T03:04:05.%03uZ",
             IRC_READ_KNOWN + 2);
    irc_gets(w, line);
    cr_expect_eq(reads(w, "juliet", "m2", 0), SJ_NOTFOUND);
    cr_expect_eq(reads(w, "nurse", "m4", 0), SJ_NOTFOUND);
    cr_expect_eq(reads(w, "juliet", "m2", -5), SJ_NOTFOUND);
    irc_gets_nothing(w);
    cr_expect_eq(reads(w, "juliet", "m2", 1000), SJ_OK);
    irc_gets(w, "MARKREAD juliet timestamp=1970-01-01T00:00:01.000Z");
    cr_expect_eq(reads(w, "juliet evil", "m4", 1000), SJ_INVALID);
    cr_expect_eq(reads(w, "juliet", "m2", INT64_MAX), SJ_NOTFOUND);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_read, needs_ids_and_times_and_costs_nothing_else)
{
    static const char *const caps[] = { NULL, "message-tags server-time",
                                        "message-tags draft/read-marker",
                                        "server-time draft/read-marker" };

    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        struct irc_world *w = world_with(caps[i]);
        irc_says(w, "@msgid=m1;time=2026-01-02T03:04:05.000Z :juliet!j@h PRIVMSG me :hi");
        irc_hear_all(w);
        cr_expect(irc_world_link(w)->lacks & SJ_CAP_READ_SYNC);
        cr_expect(!irc_world_link(w)->talk || !irc_world_link(w)->talk->read);
        cr_expect_eq(reads(w, "juliet", "m1", 1000), SJ_UNSUPPORTED);
        irc_gets_nothing(w);
        irc_world_free(w);
    }
}
