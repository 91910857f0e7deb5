/* SPDX-License-Identifier: MPL-2.0 */
/* The user's own nickname and picture on the network: only when asked for, once, and taken back. */
#include "own_profile.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "session.h"
#include "sojourn/sha1.h"
#include "world_profile.h"

#define CAPS (SJ_CAP_CONTACTS | SJ_CAP_OWN_PROFILE)
#define PAUSE (OWN_PROFILE_MS + 1000)

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

TestSuite(own_profile, .init = setup, .fini = teardown);

static struct session *romeo(void)
{
    struct sj_error err = {.status = SJ_OK};

    return session_get(&w->sessions->networks[0], ROMEO, &err);
}

static void prefer(enum preference p, bool on)
{
    struct sj_error err = {.status = SJ_OK};

    cr_assert_eq(session_prefer(romeo(), p, on ? "1" : "0", &err), SJ_OK);
    world_run(w);
}

static void nick(const char *text)
{
    struct xmpp_from from = world_from(ROMEO, "");

    w->in->profile.own_nick(w->sessions, &from, text);
    world_run(w);
}

static void digest(uint8_t sha1[SJ_SHA1_LEN], unsigned number)
{
    uint8_t png[WORLD_PNG_LEN];

    sj_sha1(sha1, png, world_png(png, number));
}

/* number 0: none. */
static void node_tells(unsigned number)
{
    struct xmpp_from from = world_from(ROMEO, "");
    uint8_t sha1[SJ_SHA1_LEN];

    digest(sha1, number);
    w->in->profile.own_picture(w->sessions, &from,
                               &(struct xmpp_own_picture){.sha1 = number ? sha1 : NULL,
                                                          .bytes = WORLD_PNG_LEN});
    world_run(w);
}

/* The hash in presence; upper: in capitals. */
static void presence_tells(const char *resource, unsigned number, bool upper)
{
    char hex[SJ_SHA1_HEX_SIZE] = "";
    uint8_t sha1[SJ_SHA1_LEN];
    struct sj_error err = {.status = SJ_OK};
    struct xmpp_presence_in p = {.from = world_from(ROMEO, resource), .show = XMPP_ONLINE,
                                 .picture = hex};

    digest(sha1, number);
    if (number)
        sj_sha1_hex(hex, sha1);
    for (char *c = hex; upper && *c; c++)
        *c = (char)(*c >= 'a' ? *c - 32 : *c);
    w->in->presence(w->sessions, &p, &err);
    world_run(w);
}

/* The user's server hands over the picture that was asked for; other: another one. */
static void server_sends(unsigned number, const void *data, size_t len)
{
    uint8_t sha1[SJ_SHA1_LEN];

    digest(sha1, number);
    w->in->profile.own_data(w->sessions, 0, ROMEO, sha1, data, len);
    world_run(w);
}

static void server_sends_png(unsigned number)
{
    uint8_t png[WORLD_PNG_LEN];

    server_sends(number, png, world_png(png, number));
}

static const char *asked(unsigned number, const char *how)
{
    static char line[128];
    uint8_t sha1[SJ_SHA1_LEN];
    char hex[SJ_SHA1_HEX_SIZE];

    digest(sha1, number);
    sj_sha1_hex(hex, sha1);
    snprintf(line, sizeof line, "own? " ROMEO " %.8s%s\n", hex, how);
    return line;
}

static void done(void)
{
    world_call_fails(w, 0, SJ_OK);
}

/* Opt in: what is heard stays here until the user wants it over there. */
Test(own_profile, nothing_is_shown_unasked)
{
    nick("Romeo M.");
    node_tells(1);
    presence_tells("r", 2, false);
    world_advance(w, PAUSE);
    EXPECT(w, "");
    prefer(PREFERENCE_SHOW_NICK, true);
    EXPECT(w, "net own nick Romeo M.\n");
}

/* G153-07, G163-08. */
Test(own_profile, a_picture_is_fetched_once_and_set)
{
    prefer(PREFERENCE_SHOW_PICTURE, true);
    node_tells(1);
    EXPECT(w, asked(1, ""));
    node_tells(1);
    server_sends_png(1);
    EXPECT(w, "net own picture image/png 48\n");
    done();
    world_advance(w, PAUSE);
    node_tells(1);
    world_advance(w, PAUSE);
    EXPECT(w, "");
    node_tells(2);
    EXPECT(w, asked(2, ""));
}

/* G153-04, G153-07. */
Test(own_profile, a_hash_in_presence_is_compared_whatever_its_case)
{
    prefer(PREFERENCE_SHOW_PICTURE, true);
    presence_tells("r", 1, true);
    EXPECT(w, asked(1, " card"));
    server_sends_png(1);
    done();
    world_advance(w, PAUSE);
    world_clear(w);
    presence_tells("r", 1, false);
    presence_tells("r", 1, true);
    world_advance(w, PAUSE);
    EXPECT(w, "");
}

/* A JPEG in the vCard beside a PNG in the node has another hash (G084-05): one of them counts. */
Test(own_profile, the_node_counts_more_than_the_card)
{
    prefer(PREFERENCE_SHOW_PICTURE, true);
    node_tells(1);
    server_sends_png(1);
    done();
    world_advance(w, PAUSE);
    world_clear(w);
    presence_tells("r", 2, false);
    presence_tells("phone", 3, false);
    world_advance(w, PAUSE);
    cr_expect_null(strstr(world_lines(w), "own"));
    node_tells(0);
    EXPECT(w, asked(3, " card"));
}

Test(own_profile, what_was_shown_is_taken_back)
{
    prefer(PREFERENCE_SHOW_PICTURE, true);
    prefer(PREFERENCE_SHOW_NICK, true);
    nick("Romeo M.");
    done();
    world_advance(w, PAUSE);
    node_tells(1);
    server_sends_png(1);
    done();
    world_advance(w, PAUSE);
    world_clear(w);
    prefer(PREFERENCE_SHOW_PICTURE, false);
    EXPECT(w, "net own picture - 0\n");
    done();
    prefer(PREFERENCE_SHOW_NICK, false);
    EXPECT(w, "net own nick \n");
    done();
    world_advance(w, PAUSE);
    EXPECT(w, "");
}

Test(own_profile, no_picture_any_more_is_followed)
{
    prefer(PREFERENCE_SHOW_PICTURE, true);
    node_tells(1);
    server_sends_png(1);
    done();
    world_advance(w, PAUSE);
    world_clear(w);
    node_tells(0);
    EXPECT(w, "net own picture - 0\n");
}

/* What was told is kept with the registration. */
Test(own_profile, a_restart_tells_nothing_twice)
{
    prefer(PREFERENCE_SHOW_PICTURE, true);
    node_tells(1);
    server_sends_png(1);
    done();
    world_restart(w);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_advance(w, 100);
    world_clear(w);
    node_tells(1);
    world_advance(w, PAUSE);
    EXPECT(w, "");
    prefer(PREFERENCE_SHOW_PICTURE, false);
    world_advance(w, PAUSE);
    EXPECT(w, "net own picture - 0\n");
}

/* Hostile: a user who changes the picture all the time costs one fetch in ten seconds. */
Test(own_profile, of_many_changes_only_the_last_counts)
{
    prefer(PREFERENCE_SHOW_PICTURE, true);
    prefer(PREFERENCE_SHOW_NICK, true);
    for (unsigned i = 1; i <= 500; i++)
        node_tells(i);
    EXPECT(w, asked(1, ""));
    server_sends_png(1);
    EXPECT(w, "");
    world_advance(w, PAUSE);
    EXPECT(w, asked(500, ""));
    server_sends_png(500);
    EXPECT(w, "net own picture image/png 48\n");
}

/* The bytes decide: SVG and the like go nowhere; what cannot be had is not asked for again. */
Test(own_profile, what_is_no_picture_is_not_shown)
{
    prefer(PREFERENCE_SHOW_PICTURE, true);
    node_tells(1);
    world_clear(w);
    server_sends(1, "<svg/>", 6);
    world_advance(w, PAUSE);
    EXPECT(w, "");
    node_tells(2);
    world_clear(w);
    server_sends(2, NULL, 0);
    world_advance(w, PAUSE);
    node_tells(2);
    EXPECT(w, "");
    server_sends_png(2);                 /* nobody asked */
    server_sends_png(3);
    w->in->profile.own_data(w->sessions, 0, "nobody@example.org", (const uint8_t[20]){0}, "x", 1);
    EXPECT(w, "");
}

Test(own_profile, a_refusal_is_told_once)
{
    prefer(PREFERENCE_SHOW_PICTURE, true);
    node_tells(1);
    server_sends_png(1);
    world_clear(w);
    world_call_fails(w, 0, SJ_UNACCEPTABLE);
    EXPECT(w, "message G -> " ROMEO " Your picture was not taken over there: as the test says\n");
    world_advance(w, PAUSE);
    node_tells(1);
    world_advance(w, PAUSE);
    EXPECT(w, "");
    prefer(PREFERENCE_SHOW_NICK, true);
    profile->refused = SJ_INVALID;
    nick("Romeo M.");
    EXPECT(w, "net own nick Romeo M.\n"
              "message G -> " ROMEO " Your nickname was not taken over there: as the test says\n");
    world_advance(w, PAUSE);
    EXPECT(w, "");
}

/* The link goes while the network takes it: it is told again at the next log-in. */
Test(own_profile, a_lost_link_loses_nothing)
{
    prefer(PREFERENCE_SHOW_NICK, true);
    nick("Romeo M.");
    world_down(w, SJ_END_CLOSED);
    profile->n_calls = 0;
    world_advance(w, 60000);
    cr_expect_not_null(strstr(world_lines(w), "net own nick Romeo M.\n"));
}

/* Another account over there has none of it. */
Test(own_profile, new_credentials_begin_anew)
{
    prefer(PREFERENCE_SHOW_NICK, true);
    nick("Romeo M.");
    done();
    world_advance(w, PAUSE);
    world_clear(w);
    world_register(w, ROMEO, "montague", 7);
    world_advance(w, PAUSE);
    cr_expect_not_null(strstr(world_lines(w), "net own nick Romeo M.\n"));
}

/* Long names are cut where characters end. */
Test(own_profile, a_long_nickname_is_cut)
{
    char text[SJ_NAME_MAX + 1];

    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[SJ_NAME_MAX - 1] = '\0';
    prefer(PREFERENCE_SHOW_NICK, true);
    nick(text);
    cr_expect_eq(strlen(world_lines(w)), strlen("net own nick \n") + PREFERENCE_TEXT_MAX - 1);
}

Test(own_profile, unregistering_forgets_it)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    prefer(PREFERENCE_SHOW_NICK, true);
    nick("Romeo M.");
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 3, &err), SJ_OK);
    world_advance(w, PAUSE);
    world_clear(w);
    nick("Romeo M.");
    EXPECT(w, "");
}
