/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of sojourn/backend.h: the same cases for every backend that is built in.
 *
 * Most rules are watched by the recorder, in each case: no host call from inside an operation, an
 * outcome once and only where it is owed, silence after the end and after link_free, canonical ids,
 * clean texts. The cases here bring about the moments in which such rules are broken. A new backend
 * needs a row in `subjects`, and whatever it logs in to. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "fake_irc.h"
#include "fake_matrix.h"
#include "recorder.h"
#include "registry.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define CONTRACT_BACKENDS_MAX 32u

/* What a backend logs in to. */
struct server {
    const char *options;         /* behind which its port goes */
    void *(*make)(void);
    void (*drop)(void *server);
    unsigned (*port)(const void *server);
    void (*pump)(void *server);
    void (*hang_up)(void *server);
    void (*freeze)(void *server);
    bool (*saw)(const void *server, const char *command);
};

#define SERVER_OF(name)                                                                         \
    static void *server_##name##_make(void)                                                     \
    {                                                                                           \
        return fake_##name##_new();                                                             \
    }                                                                                           \
    static void server_##name##_drop(void *server)                                              \
    {                                                                                           \
        struct fake_##name *f = server;                                                         \
        fake_##name##_free(&f);                                                                 \
    }                                                                                           \
    static unsigned server_##name##_port(const void *server)                                    \
    {                                                                                           \
        return fake_##name##_port(server);                                                      \
    }                                                                                           \
    static void server_##name##_hang_up(void *server)                                           \
    {                                                                                           \
        fake_##name##_hang_up(server);                                                          \
    }                                                                                           \
    static void server_##name##_freeze(void *server)                                            \
    {                                                                                           \
        fake_##name##_freeze(server);                                                           \
    }                                                                                           \
    static bool server_##name##_saw(const void *server, const char *command);                   \
    static const struct server server_##name = {                                                \
        .options = SERVER_OPTIONS_##name,                                                       \
        .make = server_##name##_make,                                                           \
        .drop = server_##name##_drop,                                                           \
        .port = server_##name##_port,                                                           \
        .pump = fake_##name##_pump,                                                             \
        .hang_up = server_##name##_hang_up,                                                     \
        .freeze = server_##name##_freeze,                                                       \
        .saw = server_##name##_saw,                                                             \
    };                                                                                          \
    static bool server_##name##_saw(const void *server, const char *command)
#define SERVER_OPTIONS_irc "server=127.0.0.1 port="
#define SERVER_OPTIONS_matrix "homeserver=http://127.0.0.1:"

SERVER_OF(irc)
{
    return fake_irc_saw(server, command);
}

/* It speaks no lines. */
SERVER_OF(matrix)
{
    return fake_matrix_count(server, command) > 0;
}

/* What the cases need to know of a backend. */
struct subject {
    const char *backend;
    const char *options;         /* beyond an address */
    const char *fields;          /* an account that is let in */
    const char *peer;            /* somebody who can be written to */
    const struct server *server; /* or NULL; options get its address */
};
static const struct subject subjects[] = {
    {
        .backend = "irc",
        .options = "tls=no send-rate=0 send-burst=1000",
        .fields = "username=romeo",
        .peer = "echo",
        .server = &server_irc,
    },
    {
        .backend = "loopback",
        .options = "latency=200ms",
        .fields = "username=romeo",
        .peer = "echo",
    },
    {
        .backend = "matrix",
        .options = "",
        .fields = "username=@romeo:hs.test password=sesame",
        .peer = "echo:hs.test",
        .server = &server_matrix,
    },
};
#define SUBJECTS (sizeof subjects / sizeof subjects[0])

static const struct subject *subject_find(const char *backend)
{
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (strcmp(subjects[i].backend, backend) == 0)
            return &subjects[i];
    }
    return NULL;
}

/* --- a case ------------------------------------------------------------------------------- */

struct scene {
    const struct sj_backend *backend;
    const struct subject *subject;
    void *server;                /* or NULL */
    struct recorder *r;
};

static void scene_open(struct scene *s, size_t backend)
{
    char options[256];
    s->backend = registry_at(backend);
    s->subject = subject_find(s->backend->name);
    cr_assert(s->subject, "the backend %s has no row in subjects", s->backend->name);
    const struct server *server = s->subject->server;
    s->server = server ? server->make() : NULL;
    snprintf(options, sizeof options, "%s", s->subject->options);
    if (server)
        snprintf(options, sizeof options, "%s %s%u", s->subject->options, server->options,
                 server->port(s->server));
    s->r = recorder_new(s->backend, options, server ? server->pump : NULL, s->server);
}

static void scene_close(struct scene *s)
{
    recorder_free(&s->r);
    if (s->server)
        s->subject->server->drop(s->server);
}

static void scene_log_in(struct scene *s)
{
    recorder_log_in(s->r, 1, s->subject->fields);
    recorder_advance(s->r, 1000);
}

static bool scene_can(const struct scene *s, uint32_t caps)
{
    return (s->backend->caps & caps) == caps;
}

/* One of each operation, as far as the backend has them; the number that was accepted. */
static unsigned scene_do_all(struct scene *s, const char *id)
{
    unsigned accepted = recorder_send(s->r, 1, id, "hello") == SJ_OK;
    if (scene_can(s, SJ_CAP_CONTACTS)) {
        accepted += recorder_add(s->r, 1, id) == SJ_OK;
        accepted += recorder_remove(s->r, 1, id) == SJ_OK;
    }
    if (scene_can(s, SJ_CAP_APPROVAL)) {
        accepted += recorder_answer(s->r, 1, id, true) == SJ_OK;
        accepted += recorder_answer(s->r, 1, id, false) == SJ_OK;
    }
    return accepted;
}

/* A case for every backend in the registry. */
#define EVERY(name)                                                          \
    static void case_##name(struct scene *s);                                \
    ParameterizedTestParameters(contract, name)                              \
    {                                                                        \
        static size_t at[CONTRACT_BACKENDS_MAX];                             \
        size_t n = 0;                                                        \
        for (; registry_at(n) && n < CONTRACT_BACKENDS_MAX; n++)             \
            at[n] = n;                                                       \
        return cr_make_param_array(size_t, at, n, NULL);                     \
    }                                                                        \
    ParameterizedTest(size_t *at, contract, name, .timeout = 60)             \
    {                                                                        \
        struct scene scene;                                                  \
        scene_open(&scene, *at);                                             \
        case_##name(&scene);                                                 \
        scene_close(&scene);                                                 \
    }                                                                        \
    static void case_##name(struct scene *s)

/* --- the table ---------------------------------------------------------------------------- */

EVERY(has_a_sound_table)
{
    const char *wrong = sj_backend_check(s->backend);
    cr_expect_null(wrong, "%s: %s", s->backend->name, wrong);
    cr_expect_eq(registry_find(s->backend->name), s->backend, "the name is taken twice");
}

/* --- ids ---------------------------------------------------------------------------------- */

static enum sj_status canon(const struct scene *s, const struct sj_link *link, const char *id,
                            struct sj_strbuf *out)
{
    struct sj_error err = {.status = SJ_OK};
    sj_strbuf_init(out, SJ_ID_MAX);
    enum sj_status status = s->backend->id_canon(out, recorder_net(s->r), link, id, &err);
    cr_expect(status == SJ_OK || status == SJ_INVALID, "%s", id);
    return status == SJ_OK && !sj_strbuf_ok(out) ? SJ_INVALID : status;
}

EVERY(makes_ids_canonical_once_and_for_all)
{
    static const char *const ids[] = {
        "romeo", "Romeo", "ROMEO", "r", "a.b", "a-b_c", "x[]\\x", "{|}~^", "42", "-", "@",
        "bob@example.org", "\xc3\xa9t\xc3\xa9", "\xf0\x9f\x8c\xb9", "#verona", "a+b", "%41", "'",
    };
    scene_log_in(s);
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        for (int linked = 0; linked < 2; linked++) {
            const struct sj_link *link = linked ? recorder_link(s->r, 1) : NULL;
            struct sj_strbuf once, twice;
            if (canon(s, link, ids[i], &once) == SJ_OK) {
                cr_expect(once.len > 0 && sj_utf8_valid(once.s, once.len));
                cr_expect_eq(canon(s, link, once.s, &twice), SJ_OK, "%s", once.s);
                cr_expect_str_eq(once.s, twice.s);
                sj_strbuf_release(&twice);
            }
            sj_strbuf_release(&once);
        }
    }
}

static const char *const hostile_ids[] = {
    "", " ", "a b", "a\rb", "a\nb", "a\r\nQUIT", "\x01", "a\177b", "a\tb", " a", "a ",
};
#define HOSTILE_IDS (sizeof hostile_ids / sizeof hostile_ids[0])

EVERY(refuses_ids_that_would_break_its_wire)
{
    struct sj_strbuf out;
    char *endless = sj_malloc(5001);
    memset(endless, 'a', 5000);
    endless[5000] = '\0';
    for (size_t i = 0; i < HOSTILE_IDS; i++) {
        cr_expect_eq(canon(s, NULL, hostile_ids[i], &out), SJ_INVALID, "row %zu", i);
        sj_strbuf_release(&out);
    }
    cr_expect_eq(canon(s, NULL, endless, &out), SJ_INVALID);
    sj_strbuf_release(&out);
    sj_free(endless);
}

EVERY(refuses_operations_with_hostile_ids)
{
    scene_log_in(s);
    for (size_t i = 0; i < HOSTILE_IDS; i++) {
        cr_expect_neq(recorder_send(s->r, 1, hostile_ids[i], "hello"), SJ_OK, "row %zu", i);
        if (scene_can(s, SJ_CAP_CONTACTS)) {
            cr_expect_neq(recorder_add(s->r, 1, hostile_ids[i]), SJ_OK, "row %zu", i);
            recorder_remove(s->r, 1, hostile_ids[i]);    /* who is in no list may be removed */
        }
        if (scene_can(s, SJ_CAP_APPROVAL))
            cr_expect_neq(recorder_answer(s->r, 1, hostile_ids[i], true), SJ_OK, "row %zu", i);
    }
    recorder_advance(s->r, 5000);
    cr_expect(recorder_is_up(s->r, 1));
    cr_expect(!s->server || !s->subject->server->saw(s->server, "QUIT"));
}

/* --- accounts ----------------------------------------------------------------------------- */

EVERY(checks_required_fields)
{
    const char *values[SJ_FIELDS_MAX] = {NULL};
    const struct sj_account account = {values, s->backend->n_fields};
    struct sj_error err = {.status = SJ_OK};
    size_t required = 0;
    for (size_t i = 0; i < s->backend->n_fields; i++)
        required += s->backend->fields[i].required;
    enum sj_status status = s->backend->account_check(recorder_net(s->r), &account, &err);
    cr_expect_eq(status, required ? SJ_UNACCEPTABLE : SJ_OK, "%s", err.text);
    cr_expect(!required || err.text[0]);
    for (size_t i = 0; i < s->backend->n_fields; i++)
        values[i] = "a\r\nQUIT";
    cr_expect_eq(s->backend->account_check(recorder_net(s->r), &account, &err), SJ_UNACCEPTABLE,
                 "line ends within values");
}

/* --- the life of a link ------------------------------------------------------------------- */

EVERY(comes_up_once_and_goes_down_once)
{
    scene_log_in(s);
    cr_expect_eq(recorder_connect(s->r, 1), SJ_EXISTS, "connect is called once");
    recorder_disconnect(s->r, 1);
    recorder_disconnect(s->r, 1);
    recorder_wait_for_down(s->r, 1);
    cr_expect(recorder_heard(s->r, "1 down asked"));
    recorder_disconnect(s->r, 1);
    recorder_advance(s->r, 5000);
}

EVERY(can_be_disconnected_before_it_is_connected)
{
    recorder_make(s->r, 1, s->subject->fields);
    recorder_disconnect(s->r, 1);
    recorder_wait_for_down(s->r, 1);
    cr_expect(recorder_heard(s->r, "1 down asked"));
}

EVERY(can_be_disconnected_at_any_turn_of_the_login)
{
    for (int turns = 0; turns < 12; turns++) {
        recorder_make(s->r, 1, s->subject->fields);
        cr_assert_eq(recorder_connect(s->r, 1), SJ_OK);
        recorder_forget(s->r);
        recorder_advance(s->r, 16 * turns);
        recorder_disconnect(s->r, 1);
        recorder_wait_for_down(s->r, 1);
        cr_expect(recorder_heard(s->r, "1 down asked"), "turn %d", turns);
        recorder_free_link(s->r, 1);
    }
}

EVERY(can_be_freed_at_any_turn_and_is_silent_then)
{
    for (int turns = -1; turns < 30; turns++) {
        recorder_make(s->r, 1, s->subject->fields);
        if (turns >= 0)
            cr_assert_eq(recorder_connect(s->r, 1), SJ_OK);
        recorder_advance(s->r, 16 * turns);
        if (recorder_is_up(s->r, 1))
            scene_do_all(s, s->subject->peer);
        recorder_free_link(s->r, 1);
        recorder_forget(s->r);
        recorder_advance(s->r, 3000);
        cr_expect_eq(recorder_heard_count(s->r), 0, "turn %d", turns);
    }
}

EVERY(takes_operations_only_while_it_is_up)
{
    recorder_make(s->r, 1, s->subject->fields);
    cr_expect_eq(scene_do_all(s, s->subject->peer), 0, "before connect");
    cr_expect_eq(recorder_send(s->r, 1, s->subject->peer, "x"), SJ_UNREACHABLE);
    cr_assert_eq(recorder_connect(s->r, 1), SJ_OK);
    cr_expect_eq(scene_do_all(s, s->subject->peer), 0, "before the login");
    recorder_wait_for_login(s->r, 1);
    recorder_disconnect(s->r, 1);
    cr_expect_eq(recorder_send(s->r, 1, s->subject->peer, "x"), SJ_UNREACHABLE);
    recorder_wait_for_down(s->r, 1);
    cr_expect_eq(scene_do_all(s, s->subject->peer), 0, "after the end");
    cr_expect_eq(recorder_send(s->r, 1, s->subject->peer, "x"), SJ_UNREACHABLE);
    if (scene_can(s, SJ_CAP_PRESENCE))
        cr_expect_eq(recorder_show(s->r, 1, SJ_SHOW_AWAY, "x"), SJ_UNREACHABLE);
}

EVERY(comes_up_with_kept_state_that_makes_no_sense)
{
    unsigned char junk[3000];
    sj_random_bytes(junk, sizeof junk);
    junk[0] = 0xff;
    recorder_expect_warnings(s->r);
    for (size_t n = 0; n <= sizeof junk; n += 1000) {
        recorder_keep(s->r, 1, junk, n);
        scene_log_in(s);
        recorder_free_link(s->r, 1);
    }
}

EVERY(goes_down_when_the_network_goes)
{
    if (!s->server)
        return;                  /* a network that cannot go */
    scene_log_in(s);
    cr_expect_gt(scene_do_all(s, s->subject->peer), 0);
    s->subject->server->hang_up(s->server);
    recorder_wait_for_down(s->r, 1);     /* the recorder has seen every outcome before it */
    recorder_free_link(s->r, 1);
    scene_log_in(s);
    cr_expect_gt(scene_do_all(s, s->subject->peer), 0);
    s->subject->server->freeze(s->server);
    recorder_wait_for_down(s->r, 1);
}

/* --- operations --------------------------------------------------------------------------- */

EVERY(gives_each_operation_one_outcome)
{
    scene_log_in(s);
    for (int i = 0; i < 10; i++) {
        cr_expect_gt(scene_do_all(s, s->subject->peer), 0);
        cr_expect_gt(scene_do_all(s, "nobody"), 0);
    }
    recorder_wait_for_outcomes(s->r, 1);
    recorder_advance(s->r, 10 * 1000);
    cr_expect(recorder_is_up(s->r, 1));
}

EVERY(gives_outcomes_also_when_it_is_disconnected_at_once)
{
    for (int turns = 0; turns < 4; turns++) {
        scene_log_in(s);
        for (int i = 0; i < 5; i++)
            cr_expect_gt(scene_do_all(s, i % 2 ? s->subject->peer : "nobody"), 0);
        recorder_advance(s->r, 16 * turns);
        recorder_disconnect(s->r, 1);
        recorder_wait_for_down(s->r, 1);
        cr_expect_eq(recorder_owed(s->r, 1), 0);
        recorder_free_link(s->r, 1);
    }
}

EVERY(takes_operations_whose_outcome_nobody_awaits)
{
    const struct sj_message m = {.peer = s->subject->peer, .body = "hello"};
    struct sj_error err = {.status = SJ_OK};
    scene_log_in(s);
    struct sj_link *link = recorder_link(s->r, 1);
    cr_expect_eq(s->backend->send_message(link, &m, 0, &err), SJ_OK, "%s", err.text);
    if (scene_can(s, SJ_CAP_CONTACTS)) {
        cr_expect_eq(s->backend->contact_add(link, s->subject->peer, 0, &err), SJ_OK);
        cr_expect_eq(s->backend->contact_remove(link, s->subject->peer, 0, &err), SJ_OK);
        cr_expect_eq(s->backend->contact_remove(link, s->subject->peer, 0, &err), SJ_OK);
    }
    recorder_advance(s->r, 5000);        /* an outcome would fail the test: op 0 is not owed */
}

/* Networks that do not keep a list of their users cannot tell the two apart. */
EVERY(says_that_nobody_is_there)
{
    scene_log_in(s);
    cr_assert_eq(recorder_send(s->r, 1, "nobody", "hello"), SJ_OK);
    recorder_wait_for_outcomes(s->r, 1);
    cr_expect(recorder_heard(s->r, "1 op 1 not found") ||
              recorder_heard(s->r, "1 op 1 peer is offline, nothing stored"));
}

EVERY(refuses_bodies_out_of_bounds)
{
    char *body = sj_malloc(SJ_BODY_MAX + 2);
    scene_log_in(s);
    memset(body, 'x', SJ_BODY_MAX + 1);
    body[SJ_BODY_MAX + 1] = '\0';
    cr_expect_neq(recorder_send(s->r, 1, s->subject->peer, body), SJ_OK);
    cr_expect_neq(recorder_send(s->r, 1, s->subject->peer, ""), SJ_OK);
    recorder_advance(s->r, 3000);
    cr_expect(recorder_is_up(s->r, 1));
    sj_free(body);
}

EVERY(lets_nothing_through_that_starts_a_line_of_its_own)
{
    scene_log_in(s);
    recorder_send(s->r, 1, s->subject->peer, "a\r\nQUIT :b");
    recorder_send(s->r, 1, s->subject->peer, "a\rQUIT :b");
    recorder_send(s->r, 1, s->subject->peer, "a\nQUIT :b");
    if (scene_can(s, SJ_CAP_PRESENCE)) {
        recorder_show(s->r, 1, SJ_SHOW_AWAY, "a\r\nQUIT :b");
        recorder_show(s->r, 1, SJ_SHOW_AWAY, "a\nQUIT :b");
    }
    recorder_wait_for_outcomes(s->r, 1);
    recorder_advance(s->r, 5000);
    cr_expect(recorder_is_up(s->r, 1));
    cr_expect(!s->server || !s->subject->server->saw(s->server, "QUIT"));
}

EVERY(shows_presence_of_all_kinds)
{
    static const enum sj_show shows[] = {SJ_SHOW_ONLINE, SJ_SHOW_CHAT, SJ_SHOW_AWAY, SJ_SHOW_XA,
                                         SJ_SHOW_DND};
    if (!scene_can(s, SJ_CAP_PRESENCE))
        return;
    scene_log_in(s);
    for (size_t i = 0; i < sizeof shows / sizeof shows[0]; i++) {
        cr_expect_eq(recorder_show(s->r, 1, shows[i], NULL), SJ_OK);
        cr_expect_eq(recorder_show(s->r, 1, shows[i], ""), SJ_OK);
        cr_expect_eq(recorder_show(s->r, 1, shows[i], "in the garden\nand \xf0\x9f\x8c\xb9"),
                     SJ_OK);
    }
    recorder_advance(s->r, 5000);
    cr_expect(recorder_is_up(s->r, 1));
}

EVERY(keeps_two_links_of_one_net_apart)
{
    static const char *const fields[2][2] = {
        {"username=romeo", "username=juliet"},
        {"username=romeo password=sesame", "username=juliet password=sesame"},
    };
    bool secret = strstr(s->subject->fields, "password") != NULL;
    for (unsigned n = 1; n <= 2; n++)
        recorder_log_in(s->r, n, fields[secret][n - 1]);
    recorder_advance(s->r, 1000);
    cr_assert_eq(recorder_send(s->r, 1, s->subject->peer, "one"), SJ_OK);
    cr_assert_eq(recorder_send(s->r, 2, s->subject->peer, "two"), SJ_OK);
    recorder_free_link(s->r, 1);
    recorder_wait_for_outcomes(s->r, 2);
    cr_expect(recorder_is_up(s->r, 2));
}
