/* SPDX-License-Identifier: MPL-2.0 */
/* Commands about contacts: what the network is asked, what rosters hear, what users are told. */
#include <string.h>

#include "command.h"
#include "expect.h"
#include "session.h"

#define SAID "message G -> " ROMEO " "

static void talk(struct world *w, const char *text)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->command.talk(w->sessions, &from, text, &err), SJ_OK);
    world_run(w);
}

/* G050-17, G100-38: the network is asked first; without privileges the contact asks the user. */
Test(command_contact, adds_by_a_contact_request)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    talk(w, "add Juliet@" HOST);
    EXPECT(w, SAID "One moment ...\nnet add juliet\n");
    world_done(w, SJ_OK);
    EXPECT(w, "sub juliet -> " ROMEO " subscribe\n" SAID
              "You get a contact request of juliet: accept it, and the contact stands in your "
              "list.\n");
    world_sub(w, "juliet", XMPP_SUBSCRIBED);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    EXPECT(w, "sub juliet -> " ROMEO " subscribed\n");
    talk(w, "add juliet");
    EXPECT(w, SAID "juliet is among your contacts already.\n");
    world_free(w);
}

/* G356-08: with privileges it is written. */
Test(command_contact, adds_with_privileges)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_grant(w, XMPP_MAY_READ_ROSTER | XMPP_MAY_SET_ROSTER);
    world_advance(w, 10000);
    world_read(w, true);
    world_clear(w);
    talk(w, "add juliet");
    world_done(w, SJ_OK);
    EXPECT(w, SAID "One moment ...\nnet add juliet\n" SAID
              "juliet is on the way into your contact list.\n");
    world_advance(w, 10000);
    EXPECT(w, "roster-read " ROMEO "\n");
    world_read(w, true);
    EXPECT(w, "roster-write juliet '' both\n");
    world_free(w);
}

Test(command_contact, tells_why_one_is_not_added)
{
    struct world *w = world_new(CAPS_PLAIN);
    const struct session *s;

    world_ready(w);
    s = session_find(&w->sessions->networks[0], ROMEO);
    talk(w, "add \"two words\"");
    EXPECT(w, SAID "no such address can exist\n");
    w->add_refused = SJ_NOTFOUND;
    talk(w, "add nobody");
    EXPECT(w, SAID "One moment ...\nnet add nobody\n" SAID "as the test says\n");
    w->add_refused = SJ_OK;
    talk(w, "add nobody");
    world_clear(w);
    world_done(w, SJ_NOTFOUND);
    cr_expect(strstr(world_lines(w), SAID));
    cr_expect_null(contact_find(s, "nobody"));
    talk(w, "add mercutio");
    talk(w, "cancel");
    cr_expect_null(contact_find(s, "mercutio"));
    world_done(w, SJ_OK);
    world_clear(w);
    talk(w, "add tybalt");
    world_down(w, SJ_END_UNREACHABLE);
    cr_expect(strstr(world_lines(w), "net add tybalt\n"));
    cr_expect_null(contact_find(s, "tybalt"));
    talk(w, "add tybalt");
    EXPECT(w, SAID "You are not logged in to the network; show yourself as available first.\n");
    world_free(w);
}

/* The limit of contacts holds here, too. */
Test(command_contact, adds_as_many_as_are_allowed)
{
    static const char *const names[] = {"add a", "add b", "add c", "add d"};
    struct world *w;

    world_contacts_max(4);
    w = world_new(CAPS_PLAIN);
    world_ready(w);
    for (size_t i = 0; i < 4; i++) {
        talk(w, names[i]);
        world_done(w, SJ_OK);
    }
    world_clear(w);
    talk(w, "add e");
    EXPECT(w, SAID "You have as many contacts here as the gateway allows (4).\n");
    world_free(w);
}

/* The answer of the person is not ours to promise. */
Test(command_contact, asks_where_people_are_asked)
{
    struct world *w = world_new(CAPS_FULL);

    world_ready(w);
    talk(w, "add juliet");
    world_clear(w);
    world_done(w, SJ_OK);
    EXPECT(w, SAID "juliet has been asked; the answer takes as long as it takes.\n");
    world_contact(w, "juliet", SJ_SHOW_ONLINE, true);
    cr_expect(strstr(world_lines(w), "sub juliet -> " ROMEO " subscribe\n"));
    world_free(w);
}

/* G100-52: the order of a contact that goes. */
Test(command_contact, removes)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    talk(w, "remove juliet");
    EXPECT(w, SAID "juliet is none of your contacts.\n");
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_sub(w, "juliet", XMPP_SUBSCRIBED);
    world_contact(w, "juliet", SJ_SHOW_ONLINE, false);
    world_clear(w);
    talk(w, "remove JULIET");
    EXPECT(w, SAID "One moment ...\nnet remove juliet\n");
    world_done(w, SJ_OK);
    EXPECT(w, "presence juliet -> " ROMEO " offline\n"
              "sub juliet -> " ROMEO " unsubscribe\n"
              "sub juliet -> " ROMEO " unsubscribed\n"
              "presence juliet -> " ROMEO " offline\n" SAID
              "juliet is no longer among your contacts.\n");
    world_free(w);
}

/* A removal that the network refuses changes nothing here. */
Test(command_contact, keeps_whom_the_network_keeps)
{
    struct world *w = world_new(CAPS_PLAIN);
    const char *lines;

    world_ready(w);
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_clear(w);
    talk(w, "remove juliet");
    world_done(w, SJ_DENIED);
    lines = world_lines(w);
    cr_expect_not(strstr(lines, "unsubscribed"), "%s", lines);
    cr_expect(contact_find(session_find(&w->sessions->networks[0], ROMEO), "juliet"));
    world_free(w);
}

/* Whether its command still waits or not: what the network removed is gone here, too. */
Test(command_contact, removes_whom_the_network_removes_whoever_waits)
{
    for (unsigned late = 0; late < 2; late++) {
        struct world *w = world_new(CAPS_PLAIN);
        world_ready(w);
        world_sub(w, "juliet", XMPP_SUBSCRIBE);
        world_done(w, SJ_OK);
        world_sub(w, "juliet", XMPP_SUBSCRIBED);
        talk(w, "remove juliet");
        world_clear(w);
        if (late)
            world_advance(w, COMMAND_BUSY_MS + 1000);
        else
            talk(w, "cancel");
        cr_expect(contact_find(session_find(&w->sessions->networks[0], ROMEO), "juliet"));
        world_clear(w);
        world_done(w, late ? SJ_NOTFOUND : SJ_OK);   /* then it is not there either */
        EXPECT(w, "presence juliet -> " ROMEO " offline\n"
                  "sub juliet -> " ROMEO " unsubscribe\n"
                  "sub juliet -> " ROMEO " unsubscribed\n"
                  "presence juliet -> " ROMEO " offline\n");
        cr_expect_null(contact_find(session_find(&w->sessions->networks[0], ROMEO), "juliet"));
        world_free(w);
    }
}
