/* SPDX-License-Identifier: MPL-2.0 */
/* The contract between the gateway and one kind of network.
 * No XML, no JID, no XEP number may appear in this file.
 *
 * A *backend* is one constant table. A *net* is one enabled network (one section of the
 * configuration). A *link* is one account's login there; the backend allocates it with struct
 * sj_link as its first member. Calls go down through struct sj_backend, events come up through
 * struct sj_host (sojourn/host.h).
 *
 * Rules
 * - Data that cross stand in sojourn/message.h and sojourn/contact.h.
 * - Operations return at once. SJ_OK means accepted; the outcome comes as op_done with the same
 *   sj_op, exactly once, also on failure and when the link goes down (SJ_UNREACHABLE). An operation
 *   that returns another status gets no op_done.
 * - No host function is ever called from inside an operation, connect, disconnect, link_new or
 *   link_free: post it with sj_loop_defer (or from a conn or timer callback).
 * - All pointers, both ways, are borrowed until the call returns.
 * - Strings are valid UTF-8, NUL-terminated, without C0 controls except tab and newline in bodies
 *   and status texts. What goes up is repaired by the backend; what comes down has been validated,
 *   but the backend still refuses what would break its own wire (CR, LF, NUL, length).
 * - Ids (peer, nick) are in the network's canonical form, made by id_canon; the gateway compares
 *   them with strcmp and shows nothing else to users. If the mapping changes while a link is up the
 *   backend ends the link with SJ_END_RESTART.
 * - A link that is down stays down: the gateway frees it and makes a new one to reconnect.
 * - After disconnect at most op_done for what was pending, messages that crossed it on their way,
 *   and one link_state(SJ_LINK_DOWN) come;
 *   link_free is called from the loop top, never below a host function, at any time (also without
 *   disconnect); after it nothing is heard of that link, and no op_done is owed.
 * - Everything must stay serialisable: plain structs, ids, strings, numbers. */
#ifndef SOJOURN_BACKEND_H
#define SOJOURN_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/contact.h"
#include "sojourn/error.h"
#include "sojourn/host.h"
#include "sojourn/message.h"
#include "sojourn/option.h"
#include "sojourn/room.h"

#define SJ_BACKEND_ABI 1u

/* Limits of what crosses the contract, in bytes without the NUL; more stand with the data. */
#define SJ_FIELD_MAX 4095u          /* a private key as text is the longest */
#define SJ_FIELDS_MAX 16u

struct sj_loop;
struct sj_log;
struct sj_strbuf;
struct sj_net;
struct sj_link;

enum sj_cap {
    SJ_CAP_CONTACTS = 1u << 0,      /* contact_add/_remove; contacts' presence is reported */
    SJ_CAP_CONTACT_LIST = 1u << 1,  /* the network keeps the list and tells it, or ours is added */
    SJ_CAP_APPROVAL = 1u << 2,      /* adding needs the other's consent: contact_answer, requests */
    SJ_CAP_PRESENCE = 1u << 3,      /* set_presence */
    SJ_CAP_ANONYMOUS = 1u << 4,     /* works without an account's password */
    SJ_CAP_CONTACT_NAMES = 1u << 5, /* contact_name: names and groups are kept over there too */
    SJ_CAP_TYPING = 1u << 6,        /* set_typing, host->typing */
    SJ_CAP_RECEIPTS = 1u << 7,      /* SJ_MARK_RECEIVED comes for what was sent */
    SJ_CAP_MARKERS = 1u << 8,       /* SJ_MARK_DISPLAYED, both ways */
    SJ_CAP_CORRECT = 1u << 9,       /* sj_message.replaces, both ways */
    SJ_CAP_RETRACT = 1u << 10,      /* SJ_MARK_RETRACTED, both ways */
    SJ_CAP_REACT = 1u << 11,        /* SJ_MARK_REACTIONS, both ways */
    SJ_CAP_REPLY = 1u << 12,        /* sj_message.reply_to, both ways */
    SJ_CAP_ATTENTION = 1u << 13,    /* sj_message.attention, both ways */
    SJ_CAP_STYLED = 1u << 14,       /* sj_message.spans, both ways */
    SJ_CAP_FILES = 1u << 15,        /* takes files: sj_message.file, file_data; file_read */
    SJ_CAP_PROFILES = 1u << 16,     /* profile_get, avatar_get */
    SJ_CAP_OWN_PROFILE = 1u << 17,  /* own_profile_set */
    SJ_CAP_SEARCH = 1u << 18,       /* search */
    SJ_CAP_PROMPTS = 1u << 19,      /* asks questions while it logs in: prompt_answer */
    SJ_CAP_IDLE = 1u << 20,         /* set_idle */
    SJ_CAP_ROOMS = 1u << 21,        /* rooms (sojourn/room.h) */
    SJ_CAP_RAW = 1u << 22,          /* takes lines in the network's own language: raw */
    SJ_CAP_RESUME = 1u << 23,       /* tells again what it told: resume, host->position */
    SJ_CAP_REPEAT = 1u << 24,       /* takes a message once that is sent twice with one txn, by any
                                       link; one that is open when a link ends has no outcome */
    SJ_CAP_MENTIONS = 1u << 25,     /* sj_message.mentions, both ways */
    SJ_CAP_READ_SYNC = 1u << 26,    /* keeps how far the user has read, for their other clients:
                                       SJ_MARK_DISPLAYED down, of chats and rooms */
    SJ_CAP_THREADS = 1u << 27,      /* sj_message.thread, both ways */
};
/* Those of which a single contact (sj_contact.lacks) or login (host->lacks) may lack one. */
#define SJ_CAPS_OF_CONTACT                                                                     \
    (SJ_CAP_TYPING | SJ_CAP_RECEIPTS | SJ_CAP_MARKERS | SJ_CAP_CORRECT | SJ_CAP_RETRACT |       \
     SJ_CAP_REACT | SJ_CAP_REPLY | SJ_CAP_ATTENTION | SJ_CAP_STYLED | SJ_CAP_FILES |           \
     SJ_CAP_MENTIONS | SJ_CAP_READ_SYNC | SJ_CAP_THREADS)
/* Those that name earlier messages by the network's ids. */
#define SJ_CAPS_WITH_IDS                                                                       \
    (SJ_CAP_RECEIPTS | SJ_CAP_MARKERS | SJ_CAP_CORRECT | SJ_CAP_RETRACT | SJ_CAP_REACT |        \
     SJ_CAP_REPLY | SJ_CAP_READ_SYNC | SJ_CAP_THREADS)

/* Registration fields. `var` is a stable key, also in the store. These names have a fixed meaning
 * (and standard places in forms): username, password, name, email. */
enum sj_field_kind { SJ_FIELD_TEXT, SJ_FIELD_SECRET, SJ_FIELD_BOOL };
struct sj_field {
    const char *var;             /* [a-z][a-z_]{0,30} */
    const char *label;           /* shown to the user, English UTF-8 */
    enum sj_field_kind kind;     /* SECRET: sealed at rest, never shown, never logged */
    bool required;
    const char *fallback;        /* default or NULL */
};
/* Values parallel to the backend's fields; NULL: not given. */
struct sj_account {
    const char *const *value;
    size_t n_values;
};

/* How what is said travels to and from the network; where links differ, the worse. */
enum sj_wire {
    SJ_WIRE_NONE,                /* it never leaves this process */
    SJ_WIRE_PLAIN,               /* whoever is on the way can read it */
    SJ_WIRE_TLS
};

struct sj_link {                 /* first member of the backend's own struct */
    uint32_t magic;              /* the backend's constant */
    const struct sj_backend *backend;
    const struct sj_host *host;
    uint64_t session;            /* the gateway's id, never reused while the process lives */
    uint64_t user;               /* stands for the user: the same at every login; keyed, so that
                                    nobody can tell whose it is */
    struct sj_net *net;          /* borrowed, outlives the link */
    struct sj_loop *loop;        /* borrowed, outlives the link */
    const struct sj_log *log;    /* borrowed; carries user and network */
};

struct sj_backend {
    unsigned abi;                /* SJ_BACKEND_ABI */
    const char *name;            /* [a-z0-9-]{1,16}: configuration and logs only */
    const char *network_type;    /* gateway type of the registrar, lower case */
    const char *network_name;    /* for people */
    const char *id_name;         /* what one address over there is called: "nickname" */
    const char *id_help;         /* sentence that asks for one: "Nickname of the person" */
    const char *register_help;   /* sentences above the registration form */
    uint32_t caps;
    const struct sj_field *fields;
    size_t n_fields;
    const struct sj_option *options;     /* keys of its sections, beyond the common ones */
    size_t n_options;
    const struct sj_reaction_rules *reactions;   /* SJ_CAP_REACT; NULL: any */
    const struct sj_field *search_fields;        /* SJ_CAP_SEARCH: none secret; those
                                    named first, last, nick, email have standard places in forms */
    size_t n_search_fields;
    const struct sj_backend_rooms *rooms;        /* SJ_CAP_ROOMS */
    const char *server_id;       /* SJ_CAP_RAW: the network itself; lower case, nobody's id */
    const char *moved_marks;     /* id_moved is asked about ids that hold one of these characters;
                                    NULL: never, and id_moved is NULL */

    /* Makes the running form of one configured network. values are borrowed for its life.
     * SJ_INVALID with text when the values contradict each other or a file is unusable. */
    enum sj_status (*net_new)(struct sj_net **out, struct sj_loop *, const struct sj_log *,
                              const struct sj_values *values, struct sj_error *);
    void (*net_free)(struct sj_net **);          /* all its links are gone by then */
    enum sj_wire (*wire)(const struct sj_net *);
    /* Optional. The user's server cannot follow what the links of this network tell (true), or can
     * again. Meanwhile they ask for nothing new and leave unread what the network says, and end for
     * no silence that this makes; what was read may still be told. Lasts seconds; called at any
     * time, also from inside a host function: only the links' next step is to look at it. */
    void (*pause)(struct sj_net *, bool paused);

    /* Appends the canonical id; link may be NULL (default mapping then). SJ_INVALID: no id of
     * this network. */
    enum sj_status (*id_canon)(struct sj_strbuf *out, const struct sj_net *,
                               const struct sj_link *, const char *id, struct sj_error *);
    /* Ids as another gateway writes them, with the network in them, which users bring along.
     * SJ_OK: this network is meant, and the id that it has here is appended, folded by the mapping
     * that id_canon takes without a link (nothing: the gateway is meant). SJ_NOTFOUND: another
     * network is. SJ_INVALID: no such id. Asked before anything else: what it takes reaches nobody,
     * so an id that may be somebody's is SJ_INVALID. */
    enum sj_status (*id_moved)(const struct sj_net *, const char *id, struct sj_strbuf *out);
    /* Are the values usable as far as one can tell without the network? SJ_UNACCEPTABLE with text
     * that names the field. */
    enum sj_status (*account_check)(const struct sj_net *, const struct sj_account *,
                                    struct sj_error *);
    /* base is copied into the first member. The account is only lent: copy what is needed, wipe
     * secrets when the login is through. blob: what state_save gave, or NULL. Never NULL. */
    struct sj_link *(*link_new)(const struct sj_link *base, const struct sj_account *,
                                const void *blob, size_t len);
    void (*link_free)(struct sj_link **);
    enum sj_status (*connect)(struct sj_link *, struct sj_error *);
    /* reason: shown to others where the network can. Ends in link_state(DOWN, SJ_END_ASKED). */
    void (*disconnect)(struct sj_link *, const char *reason);
    /* Optional. The user gives the account up here: what the network keeps of this login (a device,
     * a token) is to go. Only disconnect follows, also when connect never did. */
    void (*log_out)(struct sj_link *);
    /* Optional, for what must not be used before it is kept (a token that is good once). What
     * state_save was given is on the disk; err: it is not, at this moment, which is tried again:
     * whoever waits goes on. From the loop top, never from inside state_save; once for saves that
     * follow each other closely. While the login of a new registration is checked there is nothing
     * to keep it with yet, and this says so at once, without err. */
    void (*state_saved)(struct sj_link *, const struct sj_error *err);
    enum sj_status (*send_message)(struct sj_link *, const struct sj_message *, sj_op,
                                   struct sj_error *);
    /* One of RECEIPTS, MARKERS, READ_SYNC, RETRACT, REACT, for its own kinds. */
    enum sj_status (*send_mark)(struct sj_link *, const struct sj_mark *, sj_op,
                                struct sj_error *);
    /* SJ_CAP_TYPING. No outcome; what cannot be told is dropped. */
    void (*set_typing)(struct sj_link *, const char *id, enum sj_typing);

    /* SJ_CAP_PRESENCE. Never OFFLINE: that is disconnect. status may be NULL. */
    enum sj_status (*set_presence)(struct sj_link *, enum sj_show, const char *status,
                                   struct sj_error *);
    /* SJ_CAP_IDLE. Since when the user does nothing; 0: active. No outcome. */
    void (*set_idle)(struct sj_link *, sj_msec since);
    /* SJ_CAP_CONTACTS. Idempotent. Success of contact_add means: in the list (SJ_CAP_APPROVAL: the
     * request is out; consent comes as contact, refusal as contact_gone). */
    enum sj_status (*contact_add)(struct sj_link *, const char *id, sj_op, struct sj_error *);
    enum sj_status (*contact_remove)(struct sj_link *, const char *id, sj_op, struct sj_error *);
    /* SJ_CAP_APPROVAL: lets id see the user's presence, or refuses. */
    enum sj_status (*contact_answer)(struct sj_link *, const char *id, bool accept, sj_op,
                                     struct sj_error *);
    /* SJ_CAP_CONTACT_NAMES: the user's own name and group for a contact; NULL: unchanged. */
    enum sj_status (*contact_name)(struct sj_link *, const char *id, const char *name,
                                   const char *group, sj_op, struct sj_error *);

    /* SJ_CAP_FILES. A message with a file is sent by send_message; then the link asks for the bytes
     * by file_wanted, and the gateway gives them: 1..len bytes, or 0: that was all. */
    void (*file_data)(struct sj_link *, sj_op, const void *data, size_t len);
    /* Reads a file that a message named by its key. */
    enum sj_status (*file_read)(struct sj_link *, const char *key, sj_op, struct sj_error *);
    void (*file_next)(struct sj_link *, sj_op);
    /* Ends either early; op_done with SJ_CANCELED follows. */
    void (*file_abort)(struct sj_link *, sj_op);

    /* SJ_CAP_PROFILES. The answer comes by host->profile, host->avatar. id: a contact, a person in
     * a room that the user is in, or (profile_get) whom the user names; of avatar_get also such a
     * room. Profiles are asked for only when a user or their client does. avatar_get: NULL where
     * there are no pictures. */
    enum sj_status (*profile_get)(struct sj_link *, const char *id, sj_op, struct sj_error *);
    enum sj_status (*avatar_get)(struct sj_link *, const char *id, const char *avatar, sj_op,
                                 struct sj_error *);
    /* SJ_CAP_OWN_PROFILE */
    enum sj_status (*own_profile_set)(struct sj_link *, const struct sj_own_profile *, sj_op,
                                      struct sj_error *);
    /* SJ_CAP_SEARCH. Values parallel to search_fields, NULL or "": any. */
    enum sj_status (*search)(struct sj_link *, const char *const *values, size_t n, sj_op,
                             struct sj_error *);
    /* SJ_CAP_RAW. Sends a line, which may hold secrets, in the network's own language; it answers
     * by host->raw until op_done. SJ_UNACCEPTABLE: not that line. */
    enum sj_status (*raw)(struct sj_link *, const char *line, sj_op, struct sj_error *);
    /* SJ_CAP_RESUME. What was told behind this position, one of those given to host->position, may
     * have been lost: go on from there, tell it again in the same order, under the same ids (what
     * the user has got already is passed over), and positions with it. Between link_new and
     * connect: where an earlier link stood; not called when nothing is known of one. While the link
     * is up: at any time; NULL: from where this link began. What a network has forgotten stays
     * untold. */
    void (*resume)(struct sj_link *, const char *position);
    /* SJ_CAP_PROMPTS. SJ_UNACCEPTABLE: this cannot be an answer, the question stays open. Else what
     * follows is the next prompt, UP, or DOWN. The value is only lent, as in link_new. */
    enum sj_status (*prompt_answer)(struct sj_link *, const char *value, struct sj_error *);
};

/* NULL when the table is sound (functions match caps, fields and options well formed), else what
 * is wrong. Called for every backend at start. */
const char *sj_backend_check(const struct sj_backend *b);

#endif
