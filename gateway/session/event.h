/* SPDX-License-Identifier: MPL-2.0 */
/* One thing that was said in a room, as it is shown to every client in it, kept while a client is
 * still being shown the room, and archived: always the same. */
#ifndef SESSION_EVENT_H
#define SESSION_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/digest.h"
#include "sojourn/message.h"
#include "xmpp.h"

struct session;
struct sj_strbuf;

enum event_kind {
    EVENT_MESSAGE = 1,
    EVENT_WHISPER,               /* to the user alone */
    EVENT_MARK,
    EVENT_SUBJECT,
    EVENT_HOLE                   /* in archives: what was said here is not known (yet) */
};
/* Texts of an event; NULL where it has none. Ids are those that clients know. */
enum event_text {
    EVENT_NICK,                  /* who speaks, as shown; none: the room */
    EVENT_ACCOUNT,               /* and who that is for occupant ids */
    EVENT_PERSON,                /* and as a contact, where that may be known */
    EVENT_BODY,                  /* with directives for its styles; of a SUBJECT: the subject */
    EVENT_ID,
    EVENT_ORIGIN_ID,
    EVENT_REPLACES,
    EVENT_REPLY_TO,
    EVENT_REPLY_QUOTE,
    EVENT_REPLY_NICK,
    EVENT_TARGET,                /* of a MARK */
    EVENT_REASON,
    EVENT_URL,                   /* with it the message is a file */
    EVENT_FILE_NAME,
    EVENT_FILE_TYPE,
    EVENT_MENTIONS,              /* places in the body, as in xmpp_mention.h */
    EVENT_THREAD,
    EVENT_TEXTS
};
enum event_flag {
    EVENT_ACTION = 1u << 0,
    EVENT_UNSTYLED = 1u << 1,
    EVENT_REPLY_OWN = 1u << 2,
    EVENT_MODERATED = 1u << 3,
    EVENT_OWN = 1u << 4,         /* the user said it */
    EVENT_RETRACTED = 1u << 5    /* and it was taken back: no more in histories of joins */
};

struct event {                   /* borrowed */
    enum event_kind kind;
    uint32_t flags;              /* enum event_flag */
    enum xmpp_mark mark;
    const char *text[EVENT_TEXTS];
    const char *reactions[SJ_REACTIONS_MAX];
    size_t n_reactions;
    uint64_t size;               /* of the file, and so on */
    uint32_t width, height, length_ms;
    const uint8_t *sha256;       /* SJ_DIGEST_SHA256_SIZE bytes, or NULL */
    int64_t at;                  /* UTC ms */
    bool delayed;                /* it did not come at once: clients are told when it was said */
};

/* Appends all but `at` and `delayed`. */
void event_encode(const struct event *, struct sj_strbuf *out);
/* Reads that; texts point into data. False: this is no event. */
bool event_decode(struct event *, const void *data, size_t n);
/* Is it a message to everybody that stands? Without reading all of it. */
bool event_is_said(const void *data, size_t n);

/* Says it to one client of the user (a full address). stanza_id: the room's own id of it, or NULL.
 * late: as history, with its time. false: the stream takes nothing now. */
bool event_send(struct session *, const char *room, const struct event *, const char *to,
                const char *stanza_id, bool late);
/* The same as a part of the answer to a query of archives. */
bool event_send_archived(struct session *, const char *room, const struct event *, const char *to,
                         const char *query_id, const char *id);

#endif
