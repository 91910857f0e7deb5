/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of the XMPP room, continued: what the users' own server lets the gateway do for them
 * (XEP-0356), and their rosters. Included by xmpp.h.
 *
 * Permissions hold for one network (host) and the users of one server; they are told by the server
 * after each connect, may change at any time, and end with the stream (G356-03, G356-05). Nothing
 * depends on them: whoever has none is unprivileged (G356-04). */
#ifndef SOJOURN_XMPP_PRIVILEGE_H
#define SOJOURN_XMPP_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sj_strbuf;
struct xmpp;

enum xmpp_privilege {
    XMPP_MAY_READ_ROSTER = 1u << 0,
    XMPP_MAY_SET_ROSTER = 1u << 1,
    XMPP_HEARS_ROSTER = 1u << 2,         /* changes of the roster are told (push) */
    XMPP_MAY_SPEAK = 1u << 3,            /* messages in the user's name */
    XMPP_SEES_PRESENCE = 1u << 4,
    XMPP_MAY_BOOKMARK = 1u << 5          /* reads and writes nodes of the user (version 2 only) */
};
/* What is granted for this user (bare or full JID), as bits; 0: nothing, or no stream. */
unsigned xmpp_privileges(const struct xmpp *, unsigned host, const char *user);
/* Appends what is granted, for people: "roster, message", "nothing". With several servers:
 * "example.org: roster; example.net: nothing". */
void xmpp_privileges_text(const struct xmpp *, unsigned host, struct sj_strbuf *out);

/* ---- rosters; only items of the network's own hostname ever cross ---- */

#define XMPP_GROUPS_MAX 16u              /* of one item */
#define XMPP_ROSTER_TEXT_MAX 1023u       /* bytes of a name or group */

enum xmpp_roster_sub {
    XMPP_ROSTER_NONE,
    XMPP_ROSTER_TO,                      /* the user sees the contact */
    XMPP_ROSTER_FROM,                    /* the contact sees the user */
    XMPP_ROSTER_BOTH,
    XMPP_ROSTER_REMOVE                   /* the item goes, or has gone */
};
struct xmpp_roster_item {
    const char *peer;                    /* unescaped, as the user has it: not canonical */
    const char *name;                    /* "" or NULL: none */
    enum xmpp_roster_sub sub;
    bool asks;                           /* the user waits for the contact's consent */
    bool cut;                            /* more groups than fit, or a text that is too long: must
                                            not be written back */
    size_t n_groups;
    const char *group[XMPP_GROUPS_MAX];
};

/* Asks for the user's roster. Its items come as in->privilege.item and the end as
 * in->privilege.read, later, exactly once. false: not allowed or too much is asked already; nothing
 * follows. */
bool xmpp_roster_read(struct xmpp *, unsigned host, const char *user);
/* Writes one item: all of it is replaced, also its groups (G356-09). sub: REMOVE, or what the
 * server is to take over if it does so (most do not: G356-08). in->privilege.written follows
 * later, exactly once, unless false. */
bool xmpp_roster_write(struct xmpp *, unsigned host, const char *user,
                       const struct xmpp_roster_item *);
/* Removes an item; nothing follows. */
bool xmpp_roster_remove(struct xmpp *, unsigned host, const char *user, const char *peer);

/* Events; part of struct xmpp_in, every member non-NULL. */
struct xmpp_in_privilege {
    /* What is granted for the users of this server has changed (not for the end of the stream). */
    void (*changed)(void *ctx, unsigned host, const char *domain);
    /* One item of the answer to xmpp_roster_read. */
    void (*item)(void *ctx, unsigned host, const char *user, const struct xmpp_roster_item *);
    /* That was all; ok false: there is no answer, or an unreadable one. */
    void (*read)(void *ctx, unsigned host, const char *user, bool ok);
    void (*written)(void *ctx, unsigned host, const char *user, const char *peer, bool ok);
    /* The user's server tells a change; also those that we wrote. */
    void (*pushed)(void *ctx, unsigned host, const char *user, const struct xmpp_roster_item *);
    /* One of the answer to xmpp_bookmarks_read; room: unescaped, as it stands there. */
    void (*bookmark)(void *ctx, unsigned host, const char *user, const char *room);
    /* That was all; ok false: there is no answer, or an unreadable one. */
    void (*bookmarks_read)(void *ctx, unsigned host, const char *user, bool ok);
    void (*bookmarked)(void *ctx, unsigned host, const char *user, const char *room, bool ok);
};

/* ---- bookmarks of rooms (XEP-0402); only those of the network's own hostname ever cross ---- */

/* Asks for the user's bookmarks. Those of our rooms come as in->privilege.bookmark and the end as
 * in->privilege.bookmarks_read, later, exactly once. false: not allowed or too much is asked
 * already; nothing follows. */
bool xmpp_bookmarks_read(struct xmpp *, unsigned host, const char *user);
/* Writes one with autojoin, in the place of whatever stands there: read first (G402-02). Made
 * with all that a private node needs. in->privilege.bookmarked follows later, exactly once, unless
 * false. */
struct xmpp_bookmark {
    const char *room, *name, *nick;      /* name, nick: or NULL */
};
bool xmpp_bookmark_add(struct xmpp *, unsigned host, const char *user,
                       const struct xmpp_bookmark *);
/* Takes it out; the user's clients are told. As above. */
bool xmpp_bookmark_remove(struct xmpp *, unsigned host, const char *user, const char *room);

/* ---- messages in the user's name (G356-11 to G356-15) ---- */

#define XMPP_OWN_ID_SIZE 64
struct xmpp_message_out;
/* Sends m, whose `to` is the user's bare JID and whose peer is one of our contacts, as a message
 * from the user to that contact: the user's server delivers it to all of the user's clients, as
 * their own. It also comes back to us; that echo is recognised and dropped in this room, also after
 * a restart (G356-14). out: the id that the message carries everywhere (origin-id).
 * SJ_DENIED: not granted (nothing was sent: show a copy instead); SJ_INVALID: no contact of ours;
 * any other: the stream does not take it. */
enum sj_status xmpp_send_as_user(struct xmpp *, unsigned host, const struct xmpp_message_out *m,
                                 char out[XMPP_OWN_ID_SIZE]);

#endif
