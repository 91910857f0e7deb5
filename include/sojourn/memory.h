/* SPDX-License-Identifier: MPL-2.0 */
/* Allocation that never returns NULL (out of memory ends the process with a log line), and secrets.
 *
 * Sizes that come from outside are checked against a named limit before they get here. */
#ifndef SOJOURN_MEMORY_H
#define SOJOURN_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* What gcc and its analyzer cannot know otherwise: then they see what is used behind its end. With
 * clang's attributes for that its analyzer takes what sj_calloc gives for uninitialised. */
#if defined(__clang__)
#define SJ_ALLOCATES
#define SJ_NEVER_NULL __attribute__((returns_nonnull))
#elif defined(__GNUC__) && __GNUC__ >= 11
#define SJ_ALLOCATES __attribute__((__malloc__, __malloc__(sj_free, 1)))
#define SJ_NEVER_NULL __attribute__((returns_nonnull))
#else
#define SJ_ALLOCATES
#define SJ_NEVER_NULL
#endif

void sj_free(void *p);                    /* NULL is fine */
SJ_ALLOCATES SJ_NEVER_NULL void *sj_malloc(size_t n);
/* Zeroed; overflow ends the process. */
SJ_ALLOCATES SJ_NEVER_NULL void *sj_calloc(size_t count, size_t size);
SJ_NEVER_NULL void *sj_realloc(void *p, size_t n);
SJ_ALLOCATES char *sj_strdup(const char *s);       /* s may be NULL: returns NULL */
SJ_ALLOCATES SJ_NEVER_NULL char *sj_strndup(const char *s, size_t n);   /* at most n bytes */

/* Overwrites n bytes in a way that the compiler keeps. */
void sj_wipe(void *p, size_t n);
/* Wipes and frees *s, sets it to NULL. NULL and pointer to NULL are fine. */
void sj_secret_free(char **s);
/* A copy in locked memory, kept out of swap and core dumps; s may be NULL: returns NULL. Takes
 * pages: for few and short-lived ones. sj_locked_free wipes and sets *s to NULL. */
char *sj_locked_dup(const char *s);
/* The same kind of memory, n bytes, each zero. */
char *sj_locked_new(size_t n);
void sj_locked_free(char **s);
/* 1 when equal; time depends on n only. */
int sj_equal_secret(const void *a, const void *b, size_t n);

/* n bytes from the system's generator (libsodium). */
void sj_random_bytes(void *out, size_t n);
/* The same, without a system call each time, for what is no secret but never comes twice: nonces,
 * salts, ids. At most SJ_RANDOM_PUBLIC_MAX bytes. Any thread. */
#define SJ_RANDOM_PUBLIC_MAX 64u
void sj_random_public(void *out, size_t n);
/* Uniform in [0, bound); bound 0 gives 0. */
uint32_t sj_random_below(uint32_t bound);

#endif
