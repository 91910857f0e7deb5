/* SPDX-License-Identifier: MPL-2.0 */
/* One run of the configuration parser, and one table that it fills in. Inside of config only. */
#ifndef SOJOURN_CONFIG_FORM_H
#define SOJOURN_CONFIG_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"
#include "config_read.h"

/* Memory that lives as long as the configuration and is wiped with it: any of it may hold a
 * secret. */
struct config_block {
    struct config_block *next;
    size_t n;
    _Alignas(max_align_t) char bytes[];
};

/* What config_free finds behind struct config. */
struct config_owned {
    struct config config;       /* first */
    struct config_block *blocks;
};

/* One run of the parser. */
struct config_run {
    struct config_owned *owned;
    struct config_ini ini;
    struct config_problems problems;
    bool with_files;
    unsigned secret_line;       /* of the first secret in the file itself, 0: none */
};

/* A table with the values that are being filled in. */
struct config_form {
    const struct sj_option *table;
    size_t n;
    struct sj_value *value;
    unsigned *line;             /* where it was given, 0: not yet */
};

/* n zeroed bytes that live as long as the configuration. */
void *config_keep(struct config_owned *owned, size_t n);
char *config_keep_text(struct config_owned *owned, const char *s);

struct config_form config_form_new(struct config_run *run, const struct sj_option *table,
                                   size_t n);
struct sj_values config_form_values(const struct config_form *f);
/* Index of the option that key gives, n when there is none; from_file: it is KEY-file of a
 * secret. */
size_t config_form_find(const struct config_form *f, const char *key, bool *from_file);
/* Sets what e gives if it belongs to this table; false otherwise. */
bool config_form_take(struct config_run *run, struct config_form *f, const struct config_entry *e);
/* Puts defaults in; says what is missing. */
void config_form_complete(struct config_run *run, struct config_form *f,
                          const struct config_section *s);
/* Says that none of the n tables has e's key, and which key may be meant. */
void config_form_refuse(struct config_run *run, const struct config_section *s,
                        const struct config_entry *e, const struct config_form *forms, size_t n);

#endif
