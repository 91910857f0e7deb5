/* SPDX-License-Identifier: MPL-2.0 */
/* INI text as sections and entries, and the problems found on the way. Inside of config only. */
#ifndef SOJOURN_CONFIG_READ_H
#define SOJOURN_CONFIG_READ_H

#include <stdbool.h>
#include <stddef.h>

#define CONFIG_PROBLEMS_MAX 100u

/* Collected, and reported in the order of lines; line 0: the file as a whole. */
struct config_problems {
    struct config_problem *list;
    size_t n;
    bool more;                  /* than CONFIG_PROBLEMS_MAX */
};
void config_problem_add(struct config_problems *p, unsigned line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Calls report for each, as "name:line: text" or "name: text"; frees them. */
void config_problems_report(struct config_problems *p, const char *name,
                            void (*report)(void *ctx, const char *text), void *ctx);

struct config_entry {
    const char *key;
    const char *value;
    unsigned line;
    bool quoted;
};

struct config_section {
    const char *name;
    unsigned line;
    size_t first, n;            /* its entries */
};

struct config_ini {
    struct config_section *sections;
    size_t n_sections;
    struct config_entry *entries;
    size_t n_entries;
};

/* Cuts text (n bytes and a NUL behind them) in place; names and values point into it. Lines that
 * are wrong are added to problems and passed over. */
void config_ini_read(struct config_ini *out, char *text, size_t n, struct config_problems *p);
void config_ini_release(struct config_ini *ini);

#endif
