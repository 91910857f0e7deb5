/* SPDX-License-Identifier: MPL-2.0 */
/* Questions to the archive of a room, and its answers. */
#include <criterion/criterion.h>

#include "peer_muc.h"
#include "sojourn/strbuf.h"

static struct peer *p;

static void setup(void)
{
    p = peer_new_with_rooms();
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(archive, .init = setup, .fini = teardown);

#define MAM "urn:xmpp:mam:2"
#define ASK(type, content) \
    "<iq type='" type "' id='i' from='" USER "' to='" ROOM "'>" content "</iq>"
#define QUERY(attributes, content) "<query xmlns='" MAM "'" attributes ">" content "</query>"
#define FORM(content) \
    "<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>" MAM \
    "</value></field>" content "</x>"
#define FIELD(name, value) "<field var='" name "'><value>" value "</value></field>"
#define SET(content) "<set xmlns='http://jabber.org/protocol/rsm'>" content "</set>"
#define RESULT(content) "<iq from='" ROOM "' id='i' to='" USER "' type='result'>" content "</iq>"
#define FAILURE(type, condition) \
    "<iq from='" ROOM "' id='i' to='" USER "' type='error'><error by='" ROOM "' type='" type "'>" \
    CONDITION(condition) "*</error></iq>"
#define ASKED "archive " USER " #garden "
#define NO_PAGE " page=all - max=200"

/* G313-08, G313-15, G059-02. */
Test(archive, reads_questions)
{
    static const struct {
        const char *query, *heard, *failure;
    } rows[] = {
        {QUERY("", ""), ASKED "q=- with=-,-,- time=-1,-1 ids=-,-" NO_PAGE, NULL},
        {QUERY(" queryid='q1'", FORM("")), ASKED "q=q1 with=-,-,- time=-1,-1 ids=-,-" NO_PAGE,
         NULL},
        {QUERY("", FORM(FIELD("start", "1970-01-01T00:00:01Z")
                        FIELD("end", "1970-01-01T01:00:02.5+01:00"))),
         ASKED "q=- with=-,-,- time=1000,2500 ids=-,-" NO_PAGE, NULL},
        {QUERY("", FORM(FIELD("with", ROOM "/juliet"))),
         ASKED "q=- with=juliet,-,- time=-1,-1 ids=-,-" NO_PAGE, NULL},
        {QUERY("", FORM(FIELD("with", ROOM))),
         ASKED "q=- with=-,-,- time=-1,-1 ids=-,-" NO_PAGE, NULL},
        {QUERY("", FORM(FIELD("with", "bob@irc0.example.org"))),
         ASKED "q=- with=-,bob,- time=-1,-1 ids=-,-" NO_PAGE, NULL},
        {QUERY("", FORM(FIELD("with", "R@m.lit/x"))),
         ASKED "q=- with=-,-,r@m.lit time=-1,-1 ids=-,-" NO_PAGE, NULL},
        {QUERY("", FORM(FIELD("after-id", "a") FIELD("before-id", "b")
                        "<field var='ids'><value>c</value><value>d</value></field>")),
         ASKED "q=- with=-,-,- time=-1,-1 ids=a,b +c +d" NO_PAGE, NULL},
        {QUERY("", SET("<max>50</max><before/>") "<flip-page/>"),
         ASKED "q=- with=-,-,- time=-1,-1 ids=-,- flip page=wanted back - max=50", NULL},
        {QUERY("", SET("<max>0</max>")),
         ASKED "q=- with=-,-,- time=-1,-1 ids=-,- page=wanted - max=0", NULL},
        {QUERY("", FORM(FIELD("include-groupchat", "true"))), NULL,
         FAILURE("cancel", "feature-not-implemented")},
        {QUERY("", FORM(FIELD("{urn:x}y", "z"))), NULL,
         FAILURE("cancel", "feature-not-implemented")},
        {QUERY("", FORM(FIELD("start", "yesterday"))), NULL, FAILURE("modify", "bad-request")},
        {QUERY("", FORM("<field var='end'/>")), NULL, FAILURE("modify", "bad-request")},
        {QUERY("", FORM("<field><value/></field>")), NULL, FAILURE("modify", "bad-request")},
        {QUERY("", FORM(FIELD("with", "@"))), NULL, FAILURE("modify", "jid-malformed")},
        {QUERY("", FORM(FIELD("with", "#house@irc0.example.org/x"))), NULL,
         FAILURE("modify", "jid-malformed")},
        {QUERY("", FORM(FIELD("after-id", ""))), NULL, FAILURE("cancel", "item-not-found")},
        {QUERY("", FORM("<field var='ids'><value/></field>")), NULL,
         FAILURE("cancel", "item-not-found")},
        {QUERY("", SET("<index>1</index>")), NULL, FAILURE("cancel", "feature-not-implemented")},
        {QUERY("", SET("<after>a</after><before>b</before>")), NULL,
         FAILURE("modify", "bad-request")},
        {QUERY("", "<x xmlns='jabber:x:data' type='submit'/>"), NULL,
         FAILURE("modify", "bad-request")},
    };
    p->answer_at_once = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        snprintf(text, sizeof text, ASK("set", "%s"), rows[i].query);
        peer_say(p, 0, text);
        if (rows[i].heard != NULL)
            peer_hears(p, rows[i].heard);
        peer_expect(p, rows[i].failure != NULL ? rows[i].failure
                                               : "<iq * id='i' * type='result'/>");
        peer_hears_nothing(p);
    }
}

static void ask_for_ids(unsigned n)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, 1 << 20);
    sj_strbuf_adds(&text, "<iq type='set' id='i' from='" USER "' to='" ROOM "'><query xmlns='" MAM
                          "'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>"
                          MAM "</value></field><field var='ids'>");
    for (unsigned i = 0; i < n; i++)
        sj_strbuf_addf(&text, "<value>i%u</value>", i);
    sj_strbuf_adds(&text, "</field></x></query></iq>");
    peer_say(p, 0, text.s);
    sj_strbuf_release(&text);
}

Test(archive, is_asked_for_a_bounded_number_of_ids)
{
    p->answer_at_once = true;
    ask_for_ids(XMPP_ARCHIVE_IDS_MAX);
    peer_hears(p, ASKED "* +i0 +i1 *+i99 *");
    peer_expect(p, "<iq * type='result'/>");
    ask_for_ids(XMPP_ARCHIVE_IDS_MAX + 1);
    peer_expect(p, FAILURE("modify", "not-acceptable"));
    peer_hears_nothing(p);
}

Test(archive, refuses)
{
    p->status = SJ_DENIED;
    peer_say(p, 0, ASK("set", QUERY("", "")));
    peer_hears(p, ASKED "*");
    peer_expect(p, FAILURE("auth", "forbidden"));
    p->status = SJ_NOTFOUND;
    peer_say(p, 0, ASK("set", QUERY("", "")));
    peer_hears(p, ASKED "*");
    peer_expect(p, FAILURE("cancel", "item-not-found"));
}

/* G313-08. */
Test(archive, tells_its_form)
{
    peer_say(p, 0, ASK("get", QUERY("", "")));
    peer_expect(p, RESULT(QUERY("", "<x type='form' xmlns='jabber:x:data'>"
                                    "<field type='hidden' var='FORM_TYPE'><value>" MAM
                                    "</value></field><field type='jid-single' var='with'/>"
                                    "<field type='text-single' var='start'/>"
                                    "<field type='text-single' var='end'/>"
                                    "<field type='text-single' var='before-id'/>"
                                    "<field type='text-single' var='after-id'/>"
                                    "<field type='list-multi' var='ids'>"
                                    "<validate datatype='xs:string' "
                                    "xmlns='http://jabber.org/protocol/xdata-validate'><open/>"
                                    "</validate></field></x>")));
}

/* G313-12. */
Test(archive, tells_its_ends)
{
    peer_say(p, 0, ASK("get", "<metadata xmlns='" MAM "'/>"));
    peer_hears(p, "archive-ends " USER " #garden");
    xmpp_answer_archive_ends(p->xmpp, p->request, "a", 1000, "b", 2000);
    peer_expect(p, RESULT("<metadata xmlns='" MAM "'>"
                          "<start id='a' timestamp='1970-01-01T00:00:01Z'/>"
                          "<end id='b' timestamp='1970-01-01T00:00:02Z'/></metadata>"));
    peer_say(p, 0, ASK("get", "<metadata xmlns='" MAM "'/>"));
    peer_hears(p, "archive-ends *");
    xmpp_answer_archive_ends(p->xmpp, p->request, NULL, 0, NULL, 0);
    peer_expect(p, RESULT("<metadata xmlns='" MAM "'/>"));
}

#define ARCHIVED(attributes, id, content) \
    "<message from='" ROOM "' id='*' to='" USER "'><result id='" id "' queryid='q1' xmlns='" MAM \
    "'><forwarded xmlns='urn:xmpp:forward:0'><delay stamp='1970-01-01T00:00:01Z' " \
    "xmlns='urn:xmpp:delay'/><message from='" ROOM attributes " type='groupchat' " \
    "xmlns='jabber:client'>" content "</message></forwarded></result></message>"

/* G313-03, G421-01, G280-04. */
Test(archive, wraps_what_was_said)
{
    const struct xmpp_speaker juliet = {
        .in_room = true, .nick = "juliet", .stanza_id = "s1", .late = true};
    const struct xmpp_message_out m = {.peer = "#garden", .body = "hi", .speaker = &juliet,
                                       .id = "m1", .sent_at = 1000, .to = "ignored"};
    struct xmpp_archived a = {.room = "#garden", .to = USER, .query_id = "q1", .id = "s1",
                              .sent_at = 1000, .message = &m};
    cr_assert(xmpp_send_archived(p->xmpp, 0, &a));
    peer_expect(p, ARCHIVED("/juliet' id='m1'", "s1", "<body>hi</body>" OCCUPANT));
    a.peer = "bob";
    cr_assert(xmpp_send_archived(p->xmpp, 0, &a));
    peer_expect(p, ARCHIVED("/juliet' id='m1'", "s1", "<body>hi</body>" OCCUPANT
                            USER_X("<item jid='bob@irc0.example.org'/>")));
    const char *const set[] = {"x"};
    struct xmpp_mark_out mark = {.peer = "#garden", .speaker = &juliet, .id = "m2",
                                 .kind = XMPP_MARK_REACTIONS, .target = "s1", .reactions = set,
                                 .n_reactions = 1, .sent_at = 1000};
    a = (struct xmpp_archived){.room = "#garden", .to = USER, .query_id = "q1", .id = "s2",
                               .sent_at = 1000, .mark = &mark};
    cr_assert(xmpp_send_archived(p->xmpp, 0, &a));
    peer_expect(p, ARCHIVED("/juliet' id='m2'", "s2",
                            "<reactions id='s1' xmlns='urn:xmpp:reactions:0'>"
                            "<reaction>x</reaction></reactions>" OCCUPANT));
    mark.kind = XMPP_MARK_RETRACTED;
    mark.moderated = true;
    cr_assert(xmpp_send_archived(p->xmpp, 0, &a));
    peer_expect(p, ARCHIVED("' id='m2'", "s2", "<retract *</retract>"));
    const struct xmpp_subject_out subject = {.room = "#garden", .nick = "juliet", .text = "topic",
                                             .id = "m3", .stanza_id = "s3", .set_at = 1000};
    a = (struct xmpp_archived){.room = "#garden", .to = USER, .query_id = "q1", .id = "s3",
                               .sent_at = 1000, .subject = &subject};
    cr_assert(xmpp_send_archived(p->xmpp, 0, &a));
    peer_expect(p, ARCHIVED("/juliet' id='m3'", "s3", "<subject>topic</subject>" OCCUPANT));
    a.query_id = NULL;
    a.room = " ";
    cr_assert(!xmpp_send_archived(p->xmpp, 0, &a));
}

/* G059-01. */
Test(archive, ends_a_page)
{
    const struct xmpp_page_out page = {.first = "s1", .last = "s9", .index = 4, .count = 10};
    const struct xmpp_page_out empty = {.index = -1, .count = 0};
    peer_say(p, 0, ASK("set", QUERY("", "")));
    peer_hears(p, ASKED "*");
    xmpp_answer_archive(p->xmpp, p->request, &page, false, true);
    peer_expect(p, RESULT("<fin xmlns='" MAM "'>" SET("<first index='4'>s1</first>"
                          "<last>s9</last><count>10</count>") "</fin>"));
    peer_say(p, 0, ASK("set", QUERY("", "")));
    peer_hears(p, ASKED "*");
    xmpp_answer_archive(p->xmpp, p->request, &empty, true, false);
    peer_expect(p, RESULT("<fin complete='true' stable='false' xmlns='" MAM "'>"
                          SET("<count>0</count>") "</fin>"));
}

/* 15: neither a contact nor the gateway has one. */
Test(archive, is_of_rooms_only)
{
    peer_say(p, 0, "<iq type='set' id='i' from='" USER "' to='bob@irc0.example.org'>"
                   QUERY("", "") "</iq>");
    peer_expect(p, "<iq * type='error'>*" CONDITION("service-unavailable") "*");
    peer_say(p, 0, "<iq type='set' id='i' from='" USER "' to='irc0.example.org'>"
                   QUERY("", "") "</iq>");
    peer_expect(p, "<iq * type='error'>*" CONDITION("service-unavailable") "*");
    p->own_nick = "ro";
    peer_say(p, 0, "<iq type='set' id='i' from='" USER "' to='" ROOM "/juliet'>"
                   QUERY("", "") "</iq>");
    peer_expect(p, "<iq * type='error'>*" CONDITION("service-unavailable") "*");
    peer_hears_nothing(p);
}
