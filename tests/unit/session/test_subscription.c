/* SPDX-License-Identifier: MPL-2.0 */
#include <string.h>

#include "expect.h"

Test(subscription, a_network_without_approval_says_yes_G100_36_G100_37_G100_38)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_sub(w, "Juliet", XMPP_SUBSCRIBE);
    EXPECT(w, "net add juliet\n");
    world_done(w, SJ_OK);
    EXPECT(w, "sub juliet -> " ROMEO " subscribed\n");
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    EXPECT(w, "presence juliet -> " ROMEO " online\nsub juliet -> " ROMEO " subscribe\n");
    world_contact(w, "juliet", SJ_SHOW_AWAY, false);
    EXPECT(w, "presence juliet -> " ROMEO " away\n");
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    EXPECT(w, "sub juliet -> " ROMEO " subscribed\npresence juliet -> " ROMEO " away\n");
    world_free(w);
}

Test(subscription, a_network_with_approval_answers_when_it_does_G100_38)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    EXPECT(w, "net add juliet\n");
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    EXPECT(w, "sub juliet -> " ROMEO " subscribed\n"
              "presence juliet -> " ROMEO " online\n"
              "sub juliet -> " ROMEO " subscribe\n");
    world_free(w);
}

Test(subscription, a_refusal_says_why_G100_39_G100_40)
{
    struct world *w = world_new(CAPS_FULL);
    struct sj_error why;

    world_ready(w);
    world_sub(w, "tybalt", XMPP_SUBSCRIBE);
    world_clear(w);
    sj_fail(&why, SJ_DENIED, "never");
    w->link->host->contact_gone(w->link, "tybalt", &why);
    EXPECT(w, "sub tybalt -> " ROMEO " unsubscribed never\n");
    world_sub(w, "nobody", XMPP_SUBSCRIBE);
    world_clear(w);
    world_done(w, SJ_NOTFOUND);
    EXPECT(w, "sub nobody -> " ROMEO " unsubscribed as the test says\n");
    world_sub(w, "no such", XMPP_SUBSCRIBE);
    EXPECT(w, "sub no such -> " ROMEO " unsubscribed no such address can exist\n");
    world_free(w);
}

Test(subscription, a_pending_request_survives_a_lost_link_R6121_10)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_down(w, SJ_END_CLOSED);
    world_clear(w);
    world_advance(w, 3001);
    world_advance(w, 100);
    EXPECT(w, "net connect\npresence G -> " ROMEO " online\nnet add juliet\n");
    world_free(w);
}

Test(subscription, removal_from_the_roster_G100_42_R6121_07)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_sub(w, "juliet", XMPP_SUBSCRIBED);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    world_clear(w);
    world_sub(w, "juliet", XMPP_UNSUBSCRIBE);
    world_sub(w, "juliet", XMPP_UNSUBSCRIBED);
    EXPECT(w, "presence juliet -> " ROMEO " offline\n"
              "sub juliet -> " ROMEO " unsubscribed\n"
              "net remove juliet\n");
    world_sub(w, "juliet", XMPP_UNSUBSCRIBE);
    world_sub(w, "juliet", XMPP_UNSUBSCRIBED);
    world_contact(w, "juliet", SJ_SHOW_AWAY, false);
    EXPECT(w, "sub juliet -> " ROMEO " unsubscribed\n");
    world_free(w);
}

/* juliet is in both lists, and the link goes. */
static struct world *apart_from_juliet(void)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_sub(w, "juliet", XMPP_SUBSCRIBED);
    world_down(w, SJ_END_CLOSED);
    world_clear(w);
    return w;
}

/* As a server tells it when the item leaves the roster. */
static void remove_juliet(struct world *w)
{
    world_sub(w, "juliet", XMPP_UNSUBSCRIBE);
    world_sub(w, "juliet", XMPP_UNSUBSCRIBED);
}

static void link_again(struct world *w, const char *lines)
{
    world_advance(w, 3001);
    world_advance(w, 100);
    EXPECT(w, lines);
}

Test(subscription, removal_while_the_link_is_down_is_done_when_it_is_there_G100_42)
{
    struct world *w = apart_from_juliet();

    remove_juliet(w);
    EXPECT(w, "sub juliet -> " ROMEO " unsubscribed\n");
    link_again(w, "net connect\npresence G -> " ROMEO " online\n");
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    w->link->host->list_told(w->link);
    EXPECT(w, "net remove juliet\n");
    w->link->host->contact_gone(w->link, "juliet", NULL);
    EXPECT(w, "");
    world_down(w, SJ_END_CLOSED);
    world_clear(w);
    world_advance(w, 30000);
    EXPECT(w, "net connect\npresence G -> " ROMEO " online\n");
    w->link->host->list_told(w->link);
    EXPECT(w, "");                       /* once, and for good */
    world_free(w);
}

Test(subscription, removal_while_the_link_is_down_outlives_the_gateway_G100_42)
{
    struct world *w = apart_from_juliet();

    remove_juliet(w);
    world_run(w);
    world_restart(w);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_advance(w, 10000);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_clear(w);
    w->link->host->list_told(w->link);
    EXPECT(w, "net remove juliet\n");
    world_free(w);
}

Test(subscription, who_comes_back_before_the_link_stays_G100_42)
{
    struct world *w = apart_from_juliet();

    world_sub(w, "juliet", XMPP_UNSUBSCRIBE);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_clear(w);
    link_again(w, "net connect\npresence G -> " ROMEO " online\nnet add juliet\n");
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_clear(w);
    w->link->host->list_told(w->link);
    EXPECT(w, "");
    world_free(w);
}

/* The user's server asks for her, so she stands in the roster again (R6121-09). */
Test(subscription, who_is_in_the_roster_again_stays_G100_42)
{
    struct world *w = world_new(CAPS_PLAIN | SJ_CAP_CONTACT_LIST);
    struct xmpp_from from;

    world_ready(w);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_down(w, SJ_END_CLOSED);
    remove_juliet(w);
    from = world_from(ROMEO, "");
    w->in->probe(w->sessions, &from, "juliet");
    world_advance(w, 3001);
    world_advance(w, 100);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_clear(w);
    world_list_told(w);
    EXPECT(w, "");
    world_free(w);
}

Test(subscription, who_was_removed_from_one_account_stays_in_another)
{
    struct world *w = apart_from_juliet();

    remove_juliet(w);
    world_register(w, ROMEO, "montague", 2);
    world_advance(w, 10000);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_clear(w);
    world_list_told(w);
    EXPECT(w, "");
    world_free(w);
}

Test(subscription, who_was_removed_while_the_link_was_down_is_refused_G100_51)
{
    struct world *w = apart_from_juliet();

    remove_juliet(w);
    world_clear(w);
    link_again(w, "net connect\npresence G -> " ROMEO " online\n");
    w->link->host->contact_request(w->link, "juliet", NULL, NULL);
    EXPECT(w, "net answer juliet no\n");
    world_free(w);
}

Test(subscription, a_list_that_the_network_does_not_keep_needs_no_removal_later)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_down(w, SJ_END_CLOSED);
    world_sub(w, "juliet", XMPP_UNSUBSCRIBE);
    world_sub(w, "juliet", XMPP_UNSUBSCRIBED);
    world_clear(w);
    link_again(w, "net connect\npresence G -> " ROMEO " online\n");
    world_free(w);
}

Test(subscription, somebody_over_there_asks_G100_48_G100_49_G100_51)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    w->link->host->contact_request(w->link, "juliet", "Juliet", "it is me");
    EXPECT(w, "sub juliet -> " ROMEO " subscribe it is me\n");
    world_sub(w, "juliet", XMPP_SUBSCRIBED);
    EXPECT(w, "net answer juliet yes\n");
    w->link->host->contact_request(w->link, "paris", NULL, NULL);
    world_clear(w);
    world_sub(w, "paris", XMPP_UNSUBSCRIBED);
    EXPECT(w, "net answer paris no\n");
    w->link->host->contact_request(w->link, "juliet", NULL, NULL);
    EXPECT(w, "net answer juliet yes\n");
    world_free(w);
}

Test(subscription, removed_over_there_G100_52)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_sub(w, "juliet", XMPP_SUBSCRIBED);
    world_clear(w);
    w->link->host->contact_gone(w->link, "juliet", NULL);
    EXPECT(w, "presence juliet -> " ROMEO " offline\n"
              "sub juliet -> " ROMEO " unsubscribe\n"
              "sub juliet -> " ROMEO " unsubscribed\n"
              "presence juliet -> " ROMEO " offline\n");
    world_free(w);
}

Test(subscription, the_number_of_contacts_is_bounded)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_sub(w, "a", XMPP_SUBSCRIBE);
    world_sub(w, "b", XMPP_SUBSCRIBE);
    world_sub(w, "c", XMPP_SUBSCRIBE);
    world_sub(w, "d", XMPP_SUBSCRIBE);
    world_clear(w);
    world_sub(w, "e", XMPP_SUBSCRIBE);
    EXPECT(w, "sub e -> " ROMEO " unsubscribed You have as many contacts here as the gateway "
              "allows (4).\n");
    world_free(w);
}

Test(subscription, the_gateway_itself_G100_10_G100_11)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_sub(w, NULL, XMPP_SUBSCRIBE);
    EXPECT(w, "sub G -> " ROMEO " subscribed\npresence G -> " ROMEO " online\n");
    world_sub(w, NULL, XMPP_UNSUBSCRIBE);
    EXPECT(w, "sub G -> " ROMEO " unsubscribed\n");
    world_free(w);
}

Test(suggest, the_networks_list_is_offered_once_G144_02_G144_06)
{
    struct world *w = world_new(CAPS_FULL);

    world_register(w, ROMEO, "romeo", 1);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    world_contact(w, "nurse", SJ_SHOW_OFFLINE, true);
    world_clear(w);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    EXPECT(w, "query " ROMEO "/r\npresence G -> " ROMEO " online\n");
    w->in->rosterx(w->sessions, 0, ROMEO "/r", true);
    world_advance(w, 6000);              /* no names come */
    {
        const char *got = world_lines(w);
        cr_expect(strcmp(got, "items " ROMEO "/r add juliet nurse (iq)\n") == 0 ||
                      strcmp(got, "items " ROMEO "/r add nurse juliet (iq)\n") == 0,
                  "%s", got);
    }
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    EXPECT(w, "");
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    EXPECT(w, "sub juliet -> " ROMEO " subscribed\n"
              "presence juliet -> " ROMEO " online\n"
              "sub juliet -> " ROMEO " subscribe\n");
    world_free(w);
}

Test(suggest, a_message_is_the_last_way_G144_02)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    w->in->rosterx(w->sessions, 0, ROMEO "/r", false);
    world_advance(w, 6000);              /* no name comes */
    EXPECT(w, "items " ROMEO " add juliet (message)\n");
    world_free(w);
}
