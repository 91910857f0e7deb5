/* SPDX-License-Identifier: MPL-2.0 */
/* The file of the master key: reading with all checks, making. */
#ifndef SOJOURN_KEYFILE_H
#define SOJOURN_KEYFILE_H

#include <stdint.h>

#include "seal.h"
#include "sojourn/error.h"

/* SJ_NOTFOUND: no such file; SJ_DENIED: it is there but not usable, text says why and what to do.
 * The caller wipes out. */
enum sj_status keyfile_read(const char *path, uint8_t out[SEAL_KEY_LEN], struct sj_error *err);
/* Makes it durably, mode 0600. SJ_EXISTS: something is there; SJ_DENIED: it cannot be made. */
enum sj_status keyfile_make(const char *path, struct sj_error *err);

/* The new key beside it, PATH.new, while the master key is being changed; statuses as
 * keyfile_read. */
enum sj_status keyfile_read_new(const char *path, uint8_t out[SEAL_KEY_LEN], struct sj_error *err);

#endif
