/* SPDX-License-Identifier: MPL-2.0 */
/* The user's roster: which way is taken, what is written and what is left alone. */
#include <string.h>

#include "expect.h"
#include "roster.h"

#define ALL (XMPP_MAY_READ_ROSTER | XMPP_MAY_SET_ROSTER | XMPP_HEARS_ROSTER)
#define ADV(w) world_advance(w, 100)

/* Logged in where the server grants this, with what the network lists, and the roster asked for. */
static struct world *reading(uint32_t caps, unsigned privileges)
{
    struct world *w = world_new(caps);

    w->privileges = privileges;
    world_ready(w);                      /* and it was asked for */
    ADV(w);
    EXPECT(w, "");
    return w;
}

/* The contact is in the roster as we put it there. */
static struct world *with_item(uint32_t caps, const char *name, const char *group)
{
    struct world *w = reading(caps, ALL);

    world_listed(w, "juliet", name, group);
    world_read(w, true);
    world_written(w, "juliet", true);
    world_item(w, "juliet", name, XMPP_ROSTER_BOTH, group);
    world_read(w, true);
    world_clear(w);
    world_advance(w, ROSTER_PAUSE_MS + 100);
    EXPECT(w, "");
    return w;
}

static void look_again(struct world *w)
{
    world_advance(w, ROSTER_PAUSE_MS + 100);
    EXPECT(w, "roster-read " ROMEO "\n");
}

/* G356-06, G356-08, G356-09, G144-11. */
Test(roster, is_filled_without_a_question)
{
    struct world *w = reading(CAPS_FULL, ALL);

    world_listed(w, "juliet", "Juliet", "Capulets");
    world_listed(w, "nurse", "Nurse", NULL);
    EXPECT(w, "");
    world_item(w, "nurse", "Nurse", XMPP_ROSTER_BOTH, NULL);
    EXPECT(w, "net add nurse\n");
    world_read(w, true);
    EXPECT(w, "roster-write juliet 'Juliet' both +Capulets\n");
    world_written(w, "juliet", true);
    EXPECT(w, "roster-read " ROMEO "\n");
    world_item(w, "nurse", "Nurse", XMPP_ROSTER_BOTH, NULL);
    world_item(w, "juliet", "Juliet", XMPP_ROSTER_BOTH, "Capulets");
    EXPECT(w, "net add juliet\n");
    world_read(w, true);
    world_advance(w, 120000);
    EXPECT(w, "");
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    EXPECT(w, "presence juliet -> " ROMEO " online\n");
    world_free(w);
}

/* G356-08: where the server takes no subscription, the contact asks; once, also after a restart. */
Test(roster, asks_once_where_an_item_is_no_subscription)
{
    struct world *w = reading(CAPS_FULL, ALL);

    world_listed(w, "juliet", "Juliet", NULL);
    world_read(w, true);
    world_written(w, "juliet", true);
    world_item(w, "juliet", "Juliet", XMPP_ROSTER_NONE, NULL);
    world_clear(w);
    world_read(w, true);
    EXPECT(w, "sub juliet -> " ROMEO " subscribe\n");
    world_sub(w, "juliet", XMPP_UNSUBSCRIBED);
    EXPECT(w, "");
    world_restart(w);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_listed(w, "juliet", "Juliet", NULL);
    ADV(w);
    world_clear(w);
    world_item(w, "juliet", "Juliet", XMPP_ROSTER_NONE, NULL);
    world_read(w, true);
    world_advance(w, 300000);
    EXPECT(w, "");
    world_free(w);
}

/* G144-06, G356-09: only differences; a rename over there changes the item. */
Test(roster, follows_the_network)
{
    struct world *w = with_item(CAPS_FULL, "Juliet", "Capulets");

    world_listed(w, "juliet", "Juliet", "Capulets");
    ADV(w);
    EXPECT(w, "");
    world_listed(w, "juliet", "Giulietta", NULL);
    look_again(w);
    world_item(w, "juliet", "Juliet", XMPP_ROSTER_BOTH, "Capulets");
    EXPECT(w, "roster-write juliet 'Giulietta' both +Capulets\n");
    world_read(w, true);
    world_written(w, "juliet", true);
    ADV(w);
    EXPECT(w, "");
    world_listed(w, "juliet", NULL, "Montagues");
    look_again(w);
    world_item(w, "juliet", "Giulietta", XMPP_ROSTER_BOTH, "Capulets");
    EXPECT(w, "roster-write juliet 'Giulietta' both +Montagues\n");
    world_free(w);
}

/* G356-09: the user's own name and groups stay. */
Test(roster, keeps_what_the_user_has_given)
{
    struct world *w = with_item(CAPS_FULL, "Juliet", "Capulets");

    world_push(w, "juliet", "My sun", XMPP_ROSTER_BOTH, "Love");
    EXPECT(w, "");
    world_listed(w, "juliet", "Giulietta", "Tombs");
    look_again(w);
    world_item(w, "juliet", "My sun", XMPP_ROSTER_BOTH, "Love");
    world_read(w, true);
    EXPECT(w, "");
    world_push(w, "juliet", "", XMPP_ROSTER_BOTH, "Love");
    EXPECT(w, "roster-write juliet 'Giulietta' both +Love\n");
    world_free(w);
}

/* Several groups are the user's own, and a rename keeps them all. */
Test(roster, keeps_groups_when_it_renames)
{
    struct world *w = with_item(CAPS_FULL, "Juliet", "Capulets");
    struct xmpp_roster_item item = {.peer = "juliet", .name = "Juliet", .sub = XMPP_ROSTER_BOTH,
                                    .n_groups = 2, .group = {"A", "B"}};

    world_listed(w, "juliet", "Giulietta", "Tombs");
    look_again(w);
    w->in->privilege.item(w->sessions, 0, ROMEO, &item);
    EXPECT(w, "roster-write juliet 'Giulietta' both +A +B\n");
    world_read(w, true);
    world_written(w, "juliet", false);
    world_clear(w);
    item.cut = true;
    world_listed(w, "juliet", "Again", NULL);
    world_advance(w, ROSTER_PAUSE_MS + 100);
    world_clear(w);
    w->in->privilege.item(w->sessions, 0, ROMEO, &item);
    EXPECT(w, "");
    world_free(w);
}

/* Names of the user's go to a network that keeps names. */
Test(roster, tells_the_network_the_users_names)
{
    struct world *w = with_item(CAPS_FULL | SJ_CAP_CONTACT_NAMES, "Juliet", "Capulets");

    world_push(w, "juliet", "My sun", XMPP_ROSTER_BOTH, "Capulets");
    EXPECT(w, "net name juliet 'My sun' '-'\n");
    world_push(w, "juliet", "My sun", XMPP_ROSTER_BOTH, "Capulets");
    EXPECT(w, "");
    world_push(w, "juliet", "My sun", XMPP_ROSTER_BOTH, "Love");
    EXPECT(w, "net name juliet '-' 'Love'\n");
    world_listed(w, "juliet", "My sun", "Love");
    look_again(w);
    world_item(w, "juliet", "My sun", XMPP_ROSTER_BOTH, "Love");
    world_read(w, true);
    EXPECT(w, "");
    /* Both sides agree now: what is renamed over there is renamed here. */
    world_listed(w, "juliet", "Giulietta", "Love");
    look_again(w);
    world_item(w, "juliet", "My sun", XMPP_ROSTER_BOTH, "Love");
    EXPECT(w, "roster-write juliet 'Giulietta' both +Love\n");
    world_free(w);
}

/* A network that takes the name in another form: no tug of war. */
Test(roster, does_not_fight_about_a_name)
{
    struct world *w = with_item(CAPS_FULL | SJ_CAP_CONTACT_NAMES, "Juliet", NULL);

    world_push(w, "juliet", "A long name", XMPP_ROSTER_BOTH, NULL);
    EXPECT(w, "net name juliet 'A long name' '-'\n");
    world_listed(w, "juliet", "A long", NULL);
    look_again(w);
    world_item(w, "juliet", "A long name", XMPP_ROSTER_BOTH, NULL);
    world_read(w, true);
    world_push(w, "juliet", "A long name", XMPP_ROSTER_BOTH, NULL);
    world_advance(w, 60000);
    EXPECT(w, "");
    world_free(w);
}

/* Removals, both ways (G100-42, G100-52, G356-07). */
Test(roster, follows_removals)
{
    struct world *w = with_item(CAPS_FULL, "Juliet", NULL);

    world_push(w, "juliet", NULL, XMPP_ROSTER_REMOVE, NULL);
    EXPECT(w, "net remove juliet\n");
    world_push(w, "juliet", NULL, XMPP_ROSTER_REMOVE, NULL);
    EXPECT(w, "");
    world_free(w);
    w = with_item(CAPS_FULL, "Juliet", NULL);
    world_gone(w, "juliet");
    EXPECT(w, "presence juliet -> " ROMEO " offline\nsub juliet -> " ROMEO " unsubscribe\n"
              "sub juliet -> " ROMEO " unsubscribed\npresence juliet -> " ROMEO " offline\n"
              "roster-remove juliet\n");
    world_free(w);
}

/* G144-06, G100-52: who was removed over there while the user was away. */
Test(roster, follows_removals_that_were_missed)
{
    struct world *w = with_item(CAPS_FULL, "Juliet", NULL);

    world_listed(w, "nurse", "Nurse", NULL);
    look_again(w);
    world_item(w, "juliet", "Juliet", XMPP_ROSTER_BOTH, NULL);
    world_read(w, true);
    world_written(w, "nurse", true);
    world_clear(w);
    world_restart(w);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_listed(w, "nurse", "Nurse", NULL);
    ADV(w);
    world_clear(w);
    world_list_told(w);
    EXPECT(w, "presence juliet -> " ROMEO " offline\nsub juliet -> " ROMEO " unsubscribe\n"
              "sub juliet -> " ROMEO " unsubscribed\npresence juliet -> " ROMEO " offline\n"
              "roster-remove juliet\n");
    /* The answer on its way is older than that: it is not believed. */
    world_item(w, "juliet", "Juliet", XMPP_ROSTER_BOTH, NULL);
    world_read(w, true);
    EXPECT(w, "");
    look_again(w);
    world_list_told(w);
    EXPECT(w, "");
    world_free(w);
}

/* G356-10, R6121-09. */
Test(roster, repairs_subscriptions_at_the_log_in)
{
    struct world *w = reading(CAPS_PLAIN, ALL);

    world_item(w, "juliet", "Juliet", XMPP_ROSTER_BOTH, NULL);
    EXPECT(w, "net add juliet\n");
    world_read(w, true);
    EXPECT(w, "");
    world_contact(w, "juliet", SJ_SHOW_AWAY, false);
    EXPECT(w, "presence juliet -> " ROMEO " away\n");
    world_push(w, "juliet", "Juliet", XMPP_ROSTER_FROM, NULL);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    EXPECT(w, "");
    world_free(w);
}

/* A request that was lost while we were away. */
Test(roster, takes_up_a_lost_request)
{
    struct world *w = reading(CAPS_FULL, ALL);
    struct xmpp_roster_item item = {.peer = "juliet", .asks = true};

    w->in->privilege.item(w->sessions, 0, ROMEO, &item);
    world_run(w);
    EXPECT(w, "net add juliet\n");
    w->in->privilege.item(w->sessions, 0, ROMEO, &item);
    EXPECT(w, "");
    world_free(w);
}

/* What is missing ends for us, not over there. */
Test(roster, removes_nothing_over_there_for_an_empty_roster)
{
    struct world *w = with_item(CAPS_FULL, "Juliet", NULL);

    world_listed(w, "juliet", "Other", NULL);
    look_again(w);
    world_read(w, true);
    world_advance(w, 300000);
    EXPECT(w, "");
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    EXPECT(w, "");
    world_free(w);
}

/* G356-04: the server promises more than it can, so the client is asked. */
Test(roster, falls_back_when_writing_fails)
{
    struct world *w = reading(CAPS_FULL, ALL);

    world_listed(w, "juliet", "Juliet", NULL);
    world_listed(w, "nurse", "Nurse", NULL);
    world_item(w, "nurse", "Nurse", XMPP_ROSTER_BOTH, NULL);
    world_clear(w);
    world_read(w, true);
    EXPECT(w, "roster-write juliet 'Juliet' both\n");
    world_written(w, "juliet", false);
    EXPECT(w, "query " ROMEO "/r\n");
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_run(w);
    EXPECT(w, "items " ROMEO "/r add juliet (iq)\n");
    world_free(w);
}

/* A write whose answer does not come, because the log-in or the stream ended before it. What may be
 * there counts as ours (G356-08). */
Test(roster, writes_again_what_got_no_answer)
{
    for (int way = 0; way < 3; way++) {
        struct world *w = reading(CAPS_FULL, ALL);

        world_listed(w, "juliet", "Juliet", NULL);
        world_read(w, true);
        EXPECT(w, "roster-write juliet 'Juliet' both\n");
        if (way == 0) {
            world_down(w, SJ_END_CLOSED);
            world_advance(w, 5000);
            world_listed(w, "juliet", "Juliet", NULL);
        } else {
            world_stream(w, false);
            w->privileges = 0;
            world_stream(w, true);
            world_grant(w, ALL);
        }
        world_written(w, "juliet", false);           /* nobody answered: late, and of no meaning */
        world_advance(w, ROSTER_PAUSE_MS);
        cr_expect_not_null(strstr(world_lines(w), "roster-read " ROMEO "\n"), "way %d", way);
        if (way == 2)
            world_item(w, "juliet", "Juliet", XMPP_ROSTER_NONE, NULL);
        world_read(w, true);
        EXPECT(w, way < 2 ? "roster-write juliet 'Juliet' both\n"
                          : "sub juliet -> " ROMEO " subscribe\n");
        world_written(w, "juliet", way < 2);
        EXPECT(w, way < 2 ? "roster-read " ROMEO "\n" : "");
        world_free(w);
    }
}

/* The same for a reading: the next stream's server is asked anew. */
Test(roster, reads_again_what_got_no_answer)
{
    struct world *w = reading(CAPS_FULL, ALL);

    world_listed(w, "juliet", "Juliet", NULL);
    world_stream(w, false);
    world_stream(w, true);
    world_grant(w, ALL);
    world_advance(w, ROSTER_PAUSE_MS);
    cr_expect_not_null(strstr(world_lines(w), "roster-read " ROMEO "\n"));
    world_read(w, true);
    EXPECT(w, "roster-write juliet 'Juliet' both\n");
    world_read(w, false);
    world_written(w, "juliet", true);
    EXPECT(w, "roster-read " ROMEO "\n");
    world_free(w);
}

/* G356-06: forbidden takes the permission away in the middle of it. */
Test(roster, falls_back_when_privileges_end)
{
    struct world *w = reading(CAPS_FULL, ALL);

    world_listed(w, "juliet", "Juliet", NULL);
    world_read(w, true);
    EXPECT(w, "roster-write juliet 'Juliet' both\n");
    world_grant(w, 0);
    EXPECT(w, "query " ROMEO "/r\n");
    world_written(w, "juliet", false);
    world_clear(w);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_run(w);
    EXPECT(w, "items " ROMEO "/r add juliet (iq)\n");
    world_free(w);
}

/* Granted only now; G356-05: to others. */
Test(roster, begins_when_privileges_come)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    world_listed(w, "juliet", "Juliet", NULL);
    w->privileges = ALL;
    w->in->privilege.changed(w->sessions, 0, "example.net");
    ADV(w);
    EXPECT(w, "");
    world_grant(w, ALL);
    EXPECT(w, "roster-read " ROMEO "\n");
    world_read(w, true);
    EXPECT(w, "roster-write juliet 'Juliet' both\n");
    world_free(w);
}

/* Only readable: what is there is not offered. */
Test(roster, offers_what_is_missing_when_it_may_only_be_read)
{
    struct world *w = world_new(CAPS_FULL);

    w->privileges = XMPP_MAY_READ_ROSTER;
    world_ready(w);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_listed(w, "juliet", "Juliet", NULL);
    world_listed(w, "nurse", "Nurse", NULL);
    ADV(w);
    EXPECT(w, "");
    world_item(w, "nurse", "Nurse", XMPP_ROSTER_NONE, NULL);
    world_read(w, true);
    EXPECT(w, "items " ROMEO "/r add juliet (iq)\n");
    world_free(w);
}

/* No answer, or too large a one: as without privileges, and not asked for again. */
Test(roster, does_without_one_that_cannot_be_read)
{
    struct world *w = world_new(CAPS_FULL);

    w->privileges = ALL;
    world_ready(w);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_listed(w, "juliet", "Juliet", NULL);
    ADV(w);
    world_clear(w);
    world_read(w, false);
    EXPECT(w, "items " ROMEO "/r add juliet (iq)\n");
    world_listed(w, "juliet", "Giulietta", NULL);
    world_advance(w, 10000);
    EXPECT(w, "items " ROMEO "/r modify juliet (iq)\n");
    world_free(w);
}

/* Names before items, but not for ever. */
Test(roster, waits_for_names)
{
    struct world *w = reading(CAPS_FULL, ALL);

    world_listed(w, "juliet", NULL, NULL);
    world_listed(w, "nurse", NULL, NULL);
    world_read(w, true);
    EXPECT(w, "");
    world_listed(w, "juliet", "Juliet", NULL);
    world_advance(w, ROSTER_NAMES_MS - 1000);
    EXPECT(w, "");
    world_advance(w, ROSTER_PAUSE_MS);
    EXPECT(w, "roster-read " ROMEO "\n");
    world_read(w, true);
    const char *got = world_lines(w);
    cr_expect(strstr(got, "roster-write juliet 'Juliet' both\n") &&
                  strstr(got, "roster-write nurse '' both\n"), "%s", got);
    world_free(w);
}

/* A large list goes in slices, each item once. */
Test(roster, writes_boundedly)
{
    struct world *w = reading(CAPS_FULL, ALL);
    unsigned n = 0;
    char id[16];

    world_contacts_max(200);
    for (unsigned i = 0; i < 120; i++) {
        snprintf(id, sizeof id, "c%u", i);
        world_listed(w, id, id, NULL);
    }
    world_read(w, true);
    const char *got = world_lines(w);
    for (const char *at = got; (at = strstr(at, "roster-write ")) != NULL; at++)
        n++;
    cr_expect_eq(n, ROSTER_WRITES_MAX);
    n = 0;
    for (unsigned i = 0; i < 120; i++) {
        snprintf(id, sizeof id, "c%u", i);
        world_written(w, id, true);
    }
    got = world_lines(w);
    for (const char *at = got; (at = strstr(at, "roster-write ")) != NULL; at++)
        n++;
    cr_expect(n >= 120 - 2 * ROSTER_WRITES_MAX, "%u", n);
    world_free(w);
}

/* G100-20: what we put there goes, what the user added stays. */
Test(roster, takes_its_items_along_when_the_user_unregisters)
{
    struct world *w = with_item(CAPS_FULL, "Juliet", NULL);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    world_push(w, "nurse", "Nurse", XMPP_ROSTER_NONE, NULL);
    world_listed(w, "nurse", "Nurse", NULL);
    world_push(w, "nurse", "Nurse", XMPP_ROSTER_BOTH, NULL);
    world_clear(w);
    w->in->register_remove(w->sessions, &from, 9, &err);
    world_advance(w, 20);
    const char *got = world_lines(w);
    const char *removed = strstr(got, "roster-remove juliet\n");
    cr_assert_not_null(removed, "%s", got);
    cr_expect(removed < strstr(got, "answer 9 ok\n"));
    cr_expect_null(strstr(got, "roster-remove nurse"));
    world_free(w);
}

/* The id of a contact changes: its item moves, with the user's own name and groups. */
Test(roster, moves_an_item)
{
    struct world *w = with_item(CAPS_FULL, "Juliet", "Capulets");

    world_push(w, "juliet", "My sun", XMPP_ROSTER_BOTH, "Love");
    world_clear(w);
    w->link->host->contact_renamed(w->link, "juliet", "giulietta");
    world_run(w);
    EXPECT(w, "presence juliet -> " ROMEO " offline\nsub juliet -> " ROMEO " unsubscribe\n"
              "sub juliet -> " ROMEO " unsubscribed\npresence juliet -> " ROMEO " offline\n");
    look_again(w);
    world_item(w, "juliet", "My sun", XMPP_ROSTER_BOTH, "Love");
    EXPECT(w, "roster-write giulietta 'My sun' both +Love\n");
    world_read(w, true);
    world_written(w, "giulietta", true);
    EXPECT(w, "roster-remove juliet\nroster-read " ROMEO "\n");
    world_item(w, "giulietta", "My sun", XMPP_ROSTER_BOTH, "Love");
    world_read(w, true);
    world_clear(w);
    world_contact(w, "giulietta", SJ_SHOW_ONLINE, true);
    EXPECT(w, "presence giulietta -> " ROMEO " online\n");
    world_free(w);
}

/* Without privileges the old one is to go and the new one offered (G144-03). */
Test(roster, offers_a_contact_with_a_new_id)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_listed(w, "juliet", "Juliet", NULL);
    world_clear(w);
    w->link->host->contact_renamed(w->link, "juliet", "giulietta");
    world_run(w);
    EXPECT(w, "items " ROMEO "/r delete juliet (iq)\nitems " ROMEO "/r add giulietta (iq)\n");
    world_listed(w, "nurse", "Nurse", NULL);
    world_clear(w);
    w->link->host->contact_renamed(w->link, "nurse", "giulietta");
    w->link->host->contact_renamed(w->link, "nobody", "somebody");
    world_run(w);
    EXPECT(w, "items " ROMEO "/r delete nurse (iq)\n");
    world_free(w);
}

/* ---- the other ways ---- */

/* G144-06, G144-08: changes are offered, not one by one, and not often. */
Test(suggest, offers_changes)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_listed(w, "juliet", "Juliet", NULL);
    world_clear(w);
    world_listed(w, "juliet", "Juliet", NULL);
    EXPECT(w, "");
    world_listed(w, "juliet", "Giulietta", NULL);
    EXPECT(w, "items " ROMEO "/r modify juliet (iq)\n");
    for (unsigned i = 0; i < 20; i++) {
        world_listed(w, "juliet", i % 2 ? "A" : "B", "Group");
        world_advance(w, 1000);
    }
    EXPECT(w, "");
    world_advance(w, 60000);
    EXPECT(w, "items " ROMEO "/r modify juliet (iq)\n");
    world_advance(w, 120000);
    EXPECT(w, "");
    world_free(w);
}

/* G144-07: more changes than one stanza takes; the others follow, as slowly. */
Test(suggest, offers_all_changes)
{
    struct world *w = world_new(CAPS_FULL);
    const unsigned n = 2 * XMPP_ROSTERX_MAX + 10;
    unsigned told = 0;
    char id[16];

    world_contacts_max(400);
    world_ready(w);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    for (int round = 0; round < 2; round++) {
        for (unsigned i = 0; i < n; i++) {
            snprintf(id, sizeof id, "c%u", i);
            world_listed(w, id, round ? "new" : "old", NULL);
        }
    }
    world_advance(w, 1000);
    world_clear(w);
    for (unsigned i = 0; i < 4; i++) {
        world_advance(w, 60000);
        const char *got = world_lines(w);
        if (*got)
            cr_expect(strncmp(got, "items " ROMEO "/r modify ", 29) == 0, "%.99s", got);
        unsigned before = told;
        for (const char *at = got; (at = strstr(at, " c")) != NULL; at++)
            told++;
        cr_expect_leq(told - before, XMPP_ROSTERX_MAX);
    }
    /* One was told when it changed, before the others had. */
    cr_expect_eq(told, n - 1, "%u", told);
    world_free(w);
}

/* G144-09. */
Test(suggest, ends_for_the_session_when_refused)
{
    struct world *w = world_new(CAPS_FULL);
    struct xmpp_from from = world_from(ROMEO, "r");

    world_ready(w);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_listed(w, "juliet", "Juliet", NULL);
    world_clear(w);
    w->in->bounce(w->sessions, &from, NULL, 'i', "not-allowed");
    world_listed(w, "nurse", "Nurse", NULL);
    world_listed(w, "juliet", "Giulietta", NULL);
    world_gone(w, "juliet");
    world_advance(w, 300000);
    EXPECT(w, "");
    world_free(w);
}

/* The last way: each asks once, ever; a few at once, the others slowly (pain 7). */
Test(suggest, asks_slowly_where_no_client_understands_offers)
{
    struct world *w = world_new(CAPS_FULL);
    unsigned n = 0;
    char id[16];

    world_contacts_max(20);
    world_ready(w);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", false);
    for (unsigned i = 0; i < 12; i++) {
        snprintf(id, sizeof id, "c%u", i);
        world_listed(w, id, id, NULL);
    }
    world_clear(w);
    world_advance(w, ROSTER_ASK_FIRST_MS - 1000);
    EXPECT(w, "");
    world_advance(w, 2000);
    const char *got = world_lines(w);
    for (const char *at = got; (at = strstr(at, "subscribe\n")) != NULL; at++)
        n++;
    cr_expect_eq(n, ROSTER_ASK_BURST, "%s", got);
    for (unsigned i = 0; i < 2; i++) {
        world_advance(w, ROSTER_ASK_MS + 100);
        got = world_lines(w);
        cr_expect(strncmp(got, "sub c", 5) == 0 && !strstr(got + 1, "sub "), "%s", got);
    }
    world_advance(w, 10 * ROSTER_ASK_MS);
    EXPECT(w, "");
    world_sub(w, "c1", XMPP_SUBSCRIBED);
    world_sub(w, "c1", XMPP_SUBSCRIBE);
    EXPECT(w, "net answer c1 yes\nsub c1 -> " ROMEO " subscribed\n");
    world_sub(w, "c2", XMPP_UNSUBSCRIBED);
    EXPECT(w, "");
    world_free(w);
}

/* A client that takes offers came meanwhile: nobody asks. */
Test(suggest, does_not_ask_who_got_an_offer)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", false);
    world_listed(w, "juliet", "Juliet", NULL);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_clear(w);
    world_advance(w, 300000);
    EXPECT(w, "");
    world_free(w);
}

/* G144-09, G050-17: once more, when the user asks for it. */
Test(roster, is_brought_in_again_by_a_command)
{
    struct world *w = world_new(CAPS_FULL);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_command_in in = {.from = &from, .node = "import", .action = XMPP_EXECUTE};
    enum xmpp_command_fault fault = XMPP_FAULT_NONE;
    struct sj_error err = {.status = SJ_OK};

    world_ready(w);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_listed(w, "juliet", "Juliet", NULL);
    w->in->bounce(w->sessions, &from, NULL, 'i', "not-allowed");
    world_clear(w);
    cr_assert_eq(w->in->command.step(w->sessions, &in, 9, &fault, &err), SJ_OK);
    ADV(w);
    EXPECT(w, "command 9 1 import completed ! info: Contacts that are being offered to your "
              "client: 1. If it does not understand offers, each of them asks to be added.\n"
              "items " ROMEO "/r add juliet (iq)\n");
    world_grant(w, ALL);
    world_clear(w);
    world_read(w, true);
    EXPECT(w, "");
    cr_assert_eq(w->in->command.step(w->sessions, &in, 10, &fault, &err), SJ_OK);
    world_advance(w, ROSTER_PAUSE_MS + 100);
    EXPECT(w, "command 10 2 import completed ! info: Contacts that are being put into your list: "
              "1.\nroster-read " ROMEO "\n");
    world_read(w, true);
    EXPECT(w, "roster-write juliet 'Juliet' both\n");
    world_written(w, "juliet", true);
    world_clear(w);
    cr_assert_eq(w->in->command.step(w->sessions, &in, 8, &fault, &err), SJ_OK);
    EXPECT(w, "command 8 3 import completed ! info: Your list is being brought up to date "
              "already.\n");
    world_item(w, "juliet", "Juliet", XMPP_ROSTER_BOTH, NULL);
    world_read(w, true);
    world_clear(w);
    cr_assert_eq(w->in->command.step(w->sessions, &in, 11, &fault, &err), SJ_OK);
    EXPECT(w, "command 11 4 import completed ! info: Nobody in your list there is missing here.\n");
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_clear(w);
    cr_assert_eq(w->in->command.step(w->sessions, &in, 12, &fault, &err), SJ_OK);
    EXPECT(w, "command 12 5 import completed ! error: You are not logged in to the network; show "
              "yourself as available first.\n");
    world_free(w);
}

/* G356-23: what the server tells of strangers is no log-in of theirs. */
Test(roster, lets_strangers_be_whom_the_server_tells_of)
{
    struct world *w = world_new(CAPS_FULL);

    w->privileges = XMPP_SEES_PRESENCE;
    cr_expect_eq(world_presence(w, "r", NULL, XMPP_ONLINE, 0), SJ_OK);
    EXPECT(w, "");
    w->privileges = 0;
    cr_expect_eq(world_presence(w, "r", NULL, XMPP_ONLINE, 0), SJ_UNREGISTERED);
    world_free(w);
}
