/* SPDX-License-Identifier: MPL-2.0 */
/* One login on one home server. Used by the files of this backend only.
 *
 * Owner: the gateway (link_new, link_free). A link owns its login, its calls, its rooms and
 * contacts, the answer to a sync that is being worked off, and what waits to be sent. Host
 * functions are called from answers and deferred calls, never from inside an operation; after each
 * the state may be another, and what was at hand is looked up anew. */
#ifndef MX_LINK_H
#define MX_LINK_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"

struct mx_login;
struct mx_work;

#define MX_LINK_MAGIC 0x6d617431u
#define MX_TOKEN_MAX 8191u               /* bytes of an access or refresh token */
#define MX_SINCE_MAX 4095u
#define MX_URL_MAX 2047u                 /* of a home server */
#define MX_SEEN 128u                     /* events that are remembered, against repetitions */

/* Legal moves: each leads to the next; every state leads to CLOSING (disconnect) and DOWN. Nothing
 * leaves DOWN: the gateway makes a new link. */
enum mx_state { MX_NEW, MX_LOGIN, MX_ONLINE, MX_CLOSING, MX_DOWN, MX_STATES };

/* What one deferred call is to do. */
enum mx_todo {
    MX_TODO_END = 1u << 0,               /* report the end */
    MX_TODO_WORK = 1u << 1,              /* the next slice of an answer */
    MX_TODO_DONE = 1u << 2,              /* outcomes that are known */
    MX_TODO_SEND = 1u << 3,
    MX_TODO_CHECK = 1u << 4,             /* rooms may have become another kind */
    MX_TODO_SAVED = 1u << 5,             /* what was saved may be used */
};

struct mx_link {
    struct sj_link base;                 /* first */
    char *url;                           /* of the home server, without a slash at its end */
    char *user;                          /* "@romeo:example.org"; NULL before the login */
    char *self;                          /* the same as the gateway calls it */
    char *device;
    char *token, *refresh;               /* wiped; refresh may be NULL */
    char *next_token, *next_refresh;     /* likewise: refreshed, to be used when they are kept */
    char *oauth_client;                  /* client_id of the login; NULL: it is no OAuth login */
    char *oauth_token, *oauth_revoke;    /* addresses of its token and revocation endpoints */
    char *since;                         /* where the next sync goes on; NULL: from the beginning */
    char *begin;                         /* where this link began; NULL: not known yet */
    struct mx_login *login;              /* until the link is up */
    struct sj_list calls;
    struct sj_defer defer;
    struct sj_list parked;               /* in net.parked while what is next has to wait */
    struct mx_work *work;                /* NULL: none */
    struct sj_map rooms;                 /* struct mx_room by id */
    struct sj_map names;                 /* the same by the name that the gateway knows */
    struct sj_map contacts;              /* struct mx_contact by name */
    struct sj_list sends, done, steps;   /* struct mx_send; mx_done; mx_steps */
    struct sj_list media;                /* struct mx_media */
    struct sj_list reactions;            /* struct mx_reaction */
    struct json_object *direct;          /* m.direct as the server has it; NULL: none */
    struct sj_map direct_of;             /* in it: the user by the chat's id */
    uint64_t *seen;                      /* ring of MX_SEEN digests */
    int64_t saved_ms;                    /* when the state was saved last */
    uint32_t seen_at;
    uint32_t n_calls, n_sends, n_rooms, n_contacts, n_media, n_reactions;
    uint32_t txn;                        /* number of the last transaction */
    uint8_t account[32];                 /* digest of what the user registered with */
    uint8_t salt[16];
    char txn_base[12];                   /* of this link, in transaction ids */
    uint8_t state;                       /* enum mx_state */
    uint8_t todo;                        /* enum mx_todo */
    uint8_t show;                        /* enum sj_show */
    bool synced : 1;                     /* the first answer has been worked off */
    bool resumed : 1;                    /* since was kept from an earlier link */
    bool has_presence : 1;               /* the server tells of it */
    bool refreshing : 1;                 /* a new token is asked for, or being kept */
    bool saving : 1;                     /* goes on when the gateway has kept its state */
    bool polling : 1;                    /* a sync is asked for */
    bool logs_out : 1;                   /* the account is given up */
    bool token_given : 1;                /* the user has it from another client */
};

static inline struct mx_link *mx_link_of(struct sj_link *link)
{
    assert(link->magic == MX_LINK_MAGIC);
    return (struct mx_link *)link;
}

struct sj_link *mx_link_new(const struct sj_link *base, const struct sj_account *account,
                            const void *blob, size_t len);
void mx_link_free(struct sj_link **link);
enum sj_status mx_link_connect(struct sj_link *link, struct sj_error *err);
void mx_link_disconnect(struct sj_link *link, const char *reason);
void mx_link_log_out(struct sj_link *link);

void mx_link_enter(struct mx_link *l, enum mx_state state);
void mx_link_defer(struct mx_link *l, enum mx_todo todo);
/* The same after others had their turn. */
void mx_link_defer_next(struct mx_link *l, enum mx_todo todo);
/* From the loop top only. The link is down afterwards, if it was not before. */
void mx_link_end(struct mx_link *l, enum sj_end end, const char *why);
/* The login is through: up, self, and the first sync. */
void mx_link_up(struct mx_link *l);
/* Tells the gateway what to keep. False: there is nothing that could be kept. */
bool mx_link_save(struct mx_link *l);
/* The same; mx_login_saved follows when it is kept, from the loop top. */
void mx_link_save_first(struct mx_link *l);
void mx_link_state_saved(struct sj_link *link, const struct sj_error *err);
static inline bool mx_link_is_up(const struct mx_link *l)
{
    return l->state == MX_ONLINE;
}

/* Posts an outcome: op_done from the loop top. text: a literal, or NULL. */
void mx_link_done(struct mx_link *l, sj_op op, enum sj_status status, const char *text);
void mx_link_done_err(struct mx_link *l, sj_op op, const struct sj_error *err);
/* The same, and the room is told first. */
void mx_link_look(struct mx_link *l, sj_op op, const char *room);
/* Has this event been handled? Remembers it. */
bool mx_link_has_seen(struct mx_link *l, const char *event);

#endif
