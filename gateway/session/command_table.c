/* SPDX-License-Identifier: MPL-2.0 */
/* The one list of commands, in the order in which menus and "help" show them. A new command is
 * declared in the file of its area and gets one row here. */
#include "command.h"

#include <string.h>
#include "command_list.h"

static const struct command *const command_table[] = {
    &command_register,
    &command_status,
    &command_login,
    &command_logout,
    &command_preferences,
    &command_answer,
    &command_search,
    &command_profile,
    &command_import,
    &command_add,
    &command_remove,
    &command_rooms,
    &command_join,
    &command_raw,
    &command_unregister,
    &command_help,
    &command_count_registered,
    &command_list_registered,
    &command_count_online,
    &command_list_online,
    &command_count_disabled,
    &command_list_disabled,
    &command_end_session,
    &command_disable,
    &command_enable,
    &command_delete,
    &command_quota,
    &command_announce,
    &command_shutdown,
};

const struct command *const *commands_table(size_t *n)
{
    *n = sizeof command_table / sizeof command_table[0];
    return command_table;
}

const struct command *command_by_node(const char *node)
{
    size_t n;
    const struct command *const *table = commands_table(&n);

    for (size_t i = 0; i < n; i++) {
        if (!(table[i]->flags & COMMAND_TEXT_ONLY) && strcmp(table[i]->node, node) == 0)
            return table[i];
    }
    return NULL;
}
