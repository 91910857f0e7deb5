/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of the recorder share. */
#ifndef TEST_RECORDER_PRIV_H
#define TEST_RECORDER_PRIV_H

#include "recorder.h"

/* An event of the link, as a line. Returns the link's number. */
unsigned recorder_event(struct sj_link *link, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
struct recorder *recorder_of(const struct sj_link *link);
/* text may be NULL. */
void recorder_check_text(const char *text, size_t max);
void recorder_check_id(const struct recorder *r, const struct sj_link *link, const char *id);

/* Around an operation of link n: its number, then what it returned. */
sj_op recorder_begin(struct recorder *r, unsigned n);
enum sj_status recorder_end(struct recorder *r, unsigned n, sj_op op, enum sj_status status);
struct sj_error *recorder_fills(struct recorder *r);

extern const struct sj_host_rooms recorder_rooms;

#endif
