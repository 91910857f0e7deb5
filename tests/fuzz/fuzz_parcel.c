/* SPDX-License-Identifier: MPL-2.0 */
/* Parcels of strangers, in three layers. Input: a byte that says which, then
 * 0: a file as it is, but for its cost, which is set to the least;
 * 1: what stands in the chunks of a file that is sealed as it should be;
 * 2: items, each with its length (16 bits) in front, taken into a store in memory. What is an item
 *    must encode to the same bytes again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "parcel.h"
#include "sojourn/loop.h"
#include "sojourn/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PASSPHRASE "passphrase"
#define COST_AT 20u
#define COST_LEN 8u

static const struct sj_parcel_cost cheap = {1, 8};
static const uint8_t cheap_bytes[COST_LEN] = {0, 0, 0, 1, 0, 0, 0, 8};

static int scratch(void)
{
    char path[] = "/tmp/sojourn-fuzz-XXXXXX";
    int fd = mkstemp(path);
    assert(fd >= 0 && unlink(path) == 0);
    return fd;
}

static void read_all(int fd)
{
    struct sj_parcel *p = NULL;
    const uint8_t *item;
    size_t n;
    (void)lseek(fd, 0, SEEK_SET);
    if (sj_parcel_open(&p, fd, PASSPHRASE, NULL) == SJ_OK) {
        while (sj_parcel_next(p, &item, &n, NULL) == SJ_OK)
            assert(n > 0 && n <= SJ_PARCEL_ITEM_MAX);
    }
    sj_parcel_free(&p);
}

static void try_file(const uint8_t *p, size_t n)
{
    int fd = scratch();
    ssize_t done = write(fd, p, n);
    if (n > COST_AT + COST_LEN)
        done += pwrite(fd, cheap_bytes, COST_LEN, COST_AT);
    assert(done >= (ssize_t)n);
    read_all(fd);
    close(fd);
}

static void try_chunks(const uint8_t *p, size_t n)
{
    struct sj_parcel *parcel = NULL;
    int fd = scratch();
    enum sj_status status = sj_parcel_create(&parcel, fd, PASSPHRASE, &cheap, NULL);
    assert(status == SJ_OK);
    status = parcel_add_bytes(parcel, p, n, NULL);
    assert(status == SJ_OK);
    status = sj_parcel_finish(parcel, NULL);
    assert(status == SJ_OK);
    sj_parcel_free(&parcel);
    read_all(fd);
    close(fd);
}

static void same(const uint8_t *p, size_t n)
{
    struct secret_buf again = {NULL, 0, 0};
    struct parcel_item item;
    if (!parcel_item_decode(&item, p, n))
        return;
    parcel_item_encode(&again, &item);
    assert(again.n == n);
    assert(memcmp(again.p, p, n) == 0);
    secret_buf_release(&again);
}

static void try_items(const uint8_t *p, size_t size)
{
    static const struct sj_log log = {.area = "fuzz"};
    const struct sj_store_options options = {.archive_days = 30};
    struct sj_loop *loop = sj_loop_new();
    struct sj_store *store = NULL;
    enum sj_status status = sj_store_open(&store, loop, &log, &options, NULL);
    assert(status == SJ_OK);
    struct sj_import *im = sj_import_new(store, true, NULL);
    struct sj_import_count count;
    while (size >= 2) {
        size_t n = (size_t)p[0] << 8 | p[1];
        n = n < size - 2 ? n : size - 2;
        uint8_t *copy = sj_malloc(n + 1);    /* of the very size, but never none */
        uint8_t *item = n > 0 ? sj_realloc(copy, n) : copy;
        if (n > 0)
            memcpy(item, p + 2, n);
        same(item, n);
        (void)sj_import_item(im, item, n, NULL);
        sj_free(item);
        p += 2 + n;
        size -= 2 + n;
    }
    (void)sj_import_done(im, &count);
    sj_import_free(&im);
    sj_store_close(&store);
    sj_loop_free(&loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sj_log_set_level(SJ_LOG_ERROR);
    if (size == 0)
        return 0;
    if (data[0] % 3 == 0)
        try_file(data + 1, size - 1);
    else if (data[0] % 3 == 1)
        try_chunks(data + 1, size - 1);
    else
        try_items(data + 1, size - 1);
    return 0;
}
