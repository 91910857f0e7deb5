/* SPDX-License-Identifier: MPL-2.0 */
/* Commands about rooms: what users read of a list, however long, and what they are sent to join. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "dialogue.h"
#include "session.h"
#include "world_room.h"

#define SAID "message G -> " ROMEO " "
#define WAIT SAID "One moment ...\n"
#define INVITED(room)                                                                          \
    SAID "Your client gets an invitation to this room; accept it to enter. If you do not see " \
         "one, open uri:" room "\n"

static void talk(struct world *w, const char *text)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->command.talk(w->sessions, &from, text, &err), SJ_OK);
    world_run(w);
}

static void listed(struct world *w, const char *id, const char *name, const char *about,
                   uint32_t people)
{
    struct sj_room r = {.id = id, .name = name, .description = about, .n_occupants = people};

    w->link->host->rooms->listed(w->link, w->op, &r);
}

static struct world *ready(uint32_t caps)
{
    struct world *w = world_new(caps);

    world_ready(w);
    return w;
}

/* Most people first; the network filters; what it said holds for a minute. */
Test(command_room, lists_rooms_with_people_and_subjects)
{
    struct world *w = ready(CAPS_ROOMS);

    talk(w, "rooms");
    EXPECT(w, WAIT "net list ''\n");
    listed(w, "#a", "#a", "On the letter A", 3);
    listed(w, "#b", "Bees", NULL, 0);
    listed(w, "!never", "no address", "", 9);
    listed(w, "#c", "Sea", "Ships", 12);
    world_done(w, SJ_OK);
    EXPECT(w, SAID "3 rooms, each with the number of people in it:\n#c@" HOST
              ", 12, Sea: Ships\n#a@" HOST ", 3, On the letter A\n#b@" HOST ", Bees\n");
    talk(w, "rooms");
    cr_expect_null(strstr(world_lines(w), "net list"));
    talk(w, "rooms \"two words\"");
    EXPECT(w, WAIT "net list 'two words'\n");
    world_done(w, SJ_OK);
    EXPECT(w, SAID "No public room was found.\n");
    world_advance(w, 61000);
    talk(w, "rooms two words");
    EXPECT(w, WAIT "net list 'two words'\n");
    world_done(w, SJ_REMOTE);
    EXPECT(w, SAID "as the test says\n");
    world_free(w);
}

/* One list at a time; who asks for the same meanwhile waits for it. */
Test(command_room, asks_the_network_once)
{
    struct world *w = ready(CAPS_ROOMS);
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_page page = {.max = 10};
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->muc.list(w->sessions, &from, &page, 7, &err), SJ_OK);
    EXPECT(w, "net list ''\n");
    talk(w, "rooms linux");
    EXPECT(w, WAIT SAID "The list of rooms is on its way; try again later.\n");
    talk(w, "rooms");
    EXPECT(w, WAIT);
    listed(w, "#a", NULL, NULL, 1);
    world_done(w, SJ_OK);
    EXPECT(w, "answer-list 7 #a\n" SAID "One room, with the number of people in it:\n#a@" HOST
              ", 1\n");
    /* Words that found some do not answer who asks for all. */
    talk(w, "rooms linux");
    world_done(w, SJ_OK);
    world_clear(w);
    cr_expect_eq(w->in->muc.list(w->sessions, &from, &page, 8, &err), SJ_OK);
    EXPECT(w, "net list ''\n");
    /* The link goes: nobody waits for ever. */
    talk(w, "rooms");
    world_clear(w);
    world_down(w, SJ_END_UNREACHABLE);
    cr_expect(strstr(world_lines(w), "answer 8 "));
    world_free(w);
}

/* However many there are, an answer can be read, and says how to see others. */
Test(command_room, shows_no_more_rows_than_can_be_read)
{
    struct world *w = ready(CAPS_ROOMS);
    char about[1001], id[16];
    const char *lines;
    unsigned rows = 0;

    memset(about, 'x', sizeof about - 1);
    about[sizeof about - 1] = '\0';
    talk(w, "rooms");
    for (unsigned i = 0; i < 6000; i++) {
        snprintf(id, sizeof id, "#%u", i);
        listed(w, id, NULL, about, i + 1);
    }
    world_clear(w);
    world_done(w, SJ_OK);
    lines = world_lines(w);
    cr_expect(strstr(lines, "The largest 20 of 5000 rooms") && strstr(lines, "type rooms and"));
    cr_expect(strstr(lines, "\n#4999@" HOST ", 5000, xxx"));
    cr_expect_leq(strlen(lines), DIALOGUE_TEXT_MAX + 64);
    for (const char *at = lines; (at = strstr(at, "\n#")) != NULL; at++)
        rows++;
    cr_expect_eq(rows, DIALOGUE_ROWS);
    world_free(w);
}

/* G045-83, G050-17: by its name, or as it is called here; with a password, which clients get. */
Test(command_room, sends_an_invitation)
{
    struct world *w = ready(CAPS_ROOMS);

    talk(w, "join");
    EXPECT(w, SAID "Your client is sent an invitation to the room.\n"
                   "Name or address of the room?\n");
    talk(w, "#Verona@" HOST);
    EXPECT(w, "invite #verona -> " ROMEO " inviter=" HOST "\n" INVITED("#verona"));
    talk(w, "join #a sesame");
    EXPECT(w, SAID "It passes in clear text through your own server, and stays in your message "
                   "history until you delete it there.\n"
              "invite #a -> " ROMEO " inviter=" HOST " password=sesame\n" INVITED("#a"));
    world_free(w);
}

Test(command_room, says_why_it_sends_none)
{
    struct world *w = ready(CAPS_ROOMS);

    talk(w, "join juliet");
    EXPECT(w, SAID "That is no name of a room here.\n");
    talk(w, "join \"#two words\"");
    EXPECT(w, SAID "no such address can exist\n");
    w->stream_down = false;
    world_down(w, SJ_END_UNREACHABLE);
    world_clear(w);
    talk(w, "join #a");
    EXPECT(w, SAID "You are not logged in to the network; show yourself as available first.\n");
    talk(w, "rooms");
    EXPECT(w, SAID "You are not logged in to the network; show yourself as available first.\n");
    world_free(w);
}

Test(command_room, is_only_there_where_rooms_are)
{
    struct world *w = ready(CAPS_PLAIN);

    talk(w, "rooms");
    cr_expect(strstr(world_lines(w), "I do not know this word"));
    talk(w, "join #a");
    cr_expect(strstr(world_lines(w), "I do not know this word"));
    world_free(w);
}
