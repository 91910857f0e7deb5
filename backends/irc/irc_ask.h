/* SPDX-License-Identifier: MPL-2.0 */
/* Questions with long answers: who is in a channel (WHO), which channels there are (LIST), who is
 * banned (MODE), who somebody is (WHOIS). One is out at a time, the others wait. */
#ifndef IRC_ASK_H
#define IRC_ASK_H

#include "irc_chan.h"

struct irc_whois;

/* Questions that wait for their turn, in one link. */
#define IRC_ASKS_MAX 64u
/* An answer that makes no progress for this long is over. */
#define IRC_ASK_MS 60000
/* Channels with more members are not asked who is away or logged in. */
#define IRC_WHO_MEMBERS_MAX 1000u

enum irc_ask_kind {
    IRC_ASK_WHO,
    IRC_ASK_LIST,
    IRC_ASK_LOOK,                    /* LIST of one channel */
    IRC_ASK_AFFILIATES,              /* a list of masks, then those who have a rank */
    IRC_ASK_HISTORY,
    IRC_ASK_WHOIS,                   /* room: the nickname's id */
    IRC_ASK_KINDS
};
struct irc_ask {
    struct sj_list link;             /* in l->rooms->asks */
    enum irc_ask_kind kind;
    bool is_out;
    sj_op op;                        /* 0: nobody waits (any more) */
    bool is_found;                   /* LOOK: it was told */
    uint8_t affiliation;             /* enum sj_affiliation */
    char list;                       /* AFFILIATES: mode of the list of masks; 0: none */
    int64_t since_ms;                /* of the last sign of an answer */
    unsigned max, n;                 /* LIST, HISTORY: to be told, and told */
    uint32_t batch;                  /* HISTORY: hash of its batch; 0: none yet */
    struct irc_whois *whois;         /* WHOIS: what was said so far; or NULL */
    char *words;                     /* LIST: what to look for; HISTORY: the question; or NULL */
    char room[];                     /* id */
};

/* Adds one, which goes out at the end of the turn at the earliest; NULL: too many wait. room: ""
 * none. */
struct irc_ask *irc_ask_add(struct irc_link *l, enum irc_ask_kind kind, const char *room, sj_op op);
/* The next question goes out, or is answered from here (deferred). */
void irc_ask_next(struct irc_link *l);
/* The question that is out, when it is of that kind: its answer goes on. NULL: none. */
struct irc_ask *irc_ask_heard(struct irc_link *l, enum irc_ask_kind kind);
/* The same without the sign of life. */
const struct irc_ask *irc_ask_out(const struct irc_link *l, enum irc_ask_kind kind);
/* The question that is out is answered (err NULL) or failed; the next one goes out. */
void irc_ask_over(struct irc_link *l, const struct sj_error *err);
/* What of the members of c the server can tell, it is asked for. */
void irc_ask_who(struct irc_link *l, const struct irc_chan *c);
/* The link is down: none is answered any more. err NULL: nobody hears of it. */
void irc_ask_fail_all(struct irc_link *l, const struct sj_error *err);
/* A refusal of what was asked; true: it was that. */
bool irc_ask_on_refusal(struct irc_link *l, const struct irc_line *line,
                        const struct sj_error *err);
/* Deadlines; true: there is more to wait for. */
bool irc_ask_on_timer(struct irc_link *l, int64_t now_ms);

void irc_ask_handle_who(struct irc_link *l, struct irc_line *line);         /* 352 */
void irc_ask_handle_whox(struct irc_link *l, struct irc_line *line);        /* 354 */
void irc_ask_handle_who_end(struct irc_link *l, struct irc_line *line);     /* 315 */

/* irc_whois.c */
/* struct sj_backend.profile_get */
enum sj_status irc_profile_get(struct sj_link *base, const char *id, sj_op op,
                               struct sj_error *err);
void irc_whois_write(const struct irc_link *l, const struct irc_ask *a, struct irc_out *o);
void irc_whois_free(struct irc_ask *a);
/* Any numeric: is it about somebody whom we ask about? Then it is noted, and no answer to anything
 * that the user asked (irc_raw.c). */
bool irc_whois_hear(struct irc_link *l, const struct irc_line *line);
void irc_whois_handle_end(struct irc_link *l, struct irc_line *line);       /* 318 */

/* irc_chan_list.c */
void irc_list_write(const struct irc_link *l, const struct irc_ask *a, struct irc_out *o);
enum sj_status irc_chan_list(struct sj_link *base, const char *words, unsigned max, sj_op op,
                             struct sj_error *err);
enum sj_status irc_chan_look(struct sj_link *base, const char *room, sj_op op,
                             struct sj_error *err);
void irc_list_handle_channel(struct irc_link *l, struct irc_line *line);    /* 322 */
void irc_list_handle_end(struct irc_link *l, struct irc_line *line);        /* 323 */

/* irc_chan_history.c */
void irc_history_write(const struct irc_link *l, const struct irc_ask *a, struct irc_out *o);
enum sj_status irc_chan_history(struct sj_link *base, const char *room, const char *before,
                                const char *after, unsigned max, sj_op op, struct sj_error *err);
/* BATCH and FAIL that are about it: true. */
bool irc_history_on_batch(struct irc_link *l, const struct irc_line *line);
bool irc_history_on_fail(struct irc_link *l, const struct irc_line *line);
/* The operation that a message in a batch answers; false: it is no answer. */
bool irc_history_is_past(const struct irc_link *l, const struct irc_line *line, sj_op *op);
/* Is it told as something that happened then, and changes nothing now? */
bool irc_history_is_old_event(const struct irc_link *l, const struct irc_line *line);

/* irc_chan_ban.c */
/* In front of masks that no ban keeps out, which have no standing of their own in rooms. */
#define IRC_BAN_EXCEPTION "except:"
enum sj_status irc_chan_affiliates(struct sj_link *base, const char *room,
                                   enum sj_affiliation affiliation, sj_op op,
                                   struct sj_error *err);
/* Those of the channel who have it by their rank. */
void irc_ban_tell_members(struct irc_link *l, const struct irc_ask *a);
void irc_ban_handle_mask(struct irc_link *l, struct irc_line *line);        /* 346, 348, 367 */
void irc_ban_handle_end(struct irc_link *l, struct irc_line *line);         /* 347, 349, 368 */

#endif
