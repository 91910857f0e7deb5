/* SPDX-License-Identifier: MPL-2.0 */
/* Answers to CTCP queries: CLIENTINFO, PING, TIME, VERSION.
 *
 * Answers are NOTICEs, go through the user's paced lines, and at most so many in a time, so that
 * nobody can use up a user's sending rate. Everything else is left unanswered. ACTION is text and
 * is handled in irc_text.c. The CTCP draft (draft-oakley-irc-ctcp-02). */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "irc_link.h"
#include "irc_nick.h"
#include "irc_send.h"
#include "irc_text.h"
#include "sojourn/log.h"
#include "sojourn/strbuf.h"

/* Three answers at once, then one in ten seconds. */
#define CTCP_BURST 3u
#define CTCP_RATE_S 10u
#define CTCP_TEXT_MAX 100u

static bool ctcp_may_answer(struct irc_link *l)
{
    uint32_t now = (uint32_t)(sj_loop_now_ms(l->base.loop) / 1000);

    if ((int32_t)(l->ctcp_at_s - now) < 0)
        l->ctcp_at_s = now;
    if (l->ctcp_at_s - now > (CTCP_BURST - 1) * CTCP_RATE_S)
        return false;
    l->ctcp_at_s += CTCP_RATE_S;
    return true;
}

static void ctcp_reply(struct irc_link *l, const char *nick, const char *query, const char *text)
{
    struct irc_out o;

    if (!ctcp_may_answer(l))
        return;
    irc_out_init(&o);
    irc_out_adds(&o, "NOTICE ");
    irc_out_adds(&o, nick);
    irc_out_adds(&o, " :\001");
    irc_out_adds(&o, query);
    irc_out_adds(&o, " ");
    irc_out_add_text(&o, text, CTCP_TEXT_MAX);
    irc_out_adds(&o, "\001");
    irc_send(l, &o, IRC_PACED);
}

void irc_ctcp_answer(struct irc_link *l, const char *nick, char *text)
{
    char *rest = strchr(text, ' ');

    if (rest)
        *rest++ = '\0';
    else
        rest = text + strlen(text);
    if (l->state != IRC_ONLINE)
        return;
    const char *version = l->base.net->version;
    if (sj_ascii_casecmp(text, "VERSION") == 0 && version) {
        ctcp_reply(l, nick, "VERSION", version);
    } else if (sj_ascii_casecmp(text, "CLIENTINFO") == 0) {
        ctcp_reply(l, nick, "CLIENTINFO", version ? "ACTION CLIENTINFO PING TIME VERSION"
                                                  : "ACTION CLIENTINFO PING TIME");
    } else if (sj_ascii_casecmp(text, "PING") == 0) {
        ctcp_reply(l, nick, "PING", rest);
    } else if (sj_ascii_casecmp(text, "TIME") == 0) {
        char now[40];
        struct tm tm;
        time_t seconds = (time_t)(sj_loop_utc_ms(l->base.loop) / 1000);
        if (gmtime_r(&seconds, &tm) && strftime(now, sizeof now, "%Y-%m-%d %H:%M:%S UTC", &tm))
            ctcp_reply(l, nick, "TIME", now);
    } else {
        sj_log_debug(l->base.log, "ctcp ignored query=%s", SJ_CLIP(text));
    }
}
