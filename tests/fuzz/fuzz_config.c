/* SPDX-License-Identifier: MPL-2.0 */
/* The configuration reader with any bytes as a file: it must neither fail nor give a configuration
 * that breaks its own promises; and the same bytes as the file of a secret. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "config_value.h"
#include "sojourn/memory.h"
#include "sojourn/backend.h"
#include "sojourn/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_report(void *ctx, const char *text)
{
    unsigned *n = ctx;
    (*n)++;
    assert(strlen(text) > 0 && sj_utf8_valid(text, strlen(text)));
}

static void fuzz_check_values(const struct sj_values *v)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct sj_option *o = &v->table[i];
        const struct sj_value *value = sj_values_get(v, o->name);
        assert(value->text || (!o->fallback && !o->required));
        if (o->kind == SJ_OPTION_INT || o->kind == SJ_OPTION_DURATION)
            assert(!value->text || (value->number >= o->min && value->number <= o->max));
    }
}

/* A file that only we read, with these bytes. Its path is good until the next call. */
static const char *fuzz_file(const uint8_t *data, size_t size)
{
    static FILE *file;
    static char path[64];

    if (!file && (!(file = tmpfile()) || fchmod(fileno(file), 0600) != 0))
        abort();
    if (ftruncate(fileno(file), 0) != 0 ||
        pwrite(fileno(file), data, size, 0) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fileno(file));
    return path;
}

/* From a file the same comes as from memory. */
static void fuzz_load(const char *path, bool is_sound)
{
    unsigned problems = 0;
    struct config *c = config_load_plain(path, fuzz_report, &problems);

    assert((c != NULL) == is_sound && (c != NULL) == (problems == 0));
    config_free(&c);
}

static void fuzz_secret(const char *path, const uint8_t *data, size_t size)
{
    struct sj_error err = {.status = SJ_OK};
    char *secret = config_secret_read(path, 100, &err);

    assert(secret || (err.status != SJ_OK && sj_utf8_valid(err.text, strlen(err.text))));
    if (secret) {
        size_t n = strlen(secret);
        assert(n > 0 && n <= 100 && n <= size && memcmp(secret, data, n) == 0);
        for (size_t i = 0; i < n; i++)
            assert((unsigned char)secret[i] >= 0x20);
    }
    sj_secret_free(&secret);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned problems = 0;
    struct config *c =
        config_parse("fuzz", (const char *)data, size, false, fuzz_report, &problems);
    assert((c != NULL) == (problems == 0));
    if (c) {
        fuzz_check_values(&c->gateway);
        for (size_t i = 0; i < c->n_networks; i++) {
            assert(c->networks[i].backend && c->networks[i].secret);
            fuzz_check_values(&c->networks[i].common);
            fuzz_check_values(&c->networks[i].own);
        }
    }
    const char *path = fuzz_file(data, size);
    fuzz_load(path, c != NULL);
    fuzz_secret(path, data, size);
    config_free(&c);
    return 0;
}
