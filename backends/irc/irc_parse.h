/* SPDX-License-Identifier: MPL-2.0 */
/* One IRC line, taken apart in place. */
#ifndef IRC_PARSE_H
#define IRC_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

#define IRC_PARAMS_MAX 15u

/* The message tags that we use; unescaped, NULL: absent or empty. */
struct irc_tags {
    const char *time;
    const char *msgid;
    const char *label;
    const char *batch;
    const char *typing;              /* +typing */
    bool concat;                     /* draft/multiline-concat */
    const char *reply;               /* +reply or +draft/reply */
    const char *react, *unreact;     /* +draft/react, +draft/unreact */
    bool bot;                        /* the server says that a bot wrote it */
};

/* All members point into the parsed line and are NUL-terminated; the bytes are as they came (no
 * encoding is assumed). */
struct irc_line {
    struct irc_tags tags;
    const char *nick;                /* source: nick or server name; "" without a source */
    const char *user;                /* NULL: none */
    const char *host;                /* NULL: none */
    const char *command;             /* upper case letters or three digits */
    unsigned numeric;                /* 0: no numeric */
    size_t n_params;
    char *param[IRC_PARAMS_MAX];
};

/* Takes the n bytes of s apart (s[n] is NUL; without CR LF) by writing NULs into them. SJ_INVALID:
 * no line of this protocol; s may have been written to. Never reads or writes beyond s[n].
 * Source: RFC 2812 §2.3.1; IRCv3 message tags. */
enum sj_status irc_parse(struct irc_line *out, char *s, size_t n);

/* server-time: "2011-10-19T16:40:51.620Z" to milliseconds since 1970; false: not such a time. */
bool irc_parse_time(const char *s, int64_t *out_ms);

#endif
