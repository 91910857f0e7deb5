/* SPDX-License-Identifier: MPL-2.0 */
/* The one way out: whatever goes in, what comes out cannot harm the stream. */
#include <criterion/criterion.h>

#include "output.h"
#include "peer.h"
#include "sojourn/memory.h"
#include "stanza.h"
#include "stream.h"

#define HOST "irc.example.org"
static struct output o;

static void setup(void)
{
    output_init(&o, 10000);
}

static void teardown(void)
{
    output_release(&o);
}

TestSuite(output, .init = setup, .fini = teardown);

static enum sj_status format_body(const char *from, const char *to, const char *body,
                                  const char **text)
{
    size_t n = 0;
    xmpp_stanza_t *st = stanza_new(o.ctx, "message", "chat", "i");
    stanza_set(st, "from", from);
    stanza_set(st, "to", to);
    stanza_add_with_text(st, "body", body);
    enum sj_status status = output_format(&o, HOST, st, text, &n);
    xmpp_stanza_release(st);
    if (status == SJ_OK)
        cr_expect_eq(strlen(*text), n);
    return status;
}

/* R6120-11, R6120-12. */
Test(output, repairs_texts)
{
    static const struct {
        const char *body, *sent;
    } rows[] = {
        {"plain", "plain"},
        {"<b> & \"q\" 'a' ]]>", "&lt;b&gt; &amp; &quot;q&quot; 'a' ]]&gt;"},
        {"tab\tline\nend", "tab\tline\nend"},
        {"a\x03" "b\x1f" "c\x7f", "abc\x7f"},
        {"\x01\x02", ""},
        {"bad\xff" "byte", "bad\xef\xbf\xbd" "byte"},
        {"cut\xe2\x82", "cut\xef\xbf\xbd\xef\xbf\xbd"},
        {"over\xc0\xaf" "long", "over\xef\xbf\xbd\xef\xbf\xbdlong"},
        {"sur\xed\xa0\x80rogate", "sur\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdrogate"},
        {"non\xef\xbf\xbe\xef\xbf\xbf" "char", "nonchar"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xd0\xb8 \xe2\x82\xac \xf0\x9f\x98\x80", "\xd0\xb8 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xef\xbb\xbf" "bom", "\xef\xbb\xbf" "bom"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = NULL;
        cr_assert_eq(format_body("a@" HOST, "u@x", rows[i].body, &text), SJ_OK);
        char expected[256];
        snprintf(expected, sizeof expected, "*<body>%s</body>*", rows[i].sent);
        cr_expect(peer_match(expected, text), "row %zu: %s", i, text);
    }
}

/* Attributes are texts too. */
Test(output, repairs_attributes)
{
    const char *text = NULL;
    size_t n = 0;
    xmpp_stanza_t *st = stanza_new(o.ctx, "iq", "set", "a\x02<'\">\xff");
    stanza_set(st, "from", HOST);
    stanza_set(st, "to", "u@x/r");
    cr_assert_eq(output_format(&o, HOST, st, &text, &n), SJ_OK);
    cr_expect_not_null(strstr(text, "id=\"a&lt;'&quot;&gt;\xef\xbf\xbd\""), "%s", text);
    xmpp_stanza_release(st);
}

/* G114-05. */
Test(output, refuses_a_from_that_is_not_ours)
{
    static const struct {
        const char *from;
        enum sj_status status;
    } rows[] = {
        {HOST, SJ_OK},
        {"a@" HOST, SJ_OK},
        {"a@" HOST "/r@x/y", SJ_OK},
        {HOST "/r", SJ_OK},
        {NULL, SJ_INVALID},
        {"", SJ_INVALID},
        {"example.org", SJ_INVALID},
        {"a@example.org", SJ_INVALID},
        {"a@x." HOST, SJ_INVALID},
        {"x" HOST, SJ_INVALID},
        {HOST ".", SJ_INVALID},
        {HOST "x", SJ_INVALID},
        {"@" HOST, SJ_INVALID},
        {"a@b@" HOST, SJ_INVALID},
        {"example.org/a@" HOST, SJ_INVALID},
        {"IRC.example.org", SJ_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = NULL;
        cr_expect_eq(format_body(rows[i].from, "u@x", "b", &text), rows[i].status, "row %zu", i);
    }
}

/* G114-05. */
Test(output, refuses_a_to_that_is_no_address)
{
    static const struct {
        const char *to;
        enum sj_status status;
    } rows[] = {
        {"x", SJ_OK},        {"u@x", SJ_OK},       {"u@x/r s", SJ_OK},    {NULL, SJ_INVALID},
        {"", SJ_INVALID},    {"@x", SJ_INVALID},   {"u@", SJ_INVALID},    {"/r", SJ_INVALID},
        {"u@/r", SJ_INVALID},  {"u x@y", SJ_INVALID},   {"u@x\n", SJ_INVALID},
        {"u@x/\x01", SJ_INVALID},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = NULL;
        cr_expect_eq(format_body(HOST, rows[i].to, "b", &text), rows[i].status, "row %zu", i);
    }
}

/* R6120-27. */
Test(output, caps_the_size)
{
    static char body[20001];
    const char *text = NULL;
    memset(body, 'x', 9800);
    cr_expect_eq(format_body(HOST, "u@x", body, &text), SJ_OK);
    memset(body, 'x', 20000);
    cr_expect_eq(format_body(HOST, "u@x", body, &text), SJ_LIMIT);
    /* within the cap before repair, beyond it after */
    memset(body, 0xff, 9000);
    body[9000] = '\0';
    cr_expect_eq(format_body(HOST, "u@x", body, &text), SJ_LIMIT);
    cr_expect_eq(format_body(HOST, "u@x", "small", &text), SJ_OK);
}

static void never(void *arg, xmpp_stanza_t *st, bool cut)
{
    (void)st;
    *(bool *)arg = !cut;
}

static void nothing(void *arg)
{
    (void)arg;
}

static void opened(void *arg, const char *id)
{
    (void)arg, (void)id;
}

/* Whatever bytes a network sends, our own parser takes the result. */
Test(output, makes_well_formed_stanzas_of_any_bytes)
{
    static const struct stream_events events = {opened, never, nothing};
    uint32_t seed = 12345;
    for (int round = 0; round < 3000; round++) {
        char body[64];
        size_t n = 0;
        while (n < sizeof body - 1) {
            seed = seed * 1664525u + 1013904223u;
            static const char spice[] = "<>&\"'/]\xef\xbf\xbe\xed\xa0\xf0\x9f\xc3\x01\x1f\x7f";
            body[n++] = seed >> 31 ? spice[(seed >> 8) % (sizeof spice - 1)]
                                   : (char)((seed >> 16) % 255 + 1);
        }
        body[n] = '\0';
        const char *text = NULL;
        cr_assert_eq(format_body("a@" HOST, "u@x", body, &text), SJ_OK);
        bool whole = false;
        struct stream *s = stream_new(&events, &whole);
        static const char header[] = "<s:stream xmlns:s='http://etherx.jabber.org/streams'>";
        cr_assert_null(stream_feed(s, header, sizeof header - 1));
        cr_assert_null(stream_feed(s, text, strlen(text)), "%s", text);
        cr_assert(whole);
        stream_free(&s);
    }
}

/* G114-07. */
Test(output, makes_ids_that_do_not_repeat)
{
    char ids[400][OUTPUT_ID_SIZE];
    for (size_t i = 0; i < 400; i++) {
        output_new_id(ids[i]);
        cr_expect_eq(strlen(ids[i]), OUTPUT_ID_SIZE - 1);
        for (size_t k = 0; k < i; k++)
            cr_assert_str_neq(ids[i], ids[k]);
    }
}

Test(output, derives_stable_ids_from_every_part)
{
    static const struct {
        const char *secret, *parts[2];
    } rows[] = {
        {"s", {"a", "b"}}, {"t", {"a", "b"}}, {"s", {"ab", ""}}, {"s", {"", "ab"}},
        {"s", {"b", "a"}},
    };
    char ids[5][OUTPUT_STABLE_ID_SIZE];
    char again[OUTPUT_STABLE_ID_SIZE];
    for (size_t i = 0; i < 5; i++) {
        output_stable_id(&o, ids[i], rows[i].secret, rows[i].parts, 2);
        output_stable_id(&o, again, rows[i].secret, rows[i].parts, 2);
        cr_expect_str_eq(ids[i], again);
        for (size_t k = 0; k < i; k++)
            cr_expect_str_neq(ids[i], ids[k]);
    }
}
