/* SPDX-License-Identifier: MPL-2.0 */
/* The registration form: shown, submitted, given up. */
#ifndef SESSION_REGISTER_H
#define SESSION_REGISTER_H

#include "check.h"

/* The network's fields, also while it asks something. */
enum sj_status register_fields(void *ctx, const struct xmpp_from *, struct xmpp_form_out *,
                               struct sj_error *);
enum sj_status register_get(void *ctx, const struct xmpp_from *, struct xmpp_form_out *,
                            struct sj_error *);
enum sj_status register_set(void *ctx, const struct xmpp_from *, const struct xmpp_form_in *,
                            xmpp_req, struct sj_error *);
enum sj_status register_remove(void *ctx, const struct xmpp_from *, xmpp_req, struct sj_error *);
/* What register_set does, whoever waits. SJ_OK: the waiter is told (maybe it has been). */
enum sj_status register_begin(struct sessions *, const struct xmpp_from *,
                              const struct xmpp_form_in *, struct waiter, struct sj_error *);

#endif
