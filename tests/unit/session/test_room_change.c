/* SPDX-License-Identifier: MPL-2.0 */
/* What the user changes in rooms: roles, affiliations, configuration, and their end. */
#include <stdio.h>
#include <string.h>

#include "room.h"
#include "session.h"
#include "world_room.h"

#define R "romeo@example.org/r"

/* In #a as its owner. */
static struct world *owner(const char *others)
{
    struct world *w = world_new(CAPS_ROOMS);

    world_ready(w);
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    wroom_enters(w, "#a", "@me", others);
    w->link->host->self(w->link, "romeo");
    world_clear(w);
    return w;
}

static enum sj_status change(struct world *w, const char *resource,
                             const struct xmpp_room_item *items, size_t n, xmpp_req req)
{
    struct xmpp_from from = world_from(ROMEO, resource);
    struct sj_error err = {.status = SJ_OK};

    return w->in->muc.admin_set(w->sessions, &from, "#A", items, n, req, &err);
}

static enum sj_status change_one(struct world *w, struct xmpp_room_item item)
{
    return change(w, "r", &item, 1, 7);
}

static enum sj_status config(struct world *w, struct xmpp_room_config c, xmpp_req req)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    return w->in->muc.config_set(w->sessions, &from, "#A", &c, req, &err);
}

/* ---- people ---- */

Test(room_change, changes_roles_of_occupants_G045_70_G045_73)
{
    struct world *w = owner("juliet=juliet,a b");
    const struct xmpp_room_item row[] = {
        {.nick = "juliet", .role = XMPP_ROLE_NONE, .affiliation = -1, .reason = "late"},
        {.nick = "a_b", .role = XMPP_ROLE_VISITOR, .affiliation = -1},
        {.nick = "a_b", .role = XMPP_ROLE_MODERATOR, .affiliation = -1},
        {.nick = "me", .role = XMPP_ROLE_PARTICIPANT, .affiliation = -1},
    };

    cr_expect_eq(change(w, "r", row, 1, 7), SJ_OK);
    EXPECT(w, "net change #a kick nick=juliet text=late\n");
    world_done(w, SJ_OK);
    EXPECT(w, "answer 7 ok\n");
    cr_expect_eq(change(w, "r", &row[1], 3, 8), SJ_OK);  /* nicks as the network knows them */
    EXPECT(w, "net change #a role nick=a b role=visitor role nick=a b role=moderator"
              " role nick=me role=participant\n");
    world_done(w, SJ_NOTALLOWED);
    EXPECT(w, "answer 8 not permitted to anybody\n");
    world_free(w);
}

Test(room_change, changes_all_or_nothing_G045_78)
{
    struct world *w = owner("juliet");
    const struct xmpp_room_item items[] = {
        {.nick = "juliet", .role = XMPP_ROLE_NONE, .affiliation = -1},
        {.nick = "nobody", .role = XMPP_ROLE_NONE, .affiliation = -1},
    };

    cr_expect_eq(change(w, "r", items, 2, 7), SJ_NOTFOUND);
    EXPECT(w, "");
    cr_expect_eq(change(w, "s", items, 1, 7), SJ_DENIED);
    EXPECT(w, "");
    world_free(w);
}

Test(room_change, changes_affiliations_of_people_wherever_they_are_G045_71_G045_73)
{
    struct world *w = owner("jule=juliet,nurse");
    static const struct {
        struct xmpp_room_item item;
        const char *asked;
    } rows[] = {
        {{.peer = "Tybalt", .role = -1, .affiliation = XMPP_AFF_OUTCAST, .reason = "he fights"},
         "net change #a affiliation id=tybalt text=he fights affiliation=outcast\n"},
        {{.nick = "jule", .role = -1, .affiliation = XMPP_AFF_MEMBER},
         "net change #a affiliation nick=jule id=juliet affiliation=member\n"},
        {{.nick = "nurse", .role = -1, .affiliation = XMPP_AFF_ADMIN},
         "net change #a affiliation nick=nurse affiliation=admin\n"},
        {{.peer = "a pattern*", .role = -1, .affiliation = XMPP_AFF_OUTCAST},
         "net change #a affiliation nick=a pattern* affiliation=outcast\n"},
        {{.jid = ROMEO, .role = -1, .affiliation = XMPP_AFF_MEMBER},
         "net change #a affiliation nick=me id=romeo affiliation=member\n"},
        {{.peer = "Romeo", .role = -1, .affiliation = XMPP_AFF_MEMBER},
         "net change #a affiliation nick=me id=romeo affiliation=member\n"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect_eq(change_one(w, rows[i].item), SJ_OK, "row %zu", i);
        cr_expect_str_eq(world_lines(w), rows[i].asked, "row %zu", i);
        world_done(w, SJ_OK);
        EXPECT(w, "answer 7 ok\n");
    }
    world_free(w);
}

Test(room_change, bans_neither_the_user_nor_nobody_G045_75)
{
    struct world *w = owner("juliet");
    const struct xmpp_room_item own[] = {
        {.jid = ROMEO, .role = -1, .affiliation = XMPP_AFF_OUTCAST},
        {.nick = "me", .role = -1, .affiliation = XMPP_AFF_OUTCAST},
        {.peer = "ROMEO", .role = -1, .affiliation = XMPP_AFF_OUTCAST},
    };

    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(change_one(w, own[i]), SJ_EXISTS, "row %zu", i);
    cr_expect_eq(change_one(w, (struct xmpp_room_item){.jid = "paris@example.org", .role = -1}),
                 SJ_NOTFOUND);
    cr_expect_eq(change_one(w, (struct xmpp_room_item){.nick = "nobody", .role = -1}),
                 SJ_NOTFOUND);
    EXPECT(w, "");
    world_free(w);
}

/* ---- configuration ---- */

Test(room_change, shows_the_configuration_to_who_runs_the_room_G045_89)
{
    struct world *w = owner("");
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->muc.config_get(w->sessions, &from, "#a", 7, &err), SJ_OK);
    EXPECT(w, "net aliases #a\n");
    world_done(w, SJ_OK);                        /* and did not say them */
    EXPECT(w, "answer-config 7 #a flags=0 occupants=1 settable=d\n");
    wroom_occupant(w, "#a", "me", true);         /* not any more */
    world_clear(w);
    cr_expect_eq(w->in->muc.config_get(w->sessions, &from, "#a", 8, &err), SJ_DENIED);
    cr_expect_eq(config(w, (struct xmpp_room_config){.name = "x", .occupants_max = -1}, 9),
                 SJ_DENIED);
    cr_expect_eq(w->in->muc.destroy(w->sessions, &from, "#a", NULL, 10, &err), SJ_DENIED);
    EXPECT(w, "");
    world_free(w);
}

Test(room_change, shows_the_addresses_that_the_network_tells)
{
    static const char *const aliases[] = {"#main", "#other"};
    struct world *w = owner("");
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};
    struct sj_room told = {.id = "#a", .aliases = aliases, .n_aliases = 2};

    cr_expect_eq(w->in->muc.config_get(w->sessions, &from, "#a", 7, &err), SJ_OK);
    w->link->host->rooms->room(w->link, &told);
    world_clear(w);
    world_done(w, SJ_OK);
    EXPECT(w, "answer-config 7 #a flags=0 occupants=1 settable=d alias=#main alias=#other\n");
    cr_expect_eq(w->in->muc.config_get(w->sessions, &from, "#a", 8, &err), SJ_OK);
    told.n_aliases = 0;
    w->link->host->rooms->room(w->link, &told);
    world_clear(w);
    world_done(w, SJ_OK);
    EXPECT(w, "answer-config 8 #a flags=0 occupants=1 settable=d no-alias\n");
    cr_expect_eq(w->in->muc.config_get(w->sessions, &from, "#a", 9, &err), SJ_OK);
    world_clear(w);
    world_done(w, SJ_TIMEOUT);                   /* the rest of the form does not depend on them */
    EXPECT(w, "answer-config 9 #a flags=0 occupants=1 settable=d\n");
    world_free(w);
}

Test(room_change, gives_no_form_to_who_was_put_out_meanwhile)
{
    struct world *w = owner("");
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};
    const struct sj_exit kicked = {.kind = SJ_EXIT_KICKED};

    cr_expect_eq(w->in->muc.config_get(w->sessions, &from, "#a", 7, &err), SJ_OK);
    w->link->host->rooms->left(w->link, "#a", &kicked);
    world_clear(w);
    world_done(w, SJ_OK);
    EXPECT(w, "answer 7 not permitted\n");
    world_free(w);
}

Test(room_change, hands_addresses_over_as_they_were_typed)
{
    static const char *const aliases[] = {"#Main:hs", "other"};
    struct world *w = owner("");
    const struct xmpp_room_config c = {.occupants_max = -1, .aliases = aliases, .n_aliases = 2};
    const struct xmpp_room_config none = {.occupants_max = -1, .aliases = aliases};

    cr_expect_eq(config(w, c, 7), SJ_OK);
    EXPECT(w, "net change #a aliases #Main:hs other\n");
    world_done(w, SJ_EXISTS);
    EXPECT(w, "answer 7 exists already\n");
    cr_expect_eq(config(w, none, 8), SJ_OK);
    EXPECT(w, "net change #a aliases\n");
    world_done(w, SJ_OK);
    EXPECT(w, "answer 8 ok\n");
    world_free(w);
}

Test(room_change, asks_only_for_what_differs_G045_90)
{
    struct world *w = owner("");
    const struct xmpp_room_config same = {
        .name = "Balcony", .description = "", .flags = XMPP_ROOM_MODERATED,
        .known = XMPP_ROOM_MODERATED | XMPP_ROOM_SECRET | XMPP_ROOM_PASSWORD, .password = "",
        .occupants_max = 0};
    struct xmpp_room_config c = same;

    w->link->host->rooms->room(w->link, &(struct sj_room){
        .id = "#a", .name = "Balcony", .flags = SJ_ROOM_MODERATED, .known = ~0u});
    world_clear(w);
    cr_expect_eq(config(w, c, 7), SJ_OK);
    EXPECT(w, "answer 7 ok\n");
    c.flags = XMPP_ROOM_SECRET | XMPP_ROOM_PERSISTENT;
    c.known |= XMPP_ROOM_PERSISTENT;     /* which cannot be set there */
    c.name = "";
    c.description = "of the Capulets";
    c.occupants_max = 12;
    cr_expect_eq(config(w, c, 8), SJ_OK);
    EXPECT(w, "net change #a flags 1/5 name text= description text=of the Capulets max 12\n");
    world_done(w, SJ_UNACCEPTABLE);
    EXPECT(w, "answer 8 not acceptable\n");
    c.cancel = true;
    cr_expect_eq(config(w, c, 9), SJ_OK);
    EXPECT(w, "answer 9 ok\n");
    c.cancel = false;
    c.instant = true;
    cr_expect_eq(config(w, c, 10), SJ_OK);
    EXPECT(w, "answer 10 ok\n");
    world_free(w);
}

Test(room_change, sets_and_takes_off_the_password)
{
    struct world *w = owner("");
    struct xmpp_room_config c = {.flags = XMPP_ROOM_PASSWORD, .known = XMPP_ROOM_PASSWORD,
                                 .occupants_max = -1};

    cr_expect_eq(config(w, c, 7), SJ_UNACCEPTABLE, "it needs one");
    c.password = "";
    cr_expect_eq(config(w, c, 7), SJ_UNACCEPTABLE);
    EXPECT(w, "");
    c.password = "sesame";
    cr_expect_eq(config(w, c, 7), SJ_OK);
    EXPECT(w, "net change #a password text=sesame\n");
    world_done(w, SJ_OK);
    w->link->host->rooms->room(w->link, &(struct sj_room){
        .id = "#a", .flags = SJ_ROOM_PASSWORD, .known = SJ_ROOM_PASSWORD});
    world_clear(w);
    c.password = "";
    cr_expect_eq(config(w, c, 8), SJ_OK, "the form did not show it: it stays");
    EXPECT(w, "answer 8 ok\n");
    c.password = "sesame2";
    cr_expect_eq(config(w, c, 9), SJ_OK);
    EXPECT(w, "net change #a password text=sesame2\n");
    world_done(w, SJ_OK);
    world_clear(w);
    c.flags = 0;
    cr_expect_eq(config(w, c, 10), SJ_OK);
    EXPECT(w, "net change #a password text=\n");
    world_done(w, SJ_OK);
    world_free(w);
}

Test(room_change, ends_rooms_of_who_owns_them_G045_92)
{
    struct world *w = owner("juliet");
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};
    const struct sj_exit closed = {.kind = SJ_EXIT_CLOSED, .reason = "dawn"};

    cr_expect_eq(w->in->muc.destroy(w->sessions, &from, "#a", "dawn", 7, &err), SJ_OK);
    EXPECT(w, "net destroy #a dawn\n");
    world_done(w, SJ_NOTALLOWED);
    EXPECT(w, "answer 7 not permitted to anybody\n");
    cr_expect_eq(w->in->muc.destroy(w->sessions, &from, "#a", "dawn", 8, &err), SJ_OK);
    world_clear(w);
    w->link->host->rooms->left(w->link, "#a", &closed);
    world_done(w, SJ_OK);
    EXPECT(w, "occupant #a/me -> " R " offline none/none 110 jid=" R " why=dawn account=" ROMEO
              " closed\nanswer 8 ok\n");
    world_free(w);
}

/* ---- what others said ---- */

static enum sj_status moderate(struct world *w, const char *resource, const char *target,
                               xmpp_req req)
{
    struct xmpp_from from = world_from(ROMEO, resource);
    struct sj_error err = {.status = SJ_OK};

    return w->in->muc.moderate(w->sessions, &from, "#A", target, "not here", req, &err);
}

Test(room_change, lets_moderators_take_back_what_others_said_G425_01_G425_03)
{
    struct world *w = wroom_ready(SJ_CAP_RETRACT, "juliet");
    char said[64], expected[256];

    w->messages_wait = true;
    wroom_says(w, "#a", "juliet", "hark", "n7");
    snprintf(said, sizeof said, "%s", world_last_stanza_id());
    world_clear(w);
    cr_expect_eq(moderate(w, "r", said, 7), SJ_DENIED);
    wroom_occupant(w, "#a", "@me", true);
    world_clear(w);
    cr_expect_eq(moderate(w, "s", said, 7), SJ_DENIED);
    cr_expect_eq(moderate(w, "r", "other", 7), SJ_NOTFOUND);
    EXPECT(w, "");
    cr_expect_eq(moderate(w, "r", said, 7), SJ_OK);
    EXPECT(w, "net mark #a retracted n7\n");
    world_done(w, SJ_DENIED);
    EXPECT(w, "answer 7 not permitted\n");
    cr_expect_eq(moderate(w, "r", said, 8), SJ_OK);
    world_clear(w);
    world_done(w, SJ_OK);
    snprintf(expected, sizeof expected, "mark #a -> " R " retracted %s\nanswer 8 ok\n", said);
    EXPECT(w, expected);
    world_free(w);
}

Test(room_change, says_that_nothing_can_be_taken_back)
{
    struct world *w = wroom_ready(0, "juliet");

    cr_expect_eq(moderate(w, "r", "any", 7), SJ_UNSUPPORTED);
    world_free(w);
    w = wroom_ready(SJ_CAP_RETRACT, "juliet");
    w->link->host->lacks(w->link, SJ_CAP_RETRACT);
    cr_expect_eq(moderate(w, "r", "any", 7), SJ_UNSUPPORTED);
    world_free(w);
}
