/* SPDX-License-Identifier: MPL-2.0 */
/* Random bytes and the keyed hash of the maps, both from libsodium.
 *
 * The state here belongs to the process, because it has no other owner: the hash key is drawn once,
 * then constant (a key for each map would cost 16 bytes a map and protect nothing more); bytes that
 * are no secret are drawn many at a time. A child of a fork has drawn none: two processes with the
 * same nonces would betray what they seal. */
#include "random.h"

#include <assert.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

void sj_random_public(void *out, size_t n)
{
    static _Thread_local unsigned char pool[1024];
    static _Thread_local size_t pool_left;
    static _Thread_local pid_t pool_of;
    assert(n <= SJ_RANDOM_PUBLIC_MAX);
    if (pool_left < n || pool_of != getpid()) {
        sj_random_bytes(pool, sizeof pool);
        pool_left = sizeof pool;
        pool_of = getpid();
    }
    pool_left -= n;
    memcpy(out, pool + pool_left, n);
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
