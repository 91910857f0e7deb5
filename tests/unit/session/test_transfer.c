/* SPDX-License-Identifier: MPL-2.0 */
/* Files on their way: both directions, step by step, and whatever can go wrong at each. */
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "files.h"
#include "session.h"
#include "sojourn/memory.h"
#include "transfer.h"
#include "world_room.h"

#define URL "https://up.test/a/cat.png"
#define GOT "https://up.test/g"
static const struct xmpp_file link_file = {.url = URL, .name = "cat.png"};
static const struct sj_file network_file = {.name = "cat.png", .media_type = "image/png",
                                            .size = 6, .key = "k1"};

static struct world *start(void)
{
    struct world *w = world_new(CAPS_FILES);

    world_ready(w);
    return w;
}

/* ---- from the user ---- */

/* GFIL-10: fetched and handed over natively, in pieces as the network wants them. */
Test(transfer, of_the_user_streams_to_the_network_GFIL_10)
{
    struct world *w = start();

    cr_expect_eq(files_send(w, "Juliet", &link_file, URL), SJ_OK);
    EXPECT(w, "http 1 get " URL "\n");
    cr_expect(!files_is_upload());
    files_head(w, 1, 200, "image/png; x=y", 6);
    EXPECT(w, "net file juliet cat.png image/png 6\n");
    files_data(w, 1, "abc");
    EXPECT(w, "");
    files_wants(w, w->op, 2);
    EXPECT(w, "net data ab\n");
    files_wants(w, w->op, 100);
    EXPECT(w, "net data c\n");
    files_wants(w, w->op, 100);
    files_data(w, 1, "def");
    EXPECT(w, "net data def\n");
    files_done(w, 1, 200, SJ_OK);
    EXPECT(w, "");
    files_wants(w, w->op, 1);
    EXPECT(w, "net data end\n");
    files_op_done(w, w->op, SJ_OK);
    EXPECT(w, "");
    cr_expect_eq(transfers_counts(w->sessions).passed_out, 1u);
    world_free(w);
}

Test(transfer, of_the_user_keeps_caption_and_facts)
{
    struct world *w = start();
    const struct xmpp_file f = {.url = URL, .name = "../x\ncat.png", .media_type = "image/gif",
                                .caption = "look"};

    files_send(w, "juliet", &f, "look " URL);
    world_clear(w);
    files_head(w, 1, 200, "text/plain", -1);
    EXPECT(w, "net file juliet xcat.png image/gif 0 look\n");
    world_free(w);
}

/* GFIL-10: whatever fails, the link goes as text; one outcome for the message. */
Test(transfer, of_the_user_that_fails_goes_as_text_GFIL_10)
{
    for (int way = 0; way < 9; way++) {
        struct world *w = start();
        struct xmpp_file f = link_file;
        sj_op file_op;
        if (way == 0)
            files_refuse(SJ_DENIED);
        if (way == 1)
            f.size = 2000000;
        files_send(w, "juliet", &f, "see " URL);
        if (way == 2)
            files_head(w, 1, 403, NULL, 10);
        if (way == 3)
            files_head(w, 1, 200, "text/html; charset=utf-8", 10);
        if (way == 4)
            files_done(w, 1, 0, SJ_UNREACHABLE);
        if (way == 5)
            files_head(w, 1, 206, "image/png", 10);
        if (way >= 6)
            files_head(w, 1, 200, "image/png", 10);
        file_op = w->op;
        if (way == 6) {
            files_data(w, 1, "abc");
            files_done(w, 1, 200, SJ_REMOTE);
        }
        if (way == 7) {                              /* shorter than it said */
            files_data(w, 1, "abc");
            files_done(w, 1, 200, SJ_OK);
        }
        if (way == 8)
            files_op_done(w, file_op, SJ_DENIED);
        cr_expect_not_null(strstr(world_lines(w), "net send juliet see " URL "\n"), "way %d",
                           way);
        if (way >= 6)
            files_op_done(w, file_op, SJ_CANCELED);
        world_advance(w, 130000);
        EXPECT(w, "");
        cr_expect_eq(transfers_counts(w->sessions).running, 0u);
        world_free(w);
    }
}

/* GFIL-11 */
Test(transfer, of_the_user_with_a_wrong_digest_is_discarded_GFIL_11)
{
    static const uint8_t wrong[32] = {1};
    static const uint8_t right[32] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22,
        0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00,
        0x15, 0xad};
    for (int i = 0; i < 2; i++) {
        struct world *w = start();
        const struct xmpp_file f = {.url = URL, .hash_kind = SJ_DIGEST_SHA256,
                                    .hash = i == 0 ? wrong : right};
        files_send(w, "juliet", &f, URL);
        files_head(w, 1, 200, NULL, 3);
        files_wants(w, w->op, 100);
        files_data(w, 1, "abc");
        files_wants(w, w->op, 100);
        world_clear(w);
        files_done(w, 1, 200, SJ_OK);
        EXPECT(w, i == 0 ? "net abort\nnet send juliet " URL "\n" : "net data end\n");
        world_free(w);
    }
}

/* G100-44: after the last byte an open end is an error with the message's id, not a second copy. */
Test(transfer, of_the_user_without_a_known_outcome_is_an_error)
{
    struct world *w = start();

    files_send(w, "juliet", &link_file, URL);
    files_head(w, 1, 200, NULL, 0);
    files_done(w, 1, 200, SJ_OK);
    files_wants(w, w->op, 10);
    world_clear(w);
    world_advance(w, 122000);
    EXPECT(w, "error-message juliet -> " ROMEO "/r i1 timed out\n");
    world_free(w);
}

Test(transfer, of_the_user_ends_with_the_link)
{
    struct world *w = start();

    files_send(w, "juliet", &link_file, URL);
    files_head(w, 1, 200, NULL, 10);
    files_send(w, "nurse", &link_file, URL);
    w->connect_waits = true;
    world_clear(w);
    world_down(w, SJ_END_CLOSED);
    EXPECT(w, "http 1 cancel\n"
              "error-message juliet -> " ROMEO "/r i1 no live link\n"
              "http 2 cancel\n"
              "error-message nurse -> " ROMEO "/r i1 no live link\n"
              "presence G -> " ROMEO " offline the network closed the connection\n"
              "error-presence G -> " ROMEO " no live link\n");
    world_free(w);
}

/* The log-out is orderly: there is time for the link. */
Test(transfer, of_the_user_goes_as_text_at_the_log_out)
{
    struct world *w = start();

    files_send(w, "juliet", &link_file, URL);
    world_clear(w);
    w->disconnect_waits = true;
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    cr_expect_not_null(strstr(world_lines(w), "http 1 cancel\nnet send juliet " URL "\n"));
    world_free(w);
}

Test(transfer, of_the_user_is_text_where_no_files_are_taken)
{
    struct world *w = start();
    struct sj_contact c = {.id = "nurse", .listed = true, .has_lacks = true,
                           .lacks = SJ_CAP_FILES};

    w->link->host->contact(w->link, &c);
    world_clear(w);
    files_send(w, "nurse", &link_file, URL);
    EXPECT(w, "net send nurse " URL "\n");
    world_free(w);
    w = world_new(SJ_CAP_CONTACTS | SJ_CAP_PRESENCE);
    world_ready(w);
    files_send(w, "juliet", &link_file, URL);
    EXPECT(w, "net send juliet " URL "\n");
    world_free(w);
}

/* DESIGN §4: order within a conversation, for a bounded time, and nobody else waits. */
Test(transfer, others_of_the_conversation_wait_for_it_a_while)
{
    struct world *w = start();

    files_send(w, "juliet", &link_file, URL);
    world_clear(w);
    world_send(w, "juliet", "after");
    world_send(w, "nurse", "at once");
    EXPECT(w, "net send nurse at once\n");
    files_done(w, 1, 0, SJ_TIMEOUT);
    EXPECT(w, "net send juliet " URL "\nnet send juliet after\n");

    files_send(w, "juliet", &link_file, URL);
    files_head(w, 2, 200, NULL, -1);
    world_send(w, "juliet", "patient");
    files_send(w, "juliet", &link_file, URL);
    world_send(w, "juliet", "more");
    world_clear(w);
    world_advance(w, TRANSFER_ORDER_MS - 100);
    EXPECT(w, "");
    world_advance(w, 200);
    EXPECT(w, "net send juliet patient\nhttp 3 get " URL "\n");
    world_advance(w, TRANSFER_ORDER_MS + 100);
    EXPECT(w, "net send juliet more\n");
    world_free(w);
}

/* What waits for a link waits with its file. */
Test(transfer, of_the_user_waits_for_the_link)
{
    struct world *w = start();

    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    files_send(w, "juliet", &link_file, URL);
    world_send(w, "juliet", "after");
    world_advance(w, 3001);
    world_advance(w, 100);
    world_clear(w);
    world_up(w);
    world_advance(w, 100);               /* the disk knows that they go */
    EXPECT(w, "presence G -> " ROMEO " online\nhttp 1 get " URL "\n");
    files_done(w, 1, 0, SJ_TIMEOUT);
    EXPECT(w, "net send juliet " URL "\nnet send juliet after\n");
    world_free(w);
}

/* DESIGN §7: a network that does not read stops the server, and little is held. */
Test(transfer, of_the_user_is_held_back_by_a_slow_network)
{
    struct world *w = start();
    size_t came;

    files_send(w, "juliet", &link_file, URL);
    files_head(w, 1, 200, NULL, 900000);
    came = files_flood(w, 1, 900000);
    cr_expect_leq(came, TRANSFER_BUFFER_MAX);
    cr_expect_eq(files_flood(w, 1, 1000), 0u);
    world_clear(w);
    files_wants(w, w->op, TRANSFER_BUFFER_MAX);
    cr_expect_gt(strlen(world_lines(w)), 0u);
    cr_expect_gt(files_flood(w, 1, 900000), 0u);
    world_clear(w);
    world_advance(w, TRANSFER_STALL_MS - 20000);
    EXPECT(w, "");
    world_advance(w, 20000);
    world_advance(w, 16000);
    EXPECT(w, "http 1 cancel\nnet abort\nnet send juliet " URL "\n");
    world_free(w);
}

/* Slow, but it goes on: judged by progress. */
Test(transfer, of_the_user_may_be_slow_while_it_goes_on)
{
    struct world *w = start();

    files_send(w, "juliet", &link_file, URL);
    files_head(w, 1, 200, NULL, 900000);
    world_clear(w);
    for (unsigned i = 0; i < 10; i++) {
        files_wants(w, w->op, 100);
        world_advance(w, TRANSFER_STALL_MS - 20000);
        cr_expect_gt(files_flood(w, 1, 100), 0u);
        cr_expect_null(strstr(world_lines(w), "abort"));
    }
    world_free(w);
}

/* ---- from the network ---- */

/* G363-03, GFIL-01, GFIL-02: a place, the bytes piece by piece, then its address and digest. */
Test(transfer, of_the_network_streams_to_a_place_for_the_user_G363_03)
{
    struct world *w = start();

    files_says(w, "juliet", &network_file, "a kitten");
    EXPECT(w, "slot " ROMEO " cat.png image/png 6 #1\n");
    files_slot(w, 1, "https://up.test/p", GOT);
    EXPECT(w, "http 1 put https://up.test/p 6 Authorization: x Content-Type: image/png\n");
    cr_expect(files_is_upload());
    files_room(w, 1, 4);
    EXPECT(w, "net read k1\n");
    files_chunk(w, w->op, "abc");
    EXPECT(w, "http 1 body abc\nnet next\n");
    files_chunk(w, w->op, "def");
    EXPECT(w, "http 1 body d\n");
    files_room(w, 1, 4);
    EXPECT(w, "http 1 body ef\nnet next\n");
    files_op_done(w, w->op, SJ_OK);
    EXPECT(w, "");
    files_done(w, 1, 201, SJ_OK);
    EXPECT(w, "file juliet -> " ROMEO " " GOT " cat.png 6 sha256\n"
              "message juliet -> " ROMEO " a kitten\n");
    cr_expect_eq(transfers_counts(w->sessions).passed_in, 1u);
    world_free(w);
}

/* GFIL-01: what is for everybody needs no place. */
Test(transfer, of_the_network_with_a_public_address_is_sent_at_once_GFIL_01)
{
    struct world *w = start();
    const struct sj_file f = {.name = "cat.png", .url = URL, .key = "k1", .size = 5};

    files_says(w, "juliet", &f, "");
    EXPECT(w, "file juliet -> " ROMEO " " URL " cat.png 5\n");
    w->stream_down = true;
    files_says(w, "juliet", &f, "held");
    world_says(w, "juliet", "after");
    EXPECT(w, "");
    w->stream_down = false;
    world_advance(w, 1100);
    EXPECT(w, "file juliet -> " ROMEO " " URL " cat.png 5\n"
              "message juliet -> " ROMEO " held\n"
              "message juliet -> " ROMEO " after\n");
    world_free(w);
}

/* GFIL-03: a caption that finds the queue full keeps the place of its file. */
Test(transfer, of_the_network_keeps_its_caption_beside_it_GFIL_03)
{
    const struct sj_file f = {.name = "cat.png", .url = URL, .size = 5};

    for (unsigned way = 0; way < 3; way++) {
        struct world *w = start();
        if (way == 0) {                              /* held before it was sent */
            w->stream_down = true;
            files_says(w, "juliet", &f, "a kitten");
            world_says(w, "juliet", "after");
            w->takes = 1;
            w->stream_down = false;
            world_advance(w, 1100);
        }
        if (way == 1) {                              /* sent as soon as it was there */
            files_says(w, "juliet", &network_file, "a kitten");
            files_slot(w, 1, "https://up.test/p", URL);
            files_room(w, 1, 100);
            files_chunk(w, w->op, "abcdef");
            files_op_done(w, w->op, SJ_OK);
            world_says(w, "juliet", "after");
            world_clear(w);
            w->takes = 1;
            files_done(w, 1, 201, SJ_OK);
        }
        if (way == 2) {                              /* sent at once */
            w->takes = 1;
            files_says(w, "juliet", &f, "a kitten");
            world_says(w, "juliet", "after");
        }
        cr_expect_str_eq(world_lines(w), way == 1 ?
                         "file juliet -> " ROMEO " " URL " cat.png 6 sha256\n" :
                         "file juliet -> " ROMEO " " URL " cat.png 5\n", "way %u", way);
        w->queued = 0;
        world_advance(w, 1100);
        cr_expect_str_eq(world_lines(w), "message juliet -> " ROMEO " a kitten\n"
                         "message juliet -> " ROMEO " after\n", "way %u", way);
        world_free(w);
    }
}

/* However much waits behind it. */
Test(transfer, of_the_network_loses_no_caption_when_much_is_held)
{
    struct world *w = start();
    const struct sj_file f = {.name = "cat.png", .url = URL, .size = 5};

    w->stream_down = true;
    files_says(w, "juliet", &f, "a kitten");
    for (unsigned i = 1; i < SESSION_HELD_MAX; i++)
        world_says(w, "juliet", "x");
    w->takes = 1;
    w->stream_down = false;
    world_advance(w, 1100);
    EXPECT(w, "file juliet -> " ROMEO " " URL " cat.png 5\n");
    w->queued = 0;
    w->takes = 1;
    world_advance(w, 1100);
    EXPECT(w, "message juliet -> " ROMEO " a kitten\n");
    w->queued = 0;
    world_advance(w, 1100);
    cr_expect_eq(session_find(&w->sessions->networks[0], ROMEO)->held_count, 0u);
    world_free(w);
}

/* What is said of a message is said once: the file calls for attention, takes the place of what it
 * corrects, and asks whether it was received; the words answer, since the quotation fits there. */
Test(transfer, of_the_network_and_its_caption_say_things_once_GFIL_03)
{
    const struct sj_file f = {.name = "cat.png", .url = URL, .size = 5};
    char first[1024];

    for (unsigned held = 0; held < 2; held++) {
        struct world *w = world_new(CAPS_FILES | SJ_CAPS_WITH_IDS | SJ_CAP_ATTENTION);
        struct sj_message m = {.id = "2", .file = &f, .body = "a kitten", .attention = true,
                               .confirm = true, .replaces = "1", .reply_to = "0",
                               .reply_text = "what?"};
        char want[4096];
        world_ready(w);
        world_tells(w, &(struct sj_message){.id = "1", .body = "one"});
        snprintf(first, sizeof first, "%s", world_last_id());
        world_clear(w);
        w->stream_down = held;
        world_tells(w, &m);
        w->stream_down = false;
        world_advance(w, 1100);
        snprintf(want, sizeof want, " cat.png 5 request attention replaces=%s\nmessage juliet -> "
                 ROMEO " a kitten reply=", first);
        {
            const char *lines = world_lines(w);
            cr_expect_not_null(strstr(lines, want), "%s\n%s", lines, want);
            cr_expect_not_null(strstr(lines, " quote=what?\n"), "%s", lines);
        }
        m.body = "";
        world_tells(w, &m);
        cr_expect_not_null(strstr(world_lines(w), " reply="));
        world_free(w);
    }
}

/* For the network the words are a part of the file's message: what is said about them is about
 * that, now and after a wait. */
Test(transfer, of_the_network_is_meant_by_what_is_said_of_its_caption)
{
    const struct sj_file f = {.name = "cat.png", .url = URL, .size = 5};
    char file[1024], words[1024];

    for (unsigned held = 0; held < 2; held++) {
        struct world *w = world_new(CAPS_FILES | SJ_CAPS_WITH_IDS);
        world_ready(w);
        world_sub(w, "juliet", XMPP_SUBSCRIBE);
        world_done(w, SJ_OK);
        w->takes = 1;                                /* or both would be sent before we look */
        w->stream_down = held;
        world_tells(w, &(struct sj_message){.id = "1", .file = &f, .body = "a kitten"});
        w->stream_down = false;
        world_advance(w, 1100);
        snprintf(file, sizeof file, "%s", world_last_id());
        w->queued = 0;
        world_advance(w, 1100);
        snprintf(words, sizeof words, "%s", world_last_id());
        cr_expect_str_neq(file, words);
        world_clear(w);
        world_mark(w, XMPP_MARK_REACTIONS, words, "+");
        world_mark(w, XMPP_MARK_DISPLAYED, words, NULL);
        world_mark(w, XMPP_MARK_DISPLAYED, file, NULL);
        EXPECT(w, "net mark juliet reactions 1 +\nnet mark juliet displayed 1\n");
        world_tells(w, &(struct sj_message){.id = "2", .file = &f, .body = "a cat",
                                            .replaces = "1"});
        cr_expect_str_neq(words, world_last_id());
        world_clear(w);
        world_mark(w, XMPP_MARK_REACTIONS, world_last_id(), "-");
        EXPECT(w, "net mark juliet reactions 1 - was +\n");
        world_free(w);
    }
}

/* The same of what the user sent from elsewhere: each of both is known as the user's own. */
Test(transfer, of_the_user_from_elsewhere_has_a_caption_of_the_users_own)
{
    const struct sj_file f = {.name = "cat.png", .url = URL, .size = 5};
    struct world *w = world_new(CAPS_FILES | SJ_CAPS_WITH_IDS);
    char words[1024];

    world_ready(w);
    world_tells(w, &(struct sj_message){.id = "1", .file = &f, .body = "a kitten", .own = true});
    snprintf(words, sizeof words, "%s", world_last_id());
    EXPECT(w, "message juliet -> " ROMEO " You, elsewhere: " URL "\n"
              "message juliet -> " ROMEO " You, elsewhere: a kitten\n");
    world_mark(w, XMPP_MARK_REACTIONS, words, "+");
    world_mark(w, XMPP_MARK_RETRACTED, words, NULL);
    EXPECT(w, "net mark juliet reactions 1 own +\nnet mark juliet retracted 1 own\n");
    world_free(w);
}

#define NOTE(what, why) "message juliet -> " ROMEO " [File: " what ". It cannot be passed on " \
    "because " why ".]\n"

/* G363-04, G363-06: why it is not here, and never an address of the network's. */
Test(transfer, of_the_network_that_cannot_be_passed_is_told_G363_06)
{
    static const struct {
        struct sj_file f;
        const char *note;
    } at_once[] = {
        {{.name = "cat.png", .key = "k1"},
         NOTE("cat.png", "the network does not tell its size")},
        {{.name = "cat.png", .key = "k1", .size = 1000001},
         NOTE("cat.png, 976.5 KiB", "it is larger than this gateway passes on")},
        {{.name = "cat.png", .url = "mxc://secret-token", .size = 5},
         NOTE("cat.png, 5 bytes", "the network did not hand it over")},
        {{.name = "cat.png", .size = 5},
         NOTE("cat.png, 5 bytes", "the network did not hand it over")},
    };
    struct world *w = start();

    for (size_t i = 0; i < sizeof at_once / sizeof at_once[0]; i++) {
        files_says(w, "juliet", &at_once[i].f, "");
        EXPECT(w, at_once[i].note);
    }
    files_says(w, "juliet", &network_file, "a kitten");
    world_clear(w);
    files_no_slot(w, files_ticket(), SJ_LIMIT, 2048, "it is larger than your server takes");
    EXPECT(w, "message juliet -> " ROMEO " [File: cat.png, 6 bytes. It cannot be passed on because "
              "it is larger than your server takes (2.0 KiB).]\na kitten\n");
    files_says(w, "juliet", &network_file, "");
    world_clear(w);
    files_refuse(SJ_DENIED);
    files_slot(w, files_ticket(), "https://up.test/p", GOT);
    EXPECT(w, NOTE("cat.png, 6 bytes", "your server did not take it"));
    world_free(w);
}

/* The same while bytes pass. */
Test(transfer, of_the_network_that_breaks_is_told)
{
    static const char *const why[] = {
        "your server did not take it", "your server did not take it",
        "the network did not hand it over", "the network handed over only a part of it",
        "it is larger than the network said", "your server took only a part of it",
        "it was damaged on the way", "the network did not hand it over",
        "it did not get through in time",
    };
    static const uint8_t wrong[32] = {1};

    for (size_t i = 0; i < sizeof why / sizeof why[0]; i++) {
        struct world *w = start();
        struct sj_file f = network_file;
        char note[300];
        if (i == 6)
            f.sha256 = wrong;
        if (i == 7)
            f.key = "refused";
        files_says(w, "juliet", &f, "");
        files_slot(w, 1, "https://up.test/p", GOT);
        files_room(w, 1, 100);
        if (i == 0)
            files_done(w, 1, 0, SJ_UNREACHABLE);
        if (i == 1)
            files_done(w, 1, 403, SJ_OK);
        if (i == 2)
            files_op_done(w, w->op, SJ_REMOTE);
        if (i != 7 && i > 2)
            files_chunk(w, w->op, "abc");
        if (i == 3)
            files_op_done(w, w->op, SJ_OK);
        if (i == 4)
            files_chunk(w, w->op, "defg");
        if (i == 5)
            files_done(w, 1, 201, SJ_OK);
        if (i == 6) {
            files_chunk(w, w->op, "def");
            files_op_done(w, w->op, SJ_OK);
            files_done(w, 1, 201, SJ_OK);
        }
        if (i == 8)
            world_advance(w, 2 * TRANSFER_STALL_MS);
        snprintf(note, sizeof note, NOTE("cat.png, 6 bytes", "%s"), why[i]);
        cr_expect_not_null(strstr(world_lines(w), note), "way %zu", i);
        files_op_done(w, w->op, SJ_CANCELED);
        world_advance(w, 130000);
        EXPECT(w, "");
        world_free(w);
    }
}

Test(transfer, of_the_network_ends_with_the_link_unless_all_was_read)
{
    struct world *w = start();

    files_says(w, "nurse", &network_file, "");
    files_slot(w, files_ticket(), "https://up.test/p", GOT);
    files_room(w, 1, 100);
    files_chunk(w, w->op, "abcdef");
    files_op_done(w, w->op, SJ_OK);
    files_says(w, "juliet", &network_file, "");
    w->connect_waits = true;
    world_clear(w);
    world_down(w, SJ_END_CLOSED);
    EXPECT(w, NOTE("cat.png, 6 bytes", "the connection to the network ended")
              "forget #2\n"
              "presence G -> " ROMEO " offline the network closed the connection\n"
              "error-presence G -> " ROMEO " no live link\n");
    files_done(w, 1, 201, SJ_OK);
    EXPECT(w, "file nurse -> " ROMEO " " GOT " cat.png 6 sha256\n");
    world_free(w);
}

/* DESIGN §4 */
Test(transfer, what_a_contact_says_after_it_waits_a_while)
{
    struct world *w = start();

    files_says(w, "juliet", &network_file, "");
    files_says(w, "juliet", &network_file, "second");
    world_says(w, "juliet", "after");
    world_says(w, "nurse", "at once");
    EXPECT(w, "slot " ROMEO " cat.png image/png 6 #1\nmessage nurse -> " ROMEO " at once\n");
    files_no_slot(w, 1, SJ_DENIED, 0, "no");
    EXPECT(w, NOTE("cat.png, 6 bytes", "no") "slot " ROMEO " cat.png image/png 6 #2\n");
    world_advance(w, TRANSFER_ORDER_MS + 100);
    EXPECT(w, "message juliet -> " ROMEO " after\n");
    files_slot(w, 2, "https://up.test/p", GOT);
    files_room(w, 1, 100);
    files_chunk(w, w->op, "abcdef");
    files_op_done(w, w->op, SJ_OK);
    world_clear(w);
    files_done(w, 1, 201, SJ_OK);
    EXPECT(w, "file juliet -> " ROMEO " " GOT " cat.png 6 sha256\n"
              "message juliet -> " ROMEO " second\n");
    world_free(w);
}

/* DESIGN §7: much talk behind a file goes ahead of it before anything is lost. */
Test(transfer, too_much_talk_behind_it_goes_ahead)
{
    struct world *w = start();
    unsigned n = 0;

    files_says(w, "juliet", &network_file, "");
    world_clear(w);
    for (int i = 0; i < 300; i++)
        world_says(w, "juliet", "x");
    for (const char *at = world_lines(w); (at = strstr(at, "message juliet")) != NULL; at++)
        n++;
    cr_expect_eq(n, 300u);
    world_free(w);
}

/* DESIGN §7: a few at once for a user, a bounded number waits, the rest is told. */
Test(transfer, many_of_one_user_are_bounded)
{
    struct world *w = start();
    unsigned slots = 0, notes = 0;
    char peer[16];

    for (unsigned i = 0; i < TRANSFERS_SESSION_MAX + 10; i++) {
        snprintf(peer, sizeof peer, "p%u", i);
        files_says(w, peer, &network_file, "");
    }
    for (const char *at = world_lines(w); *at; at = strchr(at, '\n') + 1) {
        slots += strncmp(at, "slot ", 5) == 0;
        notes += strstr(at, "too many files") != NULL && strncmp(at, "message ", 8) == 0;
    }
    cr_expect_eq(slots, TRANSFERS_SESSION_RUNNING_MAX);
    cr_expect_eq(notes, 10u);            /* the limit itself is allowed */
    cr_expect_eq(transfers_counts(w->sessions).waiting,
                 TRANSFERS_SESSION_MAX - TRANSFERS_SESSION_RUNNING_MAX);
    files_no_slot(w, 1, SJ_DENIED, 0, "no");
    cr_expect_not_null(strstr(world_lines(w), "slot "));
    world_free(w);
}

/* Unregistering: nothing stays behind; the user's own message gets its error. */
Test(transfer, nothing_is_left_when_the_user_unregisters)
{
    struct world *w = start();
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};
    const char *lines;

    files_says(w, "juliet", &network_file, "");
    files_send(w, "nurse", &link_file, URL);
    world_clear(w);
    cr_expect_eq(w->in->register_remove(w->sessions, &from, 9, &err), SJ_OK);
    world_advance(w, 20);
    lines = world_lines(w);
    cr_expect_not_null(strstr(lines, "forget #1\n"), "%s", lines);
    cr_expect_not_null(strstr(lines, "http 1 cancel\n"), "%s", lines);
    cr_expect_not_null(strstr(lines, "error-message nurse -> " ROMEO "/r i1 not registered\n"),
                       "%s", lines);
    world_free(w);
}

/* Whoever waits for the turn of somebody whose files go gets it at once. */
Test(transfer, of_others_goes_on_when_a_user_unregisters)
{
    static const char *const users[] = {ROMEO, "mercutio@example.org"};
    struct world *w = world_new(CAPS_FILES);
    struct xmpp_from from;
    struct sj_error err = {.status = SJ_OK};

    world_files_at_once(1);
    for (unsigned i = 0; i < 2; i++) {
        struct xmpp_message_in m = {.peer = "juliet", .body = URL, .file = &link_file};

        world_register(w, users[i], "nick", 1);
        m.from = world_from(users[i], "r");
        cr_assert_eq(w->in->message(w->sessions, &m, &err), SJ_OK);
        world_run(w);
    }
    cr_expect_eq(transfers_counts(w->sessions).waiting, 1u);
    cr_expect_null(strstr(world_lines(w), "http 2"));
    from = world_from(ROMEO, "r");
    cr_assert_eq(w->in->register_remove(w->sessions, &from, 9, &err), SJ_OK);
    world_run(w);
    cr_expect_not_null(strstr(world_lines(w), "http 2 get " URL "\n"));
    world_free(w);
}

/* Hostile or late: events about what is not there, of another session, or not asked for. */
Test(transfer, events_out_of_place_change_nothing)
{
    struct world *w = start();

    files_wants(w, 77, 10);
    files_chunk(w, 77, "abc");
    files_op_done(w, 77, SJ_OK);
    files_slot(w, 77, "https://up.test/p", GOT);
    EXPECT(w, "");
    files_says(w, "juliet", &network_file, "");
    files_slot(w, 1, "https://up.test/p", GOT);
    files_slot(w, 1, "https://up.test/p2", GOT);
    files_room(w, 1, 2);
    world_clear(w);
    files_wants(w, w->op, 10);
    files_chunk(w, w->op, "abc");
    files_chunk(w, w->op, "not asked for");
    EXPECT(w, "http 1 body ab\n");
    files_chunk_n(w, w->op, 100000);
    EXPECT(w, "");
    world_free(w);
}

/* A user who is free does not wait for one who fills all turns; those are kept a while each. */
Test(transfer, of_all_users_are_bounded)
{
    struct world *w = start();
    char peer[16];

    for (unsigned i = 0; i < 4; i++) {
        snprintf(peer, sizeof peer, "p%u", i);
        files_send(w, peer, &link_file, URL);
    }
    cr_expect_eq(transfers_counts(w->sessions).running, 4u);
    files_send(w, "p9", &link_file, URL);
    cr_expect_eq(transfers_counts(w->sessions).running, 4u);
    cr_expect_eq(transfers_counts(w->sessions).waiting, 1u);
    world_free(w);
}

/* ---- rooms ---- */

static void room_says(struct world *w, const struct sj_file *f, const char *caption)
{
    const struct sj_message m = {.peer = "#a", .nick = "juliet", .in_room = true, .body = caption,
                                 .id = "n1", .file = f};

    w->link->host->message(w->link, &m);
    world_run(w);
}

/* GFIL-02: in a room, too, a place is asked for; what is said meanwhile does not wait. */
Test(transfer, of_a_room_is_said_when_it_can_be_fetched_GFIL_02)
{
    struct world *w = wroom_ready(CAPS_FILES, "@juliet");

    room_says(w, &network_file, "a kitten");
    EXPECT(w, "slot " ROMEO " cat.png image/png 6 #1\n");
    wroom_says(w, "#a", "juliet", "meanwhile", "n2");
    cr_expect_not_null(strstr(world_lines(w), "meanwhile"));
    files_slot(w, 1, "https://up.test/p", GOT);
    files_room(w, 1, 10);
    files_chunk(w, w->op, "abcdef");
    files_op_done(w, w->op, SJ_OK);
    world_clear(w);
    files_done(w, 1, 201, SJ_OK);
    const char *lines = world_lines(w);
    const char *at = strstr(lines, GOT);
    cr_expect_not_null(at, "%s", lines);
    cr_expect(at && strstr(at, "a kitten"), "%s", lines);
    cr_expect_eq(transfers_counts(w->sessions).passed_in, 1u);
    world_free(w);
}

/* Without a place it is told, and who has left the room hears nothing of it. */
Test(transfer, of_a_room_that_cannot_be_passed_is_told_or_nobody_is_there)
{
    struct world *w = wroom_ready(CAPS_FILES, "@juliet");
    struct sj_file f = network_file;

    f.size = 0;
    room_says(w, &f, "");
    cr_expect_not_null(strstr(world_lines(w), "fetched over there only"), "%s", world_lines(w));
    room_says(w, &network_file, "");
    world_clear(w);
    files_slot(w, 1, "https://up.test/p", GOT);
    wroom_leave(w, "r", "#a", NULL);
    world_clear(w);
    files_done(w, 1, 500, SJ_OK);
    EXPECT(w, "");
    world_free(w);
}

/* To everybody in the room #a, by romeo/r. */
static enum sj_status room_shares(struct world *w, const struct xmpp_file *f, const char *body)
{
    struct xmpp_message_in m = {.from = {.user = ROMEO, .resource = "r", .full = ROMEO "/r",
                                         .id = "m1"},
                                .peer = "#a", .in_room = true, .body = body, .file = f};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->message(w->sessions, &m, &err);

    world_run(w);
    return status;
}

static void room_shows_again(struct world *w, const char *caption)
{
    const struct sj_message m = {.peer = "#a", .nick = "me", .in_room = true, .body = caption,
                                 .id = "n1", .echo = w->op, .file = &network_file};

    w->link->host->message(w->link, &m);
    w->link->host->op_done(w->link, w->op, NULL);
    world_run(w);
}

/* GFIL-10: into a room it goes as to a person; what the user says behind it waits, and it comes
 * back as the client sent it (G045-52). */
Test(transfer, of_the_user_streams_into_a_room_GFIL_10)
{
    for (unsigned with = 0; with < 2; with++) {
        struct world *w = wroom_ready(CAPS_FILES, "@juliet");
        struct xmpp_file f = link_file;
        f.caption = with ? "a kitten" : NULL;
        cr_expect_eq(room_shares(w, &f, with ? "a kitten " URL : URL), SJ_OK);
        EXPECT(w, "http 1 get " URL "\n");
        wroom_send(w, "r", "#a", NULL, "behind it", "m2");
        EXPECT(w, "");
        files_head(w, 1, 200, "image/png", 3);
        cr_expect_str_eq(world_lines(w), with ? "net file #a cat.png image/png 3 a kitten\n"
                                              : "net file #a cat.png image/png 3\n");
        files_data(w, 1, "abc");
        files_done(w, 1, 200, SJ_OK);
        files_wants(w, w->op, 100);
        files_wants(w, w->op, 100);
        world_clear(w);
        room_shows_again(w, with ? "a kitten" : "");
        const char *lines = world_lines(w);
        cr_expect_not_null(strstr(lines, with ? "a kitten " URL : "file #a -> " ROMEO "/r " URL),
                           "%s", lines);
        cr_expect_not_null(strstr(lines, "behind it"), "%s", lines);
        cr_expect_null(strstr(lines, "over there only"), "%s", lines);
        cr_expect_eq(transfers_counts(w->sessions).passed_out, 1u);
        world_free(w);
    }
}

/* What cannot be fetched goes as its link; what the room refuses in any form is one error of the
 * room's, with the message's id (G100-44). */
Test(transfer, of_the_user_into_a_room_that_fails_goes_as_text_or_is_refused)
{
    for (unsigned way = 0; way < 2; way++) {
        struct world *w = wroom_ready(CAPS_FILES, "@juliet");
        struct sj_error gone = {.status = SJ_NOTFOUND, .text = "you are in this room no longer"};
        room_shares(w, &link_file, URL);
        world_clear(w);
        if (way == 0) {
            files_head(w, 1, 404, NULL, 0);
            cr_expect_str_eq(world_lines(w), "http 1 cancel\nnet send #a " URL "\n");
        } else {
            files_head(w, 1, 200, "image/png", 3);
            files_data(w, 1, "abc");
            files_done(w, 1, 200, SJ_OK);
            files_wants(w, w->op, 100);
            files_wants(w, w->op, 100);
            world_clear(w);
            w->messages_wait = true;
            w->link->host->op_done(w->link, w->op, &gone);
            world_run(w);
            w->link->host->op_done(w->link, w->op, &gone);
            world_run(w);
            const char *lines = world_lines(w);
            cr_expect_not_null(strstr(lines, "error-room #a -> " ROMEO "/r m1"), "%s", lines);
        }
        world_free(w);
    }
}
