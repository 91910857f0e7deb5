/* SPDX-License-Identifier: MPL-2.0 */
/* What takes a while in the running daemon's store, for the control socket: the new key. */
#ifndef SOJOURN_UPKEEP_H
#define SOJOURN_UPKEEP_H

#include "sojourn/error.h"

struct control;
struct sj_loop;
struct sj_store;
struct upkeep;

/* All are borrowed and outlive it. */
struct upkeep *upkeep_new(struct sj_loop *loop, struct sj_store *store);
void upkeep_free(struct upkeep **upkeep);

/* Begins to take the new key, or follows the one that is being taken; control_followed follows, and
 * control_progress before it. */
enum sj_status upkeep_rekey(struct upkeep *upkeep, struct control *control, struct sj_error *err);

#endif
