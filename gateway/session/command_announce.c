/* SPDX-License-Identifier: MPL-2.0 */
/* What admins say to everybody who is there: an announcement to the users of one network, and the
 * stop of the gateway, announced to the users of all (XEP-0133 §4.23, §4.32; G133-05, G133-06). */
#include <string.h>

#include "command.h"
#include "command_list.h"
#include "session.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define ANNOUNCE_NODE "http://jabber.org/protocol/admin#"
#define ANNOUNCE_FORM "http://jabber.org/protocol/admin"

/* One message to each user with a session. */
static unsigned announce(struct network *n, const char *text)
{
    const struct session *s;
    uint32_t at = 0;
    unsigned told = 0;

    while ((s = sj_map_next(&n->by_user, &at)) != NULL) {
        struct xmpp_message_out out = {.to = s->user, .body = text, .headline = true};
        if (s->registered && s->announced && xmpp_send_message(n->all->xmpp, n->index, &out))
            told++;
    }
    return told;
}

static void announce_do(struct run *r)
{
    unsigned told = announce(r->network, run_value(r, "announcement"));

    sj_log_info(&r->all->log, "admin command=announce told=%u by=%s", told, SJ_CLIP(r->user));
    command_done_note(r, XMPP_NOTE_INFO, "Users who have been told: %u.", told);
}

static const struct xmpp_input announce_inputs[] = {{
    .kind = XMPP_INPUT_LINES,
    .var = "announcement",
    .label = N_("What to say"),
    .required = true,
}};
static const struct command_stage announce_stages[] = {{.inputs = announce_inputs, .n_inputs = 1}};

const struct command command_announce = {
    .node = ANNOUNCE_NODE "announce",
    .word = "announce",
    .title = N_("Announce something to users who are logged in"),
    .help = N_("for admins: one message to everybody who is logged in"),
    .form_type = ANNOUNCE_FORM,
    .flags = COMMAND_ADMIN,
    .stages = announce_stages,
    .n_stages = 1,
    .do_it = announce_do,
};

/* ---- the stop ---- */

static bool shutdown_fits(const struct network *n)
{
    return n->all->options->shutdown != NULL;
}

/* Given again, the last one holds. */
static void shutdown_do(struct run *r)
{
    struct sessions *all = r->all;
    const char *text = run_value(r, "announcement");
    int64_t seconds;

    if (!sj_parse_int(run_value(r, "delay"), 1, 300, &seconds))
        seconds = 30;
    sj_log_info(&all->log, "admin command=shutdown delay_s=%lld by=%s", (long long)seconds,
                SJ_CLIP(r->user));
    for (unsigned i = 0; text && *text && i < all->n_networks; i++)
        announce(&all->networks[i], text);
    sj_timer_start(all->loop, &all->shutdown, seconds * 1000);
    command_done_note(r, XMPP_NOTE_INFO, "The gateway stops in %u s.", (unsigned)seconds);
}

static const struct xmpp_choice shutdown_delays[] = {
    {"30", "30"},   {"60", "60"},   {"90", "90"},   {"120", "120"},
    {"180", "180"}, {"240", "240"}, {"300", "300"},
};
static const struct xmpp_input shutdown_inputs[] = {
    {
        .kind = XMPP_INPUT_LIST,
        .var = "delay",
        .label = N_("Seconds until then"),
        .value = "60",
        .required = true,
        .choices = shutdown_delays,
        .n_choices = sizeof shutdown_delays / sizeof shutdown_delays[0],
    },
    {
        .kind = XMPP_INPUT_LINES,
        .var = "announcement",
        .label = N_("What to say to everybody now"),
    },
};
static const struct command_stage shutdown_stages[] = {{.inputs = shutdown_inputs, .n_inputs = 2}};

const struct command command_shutdown = {
    .node = ANNOUNCE_NODE "shutdown",
    .word = "shutdown",
    .title = N_("Stop the gateway"),
    .help = N_("for admins: stop the gateway, all networks of it"),
    .form_type = ANNOUNCE_FORM,
    .flags = COMMAND_ADMIN,
    .stages = shutdown_stages,
    .n_stages = 1,
    .fits = shutdown_fits,
    .do_it = shutdown_do,
};
