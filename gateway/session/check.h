/* SPDX-License-Identifier: MPL-2.0 */
/* The check of a registration by logging in. */
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
struct sj_registration;
struct sj_store_change;

/* Who waits for the outcome of a change: an iq request, or a run of a command; 0: none. */
struct waiter {
    xmpp_req req;
    uint64_t run;
};

/* A registration that is being checked by logging in (G100-06). Owned by the session. */
struct check {
    struct session *session;     /* borrowed */
    struct ticket ticket;
    struct sj_timer deadline;
    struct sj_link *link;
    struct waiter waiter;
    uint32_t lacks;              /* enum sj_cap that its link has not */
    bool first;                  /* no registration yet: its link becomes the session's */
    bool by_form;                /* the request of waiter brought an answer (check_answer) */
    bool other;                  /* it is another account than the registered one */
    bool was_asked;              /* the network asked something: who waits may be gone since */
    bool storing;                /* the network has let it in: the store's answer is waited for */
    bool handed;                 /* it is in the commit under way */
    bool expected;               /* the store knows that it will be (sj_store_expect) */
    bool late;                   /* `state` has changed since */
    bool adopted;                /* its link is the session's already; `hold` keeps what it says */
    bool asked;                  /* the user had asked to see the gateway before */
    uint64_t hold;               /* xmpp_hold, or 0 */
    struct sj_list record;       /* storing: in sessions.registering */
    char *value[SJ_FIELDS_MAX];  /* wiped at the end */
    size_t n_values;
    void *state;                 /* what the link saved meanwhile; wiped at the end */
    size_t state_len;
};

/* Logs in with value, parallel to the backend's fields, which the check takes over (value is
 * emptied); other: it is another account than the registered one. */
void check_start(struct session *, char **value, bool other, struct waiter);
/* An answer in the form that register_get gave; its outcome is the request's. */
enum sj_status check_answer(struct session *, const char *value, xmpp_req, struct sj_error *);
/* The network has asked something, and nobody waits at this moment. */
bool check_is_left(const struct session *);
/* Wipes and frees them, leaves NULLs. */
void values_free(char **value, size_t n);
void waiter_tell(struct sessions *, const struct waiter *, const struct sj_error *err);
/* What the store is to take of a check; both point into it. */
void check_describe(const struct check *, struct sj_registration *r,
                    struct sj_store_change *out);
/* What the store has made of it (records.c); err: nothing. */
void check_stored(struct session *, const struct sj_error *err);
/* If the store's answer is waited for, waits for it on the loop: the check is over then. */
void check_settle(struct session *);
/* Nobody wants to know any more: nothing is stored, if it is not too late for that. */
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
