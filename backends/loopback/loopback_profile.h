/* SPDX-License-Identifier: MPL-2.0 */
/* What people on the loopback network tell of themselves. */
#ifndef LOOPBACK_PROFILE_H
#define LOOPBACK_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "sojourn/backend.h"

struct loopback_account;
struct loopback_event;
struct loopback_link;

/* A user's own picture, and those of all users of a net together. */
#define LOOPBACK_PICTURE_MAX 65536u
#define LOOPBACK_PICTURES_MAX (4u << 20)
#define LOOPBACK_AVATAR_SIZE 64u         /* id of a picture, with the NUL */

/* Of an account. */
struct loopback_own {
    char *nick;                          /* or NULL */
    void *picture;                       /* or NULL */
    size_t len;
    uint64_t number;                     /* of the picture; never used twice in a net */
};

/* Writes the id of somebody's picture; "" when there is none. */
void loopback_avatar_of(const struct sj_net *net, const char *id, char out[LOOPBACK_AVATAR_SIZE]);
void loopback_own_release(struct sj_net *net, struct loopback_own *own);

/* Of the table. */
enum sj_status loopback_profile_get(struct sj_link *base, const char *id, sj_op op,
                                    struct sj_error *err);
enum sj_status loopback_avatar_get(struct sj_link *base, const char *id, const char *avatar,
                                   sj_op op, struct sj_error *err);
enum sj_status loopback_own_profile_set(struct sj_link *base, const struct sj_own_profile *own,
                                        sj_op op, struct sj_error *err);

/* What these have queued is due; the host is told by loopback_link.c. */
struct sj_strbuf;
/* false: there is nothing to tell any more. */
bool loopback_profile_fill(const struct loopback_link *l, const char *id, struct sj_profile *out);
bool loopback_picture_fill(const struct loopback_link *l, const char *id, const char *avatar,
                           struct sj_strbuf *out);

#endif
