/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of sojourn/store.h: the same cases on LMDB and in memory. */
#include "both.h"
#include "header.h"

#include <criterion/criterion.h>

#include "sojourn/memory.h"

#define BOTH(name) BOTH_ENGINES(store, name)

static struct copy copy;         /* large; each test is a process of its own */
static struct contacts contacts;

/* --- registrations ------------------------------------------------------------------------ */

BOTH(gives_back_a_registration_also_after_opening_again)
{
    struct sj_registration r = fixture_registration(1);
    r.seen_by_user = true;
    r.online = true;
    cr_assert_eq(fixture_put(f->store, &r, NULL), SJ_OK);
    for (int round = 0; round < 2; round++) {
        fixture_load(f, 1, &copy);
        cr_expect_str_eq(copy.text, "net.example.org\nromeo1@example.org\n\nusername=montague1\n"
                                    "password=password-of-1-secret\n");
        cr_expect_eq(copy.r.created_at, r.created_at);
        cr_expect(copy.r.sees_user && copy.r.seen_by_user && copy.r.online);
        fixture_reopen(f);
    }
    return 0;
}

/* G421-05. */
BOTH(has_one_key_for_ids_as_long_as_the_key_file)
{
    uint8_t key[SJ_STORE_ID_KEY_LEN];
    uint8_t again[SJ_STORE_ID_KEY_LEN];
    sj_store_id_key(f->store, key);
    fixture_reopen(f);
    sj_store_id_key(f->store, again);
    cr_expect_arr_eq(key, again, sizeof key);
    memset(again, 0, sizeof again);
    cr_expect_arr_neq(key, again, sizeof key);
    return 0;
}

BOTH(keeps_owners_apart_that_differ_in_one_part)
{
    static const struct sj_owner owners[] = {
        {"a.example.org", "romeo@example.org", ""},
        {"b.example.org", "romeo@example.org", ""},
        {"a.example.org", "juliet@example.org", ""},
        {"a.example.org", "romeo@example.org", "work"},
        {"a.example.or", "gromeo@example.org", ""},
    };
    for (size_t i = 0; i < 5; i++) {
        struct sj_registration r = {.owner = owners[i], .created_at = (int64_t)i};
        cr_assert_eq(fixture_put(f->store, &r, NULL), SJ_OK);
    }
    for (size_t i = 0; i < 5; i++) {
        cr_assert_eq(sj_store_registration_get(f->store, &owners[i], copy_registration, &copy,
                                               NULL), SJ_OK);
        cr_expect_eq(copy.r.created_at, (int64_t)i);
    }
    return 0;
}

BOTH(replaces_a_registration_and_leaves_contacts_and_state)
{
    unsigned char blob[8];
    struct sj_registration r = fixture_registration(1);
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    cr_assert_eq(fixture_add_contact(f, 1, "juliet"), SJ_OK);
    sj_store_state_put(f->store, &owner, "mark", 4);
    r.n_values = 1;
    r.values[0].value = "capulet";
    cr_assert_eq(fixture_put(f->store, &r, NULL), SJ_OK);
    fixture_reopen(f);
    fixture_load(f, 1, &copy);
    cr_expect(strstr(copy.text, "username=capulet"));
    cr_expect_null(strstr(copy.text, "password="));
    cr_assert_eq(fixture_contacts(f, 1, &contacts), SJ_OK);
    cr_expect_eq(contacts.count, 1);
    cr_expect_eq(fixture_state(f, 1, blob, sizeof blob), 4);
    return 0;
}

BOTH(says_not_found_for_who_is_not_registered)
{
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = fixture_owner(1);
    cr_expect_eq(fixture_get(f, 1, &copy), SJ_NOTFOUND);
    cr_expect_eq(copy.count, 0);
    cr_expect_eq(fixture_unregister(f->store, &owner, &err), SJ_NOTFOUND);
    cr_expect_eq(fixture_add_contact(f, 1, "juliet"), SJ_NOTFOUND);
    cr_expect_eq(fixture_contacts(f, 1, &contacts), SJ_NOTFOUND);
    cr_expect_eq(fixture_contact_remove(f->store, &owner, "juliet", &err), SJ_NOTFOUND);
    cr_expect_eq(fixture_records(f), 0);
    return 0;
}

BOTH(keeps_any_text_byte_by_byte)
{
    static const char text[] = "\xd0\xa0\xd0\xbe\xd0\xbc\xd0\xb5\xd0\xbe \xf0\x9f\x8c\xb9 "
                               "e\xcc\x81 \xe2\x80\x8f\" \\ \n\t <&>";
    struct sj_registration r = {.owner = {"net.example.org", text, text}, .created_at = -1,
                                .n_values = 2};
    struct sj_store_contact c = {.id = text, .name = text, .group = ""};
    r.values[0] = (struct sj_store_value){"username", text};
    r.values[1] = (struct sj_store_value){"empty", ""};
    cr_assert_eq(fixture_put(f->store, &r, NULL), SJ_OK);
    cr_assert_eq(fixture_contact_put(f->store, &r.owner, &c, NULL), SJ_OK);
    fixture_reopen(f);
    cr_assert_eq(sj_store_registration_get(f->store, &r.owner, copy_registration, &copy, NULL),
                 SJ_OK);
    char expected[512];
    snprintf(expected, sizeof expected, "net.example.org\n%s\n%s\nusername=%s\nempty=\n", text,
             text, text);
    cr_expect_str_eq(copy.text, expected);
    cr_expect_eq(copy.r.created_at, -1);
    return 0;
}

/* A text of n bytes. */
static char *long_text(size_t n, char c)
{
    char *s = sj_malloc(n + 1);
    memset(s, c, n);
    s[n] = '\0';
    return s;
}

BOTH(takes_the_largest_registration_and_contact)
{
    char *address = long_text(SJ_STORE_TEXT_MAX, 'a');
    char *value = long_text(SJ_STORE_VALUE_MAX, 'v');
    char *var = long_text(63, 'n');
    struct sj_registration r = {.owner = {address, address, address},
                                .n_values = SJ_STORE_VALUES_MAX};
    struct sj_store_contact c = {.id = address, .name = address, .group = address};
    for (size_t i = 0; i < r.n_values; i++)
        r.values[i] = (struct sj_store_value){var, value};
    cr_assert_eq(fixture_put(f->store, &r, NULL), SJ_OK);
    cr_assert_eq(fixture_contact_put(f->store, &r.owner, &c, NULL), SJ_OK);
    fixture_reopen(f);
    cr_assert_eq(sj_store_registration_get(f->store, &r.owner, copy_registration, &copy, NULL),
                 SJ_OK);
    cr_expect_eq(copy.r.n_values, SJ_STORE_VALUES_MAX);
    cr_expect_eq(strlen(copy.text), 3 * (SJ_STORE_TEXT_MAX + 1) +
                                        SJ_STORE_VALUES_MAX * (63 + SJ_STORE_VALUE_MAX + 2));
    cr_expect_eq(fixture_contact_remove(f->store, &r.owner, address, NULL), SJ_OK);
    sj_free(address);
    sj_free(value);
    sj_free(var);
    return 0;
}

BOTH(refuses_what_is_too_long_or_missing)
{
    struct sj_error err = {.status = SJ_OK};
    char *address = long_text(SJ_STORE_TEXT_MAX + 1, 'a');
    char *value = long_text(SJ_STORE_VALUE_MAX + 1, 'v');
    struct sj_registration r = fixture_registration(1);
    const struct sj_store_contact too_long = {.id = "juliet", .name = address};
    const struct sj_store_contact empty = {.id = ""};

    r.owner.user = address;
    cr_expect_eq(fixture_put(f->store, &r, &err), SJ_INVALID);
    r.owner.user = "";
    cr_expect_eq(fixture_put(f->store, &r, &err), SJ_INVALID);
    r = fixture_registration(1);
    r.values[1].value = value;
    cr_expect_eq(fixture_put(f->store, &r, &err), SJ_INVALID);
    cr_expect_str_eq(err.text, "the password is longer than 4095 bytes");
    r.values[1].value = NULL;
    cr_expect_eq(fixture_put(f->store, &r, &err), SJ_INVALID);
    r = fixture_registration(1);
    r.n_values = SJ_STORE_VALUES_MAX + 1;
    cr_expect_eq(fixture_put(f->store, &r, &err), SJ_INVALID);
    cr_expect_eq(fixture_records(f), 0);

    fixture_register(f, 1);
    const struct sj_owner owner = fixture_owner(1);
    cr_expect_eq(fixture_contact_put(f->store, &owner, &too_long, &err), SJ_INVALID);
    cr_expect_eq(fixture_contact_put(f->store, &owner, &empty, &err), SJ_INVALID);
    cr_expect_eq(fixture_contact_remove(f->store, &owner, address, &err), SJ_INVALID);
    cr_expect_eq(fixture_contacts(f, 1, &contacts), SJ_OK);
    cr_expect_eq(contacts.count, 0);
    sj_free(address);
    sj_free(value);
    return 0;
}

BOTH(lists_all_registrations_and_stops_when_asked)
{
    size_t damaged = 7;
    for (unsigned i = 0; i < 20; i++)
        fixture_register(f, i);
    cr_assert_eq(sj_store_registration_each(f->store, &damaged, copy_each, &copy, NULL), SJ_OK);
    cr_expect_eq(copy.count, 20);
    cr_expect_eq(damaged, 0);
    return 0;
}

static bool stop_at_third(const struct sj_registration *r, void *arg)
{
    unsigned *count = arg;
    (void)r;
    return ++*count < 3;
}

BOTH(stops_a_listing_when_the_callback_says_so)
{
    unsigned count = 0;
    for (unsigned i = 0; i < 6; i++)
        fixture_register(f, i);
    cr_assert_eq(sj_store_registration_each(f->store, NULL, stop_at_third, &count, NULL), SJ_OK);
    cr_expect_eq(count, 3);
    return 0;
}

/* --- removal ------------------------------------------------------------------------------ */

BOTH(removes_everything_of_an_owner_and_nothing_of_others)
{
    const struct sj_owner first = fixture_owner(1);
    unsigned char blob[8];
    fixture_register(f, 2);
    cr_assert_eq(fixture_add_contact(f, 2, "juliet"), SJ_OK);
    uint64_t before = fixture_records(f);
    fixture_register(f, 1);
    for (unsigned i = 0; i < 50; i++) {
        char id[16];
        snprintf(id, sizeof id, "contact%u", i);
        cr_assert_eq(fixture_add_contact(f, 1, id), SJ_OK);
    }
    sj_store_state_put(f->store, &first, "mark", 4);
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    cr_expect_eq(fixture_records(f), before + 3 + 50 + 1);   /* key, registration, flags */
    sj_store_online_put(f->store, &first, true);             /* waits, and must not come back */
    sj_store_state_put(f->store, &first, "later", 5);
    cr_assert_eq(fixture_unregister(f->store, &first, NULL), SJ_OK);
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    cr_expect_eq(fixture_records(f), before);
    cr_expect_eq(fixture_get(f, 1, &copy), SJ_NOTFOUND);
    cr_expect_eq(fixture_state(f, 1, blob, sizeof blob), -1);
    cr_assert_eq(fixture_contacts(f, 2, &contacts), SJ_OK);
    cr_expect_eq(contacts.count, 1);
    fixture_load(f, 2, &copy);
    return 0;
}

BOTH(does_not_bring_back_contacts_of_an_earlier_registration)
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    cr_assert_eq(fixture_add_contact(f, 1, "juliet"), SJ_OK);
    cr_assert_eq(fixture_unregister(f->store, &owner, NULL), SJ_OK);
    fixture_register(f, 1);
    cr_assert_eq(fixture_contacts(f, 1, &contacts), SJ_OK);
    cr_expect_eq(contacts.count, 0);
    return 0;
}

/* --- contacts ----------------------------------------------------------------------------- */

BOTH(keeps_all_facts_of_a_contact)
{
    static const struct {
        struct sj_store_contact contact;
        const char *text;
    } rows[] = {
        {{.id = "a"}, "a|-|-|\n"},
        {{.id = "a", .name = "", .group = ""}, "a|||\n"},
        {{.id = "a", .name = "A", .to = true}, "a|A|-|t\n"},
        {{.id = "a", .group = "G", .from = true}, "a|-|G|f\n"},
        {{.id = "a", .asked_out = true}, "a|-|-|o\n"},
        {{.id = "a", .asked_in = true}, "a|-|-|i\n"},
        {{.id = "a", .suggested = true}, "a|-|-|s\n"},
        {{.id = "a", .name = "A", .group = "G", .to = true, .from = true, .asked_out = true,
          .asked_in = true, .suggested = true}, "a|A|G|tfois\n"},
        {{.id = "a", .name = "A", .group = "G", .name_told = true, .group_told = true},
         "a|A|G||=/=\n"},
        {{.id = "a", .name = "A", .name_told = true, .told_name = "B"}, "a|A|-||B\n"},
        {{.id = "a", .name = "A", .group_told = true, .told_group = ""}, "a|A|-|/\n"},
        {{.id = "a", .told_name = "not told", .told_group = "either"}, "a|-|-|\n"},
        {{.id = "a", .named = true}, "a|-|-|n\n"},
        {{.id = "a", .asked = true}, "a|-|-|a\n"},
        {{.id = "a", .suggested = true, .unwanted = true}, "a|-|-|su\n"},
        {{.id = "a", .to = true, .created = true, .name_told = true, .told_name = "",
          .group_told = true, .told_group = "H"}, "a|-|-|tc|/H\n"},
    };
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_assert_eq(fixture_contact_put(f->store, &owner, &rows[i].contact, NULL), SJ_OK);
        cr_assert_eq(fixture_contacts(f, 1, &contacts), SJ_OK);
        cr_expect_str_eq(contacts.text, rows[i].text, "row %zu: %s", i, contacts.text);
    }
    return 0;
}

BOTH(removes_one_contact)
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    cr_assert_eq(fixture_add_contact(f, 1, "juliet"), SJ_OK);
    cr_assert_eq(fixture_add_contact(f, 1, "nurse"), SJ_OK);
    cr_assert_eq(fixture_contact_remove(f->store, &owner, "juliet", NULL), SJ_OK);
    cr_assert_eq(fixture_contact_remove(f->store, &owner, "juliet", NULL), SJ_OK);
    fixture_reopen(f);
    cr_assert_eq(fixture_contacts(f, 1, &contacts), SJ_OK);
    cr_expect_str_eq(contacts.text, "nurse|-|-|t\n");
    return 0;
}

/* --- grouped values ----------------------------------------------------------------------- */

BOTH(shows_grouped_values_before_they_are_committed)
{
    unsigned char blob[8];
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    uint64_t before = fixture_records(f);
    sj_store_online_put(f->store, &owner, true);
    sj_store_subscription_put(f->store, &owner, false, true);
    sj_store_state_put(f->store, &owner, "mark", 4);
    cr_expect_eq(fixture_records(f), before, "state is not committed yet");
    fixture_load(f, 1, &copy);
    cr_expect(copy.r.online && !copy.r.sees_user && copy.r.seen_by_user);
    memset(&copy, 0, sizeof copy);
    cr_assert_eq(sj_store_registration_each(f->store, NULL, copy_each, &copy, NULL), SJ_OK);
    cr_expect(copy.r.online);
    cr_expect_eq(fixture_state(f, 1, blob, sizeof blob), 4);
    sj_store_state_put(f->store, &owner, NULL, 0);
    cr_expect_eq(fixture_state(f, 1, blob, sizeof blob), -1);
    return 0;
}

static void position_copy(const void *position, size_t len, void *arg)
{
    snprintf(arg, 32, "%.*s", (int)len, (const char *)position);
}

/* What is kept, "" nothing. */
static const char *position(struct fixture *f, unsigned i)
{
    static char text[32];
    const struct sj_owner owner = fixture_owner(i);
    text[0] = '\0';
    sj_store_position_get(f->store, &owner, position_copy, text, NULL);
    return text;
}

BOTH(keeps_positions_apart_from_states)
{
    unsigned char blob[8];
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    fixture_register(f, 2);
    sj_store_state_put(f->store, &owner, "mark", 4);
    sj_store_position_put(f->store, &owner, "s1");
    cr_expect_str_eq(position(f, 1), "s1");
    sj_store_position_put(f->store, &owner, "s2");
    fixture_reopen(f);
    cr_expect_str_eq(position(f, 1), "s2");
    cr_expect_str_eq(position(f, 2), "");
    cr_expect_eq(fixture_state(f, 1, blob, sizeof blob), 4);
    sj_store_position_put(f->store, &owner, NULL);
    cr_expect_str_eq(position(f, 1), "");
    sj_store_position_put(f->store, &owner, "s3");
    cr_assert_eq(fixture_unregister(f->store, &owner, NULL), SJ_OK);
    fixture_register(f, 1);
    cr_expect_str_eq(position(f, 1), "");
    fixture_reopen(f);
    cr_expect_str_eq(position(f, 1), "");
    return 0;
}

BOTH(commits_grouped_values_when_the_time_has_come)
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    uint64_t before = fixture_records(f);
    sj_store_state_put(f->store, &owner, "mark", 4);
    sj_loop_test_advance(f->loop, SJ_STORE_GROUP_MS + 2 * SJ_LOOP_TICK_MS);
    cr_expect_eq(fixture_records(f), before + 1);
    sj_store_state_put(f->store, &owner, NULL, 0);
    sj_loop_test_advance(f->loop, SJ_STORE_GROUP_MS + 2 * SJ_LOOP_TICK_MS);
    cr_expect_eq(fixture_records(f), before);
    return 0;
}

BOTH(commits_grouped_values_before_a_synced_change_at_flush_and_at_close)
{
    unsigned char blob[8];
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    uint64_t before = fixture_records(f);
    sj_store_state_put(f->store, &owner, "mark", 4);
    cr_assert_eq(fixture_add_contact(f, 1, "juliet"), SJ_OK);
    cr_expect_eq(fixture_records(f), before + 2);
    sj_store_state_put(f->store, &owner, NULL, 0);
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    cr_expect_eq(fixture_records(f), before + 1);
    sj_store_state_put(f->store, &owner, "again", 5);
    sj_store_online_put(f->store, &owner, true);
    fixture_reopen(f);
    cr_expect_eq(fixture_state(f, 1, blob, sizeof blob), 5);
    cr_expect(memcmp(blob, "again", 5) == 0);
    fixture_load(f, 1, &copy);
    cr_expect(copy.r.online && copy.r.sees_user && !copy.r.seen_by_user);
    return 0;
}

BOTH(lets_the_last_grouped_value_win)
{
    unsigned char blob[8];
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    for (int i = 0; i < 3; i++) {
        sj_store_state_put(f->store, &owner, &"12345"[i], (size_t)(5 - i));
        sj_store_online_put(f->store, &owner, i % 2 == 0);
        sj_store_subscription_put(f->store, &owner, i % 2 == 1, i % 2 == 0);
    }
    sj_store_online_put(f->store, &owner, false);
    fixture_reopen(f);
    cr_expect_eq(fixture_state(f, 1, blob, sizeof blob), 3);
    cr_expect(memcmp(blob, "345", 3) == 0);
    fixture_load(f, 1, &copy);
    cr_expect(!copy.r.online && !copy.r.sees_user && copy.r.seen_by_user);
    return 0;
}

BOTH(lets_a_new_registration_replace_waiting_flags)
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    sj_store_online_put(f->store, &owner, true);
    fixture_register(f, 1);                                  /* says: not online */
    fixture_load(f, 1, &copy);
    cr_expect_not(copy.r.online);
    fixture_reopen(f);
    fixture_load(f, 1, &copy);
    cr_expect_not(copy.r.online);
    return 0;
}

BOTH(ignores_grouped_values_of_unknown_owners)
{
    unsigned char blob[8];
    const struct sj_owner owner = fixture_owner(1);
    const struct sj_owner nobody = {"", "", ""};
    fixture_register(f, 2);
    uint64_t before = fixture_records(f);
    sj_store_online_put(f->store, &owner, true);
    sj_store_state_put(f->store, &owner, "mark", 4);
    sj_store_state_put(f->store, &nobody, "mark", 4);
    cr_expect_eq(fixture_state(f, 1, blob, sizeof blob), -1);
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    cr_expect_eq(fixture_records(f), before);
    return 0;
}

BOTH(keeps_the_largest_state_and_drops_a_larger_one)
{
    static unsigned char in[SJ_STORE_BLOB_MAX + 1], out[SJ_STORE_BLOB_MAX];
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    sj_random_bytes(in, sizeof in);
    sj_store_state_put(f->store, &owner, in, SJ_STORE_BLOB_MAX);
    fixture_reopen(f);
    cr_expect_eq(fixture_state(f, 1, out, sizeof out), (long)SJ_STORE_BLOB_MAX);
    cr_expect(memcmp(in, out, sizeof out) == 0);
    sj_store_state_put(f->store, &owner, in, SJ_STORE_BLOB_MAX + 1);
    cr_expect_eq(fixture_state(f, 1, out, sizeof out), (long)SJ_STORE_BLOB_MAX);
    return 1;                                                /* says so */
}

BOTH(commits_at_once_when_too_much_waits)
{
    static unsigned char blob[SJ_STORE_BLOB_MAX];
    struct sj_owner owner;
    for (unsigned i = 0; i < 80; i++)
        fixture_register(f, i);
    uint64_t before = fixture_records(f);
    for (unsigned i = 0; i < 80; i++) {
        owner = fixture_owner(i);
        sj_store_state_put(f->store, &owner, blob, sizeof blob);
        cr_assert_leq(f->store->pending_bytes, STORE_PENDING_BYTES_MAX);
    }
    cr_expect_gt(fixture_records(f), before + 40);
    for (unsigned i = 0; i < STORE_PENDING_MAX + 100; i++) {
        owner = fixture_owner(i);
        sj_store_online_put(f->store, &owner, true);
        cr_assert_leq(f->store->pending.used, STORE_PENDING_MAX);
    }
    for (unsigned i = 0; i < 80; i++)
        cr_expect_eq(fixture_state(f, i, blob, sizeof blob), (long)SJ_STORE_BLOB_MAX);
    return 0;
}

/* --- damage ------------------------------------------------------------------------------- */

static void flip_last_byte(unsigned char *p, size_t *n)
{
    p[*n - 1] ^= 1;
}

static void cut_in_half(unsigned char *p, size_t *n)
{
    (void)p;
    *n /= 2;
}

static void empty_it(unsigned char *p, size_t *n)
{
    (void)p;
    *n = 0;
}

static void raise_schema(unsigned char *p, size_t *n)
{
    (void)n;
    p[0]++;
}

BOTH(passes_over_a_damaged_registration_and_logs_it_once)
{
    size_t damaged = 0;
    fixture_register(f, 1);
    fixture_tamper(f, STORE_REGISTRATION, flip_last_byte);
    fixture_register(f, 2);
    for (int round = 0; round < 3; round++) {
        memset(&copy, 0, sizeof copy);
        cr_assert_eq(sj_store_registration_each(f->store, &damaged, copy_each, &copy, NULL),
                     SJ_OK);
        cr_expect_eq(copy.count, 1);
        cr_expect_eq(damaged, 1);
    }
    cr_expect_eq(fixture_get(f, 1, &copy), SJ_INTERNAL);
    cr_expect_eq(copy.count, 0);
    cr_expect(strstr(f->lines, "record damaged table=registration key="), "%s", f->lines);
    return 1;
}

BOTH(passes_over_damaged_contacts)
{
    static void (*const changes[])(unsigned char *, size_t *) = {
        flip_last_byte, cut_in_half, empty_it, raise_schema,
    };
    fixture_register(f, 1);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        cr_assert_eq(fixture_add_contact(f, 1, "juliet"), SJ_OK);
        fixture_tamper(f, STORE_CONTACT, changes[i]);
        cr_assert_eq(fixture_add_contact(f, 1, "nurse"), SJ_OK);
        cr_assert_eq(fixture_contacts(f, 1, &contacts), SJ_OK);
        cr_expect_eq(contacts.count, 1, "change %zu", i);
        cr_expect_eq(contacts.damaged, 1, "change %zu", i);
        const struct sj_owner owner = fixture_owner(1);
        cr_assert_eq(fixture_contact_remove(f->store, &owner, "juliet", NULL), SJ_OK);
        cr_assert_eq(fixture_contact_remove(f->store, &owner, "nurse", NULL), SJ_OK);
    }
    return 1;                                                /* always the same record */
}

BOTH(takes_damaged_flags_for_unset_and_writes_them_anew)
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    fixture_tamper(f, STORE_FLAGS, flip_last_byte);
    fixture_load(f, 1, &copy);
    cr_expect(!copy.r.online && !copy.r.sees_user);
    sj_store_online_put(f->store, &owner, true);
    fixture_reopen(f);
    fixture_load(f, 1, &copy);
    cr_expect(copy.r.online);
    return 1;
}

BOTH(reports_damaged_state)
{
    unsigned char blob[8];
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    sj_store_state_put(f->store, &owner, "mark", 4);
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    fixture_tamper(f, STORE_STATE, flip_last_byte);
    cr_expect_eq(fixture_state(f, 1, blob, sizeof blob), -1);
    sj_store_state_put(f->store, &owner, "anew", 4);
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    cr_expect_eq(fixture_state(f, 1, blob, sizeof blob), 4);
    return 1;
}

BOTH(starts_anew_when_a_data_key_is_damaged)
{
    size_t damaged = 0;
    fixture_register(f, 1);
    cr_assert_eq(fixture_add_contact(f, 1, "juliet"), SJ_OK);
    fixture_tamper(f, STORE_KEY, flip_last_byte);
    cr_expect_eq(fixture_get(f, 1, &copy), SJ_INTERNAL);
    cr_expect_eq(fixture_add_contact(f, 1, "nurse"), SJ_NOTFOUND);
    cr_expect_eq(fixture_contacts(f, 1, &contacts), SJ_INTERNAL);
    cr_assert_eq(sj_store_registration_each(f->store, &damaged, copy_each, &copy, NULL), SJ_OK);
    cr_expect_eq(damaged, 1);
    fixture_register(f, 1);
    fixture_load(f, 1, &copy);
    cr_assert_eq(fixture_contacts(f, 1, &contacts), SJ_OK);
    cr_expect_eq(contacts.count, 0);
    return 1;
}

BOTH(writes_the_changes_of_others_when_one_owner_is_damaged_or_unknown)
{
    struct sj_error err = {.status = SJ_OK};
    fixture_register(f, 1);
    fixture_tamper(f, STORE_KEY, flip_last_byte);
    fixture_register(f, 2);
    const struct sj_store_change changes[] = {
        {.owner = fixture_owner(1), .contact = {.id = "juliet"}},
        {.owner = fixture_owner(3), .contact = {.id = "juliet"}},
        {.owner = fixture_owner(2), .contact = {.id = "juliet"}},
        {.owner = fixture_owner(2), .contact = {.id = "nobody"}, .remove = true},
        {.owner = fixture_owner(2), .contact = {.id = "nurse", .to = true}},
    };
    cr_assert_eq(fixture_write(f->store, changes, 5, &err), SJ_OK, "%s", err.text);
    cr_assert_eq(fixture_write(f->store, changes, 2, &err), SJ_NOTFOUND);
    cr_assert_eq(fixture_write(f->store, changes, 0, &err), SJ_OK);
    cr_assert_eq(fixture_contacts(f, 2, &contacts), SJ_OK);
    cr_expect_eq(contacts.count, 2);
    return 1;
}

BOTH(removes_a_damaged_registration)
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    fixture_tamper(f, STORE_REGISTRATION, flip_last_byte);
    fixture_tamper(f, STORE_KEY, flip_last_byte);
    cr_assert_eq(fixture_unregister(f->store, &owner, NULL), SJ_OK);
    cr_expect_eq(fixture_records(f), 0);
    return 0;
}

static unsigned char moved[4096];
static size_t moved_n;

static void take_first(unsigned char *p, size_t *n)
{
    if (moved_n == 0) {
        moved_n = *n;
        memcpy(moved, p, *n);
    } else {
        memcpy(p, moved, moved_n);
        *n = moved_n;
    }
}

BOTH(does_not_open_a_record_that_was_moved_to_another_key)
{
    fixture_register(f, 1);
    cr_assert_eq(fixture_add_contact(f, 1, "juliet"), SJ_OK);
    cr_assert_eq(fixture_add_contact(f, 1, "nurse"), SJ_OK);
    fixture_tamper(f, STORE_CONTACT, take_first);            /* now both hold the same bytes */
    cr_assert_eq(fixture_contacts(f, 1, &contacts), SJ_OK);
    cr_expect_eq(contacts.count, 1);
    cr_expect_eq(contacts.damaged, 1);
    return 1;
}

BOTH(does_not_open_a_data_key_of_another_owner)
{
    size_t damaged = 0;
    fixture_register(f, 1);
    fixture_register(f, 2);
    fixture_tamper(f, STORE_KEY, take_first);
    cr_assert_eq(sj_store_registration_each(f->store, &damaged, copy_each, &copy, NULL), SJ_OK);
    cr_expect_eq(copy.count, 1);
    cr_expect_eq(damaged, 1);
    return 1;
}

static void add_many_contacts(struct fixture *f, unsigned user, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char id[16];
        snprintf(id, sizeof id, "contact%u", i);
        cr_assert_eq(fixture_add_contact(f, user, id), SJ_OK);
    }
}

BOTH(logs_no_more_than_a_bounded_number_of_damaged_records)
{
    const struct sj_owner first = fixture_owner(1);
    for (unsigned user = 1; user <= 2; user++) {
        fixture_register(f, user);
        add_many_contacts(f, user, 200);
        fixture_tamper(f, STORE_CONTACT, flip_last_byte);
        cr_assert_eq(fixture_contacts(f, user, &contacts), SJ_OK);
        cr_assert_eq(contacts.damaged, 200);
        if (user == 1)
            cr_assert_eq(fixture_unregister(f->store, &first, NULL), SJ_OK);
    }
    return STORE_DAMAGED_MAX + 1;
}

/* --- figures ------------------------------------------------------------------------------ */

BOTH(counts)
{
    struct sj_store_stats stats;
    fixture_register(f, 1);
    fixture_register(f, 2);
    cr_assert_eq(fixture_add_contact(f, 1, "juliet"), SJ_OK);
    sj_store_stats(f->store, &stats);
    cr_expect_eq(stats.registrations, 2);
    cr_expect_eq(stats.records, 7);
    cr_expect_gt(stats.used_bytes, 0);
    cr_expect_geq(stats.map_bytes, stats.used_bytes);
    return 0;
}

/* --- schema and key ----------------------------------------------------------------------- */

BOTH(refuses_another_key_and_works_again_with_the_right_one)
{
    struct sj_error err = {.status = SJ_OK};
    char kept[128];
    fixture_register(f, 1);
    snprintf(kept, sizeof kept, "%s.kept", f->key_file);
    cr_assert_eq(rename(f->key_file, kept), 0);
    cr_assert_eq(sj_store_genkey(f->key_file, &err), SJ_OK);
    if (f->kind == FIXTURE_LMDB) {
        sj_store_close(&f->store);
        fixture_refused(f, SJ_DENIED, "not the key of this data-dir");
        cr_assert_eq(rename(kept, f->key_file), 0);
        fixture_open(f);
        fixture_load(f, 1, &copy);
        return 0;
    }
    struct engine *engine = store_release(&f->store);
    cr_assert_eq(store_open_engine(&f->store, f->loop, &f->log, engine, f->key_file, &err),
                 SJ_DENIED);
    cr_expect(strstr(err.text, "not the key of this data-dir"));
    return 0;
}

BOTH(refuses_a_newer_schema)
{
    struct sj_error err = {.status = SJ_OK};
    fixture_register(f, 1);
    fixture_tamper(f, STORE_HEADER, raise_schema);
    struct engine *engine = store_release(&f->store);
    cr_assert_eq(store_open_engine(&f->store, f->loop, &f->log, engine, f->key_file, &err),
                 SJ_INVALID);
    cr_expect(strstr(err.text, "newer version"), "%s", err.text);
    return 0;
}

BOTH(refuses_a_store_without_its_header)
{
    static const uint8_t zeros[STORE_KEY_LEN];
    struct sj_error err = {.status = SJ_OK};
    struct engine *e = f->store->engine;
    fixture_register(f, 1);
    cr_assert_eq(e->ops->begin(e, ENGINE_WRITES, &err), SJ_OK);
    cr_assert_eq(e->ops->remove(e, STORE_HEADER, zeros, &err), SJ_OK);
    cr_assert_eq(e->ops->commit(e, &err), SJ_OK);
    struct engine *engine = store_release(&f->store);
    cr_assert_eq(store_open_engine(&f->store, f->loop, &f->log, engine, f->key_file, &err),
                 SJ_INTERNAL);
    cr_expect(strstr(err.text, "restore a backup"), "%s", err.text);
    return 0;
}

/* Makes the store look like one of schema 1, whose records differ in nothing that is used here. */
static enum sj_status old_header(struct sj_store *s, void *arg, struct sj_error *err)
{
    (void)arg;
    return header_write(s, 1, err);
}

/* Steps of a migration that leave traces. */
static unsigned steps_run;
static enum sj_status step_one(struct sj_store *s, struct sj_error *err)
{
    (void)s;
    (void)err;
    steps_run = steps_run * 10 + 1;
    return SJ_OK;
}
static enum sj_status step_two(struct sj_store *s, struct sj_error *err)
{
    static const uint8_t key[STORE_KEY_LEN] = {1};
    const struct store_bytes value = {key, sizeof key};
    steps_run = steps_run * 10 + 2;
    return s->engine->ops->put(s->engine, STORE_STATE, key, value, err);
}
static enum sj_status step_bad(struct sj_store *s, struct sj_error *err)
{
    (void)s;
    return sj_fail(err, SJ_INTERNAL, "no");
}

BOTH(runs_each_step_of_a_migration_once_in_order)
{
    static enum sj_status (*const table[])(struct sj_store *, struct sj_error *) = {
        NULL, NULL, step_one, step_two};
    const struct migrate_steps steps = {table, STORE_SCHEMA + 1};
    cr_assert_eq(sizeof table / sizeof table[0], STORE_SCHEMA + 1);
    uint8_t schema = 0;
    struct sj_error err = {.status = SJ_OK};
    cr_assert_eq(migrate_run(f->store, STORE_SCHEMA - 1, &steps, &err), SJ_OK);
    cr_expect_eq(steps_run, 12);
    cr_expect_eq(fixture_records(f), 1);
    cr_assert_eq(store_read_begin(f->store, &err), SJ_OK);
    cr_expect_eq(header_check(f->store, &schema, &err), SJ_INVALID, "newer than ours");
    store_read_end(f->store);
    cr_expect_eq(schema, STORE_SCHEMA + 1);
    cr_expect_eq(migrate_run(f->store, STORE_SCHEMA + 1, &steps, &err), SJ_OK);
    cr_expect_eq(steps_run, 12);
    return 0;
}

/* What was written under schema 1 is there under ours, and so is what is written now. */
BOTH(reads_contacts_of_schema_1)
{
    struct sj_error err = {.status = SJ_OK};
    const struct sj_owner owner = fixture_owner(1);
    const struct sj_store_contact now = {.id = "b", .name = "B", .name_told = true};
    uint8_t schema = 0;
    fixture_register(f, 1);
    cr_assert_eq(fixture_add_contact(f, 1, "a"), SJ_OK);
    cr_assert_eq(store_write(f->store, STORE_ALONE, old_header, NULL, &err), SJ_OK);
    fixture_reopen(f);
    cr_assert_eq(store_read_begin(f->store, &err), SJ_OK);
    cr_expect_eq(header_check(f->store, &schema, &err), SJ_OK);
    store_read_end(f->store);
    cr_assert_eq(migrate_run(f->store, schema, &migrate_ours, &err), SJ_OK);
    cr_assert_eq(fixture_contact_put(f->store, &owner, &now, NULL), SJ_OK);
    cr_assert_eq(fixture_contacts(f, 1, &contacts), SJ_OK);
    cr_expect_eq(contacts.damaged, 0);
    cr_expect(strstr(contacts.text, "a|-|-|t\n") && strstr(contacts.text, "b|B|-||=\n"), "%s",
              contacts.text);
    cr_assert_eq(store_read_begin(f->store, &err), SJ_OK);
    cr_expect_eq(header_check(f->store, &schema, &err), SJ_OK);
    store_read_end(f->store);
    cr_expect_eq(schema, STORE_SCHEMA);
    return 0;
}

BOTH(drops_a_migration_that_fails)
{
    static enum sj_status (*const table[])(struct sj_store *, struct sj_error *) = {
        NULL, step_two, step_bad};
    const struct migrate_steps steps = {table, 3};
    uint8_t schema = 0;
    struct sj_error err = {.status = SJ_OK};
    cr_assert_eq(migrate_run(f->store, 1, &steps, &err), SJ_INTERNAL);
    cr_expect_eq(fixture_records(f), 0);
    cr_assert_eq(store_read_begin(f->store, &err), SJ_OK);
    cr_expect_eq(header_check(f->store, &schema, &err), SJ_OK);
    store_read_end(f->store);
    cr_expect_eq(schema, STORE_SCHEMA);
    return 0;
}
