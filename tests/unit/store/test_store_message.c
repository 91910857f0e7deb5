/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of sojourn/store_message.h: the same cases on LMDB and in memory. */
#include "both.h"

#include <criterion/criterion.h>

#include "message.h"
#include "sojourn/strbuf.h"

#define BOTH(name) BOTH_ENGINES(store_message, name)

/* What a lookup gave, as "network_id|id|other_id|flags"; "" nothing. */
static char found[4200];

static void keep(const struct sj_store_message *m, void *arg)
{
    (void)arg;
    snprintf(found, sizeof found, "%s|%s|%s|%s%s%s%s%s", m->network_id, m->id ? m->id : "",
             m->other_id ? m->other_id : "", m->own ? "own" : "", m->later ? " later" : "",
             m->markable ? " markable" : "", m->resource ? " to " : "",
             m->resource ? m->resource : "");
}

static const char *by_id(struct fixture *f, unsigned i, const char *peer, const char *id)
{
    const struct sj_owner owner = fixture_owner(i);
    found[0] = '\0';
    sj_store_message_find(f->store, &owner, peer, id, keep, NULL, NULL);
    return found;
}

static const char *by_network(struct fixture *f, unsigned i, const char *peer, const char *id)
{
    const struct sj_owner owner = fixture_owner(i);
    found[0] = '\0';
    sj_store_message_find_network(f->store, &owner, peer, id, keep, NULL, NULL);
    return found;
}

static void put(struct fixture *f, unsigned i, const char *network_id, const char *id)
{
    const struct sj_owner owner = fixture_owner(i);
    sj_store_message_put(f->store, &owner, &(struct sj_store_message){
        .peer = "juliet", .network_id = network_id, .id = id, .own = true});
}

static const char *name_of(struct fixture *f, unsigned i, const char *peer, const char *id,
                           bool own, const char *version)
{
    static char texts[8][SJ_STORE_NAME_MAX + 1];
    static unsigned next;
    char *text = texts[next++ % 8];
    const struct sj_owner owner = fixture_owner(i);
    struct sj_strbuf out;
    sj_strbuf_init(&out, SJ_STORE_NAME_MAX);
    sj_store_message_name(f->store, &owner, peer, id, own, version, &out);
    cr_assert(sj_strbuf_ok(&out));
    snprintf(text, sizeof texts[0], "%s", out.s);
    sj_strbuf_release(&out);
    return text;
}

/* --- names -------------------------------------------------------------------------------- */

BOTH(names_a_message_of_the_network_without_a_record)                /* GMSG-02 */
{
    fixture_register(f, 1);
    uint64_t before = fixture_records(f);
    const char *name = name_of(f, 1, "juliet", "4711", false, NULL);
    cr_expect_null(strstr(name, "4711"));
    cr_expect_str_eq(name, name_of(f, 1, "juliet", "4711", false, NULL));
    cr_expect_str_eq(by_id(f, 1, "juliet", name), "4711|||");
    fixture_reopen(f);
    cr_expect_str_eq(by_id(f, 1, "juliet", name), "4711|||");
    cr_expect_str_eq(by_network(f, 1, "juliet", "4711"), "");
    cr_expect_eq(fixture_records(f), before);
    return 0;
}

BOTH(gives_different_names_to_what_is_different)
{
    const char *name = name_of(f, 1, "juliet", "4711", false, NULL);
    cr_expect_str_neq(name, name_of(f, 2, "juliet", "4711", false, NULL));
    cr_expect_str_neq(name, name_of(f, 1, "nurse", "4711", false, NULL));
    cr_expect_str_neq(name, name_of(f, 1, "juliet", "4712", false, NULL));
    cr_expect_str_neq(name, name_of(f, 1, "juliet", "4711", true, NULL));
    const char *later = name_of(f, 1, "juliet", "4711", false, "new text");
    cr_expect_str_neq(name, later);
    cr_expect_str_neq(later, name_of(f, 1, "juliet", "4711", false, "newer text"));
    cr_expect_str_eq(by_id(f, 1, "juliet", later), "4711||| later");
    return 0;
}

BOTH(opens_a_name_for_its_user_and_peer_only)
{
    const char *name = name_of(f, 1, "juliet", "4711", false, NULL);
    char forged[SJ_STORE_NAME_MAX + 1];
    cr_expect_str_eq(by_id(f, 2, "juliet", name), "");
    cr_expect_str_eq(by_id(f, 1, "nurse", name), "");
    for (size_t i = 0; name[i]; i++) {
        snprintf(forged, sizeof forged, "%s", name);
        forged[i] = forged[i] == 'A' ? 'B' : 'A';
        cr_expect_str_eq(by_id(f, 1, "juliet", forged), "", "byte %zu", i);
    }
    cr_expect_str_eq(by_id(f, 1, "juliet", ""), "");
    cr_expect_str_eq(by_id(f, 1, "juliet", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), "");
    return 0;
}

BOTH(knows_names_of_the_users_own_messages)                          /* G356-14 */
{
    const struct sj_owner owner = fixture_owner(1);
    const char *own = name_of(f, 1, "juliet", "4711", true, NULL);
    const char *theirs = name_of(f, 1, "juliet", "4711", false, NULL);
    cr_expect(sj_store_message_is_own_name(f->store, &owner, "juliet", own));
    cr_expect_not(sj_store_message_is_own_name(f->store, &owner, "nurse", own));
    cr_expect_not(sj_store_message_is_own_name(f->store, &owner, "juliet", theirs));
    cr_expect_not(sj_store_message_is_own_name(f->store, &owner, "juliet", "m1"));
    cr_expect_str_eq(by_id(f, 1, "juliet", own), "4711|||own");
    return 0;
}

BOTH(names_ids_of_every_length)
{
    char id[SJ_ID_MAX + 1] = "", expected[SJ_ID_MAX + 32];
    fixture_register(f, 1);
    for (size_t n = 1; n <= SJ_ID_MAX; n += n < 300 ? 1 : 61) {
        memset(id, 'x', n);
        id[n] = '\0';
        const char *name = name_of(f, 1, "juliet", id, false, NULL);
        cr_assert_leq(strlen(name), 512);
        snprintf(expected, sizeof expected, "%s|%s||%s", id,
                 n > SJ_STORE_SEALED_ID_MAX ? name : "",
                 n > SJ_STORE_SEALED_ID_MAX ? " later" : "");
        cr_assert_str_eq(by_id(f, 1, "juliet", name), expected);
    }
    return 0;
}

/* --- pairs -------------------------------------------------------------------------------- */

BOTH(finds_a_pair_both_ways_while_it_waits_and_after_opening_again)
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    uint64_t before = fixture_records(f);
    sj_store_message_put(f->store, &owner, &(struct sj_store_message){
        .peer = "juliet", .network_id = "4711", .id = "m1", .other_id = "o1", .own = true});
    cr_expect_eq(fixture_records(f), before);        /* it waits */
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(by_id(f, 1, "juliet", "m1"), "4711|m1|o1|own");
        cr_expect_str_eq(by_id(f, 1, "juliet", "o1"), "4711|m1|o1|own");
        cr_expect_str_eq(by_network(f, 1, "juliet", "4711"), "4711|m1|o1|own");
        cr_expect_str_eq(by_network(f, 1, "juliet", "m1"), "");
        cr_expect_str_eq(by_id(f, 1, "juliet", "4711"), "");
        cr_expect_str_eq(by_id(f, 1, "nurse", "m1"), "");
        cr_expect_str_eq(by_id(f, 2, "juliet", "m1"), "");
        fixture_reopen(f);
    }
    cr_expect_eq(fixture_records(f), before + 4);    /* record, two leads, place in the order */
    return 0;
}

BOTH(lets_a_correction_lead_to_the_first_version)                    /* G444-08 */
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    put(f, 1, "4711", "m1");
    sj_store_message_put(f->store, &owner, &(struct sj_store_message){
        .peer = "juliet", .network_id = "4711", .id = "m2", .own = true, .later = true});
    for (int round = 0; round < 2; round++) {
        cr_expect_str_eq(by_id(f, 1, "juliet", "m2"), "4711|m2||own later");
        cr_expect_str_eq(by_network(f, 1, "juliet", "4711"), "4711|m1||own");
        fixture_reopen(f);
    }
    return 0;
}

BOTH(replaces_what_has_the_same_id_and_leaves_nothing_behind)
{
    fixture_register(f, 1);
    uint64_t before = fixture_records(f);
    put(f, 1, "4711", "m1");
    put(f, 1, "4712", "m1");                         /* both wait */
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    cr_expect_str_eq(by_id(f, 1, "juliet", "m1"), "4712|m1||own");
    cr_expect_str_eq(by_network(f, 1, "juliet", "4711"), "");
    put(f, 1, "4712", "m2");
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    cr_expect_str_eq(by_network(f, 1, "juliet", "4712"), "4712|m2||own");
    cr_expect_str_eq(by_id(f, 1, "juliet", "m1"), "");
    cr_expect_eq(fixture_records(f), before + 3);
    return 0;
}

BOTH(ignores_pairs_that_nobody_could_ask_for)
{
    char huge[SJ_ID_MAX + 2];
    fixture_register(f, 1);
    uint64_t before = fixture_records(f);
    memset(huge, 'x', sizeof huge);
    huge[SJ_ID_MAX + 1] = '\0';
    put(f, 1, "", "m1");
    put(f, 1, "4711", "");
    put(f, 1, huge, "m1");
    put(f, 1, "4711", huge);
    cr_expect_str_eq(by_id(f, 1, "juliet", huge), "");
    put(f, 2, "4711", "m1");                         /* not registered */
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    cr_expect_eq(fixture_records(f), before);
    cr_expect_str_eq(by_id(f, 2, "juliet", "m1"), "");
    return 0;
}

BOTH(forgets_all_with_the_registration)
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    fixture_register(f, 2);
    put(f, 2, "4711", "m1");
    uint64_t before = fixture_records(f);
    put(f, 1, "4711", "m1");
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    put(f, 1, "4712", "m2");
    cr_assert_eq(fixture_unregister(f->store, &owner, NULL), SJ_OK);
    cr_expect_str_eq(by_id(f, 1, "juliet", "m1"), "");
    cr_expect_str_eq(by_id(f, 1, "juliet", "m2"), "");
    cr_expect_str_eq(by_id(f, 2, "juliet", "m1"), "4711|m1||own");
    cr_expect_eq(fixture_records(f), before);        /* a registration is three records */
    return 0;
}

BOTH(keeps_who_asked_for_a_receipt_and_a_mark)                       /* G184-02, G333-06 */
{
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    sj_store_message_put(f->store, &owner, &(struct sj_store_message){
        .peer = "juliet", .network_id = "1", .id = "m1", .resource = "orchard", .markable = true});
    sj_store_message_put(f->store, &owner, &(struct sj_store_message){
        .peer = "juliet", .network_id = "2", .id = "m2", .resource = ""});
    fixture_reopen(f);
    cr_expect_str_eq(by_network(f, 1, "juliet", "1"), "1|m1|| markable to orchard");
    cr_expect_str_eq(by_network(f, 1, "juliet", "2"), "2|m2|| to ");
    return 0;
}

/* --- reactions ---------------------------------------------------------------------------- */

static char set[256];

static void keep_set(const char *const *reactions, size_t n, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(set);
        snprintf(set + len, sizeof set - len, "%s ", reactions[i]);
    }
}

static const char *reactions(struct fixture *f, const char *id)
{
    const struct sj_owner owner = fixture_owner(1);
    set[0] = '\0';
    sj_store_reactions_get(f->store, &owner, "juliet", id, keep_set, NULL, NULL);
    return set;
}

BOTH(keeps_the_last_set_of_reactions)                                /* G444-03 */
{
    static const char *const two[] = {"\xf0\x9f\x91\x8d", "\xe2\x9d\xa4"};
    const struct sj_owner owner = fixture_owner(1);
    fixture_register(f, 1);
    uint64_t before = fixture_records(f);
    cr_expect_str_eq(reactions(f, "4711"), "");
    sj_store_reactions_put(f->store, &owner, "juliet", "4711", two, 2);
    cr_expect_str_eq(reactions(f, "4711"), "\xf0\x9f\x91\x8d \xe2\x9d\xa4 ");
    fixture_reopen(f);
    cr_expect_str_eq(reactions(f, "4711"), "\xf0\x9f\x91\x8d \xe2\x9d\xa4 ");
    cr_expect_str_eq(reactions(f, "4712"), "");
    sj_store_reactions_put(f->store, &owner, "juliet", "4711", two, 1);
    fixture_reopen(f);
    cr_expect_str_eq(reactions(f, "4711"), "\xf0\x9f\x91\x8d ");
    cr_expect_eq(fixture_records(f), before + 2);
    sj_store_reactions_put(f->store, &owner, "juliet", "4711", NULL, 0);
    cr_expect_str_eq(reactions(f, "4711"), "");
    fixture_reopen(f);
    cr_expect_str_eq(reactions(f, "4711"), "");
    cr_expect_eq(fixture_records(f), before);
    return 0;
}

/* --- bounds ------------------------------------------------------------------------------- */

#define DAY_MS ((int64_t)MESSAGE_DAY_MS)

static void put_many(struct fixture *f, unsigned i, unsigned from, unsigned n)
{
    char id[16], network_id[16];
    for (unsigned k = from; k < from + n; k++) {
        snprintf(id, sizeof id, "m%u", k);
        snprintf(network_id, sizeof network_id, "n%u", k);
        put(f, i, network_id, id);
    }
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
}

BOTH(takes_out_what_is_too_old_and_nothing_else)
{
    /* From midnight: days are counted, and the hours below are to be of one day. */
    fixture_advance(f, DAY_MS - sj_loop_utc_ms(f->loop) % DAY_MS);
    for (unsigned i = 1; i <= 3; i++)
        fixture_register(f, i);
    uint64_t none = fixture_records(f);
    put_many(f, 1, 0, 300);
    put_many(f, 3, 0, 5);
    fixture_advance(f, 20 * DAY_MS);
    put_many(f, 1, 300, 10);
    put_many(f, 2, 0, 10);
    fixture_advance(f, 10 * DAY_MS);
    fixture_advance(f, DAY_MS / 12);
    cr_expect_eq(fixture_records(f), none + 3 * 325);        /* 30 days are not over */
    fixture_advance(f, DAY_MS);
    cr_expect_eq(fixture_records(f), none + 3 * 20);
    cr_expect_str_eq(by_id(f, 1, "juliet", "m299"), "");
    cr_expect_str_eq(by_id(f, 1, "juliet", "m300"), "n300|m300||own");
    cr_expect_str_eq(by_id(f, 2, "juliet", "m0"), "n0|m0||own");
    cr_expect_str_eq(by_id(f, 3, "juliet", "m0"), "");
    return 0;
}

/* A clock that was wrong for some hours costs nobody the ids. */
BOTH(believes_a_jump_of_the_clock_after_a_day)
{
    fixture_register(f, 1);
    put_many(f, 1, 0, 5);
    uint64_t all = fixture_records(f);
    sj_loop_test_advance(f->loop, DAY_MS / 24);
    sj_loop_test_jump(f->loop, 400 * DAY_MS);
    sj_loop_test_advance(f->loop, DAY_MS / 24 * 23);
    cr_expect_eq(fixture_records(f), all);
    sj_loop_test_jump(f->loop, -400 * DAY_MS);
    sj_loop_test_advance(f->loop, DAY_MS);
    cr_expect_eq(fixture_records(f), all);
    sj_loop_test_jump(f->loop, 400 * DAY_MS);    /* this one is meant */
    sj_loop_test_advance(f->loop, 2 * DAY_MS);
    cr_expect_lt(fixture_records(f), all);
    return 2;
}

BOTH(keeps_a_bounded_number_for_each_owner)
{
    fixture_register(f, 1);
    fixture_register(f, 2);
    put_many(f, 2, 0, 1);
    uint64_t none = fixture_records(f);
    put_many(f, 1, 0, SJ_STORE_MESSAGES_MAX);
    cr_expect_eq(fixture_records(f), none + 3 * SJ_STORE_MESSAGES_MAX);
    put_many(f, 1, SJ_STORE_MESSAGES_MAX, 50);
    cr_expect_eq(fixture_records(f), none + 3 * SJ_STORE_MESSAGES_MAX);
    cr_expect_str_eq(by_id(f, 1, "juliet", "m49"), "");
    cr_expect_str_neq(by_id(f, 1, "juliet", "m50"), "");
    cr_expect_str_neq(by_id(f, 1, "juliet", "m20049"), "");
    cr_expect_str_neq(by_id(f, 2, "juliet", "m0"), "");
    return 0;
}

/* --- damage ------------------------------------------------------------------------------- */

static void flip_last(unsigned char *p, size_t *n)
{
    p[*n - 1] ^= 1;
}

static void cut_short(unsigned char *p, size_t *n)
{
    (void)p;
    *n = 5;
}

BOTH(passes_over_damaged_records)
{
    fixture_register(f, 1);
    put(f, 1, "4711", "m1");
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    fixture_tamper(f, STORE_MESSAGE, flip_last);     /* the lead leads to nowhere now */
    cr_expect_str_eq(by_id(f, 1, "juliet", "m1"), "");
    cr_expect_str_eq(by_network(f, 1, "juliet", "4711"), "");
    fixture_tamper(f, STORE_MESSAGE, cut_short);
    cr_expect_str_eq(by_id(f, 1, "juliet", "m1"), "");
    cr_expect_str_eq(by_network(f, 1, "juliet", "4711"), "");
    put(f, 1, "4711", "m1");                         /* written anew it is whole */
    fixture_reopen(f);
    cr_expect_str_eq(by_id(f, 1, "juliet", "m1"), "4711|m1||own");
    return 2;
}

BOTH(goes_on_past_a_damaged_order)
{
    fixture_register(f, 1);
    put(f, 1, "4711", "m1");
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    fixture_tamper(f, STORE_MESSAGE_ORDER, cut_short);
    put(f, 1, "4712", "m2");
    put(f, 1, "4711", "m1");
    cr_assert_eq(sj_store_flush(f->store, NULL), SJ_OK);
    for (int i = 0; i < 10; i++)
        fixture_advance(f, DAY_MS);
    cr_expect_str_eq(by_id(f, 1, "juliet", "m1"), "4711|m1||own");
    cr_expect_str_eq(by_id(f, 1, "juliet", "m2"), "4712|m2||own");
    return 0;
}
