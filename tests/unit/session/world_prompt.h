/* SPDX-License-Identifier: MPL-2.0 */
/* world_prompt.c: the network asks while it logs the user in. Lines:
 *
 *   net reply VALUE */
#ifndef TEST_WORLD_PROMPT_H
#define TEST_WORLD_PROMPT_H

#include "world.h"

/* The newest link asks; text NULL: no longer. */
void world_asks(struct world *w, enum sj_prompt_kind kind, const char *text);
void world_asks_with(struct world *w, const struct sj_prompt *p);
/* Replies "bad" are refused at once. */
enum sj_status world_reply(struct sj_link *link, const char *value, struct sj_error *err);
/* Romeo's client writes to the gateway. */
void world_talk(struct world *w, const char *text);
/* One step of a command; form: "var=value&var=value", NULL: none. */
enum sj_status world_command(struct world *w, const char *resource, const char *node, uint64_t run,
                             const char *form);
enum sj_status world_command_cancel(struct world *w, const char *resource, const char *node,
                                    uint64_t run);

#endif
