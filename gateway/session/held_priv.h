/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of held messages (held.c, held_out.c, held_in.c, sweep.c) share. */
#ifndef SESSION_HELD_PRIV_H
#define SESSION_HELD_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "held.h"

/* NULL: too much waits. It is counted, and in no list yet. */
struct held *held_new(struct session *, const char *peer, const char *body, const char *id,
                      const struct rich *);
/* Takes it out of its list, of the counts and of the journal; not freed. */
void held_unlink(struct session *, struct held *);
bool held_fits(const struct session *, size_t bytes);
size_t held_size(const char *peer, const char *body, const struct rich *);
/* Before too much waits, what waits for files only goes ahead of them. true: it went. */
bool held_make_room(struct session *, size_t bytes);
/* Is there something for or from this peer in the list, before end? */
bool held_is_in(const struct sj_list *, const char *peer, const struct sj_list *end);
/* Answers what has waited for a link for too long, or sends it without what it waited for. */
void held_expire(struct session *, int64_t now_ms);

#endif
