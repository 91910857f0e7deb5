/* SPDX-License-Identifier: MPL-2.0 */
#include "sojourn/file_name.h"

#include <criterion/criterion.h>
#include <string.h>

#include "sojourn/memory.h"

/* GFIL-06 */
Test(file_name, keeps_data_and_no_path)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"cat.png", "cat.png"},
        {"../../etc/passwd", "passwd"},
        {"C:\\Windows\\system.ini", "system.ini"},
        {"a/..", ""},
        {"..", ""},
        {"...cat.png", "cat.png"},
        {".bashrc", "bashrc"},
        {"  cat .png ", "cat .png"},
        {"cat\n\t\033[2J.png", "cat[2J.png"},
        {"\xe2\x80\xaegnp.exe", "gnp.exe"},              /* U+202E: written backwards */
        {"\xc3\xa4\xff.png", "\xc3\xa4.png"},
        {"caf\xc3\xa9 \xf0\x9f\x98\xba.jpeg", "caf\xc3\xa9 \xf0\x9f\x98\xba.jpeg"},
        {"dir/", ""},
        {"", ""},
        {NULL, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[SJ_FILE_NAME_MAX + 1];
        cr_expect_eq(sj_file_name(out, rows[i].text), rows[i].want[0] != '\0', "row %zu", i);
        cr_expect_str_eq(out, rows[i].want, "row %zu", i);
    }
}

/* GFIL-06 */
Test(file_name, that_is_too_long_keeps_its_ending)
{
    char text[5000];
    char out[SJ_FILE_NAME_MAX + 1];

    memset(text, 'a', sizeof text);
    memcpy(text + 1000, ".jpeg", 6);
    cr_assert(sj_file_name(out, text));
    cr_expect_eq(strlen(out), SJ_FILE_NAME_MAX);
    cr_expect_str_eq(out + SJ_FILE_NAME_MAX - 5, ".jpeg");
    memset(text, 'b', sizeof text);
    text[sizeof text - 1] = '\0';
    cr_assert(sj_file_name(out, text));
    cr_expect_eq(strlen(out), SJ_FILE_NAME_MAX);
}

/* GFIL-06 */
Test(file_name, is_read_from_a_url_after_decoding)
{
    static const struct {
        const char *url, *want;
    } rows[] = {
        {"https://up.test/abc/cat.png", "cat.png"},
        {"https://up.test/abc/my%20cat.png?token=x#y", "my cat.png"},
        {"https://up.test/abc/..%2f..%2Fpasswd", "passwd"},
        {"https://up.test/a%00b.png", "b.png"},
        {"https://up.test/100%.png", "100%.png"},
        {"https://up.test/%zz", "%zz"},
        {"https://up.test/", ""},
        {"https://up.test", ""},
        {"https://up.test?x=/a.png", ""},
        {"cat.png", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[SJ_FILE_NAME_MAX + 1];
        cr_expect_eq(sj_file_name_of_url(out, rows[i].url), rows[i].want[0] != '\0', "row %zu", i);
        cr_expect_str_eq(out, rows[i].want, "row %zu", i);
    }
}

Test(file_name, media_types_are_type_and_subtype)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"image/png", "image/png"},
        {"Text/Plain; charset=utf-8", "text/plain"},
        {"application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"},
        {"image", ""}, {"image/", ""}, {"/png", ""}, {"image/p\"ng", ""}, {"", ""}, {NULL, ""},
        {"image/png\r\nX-Evil: yes", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[SJ_MEDIA_TYPE_SIZE];
        cr_expect_eq(sj_media_type(out, rows[i].text), rows[i].want[0] != '\0', "row %zu", i);
        cr_expect_str_eq(out, rows[i].want, "row %zu", i);
    }
}
