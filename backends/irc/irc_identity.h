/* SPDX-License-Identifier: MPL-2.0 */
/* The client certificate that a user stored. */
#ifndef IRC_IDENTITY_H
#define IRC_IDENTITY_H

#include "sojourn/backend.h"

struct sj_identity;

/* What the two fields of the account hold, *out NULL: nothing. SJ_UNACCEPTABLE: it is unusable, or
 * this network is reached without TLS. net may be NULL (unknown). */
enum sj_status irc_identity_of(struct sj_identity **out, const struct sj_net *net,
                               const struct sj_account *account, struct sj_error *err);

#endif
