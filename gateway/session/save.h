/* SPDX-License-Identifier: MPL-2.0 */
/* The state of links on its way to the disk (save.c). */
#ifndef SESSION_SAVE_H
#define SESSION_SAVE_H

#include <stddef.h>

#include "sojourn/error.h"

struct session;
struct sessions;
struct sj_link;

void saves_init(struct sessions *);
void saves_release(struct sessions *);
/* What this link, the session's or that of its check, has given to state_save. */
void saves_add(struct session *, struct sj_link *, const void *blob, size_t len);
/* The store's. */
void saves_settled(struct sessions *, enum sj_status status);

#endif
