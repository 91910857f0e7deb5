/* SPDX-License-Identifier: MPL-2.0 */
/* Messages that are more than text: what becomes of it on networks that can do it, that cannot, and
 * with contacts who lack it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "preference.h"
#include "session.h"
#include "talk.h"

#define CAPS_IDS (CAPS_PLAIN | SJ_CAPS_WITH_IDS)
#define CAPS_RICH (CAPS_IDS | SJ_CAP_TYPING | SJ_CAP_ATTENTION)
#define ROSE "\xf0\x9f\x8c\xb9"
#define HEART "\xe2\x9d\xa4"

/* Juliet is a contact whom the user sees. */
static struct world *rich_world(uint32_t caps)
{
    struct world *w = world_new(caps);

    world_ready(w);
    w->ids = true;
    world_sub(w, "juliet", XMPP_SUBSCRIBE);
    world_done(w, SJ_OK);
    world_advance(w, 1);
    world_clear(w);
    return w;
}

/* Sends a text under an id; the network calls it n1, n2, ... */
static void say(struct world *w, const char *id, const char *body)
{
    struct xmpp_message_in m = {.body = body, .wants_receipt = true, .markable = true};

    cr_assert_eq(world_send_rich(w, id, &m), SJ_OK);
    world_clear(w);
}

/* The id under which the user's clients know the network's message. */
static const char *hear(struct world *w, const char *network_id, const char *body)
{
    static char names[8][1024];
    static unsigned next;
    char *name = names[next++ % 8];

    world_tells(w, &(struct sj_message){.id = network_id, .body = body});
    snprintf(name, sizeof names[0], "%s", world_last_id());
    world_clear(w);
    return name;
}

static void expectf(struct world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void expectf(struct world *w, const char *format, ...)
{
    char text[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    EXPECT(w, text);
}

/* ---- corrections ---- */

Test(rich, a_correction_names_the_networks_first_version_G308_04)
{
    struct world *w = rich_world(CAPS_RICH);

    say(w, "m1", "one");
    cr_expect_eq(world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "two",
                                                                   .replaces = "m1"}), SJ_OK);
    EXPECT(w, "net send juliet two replaces=n1\n");
    /* the id of a correction leads to the first version as well (G444-08) */
    cr_expect_eq(world_send_rich(w, "m3", &(struct xmpp_message_in){.body = "three",
                                                                   .replaces = "m2"}), SJ_OK);
    EXPECT(w, "net send juliet three replaces=n1\n");
    world_restart(w);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_clear(w);
    cr_expect_eq(world_send_rich(w, "m4", &(struct xmpp_message_in){.body = "four",
                                                                   .replaces = "m1"}), SJ_OK);
    EXPECT(w, "net send juliet four replaces=n1\n");
    world_free(w);
}

Test(rich, a_correction_by_origin_id_is_found_GMSG_07)
{
    struct world *w = rich_world(CAPS_RICH);

    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "one", .origin_id = "o1"});
    world_clear(w);
    world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "two", .replaces = "o1"});
    EXPECT(w, "net send juliet two replaces=n1\n");
    world_free(w);
}

Test(rich, a_correction_that_nobody_can_place_is_text_G308_04_GMSG_03)
{
    static const uint32_t without[] = {CAPS_PLAIN, CAPS_IDS & ~(uint32_t)SJ_CAP_CORRECT, CAPS_RICH};

    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        struct world *w = rich_world(without[i]);
        if (i < 2)
            say(w, "m1", "one");
        world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "two", .replaces = "m1"});
        EXPECT(w, "net send juliet Correction: two\n");
        world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "waves", .replaces = "m1",
                                                           .action = true});
        EXPECT(w, "net send juliet Correction: /me waves\n");
        world_free(w);
    }
}

Test(rich, a_correction_of_somebody_elses_message_is_a_new_one_G308_03)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *theirs = hear(w, "4711", "hello");

    world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "two", .replaces = theirs});
    EXPECT(w, "net send juliet two\n");
    world_free(w);
}

Test(rich, a_contact_that_lacks_something_gets_text)
{
    struct world *w = rich_world(CAPS_RICH);

    say(w, "m1", "one");
    w->link->host->contact(w->link, &(struct sj_contact){.id = "juliet", .has_lacks = true,
                                                         .lacks = SJ_CAPS_OF_CONTACT});
    world_clear(w);
    world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "two", .replaces = "m1"});
    EXPECT(w, "net send juliet Correction: two\n");
    cr_expect_eq(world_mark(w, XMPP_MARK_REACTIONS, "m1", ROSE), SJ_OK);
    EXPECT(w, "net send juliet * reacts with " ROSE "\n");
    cr_expect_eq(world_mark(w, XMPP_MARK_RETRACTED, "m1", NULL), SJ_UNSUPPORTED);
    world_state(w, "r", XMPP_STATE_COMPOSING);
    EXPECT(w, "");
    world_free(w);
}

Test(rich, a_login_that_lacks_something_sends_text)
{
    struct world *w = rich_world(CAPS_RICH);

    say(w, "m1", "one");
    w->link->host->lacks(w->link, SJ_CAPS_OF_CONTACT);
    world_clear(w);
    world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "two", .replaces = "m1"});
    EXPECT(w, "net send juliet Correction: two\n");
    cr_expect_eq(world_mark(w, XMPP_MARK_REACTIONS, "m1", ROSE), SJ_OK);
    EXPECT(w, "net send juliet * reacts with " ROSE "\n");
    cr_expect_eq(world_mark(w, XMPP_MARK_RETRACTED, "m1", NULL), SJ_UNSUPPORTED);
    world_state(w, "r", XMPP_STATE_COMPOSING);
    EXPECT(w, "");
    w->link->host->lacks(w->link, 0);
    world_clear(w);
    cr_expect_eq(world_mark(w, XMPP_MARK_REACTIONS, "m1", ROSE), SJ_OK);
    EXPECT(w, "net mark juliet reactions n1 own " ROSE "\n");
    world_free(w);
}

/* G461-04: marked is what goes, not what came with the quotation. */
Test(rich, a_correction_that_is_a_reply_is_marked_without_quotation_G308_04)
{
    struct world *w = rich_world(CAPS_RICH);
    struct xmpp_message_in m = {.body = "> hello\ntwo", .replaces = "m0", .reply_body = "two"};

    m.reply_to = hear(w, "4711", "hello");
    world_send_rich(w, "m2", &m);
    EXPECT(w, "net send juliet Correction: two reply=4711\n");
    m.reply_body = "/me waves";
    world_send_rich(w, "m3", &m);
    EXPECT(w, "net send juliet Correction: /me waves reply=4711\n");
    world_free(w);
}

Test(rich, the_networks_correction_names_our_first_id_G308_02)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *first = hear(w, "4711", "one");
    char second[1024];

    world_tells(w, &(struct sj_message){.id = "4712", .body = "two", .replaces = "4711"});
    snprintf(second, sizeof second, "%s", world_last_id());
    expectf(w, "message juliet -> " ROMEO " two markable active replaces=%s\n", first);
    cr_expect_str_neq(second, first);
    world_tells(w, &(struct sj_message){.id = "4713", .body = "three", .replaces = "4711"});
    expectf(w, "message juliet -> " ROMEO " three markable active replaces=%s\n", first);
    cr_expect_str_neq(second, world_last_id());
    /* and the user may refer to either (G444-08) */
    world_mark(w, XMPP_MARK_REACTIONS, second, ROSE);
    EXPECT(w, "net mark juliet reactions 4711 " ROSE "\n");
    world_free(w);
}

/* ---- retractions ---- */

Test(rich, a_retraction_is_passed_on_or_refused_never_pretended_GMSG_06)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *theirs = hear(w, "4711", "hello");

    say(w, "m1", "one");
    cr_expect_eq(world_mark(w, XMPP_MARK_RETRACTED, "m1", NULL), SJ_OK);
    EXPECT(w, "net mark juliet retracted n1 own\n");
    cr_expect_eq(world_mark(w, XMPP_MARK_RETRACTED, "m0", NULL), SJ_UNSUPPORTED);
    cr_expect_eq(world_mark(w, XMPP_MARK_RETRACTED, theirs, NULL), SJ_DENIED);  /* G424-02 */
    EXPECT(w, "");
    w->messages_wait = true;
    world_mark(w, XMPP_MARK_RETRACTED, "m1", NULL);
    world_clear(w);
    world_done(w, SJ_REMOTE);
    EXPECT(w, "error-message juliet -> " ROMEO "/r i1 refused by the network\n");
    world_free(w);
    w = rich_world(CAPS_PLAIN);
    cr_expect_eq(world_mark(w, XMPP_MARK_RETRACTED, "m1", NULL), SJ_UNSUPPORTED);
    EXPECT(w, "");
    world_free(w);
}

Test(rich, the_networks_retraction_names_our_id_G424_01)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *theirs = hear(w, "4711", "hello");

    world_marks(w, SJ_MARK_RETRACTED, "4711", NULL);
    expectf(w, "mark juliet -> " ROMEO " retracted %s\n", theirs);
    say(w, "m1", "one");
    world_marks(w, SJ_MARK_RETRACTED, "n1", NULL);       /* not theirs to take back (G424-02) */
    EXPECT(w, "");
    world_free(w);
}

/* ---- reactions ---- */

Test(rich, reactions_carry_the_set_before_them_G444_03)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *theirs = hear(w, "4711", "hello");

    world_mark(w, XMPP_MARK_REACTIONS, theirs, ROSE);
    EXPECT(w, "net mark juliet reactions 4711 " ROSE "\n");
    world_mark(w, XMPP_MARK_REACTIONS, theirs, HEART " " ROSE);
    EXPECT(w, "net mark juliet reactions 4711 " HEART " " ROSE " was " ROSE "\n");
    world_restart(w);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_clear(w);
    world_mark(w, XMPP_MARK_REACTIONS, theirs, "");
    EXPECT(w, "net mark juliet reactions 4711 was " HEART " " ROSE "\n");
    world_mark(w, XMPP_MARK_REACTIONS, theirs, HEART);
    EXPECT(w, "net mark juliet reactions 4711 " HEART "\n");
    world_free(w);
}

Test(rich, reactions_that_failed_did_not_happen_G444_03)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *theirs = hear(w, "4711", "hello");

    world_mark(w, XMPP_MARK_REACTIONS, theirs, ROSE);
    w->messages_wait = true;
    world_mark(w, XMPP_MARK_REACTIONS, theirs, HEART);
    world_clear(w);
    world_done(w, SJ_REMOTE);
    EXPECT(w, "error-message juliet -> " ROMEO "/r i1 refused by the network\n");
    world_mark(w, XMPP_MARK_REACTIONS, theirs, HEART);
    EXPECT(w, "net mark juliet reactions 4711 " HEART " was " ROSE "\n");
    world_free(w);
}

Test(rich, reactions_of_the_peer_leave_the_users_own_G444_05)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *theirs = hear(w, "4711", "hello");

    world_mark(w, XMPP_MARK_REACTIONS, theirs, ROSE);
    world_marks(w, SJ_MARK_REACTIONS, "4711", HEART);
    world_marks(w, SJ_MARK_REACTIONS, "4711", "");
    world_clear(w);
    world_mark(w, XMPP_MARK_REACTIONS, theirs, HEART);
    EXPECT(w, "net mark juliet reactions 4711 " HEART " was " ROSE "\n");
    world_free(w);
}

Test(rich, reactions_beyond_the_networks_rules_are_refused_G444_07)
{
    static const char *const allowed[] = {ROSE, HEART, "x"};
    static const struct sj_reaction_rules rules = {.max_per_user = 2, .allowed = allowed,
                                                   .n_allowed = 3};
    struct world *w;
    const char *theirs;

    world_set_reactions(&rules);
    w = rich_world(CAPS_RICH);
    theirs = hear(w, "4711", "hello");
    cr_expect_eq(world_mark(w, XMPP_MARK_REACTIONS, theirs, ROSE " " HEART " x"), SJ_UNACCEPTABLE);
    cr_expect_eq(world_mark(w, XMPP_MARK_REACTIONS, theirs, "y"), SJ_UNACCEPTABLE);
    EXPECT(w, "");
    cr_expect_eq(world_mark(w, XMPP_MARK_REACTIONS, theirs, ROSE " " HEART), SJ_OK);
    EXPECT(w, "net mark juliet reactions 4711 " ROSE " " HEART "\n");
    world_free(w);
    world_set_reactions(NULL);
}

Test(rich, reactions_are_told_in_words_where_there_are_none_GMSG_06)
{
    struct world *w = rich_world(CAPS_PLAIN);

    world_mark(w, XMPP_MARK_REACTIONS, "any", ROSE " " HEART);
    EXPECT(w, "net send juliet * reacts with " ROSE " " HEART "\n");
    world_mark(w, XMPP_MARK_REACTIONS, "any", "");
    EXPECT(w, "net send juliet * takes a reaction back\n");
    world_free(w);
}

Test(rich, reactions_to_an_unknown_message_are_dropped_GMSG_03)
{
    struct world *w = rich_world(CAPS_RICH);

    cr_expect_eq(world_mark(w, XMPP_MARK_REACTIONS, "no-such", ROSE), SJ_OK);
    EXPECT(w, "");
    world_free(w);
}

Test(rich, the_networks_reactions_name_the_origin_id_G444_04)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *theirs = hear(w, "4711", "hello");

    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "one", .origin_id = "o1"});
    say(w, "m2", "two");
    world_clear(w);
    world_marks(w, SJ_MARK_REACTIONS, "n1", ROSE " " HEART);
    world_marks(w, SJ_MARK_REACTIONS, "n2", "");
    world_marks(w, SJ_MARK_REACTIONS, "4711", ROSE);
    expectf(w, "mark juliet -> " ROMEO " reactions o1 " ROSE " " HEART "\n"
               "mark juliet -> " ROMEO " reactions m2\n"
               "mark juliet -> " ROMEO " reactions %s " ROSE "\n", theirs);
    world_free(w);
}

/* ---- replies ---- */

Test(rich, a_reply_names_its_target_without_quotation_or_keeps_it_G461_04)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *theirs = hear(w, "4711", "hello");
    struct xmpp_message_in m = {.body = "> hello\nhi", .reply_to = theirs, .reply_body = "hi"};

    world_send_rich(w, "m1", &m);
    EXPECT(w, "net send juliet hi reply=4711\n");
    m.reply_to = "no-such";
    world_send_rich(w, "m2", &m);
    EXPECT(w, "net send juliet > hello\nhi\n");
    world_free(w);
    w = rich_world(CAPS_PLAIN);
    world_send_rich(w, "m1", &m);
    EXPECT(w, "net send juliet > hello\nhi\n");
    world_free(w);
}

/* G245-01: "/me" stands at the beginning of what the reader gets. */
Test(rich, a_reply_may_be_an_action_G461_04)
{
    struct world *w = rich_world(CAPS_RICH);
    struct xmpp_message_in m = {.body = "> hello\n/me waves", .reply_body = "/me waves"};

    m.reply_to = hear(w, "4711", "hello");
    world_send_rich(w, "m1", &m);
    EXPECT(w, "net send juliet * waves reply=4711\n");
    m.reply_body = "/me  \n";
    world_send_rich(w, "m2", &m);
    EXPECT(w, "net send juliet /me  \n reply=4711\n");
    m.reply_body = "/meow";
    world_send_rich(w, "m3", &m);
    EXPECT(w, "net send juliet /meow reply=4711\n");
    world_free(w);
}

Test(rich, the_networks_reply_names_ours_and_quotes_G461_02_G461_03)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *theirs = hear(w, "4711", "hello");

    say(w, "m1", "one");
    world_tells(w, &(struct sj_message){.id = "5", .body = "yes", .reply_to = "n1",
                                        .reply_text = "one"});
    EXPECT(w, "message juliet -> " ROMEO " yes markable reply=m1 quote=one own\n");
    world_tells(w, &(struct sj_message){.id = "6", .body = "no", .reply_to = "4711"});
    expectf(w, "message juliet -> " ROMEO " no markable reply=%s\n", theirs);
    world_free(w);
}

/* ---- threads ---- */

/* The thread of the last message that was told. */
static const char *thread_told(struct world *w, char out[256])
{
    const char *lines = world_lines(w), *at = strstr(lines, " thread=");

    cr_assert(at, "%s", lines);
    at += strlen(" thread=");
    snprintf(out, 256, "%.*s", (int)strcspn(at, " \n"), at);
    return out;
}

static void hear_in_thread(struct world *w, const char *id, const char *thread, char out[256])
{
    world_clear(w);
    world_tells(w, &(struct sj_message){.id = id, .body = "hi", .thread = thread});
    thread_told(w, out);
}

Test(rich, a_thread_has_one_name_and_is_taken_under_that_name_alone)
{
    struct world *w = rich_world(CAPS_RICH | SJ_CAP_THREADS);
    char one[256], again[256], other[256];

    hear_in_thread(w, "2", "1", one);
    hear_in_thread(w, "3", "1", again);
    hear_in_thread(w, "4", "3", other);
    cr_expect_str_eq(one, again);
    cr_expect_str_neq(one, other);
    world_clear(w);
    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "a", .thread = one});
    EXPECT(w, "net send juliet a thread=1\n");
    world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "b", .thread = "made-up"});
    EXPECT(w, "net send juliet b\n");
    world_send_rich(w, "m3", &(struct xmpp_message_in){.body = "c", .thread = "m1"});
    EXPECT(w, "net send juliet c\n");
    world_send_rich(w, "m4", &(struct xmpp_message_in){.body = "d", .thread = "1"});
    EXPECT(w, "net send juliet d\n");
    world_free(w);
}

Test(rich, a_thread_survives_being_held)
{
    struct world *w = rich_world(CAPS_RICH | SJ_CAP_THREADS);
    char one[256], again[256];

    hear_in_thread(w, "2", "1", one);
    world_stream(w, false);
    world_tells(w, &(struct sj_message){.id = "3", .body = "yes", .thread = "1"});
    world_clear(w);
    world_stream(w, true);
    cr_expect_str_eq(thread_told(w, again), one);
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "a", .thread = one});
    world_advance(w, 3001);
    world_advance(w, 100);
    world_clear(w);
    world_up(w);
    world_advance(w, 100);               /* the disk knows that they go */
    const char *lines = world_lines(w);
    cr_expect_not_null(strstr(lines, "net send juliet a thread=1\n"), "%s", lines);
    world_free(w);
}

Test(rich, a_thread_is_nothing_to_a_network_without)
{
    struct world *w = rich_world(CAPS_RICH & ~(uint32_t)SJ_CAP_THREADS);
    const char *theirs = hear(w, "4711", "hello");

    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "a", .thread = theirs});
    EXPECT(w, "net send juliet a\n");
    world_free(w);
}

/* ---- receipts and markers ---- */

Test(rich, a_receipt_goes_to_the_client_that_asked_G184_02)
{
    struct world *w = rich_world(CAPS_RICH);

    say(w, "m1", "one");
    world_marks(w, SJ_MARK_RECEIVED, "n1", NULL);
    EXPECT(w, "mark juliet -> " ROMEO "/r received m1\n");
    world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "two"});
    world_clear(w);
    world_marks(w, SJ_MARK_RECEIVED, "n2", NULL);        /* nobody asked (G184-03) */
    world_marks(w, SJ_MARK_RECEIVED, "n9", NULL);
    EXPECT(w, "");
    world_free(w);
}

Test(rich, the_first_receipt_of_a_client_is_passed_on_G184_04)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *theirs = hear(w, "4711", "hello");

    say(w, "m1", "one");
    cr_expect_eq(world_mark(w, XMPP_MARK_RECEIVED, theirs, NULL), SJ_OK);
    cr_expect_eq(world_mark(w, XMPP_MARK_RECEIVED, theirs, NULL), SJ_OK);
    cr_expect_eq(world_mark(w, XMPP_MARK_RECEIVED, "m1", NULL), SJ_OK);
    cr_expect_eq(world_mark(w, XMPP_MARK_RECEIVED, "no-such", NULL), SJ_OK);
    EXPECT(w, "net mark juliet received 4711\n");
    world_free(w);
}

Test(rich, a_receipt_is_asked_where_the_network_wants_it_G184_05)
{
    struct world *w = rich_world(CAPS_RICH);

    world_tells(w, &(struct sj_message){.id = "1", .body = "hello", .confirm = true});
    EXPECT(w, "message juliet -> " ROMEO " hello request markable active\n");
    world_tells(w, &(struct sj_message){.id = "2", .body = "beep", .confirm = true,
                                        .notice = true});
    EXPECT(w, "message juliet -> " ROMEO " beep\n");
    world_free(w);
}

Test(rich, displayed_markers_never_go_back_G333_03)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *one = hear(w, "1", "one");
    const char *two = hear(w, "2", "two");
    const char *three = hear(w, "3", "three");

    say(w, "m1", "one");
    world_mark(w, XMPP_MARK_DISPLAYED, two, NULL);
    world_mark(w, XMPP_MARK_DISPLAYED, two, NULL);
    world_mark(w, XMPP_MARK_DISPLAYED, one, NULL);
    world_mark(w, XMPP_MARK_DISPLAYED, "m1", NULL);
    world_mark(w, XMPP_MARK_DISPLAYED, "no-such", NULL);
    EXPECT(w, "net mark juliet displayed 2\n");
    world_mark(w, XMPP_MARK_DISPLAYED, three, NULL);
    EXPECT(w, "net mark juliet displayed 3\n");
    world_free(w);
}

Test(rich, what_was_read_abroad_is_marked_once_and_only_if_asked_G333_04_G333_06)
{
    struct world *w = rich_world(CAPS_RICH);

    say(w, "m1", "one");
    say(w, "m2", "two");
    world_send_rich(w, "m3", &(struct xmpp_message_in){.body = "not markable"});
    world_clear(w);
    world_marks(w, SJ_MARK_DISPLAYED, "n2", NULL);
    EXPECT(w, "mark juliet -> " ROMEO " displayed m2\n");
    world_marks(w, SJ_MARK_DISPLAYED, "n2", NULL);
    world_marks(w, SJ_MARK_DISPLAYED, "n1", NULL);
    world_marks(w, SJ_MARK_DISPLAYED, "n3", NULL);
    world_marks(w, SJ_MARK_DISPLAYED, "n9", NULL);
    EXPECT(w, "");
    world_free(w);
}

Test(rich, nothing_is_marked_towards_who_may_not_see_G333_08_G085_09)
{
    struct world *w = world_new(CAPS_RICH);

    world_ready(w);
    w->ids = true;
    world_state(w, "r", XMPP_STATE_ACTIVE);
    say(w, "m1", "one");
    world_marks(w, SJ_MARK_DISPLAYED, "n1", NULL);
    world_types(w, SJ_TYPING_ACTIVE);
    world_tells(w, &(struct sj_message){.id = "1", .body = "hello"});
    EXPECT(w, "message juliet -> " ROMEO " hello active\n");
    world_free(w);
}

/* ---- typing ---- */

Test(rich, typing_is_shown_once_to_clients_that_know_it_G085_02_G085_06)
{
    struct world *w = rich_world(CAPS_RICH);

    world_types(w, SJ_TYPING_ACTIVE);
    EXPECT(w, "");                                       /* not known of any client */
    world_types(w, SJ_TYPING_STOPPED);
    world_state(w, "r", XMPP_STATE_ACTIVE);
    world_presence(w, "other", NULL, XMPP_ONLINE, 0);
    world_clear(w);
    world_types(w, SJ_TYPING_ACTIVE);
    world_types(w, SJ_TYPING_ACTIVE);
    EXPECT(w, "state juliet -> " ROMEO "/r composing\n");
    world_types(w, SJ_TYPING_PAUSED);
    world_types(w, SJ_TYPING_PAUSED);
    EXPECT(w, "state juliet -> " ROMEO "/r paused\n");
    world_types(w, SJ_TYPING_ACTIVE);
    world_types(w, SJ_TYPING_STOPPED);
    EXPECT(w, "state juliet -> " ROMEO "/r composing\nstate juliet -> " ROMEO "/r active\n");
    world_types(w, SJ_TYPING_ACTIVE);
    world_tells(w, &(struct sj_message){.id = "1", .body = "hello"});
    world_types(w, SJ_TYPING_STOPPED);
    EXPECT(w, "state juliet -> " ROMEO "/r composing\n"
              "message juliet -> " ROMEO " hello markable active\n");
    world_free(w);
}

Test(rich, typing_without_an_end_ends_G085_07)
{
    struct world *w = rich_world(CAPS_RICH);

    world_state(w, "r", XMPP_STATE_ACTIVE);
    world_types(w, SJ_TYPING_ACTIVE);
    world_advance(w, 20000);
    world_types(w, SJ_TYPING_ACTIVE);
    world_advance(w, 20000);
    EXPECT(w, "state juliet -> " ROMEO "/r composing\n");
    world_advance(w, 12000);
    EXPECT(w, "state juliet -> " ROMEO "/r paused\n");
    world_advance(w, 60000);
    EXPECT(w, "");
    world_free(w);
}

/* More conversations than are remembered: whoever types in the forgotten one stops. */
Test(rich, typing_in_a_forgotten_conversation_ends_G085_07)
{
    struct world *w = rich_world(CAPS_RICH);
    struct sj_message m = {.body = "x"};
    char peer[16];

    world_state(w, "r", XMPP_STATE_ACTIVE);
    world_state(w, "r", XMPP_STATE_COMPOSING);
    world_types(w, SJ_TYPING_ACTIVE);
    EXPECT(w, "net typing juliet 2\nstate juliet -> " ROMEO "/r composing\n");
    for (unsigned i = 0; i < TALKS_MAX; i++) {
        snprintf(peer, sizeof peer, "p%u", i);
        m.peer = m.id = peer;
        w->link->host->message(w->link, &m);
    }
    const char *got = world_lines(w);
    cr_expect_not_null(strstr(got, "state juliet -> " ROMEO "/r paused\n"), "%s", got);
    cr_expect_not_null(strstr(got, "net typing juliet 0\n"), "%s", got);
    world_types(w, SJ_TYPING_ACTIVE);
    EXPECT(w, "state juliet -> " ROMEO "/r composing\n");
    world_free(w);
}

Test(rich, a_client_that_answers_without_states_gets_none_G085_06)
{
    struct world *w = rich_world(CAPS_RICH);

    world_tells(w, &(struct sj_message){.id = "1", .body = "hello"});
    EXPECT(w, "message juliet -> " ROMEO " hello markable active\n");
    say(w, "m1", "hi");
    world_tells(w, &(struct sj_message){.id = "2", .body = "so"});
    world_types(w, SJ_TYPING_ACTIVE);
    EXPECT(w, "message juliet -> " ROMEO " so markable\n");
    world_free(w);
}

Test(rich, the_users_typing_is_told_when_it_changes_G085_05)
{
    struct world *w = rich_world(CAPS_RICH);

    world_state(w, "r", XMPP_STATE_ACTIVE);
    world_state(w, "r", XMPP_STATE_COMPOSING);
    world_state(w, "r", XMPP_STATE_COMPOSING);
    world_state(w, "r", XMPP_STATE_PAUSED);
    world_state(w, "r", XMPP_STATE_GONE);
    world_state(w, "r", XMPP_STATE_INACTIVE);
    EXPECT(w, "net typing juliet 2\nnet typing juliet 1\nnet typing juliet 0\n");
    world_state(w, "r", XMPP_STATE_COMPOSING);
    world_clear(w);
    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "x", .state = XMPP_STATE_ACTIVE});
    world_state(w, "r", XMPP_STATE_ACTIVE);
    EXPECT(w, "net send juliet x\n");
    world_free(w);
    w = rich_world(CAPS_IDS);
    world_state(w, "r", XMPP_STATE_COMPOSING);
    EXPECT(w, "");
    world_free(w);
}

/* ---- attention ---- */

Test(rich, a_nudge_goes_both_ways_or_in_words_G224_01)
{
    struct world *w = rich_world(CAPS_RICH);

    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "", .attention = true});
    world_tells(w, &(struct sj_message){.id = "1", .body = "", .attention = true});
    EXPECT(w, "net send juliet  attention\n"
              "message juliet -> " ROMEO "  markable attention\n");
    world_free(w);
    w = rich_world(CAPS_PLAIN);
    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "", .attention = true});
    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "hey", .attention = true});
    EXPECT(w, "net send juliet * asks for your attention\nnet send juliet hey\n");
    world_free(w);
}

/* ---- own messages ---- */

Test(rich, what_the_user_wrote_elsewhere_is_a_marked_copy_G280_02)
{
    struct world *w = rich_world(CAPS_RICH);
    char copy[1024];

    world_tells(w, &(struct sj_message){.id = "4711", .body = "hi", .own = true});
    snprintf(copy, sizeof copy, "%s", world_last_id());
    world_tells(w, &(struct sj_message){.id = "4712", .body = "waves", .own = true,
                                        .action = true});
    EXPECT(w, "message juliet -> " ROMEO " You, elsewhere: hi\n"
              "message juliet -> " ROMEO " You, elsewhere: /me waves\n");
    world_marks(w, SJ_MARK_REACTIONS, "4711", ROSE);
    expectf(w, "mark juliet -> " ROMEO " reactions %s " ROSE "\n", copy);
    world_mark(w, XMPP_MARK_REACTIONS, copy, HEART);
    EXPECT(w, "net mark juliet reactions 4711 own " HEART "\n");
    world_free(w);
    w = rich_world(CAPS_PLAIN);
    world_tells(w, &(struct sj_message){.body = "hi", .own = true});
    EXPECT(w, "message juliet -> " ROMEO " You, elsewhere: hi\n");
    world_free(w);
}

/* The user's own server shows it as sent; later things name it as clients know it then. */
Test(rich, what_the_user_wrote_elsewhere_is_the_users_where_that_is_granted_G356_13)
{
    struct world *w = rich_world(CAPS_RICH);

    w->privileges = XMPP_MAY_SPEAK;
    say(w, "m1", "helo");
    world_tells(w, &(struct sj_message){.id = "e1", .body = "hi", .own = true});
    world_tells(w, &(struct sj_message){.id = "e2", .body = "hi!", .own = true, .replaces = "e1"});
    world_tells(w, &(struct sj_message){.id = "e3", .body = "hello", .own = true,
                                        .replaces = "n1"});
    EXPECT(w, "as " ROMEO " -> juliet hi\n"
              "as " ROMEO " -> juliet hi! replaces=own-e1\n"
              "as " ROMEO " -> juliet hello replaces=m1\n");
    world_marks(w, SJ_MARK_REACTIONS, "e1", ROSE);
    EXPECT(w, "mark juliet -> " ROMEO " reactions own-e1 " ROSE "\n");
    world_mark(w, XMPP_MARK_RETRACTED, "own-e2", NULL);
    EXPECT(w, "net mark juliet retracted e1 own\n");
    world_free(w);
}

/* A contact cannot correct in its name what a client of the user's sent. */
Test(rich, a_copy_corrects_copies_only_G308_03)
{
    struct world *w = rich_world(CAPS_RICH);

    say(w, "m1", "helo");
    world_tells(w, &(struct sj_message){.id = "e1", .body = "hello", .own = true,
                                        .replaces = "n1"});
    EXPECT(w, "message juliet -> " ROMEO " You, elsewhere: hello\n");
    world_tells(w, &(struct sj_message){.id = "e2", .body = "hi", .own = true});
    world_clear(w);
    world_tells(w, &(struct sj_message){.id = "e3", .body = "hi!", .own = true, .replaces = "e2"});
    cr_expect(strstr(world_lines(w), "You, elsewhere: hi! replaces="));
    world_free(w);
}

static void prefer(struct world *w, enum preference p, const char *value)
{
    struct session *s = session_find(&w->sessions->networks[0], ROMEO);
    struct sj_error err = {.status = SJ_OK};

    cr_assert_eq(session_prefer(s, p, value, &err), SJ_OK);
}

Test(rich, copies_typing_and_reading_are_left_out_for_who_does_not_want_them_G085_09)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *theirs = hear(w, "p1", "hello");

    prefer(w, PREFERENCE_OWN_COPIES, "0");
    prefer(w, PREFERENCE_TYPING, "0");
    prefer(w, PREFERENCE_TELL_READ, "0");
    world_clear(w);
    world_tells(w, &(struct sj_message){.id = "e1", .body = "hi", .own = true});
    world_state(w, "r", XMPP_STATE_COMPOSING);
    world_types(w, SJ_TYPING_ACTIVE);
    world_mark(w, XMPP_MARK_DISPLAYED, theirs, NULL);
    EXPECT(w, "net mark juliet displayed p1 quiet\n");      /* for the user's other clients */
    prefer(w, PREFERENCE_TYPING, NULL);
    world_state(w, "r", XMPP_STATE_COMPOSING);
    EXPECT(w, "net typing juliet 2\n");
    world_free(w);
}

/* ---- waiting ---- */

Test(rich, a_mark_waits_for_the_id_of_its_message_and_keeps_the_order)
{
    struct world *w = rich_world(CAPS_RICH);
    sj_op first;

    w->messages_wait = true;
    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "one"});
    first = w->op;
    world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "two", .replaces = "m1"});
    world_mark(w, XMPP_MARK_RETRACTED, "m1", NULL);
    world_send_rich(w, "m3", &(struct xmpp_message_in){.body = "three"});
    world_send(w, "nurse", "not behind them");
    EXPECT(w, "net send juliet one\nnet send nurse not behind them\n");
    w->op = first;
    world_named(w, "n1");
    EXPECT(w, "net send juliet two replaces=n1\nnet mark juliet retracted n1 own\n"
              "net send juliet three\n");
    world_free(w);
}

Test(rich, a_message_that_gets_no_id_leaves_text)
{
    struct world *w = rich_world(CAPS_RICH);

    w->messages_wait = true;
    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "one"});
    world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "two", .replaces = "m1"});
    world_clear(w);
    world_done(w, SJ_OK);
    EXPECT(w, "net send juliet Correction: two\n");
    world_free(w);
    w = rich_world(CAPS_RICH);
    w->messages_wait = true;
    world_send_rich(w, "m1", &(struct xmpp_message_in){.body = "one"});
    world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "two", .replaces = "m1"});
    world_clear(w);
    world_advance(w, 32000);
    EXPECT(w, "net send juliet Correction: two\n");
    world_free(w);
}

Test(rich, everything_survives_being_held)
{
    struct world *w = rich_world(CAPS_RICH);
    const char *theirs = hear(w, "4711", "hello"), *lines;
    char want[2048];

    say(w, "m1", "one");
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    world_clear(w);
    world_send_rich(w, "m2", &(struct xmpp_message_in){.body = "> hello\nhi", .reply_to = theirs,
                                                       .reply_body = "hi", .origin_id = "o2"});
    world_mark(w, XMPP_MARK_REACTIONS, theirs, ROSE " " HEART);
    world_mark(w, XMPP_MARK_DISPLAYED, theirs, NULL);    /* nobody waits for it: dropped */
    world_advance(w, 3001);
    world_advance(w, 100);
    world_clear(w);
    world_up(w);
    world_advance(w, 100);               /* the disk knows that they go */
    EXPECT(w, "presence G -> " ROMEO " online\nnet add juliet\n"
              "net send juliet hi reply=4711\n"
              "net mark juliet reactions 4711 " ROSE " " HEART "\n");
    world_stream(w, false);
    world_clear(w);
    const struct sj_mention who = {.start = 0, .end = 3, .self = true};
    world_tells(w, &(struct sj_message){.id = "5", .body = "yes", .reply_to = "n1",
                                        .reply_text = "one", .confirm = true,
                                        .mentions = &who, .n_mentions = 1});
    world_marks(w, SJ_MARK_REACTIONS, "n1", ROSE);
    world_marks(w, SJ_MARK_RECEIVED, "n1", NULL);
    EXPECT(w, "");
    world_stream(w, true);
    snprintf(want, sizeof want, "message juliet -> " ROMEO " yes request markable reply=m1 "
             "quote=one mentions=0 3 u \n own\nmark juliet -> " ROMEO " reactions m1 " ROSE "\n"
             "mark juliet -> " ROMEO "/r received m1\n");
    lines = world_lines(w);
    cr_expect_not_null(strstr(lines, want), "%s", lines);
    world_free(w);
}

Test(rich, a_plain_network_records_no_ids)
{
    struct world *w = rich_world(CAPS_PLAIN);
    struct sj_store_stats before, after;

    sj_store_flush(w->store, NULL);
    sj_store_stats(w->store, &before);
    say(w, "m1", "one");
    world_tells(w, &(struct sj_message){.id = "4711", .body = "hello"});
    EXPECT(w, "message juliet -> " ROMEO " hello\n");
    sj_store_flush(w->store, NULL);
    sj_store_stats(w->store, &after);
    cr_expect_eq(before.records, after.records);
    world_free(w);
}
