/* SPDX-License-Identifier: MPL-2.0 */
/* The part of the world (world.h) that is about profiles and pictures. It records
 *
 *   card REQ NAME note=NOTE TYPE BYTES         node PEER -> TO avatar|nick|vcard4 [WHAT]
 *   wants? FULL                                own? USER HASH [card]
 *   net profile PEER                           net avatar PEER ID
 *   net own nick NICK                          net own picture TYPE BYTES */
#ifndef TEST_WORLD_PROFILE_H
#define TEST_WORLD_PROFILE_H

#include "sojourn/backend.h"
#include "world.h"
#include "xmpp.h"

#define WORLD_CALLS_MAX 512u
#define WORLD_BUDGET_MS 20      /* after so long the budget lets a fetch go */
#define WORLD_VER "known-hash-of-capabilities=="
#define WORLD_PNG_LEN 48u
#define WORLD_PICTURE_SIZE 24u

/* Operations of networks that have no outcome yet. */
struct world_call {
    struct sj_link *link;
    sj_op op;
};
struct world_profile {
    struct world_call call[WORLD_CALLS_MAX];
    size_t n_calls;
    size_t picture_max;
    unsigned nodes;              /* that resources with the capabilities WORLD_VER want */
    enum sj_status refused;      /* the operations return this instead of SJ_OK */
};
/* Empty, as at the start of a test. */
struct world_profile *world_profile_reset(void);

void world_picture_text(char out[WORLD_PICTURE_SIZE], const struct xmpp_picture *p);

/* The backend's functions. */
enum sj_status world_profile_get(struct sj_link *, const char *id, sj_op, struct sj_error *);
enum sj_status world_avatar_get(struct sj_link *, const char *id, const char *avatar, sj_op,
                                struct sj_error *);
enum sj_status world_own_profile_set(struct sj_link *, const struct sj_own_profile *, sj_op,
                                     struct sj_error *);

/* The outcome of the i-th operation that waits. */
void world_call_fails(struct world *w, size_t i, enum sj_status status);
void world_call_shows(struct world *w, size_t i, const void *data, size_t len);
void world_call_tells(struct world *w, size_t i, const char *note);
void world_call_states(struct world *w, size_t i, const struct sj_profile *p);

/* A small PNG of that number. */
size_t world_png(uint8_t out[WORLD_PNG_LEN], unsigned number);
/* A contact with a picture. */
void world_pictured(struct world *w, const char *id, enum sj_show show, const char *avatar);
/* The user's client asks for a card with everything. */
enum sj_status world_ask_card(struct world *w, const char *peer, xmpp_req req);

#endif
