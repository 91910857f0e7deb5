/* SPDX-License-Identifier: MPL-2.0 */
/* The configuration file as values. INI: whole-line comments (# or ;), [section], key = value,
 * optional double quotes, no continuation lines; every key is declared in a table (config_table.c
 * and each backend's options). All errors of a file are reported in one pass. */
#ifndef SOJOURN_CONFIG_H
#define SOJOURN_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sojourn/error.h"
#include "sojourn/option.h"

struct sj_backend;

#define CONFIG_FILE_MAX (1024u * 1024u)
#define CONFIG_NETWORKS_MAX 256u
#define CONFIG_URIS_MAX 16u              /* of one of the addresses */

/* One enabled network: a section whose name is the component's hostname. */
struct config_network {
    const char *host;                    /* lower case */
    const struct sj_backend *backend;
    unsigned line;                       /* of the section header */
    struct sj_values common;             /* keys of every network: config_network_options */
    struct sj_values own;                /* the backend's own keys */
    const char *secret;                  /* from secret or secret-file */
};

struct config {
    const char *path;
    struct sj_values gateway;            /* [gateway]: config_gateway_options */
    struct config_network *networks;
    size_t n_networks;
};

/* The tables, for the parser, docs and the sample file. */
extern const struct sj_option config_gateway_options[];
extern const size_t config_gateway_n;
extern const struct sj_option config_network_options[];
extern const size_t config_network_n;

/* The keys of [gateway] that hold addresses, in the order of enum xmpp_address. */
extern const char *const config_address_keys[];
extern const size_t config_address_n;

/* Called for each problem, in file order: "file:line: what is wrong, what is allowed". */
typedef void config_report(void *ctx, const char *text);

/* Reads and checks a file; NULL when anything was reported. Values live until config_free. */
struct config *config_load(const char *path, config_report *report, void *ctx);
/* The same, but files named by values are not opened and modes not judged: for tools that may run
 * as another user than the daemon. */
struct config *config_load_plain(const char *path, config_report *report, void *ctx);
/* The same for text in memory (tests, fuzzing); name stands for the file. Files named by values
 * are opened only when with_files. */
struct config *config_parse(const char *name, const char *text, size_t n, bool with_files,
                            config_report *report, void *ctx);
void config_free(struct config **c);     /* wipes secrets */

/* docs/CONFIG.md and the sample file, from the tables. */
void config_write_docs(FILE *out);
void config_write_sample(FILE *out);

#endif
