/* SPDX-License-Identifier: MPL-2.0 */
/* Copies of messages until the server has handled them (gateway/xmpp/copies.c). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "component.h"
#include "peer.h"
#include "room.h"
#include "sojourn/memory.h"

static struct peer *p;

static void set_up(void)
{
    p = peer_new(1);
    p->shows_questions = true;
    peer_start(p);
    sj_loop_test_advance(p->loop, 0);
}

static void tear_down(void)
{
    peer_free(&p);
}

TestSuite(copies, .init = set_up, .fini = tear_down);

static struct copies *copies(void)
{
    return &p->xmpp->components[0].copies;
}

static void says(const char *body, int64_t sent_at)
{
    const struct xmpp_message_out m = {.peer = "bob", .to = "romeo@m.lit", .body = body, .id = body,
                                       .sent_at = sent_at};

    cr_assert(xmpp_send_message(p->xmpp, 0, &m));
}

static void later(void)
{
    sj_loop_test_advance(p->loop, COPIES_ASK_MS + 50);
    peer_settle(p);
}

/* The id of the question that comes next; to be freed. */
static char *question(void)
{
    char *ping = peer_next(p, 0);

    cr_assert_not_null(ping);
    cr_assert(peer_match("<iq from='irc0.example.org' id='*' to='m.lit' type='get'>"
                         "<ping xmlns='urn:xmpp:ping'/></iq>", ping), "%s", ping);
    char *id = strstr(ping, "id='") + 4;
    *strchr(id, '\'') = '\0';
    id = sj_strdup(id);
    free(ping);
    return id;
}

static void answer(char *id)
{
    char text[200];

    snprintf(text, sizeof text, "<iq type='result' from='m.lit' to='irc0.example.org' id='%s'/>",
             id);
    sj_free(id);
    peer_say(p, 0, text);
    peer_settle(p);
}

/* The stream is lost, and there is another. */
static void breaks(void)
{
    close(p->link[0].fd);
    p->link[0].fd = -1;
    for (int i = 0; i < 100 && p->xmpp->components[0].state != COMPONENT_WAITING; i++)
        sj_loop_turn(p->loop, 5);
    cr_assert_eq(p->xmpp->components[0].state, COMPONENT_WAITING);
    sj_loop_test_advance(p->loop, 4 * COMPONENT_FIRST_WAIT_MS);
    peer_accept(p, 0);
    peer_handshake(p, 0);
    peer_settle(p);
}

Test(copies, go_when_the_server_has_answered)
{
    says("one", 0);
    says("two", 0);
    peer_expect(p, "<message * id='one' *>*</message>");
    peer_expect(p, "<message * id='two' *>*</message>");
    peer_expect_nothing(p);
    later();
    char *id = question();
    says("three", 0);
    peer_expect(p, "<message * id='three' *>*</message>");
    later();
    cr_expect_gt(copies()->bytes, 0);
    answer(id);                          /* not about the third */
    later();
    answer(question());
    cr_expect_eq(copies()->bytes, 0);
    struct sj_list *block = copies()->blocks.next;
    cr_expect_neq(block, &copies()->blocks);     /* stays: the next message allocates nothing */
    says("four", 0);
    peer_expect(p, "<message * id='four' *>*</message>");
    cr_expect_eq(copies()->blocks.next, block);
    cr_expect_eq(copies()->blocks.prev, block);
    later();
    answer(question());
    later();
    breaks();
    peer_expect_nothing(p);
}

Test(copies, go_out_again_with_a_delay_and_the_same_id)
{
    const struct sj_error err = {.status = SJ_OFFLINE};

    says("one", 0);
    says("<delay xmlns=\"urn:xmpp:delay\"", 0);
    says("two", 1319042451620);
    cr_assert(xmpp_send_message_error(p->xmpp, 0, "bob", "romeo@m.lit/o", "m1", &err));
    for (unsigned i = 0; i < 4; i++)
        free(peer_next(p, 0));
    for (unsigned i = 0; i < 2; i++) {   /* as often as it takes */
        breaks();
        peer_expect(p, "<message * id='one' to='romeo@m.lit' type='chat'><body>one</body>*"
                       "<delay from='irc0.example.org' stamp='*Z' xmlns='urn:xmpp:delay'/>"
                       "</message>");
        peer_expect(p, "<message *<delay from='irc0.example.org' *");
        peer_expect(p, "<message * id='two' *stamp='2011-10-19T16:40:51.620Z' "
                       "xmlns='urn:xmpp:delay'/>*</message>");
        peer_expect(p, "<message from='bob@irc0.example.org' id='m1' to='romeo@m.lit/o' "
                       "type='error'><error *</error></message>");
    }
    later();
    answer(question());
    cr_expect_eq(copies()->bytes, 0);
}

Test(copies, that_are_old_do_not_go_out_again)
{
    says("old", 0);
    free(peer_next(p, 0));
    sj_loop_test_advance(p->loop, COPIES_AGE_MS);
    peer_settle(p);
    for (char *ping; (ping = peer_next(p, 0)) != NULL; free(ping))
        ;
    says("new", 0);
    free(peer_next(p, 0));
    sj_loop_test_advance(p->loop, 1000);
    peer_settle(p);
    breaks();
    peer_expect(p, "<message * id='new' *>*</message>");
}

/* Somebody sets the machine's clock, or a time server does. */
Test(copies, go_out_again_whatever_the_clock_says)
{
    for (int days = -3; days <= 3; days += 6) {
        says("said", 0);
        free(peer_next(p, 0));
        sj_loop_test_jump(p->loop, days * INT64_C(86400000));
        breaks();
        peer_expect(p, "<message * id='said' *>*</message>");
        later();
        answer(question());
    }
}

Test(copies, are_bounded)
{
    static char body[60001];

    memset(body, 'x', 60000);
    for (unsigned i = 0; i < 200; i++) {
        const struct xmpp_message_out m = {.peer = "bob", .to = "romeo@m.lit", .body = body};
        cr_assert(xmpp_send_message(p->xmpp, 0, &m));
        peer_settle(p);
        cr_expect_leq(copies()->bytes, COPIES_BYTES_MAX);
    }
    cr_expect_gt(copies()->bytes, COPIES_BYTES_MAX / 2);
    cr_expect(copies()->overflows);
}

Test(copies, are_not_made_of_what_is_in_an_archive_or_told_again)
{
    const struct xmpp_speaker room = {.in_room = true, .nick = "bob"};
    const struct xmpp_message_out said = {.peer = "room", .to = "romeo@m.lit/o", .body = "x",
                                          .speaker = &room};

    cr_assert(xmpp_send_message(p->xmpp, 0, &said));
    cr_assert(xmpp_send_chat_state(p->xmpp, 0, "bob", "romeo@m.lit", XMPP_STATE_COMPOSING));
    cr_assert(xmpp_send_probe(p->xmpp, 0, "romeo@m.lit"));
    cr_expect_eq(copies()->end, 0);
    p->hosts[0].tells_again = true;
    says("one", 0);
    cr_expect_eq(copies()->end, 0);
}

/* A stream on which nothing comes back, and whose server has answered before, is dead. */
Test(copies, find_a_dead_stream)
{
    says("one", 0);
    free(peer_next(p, 0));
    later();
    answer(question());
    says("two", 0);
    free(peer_next(p, 0));
    later();
    sj_free(question());
    sj_loop_test_advance(p->loop, XMPP_QUERY_TIMEOUT_MS + 100);
    cr_expect_eq(p->xmpp->components[0].state, COMPONENT_UP);
    sj_loop_test_advance(p->loop, COPIES_RETRY_MS + 100);
    peer_settle(p);
    sj_free(question());
    sj_loop_test_advance(p->loop, XMPP_QUERY_TIMEOUT_MS + 100);
    cr_expect_neq(p->xmpp->components[0].state, COMPONENT_UP);
}
