/* SPDX-License-Identifier: MPL-2.0 */
/* config.c and its parts: every error with its place and what is allowed, all in one pass. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "registry.h"
#include "sojourn/backend.h"
#include "sojourn/strbuf.h"

/* Sound beginnings; the line that a test adds to GATEWAY is 4, to NETWORK (behind it) 8. */
#define GATEWAY "[gateway]\ndata-dir = /tmp/data\nkey-file = /tmp/key\n"
#define NETWORK "[irc.example.org]\nbackend = irc\nsecret = s\nserver = irc.example.net\n"

struct reports {
    struct sj_strbuf text;      /* one line each */
    unsigned n;
};

static void reports_take(void *ctx, const char *text)
{
    struct reports *r = ctx;
    r->n++;
    sj_strbuf_addf(&r->text, "%s\n", text);
}

static void reports_init(struct reports *r)
{
    *r = (struct reports){0};
    sj_strbuf_init(&r->text, 1000000);
}

static struct config *parse(struct reports *r, const char *text)
{
    reports_init(r);
    return config_parse("f", text, strlen(text), false, reports_take, r);
}

static void release(struct reports *r, struct config *c)
{
    config_free(&c);
    cr_assert_null(c);
    sj_strbuf_release(&r->text);
}

Test(config, reads_a_sound_file)
{
    struct reports r;
    struct config *c = parse(&r, "\xEF\xBB\xBF# comment\r\n; another\n\n  [gateway]  \n"
                                 "data-dir=/tmp/data\n\tkey-file\t=\t/tmp/key\n"
                                 "hold-time = 2m\nlog-level = debug\nallow = example.org, *\n"
                                 "[IRC.example.org]\nbackend = irc\nsecret = \" a \"b\" \"\n"
                                 "server = irc.example.net\nname = \"\"\ntls = no");
    cr_assert_not_null(c, "%s", r.text.s);
    cr_assert_eq(r.n, 0);
    cr_assert_str_eq(c->path, "f");
    cr_assert_str_eq(sj_values_text(&c->gateway, "data-dir"), "/tmp/data");
    cr_assert_str_eq(sj_values_text(&c->gateway, "key-file"), "/tmp/key");
    cr_assert_eq(sj_values_number(&c->gateway, "hold-time"), 120000);
    cr_assert_eq(sj_values_number(&c->gateway, "log-level"), 3);
    cr_assert_str_eq(sj_values_text(&c->gateway, "log-level"), "debug");
    cr_assert_str_eq(sj_values_text(&c->gateway, "allow"), "example.org, *");
    cr_assert_eq(c->n_networks, 1);
    const struct config_network *n = &c->networks[0];
    cr_assert_str_eq(n->host, "irc.example.org");
    cr_assert_str_eq(n->backend->name, "irc");
    cr_assert_eq(n->line, 10);
    cr_assert_str_eq(n->secret, " a \"b\" ");
    cr_assert_str_eq(sj_values_text(&n->common, "name"), "");
    cr_assert_str_eq(sj_values_text(&n->own, "server"), "irc.example.net");
    cr_assert_eq(sj_values_number(&n->own, "tls"), 0);
    release(&r, c);
}

Test(config, has_the_documented_defaults)
{
    struct reports r;
    struct config *c = parse(&r, GATEWAY NETWORK);
    cr_assert_not_null(c, "%s", r.text.s);
    const struct sj_values *g = &c->gateway;
    cr_assert_str_eq(sj_values_text(g, "server"), "127.0.0.1");
    cr_assert_eq(sj_values_number(g, "port"), 5347);
    cr_assert_str_eq(sj_values_text(g, "control-socket"), "/run/sojourn/control.sock");
    cr_assert_null(sj_values_text(g, "admins"));
    cr_assert_null(sj_values_text(g, "allow"));
    cr_assert_str_eq(sj_values_text(g, "log-level"), "info");
    cr_assert_eq(sj_values_number(g, "hold-time"), 30000);
    cr_assert_eq(sj_values_number(g, "stanza-max"), 262144);
    cr_assert_eq(sj_values_number(g, "queue-max"), 8 * 1024 * 1024);
    cr_assert_eq(sj_values_number(g, "contacts-max"), 1000);
    cr_assert_eq(sj_values_number(g, "sessions-max"), 20000);
    cr_assert_not(sj_values_get(g, "port")->given);
    cr_assert(sj_values_get(g, "data-dir")->given);
    const struct sj_values *n = &c->networks[0].common;
    cr_assert_null(sj_values_text(n, "name"));
    cr_assert_eq(sj_values_number(n, "login-rate"), 5);
    cr_assert_eq(sj_values_number(n, "login-burst"), 10);
    cr_assert_eq(sj_values_number(n, "logins-at-once"), 20);
    release(&r, c);
}

Test(config, says_what_is_wrong_with_a_line)
{
    static const struct {
        const char *text, *reports;
    } rows[] = {
        {GATEWAY "prot = 1\n" NETWORK, "f:4: prot: no such key; did you mean port?\n"},
        {GATEWAY "Port = 1\n" NETWORK, "f:4: Port: no such key; did you mean port?\n"},
        {GATEWAY "colour = red\n" NETWORK, "f:4: colour: no such key in [gateway]\n"},
        {GATEWAY NETWORK "sekret = x\n", "f:8: sekret: no such key; did you mean secret?\n"},
        {GATEWAY NETWORK "sekret-file = x\n",
         "f:8: sekret-file: no such key; did you mean secret-file?\n"},
        {GATEWAY NETWORK "serber = x\n", "f:8: serber: no such key; did you mean server?\n"},
        {GATEWAY "port = 0\n" NETWORK, "f:4: port: \"0\" is out of range; allowed: 1 to 65535\n"},
        {GATEWAY "port = 65536\n" NETWORK,
         "f:4: port: \"65536\" is out of range; allowed: 1 to 65535\n"},
        {GATEWAY "port = 53 47\n" NETWORK,
         "f:4: port: \"53 47\" is not a number; allowed: 1 to 65535\n"},
        {GATEWAY "port = 99999999999999999999\n" NETWORK,
         "f:4: port: \"99999999999999999999\" is not a number; allowed: 1 to 65535\n"},
        {GATEWAY "port =\n" NETWORK,
         "f:4: port: is empty; leave the line out if you do not want to set it\n"},
        {GATEWAY "hold-time = 5\n" NETWORK,
         "f:4: hold-time: \"5\" is not a duration (a number with ms, s, m or h); "
         "allowed: 0s to 1h\n"},
        {GATEWAY "hold-time = 2h\n" NETWORK,
         "f:4: hold-time: \"2h\" is out of range; allowed: 0s to 1h\n"},
        {GATEWAY "hold-time = 99999999999999999h\n" NETWORK,
         "f:4: hold-time: \"99999999999999999h\" is not a duration (a number with ms, s, m or h); "
         "allowed: 0s to 1h\n"},
        {GATEWAY "log-level = loud\n" NETWORK,
         "f:4: log-level: \"loud\" is not known; allowed: error, warn, info, debug or trace\n"},
        {GATEWAY NETWORK "tls = true\n",
         "f:8: tls: \"true\" is not known; allowed: yes or no\n"},
        {GATEWAY "port = 1\nport = 1\n" NETWORK, "f:5: port: is given already, in line 4\n"},
        {GATEWAY NETWORK "secret-file = /x\n",
         "f:8: secret-file: secret or secret-file is given already, in line 6\n"},
        {GATEWAY NETWORK "secret = t\n",
         "f:8: secret: secret or secret-file is given already, in line 6\n"},
        {GATEWAY "name = \"x\n" NETWORK, "f:4: name: the closing double quote is missing\n"},
        {GATEWAY "nonsense\n" NETWORK,
         "f:4: expected KEY = VALUE, [SECTION], or a comment that starts with # or ;\n"},
        {GATEWAY "a b = c\n" NETWORK,
         "f:4: \"a b\" cannot be a key: letters, digits and hyphens make one\n"},
        {GATEWAY "= c\n" NETWORK,
         "f:4: \"\" cannot be a key: letters, digits and hyphens make one\n"},
        {GATEWAY "name = a\x01\n" NETWORK,
         "f:4: a control character (0x01) stands in this line\n"},
        {GATEWAY "# \xFF\n" NETWORK, "f:4: this line is not UTF-8 text\n"},
        {"port = 1\n" GATEWAY NETWORK, "f:1: port: stands before any [SECTION]\n"},
        {GATEWAY "[gateway]\n" NETWORK, "f:4: [gateway] stands already in line 1\n"},
        {GATEWAY NETWORK "[IRC.Example.org]\nbackend = irc\nsecret = s\nserver = s\n",
         "f:8: [IRC.Example.org] stands already in line 4\n"},
        {GATEWAY NETWORK "[irc example org]\nbackend = irc\nsecret = s\nserver = s\n",
         "f:8: [irc example org] is neither [gateway] nor a hostname: labels of letters, digits "
         "and hyphens, divided by dots\n"},
        {GATEWAY NETWORK "[-a.org]\nbackend = irc\nsecret = s\nserver = s\n",
         "f:8: [-a.org] is neither [gateway] nor a hostname: labels of letters, digits "
         "and hyphens, divided by dots\n"},
        {GATEWAY NETWORK "[a..org]\nbackend = irc\nsecret = s\nserver = s\n",
         "f:8: [a..org] is neither [gateway] nor a hostname: labels of letters, digits "
         "and hyphens, divided by dots\n"},
        {GATEWAY "[irc.example.org\nbackend = irc\nsecret = s\nserver = s\n",
         "f:4: a section is written as [NAME], with nothing behind it\n"},
        {GATEWAY "[irc.example.org] # x\nbackend = irc\nsecret = s\nserver = s\n",
         "f:4: a section is written as [NAME], with nothing behind it\n"},
        {GATEWAY "[irc.example.org]\nsecret = s\nserver = x\n",
         "f:4: [irc.example.org] needs backend: Kind of network.\n"},
        {GATEWAY "[irc.example.org]\nbackend = irc\nserver = x\n",
         "f:4: [irc.example.org] needs secret or secret-file: Secret that the XMPP server expects "
         "from this component.\n"},
        {GATEWAY "[irc.example.org]\nbackend = irc\nsecret = s\n",
         "f:4: [irc.example.org] needs server: Name or address of the IRC server.\n"},
        {"[gateway]\nkey-file = /tmp/key\n" NETWORK, "f:1: [gateway] needs data-dir: Directory"},
        {NETWORK, "f:1: there is no section [gateway]\n"},
        {GATEWAY, "f:1: no network is enabled: each has a section whose name is the component's "
                  "hostname\n"},
        {"", "f:1: there is no section [gateway]\nf:1: no network is enabled"},
        {GATEWAY "allow = a/b\n" NETWORK,
         "f:4: allow: \"a/b\" is not a domain, a bare JID or *\n"},
        {GATEWAY "allow = , ,\n" NETWORK, "f:4: allow: has 0 items; allowed: 1 to 4096\n"},
        {GATEWAY "admin-address = admin@example.org\n" NETWORK,
         "f:4: admin-address: \"admin@example.org\" is not a URI such as "
         "mailto:admin@example.org\n"},
        {GATEWAY "abuse-address = mailto:a@b.example, 1:x\n" NETWORK,
         "f:4: abuse-address: \"1:x\" is not a URI such as mailto:admin@example.org\n"},
        {GATEWAY "support-address = xmpp:\n" NETWORK,
         "f:4: support-address: \"xmpp:\" is not a URI such as mailto:admin@example.org\n"},
        {GATEWAY "status-address = a:1,a:2,a:3,a:4,a:5,a:6,a:7,a:8,a:9,a:a,a:b,a:c,a:d,a:e,a:f,a:g,"
                 "a:h\n" NETWORK,
         "f:4: status-address: has 17 URIs; allowed: up to 16\n"},
        {GATEWAY "terms = https://example.org/<terms>\n" NETWORK,
         "f:4: terms: \"https://example.org/<terms>\" is not a URI such as "
         "mailto:admin@example.org\n"},
        {GATEWAY "terms = https://example.org/my terms\n" NETWORK,
         "f:4: terms: \"https://example.org/my terms\" is not a URI such as "
         "mailto:admin@example.org\n"},
        {GATEWAY NETWORK "network-terms = here\n",
         "f:8: network-terms: \"here\" is not a URI such as mailto:admin@example.org\n"},
        {GATEWAY "admins = example.org\n" NETWORK,
         "f:4: admins: \"example.org\" is not a bare JID\n"},
        {GATEWAY "admins = a@b, @c d@\n" NETWORK, "f:4: admins: \"@c\" is not a bare JID\n"
                                                  "f:4: admins: \"d@\" is not a bare JID\n"},
        {GATEWAY NETWORK "secret =\n", "f:8: secret: secret or secret-file is given already"},
        {GATEWAY "[h]\nbackend = irc\nsecret = \"\"\nserver = x\n", "f:6: secret: is empty\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reports r;
        struct config *c = parse(&r, rows[i].text);
        cr_expect_null(c, "row %zu: %s", i, rows[i].text);
        size_t n = strlen(rows[i].reports);
        bool whole = n && rows[i].reports[n - 1] == '\n';
        cr_expect(strncmp(r.text.s, rows[i].reports, n) == 0 && (!whole || r.text.len == n),
                  "row %zu: said\n%sexpected\n%s", i, r.text.s, rows[i].reports);
        release(&r, c);
    }
}

Test(config, knows_the_backends)
{
    struct reports r;
    struct config *c = parse(&r, GATEWAY "[h]\nbackend = fax\nsecret = s\nnumber = 5\n");
    cr_assert_null(c);
    cr_assert_eq(r.n, 1, "its keys cannot be judged: %s", r.text.s);
    cr_assert_eq(strncmp(r.text.s, "f:5: backend: \"fax\" is not known; allowed: ", 43), 0, "%s",
                 r.text.s);
    for (size_t i = 0; registry_at(i); i++)
        cr_assert_not_null(strstr(r.text.s, registry_at(i)->name));
    release(&r, c);
}

Test(config, reports_all_problems_in_the_order_of_lines)
{
    struct reports r;
    struct config *c = parse(&r, "early = 1\n[gateway]\nport = x\nbad line\n[h]\nbackend = irc\n"
                                 "port = 0\nunknown = 1\n");
    cr_assert_null(c);
    cr_assert_gt(r.n, 6);
    unsigned last = 0;
    for (const char *line = r.text.s; *line; line = strchr(line, '\n') + 1) {
        unsigned number = (unsigned)strtoul(line + 2, NULL, 10);
        cr_assert_geq(number, last, "%s", r.text.s);
        last = number;
    }
    cr_assert_eq(last, 8);
    release(&r, c);
}

Test(config, stops_counting_problems_at_a_hundred)
{
    struct reports r;
    struct sj_strbuf text;
    sj_strbuf_init(&text, 100000);
    for (int i = 0; i < 500; i++)
        sj_strbuf_adds(&text, "x\n");
    struct config *c = parse(&r, text.s);
    cr_assert_null(c);
    cr_assert_eq(r.n, 101);
    cr_assert_not_null(strstr(r.text.s, "there are more problems than these 100"));
    release(&r, c);
    sj_strbuf_release(&text);
}

Test(config, bounds_file_and_networks)
{
    struct reports r;
    struct sj_strbuf text;
    sj_strbuf_init(&text, 2 * CONFIG_FILE_MAX);
    sj_strbuf_adds(&text, GATEWAY);
    for (unsigned i = 0; i < CONFIG_NETWORKS_MAX; i++)
        sj_strbuf_addf(&text, "[h%u]\nbackend = irc\nsecret = s\nserver = x\n", i);
    struct config *c = parse(&r, text.s);
    cr_assert_not_null(c, "%s", r.text.s);
    cr_assert_eq(c->n_networks, CONFIG_NETWORKS_MAX);
    release(&r, c);
    sj_strbuf_adds(&text, "[more]\nbackend = irc\nsecret = s\nserver = x\n");
    c = parse(&r, text.s);
    cr_assert_null(c);
    cr_assert_not_null(strstr(r.text.s, "more than 256 networks"), "%s", r.text.s);
    release(&r, c);
    while (text.len <= CONFIG_FILE_MAX)
        sj_strbuf_adds(&text, "# a comment that makes the file long\n");
    c = parse(&r, text.s);
    cr_assert_null(c);
    cr_assert_str_eq(r.text.s, "f:1: the file is longer than 1048576 bytes\n");
    release(&r, c);
    sj_strbuf_release(&text);
}

Test(config, never_repeats_a_secret)
{
    struct reports r;
    struct sj_strbuf text;
    sj_strbuf_init(&text, 10000);
    sj_strbuf_adds(&text, GATEWAY "[h]\nbackend = irc\nserver = x\nsecret = ");
    for (int i = 0; i < 200; i++)
        sj_strbuf_adds(&text, "hunter");
    struct config *c = parse(&r, text.s);
    cr_assert_null(c);
    cr_assert_null(strstr(r.text.s, "hunter"));
    cr_assert_str_eq(r.text.s, "f:7: secret: is too long; allowed: 1023 bytes\n");
    release(&r, c);
    sj_strbuf_release(&text);
}

/* ---- files ---- */

struct folder {
    char dir[64];
    char config[96], key[96], secret[96];
};

static void folder_write(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    fputs(text, file);
    fclose(file);
    cr_assert_eq(chmod(path, mode), 0);
}

static void folder_init(struct folder *f)
{
    sj_copy(f->dir, sizeof f->dir, "/tmp/sojourn-test-XXXXXX");
    cr_assert_not_null(mkdtemp(f->dir));
    snprintf(f->config, sizeof f->config, "%s/conf", f->dir);
    snprintf(f->key, sizeof f->key, "%s/key", f->dir);
    snprintf(f->secret, sizeof f->secret, "%s/secret", f->dir);
    unsetenv("CREDENTIALS_DIRECTORY");
}

static void folder_release(struct folder *f)
{
    unlink(f->config);
    unlink(f->key);
    unlink(f->secret);
    rmdir(f->dir);
}

/* extra: lines of the network. */
static void folder_configure(struct folder *f, const char *extra, mode_t mode)
{
    struct sj_strbuf text;
    sj_strbuf_init(&text, 10000);
    sj_strbuf_addf(&text, "[gateway]\ndata-dir = %s/data\nkey-file = %s\n[h]\nbackend = irc\n"
                          "server = x\n%s\n", f->dir, f->key, extra);
    folder_write(f->config, text.s, mode);
    sj_strbuf_release(&text);
}

static struct config *folder_load(struct folder *f, struct reports *r)
{
    reports_init(r);
    return config_load(f->config, reports_take, r);
}

Test(config_files, take_a_secret_from_a_private_file)
{
    struct folder f;
    struct reports r;
    char extra[128];
    folder_init(&f);
    snprintf(extra, sizeof extra, "secret-file = %s", f.secret);
    folder_configure(&f, extra, 0644);
    folder_write(f.secret, "from the file\n", 0600);
    struct config *c = folder_load(&f, &r);
    cr_assert_not_null(c, "%s", r.text.s);
    cr_assert_str_eq(c->networks[0].secret, "from the file");
    release(&r, c);

    static const struct {
        const char *text;
        mode_t mode;
        const char *problem;
    } rows[] = {
        {"s\n", 0644, "can be read or changed by others (mode 0644); make it private with chmod"},
        {"s\n", 0640, "can be read or changed by others (mode 0640)"},
        {"", 0600, "is empty"},
        {"\n\n", 0600, "is empty"},
        {"one\ntwo\n", 0600, "must hold one line of text"},
        {"\xFF\n", 0600, "must hold one line of text"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        folder_write(f.secret, rows[i].text, rows[i].mode);
        c = folder_load(&f, &r);
        cr_expect_null(c, "row %zu", i);
        cr_expect_not_null(strstr(r.text.s, ":7: secret-file: "), "row %zu: %s", i, r.text.s);
        cr_expect_not_null(strstr(r.text.s, rows[i].problem), "row %zu: %s", i, r.text.s);
        release(&r, c);
    }
    unlink(f.secret);
    c = folder_load(&f, &r);
    cr_assert_null(c);
    cr_assert_not_null(strstr(r.text.s, "cannot open"), "%s", r.text.s);
    release(&r, c);
    folder_release(&f);
}

Test(config_files, are_not_opened_when_not_asked_for)
{
    struct reports r;
    struct config *c = parse(&r, "[gateway]\ndata-dir = /nonexistent\n[h]\nbackend = irc\n"
                                 "server = x\nsecret-file = /nonexistent\ntls-ca = /nonexistent\n");
    cr_assert_not_null(c, "%s", r.text.s);
    cr_assert_str_eq(c->networks[0].secret, "");
    release(&r, c);
}

Test(config_files, must_be_there_when_they_have_to)
{
    struct folder f;
    struct reports r;
    folder_init(&f);
    folder_configure(&f, "secret = s\ntls-ca = /nonexistent", 0600);
    struct config *c = folder_load(&f, &r);
    cr_assert_null(c);
    cr_assert_not_null(strstr(r.text.s, ":8: tls-ca: cannot open \"/nonexistent\": No such file"),
                       "%s", r.text.s);
    release(&r, c);
    folder_configure(&f, "secret = s\ntls-ca = /tmp", 0600);
    c = folder_load(&f, &r);
    cr_assert_null(c);
    cr_assert_not_null(strstr(r.text.s, "is not a regular file"), "%s", r.text.s);
    release(&r, c);
    folder_release(&f);
}

Test(config_files, keep_the_key_private)
{
    struct folder f;
    struct reports r;
    folder_init(&f);
    folder_configure(&f, "secret = s", 0600);
    folder_write(f.key, "12345678901234567890123456789012", 0600);
    struct config *c = folder_load(&f, &r);
    cr_assert_not_null(c, "%s", r.text.s);
    release(&r, c);
    static const struct {
        const char *key;
        mode_t mode;
    } rows[] = {
        {"12345678901234567890123456789012", 0644},
        {"12345678901234567890123456789012", 0640},
        {"too short", 0600},
        {"", 0600},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        folder_write(f.key, rows[i].key, rows[i].mode);
        c = folder_load(&f, &r);
        cr_expect_null(c, "row %zu", i);
        cr_expect_not_null(strstr(r.text.s, ":3: key-file"), "row %zu: %s", i, r.text.s);
        release(&r, c);
    }
    unlink(f.key);
    c = folder_load(&f, &r);
    cr_assert_not_null(c, "a missing key is made at the first start: %s", r.text.s);
    release(&r, c);
    folder_release(&f);
}

Test(config_files, take_the_key_from_a_credential)
{
    struct folder f;
    struct reports r;
    char credential[128];
    folder_init(&f);
    folder_write(f.config, "[gateway]\ndata-dir = /tmp/x\n[h]\nbackend = irc\nserver = x\n"
                           "secret = s\n", 0600);
    struct config *c = folder_load(&f, &r);
    cr_assert_null(c);
    cr_assert_not_null(strstr(r.text.s, ":1: [gateway] needs key-file: "), "%s", r.text.s);
    release(&r, c);
    snprintf(credential, sizeof credential, "%s/store.key", f.dir);
    folder_write(credential, "12345678901234567890123456789012", 0400);
    setenv("CREDENTIALS_DIRECTORY", f.dir, 1);
    c = folder_load(&f, &r);
    cr_assert_not_null(c, "%s", r.text.s);
    cr_assert_str_eq(sj_values_text(&c->gateway, "key-file"), credential);
    release(&r, c);
    unlink(credential);
    folder_release(&f);
}

Test(config_files, do_not_leave_secrets_in_the_open)
{
    struct folder f;
    struct reports r;
    folder_init(&f);
    static const struct {
        mode_t mode;
        const char *problem;
    } rows[] = {
        {0600, NULL},
        {0640, NULL},
        {0644, ":7: a secret stands here, and everybody can read this file (mode 0644)"},
        {0602, ":1: everybody can write to this file (mode 0602)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        folder_configure(&f, "secret = s", rows[i].mode);
        struct config *c = folder_load(&f, &r);
        cr_expect_eq(c != NULL, rows[i].problem == NULL, "row %zu: %s", i, r.text.s);
        cr_expect(!rows[i].problem || strstr(r.text.s, rows[i].problem), "row %zu: %s", i,
                  r.text.s);
        release(&r, c);
    }
    folder_release(&f);
}

Test(config_files, say_why_the_configuration_cannot_be_read)
{
    struct reports r;
    reports_init(&r);
    cr_assert_null(config_load("/nonexistent/conf", reports_take, &r));
    cr_assert_str_eq(r.text.s, "/nonexistent/conf: cannot open the configuration: "
                               "No such file or directory\n");
    sj_strbuf_reset(&r.text);
    cr_assert_null(config_load("/tmp", reports_take, &r));
    cr_assert_str_eq(r.text.s, "/tmp: the configuration is not a regular file\n");
    sj_strbuf_release(&r.text);
}

/* ---- what is written from the tables ---- */

static void write_to(void (*fn)(FILE *out), struct sj_strbuf *out)
{
    char *text = NULL;
    size_t n = 0;
    FILE *file = open_memstream(&text, &n);
    fn(file);
    fclose(file);
    sj_strbuf_init(out, 1000000);
    sj_strbuf_adds(out, text);
    free(text);
}

Test(config_docs, give_a_sample_that_is_sound)
{
    struct sj_strbuf sample;
    struct reports r;
    write_to(config_write_sample, &sample);
    struct config *c = parse(&r, sample.s);
    cr_assert_not_null(c, "%s", r.text.s);
    for (const char *s = sample.s; *s;) {
        size_t n = strcspn(s, "\n");
        cr_expect_leq(n, 100, "%.*s", (int)n, s);
        s += n + (s[n] == '\n');
    }
    release(&r, c);
    sj_strbuf_release(&sample);
}

Test(config_docs, name_every_key)
{
    struct sj_strbuf docs;
    char cell[64];
    write_to(config_write_docs, &docs);
    for (size_t i = 0; i < config_gateway_n; i++) {
        snprintf(cell, sizeof cell, "| `%s`", config_gateway_options[i].name);
        cr_expect_not_null(strstr(docs.s, cell), "%s", cell);
    }
    for (size_t b = 0; registry_at(b); b++) {
        for (size_t i = 0; i < registry_at(b)->n_options; i++) {
            snprintf(cell, sizeof cell, "| `%s`", registry_at(b)->options[i].name);
            cr_expect_not_null(strstr(docs.s, cell), "%s", cell);
        }
    }
    cr_expect_not_null(strstr(docs.s, "| `secret` or `secret-file` | secret | required |"));
    sj_strbuf_release(&docs);
}

/* The tables of the gateway itself obey the rules that sj_backend_check has for backends, and no
 * backend has a key that every network has. */
Test(config_docs, come_from_sound_tables)
{
    for (size_t b = 0; registry_at(b); b++) {
        cr_expect_null(sj_backend_check(registry_at(b)), "%s: %s", registry_at(b)->name,
                       sj_backend_check(registry_at(b)));
        struct sj_backend probe = *registry_at(b);
        probe.options = config_gateway_options;
        probe.n_options = config_gateway_n;
        cr_expect_null(sj_backend_check(&probe), "%s", sj_backend_check(&probe));
        probe.options = config_network_options;
        probe.n_options = config_network_n;
        cr_expect_null(sj_backend_check(&probe), "%s", sj_backend_check(&probe));
        for (size_t i = 0; i < config_network_n; i++) {
            for (size_t j = 0; j < registry_at(b)->n_options; j++)
                cr_expect_str_neq(config_network_options[i].name,
                                  registry_at(b)->options[j].name);
        }
    }
}
