/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of the session room towards the daemon: all users of all enabled networks. */
#ifndef SOJOURN_SESSIONS_H
#define SOJOURN_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"
#include "xmpp.h"

struct sj_backend;
struct sj_http;
struct sj_log;
struct sj_loop;
struct sj_net;
struct sj_store;
struct sessions;

/* What one user may ask of a network (quota.h): messages, bytes of them and rooms entered in a
 * minute, log-ins in an hour. */
enum sessions_quota {
    SESSIONS_MESSAGES,
    SESSIONS_BYTES,
    SESSIONS_JOINS,
    SESSIONS_LOGINS,
    SESSIONS_QUOTAS
};

/* One enabled network, as configured. */
struct sessions_network {
    const char *host;                    /* hostname of the component */
    const char *label;                   /* for people: "Example network (Lab)" */
    const struct sj_backend *backend;
    struct sj_net *net;                  /* borrowed, outlives the sessions */
    const char *user_key;                /* sj_link.user is keyed with it; NULL: not at all */
    unsigned login_rate;                 /* log-ins a second, 0: no limit */
    unsigned login_burst;
    unsigned logins_at_once;
    uint32_t quota[SESSIONS_QUOTAS];     /* of each user, 0: no limit */
};

struct sessions_options {
    const struct sessions_network *networks;   /* in the order of the hosts of the XMPP room */
    unsigned n_networks;
    const char *const *allow;            /* domains and bare JIDs that may register, "*" for all */
    size_t n_allow;
    const char *const *admins;           /* bare JIDs that may run admin commands */
    size_t n_admins;
    void (*shutdown)(void *arg);         /* an admin stops the gateway; or NULL */
    void *shutdown_arg;
    int64_t journal_ms;                  /* what is not confirmed by then is written */
    int64_t hold_ms;                     /* how long a message waits for a link */
    int64_t prompt_ms;                   /* how long a question of a network waits for its user */
    unsigned contacts_max;               /* for each user */
    unsigned sessions_max;
    size_t avatar_bytes;                 /* pictures that are kept, all users together */
    /* Files. Borrowed, may be NULL: then none pass. fetch: what users point at; upload: places that
     * our own server names. */
    struct sj_http *fetch, *upload;
    uint64_t files_max, upload_max;      /* bytes of one, to networks and from them */
    unsigned files_at_once;
    bool fetch_http, upload_http;        /* not only https */
};

/* Makes the room. options, loop, log and store are borrowed for its life. Never NULL. */
struct sessions *sessions_new(struct sj_loop *, const struct sj_log *, struct sj_store *,
                              const struct sessions_options *);
/* Frees all sessions and their links at once (sessions_stop first for good order). */
void sessions_free(struct sessions **);

/* What the XMPP room is to be made with, and the room itself once it is made. */
const struct xmpp_in *sessions_xmpp_in(void);
void sessions_set_xmpp(struct sessions *, struct xmpp *);

/* Reads who was online and who is registered; their log-ins begin when the component stream of
 * their network is up (DESIGN §5: everybody who was online is online again). */
enum sj_status sessions_load(struct sessions *, struct sj_error *);

/* Tells every user and every network that the gateway stops (G100-61); done is called when all
 * links are gone, at the latest after timeout_ms. Who was online stays marked so in the store. */
void sessions_stop(struct sessions *, int64_t timeout_ms, void (*done)(void *arg), void *arg);

/* Unregisters without the user (admin): the full sequence of XEP-0100 §4.3 without an iq result.
 * done is called once, from the loop top or before this returns. */
typedef void sessions_done(void *arg, uint64_t ticket, const struct sj_error *err);
void sessions_unregister(struct sessions *, unsigned host, const char *user, sessions_done *done,
                         void *arg, uint64_t ticket);

/* imported.c: an account comes from another store. Before it is written: with now, nothing of the
 * user's is kept in memory any more; without, only asks. SJ_LIMIT: they are logged in, or their
 * registration is being changed. */
enum sj_status sessions_make_room(struct sessions *, unsigned host, const char *user, bool now,
                                  struct sj_error *);
/* It is written: the user is asked whether they are there. */
void sessions_imported(struct sessions *, unsigned host, const char *user);

struct sessions_stats {
    size_t sessions, online, connecting, asking, waiting, refused;
    size_t operations;                   /* messages and changes whose outcome is open */
    size_t held;                         /* messages that wait for a link or for the XMPP server */
    uint64_t to_network, from_network;   /* messages since start */
};
void sessions_stats(const struct sessions *, unsigned host, struct sessions_stats *out);

#endif
