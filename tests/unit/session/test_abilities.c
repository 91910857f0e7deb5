/* SPDX-License-Identifier: MPL-2.0 */
/* What contacts can do, as clients are told. */
#include <stdio.h>

#include "expect.h"
#include "session.h"

static struct world *ready_with_juliet(void)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    world_clear(w);
    return w;
}

static void tell(struct world *w, bool no_reply, bool has_presence)
{
    struct sj_contact c = {.id = "juliet", .has_lacks = true, .no_reply = no_reply,
                           .lacks = SJ_CAP_TYPING | SJ_CAP_PRESENCE, .show = SJ_SHOW_ONLINE,
                           .has_presence = has_presence};

    w->link->host->contact(w->link, &c);
}

#define NO_REPLY "1000"

Test(abilities, what_changes_is_told_by_presence_G115_05_G506_01)
{
    struct world *w = ready_with_juliet();

    tell(w, false, false);               /* lacks what is not advertised anyway: nothing new */
    EXPECT(w, "");
    tell(w, true, false);
    EXPECT(w, "presence juliet -> " ROMEO " online can " NO_REPLY "\n");
    tell(w, true, true);
    EXPECT(w, "");
    tell(w, false, true);
    EXPECT(w, "presence juliet -> " ROMEO " online\n");
    world_contact(w, "juliet", SJ_SHOW_OFFLINE, false);
    world_clear(w);
    tell(w, true, false);                /* nobody is there: it comes with the next presence */
    EXPECT(w, "");
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    EXPECT(w, "presence juliet -> " ROMEO " online can " NO_REPLY "\n");
    world_free(w);
}

Test(abilities, what_a_login_lacks_no_contact_of_it_has_G115_05)
{
    struct world *w = world_new(CAPS_PLAIN | SJ_CAP_TYPING | SJ_CAP_RETRACT);
    struct sj_link *link;

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    world_clear(w);
    link = w->link;
    link->host->lacks(link, SJ_CAP_RETRACT | SJ_CAP_PRESENCE);
    EXPECT(w, "presence juliet -> " ROMEO " online can 1\n");
    link->host->lacks(link, SJ_CAP_RETRACT);
    EXPECT(w, "");
    tell(w, false, true);                /* lacks the rest: what the login lacks is no news */
    EXPECT(w, "presence juliet -> " ROMEO " online\n");
    link->host->lacks(link, SJ_CAP_RETRACT | SJ_CAP_TYPING);
    EXPECT(w, "");
    link->host->lacks(link, 0);
    EXPECT(w, "presence juliet -> " ROMEO " online can 10\n");
    world_free(w);
}

Test(abilities, a_contact_that_takes_no_messages_is_sent_none_G506_01)
{
    struct world *w = ready_with_juliet();

    tell(w, true, false);
    world_clear(w);
    cr_expect_eq(world_send(w, "juliet", "hi"), SJ_UNACCEPTABLE);
    cr_expect_eq(world_send(w, "nurse", "hi"), SJ_OK);
    tell(w, false, false);
    cr_expect_eq(world_send(w, "juliet", "hi"), SJ_OK);
    world_free(w);
}

Test(abilities, of_a_contact_that_is_asked_for_G506_01)
{
    struct world *w = ready_with_juliet();
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_peer peer;

    tell(w, true, false);
    w->in->peer(w->sessions, &from, "juliet", &peer);
    cr_expect_eq(peer.features, XMPP_FEATURE_NO_REPLY);
    world_free(w);
}

Test(abilities, search_is_the_gateways_G055_01)
{
    cr_expect_eq(abilities_of_network(SJ_CAP_SEARCH | SJ_CAP_CONTACTS), XMPP_FEATURE_SEARCH);
    cr_expect_eq(abilities_of_network(SJ_CAP_CONTACTS), 0);
}
