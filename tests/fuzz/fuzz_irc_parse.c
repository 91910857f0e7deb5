/* SPDX-License-Identifier: MPL-2.0 */
/* What an IRC server may send, through the parser and all handlers of a link without a socket.
 *
 * The first byte chooses how the link starts; then each line is one from the server, or one of
 * these: ">PEER TEXT" sends a message, "+ID" and "-ID" add and remove a contact, "!TEXT" sets a
 * presence, "~" lets ten seconds pass, "QUIT" logs out. What the contract promises is checked
 * by the ground. */
#include <string.h>

#include "irc_ground.h"
#include "sojourn/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum start {
    START_ONLINE = 1u << 0,
    START_PASSWORD = 1u << 1,
    START_LABELS = 1u << 2,
    START_IDENTIFY = 1u << 3,
    START_UNPACED = 1u << 4,
    START_MONITOR = 1u << 5,
    START_ENDS = 1u << 7
};

static void fuzz_link(struct ground *g, unsigned start)
{
    irc_ground_link(g, start & START_PASSWORD ? "sesame" : NULL);
    if (!(start & START_ONLINE))
        return;
    irc_ground_server(g, ":s 001 me :Welcome me!u@h");
    if (start & START_MONITOR)
        irc_ground_server(g, ":s 005 me MONITOR=3 :are supported");
    irc_ground_server(g, ":s 422 me :no motd");
    if (start & START_LABELS)
        irc_link_of(g->link)->caps = (1u << IRC_CAP_COUNT) - 1;
}

static void fuzz_send(struct ground *g, char *text)
{
    char *body = strchr(text, ' ');

    if (!body || !body[1])
        return;
    *body++ = '\0';
    for (char *p = body; *p; p++) {
        if (*p == '\\')
            *p = '\n';
    }
    const struct sj_message msg = { .peer = text, .body = body, .action = *body == '/' };
    if (!sj_utf8_valid(body, strlen(body)) || strchr(body, '\001'))
        return;
    if (irc_backend.send_message(g->link, &msg, g->next_op, NULL) == SJ_OK)
        g->owed[g->next_op] = 1;
    g->next_op++;
}

static void fuzz_contact(struct ground *g, const char *text)
{
    struct sj_strbuf id;
    struct sj_error err;

    sj_strbuf_init(&id, SJ_ID_MAX);
    if (sj_utf8_valid(text + 1, strlen(text + 1)) &&
        irc_backend.id_canon(&id, g->net, g->link, text + 1, &err) == SJ_OK) {
        enum sj_status status = *text == '+'
            ? irc_backend.contact_add(g->link, id.s, g->next_op, &err)
            : irc_backend.contact_remove(g->link, id.s, g->next_op, &err);
        if (status == SJ_OK)
            g->owed[g->next_op] = 1;
        g->next_op++;
    }
    sj_strbuf_release(&id);
}

static void fuzz_line(struct ground *g, char *s, size_t n)
{
    g->in_operation = true;
    if (*s == '>' && g->next_op < GROUND_OPS_MAX) {
        fuzz_send(g, s + 1);
    } else if ((*s == '+' || *s == '-') && g->next_op < GROUND_OPS_MAX) {
        fuzz_contact(g, s);
    } else if (*s == '!' && sj_utf8_valid(s, n)) {
        irc_backend.set_presence(g->link, n % 2 ? SJ_SHOW_AWAY : SJ_SHOW_ONLINE, s + 1, NULL);
    } else if (strcmp(s, "QUIT") == 0) {
        irc_backend.disconnect(g->link, "bye");
    } else {
        g->in_operation = false;
        if (*s == '~')
            sj_loop_test_advance(g->loop, 10000);
        else
            irc_link_line(irc_link_of(g->link), s, n);
    }
    g->in_operation = false;
    if (n % 4 == 0)
        sj_loop_turn(g->loop, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ground g;

    if (size < 2 || size > 1 << 16)
        return 0;
    irc_ground_begin(&g, data[0]);
    g.net->nickserv = data[0] & START_IDENTIFY ? IRC_NICKSERV_IDENTIFY : IRC_NICKSERV_OFF;
    g.net->services.mask = "NickServ!*@*";
    if (data[0] & START_UNPACED)
        g.net->send_rate_ms = 0;
    fuzz_link(&g, data[0]);
    ground_lines(&g, data + 1, size - 1, fuzz_line);
    irc_ground_end(&g, data[0] & START_ENDS);
    return 0;
}
