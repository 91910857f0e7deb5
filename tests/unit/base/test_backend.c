/* SPDX-License-Identifier: MPL-2.0 */
/* backend.c: endings, option values, and the check of a table. */
#include <criterion/criterion.h>

#include "sojourn/backend.h"

static enum sj_status net_new(struct sj_net **out, struct sj_loop *loop, const struct sj_log *log,
                              const struct sj_values *values, struct sj_error *err)
{
    (void)out, (void)loop, (void)log, (void)values, (void)err;
    return SJ_OK;
}
static void net_free(struct sj_net **net)
{
    (void)net;
}
static enum sj_status id_canon(struct sj_strbuf *out, const struct sj_net *net,
                               const struct sj_link *link, const char *id, struct sj_error *err)
{
    (void)out, (void)net, (void)link, (void)id, (void)err;
    return SJ_OK;
}
static enum sj_status account_check(const struct sj_net *net, const struct sj_account *account,
                                    struct sj_error *err)
{
    (void)net, (void)account, (void)err;
    return SJ_OK;
}
static struct sj_link *link_new(const struct sj_link *base, const struct sj_account *account,
                                const void *blob, size_t len)
{
    (void)base, (void)account, (void)blob, (void)len;
    return NULL;
}
static void link_free(struct sj_link **link)
{
    (void)link;
}
static enum sj_status link_connect(struct sj_link *link, struct sj_error *err)
{
    (void)link, (void)err;
    return SJ_OK;
}
static void link_disconnect(struct sj_link *link, const char *reason)
{
    (void)link, (void)reason;
}
static enum sj_status send_message(struct sj_link *link, const struct sj_message *message,
                                   sj_op op, struct sj_error *err)
{
    (void)link, (void)message, (void)op, (void)err;
    return SJ_OK;
}
static enum sj_status set_presence(struct sj_link *link, enum sj_show show, const char *status,
                                   struct sj_error *err)
{
    (void)link, (void)show, (void)status, (void)err;
    return SJ_OK;
}
static enum sj_status contact_change(struct sj_link *link, const char *id, sj_op op,
                                     struct sj_error *err)
{
    (void)link, (void)id, (void)op, (void)err;
    return SJ_OK;
}

static enum sj_status avatar_get(struct sj_link *link, const char *id, const char *avatar,
                                 sj_op op, struct sj_error *err)
{
    (void)link, (void)id, (void)avatar, (void)op, (void)err;
    return SJ_OK;
}

static enum sj_wire net_wire(const struct sj_net *net)
{
    (void)net;
    return SJ_WIRE_PLAIN;
}

static const struct sj_field sound_fields[] = {
    {.var = "username", .label = "Nickname", .required = true},
    {.var = "password", .label = "Password", .kind = SJ_FIELD_SECRET},
};
static const struct sj_option sound_options[] = {
    {.name = "server", .kind = SJ_OPTION_TEXT, .required = true, .help = "Server."},
    {.name = "port", .kind = SJ_OPTION_INT, .min = 1, .max = 9, .help = "Port."},
};

static struct sj_backend sound_backend(void)
{
    return (struct sj_backend){
        .abi = SJ_BACKEND_ABI, .name = "test-1", .network_type = "test", .network_name = "Test",
        .id_name = "name", .id_help = "A name", .register_help = "Say who you are.",
        .caps = SJ_CAP_CONTACTS | SJ_CAP_PRESENCE,
        .fields = sound_fields, .n_fields = 2, .options = sound_options, .n_options = 2,
        .net_new = net_new, .net_free = net_free, .wire = net_wire, .id_canon = id_canon,
        .account_check = account_check, .link_new = link_new, .link_free = link_free,
        .connect = link_connect, .disconnect = link_disconnect, .send_message = send_message,
        .set_presence = set_presence, .contact_add = contact_change,
        .contact_remove = contact_change,
    };
}

Test(backend, accepts_a_sound_table)
{
    struct sj_backend b = sound_backend();
    cr_assert_null(sj_backend_check(&b), "%s", sj_backend_check(&b));
}

#define REFUSES(change)                                          \
    do {                                                         \
        struct sj_backend b = sound_backend();                   \
        change;                                                  \
        cr_expect_not_null(sj_backend_check(&b), "%s", #change); \
    } while (0)

Test(backend, refuses_unsound_tables)
{
    REFUSES(b.abi = 0);
    REFUSES(b.name = NULL);
    REFUSES(b.name = "");
    REFUSES(b.name = "Upper");
    REFUSES(b.name = "longer-than-sixteen");
    REFUSES(b.network_type = NULL);
    REFUSES(b.register_help = "");
    REFUSES(b.caps |= 1u << 31);
    REFUSES(b.caps |= SJ_CAP_IDLE);
    REFUSES(b.caps |= SJ_CAP_RESUME);
    REFUSES(b.caps = SJ_CAP_APPROVAL);
    REFUSES(b.caps |= SJ_CAP_APPROVAL);
    REFUSES(b.caps = SJ_CAP_PRESENCE);
    REFUSES(b.contact_add = NULL);
    REFUSES(b.set_presence = NULL);
    REFUSES(b.caps = SJ_CAP_CONTACTS);
    REFUSES(b.send_message = NULL);
    REFUSES(b.moved_marks = "%");
    REFUSES(b.avatar_get = avatar_get);
    REFUSES(b.wire = NULL);
    REFUSES(b.net_free = NULL);
    REFUSES(b.fields = NULL);
    REFUSES(b.n_fields = SJ_FIELDS_MAX + 1);
    REFUSES(b.options = NULL);
}

Test(backend, refuses_unsound_fields_and_options)
{
    static const struct sj_field fields[][2] = {
        {{.var = "_x", .label = "X"}, {.var = "b", .label = "B"}},
        {{.var = "a", .label = "A"}, {.var = "a", .label = "B"}},
        {{.var = "a", .label = ""}, {.var = "b", .label = "B"}},
        {{.var = "a", .label = "A", .kind = SJ_FIELD_SECRET, .fallback = "x"},
         {.var = "b", .label = "B"}},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct sj_backend b = sound_backend();
        b.fields = fields[i];
        cr_expect_not_null(sj_backend_check(&b), "fields of row %zu", i);
    }
    static const struct sj_option options[][2] = {
        {{.name = "9a", .help = "X."}, {.name = "b", .help = "B."}},
        {{.name = "a", .help = "A."}, {.name = "a", .help = "B."}},
        {{.name = "a"}, {.name = "b", .help = "B."}},
        {{.name = "a", .help = "A.", .required = true, .fallback = "x"},
         {.name = "b", .help = "B."}},
        {{.name = "a", .help = "A.", .kind = SJ_OPTION_INT, .min = 2, .max = 1},
         {.name = "b", .help = "B."}},
        {{.name = "a", .help = "A.", .kind = SJ_OPTION_CHOICE}, {.name = "b", .help = "B."}},
        {{.name = "a", .help = "A.", .choices = "x|y"}, {.name = "b", .help = "B."}},
    };
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        struct sj_backend b = sound_backend();
        b.options = options[i];
        cr_expect_not_null(sj_backend_check(&b), "options of row %zu", i);
    }
}

Test(backend, names_every_ending)
{
    for (int i = 0; i < SJ_END_COUNT; i++) {
        cr_assert_gt(strlen(sj_end_name((enum sj_end)i)), 0);
        cr_assert_gt(strlen(sj_end_text((enum sj_end)i)), 0);
    }
    cr_assert_str_eq(sj_end_name(SJ_END_CLOSED), "closed");
    cr_assert(sj_end_may_retry(SJ_END_CLOSED) && sj_end_is_error(SJ_END_CLOSED));
    cr_assert(!sj_end_may_retry(SJ_END_ASKED) && !sj_end_is_error(SJ_END_ASKED));
    cr_assert(!sj_end_may_retry(SJ_END_AUTH) && sj_end_is_error(SJ_END_AUTH));
}

Test(values, are_found_by_name)
{
    const struct sj_value values[] = {{.text = "irc.example.org", .given = true},
                                      {.text = "6", .number = 6}};
    const struct sj_values v = {.table = sound_options, .value = values, .n = 2};
    cr_assert_str_eq(sj_values_text(&v, "server"), "irc.example.org");
    cr_assert_eq(sj_values_number(&v, "port"), 6);
    cr_assert(sj_values_get(&v, "server")->given);
}
