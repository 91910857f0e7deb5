/* SPDX-License-Identifier: MPL-2.0 */
/* Addresses: what is escaped comes back, what is unescaped goes back, a prepared JID stays as it
 * is (XEP-0106, RFC 7622). */
#include "address.h"
#include "jid.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_id(const char *id)
{
    struct sj_strbuf local, back;
    sj_strbuf_init(&local, 4096);
    sj_strbuf_init(&back, 4096);
    if (address_escape(&local, id) == SJ_OK) {
        assert(local.len >= 1 && local.len <= JID_PART_MAX);
        assert(local.s[strcspn(local.s, " \"&'/:<>@")] == '\0');
        assert(address_unescape(&back, local.s) == SJ_OK);
        assert(strcmp(back.s, id) == 0);
    } else {
        assert(local.len == 0);
    }
    sj_strbuf_release(&local);
    sj_strbuf_release(&back);
}

static void check_local(const char *text)
{
    struct sj_strbuf id, back;
    sj_strbuf_init(&id, 4096);
    sj_strbuf_init(&back, 4096);
    if (address_unescape(&id, text) == SJ_OK) {
        assert(address_escape(&back, id.s) == SJ_OK);
        assert(strcmp(back.s, text) == 0);
    }
    sj_strbuf_release(&id);
    sj_strbuf_release(&back);
}

static void check_jid(const char *text, locale_t fold)
{
    static struct jid one, two;
    if (!jid_parse(&one, text, fold))
        return;
    assert(strlen(one.full) <= JID_MAX && strlen(one.local) <= JID_PART_MAX);
    assert(one.domain[0] != '\0' && strlen(one.domain) <= JID_PART_MAX);
    assert(sj_utf8_valid(one.full, strlen(one.full)));
    /* Preparing is done once: lower case of lower case is the same, but for the few letters whose
     * lower case has a longer encoding than fits. */
    if (jid_parse(&two, one.full, (locale_t)0)) {
        assert(strcmp(one.full, two.full) == 0 && strcmp(one.bare, two.bare) == 0);
        assert(strcmp(one.local, two.local) == 0 && strcmp(one.resource, two.resource) == 0);
    } else {
        assert(false);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = sj_strndup((const char *)data, size);
    locale_t fold = jid_fold_new();
    check_id(text);
    check_local(text);
    check_jid(text, fold);
    check_jid(text, (locale_t)0);
    jid_fold_free(fold);
    sj_free(text);
    return 0;
}
