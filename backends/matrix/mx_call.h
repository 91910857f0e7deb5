/* SPDX-License-Identifier: MPL-2.0 */
/* A call of the client-server API: one request with its answer, its errors, and its repetitions.
 * Used by the files of this backend only. */
#ifndef MX_CALL_H
#define MX_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "mx_json.h"
#include "sojourn/backend.h"
#include "sojourn/http.h"
#include "sojourn/loop.h"

struct mx_link;

#define MX_ERRCODE_MAX 63u
/* Bytes of an answer's body: of a sync (an initial state of 20 MB is to pass), of anything else. */
#define MX_SYNC_MAX (32u * 1024u * 1024u)
#define MX_ANSWER_MAX (4u * 1024u * 1024u)
#define MX_CALLS_MAX 512u                /* of one link, at work or waiting */
/* A server that asks us to wait longer than this is not waited for. */
#define MX_WAIT_MAX_MS (60 * 60 * 1000)

/* What a call is for: copied, and given back with the answer. */
struct mx_ask {
    sj_op op;
    const char *id;                      /* room, contact, whatever the asker means; or NULL */
    const char *text;                    /* likewise */
    uint64_t number;
};

/* The answer. err.status SJ_OK: the server said yes, json is its object. */
struct mx_answer {
    struct sj_error err;                 /* text for the user: the server's own words if any */
    int http;                            /* status of HTTP, 0: none */
    char errcode[MX_ERRCODE_MAX + 1];    /* "M_FORBIDDEN" or "" */
    struct json_object *json;            /* borrowed, also of an error; NULL: none */
    struct json_object **keep;           /* set to NULL by whoever keeps json */
    uint64_t bytes;                      /* of the body */
    const struct mx_ask *ask;
};

enum {
    MX_CALL_ANONYMOUS = 1u << 0,         /* without the token */
    MX_CALL_REPEAT = 1u << 1,            /* may be asked again when it failed half-way */
    MX_CALL_OUTSIDE = 1u << 2,           /* path is a whole URL, redirects are followed */
    MX_CALL_FORM = 1u << 4,              /* body is a form */
    MX_CALL_LARGE = 1u << 5,             /* the answer may be: a connection of its own */
    MX_CALL_PATIENT = 1u << 3,           /* waits as long as a server asks, whatever the patience */
};

struct mx_call_spec {
    enum sj_http_method method;
    const char *path;                    /* "/_matrix/client/v3/...", encoded */
    const char *body;                    /* JSON; NULL: none (POST and PUT: {}); copied, wiped */
    unsigned flags;
    uint64_t max;                        /* bytes of the answer; 0: MX_ANSWER_MAX */
    int64_t total_ms;                    /* 0: 60 s */
    int64_t patience_ms;                 /* repetitions begin until then; 0: no repetitions */
    struct mx_ask ask;
    /* From the loop top, once, unless the link is ended first. */
    void (*done)(struct mx_link *l, const struct mx_answer *answer);
};

/* Starts; false: too many calls, or nothing that can be asked (done does not come). */
bool mx_call(struct mx_link *l, const struct mx_call_spec *spec, struct sj_error *err);
/* The same with a body that is consumed (json_object_put); path: mx_path's pattern done. */
bool mx_call_json(struct mx_link *l, struct mx_call_spec *spec, struct json_object *body,
                  struct sj_error *err);
/* "Bearer TOKEN" of the link, wiped by the caller (sj_secret_free). */
char *mx_call_bearer(const struct mx_link *l);
/* Gives all up; their operations have this outcome. */
void mx_calls_fail(struct mx_link *l, const struct sj_error *err);
/* Gives up those with that callback, silently. */
void mx_calls_cancel(struct mx_link *l,
                     void (*done)(struct mx_link *l, const struct mx_answer *answer));
/* The same of all. */
void mx_calls_drop(struct mx_link *l);

/* The end that a failed login or poll means. */
enum sj_end mx_answer_end(const struct mx_answer *a);
static inline bool mx_answer_is(const struct mx_answer *a, const char *errcode)
{
    return a->err.status != SJ_OK && strcmp(a->errcode, errcode) == 0;
}

#endif
