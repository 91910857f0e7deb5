/* SPDX-License-Identifier: MPL-2.0 */
/* What may be asked for, and of whom: URLs (RFC 3986, split by libcurl's own parser so that there
 * are no two opinions), schemes, ports, headers (RFC 9110 §5), addresses. The same checks hold for
 * a request and for each redirect. Odd spellings of IPv4 addresses are made normal by libcurl;
 * whatever a name hides, the address is judged when it is connected to. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "http_priv.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define CHECK_HOST_MAX 253u     /* RFC 1035 §2.3.4 */

/* Ports of protocols that a well-formed HTTP request could be smuggled into: the list of the WHATWG
 * Fetch standard, §2.9 "Port blocking". */
static const uint16_t check_ports[] = {
    0,    1,    7,    9,    11,   13,   15,   17,   19,   20,   21,   22,   23,   25,
    37,   42,   43,   53,   69,   77,   79,   87,   95,   101,  102,  103,  104,  109,
    110,  111,  113,  115,  117,  119,  123,  135,  137,  139,  143,  161,  179,  389,
    427,  465,  512,  513,  514,  515,  526,  530,  531,  532,  540,  548,  554,  556,
    563,  587,  601,  636,  989,  990,  993,  995,  1719, 1720, 1723, 2049, 3659, 4045,
    4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
};

/* Headers that frame a message or belong to the connection: ours and libcurl's business. */
static const char *const check_headers[] = {
    "Connection", "Content-Length", "Expect", "Host", "Keep-Alive", "Proxy-Authorization",
    "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Accept-Encoding",
};

/* ---- URLs ---- */

void http_url_release(struct http_url *url)
{
    sj_secret_free(&url->text);
    sj_free(url->host);
    *url = (struct http_url){0};
}

bool http_url_same_origin(const struct http_url *a, const struct http_url *b)
{
    return a->https == b->https && a->port == b->port && strcmp(a->host, b->host) == 0;
}

static bool check_port_is_open(uint16_t port)
{
    for (size_t i = 0; i < sizeof check_ports / sizeof check_ports[0]; i++) {
        if (check_ports[i] == port)
            return false;
    }
    return true;
}

/* One part, copied into memory of ours; NULL: there is none. */
static char *check_part(CURLU *u, CURLUPart part, unsigned flags)
{
    char *text = NULL;
    if (curl_url_get(u, part, &text, flags) != CURLUE_OK)
        return NULL;
    char *copy = sj_strdup(text);
    curl_free(text);
    return copy;
}

static bool check_name_is_good(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_");
    return n > 0 && name[n] == '\0' && n <= CHECK_HOST_MAX && name[0] != '.';
}

/* Makes the host of u what names are looked up and compared by: lower case, no final dot. Names are
 * ASCII as in RFC 3986: international ones come in their A-label form (libcurl could convert them
 * in some locales only, and its 7.88 loses memory where it cannot). */
static bool check_host(struct http_url *out, CURLU *u)
{
    char *zone = check_part(u, CURLUPART_ZONEID, 0);
    char *host = zone ? NULL : check_part(u, CURLUPART_HOST, 0);
    sj_free(zone);
    if (!host)
        return false;
    for (char *p = host; *p; p++)
        *p = sj_ascii_lower(*p);
    size_t n = strlen(host);
    if (n > 1 && host[n - 1] == '.')
        host[--n] = '\0';
    bool good = curl_url_set(u, CURLUPART_HOST, host, 0) == CURLUE_OK;
    struct in6_addr address;
    if (host[0] == '[' && host[n - 1] == ']') {
        host[n - 1] = '\0';
        memmove(host, host + 1, n - 1);
        out->numeric = good = good && inet_pton(AF_INET6, host, &address) == 1;
    } else {
        good = good && check_name_is_good(host);
        out->numeric = good && inet_pton(AF_INET, host, &address) == 1;
    }
    out->host = host;
    return good;
}

static enum sj_status check_scheme(struct http_url *out, CURLU *u, bool allow_http,
                                   struct sj_error *err)
{
    char *scheme = check_part(u, CURLUPART_SCHEME, 0);
    out->https = scheme && strcmp(scheme, "https") == 0;
    bool http = scheme && strcmp(scheme, "http") == 0;
    sj_free(scheme);
    if (out->https || (http && allow_http))
        return SJ_OK;
    if (http)
        return sj_fail(err, SJ_DENIED, "only links that begin with https:// are used");
    return sj_fail(err, SJ_DENIED, "only web links are used");
}

/* libcurl reads the text once more when the request starts; what it finds then must be what was
 * judged here ("121." is a name, and without its dot an address). */
static bool check_is_settled(const struct http_url *url)
{
    CURLU *u = curl_url();
    struct http_url again = {0};
    char *text = NULL;
    if (curl_url_set(u, CURLUPART_URL, url->text, CURLU_DISALLOW_USER) == CURLUE_OK &&
        check_host(&again, u))
        text = check_part(u, CURLUPART_URL, 0);
    bool settled = text && strcmp(text, url->text) == 0 && strcmp(again.host, url->host) == 0;
    sj_secret_free(&text);
    http_url_release(&again);
    curl_url_cleanup(u);
    return settled;
}

static enum sj_status check_parts(struct http_url *out, CURLU *u, bool allow_http,
                                  struct sj_error *err)
{
    if (check_scheme(out, u, allow_http, err) != SJ_OK)
        return SJ_DENIED;
    if (!check_host(out, u))
        return sj_fail(err, SJ_INVALID, "the host of the link is malformed");
    char *port = check_part(u, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    int64_t number = 0;
    bool known = port && sj_parse_int(port, 0, UINT16_MAX, &number);
    sj_free(port);
    if (!known)
        return sj_fail(err, SJ_INVALID, "the port of the link is malformed");
    out->port = (uint16_t)number;
    if (!check_port_is_open(out->port))
        return sj_fail(err, SJ_DENIED, "port %u is not used for web links", (unsigned)out->port);
    if (curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK)
        out->text = check_part(u, CURLUPART_URL, 0);
    if (!out->text || strlen(out->text) > SJ_HTTP_URL_MAX)
        return sj_fail(err, SJ_INVALID, "the link is too long");
    if (!check_is_settled(out))
        return sj_fail(err, SJ_INVALID, "the host of the link is malformed");
    return SJ_OK;
}

static enum sj_status check_library_verdict(CURLUcode code, struct sj_error *err)
{
    if (code == CURLUE_USER_NOT_ALLOWED)
        return sj_fail(err, SJ_INVALID, "a link with a user name in it is not used");
    if (code == CURLUE_UNSUPPORTED_SCHEME)
        return sj_fail(err, SJ_DENIED, "only web links are used");
    return sj_fail(err, SJ_INVALID, "this is not a complete web link");
}

enum sj_status http_url_parse(struct http_url *out, const struct http_url *base, const char *text,
                              bool allow_http, struct sj_error *err)
{
    *out = (struct http_url){0};
    if (!text || strnlen(text, SJ_HTTP_URL_MAX + 1) > SJ_HTTP_URL_MAX)
        return sj_fail(err, SJ_INVALID, "the link is missing or too long");
    CURLU *u = curl_url();
    CURLUcode code = CURLUE_OK;
    if (base)
        code = curl_url_set(u, CURLUPART_URL, base->text, CURLU_DISALLOW_USER);
    if (code == CURLUE_OK)
        code = curl_url_set(u, CURLUPART_URL, text, CURLU_DISALLOW_USER | CURLU_URLENCODE);
    enum sj_status status;
    if (code == CURLUE_OK)
        status = check_parts(out, u, allow_http, err);
    else
        status = check_library_verdict(code, err);
    curl_url_cleanup(u);
    if (status != SJ_OK)
        http_url_release(out);
    return status;
}

/* ---- headers ---- */

/* RFC 9110 §5.6.2: token. */
static bool check_is_token(const char *s)
{
    size_t n = strspn(s, "!#$%&'*+-.^_`|~0123456789"
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    return n > 0 && s[n] == '\0';
}

/* RFC 9110 §5.5: no control characters but tab. */
static bool check_is_value(const char *s)
{
    for (; *s; s++) {
        if ((unsigned char)*s < 0x20 ? *s != '\t' : *s == 0x7F)
            return false;
    }
    return true;
}

static bool check_is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof check_headers / sizeof check_headers[0]; i++) {
        if (sj_ascii_casecmp(name, check_headers[i]) == 0)
            return true;
    }
    return false;
}

static bool check_header(const struct sj_http_header *h)
{
    if (!h->name || !h->value)
        return false;
    size_t n = strnlen(h->name, SJ_HTTP_HEADER_MAX + 1) + strnlen(h->value, SJ_HTTP_HEADER_MAX + 1);
    return n <= SJ_HTTP_HEADER_MAX && check_is_token(h->name) && check_is_value(h->value) &&
           !check_is_reserved(h->name);
}

/* libcurl's memory is wiped when it is freed (http_multi.c), so the list needs no care. */
static void headers_add(struct curl_slist **list, const struct sj_http_header *h)
{
    size_t size = strlen(h->name) + strlen(h->value) + 3;
    char *line = sj_malloc(size);
    if (h->value[strspn(h->value, " \t")])
        snprintf(line, size, "%s: %s", h->name, h->value);
    else
        snprintf(line, size, "%s;", h->name);       /* libcurl's way to say "empty" */
    *list = curl_slist_append(*list, line);
    sj_secret_free(&line);
}

enum sj_status http_headers_build(struct curl_slist **out, const struct sj_http_header *headers,
                                  size_t n, struct sj_error *err)
{
    if (n > SJ_HTTP_HEADERS_MAX)
        return sj_fail(err, SJ_INVALID, "too many headers for a web request");
    for (size_t i = 0; i < n; i++) {
        if (!check_header(&headers[i]))
            return sj_fail(err, SJ_INVALID, "a header of the web request cannot be sent");
    }
    for (size_t i = 0; i < n; i++)
        headers_add(out, &headers[i]);
    return SJ_OK;
}

/* ---- addresses ---- */

bool http_address_allowed(const struct sj_http *http, const struct sockaddr *address)
{
    if (sj_ipaddr_is_public(address))
        return true;
    for (size_t i = 0; i < http->n_allowed; i++) {
        if (sj_subnet_has(&http->allowed[i], address))
            return true;
    }
    return false;
}
