/* SPDX-License-Identifier: MPL-2.0 */
/* All commands by name, for command_table.c. */
#ifndef SESSION_COMMAND_LIST_H
#define SESSION_COMMAND_LIST_H

struct command;

/* command_account.c */
extern const struct command command_register, command_unregister;
/* command_admin.c */
extern const struct command command_count_registered, command_count_online, command_count_disabled,
    command_list_registered, command_list_online, command_list_disabled, command_end_session,
    command_disable, command_enable, command_delete, command_quota;
/* command_announce.c */
extern const struct command command_announce, command_shutdown;
/* command_contact.c */
extern const struct command command_add, command_remove;
/* command_help.c */
extern const struct command command_help;
/* command_import.c */
extern const struct command command_import;
/* command_preference.c */
extern const struct command command_preferences;
/* command_profile.c */
extern const struct command command_profile;
/* command_session.c */
extern const struct command command_status, command_login, command_logout;
/* command_raw.c */
extern const struct command command_raw;
/* command_room.c */
extern const struct command command_rooms, command_join;
/* command_search.c */
extern const struct command command_search;

/* prompt.c */
extern const struct command command_answer;

#endif
