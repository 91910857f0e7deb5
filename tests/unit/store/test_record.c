/* SPDX-License-Identifier: MPL-2.0 */
/* Records: their bytes, and what decoders refuse. */
#include "record.h"

#include <criterion/criterion.h>

#include "store_priv.h"

Test(record, has_the_documented_bytes)
{
    static const unsigned char expected[] = {
        0, 0, 0, 0, 0, 0, 1, 2,
        0, 1, 'h', 0, 0, 2, 'u', 'u', 0, 0, 0, 0,
        1, 0, 3, 'v', 'a', 'r', 0, 0, 1, 'x', 0,
    };
    struct sj_registration r = {.owner = {"h", "uu", ""}, .created_at = 258, .n_values = 1};
    unsigned char out[64];
    r.values[0] = (struct sj_store_value){"var", "x"};
    cr_assert_eq(record_encode_registration(NULL, 0, &r), sizeof expected);
    cr_assert_eq(record_encode_registration(out, sizeof out, &r), sizeof expected);
    cr_expect(memcmp(out, expected, sizeof expected) == 0);
}

Test(record, counts_without_writing_past_the_buffer)
{
    const struct sj_store_contact c = {.id = "juliet", .name = "Giulietta"};
    unsigned char out[64];
    size_t need = record_encode_contact(NULL, 0, &c);
    for (size_t cap = 0; cap <= need; cap++) {
        memset(out, 0xee, sizeof out);
        cr_assert_eq(record_encode_contact(out, cap, &c), need);
        for (size_t i = cap; i < sizeof out; i++)
            cr_assert_eq(out[i], 0xee, "cap %zu byte %zu", cap, i);
    }
}

Test(record, refuses_every_cut_and_every_addition)
{
    struct sj_registration r = {.owner = {"host", "user", "label"}, .n_values = 2}, back;
    unsigned char out[128];
    r.values[0] = (struct sj_store_value){"username", "romeo"};
    r.values[1] = (struct sj_store_value){"password", ""};
    size_t n = record_encode_registration(out, sizeof out, &r);
    cr_assert(record_decode_registration(&back, 1, out, n));
    cr_expect_str_eq(back.owner.label, "label");
    cr_expect_str_eq(back.values[1].value, "");
    for (size_t cut = 0; cut < n; cut++)
        cr_assert_not(record_decode_registration(&back, 1, out, cut), "cut to %zu", cut);
    out[n] = 0;
    cr_expect_not(record_decode_registration(&back, 1, out, n + 1));
}

Test(record, refuses_other_schemas)
{
    unsigned char out[8];
    uint8_t flags = 0;
    size_t n = record_encode_flags(out, sizeof out, RECORD_ONLINE);
    cr_expect(record_decode_flags(&flags, 1, out, n));
    cr_expect_eq(flags, RECORD_ONLINE);
    cr_expect_not(record_decode_flags(&flags, 0, out, n));
    cr_expect(record_decode_flags(&flags, STORE_SCHEMA, out, n));
    cr_expect_not(record_decode_flags(&flags, STORE_SCHEMA + 1, out, n));
}

Test(record, refuses_unknown_flags_and_wild_lengths)
{
    static const struct {
        const char *what;
        unsigned char bytes[16];
        size_t n;
    } rows[] = {
        {"unknown flag", {0x80, 0, 1, 'a', 0}, 5},
        {"empty id", {0, 0, 0, 0}, 4},
        {"NUL inside", {0, 0, 2, 'a', 0, 0}, 6},
        {"no NUL", {0, 0, 1, 'a', 'b'}, 5},
        {"longer than there is", {0, 0xff, 0xff, 'a', 0}, 5},
        {"name promised", {0x20, 0, 1, 'a', 0}, 5},
        {"name not promised", {0, 0, 1, 'a', 0, 0, 0, 0}, 8},
        {"nothing", {0}, 0},
    };
    struct sj_store_contact c;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_not(record_decode_contact(&c, 1, rows[i].bytes, rows[i].n), "%s", rows[i].what);
}

/* The second byte of flags is of schema 2, and says something. */
Test(record, refuses_what_a_roster_cannot_have_been_told)
{
    static const struct {
        unsigned char bytes[16];
        size_t n;
        uint8_t schema;
        bool sound;
    } rows[] = {
        {{0x80, 1, 0, 1, 'a', 0}, 6, 2, true},
        {{0x80, 1, 0, 1, 'a', 0}, 6, 1, false},
        {{0x80, 0, 0, 1, 'a', 0}, 6, 2, false},
        {{0x80, 0x80, 0, 1, 'a', 0}, 6, 2, true},
        {{0x80, 2, 0, 1, 'a', 0, 0, 0, 0}, 9, 2, false},
        {{0x80, 3, 0, 1, 'a', 0, 0, 0, 0}, 9, 2, true},
        {{0x80, 3, 0, 1, 'a', 0}, 6, 2, false},
        {{0x80, 8, 0, 1, 'a', 0, 0, 0, 0}, 9, 2, false},
        {{0x80, 0x0c, 0, 1, 'a', 0, 0, 0, 0}, 9, 2, true},
        {{0x80}, 1, 2, false},
    };
    struct sj_store_contact c;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(record_decode_contact(&c, rows[i].schema, rows[i].bytes, rows[i].n),
                     rows[i].sound, "row %zu", i);
}

Test(record, bounds_what_a_state_may_claim)
{
    static const unsigned char empty[] = {0, 0, 0, 0};
    static const unsigned char huge[] = {0xff, 0xff, 0xff, 0xff, 1};
    static unsigned char large[4 + SJ_STORE_BLOB_MAX + 1] = {0, 1, 0, 1};
    struct record_state s;
    cr_expect_not(record_decode_state(&s, 1, empty, sizeof empty));
    cr_expect_not(record_decode_state(&s, 1, huge, sizeof huge));
    cr_expect_not(record_decode_state(&s, 1, large, sizeof large), "one byte too many");
    large[3] = 0;
    cr_expect(record_decode_state(&s, 1, large, sizeof large - 1));
    cr_expect_eq(s.n, SJ_STORE_BLOB_MAX);
}

Test(record, keeps_entries_of_archives)
{
    static const unsigned char expected[] = {
        0xa1, 0xb2, 0xc3, 0xd4, 0, 0, 0, 0, 0, 0, 1, 2, 0, 2, 'n', '1', 0,
        0, 0, 0, 3, 'a', 0, 'c',
    };
    const struct record_archive a = {0xa1b2c3d4, 258, "n1", (const uint8_t *)"a\0c", 3};
    struct record_archive back;
    unsigned char out[64];
    size_t n = record_encode_archive(out, sizeof out, &a);
    cr_assert_eq(n, sizeof expected);
    cr_expect(memcmp(out, expected, n) == 0);
    cr_assert(record_decode_archive(&back, STORE_SCHEMA, out, n));
    cr_expect_eq(back.salt, a.salt);
    cr_expect_eq(back.time, 258);
    cr_expect_str_eq(back.network_id, "n1");
    cr_expect(back.n == 3 && memcmp(back.data, "a\0c", 3) == 0);
    for (size_t cut = 0; cut < n; cut++)
        cr_assert_not(record_decode_archive(&back, STORE_SCHEMA, out, cut), "cut to %zu", cut);
    out[n] = 0;
    cr_expect_not(record_decode_archive(&back, STORE_SCHEMA, out, n + 1));
    const struct record_archive nameless = {.data = (const uint8_t *)"x", .n = 1};
    n = record_encode_archive(out, sizeof out, &nameless);
    cr_assert(record_decode_archive(&back, STORE_SCHEMA, out, n));
    cr_expect_null(back.network_id);
}

Test(record, bounds_what_an_entry_may_claim)
{
    static unsigned char bytes[4 + 8 + 3 + 4 + SJ_ARCHIVE_DATA_MAX + 1] = {[16] = 1, [18] = 1};
    struct record_archive a;
    cr_expect_not(record_decode_archive(&a, STORE_SCHEMA, bytes, sizeof bytes), "one too many");
    bytes[18] = 0;
    cr_expect(record_decode_archive(&a, STORE_SCHEMA, bytes, sizeof bytes - 1));
    cr_expect_eq(a.n, SJ_ARCHIVE_DATA_MAX);
    bytes[16] = 0;
    cr_expect_not(record_decode_archive(&a, STORE_SCHEMA, bytes, 19), "none");
}

Test(record, keeps_what_is_known_of_a_room)
{
    const struct record_archive_room room = {7, "verona"}, none = {0, "verona"}, nameless = {7, ""};
    struct record_archive_room back;
    unsigned char out[64];
    size_t n = record_encode_archive_room(out, sizeof out, &room);
    cr_assert(record_decode_archive_room(&back, STORE_SCHEMA, out, n));
    cr_expect_eq(back.n, 7);
    cr_expect_str_eq(back.room, "verona");
    cr_expect_not(record_decode_archive_room(&back, STORE_SCHEMA, out, n - 1));
    n = record_encode_archive_room(out, sizeof out, &none);
    cr_expect_not(record_decode_archive_room(&back, STORE_SCHEMA, out, n));
    n = record_encode_archive_room(out, sizeof out, &nameless);
    cr_expect_not(record_decode_archive_room(&back, STORE_SCHEMA, out, n));
}

Test(record, keeps_key_and_header)
{
    unsigned char key[SEAL_KEY_LEN] = {9}, id[STORE_PART_LEN] = {5}, id_back[STORE_PART_LEN];
    unsigned char out[256];
    const struct record_key k = {{"host", "user", ""}, key};
    struct record_key back;
    size_t n = record_encode_key(out, sizeof out, &k);
    cr_assert(record_decode_key(&back, 1, out, n));
    cr_expect(memcmp(back.key, key, sizeof key) == 0);
    cr_expect_str_eq(back.owner.user, "user");
    cr_assert_not(record_decode_key(&back, 1, out, n - 1));
    n = record_encode_header(out, sizeof out, id);
    cr_assert_eq(n, RECORD_HEADER_LEN);
    cr_assert(record_decode_header(id_back, 1, out, n));
    cr_expect(memcmp(id, id_back, sizeof id) == 0);
    out[0] ^= 1;
    cr_expect_not(record_decode_header(id_back, 1, out, n));
}
