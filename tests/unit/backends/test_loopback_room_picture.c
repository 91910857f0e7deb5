/* SPDX-License-Identifier: MPL-2.0 */
/* Pictures of rooms of the loopback network, and of the people in them. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "loopback/loopback.h"
#include "loopback_profile.h"
#include "recorder.h"
#include "recorder_room.h"

/* romeo on 1, juliet on 2. */
static struct recorder *start(void)
{
    struct recorder *r = recorder_new(&loopback_backend, "", NULL, NULL);
    recorder_log_in(r, 1, "username=romeo");
    recorder_log_in(r, 2, "username=juliet");
    recorder_settle(r);
    recorder_forget(r);
    return r;
}

static void hears_outcome(struct recorder *r, unsigned n, const char *outcome)
{
    char line[64];
    snprintf(line, sizeof line, "%u op %llu %s", n,
             (unsigned long long)recorder_next_op(r) - 1, outcome);
    recorder_hears(r, line);
}

static void asks(struct recorder *r, unsigned n, const char *id, const char *avatar,
                 const char *line, const char *outcome)
{
    cr_assert_eq(recorder_avatar(r, n, id, avatar), SJ_OK);
    if (line)
        recorder_hears(r, line);
    hears_outcome(r, n, outcome);
}

static void sets(struct recorder *r, unsigned n, const char *room, const void *data, size_t len,
                 const char *outcome)
{
    const struct sj_avatar picture = {.data = data, .len = len};
    const struct sj_room_change c = {.kind = SJ_CHANGE_PICTURE, .picture = &picture};
    cr_assert_eq(recorder_change(r, n, room, &c, 1), SJ_OK);
    recorder_settle(r);
    char line[64];
    snprintf(line, sizeof line, "%u op %llu %s", n,
             (unsigned long long)recorder_next_op(r) - 1, outcome);
    cr_expect(recorder_heard(r, line), "%s", line);
}

Test(loopback_room_picture, everybody_in_the_gallery_has_one)
{
    struct recorder *r = start();
    asks(r, 1, "#gallery", "room-1", NULL, "not found");         /* not in it */
    asks(r, 1, "echo", "echo-1", "1 avatar echo echo-1 1142", "ok");     /* in the list */
    cr_assert_eq(recorder_join(r, 1, "#gallery", NULL, NULL), SJ_OK);
    recorder_hears(r, "1 occupant #gallery warden owner moderator online id=warden "
                      "picture=warden-1 (keeper of the rooms)");
    recorder_hears(r, "1 occupant #gallery echo none participant online id=echo picture=echo-1 "
                      "(bot)");
    recorder_hears(r, "1 occupant #gallery romeo self none participant online id=romeo picture=");
    recorder_hears(r, "1 room #gallery name \"Gallery\" description \"Everybody is seen with a "
                      "picture, and so is the room\" flags=20/3ff n=3 picture=room-1");
    recorder_settle(r);
    recorder_forget(r);
    asks(r, 1, "#gallery", "room-1", "1 avatar #gallery room-1 1142", "ok");
    asks(r, 1, "#gallery", "room-2", NULL, "not found");
    asks(r, 1, "warden", "warden-1", "1 avatar warden warden-1 1142", "ok");
    asks(r, 1, "juliet", "juliet-1", NULL, "not found");
    recorder_free(&r);
}

/* Who is in a room that tells who is who is seen there; in #anonymous moderators alone see it. */
Test(loopback_room_picture, is_seen_by_who_is_there)
{
    struct recorder *r = start();
    const struct sj_avatar picture = {.data = "abc", .len = 3};
    const struct sj_own_profile own = {.avatar = &picture};
    cr_assert_eq(recorder_own_profile(r, 2, &own), SJ_OK);
    cr_assert_eq(recorder_join(r, 1, "#anonymous", NULL, NULL), SJ_OK);
    cr_assert_eq(recorder_join(r, 2, "#anonymous", NULL, NULL), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    asks(r, 1, "juliet", "juliet-1", NULL, "not found");
    cr_assert_eq(recorder_profile(r, 1, "juliet"), SJ_OK);
    hears_outcome(r, 1, "not found");
    cr_assert_eq(recorder_join(r, 1, "#gallery", NULL, NULL), SJ_OK);
    cr_assert_eq(recorder_join(r, 2, "#gallery", NULL, NULL), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 occupant #gallery juliet none participant online id=juliet "
                                "picture=juliet-1"));
    recorder_forget(r);
    asks(r, 1, "juliet", "juliet-1", "1 avatar juliet juliet-1 3", "ok");
    cr_assert_eq(recorder_own_profile(r, 2, &own), SJ_OK);
    recorder_settle(r);
    cr_expect(recorder_heard(r, "1 occupant #gallery juliet none participant online id=juliet "
                                "picture=juliet-2"));
    recorder_free(&r);
}

Test(loopback_room_picture, is_given_by_owners)
{
    static char big[LOOPBACK_PICTURE_MAX + 1];
    struct recorder *r = start();
    cr_assert_eq(recorder_join(r, 1, "#verona", NULL, NULL), SJ_OK);
    cr_assert_eq(recorder_join(r, 2, "#verona", NULL, NULL), SJ_OK);
    recorder_settle(r);
    recorder_forget(r);
    sets(r, 2, "#verona", "abc", 3, "not permitted");
    sets(r, 1, "#verona", big, sizeof big, "not acceptable");
    sets(r, 1, "#verona", "abc", 3, "ok");
    cr_expect(recorder_heard(r, "2 room #verona name \"\" description \"\" flags=0/3ff n=2 "
                                "picture=room-1"));
    recorder_forget(r);
    asks(r, 2, "#verona", "room-1", "2 avatar #verona room-1 3", "ok");
    sets(r, 1, "#verona", NULL, 0, "ok");
    cr_expect(recorder_heard(r, "2 room #verona name \"\" description \"\" flags=0/3ff n=2"));
    recorder_forget(r);
    asks(r, 2, "#verona", "room-1", NULL, "not found");
    sets(r, 1, "#verona", "abcd", 4, "ok");
    recorder_forget(r);
    asks(r, 2, "#verona", "room-3", "2 avatar #verona room-3 4", "ok");
    recorder_free(&r);
}

/* All of a net are bounded; those of rooms that go make place. */
Test(loopback_room_picture, pictures_are_bounded)
{
    static char big[LOOPBACK_PICTURE_MAX];
    const unsigned fits = LOOPBACK_PICTURES_MAX / LOOPBACK_PICTURE_MAX;
    struct recorder *r = start();
    char room[16];
    for (unsigned i = 0; i <= fits; i++) {
        snprintf(room, sizeof room, "#r%u", i);
        cr_assert_eq(recorder_join(r, 1, room, NULL, NULL), SJ_OK);
        recorder_settle(r);
        sets(r, 1, room, big, sizeof big, i < fits ? "ok" : "limit reached");
    }
    sets(r, 1, "#r0", big, sizeof big, "ok");        /* takes the place of its own */
    cr_assert_eq(recorder_leave(r, 1, "#r0", NULL), SJ_OK);
    recorder_settle(r);
    sets(r, 1, room, big, sizeof big, "ok");
    recorder_free(&r);
}
