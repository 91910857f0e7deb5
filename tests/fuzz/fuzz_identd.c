/* SPDX-License-Identifier: MPL-2.0 */
/* Any line as a question to the identd: what is taken for one says the same when it is written
 * plainly. */
#include "identd.h"
#include "sojourn/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *line = sj_strndup((const char *)data, size);
    unsigned ours = 0, theirs = 0, again[2];
    char plain[32];

    if (identd_read(line, &ours, &theirs)) {
        assert(ours <= 99999 && theirs <= 99999);
        (void)snprintf(plain, sizeof plain, "%u,%u", ours, theirs);
        assert(identd_read(plain, &again[0], &again[1]));
        assert(again[0] == ours && again[1] == theirs);
    }
    sj_free(line);
    return 0;
}
