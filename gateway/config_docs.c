/* SPDX-License-Identifier: MPL-2.0 */
/* docs/CONFIG.md and the sample file, written from the tables, so that they cannot be wrong. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "config_value.h"
#include "registry.h"
#include "sojourn/backend.h"
#include "sojourn/strbuf.h"

#define DOCS_WIDTH 96u
#define DOCS_TEXT_MAX 4096u

static const char *const docs_kinds[] = {
    [SJ_OPTION_TEXT] = "text",
    [SJ_OPTION_SECRET] = "secret",
    [SJ_OPTION_INT] = "number",
    [SJ_OPTION_BOOL] = "yes or no",
    [SJ_OPTION_DURATION] = "duration",
    [SJ_OPTION_CHOICE] = "choice",
    [SJ_OPTION_FILE] = "file",
    [SJ_OPTION_PATH] = "path",
    [SJ_OPTION_LIST] = "list",
};

static void docs_row(FILE *out, const struct sj_option *o)
{
    struct sj_strbuf allowed;
    sj_strbuf_init(&allowed, DOCS_TEXT_MAX);
    if (o->kind != SJ_OPTION_BOOL)
        config_value_allowed(&allowed, o);
    fprintf(out, "| `%s`", o->name);
    if (o->kind == SJ_OPTION_SECRET)
        fprintf(out, " or `%s-file`", o->name);
    fprintf(out, " | %s%s%s | ", docs_kinds[o->kind], allowed.len ? ", " : "", allowed.s);
    if (o->required)
        fputs("required", out);
    else if (o->fallback)
        fprintf(out, "`%s`", o->fallback);
    else
        fputs("none", out);
    fprintf(out, " | %s |\n", o->help);
    sj_strbuf_release(&allowed);
}

static void docs_table(FILE *out, const struct sj_option *options, size_t n)
{
    fputs("| key | value | default | meaning |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < n; i++)
        docs_row(out, &options[i]);
    fputc('\n', out);
}

static const char docs_head[] =
    "# Configuration of Sojourn\n"
    "\n"
    "This page is written by `sojournctl docs` from the tables that the daemon itself reads.\n"
    "`sojournctl sample` prints a file to start from, `sojournctl check` checks one.\n"
    "\n"
    "## The file\n"
    "\n"
    "The file is UTF-8 text of at most 1 MiB. A line is one of these:\n"
    "\n"
    "- a comment, which starts with `#` or `;` (there are no comments behind values);\n"
    "- a section, `[NAME]`: `[gateway]` is the daemon, every other section is a network to\n"
    "  enable, and its name is the component's hostname;\n"
    "- a key, `KEY = VALUE`. The value may stand in double quotes, which keeps blanks at its\n"
    "  ends; all between the first and the last quote counts as it is.\n"
    "\n"
    "A key that is unknown, stands twice, or has a value out of range is an error. All errors of\n"
    "a file are reported at once, as `file:line: what is wrong`, and nothing is started then.\n"
    "\n"
    "Kinds of values: a *number* is decimal; a *duration* is a number with `ms`, `s`, `m` or `h`;\n"
    "a *list* has its items divided by commas or blanks; a *file* must be readable; a *path* need\n"
    "not exist. A *secret* may be replaced by a file: `KEY-file = PATH`, which must be private\n"
    "(mode 0600) and hold one line. A file with secrets in it must not be readable by everybody\n"
    "(mode 0640 or less), and no configuration file may be writable by everybody.\n"
    "\n";

void config_write_docs(FILE *out)
{
    fputs(docs_head, out);
    fputs("## [gateway]\n\n", out);
    docs_table(out, config_gateway_options, config_gateway_n);
    fputs("## Every network\n\n", out);
    docs_table(out, config_network_options, config_network_n);
    for (size_t i = 0; registry_at(i); i++) {
        const struct sj_backend *b = registry_at(i);
        fprintf(out, "## Networks with `backend = %s` (%s)\n\n", b->name, b->network_name);
        if (b->n_options)
            docs_table(out, b->options, b->n_options);
        else
            fputs("This backend has no keys of its own.\n\n", out);
    }
}

/* A sentence as comment lines. */
static void sample_comment(FILE *out, const char *text)
{
    size_t column = 0;
    while (*text) {
        size_t n = strcspn(text, " ");
        if (column && column + 1 + n > DOCS_WIDTH) {
            fputc('\n', out);
            column = 0;
        }
        fputs(column ? " " : "# ", out);
        fwrite(text, 1, n, out);
        column += n + (column ? 1 : 2);
        text += n + strspn(text + n, " ");
    }
    fputc('\n', out);
}

/* The example values of keys that have no default: what the admin has to fill in. */
static const struct {
    const char *key;
    const char *value;
} sample_values[] = {
    {"data-dir", "/var/lib/sojourn"},
    {"key-file", "/etc/sojourn/store.key"},
    {"server", "chat.example.net"},
    {"admins", "admin@example.org"},
    {"allow", "example.org"},
    {"secret", "component-secret"},
    {"name", "Example network"},
};

static const char *sample_value(const struct sj_option *o)
{
    if (o->fallback)
        return o->fallback;
    for (size_t i = 0; i < sizeof sample_values / sizeof sample_values[0]; i++) {
        if (strcmp(sample_values[i].key, o->name) == 0)
            return sample_values[i].value;
    }
    return "";
}

/* Keys that one must give stand as they are, all others in comments. */
static void sample_options(FILE *out, const struct sj_option *options, size_t n,
                           const char *backend)
{
    for (size_t i = 0; i < n; i++) {
        const struct sj_option *o = &options[i];
        bool live = o->required || strcmp(o->name, "key-file") == 0;
        const char *value = strcmp(o->name, "backend") == 0 ? backend : sample_value(o);
        struct sj_strbuf help;
        sj_strbuf_init(&help, DOCS_TEXT_MAX);
        sj_strbuf_adds(&help, o->help);
        if (o->kind != SJ_OPTION_TEXT && !(o->kind == SJ_OPTION_BOOL)) {
            struct sj_strbuf allowed;
            sj_strbuf_init(&allowed, DOCS_TEXT_MAX);
            config_value_allowed(&allowed, o);
            if (allowed.len)
                sj_strbuf_addf(&help, " Allowed: %s.", allowed.s);
            sj_strbuf_release(&allowed);
        }
        if (o->kind == SJ_OPTION_SECRET)
            sj_strbuf_addf(&help, " Or %s-file = PATH.", o->name);
        sample_comment(out, help.s);
        fprintf(out, "%s%s =%s%s\n\n", live ? "" : "#", o->name, *value ? " " : "", value);
        sj_strbuf_release(&help);
    }
}

void config_write_sample(FILE *out)
{
    fputs("# Configuration of Sojourn; docs/CONFIG.md says more. Lines that start with #KEY show\n"
          "# the default, or an example where there is none. Keep this file private (chmod 640):\n"
          "# it holds secrets.\n\n[gateway]\n",
          out);
    sample_options(out, config_gateway_options, config_gateway_n, "");
    const struct sj_backend *b = registry_at(0);
    if (!b)
        return;
    fputs("# A network; the name of the section is the component's hostname on the XMPP server.\n",
          out);
    fprintf(out, "[%s.example.org]\n", b->name);
    sample_options(out, config_network_options, config_network_n, b->name);
    sample_options(out, b->options, b->n_options, b->name);
}
