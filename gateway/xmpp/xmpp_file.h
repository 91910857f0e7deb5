/* SPDX-License-Identifier: MPL-2.0 */
/* Part of xmpp.h (include that one): files in messages, and places where files can be put for users
 * to fetch (XEP-0363). This room reads and writes what stands in stanzas; it moves no file. */
#ifndef SOJOURN_XMPP_FILE_H
#define SOJOURN_XMPP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/digest.h"
#include "sojourn/error.h"

struct xmpp;

/* A file that lies under a URL. */
struct xmpp_file {
    const char *url;             /* https: or http:, at most SJ_URL_MAX bytes */
    const char *name;            /* data, never a path, at most SJ_FILE_NAME_MAX; or NULL */
    const char *media_type;      /* type/subtype, or NULL */
    uint64_t size;               /* bytes; 0 unknown */
    uint32_t width, height;      /* pixels; 0 unknown */
    uint32_t length_ms;          /* 0 unknown */
    enum sj_digest_kind hash_kind;       /* going out: SHA-256 or none */
    const uint8_t *hash;         /* sj_digest_size(hash_kind) bytes */
    const char *caption;         /* in only: what was said beside it, or NULL */
};

/* A place for one file, asked for by xmpp_slot_get. */
struct xmpp_slot_ask {
    const char *user;            /* bare JID: whose server is asked when ours has nothing */
    const char *name;            /* or NULL */
    const char *media_type;      /* or NULL */
    uint64_t size;               /* exactly */
    uint64_t ticket;             /* the asker's own, comes back; 0 is none */
};
#define XMPP_SLOT_HEADERS_MAX 16u
struct xmpp_slot {
    uint64_t ticket;
    struct sj_error err;         /* SJ_OK; SJ_NOTFOUND no service; SJ_LIMIT too large for it;
                                    SJ_DENIED it refuses us; SJ_TIMEOUT no answer, or it is busy;
                                    SJ_REMOTE nonsense. text is for the user */
    uint64_t size_max;           /* with SJ_LIMIT: what it takes; 0 unknown */
    bool trusted;                /* the admin or our own server named it: it may lie anywhere */
    const char *put, *get;
    size_t n_headers;            /* to send with the put, in this order */
    struct {
        const char *name, *value;
    } header[XMPP_SLOT_HEADERS_MAX];
};
/* Members of struct xmpp_in; non-NULL. */
struct xmpp_in_file {
    void (*slot)(void *ctx, unsigned host, const struct xmpp_slot *);
};

/* Asks for a place. in->file.slot follows once, never from inside this call. All copied. */
void xmpp_slot_get(struct xmpp *, unsigned host, const struct xmpp_slot_ask *);
/* Nobody waits any more: no answer follows. */
void xmpp_slot_forget(struct xmpp *, unsigned host, uint64_t ticket);

/* Which upload service to use (struct xmpp_options.upload). */
struct xmpp_upload_options {
    bool none;                   /* there is to be none */
    const char *service;         /* its JID; NULL: found by service discovery */
    bool allow_http;             /* URLs may be http: */
};

#endif
