/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms and answers of links that have ended, freed bit by bit: an account may be in thousands of
 * rooms, with hundreds of thousands of members, and others are not to wait for that. Used by the
 * files of this backend only. */
#ifndef MX_GONE_H
#define MX_GONE_H

#include "mx_link.h"

struct json_object;

/* Members, or values of an answer, that are freed in one turn of the loop; a room is one piece. */
#define MX_GONE_SLICE 2000u

void mx_gone_init(struct sj_net *net);
/* Takes all rooms away from l, which may be freed at once. */
void mx_gone_take(struct mx_link *l);
/* Takes over the rest of an answer, of which nobody else holds a part; bytes of it count in
 * net->reading until it is freed. */
void mx_gone_take_json(struct sj_net *net, struct json_object *root, uint64_t bytes);
/* The end of the network: frees the rest. */
void mx_gone_release(struct sj_net *net);

#endif
