/* SPDX-License-Identifier: MPL-2.0 */
/* Searching for people: who may, with what, one at a time, within bounds. */
#include <stdio.h>
#include <string.h>

#include "expect.h"
#include "search.h"
#include "session.h"
#include "sojourn/memory.h"

static struct world *ready(void)
{
    struct world *w = world_new(CAPS_PLAIN | SJ_CAP_SEARCH);

    world_ready(w);
    return w;
}

static enum sj_status look(struct world *w, const char *user, const char *nick, uint64_t req)
{
    struct xmpp_from from = world_from(user, "r");
    struct xmpp_values values = {.n = 1, .item = {{.var = "nick", .value = nick}}};
    struct xmpp_search_in in = {.from = &from, .values = &values};
    struct sj_error err = {.status = SJ_OK};

    return w->in->search.start(w->sessions, &in, req, &err);
}

static void find(struct world *w, const char *id, const char *name)
{
    struct sj_contact c = {.id = id, .name = name};

    w->link->host->found(w->link, w->op, &c);
}

Test(search, tells_what_the_network_found_G055_01)
{
    struct world *w = ready();
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_values values = {.n = 3, .item = {{.var = "nick", .value = "jul"},
                                                  {.var = "other", .value = "x"},
                                                  {.var = "online", .value = "true"}}};
    char mark[] = "a@" HOST;
    struct xmpp_search_in in = {.from = &from, .values = &values, .as_form = true,
                                .page = {.wanted = true, .max = 10, .mark = mark}};
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->search.start(w->sessions, &in, 7, &err), SJ_OK);
    EXPECT(w, "net search jul 1\n");
    mark[0] = 'x';                       /* it was only lent */
    find(w, "juliet", "Juliet");
    find(w, "julius", NULL);
    EXPECT(w, "");
    world_done(w, SJ_OK);
    EXPECT(w, "found 7 form after a@" HOST ": juliet(Juliet) julius()\n");
    find(w, "late", NULL);               /* the operation is over */
    cr_expect_eq(look(w, ROMEO, "nobody", 8), SJ_OK);
    world_clear(w);
    world_done(w, SJ_OK);
    EXPECT(w, "found 8 items:\n");
    world_free(w);
}

Test(search, is_for_the_registered_G055_01)
{
    struct world *w = ready();
    struct xmpp_from from = world_from("tybalt@example.org", "r");
    struct xmpp_form form = {.n = 0};
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->search.form(w->sessions, &from, &form, &err), SJ_UNREGISTERED);
    cr_expect_eq(look(w, "tybalt@example.org", "jul", 7), SJ_UNREGISTERED);
    from = world_from(ROMEO, "r");
    cr_expect_eq(w->in->search.form(w->sessions, &from, &form, &err), SJ_OK);
    cr_assert_eq(form.n, 2);
    cr_expect_str_eq(form.input[0].var, "nick");
    cr_expect_eq(form.input[1].kind, XMPP_INPUT_BOOL);
    EXPECT(w, "");
    world_free(w);
    w = world_new(CAPS_PLAIN);           /* a network that cannot be searched */
    world_ready(w);
    cr_expect_eq(w->in->search.form(w->sessions, &from, &form, &err), SJ_UNAVAILABLE);
    cr_expect_eq(look(w, ROMEO, "jul", 7), SJ_UNAVAILABLE);
    world_free(w);
}

Test(search, is_one_at_a_time_and_not_for_everybody_at_once)
{
    struct world *w = ready();
    char *huge = sj_calloc(1, SJ_FIELD_MAX + 2);

    memset(huge, 'a', SJ_FIELD_MAX + 1);
    cr_expect_eq(look(w, ROMEO, "", 7), SJ_UNACCEPTABLE);
    cr_expect_eq(look(w, ROMEO, huge, 7), SJ_UNACCEPTABLE);
    w->search_refused = SJ_LIMIT;
    cr_expect_eq(look(w, ROMEO, "jul", 7), SJ_LIMIT);
    w->search_refused = SJ_OK;
    world_clear(w);
    cr_expect_eq(look(w, ROMEO, "jul", 7), SJ_OK);
    cr_expect_eq(look(w, ROMEO, "ben", 8), SJ_LIMIT);
    EXPECT(w, "net search jul -\n");
    world_done(w, SJ_REMOTE);
    EXPECT(w, "answer 7 refused by the network\n");
    sj_free(huge);
    world_free(w);
}

Test(search, keeps_no_more_than_may_be_found)
{
    struct world *w = ready();
    const char *lines;
    size_t n = 0;

    look(w, ROMEO, "a", 7);
    for (unsigned i = 0; i < SJ_FOUND_MAX + 50; i++)
        find(w, "juliet", NULL);
    world_clear(w);
    world_done(w, SJ_OK);
    lines = world_lines(w);
    while ((lines = strstr(lines, "juliet()")) != NULL) {
        lines++;
        n++;
    }
    cr_expect_eq(n, SJ_FOUND_MAX);
    world_free(w);
}

Test(search, ends_with_the_deadline_or_the_link)
{
    struct world *w = ready();

    look(w, ROMEO, "a", 7);
    world_clear(w);
    world_advance(w, SEARCH_MS + 2 * SJ_LOOP_TICK_MS);
    EXPECT(w, "answer 7 timed out\n");
    look(w, ROMEO, "a", 8);
    find(w, "juliet", NULL);
    world_clear(w);
    world_advance(w, SEARCH_MS + 2 * SJ_LOOP_TICK_MS);
    EXPECT(w, "found 8 items: juliet()\n");
    world_done(w, SJ_OK);                /* the network answers after all */
    EXPECT(w, "");
    look(w, ROMEO, "a", 9);
    world_clear(w);
    w->connect_waits = true;
    world_down(w, SJ_END_CLOSED);
    cr_expect_not_null(strstr(world_lines(w), "answer 9 no live link\n"));
    cr_expect_eq(look(w, ROMEO, "a", 10), SJ_UNREACHABLE);
    world_free(w);
}

Test(search, may_be_under_way_when_everything_ends)
{
    struct world *w = ready();

    look(w, ROMEO, "a", 7);
    find(w, "juliet", "Juliet");
    world_free(w);                       /* a sanitizer would tell what is left */
}
