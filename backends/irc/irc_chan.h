/* SPDX-License-Identifier: MPL-2.0 */
/* The channels of one link, who is in them, and what the files irc_chan_*.c share.
 *
 * A person stands once in a link, however many channels it shares with us; a member is a person in
 * a channel. Names are kept as the server spells them, made clean; keys are their folded form. All
 * of it is freed by handlers and with the link only, never by an operation: the host may call
 * operations while it is told of something. */
#ifndef IRC_CHAN_H
#define IRC_CHAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "irc_link.h"
#include "irc_rules.h"
#include "sojourn/room.h"

struct irc_line;
struct irc_out;

/* Channels of one link, members of one channel, people of one link. What is more is counted and
 * said once in the log; messages of who is not known are told as the channel's. */
#define IRC_CHANS_MAX 200u
#define IRC_MEMBERS_MAX 20000u
#define IRC_PEOPLE_MAX 50000u
/* Names in the list of one channel before the link ends: it has no end. */
#define IRC_NAMES_MAX 100000u
/* How long a channel may take to answer, and to list its next names. */
#define IRC_JOIN_MS 60000

struct irc_person {
    struct irc_member *first;        /* where it is */
    char *account;                   /* NULL: not logged in, or not known */
    char *mask;                      /* "user@host"; NULL: not known */
    char *away;                      /* the text, "" without one; NULL: here, or not known */
    bool is_repaired;                /* the name is no UTF-8: nothing can be sent to it */
    bool is_bot;
    bool is_oper;                    /* of the network */
    char *nick;                      /* behind the key */
    char *id;                        /* folded: the key */
};

struct irc_member {
    struct sj_list in_chan;
    struct irc_member *next;         /* of the same person */
    struct irc_person *person;
    struct irc_chan *chan;
    uint8_t ranks;                   /* bits of irc_rules */
};

enum irc_chan_state {
    IRC_CHAN_ASKED,                  /* JOIN is out */
    IRC_CHAN_ENTERING,               /* we are in, names come */
    IRC_CHAN_IN                      /* the host was told */
};

/* Mode p, which is as secret as s and not the same. */
#define IRC_CHAN_PRIVATE (1u << 31)

struct irc_chan {
    struct sj_list link;             /* in l->rooms->chans */
    struct sj_list members;
    sj_op join_op;                   /* 0: nobody waits */
    int64_t since_ms;                /* of the state, or the last names */
    char *topic, *topic_nick;        /* until it is entered */
    sj_msec topic_at;
    uint32_t n_members;
    uint32_t n_names;                /* listed so far */
    uint32_t n_missed;               /* beyond the limits */
    uint32_t flags, known;           /* enum sj_room_flag and IRC_CHAN_PRIVATE, by modes */
    uint32_t limit;                  /* mode l; 0: none */
    struct irc_bans *bans;           /* NULL: none was set */
    uint8_t state;                   /* enum irc_chan_state */
    bool has_names;                  /* the list is complete */
    char *name;                      /* as the server spells it */
    char id[];                       /* folded: the key */
};

struct irc_rooms {
    struct irc_link *link;
    struct sj_list chans;            /* in the order of their joining */
    struct sj_map by_id;             /* struct irc_chan */
    struct sj_map people;            /* struct irc_person */
    struct sj_timer timer;           /* deadlines */
    struct sj_list asks;             /* questions, the first is out (irc_chan_ask.c) */
    struct sj_list said;             /* what the user said and is not confirmed (irc_said.c) */
    size_t said_bytes;
    struct {
        const char *id;
        sj_msec at;
        uint32_t number;
        bool is_set;
    } echo;                          /* the line of ours that just came back */
    int64_t split_ms;                /* when the last split was logged */
    uint8_t n_asks;
    bool logged_limit;
};

/* May the host be told of rooms? */
static inline bool irc_rooms_told(const struct irc_link *l)
{
    return l->state == IRC_ONLINE;
}
/* And of what is said in them? That may cross the log-out on its way. */
static inline bool irc_rooms_heard(const struct irc_link *l)
{
    return l->state == IRC_ONLINE || l->state == IRC_CLOSING;
}
static inline const struct sj_host_rooms *irc_rooms_host(const struct irc_link *l)
{
    return l->base.host->rooms;
}

/* irc_chan.c: data. */

/* Made at first need. */
struct irc_rooms *irc_rooms_get(struct irc_link *l);
void irc_rooms_release(struct irc_link *l);
/* A channel that can be named in a line, by its form. */
bool irc_chan_is_name(const char *s);
/* By the form of an id alone (struct sj_backend_rooms). */
bool irc_chan_is_room(const struct sj_net *net, const char *id);
struct irc_chan *irc_chan_find(const struct irc_link *l, const char *name);
/* NULL: the name is none, or there are too many. */
struct irc_chan *irc_chan_add(struct irc_link *l, const char *name);
/* Forgets it and everybody in it; tells nobody. */
void irc_chan_remove(struct irc_link *l, struct irc_chan *c);

/* Text of the network made clean and cut; to be freed. */
char *irc_chan_clean(const struct irc_link *l, const char *text, size_t max);
/* The nickname of a person's nickname or mask, clean; NULL: none, or a server's. To be freed. */
char *irc_chan_nick(const struct irc_link *l, const char *mask);

/* The clean form of a nickname that came over the wire. False: it is none. */
struct irc_nickname {
    bool is_repaired;
    char nick[IRC_NICK_MAX + 1], id[IRC_NICK_MAX + 1];
};
bool irc_nickname_of(struct irc_nickname *out, const struct irc_link *l, const char *raw);
struct irc_person *irc_person_find(const struct irc_link *l, const char *raw);
bool irc_person_is_self(const struct irc_link *l, const struct irc_person *p);
/* The person in this channel; NULL: not there. */
struct irc_member *irc_member_find(const struct irc_link *l, const struct irc_chan *c,
                                   const char *raw);
/* Adds who is not there yet. NULL: the name is none, or there are too many. */
struct irc_member *irc_member_add(struct irc_link *l, struct irc_chan *c, const char *raw);
/* Takes the member out, and the person with the last of them; tells nobody. */
void irc_member_remove(struct irc_link *l, struct irc_member *m);
/* Gives a person another name that nobody has. */
void irc_person_rename(struct irc_link *l, struct irc_person *p, const struct irc_nickname *to);
/* Takes the mask; NULL: not known. */
void irc_person_learn(const struct irc_link *l, struct irc_person *p, const char *user,
                      const char *host);
/* Sets one of account, mask and away; true when it changed. value NULL: none. */
bool irc_person_set(const struct irc_link *l, char **slot, const char *value, size_t max);

/* irc_chan_tell.c: what the host is told. */
void irc_chan_tell_member(struct irc_link *l, const struct irc_member *m);
/* In all channels. */
void irc_chan_tell_person(struct irc_link *l, const struct irc_person *p);
void irc_chan_tell_gone(struct irc_link *l, const struct irc_member *m,
                        const struct sj_exit *why);
/* The room as its modes have it. */
void irc_chan_tell_room(struct irc_link *l, const struct irc_chan *c);
/* Everybody, the subject, and that it is entered. */
void irc_chan_enter(struct irc_link *l, struct irc_chan *c);
/* We are not in, or no longer: tells it (why may be NULL), or fails the join; forgets the
 * channel. */
void irc_chan_leave(struct irc_link *l, struct irc_chan *c, const struct sj_exit *why,
                    const struct sj_error *err);
/* The link is up: channels that we were put into before. */
void irc_chan_on_up(struct irc_link *l);
/* The link is down: joins and questions fail. */
void irc_chan_fail_all(struct irc_link *l);

/* irc_chan_mode.c */
enum sj_affiliation irc_chan_affiliation(const struct irc_rules *r, const struct irc_member *m);
enum sj_role irc_chan_role(const struct irc_rules *r, const struct irc_member *m);
/* Fills the ranks for people to read; returns how many. */
size_t irc_chan_titles(const struct irc_rules *r, const struct irc_member *m,
                       const char *out[SJ_ROOM_TITLES_MAX]);

/* irc_chan_names.c */
void irc_chan_handle_join(struct irc_link *l, struct irc_line *line);
void irc_chan_handle_names(struct irc_link *l, struct irc_line *line);      /* 353 */
void irc_chan_handle_names_end(struct irc_link *l, struct irc_line *line);  /* 366 */
void irc_chan_handle_topic_is(struct irc_link *l, struct irc_line *line);   /* 332, 331 */
void irc_chan_handle_topic_by(struct irc_link *l, struct irc_line *line);   /* 333 */
void irc_chan_handle_topic(struct irc_link *l, struct irc_line *line);      /* TOPIC */
/* Deadlines, from the timer. */
void irc_chan_on_timer(void *arg);

/* irc_chan_people.c */
void irc_chan_handle_part(struct irc_link *l, struct irc_line *line);
void irc_chan_handle_kick(struct irc_link *l, struct irc_line *line);
void irc_chan_handle_quit(struct irc_link *l, struct irc_line *line);
void irc_chan_handle_nick(struct irc_link *l, struct irc_line *line);
void irc_chan_handle_away(struct irc_link *l, struct irc_line *line);
void irc_chan_handle_account(struct irc_link *l, struct irc_line *line);
void irc_chan_handle_chghost(struct irc_link *l, struct irc_line *line);
void irc_chan_handle_invite(struct irc_link *l, struct irc_line *line);

void irc_chan_handle_mode(struct irc_link *l, struct irc_line *line);       /* MODE */
void irc_chan_handle_modes_are(struct irc_link *l, struct irc_line *line);  /* 324 */

/* irc_chan_error.c. True: it was about a channel, and is dealt with. */
bool irc_chan_on_refusal(struct irc_link *l, struct irc_line *line);
void irc_chan_handle_refusal(struct irc_link *l, struct irc_line *line);

/* irc_chan_text.c: PRIVMSG and NOTICE to a channel. */
void irc_chan_on_text(struct irc_link *l, struct irc_line *line, bool is_notice);

/* The channel behind the signs of STATUSMSG; *sign: the first of them, or 0. NULL: none of ours. */
struct irc_chan *irc_chan_target(const struct irc_link *l, const char *target, char *sign);

/* irc_said.c: what the user said in channels, until it is confirmed. */
bool irc_said_has_room(const struct irc_link *l, const struct sj_message *msg);
void irc_said_add(struct irc_link *l, const struct sj_message *msg, sj_op op, uint32_t first,
                  uint32_t last);
/* The ring's line of that number arrived (with what echo says of it), or failed. */
void irc_said_on_line(struct irc_link *l, uint32_t number);
void irc_said_on_failure(struct irc_link *l, uint32_t number);
void irc_said_release(struct irc_link *l);

/* irc_chan_change.c */
enum sj_status irc_chan_change(struct sj_link *base, const char *room,
                               const struct sj_room_change *changes, size_t n, sj_op op,
                               struct sj_error *err);

/* irc_chan_ops.c */

/* The channel that we must be in for an operation. */
enum sj_status irc_chan_check_in(const struct irc_link *l, const char *room, struct irc_chan **out,
                                 struct sj_error *err);
/* Sends a command whose refusal names room or other (NULL: none). */
enum irc_chan_command_flag {
    IRC_COMMAND_MORE = 1u << 0,      /* more lines of the same operation follow */
    IRC_COMMAND_FORGIVING = 1u << 1, /* irc_ops_add_command */
    IRC_COMMAND_PLAIN = 1u << 2,     /* without a label */
    IRC_COMMAND_ECHOED = 1u << 3     /* it comes back by itself: no PING behind it for now */
};
enum sj_status irc_chan_command(struct irc_link *l, const struct irc_out *o, const char *room,
                                const char *other, sj_op op, unsigned flags,
                                struct sj_error *err);
extern const struct sj_backend_rooms irc_backend_rooms;

#endif
