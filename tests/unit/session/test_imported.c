/* SPDX-License-Identifier: MPL-2.0 */
/* An account that comes from another store: no session may say otherwise afterwards. */
#include <criterion/criterion.h>

#include "session.h"
#include "world.h"

static enum sj_status make_room(struct world *w, bool now)
{
    struct sj_error err = {.status = SJ_OK};

    return sessions_make_room(w->sessions, 0, ROMEO, now, &err);
}

/* What an import does: other flags and another list of contacts. */
static void put_account(struct world *w, bool sees_user)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_registration r = {.owner = {HOST, ROMEO, ""}, .created_at = 7,
                                .sees_user = sees_user, .n_values = 1,
                                .values = {{"username", "imported"}}};

    const struct sj_store_change change = {.owner = r.owner, .registration = &r};

    cr_assert_eq(sj_store_changes_put(w->store, &change, 1, &err), SJ_OK, "%s", err.text);
    cr_assert_eq(sj_store_flush(w->store, &err), SJ_OK, "%s", err.text);
}

Test(imported, who_is_at_home_logs_in_without_registering)
{
    struct world *w = world_new(0);

    cr_expect_eq(make_room(w, true), SJ_OK, "nobody is there");
    put_account(w, true);
    sessions_imported(w->sessions, 0, ROMEO);
    world_run(w);
    cr_expect_str_eq(world_lines(w), "probe romeo@example.org\n");
    world_presence(w, "garden", NULL, XMPP_ONLINE, 0);
    world_run(w);
    cr_expect_not_null(strstr(world_lines(w), "net connect\n"));
    world_free(w);
}

Test(imported, who_does_not_show_presence_is_not_probed)
{
    struct world *w = world_new(0);

    put_account(w, false);
    sessions_imported(w->sessions, 0, ROMEO);
    world_run(w);
    cr_expect_str_eq(world_lines(w), "");
    world_free(w);
}

Test(imported, waits_for_whoever_is_logged_in)
{
    struct world *w = world_new(0);

    world_ready(w);
    cr_expect_eq(make_room(w, false), SJ_LIMIT);
    cr_expect_eq(make_room(w, true), SJ_LIMIT);
    cr_expect_not_null(w->link);
    world_free(w);
}

Test(imported, leaves_nothing_of_a_session_that_waits)
{
    struct world *w = world_new(0);
    struct sj_error err = {.status = SJ_OK};
    struct session *s;

    world_ready(w);
    world_down(w, SJ_END_UNREACHABLE);
    world_run(w);
    s = session_find(&w->sessions->networks[0], ROMEO);
    cr_assert_eq(s->state, SESSION_BACKOFF);
    world_clear(w);
    cr_expect_eq(make_room(w, false), SJ_OK);
    cr_expect_eq(session_find(&w->sessions->networks[0], ROMEO), s, "only asked");
    cr_expect_eq(make_room(w, true), SJ_OK);
    cr_expect_null(session_find(&w->sessions->networks[0], ROMEO));
    put_account(w, true);
    sessions_imported(w->sessions, 0, ROMEO);
    s = session_get(&w->sessions->networks[0], ROMEO, &err);
    cr_assert_not_null(s);
    cr_expect_eq(s->created_at, 7);
    world_run(w);
    world_free(w);
}

Test(imported, does_not_cross_a_registration_that_is_being_checked)
{
    struct world *w = world_new(0);

    w->connect_waits = true;
    cr_assert_eq(world_register(w, ROMEO, "romeo", 1), SJ_OK);
    world_run(w);
    cr_expect_eq(make_room(w, true), SJ_LIMIT);
    world_up(w);
    world_run(w);
    world_free(w);
}
