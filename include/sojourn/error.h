/* SPDX-License-Identifier: MPL-2.0 */
/* Statuses and error texts that cross rooms.
 *
 * A function that can fail for reasons outside our control returns enum sj_status; SJ_OK is 0.
 * `text` may be shown to the user who caused the error: no secret, path or other user's data. */
#ifndef SOJOURN_ERROR_H
#define SOJOURN_ERROR_H

#include <stdint.h>

/* name, short text for logs */
#define SJ_STATUS_LIST(X)                              \
    X(OK, "ok")                                        \
    X(INVALID, "invalid")                              \
    X(NOTFOUND, "not found")                           \
    X(EXISTS, "exists already")                        \
    X(AUTH, "credentials refused")                     \
    X(DENIED, "not permitted")                         \
    X(NOTALLOWED, "not permitted to anybody")          \
    X(OFFLINE, "peer is offline, nothing stored")      \
    X(UNREACHABLE, "no live link")                     \
    X(UNREGISTERED, "not registered")                  \
    X(UNACCEPTABLE, "not acceptable")                  \
    X(UNSUPPORTED, "not supported")                    \
    X(UNAVAILABLE, "service unavailable")              \
    X(LIMIT, "limit reached")                          \
    X(TIMEOUT, "timed out")                            \
    X(REMOTE, "refused by the network")                \
    X(CANCELED, "canceled")                            \
    X(INTERNAL, "internal error")

enum sj_status {
#define SJ_STATUS_ENUM(name, text) SJ_##name,
    SJ_STATUS_LIST(SJ_STATUS_ENUM)
#undef SJ_STATUS_ENUM
    SJ_STATUS_COUNT
};

#define SJ_ERROR_TEXT_MAX 200
#define SJ_ERROR_PARTS_MAX 3

/* Initialise by name ({.status = SJ_OK}). What stands behind text belongs to error.c. */
struct sj_error {
    enum sj_status status;
    char text[SJ_ERROR_TEXT_MAX];    /* UTF-8, may be empty */
    const char *lang;                /* of text: xml:lang, static; NULL: English */
    const char *format;              /* how text came about, for another language; or NULL */
    struct {
        uint8_t at, n;               /* where in text the arguments stand */
    } part[SJ_ERROR_PARTS_MAX];
};

/* Fills err (may be NULL) with status and a formatted text, cut on a code point. Returns status.
 * fmt is a literal: it is kept by pointer. It can be said in another language when it has at most
 * SJ_ERROR_PARTS_MAX arguments, each %s, %u, %d, %zu, %lu or %lld. */
enum sj_status sj_fail(struct sj_error *err, enum sj_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts text into the user's language (BCP 47, or NULL) where there is a translation, and says so
 * in lang; arguments that are texts of ours too are translated with it. Once: a translated text
 * stays as it is. */
void sj_error_translate(struct sj_error *err, const char *lang);

/* Short English text of a status, static. Any value is allowed. */
const char *sj_status_text(enum sj_status status);

#endif
