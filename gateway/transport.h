/* SPDX-License-Identifier: MPL-2.0 */
/* How files move: the HTTP clients that the session room is given, made from the configuration. */
#ifndef SOJOURN_TRANSPORT_H
#define SOJOURN_TRANSPORT_H

#include "sojourn/error.h"

struct config;
struct sessions_options;
struct sj_http;
struct sj_log;
struct sj_loop;
struct xmpp_upload_options;

/* Two clients, because they trust differently: addresses that users chose must be public unless the
 * admin allows their networks; a place that the admin's own server names may be anywhere. */
struct transport {
    struct sj_http *fetch, *upload;
};

/* SJ_INVALID with "file: what is wrong": a value makes no sense. */
enum sj_status transport_check(const struct config *, struct sj_error *);
enum sj_status transport_init(struct transport *, const struct config *, struct sj_loop *,
                              const struct sj_log *, struct sj_error *);
void transport_release(struct transport *);
/* The members about files. */
void transport_options(const struct transport *, const struct config *,
                       struct sessions_options *);
void transport_upload(const struct config *, struct xmpp_upload_options *);

#endif
