/* SPDX-License-Identifier: MPL-2.0 */
/* From an account to a token. */
#ifndef MX_LOGIN_H
#define MX_LOGIN_H

#include <stdbool.h>

#include "sojourn/backend.h"

struct mx_link;
struct mx_login;

/* Indices of the account's values: the fields in mx_backend.c. */
enum mx_field { MX_FIELD_USER, MX_FIELD_PASSWORD, MX_FIELD_TOKEN, MX_FIELDS };

struct mx_login *mx_login_new(struct mx_link *l, const struct sj_account *account);
void mx_login_free(struct mx_login **login);
/* Ends in mx_link_up or mx_link_end. */
void mx_login_start(struct mx_link *l);
/* The answer to a question of the login. */
enum sj_status mx_prompt_answer(struct sj_link *link, const char *value, struct sj_error *err);
/* The server refused the token of a link that is up: gets a new one, or ends the link. */
void mx_login_renew(struct mx_link *l);
/* The gateway keeps what mx_link_save_first gave it: the login, or the new token, may be used. */
void mx_login_saved(struct mx_link *l);
/* A token that was refreshed takes the old one's place, if there is one. */
void mx_login_use_next(struct mx_link *l);
/* The user gives the account up: the token is to be of no use any more. False: there is none; else
 * mx_link_end follows. */
bool mx_login_end(struct mx_link *l);
/* "@romeo:example.org" or, with a fixed home server, "romeo". */
enum sj_status mx_login_check_user(const struct sj_net *net, const char *user, const char *label,
                                   struct sj_error *err);

#endif
