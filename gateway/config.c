/* SPDX-License-Identifier: MPL-2.0 */
/* From the configuration file to struct config: which keys a section may have, what must be there,
 * what excludes each other, and which files may be read by whom. Reading lines is config_read.c,
 * filling in a table config_form.c, single values are config_value.c; the tables themselves stand
 * in config_table.c and with the backends. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config_form.h"
#include "config_value.h"
#include "registry.h"
#include "sojourn/backend.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/store.h"
#include "sojourn/strbuf.h"

#define CONFIG_HOST_MAX 253u
#define CONFIG_LABEL_MAX 63u
#define CONFIG_PATH_MAX 4096u
#define CONFIG_KEY_CREDENTIAL "store.key"
#define CONFIG_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define CONFIG_ITEMS_MAX 4096u      /* of a list */

void config_free(struct config **c)
{
    if (!c || !*c)
        return;
    struct config_owned *owned = (struct config_owned *)*c;
    while (owned->blocks) {
        struct config_block *block = owned->blocks;
        owned->blocks = block->next;
        sj_wipe(block->bytes, block->n);
        sj_free(block);
    }
    sj_free(owned);
    *c = NULL;
}

/* ---- [gateway] ---- */

/* What the items of a list may be. */
struct item_kind {
    const char *key, *text;
    bool domain, jid, star;
};
static const struct item_kind item_kinds[] = {
    {.key = "admins", .text = "a bare JID", .jid = true},
    {.key = "allow", .text = "a domain, a bare JID or *", .domain = true, .jid = true,
     .star = true},
    {.key = "privileged-servers", .text = "a domain", .domain = true},
};

/* A coarse check: what matters is that a list of JIDs with resources, or of something else, is
 * noticed. */
static bool item_is_sound(const char *item, size_t n, const struct item_kind *kind)
{
    if (n == 1 && item[0] == '*')
        return kind->star;
    const char *at = memchr(item, '@', n);
    size_t local = at ? (size_t)(at - item) : 1;
    size_t domain = at ? n - local - 1 : n;
    if (local == 0 || domain == 0 || memchr(item, '/', n) || !(at ? kind->jid : kind->domain))
        return false;
    return !at || !memchr(at + 1, '@', domain);
}

static void gateway_check_items(struct config_run *run, const struct config_form *f,
                                const struct item_kind *kind)
{
    const char *key = kind->key;
    bool from_file;
    size_t i = config_form_find(f, key, &from_file);
    const char *text = f->value[i].text;
    size_t count = 0;
    while (text && *text) {
        text += strspn(text, ", \t");
        size_t n = strcspn(text, ", \t");
        if (n && !item_is_sound(text, n, kind))
            config_problem_add(&run->problems, f->line[i], "%s: \"%s\" is not %s", key,
                               SJ_CLIP_N(text, n), kind->text);
        count += n > 0;
        text += n;
    }
    if (f->line[i] && (count == 0 || count > CONFIG_ITEMS_MAX))
        config_problem_add(&run->problems, f->line[i], "%s: has %zu items; allowed: 1 to %u", key,
                           count, CONFIG_ITEMS_MAX);
}

/* A scheme and something behind it (RFC 3986 §3), without what cannot stand in a URI. */
static bool uri_is_sound(const char *uri, size_t n)
{
    size_t letters = strspn(uri, CONFIG_LETTERS);
    size_t scheme = strspn(uri, CONFIG_LETTERS "0123456789+-.");
    if (letters == 0 || scheme + 1 >= n || uri[scheme] != ':')
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)uri[i];
        if (c <= ' ' || c == 0x7f || strchr("<>\"\\^`{|}", c))
            return false;
    }
    return true;
}

/* One URI, or several with divisions between them. */
static void config_check_uris(struct config_run *run, const struct config_form *f, const char *key)
{
    bool from_file;
    size_t i = config_form_find(f, key, &from_file);
    const char *div = f->table[i].kind == SJ_OPTION_LIST ? ", \t" : "";
    const char *text = f->value[i].text;
    size_t count = 0;
    while (text && *text) {
        text += strspn(text, div);
        size_t n = strcspn(text, div);
        if (n && !uri_is_sound(text, n))
            config_problem_add(&run->problems, f->line[i], "%s: \"%s\" is not a URI such as "
                               "mailto:admin@example.org", key, SJ_CLIP_N(text, n));
        count += n > 0;
        text += n;
    }
    if (count > CONFIG_URIS_MAX)
        config_problem_add(&run->problems, f->line[i], "%s: has %zu URIs; allowed: up to %u", key,
                           count, CONFIG_URIS_MAX);
}

/* The key as a credential of the service manager (systemd.exec(5), LoadCredential), NULL: none. */
static const char *gateway_key_credential(struct config_run *run)
{
    const char *dir = run->with_files ? getenv("CREDENTIALS_DIRECTORY") : NULL;
    if (!dir)
        return NULL;
    struct sj_strbuf path;
    sj_strbuf_init(&path, CONFIG_PATH_MAX);
    sj_strbuf_addf(&path, "%s/%s", dir, CONFIG_KEY_CREDENTIAL);
    const char *kept = NULL;
    if (sj_strbuf_ok(&path) && access(path.s, F_OK) == 0)
        kept = config_keep_text(run->owned, path.s);
    sj_strbuf_release(&path);
    return kept;
}

static void gateway_check_key(struct config_run *run, struct config_form *f,
                              const struct config_section *s)
{
    bool from_file;
    struct sj_error err;
    size_t i = config_form_find(f, "key-file", &from_file);
    if (!f->value[i].given)
        f->value[i].text = gateway_key_credential(run);
    if (!run->with_files)
        return;
    if (!f->value[i].text)
        config_problem_add(&run->problems, s->line, "[gateway] needs key-file: %s",
                           f->table[i].help);
    else if (sj_store_check_key(f->value[i].text, &err) != SJ_OK)
        config_problem_add(&run->problems, f->line[i] ? f->line[i] : s->line, "%s", err.text);
}

static void gateway_check_data_dir(struct config_run *run, const struct config_form *f)
{
    bool from_file;
    struct stat st;
    size_t i = config_form_find(f, "data-dir", &from_file);
    if (!run->with_files || !f->value[i].text || stat(f->value[i].text, &st) != 0)
        return;
    if (!S_ISDIR(st.st_mode))
        config_problem_add(&run->problems, f->line[i], "data-dir: \"%s\" is not a directory",
                           SJ_CLIP(f->value[i].text));
}

static void config_read_gateway(struct config_run *run, const struct config_section *s)
{
    struct config_form f = config_form_new(run, config_gateway_options, config_gateway_n);
    for (size_t i = 0; i < s->n; i++) {
        const struct config_entry *e = &run->ini.entries[s->first + i];
        if (!config_form_take(run, &f, e))
            config_form_refuse(run, s, e, &f, 1);
    }
    config_form_complete(run, &f, s);
    for (size_t i = 0; i < config_address_n; i++)
        config_check_uris(run, &f, config_address_keys[i]);
    config_check_uris(run, &f, "terms");
    for (size_t i = 0; i < sizeof item_kinds / sizeof item_kinds[0]; i++)
        gateway_check_items(run, &f, &item_kinds[i]);
    gateway_check_key(run, &f, s);
    gateway_check_data_dir(run, &f);
    run->owned->config.gateway = config_form_values(&f);
}

/* ---- networks ---- */

static bool host_is_label(const char *s, size_t n)
{
    if (n == 0 || n > CONFIG_LABEL_MAX || s[0] == '-' || s[n - 1] == '-')
        return false;
    for (size_t i = 0; i < n; i++) {
        bool letter = s[i] >= 'a' && s[i] <= 'z';
        if (!letter && !(s[i] >= '0' && s[i] <= '9') && s[i] != '-')
            return false;
    }
    return true;
}

/* A hostname in lower case (RFC 1123 §2.1). */
static bool host_is_sound(const char *host)
{
    if (strlen(host) > CONFIG_HOST_MAX)
        return false;
    for (const char *s = host;;) {
        size_t n = strcspn(s, ".");
        if (!host_is_label(s, n))
            return false;
        if (s[n] == '\0')
            return true;
        s += n + 1;
    }
}

static const char *config_host(struct config_run *run, const struct config_section *s)
{
    char *host = config_keep_text(run->owned, s->name);
    for (char *c = host; *c; c++)
        *c = sj_ascii_lower(*c);
    if (!host_is_sound(host)) {
        config_problem_add(&run->problems, s->line, "[%s] is neither [gateway] nor a hostname: "
                           "labels of letters, digits and hyphens, divided by dots",
                           SJ_CLIP(s->name));
        return host;
    }
    const struct config *c = &run->owned->config;
    for (size_t i = 0; i < c->n_networks; i++) {
        if (strcmp(c->networks[i].host, host) == 0)
            config_problem_add(&run->problems, s->line, "[%s] stands already in line %u",
                               SJ_CLIP(s->name), c->networks[i].line);
    }
    return host;
}

static void network_refuse_backend(struct config_run *run, const struct config_entry *e)
{
    struct sj_strbuf known;
    sj_strbuf_init(&known, CONFIG_PATH_MAX);
    for (size_t i = 0; registry_at(i); i++)
        sj_strbuf_addf(&known, "%s%s", i ? ", " : "", registry_at(i)->name);
    config_problem_add(&run->problems, e->line, "backend: \"%s\" is not known; allowed: %s",
                       SJ_CLIP(e->value), known.s);
    sj_strbuf_release(&known);
}

/* The backend that the section names; NULL, and a problem, when it is unknown. */
static const struct sj_backend *network_find_backend(struct config_run *run,
                                                     const struct config_section *s)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct config_entry *e = &run->ini.entries[s->first + i];
        if (strcmp(e->key, "backend") != 0)
            continue;
        const struct sj_backend *b = registry_find(e->value);
        if (!b && *e->value)
            network_refuse_backend(run, e);
        return b;
    }
    return NULL;
}

static void config_read_network(struct config_run *run, const struct config_section *s)
{
    const struct sj_backend *b = network_find_backend(run, s);
    struct config_form forms[] = {
        config_form_new(run, config_network_options, config_network_n),
        config_form_new(run, b ? b->options : NULL, b ? b->n_options : 0),
    };
    for (size_t i = 0; i < s->n; i++) {
        const struct config_entry *e = &run->ini.entries[s->first + i];
        /* Without a backend nobody knows which other keys there are. */
        if (!config_form_take(run, &forms[0], e) && !config_form_take(run, &forms[1], e) && b)
            config_form_refuse(run, s, e, forms, 2);
    }
    config_form_complete(run, &forms[0], s);
    config_form_complete(run, &forms[1], s);
    config_check_uris(run, &forms[0], "network-terms");
    struct config *c = &run->owned->config;
    struct sj_values common = config_form_values(&forms[0]);
    const char *host = config_host(run, s);      /* looks at those before this one */
    c->networks[c->n_networks++] = (struct config_network){
        .host = host,
        .backend = b,
        .line = s->line,
        .common = common,
        .own = config_form_values(&forms[1]),
        .secret = sj_values_text(&common, "secret"),
    };
}

/* ---- the whole ---- */

static void config_read_sections(struct config_run *run)
{
    struct config *c = &run->owned->config;
    const struct config_section *gateway = NULL;
    size_t max = run->ini.n_sections < CONFIG_NETWORKS_MAX ? run->ini.n_sections
                                                           : CONFIG_NETWORKS_MAX;
    c->networks = config_keep(run->owned, (max ? max : 1) * sizeof *c->networks);
    for (size_t i = 0; i < run->ini.n_sections; i++) {
        const struct config_section *s = &run->ini.sections[i];
        if (sj_ascii_casecmp(s->name, "gateway") != 0) {
            if (c->n_networks < max)
                config_read_network(run, s);
            else
                config_problem_add(&run->problems, s->line, "more than %u networks",
                                   CONFIG_NETWORKS_MAX);
        } else if (gateway) {
            config_problem_add(&run->problems, s->line, "[gateway] stands already in line %u",
                               gateway->line);
        } else {
            gateway = s;
            config_read_gateway(run, s);
        }
    }
    if (!gateway)
        config_problem_add(&run->problems, 1, "there is no section [gateway]");
    if (c->n_networks == 0)
        config_problem_add(&run->problems, 1, "no network is enabled: each has a section whose "
                           "name is the component's hostname");
}

/* mode: of the file, 0 when the text comes from elsewhere. */
static struct config *config_run_parser(const char *name, const char *text, size_t n,
                                        bool with_files, mode_t mode, config_report *report,
                                        void *ctx)
{
    struct config_run run = {.owned = sj_calloc(1, sizeof *run.owned), .with_files = with_files};
    struct config *c = &run.owned->config;
    c->path = config_keep_text(run.owned, name);
    if (n > CONFIG_FILE_MAX) {
        config_problem_add(&run.problems, 1, "the file is longer than %u bytes", CONFIG_FILE_MAX);
    } else {
        char *copy = config_keep(run.owned, n + 1);
        if (n)
            memcpy(copy, text, n);
        config_ini_read(&run.ini, copy, n, &run.problems);
        config_read_sections(&run);
        config_ini_release(&run.ini);
    }
    if (mode & S_IWOTH)
        config_problem_add(&run.problems, 1, "everybody can write to this file (mode %04o); "
                           "protect it with chmod 640", (unsigned)(mode & 07777));
    if ((mode & S_IROTH) && run.secret_line)
        config_problem_add(&run.problems, run.secret_line, "a secret stands here, and everybody "
                           "can read this file (mode %04o); chmod 640, or use the -file form of "
                           "the key", (unsigned)(mode & 07777));
    if (run.problems.n)
        config_free(&c);
    config_problems_report(&run.problems, name, report, ctx);
    return c;
}

struct config *config_parse(const char *name, const char *text, size_t n, bool with_files,
                            config_report *report, void *ctx)
{
    return config_run_parser(name, text, n, with_files, 0, report, ctx);
}

/* Reads what there is, one byte more than allowed at most; -1 with errno. */
static ssize_t config_read_file(int fd, char *out)
{
    size_t n = 0;
    while (n <= CONFIG_FILE_MAX) {
        ssize_t got = read(fd, out + n, CONFIG_FILE_MAX + 1 - n);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return -1;
        n += got > 0 ? (size_t)got : 0;
    }
    return (ssize_t)n;
}

static struct config *config_load_as(const char *path, bool with_files, config_report *report,
                                     void *ctx)
{
    struct config_problems problems = {0};
    struct config *c = NULL;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *text = sj_malloc(CONFIG_FILE_MAX + 1);
    ssize_t n = -1;
    if (fd < 0 || fstat(fd, &st) != 0)
        config_problem_add(&problems, 0, "cannot open the configuration: %s", strerror(errno));
    else if (!S_ISREG(st.st_mode))
        config_problem_add(&problems, 0, "the configuration is not a regular file");
    else if ((n = config_read_file(fd, text)) < 0)
        config_problem_add(&problems, 0, "cannot read the configuration: %s", strerror(errno));
    if (problems.n)
        config_problems_report(&problems, path, report, ctx);
    else
        c = config_run_parser(path, text, (size_t)n, with_files, with_files ? st.st_mode : 0,
                              report, ctx);
    sj_wipe(text, n > 0 ? (size_t)n : 0);
    sj_free(text);
    if (fd >= 0)
        close(fd);
    return c;
}

struct config *config_load(const char *path, config_report *report, void *ctx)
{
    return config_load_as(path, true, report, ctx);
}

struct config *config_load_plain(const char *path, config_report *report, void *ctx)
{
    return config_load_as(path, false, report, ctx);
}
