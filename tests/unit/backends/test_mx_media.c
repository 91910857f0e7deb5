/* SPDX-License-Identifier: MPL-2.0 */
/* What events of Matrix say of files: addresses of media, names, sizes, captions. */
#include <criterion/criterion.h>
#include <json-c/json.h>

#include "mx_media.h"

#define MXC "mxc://example.org/abcDEF-_123"

TestSuite(mx_media, .timeout = 20);

Test(mx_media, addresses_hold_a_server_and_an_id_and_nothing_strange)
{
    static const char *const good[] = {MXC, "mxc://a/b", "mxc://[::1]:8448/x", "mxc://h:1/x"};
    static const char *const bad[] = {
        "", "mxc://", "mxc:///x", "mxc://a/", "mxc://a", "mxc://a/b/c", "mxc://a/../b",
        "mxc://a/b?c", "mxc://a/b%2f", "mxc://a@b/c", "mxc://a b/c", "http://a/b", "MXC://a/b",
        "mxc://a/b\n", "mxc://a/\xc3\xa9"};
    char longest[MX_MXC_MAX + 2] = "mxc://a/";
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect(mx_mxc_is(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(mx_mxc_is(bad[i]), "%s", bad[i]);
    cr_expect_not(mx_mxc_is(NULL));
    memset(longest + 8, 'x', MX_MXC_MAX - 8);
    cr_expect(mx_mxc_is(longest));
    longest[MX_MXC_MAX] = 'x';
    cr_expect_not(mx_mxc_is(longest));
}

Test(mx_media, kinds_of_messages)
{
    cr_expect_str_eq(mx_media_msgtype("image/png"), "m.image");
    cr_expect_str_eq(mx_media_msgtype("AUDIO/ogg; codecs=opus"), "m.audio");
    cr_expect_str_eq(mx_media_msgtype("video/mp4"), "m.video");
    cr_expect_str_eq(mx_media_msgtype("application/pdf"), "m.file");
    cr_expect_str_eq(mx_media_msgtype("imagery/x"), "m.file");
    cr_expect_str_eq(mx_media_msgtype(NULL), "m.file");
}

struct read {
    struct json_object *root;
    struct sj_file file;
    const char *caption;
    bool found;
};

static struct read read_content(const char *text)
{
    struct read r = {.root = json_tokener_parse(text)};
    cr_assert(r.root, "%s", text);
    r.found = mx_media_read(r.root, &r.file, &r.caption);
    return r;
}

Test(mx_media, a_picture_with_all_that_can_be_said)
{
    struct read r = read_content(
        "{\"msgtype\":\"m.image\",\"body\":\"Look!\",\"filename\":\"rose.png\",\"url\":\"" MXC
        "\",\"info\":{\"mimetype\":\"image/png\",\"size\":12345,\"w\":640,\"h\":480}}");
    cr_assert(r.found);
    cr_expect_str_eq(r.file.key, MXC);
    cr_expect_str_eq(r.file.name, "rose.png");
    cr_expect_str_eq(r.file.media_type, "image/png");
    cr_expect_eq(r.file.size, 12345);
    cr_expect_eq(r.file.width, 640);
    cr_expect_eq(r.file.height, 480);
    cr_expect_str_eq(r.caption, "Look!");
    cr_expect_null(r.file.url);
    json_object_put(r.root);
}

Test(mx_media, without_a_file_name_the_body_is_the_name)
{
    struct read r = read_content("{\"msgtype\":\"m.audio\",\"body\":\"sonnet.ogg\",\"url\":\"" MXC
                                 "\",\"info\":{\"duration\":61000}}");
    cr_assert(r.found);
    cr_expect_str_eq(r.file.name, "sonnet.ogg");
    cr_expect_str_eq(r.caption, "");
    cr_expect_eq(r.file.length_ms, 61000);
    json_object_put(r.root);
    r = read_content("{\"body\":\"same\",\"filename\":\"same\",\"url\":\"" MXC "\"}");
    cr_assert(r.found);
    cr_expect_str_eq(r.caption, "");
    json_object_put(r.root);
}

Test(mx_media, wrong_types_and_numbers_are_as_good_as_missing)
{
    struct read r = read_content(
        "{\"body\":[1],\"filename\":{},\"url\":\"" MXC "\",\"info\":{\"mimetype\":7,\"size\":-1,"
        "\"w\":99999999999999,\"h\":\"480\",\"duration\":1e400}}");
    cr_assert(r.found);
    cr_expect_null(r.file.name);
    cr_expect_null(r.file.media_type);
    cr_expect_eq(r.file.size, 0);
    cr_expect_eq(r.file.width, 0);
    cr_expect_eq(r.file.height, 0);
    cr_expect_eq(r.file.length_ms, 0);
    json_object_put(r.root);
}

Test(mx_media, without_an_address_there_is_no_file)
{
    static const char *const rows[] = {
        "{\"body\":\"x\"}", "{\"body\":\"x\",\"url\":7}", "{\"url\":\"https://a/b\"}",
        "{\"url\":\"mxc://a/../../v3/logout\"}",
        "{\"body\":\"x\",\"file\":{\"url\":\"" MXC "\",\"key\":{}}}"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct read r = read_content(rows[i]);
        cr_expect_not(r.found, "%s", rows[i]);
        json_object_put(r.root);
    }
}
