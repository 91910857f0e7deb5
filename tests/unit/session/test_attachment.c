/* SPDX-License-Identifier: MPL-2.0 */
#include "attachment.h"

#include <criterion/criterion.h>

#include "sojourn/memory.h"

Test(attachment, is_described_for_people)
{
    static const struct {
        const char *name, *type;
        uint64_t size;
        const char *want;
    } rows[] = {
        {"cat.png", "image/png", 12, "cat.png, 12 bytes"},
        {"cat.png", NULL, 1023, "cat.png, 1023 bytes"},
        {"cat.png", NULL, 1024, "cat.png, 1.0 KiB"},
        {"cat.png", NULL, 3355443, "cat.png, 3.1 MiB"},
        {"cat.png", NULL, UINT64_MAX, "cat.png, 1677721.5 TiB"},
        {NULL, "image/png", 0, "image/png"},
        {"../..", NULL, 5, "without a name, 5 bytes"},
        {"a\nb", NULL, 0, "ab"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct sj_file from = {.name = rows[i].name, .media_type = rows[i].type,
                                     .size = rows[i].size};
        struct attachment *f = attachment_of_network(&from, "");
        struct sj_strbuf out;
        sj_strbuf_init(&out, 1000);
        attachment_describe(&out, f);
        cr_expect_str_eq(out.s, rows[i].want, "%s", out.s);
        cr_expect_null(f->caption);
        sj_strbuf_release(&out);
        sj_free(f);
    }
    cr_expect_null(attachment_of_network(NULL, NULL));
    cr_expect_null(attachment_of_xmpp(NULL));
}
