/* SPDX-License-Identifier: MPL-2.0 */
/* Logging in: registration, capabilities, SASL, NickServ, nicknames, refusals (backends/irc). */
#include <criterion/criterion.h>
#include <string.h>

#include "irc_base64.h"
#include "irc_cap.h"
#include "irc_link.h"
#include "irc_login.h"
#include "irc_nick.h"
#include "irc_sasl.h"
#include "irc_world.h"
#include "sojourn/conn.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

Test(irc_login, a_plain_server)
{
    struct irc_world *w = irc_world_new("");

    irc_start(w);
    irc_says(w, ":irc.test 421 * CAP :Unknown command");
    irc_says(w, ":irc.test 001 me :Welcome to the network me!~me@127.0.0.1");
    irc_says(w, ":irc.test 002 me :Your host");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 376 me :End");
    irc_gets(w, "USERHOST me");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    cr_expect_null(irc_world_link(w)->login);
    cr_expect_eq(irc_world_link(w)->user_length, 3);
    cr_expect_eq(irc_world_link(w)->host_length, 9);
    irc_world_free(w);
}

Test(irc_login, goes_up_with_what_follows_isupport)
{
    struct irc_world *w = irc_world_new("");

    irc_start(w);
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 251 me :not yet: no 005");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 005 me CASEMAPPING=ascii :are supported");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 251 me :There are 2 users");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_says(w, ":irc.test 376 me :End");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_login, sends_what_account_and_options_say)
{
    struct irc_world *w = irc_world_new("server-password=common ident=gw realname-default=A+User");

    irc_account(w, "username=Some[one]");
    irc_gets(w, "CAP LS 302");
    irc_gets(w, "PASS :common");
    irc_gets(w, "NICK Some[one]");
    irc_gets(w, "USER gw 0 * :A User");
    irc_world_free(w);
}

Test(irc_login, the_users_own_server_password_and_name_count_more)
{
    struct irc_world *w = irc_world_new("server-password=common realname-default=A+User");

    irc_account(w, "username=Some-One server_password=own:1 name=Some+One");
    irc_gets(w, "CAP LS 302");
    irc_gets(w, "PASS :own:1");
    irc_gets(w, "NICK Some-One");
    irc_gets(w, "USER someone 0 * :Some One");
    irc_world_free(w);
}

Test(irc_login, answers_pings_before_the_welcome)
{
    struct irc_world *w = irc_world_new("");

    irc_start(w);
    irc_says(w, "PING :cookie 1");
    irc_gets(w, "PONG :cookie 1");
    irc_world_free(w);
}

Test(irc_login, asks_for_what_is_offered_over_several_lines)
{
    struct irc_world *w = irc_world_new("");

    irc_start(w);
    irc_says(w, ":irc.test CAP * LS * :server-time unknown-thing sasl=PLAIN");
    irc_says(w, ":irc.test CAP * LS * :vendor/batch=1 draft/x");
    irc_gets_nothing(w);
    irc_says(w, ":irc.test CAP * LS :echo-message batch=x");
    irc_gets(w, "CAP REQ :server-time batch echo-message");
    irc_says(w, ":irc.test CAP me ACK :server-time batch ");
    irc_gets_nothing(w);
    irc_says(w, ":irc.test CAP me ACK :echo-message ");
    irc_gets(w, "CAP END");
    cr_expect_eq(irc_world_link(w)->caps,
                 IRC_CAP_SERVER_TIME | IRC_CAP_BATCH | IRC_CAP_ECHO_MESSAGE);
    irc_world_free(w);
}

Test(irc_login, ends_the_negotiation_when_nothing_is_of_use)
{
    struct irc_world *w = irc_world_new("");

    irc_start(w);
    irc_says(w, ":irc.test CAP * LS :tls unknown");
    irc_gets(w, "CAP END");
    irc_world_free(w);
}

Test(irc_login, asks_one_by_one_after_a_refusal)
{
    struct irc_world *w = irc_world_new("");

    irc_start(w);
    irc_says(w, ":irc.test CAP * LS :server-time batch");
    irc_gets(w, "CAP REQ :server-time batch");
    irc_says(w, ":irc.test CAP me NAK :server-time batch");
    irc_gets(w, "CAP REQ :server-time");
    irc_gets(w, "CAP REQ :batch");
    irc_says(w, ":irc.test CAP me NAK :server-time");
    irc_gets_nothing(w);
    irc_says(w, ":irc.test CAP me ACK :batch");
    irc_gets(w, "CAP END");
    cr_expect_eq(irc_world_link(w)->caps, IRC_CAP_BATCH);
    irc_world_free(w);
}

Test(irc_login, follows_capabilities_that_come_and_go)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, "cap-notify batch", NULL);
    irc_says(w, ":irc.test CAP me NEW :server-time sasl batch");
    irc_gets(w, "CAP REQ :server-time");
    irc_says(w, ":irc.test CAP me ACK :server-time");
    irc_says(w, ":irc.test CAP me DEL :batch");
    irc_settle(w);
    cr_expect_eq(irc_world_link(w)->caps, IRC_CAP_SERVER_TIME | IRC_CAP_CAP_NOTIFY);
    irc_says(w, ":irc.test CAP me ACK :-server-time");
    irc_settle(w);
    cr_expect_eq(irc_world_link(w)->caps, IRC_CAP_CAP_NOTIFY);
    irc_world_free(w);
}

/* ---- bots ---- */

/* Logs in as somebody whose field "bot" is this, where the server says isupport. */
static struct irc_world *bot_online(const char *fields, const char *isupport)
{
    struct irc_world *w = irc_world_new("");
    char line[200];

    irc_account(w, fields);
    irc_gets(w, "CAP LS 302");
    irc_gets(w, "NICK me");
    irc_gets(w, "USER me 0 * :me");
    irc_says(w, ":irc.test 001 me :Welcome me!me@host.example.org");
    (void)snprintf(line, sizeof line, ":irc.test 005 me %s :are supported", isupport);
    irc_says(w, line);
    irc_gets_nothing(w);
    irc_says(w, ":irc.test 422 me :no message of the day");
    irc_gets(w, "USERHOST me");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    return w;
}

Test(irc_login, says_that_it_is_a_bot)
{
    struct irc_world *w = bot_online("username=me bot=1", "BOT=b WHOX");

    irc_gets(w, "MODE me +b");
    irc_says(w, ":me MODE me +b");
    irc_hears_nothing(w);
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_login, says_nothing_of_bots_unless_asked)
{
    static const char *const rows[] = { "username=me", "username=me bot=0", "username=me bot=yes" };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_world *w = bot_online(rows[i], "BOT=B");
        irc_gets_nothing(w);
        irc_hears_nothing(w);
        irc_world_free(w);
    }
}

/* Neither do servers without one, nor what is no letter. */
Test(irc_login, tells_who_cannot_be_marked_as_a_bot)
{
    static const char *const rows[] = { "NETWORK=x", "BOT", "BOT=", "BOT=+x", "BOT=B -BOT" };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_world *w = bot_online("username=me bot=1", rows[i]);
        irc_hears(w, "tell You are not marked as a bot, because this network has no mark for "
                     "bots.");
        irc_gets_nothing(w);
        irc_world_free(w);
    }
}

Test(irc_cap, request_lines_are_bounded)
{
    uint32_t all = (1u << IRC_CAP_COUNT) - 1;
    char line[101];
    uint32_t seen = 0;
    size_t n;
    unsigned lines = 0;

    while ((n = irc_cap_request(line, sizeof line, &all, IRC_CAP_COUNT))) {
        cr_expect_leq(n, 100);
        cr_expect_eq(strlen(line), n);
        cr_expect_neq(line[n - 1], ' ');
        cr_expect_eq(strncmp(line, "CAP REQ :", 9), 0);
        seen |= irc_cap_parse(line + 9);
        lines++;
    }
    cr_expect_eq(seen, (1u << IRC_CAP_COUNT) - 1);
    cr_expect_gt(lines, 1);
}

Test(irc_cap, mechanisms_of_sasl)
{
    cr_expect_eq(irc_cap_mechanisms("sasl"), IRC_MECHANISMS_ALL);
    cr_expect_eq(irc_cap_mechanisms("batch sasl=PLAIN"), IRC_MECHANISM_PLAIN);
    cr_expect_eq(irc_cap_mechanisms("sasl=X,plain,SCRAM-SHA-256 batch"),
                 IRC_MECHANISM_PLAIN | IRC_MECHANISM_SCRAM);
    cr_expect_eq(irc_cap_mechanisms("sasl=SCRAM-SHA-256-PLUS,SCRAM-SHA-1"), 0);
    cr_expect_eq(irc_cap_mechanisms("sasl=PLAIN-X,XPLAIN,,"), 0);
    cr_expect_eq(irc_cap_mechanisms("sasl="), 0);
    cr_expect_eq(irc_cap_mechanisms("=sasl sas sasls sasls=PLAIN"), 0);
    cr_expect_eq(irc_cap_parse("sasl=NEVER"), IRC_CAP_SASL);
    cr_expect_eq(irc_cap_parse("=sasl sas sasls"), 0);
}

/* Up to the question for the mechanism's data. */
static struct irc_world *sasl_begin(const char *fields, const char *nick_line,
                                    const char *user_line)
{
    struct irc_world *w = irc_world_new("");

    irc_account(w, fields);
    irc_gets(w, "CAP LS 302");
    irc_gets(w, nick_line);
    irc_gets(w, user_line);
    irc_says(w, ":irc.test CAP * LS :sasl=PLAIN batch");
    irc_gets(w, "CAP REQ :batch sasl");
    irc_says(w, ":irc.test CAP me ACK :batch sasl");
    irc_gets(w, "AUTHENTICATE PLAIN");
    return w;
}

Test(irc_sasl, a_right_password)
{
    struct irc_world *w = sasl_begin("username=me password=sesame", "NICK me", "USER me 0 * :me");

    irc_says(w, "AUTHENTICATE +");
    irc_gets(w, "AUTHENTICATE AG1lAHNlc2FtZQ==");
    irc_says(w, ":irc.test 900 me me!me@h me :You are now logged in as me");
    irc_gets_nothing(w);
    irc_says(w, ":irc.test 903 me :SASL authentication successful");
    irc_gets(w, "CAP END");
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_sasl, the_account_name_and_a_colon_before_plus)
{
    struct irc_world *w = sasl_begin("username=me login=account password=sesame", "NICK me",
                                     "USER me 0 * :me");

    irc_says(w, ":irc.test AUTHENTICATE :+");
    irc_gets(w, "AUTHENTICATE AGFjY291bnQAc2VzYW1l");
    irc_world_free(w);
}

Test(irc_sasl, refusals_end_the_link_for_good)
{
    static const char *const replies[] = { "902", "904", "905", "906" };

    for (size_t i = 0; i < 4; i++) {
        char line[128];
        struct irc_world *w = sasl_begin("username=me password=sesame", "NICK me",
                                         "USER me 0 * :me");
        irc_says(w, "AUTHENTICATE +");
        irc_gets(w, NULL);
        (void)snprintf(line, sizeof line, ":irc.test %s me :no \x02way\x02", replies[i]);
        irc_says(w, line);
        irc_hears(w, "down auth: no way");
        cr_expect_null(irc_world_link(w)->login);
        cr_expect(irc_is_closed(w));
        irc_world_free(w);
    }
}

/* A password that makes n bytes of base64: the first piece, and what is left. */
static void expect_pieces(size_t plain, const size_t *pieces, size_t n_pieces)
{
    char fields[512] = "username=me password=";
    /* NUL me NUL password */
    size_t length = plain - 4;
    size_t at = strlen(fields);

    memset(fields + at, 'x', length);
    fields[at + length] = '\0';
    struct irc_world *w = sasl_begin(fields, "NICK me", "USER me 0 * :me");
    irc_says(w, "AUTHENTICATE +");
    for (size_t i = 0; i < n_pieces; i++) {
        const char *line = irc_gets(w, NULL);
        cr_assert_eq(strncmp(line, "AUTHENTICATE ", 13), 0);
        cr_expect_eq(strlen(line) - 13, pieces[i], "%zu: piece %zu: %s", plain, i, line);
        if (pieces[i] == 1)
            cr_expect_str_eq(line, "AUTHENTICATE +");
    }
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_sasl, pieces_of_400_bytes)
{
    expect_pieces(297, (size_t[]){ 396 }, 1);
    expect_pieces(300, (size_t[]){ 400, 1 }, 2);
    expect_pieces(301, (size_t[]){ 400, 4 }, 2);
}

Test(irc_sasl, base64)
{
    static const struct {
        const char *plain, *text;
    } rows[] = {
        { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" }, { "\xff\xfe\xfd", "//79" },
    };
    char out[16];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t n = irc_base64(out, (const unsigned char *)rows[i].plain, strlen(rows[i].plain));
        cr_expect_eq(n, strlen(rows[i].text));
        cr_expect_eq(memcmp(out, rows[i].text, n), 0, "%s", rows[i].plain);
        unsigned char back[16];
        cr_expect(irc_base64_read(back, &n, rows[i].text, strlen(rows[i].text)));
        cr_expect_eq(n, strlen(rows[i].plain));
        cr_expect_eq(memcmp(back, rows[i].plain, n), 0);
    }
}

Test(irc_sasl, what_is_no_base64)
{
    static const char *const rows[] = { "=", "Z", "Zg", "Zg=", "Zg==Zg==", "Z===", "====", "Zm9v=",
                                        "Zm 9", "Zm9\n", "Zm9-", "Zg=A", "\xff\xff\xff\xff" };
    unsigned char out[16];
    size_t n;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_not(irc_base64_read(out, &n, rows[i], strlen(rows[i])), "%s", rows[i]);
}

Test(irc_login, an_unused_password_is_told)
{
    struct irc_world *w = irc_world_new("");

    irc_account(w, "username=me password=sesame");
    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    irc_says(w, ":irc.test CAP * LS :sasl=EXTERNAL");
    irc_gets(w, "CAP END");
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your account's password was not used: this server offers no way to log in "
                 "to accounts (SASL PLAIN).");
    irc_gets(w, "USERHOST me");
    irc_gets_nothing(w);
    irc_world_free(w);
}

#define SERVICES "nickserv=identify nickserv-mask=NickServ!*@services"

/* Up to IDENTIFY. */
static struct irc_world *nickserv_begin(const char *fields, const char *nick)
{
    struct irc_world *w = irc_world_new(SERVICES);
    char line[128];

    irc_account(w, fields);
    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    (void)snprintf(line, sizeof line, ":irc.test 001 %s :Welcome", nick);
    irc_says(w, line);
    irc_says(w, ":irc.test 422 me :no motd");
    irc_gets(w, "USERHOST NickServ");
    irc_says(w, ":irc.test 302 me :NickServ=+s@services ");
    return w;
}

Test(irc_nickserv, success_by_words_mode_or_numeric)
{
    static const char *const replies[] = {
        ":NickServ!s@services NOTICE me :You are now \x02identified\x02 for me.",
        ":NickServ!s@services NOTICE me :Password accepted - you are now recognized.",
        ":NickServ MODE me :+r",
        ":me MODE me +ir",
        ":irc.test 900 me me!me@h me :You are now logged in as me",
    };

    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        struct irc_world *w = nickserv_begin("username=me password=sesame", "me");
        irc_gets(w, "PRIVMSG NickServ :IDENTIFY sesame");
        irc_hears_nothing(w);
        irc_says(w, replies[i]);
        irc_hears(w, "up");
        irc_hears(w, "self me");
        irc_hears_nothing(w);
        irc_world_free(w);
    }
}

Test(irc_nickserv, refusals)
{
    static const char *const replies[] = {
        "Invalid password for me.", "Password incorrect.", "Nick me isn't registered.",
        "\x02me\x02 is not a registered nickname.",
    };

    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        char line[256];
        struct irc_world *w = nickserv_begin("username=me password=sesame", "me");
        irc_gets(w, "PRIVMSG NickServ :IDENTIFY sesame");
        (void)snprintf(line, sizeof line, ":NickServ!s@services NOTICE me :%s", replies[i]);
        irc_says(w, line);
        cr_expect_eq(strncmp(irc_event(w), "down auth: ", 11), 0);
        irc_world_free(w);
    }
}

Test(irc_nickserv, names_the_account_when_it_is_not_our_nickname)
{
    struct irc_world *w = nickserv_begin("username=me login=acc password=sesame", "me");

    irc_gets(w, "PRIVMSG NickServ :IDENTIFY acc sesame");
    irc_world_free(w);
    w = nickserv_begin("username=me password=sesame", "me_");
    irc_gets(w, "PRIVMSG NickServ :IDENTIFY me sesame");
    irc_world_free(w);
}

Test(irc_nickserv, silence_and_absence_do_not_stop_the_login)
{
    struct irc_world *w = nickserv_begin("username=me password=sesame", "me");

    irc_gets(w, "PRIVMSG NickServ :IDENTIFY sesame");
    irc_says(w, ":NickServ!s@services NOTICE me :This nickname is registered. Please identify via "
                "/msg NickServ identify <password>.");
    irc_says(w, ":NickServ!s@services NOTICE me :News: we have moved.");
    irc_says(w, ":bob!b@h NOTICE me :Password incorrect");
    irc_hears(w, "tell NickServ: News: we have moved.");
    irc_hears(w, "tell bob: Password incorrect");
    irc_advance(w, IRC_IDENTIFY_MS + 100);
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your account's password was not used: NickServ did not say whether the "
                 "password is right.");
    irc_world_free(w);
    w = nickserv_begin("username=me password=sesame", "me");
    irc_gets(w, "PRIVMSG NickServ :IDENTIFY sesame");
    irc_says(w, ":irc.test 401 me NickServ :No such nick");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your account's password was not used: this network has no NickServ at "
                 "present.");
    irc_world_free(w);
}

Test(irc_nickserv, an_echo_of_the_password_is_never_told)
{
    struct irc_world *w = irc_world_new(SERVICES);

    irc_account(w, "username=me password=sesame");
    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    irc_says(w, ":irc.test CAP * LS :echo-message");
    irc_gets(w, "CAP REQ :echo-message");
    irc_says(w, ":irc.test CAP me ACK :echo-message");
    irc_gets(w, "CAP END");
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    irc_gets(w, "USERHOST NickServ");
    irc_says(w, ":irc.test 302 me :NickServ=+s@services");
    irc_gets(w, "PRIVMSG NickServ :IDENTIFY sesame");
    irc_says(w, ":me!me@h PRIVMSG NickServ :IDENTIFY sesame");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 900 me me!me@h me :You are now logged in as me");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_says(w, ":me!me@h PRIVMSG NickServ :IDENTIFY sesame");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_login, tries_other_nicknames)
{
    struct irc_world *w = irc_world_new("");

    irc_start(w);
    irc_says(w, ":irc.test 433 * me :Nickname is already in use");
    irc_gets(w, "NICK me_");
    irc_says(w, ":irc.test 436 * me_ :Nickname collision");
    irc_gets(w, "NICK me__");
    irc_says(w, ":irc.test 437 * me__ :Nick/channel is temporarily unavailable");
    const char *line = irc_gets(w, NULL);
    cr_expect_eq(strncmp(line, "NICK me", 7), 0);
    cr_expect(line[7] >= '1' && line[7] <= '9', "%s", line);
    irc_says(w, ":irc.test 001 me77 :Welcome");
    irc_says(w, ":irc.test 422 me77 :no motd");
    irc_hears(w, "up");
    irc_hears(w, "self me77");
    irc_hears(w, "tell Your nickname here is me77, because the network did not give you me.");
    irc_world_free(w);
}

Test(irc_login, gives_up_after_eight_nicknames)
{
    struct irc_world *w = irc_world_new("nick-length=3");

    irc_start(w);
    for (int i = 0; i < 8; i++) {
        irc_says(w, ":irc.test 433 * x :Nickname is already in use");
        const char *line = irc_gets(w, NULL);
        cr_expect_leq(strlen(line), strlen("NICK xxx") + 1, "%s", line);
    }
    irc_says(w, ":irc.test 433 * x :Nickname is already in use");
    irc_hears(w, "down conflict: the nickname and all alternatives are in use");
    irc_world_free(w);
}

Test(irc_login, takes_the_nickname_that_the_server_gives)
{
    struct irc_world *w = irc_world_new("");

    irc_account(w, "username=averylongnickname");
    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    irc_says(w, ":irc.test 001 averylong :Welcome");
    irc_says(w, ":irc.test 005 averylong NICKLEN=9 :are supported");
    irc_says(w, ":irc.test 375 averylong :motd");
    irc_hears(w, "up");
    irc_hears(w, "self averylong");
    irc_hears(w, "tell Your nickname here is averylong, because the network did not give you "
                 "averylongnickname.");
    irc_world_free(w);
}

Test(irc_login, refusals_by_numeric_and_by_error)
{
    static const struct {
        const char *line, *event;
    } rows[] = {
        { ":s 464 * :Password mismatch",
          "down auth: the server's password is missing or wrong: Password mismatch" },
        { ":s 465 * :You are banned", "down banned: You are banned" },
        { ":s 465 * :Throttled: reconnecting too fast",
          "down throttled: Throttled: reconnecting too fast" },
        { ":s 463 * :Your host is not among the privileged",
          "down banned: Your host is not among the privileged" },
        { ":s 432 * m^e :Erroneous nickname",
          "down banned: the network refused the nickname: Erroneous nickname" },
        { "ERROR :Access denied: Bad password?", "down auth: Access denied: Bad password?" },
        { "ERROR :Closing Link: 1.2.3.4 (K-Lined)",
          "down banned: Closing Link: 1.2.3.4 (K-Lined)" },
        { "ERROR :Closing Link: you are Z:Lined", "down banned: Closing Link: you are Z:Lined" },
        { "ERROR :Trying to reconnect too fast.", "down throttled: Trying to reconnect too fast." },
        { "ERROR :Too many connections", "down throttled: Too many connections" },
        { "ERROR :Server is going down", "down closed: Server is going down" },
        { "ERROR :\x02x\xe9\x02", "down closed: x\xc3\xa9" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_world *w = irc_world_new("");
        irc_start(w);
        irc_says(w, rows[i].line);
        irc_hears(w, rows[i].event);
        irc_world_free(w);
    }
}

Test(irc_login, an_error_right_before_the_end_of_the_stream_is_read)
{
    struct irc_world *w = irc_world_new("");

    irc_start(w);
    irc_says(w, ":irc.test NOTICE * :*** Looking up your hostname");
    irc_says(w, "ERROR :you are banned");
    irc_hangs_up(w);
    irc_hears(w, "down banned: you are banned");
    irc_world_free(w);
}

Test(irc_login, chatter_is_not_told_but_words_are)
{
    struct irc_world *w = irc_world_new("");

    irc_start(w);
    irc_says(w, ":irc.test NOTICE AUTH :*** Looking up your hostname");
    irc_says(w, "NOTICE * :Maintenance at noon");
    irc_hears(w, "tell Maintenance at noon");
    irc_world_free(w);
}

Test(irc_login, takes_too_long)
{
    struct irc_world *w = irc_world_new("login-timeout=20s");

    irc_start(w);
    irc_advance(w, 15000);
    irc_says(w, "PING :still alive");
    irc_gets(w, "PONG :still alive");
    irc_advance(w, 5100);
    irc_hears(w, "down timeout: the login took too long");
    irc_world_free(w);
}

/* Slow, but it goes on: judged by progress. A PING is none, and there is an end all the same. */
Test(irc_login, may_be_slow_while_it_goes_on)
{
    struct irc_world *w = irc_world_new("login-timeout=20s");

    irc_start(w);
    for (unsigned i = 0; i < 4; i++) {
        irc_advance(w, 15000);
        irc_says(w, ":irc.test 020 * :Please wait while we process your connection.");
        irc_settle(w);
    }
    irc_hears_nothing(w);
    irc_advance(w, 15000);
    irc_says(w, "PING :still alive");
    irc_gets(w, "PONG :still alive");
    irc_advance(w, 5100);
    irc_hears(w, "down timeout: the login took too long");
    irc_world_free(w);
}

Test(irc_login, ends_when_a_server_goes_on_for_ever)
{
    struct irc_world *w = irc_world_new("login-timeout=20s");

    irc_start(w);
    for (unsigned i = 0; i < 9; i++) {
        irc_hears_nothing(w);
        irc_advance(w, 10000);
        irc_says(w, ":irc.test 020 * :Please wait while we process your connection.");
        irc_settle(w);
    }
    irc_hears_nothing(w);
    irc_advance(w, 11000);
    irc_says(w, ":irc.test 020 * :Please wait while we process your connection.");
    irc_settle(w);
    irc_advance(w, 20100);
    irc_hears(w, "down timeout: the login took too long");
    irc_world_free(w);
}

Test(irc_login, a_server_that_hangs_up)
{
    struct irc_world *w = irc_world_new("");

    irc_start(w);
    irc_hangs_up(w);
    cr_expect_eq(strncmp(irc_event(w), "down closed", 11), 0);
    irc_world_free(w);
}

Test(irc_login, nobody_listens)
{
    struct irc_world *w = irc_world_new("");
    struct irc_world *other;

    irc_start(w);
    irc_world_free(w);
    /* A port that was just given back. */
    other = irc_world_new("port=1");
    irc_try(other, "username=me");
    cr_expect_eq(strncmp(irc_event(other), "down unreachable: ", 18), 0);
    irc_world_free(other);
}

Test(irc_login, secrets_are_wiped_when_the_link_is_up)
{
    struct irc_world *w = sasl_begin("username=me password=sesame", "NICK me", "USER me 0 * :me");

    irc_says(w, ":irc.test 908 me PLAIN :are available");
    irc_says(w, "AUTHENTICATE +");
    irc_gets(w, NULL);
    irc_says(w, ":irc.test 903 me :SASL authentication successful");
    irc_gets(w, "CAP END");
    cr_expect_not_null(irc_world_link(w)->login);
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    irc_hears(w, "up");
    cr_expect_null(irc_world_link(w)->login);
    irc_world_free(w);
}

static const char *const secret_words[] = { "sesame", "AG1lAHNlc2FtZQ", "ownpass" };

static void expect_no_secret(enum sj_log_level level, const char *line, void *ctx)
{
    (void)level;
    ++*(unsigned *)ctx;
    for (size_t i = 0; i < sizeof secret_words / sizeof secret_words[0]; i++)
        cr_expect_null(strstr(line, secret_words[i]), "logged: %s", line);
}

Test(irc_login, passwords_are_in_no_log_line)
{
    struct irc_world *w = irc_world_new(SERVICES);
    unsigned lines = 0;

    sj_log_set_level(SJ_LOG_TRACE);
    sj_log_set_sink(expect_no_secret, &lines);
    irc_account(w, "username=me password=sesame server_password=ownpass");
    for (int i = 0; i < 4; i++)
        irc_gets(w, NULL);
    irc_says(w, ":irc.test CAP * LS :sasl=PLAIN echo-message");
    irc_gets(w, NULL);
    irc_says(w, ":irc.test CAP me ACK :sasl echo-message");
    irc_gets(w, NULL);
    irc_says(w, "AUTHENTICATE +");
    irc_gets(w, "AUTHENTICATE AG1lAHNlc2FtZQ==");
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    irc_gets(w, "USERHOST NickServ");
    irc_says(w, ":irc.test 302 me :NickServ=+s@services");
    irc_gets(w, "PRIVMSG NickServ :IDENTIFY sesame");
    irc_says(w, "@time=2020-01-01T00:00:00.000Z :me!me@h PRIVMSG NickServ :IDENTIFY sesame");
    irc_says(w, ":irc.test 900 me me!me@h me :You are now logged in as me");
    irc_hears(w, "up");
    cr_assert_eq(irc_sends(w, "nickserv", "identify sesame"), SJ_OK);
    cr_assert_eq(irc_sends(w, "*status", "jump"), SJ_OK);
    irc_settle(w);
    cr_expect_gt(lines, 10);
    irc_world_free(w);
}

/* What identds tell: a word for each user, of as many bits as there is room for. */
Test(irc_nick, user_idents)
{
    char a[IRC_USER_IDENT_MAX + 1], b[IRC_USER_IDENT_MAX + 1];

    irc_nick_user_ident(a, 0);
    cr_expect_str_eq(a, "uaaaaaaaa");
    irc_nick_user_ident(a, UINT64_MAX);
    cr_expect_str_eq(a, "u77777777");
    irc_nick_user_ident(a, UINT64_C(0x0123456789abcdef));
    irc_nick_user_ident(b, UINT64_C(0x0123456788abcdef));
    cr_expect_str_neq(a, b);
    cr_expect_leq(strlen(a), SJ_IDENT_MAX);
}

Test(irc_login, the_user_is_told_when_services_end_the_account)
{
    struct irc_world *w = irc_world_new("");

    irc_online(w, NULL, NULL);
    irc_says(w, ":irc.test 900 me me!me@h account :You are now logged in as account");
    irc_hears_nothing(w);
    irc_says(w, ":irc.test 901 me me!me@h :You are now logged out");
    irc_hears(w, "tell You are no longer logged in to your account on this network.");
    irc_world_free(w);
}
