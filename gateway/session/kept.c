/* SPDX-License-Identifier: MPL-2.0 */
/* Profiles that were fetched lately, each for the user who asked, since what a network shows may
 * differ by who looks. Bounded in bytes, the least recently used go first (G054-08). */
#include <stdio.h>
#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define KEPT_KEY_MAX (SJ_ID_MAX + 32u)

static void kept_key(struct sj_strbuf *out, const struct session *s, const char *contact)
{
    sj_strbuf_init(out, KEPT_KEY_MAX);
    sj_strbuf_addf(out, "%llu/", (unsigned long long)s->id);
    sj_strbuf_adds(out, contact);
}

static void kept_drop(struct profiles *p, struct kept *k)
{
    sj_list_remove(&k->used);
    sj_map_remove(&p->kept, k->key);
    p->kept_bytes -= k->bytes;
    for (size_t i = 0; i < SJ_PROFILE_COUNT; i++)
        sj_free(k->value[i]);
    for (size_t i = 0; i < k->n_facts; i++) {
        sj_free((char *)k->facts[i].label);
        sj_free((char *)k->facts[i].value);
    }
    sj_free(k->facts);
    sj_free(k->key);
    sj_free(k);
}

const struct kept *kept_find(struct profiles *p, const struct session *s, const char *contact)
{
    struct sj_strbuf key;
    struct kept *k;

    kept_key(&key, s, contact);
    k = sj_map_find(&p->kept, key.s);
    sj_strbuf_release(&key);
    if (k && k->until_ms <= sj_loop_now_ms(p->all->loop)) {
        kept_drop(p, k);
        return NULL;
    }
    if (k) {
        sj_list_remove(&k->used);
        sj_list_append(&p->kept_used, &k->used);
    }
    return k;
}

/* At most SJ_PROFILE_VALUE_MAX bytes of each, whatever a backend hands over; "" is nothing. */
static char *kept_text(struct kept *k, const char *text)
{
    size_t n = text ? strlen(text) : 0;

    if (n == 0)
        return NULL;
    n = sj_utf8_cut(text, n, SJ_PROFILE_VALUE_MAX);
    k->bytes += n + 1;
    return sj_strndup(text, n);
}

static void kept_copy(struct kept *k, const struct sj_profile *profile)
{
    size_t n = profile->n_facts < SJ_FACTS_MAX ? profile->n_facts : SJ_FACTS_MAX;

    for (size_t i = 0; i < SJ_PROFILE_COUNT; i++)
        k->value[i] = kept_text(k, profile->value[i]);
    if (n == 0)
        return;
    k->facts = sj_calloc(n, sizeof *k->facts);
    k->bytes += n * sizeof *k->facts;
    for (size_t i = 0; i < n; i++) {
        const struct sj_fact *in = &profile->facts[i];
        struct sj_fact *out = &k->facts[k->n_facts];
        if (!in->label || !*in->label || !in->value || !*in->value)
            continue;
        out->label = kept_text(k, in->label);
        out->value = kept_text(k, in->value);
        k->n_facts++;
    }
}

void kept_put(struct profiles *p, const struct session *s, const char *contact,
              const struct sj_profile *profile, bool failed)
{
    struct kept *k = sj_calloc(1, sizeof *k);
    struct sj_strbuf key;
    struct kept *old;

    kept_key(&key, s, contact);
    k->key = sj_strbuf_take(&key);
    k->bytes = sizeof *k + strlen(k->key) + 1;
    k->absent = !profile && !failed;
    if (profile)
        kept_copy(k, profile);
    k->until_ms = sj_loop_now_ms(p->all->loop) + (failed ? KEPT_FAILED_MS : KEPT_MS);
    old = sj_map_find(&p->kept, k->key);
    if (old)
        kept_drop(p, old);
    while (p->kept_bytes + k->bytes > KEPT_BYTES_MAX)
        kept_drop(p, SJ_CONTAINER(p->kept_used.next, struct kept, used));
    p->kept_bytes += k->bytes;
    sj_list_init(&k->used);
    sj_list_append(&p->kept_used, &k->used);
    sj_map_put(&p->kept, k->key, k);
}

void kept_release(struct profiles *p)
{
    while (!sj_list_empty(&p->kept_used))
        kept_drop(p, SJ_CONTAINER(p->kept_used.next, struct kept, used));
    sj_map_release(&p->kept);
}
