/* SPDX-License-Identifier: MPL-2.0 */
/* Pictures of rooms and of the people in them: fetched first, then told of; and their cards. */
#include <stdio.h>
#include <string.h>

#include "room.h"
#include "room_picture.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/sha1.h"
#include "sojourn/strbuf.h"
#include "world_profile.h"
#include "world_room.h"

#define R "romeo@example.org/r"
#define MANY 300u

static struct world_profile *profile;

/* In #a as its owner, with juliet; nothing recorded. */
static struct world *ready(void)
{
    struct world *w;

    profile = world_profile_reset();
    w = world_new(CAPS_ROOMS | SJ_CAP_PROFILES);
    world_ready(w);
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    wroom_enters(w, "#a", "@me", "juliet=j");
    world_clear(w);
    return w;
}

static const char *digest(unsigned number)
{
    static char hex[SJ_SHA1_HEX_SIZE];
    uint8_t png[WORLD_PNG_LEN], sha1[SJ_SHA1_LEN];

    sj_sha1(sha1, png, world_png(png, number));
    sj_sha1_hex(hex, sha1);
    hex[8] = '\0';
    return hex;
}

static void shows(struct world *w, size_t i, unsigned number)
{
    uint8_t png[WORLD_PNG_LEN];

    world_call_shows(w, i, png, world_png(png, number));
}

static void settle(struct world *w)
{
    world_run(w);
    world_advance(w, WORLD_BUDGET_MS);
}

static void tells_room(struct world *w, const char *avatar)
{
    w->link->host->rooms->room(w->link, &(struct sj_room){.id = "#a", .avatar = avatar});
    settle(w);
}

static void tells_occupant(struct world *w, const char *nick, const char *id, const char *avatar)
{
    const struct sj_occupant o = {.nick = nick, .id = id, .avatar = avatar,
                                  .role = SJ_ROLE_PARTICIPANT, .show = SJ_SHOW_ONLINE};

    w->link->host->rooms->occupant(w->link, "#a", &o);
    settle(w);
}

static enum sj_status card(struct world *w, const char *nick, xmpp_req req)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    const struct xmpp_card_ask ask = {.wants = XMPP_CARD_PICTURE |
                                               (nick ? XMPP_CARD_PROFILE : 0)};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->muc.card(w->sessions, &from, "#A", nick, &ask, req, &err);

    settle(w);
    return status;
}

static enum sj_status info(struct world *w, xmpp_req req)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    return w->in->muc.info(w->sessions, &from, "#A", req, &err);
}

/* The line ends with the digest of that picture. */
#define EXPECT_PICTURE(line, number) \
    do { \
        char text_[512]; \
        snprintf(text_, sizeof text_, "%s photo %s\n", (line), digest(number)); \
        EXPECT(w, text_); \
    } while (0)

/* ---- rooms ---- */

Test(room_picture, is_told_of_when_it_is_known_G486_01_G486_03)
{
    struct world *w = ready();

    tells_room(w, "first");
    EXPECT(w, "net avatar #a first\n");
    cr_expect_eq(info(w, 7), SJ_OK);
    EXPECT(w, "answer-info 7 #a flags=0 occupants=2 settable=d\n");
    shows(w, 0, 1);
    EXPECT(w, "changed #a -> " R " 104\n");
    cr_expect_eq(info(w, 8), SJ_OK);
    EXPECT_PICTURE("answer-info 8 #a flags=0 occupants=2 settable=d", 1);
    tells_room(w, "first");
    EXPECT(w, "");
    tells_room(w, "");
    EXPECT(w, "changed #a -> " R " 104\n");
    tells_room(w, "");
    EXPECT(w, "");
    tells_room(w, "first");              /* it is still in the cache */
    EXPECT(w, "changed #a -> " R " 104\n");
    world_free(w);
}

Test(room_picture, what_is_none_is_not_told_of)
{
    struct world *w = ready();

    tells_room(w, "text");
    world_call_shows(w, 0, "<svg/>", 6);
    EXPECT(w, "net avatar #a text\n");
    tells_room(w, "gone");
    world_call_fails(w, 0, SJ_NOTFOUND);
    EXPECT(w, "net avatar #a gone\n");
    cr_expect_eq(card(w, NULL, 7), SJ_OK);
    EXPECT(w, "card 7 #a note=- - 0\n");
    cr_expect_eq(profile->n_calls, 0);
    world_free(w);
}

Test(room_picture, is_given_to_who_asks_G486_01)
{
    struct world *w = ready();

    cr_expect_eq(card(w, NULL, 6), SJ_NOTFOUND);
    tells_room(w, "first");
    cr_expect_eq(card(w, NULL, 7), SJ_OK);
    EXPECT(w, "net avatar #a first\n");
    shows(w, 0, 1);
    EXPECT(w, "changed #a -> " R " 104\ncard 7 #a note=- image/png 48\n");
    cr_expect_eq(card(w, NULL, 8), SJ_OK);
    EXPECT(w, "card 8 #a note=- image/png 48\n");
    world_free(w);
}

/* It fell out of the cache, and the network has another one under its name now. */
Test(room_picture, is_fetched_again_when_it_is_not_kept_any_more)
{
    struct world *w = ready();
    static uint8_t big[99800] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x20";

    tells_room(w, "first");
    shows(w, 0, 1);
    world_clear(w);
    tells_occupant(w, "juliet", "j", "big");
    world_call_shows(w, 0, big, sizeof big);
    world_clear(w);
    cr_expect_eq(card(w, NULL, 7), SJ_OK);
    EXPECT(w, "net avatar #a first\n");
    shows(w, 0, 2);
    EXPECT(w, "changed #a -> " R " 104\ncard 7 #a note=- image/png 48\n");
    world_free(w);
}

static enum sj_status set(struct world *w, const char *resource, const void *data, size_t len,
                          xmpp_req req)
{
    struct xmpp_from from = world_from(ROMEO, resource);
    struct sj_error err = {.status = SJ_OK};

    return w->in->muc.picture(w->sessions, &from, "#A", data, len, req, &err);
}

Test(room_picture, is_set_by_who_runs_the_room_G486_02)
{
    struct world *w = ready();
    uint8_t png[WORLD_PNG_LEN];
    size_t len = world_png(png, 1);

    cr_expect_eq(set(w, "elsewhere", png, len, 7), SJ_DENIED);
    cr_expect_eq(set(w, "r", "text", 4, 7), SJ_UNACCEPTABLE);
    EXPECT(w, "");
    cr_expect_eq(set(w, "r", png, len, 8), SJ_OK);
    EXPECT(w, "net change #a picture 48\n");
    w->link->host->op_done(w->link, w->op, NULL);
    EXPECT(w, "answer 8 ok\n");
    cr_expect_eq(set(w, "r", NULL, 0, 9), SJ_OK);
    EXPECT(w, "net change #a picture 0\n");
    wroom_occupant(w, "#a", "me", true);
    world_clear(w);
    cr_expect_eq(set(w, "r", png, len, 10), SJ_DENIED);
    EXPECT(w, "");
    world_free(w);
}

/* ---- people ---- */

Test(room_picture, of_people_stands_in_their_presence_G153_06)
{
    struct world *w = ready();

    tells_occupant(w, "juliet", "j", "first");
    EXPECT(w, "net avatar j first\n");
    shows(w, 0, 1);
    EXPECT_PICTURE("occupant #a/juliet -> " R " online none/participant peer=j account=j", 1);
    tells_occupant(w, "juliet", "j", NULL);
    tells_occupant(w, "juliet", "j", "first");
    EXPECT(w, "");
    tells_occupant(w, "nurse", "n", "");
    EXPECT(w, "occupant #a/nurse -> " R " online none/participant peer=n account=n\n");
    tells_occupant(w, "juliet", "j", "");
    EXPECT(w, "occupant #a/juliet -> " R " online none/participant peer=j account=j\n");
    tells_occupant(w, "nobody", NULL, "x");          /* who cannot be asked about */
    EXPECT(w, "occupant #a/nobody -> " R " online none/participant\n");
    world_free(w);
}

/* Who has the nick now is somebody else, whose picture is not known. */
Test(room_picture, goes_with_the_person)
{
    struct world *w = ready();

    tells_occupant(w, "juliet", "j", "first");
    shows(w, 0, 1);
    tells_occupant(w, "juliet", "j", "second");
    world_clear(w);
    tells_occupant(w, "juliet", "n", NULL);
    EXPECT(w, "occupant #a/juliet -> " R " online none/participant peer=n account=n\n");
    shows(w, 0, 2);                      /* what was asked for her is of no interest any more */
    w->link->host->rooms->occupant_gone(w->link, "#a", "juliet",
                                        &(struct sj_exit){.kind = SJ_EXIT_LEFT});
    world_free(w);
}

Test(room_picture, cards_of_people_have_it_G054_07_G153_02)
{
    struct world *w = ready();

    cr_expect_eq(card(w, "juliet", 6), SJ_OK);       /* no contact, and without a picture */
    EXPECT(w, "net profile j\n");
    world_call_tells(w, 0, "Capulet");
    EXPECT(w, "card 6 juliet note=Capulet - 0\n");
    tells_occupant(w, "juliet", "j", "first");
    world_clear(w);
    cr_expect_eq(card(w, "juliet", 7), SJ_OK);
    shows(w, 0, 1);
    cr_expect_not_null(strstr(world_lines(w), "card 7 juliet note=Capulet image/png 48\n"));
    tells_occupant(w, "juliet", "j", "second");
    world_clear(w);
    cr_expect_eq(card(w, "juliet", 8), SJ_OK);
    w->link->host->rooms->occupant_gone(w->link, "#a", "juliet",
                                        &(struct sj_exit){.kind = SJ_EXIT_LEFT});
    world_clear(w);
    shows(w, 0, 2);
    EXPECT(w, "answer 8 not found\n");
    world_free(w);
}

/* Beyond ROOM_PICTURES_MAX people, those who speak are shown with a picture. */
Test(room_picture, of_crowds_are_fetched_when_they_speak)
{
    struct world *w = ready();
    char nick[16];

    for (unsigned i = 2; i < MANY; i++) {
        snprintf(nick, sizeof nick, "g%u", i);
        wroom_occupant(w, "#a", nick, false);
    }
    world_clear(w);
    tells_occupant(w, "late", "l", "face");
    world_clear(w);
    cr_expect_eq(profile->n_calls, 0);
    wroom_says(w, "#a", "late", "hello", "m1");
    settle(w);
    cr_expect_eq(profile->n_calls, 1);
    wroom_says(w, "#a", "late", "hello again", "m2");
    settle(w);
    cr_expect_eq(profile->n_calls, 1);
    world_clear(w);
    shows(w, 0, 1);
    EXPECT_PICTURE("occupant #a/late -> " R " online none/participant peer=l account=l", 1);
    world_free(w);
}

/* Many at once keep to the budget; what is left goes with the room. */
Test(room_picture, waits_for_its_turn_and_goes_with_the_room)
{
    struct world *w = ready();
    char nick[16];

    for (unsigned i = 0; i < 50; i++) {
        snprintf(nick, sizeof nick, "g%u", i);
        tells_occupant(w, nick, nick, "face");
    }
    cr_expect_eq(profile->n_calls, FETCH_BACKGROUND_MAX);
    shows(w, 0, 1);
    world_advance(w, 1000);
    cr_expect_eq(profile->n_calls, FETCH_BACKGROUND_MAX);
    w->link->host->rooms->left(w->link, "#a", &(struct sj_exit){.kind = SJ_EXIT_KICKED});
    settle(w);
    shows(w, 0, 2);
    shows(w, 0, 3);
    cr_expect_eq(profile->n_calls, 0);
    world_free(w);
}

Test(room_picture, is_none_where_networks_have_none)
{
    struct world *w = wroom_ready(0, "juliet=j");

    tells_room(w, "first");
    tells_occupant(w, "juliet", "j", "first");
    EXPECT(w, "");
    cr_expect_eq(card(w, "juliet", 7), SJ_OK);
    EXPECT(w, "card 7 juliet note=- - 0\n");
    world_free(w);
}
