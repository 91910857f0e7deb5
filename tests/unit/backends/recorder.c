/* SPDX-License-Identifier: MPL-2.0 */
/* The recording host and the test clock around a backend; see recorder.h. */
#include "recorder.h"

#include <criterion/criterion.h>

#include "recorder_priv.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define RECORDER_OPS 8192u
#define RECORDER_EVENTS 8192u
#define RECORDER_STEP_MS 16
#define RECORDER_PATIENCE_MS (300 * 1000)
#define RECORDER_OPTIONS 64u

struct recorder_slot {
    struct sj_link *link;
    struct sj_log log;
    bool up, down;
    unsigned owed;
    void *blob;                          /* last saved */
    size_t blob_len;
    bool saved;                          /* which it is to be told */
    char *position;                      /* last told */
};

struct recorder {
    struct sj_host host;                 /* links point here: so callbacks find the recorder */
    const struct sj_backend *backend;
    struct sj_loop *loop;
    struct sj_net *net;
    struct sj_log log;
    struct sj_value values[RECORDER_OPTIONS];
    struct sj_values table;
    void (*pump)(void *arg);
    void *pump_arg;
    struct recorder_slot slot[RECORDER_LINKS + 1];
    bool inside;                         /* an operation is running */
    sj_op next_op;
    uint8_t op_slot[RECORDER_OPS];       /* whose it is; 0: no outcome is owed */
    char *events[RECORDER_EVENTS];
    unsigned n_events, next_event;
    bool hears_positions;
    bool hears_all;
    bool holds_saves;
    struct sj_defer saves;
    char file_key[SJ_ID_MAX + 1];        /* of the newest file */
    bool warnings_expected;
    unsigned warnings;
    struct sj_error err;
};

/* --- the host ----------------------------------------------------------------------------- */

struct recorder *recorder_of(const struct sj_link *link)
{
    return SJ_CONTAINER(link->host, struct recorder, host);
}

/* The slot of a link that may still be heard of. */
static unsigned recorder_slot_of(struct recorder *r, const struct sj_link *link)
{
    for (unsigned n = 1; n <= RECORDER_LINKS; n++) {
        if (r->slot[n].link == link) {
            cr_assert_not(r->slot[n].down, "link %u is heard of after it was down", n);
            return n;
        }
    }
    cr_assert_fail("a link is heard of after link_free");
    return 0;
}

static bool recorder_is_report(const char *text)
{
    static const char *const words[] = {"id ", "received ", "displayed "};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strncmp(text, words[i], strlen(words[i])) == 0)
            return true;
    }
    return false;
}

void recorder_hear_all(struct recorder *r)
{
    r->hears_all = true;
}

void recorder_resume(struct recorder *r, unsigned n)
{
    if (r->slot[n].position)
        r->backend->resume(r->slot[n].link, r->slot[n].position);
}

void recorder_hear_positions(struct recorder *r)
{
    r->hears_positions = true;
}

unsigned recorder_event(struct sj_link *link, const char *fmt, ...)
{
    struct recorder *r = recorder_of(link);
    unsigned n = recorder_slot_of(r, link);
    struct sj_strbuf line;
    char text[4096];
    va_list ap;
    cr_assert_not(r->inside, "host called from inside an operation");
    cr_assert_lt(r->n_events, RECORDER_EVENTS);
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!r->hears_all && recorder_is_report(text))
        return n;
    sj_strbuf_init(&line, sizeof text + 16);
    sj_strbuf_addf(&line, "%u %s", n, text);
    r->events[r->n_events++] = sj_strbuf_take(&line);
    return n;
}

void recorder_check_text(const char *text, size_t max)
{
    if (!text)
        return;
    cr_assert_leq(strlen(text), max);
    cr_assert(sj_utf8_valid(text, strlen(text)));
    for (const char *p = text; *p; p++)
        cr_assert((unsigned char)*p >= 0x20 || *p == '\t' || *p == '\n');
}

/* Ids that come up are what id_canon makes of them. */
void recorder_check_id(const struct recorder *r, const struct sj_link *link, const char *id)
{
    struct sj_strbuf canon;
    sj_strbuf_init(&canon, SJ_ID_MAX);
    cr_assert_eq(r->backend->id_canon(&canon, r->net, link, id, NULL), SJ_OK, "id %s", id);
    cr_assert_str_eq(canon.s, id, "an id that is not canonical comes up");
    sj_strbuf_release(&canon);
}

static void on_state(struct sj_link *link, enum sj_link_state state, enum sj_end end,
                     const struct sj_error *why)
{
    struct recorder *r = recorder_of(link);
    if (state == SJ_LINK_UP) {
        unsigned n = recorder_event(link, "up");
        cr_assert_not(r->slot[n].up, "up twice");
        r->slot[n].up = true;
        return;
    }
    const char *text = why && why->text[0] ? why->text : NULL;
    recorder_check_text(text, SJ_ERROR_TEXT_MAX);
    unsigned n = recorder_event(link, "down %s%s%s", sj_end_name(end), text ? ": " : "",
                                text ? text : "");
    cr_assert_eq(r->slot[n].owed, 0, "down while %u outcomes are owed", r->slot[n].owed);
    r->slot[n].down = true;
}

static void on_op_done(struct sj_link *link, sj_op op, const struct sj_error *err)
{
    struct recorder *r = recorder_of(link);
    unsigned n = recorder_event(link, "op %llu %s", (unsigned long long)op,
                                err ? sj_status_text(err->status) : "ok");
    cr_assert(op > 0 && op < r->next_op, "op %llu was never begun", (unsigned long long)op);
    cr_assert_eq(r->op_slot[op], n, "outcome of op %llu is not owed to link %u",
                 (unsigned long long)op, n);
    cr_assert(!err || err->status != SJ_OK);
    recorder_check_text(err ? err->text : NULL, SJ_ERROR_TEXT_MAX);
    r->op_slot[op] = 0;
    r->slot[n].owed--;
}

static void recorder_add_more(struct sj_strbuf *out, const struct sj_message *m)
{
    sj_strbuf_addf(out, " [id=%s%s%s", m->id ? m->id : "", m->confirm ? " confirm" : "",
                   m->attention ? " attention" : "");
    if (m->replaces)
        sj_strbuf_addf(out, " replaces=%s", m->replaces);
    if (m->reply_to)
        sj_strbuf_addf(out, " reply=%s", m->reply_to);
    if (m->thread)
        sj_strbuf_addf(out, " thread=%s", m->thread);
    for (size_t i = 0; i < m->n_spans; i++)
        sj_strbuf_addf(out, " style=%d:%u-%u", (int)m->spans[i].style, m->spans[i].start,
                       m->spans[i].end);
    sj_strbuf_addc(out, ']');
}

static void on_message(struct sj_link *link, const struct sj_message *m)
{
    struct sj_strbuf more;
    cr_assert(*m->body || m->attention || m->file);
    recorder_check_text(m->body, SJ_BODY_MAX);
    recorder_check_id(recorder_of(link), link, m->peer);
    sj_strbuf_init(&more, 4096);
    if (m->file && m->file->key)
        sj_copy(recorder_of(link)->file_key, SJ_ID_MAX + 1, m->file->key);
    if (m->file)
        sj_strbuf_addf(&more, "<%s %llu>", m->file->name ? m->file->name : "",
                       (unsigned long long)m->file->size);
    if (recorder_of(link)->hears_all)
        recorder_add_more(&more, m);
    const char *kind = m->action ? "action" : m->notice ? "notice" : "message";
    char echo[32] = "";
    if (m->nick && !m->in_room)
        kind = "whisper";
    if (m->echo)
        snprintf(echo, sizeof echo, "echo %llu", (unsigned long long)m->echo);
    recorder_event(link, "%s%s %s%s%s %s%s", m->own ? "own " : "", m->echo ? echo : kind, m->peer,
                   m->nick ? "/" : "", m->nick ? m->nick : "", m->body, more.s);
    sj_strbuf_release(&more);
}

static void on_contact(struct sj_link *link, const struct sj_contact *c)
{
    static const char *const shows[] = {
        [SJ_SHOW_OFFLINE] = "offline", [SJ_SHOW_ONLINE] = "online", [SJ_SHOW_CHAT] = "chat",
        [SJ_SHOW_AWAY] = "away", [SJ_SHOW_XA] = "xa", [SJ_SHOW_DND] = "dnd",
    };
    recorder_check_id(recorder_of(link), link, c->id);
    recorder_check_text(c->name, SJ_NAME_MAX);
    recorder_check_text(c->group, SJ_NAME_MAX);
    recorder_check_text(c->status, SJ_STATUS_MAX);
    recorder_check_text(c->avatar, SJ_AVATAR_ID_MAX);
    const char *group = c->group && *c->group ? c->group : NULL;
    recorder_event(link, "contact %s %s%s%s%s%s%s%s", c->id,
                   c->has_presence ? shows[c->show] : "unknown", c->name ? " " : "",
                   c->name ? c->name : "", c->status ? ": " : "", c->status ? c->status : "",
                   group ? " +" : "", group ? group : "");
}

static void on_gone(struct sj_link *link, const char *id, const struct sj_error *why)
{
    const char *text = why && why->text[0] ? why->text : NULL;
    recorder_check_id(recorder_of(link), link, id);
    recorder_check_text(text, SJ_ERROR_TEXT_MAX);
    recorder_event(link, "gone %s%s%s", id, text ? ": " : "", text ? text : "");
}

static void on_renamed(struct sj_link *link, const char *id, const char *new_id)
{
    recorder_check_id(recorder_of(link), link, id);
    recorder_check_id(recorder_of(link), link, new_id);
    recorder_event(link, "renamed %s %s", id, new_id);
}

static void on_request(struct sj_link *link, const char *id, const char *name, const char *text)
{
    recorder_check_id(recorder_of(link), link, id);
    recorder_check_text(name, SJ_NAME_MAX);
    recorder_check_text(text, SJ_BODY_MAX);
    recorder_event(link, "request %s", id);
}

static void on_notice(struct sj_link *link, const char *text)
{
    recorder_check_text(text, SJ_BODY_MAX);
    recorder_event(link, "tell %s", text);
}

static void on_self(struct sj_link *link, const char *id)
{
    recorder_check_id(recorder_of(link), link, id);
    recorder_event(link, "self %s", id);
}

static void on_save(struct sj_link *link, const void *blob, size_t len)
{
    struct recorder *r = recorder_of(link);
    unsigned n = recorder_event(link, "save %zu", len);
    cr_assert_leq(len, SJ_STATE_MAX);
    recorder_keep(r, n, blob, len);
    r->slot[n].saved = true;
    if (!r->holds_saves)
        sj_loop_defer(r->loop, &r->saves);
}

void recorder_hold_saves(struct recorder *r)
{
    r->holds_saves = true;
}

void recorder_saved(struct recorder *r, unsigned n, enum sj_status status)
{
    struct recorder_slot *slot = &r->slot[n];
    struct sj_error err;
    cr_assert(slot->saved, "nothing was saved");
    slot->saved = false;
    if (!slot->link || slot->down || !r->backend->state_saved)
        return;
    sj_fail(&err, status, "the disk is full");
    r->inside = true;
    r->backend->state_saved(slot->link, status == SJ_OK ? NULL : &err);
    r->inside = false;
}

static void on_saves_due(void *arg)
{
    struct recorder *r = arg;
    for (unsigned n = 1; n <= RECORDER_LINKS; n++) {
        if (r->slot[n].saved)
            recorder_saved(r, n, SJ_OK);
    }
}

static void on_message_id(struct sj_link *link, sj_op op, const char *id)
{
    recorder_event(link, "id %llu %s", (unsigned long long)op, id);
}

static void on_mark(struct sj_link *link, const struct sj_mark *m)
{
    static const char *const kinds[] = {"received", "displayed", "retracted", "reactions"};
    struct sj_strbuf set;
    sj_strbuf_init(&set, SJ_REACTIONS_MAX * (SJ_REACTION_MAX + 1));
    for (size_t i = 0; i < m->n_reactions; i++)
        sj_strbuf_addf(&set, " %s", m->reactions[i]);
    recorder_event(link, "%s%s %s%s%s %s%s", m->own ? "own " : "", kinds[m->kind], m->peer,
                   m->nick ? "/" : "", m->nick ? m->nick : "", m->target, set.s);
    sj_strbuf_release(&set);
}

static void on_typing(struct sj_link *link, const char *id, enum sj_typing typing)
{
    static const char *const words[] = {"stopped", "paused", "active"};
    recorder_event(link, "typing %s %s", id, words[typing]);
}

static void on_lacks(struct sj_link *link, uint32_t caps)
{
    cr_assert_eq(caps & ~(SJ_CAPS_OF_CONTACT & link->backend->caps), 0);
    (void)recorder_of(link);
}

static void on_file_wanted(struct sj_link *link, sj_op op, size_t len)
{
    recorder_event(link, "wants %llu %zu", (unsigned long long)op, len);
}

static void on_file_chunk(struct sj_link *link, sj_op op, const void *data, size_t len)
{
    (void)data;
    cr_assert(len > 0 && len <= SJ_FILE_CHUNK_MAX);
    recorder_event(link, "chunk %llu %zu", (unsigned long long)op, len);
}

static void on_profile(struct sj_link *link, sj_op op, const struct sj_profile *p)
{
    (void)op;
    const char *name = p->value[SJ_PROFILE_FULL_NAME];
    recorder_event(link, "profile %s %s", p->id, name ? name : "");
}

static void on_avatar(struct sj_link *link, sj_op op, const struct sj_avatar *a)
{
    (void)op;
    cr_assert_leq(a->len, SJ_AVATAR_MAX);
    recorder_event(link, "avatar %s %s %zu", a->contact ? a->contact : "-", a->id, a->len);
}

static void on_found(struct sj_link *link, sj_op op, const struct sj_contact *c)
{
    recorder_event(link, "found %llu %s", (unsigned long long)op, c->id);
}

static void on_list_told(struct sj_link *link)
{
    recorder_event(link, "listed");
}

static void on_prompt(struct sj_link *link, const struct sj_prompt *p)
{
    recorder_event(link, "prompt %s", p ? p->text : "over");
}

/* What nobody asked for has its own test. */
static void on_raw(struct sj_link *link, sj_op op, const char *line)
{
    recorder_check_text(line, SJ_RAW_MAX);
    if (op)
        recorder_event(link, "raw %llu %s", (unsigned long long)op, line);
}

static void on_position(struct sj_link *link, const char *position)
{
    recorder_check_text(position, SJ_POSITION_MAX);
    cr_assert(link->backend->caps & SJ_CAP_RESUME);
    struct recorder *r = recorder_of(link);
    struct recorder_slot *slot = &r->slot[recorder_slot_of(r, link)];
    sj_free(slot->position);
    slot->position = sj_strdup(position);
    if (recorder_of(link)->hears_positions)
        recorder_event(link, "position %s", position);
}

static const struct sj_host recorder_host = {
    .link_state = on_state,
    .op_done = on_op_done,
    .message = on_message,
    .contact = on_contact,
    .contact_gone = on_gone,
    .list_told = on_list_told,
    .contact_renamed = on_renamed,
    .contact_request = on_request,
    .notice = on_notice,
    .self = on_self,
    .state_save = on_save,
    .position = on_position,
    .message_id = on_message_id,
    .mark = on_mark,
    .typing = on_typing,
    .lacks = on_lacks,
    .file_wanted = on_file_wanted,
    .file_chunk = on_file_chunk,
    .profile = on_profile,
    .avatar = on_avatar,
    .found = on_found,
    .raw = on_raw,
    .prompt = on_prompt,
    .rooms = &recorder_rooms,
};

static void on_log(enum sj_log_level level, const char *line, void *ctx)
{
    struct recorder *r = ctx;
    if (level > SJ_LOG_WARN)
        return;
    cr_assert(level == SJ_LOG_WARN && r->warnings_expected, "unexpected log line: %s", line);
    r->warnings++;
}

/* --- values ------------------------------------------------------------------------------- */

/* Value of name in "name=value name=value", to be freed; NULL: not there. */
static char *recorder_listed(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = list; p && *p; p += strcspn(p, " "), p += strspn(p, " ")) {
        if (strncmp(p, name, n) == 0 && p[n] == '=')
            return sj_strndup(p + n + 1, strcspn(p + n + 1, " "));
    }
    return NULL;
}

static int64_t recorder_choice(const char *choices, const char *text)
{
    int64_t index = 0;
    size_t n = strlen(text);
    for (const char *p = choices; *p; index++) {
        size_t item = strcspn(p, "|");
        if (item == n && strncmp(p, text, n) == 0)
            return index;
        p += item + (p[item] == '|');
    }
    cr_assert_fail("no such choice: %s", text);
    return 0;
}

static int64_t recorder_number(const struct sj_option *o, const char *text)
{
    char *end = NULL;
    int64_t n = strtoll(text, &end, 10);
    if (o->kind == SJ_OPTION_BOOL)
        return strcmp(text, "yes") == 0;
    if (o->kind == SJ_OPTION_CHOICE)
        return recorder_choice(o->choices, text);
    if (o->kind != SJ_OPTION_DURATION || strcmp(end, "ms") == 0)
        return n;
    return n * (*end == 'h' ? 3600 * 1000 : *end == 'm' ? 60 * 1000 : 1000);
}

static void recorder_read_options(struct recorder *r, const char *options)
{
    const struct sj_backend *b = r->backend;
    cr_assert_leq(b->n_options, RECORDER_OPTIONS);
    for (size_t i = 0; i < b->n_options; i++) {
        char *text = recorder_listed(options, b->options[i].name);
        struct sj_value *v = &r->values[i];
        v->given = text != NULL;
        v->text = text ? text : sj_strdup(b->options[i].fallback);
        cr_assert(v->text || !b->options[i].required, "%s is needed", b->options[i].name);
        v->number = v->text ? recorder_number(&b->options[i], v->text) : 0;
    }
    r->table = (struct sj_values){b->options, r->values, b->n_options};
}

/* --- life --------------------------------------------------------------------------------- */

struct recorder *recorder_new(const struct sj_backend *backend, const char *options,
                              void (*pump)(void *arg), void *arg)
{
    struct recorder *r = sj_calloc(1, sizeof *r);
    struct sj_error err = {.status = SJ_OK};
    r->host = recorder_host;
    r->backend = backend;
    r->pump = pump;
    r->pump_arg = arg;
    r->next_op = 1;
    r->log.area = backend->name;
    r->loop = sj_loop_new();
    sj_defer_init(&r->saves, on_saves_due, r);
    sj_loop_test_advance(r->loop, 1);    /* from here on time is ours */
    sj_log_set_sink(on_log, r);
    recorder_read_options(r, options);
    cr_assert_eq(backend->net_new(&r->net, r->loop, &r->log, &r->table, &err), SJ_OK, "%s",
                 err.text);
    return r;
}

void recorder_free(struct recorder **r)
{
    for (unsigned n = 1; n <= RECORDER_LINKS; n++) {
        recorder_free_link(*r, n);
        sj_free((*r)->slot[n].blob);
        sj_free((*r)->slot[n].position);
    }
    (*r)->backend->net_free(&(*r)->net);
    cr_assert_null((*r)->net);
    sj_defer_cancel(&(*r)->saves);
    sj_loop_free(&(*r)->loop);
    recorder_forget(*r);
    for (size_t i = 0; i < (*r)->backend->n_options; i++)
        sj_free((void *)(uintptr_t)(*r)->values[i].text);
    sj_log_set_sink(NULL, NULL);
    sj_free(*r);
    *r = NULL;
}

void recorder_expect_warnings(struct recorder *r)
{
    r->warnings_expected = true;
}

unsigned recorder_warnings(const struct recorder *r)
{
    return r->warnings;
}

struct sj_net *recorder_net(const struct recorder *r)
{
    return r->net;
}

struct sj_link *recorder_link(const struct recorder *r, unsigned n)
{
    return r->slot[n].link;
}

void recorder_make_as(struct recorder *r, unsigned n, uint64_t session, const char *fields)
{
    struct recorder_slot *s = &r->slot[n];
    char *values[SJ_FIELDS_MAX] = {NULL};
    const char *lent[SJ_FIELDS_MAX];
    cr_assert_null(s->link);
    s->log = (struct sj_log){.parent = &r->log};
    s->up = s->down = false;
    s->owed = 0;
    const struct sj_link base = {.backend = r->backend, .host = &r->host, .session = session,
                                 .net = r->net, .loop = r->loop, .log = &s->log};
    for (size_t i = 0; i < r->backend->n_fields; i++)
        lent[i] = values[i] = recorder_listed(fields, r->backend->fields[i].var);
    const struct sj_account account = {lent, r->backend->n_fields};
    r->inside = true;
    s->link = r->backend->link_new(&base, &account, s->blob, s->blob_len);
    r->inside = false;
    for (size_t i = 0; i < r->backend->n_fields; i++)
        sj_secret_free(&values[i]);      /* only lent: gone after the call */
    cr_assert(s->link);
}

void recorder_make(struct recorder *r, unsigned n, const char *fields)
{
    recorder_make_as(r, n, n, fields);
}

void recorder_keep(struct recorder *r, unsigned n, const void *blob, size_t len)
{
    struct recorder_slot *s = &r->slot[n];
    sj_free(s->blob);
    s->blob = NULL;
    s->blob_len = len;
    if (!blob)
        return;
    s->blob = sj_malloc(len);
    memcpy(s->blob, blob, len);
}

enum sj_status recorder_connect(struct recorder *r, unsigned n)
{
    r->inside = true;
    enum sj_status status = r->backend->connect(r->slot[n].link, &r->err);
    r->inside = false;
    return status;
}

void recorder_log_in(struct recorder *r, unsigned n, const char *fields)
{
    recorder_make(r, n, fields);
    cr_assert_eq(recorder_connect(r, n), SJ_OK, "%s", r->err.text);
    recorder_wait_for_login(r, n);
    cr_assert(recorder_is_up(r, n));
    recorder_settle(r);
    recorder_forget(r);
}

void recorder_disconnect(struct recorder *r, unsigned n)
{
    r->inside = true;
    r->backend->disconnect(r->slot[n].link, "leaving");
    r->inside = false;
}

void recorder_free_link(struct recorder *r, unsigned n)
{
    struct sj_link *link = r->slot[n].link;
    r->slot[n].link = NULL;
    r->inside = true;
    r->backend->link_free(&link);
    r->inside = false;
    cr_assert_null(link);
    r->slot[n].owed = 0;                 /* no outcome is owed to a link that is freed */
    for (sj_op op = 1; op < r->next_op; op++) {
        if (r->op_slot[op] == n)
            r->op_slot[op] = 0;
    }
}

/* --- operations --------------------------------------------------------------------------- */

sj_op recorder_next_op(const struct recorder *r)
{
    return r->next_op;
}

sj_op recorder_begin(struct recorder *r, unsigned n)
{
    cr_assert_lt(r->next_op, RECORDER_OPS);
    r->err = (struct sj_error){.status = SJ_OK};
    r->op_slot[r->next_op] = (uint8_t)n;
    r->slot[n].owed++;
    r->inside = true;
    return r->next_op++;
}

enum sj_status recorder_end(struct recorder *r, unsigned n, sj_op op, enum sj_status status)
{
    r->inside = false;
    if (status == SJ_OK)
        return status;
    r->op_slot[op] = 0;                  /* refused: no outcome follows */
    r->slot[n].owed--;
    cr_assert_eq(r->err.status, status);
    recorder_check_text(r->err.text, SJ_ERROR_TEXT_MAX);
    return status;
}

struct sj_error *recorder_fills(struct recorder *r)
{
    return &r->err;
}

enum sj_status recorder_send_message(struct recorder *r, unsigned n, const struct sj_message *m)
{
    sj_op op = recorder_begin(r, n);
    return recorder_end(r, n, op, r->backend->send_message(r->slot[n].link, m, op, &r->err));
}

enum sj_status recorder_send(struct recorder *r, unsigned n, const char *peer, const char *body)
{
    const struct sj_message m = {.peer = peer, .body = body, .id = "m1"};
    return recorder_send_message(r, n, &m);
}

enum sj_status recorder_mark(struct recorder *r, unsigned n, const struct sj_mark *m)
{
    sj_op op = recorder_begin(r, n);
    return recorder_end(r, n, op, r->backend->send_mark(r->slot[n].link, m, op, &r->err));
}

enum sj_status recorder_add(struct recorder *r, unsigned n, const char *id)
{
    sj_op op = recorder_begin(r, n);
    return recorder_end(r, n, op, r->backend->contact_add(r->slot[n].link, id, op, &r->err));
}

enum sj_status recorder_search(struct recorder *r, unsigned n, const char *first,
                               const char *second)
{
    sj_op op = recorder_begin(r, n);
    const char *value[SJ_FIELDS_MAX] = {first, second};
    return recorder_end(r, n, op, r->backend->search(r->slot[n].link, value,
                                                     r->backend->n_search_fields, op, &r->err));
}

enum sj_status recorder_read_file(struct recorder *r, unsigned n)
{
    sj_op op = recorder_begin(r, n);
    return recorder_end(r, n, op, r->backend->file_read(r->slot[n].link, r->file_key, op, &r->err));
}

void recorder_give_file(struct recorder *r, unsigned n, sj_op op, const void *data, size_t len)
{
    r->inside = true;
    r->backend->file_data(r->slot[n].link, op, data, len);
    r->inside = false;
}

void recorder_next_chunk(struct recorder *r, unsigned n, sj_op op)
{
    r->inside = true;
    r->backend->file_next(r->slot[n].link, op);
    r->inside = false;
}

void recorder_abort_file(struct recorder *r, unsigned n, sj_op op)
{
    r->inside = true;
    r->backend->file_abort(r->slot[n].link, op);
    r->inside = false;
}

enum sj_status recorder_remove(struct recorder *r, unsigned n, const char *id)
{
    sj_op op = recorder_begin(r, n);
    return recorder_end(r, n, op, r->backend->contact_remove(r->slot[n].link, id, op, &r->err));
}

enum sj_status recorder_name(struct recorder *r, unsigned n, const char *id, const char *name,
                            const char *group)
{
    sj_op op = recorder_begin(r, n);
    return recorder_end(r, n, op, r->backend->contact_name(r->slot[n].link, id, name, group, op,
                                                           &r->err));
}

enum sj_status recorder_answer(struct recorder *r, unsigned n, const char *id, bool accept)
{
    sj_op op = recorder_begin(r, n);
    return recorder_end(r, n, op,
                        r->backend->contact_answer(r->slot[n].link, id, accept, op, &r->err));
}

enum sj_status recorder_show(struct recorder *r, unsigned n, enum sj_show show, const char *status)
{
    r->inside = true;
    enum sj_status got = r->backend->set_presence(r->slot[n].link, show, status, &r->err);
    r->inside = false;
    return got;
}

enum sj_status recorder_profile(struct recorder *r, unsigned n, const char *id)
{
    sj_op op = recorder_begin(r, n);
    return recorder_end(r, n, op, r->backend->profile_get(r->slot[n].link, id, op, &r->err));
}

enum sj_status recorder_avatar(struct recorder *r, unsigned n, const char *id, const char *avatar)
{
    sj_op op = recorder_begin(r, n);
    return recorder_end(r, n, op,
                        r->backend->avatar_get(r->slot[n].link, id, avatar, op, &r->err));
}

enum sj_status recorder_own_profile(struct recorder *r, unsigned n,
                                    const struct sj_own_profile *own)
{
    sj_op op = recorder_begin(r, n);
    return recorder_end(r, n, op,
                        r->backend->own_profile_set(r->slot[n].link, own, op, &r->err));
}

const char *recorder_error(const struct recorder *r)
{
    return r->err.text;
}

unsigned recorder_owed(const struct recorder *r, unsigned n)
{
    return r->slot[n].owed;
}

bool recorder_is_up(const struct recorder *r, unsigned n)
{
    return r->slot[n].up && !r->slot[n].down;
}

bool recorder_is_down(const struct recorder *r, unsigned n)
{
    return r->slot[n].down;
}

/* --- time --------------------------------------------------------------------------------- */

static void recorder_turn(struct recorder *r)
{
    sj_loop_turn(r->loop, 0);
    if (r->pump)
        r->pump(r->pump_arg);
}

void recorder_settle(struct recorder *r)
{
    unsigned quiet = 0;
    sj_loop_test_advance(r->loop, RECORDER_STEP_MS);
    while (quiet < 8) {
        unsigned before = r->n_events;
        recorder_turn(r);
        quiet = r->n_events == before ? quiet + 1 : 0;
    }
}

void recorder_advance(struct recorder *r, int64_t ms)
{
    for (int64_t gone = 0; gone < ms; gone += RECORDER_STEP_MS) {
        sj_loop_test_advance(r->loop, RECORDER_STEP_MS);
        recorder_turn(r);
    }
    recorder_settle(r);
}

void recorder_wait_for_outcomes(struct recorder *r, unsigned n)
{
    for (int64_t gone = 0; gone < RECORDER_PATIENCE_MS && r->slot[n].owed > 0; gone += 16)
        recorder_advance(r, RECORDER_STEP_MS);
    cr_assert_eq(r->slot[n].owed, 0, "%u outcomes never came", r->slot[n].owed);
}

void recorder_wait_for_login(struct recorder *r, unsigned n)
{
    const struct recorder_slot *s = &r->slot[n];
    for (int64_t gone = 0; gone < RECORDER_PATIENCE_MS && !s->up && !s->down; gone += 16)
        recorder_advance(r, RECORDER_STEP_MS);
}

void recorder_wait_for_down(struct recorder *r, unsigned n)
{
    const struct recorder_slot *s = &r->slot[n];
    for (int64_t gone = 0; gone < RECORDER_PATIENCE_MS && !s->down; gone += 16)
        recorder_advance(r, RECORDER_STEP_MS);
    cr_assert(s->down, "the end never came");
}

/* --- events ------------------------------------------------------------------------------- */

void recorder_hears(struct recorder *r, const char *event)
{
    if (r->next_event == r->n_events)
        recorder_settle(r);
    cr_assert_lt(r->next_event, r->n_events, "nothing comes, expected: %s", event);
    cr_assert_str_eq(r->events[r->next_event], event);
    r->next_event++;
}

void recorder_hears_nothing(struct recorder *r)
{
    recorder_settle(r);
    cr_assert_eq(r->next_event, r->n_events, "unexpected: %s",
                 r->next_event < r->n_events ? r->events[r->next_event] : "");
}

bool recorder_heard(const struct recorder *r, const char *event)
{
    for (unsigned i = 0; i < r->n_events; i++) {
        if (strcmp(r->events[i], event) == 0)
            return true;
    }
    return false;
}

unsigned recorder_heard_count(const struct recorder *r)
{
    return r->n_events;
}

void recorder_forget(struct recorder *r)
{
    for (unsigned i = 0; i < r->n_events; i++)
        sj_free(r->events[i]);
    r->n_events = r->next_event = 0;
}
