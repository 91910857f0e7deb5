/* SPDX-License-Identifier: MPL-2.0 */
/* XEP-0055 by fields and by form, and XEP-0059 on top of it. */
#include <criterion/criterion.h>

#include "peer.h"
#include "rsm.h"
#include "sojourn/contact.h"
#include "sojourn/memory.h"

static struct peer *p;
static const struct xmpp_found found[] = {
    {"bob", "Bob"}, {" odd", NULL}, {"space cadet", NULL}, {"ann", "Ann"}, {"eve", ""}};

static void setup(void)
{
    p = peer_new(1);
    peer_start(p);
    p->found = found;
    p->n_found = 5;
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(search, .init = setup, .fini = teardown);

#define G "irc0.example.org"
#define SEARCH "jabber:iq:search"
#define RSM(content) "<set xmlns='http://jabber.org/protocol/rsm'>" content "</set>"
#define RESULT "<iq from='" G "' id='s' to='r@m.lit/o' type='result'>"
#define EMPTIES "<first/><last/>"
#define ITEM(jid, nick) "<item jid='" jid "@" G "'>" EMPTIES nick "<email/></item>"
#define BOB ITEM("bob", "<nick>Bob</nick>")
#define CADET ITEM("space\\20cadet", "<nick/>")
#define ANN ITEM("ann", "<nick>Ann</nick>")
#define EVE ITEM("eve", "<nick/>")
#define FAILURE(type, condition) "<iq * type='error'><error type='" type "'><" condition " *"

static void ask(const char *type, const char *content)
{
    char text[4096];
    snprintf(text, sizeof text,
             "<iq type='%s' id='s' from='r@m.lit/o' to='" G "'><query xmlns='" SEARCH
             "'>%s</query></iq>",
             type, content);
    peer_say(p, 0, text);
}

/* G055-01. */
Test(search, offers_fields_and_a_form)
{
    ask("get", "");
    peer_hears(p, "search-form r@m.lit");
    peer_expect(p, RESULT "<query xmlns='" SEARCH "'><instructions>Whom?</instructions><nick/>"
                   "<x type='form' xmlns='jabber:x:data'><title>Example IRC</title>"
                   "<instructions>Whom?</instructions><field type='hidden' var='FORM_TYPE'>"
                   "<value>" SEARCH "</value></field>"
                   "<field label='Name' type='text-single' var='nick'/>"
                   "<field label='Now' type='boolean' var='online'><value>0</value></field></x>"
                   "</query></iq>");
    p->status = SJ_UNREGISTERED;
    ask("get", "");
    peer_hears(p, "search-form r@m.lit");
    peer_expect(p, FAILURE("auth", "registration-required"));
}

/* G055-01, G106-09: addresses are escaped; who cannot be addressed is not shown. */
Test(search, answers_fields_with_items)
{
    ask("set", "<nick>b</nick><other>x</other><first xmlns='urn:x'>y</first>");
    peer_hears(p, "search r@m.lit plain nick=b");
    peer_expect(p, RESULT "<query xmlns='" SEARCH "'>" BOB CADET ANN EVE "</query></iq>");
    p->n_found = 0;
    ask("set", "<nick>b</nick>");
    peer_hears(p, "search r@m.lit plain nick=b");
    peer_expect(p, RESULT "<query xmlns='" SEARCH "'/></iq>");
    p->status = SJ_LIMIT;
    ask("set", "<nick>b</nick>");
    peer_hears(p, "search r@m.lit plain nick=b");
    peer_expect(p, FAILURE("wait", "resource-constraint"));
}

#define FORM(type, fields) "<x xmlns='jabber:x:data' type='" type "'>" fields "</x>"
#define KIND(value) "<field var='FORM_TYPE'><value>" value "</value></field>"
#define NICK "<field var='nick'><value>b</value></field>"
#define CELL(var, value) "<field var='" var "'><value>" value "</value></field>"

/* G055-01, G004-06, G004-08. */
Test(search, answers_a_form_with_a_table)
{
    p->n_found = 1;
    ask("set", FORM("submit", KIND(SEARCH) NICK CELL("online", "1")));
    peer_hears(p, "search r@m.lit form nick=b online=1");
    peer_expect(p, RESULT "<query xmlns='" SEARCH "'><x type='result' xmlns='jabber:x:data'>"
                   "<field type='hidden' var='FORM_TYPE'><value>" SEARCH "</value></field>"
                   "<reported><field label='Address' type='jid-single' var='jid'/>"
                   "<field label='Name' type='text-single' var='nick'/></reported>"
                   "<item>" CELL("jid", "bob@" G) CELL("nick", "Bob") "</item></x></query></iq>");
    p->n_found = 0;
    ask("set", FORM("submit", NICK));
    peer_hears(p, "search r@m.lit form nick=b");
    peer_expect(p, RESULT "<query xmlns='" SEARCH "'/></iq>");
    ask("set", FORM("cancel", ""));
    peer_expect(p, "<iq from='" G "' id='s' to='r@m.lit/o' type='result'/>");
    peer_hears_nothing(p);
}

/* Hostile and careless forms. */
Test(search, refuses_what_makes_no_sense)
{
    static const char *const rows[] = {
        FORM("submit", NICK) "<nick>b</nick>",
        FORM("form", NICK),
        FORM("submit", KIND("jabber:iq:register") NICK),
        FORM("submit", NICK NICK),
        "<nick>a</nick><nick>b</nick>",
        "<nick>b</nick>" RSM("<max>many</max>"),
        "<nick>b</nick>" RSM("<max>-1</max>"),
        "<nick>b</nick>" RSM("<after>a</after><before>b</before>"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ask("set", rows[i]);
        peer_expect_at(p, 0, FAILURE("modify", "bad-request"), rows[i], (int)i);
    }
    char long_one[2000];
    snprintf(long_one, sizeof long_one, "<nick>%01500d</nick>", 1);
    ask("set", long_one);
    peer_expect(p, FAILURE("modify", "not-acceptable"));
    ask("set", "<nick>b</nick>" RSM("<index>3</index>"));          /* G059-02 */
    peer_expect(p, FAILURE("cancel", "feature-not-implemented"));
    peer_hears_nothing(p);
}

#define PAGE(first, index, last) \
    RSM("<first index='" index "'>" first "@" G "</first><last>" last "@" G "</last>" \
        "<count>4</count>")

/* G059-01 to G059-03. */
Test(search, goes_page_by_page)
{
    static const struct {
        const char *set, *items;
    } rows[] = {
        {RSM("<max>2</max>"), BOB CADET PAGE("bob", "0", "space\\20cadet")},
        {RSM("<max>2</max><after>space\\20cadet@" G "</after>"), ANN EVE PAGE("ann", "2", "eve")},
        {RSM("<max>2</max><after/>"), BOB CADET PAGE("bob", "0", "space\\20cadet")},
        {RSM("<max>2</max><after>ann@" G "</after>"), EVE PAGE("eve", "3", "eve")},
        {RSM("<max>2</max><after>eve@" G "</after>"), RSM("<count>4</count>")},
        {RSM("<max>1</max><before/>"), EVE PAGE("eve", "3", "eve")},
        {RSM("<max>2</max><before>ann@" G "</before>"),
         BOB CADET PAGE("bob", "0", "space\\20cadet")},
        {RSM("<max>2</max><before>bob@" G "</before>"), RSM("<count>4</count>")},
        {RSM("<max>0</max>"), RSM("<count>4</count>")},
        {RSM("<max>99999</max>"), BOB CADET ANN EVE PAGE("bob", "0", "eve")},
        {RSM(""), BOB CADET ANN EVE PAGE("bob", "0", "eve")},
    };
    char text[1024], expected[4096];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(text, sizeof text, "<nick>b</nick>%s", rows[i].set);
        ask("set", text);
        peer_hears(p, "search r@m.lit plain nick=b");
        snprintf(expected, sizeof expected, RESULT "<query xmlns='" SEARCH "'>%s</query></iq>",
                 rows[i].items);
        peer_expect_at(p, 0, expected, rows[i].set, (int)i);
    }
    ask("set", "<nick>b</nick>" RSM("<after>gone@" G "</after>"));
    peer_hears(p, "search r@m.lit plain nick=b");
    peer_expect(p, FAILURE("cancel", "item-not-found"));
}

/* What does not fit a stanza is a smaller page, R6120-27. */
Test(search, fits_any_stanza)
{
    struct xmpp_found many[SJ_FOUND_MAX];
    char names[SJ_FOUND_MAX][200];
    for (size_t i = 0; i < SJ_FOUND_MAX; i++) {
        snprintf(names[i], sizeof names[i], "%0150zu", i);
        many[i] = (struct xmpp_found){names[i], names[i]};
    }
    p->options.stanza_max = 20000;
    xmpp_room_free(&p->xmpp);
    p->xmpp = xmpp_new(p->loop, &p->log, &p->options, &peer_session, p);
    peer_start(p);
    p->found = many;
    p->n_found = SJ_FOUND_MAX;
    ask("set", "<nick>b</nick>" RSM("<max>200</max>"));
    peer_hears(p, "search *");
    char *got = peer_next(p, 0);
    cr_assert(got != NULL && strlen(got) < 25000);
    cr_expect(strstr(got, "<count>200</count>") != NULL);
    cr_expect(strstr(got, names[0]) != NULL && strstr(got, names[30]) != NULL);
    sj_free(got);
    ask("set", "<nick>b</nick>" RSM("<before/>"));
    peer_hears(p, "search *");
    got = peer_next(p, 0);
    cr_expect(strstr(got, names[SJ_FOUND_MAX - 1]) != NULL && strstr(got, names[0]) == NULL);
    sj_free(got);
}

/* The answer of a search that nobody waits for any more. */
Test(search, is_answered_once)
{
    p->found = NULL;
    ask("set", "<nick>b</nick>");
    peer_hears(p, "search *");
    struct xmpp_search_out out = {.found = found, .n = 1};
    xmpp_answer_search(p->xmpp, p->request, &out);
    xmpp_answer_search(p->xmpp, p->request, &out);
    xmpp_answer_search(p->xmpp, 0, &out);
    peer_expect(p, RESULT "<query xmlns='" SEARCH "'>" BOB "</query></iq>");
    peer_expect_nothing(p);
}
