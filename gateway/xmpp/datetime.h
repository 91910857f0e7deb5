/* SPDX-License-Identifier: MPL-2.0 */
/* Dates and times as XMPP writes them (XEP-0082 §3.2). */
#ifndef XMPP_DATETIME_H
#define XMPP_DATETIME_H

#include <stdbool.h>
#include <stdint.h>

/* "1970-01-01T00:00:00Z", with fractions or an offset: UTC ms since 1970. False: it is none, or of
 * another age. */
bool datetime_parse(int64_t *utc_ms, const char *text);

#endif
