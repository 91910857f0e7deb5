/* SPDX-License-Identifier: MPL-2.0 */
/* What an IRC server may send, through the parser and all handlers of a link without a socket.
 *
 * The first byte chooses how the link starts; then each line is one from the server, or one of
 * these: ">PEER TEXT" sends a message, "+ID" and "-ID" add and remove a contact, "!TEXT" sets a
 * presence, "~" lets ten seconds pass, "QUIT" logs out. The host checks what the contract promises:
 * clean UTF-8, canonical ids, one outcome for each operation. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "irc.h"
#include "irc_link.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OPS_MAX 4096

enum start {
    START_ONLINE = 1u << 0,
    START_PASSWORD = 1u << 1,
    START_LABELS = 1u << 2,
    START_IDENTIFY = 1u << 3,
    START_UNPACED = 1u << 4,
    START_MONITOR = 1u << 5
};

struct fuzz {
    struct sj_loop *loop;
    struct sj_net *net;
    struct sj_link *link;
    struct sj_log log;
    bool in_operation, is_down;
    sj_op next_op;
    uint8_t owed[OPS_MAX];
};

/* The link's log node is a member of struct fuzz: the way back without a global. */
static struct fuzz *fuzz_of(const struct sj_link *link)
{
    return SJ_CONTAINER(link->log, struct fuzz, log);
}

static void check_call(const struct sj_link *link)
{
    assert(!fuzz_of(link)->in_operation);
    assert(!fuzz_of(link)->is_down);
}

static void check_text(const char *s, size_t max, bool may_have_lines)
{
    size_t n = strlen(s);

    assert(n <= max);
    assert(sj_utf8_valid(s, n));
    for (size_t i = 0; i < n; i++)
        assert((unsigned char)s[i] >= 0x20 || (may_have_lines && strchr("\t\n", s[i])));
}

static void check_id(const struct sj_link *link, const char *id)
{
    struct sj_strbuf out;
    struct sj_error err;

    check_text(id, SJ_ID_MAX, false);
    sj_strbuf_init(&out, SJ_ID_MAX);
    assert(irc_backend.id_canon(&out, link->net, link, id, &err) == SJ_OK);
    assert(strcmp(out.s, id) == 0);
    sj_strbuf_release(&out);
}

static void on_state(struct sj_link *link, enum sj_link_state state, enum sj_end end,
                     const struct sj_error *why)
{
    check_call(link);
    assert(end < SJ_END_COUNT);
    if (why)
        check_text(why->text, SJ_ERROR_TEXT_MAX, true);
    fuzz_of(link)->is_down = state == SJ_LINK_DOWN;
}

static void on_op_done(struct sj_link *link, sj_op op, const struct sj_error *err)
{
    struct fuzz *f = fuzz_of(link);

    check_call(link);
    assert(op && op < f->next_op && f->owed[op] == 1);
    f->owed[op] = 2;
    if (err) {
        assert(err->status != SJ_OK);
        check_text(err->text, SJ_ERROR_TEXT_MAX, true);
    }
}

static void on_message(struct sj_link *link, const struct sj_message *m)
{
    check_call(link);
    check_id(link, m->peer);
    assert(*m->body);
    check_text(m->body, SJ_BODY_MAX, true);
    if (m->id)
        check_text(m->id, SJ_ID_MAX, true);
}

static void on_contact(struct sj_link *link, const struct sj_contact *c)
{
    check_call(link);
    check_id(link, c->id);
    if (c->name)
        check_text(c->name, SJ_NAME_MAX, false);
    if (c->status)
        check_text(c->status, SJ_STATUS_MAX, true);
}

static void on_gone(struct sj_link *link, const char *id, const struct sj_error *why)
{
    (void)why;
    check_call(link);
    check_id(link, id);
}

static void on_list_told(struct sj_link *link)
{
    check_call(link);
}

static void on_renamed(struct sj_link *link, const char *id, const char *new_id)
{
    check_call(link);
    check_id(link, id);
    check_id(link, new_id);
}

static void on_request(struct sj_link *link, const char *id, const char *name, const char *text)
{
    (void)name;
    (void)text;
    check_call(link);
    check_id(link, id);
}

static void on_notice(struct sj_link *link, const char *text)
{
    check_call(link);
    check_text(text, SJ_BODY_MAX, true);
}

static void on_self(struct sj_link *link, const char *id)
{
    check_call(link);
    check_id(link, id);
}

static void on_save(struct sj_link *link, const void *blob, size_t len)
{
    (void)blob;
    check_call(link);
    assert(len <= SJ_STATE_MAX);
}

static void on_raw(struct sj_link *link, sj_op op, const char *line)
{
    (void)op;
    check_call(link);
    check_text(line, SJ_RAW_MAX, true);
    assert(!strchr(line, '\n'));
}

static void on_message_id(struct sj_link *link, sj_op op, const char *id)
{
    (void)op;
    check_call(link);
    check_text(id, SJ_ID_MAX, false);
}

static void on_mark(struct sj_link *link, const struct sj_mark *m)
{
    (void)m;
    check_call(link);
}

static void on_lacks(struct sj_link *link, uint32_t caps)
{
    check_call(link);
    assert((caps & ~(uint32_t)SJ_CAPS_OF_CONTACT) == 0);
}

static void on_typing(struct sj_link *link, const char *id, enum sj_typing typing)
{
    (void)typing;
    check_call(link);
    check_text(id, SJ_ID_MAX, false);
}

static void on_profile(struct sj_link *link, sj_op op, const struct sj_profile *p)
{
    (void)op;
    (void)p;
    check_call(link);
}

static void on_position(struct sj_link *l, const char *position)
{
    (void)l;
    assert(*position && strlen(position) <= SJ_POSITION_MAX);
}

static const struct sj_host fuzz_host = {
    .position = on_position,
    .message_id = on_message_id,
    .mark = on_mark,
    .lacks = on_lacks,
    .typing = on_typing,
    .profile = on_profile,
    .link_state = on_state,
    .op_done = on_op_done,
    .message = on_message,
    .contact = on_contact,
    .contact_gone = on_gone,
    .list_told = on_list_told,
    .contact_renamed = on_renamed,
    .contact_request = on_request,
    .notice = on_notice,
    .raw = on_raw,
    .self = on_self,
    .state_save = on_save,
};

static void no_log(enum sj_log_level level, const char *line, void *ctx)
{
    (void)level;
    (void)line;
    (void)ctx;
}

/* The defaults, as the configuration would give them; plain, because TLS settings take long. */
static void fuzz_net(struct fuzz *f, unsigned start)
{
    struct sj_value values[IRC_OPTIONS] = { 0 };
    struct sj_values table = { irc_options, values, IRC_OPTIONS };

    for (size_t i = 0; i < IRC_OPTIONS; i++) {
        values[i].text = irc_options[i].fallback;
        if (irc_options[i].kind == SJ_OPTION_INT && irc_options[i].fallback)
            values[i].number = strtol(irc_options[i].fallback, NULL, 10);
        if (irc_options[i].kind == SJ_OPTION_DURATION && irc_options[i].fallback)
            values[i].number = strtol(irc_options[i].fallback, NULL, 10) * 1000;
        if (irc_options[i].required)
            values[i].text = "127.0.0.1";
    }
    if (irc_backend.net_new(&f->net, f->loop, &f->log, &table, NULL) != SJ_OK)
        abort();
    f->net->nickserv = start & START_IDENTIFY ? IRC_NICKSERV_IDENTIFY : IRC_NICKSERV_OFF;
    f->net->services.mask = "NickServ!*@*";
    if (start & START_UNPACED)
        f->net->send_rate_ms = 0;
}

static void fuzz_link(struct fuzz *f, unsigned start)
{
    const char *values[IRC_FIELDS] = { "me" };
    const struct sj_account account = { values, IRC_FIELDS };
    const struct sj_link base = {
        .backend = &irc_backend, .host = &fuzz_host, .session = 1, .net = f->net,
        .loop = f->loop, .log = &f->log,
    };

    if (start & START_PASSWORD)
        values[IRC_FIELD_PASSWORD] = "sesame";
    f->link = irc_backend.link_new(&base, &account, NULL, 0);
    struct irc_link *l = irc_link_of(f->link);
    irc_link_enter(l, IRC_CONNECTING);
    irc_link_enter(l, IRC_LOGIN);
    if (!(start & START_ONLINE))
        return;
    char welcome[] = ":s 001 me :Welcome me!u@h";
    char monitor[] = ":s 005 me MONITOR=3 :are supported";
    char end[] = ":s 422 me :no motd";
    irc_link_line(l, welcome, strlen(welcome));
    if (start & START_MONITOR)
        irc_link_line(l, monitor, strlen(monitor));
    irc_link_line(l, end, strlen(end));
    if (start & START_LABELS)
        l->caps = (1u << IRC_CAP_COUNT) - 1;
}

static void fuzz_send(struct fuzz *f, char *text)
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
    if (irc_backend.send_message(f->link, &msg, f->next_op, NULL) == SJ_OK)
        f->owed[f->next_op] = 1;
    f->next_op++;
}

static void fuzz_contact(struct fuzz *f, const char *text)
{
    struct sj_strbuf id;
    struct sj_error err;

    sj_strbuf_init(&id, SJ_ID_MAX);
    if (sj_utf8_valid(text + 1, strlen(text + 1)) &&
        irc_backend.id_canon(&id, f->net, f->link, text + 1, &err) == SJ_OK) {
        enum sj_status status = *text == '+'
            ? irc_backend.contact_add(f->link, id.s, f->next_op, &err)
            : irc_backend.contact_remove(f->link, id.s, f->next_op, &err);
        if (status == SJ_OK)
            f->owed[f->next_op] = 1;
        f->next_op++;
    }
    sj_strbuf_release(&id);
}

static void fuzz_line(struct fuzz *f, char *s, size_t n)
{
    f->in_operation = true;
    if (*s == '>' && f->next_op < OPS_MAX) {
        fuzz_send(f, s + 1);
    } else if ((*s == '+' || *s == '-') && f->next_op < OPS_MAX) {
        fuzz_contact(f, s);
    } else if (*s == '!' && sj_utf8_valid(s, n)) {
        irc_backend.set_presence(f->link, n % 2 ? SJ_SHOW_AWAY : SJ_SHOW_ONLINE, s + 1, NULL);
    } else if (strcmp(s, "QUIT") == 0) {
        irc_backend.disconnect(f->link, "bye");
    } else {
        f->in_operation = false;
        if (*s == '~')
            sj_loop_test_advance(f->loop, 10000);
        else
            irc_link_line(irc_link_of(f->link), s, n);
    }
    f->in_operation = false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz f = { .log = { .area = "irc" }, .next_op = 1 };

    if (size < 2 || size > 1 << 16)
        return 0;
    sj_log_set_sink(no_log, NULL);
    sj_log_set_level(data[0] & 64 ? SJ_LOG_TRACE : SJ_LOG_INFO);
    f.loop = sj_loop_new();
    sj_loop_test_advance(f.loop, 1);
    fuzz_net(&f, data[0]);
    fuzz_link(&f, data[0]);
    for (size_t at = 1; at < size && !f.is_down;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        /* A buffer of just the right size: reading past the end is a fault that is seen. */
        char *line = sj_malloc(n + 1);
        memcpy(line, data + at, n);
        line[n] = '\0';
        fuzz_line(&f, line, n);
        sj_free(line);
        at += n + 1;
        if (n % 4 == 0)
            sj_loop_turn(f.loop, 0);
    }
    sj_loop_turn(f.loop, 0);
    if (!f.is_down && data[0] & 128)
        irc_link_end(irc_link_of(f.link), SJ_END_CLOSED, "end of input");
    for (sj_op op = 1; f.is_down && op < f.next_op; op++)
        assert(f.owed[op] != 1);
    irc_backend.link_free(&f.link);
    irc_backend.net_free(&f.net);
    sj_loop_free(&f.loop);
    return 0;
}
