/* SPDX-License-Identifier: MPL-2.0 */
/* Who is not registered, and was told so (G100-31); bounded, oldest forgotten. */
#ifndef SESSION_STRANGERS_H
#define SESSION_STRANGERS_H

#include <stdbool.h>

struct strangers;

struct strangers *strangers_new(void);
void strangers_free(struct strangers **);
bool strangers_tell(struct strangers *, unsigned host, const char *full);    /* first time? */
void strangers_forget(struct strangers *, unsigned host, const char *full);
/* An unregistered user asked to see the gateway; answered when they register (G100-12). */
void strangers_asked(struct strangers *, unsigned host, const char *bare);
bool strangers_take_asked(struct strangers *, unsigned host, const char *bare);

#endif
