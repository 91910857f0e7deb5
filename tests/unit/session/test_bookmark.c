/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms that the network has put the user into become bookmarks, or one invitation each. */
#include <stdio.h>
#include <string.h>

#include "bookmark.h"
#include "preference.h"
#include "room.h"
#include "session.h"
#include "world_room.h"

#define INVITE(room) \
    "invite " room " -> " ROMEO " why=You are in this room on the other network. direct\n"

static struct session *world_session(struct world *w)
{
    return session_by_id(w->sessions, w->link->session);
}

static struct world *ready(unsigned privileges)
{
    struct world *w = world_new(CAPS_ROOMS);

    w->privileges = privileges;
    world_ready(w);
    world_clear(w);
    return w;
}

/* The network has the account in the room, as it is told at each log-in. */
static void puts_into(struct world *w, const char *room)
{
    const struct sj_room facts = {.id = room, .name = "A room", .flags = SJ_ROOM_MEMBERSHIP,
                                  .known = SJ_ROOM_MEMBERSHIP};

    wroom_occupant(w, room, "me", true);
    w->link->host->rooms->room(w->link, &facts);
    w->link->host->rooms->entered(w->link, room);
    world_run(w);
}

static void leaves(struct world *w, const char *room, enum sj_exit_kind kind)
{
    w->link->host->rooms->left(w->link, room, &(struct sj_exit){.kind = kind});
    world_run(w);
}

static void item(struct world *w, const char *room)
{
    w->in->privilege.bookmark(w->sessions, 0, ROMEO, room);
}

static void read_ends(struct world *w, bool ok)
{
    w->in->privilege.bookmarks_read(w->sessions, 0, ROMEO, ok);
    world_run(w);
}

static void written(struct world *w, const char *room, bool ok)
{
    w->in->privilege.bookmarked(w->sessions, 0, ROMEO, room, ok);
    world_run(w);
}

static const char *told(struct world *w)
{
    return session_preference(world_session(w), PREFERENCE_TOLD_ROOMS);
}

Test(bookmark, rooms_of_the_network_are_bookmarked_once_G402_01)
{
    struct world *w = ready(XMPP_MAY_BOOKMARK);

    puts_into(w, "#a");
    puts_into(w, "#b");
    EXPECT(w, "bookmarks-read " ROMEO "\n");
    read_ends(w, true);
    EXPECT(w, "bookmark #a A room/me\nbookmark #b A room/me\n");
    written(w, "#a", true);
    written(w, "#b", true);
    cr_expect_null(world_session(w)->bookmarks);
    cr_expect_eq(strlen(told(w)), 24);
    leaves(w, "#a", SJ_EXIT_LOST);       /* and it is told again */
    puts_into(w, "#a");
    EXPECT(w, "");
    world_free(w);
}

/* What is there is the user's, whatever it says; what they deleted stays deleted. */
Test(bookmark, what_the_user_has_is_left_alone_G402_02)
{
    struct world *w = ready(XMPP_MAY_BOOKMARK);

    puts_into(w, "#a");
    world_clear(w);
    item(w, "#z");
    item(w, "#A");
    item(w, " ");
    read_ends(w, true);
    EXPECT(w, "");
    cr_expect_eq(strlen(told(w)), 12);
    leaves(w, "#a", SJ_EXIT_LOST);
    puts_into(w, "#a");
    EXPECT(w, "");
    world_free(w);
}

Test(bookmark, goes_with_the_room_G402_03)
{
    struct world *w = ready(XMPP_MAY_BOOKMARK);

    puts_into(w, "#a");
    read_ends(w, true);
    written(w, "#a", true);
    world_clear(w);
    leaves(w, "#a", SJ_EXIT_KICKED);
    EXPECT(w, "bookmarks-read " ROMEO "\n");
    item(w, "#a");
    read_ends(w, true);
    EXPECT(w, "bookmark-remove #a\n");
    written(w, "#a", true);
    cr_expect_str_empty(told(w));
    puts_into(w, "#a");                  /* joined anew, so told anew */
    world_clear(w);
    leaves(w, "#a", SJ_EXIT_LEFT);       /* before anything was written */
    read_ends(w, true);
    EXPECT(w, "");
    cr_expect_str_empty(told(w));
    world_free(w);
}

/* It was left while the user was logged out: the network puts the account there no more. */
static struct world *logs_in_without(const char *room, const char *others)
{
    struct world *w = ready(XMPP_MAY_BOOKMARK);

    puts_into(w, room);
    puts_into(w, others);
    read_ends(w, true);
    written(w, room, true);
    written(w, others, true);
    leaves(w, room, SJ_EXIT_LOST);
    leaves(w, others, SJ_EXIT_LOST);
    puts_into(w, others);
    world_clear(w);
    world_list_told(w);
    world_run(w);
    return w;
}

Test(bookmark, goes_when_the_room_was_left_meanwhile_G402_03)
{
    struct world *w = logs_in_without("#a", "#b");

    EXPECT(w, "bookmarks-read " ROMEO "\n");
    item(w, "#z");
    item(w, "#A");
    item(w, "#b");
    read_ends(w, true);
    EXPECT(w, "bookmark-remove #a\n");
    written(w, "#a", true);
    cr_expect_null(world_session(w)->bookmarks);
    cr_expect_eq(strlen(told(w)), 12);
    world_list_told(w);                  /* nothing more is missing */
    world_run(w);
    EXPECT(w, "");
    puts_into(w, "#a");                  /* joined anew, so told anew */
    EXPECT(w, "bookmarks-read " ROMEO "\n");
    world_free(w);
}

/* The user took it out, or came into the room again; or there is no way to read them now. */
Test(bookmark, of_a_room_that_was_left_meanwhile_may_be_gone)
{
    struct world *w = logs_in_without("#a", "#b");

    read_ends(w, true);
    EXPECT(w, "bookmarks-read " ROMEO "\n");
    cr_expect_null(world_session(w)->bookmarks);
    cr_expect_eq(strlen(told(w)), 12);
    world_free(w);
    w = logs_in_without("#a", "#b");
    puts_into(w, "#a");
    world_clear(w);
    item(w, "#a");
    read_ends(w, true);
    EXPECT(w, "");
    cr_expect_eq(strlen(told(w)), 24);
    world_free(w);
    w = logs_in_without("#a", "#b");
    read_ends(w, false);
    cr_expect_null(world_session(w)->bookmarks);
    cr_expect_eq(strlen(told(w)), 24);
    world_clear(w);
    world_list_told(w);                  /* the next log-in tries again */
    world_run(w);
    EXPECT(w, "bookmarks-read " ROMEO "\n");
    world_free(w);
}

/* One that the user has made, or whose room lasts no longer than the log-in, is theirs. */
Test(bookmark, of_the_users_stays_when_the_room_was_left_meanwhile)
{
    struct world *w = ready(XMPP_MAY_BOOKMARK);

    puts_into(w, "#a");
    item(w, "#a");
    read_ends(w, true);
    wroom_occupant(w, "#b", "me", true);
    w->link->host->rooms->entered(w->link, "#b");
    world_run(w);
    read_ends(w, true);
    written(w, "#b", true);
    leaves(w, "#a", SJ_EXIT_LOST);
    leaves(w, "#b", SJ_EXIT_LOST);
    world_clear(w);
    world_list_told(w);
    world_run(w);
    EXPECT(w, "");
    cr_expect_eq(strlen(told(w)), 24);
    world_free(w);
}

/* A room that the user's own client joined is known to it; its bookmark goes all the same. */
Test(bookmark, of_rooms_that_clients_joined_goes_too_G402_03)
{
    struct world *w = ready(XMPP_MAY_BOOKMARK);
    const struct sj_room facts = {.id = "#a", .flags = SJ_ROOM_MEMBERSHIP,
                                  .known = SJ_ROOM_MEMBERSHIP};

    wroom_join(w, "r", "#a", "me");
    w->link->host->rooms->room(w->link, &facts);
    wroom_enters(w, "#a", "me", "");
    cr_expect_eq(strlen(told(w)), 12);
    world_clear(w);
    leaves(w, "#a", SJ_EXIT_LOST);
    puts_into(w, "#a");
    cr_expect_null(strstr(world_lines(w), "bookmark"));
    leaves(w, "#a", SJ_EXIT_CLOSED);
    cr_expect_not_null(strstr(world_lines(w), "bookmarks-read"));
    item(w, "#a");
    read_ends(w, true);
    EXPECT(w, "bookmark-remove #a\n");
    world_free(w);
}

/* Channels that are left when the last client goes are not left for good by that. */
Test(bookmark, stays_when_the_users_own_client_leaves)
{
    struct world *w = ready(XMPP_MAY_BOOKMARK);

    wroom_occupant(w, "#a", "me", true);
    w->link->host->rooms->entered(w->link, "#a");
    world_run(w);
    read_ends(w, true);
    written(w, "#a", true);
    wroom_join(w, "r", "#a", "me");
    wroom_leave(w, "r", "#a", NULL);
    leaves(w, "#a", SJ_EXIT_LEFT);
    cr_expect_null(strstr(world_lines(w), "remove"));
    cr_expect_eq(strlen(told(w)), 12);
    world_free(w);
}

Test(bookmark, without_the_privilege_is_one_invitation_G402_04)
{
    struct world *w = ready(XMPP_MAY_READ_ROSTER);

    puts_into(w, "#a");
    EXPECT(w, INVITE("#a"));
    leaves(w, "#a", SJ_EXIT_LOST);
    puts_into(w, "#a");
    EXPECT(w, "");
    leaves(w, "#a", SJ_EXIT_REMOVED);
    EXPECT(w, "");
    puts_into(w, "#a");
    EXPECT(w, INVITE("#a"));
    world_free(w);
}

Test(bookmark, that_cannot_be_read_or_written_is_an_invitation)
{
    struct world *w = ready(XMPP_MAY_BOOKMARK);

    puts_into(w, "#a");
    read_ends(w, false);
    EXPECT(w, "bookmarks-read " ROMEO "\n" INVITE("#a"));
    puts_into(w, "#b");
    read_ends(w, true);
    world_clear(w);
    written(w, "#b", false);
    EXPECT(w, INVITE("#b"));
    puts_into(w, "#c");
    w->privileges = 0;                   /* taken away while it was read */
    world_clear(w);
    read_ends(w, true);
    EXPECT(w, INVITE("#c"));
    cr_expect_null(world_session(w)->bookmarks);
    world_free(w);
}

/* Answers that nobody asked for do nothing. */
Test(bookmark, answers_that_nobody_waits_for_do_nothing)
{
    struct world *w = ready(XMPP_MAY_BOOKMARK);

    item(w, "#a");
    read_ends(w, true);
    written(w, "#a", true);
    puts_into(w, "#a");
    written(w, "#a", true);              /* not sent yet */
    world_clear(w);
    read_ends(w, true);
    read_ends(w, true);
    EXPECT(w, "bookmark #a A room/me\n");
    w->in->privilege.bookmarked(w->sessions, 0, "nurse@example.org", "#a", true);
    world_free(w);
}

Test(bookmark, is_not_wanted_by_everybody)
{
    struct world *w = ready(XMPP_MAY_BOOKMARK);
    struct sj_error err = {.status = SJ_OK};

    cr_assert_eq(session_prefer(world_session(w), PREFERENCE_BOOKMARKS, "0", &err), SJ_OK);
    puts_into(w, "#a");
    EXPECT(w, "");
    cr_expect_str_empty(told(w));
    world_free(w);
}

/* Many rooms: so many writes at once, and all in the end. */
Test(bookmark, many_keep_to_their_number)
{
    struct world *w = ready(XMPP_MAY_BOOKMARK);
    char room[16];
    unsigned n = 0;

    for (unsigned i = 0; i < 100; i++) {
        snprintf(room, sizeof room, "#r%u", i);
        puts_into(w, room);
    }
    world_clear(w);
    read_ends(w, true);
    for (const char *at = world_lines(w); (at = strstr(at, "bookmark #")) != NULL; at++)
        n++;
    cr_expect_eq(n, BOOKMARKS_AT_ONCE);
    for (unsigned i = 0; i < 100; i++) {
        snprintf(room, sizeof room, "#r%u", i);
        written(w, room, true);
    }
    cr_expect_null(world_session(w)->bookmarks);
    cr_expect_eq(strlen(told(w)), 1200);
    world_free(w);
}

/* It waits for its answer when the session ends. */
Test(bookmark, goes_with_the_session)
{
    struct world *w = ready(XMPP_MAY_BOOKMARK);

    puts_into(w, "#a");
    cr_expect_not_null(world_session(w)->bookmarks);
    world_free(w);
}
