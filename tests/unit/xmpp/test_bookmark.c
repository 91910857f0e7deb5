/* SPDX-License-Identifier: MPL-2.0 */
/* Bookmarks in the user's name (XEP-0402 by XEP-0356): what is asked and written, and what of the
 * answers is believed. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "peer_muc.h"
#include "room.h"

#define G "irc0.example.org"
#define U "romeo@example.org"
#define V2 "urn:xmpp:privilege:2"
#define PUBSUB "http://jabber.org/protocol/pubsub"
#define BOOKMARKS "urn:xmpp:bookmarks:1"

static struct peer *p;

static void setup(void)
{
    p = peer_new_with_rooms();
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(bookmark, .init = setup, .fini = teardown);

static void announce(const char *type, const char *heard)
{
    char text[1024];
    snprintf(text, sizeof text,
             "<message from='example.org' to='" G "' id='a'><privilege xmlns='" V2 "'>"
             "<perm access='iq'><namespace ns='" PUBSUB "' type='%s'/></perm></privilege>"
             "</message>", type);
    peer_say(p, 0, text);
    peer_hears(p, heard);
}

#define GRANTED "privileges 0 example.org: bookmarks, of 1 kinds of requests"

/* What is asked next; id: of the request. */
static void asked(const char *type, const char *payload, char id[64])
{
    char expected[2048];
    char *got = peer_next(p, 0);
    cr_assert_not_null(got);
    cr_assert_eq(sscanf(got, "<iq from='" G "' id='%63[^']'", id), 1, "%s", got);
    snprintf(expected, sizeof expected,
             "<iq from='" G "' id='%s' to='" U "' type='%s'><privileged_iq xmlns='" V2 "'>"
             "<iq id='%s' to='" U "' type='%s' xmlns='jabber:client'>"
             "<pubsub xmlns='" PUBSUB "'>%s</pubsub></iq></privileged_iq></iq>",
             id, type, id, type, payload);
    cr_expect_str_eq(got, expected);
    free(got);
}

static void answers(const char *id, const char *type, const char *payload)
{
    char text[4096];
    snprintf(text, sizeof text,
             "<iq type='result' from='" U "' to='" G "' id='%s'><privilege xmlns='" V2 "'>"
             "<forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' type='%s' id='%s'>"
             "%s</iq></forwarded></privilege></iq>", id, type, id, payload);
    peer_say(p, 0, text);
}

/* G356-19: both ways, or none; never of version 1, which has no such permission. */
Test(bookmark, needs_to_read_and_to_write)
{
    cr_expect_not(xmpp_bookmarks_read(p->xmpp, 0, U));
    announce("set", "privileges 0 example.org: of 1 kinds of requests");
    cr_expect_not(xmpp_privileges(p->xmpp, 0, U) & XMPP_MAY_BOOKMARK);
    announce("get", "privileges 0 example.org: of 1 kinds of requests");
    announce("both", GRANTED);
    cr_expect(xmpp_privileges(p->xmpp, 0, U) & XMPP_MAY_BOOKMARK);
    cr_expect_not(xmpp_privileges(p->xmpp, 0, "nurse@example.net") & XMPP_MAY_BOOKMARK);
}

/* G402-05: the node of XEP-0402 and no other storage. */
Test(bookmark, those_of_our_rooms_are_read)
{
    char id[64];
    announce("both", GRANTED);
    cr_assert(xmpp_bookmarks_read(p->xmpp, 0, U));
    asked("get", "<items node='" BOOKMARKS "'/>", id);
    answers(id, "result",
            "<pubsub xmlns='" PUBSUB "'><items node='" BOOKMARKS "'>"
            "<item id='#garden@" G "'><conference xmlns='" BOOKMARKS "' autojoin='false'/></item>"
            "<item id='#A\\20b@" G "'/><item id='room@conference.example.org'/>"
            "<item id='#c@" G "/nick'/><item id='" G "'/><item/><item id='@'/>"
            "<other id='#d@" G "'/>"
            "</items></pubsub>");
    peer_hears(p, "bookmark 0 " U " #garden");
    peer_hears(p, "bookmark 0 " U " #a b");
    peer_hears(p, "bookmarks-read 0 " U " 1");
    peer_hears_nothing(p);
}

Test(bookmark, answers_are_read_with_care)
{
    static const struct {
        const char *type, *payload;
        bool ok;
    } rows[] = {
        {"error", "<error type='cancel'><item-not-found "
                  "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>", true},
        {"result", "<pubsub xmlns='" PUBSUB "'/>", true},
        {"result", "<pubsub xmlns='" PUBSUB "'><items/></pubsub>", true},
        {"result", "", false},
        {"result", "<items xmlns='" PUBSUB "'/>", false},
        {"error", "<error type='cancel'><feature-not-implemented "
                  "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>", false},
    };
    char id[64];
    announce("both", GRANTED);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_assert(xmpp_bookmarks_read(p->xmpp, 0, U));
        asked("get", "<items node='" BOOKMARKS "'/>", id);
        answers(id, rows[i].type, rows[i].payload);
        peer_hears(p, rows[i].ok ? "bookmarks-read 0 " U " 1" : "bookmarks-read 0 " U " 0");
    }
}

/* G402-01, G402-03. */
Test(bookmark, is_written_and_taken_out)
{
    const struct xmpp_bookmark b = {.room = "#garden", .name = "The <Garden>", .nick = "ro"};
    const struct xmpp_bookmark bare = {.room = "#garden"};
    char id[64];
    announce("both", GRANTED);
    cr_assert(xmpp_bookmark_add(p->xmpp, 0, U, &b));
    asked("set",
          "<publish node='" BOOKMARKS "'><item id='#garden@" G "'>"
          "<conference autojoin='true' name='The <Garden>' xmlns='" BOOKMARKS "'>"
          "<nick>ro</nick></conference></item></publish>"
          "<publish-options><x type='submit' xmlns='jabber:x:data'>"
          "<field type='hidden' var='FORM_TYPE'><value>" PUBSUB "#publish-options</value></field>"
          "<field var='pubsub#persist_items'><value>true</value></field>"
          "<field var='pubsub#max_items'><value>max</value></field>"
          "<field var='pubsub#send_last_published_item'><value>never</value></field>"
          "<field var='pubsub#access_model'><value>whitelist</value></field>"
          "</x></publish-options>", id);
    answers(id, "result", "");
    peer_hears(p, "bookmarked 0 " U " #garden 1");
    cr_assert(xmpp_bookmark_add(p->xmpp, 0, U, &bare));
    peer_expect(p, "*<conference autojoin='true' xmlns='" BOOKMARKS "'/>*");
    cr_assert(xmpp_bookmark_remove(p->xmpp, 0, U, "#garden"));
    asked("set", "<retract node='" BOOKMARKS "' notify='true'><item id='#garden@" G "'/></retract>",
          id);
    answers(id, "error", "<error type='cancel'/>");
    peer_hears(p, "bookmarked 0 " U " #garden 0");
    cr_expect_not(xmpp_bookmark_remove(p->xmpp, 0, U, "\001"));
}

/* The server does not let us after all: nothing is tried any more (G356-18). */
Test(bookmark, a_refusal_takes_the_permission_away)
{
    char id[64], text[512];
    announce("both", GRANTED);
    cr_assert(xmpp_bookmarks_read(p->xmpp, 0, U));
    asked("get", "<items node='" BOOKMARKS "'/>", id);
    snprintf(text, sizeof text,
             "<iq type='error' from='" U "' to='" G "' id='%s'><error type='auth'><forbidden "
             "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>", id);
    peer_say(p, 0, text);
    peer_hears(p, "privileges 0 example.org: of 1 kinds of requests");
    peer_hears(p, "bookmarks-read 0 " U " 0");
    cr_expect_not(xmpp_bookmarks_read(p->xmpp, 0, U));
}
