/* SPDX-License-Identifier: MPL-2.0 */
/* For the test of scram.c, which knows the nonces of published examples. */
#ifndef SOJOURN_SCRAM_PRIV_H
#define SOJOURN_SCRAM_PRIV_H

struct sj_scram;

struct sj_scram *scram_new_with_nonce(const char *user, const char *password, const char *nonce);

#endif
