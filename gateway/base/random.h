/* SPDX-License-Identifier: MPL-2.0 */
#ifndef SOJOURN_RANDOM_H
#define SOJOURN_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4 of the n bytes under a key that is drawn once a process. */
uint64_t random_hash(const void *p, size_t n);

/* Prepares libsodium, once; before its first use. */
void random_prepare(void);

#endif
