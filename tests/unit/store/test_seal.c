/* SPDX-License-Identifier: MPL-2.0 */
/* Sealing and hashing: what opens, what does not, what can be told from outside. */
#include "fixture.h"

#include <sys/resource.h>

#include <criterion/criterion.h>

#include "sojourn/store.h"
static struct seal *make_seal(unsigned char first)
{
    struct seal *seal = NULL;
    unsigned char master[SEAL_KEY_LEN] = {first};
    cr_assert_eq(seal_new(&seal, master, NULL, NULL), SJ_OK);
    return seal;
}

Test(seal, opens_what_it_closed_at_any_size)
{
    static unsigned char plain[300], sealed[500], out[500];
    static const uint8_t place_key[STORE_KEY_LEN] = {7};
    const struct seal_place place = {"contact", place_key};
    struct seal_key key;
    seal_key_random(&key);
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (unsigned char)i;
    for (size_t n = 0; n <= sizeof plain; n++) {
        size_t out_n = 9999;
        cr_assert_leq(seal_size(n), sizeof sealed);
        seal_close(sealed, &key, &place, 1, plain, n);
        cr_assert(seal_open(out, &out_n, &key, &place, sealed, seal_size(n)));
        cr_assert_eq(out_n, n);
        cr_assert(memcmp(out, plain, n) == 0);
    }
}

Test(seal, hides_lengths_within_a_step)
{
    cr_expect_eq(seal_size(0), seal_size(SEAL_PAD - 1));
    cr_expect_eq(seal_size(SEAL_PAD), seal_size(0) + SEAL_PAD);
    cr_expect_eq(seal_size(0), SEAL_PAD + SEAL_OVERHEAD);
}

Test(seal, refuses_every_flipped_bit_and_every_cut)
{
    static const uint8_t place_key[STORE_KEY_LEN] = {7};
    const struct seal_place place = {"contact", place_key};
    struct seal_key key;
    unsigned char sealed[SEAL_PAD + SEAL_OVERHEAD], out[sizeof sealed];
    size_t out_n = 0;
    seal_key_random(&key);
    seal_close(sealed, &key, &place, 1, (const unsigned char *)"secret", 6);
    for (size_t i = 0; i < 8 * sizeof sealed; i++) {
        sealed[i / 8] ^= (unsigned char)(1u << i % 8);
        cr_assert_not(seal_open(out, &out_n, &key, &place, sealed, sizeof sealed), "bit %zu", i);
        sealed[i / 8] ^= (unsigned char)(1u << i % 8);
    }
    for (size_t n = 0; n < sizeof sealed; n++)
        cr_assert_not(seal_open(out, &out_n, &key, &place, sealed, n), "cut to %zu", n);
    cr_assert(seal_open(out, &out_n, &key, &place, sealed, sizeof sealed));
}

Test(seal, binds_table_and_lookup_key)
{
    static const uint8_t here_key[STORE_KEY_LEN] = {7}, there_key[STORE_KEY_LEN] = {8};
    const struct seal_place here = {"contact", here_key};
    const struct seal_place table = {"state", here_key};
    const struct seal_place there = {"contact", there_key};
    struct seal_key key, other;
    unsigned char sealed[SEAL_PAD + SEAL_OVERHEAD], out[sizeof sealed];
    size_t n = 0;
    seal_key_random(&key);
    seal_key_random(&other);
    seal_close(sealed, &key, &here, 1, (const unsigned char *)"secret", 6);
    cr_expect_not(seal_open(out, &n, &key, &table, sealed, sizeof sealed));
    cr_expect_not(seal_open(out, &n, &key, &there, sealed, sizeof sealed));
    cr_expect_not(seal_open(out, &n, &other, &here, sealed, sizeof sealed));
    cr_expect(seal_open(out, &n, &key, &here, sealed, sizeof sealed));
}

Test(seal, never_seals_twice_alike)
{
    static const uint8_t place_key[STORE_KEY_LEN] = {7};
    const struct seal_place place = {"contact", place_key};
    struct seal_key key;
    unsigned char one[SEAL_PAD + SEAL_OVERHEAD], two[sizeof one];
    seal_key_random(&key);
    seal_close(one, &key, &place, 1, (const unsigned char *)"secret", 6);
    seal_close(two, &key, &place, 1, (const unsigned char *)"secret", 6);
    cr_expect(memcmp(one + 25, two + 25, sizeof one - 25) != 0);
}

Test(seal, derives_different_keys_from_one_master)
{
    struct seal *seal = make_seal(1);
    struct seal *again = make_seal(1);
    struct seal *other = make_seal(2);
    const struct seal_key *wrap = seal_wrap_key(seal);
    cr_expect(memcmp(wrap, seal_header_key(seal), sizeof *wrap) != 0);
    cr_expect(memcmp(wrap, seal_wrap_key(again), sizeof *wrap) == 0);
    cr_expect(memcmp(wrap, seal_wrap_key(other), sizeof *wrap) != 0);
    seal_free(&seal);
    cr_expect_null(seal);
    seal_free(&again);
    seal_free(&other);
    seal_free(&other);
}

Test(seal, hashes_owners_and_items_by_all_their_parts)
{
    static const struct sj_owner owners[] = {
        {"a", "b", "c"}, {"a", "b", ""}, {"a", "bc", ""}, {"ab", "c", ""}, {"a", "b", "d"},
    };
    struct seal *seal = make_seal(1);
    struct seal *other = make_seal(2);
    unsigned char hash[5][STORE_PART_LEN], item[4][STORE_PART_LEN], out[STORE_PART_LEN];
    for (size_t i = 0; i < 5; i++)
        seal_user_part(seal, &owners[i], hash[i]);
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < i; j++)
            cr_expect(memcmp(hash[i], hash[j], STORE_PART_LEN) != 0, "%zu and %zu", i, j);
    }
    seal_user_part(other, &owners[0], out);
    cr_expect(memcmp(out, hash[0], STORE_PART_LEN) != 0, "without the key nobody can tell");
    seal_item_part(seal, hash[0], "contact", "juliet", item[0]);
    seal_item_part(seal, hash[0], "contact", "nurse", item[1]);
    seal_item_part(seal, hash[0], "state", "juliet", item[2]);
    seal_item_part(seal, hash[1], "contact", "juliet", item[3]);
    for (size_t i = 1; i < 4; i++)
        cr_expect(memcmp(item[0], item[i], STORE_PART_LEN) != 0, "item %zu", i);
    seal_free(&seal);
    seal_free(&other);
}

static unsigned warnings;

static void count_warnings(enum sj_log_level level, const char *line, void *ctx)
{
    (void)ctx;
    warnings += level == SJ_LOG_WARN && strstr(line, "not locked in memory");
}

Test(seal, warns_when_keys_cannot_be_locked)
{
    const struct rlimit none = {0, 0};
    unsigned char master[SEAL_KEY_LEN] = {1};
    struct seal *seal = NULL;
    if (FIXTURE_ASAN)
        return;                          /* it makes locking a no-op */
    sj_log_set_sink(count_warnings, NULL);
    cr_assert_eq(setrlimit(RLIMIT_MEMLOCK, &none), 0);
    if (geteuid() == 0)
        cr_assert_eq(seteuid(65534), 0); /* root may lock past the limit */
    cr_expect_eq(seal_new(&seal, master, NULL, NULL), SJ_OK);
    cr_expect_eq(warnings, 1);
    seal_free(&seal);
}
