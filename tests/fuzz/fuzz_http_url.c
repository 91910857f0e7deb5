/* SPDX-License-Identifier: MPL-2.0 */
/* Links of strangers and servers' redirects: what is let through is a web link without user name,
 * in characters that cannot end a line, to a host that can be looked up; and reading it again, as
 * libcurl will, finds the same host. */
#include "http_priv.h"
#include "sojourn/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct http_url *a, const struct http_url *b)
{
    return http_url_same_origin(a, b) && a->numeric == b->numeric && strcmp(a->text, b->text) == 0;
}

static void check_good(const struct http_url *url, bool allow_http)
{
    struct http_url again;
    assert(url->https || allow_http);
    assert(url->port != 0 && url->port != 25);
    assert(strlen(url->text) <= SJ_HTTP_URL_MAX);
    for (const char *p = url->text; *p; p++)
        assert(*p > ' ' && *p < 0x7F);
    assert(strcspn(url->text, "#") == strlen(url->text));
    const char *authority = strstr(url->text, "://") + 3;
    assert(!memchr(authority, '@', strcspn(authority, "/?")));
    size_t n = strspn(url->host, "abcdefghijklmnopqrstuvwxyz0123456789.-_:");
    assert(n > 0 && url->host[n] == 0);
    assert(http_url_parse(&again, NULL, url->text, allow_http, NULL) == SJ_OK);
    assert(same(url, &again));
    http_url_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_url base, url;
    if (size > 3 * SJ_HTTP_URL_MAX)
        return 0;
    char *text = sj_strndup((const char *)data, size);
    assert(http_url_parse(&base, NULL, "https://example.org:8443/a/b?c", false, NULL) == SJ_OK);
    for (int allow_http = 0; allow_http < 2; allow_http++) {
        if (http_url_parse(&url, NULL, text, allow_http, NULL) == SJ_OK)
            check_good(&url, allow_http);
        http_url_release(&url);
        if (http_url_parse(&url, &base, text, allow_http, NULL) == SJ_OK)
            check_good(&url, allow_http);
        http_url_release(&url);
    }
    http_url_release(&base);
    sj_free(text);
    return 0;
}
