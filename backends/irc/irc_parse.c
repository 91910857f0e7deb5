/* SPDX-License-Identifier: MPL-2.0 */
/* Takes one IRC line apart, in place: tags, source, command, parameters.
 *
 * No allocation, no side effects, no opinion about what a command means (irc_handlers.c) or about
 * encodings (irc_charset.c). RFC 1459 §2.3.1, RFC 2812 §2.3.1 (in practice: any run of spaces
 * divides, the last parameter may have a colon), IRCv3 message tags (escapes, last one wins). */
#include "irc_parse.h"

#include <string.h>

static char *parse_skip_spaces(char *s)
{
    while (*s == ' ')
        s++;
    return s;
}

/* Ends the word at s with a NUL and returns what follows the spaces behind it. */
static char *parse_cut_word(char *s)
{
    char *end = strchr(s, ' ');

    if (!end)
        return s + strlen(s);
    *end = '\0';
    return parse_skip_spaces(end + 1);
}

/* IRCv3 message tags, "Escaping Values". The result is never longer. */
static void tag_unescape(char *s)
{
    char *out = s;

    for (; *s; s++) {
        if (*s != '\\') {
            *out++ = *s;
            continue;
        }
        s++;
        if (!*s)
            break;
        switch (*s) {
        case ':':
            *out++ = ';';
            break;
        case 's':
            *out++ = ' ';
            break;
        case 'r':
            *out++ = '\r';
            break;
        case 'n':
            *out++ = '\n';
            break;
        default:
            *out++ = *s;
            break;
        }
    }
    *out = '\0';
}

static const char **tag_of_client(struct irc_tags *tags, const char *key)
{
    if (strcmp(key, "typing") == 0)
        return &tags->typing;
    if (strcmp(key, "reply") == 0 || strcmp(key, "draft/reply") == 0)
        return &tags->reply;
    if (strcmp(key, "draft/react") == 0)
        return &tags->react;
    return strcmp(key, "draft/unreact") == 0 ? &tags->unreact : NULL;
}

static void tag_take(struct irc_tags *tags, const char *key, char *value)
{
    const char **slot = NULL;

    if (strcmp(key, "draft/multiline-concat") == 0)
        tags->concat = true;
    else if (strcmp(key, "bot") == 0)
        tags->bot = true;
    else if (strcmp(key, "time") == 0)
        slot = &tags->time;
    else if (strcmp(key, "msgid") == 0)
        slot = &tags->msgid;
    else if (strcmp(key, "label") == 0)
        slot = &tags->label;
    else if (strcmp(key, "batch") == 0)
        slot = &tags->batch;
    else if (*key == '+')
        slot = tag_of_client(tags, key + 1);
    if (!slot)
        return;
    if (value)
        tag_unescape(value);
    *slot = value && *value ? value : NULL;
}

static void parse_tags(struct irc_tags *tags, char *s)
{
    while (*s) {
        char *next = strchr(s, ';');
        if (next)
            *next++ = '\0';
        else
            next = s + strlen(s);
        char *value = strchr(s, '=');
        if (value)
            *value++ = '\0';
        tag_take(tags, s, value);
        s = next;
    }
}

/* nick [ [ "!" user ] "@" host ], or a server name. */
static void parse_source(struct irc_line *out, char *s)
{
    out->nick = s;
    char *at = strrchr(s, '@');
    char *bang = strchr(s, '!');
    if (at && (!bang || bang < at)) {
        *at = '\0';
        out->host = at + 1;
    }
    if (bang) {
        *bang = '\0';
        out->user = bang + 1;
    }
}

static bool parse_command(struct irc_line *out, char *s)
{
    out->command = s;
    if (s[0] >= '0' && s[0] <= '9') {
        for (size_t i = 0; i < 3; i++) {
            if (s[i] < '0' || s[i] > '9')
                return false;
            out->numeric = out->numeric * 10 + (unsigned)(s[i] - '0');
        }
        return s[3] == '\0';
    }
    if (!*s)
        return false;
    for (; *s; s++) {
        if (*s >= 'a' && *s <= 'z')
            *s = (char)(*s - ('a' - 'A'));
        else if (*s < 'A' || *s > 'Z')
            return false;
    }
    return true;
}

static void parse_params(struct irc_line *out, char *s)
{
    while (*s && out->n_params < IRC_PARAMS_MAX) {
        if (*s == ':') {
            out->param[out->n_params++] = s + 1;
            return;
        }
        /* The fifteenth takes the rest, colon or not (RFC 2812 §2.3.1). */
        out->param[out->n_params++] = s;
        if (out->n_params < IRC_PARAMS_MAX)
            s = parse_cut_word(s);
    }
}

enum sj_status irc_parse(struct irc_line *out, char *s, size_t n)
{
    memset(out, 0, sizeof *out);
    out->nick = "";
    if (memchr(s, '\0', n))
        return SJ_INVALID;
    s = parse_skip_spaces(s);
    if (*s == '@') {
        char *tags = s + 1;
        s = parse_cut_word(s);
        parse_tags(&out->tags, tags);
    }
    if (*s == ':') {
        char *source = s + 1;
        s = parse_cut_word(s);
        parse_source(out, source);
    }
    char *command = s;
    s = parse_cut_word(s);
    if (!parse_command(out, command))
        return SJ_INVALID;
    parse_params(out, s);
    return SJ_OK;
}

/* Exactly n digits. */
static bool time_digits(const char **s, size_t n, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++, (*s)++) {
        if (**s < '0' || **s > '9')
            return false;
        *out = *out * 10 + (**s - '0');
    }
    return true;
}

static bool time_literal(const char **s, char c)
{
    if (**s != c)
        return false;
    (*s)++;
    return true;
}

/* Days since 1970-01-01 of a date in the Gregorian calendar, year 1970 or later. */
static int64_t time_days(int64_t year, int64_t month, int64_t day)
{
    /* Years that begin in March: the leap day comes last. */
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

bool irc_parse_time(const char *s, int64_t *out_ms)
{
    int64_t year, month, day, hour, minute, second, ms = 0;

    bool ok = time_digits(&s, 4, &year) && time_literal(&s, '-') && time_digits(&s, 2, &month) &&
              time_literal(&s, '-') && time_digits(&s, 2, &day) && time_literal(&s, 'T') &&
              time_digits(&s, 2, &hour) && time_literal(&s, ':') && time_digits(&s, 2, &minute) &&
              time_literal(&s, ':') && time_digits(&s, 2, &second);
    if (ok && *s == '.') {
        s++;
        ok = time_digits(&s, 3, &ms);
        while (*s >= '0' && *s <= '9')
            s++;
    }
    if (!ok || strcmp(s, "Z") != 0)
        return false;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 ||
        minute > 59 || second > 60)
        return false;
    int64_t days = time_days(year, month, day);
    *out_ms = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms;
    return true;
}
