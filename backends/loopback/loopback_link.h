/* SPDX-License-Identifier: MPL-2.0 */
/* One login on the loopback network. Used by the files of this backend only.
 *
 * Owner: the gateway (link_new, link_free). A link owns its queue of events and its list of
 * operations without an outcome.
 *
 * The rule that shapes this file: no host function is called from inside an operation. So whatever
 * an operation brings about goes into the queue, and only loopback_link.c, called by the loop,
 * takes it out and calls the host. */
#ifndef LOOPBACK_LINK_H
#define LOOPBACK_LINK_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loopback_message.h"
#include "loopback_net.h"
#include "sojourn/backend.h"
#include "sojourn/loop.h"

#define LOOPBACK_MAGIC 0x6c6f6f70u
/* What may wait for one link. Past it, senders are refused, and nothing else happens to the user
 * who is slow. News of entries have bounds of their own (LOOPBACK_LIST_MAX). */
#define LOOPBACK_MESSAGES_MAX 1000u
#define LOOPBACK_BYTES_MAX (1u << 20)
/* Operations of one link without an outcome. */
#define LOOPBACK_OPS_MAX 1000u
/* Results of searches in the queue; past it, further ones are left out. */
#define LOOPBACK_FOUND_MAX 1000u
/* Messages of one account that can be told again; the oldest are forgotten. */
#define LOOPBACK_HEARD_MAX 64u
#define LOOPBACK_HEARD_BYTES_MAX 65536u

/* The account's values, in the order of the registration form (loopback_backend.c). */
enum loopback_field { LOOPBACK_FIELD_USERNAME, LOOPBACK_FIELD_PASSWORD, LOOPBACK_FIELDS };

enum loopback_state {
    LOOPBACK_NEW,                    /* before connect */
    LOOPBACK_CONNECTING,
    LOOPBACK_ASKING,                 /* a question of the login is open, or its answer is judged */
    LOOPBACK_ONLINE,
    LOOPBACK_CLOSING,                /* disconnect was called, its end is queued */
    LOOPBACK_DOWN,
    LOOPBACK_STATES
};

enum loopback_event_kind {
    LOOPBACK_EVENT_LOGIN,            /* the network answers connect */
    LOOPBACK_EVENT_STEP,             /* or goes on with the login: status of the last answer */
    LOOPBACK_EVENT_OP,               /* outcome of an operation */
    LOOPBACK_EVENT_NAMED,            /* the id of a message that the user has sent */
    LOOPBACK_EVENT_MESSAGE,
    LOOPBACK_EVENT_MARK,             /* something about an earlier message */
    LOOPBACK_EVENT_TYPING,
    LOOPBACK_EVENT_ENTRY,            /* there are news about an entry */
    LOOPBACK_EVENT_LISTED,           /* the list was told in full */
    LOOPBACK_EVENT_ASK,              /* a resident asks for the user's presence */
    LOOPBACK_EVENT_PROFILE,          /* somebody's profile, then the outcome */
    LOOPBACK_EVENT_AVATAR,           /* somebody's picture, then the outcome */
    LOOPBACK_EVENT_FOUND,            /* a search has found somebody */
    LOOPBACK_EVENT_RAW,              /* the network says a line, for op or unasked */
    LOOPBACK_EVENT_FILE,             /* a file of op goes on */
    LOOPBACK_EVENT_ROOM,             /* something is to be told of a room */
    LOOPBACK_EVENT_PAST,             /* a message that a room remembers, for op */
    LOOPBACK_EVENT_SAVE,             /* the list has changed: the gateway is to keep it */
    LOOPBACK_EVENT_END               /* the answer to disconnect */
};

struct loopback_event {              /* owned by the link in whose queue it stands */
    struct sj_list list;
    enum loopback_event_kind kind;
    int64_t due_ms;
    sj_op op;                        /* of parts of an op; MESSAGE: the sender's, or 0 */
    enum sj_status status;           /* OP, STEP */
    const char *text;                /* OP that failed: why; a constant */
    uint64_t sender;                 /* MESSAGE: serial of the link that waits for the outcome */
    uint64_t number;                 /* MESSAGE, NAMED, PAST */
    char id[LOOPBACK_ID_MAX + 1];    /* MESSAGE, MARK, TYPING: from; else: about. Or a room */
    bool own;                        /* MESSAGE, MARK: the user's, to id */
    bool again;                      /* MESSAGE: it was told before (loopback_resume.c) */
    size_t bytes;                    /* MESSAGE, MARK, TYPING: what it counts for */
    struct sj_message *message;      /* MESSAGE, PAST; owned. peer, id: as above */
    struct sj_mark *mark;            /* MARK; owned */
    enum sj_typing typing;           /* TYPING */
    struct loopback_told *told;      /* ROOM; owned */
    char *body;                      /* AVATAR: the picture's id; owned */
};

struct loopback_op {                 /* an operation without an outcome */
    struct sj_list list;
    sj_op op;
};

struct loopback_link {
    struct sj_link base;             /* first */
    uint64_t serial;                 /* names this link to others of the net; never reused */
    char id[LOOPBACK_ID_MAX + 1];    /* own; "" when the account's username is none */
    bool password_ok;                /* judged in link_new: no secret is kept */
    bool has_password;               /* there is one */
    enum loopback_state state;       /* changed by link_enter only */
    struct loopback_account *account;    /* of the net; while online, else NULL */
    uint8_t step;                    /* of login-steps that is next */
    uint8_t wrong;                   /* answers to it */
    bool answered;                   /* the answer is on its way */
    struct sj_timer confirm;         /* of what is done elsewhere */
    void *blob;                      /* what state_save gave; until the login */
    size_t blob_len;
    struct sj_list queue;            /* struct loopback_event, oldest first */
    struct sj_list ops;              /* struct loopback_op */
    size_t n_messages, n_bytes;      /* of the messages and marks in the queue */
    size_t n_ops;                    /* in ops, and outcomes in the queue */
    size_t n_found;                  /* FOUND and RAW in the queue */
    size_t n_told, n_past;           /* ROOM and PAST in the queue, PAST alone */
    sj_op waiting;                   /* a join that is never answered, or 0 */
    enum sj_end end;                 /* why the network ends the link; ASKED: it does not */
    struct sj_list streams;          /* files on their way (loopback_file.c) */
    unsigned n_streams;
    bool save_queued;
    bool told;                       /* a message, since the last position */
    bool resumes;                    /* at the login, behind `resume` */
    uint64_t resume, begin;          /* positions; begin: of the login */
    struct sj_defer defer;           /* the queue's head is due now */
    struct sj_timer timer;           /* or later */
};

static inline struct loopback_link *loopback_link_of(struct sj_link *base)
{
    assert(base && base->magic == LOOPBACK_MAGIC);
    return (struct loopback_link *)base;
}

/* loopback_resume.c: a message is told; the login begins; a turn has told what it could. */
void loopback_heard_add(struct loopback_link *l, const struct loopback_event *e);
void loopback_heard_log_in(struct loopback_link *l);
void loopback_heard_position(struct loopback_link *l);
void loopback_resume(struct sj_link *base, const char *position);

/* loopback_link.c: the life cycle. */
struct sj_link *loopback_link_new(const struct sj_link *base, const struct sj_account *account,
                                  const void *blob, size_t len);
void loopback_link_free(struct sj_link **link);
enum sj_status loopback_connect(struct sj_link *base, struct sj_error *err);
void loopback_disconnect(struct sj_link *base, const char *reason);
/* The network ends the link, when the loop gets to it. */
void loopback_link_cut(struct loopback_link *l, enum sj_end end);

/* loopback_prompt.c: questions of the login. */
/* Asks what is next; false: nothing is left. */
bool loopback_prompt_ask(struct loopback_link *l);
/* A step has its outcome; false: that was one wrong answer too many. */
bool loopback_prompt_step(struct loopback_link *l, enum sj_status outcome);
void loopback_prompt_confirmed(void *link);
enum sj_status loopback_prompt_answer(struct sj_link *base, const char *value,
                                      struct sj_error *err);

/* loopback_queue.c: what waits for a link. */
/* Nothing is told now, because the net is paused. */
bool loopback_link_waits(const struct loopback_link *l);
struct loopback_event *loopback_queue_add(struct loopback_link *l, enum loopback_event_kind kind);
/* The first event if it is due, out of the queue; NULL: none. The caller frees it. */
struct loopback_event *loopback_queue_take(struct loopback_link *l);
void loopback_event_free(struct loopback_event **e);
/* Has the loop call the link when the first event is due. */
void loopback_queue_arm(struct loopback_link *l);
/* Drops all but outcomes of operations; senders of dropped messages hear of it. */
void loopback_queue_drop(struct loopback_link *l);
/* Lets what is left be due at once. */
void loopback_queue_hurry(struct loopback_link *l);
/* A message, or what is said about one. It is copied, and all of it is the queue's. */
struct loopback_post {
    const char *from;                /* who wrote it; with own: to whom */
    uint64_t number;                 /* of the message */
    bool own;                        /* the user's own, written elsewhere */
    struct loopback_mirror mirror;
    struct loopback_link *sender;    /* whose op gets its outcome when it has been handed over... */
    sj_op op;                        /* ...or NULL: nobody's */
};
/* SJ_LIMIT: too much waits. */
enum sj_status loopback_queue_message(struct loopback_link *l, const struct sj_message *m,
                                      const struct loopback_post *post);
enum sj_status loopback_queue_mark(struct loopback_link *l, const struct sj_mark *m,
                                   const struct loopback_post *post);
/* Dropped when too much waits. */
void loopback_queue_typing(struct loopback_link *l, const char *from, enum sj_typing typing);
/* The id of what op sends: to a contact, or into a room. */
void loopback_queue_named(struct loopback_link *l, const char *to, uint64_t number, sj_op op);
/* The account has news (enum loopback_news) about e: its link, if there is one, will tell. */
void loopback_queue_news(struct loopback_account *a, struct loopback_entry *e, unsigned news);
/* The account's list has changed. */
void loopback_queue_save(struct loopback_account *a);

/* An operation is accepted: from here on its outcome is owed. SJ_UNREACHABLE: not online;
 * SJ_LIMIT: too many wait. */
enum sj_status loopback_op_begin(struct loopback_link *l, sj_op op, struct sj_error *err);
/* Its outcome, to be told later; once for each op. text: why it failed, a constant. */
void loopback_op_finish(struct loopback_link *l, sj_op op, enum sj_status status,
                        const char *text);

/* loopback_ops.c: the operations of the table. */
void loopback_set_idle(struct sj_link *base, sj_msec since);
/* A message whose op has begun goes to whom it is for. */
void loopback_send_on(struct loopback_link *l, const struct sj_message *m, sj_op op);
enum sj_status loopback_set_presence(struct sj_link *base, enum sj_show show, const char *status,
                                     struct sj_error *err);
enum sj_status loopback_contact_add(struct sj_link *base, const char *id, sj_op op,
                                    struct sj_error *err);
enum sj_status loopback_contact_remove(struct sj_link *base, const char *id, sj_op op,
                                       struct sj_error *err);
enum sj_status loopback_contact_answer(struct sj_link *base, const char *id, bool accept, sj_op op,
                                       struct sj_error *err);

/* loopback_raw.c */
enum sj_status loopback_raw(struct sj_link *base, const char *line, sj_op op,
                            struct sj_error *err);

/* loopback_search.c */
enum loopback_search_field { LOOPBACK_SEARCH_NICK, LOOPBACK_SEARCH_ONLINE, LOOPBACK_SEARCH_FIELDS };
extern const struct sj_field loopback_search_fields[LOOPBACK_SEARCH_FIELDS];
enum sj_status loopback_search(struct sj_link *base, const char *const *values, size_t n, sj_op op,
                               struct sj_error *err);
/* Is part somewhere in text? ASCII, whatever the case. */
bool loopback_text_holds(const char *text, const char *part);
void loopback_search_tell(struct loopback_link *l, const struct loopback_event *e);

/* loopback_names.c */
enum sj_status loopback_contact_name(struct sj_link *base, const char *id, const char *name,
                                     const char *group, sj_op op, struct sj_error *err);

/* loopback_residents.c: those who are always there. */
/* Their ids one by one; NULL: there are no more. */
const char *loopback_resident_at(size_t i);
bool loopback_is_resident(const char *id);
/* Does this one accept requests and invitations? */
bool loopback_resident_accepts(const char *id);
/* What it is called besides its name; NULL, 0: nothing, or no resident. */
const char *const *loopback_resident_titles(const char *id, size_t *n);
/* false: not a resident. */
bool loopback_resident_presence(const struct sj_net *net, const char *id,
                                struct loopback_presence *out);
/* This one never says anything about what it hears. */
bool loopback_resident_listens(const char *id);
/* What this one cannot do (sj_contact.lacks). */
uint32_t loopback_resident_lacks(const char *id);
/* A resident gets the user's message of that number; op has begun. */
void loopback_resident_message(struct loopback_link *l, const struct sj_message *m, uint64_t number,
                               sj_op op);
void loopback_resident_mark(struct loopback_link *l, const struct sj_mark *m);
void loopback_resident_typing(struct loopback_link *l, const char *id, enum sj_typing typing);
/* A resident is asked for its presence. e is the user's entry. */
void loopback_resident_asked(struct loopback_link *l, struct loopback_entry *e);
/* Puts those into a new account's list who are in everybody's. */
void loopback_residents_join(struct loopback_account *a);
void loopback_residents_init(struct sj_net *net);
/* The first link has come, or the last one has gone. */
void loopback_residents_start(struct sj_net *net);
void loopback_residents_stop(struct sj_net *net);

#endif
