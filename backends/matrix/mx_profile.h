/* SPDX-License-Identifier: MPL-2.0 */
/* Who people are: their profiles and pictures, the user's own, and the directory of users. Used by
 * the files of this backend only. */
#ifndef MX_PROFILE_H
#define MX_PROFILE_H

#include "sojourn/backend.h"

struct mx_link;

#define MX_SEARCH_MAX 50u                /* people found */
#define MX_SEARCH_FIELDS 1u

extern const struct sj_field mx_search_fields[MX_SEARCH_FIELDS];

enum sj_status mx_profile_get(struct sj_link *link, const char *id, sj_op op,
                              struct sj_error *err);
enum sj_status mx_avatar_get(struct sj_link *link, const char *id, const char *avatar, sj_op op,
                             struct sj_error *err);
enum sj_status mx_own_profile_set(struct sj_link *link, const struct sj_own_profile *own, sj_op op,
                                  struct sj_error *err);
/* The user's own picture lies there now. From the loop top. */
void mx_profile_uploaded(struct mx_link *l, sj_op op, const char *mxc);
enum sj_status mx_search(struct sj_link *link, const char *const *values, size_t n, sj_op op,
                         struct sj_error *err);

#endif
