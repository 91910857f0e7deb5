/* SPDX-License-Identifier: MPL-2.0 */
/* Messages to rooms: which of them are texts to everybody, which change the subject, which invite,
 * and which make no sense there.
 *
 * Texts, files, marks and chat states are read by message_in.c like those to contacts; nothing of
 * muc#user that clients send goes any further (G045-49), and stanza ids of theirs are never read
 * (G359-01). Who may speak is the session room's business; message_out.c writes.
 * Source: XEP-0045 §7.4, §7.5, §7.8, §7.13, §8.1. */
#include <string.h>

#include "handlers.h"
#include "message_parts.h"
#include "muc.h"

/* A subject without body and thread (G045-35); *text: "" clears it. */
static bool muc_is_subject(struct inbound *in, const char **text)
{
    const char *ns = xmpp_stanza_get_ns(in->stanza);
    xmpp_stanza_t *subject = stanza_child_in(in->stanza, "subject", in->from.lang);
    if (subject == NULL || stanza_child(in->stanza, "body", ns) != NULL ||
        stanza_child(in->stanza, "thread", ns) != NULL)
        return false;
    *text = stanza_text(subject);
    return true;
}

enum sj_status muc_handle_groupchat(struct inbound *in, struct sj_error *err)
{
    const char *subject = NULL;
    if (in->nick != NULL)                /* G045-44 */
        return sj_fail(err, SJ_INVALID, "Messages to everybody go to the room itself.");
    if (!muc_is_subject(in, &subject))
        return message_handle_chat(in, err);
    if (strlen(subject) > XMPP_SUBJECT_MAX)
        return sj_fail(err, SJ_UNACCEPTABLE, "The subject is too long.");
    return in->x->in->muc.subject(in->x->ctx, &in->from, in->peer, subject, err);
}

/* To the room, but not to everybody: invitations and requests for voice (G045-82). */
static enum sj_status muc_handle_request(struct inbound *in, struct sj_error *err)
{
    bool told = false;
    enum sj_status status = muc_invite_room(in, &told, err);
    if (told || status != SJ_OK)
        return status;
    if (stanza_child(in->stanza, "x", NS_DATA) != NULL)
        return sj_fail(err, SJ_UNSUPPORTED, "Nobody here can be asked for that.");
    if (stanza_child(in->stanza, "body", xmpp_stanza_get_ns(in->stanza)) != NULL)
        return sj_fail(err, SJ_INVALID, "This is a room: send it a message to everybody.");
    return SJ_OK;                        /* GMSG-04 */
}

enum sj_status muc_handle_private(struct inbound *in, struct sj_error *err)
{
    return in->nick != NULL ? message_handle_chat(in, err) : muc_handle_request(in, err);
}
