/* SPDX-License-Identifier: MPL-2.0 */
/* Registration: the form, and the check of what was submitted by logging in. */
#ifndef SESSION_CHECK_H
#define SESSION_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "governor.h"
#include "sojourn/backend.h"
#include "sojourn/loop.h"
#include "xmpp.h"

struct session;
struct sessions;

/* Who waits for the outcome of a change: an iq request, or a run of a command; 0: none. */
struct waiter {
    xmpp_req req;
    uint64_t run;
};

/* A registration that is being checked by logging in (G100-06). Owned by the session. */
struct check {
    struct ticket ticket;
    struct sj_timer deadline;
    struct sj_link *link;
    struct waiter waiter;
    uint32_t lacks;              /* enum sj_cap that its link has not */
    bool first;                  /* no registration yet: its link becomes the session's */
    bool by_form;                /* the request of waiter brought an answer (register_answer) */
    bool other;                  /* it is another account than the registered one */
    bool was_asked;              /* the network asked something: who waits may be gone since */
    char *value[SJ_FIELDS_MAX];  /* wiped at the end */
    size_t n_values;
    void *state;                 /* what the link saved meanwhile; wiped at the end */
    size_t state_len;
};

/* register.c */
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
void waiter_tell(struct sessions *, const struct waiter *, const struct sj_error *err);
/* Nobody wants to know any more: nothing is stored. */
void check_abandon(struct session *);
/* A question is open, or no longer: the check's time stands still. */
void check_pause(struct session *);
void check_resume(struct session *);
void check_link_state(struct session *, enum sj_link_state, enum sj_end, const struct sj_error *);
void check_free(struct session *);
/* Keeps what the link of the check saves until there is a registration to store it with. */
void check_save_state(struct session *, const void *blob, size_t len);
/* Answers the request with err and ends the check; what the session wanted meanwhile goes on. */
void check_fail(struct session *, const struct sj_error *err);

#endif
