/* SPDX-License-Identifier: MPL-2.0 */
/* Reads the keys about files and makes the HTTP clients for them. */
#include "transport.h"

#include <string.h>

#include "config.h"
#include "sessions.h"
#include "sojourn/http.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "xmpp.h"

#define TRANSPORT_SUBNETS_MAX 64u
#define TRANSPORT_JID_MAX 3071u

static enum sj_status transport_subnets(const struct config *config,
                                        struct sj_subnet out[TRANSPORT_SUBNETS_MAX], size_t *n,
                                        struct sj_error *err)
{
    const char *text = sj_values_text(&config->gateway, "fetch-networks");
    enum sj_status status = SJ_OK;
    struct sj_error inner = {.status = SJ_OK};
    char *copy = sj_strdup(text ? text : "");
    char *rest, *word;

    *n = 0;
    for (char *at = copy; status == SJ_OK && (word = strtok_r(at, ", \t", &rest)) != NULL;
         at = NULL) {
        if (*n == TRANSPORT_SUBNETS_MAX)
            status = sj_fail(err, SJ_INVALID, "%s: fetch-networks: at most %u networks",
                             config->path, TRANSPORT_SUBNETS_MAX);
        else if (sj_subnet_parse(&out[(*n)++], word, &inner) != SJ_OK)
            status = sj_fail(err, SJ_INVALID, "%s: fetch-networks: %s", config->path, inner.text);
    }
    sj_free(copy);
    return status;
}

enum sj_status transport_check(const struct config *config, struct sj_error *err)
{
    struct sj_subnet subnets[TRANSPORT_SUBNETS_MAX];
    struct sj_strbuf jid;
    const char *service = sj_values_text(&config->gateway, "upload-service");
    enum sj_status status;
    size_t n;

    sj_strbuf_init(&jid, TRANSPORT_JID_MAX);
    if (!xmpp_jid_prepare(service, &jid) || strcmp(jid.s, service) != 0)
        status = sj_fail(err, SJ_INVALID, "%s: upload-service: auto, none, or the address of a "
                         "service in lower case", config->path);
    else
        status = transport_subnets(config, subnets, &n, err);
    sj_strbuf_release(&jid);
    return status;
}

enum sj_status transport_init(struct transport *t, const struct config *config,
                              struct sj_loop *loop, const struct sj_log *log,
                              struct sj_error *err)
{
    struct sj_subnet anywhere[2];        /* both kinds of addresses */
    struct sj_subnet subnets[TRANSPORT_SUBNETS_MAX];
    unsigned at_once = (unsigned)sj_values_number(&config->gateway, "files-at-once");
    struct sj_http_options options = {
        .ca_file = sj_values_text(&config->gateway, "files-ca"), .running_max = at_once,
        .running_host_max = at_once, .waiting_max = at_once, .allowed = subnets};
    enum sj_status status = transport_check(config, err);

    if (status == SJ_OK)
        status = transport_subnets(config, subnets, &options.n_allowed, err);
    if (status != SJ_OK)
        return status;
    t->fetch = sj_http_new(loop, log, &options);
    (void)sj_subnet_parse(&anywhere[0], "0.0.0.0/0", err);
    (void)sj_subnet_parse(&anywhere[1], "::/0", err);
    options.allowed = anywhere;
    options.n_allowed = 2;
    t->upload = sj_http_new(loop, log, &options);
    return SJ_OK;
}

void transport_release(struct transport *t)
{
    sj_http_free(&t->fetch);
    sj_http_free(&t->upload);
}

void transport_options(const struct transport *t, const struct config *config,
                       struct sessions_options *out)
{
    const struct sj_values *v = &config->gateway;

    out->fetch = t->fetch;
    out->upload = t->upload;
    out->files_max = (uint64_t)sj_values_number(v, "files-max-bytes");
    out->upload_max = (uint64_t)sj_values_number(v, "upload-max-bytes");
    out->files_at_once = (unsigned)sj_values_number(v, "files-at-once");
    out->fetch_http = sj_values_number(v, "fetch-http") != 0;
    out->upload_http = sj_values_number(v, "upload-http") != 0;
}

void transport_upload(const struct config *config, struct xmpp_upload_options *out)
{
    const char *service = sj_values_text(&config->gateway, "upload-service");

    out->none = strcmp(service, "none") == 0;
    out->service = strcmp(service, "auto") == 0 ? NULL : service;
    out->allow_http = sj_values_number(&config->gateway, "upload-http") != 0;
}
