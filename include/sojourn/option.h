/* SPDX-License-Identifier: MPL-2.0 */
/* Configuration keys as data: one table per section kind declares name, type, default, range and
 * help; the parser, --check, docs/CONFIG.md and the sample file come from it. */
#ifndef SOJOURN_OPTION_H
#define SOJOURN_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sj_option_kind {
    SJ_OPTION_TEXT,        /* any text without control characters */
    SJ_OPTION_SECRET,      /* text; never logged; KEY-file = PATH is accepted in its place */
    SJ_OPTION_INT,         /* decimal, min..max */
    SJ_OPTION_BOOL,        /* yes, no */
    SJ_OPTION_DURATION,    /* number with ms, s, m or h; min..max and the value in ms */
    SJ_OPTION_CHOICE,      /* one of choices */
    SJ_OPTION_FILE,        /* path of a file that must be readable */
    SJ_OPTION_PATH,        /* path that need not exist */
    SJ_OPTION_LIST         /* items divided by commas or blanks */
};

struct sj_option {
    const char *name;          /* "tls-ca" */
    enum sj_option_kind kind;
    const char *fallback;      /* the default as text; NULL: none (absent gives NULL or 0) */
    bool required;
    int64_t min, max;          /* INT, DURATION; text kinds: max is the length in bytes, 0: 1024 */
    const char *choices;       /* CHOICE: "a|b|c" */
    const char *help;          /* one sentence for admins */
};

/* A parsed value, parallel to its table: text for all kinds; number for INT, BOOL, DURATION (ms)
 * and CHOICE (index). */
struct sj_value {
    const char *text;          /* NULL when absent and without default */
    int64_t number;
    bool given;                /* stands in the file */
};

/* The values of one section; borrowed from the configuration, which outlives its users. */
struct sj_values {
    const struct sj_option *table;
    const struct sj_value *value;
    size_t n;
};

/* Value by name; asserts that the table has it. */
const struct sj_value *sj_values_get(const struct sj_values *v, const char *name);
const char *sj_values_text(const struct sj_values *v, const char *name);
int64_t sj_values_number(const struct sj_values *v, const char *name);

#endif
