/* SPDX-License-Identifier: MPL-2.0 */
/* Quotas of a user. A bucket is one number, the time at which it will be full again: taking n moves
 * it by n shares of the period, and what would move it beyond a whole period from now is refused.
 * Whole numbers only, nothing allocated, no timer. Where they are asked for: messages and marks in
 * inbound.c, joins in room_in.c, log-ins that users cause in session.c and register.c. */
#include "quota.h"

#include <stdio.h>
#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define QUOTA_MINUTE_US INT64_C(60000000)
#define QUOTA_HOUR_US INT64_C(3600000000)

static const int64_t quota_period_us[SESSIONS_QUOTAS] = {
    [SESSIONS_MESSAGES] = QUOTA_MINUTE_US,
    [SESSIONS_BYTES] = QUOTA_MINUTE_US,
    [SESSIONS_JOINS] = QUOTA_MINUTE_US,
    [SESSIONS_LOGINS] = QUOTA_HOUR_US,
};

static int64_t quota_now_us(const struct session *s)
{
    return sj_loop_now_ms(s->all->loop) * 1000;
}

/* Shares of the period; what is larger than all of it takes all of it, or could never be done. */
static int64_t quota_cost_us(const struct quota *q, enum sessions_quota which, uint64_t n)
{
    int64_t period = quota_period_us[which];

    if (n >= q->max[which])
        return period;
    return (int64_t)((uint64_t)period * n / q->max[which]);
}

static int64_t quota_wait_us(const struct session *s, enum sessions_quota which, uint64_t n)
{
    const struct quota *q = s->quota;
    int64_t now, over;

    if (!q || q->max[which] == 0)
        return 0;
    now = quota_now_us(s);
    over = (q->full_us[which] > now ? q->full_us[which] - now : 0) + quota_cost_us(q, which, n) -
           quota_period_us[which];
    return over > 0 ? over : 0;
}

int64_t quota_wait_ms(const struct session *s, enum sessions_quota which, uint64_t n)
{
    return (quota_wait_us(s, which, n) + 999) / 1000;
}

/* SJ_OK when there is nothing to wait for. */
enum sj_status quota_check(const struct session *s, enum sessions_quota which, uint64_t n,
                           struct sj_error *err)
{
    int64_t wait_us = quota_wait_us(s, which, n);
    unsigned seconds = (unsigned)((wait_us + 999999) / 1000000);
    unsigned max;

    if (wait_us == 0)
        return SJ_OK;
    max = s->quota->max[which];
    switch (which) {
    case SESSIONS_MESSAGES:
        return sj_fail(err, SJ_LIMIT, "Your limit of messages a minute is %u. Send this again in "
                       "%u s.", max, seconds);
    case SESSIONS_BYTES:
        return sj_fail(err, SJ_LIMIT, "Your limit of bytes of messages a minute is %u. Send this "
                       "again in %u s.", max, seconds);
    case SESSIONS_JOINS:
        return sj_fail(err, SJ_LIMIT, "Your limit of rooms entered a minute is %u. Try again in "
                       "%u s.", max, seconds);
    case SESSIONS_LOGINS:
        return sj_fail(err, SJ_LIMIT, "Your limit of log-ins an hour is %u. The next one is "
                       "possible in %u s.", max, seconds);
    case SESSIONS_QUOTAS:
        break;
    }
    return sj_fail(err, SJ_INTERNAL, "no such limit");
}

static void quota_use(struct session *s, enum sessions_quota which, uint64_t n)
{
    struct quota *q = s->quota;
    int64_t now;

    if (!q || q->max[which] == 0)
        return;
    now = quota_now_us(s);
    if (q->full_us[which] < now)
        q->full_us[which] = now;
    q->full_us[which] += quota_cost_us(q, which, n);
}

enum sj_status quota_take(struct session *s, enum sessions_quota which, uint64_t n,
                          struct sj_error *err)
{
    enum sj_status status = s->quota ? quota_check(s, which, n, err) : SJ_OK;

    if (status == SJ_OK)
        quota_use(s, which, n);
    return status;
}

enum sj_status quota_take_message(struct session *s, size_t bytes, struct sj_error *err)
{
    enum sj_status status;

    if (!s->quota)
        return SJ_OK;
    status = quota_check(s, SESSIONS_BYTES, bytes, err);
    if (status == SJ_OK)
        status = quota_take(s, SESSIONS_MESSAGES, 1, err);
    if (status == SJ_OK)
        quota_use(s, SESSIONS_BYTES, bytes);
    return status;
}

int64_t quota_busy_ms(const struct session *s)
{
    int64_t last = 0, now;

    if (!s->quota)
        return 0;
    for (unsigned i = 0; i < SESSIONS_QUOTAS; i++) {
        if (s->quota->full_us[i] > last)
            last = s->quota->full_us[i];
    }
    now = quota_now_us(s);
    return last > now ? (last - now + 999) / 1000 : 0;
}

/* --- which limits --------------------------------------------------------------------------- */

/* The next part of a user's own limits; false: the network's counts. */
static bool quota_own(const char **text, int64_t *out)
{
    char number[QUOTA_TEXT_SIZE];
    size_t n = strcspn(*text, ",");
    bool given;

    snprintf(number, sizeof number, "%.*s", (int)(n < sizeof number ? n : 0), *text);
    given = sj_parse_int(number, 0, QUOTA_MAX, out);
    *text += n + ((*text)[n] == ',');
    return given;
}

/* What was used stays used: as much of the new limit. */
static void quota_change(const struct session *s, enum sessions_quota which, uint32_t max)
{
    struct quota *q = s->quota;
    int64_t now = quota_now_us(s), used = q->full_us[which] - now, period = quota_period_us[which];

    if (max > 0 && max != q->max[which] && used > 0) {
        used = used * q->max[which] / max;
        q->full_us[which] = now + (used < period ? used : period);
    }
    q->max[which] = max;
}

void quota_load(struct session *s)
{
    const char *own = session_preference(s, PREFERENCE_QUOTA);
    struct quota q = {.max = {0}};
    bool any = false;

    for (unsigned i = 0; i < SESSIONS_QUOTAS; i++) {
        int64_t number;
        q.max[i] = quota_own(&own, &number) ? (uint32_t)number : s->network->options->quota[i];
        any = any || q.max[i] > 0;
    }
    if (!any) {
        quota_free(s);
        return;
    }
    if (!s->quota)
        s->quota = sj_calloc(1, sizeof *s->quota);
    for (unsigned i = 0; i < SESSIONS_QUOTAS; i++)
        quota_change(s, (enum sessions_quota)i, q.max[i]);
}

void quota_free(struct session *s)
{
    sj_free(s->quota);
    s->quota = NULL;
}

enum sj_status quota_format(char out[QUOTA_TEXT_SIZE], const char *const *values,
                            struct sj_error *err)
{
    struct sj_strbuf text;
    bool any = false;

    sj_strbuf_init(&text, QUOTA_TEXT_SIZE - 1);
    for (unsigned i = 0; i < SESSIONS_QUOTAS; i++) {
        const char *value = values[i] ? values[i] : "";
        int64_t number = 0;
        if (*value && !sj_parse_int(value, 0, QUOTA_MAX, &number)) {
            sj_strbuf_release(&text);
            return sj_fail(err, SJ_UNACCEPTABLE, "Please give numbers of at most %u.", QUOTA_MAX);
        }
        any = any || *value;
        sj_strbuf_adds(&text, i > 0 ? "," : "");
        if (*value)
            sj_strbuf_addf(&text, "%lld", (long long)number);
        else
            sj_strbuf_addc(&text, '-');
    }
    sj_copy(out, QUOTA_TEXT_SIZE, any ? text.s : "");
    sj_strbuf_release(&text);
    return SJ_OK;
}
