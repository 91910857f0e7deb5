/* SPDX-License-Identifier: MPL-2.0 */
/* The long poll, and its answers worked off in slices. */
#ifndef MX_SYNC_H
#define MX_SYNC_H

#include <stdbool.h>

struct mx_link;
struct sj_link;
struct sj_net;

/* The first question of a link that has come up. */
void mx_sync_start(struct mx_link *l);
/* The next slice; asks anew when all is done. From the loop top. */
void mx_sync_work(struct mx_link *l);
/* Everything behind that position is told once more; NULL: behind where the link began. */
void mx_sync_resume(struct sj_link *link, const char *position);
/* struct sj_backend.pause: what has come is worked off later, and nothing new is asked for. */
void mx_sync_pause(struct sj_net *net, bool paused);
void mx_sync_drop(struct mx_link *l);

#endif
