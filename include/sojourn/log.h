/* SPDX-License-Identifier: MPL-2.0 */
/* Logging: a tree of nodes that carry area and fields; one line an event, on stderr.
 *
 * Form: lower case, no full stop, then key=value: "link down reason=ping-timeout retry_ms=8000".
 * error: an operator must act; warn: we coped; info: life cycle; debug: decisions; trace: bytes.
 * Secrets are never logged. Remote text is wrapped in SJ_CLIP. */
#ifndef SOJOURN_LOG_H
#define SOJOURN_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum sj_log_level { SJ_LOG_ERROR, SJ_LOG_WARN, SJ_LOG_INFO, SJ_LOG_DEBUG, SJ_LOG_TRACE };

/* A node. Embed it; parent and texts are borrowed and outlive it. */
struct sj_log {
    const struct sj_log *parent;
    const char *area;     /* "session", "store", ...; NULL: the parent's */
    const char *key;      /* one field, "user"; NULL: none */
    const char *value;    /* its text, logged clipped */
};

/* Process-wide level, default info. */
void sj_log_set_level(enum sj_log_level level);
enum sj_log_level sj_log_level(void);
/* "error" ... "trace" to level; false when unknown. */
bool sj_log_level_parse(const char *name, enum sj_log_level *out);
/* Replaces stderr as the sink (tests); NULL: stderr again. line has no newline. */
void sj_log_set_sink(void (*sink)(enum sj_log_level level, const char *line, void *ctx), void *ctx);

bool sj_log_wants(enum sj_log_level level);
void sj_log_write(const struct sj_log *log, enum sj_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define SJ_LOG_AT(log, level, ...)                      \
    do {                                                \
        if (sj_log_wants(level))                        \
            sj_log_write((log), (level), __VA_ARGS__);  \
    } while (0)
#define sj_log_error(log, ...) SJ_LOG_AT(log, SJ_LOG_ERROR, __VA_ARGS__)
#define sj_log_warn(log, ...) SJ_LOG_AT(log, SJ_LOG_WARN, __VA_ARGS__)
#define sj_log_info(log, ...) SJ_LOG_AT(log, SJ_LOG_INFO, __VA_ARGS__)
#define sj_log_debug(log, ...) SJ_LOG_AT(log, SJ_LOG_DEBUG, __VA_ARGS__)
#define sj_log_trace(log, ...) SJ_LOG_AT(log, SJ_LOG_TRACE, __VA_ARGS__)

#define SJ_CLIP_MAX 100
struct sj_clip {
    char s[SJ_CLIP_MAX + 8];
};
/* Remote text made fit for a log line: escaped, at most SJ_CLIP_MAX bytes. NULL gives "-". */
const char *sj_clip_to(struct sj_clip *out, const char *s, size_t n);
#define SJ_CLIP(text) sj_clip_to(&(struct sj_clip){{0}}, (text), (size_t)-1)
#define SJ_CLIP_N(text, n) sj_clip_to(&(struct sj_clip){{0}}, (text), (n))

/* A limiter for lines that outsiders can cause: at most `burst` in `period_ms`; when lines were
 * suppressed, the next one allowed gets their number in *dropped. now_ms: sj_loop_now_ms(). */
struct sj_log_limit {
    long long window_ms;
    unsigned count, dropped;
};
bool sj_log_allow(struct sj_log_limit *l, long long now_ms, unsigned burst, long long period_ms,
                  unsigned *dropped);

#endif
