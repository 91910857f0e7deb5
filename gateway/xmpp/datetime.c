/* SPDX-License-Identifier: MPL-2.0 */
/* Reads dates and times of stanzas (XEP-0082 §3.2): CCYY-MM-DDThh:mm:ss[.sss](Z|±hh:mm).
 *
 * They come from strangers: every digit and range is checked. Fractions count to the millisecond.
 * Writing is in stanza.c. */
#include "datetime.h"

#include <stddef.h>

/* n digits at *at, which moves on; -1: there are fewer. */
static int datetime_number(const char **at, unsigned n)
{
    int value = 0;
    for (; n > 0; n--, (*at)++) {
        if (**at < '0' || **at > '9')
            return -1;
        value = value * 10 + (**at - '0');
    }
    return value;
}

static bool datetime_skip(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

static bool datetime_is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days since 1970-01-01, or -1: there is no such day. */
static int64_t datetime_days(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    if (year < 1970 || month < 1 || month > 12 || day < 1)
        return -1;
    int leap = datetime_is_leap(year) ? 1 : 0;
    int length = before[month] - before[month - 1] + (month == 2 ? leap : 0);
    if (day > length)
        return -1;
    int64_t past = year - 1;
    int64_t leaps = past / 4 - past / 100 + past / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    return ((int64_t)year - 1970) * 365 + leaps + before[month - 1] + (month > 2 ? leap : 0) +
           day - 1;
}

static int64_t datetime_read_date(const char **at)
{
    int year = datetime_number(at, 4);
    bool ok = datetime_skip(at, '-');
    int month = ok ? datetime_number(at, 2) : -1;
    ok = ok && datetime_skip(at, '-');
    int day = ok ? datetime_number(at, 2) : -1;
    return ok ? datetime_days(year, month, day) : -1;
}

/* hh:mm; minutes, or -1. */
static int datetime_read_minutes(const char **at)
{
    int hour = datetime_number(at, 2);
    int minute = datetime_skip(at, ':') ? datetime_number(at, 2) : -1;
    return hour < 0 || hour > 23 || minute < 0 || minute > 59 ? -1 : hour * 60 + minute;
}

/* False: neither Z nor an offset. *out: minutes east of UTC. */
static bool datetime_read_zone(const char **at, int *out)
{
    bool west = **at == '-';
    *out = 0;
    if (datetime_skip(at, 'Z'))
        return true;
    if (!west && **at != '+')
        return false;
    (*at)++;
    int minutes = datetime_read_minutes(at);
    *out = west ? -minutes : minutes;
    return minutes >= 0;
}

/* Digits behind the point, as milliseconds; -1: there is none. */
static int datetime_read_fraction(const char **at)
{
    int ms = 0;
    if (**at < '0' || **at > '9')
        return -1;
    for (int unit = 100; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
        ms += (**at - '0') * unit;
    return ms;
}

bool datetime_parse(int64_t *utc_ms, const char *text)
{
    const char *at = text;
    int zone = 0;
    int ms = 0;
    int64_t days = datetime_read_date(&at);
    if (days < 0 || !datetime_skip(&at, 'T'))
        return false;
    int minutes = datetime_read_minutes(&at);
    int seconds = minutes >= 0 && datetime_skip(&at, ':') ? datetime_number(&at, 2) : -1;
    if (seconds < 0 || seconds > 60)
        return false;
    if (datetime_skip(&at, '.') && (ms = datetime_read_fraction(&at)) < 0)
        return false;
    if (!datetime_read_zone(&at, &zone) || *at != '\0')
        return false;
    *utc_ms = ((days * 1440 + minutes - zone) * 60 + seconds) * 1000 + ms;
    return *utc_ms >= 0;
}
