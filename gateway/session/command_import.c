/* SPDX-License-Identifier: MPL-2.0 */
/* The command that brings the network's list into the user's roster once more: for who declined an
 * offer, lost a roster or comes with another client (G144-09, G050-17). What contacts are offered
 * without being asked for is in roster.c and suggest.c, which also do the work here; this only
 * forgets that they were offered. Who is in the roster, or waits for the network, stays so. */
#include "command.h"
#include "command_list.h"
#include "roster.h"
#include "session.h"
#include "sojourn/translate.h"

static bool import_fits(const struct network *n)
{
    return (n->backend->caps & SJ_CAP_CONTACT_LIST) != 0;
}

static bool import_is_missing(const struct contact *c)
{
    return c->listed && !c->to && !c->in_roster && !c->asked_out &&
           c->writing == CONTACT_WRITES_NOTHING;
}

/* Counts them, and forgets that they were offered. */
static unsigned import_begin(struct session *s)
{
    struct contact *c;
    uint32_t at = 0;
    unsigned n = 0;

    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (!import_is_missing(c))
            continue;
        n++;
        if (!c->suggested && !c->asked)
            continue;
        c->suggested = c->asked = false;
        contact_changed(c);
    }
    if (n == 0)
        return 0;
    s->offer_refused = false;
    if (s->roster)
        s->roster->refused = s->roster->unreadable = false;
    roster_later(s);
    return n;
}

static void import_do(struct run *r)
{
    struct session *s = run_session(r);
    struct sj_error err = {.status = SJ_OK};
    unsigned n;

    if (!s || !s->announced || s->n_resources == 0) {
        sj_fail(&err, SJ_UNREACHABLE, "You are not logged in to the network; show yourself as "
                "available first.");
        command_done_error(r, &err);
        return;
    }
    /* Who is missing is known when that is through. */
    if (s->roster && s->roster->state != ROSTER_IDLE) {
        command_done_note(r, XMPP_NOTE_INFO, "Your list is being brought up to date already.");
        return;
    }
    n = import_begin(s);
    if (n == 0)
        command_done_note(r, XMPP_NOTE_INFO, "Nobody in your list there is missing here.");
    else if (roster_takes_over(s))
        command_done_note(r, XMPP_NOTE_INFO, "Contacts that are being put into your list: %u.", n);
    else
        command_done_note(r, XMPP_NOTE_INFO,
                          "Contacts that are being offered to your client: %u. If it does not "
                          "understand offers, each of them asks to be added.", n);
}

const struct command command_import = {
    .node = "import",
    .word = "import",
    .title = N_("Bring in contacts"),
    .help = N_("bring your contacts there into your list here"),
    .flags = COMMAND_REGISTERED,
    .fits = import_fits,
    .do_it = import_do,
};
