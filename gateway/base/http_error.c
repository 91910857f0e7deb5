/* SPDX-License-Identifier: MPL-2.0 */
/* Why a request failed, in words for the user who caused it. They name the host, never path, query
 * or headers. libcurl's own texts are not used: they quote the other side. */
#include <openssl/x509.h>
#include <string.h>

#include "http_priv.h"
#include "sojourn/translate.h"

static void error_of_connect(const struct http_request *r, struct sj_error *err)
{
    long cause = 0;
    if (r->refused) {
        sj_fail(err, SJ_DENIED, "%s is not in the public internet", r->url.host);
        return;
    }
    curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &cause);
    sj_fail(err, SJ_UNREACHABLE, "cannot connect to %s port %u: %s", r->url.host,
            (unsigned)r->url.port, cause ? strerror((int)cause) : N_("no address answers"));
}

static void error_of_certificate(const struct http_request *r, struct sj_error *err)
{
    long verdict = X509_V_ERR_UNSPECIFIED;
    curl_easy_getinfo(r->easy, CURLINFO_SSL_VERIFYRESULT, &verdict);
    /* libcurl compares names itself, before it notes the verdict on the chain */
    bool chain = verdict != X509_V_OK && verdict != X509_V_ERR_UNSPECIFIED;
    sj_fail(err, SJ_DENIED, "the certificate of %s is refused: %s", r->url.host,
            chain ? X509_verify_cert_error_string(verdict) : N_("it is for another name"));
}

/* The trusted certificates cannot be read: for the operator, once a minute. */
static void error_of_ca_file(const struct http_request *r, struct sj_error *err)
{
    unsigned dropped;
    struct sj_http *http = r->http;
    if (sj_log_allow(&http->ca_limit, sj_loop_now_ms(http->loop), 1, 60000, &dropped))
        sj_log_error(http->log, "trusted certificates cannot be read file=%s dropped=%u",
                     SJ_CLIP(http->ca_file), dropped);
    sj_fail(err, SJ_INTERNAL, "the gateway cannot check certificates at the moment");
}

static void error_of_library(const struct http_request *r, struct sj_error *err)
{
    const char *host = r->url.host;
    switch (r->result) {
    case CURLE_COULDNT_RESOLVE_HOST:
        sj_fail(err, SJ_UNREACHABLE, "cannot look up %s", host);
        return;
    case CURLE_COULDNT_CONNECT:
        error_of_connect(r, err);
        return;
    case CURLE_OPERATION_TIMEDOUT:
        sj_fail(err, SJ_TIMEOUT, "cannot connect to %s: timed out", host);
        return;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        error_of_certificate(r, err);
        return;
    case CURLE_SSL_CACERT_BADFILE:
        error_of_ca_file(r, err);
        return;
    case CURLE_SSL_CONNECT_ERROR:
        sj_fail(err, SJ_UNREACHABLE, "TLS with %s failed", host);
        return;
    case CURLE_FILESIZE_EXCEEDED:
        sj_fail(err, SJ_LIMIT, "the answer of %s is too large", host);
        return;
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        sj_fail(err, SJ_UNREACHABLE, "the connection to %s was lost", host);
        return;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
        sj_fail(err, SJ_INTERNAL, "the web request cannot be set up");
        return;
    default:
        sj_fail(err, SJ_REMOTE, "%s answered something that is not understood", host);
    }
}

bool http_error_get(const struct http_request *r, struct sj_error *err)
{
    *err = (struct sj_error){0};
    if (r->error)
        *err = *r->error;
    else if (r->result != CURLE_OK)
        error_of_library(r, err);
    else if (!r->headed)
        sj_fail(err, SJ_REMOTE, "%s answered something that is not understood", r->url.host);
    else if (r->body.sent < r->body.size && r->status < 300)
        sj_fail(err, SJ_REMOTE, "%s answered before it had received everything", r->url.host);
    return err->status != SJ_OK;
}

enum sj_status sj_http_status_check(int status, struct sj_error *err)
{
    if (status >= 200 && status <= 299)
        return SJ_OK;
    switch (status) {
    case 401:
        return sj_fail(err, SJ_AUTH, "the server asks for a log-in (HTTP status %d)", status);
    case 403:
        return sj_fail(err, SJ_DENIED, "the server does not permit this (HTTP status %d)", status);
    case 404:
    case 410:
        return sj_fail(err, SJ_NOTFOUND, "the server has nothing there (HTTP status %d)", status);
    case 408:
    case 504:
        return sj_fail(err, SJ_TIMEOUT, "the server took too long (HTTP status %d)", status);
    case 413:
        return sj_fail(err, SJ_LIMIT, "this is too large for the server (HTTP status %d)", status);
    case 429:
        return sj_fail(err, SJ_LIMIT, "too much for the server at the moment (HTTP status %d)",
                       status);
    case 507:
        return sj_fail(err, SJ_LIMIT, "the server has no room left (HTTP status %d)", status);
    default:
        return sj_fail(err, SJ_REMOTE, "the server refused it (HTTP status %d)", status);
    }
}
