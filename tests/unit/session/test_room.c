/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms: joins in order, several clients, changes, messages, ends, and what waits for what. */
#include <stdio.h>
#include <string.h>

#include "room.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "world_room.h"

#define R "romeo@example.org/r"
#define S "romeo@example.org/s"
#define ME(to) "occupant #a/me -> " to " online none/participant 100 110 jid=" to \
               " account=romeo@example.org\n"

Test(room, shows_others_then_the_user_then_the_subject_G045_15)
{
    struct world *w = world_new(CAPS_ROOMS);

    world_ready(w);
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    EXPECT(w, "net join #a me\n");
    wroom_occupant(w, "#a", "@juliet=juliet", false);
    EXPECT(w, "");
    w->link->host->rooms->subject(w->link, "#a", "juliet", "balcony", 5000);
    wroom_enters(w, "#a", "me", "-nurse");
    EXPECT(w, "occupant #a/juliet -> " R " online owner/moderator peer=juliet account=juliet\n"
              "occupant #a/nurse -> " R " online none/visitor\n"
              ME(R)
              "subject #a/juliet -> " R " 'balcony' - dated\n");
    world_free(w);
}

Test(room, tells_that_the_nick_is_another_G045_16)
{
    struct world *w = world_new(CAPS_ROOMS);

    world_ready(w);
    wroom_join(w, "r", "#a", "romeo");
    world_clear(w);
    wroom_enters(w, "#a", "me", "");
    EXPECT(w, "occupant #a/me -> " R " online none/participant 100 110 210 jid=" R
              " account=romeo@example.org\nsubject #a -> " R " '' -\n");
    world_free(w);
}

Test(room, shows_the_room_to_a_second_client_at_once_G045_23)
{
    struct world *w = wroom_ready(0, "juliet");

    world_presence(w, "s", NULL, XMPP_ONLINE, 0);
    world_clear(w);
    cr_assert_eq(wroom_join(w, "s", "#a", "me"), SJ_OK);
    EXPECT(w, "occupant #a/juliet -> " S " online none/participant\n" ME(S)
              "subject #a -> " S " '' -\n");
    wroom_says(w, "#a", "juliet", "hark", NULL);
    EXPECT(w, "message #a -> " R " hark nick=juliet id=new sid\n"
              "message #a -> " S " hark nick=juliet id=new sid\n");
    wroom_leave(w, "s", "#a", NULL);
    EXPECT(w, "occupant #a/me -> " S " offline none/none 110 jid=" S
              " account=romeo@example.org\n");
    wroom_leave(w, "r", "#a", "good night");
    EXPECT(w, "occupant #a/me -> " R " offline none/none 110 jid=" R
              " account=romeo@example.org status=good night\nnet leave #a good night\n");
    world_free(w);
}

Test(room, shows_everything_again_to_a_client_that_joins_again_G045_21)
{
    struct world *w = wroom_ready(0, "juliet");

    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    EXPECT(w, "occupant #a/juliet -> " R " online none/participant\n" ME(R)
              "subject #a -> " R " '' -\n");
    world_free(w);
}

Test(room, tells_why_a_join_is_refused_G045_24)
{
    struct world *w = world_new(CAPS_ROOMS);
    struct xmpp_join_in in = {.room = "#a", .nick = "me", .password = "open", .history_chars = -1,
                              .history_stanzas = -1, .history_seconds = -1, .history_since = -1};

    world_ready(w);
    cr_assert_eq(wroom_join_with(w, "r", &in), SJ_OK);
    EXPECT(w, "net join #a me open\n");
    world_done(w, SJ_AUTH);
    EXPECT(w, "refused #a/me -> " R " i1 credentials refused joins\n");
    cr_expect_null(session_find(&w->sessions->networks[0], ROMEO)->rooms);
    world_free(w);
}

Test(room, waits_for_the_log_in_G045_25)
{
    struct world *w = world_new(CAPS_ROOMS);

    w->connect_waits = true;
    world_ready(w);
    world_up(w);
    world_down(w, SJ_END_CLOSED);
    world_clear(w);
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    EXPECT(w, "");
    world_advance(w, ROOM_LOGIN_MS + 2000);
    cr_expect(strstr(world_lines(w), "refused #a/me -> " R " i1 timed out joins\n"));
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    world_clear(w);
    world_up(w);
    cr_expect(strstr(world_lines(w), "net join #a me\n"));
    world_free(w);
}

Test(room, tells_a_client_that_is_not_there_G045_22)
{
    struct world *w = wroom_ready(0, "");

    wroom_present(w, "s", "#a", "me", XMPP_AWAY);
    EXPECT(w, "occupant #a/me -> " S " offline none/none 110 307 333 account=romeo@example.org\n");
    wroom_leave(w, "s", "#a", NULL);
    EXPECT(w, "");
    cr_expect_eq(wroom_send(w, "s", "#a", NULL, "hello", "1"), SJ_UNACCEPTABLE);
    world_free(w);
}

Test(room, shows_who_comes_goes_and_changes)
{
    struct world *w = wroom_ready(0, "juliet=juliet");
    const struct sj_host_rooms *net = w->link->host->rooms;
    const struct sj_exit kicked = {.kind = SJ_EXIT_KICKED, .actor = "me", .reason = "late"};

    wroom_occupant(w, "#a", "nurse", false);
    wroom_occupant(w, "#a", "nurse", false);
    EXPECT(w, "occupant #a/nurse -> " R " online none/participant\n");
    wroom_occupant(w, "#a", "@nurse", false);
    EXPECT(w, "occupant #a/nurse -> " R " online owner/moderator\n");
    net->occupant_renamed(w->link, "#a", "juliet", "jule");
    EXPECT(w, "occupant #a/juliet -> " R " offline none/participant 303 peer=juliet new=jule"
              " account=juliet\n"
              "occupant #a/jule -> " R " online none/participant peer=juliet account=juliet\n");
    net->occupant_gone(w->link, "#a", "jule", &kicked);
    EXPECT(w, "occupant #a/jule -> " R " offline none/none 307 peer=juliet by=me why=late"
              " account=juliet\n");
    net->occupant_gone(w->link, "#a", "jule", &kicked);
    net->occupant_gone(w->link, "#a", "me", &kicked);
    EXPECT(w, "");
    world_free(w);
}

Test(room, shows_the_own_change_of_nick_G045_57)
{
    struct world *w = wroom_ready(0, "");

    wroom_present(w, "r", "#a", "you", XMPP_ONLINE);
    EXPECT(w, "net nick #a you\n");
    w->link->host->rooms->occupant_renamed(w->link, "#a", "me", "you");
    EXPECT(w, "occupant #a/me -> " R " offline none/participant 110 303 jid=" R
              " new=you account=romeo@example.org\n"
              "occupant #a/you -> " R " online none/participant 110 jid=" R
              " account=romeo@example.org\n");
    world_done(w, SJ_OK);
    wroom_present(w, "r", "#a", "taken", XMPP_ONLINE);
    world_clear(w);
    world_done(w, SJ_EXISTS);
    EXPECT(w, "refused #a/you -> " R " i1 exists already\n");
    world_free(w);
}

Test(room, shows_another_nick_where_one_can_be_no_address_R7622_03)
{
    struct world *w = wroom_ready(0, "");

    wroom_occupant(w, "#a", "a b", false);
    wroom_occupant(w, "#a", "a_b", false);
    EXPECT(w, "occupant #a/a_b -> " R " online none/participant\n"
              "occupant #a/a_b_3 -> " R " online none/participant\n");
    wroom_says(w, "#a", "a b", "one", NULL);
    wroom_says(w, "#a", "a_b", "two", NULL);
    wroom_says(w, "#a", "no body", "three", NULL);
    EXPECT(w, "message #a -> " R " one nick=a_b id=new sid\n"
              "message #a -> " R " two nick=a_b_3 id=new sid\n"
              "message #a -> " R " no body: three id=new sid\n");
    cr_expect_eq(wroom_send(w, "r", "#a", "a_b_3", "psst", "1"), SJ_OK);
    EXPECT(w, "net send #a/a_b psst\n");
    cr_expect_eq(wroom_send(w, "r", "#a", "gone", "psst", "2"), SJ_NOTFOUND);
    world_free(w);
}

Test(room, reflects_what_the_user_says_when_it_comes_back_G045_51_G045_52)
{
    struct world *w = wroom_ready(0, "juliet");

    w->messages_wait = true;
    world_presence(w, "s", NULL, XMPP_ONLINE, 0);
    wroom_join(w, "s", "#a", "me");
    world_clear(w);
    cr_expect_eq(wroom_send(w, "r", "#a", NULL, "hello", "m1"), SJ_OK);
    EXPECT(w, "net send #a hello\n");
    wroom_echo(w, "#a", "me", "hello", NULL);
    world_done(w, SJ_OK);
    EXPECT(w, "message #a -> " R " hello nick=me id=m1 sid\n"
              "message #a -> " S " hello nick=me id=m1 sid\n");
    cr_expect_eq(wroom_send(w, "r", "#a", NULL, "again", "m2"), SJ_OK);
    world_clear(w);
    world_done(w, SJ_DENIED);
    EXPECT(w, "error-room #a -> " R " m2 not permitted\n");
    world_free(w);
}

Test(room, lets_visitors_be_silent_G045_42)
{
    struct world *w = world_new(CAPS_ROOMS);

    world_ready(w);
    wroom_join(w, "r", "#a", "me");
    wroom_enters(w, "#a", "-me", "juliet=juliet");
    world_clear(w);
    cr_expect_eq(wroom_send(w, "r", "#a", NULL, "hello", "m1"), SJ_DENIED);
    cr_expect_eq(wroom_send(w, "r", "#a", "juliet", "psst", "m2"), SJ_OK);
    EXPECT(w, "net send #a/juliet psst\n");
    world_free(w);
}

Test(room, tells_what_is_whispered_G045_48)
{
    struct world *w = wroom_ready(0, "juliet=juliet");
    struct sj_message m = {.peer = "#a", .nick = "juliet", .body = "psst"};

    w->link->host->message(w->link, &m);
    EXPECT(w, "message #a -> " R " psst whispered nick=juliet id=new\n");
    world_presence(w, "s", NULL, XMPP_ONLINE, 0);
    world_clear(w);
    w->link->host->message(w->link, &(struct sj_message){.peer = "#b", .nick = "juliet",
                                                         .body = "psst"});
    EXPECT(w, "message juliet -> " ROMEO " psst\n");
    world_free(w);
}

Test(room, changes_the_subject_when_the_network_did_G045_38)
{
    struct world *w = wroom_ready(0, "juliet");
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    from.id = "s1";
    cr_expect_eq(w->in->muc.subject(w->sessions, &from, "#a", "night", &err), SJ_OK);
    EXPECT(w, "net subject #a night\n");
    w->link->host->rooms->subject(w->link, "#a", "me", "night", 0);
    world_done(w, SJ_OK);
    EXPECT(w, "subject #a/me -> " R " 'night' s1\n");
    w->link->host->rooms->subject(w->link, "#a", "juliet", "", 0);
    EXPECT(w, "subject #a/juliet -> " R " '' new\n");
    w->in->muc.subject(w->sessions, &from, "#a", "day", &err);
    world_clear(w);
    world_done(w, SJ_DENIED);
    EXPECT(w, "error-room #a -> " R " s1 not permitted\n");
    world_free(w);
}

Test(room, ends_with_the_reason_G045_72_G045_93)
{
    static const struct {
        struct sj_exit exit;
        const char *shown;
    } rows[] = {
        {{.kind = SJ_EXIT_KICKED, .actor = "juliet", .reason = "out"},
         "offline none/none 110 307 jid=" R " by=juliet why=out account=" ROMEO "\n"},
        {{.kind = SJ_EXIT_BANNED}, "offline outcast/none 110 301 jid=" R " account=" ROMEO "\n"},
        {{.kind = SJ_EXIT_REMOVED}, "offline none/none 110 321 jid=" R " account=" ROMEO "\n"},
        {{.kind = SJ_EXIT_CLOSED, .reason = "over"},
         "offline none/none 110 jid=" R " why=over account=" ROMEO " closed\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world *w = wroom_ready(0, "juliet");
        w->link->host->rooms->left(w->link, "#a", &rows[i].exit);
        const char *lines = world_lines(w);
        cr_expect(strstr(lines, rows[i].shown), "row %zu: %s", i, lines);
        cr_expect_eq(wroom_send(w, "r", "#a", NULL, "hello", "1"), SJ_UNACCEPTABLE);
        cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
        EXPECT(w, "net join #a me\n");
        world_free(w);
    }
}

Test(room, ends_with_the_link_G045_66)
{
    struct world *w = wroom_ready(0, "juliet");

    world_down(w, SJ_END_CLOSED);
    cr_expect(strstr(world_lines(w), "occupant #a/me -> " R " offline none/none 110 333 jid=" R));
    cr_expect_null(session_find(&w->sessions->networks[0], ROMEO)->rooms);
    world_free(w);
}

Test(room, is_left_with_the_log_out)
{
    struct world *w = wroom_ready(0, "juliet");

    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    cr_expect(strstr(world_lines(w), "occupant #a/me -> " R " offline none/none 110 333"));
    world_free(w);
}

/* Romeo, in #a, has asked for a log-out that the network has not answered yet. */
static struct world *logs_out(void)
{
    struct world *w = wroom_ready(0, "juliet");

    w->disconnect_waits = true;
    session_dismiss(session_find(&w->sessions->networks[0], ROMEO));
    world_clear(w);
    return w;
}

/* The network takes the user for one who is there, and has what they said last. */
Test(room, is_heard_until_the_link_of_a_log_out_is_down)
{
    struct world *w = logs_out();

    wroom_says(w, "#a", "juliet", "one word", NULL);
    cr_expect(strstr(world_lines(w), "one word"));
    world_down(w, SJ_END_ASKED);
    cr_expect(strstr(world_lines(w), "occupant #a/me -> " R " offline none/none 110 333"));
    world_free(w);
}

Test(room, takes_nothing_from_the_user_while_it_is_logged_out_of)
{
    struct world *w = logs_out();

    cr_expect_eq(wroom_send(w, "r", "#a", NULL, "too late", "m1"), SJ_UNACCEPTABLE);
    wroom_leave(w, "r", "#a", NULL);
    EXPECT(w, "occupant #a/me -> " R " offline none/none 110 jid=" R " account=" ROMEO "\n");
    world_free(w);
}

/* A client that comes meanwhile is not let into a room that ends, but is waited for. */
Test(room, that_is_wanted_during_the_log_out_is_entered_with_the_next_log_in)
{
    struct world *w = logs_out();
    const char *lines;

    cr_assert_eq(wroom_join(w, "r2", "#a", "me"), SJ_OK);
    EXPECT(w, "");
    w->disconnect_waits = false;
    world_down(w, SJ_END_ASKED);
    lines = world_lines(w);
    cr_expect(strstr(lines, "occupant #a/me -> " R " offline none/none 110 333"));
    cr_expect_null(strstr(lines, "occupant #a/me -> " ROMEO "/r2"));
    world_advance(w, 1000);
    EXPECT(w, "net connect\n"
              "presence G -> " ROMEO " online\n"
              "net join #a me\n");
    world_free(w);
}

/* It is being left already: the outcome of that must not lead back over a link that ends. */
Test(room, that_is_left_and_wanted_during_the_log_out_is_refused)
{
    struct world *w = wroom_ready(0, "juliet");

    w->messages_wait = w->disconnect_waits = true;
    wroom_leave(w, "r", "#a", NULL);
    session_dismiss(session_find(&w->sessions->networks[0], ROMEO));
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    world_clear(w);
    w->link->host->rooms->left(w->link, "#a", &(struct sj_exit){.kind = SJ_EXIT_LEFT});
    EXPECT(w, "refused #a/me -> " R " i1 timed out joins\n");
    world_free(w);
}

static void stopped(void *arg)
{
    (void)arg;
}

Test(room, that_is_wanted_while_the_gateway_stops_is_refused)
{
    struct world *w = wroom_ready(0, "juliet");

    w->disconnect_waits = true;
    sessions_stop(w->sessions, 1000, stopped, NULL);
    cr_expect_eq(wroom_join(w, "r2", "#a", "me"), SJ_UNAVAILABLE);
    world_free(w);
}

Test(room, is_entered_again_while_it_is_being_left)
{
    struct world *w = wroom_ready(0, "juliet");

    w->messages_wait = true;
    wroom_leave(w, "r", "#a", NULL);
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    world_clear(w);
    w->link->host->rooms->left(w->link, "#a", &(struct sj_exit){.kind = SJ_EXIT_LEFT});
    EXPECT(w, "net join #a me\n");
    wroom_enters(w, "#a", "me", "");
    EXPECT(w, ME(R) "subject #a -> " R " '' -\n");
    world_free(w);
}

/* A turn shows some hundred; the rest and what is said meanwhile comes in order. */
Test(room, shows_big_rooms_in_pieces)
{
    struct world *w = world_new(CAPS_ROOMS);
    struct sj_strbuf many;
    const char *lines, *self, *said;

    world_ready(w);
    wroom_join(w, "r", "#a", "me");
    sj_strbuf_init(&many, 1 << 20);
    for (int i = 0; i < 1000; i++)
        sj_strbuf_addf(&many, "%sn%d", i ? "," : "", i);
    world_clear(w);
    wroom_enters(w, "#a", "me", many.s);
    lines = world_lines(w);
    cr_expect_null(strstr(lines, " 110 "), "it is not through in one turn");
    cr_expect(strstr(lines, "#a/n199 "));
    cr_expect_null(strstr(lines, "#a/n200 "));
    w->link->host->rooms->occupant_gone(w->link, "#a", "n5", &(struct sj_exit){.kind = 0});
    w->link->host->rooms->occupant_gone(w->link, "#a", "n200", &(struct sj_exit){.kind = 0});
    w->link->host->rooms->occupant_gone(w->link, "#a", "n999", &(struct sj_exit){.kind = 0});
    wroom_occupant(w, "#a", "late", false);
    EXPECT(w, "occupant #a/n5 -> " R " offline none/none\n");
    wroom_says(w, "#a", "late", "hello", NULL);
    EXPECT(w, "");
    world_advance(w, 1000);
    lines = world_lines(w);
    cr_expect_null(strstr(lines, "#a/n200 "));
    cr_expect_null(strstr(lines, "#a/n999 "));
    cr_expect(strstr(lines, "#a/n998 "));
    self = strstr(lines, " 110 ");
    said = strstr(lines, "message #a -> " R " hello nick=late id=new sid\n");
    cr_assert(self && said && strstr(lines, "#a/late ") < self && self < said);
    cr_expect(strstr(lines, "subject #a") < said);
    sj_strbuf_release(&many);
    world_free(w);
}

/* G045-65: who cannot follow loses its place, is told so, and may come back. */
Test(room, takes_out_a_client_that_cannot_follow)
{
    struct world *w = wroom_ready(0, "juliet");

    w->queued = WORLD_QUEUE_MAX;
    wroom_says(w, "#a", "juliet", "lost on the way", NULL);
    EXPECT(w, "");
    w->queued = 0;
    world_advance(w, 50);
    EXPECT(w, "occupant #a/me -> " R " offline none/none 110 333 jid=" R " account=" ROMEO "\n");
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    cr_expect(strstr(world_lines(w), "message #a -> " R " lost on the way nick=juliet id=new sid "
                                     "late\n"));
    world_free(w);
}

Test(room, forgets_its_clients_with_the_stream_G410_04)
{
    struct world *w = wroom_ready(0, "juliet");
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_place_info info;

    cr_expect_eq(w->in->muc.place(w->sessions, &from, "#a", "me", &info), XMPP_PLACE_SELF);
    cr_expect_eq(w->in->muc.place(w->sessions, &from, "#a", "juliet", &info), XMPP_PLACE_OTHER);
    cr_expect_eq(w->in->muc.place(w->sessions, &from, "#a", "x", &info), XMPP_PLACE_EMPTY);
    world_stream(w, false);
    world_stream(w, true);
    cr_expect_eq(w->in->muc.place(w->sessions, &from, "#a", "me", &info), XMPP_PLACE_OUTSIDE);
    world_clear(w);
    wroom_says(w, "#a", "juliet", "meanwhile", NULL);
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    cr_expect(strstr(world_lines(w), "meanwhile nick=juliet id=new sid late\n"));
    world_free(w);
}

Test(room, is_left_when_nobody_comes_back)
{
    struct world *w = wroom_ready(0, "juliet");

    world_stream(w, false);
    world_stream(w, true);
    world_clear(w);
    world_advance(w, ROOM_UNSEEN_MS + 2000);
    cr_expect(strstr(world_lines(w), "net leave #a\n"));
    world_free(w);
}

Test(room, bounds_how_many_one_user_is_in)
{
    struct world *w = world_new(CAPS_ROOMS);
    char name[16];

    world_ready(w);
    for (unsigned i = 0; i < ROOMS_MAX; i++) {
        snprintf(name, sizeof name, "#r%u", i);
        cr_assert_eq(wroom_join(w, "r", name, "me"), SJ_OK);
    }
    cr_expect_eq(wroom_join(w, "r", "#more", "me"), SJ_LIMIT);
    world_free(w);
}

/* Whoever still waits for the room hears that it will not come. */
Test(room, leaves_nobody_waiting_when_it_ends)
{
    const struct sj_exit banned = {.kind = SJ_EXIT_BANNED, .reason = "spam"};
    struct world *w = world_new(CAPS_ROOMS);

    world_ready(w);
    wroom_join(w, "r", "#a", "me");
    world_clear(w);
    w->link->host->rooms->left(w->link, "#a", &banned);
    EXPECT(w, "refused #a/me -> " R " i1 not permitted joins\n");
    world_free(w);

    w = wroom_ready(0, "");
    w->messages_wait = true;
    wroom_leave(w, "r", "#a", NULL);
    wroom_join(w, "r", "#a", "me");
    world_clear(w);
    world_down(w, SJ_END_CLOSED);
    cr_expect(strstr(world_lines(w), "refused #a/me -> " R " i1 timed out joins\n"));
    world_free(w);
}

/* No counter, nothing of the network's id, and the same whenever the message is told again. */
Test(room, gives_ids_that_tell_nothing_and_stay_G359_03)
{
    struct world *w = wroom_ready(SJ_CAP_CORRECT, "juliet");
    char id[2][64];

    for (int i = 0; i < 2; i++) {
        wroom_says(w, "#a", "juliet", i ? "again" : "once", i ? "net-id-2" : "net-id-1");
        snprintf(id[i], sizeof id[i], "%s", world_last_stanza_id());
        cr_expect(strlen(id[i]) >= 22, "%s", id[i]);
        cr_expect_null(strstr(id[i], "net-id"));
    }
    cr_expect_str_neq(id[0], id[1]);
    cr_expect_neq(strncmp(id[0], id[1], 8), 0, "%s and %s", id[0], id[1]);
    wroom_join(w, "r", "#a", "me");
    cr_expect_str_eq(world_last_stanza_id(), id[1]);
    world_free(w);
}

/* The network puts the account into a room: the user is asked in. */
Test(room, asks_the_user_into_a_room_that_the_network_entered)
{
    struct world *w = world_new(CAPS_ROOMS);

    world_ready(w);
    world_clear(w);
    wroom_occupant(w, "#a", "me", true);
    w->link->host->rooms->entered(w->link, "#a");
    world_run(w);
    EXPECT(w, "invite #a -> " ROMEO " why=You are in this room on the other network. direct\n");
    cr_assert_eq(wroom_join(w, "r", "#a", "me"), SJ_OK);
    EXPECT(w, ME(R) "subject #a -> " R " '' -\n");
    world_free(w);
}

/* Nobody of the user's is in the room to see it. */
Test(room, who_is_absent_hears_what_becomes_of_their_affiliation_G045_81)
{
    static const struct sj_exit ways[] = {
        {.kind = SJ_EXIT_BANNED, .reason = "peace"}, {.kind = SJ_EXIT_REMOVED},
        {.kind = SJ_EXIT_KICKED}, {.kind = SJ_EXIT_LOST}};
    static const char *const lines[] = {
        "changed #a -> " ROMEO " " ROMEO "/1/0 why=peace 101\n",
        "changed #a -> " ROMEO " " ROMEO "/0/0 101\n", "", ""};

    for (size_t i = 0; i < 4; i++) {
        struct world *w = world_new(CAPS_ROOMS);
        world_ready(w);
        wroom_occupant(w, "#a", "me", true);
        wroom_occupant(w, "#a", "juliet", false);
        w->link->host->rooms->entered(w->link, "#a");
        world_run(w);
        world_clear(w);
        wroom_occupant(w, "#a", "@me", true);
        EXPECT(w, "changed #a -> " ROMEO " " ROMEO "/4/0 101\n");
        wroom_occupant(w, "#a", "@me", true);
        wroom_occupant(w, "#a", "@juliet", false);
        EXPECT(w, "");
        w->link->host->rooms->left(w->link, "#a", &ways[i]);
        EXPECT(w, lines[i]);
        world_free(w);
    }
}

static unsigned count_lines(const char *lines, const char *what)
{
    unsigned n = 0;

    for (const char *at = lines; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

/* A client that joins all its rooms at once, as by bookmarks: it gets so much a turn, one room
 * after the other, and what is for others goes out in between. */
Test(room, many_rooms_at_once_hold_up_nobody)
{
    struct world *w = world_new(CAPS_ROOMS);
    char room[16], others[256] = "", line[64];
    unsigned turns = 0, done = 0;
    const char *lines;

    world_ready(w);
    for (unsigned i = 0; i < 30; i++)
        snprintf(others + strlen(others), sizeof others - strlen(others), "%sp%u", i ? "," : "", i);
    world_clear(w);
    for (unsigned i = 0; i < ROOMS_MAX; i++) {
        snprintf(room, sizeof room, "#r%u", i);
        cr_assert_eq(wroom_join(w, "r", room, "me"), SJ_OK);
        wroom_enters(w, room, "me", others);
    }
    while (done < ROOMS_MAX) {
        lines = world_lines(w);
        cr_assert_leq(count_lines(lines, "occupant #"), ROOM_TURN_STANZAS + 1, "turn %u", turns);
        for (snprintf(line, sizeof line, "subject #r%u ", done); strstr(lines, line);
             snprintf(line, sizeof line, "subject #r%u ", done))
            done++;                      /* in the order of the joins */
        world_says(w, "juliet", "hello");        /* not behind what waits */
        lines = world_lines(w);
        cr_assert_eq(count_lines(lines, "hello"), 1, "%s", lines);
        cr_assert_eq(count_lines(lines, "occupant #"), 0);
        world_advance(w, ROOM_TURN_MS);
        cr_assert_lt(++turns, 5000u);     /* the wheel is coarser than a turn */
    }
    cr_expect_geq(turns, 30u * ROOMS_MAX / ROOM_TURN_STANZAS);
    world_free(w);
}
