/* SPDX-License-Identifier: MPL-2.0 */
/* Bytes to trees: every cut point, every limit, everything that is refused. */
#include <criterion/criterion.h>

#include "peer.h"
#include "sojourn/memory.h"
#include "stream.h"

#define HEADER                                                                                     \
    "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "                         \
    "xmlns:stream='http://etherx.jabber.org/streams' id='a&lt;b' from='x'>"

struct seen {
    struct sj_strbuf text;      /* "open(id) <stanza/> cut(name id) closed", in order */
    struct stream *stream;
    bool halts, wipes;
};

static void on_opened(void *arg, const char *id)
{
    sj_strbuf_addf(&((struct seen *)arg)->text, "open(%s) ", id != NULL ? id : "-");
}

static void on_stanza(void *arg, xmpp_stanza_t *st, bool cut)
{
    struct seen *s = arg;
    if (cut) {
        const char *id = xmpp_stanza_get_id(st);
        sj_strbuf_addf(&s->text, "cut(%s %s) ", xmpp_stanza_get_name(st), id != NULL ? id : "-");
    } else {
        peer_canon(&s->text, st, NULL);
        sj_strbuf_addc(&s->text, ' ');
    }
    if (s->halts)
        stream_halt(s->stream);
    if (s->wipes)
        stream_wipe(s->stream);
}

static void on_closed(void *arg)
{
    sj_strbuf_adds(&((struct seen *)arg)->text, "closed ");
}

static const struct stream_events events = {
    .opened = on_opened,
    .stanza = on_stanza,
    .closed = on_closed,
};

static void seen_init(struct seen *s)
{
    sj_strbuf_init(&s->text, 64 << 20);
    s->stream = stream_new(&events, s);
    s->halts = s->wipes = false;
}

static void seen_release(struct seen *s)
{
    stream_free(&s->stream);
    sj_strbuf_release(&s->text);
}

static const char *feed(struct seen *s, const char *text)
{
    return stream_feed(s->stream, text, strlen(text));
}

static void expect(const char *input, const char *error, const char *seen)
{
    struct seen s;
    seen_init(&s);
    const char *got = feed(&s, input);
    cr_expect_str_eq(got != NULL ? got : "ok", error != NULL ? error : "ok", "%s: %s", input,
                     got != NULL ? got : "ok");
    cr_expect_str_eq(s.text.s, seen);
    seen_release(&s);
}

static const char sample[] =
    HEADER "<handshake/>\n \n<message xml:lang='de' to='a@b' from='c@d/\xc3\xa4' id='1'>"
           "<body>x &lt;&amp;&gt; &#x263a; \xe2\x82\xac</body>"
           "<body xml:lang='en'><![CDATA[<y/>]]></body>"
           "<x:y xmlns:x='urn:x'><z xmlns='' k='v'/><x:z/>mixed<q/>text</x:y><!-- no --></message>"
           "<iq type='get'><query xmlns='urn:q'/></iq></stream:stream>";
static const char sample_seen[] =
    "open(a<b) <handshake/> <message from='c@d/\xc3\xa4' id='1' to='a@b' xml:lang='de'>"
    "<body>x <&> \xe2\x98\xba \xe2\x82\xac</body><body xml:lang='en'><y/></body>"
    "<y xmlns='urn:x'><z k='v' xmlns=''/><z/>mixed<q xmlns='jabber:component:accept'/>text</y>"
    "</message> <iq type='get'><query xmlns='urn:q'/></iq> closed ";

/* R6120-13. */
Test(stream, builds_trees)
{
    expect(sample, NULL, sample_seen);
}

Test(stream, gives_the_same_trees_wherever_the_bytes_are_cut)
{
    size_t n = sizeof sample - 1;
    for (size_t cut = 0; cut <= n; cut++) {
        struct seen s;
        seen_init(&s);
        cr_assert_null(stream_feed(s.stream, sample, cut));
        cr_assert_null(stream_feed(s.stream, sample + cut, n - cut));
        cr_assert_str_eq(s.text.s, sample_seen, "cut at %zu", cut);
        seen_release(&s);
    }
}

Test(stream, gives_the_same_trees_byte_by_byte)
{
    struct seen s;
    seen_init(&s);
    for (size_t i = 0; i < sizeof sample - 1; i++)
        cr_assert_null(stream_feed(s.stream, sample + i, 1));
    cr_expect_str_eq(s.text.s, sample_seen);
    seen_release(&s);
}

/* A stanza is handed over with its last byte, not with the first of the next one. */
Test(stream, delays_nothing)
{
    struct seen s;
    seen_init(&s);
    feed(&s, HEADER "<message><body>a</body></messag");
    sj_strbuf_reset(&s.text);
    for (const char *p = "e>"; *p != '\0'; p++)
        cr_assert_null(stream_feed(s.stream, p, 1));
    cr_expect_str_eq(s.text.s, "<message><body>a</body></message> ");
    seen_release(&s);
}

Test(stream, refuses_what_xmpp_restricts)
{
    expect("<!DOCTYPE a [<!ENTITY b 'c'>]>" HEADER, "restricted-xml", "");
    expect("<!DOCTYPE a SYSTEM 'file:///etc/passwd'>" HEADER, "restricted-xml", "");
    expect(HEADER "<?php evil?>", "restricted-xml", "open(a<b) ");
    expect(HEADER "<m>&lol;</m>", "not-well-formed", "open(a<b) ");
    expect(HEADER "<!DOCTYPE a []>", "not-well-formed", "open(a<b) ");
    expect(HEADER "<a></b>", "not-well-formed", "open(a<b) ");
    expect(HEADER "<a>\x01</a>", "not-well-formed", "open(a<b) ");
    expect(HEADER "<a>\xff</a>", "not-well-formed", "open(a<b) ");
    expect(HEADER "<a>&#0;</a>", "not-well-formed", "open(a<b) ");
    expect(HEADER "<x:a/>", "not-well-formed", "open(a<b) ");
    expect("<stream xmlns='jabber:client'>", "invalid-namespace", "");
    expect("<html>", "invalid-namespace", "");
    expect("HTTP/1.1 400 Bad Request\r\n\r\n", "not-well-formed", "");
}

Test(stream, ignores_comments_and_keepalives)
{
    expect(HEADER " \n\t<!-- a -->text<a><!--b-->c<!--d-->e</a>", NULL, "open(a<b) <a>ce</a> ");
}

Test(stream, keeps_foreign_attributes_from_passing_for_ours)
{
    expect(HEADER "<a xmlns:e='urn:e' e:from='evil@x' from='good@x' xml:space='preserve'/>", NULL,
           "open(a<b) <a from='good@x'/> ");
}

/* The namespace separator of the parser cannot be smuggled in. */
Test(stream, takes_odd_namespaces)
{
    expect(HEADER "<a xmlns='urn:x&#10;y &#9; '/>", NULL, "open(a<b) <a xmlns='urn:x\ny \t '/> ");
    expect(HEADER "<a xmlns='urn:x&#1;y'/>", "not-well-formed", "open(a<b) ");
}

/* No element may be declared to be of the namespace of xml:lang: whoever wrote one out so would end
 * the stream. Its prefix is always there. */
Test(stream, keeps_the_prefix_of_xml)
{
    expect(HEADER "<a><xml:b c='d'><e/></xml:b></a>", NULL,
           "open(a<b) <a><xml:b c='d' xmlns=''><e xmlns='jabber:component:accept'/></xml:b></a> ");
    expect(HEADER "<a xmlns='http://www.w3.org/XML/1998/namespace'/>", "not-well-formed",
           "open(a<b) ");
}

/* ---- limits: the stanza is cut, the stream lives ---- */

static void expect_cut(struct sj_strbuf *stanza)
{
    struct seen s;
    seen_init(&s);
    cr_assert_null(feed(&s, HEADER));
    cr_assert_null(stream_feed(s.stream, stanza->s, stanza->len));
    cr_assert_null(feed(&s, "<iq id='2'/>"));
    cr_expect_str_eq(s.text.s, "open(a<b) cut(message 1) <iq id='2'/> ");
    seen_release(&s);
}

static void add_times(struct sj_strbuf *b, const char *text, size_t times)
{
    while (times-- > 0)
        sj_strbuf_adds(b, text);
}

Test(stream, cuts_a_stanza_that_is_too_deep)
{
    for (unsigned extra = 0; extra <= 3000; extra += 1500) {
        struct sj_strbuf b;
        sj_strbuf_init(&b, 64 << 20);
        sj_strbuf_adds(&b, "<message id='1'>");
        add_times(&b, "<a>", STREAM_DEPTH_MAX + extra);
        add_times(&b, "</a>", STREAM_DEPTH_MAX + extra);
        sj_strbuf_adds(&b, "</message>");
        expect_cut(&b);
        sj_strbuf_release(&b);
    }
}

Test(stream, takes_a_stanza_as_deep_as_allowed)
{
    struct seen s;
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 20);
    sj_strbuf_adds(&b, HEADER "<message>");
    add_times(&b, "<a>", STREAM_DEPTH_MAX - 1);
    add_times(&b, "</a>", STREAM_DEPTH_MAX - 1);
    sj_strbuf_adds(&b, "</message>");
    seen_init(&s);
    cr_assert_null(feed(&s, b.s));
    cr_expect_null(strstr(s.text.s, "cut"));
    seen_release(&s);
    sj_strbuf_release(&b);
}

Test(stream, ends_at_a_depth_that_costs_memory_to_skip)
{
    struct seen s;
    struct sj_strbuf b;
    sj_strbuf_init(&b, 64 << 20);
    sj_strbuf_adds(&b, HEADER);
    add_times(&b, "<a>", 2 * STREAM_SKIP_DEPTH_MAX);
    seen_init(&s);
    cr_expect_str_eq(feed(&s, b.s), "policy-violation");
    seen_release(&s);
    sj_strbuf_release(&b);
}

Test(stream, cuts_a_stanza_that_is_too_large)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 64 << 20);
    sj_strbuf_adds(&b, "<message id='1'><body>");
    add_times(&b, "0123456789abcde\n", STREAM_STANZA_MAX / 16 * 4);
    sj_strbuf_adds(&b, "</body></message>");
    expect_cut(&b);
    sj_strbuf_reset(&b);
    sj_strbuf_adds(&b, "<message id='1'>");
    add_times(&b, "<a b='0123456789012345678901234567890123456789'>", 600);
    add_times(&b, "</a>", 600);
    add_times(&b, "<!-- 0123456789012345678901234567890123456789 -->", 20000);
    sj_strbuf_adds(&b, "</message>");
    expect_cut(&b);
    sj_strbuf_release(&b);
}

Test(stream, takes_a_stanza_just_as_large_as_allowed)
{
    struct seen s;
    struct sj_strbuf b;
    sj_strbuf_init(&b, 64 << 20);
    sj_strbuf_adds(&b, HEADER "<message><body>");
    add_times(&b, "&lt;123456789abcd\n", 28000);
    sj_strbuf_adds(&b, "</body></message>");
    seen_init(&s);
    cr_assert_null(feed(&s, b.s));
    cr_expect_null(strstr(s.text.s, "cut"));
    cr_expect_gt(s.text.len, 28000 * 15);
    seen_release(&s);
    sj_strbuf_release(&b);
}

Test(stream, cuts_a_stanza_with_too_many_nodes_or_attributes)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 64 << 20);
    sj_strbuf_adds(&b, "<message id='1'>");
    add_times(&b, "<a/>", STREAM_CHILDREN_MAX + 1);
    sj_strbuf_adds(&b, "</message>");
    expect_cut(&b);
    sj_strbuf_reset(&b);
    sj_strbuf_adds(&b, "<message id='1'>");
    for (unsigned i = 0; i < STREAM_NODES_MAX / 4; i++)
        sj_strbuf_adds(&b, "<a>b<c/>d<e/></a>");
    sj_strbuf_adds(&b, "</message>");
    expect_cut(&b);
    sj_strbuf_reset(&b);
    sj_strbuf_adds(&b, "<message id='1'><a");
    for (unsigned i = 0; i <= STREAM_ATTRIBUTES_MAX; i++)
        sj_strbuf_addf(&b, " a%u='1'", i);
    sj_strbuf_adds(&b, "/></message>");
    expect_cut(&b);
    sj_strbuf_release(&b);
}

Test(stream, cuts_a_stanza_with_a_name_that_is_too_long)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 64 << 20);
    sj_strbuf_adds(&b, "<message id='1'><a xmlns='");
    add_times(&b, "0123456789", STREAM_NAME_MAX / 10 + 1);
    sj_strbuf_adds(&b, "'>");
    add_times(&b, "<b/>", 1000);
    sj_strbuf_adds(&b, "</a></message>");
    expect_cut(&b);
    sj_strbuf_reset(&b);
    sj_strbuf_adds(&b, "<message id='1'><");
    add_times(&b, "abcdefghij", STREAM_NAME_MAX / 10 + 1);
    sj_strbuf_adds(&b, "/></message>");
    expect_cut(&b);
    sj_strbuf_release(&b);
}

Test(stream, ends_at_one_tag_that_never_ends)
{
    struct seen s;
    struct sj_strbuf b;
    sj_strbuf_init(&b, 64 << 20);
    sj_strbuf_adds(&b, HEADER "<a b='");
    add_times(&b, "0123456789abcdef", STREAM_TOKEN_MAX / 16 + 8192);
    seen_init(&s);
    cr_expect_str_eq(feed(&s, b.s), "policy-violation");
    seen_release(&s);
    sj_strbuf_release(&b);
}

Test(stream, stops_at_once_when_halted)
{
    struct seen s;
    seen_init(&s);
    s.halts = true;
    cr_expect_null(feed(&s, HEADER "<a/><b/>"));
    cr_expect_null(feed(&s, "<c/>"));
    cr_expect_str_eq(s.text.s, "open(a<b) <a/> ");
    seen_release(&s);
}

/* Half a stanza is freed with the stream. */
Test(stream, can_go_at_any_time)
{
    for (size_t cut = 0; cut < sizeof sample; cut++) {
        struct seen s;
        seen_init(&s);
        stream_feed(s.stream, sample, cut);
        seen_release(&s);
    }
}

Test(stream, forgets_texts_when_told)
{
    struct seen s;
    seen_init(&s);
    feed(&s, HEADER "<a>a secret</a><b>half a sec");
    stream_wipe(s.stream);
    feed(&s, "ret</b>");
    cr_expect_str_eq(s.text.s, "open(a<b) <a>a secret</a> <b>ret</b> ");
    seen_release(&s);
}

/* Is that text among the n bytes in front of where the parser takes the next ones? */
static bool parser_keeps(struct seen *s, size_t n, const char *text)
{
    const char *end = stream_buffer(s->stream, 1);
    for (const char *p = end - n; p + strlen(text) <= end; p++) {
        if (memcmp(p, text, strlen(text)) == 0)
            return true;
    }
    return false;
}

Test(stream, forgets_its_input_when_told)
{
    static const char text[] = "<a>a secret</a><b>open";
    for (size_t i = 0; i < 2; i++) {
        struct seen s;
        seen_init(&s);
        s.wipes = i == 1;
        feed(&s, HEADER);
        feed(&s, text);
        cr_expect_eq(parser_keeps(&s, sizeof text - 1, "secret"), i == 0);
        feed(&s, " end</b><c/>");
        cr_expect_str_eq(s.text.s, "open(a<b) <a>a secret</a> <b>open end</b> <c/> ");
        seen_release(&s);
    }
}
