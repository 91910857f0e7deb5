/* SPDX-License-Identifier: MPL-2.0 */
/* Pictures, cards and nodes of contacts: fetched once, kept, bounded, told when they change. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/sha1.h"
#include "sojourn/strbuf.h"
#include "world.h"
#include "world_profile.h"

#define CAPS (SJ_CAP_CONTACTS | SJ_CAP_CONTACT_LIST | SJ_CAP_PROFILES)
#define CAN " can c00"
#define ALL_NODES 7u

static struct world *w;
static struct world_profile *profile;

static void setup(void)
{
    profile = world_profile_reset();
    w = world_new(CAPS);
    world_ready(w);
}

static void teardown(void)
{
    world_free(w);
}

TestSuite(profile, .init = setup, .fini = teardown);

/* The first eight digits by which clients know a picture of that number. */
static const char *digest(unsigned number)
{
    static char hex[SJ_SHA1_HEX_SIZE];
    uint8_t png[WORLD_PNG_LEN], sha1[SJ_SHA1_LEN];

    sj_sha1(sha1, png, world_png(png, number));
    sj_sha1_hex(hex, sha1);
    hex[8] = '\0';
    return hex;
}

static void shows(size_t i, unsigned number)
{
    uint8_t png[WORLD_PNG_LEN];

    world_call_shows(w, i, png, world_png(png, number));
}

/* juliet stands in the list and the user sees her. */
static void befriend(const char *id)
{
    world_sub(w, id, XMPP_SUBSCRIBE);
    world_contact(w, id, SJ_SHOW_ONLINE, true);
    world_sub(w, id, XMPP_SUBSCRIBED);
    world_clear(w);
}

static void expect_lines(const char *expected)
{
    const char *lines = world_lines(w);
    cr_expect_str_eq(lines, expected, "expected:\n%sgot:\n%s", expected, lines);
}

static void expect_presence(const char *show, unsigned number)
{
    char text[512];

    snprintf(text, sizeof text, "presence juliet -> " ROMEO " %s" CAN " photo %s\n", show,
             digest(number));
    expect_lines(text);
}

/* A resource whose client wants to hear of these nodes. */
static void resource(const char *name, unsigned nodes)
{
    struct xmpp_caps_in caps = {"n", WORLD_VER};
    struct xmpp_presence_in p = {.from = world_from(ROMEO, name), .show = XMPP_ONLINE,
                                 .caps = &caps};
    struct sj_error err = {.status = SJ_OK};

    profile->nodes = nodes;
    w->in->presence(w->sessions, &p, &err);
    world_advance(w, 20);
}

/* G153-01: not known yet, then the hash; and none where the network says so. */
Test(profile, presence_tells_of_a_picture_when_it_is_known)
{
    befriend("juliet");
    world_pictured(w, "juliet", SJ_SHOW_AWAY, "first");
    expect_lines("presence juliet -> " ROMEO " away" CAN " photo ?\nnet avatar juliet first\n");
    shows(0, 1);
    expect_presence("away", 1);
    world_pictured(w, "juliet", SJ_SHOW_AWAY, "");
    expect_lines("presence juliet -> " ROMEO " away" CAN "\n");
    world_pictured(w, "juliet", SJ_SHOW_AWAY, "");
    expect_lines("");
}

/* G153-03 */
Test(profile, another_picture_is_fetched_and_shown)
{
    befriend("juliet");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    shows(0, 1);
    world_clear(w);
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "second");
    expect_lines("net avatar juliet second\n");
    shows(0, 2);
    expect_presence("online", 2);
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    expect_presence("online", 1);
}

/* The bytes decide (G153-05), and what cannot be shown is no picture. */
Test(profile, what_is_no_picture_is_not_shown)
{
    char big[2048] = "\x89PNG\r\n\x1a\n";

    befriend("juliet");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "svg");
    world_call_shows(w, 0, "<svg/>", 6);
    expect_lines("net avatar juliet svg\n"
                 "presence juliet -> " ROMEO " online" CAN "\n");
    profile->picture_max = 1024;
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "big");
    world_call_shows(w, 0, big, sizeof big);
    expect_lines("net avatar juliet big\npresence juliet -> " ROMEO " online" CAN "\n");
    cr_expect_eq(profile->n_calls, 0);
}

/* G054-08: many requests, one fetch; kept for a while. */
Test(profile, requests_for_the_same_are_one_fetch)
{
    befriend("juliet");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    world_clear(w);
    for (xmpp_req req = 1; req <= 3; req++)
        cr_expect_eq(world_ask_card(w, "juliet", req), SJ_OK);
    expect_lines("net profile juliet\n");
    shows(0, 1);
    expect_presence("online", 1);
    world_call_tells(w, 0, "a note");
    expect_lines("card 1 juliet note=a note image/png 48\n"
                 "card 2 juliet note=a note image/png 48\n"
                 "card 3 juliet note=a note image/png 48\n");
    world_ask_card(w, "juliet", 4);
    expect_lines("card 4 juliet note=a note image/png 48\n");
    world_advance(w, KEPT_MS);
    world_ask_card(w, "juliet", 5);
    expect_lines("net profile juliet\n");
    world_call_fails(w, 0, SJ_NOTFOUND);
    expect_lines("card 5 juliet note=- image/png 48\n");
}

/* G054-08: an answer in time, whatever the network does. */
Test(profile, a_request_ends_before_clients_give_up)
{
    befriend("juliet");
    world_ask_card(w, "juliet", 7);
    expect_lines("net profile juliet\n");
    world_advance(w, XMPP_CARD_MS - 100);
    expect_lines("");
    world_advance(w, 200);
    expect_lines("answer 7 timed out\n");
    world_call_tells(w, 0, "late");
    expect_lines("");
    world_ask_card(w, "juliet", 8);
    expect_lines("card 8 juliet note=late - 0\n");
}

/* G153-02: no card without the picture that presence has promised. */
Test(profile, a_card_without_its_picture_is_an_error)
{
    befriend("juliet");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    shows(0, 1);
    for (unsigned i = 0; i < 2000; i++) {        /* others push it out of the cache */
        uint8_t png[WORLD_PNG_LEN];
        char name[16];
        struct image image = {IMAGE_PNG, 1, 1};
        snprintf(name, sizeof name, "%u", i);
        avatars_put(&w->sessions->profiles->avatars, name, &image, png, world_png(png, i + 100));
    }
    world_clear(w);
    world_ask_card(w, "juliet", 1);
    expect_lines("net avatar juliet first\nnet profile juliet\n");
    world_call_fails(w, 0, SJ_REMOTE);
    world_call_tells(w, 0, "a note");
    expect_lines("answer 1 no live link\n");
    world_ask_card(w, "juliet", 2);
    expect_lines("net avatar juliet first\n");
    shows(0, 1);
    expect_lines("card 2 juliet note=a note image/png 48\n");
}

/* G054-02: nothing of who is unknown, nor of who is known and not seen. */
Test(profile, strangers_have_no_card)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_from other = world_from("tybalt@example.org", "r");
    struct xmpp_person p;

    world_contact(w, "listed", SJ_SHOW_ONLINE, true);
    befriend("juliet");
    cr_expect_eq(world_ask_card(w, "nobody", 1), SJ_UNAVAILABLE);
    cr_expect_eq(world_ask_card(w, "listed", 1), SJ_UNAVAILABLE);
    cr_expect_not(w->in->profile.person(w->sessions, &from, "listed", &p));
    cr_expect_not(w->in->profile.person(w->sessions, &other, "juliet", &p));
    from = world_from(ROMEO, "r");
    cr_expect(w->in->profile.person(w->sessions, &from, "juliet", &p));
    expect_lines("");
}

/* Hundreds of requests at once are a few questions at a time, and all are answered. */
Test(profile, many_requests_go_out_a_few_at_a_time)
{
    befriend("a");
    befriend("b");
    befriend("c");
    befriend("d");
    for (xmpp_req req = 1; req <= 100; req++)
        world_ask_card(w, (const char *[]){"a", "b", "c", "d"}[req % 4], req);
    cr_expect_leq(profile->n_calls, FETCH_SESSION_MAX);
    world_clear(w);
    while (profile->n_calls > 0)
        world_call_tells(w, 0, "x");
    size_t cards = 0;
    for (const char *at = world_lines(w); (at = strstr(at, "card ")) != NULL; at++)
        cards++;
    cr_expect_eq(cards, 100);
}

/* Hostile: what a picture of 10 MB, or one that says so in its header, leaves behind. */
Test(profile, a_huge_picture_is_kept_by_nobody)
{
    const size_t len = (size_t)10 << 20;
    uint8_t *big = sj_calloc(1, len);
    uint8_t bomb[WORLD_PNG_LEN];

    world_png(big, 1);
    world_png(bomb, 1);
    memset(bomb + 16, 0x7f, 8);          /* 2,139,062,143 pixels a side */
    befriend("juliet");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "big");
    world_call_shows(w, 0, big, len);
    cr_expect_eq(w->sessions->profiles->avatars.bytes, 0);
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "bomb");
    world_call_shows(w, 0, bomb, sizeof bomb);
    cr_expect_eq(w->sessions->profiles->avatars.bytes, 0);
    expect_lines("net avatar juliet big\npresence juliet -> " ROMEO " online" CAN "\n"
                 "net avatar juliet bomb\npresence juliet -> " ROMEO " online" CAN "\n");
    cr_expect_eq(profile->n_calls, 0);
    sj_free(big);
}

/* Hostile: a contact that changes its picture all the time costs a fetch at a time. */
Test(profile, a_restless_contact_is_fetched_two_at_a_time)
{
    char id[16];

    befriend("juliet");
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(id, sizeof id, "p%u", i);
        world_pictured(w, "juliet", SJ_SHOW_ONLINE, id);
    }
    cr_expect_leq(profile->n_calls, FETCH_BACKGROUND_MAX);
    while (profile->n_calls > 0)
        shows(0, 7);
    cr_expect_null(session_find(&w->sessions->networks[0], ROMEO)->portfolio, "nothing is left");
}

/* Most contacts have none: that costs nothing. */
Test(profile, no_picture_takes_no_memory)
{
    const struct session *s = session_find(&w->sessions->networks[0], ROMEO);

    befriend("juliet");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "");
    cr_expect_null(contact_find(s, "juliet")->portrait);
    cr_expect_null(s->portfolio);
    cr_expect_null(s->own);
}

Test(profile, pictures_are_fetched_two_at_a_time)
{
    befriend("a");
    befriend("b");
    befriend("c");
    world_pictured(w, "a", SJ_SHOW_ONLINE, "1");
    world_pictured(w, "b", SJ_SHOW_ONLINE, "1");
    world_pictured(w, "c", SJ_SHOW_ONLINE, "1");
    cr_expect_eq(profile->n_calls, FETCH_BACKGROUND_MAX);
    shows(0, 1);
    cr_expect_eq(profile->n_calls, FETCH_BACKGROUND_MAX, "the third");
    shows(0, 2);
    shows(0, 3);
    cr_expect_null(session_find(&w->sessions->networks[0], ROMEO)->portfolio, "nothing is left");
}

/* What could not be fetched is tried again with the next link. */
Test(profile, a_lost_link_loses_no_picture)
{
    befriend("juliet");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    world_ask_card(w, "juliet", 1);
    world_clear(w);
    world_down(w, SJ_END_CLOSED);
    cr_expect_not_null(strstr(world_lines(w), "card 1 juliet note=- - 0"));
    profile->n_calls = 0;
    world_advance(w, 10000);
    world_clear(w);
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    expect_lines("presence juliet -> " ROMEO " online" CAN " photo ?\nnet avatar juliet first\n");
}

Test(profile, a_refusal_is_no_end)
{
    befriend("juliet");
    profile->refused = SJ_LIMIT;
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    world_ask_card(w, "juliet", 1);
    cr_expect_not_null(strstr(world_lines(w), "card 1 juliet note=- - 0"));
    profile->refused = SJ_OK;
    world_advance(w, KEPT_FAILED_MS);
    world_ask_card(w, "juliet", 2);
    expect_lines("net avatar juliet first\nnet profile juliet\n");
}

Test(profile, unregistering_answers_who_waits)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    befriend("juliet");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    world_ask_card(w, "juliet", 1);
    world_clear(w);
    w->in->register_remove(w->sessions, &from, 9, &err);
    world_advance(w, 5000);
    const char *lines = world_lines(w);
    cr_expect(strstr(lines, "card 1 ") != NULL || strstr(lines, "answer 1 ") != NULL, "%s", lines);
    cr_expect_eq(w->sessions->profiles->fetches.used, 0);
}

/* Two users with the same contact: one fetch for both (peers.md 27). When the link of the one who
 * asked breaks, the other one's is used. */
Test(profile, users_share_the_fetch_of_a_picture)
{
    struct sj_contact c = {.id = "juliet", .show = SJ_SHOW_ONLINE, .avatar = "first",
                           .listed = true, .has_presence = true};
    struct xmpp_presence_in p = {.from = world_from("tybalt@example.org", "r"),
                                 .show = XMPP_ONLINE};
    struct xmpp_subscription_in sub = {.peer = "juliet", .kind = XMPP_SUBSCRIBE};
    struct sj_error err = {.status = SJ_OK};
    struct sj_link *one, *two;

    befriend("juliet");
    one = w->link;
    world_register(w, "tybalt@example.org", "tybalt", 2);
    p.from = world_from("tybalt@example.org", "r");
    w->in->presence(w->sessions, &p, &err);
    world_advance(w, 100);
    two = w->link;
    cr_assert_neq(one, two);
    two->host->contact(two, &c);
    sub.from = world_from("tybalt@example.org", "");
    w->in->subscription(w->sessions, &sub, &err);
    world_run(w);
    world_advance(w, WORLD_BUDGET_MS);
    one->host->contact(one, &c);
    world_run(w);
    world_advance(w, WORLD_BUDGET_MS);
    cr_assert_eq(profile->n_calls, 1);
    cr_expect_eq(profile->call[0].link, two);
    world_call_fails(w, 0, SJ_UNREACHABLE);
    cr_assert_eq(profile->n_calls, 1, "over the other link");
    cr_expect_eq(profile->call[0].link, one);
    world_clear(w);
    shows(0, 1);
    expect_presence("online", 1);
    two->host->contact(two, &c);
    world_run(w);
    cr_expect_not_null(strstr(world_lines(w), "presence juliet -> tybalt@example.org online"));
    cr_expect_eq(profile->n_calls, 0, "it is known by then");
}

/* G163-02, G163-03, G163-04, G084-06: by capabilities, the last item once, only of who is seen. */
Test(profile, a_resource_is_told_once_of_what_it_wants)
{
    befriend("juliet");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    shows(0, 1);
    world_contact(w, "listed", SJ_SHOW_ONLINE, true);
    world_clear(w);
    resource("phone", 1u << XMPP_NODE_AVATAR);
    cr_expect_not_null(strstr(world_lines(w), "node juliet -> " ROMEO "/phone avatar photo "));
    resource("phone", 1u << XMPP_NODE_AVATAR);
    expect_lines("");
    world_presence(w, "phone", NULL, XMPP_AWAY, 0);
    cr_expect_null(strstr(world_lines(w), "node "));
    resource("tablet", 0);
    cr_expect_null(strstr(world_lines(w), "node "));
}

/* G163-02, G084-04, G172-03: changes, to whoever wants them. */
Test(profile, changes_are_told_to_who_wants_them)
{
    struct sj_contact named = {.id = "juliet", .name = "Juliet C."};
    char text[256];

    befriend("juliet");
    resource("phone", ALL_NODES);
    resource("tablet", 1u << XMPP_NODE_NICK);
    world_clear(w);
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    shows(0, 1);
    snprintf(text, sizeof text, "node juliet -> " ROMEO "/phone avatar photo %s\n", digest(1));
    cr_expect_not_null(strstr(world_lines(w), text));
    w->link->host->contact(w->link, &named);
    expect_lines("node juliet -> " ROMEO "/phone nick Juliet C.\n"
                 "node juliet -> " ROMEO "/tablet nick Juliet C.\n"
                 "node juliet -> " ROMEO "/phone vcard4\n");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "");
    expect_lines("node juliet -> " ROMEO "/phone avatar\n"
                 "presence juliet -> " ROMEO " online" CAN "\n");
}

/* G163-02, G163-04: the last items of who can be seen only now. */
Test(profile, a_resource_is_told_of_a_new_contact)
{
    resource("phone", ALL_NODES);
    world_listed(w, "juliet", "Juliet C.", NULL);
    cr_expect_null(strstr(world_lines(w), "node "));
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    if (!contact_find(session_find(&w->sessions->networks[0], ROMEO), "juliet")->to)
        world_done(w, SJ_OK);
    world_run(w);
    cr_expect_not_null(strstr(world_lines(w), "node juliet -> " ROMEO "/phone nick Juliet C.\n"));
}

/* G084-02, G084-04: another kind of picture is none of the node's; a PNG that goes is told. */
Test(profile, the_node_hears_of_no_other_kind_of_picture)
{
    static const char gif[] = "GIF89a\1\0\1\0\x80\0\0";

    befriend("juliet");
    resource("phone", 1u << XMPP_NODE_AVATAR);
    world_clear(w);
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "gif");
    world_call_shows(w, 0, gif, sizeof gif - 1);
    cr_expect_null(strstr(world_lines(w), "node "));
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "png");
    shows(0, 1);
    cr_expect_not_null(strstr(world_lines(w), "node juliet -> " ROMEO "/phone avatar photo"));
    world_clear(w);
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "gif");
    if (profile->n_calls > 0)
        world_call_shows(w, 0, gif, sizeof gif - 1);
    cr_expect_not_null(strstr(world_lines(w), "node juliet -> " ROMEO "/phone avatar"));
}

/* A client whose capabilities are not known yet is asked, and told when it has answered. */
Test(profile, a_resource_that_must_be_asked_is_told_later)
{
    befriend("juliet");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    shows(0, 1);
    world_presence(w, "phone", NULL, XMPP_ONLINE, 0);
    cr_expect_not_null(strstr(world_lines(w), "wants? " ROMEO "/phone\n"));
    w->in->profile.wants(w->sessions, 0, ROMEO "/phone", 1u << XMPP_NODE_AVATAR);
    cr_expect_not_null(strstr(world_lines(w), "node juliet -> " ROMEO "/phone avatar"));
    w->in->profile.wants(w->sessions, 0, ROMEO "/phone", 1u << XMPP_NODE_AVATAR);
    w->in->profile.wants(w->sessions, 0, ROMEO "/gone", 1u << XMPP_NODE_AVATAR);
    w->in->profile.wants(w->sessions, 0, "nobody@example.org/gone", 1u << XMPP_NODE_AVATAR);
    w->in->profile.wants(w->sessions, 0, ROMEO, 1u << XMPP_NODE_AVATAR);
    expect_lines("");
}

/* G163-05, G163-07 */
Test(profile, nothing_more_of_a_contact_whose_notification_bounced)
{
    struct xmpp_from from;

    befriend("juliet");
    resource("phone", ALL_NODES);
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    shows(0, 1);
    world_clear(w);
    from = world_from(ROMEO, "phone");
    from.id = "node-123";
    w->in->bounce(w->sessions, &from, "juliet", 'm', "service-unavailable");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "");
    expect_lines("presence juliet -> " ROMEO " online" CAN "\n");
}

/* A message's own bounce, or that of a resource which is gone, says nothing about nodes. */
Test(profile, other_bounces_do_not_silence_nodes)
{
    struct xmpp_from from;

    befriend("juliet");
    resource("phone", ALL_NODES);
    world_clear(w);
    from = world_from(ROMEO, "phone");
    w->in->bounce(w->sessions, &from, "juliet", 'm', "service-unavailable");
    from = world_from(ROMEO, "gone");
    from.id = "node-123";
    w->in->bounce(w->sessions, &from, "juliet", 'm', "service-unavailable");
    world_pictured(w, "juliet", SJ_SHOW_ONLINE, "first");
    shows(0, 1);
    cr_expect_not_null(strstr(world_lines(w), "node juliet"));
}

/* G319-01 */
Test(profile, idle_time_is_shown_and_ends)
{
    struct sj_contact c = {.id = "juliet", .show = SJ_SHOW_AWAY, .idle_since = 1000000,
                           .has_presence = true};

    befriend("juliet");
    w->link->host->contact(w->link, &c);
    expect_lines("presence juliet -> " ROMEO " away" CAN " photo ? idle\n");
    c.idle_since += 1000;
    w->link->host->contact(w->link, &c);
    expect_lines("");
    c.idle_since = 0;
    c.show = SJ_SHOW_ONLINE;
    w->link->host->contact(w->link, &c);
    expect_lines("presence juliet -> " ROMEO " online" CAN " photo ?\n");
}
