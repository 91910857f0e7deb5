/* SPDX-License-Identifier: MPL-2.0 */
/* Ids that biboumi's users bring along. */
#include <criterion/criterion.h>
#include <string.h>

#include "irc_moved.h"
#include "irc_net.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

static struct sj_net *net_of(const char *server, const char *names)
{
    struct sj_net *net = sj_calloc(1, sizeof *net);
    struct sj_error err;

    net->server = server;
    cr_assert_eq(irc_moved_init(&net->names, names, &err), SJ_OK);
    return net;
}

static void net_drop(struct sj_net *net)
{
    irc_moved_release(&net->names);
    sj_free(net);
}

Test(irc_moved, finds_what_is_meant)
{
    static const struct {
        const char *id, *now;                /* now NULL: no such address; "-": elsewhere */
    } rows[] = {
        { "#verona%irc.example.org", "#verona" },
        { "#verona%IRC.Example.ORG", "#verona" },
        { "#Verona[1]%irc.example.org", "#verona{1}" },
        { "juliet%irc.example.org", "juliet" },
        { "juliet!irc.example.org", "juliet" },
        { "#verona%example", "#verona" },
        { "juliet%irc2.example.net", "juliet" },
        { "#100%%irc.example.org", "#100%" },
        { "irc.example.org", "*server" },
        { "%irc.example.org", "" },
        { "#verona%irc.example.com", "-" },
        { "juliet%irc.example.com", "-" },
        { "juliet!irc.example.com", "-" },
        { "#verona%2001:db8::1", "-" },
        { "irc.example.com", NULL },
        { "%irc.example.com", NULL },
        { "example", NULL },
        { "juliet", NULL },
        { "#verona", NULL },
        { "#100%", NULL },
        { "#50%off", NULL },
        { "#50%0.5", NULL },
        { "#a%:", NULL },
        { "#a%192.0.2.1/24", NULL },
        { "#a%192.0.2.1", "-" },
        { "#a%b.", NULL },
        { "#a%.b", NULL },
        { "#a%b..c", NULL },
        { "#a%b_c.d", NULL },
        { "#verona!irc.example.org", NULL },
        { "!verona", NULL },
        { "juliet!user@irc.example.org", NULL },
        { "*!*%irc.example.org", NULL },
        { "a b%irc.example.org", NULL },
    };
    struct sj_net *net = net_of("irc.example.org", "irc2.example.net, example");

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sj_strbuf out;
        sj_strbuf_init(&out, 1024);
        enum sj_status status = irc_moved_id(net, rows[i].id, &out);
        const char *now = rows[i].now;
        cr_expect_eq(status, !now ? SJ_INVALID : strcmp(now, "-") == 0 ? SJ_NOTFOUND : SJ_OK,
                     "%s: %d", rows[i].id, (int)status);
        if (status == SJ_OK && now)
            cr_expect_str_eq(out.s ? out.s : "", now, "%s", rows[i].id);
        else
            cr_expect_eq(out.len, 0, "%s", rows[i].id);
        sj_strbuf_release(&out);
    }
    net_drop(net);
}

Test(irc_moved, an_endless_id_is_none)
{
    static char id[4096];
    struct sj_net *net = net_of("irc.example.org", NULL);
    struct sj_strbuf out;

    memset(id, 'a', sizeof id - 20);
    memcpy(id + sizeof id - 20, "%irc.example.org", 17);
    sj_strbuf_init(&out, 1024);
    cr_assert_eq(irc_moved_id(net, id, &out), SJ_INVALID);
    memset(id, '.', sizeof id - 1);
    cr_assert_eq(irc_moved_id(net, id, &out), SJ_INVALID);
    memset(id, '%', sizeof id - 1);
    cr_assert_eq(irc_moved_id(net, id, &out), SJ_INVALID);
    sj_strbuf_release(&out);
    net_drop(net);
}

Test(irc_moved, refuses_lists_that_cannot_be)
{
    struct irc_server_names names;
    struct sj_error err;

    cr_assert_eq(irc_moved_init(&names, "a b c d e f g h i j k l m n o p", &err), SJ_OK);
    cr_assert_eq(names.n, 16);
    irc_moved_release(&names);
    cr_assert_eq(irc_moved_init(&names, "a b c d e f g h i j k l m n o p q", &err), SJ_INVALID);
    cr_assert_eq(irc_moved_init(&names, "#verona%irc.example.org", &err), SJ_INVALID);
    cr_assert_null(names.text);
}
