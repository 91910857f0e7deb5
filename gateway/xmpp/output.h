/* SPDX-License-Identifier: MPL-2.0 */
/* The one way out: a stanza becomes bytes that cannot harm the stream. */
#ifndef XMPP_OUTPUT_H
#define XMPP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <strophe.h>

#include "arena.h"
#include "sojourn/error.h"
#include "sojourn/strbuf.h"

#define OUTPUT_ID_SIZE 17           /* 96 random bits as text, and the NUL */
#define OUTPUT_ATTRIBUTES_MAX 32    /* of one element; we build them ourselves */

/* Owner: struct xmpp. */
struct output {
    struct arena arena;
    xmpp_ctx_t *ctx;                /* everything we build is made in it */
    struct sj_strbuf text;          /* of the last stanza */
    struct sj_strbuf address;       /* scratch of room_stanza_new */
};

void output_init(struct output *o, size_t stanza_max);
void output_release(struct output *o);

/* Makes the bytes of st, which go out on the stream of host: valid UTF-8 (repaired), no character
 * that XML 1.0 forbids (dropped), `from` at host, `to` an address, at most the maximum. *text
 * lives until the next call.
 * SJ_INVALID: an address is wrong (our bug or a foreign id's doing); SJ_LIMIT: too large. */
enum sj_status output_format(struct output *o, const char *host, xmpp_stanza_t *st,
                             const char **text, size_t *n);

/* Writes one element and all below it. parent_ns: in force around it, NULL: the stream's. */
void output_element(struct sj_strbuf *out, xmpp_stanza_t *st, const char *parent_ns);

/* A new stanza id, unguessable (G114-07). */
void output_new_id(char out[OUTPUT_ID_SIZE]);
/* The id of what the network calls network_id: the same after a restart, and telling nothing
 * without the secret (DESIGN §4, G198-01). */
#define OUTPUT_STABLE_ID_SIZE 41
void output_stable_id(struct output *o, char out[OUTPUT_STABLE_ID_SIZE], const char *secret,
                      const char *const parts[], size_t n);

/* Appends s escaped and repaired, for an attribute or a text. */
void output_escape(struct sj_strbuf *out, const char *s);

#endif
