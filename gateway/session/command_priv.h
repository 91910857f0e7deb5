/* SPDX-License-Identifier: MPL-2.0 */
/* Shared by the engine of commands: command.c and command_value.c. */
#ifndef SESSION_COMMAND_PRIV_H
#define SESSION_COMMAND_PRIV_H

#include <stddef.h>
#include <stdint.h>

#include "command.h"
#include "sojourn/map.h"

/* Lives as long as the user has runs. */
struct run_user {
    struct sj_list runs;
    unsigned n_runs;
    char key[];
};

struct commands {
    struct sj_idmap by_id;
    struct sj_map users;                 /* run_key to struct run_user */
    size_t n_bytes;
    uint64_t next_id;
};

/* command_value.c: all of the form or nothing: checks what was submitted and keeps it. */
enum sj_status run_take(struct run *, const struct xmpp_form *, const struct xmpp_values *given,
                        enum xmpp_command_fault *, struct sj_error *);
/* Wipes and frees everything that was given. */
void run_forget_all(struct run *);

#endif
