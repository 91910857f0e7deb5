/* SPDX-License-Identifier: MPL-2.0 */
/* The user's roster: what is read from it and written to it where the server lets us (XEP-0356),
 * and asking by subscription where nothing else is left. */
#ifndef SESSION_ROSTER_H
#define SESSION_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "contact.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"

#define ROSTER_WRITES_MAX 48u            /* without an answer, for one user */
#define ROSTER_MOVES_MAX 64u             /* new ids that wait; beyond: as gone and new */
#define ROSTER_PAUSE_MS 5000             /* between readings */
#define ROSTER_SPREAD_MS 2               /* for each user, when all are to be read */
#define ROSTER_LOST_MS 30000             /* a new stream may grant again what the old one did */
#define ROSTER_NAMES_MS 5000             /* a contact without a name waits so long for it */
#define ROSTER_ASK_FIRST_MS 15000        /* after an offer that probably nobody could read */
#define ROSTER_ASK_MS 60000              /* from one question to the next... */
#define ROSTER_ASK_BURST 10u             /* ...after so many at once */

/* A contact that has a new id; its item is to follow. Owned by struct roster. */
struct roster_move {
    struct sj_list link;
    char *from, *to;
};

enum roster_state {
    ROSTER_IDLE,
    ROSTER_READING,              /* the answer is on its way */
    ROSTER_WRITING               /* answers are outstanding */
};

/* What is under way for one user; made when something is. Owned by the session. */
struct roster {
    enum roster_state state;
    bool again;                  /* something changed meanwhile */
    bool known;                  /* contact.in_roster is true of this session */
    bool wrote;                  /* some item was taken */
    bool refused;                /* the first one was not: in this session the other ways */
    bool unreadable;             /* too large, or no answer came */
    bool stale;                  /* the answer on its way is older than a removal: not used */
    bool verify;                 /* look once more, which subscriptions came of it */
    bool nameless;               /* names were waited for long enough */
    unsigned open;               /* writes without an answer */
    unsigned asked;              /* questions in this session */
    unsigned n_moves;
    int64_t read_ms;             /* last reading, or 0 */
    int64_t changed_ms;          /* changes were last offered, or 0 */
    struct sj_list moves;        /* struct roster_move */
    struct sj_timer timer;       /* begins the next work */
    struct sj_timer names;
    struct sj_timer ask;
};

/* ---- roster.c ---- */

/* Something is, or may be, to be told to the user's roster: by whatever way there is. */
void roster_later(struct session *);
/* The log-in is through. */
void roster_start(struct session *);
/* The log-out: what is under way is forgotten. */
void roster_free(struct session *);
/* Is the roster, now or in a moment, in our own hands: nothing is to be offered? */
bool roster_takes_over(const struct session *);
/* May it be written? */
bool roster_is_writable(const struct session *);
/* Were changes told less than ms ago? Then they are looked at again in time; else it is noted that
 * they are told now. */
bool roster_rests(struct session *, int64_t ms);
/* A listed contact has no name yet. */
void roster_wait_for_name(struct session *);
/* Is it time to offer c, as far as its name goes? */
bool roster_has_name(const struct session *, const struct contact *);
/* The client got an offer and may not have understood it. */
void roster_offered(struct session *);
/* Writes the item of c; its names and groups are those of item. false: not now. */
bool roster_write(struct session *, struct contact *, const struct xmpp_roster_item *,
                  enum contact_writes);
struct roster *roster_get(struct session *);
/* The events of the XMPP room, struct xmpp_in_privilege. */
void roster_on_changed(void *ctx, unsigned host, const char *domain);
void roster_on_item(void *ctx, unsigned host, const char *user, const struct xmpp_roster_item *);
void roster_on_read(void *ctx, unsigned host, const char *user, bool ok);
void roster_on_written(void *ctx, unsigned host, const char *user, const char *peer, bool ok);
void roster_on_pushed(void *ctx, unsigned host, const char *user, const struct xmpp_roster_item *);
/* The component stream broke. */
void roster_on_lost(struct sessions *, unsigned host);

/* ---- roster_move.c ---- */

/* c has got a new id: what we know of it becomes a new contact, which is returned; c is to be
 * forgotten. NULL: there is no room, or somebody has that id already. */
struct contact *roster_move(struct session *, struct contact *, const char *new_id);
/* The contact to which the item of this id is to move; NULL: none. */
struct contact *roster_moved(struct session *, const char *id);
/* The item of this id was written, or not. */
void roster_finish_move(struct session *, const char *id, bool ok);
void roster_moves_clear(struct roster *);
/* The network removed c: its item goes. */
void roster_gone(struct session *, const struct contact *);
/* The user unregisters: the items that we made go (G100-20). */
void roster_remove_created(struct session *);

/* ---- roster_item.c ---- */

/* An item as the user has it: subscriptions are repaired, names and groups brought together. */
void roster_take_item(struct session *, const struct xmpp_roster_item *);
/* The user has taken it out of the roster. */
void roster_take_removal(struct session *, const struct xmpp_roster_item *);
/* After a complete reading: what we believed and the roster does not have. */
void roster_take_missing(struct session *);

#endif
