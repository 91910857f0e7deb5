/* SPDX-License-Identifier: MPL-2.0 */
/* What cannot be answered on its stream any more. */
#ifndef XMPP_LATE_H
#define XMPP_LATE_H

#include <stdbool.h>

#include "router.h"

/* A stanza that came behind our goodbye. false: its handler is to judge it. */
bool late_handle(struct inbound *in);
/* Its error answer was not sent: the session room hears of it, if somebody waits for it. words: or
 * NULL. */
void late_keep(const struct inbound *in, const struct sj_error *words);
/* The same of a request that was open. */
void late_keep_request(struct xmpp *x, const struct request *q, const struct sj_error *err);
/* Answers all requests to host that are open: nobody will. */
void late_refuse_open(struct xmpp *x, unsigned host);

#endif
