/* SPDX-License-Identifier: MPL-2.0 */
/* The loopback network itself: what a server would know. Used by the files of this backend only.
 *
 * A *net* (one section of the configuration) owns the *accounts* of its users; an account owns its
 * list of *entries*, one for each person that it has to do with. Accounts outlive logins, as on a
 * real network; after a restart they come back with the state that the gateway kept. Links belong
 * to the gateway; an account knows the one that is logged in. */
#ifndef LOOPBACK_NET_H
#define LOOPBACK_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loopback_profile.h"
#include "sojourn/backend.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"

struct loopback_link;
struct sj_log;
struct sj_values;

#define LOOPBACK_ID_MAX 32u
/* Accounts that a net remembers; past it, those who are offline are forgotten. */
#define LOOPBACK_ACCOUNTS_MAX 65536u
/* Entries of an account, and how many of them may be requests that somebody else has made. */
#define LOOPBACK_LIST_MAX 500u
#define LOOPBACK_REQUESTS_MAX 100u
/* Bytes of the name and the group that a user gives somebody; all of them fit into SJ_STATE_MAX. */
#define LOOPBACK_NAME_MAX 48u
#define LOOPBACK_GROUP_MAX 32u

/* Facts about a pair, as one side's entry has them. Each direction of seeing is a fact of its own:
 * the account's user sees the other (TO), the other sees the user (FROM). */
enum loopback_fact {
    LOOPBACK_TO = 1u << 0,
    LOOPBACK_FROM = 1u << 1,
    LOOPBACK_ASKED_OUT = 1u << 2,    /* the user has asked, no answer yet */
    LOOPBACK_ASKED_IN = 1u << 3,     /* the other has asked, no answer yet */
    LOOPBACK_FACTS = (1u << 4) - 1
};

/* What the user's link has not been told yet. News about one entry are told together, as things
 * stand then: however often somebody changes their mind, an entry waits in a queue at most once. */
enum loopback_news {
    LOOPBACK_NEWS_GONE = 1u << 0,
    LOOPBACK_NEWS_CONTACT = 1u << 1,
    LOOPBACK_NEWS_REQUEST = 1u << 2
};

struct loopback_entry {              /* owned by its account */
    char id[LOOPBACK_ID_MAX + 1];    /* the other; key in the account's map */
    uint8_t facts;
    uint8_t news;
    bool queued;                     /* stands in the link's queue */
    const char *why;                 /* with NEWS_GONE; a constant */
    char *name, *group;              /* that the user has given; NULL: none */
};

struct loopback_account {            /* owned by its net */
    char id[LOOPBACK_ID_MAX + 1];    /* key in the net's map */
    struct sj_map entries;           /* struct loopback_entry by id */
    struct loopback_link *link;      /* the login; it takes itself out. NULL: offline */
    unsigned logins;                 /* links that point here: more than one only for a moment */
    enum sj_show show;               /* while online */
    char *status;                    /* or NULL */
    sj_msec idle_since;
    struct loopback_own own;
    struct sj_list heard;            /* struct loopback_heard, oldest first (loopback_resume.c) */
    unsigned n_heard;
    size_t heard_bytes;
    uint64_t heard_at;               /* number of the last one; begins at the time, as ids do */
    bool loaded;                     /* has been logged in: what is kept elsewhere is older */
};

/* What login-steps says, in the order of its choices. */
enum loopback_steps {
    LOOPBACK_STEPS_NONE,
    LOOPBACK_STEPS_CODE,
    LOOPBACK_STEPS_SECRET,
    LOOPBACK_STEPS_LINK,
    LOOPBACK_STEPS_PICTURE,
    LOOPBACK_STEPS_ALL,
    LOOPBACK_STEPS_CHOICES
};

struct sj_net {
    struct sj_loop *loop;            /* borrowed */
    const struct sj_log *log;        /* borrowed */
    const char *password;            /* borrowed from the configuration; NULL: any will do */
    int64_t latency_ms;
    int64_t period_ms;
    int64_t confirm_ms;
    enum loopback_steps login_steps;
    bool paused;                     /* links tell nothing; what they are told waits for them */
    struct sj_map accounts;          /* struct loopback_account by id */
    struct sj_idmap links;           /* struct loopback_link that are online, by serial */
    uint64_t serial;                 /* of the last link */
    uint64_t message;                /* number of the last message; see loopback_message.h */
    struct sj_timer wander;          /* runs while anybody is online */
    uint8_t wander_at;               /* enum wander, loopback_residents.c */
    uint32_t wander_round;           /* how often it came back */
    sj_msec wander_since;            /* UTC, of wander_at */
    size_t picture_bytes;            /* of users' own pictures */
    uint64_t picture;                /* number of the last one */
    struct sj_map rooms;             /* struct loopback_room by id (loopback_room.h) */
    uint32_t big_room;               /* guests of the largest one, with its residents */
    struct sj_list files;            /* that are kept, oldest first (loopback_file.c) */
    size_t n_files;
    size_t file_bytes;               /* of those, and of those on their way */
};

enum sj_status loopback_net_new(struct sj_net **out, struct sj_loop *loop,
                                const struct sj_log *log, const struct sj_values *values,
                                struct sj_error *err);
void loopback_net_free(struct sj_net **net);
/* struct sj_backend.pause: queues wait, with their bounds. */
void loopback_net_pause(struct sj_net *net, bool paused);

/* Folds id (1..LOOPBACK_ID_MAX of a-z A-Z 0-9 . _ -) into out; false: no id of this network. */
bool loopback_id_fold(char out[LOOPBACK_ID_MAX + 1], const char *id);

struct loopback_account *loopback_account_find(const struct sj_net *net, const char *id);
/* Makes it when there is none; NULL: no room. */
struct loopback_account *loopback_account_get(struct sj_net *net, const char *id);

struct loopback_entry *loopback_entry_find(const struct loopback_account *a, const char *id);
/* Makes it when there is none; NULL: the list is full. */
struct loopback_entry *loopback_entry_get(struct loopback_account *a, const char *id);
/* An entry for a request that comes from outside; NULL also when too many of them wait. */
struct loopback_entry *loopback_entry_get_asked(struct loopback_account *a, const char *id);
void loopback_entry_free(struct loopback_entry *e);
/* Frees the entry when it holds no fact, no news and no place in a queue. */
void loopback_entry_tidy(struct loopback_account *a, struct loopback_entry *e);

/* loopback_resume.c: what can be told again goes with the account. */
void loopback_heard_release(struct loopback_account *a);
/* Presence of anybody, residents too; OFFLINE for who is not there or not known. */
struct loopback_presence {
    enum sj_show show;
    const char *name;                /* or NULL; borrowed */
    const char *status;              /* or NULL; borrowed */
    sj_msec idle_since;
    char avatar[LOOPBACK_AVATAR_SIZE];
};
struct loopback_presence loopback_presence_of(const struct sj_net *net, const char *id);
/* Tells everybody who may see the account and is online of its presence. */
void loopback_account_announce(struct sj_net *net, const struct loopback_account *a);

/* loopback_state.c: the list as the gateway keeps it, at most SJ_STATE_MAX bytes. */
struct sj_strbuf;
void loopback_state_encode(struct sj_strbuf *out, const struct loopback_account *a);
/* Adds what the account does not know yet; false: the bytes are not ours (nothing was added). */
bool loopback_state_decode(struct loopback_account *a, const void *blob, size_t len);

#endif
