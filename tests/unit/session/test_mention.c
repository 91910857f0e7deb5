/* SPDX-License-Identifier: MPL-2.0 */
/* Whom messages name, both ways. */
#include "mention.h"

#include <string.h>

#include "expect.h"
#include "session.h"
#include "world_room.h"

#define CAPS (SJ_CAP_MENTIONS | SJ_CAP_STYLED | SJ_CAP_REPLY)
#define R ROMEO "/r"

static void say(struct world *w, const char *body, const char *mentions)
{
    struct xmpp_message_in m = {.from = world_from(ROMEO, "r"), .peer = "#a", .in_room = true,
                                .body = body, .mentions = mentions};
    struct sj_error err = {.status = SJ_OK};

    cr_assert_eq(w->in->message(w->sessions, &m, &err), SJ_OK);
    world_run(w);
}

/* G372-02, G372-03 */
Test(mention, of_the_user_names_people_of_the_network)
{
    static const struct {
        const char *body, *mentions, *sent;
    } rows[] = {
        {"hi juliet", "3 9 n juliet\n", "hi juliet mention=3-9:juliet/juliet"},
        {"hi juliet", "3 9 c juliet\n", "hi juliet mention=3-9:juliet/juliet"},
        {"hi paris", "3 8 c paris\n", "hi paris mention=3-8:paris/"},
        {"hi nobody", "3 9 n nobody\n", "hi nobody"},
        {"hi me", "3 5 n me\n", "hi me"},
        {"*hi* juliet", "5 11 n juliet\n", "hi juliet style=0:0-2 mention=3-9:juliet/juliet"},
        {"*juliet*, nurse", "1 7 n juliet\n10 15 n nurse\n",
         "juliet, nurse style=0:0-6 mention=0-6:juliet/juliet mention=8-13:nurse/nurse"},
        {"hi", "0 0 c juliet\n", "hi mention=0-0:juliet/juliet"},
        {"hi", "0 9 c juliet\n", "hi mention=0-0:juliet/juliet"},
        /* marked by nobody, and yet meant */
        {"juliet: hi", NULL, "juliet: hi mention=0-6:juliet/juliet"},
        {"juliet, hi @nurse!", NULL,
         "juliet, hi @nurse! mention=0-6:juliet/juliet mention=11-17:nurse/nurse"},
        {"me: hi", NULL, "me: hi"},
        {"a@juliet", NULL, "a@juliet"},
        {"juliet hi", NULL, "juliet hi"},
        {"@", NULL, "@"},
        {"@@juliet", NULL, "@@juliet"},
    };
    struct world *w = wroom_ready(CAPS, "juliet=juliet,nurse=nurse");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char want[256];
        snprintf(want, sizeof want, "net send #a %s\n", rows[i].sent);
        world_clear(w);
        say(w, rows[i].body, rows[i].mentions);
        EXPECT(w, want);
    }
    world_free(w);
}

Test(mention, is_words_where_the_network_knows_no_more)
{
    struct world *w = wroom_ready(SJ_CAP_REPLY, "juliet=juliet");

    world_clear(w);
    say(w, "juliet: hi juliet", "11 17 n juliet\n");
    EXPECT(w, "net send #a juliet: hi juliet\n");
    world_free(w);
}

static void hear(struct world *w, const char *body, const struct sj_mention *mentions, size_t n,
                 const struct sj_span *spans, size_t n_spans)
{
    const struct sj_message m = {.peer = "#a", .nick = "juliet", .in_room = true, .body = body,
                                 .id = spans ? "n2" : "n1", .mentions = mentions, .n_mentions = n,
                                 .spans = spans, .n_spans = n_spans};

    world_clear(w);
    w->link->host->message(w->link, &m);
    world_run(w);
}

/* G372-01 */
Test(mention, from_the_network_names_addresses)
{
    const struct sj_mention who[] = {{.start = 0, .end = 2, .self = true},
                                     {.start = 4, .end = 9, .nick = "nurse"},
                                     {.start = 10, .end = 15, .id = "paris"},
                                     {.nick = "nobody"},
                                     {.start = 0, .end = 99, .id = "tybalt"}};
    const struct sj_span bold = {.style = SJ_STYLE_STRONG, .start = 4, .end = 9};
    struct world *w = wroom_ready(CAPS, "juliet=juliet,nurse=nurse");
    const char *lines;

    hear(w, "me: nurse paris", who, 5, NULL, 0);
    lines = world_lines(w);
    cr_expect(strstr(lines, " mentions=0 2 u \n4 9 c nurse\n10 15 c paris\n0 0 c tybalt\n"), "%s",
              lines);
    hear(w, "me: nurse paris", who, 3, &bold, 1);
    lines = world_lines(w);
    cr_expect(strstr(lines, "me: *nurse* paris"));
    cr_expect(strstr(lines, " mentions=0 2 u \n5 10 c nurse\n12 17 c paris\n"), "%s", lines);
    world_free(w);
}
