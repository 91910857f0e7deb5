/* SPDX-License-Identifier: MPL-2.0 */
/* Which rooms there are: asked once for many, in pages, for a while. */
#include <stdio.h>
#include <string.h>

#include "room.h"
#include "session.h"
#include "world_room.h"

static enum sj_status rooms_of(struct world *w, struct xmpp_page page, xmpp_req req)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct sj_error err = {.status = SJ_OK};

    return w->in->muc.list(w->sessions, &from, &page, req, &err);
}

static void listed(struct world *w, const char *id)
{
    const struct sj_room room = {.id = id};

    w->link->host->rooms->listed(w->link, w->op, &room);
}

static struct world *ready(void)
{
    struct world *w = world_new(CAPS_ROOMS);

    world_ready(w);
    world_clear(w);
    return w;
}

/* #a to #e are known. */
static struct world *filled(void)
{
    struct world *w = ready();

    cr_expect_eq(rooms_of(w, (struct xmpp_page){.wanted = false}, 1), SJ_OK);
    for (const char *const *id = (const char *const[]){"#a", "#b", "#c", "#d", "#e", NULL}; *id;
         id++)
        listed(w, *id);
    world_done(w, SJ_OK);
    world_clear(w);
    return w;
}

Test(room_list, asks_the_network_once_for_many_G045_02)
{
    struct world *w = ready();
    char mark[] = "#a";
    const struct xmpp_page all = {.wanted = false};
    const struct xmpp_page rest = {.wanted = true, .max = 10, .mark = mark};

    cr_expect_eq(rooms_of(w, all, 1), SJ_OK);
    EXPECT(w, "net list ''\n");
    cr_expect_eq(rooms_of(w, rest, 2), SJ_OK);
    mark[0] = 'x';                       /* it was only lent */
    EXPECT(w, "");
    listed(w, "#a");
    listed(w, "#b");
    world_done(w, SJ_OK);
    EXPECT(w, "answer-list 1 #a #b\nanswer-list 2 #b index=1 count=2\n");
    listed(w, "#late");
    cr_expect_eq(rooms_of(w, all, 3), SJ_OK);
    EXPECT(w, "answer-list 3 #a #b\n");
    world_advance(w, 61000);
    world_clear(w);
    cr_expect_eq(rooms_of(w, all, 4), SJ_OK);    /* it may be out of date */
    EXPECT(w, "net list ''\n");
    world_done(w, SJ_OK);
    EXPECT(w, "answer-list 4\n");
    world_free(w);
}

Test(room_list, gives_pages_both_ways_G059_01)
{
    static const struct {
        struct xmpp_page page;
        const char *rows;
    } rows[] = {
        {{.max = 2}, " #a #b index=0 count=5"},
        {{.max = 2, .mark = "#b"}, " #c #d index=2 count=5"},
        {{.max = 2, .mark = "#d"}, " #e index=4 count=5"},
        {{.max = 2, .mark = "#e"}, " index=-1 count=5"},
        {{.max = 2, .back = true}, " #d #e index=3 count=5"},
        {{.max = 2, .back = true, .mark = "#d"}, " #b #c index=1 count=5"},
        {{.max = 2, .back = true, .mark = "#b"}, " #a index=0 count=5"},
        {{.max = 2, .back = true, .mark = "#a"}, " index=-1 count=5"},
        {{.max = 0}, " index=-1 count=5"},
        {{.max = 0, .back = true}, " index=-1 count=5"},
        {{.max = 9}, " #a #b #c #d #e index=0 count=5"},
    };
    struct world *w = filled();
    char expected[64];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct xmpp_page page = rows[i].page;
        page.wanted = true;
        cr_expect_eq(rooms_of(w, page, 2), SJ_OK);
        snprintf(expected, sizeof expected, "answer-list 2%s\n", rows[i].rows);
        cr_expect_str_eq(world_lines(w), expected, "row %zu", i);
    }
    cr_expect_eq(rooms_of(w, (struct xmpp_page){.wanted = true, .max = 2, .mark = "#x"}, 3),
                 SJ_OK);
    EXPECT(w, "answer 3 not found\n");   /* G059-03 */
    world_free(w);
}

Test(room_list, tells_all_who_wait_that_the_network_does_not_say)
{
    struct world *w = ready();
    const struct xmpp_page all = {.wanted = false};

    cr_expect_eq(rooms_of(w, all, 1), SJ_OK);
    cr_expect_eq(rooms_of(w, all, 2), SJ_OK);
    world_clear(w);
    world_done(w, SJ_LIMIT);
    EXPECT(w, "answer 1 limit reached\nanswer 2 limit reached\n");
    cr_expect_eq(rooms_of(w, all, 3), SJ_OK);
    EXPECT(w, "net list ''\n");
    world_down(w, SJ_END_CLOSED);
    cr_expect(strstr(world_lines(w), "answer 3 "));
    world_free(w);
}

Test(room_list, bounds_who_waits_and_what_is_kept)
{
    struct world *w = ready();
    const struct xmpp_page all = {.wanted = false};
    const struct xmpp_page count = {.wanted = true};
    char id[16];

    for (xmpp_req req = 1; req <= 8; req++)
        cr_expect_eq(rooms_of(w, all, req), SJ_OK);
    cr_expect_eq(rooms_of(w, all, 9), SJ_LIMIT);
    for (int i = 0; i < 5100; i++) {
        snprintf(id, sizeof id, "#%d", i);
        listed(w, id);
    }
    world_done(w, SJ_OK);
    world_clear(w);
    cr_expect_eq(rooms_of(w, count, 10), SJ_OK);
    EXPECT(w, "answer-list 10 index=-1 count=5000\n");
    world_free(w);
}

Test(room_list, shows_none_to_who_is_not_logged_in)
{
    struct world *w = ready();
    struct xmpp_from stranger = world_from("tybalt@example.org", "r");
    const struct xmpp_page all = {.wanted = false};
    struct sj_error err = {.status = SJ_OK};

    cr_expect_eq(w->in->muc.list(w->sessions, &stranger, &all, 1, &err), SJ_OK);
    EXPECT(w, "answer-list 1\n");
    world_presence(w, "r", NULL, XMPP_OFFLINE, 0);
    world_run(w);
    world_clear(w);
    cr_expect_eq(rooms_of(w, (struct xmpp_page){.wanted = true, .max = 5}, 2), SJ_OK);
    EXPECT(w, "answer-list 2 index=-1 count=0\n");
    world_free(w);
}
