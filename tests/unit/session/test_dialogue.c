/* SPDX-License-Identifier: MPL-2.0 */
/* Conversations with the gateway itself: words, questions, answers, and who is not answered. */
#include <stdio.h>
#include <string.h>

#include "dialogue.h"
#include "expect.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

#define SAID "message G -> " ROMEO " "

static enum sj_status talk_as(struct world *w, const char *user, const char *resource,
                              const char *text)
{
    struct xmpp_from from = world_from(user, resource);
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->command.talk(w->sessions, &from, text, &err);

    world_advance(w, 20);
    return status;
}

/* Romeo writes text and hears this. */
#define TALK(w, text, ...)                                             \
    do {                                                               \
        cr_expect_eq(talk_as(w, ROMEO, "r", text), SJ_OK);             \
        EXPECT(w, __VA_ARGS__);                                        \
    } while (0)
/* The answer holds that. */
#define TALK_HAS(w, text, part)                                        \
    do {                                                               \
        const char *lines;                                             \
        cr_expect_eq(talk_as(w, ROMEO, "r", text), SJ_OK);             \
        lines = world_lines(w);                                        \
        cr_expect(strstr(lines, part) != NULL, "%s", lines);           \
    } while (0)

/* G050-17, G077-25: the flow of in-band registration in plain words. */
Test(dialogue, registers_in_a_conversation)
{
    struct world *w = world_new(CAPS_PLAIN);

    TALK_HAS(w, "Hello?", "I do not know this word. Type help");
    TALK_HAS(w, "REG", "The gateway stores what you give here, encrypted");
    talk_as(w, ROMEO, "r", "cancel");
    world_clear(w);
    talk_as(w, ROMEO, "r", "/register");
    cr_expect(strstr(world_lines(w), "\nNickname?"));
    TALK(w, "romeo",
         SAID "Password?\nIt passes in clear text through your own server, and stays in your "
              "message history until you delete it there.\n"
              "Type . if you have none. Type .. to leave out all that follows.\n");
    TALK(w, "s3cret",
         SAID "Real name?\nNow it is: nobody. Type . to leave it so. Type - to empty it.\n");
    TALK(w, " Romeo M. \n",
         SAID "One moment ...\n"
              "net connect\n" SAID
              "You are registered with Test. Let me see when you are online: accept my request "
              "for it in your client, and I log you in whenever you are.\n"
              "sub G -> " ROMEO " subscribe\n");
    TALK_HAS(w, "status", "State: logged in\nSince: ");
    world_free(w);
}

Test(dialogue, takes_the_answers_along_with_the_word)
{
    struct world *w = world_new(CAPS_PLAIN);

    TALK(w, "register romeo \"two words\" \xe2\x80\x9cRomeo \xe2\x80\x9d",
         SAID "It passes in clear text through your own server, and stays in your message history "
              "until you delete it there.\n" SAID "One moment ...\n"
              "net connect\n" SAID
              "You are registered with Test. Let me see when you are online: accept my request "
              "for it in your client, and I log you in whenever you are.\n"
              "sub G -> " ROMEO " subscribe\n");
    TALK(w, "unregister yes", SAID "One moment ...\nnet disconnect\n" SAID
         "You are no longer registered with Test.\n"
         "sub G -> " ROMEO " unsubscribe\nsub G -> " ROMEO " unsubscribed\n"
         "presence G -> " ROMEO " offline\n");
    world_free(w);
}

Test(dialogue, leaves_out_what_need_not_be_answered)
{
    struct world *w = world_new(CAPS_PLAIN);

    TALK_HAS(w, "register", "Nickname?");
    TALK_HAS(w, ".", "This one is needed.\nNickname?");
    TALK_HAS(w, "-", "This one is needed.");
    TALK_HAS(w, "\"-\"", "Password?");
    TALK_HAS(w, "..", "You are registered");
    TALK_HAS(w, "register", "Nickname?\nNow it is: -. Type . to leave it so.");
    TALK_HAS(w, "..", "up to date");
    world_free(w);
}

Test(dialogue, says_why_and_asks_again)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    TALK_HAS(w, "unregister", "Forget my account and log me out for good? (yes or no)");
    TALK(w, "perhaps", SAID "Please answer yes or no.\n"
                            "Forget my account and log me out for good? (yes or no)\n");
    TALK(w, "/status", SAID "Please answer first, or type cancel.\n"
                            "Forget my account and log me out for good? (yes or no)\n");
    TALK(w, "N", SAID "Nothing was changed.\n");
    TALK(w, "cancel", SAID "There is nothing to cancel.\n");
    world_free(w);
}

/* G100-07: the network's own words; and the user may begin again. */
Test(dialogue, tells_that_the_network_refused)
{
    struct world *w = world_new(CAPS_PLAIN);

    w->refuse = SJ_END_AUTH;
    TALK(w, "register romeo x .", SAID
         "It passes in clear text through your own server, and stays in your message history "
         "until you delete it there.\n" SAID "One moment ...\nnet connect\n" SAID
         "the network refused the credentials\n");
    w->refuse = 0;
    world_ready(w);
    w->refuse = SJ_END_AUTH;
    world_down(w, SJ_END_AUTH);
    world_clear(w);
    TALK(w, "hi", SAID "You are not logged in: the network refused the credentials.\n"
                       "I do not know this word. Type help to see what I understand.\n");
    world_free(w);
}

Test(dialogue, goes_on_from_another_client_and_ends_some_time)
{
    struct world *w = world_new(CAPS_PLAIN);

    talk_as(w, ROMEO, "r", "register");
    world_clear(w);
    cr_expect_eq(talk_as(w, ROMEO, "other", "romeo"), SJ_OK);
    cr_expect(strstr(world_lines(w), "Password?"));
    world_advance(w, COMMAND_IDLE_MS / 2);
    talk_as(w, ROMEO, "r", "pw");
    world_clear(w);
    world_advance(w, COMMAND_IDLE_MS / 2 + 1000);
    EXPECT(w, "");
    world_advance(w, COMMAND_IDLE_MS / 2);
    EXPECT(w, SAID "I no longer wait for an answer: \"register\" is cancelled.\n");
    TALK_HAS(w, "nobody", "I do not know this word.");
    world_free(w);
}

Test(dialogue, can_be_stopped_while_the_network_is_asked)
{
    struct world *w = world_new(CAPS_PLAIN);

    w->connect_waits = true;
    TALK_HAS(w, "register romeo pw x", "One moment ...");
    TALK(w, "well?", SAID "I am still working on it. Type cancel to stop that.\n");
    TALK(w, "cancel", SAID "Cancelled.\n");
    world_run(w);
    cr_expect_null(w->link);
    world_free(w);
}

Test(dialogue, finds_commands_by_their_beginning)
{
    struct world *w = world_new(CAPS_PLAIN);

    TALK_HAS(w, "s", "You are not registered with Test.");
    TALK_HAS(w, "unreg", "I do not know this word.");
    world_ready(w);
    TALK_HAS(w, "unreg", "Forget my account");
    talk_as(w, ROMEO, "r", "cancel");
    world_clear(w);
    TALK_HAS(w, "/LOGI", "You are logged in.");
    TALK_HAS(w, "help", "register - ");
    TALK_HAS(w, "/", "I do not know this word.");
    TALK_HAS(w, "Help.", "register - ");
    TALK_HAS(w, " /Status ?", "State: logged in");
    TALK_HAS(w, "Unregister!", "Forget my account");
    TALK(w, "/Cancel.", SAID "Cancelled.\n");
    TALK_HAS(w, "...", "I do not know this word.");
    world_free(w);
}

/* A password may look like a word. */
Test(dialogue, takes_secrets_as_they_are)
{
    struct world *w = world_new(CAPS_PLAIN);

    TALK_HAS(w, "register romeo", "Password?");
    TALK_HAS(w, "Cancel.", "Real name?");
    TALK_HAS(w, "/Cancel", "Cancelled.");
    TALK_HAS(w, "register romeo", "Password?");
    TALK_HAS(w, "/help", "Real name?");
    TALK_HAS(w, "cancel", "Cancelled.");
    world_free(w);
}

/* No secret is repeated, whatever was not understood. */
Test(dialogue, never_repeats_what_it_did_not_understand)
{
    struct world *w = world_new(CAPS_PLAIN);

    talk_as(w, ROMEO, "r", "hunter2 is my password");
    cr_expect_not(strstr(world_lines(w), "hunter2"));
    talk_as(w, ROMEO, "r", "register romeo");
    world_clear(w);
    talk_as(w, ROMEO, "r", "hunter2\nhunter3");
    cr_expect_not(strstr(world_lines(w), "hunter"));
    world_free(w);
}

Test(dialogue, is_closed_to_who_may_not_register)
{
    struct world *w = world_new(CAPS_PLAIN);

    cr_expect_eq(talk_as(w, "romeo@elsewhere.org", "r", "register"), SJ_OK);
    EXPECT(w, "message G -> romeo@elsewhere.org This gateway is not open to you: its admin decides "
              "who may use it.\n");
    world_free(w);
}

/* Machines are not answered, and nobody without end. */
Test(dialogue, does_not_talk_to_machines)
{
    struct world *w = world_new(CAPS_PLAIN);

    cr_expect_eq(talk_as(w, "example.org", "", "hello"), SJ_OK);
    cr_expect_eq(talk_as(w, "other.example.org", "r", "help"), SJ_OK);
    EXPECT(w, "");
    for (unsigned i = 1; i < DIALOGUE_ANSWERS_MAX; i++)
        TALK_HAS(w, "hello", "I do not know this word.");
    TALK(w, "hello", SAID "That was a lot at once. I read on in a minute.\n");
    for (unsigned i = 0; i < 1000; i++)
        cr_assert_eq(talk_as(w, ROMEO, "r", "hello"), SJ_OK);
    EXPECT(w, "");
    world_advance(w, DIALOGUE_ANSWERS_MS);
    TALK_HAS(w, "hello", "I do not know this word.");
    world_free(w);
}

/* Whoever was forgotten begins anew; nothing grows. */
Test(dialogue, remembers_so_many_users)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct sj_error err = {.status = SJ_OK};
    char user[64];

    talk_as(w, ROMEO, "r", "register");
    for (unsigned i = 0; i < DIALOGUE_TALKS_MAX; i++) {
        snprintf(user, sizeof user, "u%u@example.org", i);
        struct xmpp_from from = {.user = user, .resource = "r", .full = user};
        cr_assert_eq(w->in->command.talk(w->sessions, &from, "hi", &err), SJ_OK);
    }
    world_clear(w);
    TALK_HAS(w, "romeo", "I do not know this word.");
    world_free(w);
}

/* The question cannot be asked any more, or its answer is not taken: one answer, and it is over. */
Test(dialogue, ends_with_one_answer_when_a_question_fails)
{
    for (int after = 0; after < 2; after++) {
        struct world *w = world_new(CAPS_PLAIN);
        world_ready(w);
        talk_as(w, ROMEO, "r", "register");
        talk_as(w, ROMEO, "r", "romeo");
        talk_as(w, ROMEO, "r", "pw");
        world_clear(w);
        world_disk_breaks(w, after);
        TALK(w, "Romeo M.", SAID "the disk is broken\n");
        world_disk_breaks(w, -1);
        TALK(w, "cancel", SAID "There is nothing to cancel.\n");
        world_free(w);
    }
}

Test(dialogue, reads_words_and_quotation_marks)
{
    static const struct {
        const char *text;
        size_t max;
        const char *words[4];
    } rows[] = {
        {"", 4, {NULL}},
        {" a  b\t", 4, {"a", "b"}},
        {"a b c d", 2, {"a", "b c d"}},
        {"a \"b c\" d", 4, {"a", "b c", "d"}},
        {"a \"b c", 4, {"a", "\"b", "c"}},
        {"\"\"", 4, {""}},
        {"\xe2\x80\x9e" "a b\xe2\x80\x9d c", 4, {"a b", "c"}},
        {"a \"b c\"", 2, {"a", "b c"}},
        {"a \"b\" \"c\"", 2, {"a", "\"b\" \"c\""}},
        {"it's", 4, {"it's"}},
        {"a", 0, {NULL}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *words[4], *copy = sj_strdup(rows[i].text);
        size_t n = words_cut(copy, words, rows[i].max);
        for (size_t k = 0; k < n; k++)
            cr_expect_str_eq(words[k], rows[i].words[k] ? rows[i].words[k] : "(none)", "row %zu",
                             i);
        cr_expect(n == 4 || !rows[i].words[n], "row %zu", i);
        sj_free(copy);
    }
}

Test(dialogue, understands_yes_and_no_in_the_users_language)
{
    static const struct {
        const char *lang, *typed, *value;        /* NULL: refused */
    } rows[] = {
        {NULL, "ja", NULL},  {"de", "Ja", "1"},   {"de", "nein.", "0"}, {"de", "j", "1"},
        {"de", "Yes", "1"},  {"de", "oui", NULL}, {"de", "jain", NULL}, {"fr", "o", "1"},
        {"fr", "Non", "0"},  {"fr", "Oui\xc2\xa0!", "1"},
    };
    struct xmpp_input in = {.kind = XMPP_INPUT_BOOL, .var = "v", .required = true};
    struct sj_log log = {.area = "test"};

    sj_translate_init(TEST_LOCALE_DIR, &log);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sj_error err = {.status = SJ_OK};
        char *value = dialogue_value(&in, rows[i].typed, rows[i].lang, &err);
        cr_expect_eq(!value, !rows[i].value, "row %zu", i);
        if (value && rows[i].value)
            cr_expect_str_eq(value, rows[i].value, "row %zu", i);
        sj_secret_free(&value);
    }
}

Test(dialogue, reads_values_as_people_type_them)
{
    static const struct xmpp_choice choices[] = {{"r", "Red"}, {"g", "Green"}, {"gr", "Grey"}};
    static const struct {
        enum xmpp_input_kind kind;
        const char *typed, *value;       /* NULL: refused */
    } rows[] = {
        {XMPP_INPUT_BOOL, "YES", "1"},      {XMPP_INPUT_BOOL, "off", "0"},
        {XMPP_INPUT_BOOL, "Yes.", "1"},     {XMPP_INPUT_BOOL, "no !", "0"},
        {XMPP_INPUT_BOOL, "N\xe2\x80\xa6", "0"}, {XMPP_INPUT_BOOL, "ja", NULL},
        {XMPP_INPUT_LIST, "Grey.", "gr"},   {XMPP_INPUT_LIST, "2.", "g"},
        {XMPP_INPUT_BOOL, "maybe", NULL},   {XMPP_INPUT_LIST, "2", "g"},
        {XMPP_INPUT_LIST, "4", NULL},       {XMPP_INPUT_LIST, "re", "r"},
        {XMPP_INPUT_LIST, "gre", NULL},     {XMPP_INPUT_LIST, "green", "g"},
        {XMPP_INPUT_LIST, "", NULL},        {XMPP_INPUT_LIST_MULTI, "1, grey", "r\ngr"},
        {XMPP_INPUT_LIST_MULTI, "1 x", NULL}, {XMPP_INPUT_JIDS, "a@x, B@x\na@x", "a@x\nb@x"},
        {XMPP_INPUT_JID, "no jid", NULL},   {XMPP_INPUT_LINES, "a\nb", "a\nb"},
        {XMPP_INPUT_TEXT, "a\nb", NULL},    {XMPP_INPUT_SECRET, " x", " x"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct xmpp_input in = {.kind = rows[i].kind, .var = "v", .required = true,
                                .choices = choices, .n_choices = 3};
        struct sj_error err = {.status = SJ_OK};
        char *value = dialogue_value(&in, rows[i].typed, NULL, &err);
        cr_expect_eq(!value, !rows[i].value, "row %zu", i);
        if (value && rows[i].value)
            cr_expect_str_eq(value, rows[i].value, "row %zu", i);
        sj_secret_free(&value);
    }
}
