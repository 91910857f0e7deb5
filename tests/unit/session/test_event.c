/* SPDX-License-Identifier: MPL-2.0 */
/* Events of rooms as bytes: what is written is read again, and nothing else is. */
#include <criterion/criterion.h>
#include <string.h>

#include "event.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

static void encode(const struct event *e, struct sj_strbuf *out)
{
    sj_strbuf_init(out, 1 << 20);
    event_encode(e, out);
    cr_assert(sj_strbuf_ok(out));
}

/* A copy of the very size, so that sanitizers see a read past the end. */
static bool decodes(const void *p, size_t n)
{
    uint8_t *copy = sj_malloc(n ? n : 1);
    struct event e;
    bool read;

    memcpy(copy, p, n);
    read = event_decode(&e, copy, n);
    event_is_said(copy, n);
    sj_free(copy);
    return read;
}

static void same_texts(const struct event *a, const struct event *b)
{
    for (unsigned i = 0; i < EVENT_TEXTS; i++) {
        cr_expect_eq(a->text[i] == NULL, b->text[i] == NULL, "text %u", i);
        if (a->text[i] && b->text[i])
            cr_expect_str_eq(a->text[i], b->text[i], "text %u", i);
    }
}

Test(event, reads_what_it_wrote)
{
    static const uint8_t sha256[SJ_DIGEST_SHA256_SIZE] = {1, 2, 3};
    struct event e = {.kind = EVENT_MESSAGE, .flags = EVENT_ACTION | EVENT_OWN,
                      .reactions = {"\xe2\x9d\xa4", "+"}, .n_reactions = 2,
                      .size = UINT64_C(0x123456789a), .width = 3, .height = UINT32_MAX,
                      .length_ms = 5, .sha256 = sha256, .at = 7};
    struct sj_strbuf bytes;
    struct event out;

    for (unsigned i = 0; i < EVENT_TEXTS; i++)
        e.text[i] = i % 3 ? "text" : "";
    encode(&e, &bytes);
    cr_assert(event_decode(&out, bytes.s, bytes.len));
    same_texts(&e, &out);
    cr_expect_eq(out.kind, EVENT_MESSAGE);
    cr_expect_eq(out.flags, e.flags);
    cr_expect_eq(out.size, e.size);
    cr_expect_eq(out.width, 3);
    cr_expect_eq(out.height, UINT32_MAX);
    cr_expect_eq(out.length_ms, 5);
    cr_expect_arr_eq(out.sha256, sha256, sizeof sha256);
    cr_assert_eq(out.n_reactions, 2);
    cr_expect_str_eq(out.reactions[0], e.reactions[0]);
    cr_expect_str_eq(out.reactions[1], "+");
    cr_expect_eq(out.at, 0, "times are the archive's");
    sj_strbuf_release(&bytes);
}

Test(event, reads_only_what_can_be_shown)
{
    static const struct {
        struct event e;
        bool whole, said;
    } rows[] = {
        {{.kind = EVENT_MESSAGE, .text = {[EVENT_BODY] = "b", [EVENT_ID] = "i"}}, true, true},
        {{.kind = EVENT_MESSAGE, .text = {[EVENT_BODY] = "b", [EVENT_ID] = "i"},
          .flags = EVENT_RETRACTED}, true, false},
        {{.kind = EVENT_MESSAGE, .text = {[EVENT_BODY] = "b"}}, false, true},
        {{.kind = EVENT_MESSAGE, .text = {[EVENT_ID] = "i"}}, false, true},
        {{.kind = EVENT_WHISPER, .text = {[EVENT_BODY] = "b", [EVENT_ID] = "i"}}, true, false},
        {{.kind = EVENT_WHISPER, .text = {[EVENT_BODY] = "b"}}, false, false},
        {{.kind = EVENT_MARK, .mark = XMPP_MARK_REACTIONS, .text = {[EVENT_TARGET] = "t"}}, true,
         false},
        {{.kind = EVENT_MARK, .mark = XMPP_MARK_RETRACTED, .text = {[EVENT_TARGET] = "t"}}, true,
         false},
        {{.kind = EVENT_MARK, .mark = XMPP_MARK_DISPLAYED, .text = {[EVENT_TARGET] = "t"}}, false,
         false},
        {{.kind = EVENT_MARK, .mark = XMPP_MARK_REACTIONS}, false, false},
        {{.kind = EVENT_SUBJECT, .text = {[EVENT_BODY] = ""}}, true, false},
        {{.kind = EVENT_SUBJECT}, false, false},
        {{.kind = EVENT_HOLE}, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sj_strbuf bytes;
        struct event out;
        encode(&rows[i].e, &bytes);
        cr_expect_eq(event_decode(&out, bytes.s, bytes.len), rows[i].whole, "row %zu", i);
        cr_expect_eq(event_is_said(bytes.s, bytes.len), rows[i].said, "row %zu", i);
        sj_strbuf_release(&bytes);
    }
}

#define HEAD "\1\1\0\0\0\0\0"            /* a message */
#define BODY "\3\0\0\0\1b\0"
#define ID "\4\0\0\0\1i\0"
#define SIZED(text) {text, sizeof text - 1}

Test(event, refuses_what_is_no_event)
{
    static const struct {
        const char *bytes;
        size_t n;
    } rows[] = {
        SIZED(""),
        SIZED("\1\1\0\0\0\0"),
        SIZED("\2\1\0\0\0\0\0" BODY ID),         /* a later version */
        SIZED("\1\0\0\0\0\0\0" BODY ID),         /* kinds */
        SIZED("\1\6\0\0\0\0\0" BODY ID),
        SIZED("\1\1\4\0\0\0\0" BODY ID),         /* mark */
        SIZED(HEAD BODY "\4\0\0\0\1i"),          /* no NUL behind it */
        SIZED(HEAD BODY "\4\0\0\0\1ii"),
        SIZED(HEAD BODY "\4\0\0\0\2i\0"),        /* longer than there is */
        SIZED(HEAD BODY "\4\xff\xff\xff\xff" "i\0"),
        SIZED(HEAD BODY ID "\5\0\0\0"),          /* half a field */
        SIZED(HEAD BODY ID "\5"),
        SIZED(HEAD BODY "\4\0\0\0\3i\0i\0"),     /* a NUL inside */
        SIZED(HEAD ID BODY),                     /* not ascending */
        SIZED(HEAD BODY BODY ID),                /* twice */
        SIZED(HEAD BODY ID "\21\0\0\0\1x\0"),    /* tags that are none */
        SIZED(HEAD BODY ID "\77\0\0\0\1x\0"),
        SIZED(HEAD BODY ID "\103\0\0\0\1x\0"),
        SIZED(HEAD BODY ID "\100\0\0\0\1x\0"),   /* numbers, digest of another length */
        SIZED(HEAD BODY ID "\101\0\0\0\1x\0"),
    };
    cr_assert(decodes(HEAD BODY ID, sizeof HEAD BODY ID - 1));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_not(decodes(rows[i].bytes, rows[i].n), "row %zu", i);
}

Test(event, bounds_how_many_reactions_it_reads)
{
    struct sj_strbuf bytes;

    sj_strbuf_init(&bytes, 1 << 16);
    sj_strbuf_add(&bytes, HEAD BODY ID, sizeof HEAD BODY ID - 1);
    for (unsigned i = 0; i < SJ_REACTIONS_MAX; i++)
        sj_strbuf_add(&bytes, "\102\0\0\0\1+\0", 7);
    cr_expect(decodes(bytes.s, bytes.len));
    sj_strbuf_add(&bytes, "\102\0\0\0\1+\0", 7);
    cr_expect_not(decodes(bytes.s, bytes.len));
    sj_strbuf_release(&bytes);
}

/* Of every event the head of it is one, or is not: never a read beyond it. */
Test(event, refuses_what_was_cut)
{
    static const uint8_t sha256[SJ_DIGEST_SHA256_SIZE] = {9};
    const struct event e = {.kind = EVENT_MESSAGE,
                            .text = {[EVENT_BODY] = "hark", [EVENT_ID] = "1",
                                     [EVENT_URL] = "https://example.org/a"},
                            .sha256 = sha256, .reactions = {"+"}, .n_reactions = 1};
    struct sj_strbuf bytes;
    unsigned whole = 0;

    encode(&e, &bytes);
    for (size_t n = 0; n < bytes.len; n++)
        whole += decodes(bytes.s, n);
    cr_expect_eq(whole, 4, "it may end behind a field only");
    sj_strbuf_release(&bytes);
}
