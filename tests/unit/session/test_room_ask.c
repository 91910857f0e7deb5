/* SPDX-License-Identifier: MPL-2.0 */
/* What clients ask of rooms: what a room is like, who has which standing there, who is invited;
 * and what they are told when the room changes. */
#include <stdio.h>
#include <string.h>

#include "room.h"
#include "session.h"
#include "world_room.h"

#define R "romeo@example.org/r"
#define S "romeo@example.org/s"

static enum sj_status info(struct world *w, const char *room, xmpp_req req)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    return w->in->muc.info(w->sessions, &from, room, req, &err);
}

static void tell(struct world *w, const struct sj_room *room)
{
    w->link->host->rooms->room(w->link, room);
}

static enum sj_status list(struct world *w, const char *resource, int affiliation, int role,
                           xmpp_req req)
{
    struct xmpp_from from = world_from(ROMEO, resource);
    struct sj_error err = {.status = SJ_OK};

    return w->in->muc.admin_get(w->sessions, &from, "#A", affiliation, role, req, &err);
}

/* ---- what a room is like ---- */

Test(room_ask, tells_what_the_room_is_like_that_one_is_in_G045_03)
{
    struct world *w = wroom_ready(0, "juliet,nurse");
    const struct sj_room room = {.id = "#a", .name = "Balcony", .description = "of the Capulets",
                                 .flags = SJ_ROOM_SECRET | SJ_ROOM_PASSWORD,
                                 .known = SJ_ROOM_SECRET | SJ_ROOM_PASSWORD, .occupants_max = 7};

    tell(w, &room);
    w->link->host->rooms->subject(w->link, "#a", "juliet", "night", 0);
    world_clear(w);
    cr_expect_eq(info(w, "#A", 7), SJ_OK);
    EXPECT(w, "answer-info 7 #a name=Balcony description=of the Capulets subject=night flags=9 "
              "occupants=3 settable=0 max=7\n");
    world_free(w);
}

Test(room_ask, asks_the_network_about_other_rooms)
{
    struct world *w = wroom_ready(0, "");
    const struct sj_room open = {.id = "#b", .name = "Street", .description = "in Verona",
                                 .n_occupants = 40, .occupants_max = 50,
                                 .flags = SJ_ROOM_MODERATED, .known = SJ_ROOM_MODERATED};
    const struct sj_room other = {.id = "#c", .name = "Cell"};

    cr_expect_eq(info(w, "#B", 7), SJ_OK);
    EXPECT(w, "net look #b\n");
    tell(w, &other);
    tell(w, &open);
    EXPECT(w, "");
    world_done(w, SJ_OK);
    EXPECT(w, "answer-info 7 #b name=Street description=in Verona flags=4 occupants=40 settable=0 "
              "max=50\n");
    tell(w, &open);
    world_done(w, SJ_OK);
    EXPECT(w, "");
    world_free(w);
}

Test(room_ask, tells_no_secrets_of_rooms_that_one_is_not_in_G045_05)
{
    struct world *w = wroom_ready(0, "");
    const struct sj_room secret = {.id = "#b", .name = "Plot", .description = "to be hidden",
                                   .n_occupants = 40, .flags = SJ_ROOM_SECRET,
                                   .known = SJ_ROOM_SECRET};

    cr_expect_eq(info(w, "#b", 7), SJ_OK);
    tell(w, &secret);
    world_clear(w);
    world_done(w, SJ_OK);
    EXPECT(w, "answer-info 7 #b name=Plot flags=1 occupants=-1 settable=0\n");
    world_free(w);
}

Test(room_ask, tells_why_nothing_is_known_of_a_room_G045_07)
{
    struct world *w = wroom_ready(0, "");

    cr_expect_eq(info(w, "#none", 7), SJ_OK);
    world_clear(w);
    world_done(w, SJ_NOTFOUND);
    EXPECT(w, "answer 7 not found\n");
    cr_expect_eq(info(w, "#quiet", 8), SJ_OK);   /* the network knows it, and nothing of it */
    world_clear(w);
    world_done(w, SJ_OK);
    EXPECT(w, "answer-info 8 #quiet flags=0 occupants=-1 settable=0\n");
    cr_expect_eq(info(w, "#with blank", 9), SJ_NOTFOUND);
    cr_expect_eq(info(w, "#gone", 10), SJ_OK);
    world_down(w, SJ_END_CLOSED);
    cr_expect(strstr(world_lines(w), "answer 10 no live link\n"));
    world_free(w);
}

Test(room_ask, says_of_any_room_that_it_may_be_there_when_nobody_is_logged_in)
{
    struct world *w = wroom_ready(0, "");
    struct xmpp_from stranger = world_from("tybalt@example.org", "r");
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->muc.info(w->sessions, &stranger, "#b", 6, &err), SJ_UNREGISTERED);
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_run(w);
    world_clear(w);
    cr_expect_eq(info(w, "#b", 7), SJ_OK);
    EXPECT(w, "answer-info 7 #b flags=0 occupants=-1 settable=0\n");
    world_free(w);
}

/* ---- lists ---- */

Test(room_ask, lists_occupants_by_role_G045_76)
{
    struct world *w = wroom_ready(0, "@juliet=juliet,-nurse,tybalt");

    cr_expect_eq(list(w, "r", -1, XMPP_ROLE_MODERATOR, 7), SJ_OK);
    EXPECT(w, "answer-items 7 juliet(owner,moderator)\n");
    cr_expect_eq(list(w, "r", -1, XMPP_ROLE_VISITOR, 8), SJ_OK);
    EXPECT(w, "answer-items 8 nurse(none,visitor)\n");
    cr_expect_eq(list(w, "r", -1, XMPP_ROLE_PARTICIPANT, 9), SJ_OK);
    EXPECT(w, "answer-items 9 tybalt(none,participant) me(none,participant," R ")\n");
    world_free(w);
}

Test(room_ask, lists_people_by_affiliation_as_the_network_knows_them_G045_76)
{
    struct world *w = wroom_ready(0, "");
    const struct sj_host_rooms *net = w->link->host->rooms;
    struct sj_affiliate out = {.id = "tybalt", .nick = "ty", .reason = "he fights",
                               .affiliation = SJ_AFFILIATION_OUTCAST};
    const struct sj_affiliate mask = {.id = "*!*@evil", .affiliation = SJ_AFFILIATION_OUTCAST};
    const struct sj_affiliate own = {.id = "romeo", .affiliation = SJ_AFFILIATION_OUTCAST};

    w->link->host->self(w->link, "romeo");
    cr_expect_eq(list(w, "r", XMPP_AFF_OUTCAST, -1, 7), SJ_OK);
    EXPECT(w, "net affiliates #a outcast\n");
    net->affiliate(w->link, w->op, &out);
    net->affiliate(w->link, w->op, &mask);
    net->affiliate(w->link, w->op, &own);
    net->affiliate(w->link, w->op + 1, &out);    /* nobody asked for that */
    world_done(w, SJ_OK);
    EXPECT(w, "answer-items 7 ty(outcast,-) *!*@evil(outcast,-) -(outcast,-," ROMEO ")\n");
    net->affiliate(w->link, w->op, &out);
    cr_expect_eq(list(w, "r", XMPP_AFF_OWNER, -1, 8), SJ_OK);
    world_clear(w);
    world_done(w, SJ_DENIED);
    EXPECT(w, "answer 8 not permitted\n");
    cr_expect_eq(list(w, "r", XMPP_AFF_MEMBER, -1, 9), SJ_OK);
    world_clear(w);
    world_done(w, SJ_OK);
    EXPECT(w, "answer-items 9\n");
    world_free(w);
}

Test(room_ask, bounds_how_many_are_listed)
{
    struct world *w = wroom_ready(0, "");
    char id[16];
    const char *at;
    int n = 0;

    cr_expect_eq(list(w, "r", XMPP_AFF_OUTCAST, -1, 7), SJ_OK);
    world_clear(w);
    for (int i = 0; i < 2100; i++) {
        struct sj_affiliate out = {.id = id, .affiliation = SJ_AFFILIATION_OUTCAST};
        snprintf(id, sizeof id, "u%d", i);
        w->link->host->rooms->affiliate(w->link, w->op, &out);
    }
    world_done(w, SJ_OK);
    for (at = world_lines(w); (at = strstr(at, "(outcast")) != NULL; at++)
        n++;
    cr_expect(n > 1000 && n <= 2000, "%d are listed", n);
    world_free(w);
}

Test(room_ask, lists_for_nobody_who_is_not_in_the_room)
{
    struct world *w = wroom_ready(0, "juliet");

    cr_expect_eq(list(w, "s", -1, XMPP_ROLE_PARTICIPANT, 7), SJ_DENIED);
    cr_expect_eq(list(w, "s", XMPP_AFF_OWNER, -1, 7), SJ_DENIED);
    cr_expect_eq(wroom_join(w, "r", "#b", "me"), SJ_OK);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};
    cr_expect_eq(w->in->muc.admin_get(w->sessions, &from, "#b", XMPP_AFF_OWNER, -1, 8, &err),
                 SJ_DENIED, "it is not in yet");
    world_free(w);
}

/* ---- invitations ---- */

static enum sj_status invite(struct world *w, const char *resource, struct xmpp_invite_in *in,
                             size_t n)
{
    struct xmpp_from from = world_from(ROMEO, resource);
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status;

    from.id = "i7";
    status = w->in->muc.invite(w->sessions, &from, in, n, &err);
    world_run(w);
    return status;
}

Test(room_ask, invites_people_of_the_network_and_others_G045_83)
{
    struct world *w = wroom_ready(0, "");
    struct xmpp_invite_in in[] = {
        {.room = "#A", .peer = "Juliet", .reason = "come"},
        {.room = "#A", .jid = "nurse@example.org", .reason = "come, too"},
        {.room = "#A", .peer = "tybalt"},
    };

    cr_expect_eq(invite(w, "r", in, 3), SJ_OK);
    EXPECT(w, "net invite #a juliet come\n"
              "invite #a -> nurse@example.org inviter=" ROMEO " why=come, too\n"
              "net invite #a tybalt\n");
    world_done(w, SJ_DENIED);
    EXPECT(w, "error-room #a -> " R " i7 not permitted\n");
    in[0].peer = "no body";
    cr_expect_eq(invite(w, "r", in, 1), SJ_NOTFOUND);    /* G045-84 */
    cr_expect_eq(invite(w, "s", in, 1), SJ_UNACCEPTABLE);
    EXPECT(w, "");
    w->queued = WORLD_QUEUE_MAX;
    cr_expect_eq(invite(w, "r", &in[1], 1), SJ_UNREACHABLE);
    world_free(w);
}

static void decline(struct world *w, const char *user, const char *to)
{
    struct xmpp_from from = world_from(user, "r");
    struct xmpp_invite_in in = {.room = "#A", .jid = to, .reason = "no time", .declines = true};
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->muc.invite(w->sessions, &from, &in, 1, &err), SJ_OK);
    world_run(w);
}

Test(room_ask, passes_on_that_an_invitation_is_declined_once_G045_85)
{
    struct world *w = wroom_ready(0, "");
    struct xmpp_invite_in in = {.room = "#a", .jid = "nurse@example.org"};

    decline(w, "nurse@example.org", ROMEO);
    EXPECT(w, "");                       /* nobody had asked */
    cr_expect_eq(invite(w, "r", &in, 1), SJ_OK);
    world_clear(w);
    decline(w, "tybalt@example.org", ROMEO);
    decline(w, "nurse@example.org", "paris@example.org");
    EXPECT(w, "");
    decline(w, "nurse@example.org", ROMEO);
    EXPECT(w, "invite #a -> " ROMEO " inviter=nurse@example.org why=no time declines\n");
    decline(w, "nurse@example.org", ROMEO);
    EXPECT(w, "");
    world_free(w);
}

Test(room_ask, bounds_how_many_may_decline)
{
    struct world *w = wroom_ready(0, "");
    char jid[32];

    for (unsigned i = 0; i <= ROOM_INVITED_MAX; i++) {
        struct xmpp_invite_in in = {.room = "#a", .jid = jid};
        snprintf(jid, sizeof jid, "u%u@example.org", i);
        cr_expect_eq(invite(w, "r", &in, 1), SJ_OK);
    }
    world_clear(w);
    decline(w, "u0@example.org", ROMEO);
    EXPECT(w, "");
    decline(w, "u1@example.org", ROMEO);
    EXPECT(w, "invite #a -> " ROMEO " inviter=u1@example.org why=no time declines\n");
    world_free(w);
}

Test(room_ask, brings_invitations_of_contacts_G045_86)
{
    struct world *w = wroom_ready(0, "");
    const struct sj_host_rooms *net = w->link->host->rooms;

    net->invited(w->link, "#b", "juliet", "come", "open");
    net->invited(w->link, "#b", NULL, NULL, NULL);
    EXPECT(w, "invite #b -> " ROMEO " peer=juliet password=open why=come\n"
              "invite #b -> " ROMEO "\n");
    w->queued = WORLD_QUEUE_MAX;
    net->invited(w->link, "#b", "juliet", NULL, NULL);
    EXPECT(w, "");
    world_free(w);
}

/* ---- what changes ---- */

Test(room_told, says_what_changed_G045_90)
{
    static const struct {
        uint32_t flags;
        const char *codes;
    } rows[] = {
        {SJ_ROOM_LOGGED, " 170+"},
        {SJ_ROOM_LOGGED, NULL},
        {0, " 171"},
        {SJ_ROOM_ANONYMOUS, " 173"},
        {0, " 172"},
        {SJ_ROOM_MODERATED, " 104"},
        {SJ_ROOM_LOGGED | SJ_ROOM_ANONYMOUS, " 104 170+ 173"},
        {0, " 171 172"},
    };
    struct world *w = wroom_ready(0, "");
    char expected[128];

    tell(w, &(struct sj_room){.id = "#a", .known = ~0u});
    EXPECT(w, "");                       /* it was not known before */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tell(w, &(struct sj_room){.id = "#a", .flags = rows[i].flags, .known = ~0u});
        snprintf(expected, sizeof expected, rows[i].codes ? "changed #a -> " R "%s\n" : "%s",
                 rows[i].codes ? rows[i].codes : "");
        cr_expect_str_eq(world_lines(w), expected, "row %zu", i);
    }
    world_free(w);
}

Test(room_told, says_that_texts_and_numbers_changed_to_all_who_are_in)
{
    struct world *w = wroom_ready(0, "");
    struct sj_room room = {.id = "#a", .name = "Balcony"};

    world_presence(w, "s", NULL, XMPP_ONLINE, 0);
    wroom_join(w, "s", "#a", "me");
    world_clear(w);
    tell(w, &room);
    EXPECT(w, "changed #a -> " R " 104\nchanged #a -> " S " 104\n");
    tell(w, &room);
    EXPECT(w, "");
    room.occupants_max = 5;
    room.n_occupants = 2;
    tell(w, &room);
    EXPECT(w, "changed #a -> " R " 104\nchanged #a -> " S " 104\n");
    room.occupants_max = 0;              /* there is no limit any more */
    tell(w, &room);
    EXPECT(w, "changed #a -> " R " 104\nchanged #a -> " S " 104\n");
    cr_expect_eq(info(w, "#a", 7), SJ_OK);
    EXPECT(w, "answer-info 7 #a name=Balcony flags=0 occupants=1 settable=0\n");
    room.id = "#elsewhere";
    tell(w, &room);
    EXPECT(w, "");
    world_free(w);
}
