/* SPDX-License-Identifier: MPL-2.0 */
/* Messages that are never passed on. */
#ifndef XMPP_MESSAGE_REFUSE_H
#define XMPP_MESSAGE_REFUSE_H

#include "sojourn/error.h"

struct inbound;

/* SJ_OK: nothing is wrong with it. Else what the sender is to be told. body may be NULL. */
enum sj_status message_refuse(struct inbound *in, const char *body, struct sj_error *err);

#endif
