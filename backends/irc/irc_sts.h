/* SPDX-License-Identifier: MPL-2.0 */
/* Strict transport security: a server that is reached without TLS says where it has it. */
#ifndef IRC_STS_H
#define IRC_STS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

struct irc_link;
struct sj_net;
struct sj_tls;

/* How long an offer counts that no connection with TLS has confirmed yet, and at most. */
#define IRC_STS_TRIAL_MS INT64_C(600000)
#define IRC_STS_DURATION_MAX_S (INT64_C(366) * 24 * 3600)

/* What a net without TLS of its own keeps of it. Links save it for the time after a restart. */
struct irc_sts {
    struct sj_tls *tls;                  /* NULL: not possible here */
    int64_t until_ms;                    /* loop time; 0: no policy */
    int64_t duration_ms;                 /* as last said with TLS; 0: not confirmed */
    uint16_t port;
    bool ended;                          /* by the server: what was saved before is out of date */
};

/* Prepares a net for it, if it may be: tls_ca as in sj_tls_new. */
enum sj_status irc_sts_init(struct sj_net *net, const char *tls_ca, struct sj_error *err);
/* The server's offer on this link, n bytes "duration=S,port=P". May begin the connection anew:
 * then the state is CONNECTING. */
void irc_sts_on_offer(struct irc_link *l, const char *value, size_t n);
/* The connection is about to end, the state is still the one before. */
void irc_sts_on_end(struct irc_link *l);
/* Has the host keep the policy, or forget it; from the loop top, not after disconnect. */
void irc_sts_save(struct irc_link *l);
/* What a link saved before: it counts for the net, unless a longer policy does, or the server has
 * ended it since the start. */
void irc_sts_load(struct sj_net *net, const void *blob, size_t len);

#endif
