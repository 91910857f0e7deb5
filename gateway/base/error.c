/* SPDX-License-Identifier: MPL-2.0 */
/* Fills struct sj_error, says it in another language, and names the statuses. Logging is left to
 * whoever handles the error.
 *
 * A text keeps its format and where its arguments stand in it, so that the same can be put together
 * from the translated format; translations are never given to printf. */
#include "sojourn/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define ERROR_NUMBER_MAX 24u

static const char *const error_texts[] = {
#define ERROR_TEXT(name, text) [SJ_##name] = text,
    SJ_STATUS_LIST(ERROR_TEXT)
#undef ERROR_TEXT
};

/* A text that is being put together, and its arguments. Three bytes more than fit, so that the cut
 * sees whether it falls inside a code point. */
struct error_text {
    char s[SJ_ERROR_TEXT_MAX + 3];
    size_t len;
    struct sj_slice part[SJ_ERROR_PARTS_MAX];
    unsigned n;
};

static void error_add(struct error_text *out, const char *p, size_t n)
{
    size_t room = sizeof out->s - 1 - out->len;

    if (n > room)
        n = room;
    memcpy(out->s + out->len, p, n);
    out->len += n;
    out->s[out->len] = '\0';
}

static bool error_add_part(struct error_text *out, const char *p)
{
    const char *start = out->s + out->len;

    if (out->n == SJ_ERROR_PARTS_MAX)
        return false;
    error_add(out, p, strlen(p));
    out->part[out->n++] = (struct sj_slice){start, (size_t)(out->s + out->len - start)};
    return true;
}

/* Adds one argument by its directive; returns where the format goes on, NULL: not one of ours. */
static const char *error_add_argument(struct error_text *out, const char *fmt, va_list *ap)
{
    char number[ERROR_NUMBER_MAX];
    const char *text = number;
    size_t n = 1;

    if (strncmp(fmt, "s", n) == 0)
        text = va_arg(*ap, const char *);
    else if (strncmp(fmt, "u", n) == 0)
        snprintf(number, sizeof number, "%u", va_arg(*ap, unsigned));
    else if (strncmp(fmt, "d", n) == 0)
        snprintf(number, sizeof number, "%d", va_arg(*ap, int));
    else if (strncmp(fmt, "zu", n = 2) == 0)
        snprintf(number, sizeof number, "%zu", va_arg(*ap, size_t));
    else if (strncmp(fmt, "lu", n) == 0)
        snprintf(number, sizeof number, "%lu", va_arg(*ap, unsigned long));
    else if (strncmp(fmt, "lld", n = 3) == 0)
        snprintf(number, sizeof number, "%lld", va_arg(*ap, long long));
    else
        return NULL;
    return text != NULL && error_add_part(out, text) ? fmt + n : NULL;
}

static bool error_format(struct error_text *out, const char *fmt, va_list *ap)
{
    while (fmt != NULL && *fmt != '\0') {
        size_t n = strcspn(fmt, "%");
        error_add(out, fmt, n);
        fmt += n;
        if (fmt[0] == '%' && fmt[1] == '%') {
            error_add(out, fmt, 1);
            fmt += 2;
        } else if (fmt[0] == '%') {
            fmt = error_add_argument(out, fmt + 1, ap);
        }
    }
    return fmt != NULL;
}

/* What of a part is still there when the text was cut. */
static void error_keep_parts(struct sj_error *err, const struct error_text *t)
{
    size_t len = strlen(err->text);

    for (unsigned i = 0; i < t->n; i++) {
        size_t at = (size_t)(t->part[i].p - t->s);
        size_t n = t->part[i].n;
        at = at < len ? at : len;
        n = n < len - at ? n : len - at;
        err->part[i].at = (uint8_t)at;
        err->part[i].n = (uint8_t)n;
    }
}
_Static_assert(SJ_ERROR_TEXT_MAX <= UINT8_MAX, "places in a text are bytes");

enum sj_status sj_fail(struct sj_error *err, enum sj_status status, const char *fmt, ...)
{
    if (!err)
        return status;
    /* Formatted apart, since the old text may be one of the arguments. */
    struct error_text t = {.len = 0};
    va_list ap;
    va_start(ap, fmt);
    bool known = error_format(&t, fmt, &ap);
    va_end(ap);
    if (!known) {
        t.n = 0;
        va_start(ap, fmt);
        vsnprintf(t.s, sizeof t.s, fmt, ap);
        va_end(ap);
    }
    *err = (struct sj_error){.status = status, .format = known ? fmt : NULL};
    sj_copy(err->text, sizeof err->text, t.s);
    error_keep_parts(err, &t);
    return status;
}

/* ---- in another language ---- */

/* Adds one argument of err, itself translated when it is a text of ours. */
static bool error_say_part(struct error_text *out, const struct sj_error *err, unsigned i,
                           const char *lang)
{
    char own[SJ_ERROR_TEXT_MAX];

    if (i >= SJ_ERROR_PARTS_MAX)
        return false;
    memcpy(own, err->text + err->part[i].at, err->part[i].n);
    own[err->part[i].n] = '\0';
    const char *words = sj_translate(lang, own);
    error_add(out, words, strlen(words));
    return words != own;
}

/* Puts the text together by a format whose arguments are texts: "%s", "%2$u" (any type). Returns
 * whether an argument was translated. */
static bool error_say(struct error_text *out, const struct sj_error *err, const char *format,
                      const char *lang)
{
    bool translated = false;
    unsigned next = 0;

    while (*format != '\0') {
        size_t n = strcspn(format, "%");
        error_add(out, format, n);
        format += n;
        if (format[0] == '\0')
            break;
        if (format[1] == '%') {
            error_add(out, "%", 1);
            format += 2;
            continue;
        }
        unsigned i = next++;
        if (format[1] >= '1' && format[1] <= '9' && format[2] == '$') {
            i = (unsigned)(format[1] - '1');
            format += 2;
        }
        translated |= error_say_part(out, err, i, lang);
        format++;
        format += strspn(format, "zl");
        format += *format != '\0';
    }
    return translated;
}

void sj_error_translate(struct sj_error *err, const char *lang)
{
    const char *tag = sj_language(lang);
    const char *format = err->format != NULL ? err->format : err->text;

    if (tag == NULL || err->lang != NULL || err->text[0] == '\0')
        return;
    const char *words = sj_translate(tag, format);
    struct error_text t = {.len = 0};
    if (err->format == NULL)
        error_add(&t, words, strlen(words));
    else if (!error_say(&t, err, words, tag) && words == format)
        return;
    if (words == err->text)
        return;
    err->lang = tag;
    err->format = NULL;
    sj_copy(err->text, sizeof err->text, t.s);
}

const char *sj_status_text(enum sj_status status)
{
    size_t i = (size_t)status;
    return i < SJ_STATUS_COUNT ? error_texts[i] : "unknown status";
}
