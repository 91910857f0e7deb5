/* SPDX-License-Identifier: MPL-2.0 */
/* The network's own language, as far as a network has one that never leaves memory: a few commands,
 * by which tests bring about every way in which an answer can come (docs/BACKENDS.md). */
#include <stdio.h>
#include <string.h>

#include "loopback_link.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define RAW_COUNT_MAX 200

/* A line for op, or, 0, one that nobody asked for. */
static void raw_say(struct loopback_link *l, sj_op op, const char *text)
{
    struct loopback_event *e;
    if (l->n_found >= LOOPBACK_FOUND_MAX)
        return;
    e = loopback_queue_add(l, LOOPBACK_EVENT_RAW);
    e->op = op;
    e->body = sj_strdup(text);
    l->n_found++;
}

static void raw_count(struct loopback_link *l, sj_op op, const char *words)
{
    int64_t n = 0;
    char text[24];
    if (!sj_parse_int(words, 1, RAW_COUNT_MAX, &n))
        raw_say(l, op, "ERROR how many?");
    for (int64_t i = 1; i <= n; i++) {
        snprintf(text, sizeof text, "%d", (int)i);
        raw_say(l, op, text);
    }
}

static bool raw_is(const char *line, const char *command, const char **words)
{
    size_t n = strlen(command);
    if (sj_ascii_ncasecmp(line, command, n) != 0 || (line[n] != ' ' && line[n] != '\0'))
        return false;
    *words = line[n] ? line + n + 1 : line + n;
    return true;
}

enum sj_status loopback_raw(struct sj_link *base, const char *line, sj_op op, struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    const char *words;
    if (raw_is(line, "quit", &words))
        return sj_fail(err, SJ_UNACCEPTABLE, "type logout to the gateway to log out");
    if (loopback_op_begin(l, op, err) != SJ_OK)
        return err->status;
    if (raw_is(line, "never", &words))
        return SJ_OK;
    if (raw_is(line, "say", &words))
        raw_say(l, op, words);
    else if (raw_is(line, "count", &words))
        raw_count(l, op, words);
    else if (!raw_is(line, "later", &words) && !raw_is(line, "hush", &words))
        raw_say(l, op, "ERROR no such command");
    loopback_op_finish(l, op, SJ_OK, NULL);
    if (raw_is(line, "later", &words))
        raw_say(l, 0, words);
    return SJ_OK;
}
