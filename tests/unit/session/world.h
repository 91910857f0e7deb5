/* SPDX-License-Identifier: MPL-2.0 */
/* A session room between a recorded XMPP room and a scripted backend, with the store in memory
 * and the test clock. What the sessions send is recorded as one line a call:
 *
 *   presence PEER|G -> TO SHOW [STATUS] [can FEATURES]
 *   sub PEER|G -> TO KIND [STATUS]
 *   message PEER|G -> TO BODY [FACTS]
 *   mark PEER -> TO KIND TARGET [REACTIONS]    state PEER -> TO STATE
 *   net mark PEER KIND TARGET [REACTIONS [was REACTIONS]]    net typing PEER N
 *   file PEER|G -> TO URL NAME SIZE [FACTS]    (the message is this file)
 *   message PEER|G -> TO BODY                  error-message PEER -> TO ID STATUS
 *   error-presence G -> TO STATUS              answer REQ ok|STATUS
 *   probe TO                                   items TO ACTION PEER ... (iq|message)
 *   roster-read USER                           roster-write PEER 'NAME' SUBSCRIPTION [+GROUP ...]
 *   roster-remove PEER
 *   handled? DOMAIN                            net resume POSITION|-
 *   net idle SINCE                             net pause|go on
 *   stop (an admin wants it)
 *   net connect|disconnect|send PEER BODY|add PEER|remove PEER|answer PEER yes|no|show SHOW|
 *       name PEER 'NAME' 'GROUP' */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "sessions.h"
#include "sojourn/backend.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/store.h"
#include "xmpp.h"

#define ROMEO "romeo@example.org"
#define HOST "net.example.org"

#define WORLD_QUEUE_MAX 65536u

/* Ids that begin like this cannot be addresses. */
#define WORLD_NO_ADDRESS "!"

struct engine_ops;

struct world {
    struct sj_loop *loop;
    struct sj_store *store;
    struct sessions *sessions;
    const struct xmpp_in *in;
    struct sj_link *link;        /* the newest, NULL when freed */
    struct sj_link *older;       /* the one before */
    sj_op op;                    /* of the last operation */
    uint64_t txn;                /* of the last message */
    bool connect_waits;          /* else a link comes up at once */
    bool disconnect_waits;       /* else a link goes down when it is asked to */
    enum sj_end refuse;          /* non-zero: links end like this instead of coming up */
    bool messages_wait;          /* send_message gets no op_done by itself */
    bool ids;                    /* and messages get ids: n1, n2, ... before it */
    unsigned n_ids;
    bool stream_down;            /* xmpp_send_* return false */
    size_t queued;               /* bytes that wait for the server; WORLD_QUEUE_MAX: no more */
    bool congested;
    void (*relieved)(void *ctx, unsigned host);
    size_t body_max;             /* xmpp_send_message refuses longer ones; 0: none */
    unsigned takes;              /* the queue is full after so many more messages; 0: never */
    enum sj_status search_refused;       /* search returns this instead of SJ_OK */
    enum sj_status add_refused;  /* contact_add returns this instead of SJ_OK */
    unsigned privileges;         /* enum xmpp_privilege, of everybody */
    uint64_t asked;              /* the last question of xmpp_ask_handled; 0: answered */
    unsigned links;              /* made so far */
    char state[32];              /* what the newest link was given of former ones, "" none */
    const struct engine_ops *engine;     /* the store's own: world_disk_full */
    bool shows_holds;            /* "hold USER", "let go", "unsaid" are recorded */
    uint64_t holds;
    unsigned n_held;
    void (*crowded)(void *ctx);  /* of xmpp_on_crowded */
};

/* Adds a line to the record (neighbours in other files), and says which operation is the last. */
void world_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void world_op(sj_op op);

struct world *world_new(uint32_t caps);
void world_free(struct world *w);
/* The network keeps history of rooms (world_room.h). */
void world_keeps_history(void);
/* A user may have so many contacts; 4 unless told. */
void world_contacts_max(unsigned n);
/* The network can be told to wait; it cannot unless told. */
void world_pausable(bool can_pause);
/* So many files may be on their way; 8 unless told. */
void world_files_at_once(unsigned n);
/* What the numbers of users are keyed with; nothing unless told. */
void world_user_key(const char *key);
/* What one user may ask for; nothing is limited unless told. For sessions that are new. */
void world_quota(enum sessions_quota which, unsigned n);
/* The store refuses every change, or takes them again. */
void world_disk_full(struct world *w, bool full);
/* So many more accesses succeed, then none; negative: all do. */
void world_disk_breaks(struct world *w, int after);
/* world_disk.c: world_ready with a store on a disk, which can be slow, or take nothing. Nothing
 * waits there, and nothing is recorded. */
struct world *world_ready_on_disk(uint32_t caps);
struct sj_store *world_disk_open(struct sj_loop *loop);      /* NULL: it is not */
void world_disk_remove(void);
/* Nothing is written any more, or all that waits. */
void world_disk_stops(bool stops);
/* The next n commits fail. */
void world_disk_fails(int n);
/* Turns of the loop until the store is settled, or a failure has been told. */
void world_settle(struct world *w);
/* The component stream is lost, or there again. */
void world_stream(struct world *w, bool up);
/* Runs deferred calls and timers that are due. */
void world_run(struct world *w);
void world_advance(struct world *w, int64_t ms);
/* Restarts the session room on the same store, as after kill -9; world_crash: what was not
 * committed is lost. */
void world_restart(struct world *w);
void world_crash(struct world *w);

/* A sink for tests that make things fail. */
void world_ignore_log(enum sj_log_level level, const char *line, void *ctx);

/* Records one line. */
void world_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What was recorded since the last call, as lines; also clears. */
const char *world_lines(struct world *w);
void world_clear(struct world *w);

/* The user's side; full is user/resource. */
struct xmpp_from world_from(const char *user, const char *resource);
/* An error, "not found", that could not be sent. Of ROMEO's client r where u->from is empty;
 * without u->to to the address of the peer. */
void world_unanswered(struct world *, const struct xmpp_unanswered *u);
enum sj_status world_register(struct world *w, const char *user, const char *name, xmpp_req req);
enum sj_status world_presence(struct world *w, const char *resource, const char *peer,
                              enum xmpp_show show, int priority);
/* An error came back for a presence of peer (NULL: the gateway) to the bare JID. */
void world_bounce(struct world *w, const char *peer, const char *condition);
enum sj_status world_sub(struct world *w, const char *peer, enum xmpp_sub kind);
enum sj_status world_send(struct world *w, const char *peer, const char *body);
/* Registered, approved, available with one resource and logged in; nothing recorded. */
void world_ready(struct world *w);

/* The user's server: what it grants, and answers to roster-read and roster-write. */
void world_grant(struct world *w, unsigned privileges);
void world_item(struct world *w, const char *peer, const char *name, enum xmpp_roster_sub sub,
                const char *group);
void world_push(struct world *w, const char *peer, const char *name, enum xmpp_roster_sub sub,
                const char *group);
void world_read(struct world *w, bool ok);
void world_written(struct world *w, const char *peer, bool ok);

/* The network's side. */
void world_up(struct world *w);
void world_down(struct world *w, enum sj_end end);
void world_contact(struct world *w, const char *id, enum sj_show show, bool listed);
void world_listed(struct world *w, const char *id, const char *name, const char *group);
void world_list_told(struct world *);
void world_gone(struct world *w, const char *id);
void world_says(struct world *w, const char *peer, const char *body);
void world_done(struct world *w, enum sj_status status);
/* The network says how far it is; the user's server says that it has handled all, or nothing. */
void world_position(struct world *w, const char *position);
void world_handled(struct world *w, bool ok);
/* The network's id of the message that was sent last. */
void world_named(struct world *w, const char *id);

/* world_rich.c: beyond texts. */
struct sj_strbuf;
struct xmpp;
/* The network has no limit of reactions unless these rules are given before world_new. */
void world_set_reactions(const struct sj_reaction_rules *rules);
bool world_takes(const struct xmpp *x);
/* op is done at the next turn, unless messages_wait. */
void world_later(struct sj_link *link, sj_op op);
/* From the user; from and peer are filled in. */
enum sj_status world_send_rich(struct world *w, const char *id, struct xmpp_message_in *m);
enum sj_status world_mark(struct world *w, enum xmpp_mark kind, const char *target,
                          const char *reactions);
void world_state(struct world *w, const char *resource, enum xmpp_chat_state state);
/* From the network, in the conversation with juliet. */
void world_tells(struct world *w, struct sj_message *m);
void world_marks(struct world *w, enum sj_mark_kind kind, const char *target,
                 const char *reactions);
void world_types(struct world *w, enum sj_typing typing);
/* What the last message to the user was named; also of what world_lines has cleared. */
const char *world_last_id(void);
/* The room's own id of the message to the user that was sent last. */
const char *world_last_stanza_id(void);
/* Appends what a message has beyond its text. */
void world_facts(struct sj_strbuf *out, const struct xmpp_message_out *m);
enum sj_status world_send_mark(struct sj_link *link, const struct sj_mark *m, sj_op op,
                               struct sj_error *err);
void world_set_typing(struct sj_link *link, const char *id, enum sj_typing typing);
void world_sent_facts(struct sj_strbuf *out, const struct sj_message *m);

#endif
