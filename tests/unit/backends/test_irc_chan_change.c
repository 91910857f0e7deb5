/* SPDX-License-Identifier: MPL-2.0 */
/* What users change in channels, and the lists that they ask for. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "irc_chan.h"
#include "irc_world_room.h"
#include "sojourn/log.h"
#include "sojourn/strbuf.h"

#define ISUPPORT "PREFIX=(qaohv)~&@%+ CHANMODES=beI,k,l,imnpst INVEX=I MODES=3"

static struct irc_world *world_in_verona(const char *isupport)
{
    struct irc_world *w = irc_world_new("send-rate=0");

    irc_online(w, NULL, isupport);
    irc_in_channel(w, "#verona", "@me ~juliet %nurse +romeo paris");
    return w;
}

static enum sj_status change(struct irc_world *w, struct sj_room_change one)
{
    return irc_changes(w, "#verona", &one, 1);
}

Test(irc_chan_change, kicks)
{
    struct irc_world *w = world_in_verona(ISUPPORT);

    cr_assert_eq(change(w, (struct sj_room_change){ .kind = SJ_CHANGE_KICK, .nick = "Tybalt" }),
                 SJ_NOTFOUND);
    cr_assert_eq(change(w, (struct sj_room_change){ .kind = SJ_CHANGE_KICK, .nick = "Paris",
                                                    .text = "a plague\r\nQUIT" }),
                 SJ_OK);
    irc_gets(w, "KICK #verona paris :a plague  QUIT");
    irc_says(w, ":me!m@h KICK #verona paris :a plague");
    irc_hears(w, "gone #verona paris kicked by me: a plague");
    irc_pongs(w);
    irc_hears(w, "op 3 ok");
    cr_assert_eq(change(w, (struct sj_room_change){ .kind = SJ_CHANGE_KICK, .nick = "juliet" }),
                 SJ_OK);
    irc_gets(w, "KICK #verona juliet");
    irc_says(w, ":irc.test 485 me juliet #verona :You can't kick the owner");
    irc_hears(w, "op 4 not permitted to anybody: this person stands above you (the network says: "
                 "You can't kick the owner)");
    irc_world_free(w);
}

/* Each change asks for the modes that lead from the rank that somebody has to the one wanted. */
Test(irc_chan_change, gives_and_takes_ranks)
{
    static const struct {
        struct sj_room_change change;
        const char *line;
        enum sj_status status;
    } rows[] = {
        { { .kind = SJ_CHANGE_ROLE, .nick = "paris", .role = SJ_ROLE_MODERATOR },
          "MODE #verona +h paris", SJ_OK },
        { { .kind = SJ_CHANGE_ROLE, .nick = "juliet", .role = SJ_ROLE_MODERATOR }, NULL, SJ_OK },
        { { .kind = SJ_CHANGE_ROLE, .nick = "nurse", .role = SJ_ROLE_PARTICIPANT },
          "MODE #verona -h nurse", SJ_OK },
        { { .kind = SJ_CHANGE_ROLE, .nick = "romeo", .role = SJ_ROLE_VISITOR }, NULL,
          SJ_NOTALLOWED },
        { { .kind = SJ_CHANGE_ROLE, .nick = "romeo", .role = SJ_ROLE_NONE },
          "KICK #verona romeo", SJ_OK },
        { { .kind = SJ_CHANGE_AFFILIATION, .id = "paris", .affiliation = SJ_AFFILIATION_MEMBER },
          "MODE #verona +v paris", SJ_OK },
        { { .kind = SJ_CHANGE_AFFILIATION, .id = "nurse", .affiliation = SJ_AFFILIATION_ADMIN },
          "MODE #verona +o nurse", SJ_OK },
        { { .kind = SJ_CHANGE_AFFILIATION, .id = "romeo", .affiliation = SJ_AFFILIATION_OWNER },
          "MODE #verona +q romeo", SJ_OK },
        { { .kind = SJ_CHANGE_AFFILIATION, .id = "juliet", .affiliation = SJ_AFFILIATION_ADMIN },
          "MODE #verona -q+o juliet juliet", SJ_OK },
        { { .kind = SJ_CHANGE_AFFILIATION, .id = "juliet", .affiliation = SJ_AFFILIATION_NONE },
          "MODE #verona -q juliet", SJ_OK },
        { { .kind = SJ_CHANGE_AFFILIATION, .id = "tybalt", .affiliation = SJ_AFFILIATION_ADMIN },
          NULL, SJ_NOTFOUND },
        { { .kind = SJ_CHANGE_AFFILIATION, .id = "tybalt", .affiliation = SJ_AFFILIATION_OUTCAST },
          "MODE #verona +b tybalt!*@*", SJ_OK },
        { { .kind = SJ_CHANGE_AFFILIATION, .id = "*!*@spam.test",
            .affiliation = SJ_AFFILIATION_OUTCAST }, "MODE #verona +b *!*@spam.test", SJ_OK },
        { { .kind = SJ_CHANGE_AFFILIATION, .nick = "*!*@spam.test",
            .affiliation = SJ_AFFILIATION_NONE },
          "MODE #verona -bI *!*@spam.test *!*@spam.test", SJ_OK },
        { { .kind = SJ_CHANGE_AFFILIATION, .id = "*!*@friends.test",
            .affiliation = SJ_AFFILIATION_MEMBER }, "MODE #verona +I *!*@friends.test", SJ_OK },
        { { .kind = SJ_CHANGE_AFFILIATION, .id = "*!*@a b", .affiliation = SJ_AFFILIATION_OUTCAST },
          NULL, SJ_UNACCEPTABLE },
        { { .kind = SJ_CHANGE_AFFILIATION, .affiliation = SJ_AFFILIATION_OUTCAST }, NULL,
          SJ_NOTFOUND },
    };
    struct irc_world *w = world_in_verona(ISUPPORT);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_assert_eq(change(w, rows[i].change), rows[i].status, "row %zu: %s", i, irc_error(w));
        if (rows[i].line) {
            irc_gets(w, rows[i].line);
            irc_pongs(w);
        }
        if (rows[i].status == SJ_OK)
            cr_assert(strstr(irc_event(w), " ok"), "row %zu", i);
    }
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_chan_change, bans_and_sends_out_who_is_there)
{
    struct irc_world *w = world_in_verona(ISUPPORT);

    irc_says(w, ":tybalt!t@capulet.test JOIN #verona");
    irc_hears(w, "occupant #verona tybalt none participant online");
    cr_assert_eq(change(w, (struct sj_room_change){ .kind = SJ_CHANGE_AFFILIATION, .id = "tybalt",
                                                    .affiliation = SJ_AFFILIATION_OUTCAST,
                                                    .text = "peace" }),
                 SJ_OK);
    irc_gets(w, "MODE #verona +b *!*@capulet.test");
    irc_gets(w, "KICK #verona tybalt :peace");
    irc_says(w, ":irc.test 482 me #verona :You're not channel operator");
    irc_hears(w, "op 2 not permitted: only operators of the room may do that (the network says: "
                 "You're not channel operator)");
    irc_says(w, ":irc.test 482 me #verona :You're not channel operator");
    irc_pongs(w);
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_chan_change, sets_modes_that_differ)
{
    struct irc_world *w = world_in_verona(ISUPPORT);
    const struct sj_room_change changes[] = {
        { .kind = SJ_CHANGE_FLAGS, .flags = SJ_ROOM_MODERATED | SJ_ROOM_SUBJECT_LOCKED,
          .known = SJ_ROOM_SECRET | SJ_ROOM_MODERATED | SJ_ROOM_SUBJECT_LOCKED },
        { .kind = SJ_CHANGE_OCCUPANTS_MAX, .number = 10 },
        { .kind = SJ_CHANGE_PASSWORD, .text = "sesame" },
    };

    irc_says(w, ":irc.test 324 me #verona +tpk key");
    irc_hears(w, "room #verona \"#verona\" flags=19/5f n=5");
    cr_assert_eq(irc_changes(w, "#verona", changes, 3), SJ_OK);
    irc_gets(w, "MODE #verona +m-p+l-k+k 10 * sesame");
    irc_pongs(w);
    irc_hears(w, "op 2 ok");
    cr_assert_eq(change(w, (struct sj_room_change){ .kind = SJ_CHANGE_PASSWORD, .text = "a b" }),
                 SJ_UNACCEPTABLE);
    cr_assert_eq(change(w, (struct sj_room_change){ .kind = SJ_CHANGE_NAME, .text = "Verona" }),
                 SJ_UNSUPPORTED);
    cr_assert_eq(change(w, (struct sj_room_change){ .kind = SJ_CHANGE_FLAGS,
                                                    .flags = SJ_ROOM_PERSISTENT,
                                                    .known = SJ_ROOM_PERSISTENT }),
                 SJ_UNSUPPORTED);
    cr_assert_eq(change(w, (struct sj_room_change){ .kind = SJ_CHANGE_OCCUPANTS_MAX }), SJ_OK);
    irc_hears(w, "op 6 ok");
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_chan_change, keeps_within_the_modes_of_one_line)
{
    struct irc_world *w = world_in_verona("PREFIX=(ov)@+ MODES=2");
    struct sj_room_change changes[5];
    char ids[5][8];

    for (unsigned i = 0; i < 5; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "bad%u", i);
        changes[i] = (struct sj_room_change){ .kind = SJ_CHANGE_AFFILIATION, .id = ids[i],
                                              .affiliation = SJ_AFFILIATION_OUTCAST };
    }
    cr_assert_eq(irc_changes(w, "#verona", changes, 5), SJ_OK);
    irc_gets(w, "MODE #verona +bb bad0!*@* bad1!*@*");
    irc_gets(w, "MODE #verona +bb bad2!*@* bad3!*@*");
    irc_gets(w, "MODE #verona +b bad4!*@*");
    irc_pongs(w);
    irc_hears(w, "op 2 ok");
    irc_world_free(w);
}

/* All or nothing: what is refused here sends nothing. */
Test(irc_chan_change, sends_nothing_of_what_cannot_be_done)
{
    struct irc_world *w = world_in_verona(ISUPPORT);
    const struct sj_room_change changes[] = {
        { .kind = SJ_CHANGE_AFFILIATION, .id = "paris", .affiliation = SJ_AFFILIATION_ADMIN },
        { .kind = SJ_CHANGE_KICK, .nick = "nobody" },
    };

    cr_assert_eq(irc_changes(w, "#verona", changes, 2), SJ_NOTFOUND);
    irc_gets_nothing(w);
    irc_world_free(w);
}

/* ---- lists ---- */

Test(irc_chan_change, tells_who_is_banned)
{
    struct irc_world *w = world_in_verona(ISUPPORT);

    cr_assert_eq(irc_affiliates(w, "#verona", SJ_AFFILIATION_OUTCAST), SJ_OK);
    cr_assert_eq(irc_affiliates(w, "#verona", SJ_AFFILIATION_MEMBER), SJ_OK);
    cr_assert_eq(irc_affiliates(w, "#verona", SJ_AFFILIATION_OWNER), SJ_OK);
    cr_assert_eq(irc_affiliates(w, "#mantua", SJ_AFFILIATION_OWNER), SJ_UNACCEPTABLE);
    irc_gets(w, "MODE #verona +b");
    irc_says(w, ":irc.test 367 me #mantua *!*@other.test juliet 1300000000");
    irc_says(w, ":irc.test 367 me #verona *!*@spam.test juliet!j@h 1300000000");
    irc_hears(w, "affiliate 2 *!*@spam.test outcast");
    irc_says(w, ":irc.test 367 me #verona tybalt!*@*");
    irc_hears(w, "affiliate 2 tybalt!*@* outcast");
    irc_gets_nothing(w);
    irc_says(w, ":irc.test 368 me #verona :End of channel ban list");
    irc_hears(w, "op 2 ok");
    irc_gets(w, "MODE #verona +I");
    irc_says(w, ":irc.test 346 me #verona *!*@friends.test");
    irc_hears(w, "affiliate 3 *!*@friends.test member");
    irc_says(w, ":irc.test 347 me #verona :End of channel invite exception list");
    irc_hears(w, "affiliate 3 nurse member nick=nurse");
    irc_hears(w, "affiliate 3 romeo member nick=romeo");
    irc_hears(w, "op 3 ok");
    irc_hears(w, "affiliate 4 juliet owner nick=juliet");
    irc_hears(w, "op 4 ok");
    irc_world_free(w);
}

/* Members by mask are two lists, where the server has both; the exceptions from bans are told
 * apart, as they are named in changes. */
Test(irc_chan_change, tells_whom_no_ban_keeps_out)
{
    struct irc_world *w = world_in_verona(ISUPPORT " EXCEPTS=e");

    cr_assert_eq(irc_affiliates(w, "#verona", SJ_AFFILIATION_MEMBER), SJ_OK);
    irc_gets(w, "MODE #verona +I");
    irc_says(w, ":irc.test 346 me #verona *!*@friends.test");
    irc_hears(w, "affiliate 2 *!*@friends.test member");
    /* Of the list that was not asked for yet, and of another channel. */
    irc_says(w, ":irc.test 348 me #verona *!*@early.test");
    irc_says(w, ":irc.test 349 me #verona :End");
    irc_says(w, ":irc.test 347 me #mantua :End");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 347 me #verona :End of channel invite exception list");
    irc_gets(w, "MODE #verona +e");
    irc_says(w, ":irc.test 346 me #verona *!*@late.test");
    irc_says(w, ":irc.test 348 me #verona *!*@Safe.test juliet 1300000000");
    irc_hears(w, "affiliate 2 except:*!*@Safe.test member");
    irc_says(w, ":irc.test 349 me #verona :End of channel exception list");
    irc_hears(w, "affiliate 2 nurse member nick=nurse");
    irc_hears(w, "affiliate 2 romeo member nick=romeo");
    irc_hears(w, "op 2 ok");
    cr_assert_eq(irc_affiliates(w, "#verona", SJ_AFFILIATION_MEMBER), SJ_OK);
    irc_gets(w, "MODE #verona +I");
    irc_says(w, ":irc.test 347 me #verona :End");
    irc_gets(w, "MODE #verona +e");
    irc_says(w, ":irc.test 482 me #verona :You're not channel operator");
    irc_hears(w, "op 3 not permitted: only operators of the room may do that (the network says: "
                 "You're not channel operator)");
    irc_hears_nothing(w);
    irc_world_free(w);
}

/* Any of the lists may be missing, and one letter for both is one list. */
Test(irc_chan_change, servers_have_one_list_or_none)
{
    static const struct {
        const char *isupport, *line, *answer, *end;
    } rows[] = {
        { "EXCEPTS", "MODE #verona +e", ":irc.test 348 me #verona a!*@*",
          ":irc.test 349 me #verona :End" },
        { "INVEX EXCEPTS=I", "MODE #verona +I", ":irc.test 346 me #verona a!*@*",
          ":irc.test 347 me #verona :End" },
        { "INVEX=+ EXCEPTS=\001", NULL, NULL, NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_world *w = world_in_verona(rows[i].isupport);
        cr_assert_eq(irc_affiliates(w, "#verona", SJ_AFFILIATION_MEMBER), SJ_OK);
        if (rows[i].line) {
            irc_gets(w, rows[i].line);
            irc_says(w, rows[i].answer);
            irc_hears(w, i == 0 ? "affiliate 2 except:a!*@* member" : "affiliate 2 a!*@* member");
            irc_says(w, rows[i].end);
        }
        irc_skips_to(w, "op 2 ok");
        irc_gets_nothing(w);
        irc_world_free(w);
    }
}

Test(irc_chan_change, excepts_from_bans)
{
    static const struct {
        const char *id;
        enum sj_affiliation affiliation;
        const char *line;
        enum sj_status status;
    } rows[] = {
        { "except:*!*@safe.test", SJ_AFFILIATION_MEMBER, "MODE #verona +e *!*@safe.test", SJ_OK },
        { "except:*!*@safe.test", SJ_AFFILIATION_NONE, "MODE #verona -e *!*@safe.test", SJ_OK },
        { "except:$a:juliet", SJ_AFFILIATION_MEMBER, "MODE #verona +e $a:juliet", SJ_OK },
        { "except:*!*@safe.test", SJ_AFFILIATION_OUTCAST, NULL, SJ_UNACCEPTABLE },
        { "except:*!*@safe.test", SJ_AFFILIATION_ADMIN, NULL, SJ_UNACCEPTABLE },
        { "except:", SJ_AFFILIATION_MEMBER, NULL, SJ_UNACCEPTABLE },
        { "except:a b", SJ_AFFILIATION_MEMBER, NULL, SJ_UNACCEPTABLE },
        { "except:a\r\nQUIT", SJ_AFFILIATION_NONE, NULL, SJ_UNACCEPTABLE },
    };
    struct irc_world *w = world_in_verona(ISUPPORT " EXCEPTS");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_assert_eq(change(w, (struct sj_room_change){ .kind = SJ_CHANGE_AFFILIATION,
                                                        .id = rows[i].id,
                                                        .affiliation = rows[i].affiliation }),
                     rows[i].status, "row %zu: %s", i, irc_error(w));
        if (rows[i].line) {
            irc_gets(w, rows[i].line);
            irc_pongs(w);
            cr_assert(strstr(irc_event(w), " ok"), "row %zu", i);
        }
    }
    irc_gets_nothing(w);
    irc_world_free(w);
    w = world_in_verona(ISUPPORT);
    cr_assert_eq(change(w, (struct sj_room_change){ .kind = SJ_CHANGE_AFFILIATION,
                                                    .id = "except:*!*@safe.test",
                                                    .affiliation = SJ_AFFILIATION_MEMBER }),
                 SJ_UNSUPPORTED);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_chan_change, says_when_a_list_is_refused_or_never_comes)
{
    struct irc_world *w = irc_world_new("send-rate=0 ping-interval=60m");

    irc_online(w, NULL, ISUPPORT);
    irc_in_channel(w, "#verona", "me");
    cr_assert_eq(irc_affiliates(w, "#verona", SJ_AFFILIATION_OUTCAST), SJ_OK);
    irc_gets(w, "MODE #verona +b");
    irc_says(w, ":irc.test 482 me #verona :You're not channel operator");
    irc_hears(w, "op 2 not permitted: only operators of the room may do that (the network says: "
                 "You're not channel operator)");
    cr_assert_eq(irc_lists(w, "", 10), SJ_OK);
    irc_gets(w, "LIST");
    irc_says(w, ":irc.test 263 me LIST :This command could not be completed");
    irc_hears(w, "op 3 limit reached: the network is busy; try again later (the network says: "
                 "This command could not be completed)");
    /* The next goes out more slowly. */
    cr_assert_eq(irc_lists(w, "", 10), SJ_OK);
    irc_settle(w);
    irc_advance(w, 10000);
    irc_gets(w, "LIST");
    irc_advance(w, 130000);
    irc_hears(w, "op 4 timed out: the network did not answer");
    irc_world_free(w);
}

Test(irc_chan_change, lists_rooms)
{
    struct irc_world *w = world_in_verona(ISUPPORT " ELIST=CMNTU");

    cr_assert_eq(irc_lists(w, "", 2), SJ_OK);
    irc_gets(w, "LIST");
    irc_says(w, ":irc.test 321 me Channel :Users Name");
    irc_says(w, ":irc.test 322 me #Mantua 12 :[+nt] A \002quiet\002 place");
    irc_hears(w, "listed #mantua op=2 n=12: A quiet place");
    irc_says(w, ":irc.test 322 me * 3 :");
    irc_says(w, ":irc.test 322 me #bad\xff 3 :");
    irc_says(w, ":irc.test 322 me #padua many :");
    irc_hears(w, "listed #padua op=2");
    irc_hears(w, "op 2 ok");
    /* The rest is read, and no other list begins before it is through. */
    cr_assert_eq(irc_lists(w, "quiet", 10), SJ_OK);
    irc_says(w, ":irc.test 322 me #more 3 :");
    irc_hears_nothing(w);
    irc_gets_nothing(w);
    irc_says(w, ":irc.test 323 me :End of /LIST");
    irc_gets(w, "LIST *quiet*");
    irc_says(w, ":irc.test 322 me #quietly 1 :");
    irc_hears(w, "listed #quietly op=3 n=1");
    irc_says(w, ":irc.test 322 me #loud 1 :be QUIET");
    irc_hears(w, "listed #loud op=3 n=1: be QUIET");
    irc_says(w, ":irc.test 322 me #loud2 1 :no");
    irc_says(w, ":irc.test 323 me :End of /LIST");
    irc_hears(w, "op 3 ok");
    cr_assert_eq(irc_lists(w, "two words", 10), SJ_OK);
    irc_gets(w, "LIST");
    irc_world_free(w);
}

Test(irc_chan_change, looks_at_one_room)
{
    struct irc_world *w = world_in_verona(ISUPPORT);

    cr_assert_eq(irc_looks(w, "#mantua"), SJ_OK);
    irc_gets(w, "LIST #mantua");
    irc_says(w, ":irc.test 322 me #Mantua 12 :A quiet place");
    irc_hears(w, "room #mantua \"#Mantua\" flags=0/0 n=12: A quiet place");
    irc_says(w, ":irc.test 323 me :End of /LIST");
    irc_hears(w, "op 2 ok");
    cr_assert_eq(irc_looks(w, "#secret"), SJ_OK);
    irc_gets(w, "LIST #secret");
    irc_says(w, ":irc.test 323 me :End of /LIST");
    irc_hears(w, "op 3 not found: there is no such room, or it is a secret one");
    irc_world_free(w);
}

Test(irc_chan_change, a_list_of_fifty_thousand_ends)
{
    struct irc_world *w = world_in_verona(ISUPPORT);
    struct sj_strbuf all;
    unsigned heard = 0;

    cr_assert_eq(irc_lists(w, "", 1000), SJ_OK);
    irc_gets(w, "LIST");
    sj_strbuf_init(&all, 8u * 1024u * 1024u);
    for (unsigned i = 0; i < 50000; i++)
        sj_strbuf_addf(&all, ":irc.test 322 me #c%u %u :words\r\n", i, i);
    sj_strbuf_adds(&all, ":irc.test 323 me :End\r\n:romeo!r@h PRIVMSG #verona :after\r\n");
    for (size_t at = 0; at < all.len; at += 65536) {
        irc_says_raw(w, all.s + at, all.len - at > 65536 ? 65536 : all.len - at);
        irc_settle(w);
    }
    while (strncmp(irc_event(w), "listed ", 7) == 0)
        heard++;
    cr_assert_eq(heard, 1000);
    for (unsigned i = 0; i < 500; i++)
        irc_settle(w);
    irc_hears(w, "message #verona/romeo after");
    sj_strbuf_release(&all);
    irc_world_free(w);
}

Test(irc_chan_change, there_is_a_limit_of_questions)
{
    struct irc_world *w = world_in_verona(ISUPPORT);
    unsigned n = 0;

    for (; n < 1000 && irc_looks(w, "#mantua") == SJ_OK; n++)
        ;
    cr_assert_eq(n, 64);
    cr_assert_str_eq(irc_error(w), "too much waits for the network; try again later");
    irc_hangs_up(w);
    irc_skips_to(w, "down closed: connection closed by the other side");
    irc_world_free(w);
}

/* ---- secrets ---- */

static unsigned keys_seen, lines_hidden;

static void look_for_key(enum sj_log_level level, const char *line, void *ctx)
{
    (void)level;
    (void)ctx;
    keys_seen += strstr(line, "opensesame") != NULL;
    lines_hidden += strstr(line, "[hidden]") != NULL;
}

Test(irc_chan_change, keys_are_in_no_log)
{
    struct irc_world *w = world_in_verona(ISUPPORT);

    sj_log_set_sink(look_for_key, NULL);
    sj_log_set_level(SJ_LOG_TRACE);
    cr_assert_eq(irc_joins(w, "#cave", "opensesame"), SJ_OK);
    cr_assert_eq(change(w, (struct sj_room_change){ .kind = SJ_CHANGE_PASSWORD,
                                                    .text = "opensesame" }), SJ_OK);
    irc_says(w, ":me!m@h MODE #verona +tk opensesame");
    irc_says(w, "@time=x :irc.test 324 me #verona +tk opensesame");
    irc_says(w, ":romeo!r@h PRIVMSG #verona :hello");
    irc_skips_to(w, "message #verona/romeo hello");
    sj_log_set_level(SJ_LOG_INFO);
    cr_assert_eq(keys_seen, 0);
    cr_assert_eq(lines_hidden, 4);
    irc_world_free(w);
}
