/* SPDX-License-Identifier: MPL-2.0 */
/* Commands of admins: who may run them, what they tell, what they do to users. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "expect.h"
#include "session.h"
#include "sojourn/strbuf.h"

#define ADMIN "admin@example.org"
#define NODE "http://jabber.org/protocol/admin#"

static enum xmpp_command_fault fault;

/* One step of the admin's client; value: of var, NULL: no form. */
static enum sj_status step(struct world *w, const char *user, const char *node, uint64_t run,
                           const char *var, const char *value)
{
    struct xmpp_from from = world_from(user, "r");
    struct xmpp_values values = {.n = 1, .item = {{var, value}}};
    struct xmpp_command_in in = {.from = &from, .node = node, .run = run,
                                 .values = value ? &values : NULL};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status;

    fault = XMPP_FAULT_NONE;
    status = w->in->command.step(w->sessions, &in, 9, &fault, &err);
    world_advance(w, 20);
    return status;
}

/* Begins the command and fills in its form. */
static const char *admin_runs(struct world *w, const char *name, const char *var,
                              const char *value)
{
    unsigned long long run = 0;
    const char *lines;
    struct sj_strbuf node;

    sj_strbuf_init(&node, 200);
    sj_strbuf_addf(&node, NODE "%s", name);
    world_clear(w);
    cr_expect_eq(step(w, ADMIN, node.s, 0, NULL, NULL), SJ_OK);
    lines = world_lines(w);
    if (value) {
        cr_expect_eq(sscanf(lines, "command 9 %llu", &run), 1);
        cr_expect_eq(step(w, ADMIN, node.s, run, var, value), SJ_OK);
        lines = world_lines(w);
    }
    sj_strbuf_release(&node);
    return lines;
}

#define HAS(lines, part)                                               \
    do {                                                               \
        const char *text = lines;                                      \
        cr_expect(strstr(text, part) != NULL, "%s", text);             \
    } while (0)

static void hear(void *arg, const char *node, const char *title)
{
    (void)title;
    *(bool *)arg = *(bool *)arg || strncmp(node, NODE, strlen(NODE)) == 0;
}

/* G133-01. */
Test(command_admin, is_for_admins_only)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from romeo = world_from(ROMEO, "r"), admin = world_from(ADMIN, "r");
    struct sj_error err = {.status = SJ_OK};
    const char *title;
    bool seen = false;

    world_ready(w);
    w->in->command.list(w->sessions, &romeo, hear, &seen);
    cr_expect_not(seen);
    cr_expect_eq(w->in->command.info(w->sessions, &romeo, NODE "announce", &title, &err),
                 SJ_DENIED);
    cr_expect_eq(step(w, ROMEO, NODE "delete-user", 0, NULL, NULL), SJ_DENIED);
    cr_expect_eq(w->in->command.talk(w->sessions, &romeo, "users", &err), SJ_OK);
    HAS(world_lines(w), "I do not know this word.");
    w->in->command.list(w->sessions, &admin, hear, &seen);
    cr_expect(seen);
    cr_expect_eq(w->in->command.talk(w->sessions, &admin, "users 25", &err), SJ_OK);
    HAS(world_lines(w), "Registered users:\n" ROMEO);
    world_free(w);
}

/* G133-07, G133-09: numbers, and lists that are cut. */
Test(command_admin, tells_who_is_there)
{
    struct world *w = world_new(CAPS_PLAIN);
    char user[64];

    world_ready(w);
    for (unsigned i = 0; i < 30; i++) {
        snprintf(user, sizeof user, "u%02u@example.org", i);
        world_register(w, user, "name", 7);
        world_run(w);
    }
    world_clear(w);
    HAS(admin_runs(w, "get-registered-users-num", NULL, NULL), "registeredusersnum=31\n");
    HAS(admin_runs(w, "get-online-users-num", NULL, NULL), "onlineusersnum=31\n");
    HAS(admin_runs(w, "get-disabled-users-num", NULL, NULL), "disabledusersnum=0\n");
    HAS(admin_runs(w, "get-registered-users-list", "max_items", "25"),
        "! info: These are 25 of 31.\n");
    HAS(admin_runs(w, "get-registered-users-list", "max_items", "none"), ROMEO);
    HAS(admin_runs(w, "get-online-users-list", "max_items", "none"), "u29@example.org");
    world_free(w);
}

/* A session ends, and begins again with the user's next presence. */
Test(command_admin, ends_sessions)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    HAS(admin_runs(w, "end-user-session", "accountjids", ROMEO "\nnobody@example.org"),
        "net disconnect\ncommand 9 1 " NODE "end-user-session completed ! error: Users for whom it "
        "is done: 1 of 2.\nnobody@example.org: You are not registered with this gateway.\n");
    world_presence(w, "r", NULL, XMPP_AWAY, 0);
    world_run(w);
    HAS(world_lines(w), "presence G -> " ROMEO " online");
    HAS(admin_runs(w, "end-user-session", "accountjids", ROMEO "/other"),
        "Users for whom it is done: 0 of 1.\n" ROMEO ": no such client is there");
    HAS(admin_runs(w, "end-user-session", "accountjids", ROMEO "/r"), "net disconnect\n");
    world_free(w);
}

/* G133-04: out, and refused, also after a restart, until an admin lets them in again. */
Test(command_admin, disables_and_lets_in_again)
{
    struct world *w = world_new(CAPS_PLAIN);
    struct xmpp_from romeo = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    world_ready(w);
    HAS(admin_runs(w, "disable-user", "accountjids", ROMEO), "net disconnect\n");
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_presence(w, "r", NULL, XMPP_AWAY, 0);
    world_run(w);
    EXPECT(w, "error-presence G -> " ROMEO "/r not permitted\n");
    cr_expect_eq(step(w, ROMEO, "login", 0, NULL, NULL), SJ_DENIED);
    cr_expect_eq(step(w, ROMEO, "unregister", 0, NULL, NULL), SJ_DENIED);
    cr_expect_eq(world_register(w, ROMEO, "other", 7), SJ_DENIED);
    cr_expect_eq(w->in->register_remove(w->sessions, &romeo, 8, &err), SJ_DENIED);
    cr_expect_eq(w->in->command.talk(w->sessions, &romeo, "login", &err), SJ_OK);
    EXPECT(w, "message G -> " ROMEO " An admin of this gateway has disabled your account here.\n");
    world_restart(w);
    world_clear(w);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    HAS(world_lines(w), "error-presence G -> " ROMEO "/r not permitted\n");
    HAS(admin_runs(w, "get-disabled-users-list", "max_items", "none"),
        "disableduserjids=" ROMEO "\n");
    HAS(admin_runs(w, "reenable-user", "accountjids", ROMEO),
        "Users for whom it is done: 1 of 1.\n");
    cr_expect_eq(world_presence(w, "r", NULL, XMPP_ONLINE, 0), SJ_OK);
    world_run(w);
    HAS(world_lines(w), "net connect\n");
    admin_runs(w, "disable-user", "accountjids", ROMEO);
    world_presence(w, "r", NULL, XMPP_AWAY, 0);
    HAS(world_lines(w), "error-presence G -> " ROMEO "/r not permitted\n");
    world_free(w);
}

/* G133-03, G100-19: the whole sequence. */
Test(command_admin, deletes_registrations)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    HAS(admin_runs(w, "delete-user", "accountjids", ROMEO), "sub G -> " ROMEO " unsubscribe\n"
        "sub G -> " ROMEO " unsubscribed\npresence G -> " ROMEO " offline\n");
    HAS(admin_runs(w, "get-registered-users-num", NULL, NULL), "registeredusersnum=0\n");
    world_free(w);
}

/* The run goes on after the registration of its admin ended: nothing of it is touched again. */
Test(command_admin, deletes_its_own_registration)
{
    struct sj_error err = {.status = SJ_OK};
    struct xmpp_from admin;

    for (unsigned in_words = 0; in_words < 2; in_words++) {
        struct world *w = world_new(CAPS_PLAIN);
        world_register(w, ROMEO, "romeo", 1);
        world_register(w, ADMIN, "admin", 7);
        world_restart(w);                /* neither is logged in: both are gone at once */
        world_clear(w);
        admin = world_from(ADMIN, "r");
        if (in_words) {
            cr_expect_eq(w->in->command.talk(w->sessions, &admin, "delete " ADMIN ", " ROMEO,
                                             &err), SJ_OK);
            world_run(w);
            HAS(world_lines(w), "message G -> " ADMIN " Users for whom it is done: 2 of 2.");
        } else {
            HAS(admin_runs(w, "delete-user", "accountjids", ADMIN "\n" ROMEO),
                "completed ! info: Users for whom it is done: 2 of 2.");
        }
        HAS(admin_runs(w, "get-registered-users-num", NULL, NULL), "registeredusersnum=0\n");
        world_free(w);
    }
}

/* The forms that wait for the user end with the registration, whatever deleted it. */
Test(command_admin, ends_the_other_runs_of_who_is_deleted)
{
    struct world *w = world_new(CAPS_PLAIN);
    unsigned long long first = 0;

    world_register(w, ADMIN, "admin", 7);
    world_run(w);
    world_clear(w);
    cr_expect_eq(step(w, ADMIN, NODE "announce", 0, NULL, NULL), SJ_OK);
    cr_expect_eq(sscanf(world_lines(w), "command 9 %llu", &first), 1);
    HAS(admin_runs(w, "delete-user", "accountjids", ADMIN), "Users for whom it is done: 1 of 1.");
    cr_expect_null(command_find(w->sessions, first));
    world_free(w);
}

/* G133-06: given again, the last one holds. */
Test(command_admin, stops_the_gateway_once)
{
    struct world *w = world_new(CAPS_PLAIN);

    HAS(admin_runs(w, "shutdown", "delay", "30"), "The gateway stops in 30 s.");
    HAS(admin_runs(w, "shutdown", "delay", "60"), "The gateway stops in 60 s.");
    world_clear(w);
    world_advance(w, 59000);
    EXPECT(w, "");
    world_advance(w, 2000);
    EXPECT(w, "stop\n");
    admin_runs(w, "shutdown", "delay", "60");
    admin_runs(w, "shutdown", "delay", "30");
    world_clear(w);
    world_advance(w, 31000);
    EXPECT(w, "stop\n");
    world_advance(w, 60000);
    EXPECT(w, "");
    admin_runs(w, "shutdown", "delay", "30");        /* a stop that is due holds nothing back */
    world_free(w);
}

/* G133-05. */
Test(command_admin, announces)
{
    struct world *w = world_new(CAPS_PLAIN);

    world_ready(w);
    world_register(w, "juliet@example.org", "juliet", 7);
    world_run(w);
    world_clear(w);
    EXPECT(w, "");
    HAS(admin_runs(w, "announce", "announcement", "We stop\nat noon."),
        "message G -> " ROMEO " We stop\nat noon.");
    world_free(w);
}
