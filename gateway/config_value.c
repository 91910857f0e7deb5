/* SPDX-License-Identifier: MPL-2.0 */
/* Values of the configuration: each kind's syntax, range and wording, and the files that values
 * name. Which values belong together is left to config.c. */
#include "config_value.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define VALUE_SECRET_FILE_MAX 4096u
#define VALUE_CREDENTIAL_MODE 0440      /* see value_is_private */
#define VALUE_KEY_MAX 40u
#define VALUE_FAR 3u

static const struct {
    const char *name;
    int64_t ms;
} value_units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
#define VALUE_UNITS (sizeof value_units / sizeof value_units[0])

/* Milliseconds as "30s". */
static void value_add_duration(struct sj_strbuf *out, int64_t ms)
{
    size_t i = 0;
    while (ms % value_units[i].ms != 0 || (ms == 0 && i < 2))
        i++;
    sj_strbuf_addf(out, "%lld%s", (long long)(ms / value_units[i].ms), value_units[i].name);
}

static bool value_parse_duration(const char *text, int64_t *out)
{
    size_t digits = strspn(text, "0123456789");
    char number[24];
    int64_t n;
    if (digits == 0 || digits >= sizeof number)
        return false;
    memcpy(number, text, digits);
    number[digits] = '\0';
    if (!sj_parse_int(number, 0, INT64_MAX, &n))
        return false;
    const char *unit = text + digits;
    while (*unit == ' ')
        unit++;
    for (size_t i = 0; i < VALUE_UNITS; i++) {
        if (strcmp(value_units[i].name, unit) == 0 && n <= INT64_MAX / value_units[i].ms) {
            *out = n * value_units[i].ms;
            return true;
        }
    }
    *out = 0;
    return *unit == '\0' && n == 0;
}

/* Index of text among the choices "a|b|c", -1: not there. */
static int value_find_choice(const char *choices, const char *text)
{
    size_t n = strlen(text);
    int index = 0;
    for (const char *c = choices;; index++) {
        size_t len = strcspn(c, "|");
        if (len == n && memcmp(c, text, n) == 0)
            return index;
        if (c[len] == '\0')
            return -1;
        c += len + 1;
    }
}

static void value_add_choices(struct sj_strbuf *out, const char *choices)
{
    for (const char *c = choices; *c;) {
        size_t len = strcspn(c, "|");
        const char *next = c[len] ? c + len + 1 : c + len;
        if (c != choices)
            sj_strbuf_adds(out, *next ? ", " : " or ");
        sj_strbuf_add(out, c, len);
        c = next;
    }
}

void config_value_allowed(struct sj_strbuf *out, const struct sj_option *o)
{
    switch (o->kind) {
    case SJ_OPTION_INT:
        sj_strbuf_addf(out, "%lld to %lld", (long long)o->min, (long long)o->max);
        break;
    case SJ_OPTION_DURATION:
        value_add_duration(out, o->min);
        sj_strbuf_adds(out, " to ");
        value_add_duration(out, o->max);
        break;
    case SJ_OPTION_BOOL:
        sj_strbuf_adds(out, "yes or no");
        break;
    case SJ_OPTION_CHOICE:
        value_add_choices(out, o->choices);
        break;
    case SJ_OPTION_TEXT:
    case SJ_OPTION_SECRET:
    case SJ_OPTION_FILE:
    case SJ_OPTION_PATH:
    case SJ_OPTION_LIST:
        break;
    }
}

/* "VALUE is WHAT; allowed: ..." */
static bool value_refuse(struct sj_strbuf *why, const struct sj_option *o, const char *text,
                         const char *what)
{
    sj_strbuf_addf(why, "\"%s\" is %s; allowed: ", SJ_CLIP(text), what);
    config_value_allowed(why, o);
    return false;
}

static bool value_parse_text(const struct sj_option *o, const char *text, struct sj_strbuf *why)
{
    size_t max = o->max > 0 ? (size_t)o->max : CONFIG_TEXT_MAX;
    if (strlen(text) > max) {
        sj_strbuf_addf(why, "is too long; allowed: %zu bytes", max);
        return false;
    }
    if (*text == '\0' && (o->required || o->kind != SJ_OPTION_TEXT)) {
        sj_strbuf_adds(why, "is empty");
        return false;
    }
    return true;
}

bool config_value_parse(struct sj_value *out, const struct sj_option *o, const char *text,
                        struct sj_strbuf *why)
{
    out->number = 0;
    switch (o->kind) {
    case SJ_OPTION_INT:
        if (!sj_parse_int(text, INT64_MIN, INT64_MAX, &out->number))
            return value_refuse(why, o, text, "not a number");
        break;
    case SJ_OPTION_DURATION:
        if (!value_parse_duration(text, &out->number))
            return value_refuse(why, o, text, "not a duration (a number with ms, s, m or h)");
        break;
    case SJ_OPTION_BOOL:
        out->number = strcmp(text, "yes") == 0;
        if (!out->number && strcmp(text, "no") != 0)
            return value_refuse(why, o, text, "not known");
        return true;
    case SJ_OPTION_CHOICE:
        out->number = value_find_choice(o->choices, text);
        if (out->number < 0)
            return value_refuse(why, o, text, "not known");
        return true;
    case SJ_OPTION_TEXT:
    case SJ_OPTION_SECRET:
    case SJ_OPTION_FILE:
    case SJ_OPTION_PATH:
    case SJ_OPTION_LIST:
        return value_parse_text(o, text, why);
    }
    if (out->number < o->min || out->number > o->max)
        return value_refuse(why, o, text, "out of range");
    return true;
}

static size_t value_least(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

size_t config_distance(const char *a, const char *b)
{
    size_t n = strlen(a);
    size_t m = strlen(b);
    if (n > VALUE_KEY_MAX || m > VALUE_KEY_MAX)
        return SIZE_MAX;
    size_t d[VALUE_KEY_MAX + 1][VALUE_KEY_MAX + 1];
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            bool same = sj_ascii_lower(a[i - 1]) == sj_ascii_lower(b[j - 1]);
            d[i][j] = value_least(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + !same);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && d[i - 2][j - 2] + 1 < d[i][j])
                d[i][j] = d[i - 2][j - 2] + 1;
        }
    }
    size_t longer = n > m ? n : m;
    size_t far = longer < VALUE_FAR * 3 ? (longer + 2) / 3 : VALUE_FAR;
    return d[n][m] <= far ? d[n][m] : SIZE_MAX;
}

/* An open regular file; -1 with err. O_NONBLOCK: a FIFO must not hold up the start. */
static int value_open(const char *path, struct stat *st, struct sj_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        sj_fail(err, SJ_INVALID, "cannot open \"%s\": %s", SJ_CLIP(path), strerror(errno));
        return -1;
    }
    if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
        sj_fail(err, SJ_INVALID, "\"%s\" is not a regular file", SJ_CLIP(path));
        close(fd);
        return -1;
    }
    return fd;
}

enum sj_status config_file_check(const char *path, struct sj_error *err)
{
    struct stat st;
    int fd = value_open(path, &st, err);
    if (fd < 0)
        return SJ_INVALID;
    close(fd);
    return SJ_OK;
}

/* Nobody but the owner reads it; or it is a credential that the service manager hands to an
 * unprivileged service: root's, with an access list for us alone, which shows as group bits. */
static bool value_is_private(const struct stat *st)
{
    if ((st->st_mode & 077) == 0)
        return true;
    return geteuid() != 0 && st->st_uid == 0 && st->st_gid == 0 &&
           (st->st_mode & 07777) == VALUE_CREDENTIAL_MODE;
}

/* Reads up to size bytes; more than that or an error gives -1. */
static ssize_t value_read_all(int fd, char *out, size_t size)
{
    size_t n = 0;
    while (n < size) {
        ssize_t got = read(fd, out + n, size - n);
        if (got == 0)
            return (ssize_t)n;
        if (got < 0 && errno != EINTR)
            return -1;
        n += got > 0 ? (size_t)got : 0;
    }
    return -1;
}

/* The first line of the n bytes, which must be all there is but blank lines; NULL with err. */
static char *value_first_line(char *bytes, size_t n, size_t max, const char *path,
                              struct sj_error *err)
{
    while (n && (bytes[n - 1] == '\n' || bytes[n - 1] == '\r'))
        n--;
    bool text = sj_utf8_valid(bytes, n);
    for (size_t i = 0; i < n; i++)
        text = text && (unsigned char)bytes[i] >= 0x20 && bytes[i] != 0x7F;
    if (n == 0)
        sj_fail(err, SJ_INVALID, "\"%s\" is empty", SJ_CLIP(path));
    else if (n > max)
        sj_fail(err, SJ_INVALID, "the secret in \"%s\" is too long; allowed: %zu bytes",
                SJ_CLIP(path), max);
    else if (!text)
        sj_fail(err, SJ_INVALID, "\"%s\" must hold one line of text", SJ_CLIP(path));
    else
        return sj_strndup(bytes, n);
    return NULL;
}

char *config_secret_read(const char *path, size_t max, struct sj_error *err)
{
    struct stat st;
    int fd = value_open(path, &st, err);
    if (fd < 0)
        return NULL;
    char bytes[VALUE_SECRET_FILE_MAX];
    char *secret = NULL;
    if (!value_is_private(&st)) {
        sj_fail(err, SJ_DENIED, "\"%s\" can be read or changed by others (mode %04o); make it "
                "private with chmod 600", SJ_CLIP(path), (unsigned)(st.st_mode & 07777));
    } else {
        ssize_t n = value_read_all(fd, bytes, sizeof bytes);
        if (n < 0)
            sj_fail(err, SJ_INVALID, "\"%s\" cannot be read or is too long", SJ_CLIP(path));
        else
            secret = value_first_line(bytes, (size_t)n, max, path, err);
    }
    sj_wipe(bytes, sizeof bytes);
    close(fd);
    return secret;
}
