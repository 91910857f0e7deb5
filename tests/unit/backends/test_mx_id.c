/* SPDX-License-Identifier: MPL-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "mx_id.h"
#include "sojourn/strbuf.h"

/* Matrix ids and what the gateway calls them, both ways. */
static const struct {
    const char *id, *name;
} pairs[] = {
    {"@bob:example.org", "bob:example.org"},
    {"@Bob:example.org", "^bob:example.org"},
    {"@BOB:example.org", "^b^o^b:example.org"},
    {"@a^b:example.org", "a^^b:example.org"},
    {"@a=2fb:example.org", "a=2fb:example.org"},
    {"@a/b+c:example.org:8448", "a/b+c:example.org:8448"},
    {"@x:[::1]:8448", "x:[::1]:8448"},
    {"#Verona:example.org", "#^verona:example.org"},
    {"#caf\xc3\xa9:example.org", "#caf^=c3^=a9:example.org"},
    {"!AbCd:example.org", "!^ab^cd:example.org"},
    {"@#bob:example.org", "@#bob:example.org"},
    {"@!bob:example.org", "@!bob:example.org"},
    {"@@bob:example.org", "@@bob:example.org"},
    {"!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM",
     "!31hne^apx^j_1o-63^dm^frpeqnk^ff^wppnz^wso1^jv^h3og^l^m"},
};

/* G106-12. */
Test(mx_id, names_no_two_ids_alike_and_finds_each_again)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct sj_strbuf name, id, canon;
        sj_strbuf_init(&name, 2000);
        sj_strbuf_init(&id, 2000);
        sj_strbuf_init(&canon, 2000);
        mx_id_encode(&name, pairs[i].id);
        cr_expect_str_eq(name.s, pairs[i].name);
        cr_expect(mx_id_decode(&id, pairs[i].name, NULL), "%s", pairs[i].name);
        cr_expect_str_eq(id.s, pairs[i].id);
        cr_expect(mx_id_canon(&canon, pairs[i].name, NULL));
        cr_expect_str_eq(canon.s, pairs[i].name);
        for (const char *p = name.s; *p; p++)
            cr_expect((unsigned char)*p < 0x80 && !(*p >= 'A' && *p <= 'Z'), "%s", name.s);
        sj_strbuf_release(&name);
        sj_strbuf_release(&id);
        sj_strbuf_release(&canon);
    }
}

Test(mx_id, takes_text_only)
{
    cr_expect(!mx_id_is_room("!a\x8e:hs.test"));
    cr_expect(!mx_id_is_user("@a\xc5:hs.test"));
    cr_expect(!mx_id_is_alias("#\xff:hs.test"));
    cr_expect(!mx_id_is_event("$\xff"));
    cr_expect(mx_id_is_event("$caf\xc3\xa9"));
}

Test(mx_id, takes_what_people_type)
{
    static const struct {
        const char *typed, *server, *name;
    } rows[] = {
        {"@bob:example.org", NULL, "bob:example.org"},
        {"bob", "example.org", "bob:example.org"},
        {"bob", NULL, NULL},
        {"", "example.org", NULL},
        {"@", "example.org", NULL},
        {"#", NULL, NULL},
        {"a b:example.org", NULL, NULL},
        {"bob:", NULL, NULL},
        {"bob:exa mple", NULL, NULL},
        {"bob:example/../x", NULL, NULL},
        {"#room", "example.org", "#room:example.org"},
        {"!", "example.org", NULL},
        {"$event", NULL, NULL},
        {"^=c3:example.org", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sj_strbuf name;
        sj_strbuf_init(&name, 2000);
        cr_expect_eq(mx_id_canon(&name, rows[i].typed, rows[i].server), rows[i].name != NULL,
                     "row %zu", i);
        cr_expect_str_eq(name.s, rows[i].name ? rows[i].name : "", "row %zu", i);
        sj_strbuf_release(&name);
    }
}

Test(mx_id, has_no_ids_without_end)
{
    char id[400];
    memset(id, 'a', sizeof id);
    memcpy(id, "@", 1);
    memcpy(id + 300, ":x", 3);
    cr_expect_not(mx_id_is_user(id));
    memcpy(id, "$", 1);
    id[MX_ID_MAX + 1] = '\0';
    cr_expect_not(mx_id_is_event(id));
    id[MX_ID_MAX] = '\0';
    cr_expect(mx_id_is_event(id));
    cr_expect_not(mx_id_is_event(NULL));
    cr_expect_not(mx_id_is_room("!a b:x"));
}

Test(mx_id, leaves_no_way_out_of_a_path)
{
    struct sj_strbuf path;
    sj_strbuf_init(&path, 200);
    mx_path(&path, "/rooms/*/x/*/*?a=*", "!a/b:c?d#e%", "..", "a.b", "\xc3\xa9&=");
    cr_expect_str_eq(path.s, "/rooms/%21a%2Fb%3Ac%3Fd%23e%25/x/%2E%2E/a.b?a=%C3%A9%26%3D");
    sj_strbuf_release(&path);
}
