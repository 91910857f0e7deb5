/* SPDX-License-Identifier: MPL-2.0 */
/* The contract of the XMPP room, continued: archives of rooms (XEP-0313). Included by
 * xmpp_muc.h.
 *
 * The session room sends what a page holds by xmpp_send_archived, oldest first (or, with flip, the
 * same page newest first), and then answers the request. The id of what is archived is the
 * stanza_id that the live message carried (G313-05). */
#ifndef SOJOURN_XMPP_ARCHIVE_H
#define SOJOURN_XMPP_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"
#include "xmpp_page.h"

struct xmpp;
struct xmpp_from;
struct xmpp_mark_out;
struct xmpp_message_out;
struct xmpp_subject_out;
typedef uint64_t xmpp_req;       /* xmpp.h */

#define XMPP_ARCHIVE_IDS_MAX 100u        /* of one query; more: not-acceptable */
#define XMPP_ARCHIVE_ID_MAX 1023u        /* bytes; longer: item-not-found */

struct xmpp_archive_query {
    const char *room;
    const char *query_id;        /* or NULL */
    /* Only what this person said: one of them, or all NULL. An own address of the asker is jid. */
    const char *with_nick, *with_peer, *with_jid;
    int64_t start, end;          /* UTC ms, both inclusive; -1 */
    const char *after, *before;  /* the form's after-id and before-id, or NULL */
    const char *const *ids;      /* the form's ids: only these */
    size_t n_ids;
    struct xmpp_page page;
    bool flip;                   /* the page is sent newest first */
};

/* Events; part of struct xmpp_in, every member non-NULL. SJ_DENIED: may not read it; SJ_NOTFOUND:
 * no such room, or one of the ids is unknown (G313-09). */
struct xmpp_in_archive {
    /* Answered by xmpp_answer_archive. */
    enum sj_status (*query)(void *ctx, const struct xmpp_from *, const struct xmpp_archive_query *,
                            xmpp_req, struct sj_error *);
    /* Which are the oldest and the newest? Answered by xmpp_answer_archive_ends. */
    enum sj_status (*ends)(void *ctx, const struct xmpp_from *, const char *room, xmpp_req,
                           struct sj_error *);
};

/* ---- out; as everything there: false when the stanza was not queued ---- */

/* One thing of a room's archive: a message, a mark or a subject (one of the three is not NULL),
 * whose to, host and late do not matter; room, nick, account and id do. */
struct xmpp_archived {
    const char *room, *to;
    const char *query_id;        /* or NULL */
    const char *id;              /* in the archive */
    int64_t sent_at;             /* UTC ms */
    const struct xmpp_message_out *message;
    const struct xmpp_mark_out *mark;
    const struct xmpp_subject_out *subject;
    /* Who said it, where the reader may know (G313-04): as a contact or as an address; or NULL. */
    const char *peer, *jid;
};
bool xmpp_send_archived(struct xmpp *, unsigned host, const struct xmpp_archived *);

/* complete: nothing follows in the direction of the paging; stable: what was given stays so. */
void xmpp_answer_archive(struct xmpp *, xmpp_req, const struct xmpp_page_out *, bool complete,
                         bool stable);
/* first_id NULL: it is empty. */
void xmpp_answer_archive_ends(struct xmpp *, xmpp_req, const char *first_id, int64_t first_at,
                              const char *last_id, int64_t last_at);

#endif
