/* SPDX-License-Identifier: MPL-2.0 */
#include "datetime.h"

#include <criterion/criterion.h>

Test(datetime, reads_what_xmpp_writes)
{
    static const struct {
        const char *text;
        int64_t ms;
    } rows[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1969-12-31T23:30:00-01:00", -1},
        {"1970-01-01T01:30:00+01:00", 1800000},
        {"2000-02-29T00:00:00Z", 951782400000},
        {"2000-03-01T00:00:00Z", 951868800000},
        {"2026-11-21T15:04:05.678Z", 1795273445000},
        {"2024-12-31T23:59:60Z", 1735689600000},
        {"2100-03-01T00:00:00Z", 4107542400000},
        {"9999-12-31T23:59:59Z", 253402300799000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t got = -1;
        bool ok = datetime_parse(&got, rows[i].text);
        cr_expect_eq(ok, rows[i].ms >= 0, "%s", rows[i].text);
        if (ok)
            cr_expect_eq(got, rows[i].ms, "%s: %lld", rows[i].text, (long long)got);
    }
}

Test(datetime, refuses_everything_else)
{
    static const char *const wrong[] = {
        "", "1970", "1970-01-01", "1970-01-01T00:00:00", "1970-13-01T00:00:00Z",
        "1970-00-01T00:00:00Z", "1970-01-32T00:00:00Z", "2023-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:61Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00+1:00",
        "1970-01-01T00:00:00Zx", "1970-01-01 00:00:00Z", "0000-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z", "19700101T00:00:00", "-970-01-01T00:00:00Z",
        "1970-01-01T00:00:00+24:00", "1970-1-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t got;
        cr_expect_not(datetime_parse(&got, wrong[i]), "%s", wrong[i]);
    }
}
