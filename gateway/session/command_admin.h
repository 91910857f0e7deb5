/* SPDX-License-Identifier: MPL-2.0 */
/* What the commands of admins that work on users share. */
#ifndef SESSION_COMMAND_ADMIN_H
#define SESSION_COMMAND_ADMIN_H

#include "sojourn/error.h"

struct run;
struct session;

/* Does it for one address; session: of a registered user. */
typedef enum sj_status admin_act(struct run *, struct session *, const char *resource,
                                 struct sj_error *);

/* Each of the addresses in the value "accountjids", whatever becomes of the others; the note tells
 * of both. Ends the run. */
void admin_do_all(struct run *r, admin_act *act);

#endif
