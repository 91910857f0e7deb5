/* SPDX-License-Identifier: MPL-2.0 */
/* Changes of a room, one call after the other, with one outcome. */
#ifndef MX_STEPS_H
#define MX_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/backend.h"

struct json_object;
struct mx_link;
struct mx_room;

/* Calls that are made in turn; the first that fails ends it. */
struct mx_steps;
struct mx_steps *mx_steps_new(struct mx_room *r, sj_op op);
/* PUT of a state event; body is consumed. */
void mx_steps_add_state(struct mx_steps *s, const char *type, const char *key,
                        struct json_object *body);
/* POST of kick, ban, unban, invite. */
void mx_steps_add_user(struct mx_steps *s, const char *what, const char *user,
                       const char *reason);
/* The room's address on the own server: made, or taken away. */
void mx_steps_add_alias(struct mx_steps *s, const char *alias, bool made);
/* Begins; s is consumed. */
enum sj_status mx_steps_run(struct mx_steps *s, struct sj_error *err);
/* Gives up what was not begun. */
void mx_steps_free(struct mx_steps **s);
/* Keeps s until what it shall hold is known; its number. The link owns it, and its operation fails
 * with the link's. Then it goes on (and is consumed), or has that outcome. */
uint32_t mx_steps_hold(struct mx_steps *s);
struct mx_steps *mx_steps_held(const struct mx_link *l, uint32_t number);       /* or NULL */
void mx_steps_go_on(struct mx_steps *s);
void mx_steps_give_up(struct mx_link *l, uint32_t number, const struct sj_error *err);
void mx_steps_fail(struct mx_link *l, const struct sj_error *err);
void mx_steps_drop(struct mx_link *l);

/* One step. */
enum sj_status mx_steps_state(struct mx_room *r, const char *type, const char *key,
                              struct json_object *body, sj_op op, struct sj_error *err);
enum sj_status mx_steps_user(struct mx_room *r, const char *what, const char *user,
                             const char *reason, sj_op op, struct sj_error *err);

#endif
