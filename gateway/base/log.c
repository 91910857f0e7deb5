/* SPDX-License-Identifier: MPL-2.0 */
/* Log lines: `level area: message key=value`, one write(2) each, no allocation, nothing that a
 * terminal or a parser of lines could trip over. In front stands the UTC time, or, when stderr is
 * the journal, the priority that it understands (sd-daemon(3)). Level and sink are the only
 * process-wide state of this room. */
#include "sojourn/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sojourn/strbuf.h"

#define LOG_LINE_MAX 2048u      /* longer lines are cut */
#define LOG_FIELDS_MAX 512u     /* of which the fields of the nodes always have this much */
#define LOG_DEPTH_MAX 8u        /* nodes of a chain that are shown */

static const char *const log_names[] = {"error", "warn", "info", "debug", "trace"};
static const int log_priorities[] = {3, 4, 6, 7, 7};
_Static_assert(sizeof log_names / sizeof log_names[0] == SJ_LOG_TRACE + 1, "a name a level");

static struct {
    enum sj_log_level level;
    void (*sink)(enum sj_log_level level, const char *line, void *ctx);
    void *ctx;
    bool probed;     /* in_journal is known */
    bool in_journal;
} log_state = {.level = SJ_LOG_INFO};

void sj_log_set_level(enum sj_log_level level)
{
    log_state.level = level;
}

enum sj_log_level sj_log_level(void)
{
    return log_state.level;
}

bool sj_log_wants(enum sj_log_level level)
{
    return level <= log_state.level;
}

bool sj_log_level_parse(const char *name, enum sj_log_level *out)
{
    for (int i = SJ_LOG_ERROR; i <= SJ_LOG_TRACE; i++) {
        if (strcmp(log_names[i], name) == 0) {
            *out = (enum sj_log_level)i;
            return true;
        }
    }
    return false;
}

void sj_log_set_sink(void (*sink)(enum sj_log_level level, const char *line, void *ctx), void *ctx)
{
    log_state.sink = sink;
    log_state.ctx = ctx;
}

/* Text of at most size - 1 bytes; what does not fit whole is left out. */
struct log_line {
    char *s;
    size_t len, size;
    bool full;
};

static void log_add(struct log_line *line, const char *s, size_t n)
{
    if (line->full || n >= line->size - line->len) {
        line->full = true;
        return;
    }
    memcpy(line->s + line->len, s, n);
    line->len += n;
    line->s[line->len] = '\0';
}

static void log_adds(struct log_line *line, const char *s)
{
    log_add(line, s, strlen(s));
}

/* Code points that move the cursor, end lines or turn the writing direction. */
static bool log_is_unsafe(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0x200E || cp == 0x200F ||
           (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069);
}

/* Adds one code point or one broken byte, escaped where needed; returns the bytes taken. */
static size_t log_add_escaped(struct log_line *line, const char *s, size_t n)
{
    uint32_t cp;
    size_t len = sj_utf8_decode(s, n, &cp);
    if (len && !log_is_unsafe(cp)) {
        log_add(line, s, len);
        return len;
    }
    char text[12];
    if (!len)
        snprintf(text, sizeof text, "\\x%02x", (unsigned)(unsigned char)*s);
    else if (cp == '\n' || cp == '\r' || cp == '\t')
        snprintf(text, sizeof text, "\\%c", cp == '\n' ? 'n' : cp == '\r' ? 'r' : 't');
    else if (cp < 0x100)
        snprintf(text, sizeof text, "\\x%02" PRIx32, cp);
    else
        snprintf(text, sizeof text, "\\u%04" PRIx32, cp);
    log_adds(line, text);
    return len ? len : 1;
}

const char *sj_clip_to(struct sj_clip *out, const char *s, size_t n)
{
    if (!s) {
        out->s[0] = '-';
        out->s[1] = '\0';
        return out->s;
    }
    /* Four bytes more than fit: the cut must not turn a code point into broken bytes. */
    n = strnlen(s, n < SJ_CLIP_MAX + 4 ? n : SJ_CLIP_MAX + 4);
    struct log_line line = {.s = out->s, .size = SJ_CLIP_MAX + 1};
    out->s[0] = '\0';
    size_t i = 0;
    while (i < n && !line.full)
        i += log_add_escaped(&line, s + i, n - i);
    if (line.full)
        memcpy(out->s + line.len, "...", 4);
    return out->s;
}

static const char *log_area(const struct sj_log *log)
{
    for (unsigned depth = 0; log && depth < LOG_DEPTH_MAX; depth++, log = log->parent) {
        if (log->area)
            return log->area;
    }
    return "sojourn";
}

/* From the root downwards, so that lines of one network or user look alike. */
static void log_add_fields(struct log_line *line, const struct sj_log *log)
{
    const struct sj_log *chain[LOG_DEPTH_MAX];
    unsigned n = 0;
    for (; log && n < LOG_DEPTH_MAX; log = log->parent)
        chain[n++] = log;
    while (n--) {
        if (!chain[n]->key)
            continue;
        log_adds(line, " ");
        log_adds(line, chain[n]->key);
        log_adds(line, "=");
        log_adds(line, SJ_CLIP(chain[n]->value));
    }
}

/* Is stderr the socket that the journal made (systemd.exec(5), JOURNAL_STREAM)? */
static bool log_in_journal(void)
{
    if (log_state.probed)
        return log_state.in_journal;
    log_state.probed = true;
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;
    if (stream && fstat(STDERR_FILENO, &st) == 0) {
        char ours[64];
        snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
        log_state.in_journal = strcmp(ours, stream) == 0;
    }
    return log_state.in_journal;
}

static size_t log_prefix(char *out, size_t size, enum sj_log_level level)
{
    if (log_in_journal())
        return (size_t)snprintf(out, size, "<%d>", log_priorities[level]);
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
    return n + (size_t)snprintf(out + n, size - n, ".%03ldZ ", now.tv_nsec / 1000000);
}

void sj_log_write(const struct sj_log *log, enum sj_log_level level, const char *fmt, ...)
{
    int saved = errno;
    char message[LOG_LINE_MAX - LOG_FIELDS_MAX];
    va_list ap;
    va_start(ap, fmt);
    int wanted = vsnprintf(message, sizeof message, fmt, ap);
    va_end(ap);
    size_t n = wanted < 0 ? 0 : (size_t)wanted;
    if (n >= sizeof message)
        n = sizeof message - 1;

    char text[LOG_LINE_MAX];
    char prefix[40];
    size_t start = log_prefix(prefix, sizeof prefix, level);
    struct log_line line = {.s = text, .size = sizeof text - LOG_FIELDS_MAX};
    log_add(&line, prefix, start);
    log_adds(&line, log_names[level]);
    log_adds(&line, " ");
    log_adds(&line, log_area(log));
    log_adds(&line, ": ");
    for (size_t i = 0; i < n;)
        i += log_add_escaped(&line, message + i, n - i);
    line.full = false;
    line.size = sizeof text - 1;
    log_add_fields(&line, log);

    if (log_state.sink) {
        log_state.sink(level, text + start, log_state.ctx);
    } else {
        text[line.len++] = '\n';
        ssize_t ignored = write(STDERR_FILENO, text, line.len);
        (void)ignored;
    }
    errno = saved;
}

bool sj_log_allow(struct sj_log_limit *l, long long now_ms, unsigned burst, long long period_ms,
                  unsigned *dropped)
{
    *dropped = 0;
    if (l->count == 0 || now_ms - l->window_ms >= period_ms || now_ms < l->window_ms) {
        l->window_ms = now_ms;
        l->count = 0;
    }
    if (l->count >= burst) {
        l->dropped++;
        return false;
    }
    l->count++;
    *dropped = l->dropped;
    l->dropped = 0;
    return true;
}
