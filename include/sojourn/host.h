/* SPDX-License-Identifier: MPL-2.0 */
/* The half of the contract between the gateway and a network that the gateway offers: what a link
 * reports. The rules stand in sojourn/backend.h. */
#ifndef SOJOURN_HOST_H
#define SOJOURN_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/contact.h"
#include "sojourn/error.h"
#include "sojourn/message.h"
#include "sojourn/room.h"
#include "sojourn/translate.h"

struct sj_link;

enum sj_link_state { SJ_LINK_UP, SJ_LINK_DOWN };

/* Why a link ended: name, text for users, is it an error, may the gateway try again. */
#define SJ_END_LIST(X)                                                                    \
    X(ASKED, N_("logged out"), 0, 0)                                                      \
    X(CLOSED, N_("the network closed the connection"), 1, 1)                              \
    X(UNREACHABLE, N_("the network cannot be reached"), 1, 1)                             \
    X(TIMEOUT, N_("the network no longer answers"), 1, 1)                                 \
    X(TLS, N_("the network's certificate was refused"), 1, 1)                             \
    X(THROTTLED, N_("the network asks to come back later"), 1, 1)                         \
    X(PROTOCOL, N_("the network sent something that makes no sense"), 1, 1)               \
    X(OVERFLOW, N_("too much data waits for the network"), 1, 1)                          \
    X(RESTART, N_("the session had to be renewed"), 0, 1)                                 \
    X(AUTH, N_("the network refused the credentials"), 1, 0)                              \
    X(BANNED, N_("the network does not let this account in"), 1, 0)                       \
    X(CONFLICT, N_("the account is in use from elsewhere"), 1, 0)
enum sj_end {
#define SJ_END_ENUM(name, text, error, retry) SJ_END_##name,
    SJ_END_LIST(SJ_END_ENUM)
#undef SJ_END_ENUM
    SJ_END_COUNT
};
const char *sj_end_name(enum sj_end end);    /* "closed": for logs */
const char *sj_end_text(enum sj_end end);
bool sj_end_is_error(enum sj_end end);
bool sj_end_may_retry(enum sj_end end);

/* The gateway's half; every member non-NULL. */
struct sj_host {
    /* UP once after connect succeeded (logged in); DOWN once, end and why say the cause (why may
     * hold the network's own words, or NULL). */
    void (*link_state)(struct sj_link *, enum sj_link_state, enum sj_end end,
                       const struct sj_error *why);
    void (*op_done)(struct sj_link *, sj_op, const struct sj_error *err);   /* NULL: success */
    /* The network's id of the message that op sent: before its op_done, at most once. */
    void (*message_id)(struct sj_link *, sj_op, const char *id);
    void (*message)(struct sj_link *, const struct sj_message *);
    void (*mark)(struct sj_link *, const struct sj_mark *);
    /* Bits of SJ_CAPS_OF_CONTACT that the network has and this login has not (another server,
     * another version): before UP, when there are any, and when they change. */
    void (*lacks)(struct sj_link *, uint32_t caps);
    /* A contact types, pauses, or has stopped. The end may be left out. */
    void (*typing)(struct sj_link *, const char *id, enum sj_typing);
    /* A contact is new or changed. With SJ_CAP_APPROVAL, listed also says that it consented. */
    void (*contact)(struct sj_link *, const struct sj_contact *);
    /* A contact went from the list: removed there, or it refused (why, may be NULL). */
    void (*contact_gone)(struct sj_link *, const char *id, const struct sj_error *why);
    /* SJ_CAP_CONTACT_LIST, once after UP: the list has been told in full, and the rooms of
     * SJ_ROOM_MEMBERSHIP that the network puts the account into by itself were entered. Who was in
     * the list before and was not told is gone; such a room of an earlier log-in that was not
     * entered was left meanwhile. Not called when the list could not be read. */
    void (*list_told)(struct sj_link *);
    /* A contact changed its id (nick). */
    void (*contact_renamed)(struct sj_link *, const char *id, const char *new_id);
    /* Somebody asks to see the user's presence; answered by contact_answer. text may be NULL. */
    void (*contact_request)(struct sj_link *, const char *id, const char *name, const char *text);
    /* A line for the user from the network or backend itself. */
    void (*notice)(struct sj_link *, const char *text);
    /* The user's own canonical id over there, at login and when it changes. */
    void (*self)(struct sj_link *, const char *id);
    /* State to keep (tokens, marks), in place of what was given before; comes back in link_new. At
     * most SJ_STATE_MAX bytes. When it is on the disk sj_backend.state_saved says. For what changes
     * seldom and cannot be got again. */
    void (*state_save)(struct sj_link *, const void *blob, size_t len);

    /* SJ_CAP_RESUME, while up: all that this link has told so far lies before this position, in the
     * network's own terms, 1..SJ_POSITION_MAX bytes. The gateway keeps it once the user's server
     * has handled all that, and gives the latest it has kept to resume. To be called behind each
     * batch, or each message: only the latest counts. */
    void (*position)(struct sj_link *, const char *position);

    /* Parts of operations; each belongs to an open op, whose op_done ends it. */
    /* The link takes up to len bytes of the file that op sends: answered by file_data. */
    void (*file_wanted)(struct sj_link *, sj_op, size_t len);
    /* The next 1..SJ_FILE_CHUNK_MAX bytes that file_read asked for; the next come after
     * file_next only. */
    void (*file_chunk)(struct sj_link *, sj_op, const void *data, size_t len);
    void (*profile)(struct sj_link *, sj_op, const struct sj_profile *);
    void (*avatar)(struct sj_link *, sj_op, const struct sj_avatar *);
    /* One result of search, at most SJ_FOUND_MAX times. */
    void (*found)(struct sj_link *, sj_op, const struct sj_contact *);
    /* A line in the network's own words; op 0: nobody asked, and nothing else shows it. */
    void (*raw)(struct sj_link *, sj_op, const char *line);

    /* SJ_CAP_PROMPTS, between connect and link_state: the network asks. NULL: the last question
     * needs no answer any more. While a question is open no time limit of the login runs. */
    void (*prompt)(struct sj_link *, const struct sj_prompt *);
    const struct sj_host_rooms *rooms;
};
#define SJ_STATE_MAX 65536u
#define SJ_POSITION_MAX 2047u

#endif
