/* SPDX-License-Identifier: MPL-2.0 */
/* Styled texts: directives to the network's own styles and back, at the moment of sending; what is
 * held keeps the form that it came in. */
#include "expect.h"

static struct world *styled_world(uint32_t caps)
{
    struct world *w = world_new(caps);

    world_ready(w);
    world_clear(w);
    return w;
}

static void say(struct world *w, const char *body, bool unstyled)
{
    struct xmpp_message_in m = {.body = body, .unstyled = unstyled};

    cr_assert_eq(world_send_rich(w, "m1", &m), SJ_OK);
}

Test(styled, texts_of_the_user_go_as_spans_G393_02)
{
    struct world *w = styled_world(CAPS_PLAIN | SJ_CAP_STYLED);

    say(w, "plain", false);
    say(w, "a *b* _c_", false);
    say(w, "2 * 3 * 4, snake_case_name", false);
    say(w, "*", false);
    EXPECT(w, "net send juliet plain\n"
              "net send juliet a b c style=0:2-3 style=1:4-5\n"
              "net send juliet 2 * 3 * 4, snake_case_name\n"
              "net send juliet *\n");
    world_free(w);
}

Test(styled, unstyled_texts_and_networks_without_styles_get_them_as_they_are_G393_04)
{
    struct world *w = styled_world(CAPS_PLAIN | SJ_CAP_STYLED);

    say(w, "a *b*", true);
    EXPECT(w, "net send juliet a *b*\n");
    world_free(w);
    w = styled_world(CAPS_PLAIN);
    say(w, "a *b*", false);
    EXPECT(w, "net send juliet a *b*\n");
    world_free(w);
}

Test(styled, what_is_held_for_the_link_is_read_when_it_goes)
{
    struct world *w = styled_world(CAPS_PLAIN | SJ_CAP_STYLED);

    world_down(w, SJ_END_CLOSED);
    say(w, "a *b*", false);
    say(w, "a *b*", true);
    world_clear(w);
    world_advance(w, 3001);
    world_advance(w, 1000);
    cr_expect(strstr(world_lines(w), "net send juliet a b style=0:2-3\n"
                                     "net send juliet a *b*\n"));
    world_free(w);
}

Test(styled, texts_of_the_network_get_directives_G393_01)
{
    struct world *w = styled_world(CAPS_PLAIN | SJ_CAP_STYLED);
    const struct sj_span spans[] = {{SJ_STYLE_STRONG, 2, 3}, {SJ_STYLE_CODE, 4, 5}};

    world_tells(w, &(struct sj_message){.body = "a b c", .spans = spans, .n_spans = 2});
    world_tells(w, &(struct sj_message){.body = "plain"});
    EXPECT(w, "message juliet -> " ROMEO " a *b* `c`\n"
              "message juliet -> " ROMEO " plain\n");
    world_free(w);
}

Test(styled, what_only_looks_styled_is_marked_G393_03)
{
    struct world *w = styled_world(CAPS_PLAIN);

    world_tells(w, &(struct sj_message){.body = "ls *.c *.h"});
    world_tells(w, &(struct sj_message){.body = "so *much* fun"});
    world_tells(w, &(struct sj_message){.body = "> _ <"});
    EXPECT(w, "message juliet -> " ROMEO " ls *.c *.h\n"
              "message juliet -> " ROMEO " so *much* fun unstyled\n"
              "message juliet -> " ROMEO " > _ < unstyled\n");
    world_free(w);
}

Test(styled, what_is_held_for_the_stream_keeps_its_styles)
{
    struct world *w = styled_world(CAPS_PLAIN | SJ_CAP_STYLED);
    const struct sj_span span = {SJ_STYLE_STRONG, 0, 1};

    world_stream(w, false);
    world_tells(w, &(struct sj_message){.body = "a", .spans = &span, .n_spans = 1});
    world_tells(w, &(struct sj_message){.body = "*a*"});
    world_clear(w);
    world_stream(w, true);
    world_advance(w, 2000);
    const char *lines = world_lines(w);
    cr_expect(strstr(lines, ROMEO " *a*\n"), "%s", lines);
    cr_expect(strstr(lines, ROMEO " *a* unstyled\n"), "%s", lines);
    world_free(w);
}
