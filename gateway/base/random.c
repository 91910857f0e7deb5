/* SPDX-License-Identifier: MPL-2.0 */
/* Random bytes and the keyed hash of the maps, both from libsodium.
 *
 * The hash key is the one piece of process-wide state here: drawn once, then constant. A key for
 * each map would cost 16 bytes a map and protect nothing more. */
#include "random.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>

#include "sojourn/log.h"
#include "sojourn/memory.h"

void random_prepare(void)
{
    static bool prepared;
    if (prepared)
        return;
    if (sodium_init() < 0) {
        sj_log_error(NULL, "the system has no usable source of random numbers");
        abort();
    }
    prepared = true;
}

void sj_random_bytes(void *out, size_t n)
{
    random_prepare();
    randombytes_buf(out, n);
}

uint32_t sj_random_below(uint32_t bound)
{
    random_prepare();
    return bound ? randombytes_uniform(bound) : 0;
}

uint64_t random_hash(const void *p, size_t n)
{
    static unsigned char key[crypto_shorthash_KEYBYTES];
    static bool drawn;
    if (!drawn) {
        sj_random_bytes(key, sizeof key);
        drawn = true;
    }
    uint64_t hash;
    _Static_assert(sizeof hash == crypto_shorthash_BYTES, "the hash fills 64 bits");
    crypto_shorthash((unsigned char *)&hash, p, n, key);
    return hash;
}
