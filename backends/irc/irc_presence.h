/* SPDX-License-Identifier: MPL-2.0 */
/* Contacts: who of them is there. */
#ifndef IRC_PRESENCE_H
#define IRC_PRESENCE_H

#include "sojourn/backend.h"

struct irc_link;
struct irc_line;

/* struct sj_backend */
enum sj_status irc_set_presence(struct sj_link *base, enum sj_show show, const char *status,
                                struct sj_error *err);
enum sj_status irc_contact_add(struct sj_link *base, const char *id, sj_op op,
                               struct sj_error *err);
enum sj_status irc_contact_remove(struct sj_link *base, const char *id, sj_op op,
                                  struct sj_error *err);

/* Tells the server whom to watch (deferred after contact_add). */
void irc_presence_watch(struct irc_link *l);
/* Asks for those that the server does not watch. */
void irc_presence_poll(struct irc_link *l);
/* Frees all contacts. */
void irc_presence_release(struct irc_link *l);

void irc_presence_handle_monitor(struct irc_link *l, struct irc_line *line);  /* 730, 731 */
void irc_presence_handle_full(struct irc_link *l, struct irc_line *line);     /* 734 */
void irc_presence_handle_ison(struct irc_link *l, struct irc_line *line);     /* 303 */
void irc_presence_handle_away(struct irc_link *l, struct irc_line *line);     /* AWAY */
void irc_presence_handle_rpl_away(struct irc_link *l, struct irc_line *line); /* 301 */

#endif
