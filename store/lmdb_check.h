/* SPDX-License-Identifier: MPL-2.0 */
/* Examines an LMDB file before LMDB does. */
#ifndef SOJOURN_LMDB_CHECK_H
#define SOJOURN_LMDB_CHECK_H

#include <stdbool.h>

/* True when every page that the newest header reaches is sound, so that LMDB can read and write
 * the file without meeting a wild pointer. Values are not judged: they are sealed. The file is
 * read, not changed; nobody may be writing to it. */
bool lmdb_check_file(int fd);

#endif
