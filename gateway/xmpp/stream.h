/* SPDX-License-Identifier: MPL-2.0 */
/* Bytes of an XML stream to stanzas, under limits (RFC 6120 §4, §11). */
#ifndef XMPP_STREAM_H
#define XMPP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <strophe.h>

/* A stanza beyond one of these is cut: its top element arrives, with STREAM_CUT, and the stream
 * lives on. One user's stanza must not end the stream of all. */
#define STREAM_STANZA_MAX ((size_t)512 * 1024)    /* bytes on the wire */
#define STREAM_DEPTH_MAX 64u                      /* the stanza itself counts 1 */
#define STREAM_NODES_MAX 4096u                    /* elements and texts of a stanza */
#define STREAM_CHILDREN_MAX 1024u                 /* libstrophe adds children in linear time */
#define STREAM_ATTRIBUTES_MAX 64u                 /* of one element */
#define STREAM_NAME_MAX 1024u                     /* namespace URI, or local name */
/* Beyond these the stream is ended: no way to skip without memory. */
#define STREAM_TOKEN_MAX (2 * STREAM_STANZA_MAX)  /* bytes without an event: one tag, mostly */
#define STREAM_SKIP_DEPTH_MAX 8192u

struct stream;

struct stream_events {                  /* every member non-NULL; may call stream_halt */
    /* The peer's header. id NULL: it had none. */
    void (*opened)(void *arg, const char *id);
    /* A complete element below the root; it is released after the call. cut: it broke a limit
     * and only its name and attributes can be relied on. */
    void (*stanza)(void *arg, xmpp_stanza_t *stanza, bool cut);
    void (*closed)(void *arg);          /* the peer's end tag */
};

/* events and arg are borrowed. Never NULL. */
struct stream *stream_new(const struct stream_events *events, void *arg);
void stream_free(struct stream **s);    /* not from inside an event */
/* Parses n bytes. NULL, or the condition of RFC 6120 §4.9.3 with which the stream must end. */
const char *stream_feed(struct stream *s, const char *p, size_t n);
/* The same in two steps, so that the source of the bytes may change while events run: room for n
 * bytes, to be filled, then parsed. */
char *stream_buffer(struct stream *s, size_t n);
const char *stream_parse(struct stream *s, size_t n);
/* From inside an event: no further events; what is left of the input is dropped. */
void stream_halt(struct stream *s);
/* A secret passed: overwrites what this stream still holds of past texts. */
void stream_wipe(struct stream *s);

#endif
