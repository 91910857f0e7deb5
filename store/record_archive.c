/* SPDX-License-Identifier: MPL-2.0 */
/* Records of archives: an entry, and what is known of a room as a whole.
 *
 * What is in an entry's data is the affair of whoever put it there. Sealing and places are left to
 * archive_table.c. */
#include <string.h>

#include "record.h"
#include "record_io.h"

bool record_check_archive(const struct record_archive *a)
{
    return (!a->network_id || record_fits(a->network_id, SJ_ID_MAX)) && a->n > 0 &&
           a->n <= SJ_ARCHIVE_DATA_MAX;
}

size_t record_encode_archive(uint8_t *out, size_t cap, const struct record_archive *a)
{
    struct record_out o = {out, 0, cap};
    record_add_uint(&o, a->salt, 4);
    record_add_uint(&o, (uint64_t)a->time, 8);
    record_add_text(&o, a->network_id ? a->network_id : "");
    record_add_uint(&o, a->n, 4);
    record_add(&o, a->data, a->n);
    return o.n;
}

bool record_decode_archive(struct record_archive *out, uint8_t schema, const uint8_t *p, size_t n)
{
    struct record_in in = record_start(schema, p, n);
    out->salt = (uint32_t)record_take_uint(&in, 4);
    out->time = (int64_t)record_take_uint(&in, 8);
    out->network_id = record_take_text(&in, 0, SJ_ID_MAX);
    if (out->network_id[0] == '\0')
        out->network_id = NULL;
    out->n = (size_t)record_take_uint(&in, 4);
    if (out->n == 0 || out->n > SJ_ARCHIVE_DATA_MAX)
        return false;
    out->data = record_take(&in, out->n);
    return record_end(&in);
}

size_t record_encode_archive_room(uint8_t *out, size_t cap, const struct record_archive_room *r)
{
    struct record_out o = {out, 0, cap};
    record_add_uint(&o, r->n, 8);
    record_add_text(&o, r->room);
    return o.n;
}

bool record_decode_archive_room(struct record_archive_room *out, uint8_t schema, const uint8_t *p,
                                size_t n)
{
    struct record_in in = record_start(schema, p, n);
    out->n = record_take_uint(&in, 8);
    out->room = record_take_text(&in, 1, SJ_ID_MAX);
    return record_end(&in) && out->n > 0;
}
