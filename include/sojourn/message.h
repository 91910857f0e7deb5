/* SPDX-License-Identifier: MPL-2.0 */
/* What is said between the user and a contact, and about what was said: the data of messages that
 * cross the backend contract (sojourn/backend.h, whose rules hold here too).
 *
 * Messages are named by the network's own ids. A message that came up has its id in the struct; a
 * message that went down gets its id by host->message_id before its outcome. Ids are unique within
 * one conversation, stable, and at most SJ_ID_MAX bytes. Networks without ids (id NULL) have none
 * of the capabilities that refer to earlier messages. */
#ifndef SOJOURN_MESSAGE_H
#define SOJOURN_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits, in bytes without the NUL, or in entries. */
#define SJ_ID_MAX 1023u
#define SJ_BODY_MAX 65536u
#define SJ_RAW_MAX 2047u                 /* a line in a network's own language */
#define SJ_SPANS_MAX 256u
#define SJ_MENTIONS_MAX 32u              /* of one message; further ones stay text */
#define SJ_REACTIONS_MAX 32u             /* of one person to one message */
#define SJ_REACTION_MAX 63u              /* bytes of one */
#define SJ_URL_MAX 2047u
#define SJ_FILE_NAME_MAX 255u
#define SJ_FILE_CHUNK_MAX 65536u         /* bytes of one file_data or file_chunk */

typedef int64_t sj_msec;         /* UTC, milliseconds since 1970 */
typedef uint64_t sj_op;          /* an operation that is under way; 0: nobody waits for it */

/* How a part of a body is to look. Offsets are bytes of the body, end exclusive, on code point
 * borders; spans are sorted by start, nested or apart, never crossing. */
enum sj_style {
    SJ_STYLE_STRONG,
    SJ_STYLE_EMPHASIS,
    SJ_STYLE_STRIKE,
    SJ_STYLE_CODE,
    SJ_STYLE_BLOCK,              /* preformatted lines, whole ones */
    SJ_STYLE_QUOTE               /* whole lines; nested: one inside the other */
};
struct sj_span {
    enum sj_style style;
    uint32_t start, end;
};

/* Somebody whom a message names, so that they are told of it. Offsets as in struct sj_span; sorted
 * by start, apart. At least one of id, nick, self; down: all that is known. */
struct sj_mention {
    uint32_t start, end;         /* what stands for them in the body; both 0: nothing does */
    const char *id;              /* the person as a contact, canonical, or NULL */
    const char *nick;            /* of a room: the occupant, or NULL */
    bool self;                   /* up: it is the user */
};

/* A file. Up: url when anybody may fetch it there, else key, which file_read takes. Down: the
 * bytes come by file_data; url is where they lie too, and stays readable, or NULL. */
struct sj_file {
    const char *name;            /* data, never a path; or NULL */
    const char *media_type;      /* or NULL: unknown */
    uint64_t size;               /* bytes; 0 unknown */
    uint32_t width, height;      /* pixels; 0 unknown or none */
    uint32_t length_ms;          /* of sound and film; 0 unknown or none */
    const char *url;
    const char *key;             /* up: the backend's own name for it, at most SJ_ID_MAX; or NULL */
    const uint8_t *sha256;       /* 32 bytes or NULL */
};

struct sj_message {              /* one message, either direction */
    const char *peer;            /* contact or room id, canonical */
    const char *nick;            /* of a room: the occupant who speaks, or is spoken to; NULL: the
                                    room itself */
    bool in_room;                /* for everybody in the room; else with nick: for one alone */
    sj_op echo;                  /* up, in_room: the operation that sent it from here, or 0 */
    const char *body;            /* at most SJ_BODY_MAX bytes, never NULL; empty only with file or
                                    attention. Of a file: its caption */
    const char *id;              /* up: the network's; down: ours; or NULL */
    uint64_t txn;                /* down, SJ_CAP_REPEAT: of this sending, once for each account; the
                                    same when it is sent again; 0: not to be repeated */
    sj_msec sent_at;             /* 0: now */
    bool action;                 /* "/me" as a fact, not as text */
    bool notice;                 /* automatic text that must not be answered by machines */
    bool own;                    /* comes up: the user sent it from elsewhere, to peer */
    bool attention;              /* SJ_CAP_ATTENTION: a nudge */
    bool confirm;                /* up: the sender wants to know when it was received (RECEIPTS) */
    const char *replaces;        /* SJ_CAP_CORRECT: id of the first version of what it corrects */
    const char *reply_to;        /* SJ_CAP_REPLY: id of the message that it answers; body without
                                    the quotation */
    const char *reply_text;      /* up: begin of that message where the network tells, or NULL */
    const char *thread;          /* SJ_CAP_THREADS: id of the message that began the thread which it
                                    belongs to; down: one that came up, or the
                                    message of a contact or in a room with which one begins */
    const struct sj_span *spans; /* SJ_CAP_STYLED */
    size_t n_spans;
    const struct sj_mention *mentions;   /* SJ_CAP_MENTIONS */
    size_t n_mentions;
    const struct sj_file *file;  /* up: always allowed; down: SJ_CAP_FILES, to
                                    everybody in a room as well; or NULL */
};

/* Something that happened to an earlier message. */
enum sj_mark_kind {
    SJ_MARK_RECEIVED,            /* SJ_CAP_RECEIPTS: it reached a client of the other side */
    SJ_MARK_DISPLAYED,           /* SJ_CAP_MARKERS: it and all before it were read. Down also with
                                    SJ_CAP_READ_SYNC, then of rooms, too */
    SJ_MARK_RETRACTED,           /* SJ_CAP_RETRACT: its author takes it back; in rooms also a
                                    moderator (down: target_own is false), if the network lets them:
                                    else SJ_DENIED, or SJ_UNSUPPORTED */
    SJ_MARK_REACTIONS            /* SJ_CAP_REACT: this is now the whole set of one person */
};
struct sj_mark {
    enum sj_mark_kind kind;
    const char *peer;            /* the conversation */
    const char *nick;            /* of a room: up: who did it; NULL down */
    bool in_room;
    const char *target;          /* id of the message */
    bool own;                    /* up: the user did it, elsewhere; else the peer did */
    bool target_own;             /* the user is the author of the target; up: ignored */
    bool quiet;                  /* down, DISPLAYED: for the user's own other clients alone */
    sj_msec target_at;           /* down, DISPLAYED: when the target was sent; 0: not known */
    sj_msec sent_at;             /* 0: now */
    const char *const *reactions;        /* each one emoji (UTS 51) */
    size_t n_reactions;          /* 0: all taken back */
    const char *const *before;   /* down: the user's set as last known */
    size_t n_before;
};

/* What the network lets a person react with; NULL in the backend's table: anything. */
struct sj_reaction_rules {
    unsigned max_per_user;       /* 0: no limit */
    const char *const *allowed;  /* NULL: any */
    size_t n_allowed;
};

enum sj_typing { SJ_TYPING_STOPPED, SJ_TYPING_PAUSED, SJ_TYPING_ACTIVE };

#endif
