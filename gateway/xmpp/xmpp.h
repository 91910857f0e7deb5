/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of the XMPP room: plain structs in, plain structs out. No stanza leaves this room
 * and no network's name enters it.
 *
 * Inbound events go to struct xmpp_in, which the session room implements. Outbound traffic is
 * xmpp_send_*. Networks are addressed by their index in struct xmpp_options.hosts ("host").
 * Foreign addresses cross this contract as ids (unescaped); this room does XEP-0106 both ways.
 *
 * All pointers are borrowed until the call returns. User addresses are prepared (lower-case
 * domain and localpart as the server stamped them) and at most 3071 bytes. All texts are valid
 * UTF-8 and hold only characters that XML 1.0 allows (inbound: guaranteed; outbound: repaired by
 * the one output function, whatever the caller gives).
 *
 * No function here may be called xmpp_free, xmpp_stop or like anything else that libstrophe
 * exports: ours would take the place of the library's own. */
#ifndef SOJOURN_XMPP_H
#define SOJOURN_XMPP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"
#include "xmpp_command.h"
#include "xmpp_disco.h"
#include "xmpp_file.h"
#include "xmpp_hold.h"
#include "xmpp_late.h"
#include "xmpp_mention.h"
#include "xmpp_message.h"
#include "xmpp_muc.h"
#include "xmpp_privilege.h"
#include "xmpp_profile.h"
#include "xmpp_search.h"
#include "xmpp_styling.h"

struct sj_loop;
struct sj_log;
struct sj_strbuf;
struct xmpp;

/* An iq get or set that waits for its answer; 0: none. The router keeps it, answers
 * remote-server-timeout itself after XMPP_REQUEST_TIMEOUT_MS, and ignores answers to what it no
 * longer has. */
typedef uint64_t xmpp_req;
#define XMPP_REQUEST_TIMEOUT_MS 90000

enum xmpp_show { XMPP_OFFLINE, XMPP_ONLINE, XMPP_CHAT, XMPP_AWAY, XMPP_XA, XMPP_DND };

/* Presence of type none or unavailable. peer: addressed contact's id, NULL: the gateway. */
struct xmpp_presence_in {
    struct xmpp_from from;
    const char *peer;
    enum xmpp_show show;       /* XMPP_OFFLINE: unavailable */
    const char *status;        /* or NULL */
    int priority;
    const struct xmpp_caps_in *caps;     /* available: or NULL */
    int64_t idle_since;        /* XEP-0319, UTC ms; 0: active, or not told */
    const char *picture;       /* XEP-0153: SHA-1 in hexadecimal, "" none, NULL: not told */
};

enum xmpp_sub { XMPP_SUBSCRIBE, XMPP_SUBSCRIBED, XMPP_UNSUBSCRIBE, XMPP_UNSUBSCRIBED };
struct xmpp_subscription_in {
    struct xmpp_from from;
    const char *peer;          /* NULL: the gateway */
    enum xmpp_sub kind;
    const char *text;          /* status or NULL */
};

/* One registration field, either direction. */
struct xmpp_field {
    const char *var;           /* backend's name; standard ones: username, password, name, email */
    const char *label;
    const char *value;         /* or NULL; never filled for secrets going out */
    bool secret, boolean, required;
};
#define XMPP_FIELDS_MAX 16
struct xmpp_form_out {
    bool registered;
    const char *instructions;
    size_t n;
    struct xmpp_field field[XMPP_FIELDS_MAX];
    const struct xmpp_form *question;    /* shown instead of field: what the network asks while a
                                            registration is checked; or NULL */
};
/* Submitted values by var. Fields that were absent do not stand here; empty ones have "". Secret
 * values are wiped by this room after the call. */
struct xmpp_form_in {
    size_t n;
    struct {
        const char *var, *value;
    } field[XMPP_FIELDS_MAX];
};

/* What this room may tell a user about a contact (disco, ping, last, vCard, version, probe). */
struct xmpp_peer {
    bool visible;              /* the user may see its presence; false also when unknown */
    bool known;                /* stands in the user's list here */
    enum xmpp_show show;
    const char *name;          /* display name, never NULL when visible */
    int64_t seen_at;           /* UTC ms of last change to offline; 0 unknown */
    const char *status;        /* or NULL */
    uint32_t features;         /* enum xmpp_feature */
};

enum xmpp_moved {
    XMPP_MOVED_NOT,              /* an id like any other */
    XMPP_MOVED_TO,
    XMPP_MOVED_NOWHERE           /* it names a network that is not here */
};

/* Implemented by the session room; every member non-NULL. A status other than SJ_OK makes the
 * router answer the one error (message and iq; presence is never answered by the router except
 * where a function says so). err->text goes to the user. */
struct xmpp_in {
    /* The component stream of host is authenticated (at first or again), or lost. */
    void (*up)(void *ctx, unsigned host);
    void (*down)(void *ctx, unsigned host);

    /* Fills the form; strings live until the next call into the session room. SJ_DENIED: this
     * user may not register. */
    enum sj_status (*register_get)(void *ctx, const struct xmpp_from *, struct xmpp_form_out *out,
                                   struct sj_error *);
    /* SJ_OK: accepted, xmpp_answer(req) follows (maybe already called). */
    enum sj_status (*register_set)(void *ctx, const struct xmpp_from *, const struct xmpp_form_in *,
                                   xmpp_req, struct sj_error *);
    enum sj_status (*register_remove)(void *ctx, const struct xmpp_from *, xmpp_req,
                                      struct sj_error *);

    /* SJ_UNREGISTERED makes the router send a presence error registration-required. */
    enum sj_status (*presence)(void *ctx, const struct xmpp_presence_in *, struct sj_error *);
    enum sj_status (*subscription)(void *ctx, const struct xmpp_subscription_in *,
                                   struct sj_error *);
    /* Probe of the gateway (peer NULL) or a contact; the session room answers by xmpp_send_*,
     * with `from.id` where R6121-20 asks for it. */
    void (*probe)(void *ctx, const struct xmpp_from *, const char *peer);
    /* An error came back for a stanza of peer (NULL: the gateway) to this address. kind:
     * 'p'resence, 'm'essage, 'i'q; condition as in RFC 6120, "undefined-condition" at least. */
    void (*bounce)(void *ctx, const struct xmpp_from *, const char *peer, char kind,
                   const char *condition);

    enum sj_status (*message)(void *ctx, const struct xmpp_message_in *, struct sj_error *);
    struct xmpp_in_messages messages;

    /* Is it an id as other gateways write it? With TO, *host (where it was written to) and id tell
     * where that is here; an empty id: the host itself. Such ids reach nothing else. */
    enum xmpp_moved (*moved)(void *ctx, const char *peer, unsigned *host, struct sj_strbuf *id);
    /* jabber:iq:gateway: appends the canonical id of what the user typed. SJ_UNACCEPTABLE else. */
    enum sj_status (*prompt)(void *ctx, const struct xmpp_from *, const char *typed,
                             struct sj_strbuf *id, struct sj_error *);
    /* Fills out (strings live until the next call into the session room); never fails. */
    void (*peer)(void *ctx, const struct xmpp_from *, const char *peer, struct xmpp_peer *out);
    /* The features of one of the user's resources are known now (disco of its caps): may it take
     * roster items by iq (XEP-0144)? Follows xmpp_query_rosterx. */
    void (*rosterx)(void *ctx, unsigned host, const char *full, bool supported);
    /* The outcome of xmpp_ask_handled. ok: all that was sent before it was handled. */
    void (*handled)(void *ctx, unsigned host, uint64_t token, bool ok);
    void (*unanswered)(void *ctx, const struct xmpp_unanswered *, const struct sj_error *why);
    struct xmpp_in_command command;
    struct xmpp_in_search search;
    struct xmpp_in_file file;
    struct xmpp_in_privilege privilege;
    struct xmpp_in_profile profile;
    struct xmpp_in_muc muc;
    struct xmpp_in_archive archive;
};

/* One network, as this room needs to see it. */
struct xmpp_host {
    const char *name;            /* hostname of the component */
    const char *secret;          /* XEP-0114 secret; borrowed, outlives the room */
    const char *server;          /* where the XMPP server listens for components */
    uint16_t port;
    const char *identity_type;   /* disco identity gateway/TYPE */
    const char *identity_name;   /* "Example network" */
    const char *prompt_name;     /* jabber:iq:gateway <prompt/>: "nickname" */
    const char *prompt_text;     /* and <desc/> */
    bool contacts_suggested;     /* advertises rosterx (XEP-0144) */
    bool has_profiles;           /* its contacts have cards and pictures of their own */
    bool takes_idle;             /* it is told of users' idle times */
    bool takes_profile;          /* users may show their nick and picture there (G163-08) */
    bool tells_again;            /* the network tells again what a lost stream has lost */
    bool has_rooms;              /* in->muc is asked for its addresses */
    const char *moved_marks;     /* in->moved is asked about ids with one of these; or NULL */
    uint32_t features;           /* enum xmpp_feature, of the gateway itself */
    struct xmpp_reaction_rules reactions;
    const struct xmpp_policy *policy;    /* or NULL: nothing is told */
};
#define XMPP_OCCUPANT_KEY_SIZE 32u
struct xmpp_options {
    const struct xmpp_host *hosts;
    unsigned n_hosts;
    const char *version;         /* XEP-0092 */
    size_t stanza_max;           /* largest stanza we send, bytes */
    size_t queue_max;            /* bytes waiting for the server: see xmpp_queued */
    const char *const *privileged;       /* prepared domains whose grants of privileges count... */
    size_t n_privileged;                 /* ...0: each host's parent domain */
    uint8_t occupant_key[XMPP_OCCUPANT_KEY_SIZE];    /* of occupant ids; the same for ever */
    struct xmpp_texts addresses[XMPP_ADDRESS_COUNT];     /* of who runs the gateway */
    struct xmpp_upload_options upload;
};

/* Makes the room; nothing is connected yet. options is borrowed for its life. Never NULL. */
struct xmpp *xmpp_new(struct sj_loop *, const struct sj_log *, const struct xmpp_options *,
                      const struct xmpp_in *, void *ctx);
/* Starts the component streams; they reconnect by themselves (R6120-25, R6120-26). */
void xmpp_start(struct xmpp *);
/* Says goodbye on all streams: queued stanzas are written, then each stream is closed; done is
 * called when all are, at the latest after timeout_ms. No `down` comes for them. */
void xmpp_room_stop(struct xmpp *, int64_t timeout_ms, void (*done)(void *arg), void *arg);
void xmpp_room_free(struct xmpp **);               /* not from inside an event */
bool xmpp_is_up(const struct xmpp *, unsigned host);
/* Bytes waiting for the server. What is on its way is taken up to twice options.queue_max. */
size_t xmpp_queued(const struct xmpp *, unsigned host);
/* Does so much wait that the session room is to stop reading from that network? Then relieved is
 * called (from the loop top) once when the server has taken it, or the stream is lost. */
bool xmpp_is_congested(const struct xmpp *, unsigned host);
void xmpp_on_relieved(struct xmpp *, void (*relieved)(void *ctx, unsigned host));

/* Answers a pending request: err NULL gives an empty result, else the error of its status. */
void xmpp_answer(struct xmpp *, xmpp_req, const struct sj_error *err);

/* Everything below returns false when the stanza was not queued: stream down, queue full, or an
 * id that cannot be an address. peer NULL: from the gateway itself. `to`: bare or full JID. */
struct xmpp_presence_out {
    const char *peer;
    const char *to;
    enum xmpp_show show;
    const char *status;          /* or NULL */
    const char *lang;            /* xml:lang of status, or NULL */
    const char *id;              /* stanza id to use, or NULL */
    int64_t seen_at;             /* XEP-0203 delay on unavailable; 0 none */
    uint32_t features;           /* of the contact; enum xmpp_feature */
    struct xmpp_picture picture; /* of the contact */
    int64_t idle_since;          /* XEP-0319, UTC ms; 0: none */
};
bool xmpp_send_presence(struct xmpp *, unsigned host, const struct xmpp_presence_out *);
/* unsubscribed, and why (or NULL). */
bool xmpp_send_unsubscribed(struct xmpp *, unsigned host, const char *peer, const char *to,
                            const struct sj_error *why);
/* nick: XEP-0172 in a subscribe, or NULL. id: or NULL. */
bool xmpp_send_subscription(struct xmpp *, unsigned host, const char *peer, const char *to,
                            enum xmpp_sub kind, const char *status, const char *nick,
                            const char *id);
bool xmpp_send_probe(struct xmpp *, unsigned host, const char *to);
/* Presence error from the gateway (or peer): G100-26, G100-31. */
bool xmpp_send_presence_error(struct xmpp *, unsigned host, const char *peer, const char *to,
                              const struct sj_error *err);

/* XEP-0144. Items of one kind of action for one address; at most XMPP_ROSTERX_MAX a call.
 * by_iq: `to` is a full JID that supports it; else a message to the bare JID. */
#define XMPP_ROSTERX_MAX 150
enum xmpp_rosterx { XMPP_ROSTERX_ADD, XMPP_ROSTERX_MODIFY, XMPP_ROSTERX_DELETE };
struct xmpp_item {
    const char *peer, *name, *group;   /* name, group or NULL */
};
bool xmpp_send_rosterx(struct xmpp *, unsigned host, const char *to, enum xmpp_rosterx action,
                       const struct xmpp_item *items, size_t n, bool by_iq);
/* Asks the resource for its features (disco#info); the answer comes as in->rosterx, false also
 * on error or after a timeout. */
void xmpp_query_rosterx(struct xmpp *, unsigned host, const char *full);

/* Has this domain's server handled all that was sent to its users on host's stream so far? A server
 * handles a stream in order, so any answer of it to a ping says so (XEP-0199, XEP-0114).
 * in->handled comes once, not before the loop top; not ok: no answer came, or the stream takes
 * nothing. false: too many questions are open, and nothing follows. */
bool xmpp_ask_handled(struct xmpp *, unsigned host, const char *domain, uint64_t token);

/* Appends the JID of a contact; false when the id cannot be a localpart (G106-04, G106-13). */
bool xmpp_peer_jid(const struct xmpp *, unsigned host, const char *peer, struct sj_strbuf *out);
/* Splits and checks a bare JID given by an admin; prepared form appended to out. */
bool xmpp_jid_prepare(const char *jid, struct sj_strbuf *out);

/* For status: counters since start. */
struct xmpp_stats {
    uint64_t stanzas_in, stanzas_out, refused_out, reconnects;
    size_t requests, queued;
};
void xmpp_stats(const struct xmpp *, unsigned host, struct xmpp_stats *out);

#endif
