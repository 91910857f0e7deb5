/* SPDX-License-Identifier: MPL-2.0 */
/* Allocation that ends the process when there is none left, and the handling of secret bytes.
 * The only file that may call malloc and its kin. */
#include "sojourn/memory.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "random.h"

#undef malloc
#undef calloc
#undef realloc

/* Without stdio and the log, which might allocate. */
static _Noreturn void memory_exhausted(void)
{
    static const char text[] = "error base: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    abort();
}

void *sj_malloc(size_t n)
{
    void *p = malloc(n ? n : 1);
    if (!p)
        memory_exhausted();
    return p;
}

void *sj_calloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p)
        memory_exhausted();
    return p;
}

void *sj_realloc(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);
    if (!q)
        memory_exhausted();
    return q;
}

char *sj_strdup(const char *s)
{
    return s ? sj_strndup(s, SIZE_MAX) : NULL;
}

char *sj_strndup(const char *s, size_t n)
{
    size_t len = n == SIZE_MAX ? strlen(s) : strnlen(s, n);
    char *copy = sj_malloc(len + 1);
    memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

void sj_free(void *p)
{
    free(p);
}

void sj_wipe(void *p, size_t n)
{
    if (n)
        sodium_memzero(p, n);
}

void sj_secret_free(char **s)
{
    if (!s || !*s)
        return;
    sj_wipe(*s, strlen(*s));
    free(*s);
    *s = NULL;
}

char *sj_locked_new(size_t n)
{
    random_prepare();
    char *p = sodium_malloc(n);
    if (!p)
        memory_exhausted();
    sodium_memzero(p, n);
    return p;
}

char *sj_locked_dup(const char *s)
{
    if (!s)
        return NULL;
    size_t n = strlen(s) + 1;
    char *copy = sj_locked_new(n);
    memcpy(copy, s, n);
    return copy;
}

void sj_locked_free(char **s)
{
    if (!s || !*s)
        return;
    sodium_free(*s);                     /* wipes */
    *s = NULL;
}

int sj_equal_secret(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}
