/* SPDX-License-Identifier: MPL-2.0 */
/* What the user says to a contact, on its way to the link. */
#ifndef SESSION_OUTGOING_H
#define SESSION_OUTGOING_H

#include <stdbool.h>
#include <stdint.h>

#include "rich.h"
#include "sojourn/backend.h"
#include "sojourn/error.h"

struct attachment;
struct session;

/* Networks with one of these pay for more than plain texts. */
#define SESSION_RICH_CAPS                                                                 \
    (SJ_CAPS_WITH_IDS | SJ_CAP_TYPING | SJ_CAP_ATTENTION | SJ_CAP_MENTIONS)

struct outgoing {                /* borrowed */
    const char *peer;            /* canonical; a room with in_room or nick */
    const char *nick;            /* to this occupant alone, or NULL */
    bool in_room;                /* to everybody there */
    const char *full, *id;       /* who gets the error; full NULL: nobody */
    const char *body;
    bool action;
    bool unstyled;               /* directives in it are plain text (G393-04) */
    const struct rich *rich;     /* NULL: a plain text */
    const struct attachment *file;       /* it is about this file, and body has its link; or NULL */
    uint64_t txn;                /* it was sent before, as this sj_message.txn; 0: it was not */
    uint64_t record;             /* of it in the journal, which goes on to who takes o; 0: none */
};
/* Hands it to the link, which is up. Refers to messages by the network's ids; what the network or
 * this contact cannot do becomes text, or the error that says so (GMSG-03, GMSG-06). */
enum sj_status outgoing_send(struct session *, const struct outgoing *, struct sj_error *);
/* Hands over a file that o is about, with these words beside it (or ""); its bytes are asked for
 * under *op, whose outcome is the caller's business. */
enum sj_status outgoing_offer(struct session *, const struct outgoing *o, const struct sj_file *,
                              const char *caption, sj_op *op, struct sj_error *);
/* It refers to a message whose id the network has not told yet. */
bool outgoing_waits(const struct session *, const struct outgoing *);
/* What the network can do, less what this login or this contact lacks: enum sj_cap. */
uint32_t session_caps(const struct session *, const char *peer);

#endif
