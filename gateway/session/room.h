/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms of one user on one network, and what the files about them share.
 *
 * A room has occupants, as the network tells them, and clients: those of the user's resources that
 * are in it. Both sides keep their own pace. A client that enters is shown the occupants in pieces
 * (room_client.c), so a room of thousands holds up nobody; what happens meanwhile reaches it in
 * order: a change of somebody whom it was shown at once, of others with their turn, what is said
 * after all that. Source: XEP-0045; requirements §16. */
#ifndef SESSION_ROOM_H
#define SESSION_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/map.h"
#include "sojourn/room.h"
#include "xmpp.h"

struct event;
struct ids_message;
struct network;
struct outgoing;
struct room_fill;
struct room_picture;
struct attachment;
struct session;
struct sessions;
struct sj_strbuf;

/* Limits: what they bound, and what happens beyond them. */
#define ROOMS_MAX 200u                   /* of one session: a join is refused, and said why */
#define ROOM_OCCUPANTS_MAX 50000u        /* further ones are not shown */
#define ROOM_CLIENTS_MAX 32u             /* resources of the user in one room: refused */
#define ROOM_TURN_STANZAS 200u           /* that one user's entering clients get at once... */
#define ROOM_TURN_ALL 2000u              /* ...and those of all users; the others wait for a turn */
#define ROOM_TURN_END 25u                /* what the end of an entry counts for, with its history */
#define ROOM_TURN_MS 1
#define ROOM_BACKLOG_MAX 512u            /* events that wait for one entering client... */
#define ROOM_BACKLOG_BYTES_MAX 262144u   /* ...beyond, it loses its place, and is told */
#define ROOM_LOGIN_MS 60000              /* a join waits so long for a log-in */
#define ROOM_UNSEEN_MS 300000            /* without a client after the stream broke; then left */
#define ROOM_AWAY_MS 3000                /* who stays on-line: does the resource go, or leave? */
#define ROOM_HISTORY_MAX 200u            /* messages that a join gets */
#define ROOM_HISTORY_DEFAULT 20u         /* when it asks for nothing */
#define ROOM_HISTORY_BYTES_MAX 1048576u
#define ROOM_INVITED_MAX 8u              /* whose refusal is passed on; the oldest is forgotten */

/* Legal moves (room.c has the matrix):
 *   WAITING -> JOINING (the link is up), or it ends
 *   JOINING -> IN (the network says so), or it ends
 *   IN      -> LEAVING (nobody is left here), WAITING (somebody came while the user was logged
 *              out), or it ends
 *   LEAVING -> JOINING (somebody came back meanwhile), WAITING (as above), or it ends */
enum room_state { ROOM_WAITING, ROOM_JOINING, ROOM_IN, ROOM_LEAVING, ROOM_STATE_COUNT };

/* One person in a room. Owned by the room; nick is the key of by_nick. */
struct occupant {
    struct sj_list link;         /* room.occupants, ascending numbers */
    uint64_t number;             /* order of coming, never again */
    char *nick;                  /* over there */
    char *shown;                 /* what stands in addresses; NULL: nick */
    char *id, *account, *status; /* as in struct sj_occupant; NULL */
    struct room_picture *picture;        /* or NULL */
    char *titles;                /* n_titles texts, each with its NUL */
    uint8_t n_titles;
    uint8_t affiliation, role, show;     /* enum sj_affiliation, sj_role, sj_show */
    bool self;
};

enum room_client_state {
    ROOM_CLIENT_WAITS,           /* for the room */
    ROOM_CLIENT_ENTERS,          /* is being shown the room */
    ROOM_CLIENT_IN,
    ROOM_CLIENT_LOST             /* could not follow; its unavailable presence waits */
};

/* One of the user's resources in a room. Owned by the room. */
struct room_client {
    struct sj_list link;         /* room.clients */
    struct sj_list turn;         /* sessions.entering: ENTERS and LOST */
    struct room *room;
    enum room_client_state state;
    struct sj_list *next;        /* ENTERS: the occupant that is shown next, or the list's head */
    struct sj_list backlog;      /* struct room_backlog */
    unsigned n_backlog;
    size_t backlog_bytes;
    int64_t chars, stanzas, seconds, since;      /* history as in struct xmpp_join_in */
    char *nick;                  /* what it asked for */
    char *id;                    /* of its join, or NULL */
    char full[];
};

struct room {
    struct session *session;
    struct sj_list due;          /* sessions.rooms_due while due_ms counts */
    int64_t due_ms;              /* WAITING: given up then; IN without clients: left then */
    enum room_state state;
    bool again;                  /* LEAVING: to be entered again from there */
    bool unasked;                /* the network put the account there, and no client came yet */
    bool full;                   /* not all occupants are shown (logged) */
    struct sj_map by_nick, by_shown;     /* by_shown: only those whose shown is not NULL */
    struct sj_list occupants;
    uint64_t last_number;
    struct occupant *self;       /* or NULL */
    struct sj_list clients;
    unsigned n_clients;
    char *password;              /* until it is entered; secret */
    char *name, *description;
    struct room_picture *picture;        /* or NULL */
    uint32_t flags, known;       /* enum sj_room_flag */
    uint32_t n_told, occupants_max;      /* as in struct sj_room */
    char *subject, *subject_nick, *subject_account;      /* subject NULL: not told */
    int64_t subject_at;
    char *subject_id;            /* of the message that a client asked for it by */
    char *subject_asked;
    enum sj_typing typing;       /* told to the network */
    struct room_fill *fill;      /* room_fill.c; NULL: nothing is asked for */
    char *left_by;               /* full address of the client that went last */
    char *invited[ROOM_INVITED_MAX];     /* bare addresses beyond the network, or NULL */
    unsigned next_invited;
    char id[];
};

struct rooms {
    struct sj_map by_id;
    uint64_t turn;               /* sessions.entering_turn that shown is about */
    unsigned shown;              /* stanzas that entering clients were given in it */
};

/* ---- room.c: life of a room ---- */
struct room *room_find(const struct session *, const char *id);
/* The room of an address that need not be canonical; NULL with err: SJ_UNACCEPTABLE, or SJ_NOTFOUND
 * when it can be no room's. */
struct room *room_of(struct session *, const char *typed, struct sj_error *err);
struct room *room_new(struct session *, const char *id, struct sj_error *err);
void room_free(struct room *);
void room_enter(struct room *, enum room_state);
/* Asks the network for it; what goes wrong is told to the clients, and ends it. */
void room_join(struct room *, const char *nick);
/* Nobody is left here: the room is left after a while; 0: now, with this reason (or NULL). */
void room_leave_later(struct room *, int64_t ms, const char *reason);
/* It waits for the log-in, but not for ever. */
void room_wait(struct room *);
void room_entered(struct room *);
/* It is over: everybody in it is told why. statuses: beyond those of exit. */
void room_end(struct room *, const struct sj_exit *exit, uint32_t statuses);
void rooms_link_up(struct session *);
/* The user is shown to be logged in: rooms that the network put them into until then are told. */
void rooms_announce(const struct session *);
/* why NULL: it was to end, the user has logged out. */
void rooms_link_down(struct session *, const struct sj_error *why);
/* There will be no log-in for now. */
void rooms_give_up(struct session *, const struct sj_error *why);
/* The user logs out, or the gateway stops: nobody gets in any more, until the link is down. */
void rooms_log_out(struct session *);
/* Nothing reaches clients any more, and nobody knows who is still there (G410-04). */
void rooms_stream_lost(struct network *);
void rooms_free(struct session *);
bool rooms_have_clients(const struct session *);
void rooms_sweep(struct sessions *, int64_t now_ms);
/* The outcome of what was asked; kind is an enum room_ask. */
enum room_ask {
    ROOM_ASK_NONE,
    ROOM_ASK_JOIN,
    ROOM_ASK_LEAVE,
    ROOM_ASK_NICK,
    ROOM_ASK_SUBJECT,
    ROOM_ASK_INVITE,
    /* Requests; a room that the user is not in can be asked about. */
    ROOM_ASK_CHANGE,
    ROOM_ASK_MODERATE,           /* id: the network's, of the message; text: why */
    ROOM_ASK_AFFILIATES,
    ROOM_ASK_LOOK,
    ROOM_ASK_CONFIG,             /* its addresses, for the form */
    ROOM_ASK_LIST,
    ROOM_ASK_HISTORY
};
struct room_outcome {            /* borrowed */
    enum room_ask ask;
    const char *room, *full, *id, *text;
    xmpp_req req;                /* or 0 */
    sj_op op;
};
void room_outcome(struct session *, const struct room_outcome *, const struct sj_error *err);
/* Starts an operation: 0 with err when there are too many. */
sj_op room_op(struct session *, const struct room_outcome *, struct sj_error *err);

/* ---- room_occupant.c: who is there ---- */
struct occupant *occupant_find(const struct room *, const char *nick);
/* By what stands in addresses. */
struct occupant *occupant_shown(const struct room *, const char *shown);
const char *occupant_nick(const struct occupant *);      /* as shown */
/* For occupant ids (G421-03). */
const char *occupant_account(const struct room *, const struct occupant *);
void occupants_clear(struct room *);
void occupant_told(struct room *, const struct sj_occupant *);
void occupant_gone(struct room *, const char *nick, const struct sj_exit *);
void occupant_renamed(struct room *, const char *nick, const char *new_nick);
/* One presence to one client; false: it was not queued. */
bool occupant_show(const struct room *, const struct occupant *, const struct room_client *,
                   uint32_t statuses);
bool occupant_show_exit(const struct room *, const struct occupant *, const struct room_client *,
                        const struct sj_exit *, uint32_t statuses);
/* The same presence to every client that was shown this one before. */
void occupant_show_all(struct room *, const struct occupant *);
/* The user has this affiliation now; a message says so where no client of theirs is in the room to
 * see it (G045-81). reason: or NULL. */
void occupant_tell_absent(const struct room *, enum sj_affiliation, const char *reason);

/* ---- room_client.c: the user's resources in it ---- */
struct room_client *room_client_find(const struct room *, const char *full);
struct room_client *room_client_add(struct room *, const char *full, struct sj_error *err);
void room_client_free(struct room_client *);
/* Shows it the room from the start; the room is IN. */
void room_client_enter(struct room_client *);
/* Was it shown this occupant? */
bool room_client_knows(const struct room_client *, const struct occupant *);
/* The occupant goes: who is to show it next moves on. */
void room_clients_skip(struct room *, const struct occupant *);
/* One event, now or in its turn. */
void room_client_tell(struct room_client *, const struct event *, const char *stanza_id);
/* The first archived event that waits for it, by the room's id of it, or NULL. */
const char *room_client_waits_for(const struct room_client *);
/* What those who enter had to wait for is there. */
void room_clients_go_on(struct room *);
/* A stanza for it was not taken. */
void room_client_missed(struct room_client *);
void room_clients_init(struct sessions *);
void room_clients_release(struct sessions *);

/* ---- room_hear.c: what is said there ---- */
void room_hear(struct session *, const struct sj_message *);
/* Of the past: it goes into the archive alone. SJ_EXISTS: it is there; SJ_UNSUPPORTED: it is too
 * old to be kept; else as the store says. */
enum sj_status room_hear_past(struct room *, const struct sj_message *);
void room_hear_mark(struct session *, const struct sj_mark *);
void room_hear_subject(struct room *, const char *nick, const char *text, sj_msec set_at);
void room_hear_typing(struct room *, const char *nick, enum sj_typing);
/* The network took a message back for the user, who is a moderator there; reason: or NULL. */
void room_hear_moderated(struct session *, const char *room, const char *network_id,
                         const char *reason);
/* What a client of ours said about an earlier message: the network took it. Of reactions, the
 * store knows the set. id, other_id: as the client called it. */
void room_hear_own_mark(struct session *, const struct sj_mark *, const char *id,
                        const char *other_id);

/* ---- room_log.c: what was said, kept ---- */
/* Archives e, and sets the id by which clients know it in this room. network_id: or NULL. False:
 * the network has told it before. */
bool room_log_put(struct room *, const struct event *e, const char *network_id,
                  struct sj_strbuf *id);
/* The id alone, of what is not archived. */
void room_log_name(struct room *r, const char *network_id, struct sj_strbuf *id);
/* The same, to its place by its time; statuses as in room_hear_past. */
enum sj_status room_log_put_past(struct room *, const struct event *e, const char *network_id);
/* Appends that id of what the network calls network_id; false: it is not archived. */
bool room_log_find(struct room *, const char *network_id, struct sj_strbuf *id);
/* Is it archived under this id? Only where anything is. */
bool room_log_has(struct room *, const char *id);
/* What clients know by that id, filled in as far as it is known; out is initialised. */
bool room_log_get(struct session *, const char *room, const char *id, struct ids_message *out);
/* Appends who said what clients know by id, as shown then; nothing if that is not known. */
void room_log_speaker(struct room *, const char *id, struct sj_strbuf *nick);
/* It was taken back: no history of a join shows it any more (G424-04). */
void room_log_retract(struct room *, const char *id);
/* History for a client that enters; false: the stream takes nothing now. */
bool room_log_show(struct room_client *);

/* ---- room_say.c: what the user says ---- */
enum sj_status room_say(struct session *, const struct xmpp_message_in *,
                        const struct attachment *file, struct sj_error *);
enum sj_status room_say_mark(struct session *, const struct xmpp_mark_in *, struct sj_error *);

/* ---- room_told.c: what a room is ---- */
void room_told(struct session *, const struct sj_room *);
/* Everybody in the room hears that it changed, by enum xmpp_room_status. */
void room_changed(struct room *, uint32_t statuses);
/* enum xmpp_room_flag of enum sj_room_flag. */
uint32_t room_flags(uint32_t flags);

/* ---- room_ask.c: what clients ask of a room, and the network answers in parts ---- */
void room_looked(struct session *, const struct sj_room *);
void room_affiliate(struct session *, sj_op, const struct sj_affiliate *);
/* The outcome of a request. */
void room_answered(struct session *, const struct room_outcome *, const struct sj_error *err);
/* The room of a client that is in it; NULL with err. */
struct room *room_asked(void *ctx, const struct xmpp_from *, const char *typed,
                        struct sj_error *err);

/* ---- room_change.c ---- */
/* The network took a message back, as the user as a moderator wished. */
void room_moderated(struct session *, const struct room_outcome *);

/* ---- room_host.c ---- */
extern const struct sj_host_rooms session_host_rooms;

#endif
