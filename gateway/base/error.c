/* SPDX-License-Identifier: MPL-2.0 */
/* Fills struct sj_error and names the statuses. Logging is left to whoever handles the error. */
#include "sojourn/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "sojourn/strbuf.h"

static const char *const error_texts[] = {
#define ERROR_TEXT(name, text) [SJ_##name] = text,
    SJ_STATUS_LIST(ERROR_TEXT)
#undef ERROR_TEXT
};

enum sj_status sj_fail(struct sj_error *err, enum sj_status status, const char *fmt, ...)
{
    if (!err)
        return status;
    /* Formatted apart, since the old text may be one of the arguments. Three bytes more than fit,
     * so that the cut sees whether it falls inside a code point. */
    char text[SJ_ERROR_TEXT_MAX + 3];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    err->status = status;
    sj_copy(err->text, sizeof err->text, text);
    return status;
}

const char *sj_status_text(enum sj_status status)
{
    size_t i = (size_t)status;
    return i < SJ_STATUS_COUNT ? error_texts[i] : "unknown status";
}
