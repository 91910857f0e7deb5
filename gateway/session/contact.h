/* SPDX-License-Identifier: MPL-2.0 */
/* The people in one user's list, and everything of this room that is about them. */
#ifndef SESSION_CONTACT_H
#define SESSION_CONTACT_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "sojourn/map.h"
#include "xmpp.h"

struct portrait;
struct resource;
struct session;
struct sessions;

/* Its roster item is being written. */
enum contact_writes { CONTACT_WRITES_NOTHING, CONTACT_WRITES_CHANGE, CONTACT_WRITES_NEW };

/* One person in the user's list. Owned by the session; when gone is set, by its list of changes
 * (sessions.dirty) until they are written. */
struct contact {
    struct session *session;     /* borrowed */
    struct sj_list dirty;        /* in sessions.dirty: differs from the store */
    char *name, *group, *status, *told_name, *told_group;
    int64_t seen_at;             /* UTC ms of the last change to offline */
    int64_t idle_since;          /* UTC ms; 0: active, or not known */
    struct portrait *portrait;   /* its picture; NULL: no_picture says */
    enum sj_show show;
    uint32_t lacks;              /* enum sj_cap that only this one has not */
    enum contact_writes writing;
    /* There are many contacts: facts take one bit each. */
    bool gone : 1;
    bool has_presence : 1;       /* show is known in this session */
    bool shown : 1;              /* the user was told that it is available */
    bool quiet : 1;              /* its presence bounced: silent until the link ends (R6121-31) */
    bool question_sent : 1;      /* asked_in, and the user was asked since the log-in (R6121-10) */
    bool question_due : 1;       /* waits for the contact's presence, or for the next stream */
    bool listed : 1;             /* stands in the network's own list */
    bool expected : 1;           /* stood there before this log-in, and was not told since */
    bool no_reply : 1;           /* takes no messages */
    bool no_picture : 1;         /* the network says that it has none */
    bool had_item : 1;           /* its node of pictures had one when clients were last told */
    bool node_quiet : 1;         /* a notification bounced: no more until the link ends (G163-05) */
    /* As in struct sj_store_contact, to "unwanted"; told.c changes what was told. */
    bool to : 1, from : 1, asked_out : 1, asked_in : 1, suggested : 1;
    bool named : 1, asked : 1, created : 1, unwanted : 1;
    bool name_told, group_told;
    bool in_roster : 1;          /* stands in the roster, by the last reading */
    bool unsure : 1;             /* what its item is called is not known: a write failed */
    char id[];
};

/* contact.c */
struct contact *contact_find(const struct session *, const char *id);
/* The contact, made when needed; NULL: the user has as many as allowed (contacts-max). */
struct contact *contact_add(struct session *, const char *id);
/* A new one in any case (what the store has is never dropped). */
struct contact *contact_new(struct session *, const char *id);
void contact_set(char **field, const char *text);
/* Removes it from the session and the store if nothing holds it. */
void contact_drop_unused(struct contact *);
void contact_forget(struct contact *);
/* Frees all of the session; what was to be written of them is dropped. */
void contacts_clear(struct session *);
void contact_free(struct contact *);
void contact_send_presence(struct session *, struct contact *, const char *to, const char *id);
bool contact_show_unavailable(struct session *, struct contact *, const char *to);
/* Asks the user whether c may see them, once a log-in (G100-48). */
void contact_send_question(struct session *, struct contact *, const char *text);
void contacts_send_questions(struct session *);
void contacts_send_all(struct session *, const char *to);
void contacts_unavailable(struct session *, bool forget_presence);
void contacts_watch(struct session *);       /* after log-in */
/* Before it: who is expected to stand in the network's list. */
void contacts_expect(struct session *);
void contact_approved(struct session *, struct contact *);
/* It is gone over there: from the user's side, from rosters and from here. c is freed. */
void contact_gone(struct session *, struct contact *c, const struct sj_error *why);
/* It goes from the user's side, and why (or NULL). */
void contact_end(struct session *, struct contact *, const struct sj_error *why);
void contact_refused(struct session *, struct contact *, const struct sj_error *why);
enum sj_status contact_subscription(struct session *, const struct xmpp_subscription_in *,
                                    struct sj_error *);
/* inbound.c: to a contact or the gateway. SJ_UNREGISTERED: is to be said; or a store error. */
enum sj_status subscription_take(struct sessions *, const struct xmpp_subscription_in *,
                                 struct sj_error *);
/* The canonical id, appended; link optional. */
enum sj_status session_canon(const struct session *, const char *peer, struct sj_strbuf *out,
                             struct sj_error *);

/* What the user's server says of a subscription, learnt otherwise than by a stanza of its own: the
 * user wants to see the contact, lets it see them, or has taken it out of the roster (G100-42). */
void contact_wanted(struct session *, const char *id);
void contact_granted(struct session *, struct contact *);
void contact_removed(struct session *, struct contact *);
/* Tells the network that a contact goes which the user has removed before this log-in; c may be
 * freed. */
void contact_let_go(struct session *, struct contact *c);
/* Nobody is to be told any more: it was another account's list. */
void contacts_keep(struct session *);
/* The user sees it by their roster: believed when it can exist (R6121-09), else NULL. */
struct contact *contact_adopt(struct session *, const char *id);

/* told.c */
/* What the network calls it, and where it stands there; true: that is new. */
bool contact_rename(struct contact *, const char *name);
bool contact_regroup(struct contact *, const char *group);
/* What the roster was told; NULL: nothing. */
const char *contact_told_name(struct contact *);
const char *contact_told_group(struct contact *);
/* It is told. */
void contact_tell_name(struct contact *, const char *text);
void contact_tell_group(struct contact *, const char *text);
void contact_tell_all(struct contact *);
/* Has the roster been told how things stand now? */
bool contact_is_told(const struct contact *);
void contact_written(struct contact *, bool ok);

/* records.c: changes of contacts reach the store at the end of the turn, in one commit; its user is
 * told nothing before that. */
void contact_changed(struct contact *);
/* It need not be written any more (it is, or it goes). */
void contact_clean(struct contact *);

/* suggest.c: XEP-0144 */
void suggest_later(struct session *);
void suggest_resource(struct session *, const struct resource *);
void suggest_answer(struct session *, const char *resource, bool supported);
void suggest_run(struct session *);
void suggest_gone(struct session *, const struct contact *);
/* Asks all resources what they take, where nobody has asked yet. */
void suggest_features(struct session *);
/* Does a client take offers? */
bool suggest_is_understood(const struct session *);
/* The client refused an offer: no more in this session (G144-09). */
void suggest_refused(struct session *);

#endif
