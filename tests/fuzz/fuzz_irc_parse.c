/* SPDX-License-Identifier: MPL-2.0 */
/* What an IRC server may send, through the parser and all handlers of a link without a socket,
 * while its user talks to people.
 *
 * The first byte chooses how the link starts. The first line may be "#LETTERS STATE": what is set
 * (irc_ground.h), and what an earlier link has saved. Then each line is one from the server, or one
 * of these: ">PEER TEXT" sends a message ("\" is a line break, "[b" to "]" a style), "+ID" and
 * "-ID" add and remove a contact, "!TEXT" sets a presence, "?ID" asks who that is, "/LINE" is sent
 * as it stands, "^ID" types, "<ID MESSAGE" has read, "_NICK PASSWORD" is an account to be judged,
 * "=ID" an address of another gateway, "|" stops and goes on reading, "~" lets ten seconds pass,
 * "QUIT" logs out. What the contract promises is checked by the ground, and that no password is
 * logged or told. */
#include <assert.h>
#include <string.h>

#include "irc_ground.h"
#include "sojourn/strbuf.h"

#define SET_MAX 32

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

static void fuzz_link(struct ground *g, unsigned start, const char *set, const uint8_t *blob,
                      size_t len)
{
    irc_ground_link(g, set, len ? blob : NULL, len);
    if (!(start & START_ONLINE) || g->is_down)
        return;
    irc_ground_server(g, ":s 001 me :Welcome me!u@h");
    if (start & START_MONITOR)
        irc_ground_server(g, ":s 005 me MONITOR=3 :are supported");
    irc_ground_server(g, ":s 422 me :no motd");
    if (start & START_LABELS && !g->is_down)
        irc_link_of(g->link)->caps = (1u << IRC_CAP_COUNT) - 1;
}

/* Takes the styles out of the text: what is marked as one may not cross another. */
static size_t fuzz_styles(char *body, struct sj_span *spans, size_t max)
{
    size_t open[8], n = 0, n_open = 0, to = 0;

    for (const char *p = body; *p; p++) {
        if (*p == '[' && p[1] && n < max && n_open < sizeof open / sizeof open[0]) {
            enum sj_style style = (enum sj_style)(*++p % (SJ_STYLE_CODE + 1));
            open[n_open++] = n;
            spans[n++] = (struct sj_span){ style, (uint32_t)to, 0 };
        } else if (*p == ']' && n_open) {
            spans[open[--n_open]].end = (uint32_t)to;
        } else {
            body[to++] = *p == '\\' ? '\n' : *p;
        }
    }
    body[to] = '\0';
    while (n_open)
        spans[open[--n_open]].end = (uint32_t)to;
    return n;
}

static void fuzz_send(struct ground *g, char *text)
{
    struct sj_span spans[16];
    char *body = strchr(text, ' ');

    if (!body || !sj_utf8_valid(body, strlen(body)) || strchr(body, '\001'))
        return;
    *body++ = '\0';
    size_t n = fuzz_styles(body, spans, sizeof spans / sizeof spans[0]);
    for (size_t i = 0; i < n; i++)
        n = spans[i].end > spans[i].start ? n : 0;       /* spans of nothing never come down */
    const struct sj_message msg = { .peer = text, .body = body, .action = *body == '/',
                                    .notice = *body == '!', .spans = spans, .n_spans = n };
    if (!*body || !sj_utf8_valid(body, strlen(body)))
        return;
    if (irc_backend.send_message(g->link, &msg, g->next_op, NULL) == SJ_OK)
        g->owed[g->next_op] = 1;
    g->next_op++;
}

/* What is done to one person, by the letter before the id. */
static void fuzz_person(struct ground *g, char what, char *text)
{
    char id[SJ_ID_MAX + 1];
    char *rest = strchr(text, ' ');
    struct sj_error err;
    sj_op op = g->next_op++;
    enum sj_status status = SJ_INVALID;

    if (rest)
        *rest++ = '\0';
    sj_copy(id, sizeof id, text);
    if (!ground_canonical(g, id, sizeof id) || (rest && !ground_is_clean(rest)))
        return;
    const struct sj_mark read = { .kind = SJ_MARK_DISPLAYED, .peer = id, .target = rest ? rest : "",
                                  .target_at = rest ? 0 : 1 };
    if (what == '+')
        status = irc_backend.contact_add(g->link, id, op, &err);
    else if (what == '-')
        status = irc_backend.contact_remove(g->link, id, op, &err);
    else if (what == '?')
        status = irc_backend.profile_get(g->link, id, op, &err);
    else if (what == '<')
        status = irc_backend.send_mark(g->link, &read, op, &err);
    else
        irc_backend.set_typing(g->link, id, (enum sj_typing)(rest ? strlen(rest) % 3 : 0));
    g->owed[op] = status == SJ_OK;
}

static void fuzz_raw(struct ground *g, const char *line)
{
    if (strlen(line) > SJ_RAW_MAX || !ground_is_clean(line))
        return;
    if (irc_backend.raw(g->link, line, g->next_op, NULL) == SJ_OK)
        g->owed[g->next_op] = 1;
    g->next_op++;
}

static void fuzz_account(const struct ground *g, char *nick)
{
    char *password = strchr(nick, ' ');
    const char *values[IRC_FIELDS] = { nick };
    const struct sj_account account = { values, IRC_FIELDS };

    if (password)
        *password++ = '\0';
    values[IRC_FIELD_PASSWORD] = values[IRC_FIELD_LOGIN] = password;
    if (sj_utf8_valid(nick, strlen(nick)))
        (void)irc_backend.account_check(g->net, &account, NULL);
}

static void fuzz_moved(const struct ground *g, const char *id)
{
    struct sj_strbuf out, again;

    sj_strbuf_init(&out, SJ_ID_MAX);
    sj_strbuf_init(&again, SJ_ID_MAX);
    if (sj_utf8_valid(id, strlen(id)) && strpbrk(id, irc_backend.moved_marks) &&
        irc_backend.id_moved(g->net, id, &out) == SJ_OK && out.len)
        assert(irc_backend.id_canon(&again, g->net, NULL, out.s, NULL) == SJ_OK &&
               strcmp(out.s, again.s) == 0);
    sj_strbuf_release(&out);
    sj_strbuf_release(&again);
}

/* The user's part. False: the line is the server's. */
static bool fuzz_user(struct ground *g, char *s, size_t n)
{
    bool may_begin = g->next_op < GROUND_OPS_MAX;

    if (*s == '>' && may_begin)
        fuzz_send(g, s + 1);
    else if (*s && strchr("+-?<^", *s) && may_begin)
        fuzz_person(g, *s, s + 1);
    else if (*s == '/' && may_begin)
        fuzz_raw(g, s + 1);
    else if (*s == '_')
        fuzz_account(g, s + 1);
    else if (*s == '=')
        fuzz_moved(g, s + 1);
    else if (*s == '!' && sj_utf8_valid(s, n))
        irc_backend.set_presence(g->link, n % 2 ? SJ_SHOW_AWAY : SJ_SHOW_ONLINE, s + 1, NULL);
    else if (*s == '|')
        irc_backend.pause(g->net, !g->net->paused);
    else if (strcmp(s, "QUIT") == 0)
        irc_backend.disconnect(g->link, "bye");
    else
        return false;
    return true;
}

static void fuzz_line(struct ground *g, char *s, size_t n)
{
    g->in_operation = true;
    bool was_user = fuzz_user(g, s, n);
    g->in_operation = false;
    if (!was_user && *s == '~')
        sj_loop_test_advance(g->loop, 10000);
    else if (!was_user)
        irc_link_line(irc_link_of(g->link), s, n);
    irc_ground_again(g);
    if (n % 4 == 0)
        sj_loop_turn(g->loop, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ground g;
    char set[SET_MAX];
    const uint8_t *at = data + 1, *end = data + size;
    const uint8_t *blob = NULL, *line = NULL;
    size_t n = 0;

    if (size < 2 || size > 1 << 16 || ground_holds(data, size, IRC_GROUND_SECRET))
        return 0;
    line = *at == '#' ? memchr(at, '\n', size - 1) : NULL;
    for (; line && at < line && *at != ' '; at++) {
        if (n < sizeof set - 3 && *at && strchr(IRC_GROUND_LETTERS, *at))
            set[n++] = (char)*at;
    }
    blob = line && at < line ? at + 1 : at;
    if (data[0] & START_PASSWORD)
        set[n++] = 'k';
    if (data[0] & START_IDENTIFY)
        set[n++] = 'I';
    set[n] = '\0';
    irc_ground_begin(&g, data[0], set);
    if (data[0] & START_UNPACED)
        g.net->send_rate_ms = 0;
    fuzz_link(&g, data[0], set, blob, line ? (size_t)(line - blob) : 0);
    at = line ? line + 1 : at;
    if (!g.is_down)
        ground_lines(&g, at, (size_t)(end - at), fuzz_line);
    irc_ground_end(&g, data[0] & START_ENDS);
    return 0;
}
