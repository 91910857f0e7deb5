/* SPDX-License-Identifier: MPL-2.0 */
/* Fills the values of one table from the entries of a section: which key is meant, given twice, or
 * by a file; defaults; what is missing; which key an unknown one resembles. */
#include "config_form.h"

#include <assert.h>
#include <string.h>

#include "config_value.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define FORM_WHY_MAX 1024u

void *config_keep(struct config_owned *owned, size_t n)
{
    struct config_block *block = sj_calloc(1, sizeof *block + n);
    block->n = n;
    block->next = owned->blocks;
    owned->blocks = block;
    return block->bytes;
}

char *config_keep_text(struct config_owned *owned, const char *s)
{
    size_t n = strlen(s) + 1;
    char *copy = config_keep(owned, n);
    memcpy(copy, s, n);
    return copy;
}

struct config_form config_form_new(struct config_run *run, const struct sj_option *table, size_t n)
{
    return (struct config_form){
        .table = table,
        .n = n,
        .value = config_keep(run->owned, (n ? n : 1) * sizeof(struct sj_value)),
        .line = config_keep(run->owned, (n ? n : 1) * sizeof(unsigned)),
    };
}

struct sj_values config_form_values(const struct config_form *f)
{
    return (struct sj_values){.table = f->table, .value = f->value, .n = f->n};
}

size_t config_form_find(const struct config_form *f, const char *key, bool *from_file)
{
    for (size_t i = 0; i < f->n; i++) {
        const char *name = f->table[i].name;
        size_t len = strlen(name);
        *from_file = f->table[i].kind == SJ_OPTION_SECRET && strncmp(name, key, len) == 0 &&
                     strcmp(key + len, "-file") == 0;
        if (*from_file || strcmp(name, key) == 0)
            return i;
    }
    return f->n;
}

static void form_set_secret_file(struct config_run *run, struct config_form *f, size_t i,
                                 const struct config_entry *e)
{
    f->value[i].text = "";
    if (!run->with_files)
        return;
    struct sj_error err;
    size_t max = f->table[i].max > 0 ? (size_t)f->table[i].max : CONFIG_TEXT_MAX;
    char *secret = config_secret_read(e->value, max, &err);
    if (!secret) {
        config_problem_add(&run->problems, e->line, "%s: %s", e->key, err.text);
        return;
    }
    f->value[i].text = config_keep_text(run->owned, secret);
    sj_secret_free(&secret);
}

static void form_set_value(struct config_run *run, struct config_form *f, size_t i,
                           const struct config_entry *e)
{
    const struct sj_option *o = &f->table[i];
    struct sj_error err;
    struct sj_strbuf why;
    sj_strbuf_init(&why, FORM_WHY_MAX);
    f->value[i].text = e->value;
    if (*e->value == '\0' && !e->quoted)
        config_problem_add(&run->problems, e->line, "%s: is empty; leave the line out if you do "
                           "not want to set it", o->name);
    else if (!config_value_parse(&f->value[i], o, e->value, &why))
        config_problem_add(&run->problems, e->line, "%s: %s", o->name, why.s);
    else if (o->kind == SJ_OPTION_FILE && run->with_files &&
             config_file_check(e->value, &err) != SJ_OK)
        config_problem_add(&run->problems, e->line, "%s: %s", o->name, err.text);
    if (o->kind == SJ_OPTION_SECRET && !run->secret_line)
        run->secret_line = e->line;
    sj_strbuf_release(&why);
}

bool config_form_take(struct config_run *run, struct config_form *f, const struct config_entry *e)
{
    bool from_file;
    size_t i = config_form_find(f, e->key, &from_file);
    if (i == f->n)
        return false;
    const struct sj_option *o = &f->table[i];
    if (f->line[i] && o->kind == SJ_OPTION_SECRET) {
        config_problem_add(&run->problems, e->line, "%s: %s or %s-file is given already, in line "
                           "%u", e->key, o->name, o->name, f->line[i]);
        return true;
    }
    if (f->line[i]) {
        config_problem_add(&run->problems, e->line, "%s: is given already, in line %u", e->key,
                           f->line[i]);
        return true;
    }
    f->line[i] = e->line;
    f->value[i].given = true;
    if (from_file)
        form_set_secret_file(run, f, i, e);
    else
        form_set_value(run, f, i, e);
    return true;
}

void config_form_complete(struct config_run *run, struct config_form *f,
                          const struct config_section *s)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct sj_option *o = &f->table[i];
        if (f->line[i])
            continue;
        if (o->required && o->kind == SJ_OPTION_SECRET) {
            config_problem_add(&run->problems, s->line, "[%s] needs %s or %s-file: %s",
                               SJ_CLIP(s->name), o->name, o->name, o->help);
        } else if (o->required) {
            config_problem_add(&run->problems, s->line, "[%s] needs %s: %s", SJ_CLIP(s->name),
                               o->name, o->help);
        } else if (o->fallback) {
            struct sj_strbuf why;
            sj_strbuf_init(&why, FORM_WHY_MAX);
            bool sound = config_value_parse(&f->value[i], o, o->fallback, &why);
            assert(sound);
            (void)sound;
            f->value[i].text = o->fallback;
            sj_strbuf_release(&why);
        }
    }
}

/* ---- unknown keys ---- */

struct config_guess {
    const char *key;
    size_t distance;
    bool is_file;               /* KEY-file */
};

static void guess_try(struct config_guess *g, const struct config_form *f, const char *key)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct sj_option *o = &f->table[i];
        size_t distance = config_distance(key, o->name);
        if (distance < g->distance)
            *g = (struct config_guess){.key = o->name, .distance = distance};
        if (o->kind != SJ_OPTION_SECRET)
            continue;
        struct sj_strbuf file;
        sj_strbuf_init(&file, FORM_WHY_MAX);
        sj_strbuf_addf(&file, "%s-file", o->name);
        distance = config_distance(key, file.s);
        if (distance < g->distance)
            *g = (struct config_guess){.key = o->name, .distance = distance, .is_file = true};
        sj_strbuf_release(&file);
    }
}

void config_form_refuse(struct config_run *run, const struct config_section *s,
                        const struct config_entry *e, const struct config_form *forms, size_t n)
{
    struct config_guess g = {.distance = SIZE_MAX};
    for (size_t i = 0; i < n; i++)
        guess_try(&g, &forms[i], e->key);
    if (g.key)
        config_problem_add(&run->problems, e->line, "%s: no such key; did you mean %s%s?",
                           SJ_CLIP(e->key), g.key, g.is_file ? "-file" : "");
    else
        config_problem_add(&run->problems, e->line, "%s: no such key in [%s]", SJ_CLIP(e->key),
                           SJ_CLIP(s->name));
}
