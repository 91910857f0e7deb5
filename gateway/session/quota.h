/* SPDX-License-Identifier: MPL-2.0 */
/* How much one user may ask of a network: messages, bytes and joins a minute, log-ins an hour. What
 * counts is the network's configuration, or what an admin chose for the user. */
#ifndef SESSION_QUOTA_H
#define SESSION_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sessions.h"
#include "sojourn/error.h"

#define QUOTA_MAX 1000000000u            /* of each */
#define QUOTA_TEXT_SIZE 64u

struct session;

/* Owned by the session, made only where something is limited: who has no limits pays one test of a
 * pointer. Each is a bucket that holds as much as may be asked for in its period and fills evenly;
 * one number says when it will be full again. */
struct quota {
    uint32_t max[SESSIONS_QUOTAS];       /* 0: no limit */
    int64_t full_us[SESSIONS_QUOTAS];    /* loop time */
};

/* By configuration and by what an admin chose (PREFERENCE_QUOTA), which has changed. */
void quota_load(struct session *);
void quota_free(struct session *);
/* Takes n. SJ_LIMIT: nothing was taken; the error says which limit and when it is free again. */
enum sj_status quota_take(struct session *, enum sessions_quota, uint64_t n, struct sj_error *);
/* A message of so many bytes: takes of both, or nothing. */
enum sj_status quota_take_message(struct session *, size_t bytes, struct sj_error *);
/* How long n has to wait, 0: not at all. */
int64_t quota_wait_ms(const struct session *, enum sessions_quota, uint64_t n);
/* The same without taking. */
enum sj_status quota_check(const struct session *, enum sessions_quota, uint64_t n,
                           struct sj_error *);
/* When nothing is to be remembered any more, 0: at once. */
int64_t quota_busy_ms(const struct session *);

/* A user's own limits as the store keeps them: numbers, "-" for those of the network, with commas
 * between. values: SESSIONS_QUOTAS texts, "" or NULL for those of the network. SJ_UNACCEPTABLE: one
 * is no number. */
enum sj_status quota_format(char out[QUOTA_TEXT_SIZE], const char *const *values,
                            struct sj_error *);

#endif
