/* SPDX-License-Identifier: MPL-2.0 */
/* The configuration reader with any bytes as a file: it must neither fail nor give a configuration
 * that breaks its own promises. */
#include "config.h"
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
    config_free(&c);
    return 0;
}
