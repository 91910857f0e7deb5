/* SPDX-License-Identifier: MPL-2.0 */
/* Files in messages: how they are recognised, and how they are told. */
#include <criterion/criterion.h>

#include "peer.h"
#include "sojourn/backend.h"

static struct peer *p;

static void setup(void)
{
    p = peer_new(1);
    peer_start(p);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(file, .init = setup, .fini = teardown);

#define TO_BOB "<message type='chat' from='r@m.lit/o' to='bob@irc0.example.org' id='m'>"
#define TEXT "message 0 r@m.lit/o to bob: "
#define A "https://up.test/a/cat.png"
#define B "https://up.test/b/dog.png"
#define META "<file xmlns='urn:xmpp:file:metadata:0'><media-type>image/png</media-type>" \
    "<name>../kitten.png</name><size>4096</size><width>64</width><height>48</height>" \
    "<length>1500</length><hash xmlns='urn:xmpp:hashes:2' algo='sha-1'>" \
    "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=</hash><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>" \
    "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=</hash></file>"
#define SFS(url) "<file-sharing xmlns='urn:xmpp:sfs:0'>" META "<sources><url-data " \
    "xmlns='http://jabber.org/protocol/url-data' target='" url "'/></sources></file-sharing>"
#define SIMS(url) "<reference xmlns='urn:xmpp:reference:0' type='data'><media-sharing " \
    "xmlns='urn:xmpp:sims:1'><file xmlns='urn:xmpp:jingle:apps:file-transfer:5'>" \
    "<name>sims.png</name></file><sources><reference xmlns='urn:xmpp:reference:0' " \
    "type='data' uri='" url "'/></sources></media-sharing></reference>"
#define OOB(url) "<x xmlns='jabber:x:oob'><url>" url "</url></x>"
#define FALLBACK "<fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:sfs:0'><body/></fallback>"
#define FULL(url) "file " url " name=kitten.png type=image/png size=4096 64x48 length=1500 hash=2"
#define PLAIN(url, name) "file " url " name=" name " type=- size=0 0x0 length=0 hash=0"
#define REFUSED "<message from='bob@irc0.example.org' id='m' to='r@m.lit/o' type='error'>" \
    "<error type='modify'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>*" \
    "</error></message>"

/* GFIL-09, GFIL-06 */
Test(file, is_recognised_in_order_and_once)
{
    static const struct {
        const char *content, *text, *file;
    } rows[] = {
        {"<body>" A "</body>" SFS(A) OOB(A) SIMS(A) FALLBACK, A, FULL(A) " caption=-"},
        {SFS(A), A, FULL(A) " caption=-"},
        {SIMS(A) OOB(A), A, "file " A " name=sims.png type=- size=0 0x0 length=0 hash=0 caption=-"},
        {"<body>" A "</body>" OOB(A), A, PLAIN(A, "cat.png") " caption=-"},
        {"<body>" A "</body>", A, PLAIN(A, "cat.png") " caption=-"},
        {"<body>look: " A " !</body>" OOB(A), "look: " A " !",
         PLAIN(A, "cat.png") " caption=look:  !"},
        {"<body>a kitten</body>" SFS(A), "a kitten\n" A, FULL(A) " caption=a kitten"},
        {"<body>some fallback</body>" SFS(A) FALLBACK, "some fallback\n" A, FULL(A) " caption=-"},
        {"<body>HTTPS://up.test/X.JPG</body>", "HTTPS://up.test/X.JPG",
         PLAIN("HTTPS://up.test/X.JPG", "X.JPG") " caption=-"},
        /* several are links */
        {"<body>" A "</body>" OOB(A) OOB(B), A "\n" B, NULL},
        {SFS(A) SFS(B), A "\n" B, NULL},
        /* no files */
        {"<body>https://www.example.org/</body>", "https://www.example.org/", NULL},
        {"<body>https://www.example.org/page.html?x=a.png</body>",
         "https://www.example.org/page.html?x=a.png", NULL},
        {"<body>https://www.example.org/.png</body>", "https://www.example.org/.png", NULL},
        {"<body>" A " is nice</body>", A " is nice", NULL},
        {"<body>hi</body>" OOB("ftp://up.test/a.png"), "hi", NULL},
        {"<body>hi</body>" OOB("https://up.test/a b.png"), "hi", NULL},
        {"<body>hi</body><x xmlns='jabber:x:oob'/>", "hi", NULL},
        {"<body>hi</body><file-sharing xmlns='urn:xmpp:sfs:0'/>", "hi", NULL},
        {"<body>hi</body><reference xmlns='urn:xmpp:reference:0' type='mention'/>", "hi", NULL},
        {"<file-sharing xmlns='urn:xmpp:sfs:0'><sources/></file-sharing>", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char stanza[4096];
        char text[512];
        snprintf(stanza, sizeof stanza, "%s%s</message>", TO_BOB, rows[i].content);
        snprintf(text, sizeof text, "%s%s", TEXT, rows[i].text ? rows[i].text : "");
        peer_say(p, 0, stanza);
        if (rows[i].text)
            peer_hears_at(p, text, rows[i].content, (int)i);
        if (rows[i].file)
            peer_hears_at(p, rows[i].file, rows[i].content, (int)i);
        peer_hears_nothing_at(p, rows[i].content, (int)i);
    }
}

/* GFIL-12; and what nobody sends in earnest */
Test(file, that_cannot_be_read_is_refused)
{
    static const char *const refused[] = {
        "<body>aesgcm://up.test/cat.png#0123</body>",
        "<body>x</body>" OOB("aesgcm://up.test/cat.png#0123"),
        SFS("aesgcm://up.test/cat.png#0123"),
    };
    struct sj_strbuf many;

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char stanza[4096];
        snprintf(stanza, sizeof stanza, "%s%s</message>", TO_BOB, refused[i]);
        peer_say(p, 0, stanza);
        peer_expect(p, REFUSED);
        peer_hears_nothing(p);
    }
    sj_strbuf_init(&many, 65536);
    sj_strbuf_adds(&many, TO_BOB);
    for (int i = 0; i < 40; i++)
        sj_strbuf_addf(&many, "<x xmlns='jabber:x:oob'><url>https://up.test/%d.png</url></x>", i);
    sj_strbuf_adds(&many, "</message>");
    peer_say(p, 0, many.s);
    peer_expect(p, REFUSED);
    peer_hears_nothing(p);
    sj_strbuf_release(&many);
}

/* GFIL-09: facts that make no sense are no facts. */
Test(file, facts_are_checked)
{
    peer_say(p, 0, TO_BOB "<file-sharing xmlns='urn:xmpp:sfs:0'>"
             "<file xmlns='urn:xmpp:file:metadata:0'><media-type>no type</media-type>"
             "<name>..</name><size>-1</size><width>99999999999</width><height>x</height>"
             "<hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>AAAA</hash>"
             "<hash xmlns='urn:xmpp:hashes:2' algo='md5'>AAAA</hash>"
             "<hash xmlns='urn:xmpp:hashes:2'>!</hash></file><sources><url-data "
             "xmlns='http://jabber.org/protocol/url-data' target='" A "'/></sources>"
             "</file-sharing></message>");
    peer_hears(p, TEXT A);
    peer_hears(p, PLAIN(A, "cat.png") " caption=-");
    peer_hears_nothing(p);
}

/* GFIL-01, GFIL-02, GFIL-03, GFIL-05, GFIL-06 */
Test(file, is_told_in_every_way_that_clients_know)
{
    static const uint8_t hash[32] = {0xba, 0x78, 0x16, 0xbf};
    const struct xmpp_file f = {.url = A, .name = "dir/\xe2\x80\xae" "cat.png",
                                .media_type = "image/png", .size = 12, .width = 3, .height = 4,
                                .hash_kind = SJ_DIGEST_SHA256, .hash = hash};
    const struct xmpp_message_out m = {.peer = "bob", .to = "r@m.lit", .body = "not sent",
                                       .file = &f};

    cr_assert(xmpp_send_message(p->xmpp, 0, &m));
    char *got = peer_next(p, 0);
    cr_assert_not_null(got);
    static const char *const parts[] = {
        "<body>" A "</body>",
        "<x xmlns='jabber:x:oob'><url>" A "</url></x>",
        "<file-sharing disposition='inline' xmlns='urn:xmpp:sfs:0'>",
        "<media-type>image/png</media-type>",
        "<name>cat.png</name>",
        "<size>12</size>",
        "<width>3</width>",
        "<height>4</height>",
        "<hash algo='sha-256' xmlns='urn:xmpp:hashes:2'>ungWvwAAAAA",
        "<url-data target='" A "' xmlns='http://jabber.org/protocol/url-data'/>",
        "<fallback for='urn:xmpp:sfs:0' xmlns='urn:xmpp:fallback:0'><body/></fallback>",
        "<media-sharing xmlns='urn:xmpp:sims:1'>",
        "<file xmlns='urn:xmpp:jingle:apps:file-transfer:5'>",
        "uri='" A "'",
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        cr_expect_not_null(strstr(got, parts[i]), "%s\nlacks %s", got, parts[i]);
    cr_expect_null(strstr(got, "not sent"));
    free(got);
}
