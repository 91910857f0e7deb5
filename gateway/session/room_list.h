/* SPDX-License-Identifier: MPL-2.0 */
/* Which rooms a network has (room_list.c). */
#ifndef SESSION_ROOM_LIST_H
#define SESSION_ROOM_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "sojourn/backend.h"

struct session;

void room_listed(struct session *, sj_op, const struct sj_room *);
void room_list_done(struct session *, sj_op, const struct sj_error *err);
void room_list_free(struct session *);
/* Asks for the rooms that words find ("" all) for a run that waits: its outcome comes by
 * command_outcome, maybe at once, and then room_list_rows holds. SJ_LIMIT: another list is under
 * way. */
enum sj_status room_list_for_run(struct session *, const char *words, uint64_t run,
                                 struct sj_error *);
struct room_row {                        /* borrowed from the list */
    const char *id, *name;               /* name: or NULL */
    const char *about;                   /* or "" */
    uint32_t people;                     /* 0: unknown */
};
/* The first max, those with most people first. *total: of how many. */
size_t room_list_rows(const struct session *, struct room_row *out, size_t max, size_t *total);

#endif
