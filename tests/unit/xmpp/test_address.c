/* SPDX-License-Identifier: MPL-2.0 */
/* XEP-0106: the vectors of the specification and our own, and what must be refused. */
#include <criterion/criterion.h>

#include "address.h"
#include "sojourn/strbuf.h"

static const struct {
    const char *id, *local;
} vectors[] = {
    {"space cadet", "space\\20cadet"},
    {"call me \"ishmael\"", "call\\20me\\20\\22ishmael\\22"},
    {"at&t guy", "at\\26t\\20guy"},
    {"d'artagnan", "d\\27artagnan"},
    {"/.fanboy", "\\2f.fanboy"},
    {"::foo::", "\\3a\\3afoo\\3a\\3a"},
    {"<foo>", "\\3cfoo\\3e"},
    {"user@host", "user\\40host"},
    {"c:\\net", "c\\3a\\net"},
    {"c:\\\\net", "c\\3a\\\\net"},
    {"c:\\cool stuff", "c\\3a\\cool\\20stuff"},
    {"c:\\5commas", "c\\3a\\5c5commas"},
    {"\\3and\\2is\\5cool", "\\5c3and\\2is\\5c5cool"},
    {"somenick!user\"&'/:<>\\3address", "somenick!user\\22\\26\\27\\2f\\3a\\3c\\3e\\5c3address"},
    {"\\2plus\\2is\\4", "\\2plus\\2is\\4"},
    {"foo\\bar", "foo\\bar"},
    {"foob\\41r", "foob\\41r"},
    {"@alice:example.org", "\\40alice\\3aexample.org"},
    {"\\5c", "\\5c5c"},
    {"\\20", "\\5c20"},
    {"#channel", "#channel"},
    {"nick{}[]|^`-_~", "nick{}[]|^`-_~"},
    {"trailing\\", "trailing\\"},
    {"trailing\\2", "trailing\\2"},
    {"m\xc3\xbcller", "m\xc3\xbcller"},
    {"\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd", "\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd"},     /* Cyrillic */
    {"\xe5\xb1\xb1\xe7\x94\xb0", "\xe5\xb1\xb1\xe7\x94\xb0"},                     /* Han */
    {"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"},     /* Hebrew */
    {"\xe0\xb8\x81\xe0\xb8\xb8\xe0\xb9\x88", "\xe0\xb8\x81\xe0\xb8\xb8\xe0\xb9\x88"}, /* Thai */
};

/* G106-02, G106-03, G106-05, G106-10. */
Test(address, maps_every_vector_both_ways)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        struct sj_strbuf b;
        sj_strbuf_init(&b, 4096);
        cr_expect_eq(address_escape(&b, vectors[i].id), SJ_OK, "%s", vectors[i].id);
        cr_expect_str_eq(b.s, vectors[i].local);
        sj_strbuf_reset(&b);
        cr_expect_eq(address_unescape(&b, vectors[i].local), SJ_OK, "%s", vectors[i].local);
        cr_expect_str_eq(b.s, vectors[i].id);
        sj_strbuf_release(&b);
    }
}

/* G106-04, G106-12, R7622-03. */
Test(address, refuses_ids_that_cannot_be_localparts)
{
    static const char *const ids[] = {
        "",
        " a",
        "a ",
        " ",
        "A",
        "nickName",
        "a\tb",
        "a\x01",
        "a\x7f",
        "\xff",
        "stra\xc3\x9f" "e",             /* sharp s: Nodeprep folds it */
        "\xc3\x84rger",                 /* capital beyond ASCII */
        "\xe2\x85\xa3",                 /* Roman numeral four */
        "\xe2\x99\x9a",                 /* chess king */
        "\xef\xac\x81le",               /* ligature fi */
        "\xef\xbd\x81",                 /* fullwidth a */
        "e\xcc\x81",                    /* would compose */
        "\xcc\x81" "a",                 /* begins with a mark */
        "\xe2\x80\x8d",                 /* joiner */
        "\xc2\xa0",                     /* no-break space */
        "\xe2\x80\xae" "evil",          /* direction override */
        "abc\xd7\xa9",                  /* both directions */
        "\xd7\xa9\xd7\x9c" "1",           /* right to left must end so */
        "\xd7\xa9:\xd7\xa9",            /* its escape has a letter */
        "\xe0\xa7\x87\xe0\xa6\xbe",     /* Bengali pair that composes */
        "\xf0\x9f\x98\x80",             /* emoji */
        "\xed\xa0\x80",                 /* surrogate */
    };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct sj_strbuf b;
        sj_strbuf_init(&b, 4096);
        cr_expect_eq(address_escape(&b, ids[i]), SJ_INVALID, "row %zu: %s", i, ids[i]);
        cr_expect_str_eq(b.s, "");
        sj_strbuf_release(&b);
    }
}

/* G106-04, G106-06. */
Test(address, refuses_localparts_that_no_id_gives)
{
    static const char *const locals[] = {
        "", "\\20a", "a\\20", "foo\\5cbar", "a\\5c", "foo bar", "a@b", "Upper", "a\\2fB",
    };
    for (size_t i = 0; i < sizeof locals / sizeof *locals; i++) {
        struct sj_strbuf b;
        sj_strbuf_init(&b, 4096);
        cr_expect_eq(address_unescape(&b, locals[i]), SJ_INVALID, "row %zu: %s", i, locals[i]);
        cr_expect_str_eq(b.s, "");
        sj_strbuf_release(&b);
    }
}

/* G106-11. */
Test(address, leaves_capital_escapes_alone)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 4096);
    cr_expect_eq(address_unescape(&b, "a\\2F"), SJ_INVALID);     /* never prepared */
    sj_strbuf_release(&b);
}

/* The limit counts the escaped form (G106-13). */
Test(address, holds_the_byte_limit_of_a_localpart)
{
    char id[1100];
    struct sj_strbuf b;
    sj_strbuf_init(&b, 4096);
    memset(id, 'a', sizeof id);
    id[1023] = '\0';
    cr_expect_eq(address_escape(&b, id), SJ_OK);
    id[1023] = 'a';
    id[1024] = '\0';
    sj_strbuf_reset(&b);
    cr_expect_eq(address_escape(&b, id), SJ_INVALID);
    cr_expect_eq(address_unescape(&b, id), SJ_INVALID);
    memset(id, '@', sizeof id);
    id[341] = '\0';
    cr_expect_eq(address_escape(&b, id), SJ_OK);
    cr_expect_eq(b.len, 1023);
    id[341] = '@';
    id[342] = '\0';
    sj_strbuf_reset(&b);
    cr_expect_eq(address_escape(&b, id), SJ_INVALID);
    cr_expect_eq(b.len, 0);
    sj_strbuf_release(&b);
}

Test(address, says_no_when_the_buffer_is_too_small)
{
    struct sj_strbuf b;
    sj_strbuf_init(&b, 3);
    cr_expect_eq(address_escape(&b, "abcd"), SJ_INVALID);
    sj_strbuf_release(&b);
    sj_strbuf_init(&b, 3);
    cr_expect_eq(address_escape(&b, "a@b"), SJ_INVALID);
    sj_strbuf_release(&b);
}
