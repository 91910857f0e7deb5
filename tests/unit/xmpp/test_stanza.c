/* SPDX-License-Identifier: MPL-2.0 */
/* The error table, times, and the choice of language. */
#include <criterion/criterion.h>

#include "arena.h"
#include "peer.h"
#include "sojourn/memory.h"
#include "stanza.h"

static struct arena arena;
static xmpp_ctx_t *ctx;

static void setup(void)
{
    arena_init(&arena);
    ctx = arena_ctx_new(&arena);
}

static void teardown(void)
{
    xmpp_ctx_free(ctx);
    arena_release(&arena);
}

TestSuite(stanza, .init = setup, .fini = teardown);

/* House style 3.6, and Appendix B of the requirements. R6120-06. */
Test(stanza, gives_each_status_one_condition)
{
    static const struct {
        enum sj_status status;
        const char *error;
    } rows[] = {
        {SJ_NOTFOUND, "cancel item-not-found 404"},
        {SJ_OFFLINE, "cancel service-unavailable 503"},
        {SJ_UNAVAILABLE, "cancel service-unavailable 503"},
        {SJ_REMOTE, "cancel service-unavailable 503"},
        {SJ_UNREACHABLE, "wait remote-server-timeout 504"},
        {SJ_TIMEOUT, "wait remote-server-timeout 504"},
        {SJ_AUTH, "auth not-authorized 401"},
        {SJ_DENIED, "auth forbidden 403"},
        {SJ_NOTALLOWED, "cancel not-allowed 405"},
        {SJ_EXISTS, "cancel conflict 409"},
        {SJ_INVALID, "modify bad-request 400"},
        {SJ_UNACCEPTABLE, "modify not-acceptable 406"},
        {SJ_UNSUPPORTED, "cancel feature-not-implemented 501"},
        {SJ_LIMIT, "wait resource-constraint 500"},
        {SJ_INTERNAL, "cancel internal-server-error 500"},
        {SJ_CANCELED, "cancel internal-server-error 500"},
        {SJ_UNREGISTERED, "auth registration-required 407"},
        {SJ_OK, "cancel internal-server-error 500"},
        {SJ_STATUS_COUNT, "cancel internal-server-error 500"},
        {(enum sj_status)4711, "cancel internal-server-error 500"},
    };
    cr_expect(sizeof rows / sizeof *rows >= SJ_STATUS_COUNT, "a status has no row here");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        xmpp_stanza_t *st = stanza_new(ctx, "iq", "error", NULL);
        xmpp_stanza_set_ns(st, "jabber:component:accept");
        stanza_add_error(st, stanza_condition_of(rows[i].status), NULL, true);
        xmpp_stanza_t *error = stanza_first(st);
        char text[128];
        snprintf(text, sizeof text, "%s %s %s", stanza_get(error, "type"),
                 xmpp_stanza_get_name(stanza_first(error)), stanza_get(error, "code"));
        cr_expect_str_eq(text, rows[i].error);
        cr_expect_str_eq(xmpp_stanza_get_ns(stanza_first(error)),
                         "urn:ietf:params:xml:ns:xmpp-stanzas");
        cr_expect_null(stanza_next(stanza_first(error)));
        xmpp_stanza_release(st);
    }
}

/* R6120-04. */
Test(stanza, adds_text_and_code_only_when_asked)
{
    xmpp_stanza_t *st = stanza_new(ctx, "iq", "error", "i");
    stanza_add_error(st, STANZA_CONFLICT, &(struct sj_error){.text = "Taken."}, false);
    struct sj_strbuf b;
    sj_strbuf_init(&b, 4096);
    xmpp_stanza_set_ns(st, "jabber:component:accept");
    xmpp_stanza_set_ns(stanza_first(st), "jabber:component:accept");
    peer_canon(&b, st, NULL);
    cr_expect_str_eq(b.s, "<iq id='i' type='error'><error type='cancel'>"
                          "<conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                          "<text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>Taken."
                          "</text></error></iq>");
    sj_strbuf_release(&b);
    xmpp_stanza_release(st);
}

Test(stanza, formats_times)
{
    static const struct {
        long long ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {1709210096789, "2024-02-29T12:34:56.789Z"},
        {1709210096000, "2024-02-29T12:34:56Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {INT64_MAX, "1970-01-01T00:00:00.807Z"},    /* nonsense stays well formed */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[STANZA_TIME_SIZE];
        stanza_format_time(text, rows[i].ms);
        cr_expect_str_eq(text, rows[i].text);
    }
}

/* R6120-10. */
Test(stanza, chooses_the_text_by_language)
{
    static const struct {
        const char *langs[3];
        const char *wanted;
        int chosen;
    } rows[] = {
        {{"de", "en", "-"}, "en", 1}, {{"de", "EN", "-"}, "en", 1}, {{"de", "-", "fr"}, "en", 1},
        {{"de", "fr", NULL}, "en", 0}, {{"-", NULL, NULL}, NULL, 0}, {{"de", "-", NULL}, NULL, 1},
        {{"de", NULL, NULL}, NULL, 0}, {{NULL, NULL, NULL}, "en", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        xmpp_stanza_t *st = stanza_new(ctx, "message", NULL, NULL);
        xmpp_stanza_set_ns(st, "jabber:component:accept");
        xmpp_stanza_t *other = stanza_add_with_text(st, "body", "foreign");
        xmpp_stanza_set_ns(other, "urn:other");
        xmpp_stanza_t *bodies[3] = {NULL};
        for (int k = 0; k < 3 && rows[i].langs[k] != NULL; k++) {
            bodies[k] = stanza_add_with_text(st, "body", "x");
            xmpp_stanza_set_ns(bodies[k], "jabber:component:accept");
            if (rows[i].langs[k][0] != '-')
                stanza_set(bodies[k], "xml:lang", rows[i].langs[k]);
        }
        xmpp_stanza_t *got = stanza_child_in(st, "body", rows[i].wanted);
        cr_expect_eq(got, rows[i].chosen < 0 ? NULL : bodies[rows[i].chosen], "row %zu", i);
        xmpp_stanza_release(st);
    }
}

/* An arena that goes back to empty after every stanza does not grow. */
Test(stanza, costs_no_memory_after_its_release)
{
    size_t before = 0;
    for (int i = 0; i < 100; i++) {
        xmpp_stanza_t *st = stanza_new(ctx, "message", "chat", "id");
        for (int k = 0; k < 200; k++)
            stanza_add_with_text(st, "body", "some text that takes room");
        xmpp_stanza_release(st);
        cr_expect_eq(arena.live, 0);
        if (i == 0)
            before = arena.bytes;
        cr_expect_eq(arena.bytes, before);
    }
}
