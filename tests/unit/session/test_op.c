/* SPDX-License-Identifier: MPL-2.0 */
/* Operations that fail: what they had changed holds no more. */
#include <stdio.h>
#include <string.h>

#include "expect.h"

#define ROSE "\xf0\x9f\x8c\xb9"
#define HEART "\xe2\x9d\xa4"

static struct world *start(void)
{
    struct world *w = world_new(CAPS_PLAIN | SJ_CAPS_WITH_IDS);

    world_ready(w);
    w->ids = true;
    return w;
}

/* The id under which the user's clients know the network's message. */
static const char *hear(struct world *w, const char *network_id, const char *body)
{
    static char names[2][1024];
    char *name = names[strcmp(network_id, "4711") != 0];

    world_tells(w, &(struct sj_message){.id = network_id, .body = body});
    snprintf(name, sizeof names[0], "%s", world_last_id());
    world_clear(w);
    return name;
}

/* What holds is what the network took, in whatever order it answers. */
Test(op, reactions_that_failed_one_after_the_other_did_not_happen_G444_03)
{
    static const struct {
        bool first_fails, last_first, last_fails;
        const char *holds;
    } rows[] = {
        {true, false, true, " was " ROSE},      {true, true, true, " was " ROSE},
        {true, false, false, " was x"},         {true, true, false, " was x"},
        {false, false, true, " was " HEART},    {false, true, true, " was " HEART},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world *w = start();
        const char *theirs = hear(w, "4711", "hello");
        sj_op op[2];
        char want[128];
        world_mark(w, XMPP_MARK_REACTIONS, theirs, ROSE);
        w->messages_wait = true;
        world_mark(w, XMPP_MARK_REACTIONS, theirs, HEART);
        op[0] = w->op;
        world_mark(w, XMPP_MARK_REACTIONS, theirs, "x");
        op[1] = w->op;
        for (unsigned k = 0; k < 2; k++) {
            bool last = rows[i].last_first ? k == 0 : k == 1;
            w->op = op[last];
            world_done(w, (last ? rows[i].last_fails : rows[i].first_fails) ? SJ_REMOTE : SJ_OK);
        }
        world_clear(w);
        world_mark(w, XMPP_MARK_REACTIONS, theirs, "y");
        snprintf(want, sizeof want, "net mark juliet reactions 4711 y%s\n", rows[i].holds);
        cr_expect_str_eq(world_lines(w), want, "row %zu", i);
        world_free(w);
    }
}

/* Another message, or another person, has sets of its own. */
Test(op, reactions_that_failed_leave_those_to_others_G444_03)
{
    struct world *w = start();
    const char *one = hear(w, "4711", "one"), *two = hear(w, "4712", "two");
    sj_op first;

    w->messages_wait = true;
    world_mark(w, XMPP_MARK_REACTIONS, one, ROSE);
    first = w->op;
    world_mark(w, XMPP_MARK_REACTIONS, two, HEART);
    w->op = first;
    world_done(w, SJ_REMOTE);
    world_clear(w);
    world_mark(w, XMPP_MARK_REACTIONS, one, "x");
    world_mark(w, XMPP_MARK_REACTIONS, two, "y");
    EXPECT(w, "net mark juliet reactions 4711 x\n"
              "net mark juliet reactions 4712 y was " HEART "\n");
    world_free(w);
}

/* The link went with both: nobody knows, and nothing is made up. */
Test(op, reactions_end_with_the_link_G444_03)
{
    struct world *w = start();
    const char *theirs = hear(w, "4711", "hello");

    world_mark(w, XMPP_MARK_REACTIONS, theirs, ROSE);
    w->messages_wait = true;
    world_mark(w, XMPP_MARK_REACTIONS, theirs, HEART);
    world_mark(w, XMPP_MARK_REACTIONS, theirs, "x");
    world_down(w, SJ_END_CLOSED);
    world_advance(w, 3001);
    world_advance(w, 100);
    world_clear(w);
    world_mark(w, XMPP_MARK_REACTIONS, theirs, "y");
    EXPECT(w, "net mark juliet reactions 4711 y was " ROSE "\n");
    world_free(w);
}
