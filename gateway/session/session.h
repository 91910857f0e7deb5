/* SPDX-License-Identifier: MPL-2.0 */
/* One user's running state on one network, and what the files of this room share.
 *
 * Ownership: struct sessions owns networks, sessions and the graveyard of links; a session owns
 * its link, contacts, resources, pending operations and held messages. Links are named by the
 * session's id, never by pointer, in what may outlive a call. */
#ifndef SOJOURN_SESSION_H
#define SOJOURN_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abilities.h"
#include "check.h"
#include "contact.h"
#include "governor.h"
#include "held.h"
#include "language.h"
#include "own_profile.h"
#include "preference.h"
#include "pressure.h"
#include "profile.h"
#include "resource.h"
#include "room.h"
#include "prompt.h"
#include "quota.h"
#include "records.h"
#include "session_end.h"
#include "session_limits.h"
#include "sessions.h"
#include "sojourn/backend.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "sojourn/store.h"
#include "strangers.h"

#define SESSION_DISABLED_TEXT "An admin of this gateway has disabled your account here."

/* Legal moves (session.c has the matrix):
 *   OFFLINE    -> QUEUED; ONLINE when a registration check hands its link over
 *   QUEUED     -> CONNECTING, OFFLINE (the user went away while waiting for the budget)
 *   CONNECTING -> ONLINE, BACKOFF, REFUSED, CLOSING; ASKING: the network asks the user something,
 *                 which takes no place of others and ends by the user or prompt-timeout only
 *   ASKING     -> CONNECTING (answered), ONLINE, BACKOFF, REFUSED, CLOSING
 *   ONLINE     -> BACKOFF, REFUSED, CLOSING
 *   BACKOFF    -> QUEUED, OFFLINE
 *   CLOSING    -> OFFLINE, always: a user who comes back meanwhile is queued from there
 *   REFUSED    -> QUEUED (new registration data only, G100-30), OFFLINE (unregistered) */
enum session_state {
    SESSION_OFFLINE,
    SESSION_QUEUED,
    SESSION_CONNECTING,
    SESSION_ASKING,
    SESSION_ONLINE,
    SESSION_BACKOFF,
    SESSION_CLOSING,
    SESSION_REFUSED,
    SESSION_STATE_COUNT
};

struct removal {
    bool wanted;
    xmpp_req req;
    sessions_done *done;
    void *arg;
    uint64_t ticket;
    uint64_t hold;               /* xmpp_hold of what is said of it */
};

struct network {
    struct sessions *all;        /* borrowed */
    unsigned index;
    const struct sessions_network *options;
    const struct sj_backend *backend;
    struct sj_log log;
    struct governor governor;
    struct pressure pressure;
    struct sj_map by_user;
    struct sj_map barriers;      /* struct barrier by domain */
    bool was_up;
    bool rich;                   /* messages may be more than text: SESSION_RICH_CAPS */
    unsigned n_online;           /* sessions that are ONLINE */
    uint64_t to_network, from_network;
};

struct session {
    uint64_t id;
    struct sessions *all;        /* borrowed */
    struct network *network;     /* borrowed */
    struct sj_log log;
    char *user;
    const char *lang;            /* of the user, as sj_language says it; NULL: English */
    enum session_state state;
    bool registered;
    bool sees_user, seen_by_user;
    bool online_stored;          /* the flag in the store */
    bool announced;              /* the user was told "available from the gateway" */
    bool wants_online;           /* a resource is available, or it was online before a restart */
    bool failure_told;           /* of this outage */
    bool quiet;                  /* presence bounced: silent until the user shows up again */
    bool stale;                  /* presence could not be sent: shown again when it can be */
    bool unseen;                 /* the stream is lost, or new and nothing was shown on it yet */
    bool has_quiet;              /* presence of some contact bounced */
    bool has_no_reply;           /* some contact takes no messages, or did */
    bool fresh;                  /* first announcement since the daemon started */
    bool suggest_due, features_known, offer_refused;     /* XEP-0144, suggest.c */
    struct roster *roster;       /* owned; NULL: nothing is under way */
    bool throttled;              /* BACKOFF: the network wants it so */
    bool disk_told;              /* that changes of contacts could not be stored yet */
    bool gave_up;                /* REFUSED: the user did not do what the network asked for */
    bool awaited;                /* a run of a command waits for the log-in */
    uint32_t preferences;        /* bits of the yes-or-no ones (preference.h) */
    char **preference_texts;     /* the others as far as they are no default; NULL: none */
    unsigned tries;
    uint32_t seq;
    uint32_t idle_told;          /* to the network: UTC seconds; 0: active */
    uint32_t lacks;              /* enum sj_cap that this login has not */
    int64_t created_at;          /* of the registration, UTC ms */
    int64_t online_at_ms;
    int64_t since_ms;            /* the state, UTC ms */
    struct sj_link *link;
    char *self_id;
    char *trouble;               /* why the last log-in failed or ended, or NULL */
    struct ticket ticket;        /* place in the governor's queue */
    struct sj_timer timer;       /* of the state: back-off, closing, unused */
    struct sj_timer linger;
    struct sj_list resources;
    unsigned n_resources;
    struct sj_map contacts;
    unsigned n_dirty;            /* contacts in sessions.dirty */
    struct sj_list held_out, held_in;
    size_t held_count, held_bytes;
    bool sends_held;             /* held_in_send is at work */
    struct sj_list transfers;    /* struct transfer, oldest first (transfer.c) */
    struct sj_list refusals;
    unsigned n_refusals;
    struct sj_list ops;
    unsigned n_ops;
    struct talks *talks;         /* talk.c; NULL: none yet */
    struct portfolio *portfolio; /* or NULL */
    struct own_profile *own;     /* or NULL */
    enum sj_show last_show;      /* told to the network */
    char *last_status;
    struct check *check;
    struct prompt *prompt;       /* of the check if there is one, else of the link; or NULL */
    struct search *search;       /* or NULL */
    struct rooms *rooms;         /* room.c; NULL: in none */
    struct room_list *room_list; /* room_list.c, or NULL */
    struct bookmarks *bookmarks; /* bookmark.c, or NULL */
    struct raw *raw;             /* raw.c, or NULL */
    struct position *position;   /* position.c; NULL: nothing is on its way */
    struct quota *quota;         /* quota.c; NULL: no limits */
    struct removal removal;
    struct sj_list reap;         /* in sessions.reap: may be dropped when nothing holds it */
};

struct commands;
struct sessions {
    struct sj_host host;         /* session_host; links point here */
    struct sj_loop *loop;
    struct sj_log log;
    struct sj_store *store;
    struct xmpp *xmpp;
    const struct sessions_options *options;
    struct network *networks;
    unsigned n_networks;
    struct sj_idmap by_id;
    size_t n_sessions;
    uint64_t next_id;
    struct transfers *transfers;
    uint64_t arrivals;           /* messages of networks that waited so far */
    struct sj_idmap ops;
    struct sj_list ops_by_age;
    uint64_t next_op;
    struct sj_idmap barriers;    /* struct barrier by the token of its question */
    uint64_t next_token;
    struct sj_list fresh;        /* struct journal: not written yet, oldest first */
    struct sj_list sending;      /* struct journal: their records are on the way to the disk */
    struct sj_timer journal, sending_late;
    struct sj_defer sending_now;
    uint64_t first_journal, next_journal;        /* numbers given by this process: above first */
    unsigned n_journal;          /* written */
    struct sj_log_limit journal_limit;
    bool freeing;                /* sessions_free is at work: nobody can be told any more */
    struct profiles *profiles;
    struct sj_list dirty;        /* contacts that are to be written */
    struct sj_list promises, registering, saves; /* records.c, save.c */
    struct sj_defer records, records_now, saves_due;
    struct sj_timer records_retry, records_late;
    bool records_known;          /* what came of the commit under way: records_status */
    enum sj_status records_status;
    struct sj_log_limit records_limit;
    struct sj_timer sweep;       /* operations and held messages, while there are any */
    struct sj_list typing;       /* struct talk, typing.c */
    struct sj_idmap room_asks;   /* struct room_collect by operation, room_ask.c */
    struct sj_list rooms_due;    /* struct room, room.c */
    struct sj_list entering;     /* struct room_client, room_client.c */
    struct sj_timer entering_timer;
    uint64_t entering_turn;      /* room_client.c: how many so far... */
    unsigned entering_shown;     /* ...and stanzas in the present one */
    struct sj_list graves;       /* links to be freed at the loop top */
    struct sj_list reap;
    struct sj_defer chores;
    struct strangers *strangers;
    struct late *late;
    struct commands *commands;
    struct talks *talks;
    uint64_t n_questions;        /* of networks, asked so far (prompt.c) */
    struct sj_log_limit drop_limit, load_limit;
    struct sj_list roll;         /* registered users who are yet to hear of a new stream */
    struct sj_timer roll_timer;
    char *scratch[XMPP_FIELDS_MAX];      /* values lent by register_get */
    char *instructions;                  /* and the words above them */
    bool stopping;
    struct sj_timer stop_timer;
    struct sj_timer shutdown;    /* an admin wants the stop then */
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* sessions.c */
struct session *session_find(struct network *, const char *user);
struct session *session_by_id(struct sessions *, uint64_t id);
/* The session of a registered user, loaded from the store when needed; NULL with err
 * (SJ_UNREGISTERED or a store error). */
struct session *session_get(struct network *, const char *user, struct sj_error *);
/* An empty session that is not registered (for a first registration check). */
struct session *session_new(struct network *, const char *user);
void session_free(struct session **);
/* Drops the session later if nothing needs it. */
void session_release(struct session *);
void session_owner(const struct session *, struct sj_owner *out);
/* The link goes at the next loop top; nothing of it is heard any more. */
void sessions_bury(struct sessions *, struct sj_link **);
bool sessions_may_register(const struct sessions *, unsigned host, const char *user);
bool sessions_is_admin(const struct sessions *, const char *user);

/* session.c: life of a session */
void session_enter(struct session *, enum session_state, const char *reason);
void session_login(struct session *);        /* if it is wanted and possible */
void session_logout(struct session *, const char *reason);
/* The registration ends: lets the network forget the login, too. True: the session is CLOSING, or
 * will be by session_logout; false: there is nothing to forget. */
bool session_log_out(struct session *);
/* The timer of a session that rests: it may log in now, or be forgotten. */
void session_rest_over(void *session);
void session_restart(struct session *);      /* new credentials */
bool session_login_again(struct session *);  /* the user asks for it; true: it is through */
/* The user wants to be out until they ask for a log-in. SJ_OK or a store error. */
enum sj_status session_stay_out(struct session *, struct sj_error *);
/* Logged out; the next presence, or the user, may log in again. */
void session_dismiss(struct session *);
void session_adopt(struct session *, struct sj_link *);
void session_link_up(struct session *);
/* Makes a link with the stored account (values NULL) or with these values. */
struct sj_link *session_link_new(struct session *, char *const *values, size_t n,
                                 struct sj_error *);
void session_announce(struct session *);
void session_unannounce(struct session *, const struct sj_error *why);       /* or NULL */
void session_store_online(struct session *, bool online);

/* removal.c */
void session_remove(struct session *);       /* removal.* is filled */
void session_removed(struct session *);      /* the link is gone: the rest of the sequence */

/* presence.c */
void session_linger_over(void *session);
/* Nobody known is there any more, but the user did not say so: wait a little. */
void session_linger(struct session *);
void session_apply_presence(struct session *);
void session_send_gateway_presence(struct session *, const char *to, const char *id);
/* Sends; what a lost stream or a full queue refuses makes the session stale. */
bool session_send_presence(struct session *, const struct xmpp_presence_out *);
/* The server takes nothing for now: no stream, or too much waits. What it refuses otherwise it
 * will never take. */
bool session_is_blocked(const struct session *);
/* Shows all of the present state to the user's bare JID again. */
void session_show(struct session *);

/* host.c */
extern const struct sj_host session_host;

/* presence.c: inbound */
enum sj_status presence_in(void *ctx, const struct xmpp_presence_in *, struct sj_error *);
void presence_probe(void *ctx, const struct xmpp_from *, const char *peer);
void presence_bounce(void *ctx, const struct xmpp_from *, const char *peer, char kind,
                     const char *condition);
void presence_peer(void *ctx, const struct xmpp_from *, const char *peer, struct xmpp_peer *out);

/* startup.c: a component stream came up */
void startup_init(struct sessions *);
void startup_begin(struct sessions *, struct network *);
/* It is lost: what is for users waits until they were shown the present state on the next one. */
void startup_lost(struct network *);
void startup_clear(struct sessions *);

#endif
