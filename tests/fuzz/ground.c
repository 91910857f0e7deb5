/* SPDX-License-Identifier: MPL-2.0 */
/* The host of links that are fuzzed, and their life: ground.h. What it knows of rooms is
 * ground_room.c. */
#include "ground.h"

#include "ground_room.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define GROUND_OPTIONS_MAX 64

/* The link's log node is a member of struct ground: the way back without a global. */
struct ground *ground_of(const struct sj_link *link)
{
    return SJ_CONTAINER(link->log, struct ground, log);
}

void ground_check_call(const struct sj_link *link)
{
    assert(!ground_of(link)->in_operation);
    assert(!ground_of(link)->is_down);
}

void ground_check_text(const char *s, size_t max, bool may_have_lines)
{
    size_t n = strlen(s);

    assert(n <= max);
    assert(sj_utf8_valid(s, n));
    for (size_t i = 0; i < n; i++)
        assert((unsigned char)s[i] >= 0x20 || (may_have_lines && strchr("\t\n", s[i])));
}

/* A text for the user. */
static void check_told(const struct sj_link *link, const char *s, size_t max)
{
    const struct ground *g = ground_of(link);

    ground_check_text(s, max, true);
    assert(!g->secret || !strstr(s, g->secret));
}

void ground_check_id(const struct sj_link *link, const char *id)
{
    struct sj_strbuf out;
    struct sj_error err;

    ground_check_text(id, SJ_ID_MAX, false);
    sj_strbuf_init(&out, SJ_ID_MAX);
    assert(link->backend->id_canon(&out, link->net, link, id, &err) == SJ_OK);
    assert(strcmp(out.s, id) == 0);
    sj_strbuf_release(&out);
}

void ground_check_owed(const struct sj_link *link, sj_op op)
{
    ground_check_call(link);
    assert(op && op < ground_of(link)->next_op && ground_of(link)->owed[op] == 1);
}

/* ---- the host ---- */

static void on_state(struct sj_link *link, enum sj_link_state state, enum sj_end end,
                     const struct sj_error *why)
{
    ground_check_call(link);
    assert(end < SJ_END_COUNT);
    if (why)
        check_told(link, why->text, SJ_ERROR_TEXT_MAX);
    ground_of(link)->is_down = state == SJ_LINK_DOWN;
}

static void on_op_done(struct sj_link *link, sj_op op, const struct sj_error *err)
{
    ground_check_owed(link, op);
    ground_of(link)->owed[op] = 2;
    if (err) {
        assert(err->status != SJ_OK);
        check_told(link, err->text, SJ_ERROR_TEXT_MAX);
    }
}

static void on_message(struct sj_link *link, const struct sj_message *m)
{
    ground_check_call(link);
    ground_check_id(link, m->peer);
    if (m->in_room)
        ground_check_said(link, m);
    assert(*m->body || m->file);
    ground_check_text(m->body, SJ_BODY_MAX, true);
    if (m->id)
        ground_check_text(m->id, SJ_ID_MAX, true);
    if (m->echo)
        ground_check_owed(link, m->echo);
    for (size_t i = 0; i < m->n_spans; i++)
        assert(m->spans[i].start < m->spans[i].end && m->spans[i].end <= strlen(m->body));
}

static void on_contact(struct sj_link *link, const struct sj_contact *c)
{
    ground_check_call(link);
    ground_check_id(link, c->id);
    if (c->name)
        ground_check_text(c->name, SJ_NAME_MAX, false);
    if (c->status)
        ground_check_text(c->status, SJ_STATUS_MAX, true);
}

static void on_gone(struct sj_link *link, const char *id, const struct sj_error *why)
{
    (void)why;
    ground_check_call(link);
    ground_check_id(link, id);
}

static void on_list_told(struct sj_link *link)
{
    ground_check_call(link);
}

static void on_renamed(struct sj_link *link, const char *id, const char *new_id)
{
    ground_check_call(link);
    ground_check_id(link, id);
    ground_check_id(link, new_id);
}

static void on_request(struct sj_link *link, const char *id, const char *name, const char *text)
{
    (void)name;
    (void)text;
    ground_check_call(link);
    ground_check_id(link, id);
}

static void on_notice(struct sj_link *link, const char *text)
{
    ground_check_call(link);
    check_told(link, text, SJ_BODY_MAX);
}

static void on_self(struct sj_link *link, const char *id)
{
    ground_check_call(link);
    ground_check_id(link, id);
}

static void on_save(struct sj_link *link, const void *blob, size_t len)
{
    struct ground *g = ground_of(link);

    (void)blob;
    ground_check_call(link);
    assert(len <= SJ_STATE_MAX);
    sj_loop_defer(g->loop, &g->saved);
}

static void on_saved(void *arg)
{
    struct ground *g = arg;

    if (g->is_down || !g->backend->state_saved)
        return;
    g->in_operation = true;
    g->backend->state_saved(g->link, NULL);
    g->in_operation = false;
}

static void on_raw(struct sj_link *link, sj_op op, const char *line)
{
    (void)op;
    ground_check_call(link);
    ground_check_text(line, SJ_RAW_MAX, true);
    assert(!strchr(line, '\n'));
}

static void on_message_id(struct sj_link *link, sj_op op, const char *id)
{
    ground_check_owed(link, op);
    assert(*id);
    ground_check_text(id, SJ_ID_MAX, false);
}

static void on_mark(struct sj_link *link, const struct sj_mark *m)
{
    ground_check_call(link);
    ground_check_id(link, m->peer);
    if (m->target)
        ground_check_text(m->target, SJ_ID_MAX, false);
}

static void on_lacks(struct sj_link *link, uint32_t caps)
{
    ground_check_call(link);
    assert(!(caps & ~(SJ_CAPS_OF_CONTACT & link->backend->caps)));
}

static void on_typing(struct sj_link *link, const char *id, enum sj_typing typing)
{
    (void)typing;
    ground_check_call(link);
    ground_check_id(link, id);
}

static void on_profile(struct sj_link *link, sj_op op, const struct sj_profile *p)
{
    ground_check_owed(link, op);
    assert(p->n_facts <= SJ_FACTS_MAX);
    for (size_t i = 0; i < SJ_PROFILE_COUNT; i++)
        ground_check_text(p->value[i] ? p->value[i] : "", SJ_PROFILE_VALUE_MAX, true);
    for (size_t i = 0; i < p->n_facts; i++)
        ground_check_text(p->facts[i].value, SJ_PROFILE_VALUE_MAX, true);
}

static void on_position(struct sj_link *link, const char *position)
{
    ground_check_call(link);
    assert(*position && strlen(position) <= SJ_POSITION_MAX);
}

static void on_part(struct sj_link *link, sj_op op, size_t len)
{
    ground_check_owed(link, op);
    assert(len > 0);
}

static void on_chunk(struct sj_link *link, sj_op op, const void *data, size_t len)
{
    (void)data;
    ground_check_owed(link, op);
    assert(len > 0 && len <= SJ_FILE_CHUNK_MAX);
}

static void on_avatar(struct sj_link *link, sj_op op, const struct sj_avatar *a)
{
    (void)a;
    ground_check_owed(link, op);
}

static void on_found(struct sj_link *link, sj_op op, const struct sj_contact *c)
{
    ground_check_owed(link, op);
    ground_check_id(link, c->id);
}

static void on_prompt(struct sj_link *link, const struct sj_prompt *p)
{
    (void)p;
    ground_check_call(link);
}

const struct sj_host ground_host = {
    .link_state = on_state,
    .op_done = on_op_done,
    .message_id = on_message_id,
    .message = on_message,
    .mark = on_mark,
    .lacks = on_lacks,
    .typing = on_typing,
    .contact = on_contact,
    .contact_gone = on_gone,
    .list_told = on_list_told,
    .contact_renamed = on_renamed,
    .contact_request = on_request,
    .notice = on_notice,
    .self = on_self,
    .state_save = on_save,
    .position = on_position,
    .file_wanted = on_part,
    .file_chunk = on_chunk,
    .profile = on_profile,
    .avatar = on_avatar,
    .found = on_found,
    .raw = on_raw,
    .prompt = on_prompt,
    .rooms = &ground_host_rooms,
};

/* ---- the link ---- */

static void on_log(enum sj_log_level level, const char *line, void *ctx)
{
    const struct ground *g = ctx;

    (void)level;
    assert(!g || !g->secret || !strstr(line, g->secret));
}

/* The number of the choice in "one|two". */
static int64_t choice_of(const char *choices, const char *text)
{
    size_t n = strlen(text);
    int64_t number = 0;

    for (const char *at = choices; at; at = strchr(at, '|'), number++) {
        at += *at == '|';
        if (strncmp(at, text, n) == 0 && (at[n] == '|' || at[n] == '\0'))
            return number;
    }
    abort();
}

static struct sj_value option_value(const struct sj_option *o, const char *text)
{
    struct sj_value v = { .text = text };

    if (!text)
        return v;
    if (o->kind == SJ_OPTION_INT)
        v.number = strtol(text, NULL, 10);
    else if (o->kind == SJ_OPTION_DURATION)
        v.number = strtol(text, NULL, 10) * 1000;
    else if (o->kind == SJ_OPTION_BOOL)
        v.number = strcmp(text, "yes") == 0;
    else if (o->kind == SJ_OPTION_CHOICE)
        v.number = choice_of(o->choices, text);
    return v;
}

static const char *option_given(const struct ground_option *given, const struct sj_option *o)
{
    while (given->name && strcmp(given->name, o->name) != 0)
        given++;
    return given->name ? given->value : o->fallback;
}

void ground_begin(struct ground *g, const struct sj_backend *backend,
                  const struct ground_option *given, uint8_t flags)
{
    struct sj_value values[GROUND_OPTIONS_MAX];
    struct sj_values table = { backend->options, values, backend->n_options };

    *g = (struct ground){ .backend = backend, .log = { .area = "fuzz" }, .next_op = 1 };
    assert(backend->n_options <= GROUND_OPTIONS_MAX);
    sj_map_init(&g->rooms);
    sj_log_set_sink(on_log, g);
    sj_log_set_level(flags & GROUND_TRACE ? SJ_LOG_TRACE : SJ_LOG_INFO);
    g->loop = sj_loop_new();
    sj_defer_init(&g->saved, on_saved, g);
    sj_loop_test_advance(g->loop, 1);
    for (size_t i = 0; i < backend->n_options; i++)
        values[i] = option_value(&backend->options[i], option_given(given, &backend->options[i]));
    if (backend->net_new(&g->net, g->loop, &g->log, &table, NULL) != SJ_OK)
        abort();
}

void ground_link(struct ground *g, const char *const *values, size_t n, const void *blob,
                 size_t len)
{
    const struct sj_account account = { values, n };
    const struct sj_link base = {
        .backend = g->backend, .host = &ground_host, .session = 1, .net = g->net,
        .loop = g->loop, .log = &g->log,
    };

    g->link = g->backend->link_new(&base, &account, blob, len);
}


void ground_lines(struct ground *g, const uint8_t *data, size_t size,
                  void (*line)(struct ground *, char *s, size_t n))
{
    for (size_t at = 0; at < size && !g->is_down;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t n = end ? (size_t)(end - data) - at : size - at;
        char *s = sj_malloc(n + 1);

        memcpy(s, data + at, n);
        s[n] = '\0';
        line(g, s, n);
        sj_free(s);
        at += n + 1;
    }
}

void ground_end(struct ground *g)
{
    for (sj_op op = 1; g->is_down && op < g->next_op; op++)
        assert(g->owed[op] != 1);
    sj_defer_cancel(&g->saved);
    g->backend->link_free(&g->link);
    g->backend->net_free(&g->net);
    sj_loop_free(&g->loop);
    ground_rooms_release(g);
    sj_log_set_sink(on_log, NULL);
}

/* ---- the user ---- */

bool ground_is_clean(const char *s)
{
    for (const char *p = s; *p; p++) {
        if ((unsigned char)*p < 0x20)
            return false;
    }
    return sj_utf8_valid(s, strlen(s));
}

bool ground_holds(const uint8_t *data, size_t size, const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i + n <= size; i++) {
        if (memcmp(data + i, text, n) == 0)
            return true;
    }
    return false;
}

bool ground_canonical(const struct ground *g, char *name, size_t size)
{
    struct sj_strbuf id;
    bool ok;

    sj_strbuf_init(&id, SJ_ID_MAX);
    ok = sj_utf8_valid(name, strlen(name)) &&
         g->backend->id_canon(&id, g->net, g->link, name, NULL) == SJ_OK && id.len < size;
    if (ok)
        memcpy(name, id.s, id.len + 1);
    sj_strbuf_release(&id);
    return ok;
}
