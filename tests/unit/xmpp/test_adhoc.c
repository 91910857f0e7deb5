/* SPDX-License-Identifier: MPL-2.0 */
/* XEP-0050 on the wire: discovery, every shape of a step, its answers and errors. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "peer.h"
#include "sojourn/memory.h"

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

TestSuite(adhoc, .init = setup, .fini = teardown);

#define COMMANDS "http://jabber.org/protocol/commands"
#define DISCO(what, node)                                                                         \
    "<iq type='get' id='d' from='r@m.lit/o' to='irc0.example.org'>"                               \
    "<query xmlns='http://jabber.org/protocol/disco#" what "' node='" node "'/></iq>"
#define STEP_FROM(from, attributes, content)                                                      \
    "<iq type='set' id='s' from='" from "' to='irc0.example.org'><command xmlns='" COMMANDS       \
    "' " attributes ">" content "</command></iq>"
#define STEP(attributes, content) STEP_FROM("r@m.lit/o", attributes, content)
#define FAILURE(type, condition, detail)                                                          \
    "<iq from='irc0.example.org' id='s' to='r@m.lit/o' type='error'><error type='" type           \
    "'><" condition " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>*" detail "</error></iq>"
#define DETAIL(name) "<" name " xmlns='" COMMANDS "'/>"

/* G050-01, G050-14. */
Test(adhoc, lists_the_commands_of_the_asker)
{
    peer_say(p, 0, DISCO("items", COMMANDS));
    peer_hears(p, "command-list r@m.lit");
    peer_expect(p, "<iq from='irc0.example.org' id='d' to='r@m.lit/o' type='result'>"
                   "<query node='" COMMANDS "' xmlns='http://jabber.org/protocol/disco#items'>"
                   "<item jid='irc0.example.org' name='Register' node='register'/>"
                   "<item jid='irc0.example.org' name='Status' node='status'/></query></iq>");
    peer_say(p, 0, DISCO("info", COMMANDS));
    peer_expect(p, "<iq *<query node='" COMMANDS "' *<identity category='automation' "
                   "name='Commands' type='command-list'/>"
                   "<feature var='http://jabber.org/protocol/disco#info'/>"
                   "<feature var='" COMMANDS "'/></query>*");
    peer_hears_nothing(p);
}

/* G050-02, G030-04. */
Test(adhoc, tells_what_a_command_is)
{
    peer_say(p, 0, DISCO("info", "register"));
    peer_expect(p, "<iq *<query node='register' *<identity category='automation' name='Register' "
                   "type='command-node'/>"
                   "<feature var='http://jabber.org/protocol/disco#info'/>"
                   "<feature var='" COMMANDS "'/>"
                   "<feature var='jabber:x:data'/></query>*");
    peer_say(p, 0, DISCO("items", "register"));
    peer_expect(p, "<iq *type='result'><query node='register' *disco#items'/></iq>");
    peer_say(p, 0, DISCO("info", "nothing"));
    peer_expect(p, "<iq *<error type='cancel'><item-not-found *");
    peer_say(p, 0, DISCO("items", "nothing"));
    peer_expect(p, "<iq *<error type='cancel'><item-not-found *");
    p->status = SJ_DENIED;
    peer_say(p, 0, DISCO("info", "register"));
    peer_expect(p, "<iq *<error type='auth'><forbidden *");
    peer_say(p, 0, DISCO("items", "register"));
    peer_expect(p, "<iq *<error type='cancel'><item-not-found *");
}

Test(adhoc, a_contact_has_no_commands)
{
    p->contact = (struct xmpp_peer){.visible = true, .known = true, .name = "Bob"};
    peer_say(p, 0, "<iq type='set' id='s' from='r@m.lit/o' to='bob@irc0.example.org'><command "
                   "xmlns='" COMMANDS "' node='register'/></iq>");
    peer_expect(p, "<iq *<error type='cancel'><service-unavailable *");
    peer_say(p, 0, "<iq type='get' id='s' from='r@m.lit/o' to='bob@irc0.example.org'><query "
                   "xmlns='http://jabber.org/protocol/disco#items' node='" COMMANDS "'/></iq>");
    peer_expect(p, "<iq *<error type='cancel'><item-not-found *");
}

static const struct xmpp_choice colours[] = {{"r", "Red"}, {"g", "Green"}};
static const struct xmpp_media picture = {.type = "image/png", .uri = "https://x.test/p.png",
                                          .width = 10, .height = 20};
static const struct xmpp_form every_kind = {
    .form_type = "urn:example:form",
    .title = "Every kind",
    .instructions = "First line.\nSecond line.",
    .n = 9,
    .input =
        {
            {.kind = XMPP_INPUT_FIXED, .value = "words"},
            {.kind = XMPP_INPUT_TEXT, .var = "t", .label = "Text", .value = "a & b",
             .required = true, .help = "Help."},
            {.kind = XMPP_INPUT_SECRET, .var = "s", .label = "Secret", .value = "geheim"},
            {.kind = XMPP_INPUT_BOOL, .var = "b", .value = "1"},
            {.kind = XMPP_INPUT_LIST, .var = "l", .value = "g", .choices = colours,
             .n_choices = 2},
            {.kind = XMPP_INPUT_LIST_MULTI, .var = "m", .value = "r\ng", .choices = colours,
             .n_choices = 2},
            {.kind = XMPP_INPUT_LINES, .var = "n", .value = "one\ntwo"},
            {.kind = XMPP_INPUT_JID, .var = "j", .value = "a@b", .media = &picture},
            {.kind = XMPP_INPUT_JIDS, .var = "k", .value = ""},
        },
};

/* G050-03, G050-05, G050-15; G004-02, G004-03, G004-05, G004-11, G004-12, G004-13. */
Test(adhoc, shows_a_form_of_every_kind)
{
    p->command = &(struct xmpp_command_out){.run = 26, .node = "register", .may_complete = true,
                                            .lang = "en", .form = &every_kind};
    peer_say(p, 0, STEP("node='register'", ""));
    peer_hears(p, "command r@m.lit/o register 0 execute lang=-");
    peer_expect(
        p,
        "<iq from='irc0.example.org' id='s' to='r@m.lit/o' type='result'>"
        "<command node='register' sessionid='1a-*' status='executing' xml:lang='en' "
        "xmlns='" COMMANDS "'><actions execute='complete'><complete/></actions>"
        "<x type='form' xmlns='jabber:x:data'><title>Every kind</title>"
        "<instructions>First line.</instructions><instructions>Second line.</instructions>"
        "<field type='hidden' var='FORM_TYPE'><value>urn:example:form</value></field>"
        "<field type='fixed'><value>words</value></field>"
        "<field label='Text' type='text-single' var='t'><desc>Help.</desc><required/>"
        "<value>a & b</value></field>"
        "<field label='Secret' type='text-private' var='s'/>"
        "<field type='boolean' var='b'><value>1</value></field>"
        "<field type='list-single' var='l'><value>g</value><option label='Red'><value>r</value>"
        "</option><option label='Green'><value>g</value></option></field>"
        "<field type='list-multi' var='m'><value>r</value><value>g</value><option label='Red'>"
        "<value>r</value></option><option label='Green'><value>g</value></option></field>"
        "<field type='text-multi' var='n'><value>one</value><value>two</value></field>"
        "<field type='jid-single' var='j'><value>a@b</value>"
        "<media height='20' width='10' xmlns='urn:xmpp:media-element'>"
        "<uri type='image/png'>https://x.test/p.png</uri></media></field>"
        "<field type='jid-multi' var='k'/></x></command></iq>");
}

/* G050-04, G050-07: which actions there are. */
Test(adhoc, names_the_actions_that_are_possible)
{
    static const struct {
        bool prev, next, complete;
        const char *actions;
    } rows[] = {
        {false, true, false, "<actions execute='next'><next/></actions>"},
        {true, true, false, "<actions execute='next'><prev/><next/></actions>"},
        {true, false, true, "<actions execute='complete'><prev/><complete/></actions>"},
        {false, false, false, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[512];
        p->command = &(struct xmpp_command_out){.run = 1, .node = "n", .may_prev = rows[i].prev,
                                                .may_next = rows[i].next,
                                                .may_complete = rows[i].complete};
        snprintf(expected, sizeof expected, "<iq *status='executing' xmlns='" COMMANDS "'%s%s*",
                 rows[i].actions[0] != '\0' ? ">" : "/>", rows[i].actions);
        peer_say(p, 0, STEP("node='n' action='execute'", ""));
        peer_expect_at(p, 0, expected, __FILE__, (int)i);
    }
}

/* G004-08, G050-12. */
Test(adhoc, shows_results)
{
    static const struct xmpp_input columns[] = {
        {.kind = XMPP_INPUT_JID, .var = "jid", .label = "Address"},
        {.kind = XMPP_INPUT_TEXT, .var = "name", .label = "Name"},
    };
    static const char *const cells[] = {"a@b", "A", "c@d", NULL};
    p->command = &(struct xmpp_command_out){
        .run = 1, .node = "n", .status = XMPP_COMPLETED, .note = "Two.",
        .note_kind = XMPP_NOTE_WARN,
        .table = &(struct xmpp_table){"Found", columns, 2, cells, 2, NULL}};
    peer_say(p, 0, STEP("node='n'", ""));
    peer_expect(p, "<iq *status='completed' xmlns='" COMMANDS "'>"
                   "<x type='result' xmlns='jabber:x:data'><title>Found</title>"
                   "<reported><field label='Address' type='jid-single' var='jid'/>"
                   "<field label='Name' type='text-single' var='name'/></reported>"
                   "<item><field var='jid'><value>a@b</value></field>"
                   "<field var='name'><value>A</value></field></item>"
                   "<item><field var='jid'><value>c@d</value></field>"
                   "<field var='name'><value/></field></item></x>"
                   "<note type='warn'>Two.</note></command></iq>");
    p->command = &(struct xmpp_command_out){.run = 1, .node = "n", .status = XMPP_COMPLETED,
                                            .form = &every_kind};
    peer_say(p, 0, STEP("node='n'", ""));
    peer_expect(p, "<iq *status='completed' *<x type='result' *<field label='Text' "
                   "type='text-single' var='t'><value>a & b</value></field>*");
    p->command = &(struct xmpp_command_out){.run = 1, .node = "n", .status = XMPP_CANCELED,
                                            .note = "No.", .note_kind = XMPP_NOTE_ERROR};
    peer_say(p, 0, STEP("node='n'", ""));
    peer_expect(p, "<iq *status='canceled' *<note type='error'>No.</note></command></iq>");
}

/* The id that the room gives to run 26 of this client. */
static void learn_id(char *out, size_t size)
{
    static const struct xmpp_command_out begun = {.run = 26, .node = "n", .may_complete = true};
    p->command = &begun;
    peer_say(p, 0, STEP("node='n'", ""));
    peer_hears(p, "command r@m.lit/o n 0 execute *");
    char *line = peer_next(p, 0);
    const char *at = strstr(line, "sessionid='") + strlen("sessionid='");
    snprintf(out, size, "%.*s", (int)strcspn(at, "'"), at);
    sj_free(line);
}

static void say_step(const char *from, const char *id, const char *more, const char *content)
{
    char text[2048];
    snprintf(text, sizeof text,
             "<iq type='set' id='s' from='%s' to='irc0.example.org'><command xmlns='" COMMANDS
             "' node='n' sessionid='%s' %s>%s</command></iq>",
             from, id, more, content);
    peer_say(p, 0, text);
}

#define FORM(type, content) "<x xmlns='jabber:x:data' type='" type "'>" content "</x>"

/* G050-13: a form of type cancel counts as submitted, a status of the requester as nothing. */
Test(adhoc, reads_every_shape_of_a_step)
{
    static const struct {
        const char *more, *content, *heard;
    } rows[] = {
        {"", "", "execute lang=-"},
        {"action='prev'", "", "prev lang=-"},
        {"action='next' xml:lang='de-CH'", "", "next lang=de-CH"},
        {"action='complete' status='completed'", FORM("submit", ""), "complete lang=- form"},
        {"action='cancel'", "", "cancel lang=-"},
        {"", FORM("cancel", "<field var='a'><value>1</value></field>"), "execute lang=- form a=1"},
        {"", FORM("submit", "<field var='FORM_TYPE'><value>u</value></field>"
                            "<field><value>no var</value></field>"
                            "<field var='a'><value>1</value><value>2</value><value/></field>"
                            "<field var='b'/><unknown/>"),
         "execute lang=- form a=1\n2\n b="},
    };
    char id[128];
    learn_id(id, sizeof id);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[512];
        say_step("r@m.lit/o", id, rows[i].more, rows[i].content);
        snprintf(expected, sizeof expected, "command r@m.lit/o n 26 %s", rows[i].heard);
        peer_hears_at(p, expected, __FILE__, (int)i);
        peer_expect(p, "<iq *type='result'*");
    }
}

/* G050-08, G050-09, G050-10: what is refused here. */
Test(adhoc, refuses_what_makes_no_sense)
{
    char id[128];
    learn_id(id, sizeof id);
    peer_say(p, 0, STEP("", ""));
    peer_expect(p, FAILURE("modify", "bad-request", ""));
    peer_say(p, 0, STEP("node='n' action='dance'", ""));
    peer_expect(p, FAILURE("modify", "bad-request", DETAIL("malformed-action")));
    peer_say(p, 0, STEP("node='n' xml:lang='no lang'", ""));
    peer_expect(p, FAILURE("modify", "bad-request", DETAIL("bad-locale")));
    peer_say(p, 0, STEP("node='n' xml:lang='toolongpart-x'", ""));
    peer_expect(p, FAILURE("modify", "bad-request", DETAIL("bad-locale")));
    peer_say(p, 0, STEP("node='n'", FORM("form", "")));
    peer_expect(p, FAILURE("modify", "bad-request", DETAIL("bad-payload")));
    peer_say(p, 0, STEP("node='n'", FORM("submit", "<field var='a'/><field var='a'/>")));
    peer_expect(p, FAILURE("modify", "bad-request", DETAIL("bad-payload")));
    static const char *const foreign[] = {"", "x", "1a", "1a-", "26-0", "-",
                                          "18446744073709551616-1",
                                          "1a-0000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        say_step("r@m.lit/o", foreign[i], "", "");
        peer_expect_at(p, 0, FAILURE("modify", "bad-request", DETAIL("bad-sessionid")), __FILE__,
                       (int)i);
    }
    say_step("r@m.lit/other", id, "", "");
    peer_expect(p, "<iq *to='r@m.lit/other'*<bad-sessionid xmlns='" COMMANDS "'/></error></iq>");
    say_step("j@m.lit/o", id, "", "");
    peer_expect(p, "<iq *to='j@m.lit/o'*<bad-sessionid xmlns='" COMMANDS "'/></error></iq>");
    peer_hears_nothing(p);
}

/* What the session room refuses: G050-08, G050-09, G050-10, G050-11, G004-07. */
Test(adhoc, tells_what_the_session_room_refuses)
{
    static const struct {
        enum sj_status status;
        enum xmpp_command_fault fault;
        const char *answer;
    } rows[] = {
        {SJ_NOTFOUND, XMPP_FAULT_NONE, FAILURE("cancel", "item-not-found", "")},
        {SJ_DENIED, XMPP_FAULT_NONE, FAILURE("auth", "forbidden", "")},
        {SJ_UNACCEPTABLE, XMPP_FAULT_NONE, FAILURE("modify", "not-acceptable", "<text *</text>")},
        {SJ_INVALID, XMPP_FAULT_BAD_SESSION,
         FAILURE("modify", "bad-request", DETAIL("bad-sessionid"))},
        {SJ_INVALID, XMPP_FAULT_EXPIRED,
         FAILURE("cancel", "not-allowed", DETAIL("session-expired"))},
        {SJ_INVALID, XMPP_FAULT_BAD_ACTION,
         FAILURE("modify", "bad-request", DETAIL("bad-action"))},
        {SJ_INVALID, XMPP_FAULT_BAD_PAYLOAD,
         FAILURE("modify", "bad-request", "<text *</text>" DETAIL("bad-payload"))},
        {SJ_LIMIT, XMPP_FAULT_NOT_ALLOWED, FAILURE("cancel", "not-allowed", "</text>")},
        {SJ_LIMIT, XMPP_FAULT_NONE, FAILURE("wait", "resource-constraint", "")},
    };
    p->text = "Why.";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        p->status = rows[i].status;
        p->fault = rows[i].fault;
        peer_say(p, 0, STEP("node='n'", ""));
        peer_expect_at(p, 0, rows[i].answer, __FILE__, (int)i);
    }
}

Test(adhoc, a_form_has_so_many_fields_and_so_many_bytes)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 20);
    p->command = &(struct xmpp_command_out){.run = 1, .node = "n"};
    for (unsigned n = XMPP_VALUES_MAX; n <= XMPP_VALUES_MAX + 1; n++) {
        sj_strbuf_reset(&b);
        sj_strbuf_adds(&b, "<iq type='set' id='s' from='r@m.lit/o' to='irc0.example.org'><command "
                           "xmlns='" COMMANDS "' node='n'><x xmlns='jabber:x:data' type='submit'>");
        for (unsigned i = 0; i < n; i++)
            sj_strbuf_addf(&b, "<field var='v%u'/>", i);
        sj_strbuf_adds(&b, "</x></command></iq>");
        peer_say(p, 0, b.s);
        peer_expect(p, n > XMPP_VALUES_MAX
                           ? FAILURE("modify", "bad-request", DETAIL("bad-payload"))
                           : "<iq *type='result'*");
    }
    sj_strbuf_reset(&b);
    sj_strbuf_adds(&b, "<iq type='set' id='s' from='r@m.lit/o' to='irc0.example.org'><command "
                       "xmlns='" COMMANDS "' node='n'><x xmlns='jabber:x:data' type='submit'>"
                       "<field var='v'><value>");
    for (unsigned i = 0; i <= XMPP_VALUES_BYTES_MAX; i++)
        sj_strbuf_addc(&b, 'x');
    sj_strbuf_adds(&b, "</value></field></x></command></iq>");
    peer_say(p, 0, b.s);
    peer_expect(p, FAILURE("modify", "bad-request", DETAIL("bad-payload")));
    sj_strbuf_release(&b);
}

Test(adhoc, a_late_answer_goes_nowhere_and_a_huge_one_is_an_error)
{
    struct xmpp_form form = every_kind;
    char *huge = sj_calloc(1, p->options.stanza_max + 1);
    memset(huge, 'x', p->options.stanza_max);
    form.input[6].value = huge;
    p->command = &(struct xmpp_command_out){.run = 1, .node = "n", .form = &form};
    peer_say(p, 0, STEP("node='n'", ""));
    peer_expect(p, FAILURE("wait", "resource-constraint", ""));
    xmpp_answer_command(p->xmpp, p->request, p->command);
    peer_expect_nothing(p);
    sj_free(huge);
}

/* G506-01: whoever writes to the gateway is heard. */
Test(adhoc, what_is_said_to_the_gateway_is_passed_on)
{
    peer_say(p, 0, "<message type='chat' id='m' from='r@m.lit/o' to='irc0.example.org'>"
                   "<body>help</body></message>");
    peer_hears(p, "talk r@m.lit/o: help");
    peer_say(p, 0, "<message id='m' from='r@m.lit/o' to='irc0.example.org'><body> </body>"
                   "</message>");
    peer_say(p, 0, "<message type='headline' id='m' from='r@m.lit/o' to='irc0.example.org'>"
                   "<body>news</body></message>");
    peer_say(p, 0, "<message type='error' id='m' from='r@m.lit/o' to='irc0.example.org'>"
                   "<body>help</body><error type='cancel'/></message>");
    peer_hears(p, "bounce *");
    peer_hears_nothing(p);
    p->status = SJ_DENIED;
    peer_say(p, 0, "<message type='chat' id='m' from='r@m.lit/o' to='irc0.example.org'>"
                   "<body>help</body></message>");
    peer_expect(p, "<message from='irc0.example.org' id='m' to='r@m.lit/o' type='error'>"
                   "*forbidden*");
}
