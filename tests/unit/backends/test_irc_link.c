/* SPDX-License-Identifier: MPL-2.0 */
/* The life of a link: liveness, the end in all its forms, what the server says about us; and the
 * backend's table (backends/irc). */
#include <criterion/criterion.h>
#include <string.h>

#include "irc.h"
#include "irc_handlers.h"
#include "irc_link.h"
#include "irc_login.h"
#include "irc_world.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

Test(irc_link, the_table_is_sound)
{
    cr_expect_null(sj_backend_check(&irc_backend), "%s", sj_backend_check(&irc_backend));
    for (size_t i = 1; i < irc_handlers_n; i++)
        cr_expect_lt(strcmp(irc_handlers[i - 1].command, irc_handlers[i].command), 0, "%s",
                     irc_handlers[i].command);
}

Test(irc_link, an_idle_one_is_small)
{
    cr_expect_leq(sizeof(struct irc_link), 400, "%zu", sizeof(struct irc_link));
}

Test(irc_link, silence_is_answered_by_a_ping_and_ends_in_a_time_out)
{
    struct irc_world *w = irc_world_new("ping-interval=90s ping-timeout=60s");

    irc_online(w, NULL, NULL);
    irc_advance(w, 89000);
    irc_gets_nothing(w);
    irc_advance(w, 1100);
    irc_gets(w, "PING :00000000");
    irc_advance(w, 59000);
    irc_says(w, ":irc.test PONG irc.test :00000000");
    irc_settle(w);
    irc_advance(w, 89000);
    irc_gets_nothing(w);
    irc_advance(w, 1100);
    irc_gets(w, "PING :00000000");
    irc_hears_nothing(w);
    irc_advance(w, 60100);
    irc_hears(w, "down timeout: no answer to a ping");
    cr_expect(irc_is_closed(w));
    irc_world_free(w);
}

Test(irc_link, any_input_is_a_sign_of_life)
{
    struct irc_world *w = irc_world_new("ping-interval=90s");

    irc_online(w, NULL, NULL);
    for (int i = 0; i < 10; i++) {
        irc_advance(w, 80000);
        irc_says(w, ":irc.test 999 me :x");
        irc_settle(w);
    }
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_link, a_server_that_talks_but_confirms_nothing_is_given_up)
{
    struct irc_world *w = irc_world_new("ping-timeout=20s");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_sends(w, "bob", "x"), SJ_OK);
    irc_gets(w, "PRIVMSG bob :x");
    irc_advance(w, 1100);
    irc_gets(w, "PING :00000001");
    for (int i = 0; i < 3; i++) {
        irc_says(w, ":irc.test NOTICE #x :still here");
        irc_advance(w, 8000);
    }
    irc_hears(w, "op 1 no live link: the connection broke before the network confirmed the "
                 "message; it may or may not have arrived");
    irc_hears(w, "down timeout: the server does not confirm messages");
    irc_world_free(w);
}

Test(irc_link, logs_out_with_a_reason)
{
    struct irc_world *w = irc_world_new("quit-message=gone");

    irc_online(w, NULL, NULL);
    irc_leaves(w, "see you");
    irc_gets(w, "QUIT :see you");
    irc_hangs_up(w);
    irc_hears(w, "down asked");
    irc_leaves(w, "again");
    irc_hears_nothing(w);
    irc_world_free(w);
    w = irc_world_new("quit-message=gone");
    irc_online(w, NULL, NULL);
    irc_leaves(w, NULL);
    irc_gets(w, "QUIT :gone");
    irc_hangs_up(w);
    irc_hears(w, "down asked");
    irc_world_free(w);
    w = irc_world_new("");
    irc_start(w);
    irc_leaves(w, "");
    irc_gets(w, "QUIT");
    irc_hangs_up(w);
    irc_hears(w, "down asked");
    irc_world_free(w);
}

Test(irc_link, the_servers_goodbye_confirms_what_went_before)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_sends(w, "bob", "last words"), SJ_OK);
    irc_leaves(w, NULL);
    irc_gets(w, "PRIVMSG bob :last words");
    irc_gets(w, "QUIT");
    irc_hears_nothing(w);
    irc_says(w, ":bob!b@h PRIVMSG me :and mine");
    irc_hears(w, "message bob and mine");
    irc_says(w, "ERROR :Closing Link: K-Lined");
    irc_hears(w, "op 1 ok");
    irc_hears(w, "down asked");
    irc_world_free(w);
}

/* The server wrote it before it read our QUIT, and tells nobody that we have not read it. */
Test(irc_link, what_crosses_the_log_out_is_heard)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, NULL);
    irc_leaves(w, NULL);
    irc_gets(w, "QUIT");
    irc_says(w, ":bob!b@h PRIVMSG me :one thing more");
    irc_hears(w, "message bob one thing more");
    irc_says(w, ":bob!b@h PRIVMSG me :\001VERSION\001");
    irc_says(w, ":irc.test NOTICE me :*** goodbye");
    irc_hears_nothing(w);
    irc_says(w, "ERROR :Closing Link");
    irc_hears(w, "down asked");
    irc_world_free(w);
}

/* What was said before has its outcome still: of those that nothing refuses, ERROR proves that they
 * were handled. */
Test(irc_link, what_is_refused_during_the_log_out_is_told)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, NULL);
    irc_sends(w, "bob", "are you there?");
    irc_sends(w, "tom", "and you?");
    irc_gets(w, "PRIVMSG bob :are you there?");
    irc_gets(w, "PRIVMSG tom :and you?");
    irc_leaves(w, NULL);
    irc_gets(w, NULL);                   /* a PING may come first */
    irc_says(w, ":irc.test 401 me bob :No such nick");
    irc_hears(w, "op 1 peer is offline, nothing stored: not online there at present; this network "
                 "keeps no messages for later");
    irc_says(w, "ERROR :Closing Link");
    irc_hears(w, "op 2 ok");
    irc_hears(w, "down asked");
    irc_world_free(w);
}

Test(irc_link, no_goodbye_no_confirmation)
{
    struct irc_world *w = irc_world_new("send-burst=1");

    irc_online(w, NULL, NULL);
    cr_assert_eq(irc_sends(w, "bob", "1"), SJ_OK);
    cr_assert_eq(irc_sends(w, "bob", "2"), SJ_OK);
    irc_gets(w, "PRIVMSG bob :1");
    irc_leaves(w, NULL);
    irc_gets(w, "QUIT");
    irc_advance(w, IRC_CLOSING_MS + 100);
    irc_hears(w, "op 1 no live link: the connection broke before the network confirmed the "
                 "message; it may or may not have arrived");
    irc_hears(w, "op 2 no live link: the session ended before the message was sent");
    irc_hears(w, "down asked");
    irc_world_free(w);
}

Test(irc_link, leaving_while_it_connects)
{
    struct irc_world *w = irc_world_new("");

    irc_try(w, "username=me");
    irc_leaves(w, "never mind");
    irc_hears(w, "down asked");
    irc_world_free(w);
}

Test(irc_link, freed_at_any_time_it_is_silent)
{
    struct irc_world *w = irc_world_new("");

    irc_try(w, "username=me");
    irc_frees(w);
    irc_hears_nothing(w);
    irc_world_free(w);
    w = irc_world_new("");
    irc_start(w);
    irc_frees(w);
    irc_hears_nothing(w);
    cr_expect(irc_is_closed(w));
    irc_world_free(w);
    w = irc_world_new("send-burst=1");
    irc_online(w, NULL, NULL);
    irc_adds(w, "bob");
    irc_sends(w, "bob", "1\n2\n3");
    irc_leaves(w, NULL);
    irc_frees(w);
    irc_advance(w, 100000);
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_link, kill_and_error_tell_why)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, NULL);
    irc_says(w, ":oper!o@h KILL someone :not me");
    irc_hears_nothing(w);
    irc_says(w, ":oper!o@h KILL me :irc.test!oper (spam)");
    irc_hears(w, "down closed: oper ended the session: irc.test!oper (spam)");
    irc_world_free(w);
    w = irc_world_new("");
    irc_online(w, NULL, NULL);
    irc_adds(w, "bob");
    irc_hears(w, "op 1 ok");
    irc_says(w, "ERROR :Closing Link: me[h] (Ping timeout)");
    irc_hears(w, "down closed: Closing Link: me[h] (Ping timeout)");
    irc_world_free(w);
}

Test(irc_link, an_endless_line_ends_it)
{
    struct irc_world *w = irc_world_new("");
    char piece[4096];

    irc_online(w, NULL, NULL);
    memset(piece, 'x', sizeof piece);
    for (unsigned i = 0; i < IRC_INPUT_LINE_MAX / sizeof piece; i++)
        irc_says_raw(w, piece, sizeof piece);
    irc_hears_nothing(w);
    irc_says_raw(w, piece, 2);
    irc_hears(w, "down protocol: line too long");
    irc_world_free(w);
}

Test(irc_link, odd_lines_do_no_harm)
{
    struct irc_world *w = irc_world_new("");
    static const char nul[] = ":bob!b@h PRIVMSG me :a\0b\r\n";

    irc_online(w, NULL, NULL);
    irc_says(w, "");
    irc_says(w, ":");
    irc_says(w, ":irc.test");
    irc_says(w, "005 me");
    irc_says(w, ":irc.test 005 me -");
    irc_says(w, ":irc.test 005 me = =x -=y LINELEN= MONITOR=x CHANTYPES= NICKLEN=-1 :x");
    irc_says(w, ":irc.test 303 me :bob bob bob");
    irc_says(w, ":irc.test 730 me :,,,");
    irc_says(w, ":irc.test 731 me :");
    irc_says(w, ":irc.test 734 me 5 :");
    irc_says(w, ":irc.test 302 me :=");
    irc_says(w, ":irc.test 302 me :me=");
    irc_says(w, ":irc.test 302 me :me*=+@");
    irc_says(w, ":irc.test 396 me :");
    irc_says(w, "BATCH +");
    irc_says(w, "BATCH");
    irc_says(w, "@label=0 BATCH :");
    irc_says(w, "CAP me ACK");
    irc_says(w, "CAP me ACK :-");
    irc_says(w, "CAP me NAK :sasl batch");
    irc_says(w, "AUTHENTICATE +");
    irc_says(w, ":irc.test 903 me :x");
    irc_says(w, ":irc.test 904 me :x");
    irc_says(w, ":irc.test 433 * me :x");
    irc_says(w, ":irc.test 001 other :x");
    irc_says(w, "ACK");
    irc_says(w, "PONG");
    irc_says(w, "NICK");
    irc_says(w, ":me NICK");
    irc_says(w, "PRIVMSG me :nobody");
    irc_hears(w, "tell nobody");
    irc_says_raw(w, nul, sizeof nul - 1);
    irc_hears_nothing(w);
    irc_gets_nothing(w);
    cr_assert_eq(irc_sends(w, "bob", "fine"), SJ_OK);
    irc_gets(w, "PRIVMSG bob :fine");
    irc_world_free(w);
}

Test(irc_link, many_lines_are_taken_in_turns)
{
    struct irc_world *w = irc_world_new("");
    struct sj_strbuf lines;

    irc_online(w, NULL, NULL);
    sj_strbuf_init(&lines, 1u << 20);
    for (int i = 0; i < 1000; i++)
        sj_strbuf_addf(&lines, ":bob!b@h PRIVMSG me :%d\r\n", i);
    irc_says_raw(w, lines.s, lines.len);
    for (int i = 0; i < 1000; i++) {
        char want[40];
        (void)snprintf(want, sizeof want, "message bob %d", i);
        irc_hears(w, want);
    }
    sj_strbuf_release(&lines);
    irc_world_free(w);
}

Test(irc_link, own_nickname_changes)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, NULL);
    irc_says(w, ":other!o@h NICK :another");
    irc_says(w, ":me!m@h NICK :Me");
    irc_hears_nothing(w);
    irc_says(w, ":Me!m@h NICK :Guest[1]");
    irc_hears(w, "self guest{1}");
    irc_hears(w, "tell Your nickname here is now Guest[1].");
    irc_says(w, ":bob!b@h PRIVMSG guest{1} :hi");
    irc_hears(w, "message bob hi");
    irc_says(w, ":Guest[1]!m@h NICK :\xff");
    irc_hears(w, "down protocol: the server gave no usable nickname");
    irc_world_free(w);
}

Test(irc_link, another_case_mapping_ends_a_link_that_is_up)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, "CASEMAPPING=ascii");
    cr_expect_eq(irc_world_net(w)->casemap, IRC_CASEMAP_ASCII);
    irc_says(w, ":irc.test 005 me CASEMAPPING=ascii :are supported");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 005 me CASEMAPPING=rfc1459 LINELEN=600 :are supported");
    irc_hears(w, "down restart: the network changed how it compares names");
    cr_expect_eq(irc_world_net(w)->casemap, IRC_CASEMAP_RFC1459);
    irc_world_free(w);
}

Test(irc_link, isupport_is_kept)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, "CASEMAPPING=ascii NICKLEN=31 LINELEN=1024 MONITOR=100 UTF8ONLY WHOX "
                        "CHANTYPES=#! FOO BOT=B");
    const struct irc_link *l = irc_world_link(w);
    cr_expect_eq(l->nick_length, 31);
    cr_expect_eq(l->line_max, 1024);
    cr_expect_eq(l->monitor_max, 100);
    cr_expect(l->utf8_only);
    cr_expect(l->has_whox);
    cr_expect_str_eq(l->chantypes, "#!");
    irc_says(w, ":irc.test 005 me -LINELEN -MONITOR -UTF8ONLY -WHOX -CHANTYPES -FOO :x");
    irc_settle(w);
    cr_expect_eq(l->line_max, 512);
    cr_expect_eq(l->monitor_max, 0);
    cr_expect_not(l->utf8_only);
    cr_expect_not(l->has_whox);
    cr_expect_str_eq(l->chantypes, "#&");
    irc_says(w, ":irc.test 005 me LINELEN=99999999999 MONITOR NICKLEN=99999 LINELEN=10 :x");
    irc_settle(w);
    cr_expect_eq(l->line_max, 512);
    cr_expect_eq(l->monitor_max, UINT16_MAX);
    cr_expect_eq(l->nick_length, IRC_NICK_MAX);
    irc_world_free(w);
}

Test(irc_link, chghost_and_echo_teach_our_mask)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, NULL);
    const struct irc_link *l = irc_world_link(w);
    irc_says(w, ":bob!b@h CHGHOST averylongusername a.very.long.host.name.example.org");
    irc_settle(w);
    cr_expect_eq(l->user_length, 2);
    irc_says(w, ":me!m@h CHGHOST newuser new.host.is.longer.example");
    irc_settle(w);
    cr_expect_eq(l->user_length, 7);
    cr_expect_eq(l->host_length, 26);
    irc_says(w, ":me!m@an.even.longer.host.name.example.org PRIVMSG bob :x");
    irc_settle(w);
    cr_expect_eq(l->host_length, strlen("an.even.longer.host.name.example.org"));
    irc_world_free(w);
}

static enum sj_status check(const char *nick, const char *password, const char *login,
                            const char *name, const char *server_password, char *text)
{
    const char *values[] = { nick, password, login, name, server_password };
    const struct sj_account account = { values, 5 };
    struct sj_error err = {.status = SJ_OK};

    enum sj_status status = irc_backend.account_check(NULL, &account, &err);
    (void)snprintf(text, SJ_ERROR_TEXT_MAX, "%s", err.text);
    return status;
}

Test(irc_link, accounts_are_checked)
{
    char text[SJ_ERROR_TEXT_MAX];
    char longer[400];

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    cr_expect_eq(check("alice", NULL, NULL, NULL, NULL, text), SJ_OK);
    cr_expect_eq(check("alice", "p w", "acc", "Real N\xc3\xa4me", "s:e c", text), SJ_OK);
    cr_expect_eq(check(NULL, NULL, NULL, NULL, NULL, text), SJ_UNACCEPTABLE);
    cr_expect_eq(strncmp(text, "Nickname: ", 10), 0);
    cr_expect_eq(check("1a", NULL, NULL, NULL, NULL, text), SJ_UNACCEPTABLE);
    cr_expect_eq(check(longer, NULL, NULL, NULL, NULL, text), SJ_UNACCEPTABLE);
    cr_expect_eq(check("alice", "a\nb", NULL, NULL, NULL, text), SJ_UNACCEPTABLE);
    cr_expect_eq(strncmp(text, "Password of your account there: ", 32), 0);
    cr_expect_eq(check("alice", longer, NULL, NULL, NULL, text), SJ_UNACCEPTABLE);
    cr_expect_eq(check("alice", NULL, "a b", NULL, NULL, text), SJ_UNACCEPTABLE);
    cr_expect_eq(strncmp(text, "Account name", 12), 0);
    cr_expect_eq(check("alice", NULL, NULL, "a\rb", NULL, text), SJ_UNACCEPTABLE);
    cr_expect_eq(strncmp(text, "Real name", 9), 0);
    cr_expect_eq(check("alice", NULL, NULL, NULL, "a\r\nb", text), SJ_UNACCEPTABLE);
    cr_expect_eq(strncmp(text, "Password of the server", 22), 0);
    cr_expect_null(strstr(text, "a\r"));
}

Test(irc_link, ids_are_folded)
{
    struct sj_strbuf out;
    struct sj_error err;
    struct irc_world *w = irc_world_new("");

    sj_strbuf_init(&out, SJ_ID_MAX);
    cr_expect_eq(irc_backend.id_canon(&out, irc_world_net(w), NULL, "Bob[X]", &err), SJ_OK);
    cr_expect_str_eq(out.s, "bob{x}");
    sj_strbuf_reset(&out);
    irc_online(w, NULL, "CASEMAPPING=ascii");
    cr_expect_eq(irc_backend.id_canon(&out, irc_world_net(w), &irc_world_link(w)->base, "Bob[X]",
                                      &err), SJ_OK);
    cr_expect_str_eq(out.s, "bob[x]");
    sj_strbuf_reset(&out);
    cr_expect_eq(irc_backend.id_canon(&out, irc_world_net(w), NULL, "#Room", &err), SJ_OK);
    cr_expect_str_eq(out.s, "#room");
    cr_expect_eq(irc_backend.id_canon(&out, irc_world_net(w), NULL, "#a,b", &err), SJ_INVALID);
    cr_expect_eq(irc_backend.id_canon(&out, irc_world_net(w), NULL, "", &err), SJ_INVALID);
    cr_expect_eq(irc_backend.id_canon(&out, irc_world_net(w), NULL, "a b", &err), SJ_INVALID);
    sj_strbuf_release(&out);
    irc_world_free(w);
}
