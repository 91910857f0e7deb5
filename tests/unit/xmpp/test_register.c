/* SPDX-License-Identifier: MPL-2.0 */
/* XEP-0077: what is offered, and every way to submit it. */
#include <criterion/criterion.h>

#include "peer.h"
#include "sojourn/backend.h"

static struct peer *p;

static void setup(void)
{
    p = peer_new(1);
    p->form = (struct xmpp_form_out){
        .instructions = "Give your account.",
        .n = 5,
        .field =
            {
                {.var = "username", .label = "Nickname", .value = "romeo", .required = true},
                {.var = "password", .label = "Password", .value = "geheim", .secret = true},
                {.var = "name", .label = "Real name", .value = "R & J"},
                {.var = "sasl_user", .label = "Login"},
                {.var = "stay", .label = "Stay online", .value = "1", .boolean = true},
            },
    };
    peer_start(p);
}

static void teardown(void)
{
    peer_free(&p);
}

TestSuite(registration, .init = setup, .fini = teardown);

#define GET(id) "<iq type='get' id='" id "' from='r@m.lit/o' to='irc0.example.org'>" \
                "<query xmlns='jabber:iq:register'/></iq>"
#define SET(content) "<iq type='set' id='s' from='r@m.lit/o' to='irc0.example.org'>" \
                     "<query xmlns='jabber:iq:register'>" content "</query></iq>"
#define RESULT "<iq from='irc0.example.org' id='s' to='r@m.lit/o' type='result'/>"
#define FAILURE(type, code, condition) \
    "<iq from='irc0.example.org' id='s' to='r@m.lit/o' type='error'><error code='" code \
    "' type='" type "'><" condition " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>*</error></iq>"
#define X(content) "<x xmlns='jabber:x:data' type='submit'>" content "</x>"
#define FIELD(var, value) "<field var='" var "'><value>" value "</value></field>"
#define KIND(kind) "<field var='FORM_TYPE' type='hidden'><value>" kind "</value></field>"

/* G077-01, G077-09, G077-10, G100-05. */
Test(registration, offers_form_and_plain_fields)
{
    peer_say(p, 0, GET("g"));
    peer_hears(p, "register-get r@m.lit");
    peer_expect(p,
                "<iq from='irc0.example.org' id='g' to='r@m.lit/o' type='result'>"
                "<query xmlns='jabber:iq:register'>"
                "<instructions>Give your account.</instructions>"
                "<username>romeo</username><password/><name>R & J</name>"
                "<x type='form' xmlns='jabber:x:data'><title>Example IRC</title>"
                "<instructions>Give your account.</instructions>"
                "<field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field>"
                "<field label='Nickname' type='text-single' var='username'><required/>"
                "<value>romeo</value></field>"
                "<field label='Password' type='text-private' var='password'/>"
                "<field label='Real name' type='text-single' var='name'><value>R & J</value>"
                "</field>"
                "<field label='Login' type='text-single' var='x-sasl-user'/>"
                "<field label='Stay online' type='boolean' var='x-stay'><value>1</value></field>"
                "</x></query></iq>");
}

/* G077-03, G100-15. */
Test(registration, says_that_one_is_registered)
{
    p->form.registered = true;
    peer_say(p, 0, GET("g"));
    peer_expect(p, "<iq *<query xmlns='jabber:iq:register'><registered/><instructions>*");
}

/* G077-12. */
Test(registration, offers_only_the_form_where_plain_fields_do_not_suffice)
{
    p->form.field[3].required = true;
    peer_say(p, 0, GET("g"));
    peer_expect(p, "<iq *<query xmlns='jabber:iq:register'><instructions>Give your account."
                   "</instructions><x type='form'*");
}

Test(registration, refuses_whom_the_session_room_refuses)
{
    p->status = SJ_DENIED;
    p->text = "Not for you.";
    peer_say(p, 0, GET("s"));
    peer_expect(p, FAILURE("auth", "403", "forbidden"));
}

/* G077-11: every shape of a set, what the session room hears, and the answer. G077-04, G077-13,
 * G077-15, G077-22, G077-23, G077-24. */
Test(registration, reads_every_shape_of_a_set)
{
    static const struct {
        const char *set, *heard, *answer;
    } rows[] = {
        {SET("<username>romeo</username><password>pw</password>"),
         "register-set r@m.lit username=romeo password=pw", RESULT},
        {SET("<username>romeo</username><password/>"),
         "register-set r@m.lit username=romeo password=", RESULT},
        {SET("<username>romeo</username><nick>x</nick><key>k</key><email>e@x</email>"),
         "register-set r@m.lit username=romeo email=e@x", RESULT},
        {SET(""), "register-set r@m.lit", RESULT},
        {SET("<x xmlns='urn:other'/><y/>"), "register-set r@m.lit", RESULT},
        {SET(X(KIND("jabber:iq:register") FIELD("username", "romeo") FIELD("password", "pw")
                   FIELD("x-sasl-user", "r2"))),
         "register-set r@m.lit username=romeo password=pw sasl_user=r2", RESULT},
        {SET(X(FIELD("username", "romeo") "<field var='password'/>")),
         "register-set r@m.lit username=romeo password=", RESULT},
        {SET(X(FIELD("username", "romeo") FIELD("unknown", "x") FIELD("x-", "y")
                   "<field><value>no var</value></field>")),
         "register-set r@m.lit username=romeo", RESULT},
        {SET(X("<field var='username'><value>a</value><value>b</value></field>")),
         "register-set r@m.lit username=a", RESULT},
        {SET("<registered/><instructions>i</instructions>" X(FIELD("username", "romeo"))),
         "register-set r@m.lit username=romeo", RESULT},
        {SET("<remove/>"), "register-remove r@m.lit", RESULT},
        {SET("<x xmlns='jabber:x:data' type='cancel'/>"), NULL, RESULT},
        /* refused here */
        {SET("<username>a</username>" X(FIELD("username", "b"))), NULL,
         FAILURE("modify", "400", "bad-request")},
        {SET("<nick>a</nick>" X(FIELD("username", "b"))), NULL,
         FAILURE("modify", "400", "bad-request")},
        {SET(X(FIELD("username", "a")) X(FIELD("username", "b"))), NULL,
         FAILURE("modify", "400", "bad-request")},
        {SET(X(KIND("jabber:iq:search") FIELD("username", "b"))), NULL,
         FAILURE("modify", "400", "bad-request")},
        {SET(X(KIND("jabber:iq:register:changepassword") FIELD("username", "b"))), NULL,
         FAILURE("cancel", "405", "not-allowed")},
        {SET("<x xmlns='jabber:x:data' type='form'/>"), NULL,
         FAILURE("modify", "400", "bad-request")},
        {SET("<x xmlns='jabber:x:data'/>"), NULL, FAILURE("modify", "400", "bad-request")},
        {SET("<remove/><username>a</username>"), NULL, FAILURE("modify", "400", "bad-request")},
        {SET("<remove/><remove/>"), NULL, FAILURE("modify", "400", "bad-request")},
        {SET("<remove/>" X("")), NULL, FAILURE("modify", "400", "bad-request")},
        {SET("<username>a</username><username>b</username>"), NULL,
         FAILURE("modify", "400", "bad-request")},
        {SET(X(FIELD("x-a-b", "1") FIELD("x-a_b", "2"))), NULL,
         FAILURE("modify", "400", "bad-request")},
    };
    p->answer_at_once = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        peer_say(p, 0, rows[i].set);
        if (rows[i].heard != NULL)
            peer_hears_at(p, rows[i].heard, rows[i].set, (int)i);
        peer_expect_at(p, 0, rows[i].answer, rows[i].set, (int)i);
        peer_hears_nothing(p);
    }
}

Test(registration, takes_as_many_fields_as_there_can_be)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 20);
    for (int n = XMPP_FIELDS_MAX; n <= XMPP_FIELDS_MAX + 1; n++) {
        sj_strbuf_reset(&b);
        sj_strbuf_adds(&b, "<iq type='set' id='s' from='r@m.lit/o' to='irc0.example.org'>"
                           "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' "
                           "type='submit'>");
        for (int i = 0; i < n; i++)
            sj_strbuf_addf(&b, "<field var='x-f%d'><value>v</value></field>", i);
        sj_strbuf_adds(&b, "</x></query></iq>");
        p->answer_at_once = true;
        peer_say(p, 0, b.s);
        peer_expect(p, n == XMPP_FIELDS_MAX ? RESULT : FAILURE("modify", "400", "bad-request"));
    }
    sj_strbuf_release(&b);
}

Test(registration, refuses_values_that_are_too_long)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 20);
    sj_strbuf_adds(&b, "<iq type='set' id='s' from='r@m.lit/o' to='irc0.example.org'>"
                       "<query xmlns='jabber:iq:register'><username>");
    for (size_t i = 0; i < SJ_FIELD_MAX + 1; i++)
        sj_strbuf_addc(&b, 'x');
    sj_strbuf_adds(&b, "</username></query></iq>");
    peer_say(p, 0, b.s);
    peer_expect(p, FAILURE("modify", "406", "not-acceptable"));
    sj_strbuf_release(&b);
}

/* G077-20: every failure carries its legacy code, and no failure echoes the request. G077-08,
 * G077-16, G077-19. */
Test(registration, answers_failures_with_codes)
{
    static const struct {
        enum sj_status status;
        const char *answer;
    } rows[] = {
        {SJ_AUTH, FAILURE("modify", "406", "not-acceptable")},       /* G100-07 */
        {SJ_UNACCEPTABLE, FAILURE("modify", "406", "not-acceptable")},
        {SJ_EXISTS, FAILURE("cancel", "409", "conflict")},
        {SJ_DENIED, FAILURE("auth", "403", "forbidden")},
        {SJ_UNREACHABLE, FAILURE("wait", "504", "remote-server-timeout")},
        {SJ_UNREGISTERED, FAILURE("auth", "407", "registration-required")},
        {SJ_INTERNAL, FAILURE("cancel", "500", "internal-server-error")},
    };
    static const char set[] = SET("<username>romeo</username><password>geheim</password>");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        /* at once, by status */
        p->status = rows[i].status;
        p->text = "words";
        peer_say(p, 0, set);
        peer_expect(p, rows[i].answer);
        /* later, by request */
        p->status = SJ_OK;
        peer_say(p, 0, set);
        peer_expect_nothing(p);
        struct sj_error err;
        sj_fail(&err, rows[i].status, "words");
        xmpp_answer(p->xmpp, p->request, &err);
        char *got = peer_next(p, 0);
        cr_expect(peer_match(rows[i].answer, got), "%s", got);
        cr_expect_null(strstr(got, "geheim"));
        cr_expect_not_null(strstr(got, "words"));
        free(got);
    }
}

Test(registration, answers_once_when_the_session_room_answers_and_fails)
{
    struct sj_error err;
    sj_fail(&err, SJ_EXISTS, "taken");
    p->answer_at_once = true;
    p->answer = &err;
    p->status = SJ_INTERNAL;
    peer_say(p, 0, SET("<username>a</username>"));
    peer_expect(p, FAILURE("cancel", "409", "conflict"));
    peer_expect_nothing(p);
}

Test(registration, answers_after_a_timeout_once)
{
    sj_loop_test_advance(p->loop, 0);
    peer_say(p, 0, SET("<username>a</username>"));
    peer_hears(p, "register-set r@m.lit username=a");
    sj_loop_test_advance(p->loop, XMPP_REQUEST_TIMEOUT_MS - 1000);
    peer_expect_nothing(p);
    sj_loop_test_advance(p->loop, 1100);
    peer_expect(p, FAILURE("wait", "504", "remote-server-timeout"));
    xmpp_answer(p->xmpp, p->request, NULL);
    peer_expect_nothing(p);
}

/* G077-02: no contact takes registrations. */
Test(registration, is_unknown_at_a_contact)
{
    peer_say(p, 0, "<iq type='get' id='s' from='r@m.lit/o' to='bob@irc0.example.org'>"
                   "<query xmlns='jabber:iq:register'/></iq>");
    peer_expect(p, "<iq from='bob@irc0.example.org' id='s' to='r@m.lit/o' type='error'>"
                   "<error type='cancel'><service-unavailable "
                   "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    peer_hears_nothing(p);
}

/* G077-25, G077-10: a question of the network in the place of the fields. */
Test(registration, asks_what_the_network_asks)
{
    const struct xmpp_form question = {
        .title = "T", .instructions = "Code?", .n = 1,
        .input[0] = {.kind = XMPP_INPUT_SECRET, .var = "answer", .label = "A", .value = "never",
                     .required = true}};

    p->form.question = &question;
    p->form.registered = true;
    peer_say(p, 0, GET("g"));
    peer_expect(p, "<iq *<query xmlns='jabber:iq:register'><registered/>"
                   "<instructions>Give your account.</instructions>"
                   "<x type='form' xmlns='jabber:x:data'><title>T</title>"
                   "<instructions>Code?</instructions>"
                   "<field type='hidden' var='FORM_TYPE'><value>jabber:iq:register</value></field>"
                   "<field label='A' type='text-private' var='x-answer'><required/></field></x>"
                   "</query></iq>");
}
