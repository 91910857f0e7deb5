/* SPDX-License-Identifier: MPL-2.0 */
/* What was said in rooms, as bytes of archives: whatever is read lies within its bytes, can be
 * shown, and encodes to bytes that say the same. Input: an event. */
#include <assert.h>
#include <string.h>

#include "event.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_text(const char *a, const char *b)
{
    assert((a == NULL) == (b == NULL));
    assert(!a || strcmp(a, b) == 0);
}

static void check_same(const struct event *a, const struct event *b)
{
    assert(a->kind == b->kind && a->flags == b->flags && a->mark == b->mark);
    for (unsigned i = 0; i < EVENT_TEXTS; i++)
        same_text(a->text[i], b->text[i]);
    assert(a->n_reactions == b->n_reactions);
    for (size_t i = 0; i < a->n_reactions; i++)
        same_text(a->reactions[i], b->reactions[i]);
    assert((a->sha256 == NULL) == (b->sha256 == NULL));
    assert(!a->sha256 || memcmp(a->sha256, b->sha256, SJ_DIGEST_SHA256_SIZE) == 0);
    assert(!a->text[EVENT_URL] || (a->size == b->size && a->length_ms == b->length_ms &&
                                   a->width == b->width && a->height == b->height));
}

static void check_again(const struct event *e, size_t n)
{
    struct sj_strbuf bytes;
    struct event again;

    sj_strbuf_init(&bytes, n + 64);
    event_encode(e, &bytes);
    assert(sj_strbuf_ok(&bytes));
    assert(event_decode(&again, bytes.s, bytes.len));
    check_same(e, &again);
    sj_strbuf_release(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = sj_malloc(size ? size : 1);      /* of the very size */
    struct event e;

    if (size > 0)
        memcpy(copy, data, size);
    if (event_decode(&e, copy, size))
        check_again(&e, size);
    event_is_said(copy, size);
    sj_free(copy);
    return 0;
}
