/* SPDX-License-Identifier: MPL-2.0 */
/* The engine of commands: rights, steps, limits, ends; and the commands about the account. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "expect.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

static enum xmpp_command_fault fault;

/* One step of romeo's client; form: "var=value&var=value", NULL: none. */
static enum sj_status step_as(struct world *w, const char *resource, const char *node, uint64_t run,
                              enum xmpp_action action, const char *form, uint64_t req)
{
    struct xmpp_from from = world_from(ROMEO, resource);
    struct xmpp_values values = {.n = 0};
    struct xmpp_command_in in = {.from = &from, .node = node, .run = run, .action = action,
                                 .values = form ? &values : NULL};
    char *copy = sj_strdup(form ? form : ""), *rest = copy, *pair;
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status;

    while ((pair = strtok_r(rest, "&", &rest)) != NULL) {
        char *equals = strchr(pair, '=');
        *equals = '\0';
        values.item[values.n].var = pair;
        values.item[values.n++].value = equals + 1;
    }
    fault = XMPP_FAULT_NONE;
    status = w->in->command.step(w->sessions, &in, req, &fault, &err);
    sj_free(copy);
    world_advance(w, 20);
    return status;
}

static enum sj_status step(struct world *w, const char *node, uint64_t run, const char *form)
{
    return step_as(w, "r", node, run, form ? XMPP_COMPLETE : XMPP_EXECUTE, form, 9);
}

#define REGISTER_FORM " executing complete | username*= password= name=nobody\n"

/* G100-06, G050-03, G050-12: the flow of in-band registration, told in another way. */
Test(command, registers_by_logging_in)
{
    struct world *w = world_new(CAPS_PLAIN);

    cr_expect_eq(step(w, "register", 0, NULL), SJ_OK);
    EXPECT(w, "command 9 1 register" REGISTER_FORM);
    cr_expect_eq(step(w, "register", 1, "username=romeo&password=s3cret&other=x"), SJ_OK);
    EXPECT(w, "net connect\n"
              "command 9 1 register completed ! info: You are registered with Test. Let me see "
              "when you are online: accept my request for it in your client, and I log you in "
              "whenever you are.\n"
              "sub G -> " ROMEO " subscribe\n");
    cr_expect_eq(step(w, "register", 1, "username=romeo"), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_EXPIRED);
    world_free(w);
}

/* G100-07, G050-12. */
Test(command, tells_that_the_network_refused)
{
    struct world *w = world_new(CAPS_PLAIN);

    w->refuse = SJ_END_AUTH;
    step(w, "register", 0, NULL);
    world_clear(w);
    cr_expect_eq(step(w, "register", 1, "username=romeo"), SJ_OK);
    EXPECT(w, "net connect\n"
              "command 9 1 register completed ! error: the network refused the credentials\n");
    cr_expect_eq(step(w, "status", 0, NULL), SJ_OK);
    EXPECT(w, "command 9 2 status completed ! info: You are not registered with Test.\n");
    world_free(w);
}

/* G050-09, G004-06, G004-07: a form that does not do leaves the command where it is. */
Test(command, refuses_forms_and_goes_on)
{
    struct world *w = world_new(CAPS_PLAIN);

    step(w, "register", 0, NULL);
    cr_expect_eq(step(w, "register", 1, "password=x"), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_BAD_PAYLOAD);
    cr_expect_eq(step(w, "register", 1, "username="), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_BAD_PAYLOAD);
    cr_expect_eq(step_as(w, "r", "register", 1, XMPP_COMPLETE, NULL, 9), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_BAD_PAYLOAD);
    cr_expect_eq(step(w, "register", 1, "username=ro\nmeo"), SJ_UNACCEPTABLE);
    cr_expect_eq(fault, XMPP_FAULT_NONE);
    world_clear(w);
    cr_expect_eq(step(w, "register", 1, "username=two words"), SJ_OK);
    EXPECT(w, "command 9 1 register completed ! error: Nickname: no spaces\n");
    world_free(w);
}

/* G050-06, G050-08, G050-09, G050-10. */
Test(command, belongs_to_the_client_that_began_it)
{
    struct world *w = world_new(CAPS_PLAIN);

    cr_expect_eq(step(w, "nothing", 0, NULL), SJ_NOTFOUND);
    cr_expect_eq(step_as(w, "r", "register", 0, XMPP_NEXT, NULL, 9), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_BAD_ACTION);
    step(w, "register", 0, NULL);
    cr_expect_eq(step_as(w, "other", "register", 1, XMPP_EXECUTE, "username=x", 9), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_BAD_SESSION);
    cr_expect_eq(step(w, "status", 1, NULL), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_BAD_SESSION);
    cr_expect_eq(step(w, "register", 77, NULL), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_EXPIRED);
    for (enum xmpp_action a = XMPP_PREV; a <= XMPP_NEXT; a++) {
        cr_expect_eq(step_as(w, "r", "register", 1, a, "username=x", 9), SJ_INVALID);
        cr_expect_eq(fault, XMPP_FAULT_BAD_ACTION);
    }
    world_clear(w);
    cr_expect_eq(step_as(w, "r", "register", 1, XMPP_CANCEL, NULL, 9), SJ_OK);
    EXPECT(w, "command 9 1 register canceled\n");
    world_free(w);
}

/* G050-06: both requests are answered, nothing is stored, and a second registration may begin. */
Test(command, is_canceled_while_the_network_is_asked)
{
    struct world *w = world_new(CAPS_PLAIN);

    w->connect_waits = true;
    step(w, "register", 0, NULL);
    cr_expect_eq(step_as(w, "r", "register", 1, XMPP_EXECUTE, "username=romeo", 10), SJ_OK);
    world_clear(w);
    cr_expect_eq(step_as(w, "r", "register", 1, XMPP_EXECUTE, "username=romeo", 11), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_BAD_ACTION);
    cr_expect_eq(step_as(w, "s", "register", 0, XMPP_EXECUTE, NULL, 12), SJ_LIMIT);   /* G050-11 */
    cr_expect_eq(fault, XMPP_FAULT_NOT_ALLOWED);
    cr_expect_eq(step_as(w, "r", "register", 1, XMPP_CANCEL, NULL, 13), SJ_OK);
    EXPECT(w, "command 10 1 register canceled\ncommand 13 1 register canceled\n");
    world_run(w);
    cr_expect_null(w->link);
    cr_expect_eq(step_as(w, "s", "register", 0, XMPP_EXECUTE, NULL, 14), SJ_OK);
    EXPECT(w, "command 14 2 register" REGISTER_FORM);
    world_free(w);
}

/* G050-16: forms that nobody fills in end; so does what the network never answers. */
Test(command, has_a_deadline)
{
    struct world *w = world_new(CAPS_PLAIN);

    step(w, "register", 0, NULL);
    world_clear(w);
    world_advance(w, COMMAND_IDLE_MS + 20);
    EXPECT(w, "");
    cr_expect_eq(step(w, "register", 1, "username=romeo"), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_EXPIRED);
    w->connect_waits = true;
    step(w, "register", 0, NULL);
    step(w, "register", 2, "username=romeo");
    world_clear(w);
    world_advance(w, XMPP_REQUEST_TIMEOUT_MS);
    EXPECT(w, "command 9 2 register completed ! error: The network did not answer in time.\n");
    world_free(w);
}

/* G050-10, G050-01. */
static void count(void *arg, const char *node, const char *title)
{
    struct sj_strbuf *b = arg;

    cr_expect(title[0]);
    sj_strbuf_addf(b, "%s ", node);
}

static void expect_list(struct world *w, const char *user, const char *nodes)
{
    struct xmpp_from from = world_from(user, "r");
    struct sj_strbuf b;

    sj_strbuf_init(&b, 4096);
    w->in->command.list(w->sessions, &from, count, &b);
    cr_expect_str_eq(b.s, nodes);
    sj_strbuf_release(&b);
}

Test(command, is_offered_to_whom_may_run_it)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from stranger = world_from("romeo@elsewhere.org", "r");
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};
    const char *title;

    expect_list(w, "romeo@elsewhere.org", "");
    expect_list(w, ROMEO, "register status help ");
    cr_expect_eq(step(w, "unregister", 0, NULL), SJ_DENIED);
    cr_expect_eq(w->in->command.info(w->sessions, &from, "unregister", &title, &err), SJ_DENIED);
    cr_expect_eq(w->in->command.info(w->sessions, &from, "nothing", &title, &err), SJ_NOTFOUND);
    cr_expect_eq(w->in->command.info(w->sessions, &stranger, "register", &title, &err), SJ_DENIED);
    world_register(w, ROMEO, "romeo", 7);
    expect_list(w, ROMEO, "register status login logout preferences add-contact remove-contact "
                          "unregister help ");
    cr_expect_eq(w->in->command.info(w->sessions, &from, "unregister", &title, &err), SJ_OK);
    world_free(w);
}

/* G050-16: whoever begins thousands keeps few; the oldest form makes room. */
Test(command, is_limited_per_user)
{
    struct world *w = world_new(CAPS_PLAIN);

    for (unsigned i = 0; i < 5000; i++)
        cr_assert_eq(step(w, "register", 0, NULL), SJ_OK);
    cr_expect_eq(w->sessions->commands != NULL, true);
    cr_expect_eq(step(w, "register", 5000 - COMMAND_RUNS_USER_MAX, "username=x"), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_EXPIRED);
    cr_expect_eq(step(w, "register", 5001 - COMMAND_RUNS_USER_MAX, "password=x"), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_BAD_PAYLOAD);
    world_free(w);
}

Test(command, is_limited_in_all)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct sj_error err = {.status = SJ_OK};
    char user[64], full[80];

    for (unsigned i = 0; i <= COMMAND_RUNS_MAX; i++) {
        snprintf(user, sizeof user, "u%u@example.org", i);
        snprintf(full, sizeof full, "%s/r", user);
        struct xmpp_from from = {.user = user, .resource = "r", .full = full};
        struct xmpp_command_in in = {.from = &from, .node = "register"};
        cr_assert_eq(w->in->command.step(w->sessions, &in, 1, &fault, &err),
                     i < COMMAND_RUNS_MAX ? SJ_OK : SJ_LIMIT);
    }
    world_free(w);
}

/* G100-19, G050-16: the answer, then the presences; other commands of the user end. */
Test(command, unregisters)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    step(w, "unregister", 0, NULL);
    EXPECT(w, "command 9 1 unregister executing complete | sure*=0\n");
    cr_expect_eq(step(w, "unregister", 1, "sure=yes"), SJ_UNACCEPTABLE);
    cr_expect_eq(step(w, "unregister", 1, "sure=false"), SJ_OK);
    EXPECT(w, "command 9 1 unregister completed ! info: Nothing was changed.\n");
    step(w, "unregister", 0, NULL);
    step(w, "register", 0, NULL);
    world_clear(w);
    cr_expect_eq(step(w, "unregister", 2, "sure=true"), SJ_OK);
    EXPECT(w, "presence G -> " ROMEO " offline\n"
              "net disconnect\n"
              "command 9 2 unregister completed ! info: You are no longer registered with Test.\n"
              "sub G -> " ROMEO " unsubscribe\n"
              "sub G -> " ROMEO " unsubscribed\n"
              "presence G -> " ROMEO " offline\n");
    cr_expect_eq(step(w, "register", 3, "username=x"), SJ_INVALID);
    cr_expect_eq(fault, XMPP_FAULT_EXPIRED);
    world_free(w);
}

/* G100-15, G077-07: what is on file stands there, the password is kept. */
Test(command, changes_a_registration)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    step(w, "register", 0, NULL);
    EXPECT(w, "command 9 1 register executing complete | username*=romeo password= name=nobody\n");
    cr_expect_eq(step(w, "register", 1, "username=romeo"), SJ_OK);
    EXPECT(w, "command 9 1 register completed ! info: Your registration with Test is up to "
              "date.\n");
    world_free(w);
}

/* G100-30: asked for, a log-in is tried again also after the network refused. */
Test(command, logs_in_again)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    cr_expect_eq(step(w, "login", 0, NULL), SJ_OK);
    EXPECT(w, "command 9 1 login completed ! info: You are logged in.\n");
    w->refuse = SJ_END_AUTH;
    world_down(w, SJ_END_AUTH);
    world_clear(w);
    cr_expect_eq(step(w, "login", 0, NULL), SJ_OK);
    world_run(w);
    cr_expect(strstr(world_lines(w),
                     "command 9 2 login completed ! error: the network refused the credentials\n"));
    w->refuse = 0;
    cr_expect_eq(step(w, "login", 0, NULL), SJ_OK);
    world_run(w);
    EXPECT(w, "net connect\npresence G -> " ROMEO " online\n"
              "command 9 3 login completed ! info: You are logged in.\n");
    world_free(w);
}

Test(command, tells_how_the_log_in_stands)
{
    struct world *w = world_new(CAPS_PLAIN);
    const char *lines;

    world_ready(w);
    cr_expect_eq(step(w, "status", 0, NULL), SJ_OK);
    lines = world_lines(w);
    cr_expect(strstr(lines, "command 9 1 status completed | state=logged in since="));
    cr_expect_not(strstr(lines, "trouble"));
    world_down(w, SJ_END_BANNED);
    world_clear(w);
    step(w, "status", 0, NULL);
    lines = world_lines(w);
    cr_expect(strstr(lines, "state=refused by the network"), "%s", lines);
    cr_expect(strstr(lines, "trouble=the network does not let this account in"), "%s", lines);
    world_free(w);
}

/* G004-04, G004-05, G004-07, G004-09: what each kind takes. */
Test(command, checks_values_by_their_kind)
{
    static const struct xmpp_choice choices[] = {{"a", "A"}, {"b", "B"}};
    static const struct {
        enum xmpp_input_kind kind;
        const char *given, *kept;        /* NULL: refused */
    } rows[] = {
        {XMPP_INPUT_TEXT, "a b ", "a b "},
        {XMPP_INPUT_TEXT, "", ""},
        {XMPP_INPUT_TEXT, "a\nb", NULL},
        {XMPP_INPUT_TEXT, "a\rb", NULL},
        {XMPP_INPUT_SECRET, "\"x'", "\"x'"},
        {XMPP_INPUT_BOOL, "true", "1"},
        {XMPP_INPUT_BOOL, "0", "0"},
        {XMPP_INPUT_BOOL, "yes", NULL},
        {XMPP_INPUT_BOOL, "", ""},
        {XMPP_INPUT_LIST, "b", "b"},
        {XMPP_INPUT_LIST, "B", NULL},
        {XMPP_INPUT_LIST_MULTI, "b\n\na", "b\na"},
        {XMPP_INPUT_LIST_MULTI, "b\nc", NULL},
        {XMPP_INPUT_LINES, "one\n\ntwo", "one\n\ntwo"},
        {XMPP_INPUT_JID, "R@Example.org/Xy", "r@example.org/Xy"},
        {XMPP_INPUT_JID, "r@example.org/", NULL},
        {XMPP_INPUT_JID, "not a jid", NULL},
        {XMPP_INPUT_JIDS, "r@x\nR@X\nj@x\nr@x\nxr@x", "r@x\nj@x\nxr@x"},
        {XMPP_INPUT_JIDS, "r@x\na b", NULL},
    };
    char *text = sj_calloc(1, 5000);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct xmpp_input in = {.kind = rows[i].kind, .var = "v", .label = "Label",
                                .choices = choices, .n_choices = 2};
        struct sj_error err = {.status = SJ_OK};
        char *kept = command_value_take(&in, rows[i].given, &err);
        cr_expect_eq(!kept, !rows[i].kept, "row %zu", i);
        if (kept && rows[i].kept)
            cr_expect_str_eq(kept, rows[i].kept, "row %zu: %s", i, kept);
        else
            cr_expect(strstr(err.text, "\"Label\""));
        sj_secret_free(&kept);
    }
    memset(text, 'x', 4096);
    struct sj_error err = {.status = SJ_OK};
    cr_expect_null(command_value_take(&(struct xmpp_input){.var = "v"}, text, &err));
    sj_free(text);
}

/* The stop answers who waits. */
Test(command, ends_with_the_gateway)
{
    struct world *w = world_new(CAPS_PLAIN);

    w->connect_waits = true;
    step(w, "register", 0, NULL);
    step(w, "register", 1, "username=romeo");
    world_clear(w);
    sessions_stop(w->sessions, 1000, NULL, NULL);
    EXPECT(w, "command 9 1 register completed ! error: The gateway is being stopped; try again "
              "later.\n");
    cr_expect_eq(step(w, "register", 0, NULL), SJ_UNAVAILABLE);
    world_free(w);
}

/* The command searches like XEP-0055; G055-01, G050-17. */
Test(command, searches_for_people)
{
    struct world *w = world_new(CAPS_PLAIN | SJ_CAP_SEARCH);
    struct sj_contact found = {.id = "juliet", .name = "Juliet"};
    struct sj_contact odd = {.id = WORLD_NO_ADDRESS};

    world_ready(w);
    cr_expect_eq(step(w, "search", 0, NULL), SJ_OK);
    EXPECT(w, "command 9 1 search executing complete | nick= online=0\n");
    cr_expect_eq(step(w, "search", 1, "nick=jul"), SJ_OK);
    EXPECT(w, "net search jul -\n");
    w->link->host->found(w->link, w->op, &found);
    w->link->host->found(w->link, w->op, &odd);
    world_done(w, SJ_OK);
    EXPECT(w, "command 9 1 search completed [juliet@" HOST "] [Juliet]\n");
    step(w, "search", 0, NULL);
    step(w, "search", 2, "nick=");
    world_clear(w);
    step(w, "search", 0, NULL);
    step(w, "search", 3, "nick=x");
    world_clear(w);
    world_done(w, SJ_OK);
    EXPECT(w, "command 9 3 search completed ! info: Nobody was found.\n");
    world_free(w);
}

/* A run that ends takes its search with it. */
Test(command, a_search_that_is_given_up_bothers_nobody)
{
    struct world *w = world_new(CAPS_PLAIN | SJ_CAP_SEARCH);

    world_ready(w);
    step(w, "search", 0, NULL);
    step(w, "search", 1, "nick=jul");
    cr_expect_eq(step_as(w, "r", "search", 1, XMPP_CANCEL, NULL, 9), SJ_OK);
    world_clear(w);
    world_done(w, SJ_OK);
    EXPECT(w, "");
    step(w, "search", 0, NULL);
    cr_expect_eq(step(w, "search", 2, "nick=jul"), SJ_OK);
    world_free(w);
}
