/* SPDX-License-Identifier: MPL-2.0 */
/* The digest that clients and networks name pictures by. Not for what must resist somebody who
 * makes collisions. */
#ifndef SOJOURN_SHA1_H
#define SOJOURN_SHA1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SJ_SHA1_LEN 20u
#define SJ_SHA1_HEX_SIZE 41u             /* with the NUL */

void sj_sha1(uint8_t out[SJ_SHA1_LEN], const void *data, size_t n);
/* Lower-case hexadecimal, terminated. */
void sj_sha1_hex(char out[SJ_SHA1_HEX_SIZE], const uint8_t digest[SJ_SHA1_LEN]);
/* Exactly 40 hexadecimal digits of either case; false otherwise. */
bool sj_sha1_parse(uint8_t out[SJ_SHA1_LEN], const char *hex);

#endif
