/* SPDX-License-Identifier: MPL-2.0 */
/* Force-included into every source file: the standard headers first, then the functions that lose
 * lengths, time zones or memory become compile errors (order matters, or the headers break). */
#ifndef SOJOURN_BANNED_H
#define SOJOURN_BANNED_H

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define SJ_BANNED(name, instead) sj_banned_##name##_use_##instead

/* lengths are lost: sj_copy, sj_strbuf */
#undef strcpy
#define strcpy(...) SJ_BANNED(strcpy, sj_copy)
#undef strcat
#define strcat(...) SJ_BANNED(strcat, sj_strbuf)
#undef strncpy
#define strncpy(...) SJ_BANNED(strncpy, sj_copy)
#undef strncat
#define strncat(...) SJ_BANNED(strncat, sj_strbuf)
#undef stpcpy
#define stpcpy(...) SJ_BANNED(stpcpy, sj_copy)
#undef sprintf
#define sprintf(...) SJ_BANNED(sprintf, snprintf)
#undef vsprintf
#define vsprintf(...) SJ_BANNED(vsprintf, vsnprintf)
#undef gets
#define gets(...) SJ_BANNED(gets, fgets)
#undef alloca
#define alloca(...) SJ_BANNED(alloca, sj_malloc)

/* hidden state */
#undef strtok
#define strtok(...) SJ_BANNED(strtok, strcspn)
#undef ctime
#define ctime(...) SJ_BANNED(ctime, gmtime_r)
#undef asctime
#define asctime(...) SJ_BANNED(asctime, gmtime_r)
#undef gmtime
#define gmtime(...) SJ_BANNED(gmtime, gmtime_r)
#undef localtime
#define localtime(...) SJ_BANNED(localtime, gmtime_r)
#undef rand
#define rand(...) SJ_BANNED(rand, sj_random_below)
#undef srand
#define srand(...) SJ_BANNED(srand, sj_random_below)

/* errors are lost */
#undef atoi
#define atoi(...) SJ_BANNED(atoi, sj_parse_int)
#undef atol
#define atol(...) SJ_BANNED(atol, sj_parse_int)
#undef atoll
#define atoll(...) SJ_BANNED(atoll, sj_parse_int)

/* may return NULL (free stays: libraries hand out memory that only it may release) */
#undef malloc
#define malloc(...) SJ_BANNED(malloc, sj_malloc)
#undef calloc
#define calloc(...) SJ_BANNED(calloc, sj_calloc)
#undef realloc
#define realloc(...) SJ_BANNED(realloc, sj_realloc)
#undef strdup
#define strdup(...) SJ_BANNED(strdup, sj_strdup)
#undef strndup
#define strndup(...) SJ_BANNED(strndup, sj_strndup)

#endif
