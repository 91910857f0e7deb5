/* SPDX-License-Identifier: MPL-2.0 */
/* Lines to the server: the only way out. */
#ifndef IRC_SEND_H
#define IRC_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irc_tags.h"
#include "sojourn/backend.h"

struct irc_line;
struct irc_link;

/* RFC 2812 §2.3: 512 bytes with CR LF; LINELEN may allow more, tags come on top. */
#define IRC_LINE_MIN 512u
#define IRC_LINE_MAX 2048u
#define IRC_OUT_MAX (IRC_LINE_MAX + IRC_TAGS_MAX)
/* Bytes of a reason, a status text and the like. */
#define IRC_TEXT_MAX 300u
/* Bytes of lines that wait for their turn, and how long the last may wait for it: the sender of a
 * message is told of a failure after two minutes without an outcome. */
#define IRC_QUEUE_MAX 65536u
#define IRC_QUEUE_MS 60000

/* A line under construction, on the stack; without CR LF. Wipe it when it held a secret. */
struct irc_out {
    size_t n;
    bool failed;                     /* did not fit */
    char s[IRC_OUT_MAX + 2];         /* room for the end of the line */
};

enum irc_urgency {
    IRC_NOW,                         /* replies to the server, login, QUIT */
    IRC_PACED,                       /* everything that a user can cause */
    IRC_PACED_MORE,                  /* the same, right behind the line before, paid for later */
    IRC_PACED_OP,                    /* paced, and counted in l->ops */
    IRC_PACED_RAW,                   /* the same, and nothing but its command may be logged */
    IRC_PACED_LAST                   /* MORE, and counted in l->ops */
};

static inline void irc_out_init(struct irc_out *o)
{
    o->n = 0;
    o->failed = false;
}
void irc_out_add(struct irc_out *o, const char *s, size_t n);
void irc_out_adds(struct irc_out *o, const char *s);
/* Adds text as the tail of a parameter: CR, LF and NUL become spaces, \001 vanishes, at most max
 * bytes, cut on a code point. */
void irc_out_add_text(struct irc_out *o, const char *s, size_t max);

/* Sends the line. False, and nothing is sent, when it holds CR, LF or NUL, did not fit, or (PACED)
 * the queue is full. */
bool irc_send(struct irc_link *l, struct irc_out *o, enum irc_urgency urgency);
/* The same for a constant line. */
bool irc_send_text(struct irc_link *l, const char *s, enum irc_urgency urgency);
/* Sends a PING at once, unless one is outstanding; it is paid for like any line. */
void irc_send_ping(struct irc_link *l);
/* True when so many more bytes in n lines would find room. */
bool irc_send_has_room(const struct irc_link *l, size_t bytes, size_t n);
/* Lets out what may go by now; returns when to call again (loop time), INT64_MAX: queue empty. */
int64_t irc_send_pace(struct irc_link *l, int64_t now_ms);
/* Would a paced line leave at once? */
bool irc_send_is_free(const struct irc_link *l);
/* Would a PING leave half of the burst for the user's lines? */
bool irc_send_has_time(const struct irc_link *l);
/* The server has warned: this link sends more slowly for a while. */
void irc_send_slow_down(struct irc_link *l);
/* It ended this link for flooding: all links of the net send more slowly from now on. */
void irc_send_be_gentle(struct irc_link *l);
void irc_send_handle_try_again(struct irc_link *l, struct irc_line *line);     /* 263 */
/* Forgets what waits. */
void irc_send_drop(struct irc_link *l);
/* A line at trace level, passwords masked. dir: "in" or "out". */
void irc_send_trace(const struct irc_link *l, const char *dir, const char *s, size_t n);

/* struct sj_backend.send_message */
enum sj_status irc_send_message(struct sj_link *base, const struct sj_message *msg, sj_op op,
                                struct sj_error *err);

#endif
