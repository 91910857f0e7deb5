/* SPDX-License-Identifier: MPL-2.0 */
/* What a network asks during a log-in: as message, as form, again and again, and by whom it is
 * answered. */
#include <string.h>

#include "expect.h"
#include "files.h"
#include "prompt.h"
#include "session.h"
#include "sojourn/memory.h"
#include "world_prompt.h"

#define CAPS_ASKING (CAPS_PLAIN | SJ_CAP_PROMPTS)
#define BEFORE "message G -> " ROMEO " Before it lets you in, Test asks:\n"
#define AFTER "Your next message to me is the answer; type cancel to give up.\n"
#define ASKED(text) BEFORE text "\n" AFTER
#define WAITS "presence G -> " ROMEO " offline The network waits for your answer.\n"
#define MINUTE_MS 60000
#define CHECK_MS (SESSION_CHECK_MS + 1000)

/* A registration (request 7) whose log-in asks. */
static struct world *registering(enum sj_prompt_kind kind)
{
    struct world *w = world_new(CAPS_ASKING);

    w->connect_waits = true;
    world_register(w, ROMEO, "romeo", 7);
    world_run(w);
    world_clear(w);
    world_asks(w, kind, "code?");
    return w;
}

/* A registered user whose log-in asks; a client is there. */
static struct world *logging_in(void)
{
    struct world *w = world_new(CAPS_ASKING);

    world_ready(w);
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_advance(w, 5000);
    world_clear(w);
    world_asks(w, SJ_PROMPT_TEXT, "code?");
    return w;
}

static struct session *romeo(struct world *w)
{
    return session_find(&w->sessions->networks[0], ROMEO);
}

/* G100-06, G077-25. */
Test(prompt, is_a_message_and_the_next_message_answers)
{
    struct world *w = registering(SJ_PROMPT_TEXT);

    EXPECT(w, ASKED("code?"));
    world_talk(w, "bad");
    EXPECT(w, "message G -> " ROMEO " that is bad\n");
    world_talk(w, "12");
    EXPECT(w, "net reply 12\n");
    world_asks(w, SJ_PROMPT_TEXT, "wrong, again?");
    EXPECT(w, ASKED("wrong, again?"));
    world_talk(w, "4711");
    world_up(w);
    EXPECT(w, "net reply 4711\nanswer 7 ok\nsub G -> " ROMEO " subscribe\n");
    world_free(w);
}

Test(prompt, takes_one_line_of_bounded_length)
{
    struct world *w = registering(SJ_PROMPT_TEXT);
    char text[PROMPT_ANSWER_MAX + 2];

    memset(text, 'x', sizeof text);
    text[PROMPT_ANSWER_MAX + 1] = '\0';
    world_clear(w);
    world_talk(w, text);
    EXPECT(w, "message G -> " ROMEO " An answer has 1 to 1023 bytes.\n");
    world_talk(w, "47\n11");
    EXPECT(w, "message G -> " ROMEO " An answer is one line of text.\n");
    text[PROMPT_ANSWER_MAX] = '\0';
    world_talk(w, text);
    cr_expect_eq(strlen(world_lines(w)), strlen("net reply \n") + PROMPT_ANSWER_MAX);
    world_free(w);
}

/* G050-03. */
Test(prompt, is_the_next_form_of_the_command_that_waits)
{
    struct world *w = world_new(CAPS_ASKING);

    w->connect_waits = true;
    world_command(w, "r", "register", 0, NULL);
    world_command(w, "r", "register", 1, "username=romeo");
    world_clear(w);
    world_asks(w, SJ_PROMPT_SECRET, "word?");
    EXPECT(w, "command 9 1 register executing complete | answer*=\n");
    world_command(w, "r", "register", 1, "answer=bad");
    EXPECT(w, "command 9 1 register executing complete | answer*= ! error: that is bad\n");
    world_command(w, "r", "register", 1, "answer=sesame");
    EXPECT(w, "net reply sesame\n");
    world_up(w);
    cr_expect(strstr(world_lines(w), "command 9 1 register completed ! info: You are registered"));
    world_free(w);
}

Test(prompt, answered_by_one_client_is_answered_for_all)
{
    struct world *w = logging_in();

    EXPECT(w, WAITS ASKED("code?"));
    world_command(w, "a", "answer", 0, NULL);
    world_command(w, "b", "answer", 0, NULL);
    world_clear(w);
    world_command(w, "a", "answer", 1, "answer=1");
    EXPECT(w, "net reply 1\n");
    world_command(w, "b", "answer", 2, "answer=2");
    EXPECT(w, "");
    world_asks(w, SJ_PROMPT_TEXT, "again?");
    EXPECT(w, "command 9 1 answer executing complete | answer*=\n"
              "command 9 2 answer executing complete | answer*=\n");
    world_command(w, "b", "answer", 2, "answer=3");
    world_asks(w, SJ_PROMPT_TEXT, "and this?");
    world_clear(w);
    world_command(w, "a", "answer", 1, "answer=1");
    EXPECT(w, "command 9 1 answer executing complete | answer*= ! warn: The question has changed."
              "\n");
    world_command(w, "b", "answer", 2, "answer=4");
    world_up(w);
    cr_expect(strstr(world_lines(w), "command 9 2 answer completed ! info: You are logged in."));
    world_command(w, "a", "answer", 1, "answer=5");
    EXPECT(w, "command 9 1 answer completed ! info: You are logged in.\n");
    world_free(w);
}

/* Whoever sends thousands of answers troubles the network once for each question. */
Test(prompt, passes_on_one_answer_to_a_question)
{
    struct world *w = logging_in();

    world_clear(w);
    world_talk(w, "1");
    EXPECT(w, "net reply 1\n");
    for (unsigned i = 0; i < 5000; i++)
        world_talk(w, "2");
    cr_expect_null(strstr(world_lines(w), "reply"));
    for (unsigned i = 0; i < 100; i++) {
        world_command(w, "a", "answer", 0, NULL);
        world_command(w, "a", "answer", 1 + i, "answer=3");
    }
    cr_expect_null(strstr(world_lines(w), "reply"));
    cr_expect_eq(romeo(w)->state, SESSION_CONNECTING);
    world_free(w);
}

static unsigned count(const char *lines, const char *what)
{
    unsigned n = 0;

    for (const char *at = lines; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

/* A network that never ends asking is heard for prompt-timeout after the user's last deed. */
Test(prompt, without_end_comes_to_an_end)
{
    struct world *w = registering(SJ_PROMPT_TEXT);

    for (unsigned i = 0; i < 10000; i++)
        world_asks(w, SJ_PROMPT_TEXT, "code?");
    cr_expect_eq(count(world_lines(w), "asks:"), PROMPT_TELLS_MAX);
    for (unsigned i = 0; i < 9; i++) {
        world_advance(w, MINUTE_MS);
        cr_assert_not_null(w->link);
        world_asks(w, SJ_PROMPT_TEXT, "code?");
    }
    cr_expect_not_null(strstr(world_lines(w), "answer 7 "));
    world_advance(w, MINUTE_MS + 1000);
    EXPECT(w, "message G -> " ROMEO " You could not be registered with Test: the question of the "
              "network was not answered in time.\n");
    cr_expect_null(w->link);
    cr_expect_null(romeo(w));
    world_free(w);
}

Test(prompt, keeps_the_networks_own_limit)
{
    struct world *w = logging_in();
    struct sj_prompt p = {.text = "quick?", .expires_at = sj_loop_utc_ms(w->loop) + MINUTE_MS};

    world_asks_with(w, &p);
    world_clear(w);
    world_advance(w, MINUTE_MS);
    EXPECT(w, "");
    world_advance(w, PROMPT_GRACE_MS + 1000);
    cr_expect(strstr(world_lines(w), "You are not logged in to Test: the question of the network "
                                     "was not answered in time."));
    cr_expect_eq(romeo(w)->state, SESSION_REFUSED);
    world_free(w);
}

Test(prompt, cuts_what_is_too_long)
{
    struct world *w = registering(SJ_PROMPT_TEXT);
    static char text[SJ_PROMPT_TEXT_MAX + 100], url[SJ_PROMPT_URL_MAX + 100];
    static unsigned char picture[SJ_PROMPT_PICTURE_MAX + 1];
    struct sj_prompt p = {.kind = SJ_PROMPT_ACTION, .text = text, .url = url, .picture = picture,
                          .picture_type = "image/png", .picture_len = sizeof picture};

    memset(text, 'x', sizeof text - 1);
    memset(url, 'y', sizeof url - 1);
    world_clear(w);
    world_asks_with(w, &p);
    cr_expect_null(strstr(world_lines(w), "picture"));
    world_command(w, "a", "answer", 0, NULL);
    EXPECT(w, "command 9 1 answer executing complete |\n");
    world_command_cancel(w, "a", "answer", 1);
    text[1] = url[SJ_PROMPT_URL_MAX] = '\0';
    p.picture_len--;
    world_asks_with(w, &p);
    cr_expect_eq(count(world_lines(w), "yyyyyyyyyy"), SJ_PROMPT_URL_MAX - 9);
    world_command(w, "a", "answer", 0, NULL);
    cr_expect(strstr(world_lines(w), " picture=\n"));
    world_free(w);
}

Test(prompt, is_heard_from_a_link_that_logs_in_only)
{
    struct world *w = world_new(CAPS_ASKING);

    world_ready(w);
    world_asks(w, SJ_PROMPT_TEXT, "code?");
    EXPECT(w, "");
    world_asks(w, SJ_PROMPT_TEXT, NULL);
    w->disconnect_waits = true;
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_clear(w);
    world_asks(w, SJ_PROMPT_TEXT, "code?");
    EXPECT(w, "");
    cr_expect_null(romeo(w)->prompt);
    world_free(w);
    w = world_new(CAPS_PLAIN);
    w->connect_waits = true;
    world_register(w, ROMEO, "romeo", 7);
    world_clear(w);
    world_asks(w, SJ_PROMPT_TEXT, "code?");
    EXPECT(w, "");
    world_free(w);
}

Test(prompt, may_be_taken_back)
{
    struct world *w = logging_in();

    world_clear(w);
    world_asks(w, SJ_PROMPT_TEXT, NULL);
    cr_expect_eq(romeo(w)->state, SESSION_CONNECTING);
    world_talk(w, "4711");
    EXPECT(w, "message G -> " ROMEO " I do not know this word. Type help to see what I understand."
              "\n");
    world_up(w);
    cr_expect_eq(romeo(w)->state, SESSION_ONLINE);
    world_free(w);
}

/* What was asked last has the next message. */
Test(prompt, gives_way_to_a_later_question_of_the_gateway)
{
    struct world *w = logging_in();

    world_clear(w);
    world_talk(w, "/unregister");
    cr_expect(strstr(world_lines(w), "Forget my account"));
    world_talk(w, "no");
    EXPECT(w, "message G -> " ROMEO " Nothing was changed.\n");
    world_talk(w, "4711");
    EXPECT(w, "message G -> " ROMEO " The network has asked you something; type answer to see it."
              "\nI do not know this word. Type help to see what I understand.\n");
    world_talk(w, "answer");
    EXPECT(w, "message G -> " ROMEO " code?\nYour answer?\n");
    world_talk(w, "4711");
    cr_expect(strstr(world_lines(w), "net reply 4711\n"));
    world_free(w);
}

Test(prompt, is_given_up_in_a_conversation)
{
    struct world *w = registering(SJ_PROMPT_TEXT);

    world_talk(w, "answer");
    world_clear(w);
    world_talk(w, "cancel");
    EXPECT(w, "answer 7 canceled\n");
    cr_expect_null(w->link);
    world_free(w);
    w = logging_in();
    world_clear(w);
    world_talk(w, "cancel");
    cr_expect(strstr(world_lines(w), "You are not logged in to Test: the log-in was given up. To "
                                     "try again, type login to me"));
    cr_expect_eq(romeo(w)->state, SESSION_REFUSED);
    cr_expect_eq(world_send(w, "juliet", "hello"), SJ_UNREACHABLE);
    world_talk(w, "login");
    world_advance(w, 20);
    cr_expect_eq(romeo(w)->state, SESSION_CONNECTING);
    world_free(w);
}

/* Clients send "cancel" when their user closes the window. */
Test(prompt, survives_that_a_form_is_closed)
{
    struct world *w = world_new(CAPS_ASKING);

    w->connect_waits = true;
    world_command(w, "r", "register", 0, NULL);
    world_command(w, "r", "register", 1, "username=romeo");
    world_asks(w, SJ_PROMPT_ACTION, "scan!");
    world_clear(w);
    world_command_cancel(w, "r", "register", 1);
    EXPECT(w, BEFORE "scan!\nI go on by myself when that is done; type cancel to give up.\n"
              "command 9 1 register canceled\n");
    world_up(w);
    EXPECT(w, "message G -> " ROMEO " You are registered with Test now.\n"
              "sub G -> " ROMEO " subscribe\n");
    world_free(w);
}

/* G050-06. */
Test(prompt, of_a_registration_ends_when_its_form_is_canceled)
{
    struct world *w = world_new(CAPS_ASKING);

    w->connect_waits = true;
    world_command(w, "r", "register", 0, NULL);
    world_command(w, "r", "register", 1, "username=romeo");
    world_asks(w, SJ_PROMPT_TEXT, "code?");
    world_clear(w);
    world_command_cancel(w, "r", "register", 1);
    EXPECT(w, "command 9 1 register canceled\n");
    world_run(w);
    cr_expect_null(w->link);
    cr_expect_null(romeo(w));
    world_free(w);
}

Test(prompt, waits_for_the_client_that_comes_back)
{
    struct world *w = logging_in();

    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    cr_expect_eq(romeo(w)->state, SESSION_ASKING);
    world_clear(w);
    world_presence(w, "phone", NULL, XMPP_ONLINE, 0);
    EXPECT(w, "presence G -> " ROMEO "/phone offline The network waits for your answer.\n");
    world_talk(w, "4711");
    world_up(w);
    cr_expect(strstr(world_lines(w), "presence G -> " ROMEO " online"));
    world_free(w);
}

/* The client that had the question in a form is gone: the next one is told. */
Test(prompt, is_told_to_the_client_that_did_not_see_it)
{
    struct world *w = world_new(CAPS_ASKING);

    world_ready(w);
    w->connect_waits = true;
    world_command(w, "r", "logout", 0, NULL);
    world_advance(w, 20);
    world_command(w, "r", "login", 0, NULL);
    world_asks(w, SJ_PROMPT_TEXT, "code?");
    cr_expect(strstr(world_lines(w), "login executing complete | answer*="));
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_clear(w);
    world_presence(w, "phone", NULL, XMPP_ONLINE, 0);
    EXPECT(w, "presence G -> " ROMEO "/phone offline The network waits for your answer.\n"
              WAITS ASKED("code?"));
    world_free(w);
}

Test(prompt, is_dropped_when_the_user_registers_anew)
{
    struct world *w = registering(SJ_PROMPT_TEXT);

    cr_expect_eq(world_register(w, ROMEO, "romeo", 8), SJ_LIMIT);
    world_advance(w, CHECK_MS);              /* the request cannot wait longer */
    world_clear(w);
    cr_expect_eq(world_register(w, ROMEO, "montague", 8), SJ_OK);
    world_advance(w, 20);
    EXPECT(w, "net connect\n");
    world_talk(w, "4711");
    EXPECT(w, "message G -> " ROMEO " I do not know this word. Type help to see what I understand."
              "\n");
    world_asks(w, SJ_PROMPT_TEXT, "new code?");
    world_talk(w, "4712");
    world_up(w);
    EXPECT(w, ASKED("new code?") "net reply 4712\nanswer 8 ok\nsub G -> " ROMEO " subscribe\n");
    world_free(w);
}

/* G100-17: one question at a time, and the newer matter has it. */
Test(prompt, gives_way_to_new_registration_data)
{
    struct world *w = logging_in();

    world_clear(w);
    cr_expect_eq(world_register(w, ROMEO, "montague", 8), SJ_OK);
    world_advance(w, 20);
    EXPECT(w, "net disconnect\nnet connect\n");
    world_asks(w, SJ_PROMPT_TEXT, "code?");
    world_talk(w, "4711");
    world_clear(w);
    world_up(w);
    EXPECT(w, "presence G -> " ROMEO " online\nanswer 8 ok\n");      /* the presence waits */
    cr_expect_eq(romeo(w)->state, SESSION_ONLINE);
    world_free(w);
}

/* R6120-01 */
Test(prompt, ends_with_the_gateway)
{
    struct world *w = registering(SJ_PROMPT_TEXT);

    world_clear(w);
    sessions_stop(w->sessions, 1000, NULL, NULL);
    world_advance(w, 20);
    EXPECT(w, "answer 7 service unavailable\n");
    world_free(w);
    w = registering(SJ_PROMPT_TEXT);
    world_advance(w, CHECK_MS);
    world_clear(w);
    sessions_stop(w->sessions, 1000, NULL, NULL);
    world_advance(w, 20);
    cr_expect(strstr(world_lines(w), "You could not be registered with Test: "));
    world_free(w);
}

/* The stream is away when the network asks. */
Test(prompt, is_told_when_the_stream_is_there_again)
{
    struct world *w = logging_in();

    world_talk(w, "1");
    world_stream(w, false);
    world_asks(w, SJ_PROMPT_TEXT, "again?");
    world_advance(w, 2000);
    world_clear(w);
    world_stream(w, true);
    world_advance(w, 2000);
    cr_expect(strstr(world_lines(w), ASKED("again?")));
    world_free(w);
}

static void find_secret(enum sj_log_level level, const char *line, void *ctx)
{
    (void)level;
    *(bool *)ctx = *(bool *)ctx || strstr(line, "s3cret-answer");
}

Test(prompt, leaves_answers_out_of_the_log)
{
    struct world *w = registering(SJ_PROMPT_SECRET);
    bool found = false;

    sj_log_set_sink(find_secret, &found);
    sj_log_set_level(SJ_LOG_TRACE);
    world_talk(w, "s3cret-answer");
    cr_expect(strstr(world_lines(w), "net reply s3cret-answer\n"));
    world_asks(w, SJ_PROMPT_SECRET, "again?");
    world_command(w, "a", "answer", 0, NULL);
    world_command(w, "a", "answer", 1, "answer=s3cret-answer");
    cr_expect(strstr(world_lines(w), "net reply s3cret-answer\n"));
    sj_log_set_level(SJ_LOG_ERROR);
    cr_expect_not(found);
    world_free(w);
}

/* ---- in the registration form (XEP-0077) ---- */

static enum sj_status submit(struct world *w, const char *answer, xmpp_req req)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_form_in form = {.n = 1, .field[0] = {"answer", answer}};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->register_set(w->sessions, &from, &form, req, &err);

    world_run(w);
    return status;
}

static const struct xmpp_form *shown(struct world *w)
{
    static struct xmpp_form_out out;
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    out = (struct xmpp_form_out){.n = 0};
    cr_expect_eq(w->in->register_get(w->sessions, &from, &out, &err), SJ_OK);
    if (out.question)
        cr_expect_str_eq(out.instructions, out.question->instructions);
    return out.question;
}

/* G077-25: one question, one form. */
Test(prompt, is_the_registration_form_while_it_is_open)
{
    struct world *w = registering(SJ_PROMPT_TEXT);

    world_advance(w, CHECK_MS);              /* the request cannot wait longer */
    world_clear(w);
    cr_assert_not_null(shown(w));
    cr_expect_str_eq(shown(w)->instructions, "code?");
    cr_expect_str_eq(shown(w)->input[0].var, "answer");
    cr_expect_eq(submit(w, "bad", 8), SJ_UNACCEPTABLE);
    cr_expect_eq(submit(w, "", 8), SJ_UNACCEPTABLE);
    cr_expect_eq(submit(w, "12", 8), SJ_OK);
    EXPECT(w, "net reply 12\n");
    cr_expect_null(shown(w));
    cr_expect_eq(submit(w, "13", 9), SJ_LIMIT);
    world_asks(w, SJ_PROMPT_ACTION, "scan!");
    EXPECT(w, "answer 8 not acceptable\n" BEFORE "scan!\n"
              "I go on by myself when that is done; type cancel to give up.\n");
    cr_expect_eq(shown(w)->input[0].kind, XMPP_INPUT_BOOL);
    cr_expect_eq(submit(w, "1", 10), SJ_OK);
    cr_expect_eq(submit(w, "1", 11), SJ_OK);
    world_up(w);
    EXPECT(w, "answer 10 timed out\nanswer 11 ok\nsub G -> " ROMEO " subscribe\n");
    cr_expect_null(shown(w));
    world_free(w);
}

/* Of a log-in the registration form knows nothing. */
Test(prompt, of_a_login_leaves_the_registration_form)
{
    struct world *w = logging_in();

    cr_expect_null(shown(w));
    world_clear(w);
    cr_expect_eq(submit(w, "4711", 8), SJ_UNACCEPTABLE);
    EXPECT(w, "");
    cr_expect(prompt_is_open(romeo(w)));
    world_free(w);
}

/* ---- pictures as files ---- */

static const struct sj_prompt picture = {.kind = SJ_PROMPT_ACTION, .text = "scan!",
                                         .picture_type = "image/png", .picture = "PNG",
                                         .picture_len = 3};
#define SCAN                                                                                     \
    BEFORE "scan!\nThere is a picture with it: the command \"Answer\" of this gateway shows it "   \
           "in your client.\nI go on by myself when that is done; type cancel to give up.\n"

/* G004-13: who has no forms gets it as a file. */
Test(prompt, puts_a_picture_where_files_are)
{
    struct world *w = registering(SJ_PROMPT_TEXT);

    world_clear(w);
    world_asks_with(w, &picture);
    cr_expect(strstr(world_lines(w), SCAN "slot " ROMEO " picture image/png 3 #"));
    files_slot(w, files_ticket(), "https://up.test/p", "https://up.test/g");
    EXPECT(w, "http 1 put https://up.test/p 3 Authorization: x Content-Type: image/png\n");
    files_done(w, 1, 201, SJ_OK);
    EXPECT(w, "file G -> " ROMEO " https://up.test/g picture 3\n");
    world_free(w);
}

/* What goes wrong on the way leaves the question as it is. */
Test(prompt, does_without_the_file)
{
    for (int way = 0; way < 4; way++) {
        struct world *w = registering(SJ_PROMPT_TEXT);

        world_asks_with(w, &picture);
        if (way == 0)
            files_no_slot(w, files_ticket(), SJ_NOTFOUND, 0, "your server has no place for files");
        if (way == 1)
            files_refuse(SJ_LIMIT);
        if (way > 0)
            files_slot(w, files_ticket(), "https://up.test/p", "https://up.test/g");
        world_clear(w);
        if (way == 2)
            files_done(w, 1, 403, SJ_OK);
        if (way == 3)
            files_done(w, 1, 0, SJ_UNREACHABLE);
        EXPECT(w, "");
        files_slot(w, files_ticket(), "https://up.test/p", "https://up.test/g");
        EXPECT(w, "");
        cr_expect(prompt_is_open(romeo(w)));
        world_free(w);
    }
}

/* It lies there, but the stream is away: the user gets it later, while it is of use. */
Test(prompt, tells_of_the_file_when_the_stream_is_there_again)
{
    for (int answered = 0; answered < 2; answered++) {
        struct world *w = registering(SJ_PROMPT_TEXT);

        world_asks_with(w, &picture);
        files_slot(w, files_ticket(), "https://up.test/p", "https://up.test/g");
        world_stream(w, false);
        world_clear(w);
        files_done(w, 1, 201, SJ_OK);
        EXPECT(w, "");
        if (answered)
            world_asks(w, SJ_PROMPT_ACTION, NULL);
        world_stream(w, true);
        world_advance(w, 2000);
        EXPECT(w, answered ? "" : "file G -> " ROMEO " https://up.test/g picture 3\n");
        world_advance(w, 2000);
        EXPECT(w, "");
        world_free(w);
    }
}

Test(prompt, puts_no_picture_of_an_older_question)
{
    struct world *w = registering(SJ_PROMPT_TEXT);
    uint64_t ticket;

    world_asks_with(w, &picture);
    ticket = files_ticket();
    world_clear(w);
    world_asks(w, SJ_PROMPT_TEXT, "code?");
    cr_expect(strstr(world_lines(w), "forget #"));
    files_slot(w, ticket, "https://up.test/p", "https://up.test/g");
    EXPECT(w, "");
    world_asks_with(w, &picture);
    files_slot(w, files_ticket(), "https://up.test/p", "https://up.test/g");
    world_clear(w);
    world_talk(w, "cancel");
    cr_expect(strstr(world_lines(w), "http 1 cancel\n"));
    files_slot(w, 1u | UINT64_C(1) << 63, "https://up.test/p", "https://up.test/g");
    EXPECT(w, "");
    world_free(w);
}
