/* SPDX-License-Identifier: MPL-2.0 */
/* What is known of one file, kept while its message waits or its bytes pass. */
#ifndef SESSION_ATTACHMENT_H
#define SESSION_ATTACHMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "sojourn/digest.h"
#include "sojourn/strbuf.h"
#include "xmpp.h"

/* One allocation; freed with sj_free. Texts are NULL when unknown. */
struct attachment {
    char *url, *key, *name, *media_type, *caption;
    uint64_t size;               /* 0 unknown */
    uint32_t width, height, length_ms;
    enum sj_digest_kind hash_kind;
    uint8_t hash[SJ_DIGEST_MAX];
};

/* Copies; NULL gives NULL. caption NULL or "": none. */
struct attachment *attachment_of_xmpp(const struct xmpp_file *from);
struct attachment *attachment_of_network(const struct sj_file *from, const char *caption);
struct attachment *attachment_dup(const struct attachment *f);
/* What crosses the contract; borrows from f, key left out. */
struct sj_file attachment_to_network(const struct attachment *f);

/* Appends "cat.png, 3.2 MiB" for people. */
void attachment_describe(struct sj_strbuf *out, const struct attachment *f);
void attachment_add_size(struct sj_strbuf *out, uint64_t bytes);
/* http or https: what everybody may be told. */
bool attachment_url_is_web(const char *url);

#endif
