/* SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <json-c/json.h>
#include <string.h>

#include "mx_json.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* The text as a body that comes in pieces of `step` bytes; NULL: it is refused. */
static struct json_object *read_body(const char *text, size_t step)
{
    struct mx_body b;
    size_t n = strlen(text);
    mx_body_init(&b);
    for (size_t at = 0; at < n; at += step)
        mx_body_add(&b, text + at, n - at < step ? n - at : step);
    struct json_object *o = mx_body_take(&b);
    mx_body_release(&b);
    return o;
}

Test(mx_json, reads_bodies_in_any_pieces)
{
    static const char *const good[] = {"{}", " {\"a\":[1,2]} \r\n", "{\"a\":\"\xc3\xa9\"}\n"};
    static const char *const bad[] = {
        "", "[]", "1", "\"x\"", "null", "{", "{\"a\":1", "{}{}", "{} x", "{\"a\":}",
        "{\"a\":1,}", "nonsense", "<html></html>",
    };
    for (size_t step = 1; step < 20; step++) {
        for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
            struct json_object *o = read_body(good[i], step);
            cr_expect_not_null(o, "%s in pieces of %zu", good[i], step);
            json_object_put(o);
        }
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            struct json_object *o = read_body(bad[i], step);
            cr_expect_null(o, "%s in pieces of %zu", bad[i], step);
            json_object_put(o);
        }
    }
}

Test(mx_json, refuses_what_is_nested_too_deep)
{
    char *text = sj_malloc(60001);
    size_t n = 0;
    for (unsigned i = 0; i < 10000; i++, n += 5)
        memcpy(text + n, "{\"a\":", 5);
    text[n] = '\0';
    cr_expect_null(read_body(text, 4096));
    sj_free(text);
}

Test(mx_json, gives_what_has_the_right_type_only)
{
    struct json_object *o = read_body(
        "{\"s\":\"text\",\"i\":42,\"d\":1.5e3,\"f\":1.5,\"b\":true,\"n\":null,\"o\":{},\"a\":[1,"
        "\"x\",{}],\"nul\":\"a\\u0000b\",\"huge\":99999999999999999999999,\"big\":1e300,"
        "\"minus\":-1,\"latin\":\"\xff\"}", 4096);
    int64_t i = 7;
    cr_assert_not_null(o);
    cr_expect_str_eq(mx_json_text(o, "s", 4), "text");
    cr_expect_null(mx_json_text(o, "s", 3), "too long");
    cr_expect_null(mx_json_text(o, "i", 10));
    cr_expect_null(mx_json_text(o, "n", 10));
    cr_expect_null(mx_json_text(o, "nul", 10), "holds a NUL");
    cr_expect_null(mx_json_text(o, "latin", 10), "is no UTF-8");
    cr_expect_null(mx_json_text(o, "missing", 10));
    cr_expect_null(mx_json_text(NULL, "s", 10));
    cr_expect(mx_json_int(o, "i", 0, 100, &i) && i == 42);
    cr_expect(mx_json_int(o, "d", 0, 10000, &i) && i == 1500);
    cr_expect_not(mx_json_int(o, "f", 0, 100, &i));
    cr_expect_not(mx_json_int(o, "i", 43, 100, &i));
    cr_expect_not(mx_json_int(o, "huge", 0, INT64_MAX / 2, &i));
    cr_expect_not(mx_json_int(o, "big", 0, INT64_MAX, &i));
    cr_expect_not(mx_json_int(o, "minus", 0, 100, &i));
    cr_expect_not(mx_json_int(o, "s", 0, 100, &i));
    cr_expect_eq(i, 1500, "what is refused changes nothing");
    cr_expect(mx_json_is_true(o, "b"));
    cr_expect_not(mx_json_is_true(o, "i"));
    cr_expect_not_null(mx_json_object(o, "o"));
    cr_expect_null(mx_json_object(o, "a"));
    cr_expect_eq(mx_json_length(mx_json_array(o, "a")), 3);
    cr_expect_null(mx_json_at(mx_json_array(o, "a"), 0));
    cr_expect_str_eq(mx_json_text_at(mx_json_array(o, "a"), 1, 5), "x");
    cr_expect_not_null(mx_json_at(mx_json_array(o, "a"), 2));
    cr_expect_null(mx_json_at(mx_json_array(o, "a"), 3));
    json_object_put(o);
}

Test(mx_json, quotes_secrets_or_refuses_them)
{
    char out[32];
    cr_expect(mx_json_quote(out, sizeof out, "a\"\\\n\xc3\xa9"));
    cr_expect_str_eq(out, "\"a\\\"\\\\\\u000a\xc3\xa9\"");
    cr_expect_not(mx_json_quote(out, sizeof out, "much too long for a buffer of thirty-two"));
}

Test(mx_json, cleans_text_for_people)
{
    static const struct {
        const char *in;
        bool lines;
        size_t max;
        const char *out;
    } rows[] = {
        {"a\r\nb\rc\x01\x7f\td", true, 100, "a\nb\nc\td"},
        {"a\r\nb\tc", false, 100, "a b c"},
        {"\xc3\xa9\xc3\xa9", true, 3, "\xc3\xa9"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sj_strbuf out;
        sj_strbuf_init(&out, 200);
        mx_text_clean(&out, rows[i].in, rows[i].max, rows[i].lines);
        cr_expect_str_eq(out.s, rows[i].out, "row %zu: %s", i, out.s);
        sj_strbuf_release(&out);
    }
}
