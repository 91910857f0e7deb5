/* SPDX-License-Identifier: MPL-2.0 */
/* One-to-one messages from users.
 *
 * A message with text becomes a plain struct; what nobody could read over there is refused
 * (message_refuse.c); what carries no text is left alone (GMSG-04). Writing is message_out.c.
 * Source: RFC 6121 §5, XEP-0100 §4.8, XEP-0245. */
#include <string.h>

#include "component.h"
#include "file.h"
#include "handlers.h"
#include "message_refuse.h"
#include "router.h"
#include "sojourn/backend.h"

#define MESSAGE_ACTION "/me "

static bool message_is_blank(const char *body)
{
    return body[strspn(body, " \t\r\n")] == '\0';
}

static const char *message_body(struct inbound *in)
{
    xmpp_stanza_t *body = stanza_child_in(in->stanza, "body", in->from.lang);
    return body != NULL ? stanza_text(body) : NULL;
}

/* To the gateway itself: a conversation, in which people type passwords. */
static enum sj_status message_talk(struct inbound *in, const char *body, struct sj_error *err)
{
    enum sj_status status = in->x->in->command.talk(in->x->ctx, &in->from, body, err);
    stanza_wipe(in->stanza);
    component_wipe(in->stream);
    return status;
}

/* GFIL-09: a message about one file; of several the links go as text. */
static enum sj_status message_handle_file(struct inbound *in, const struct file_in *f,
                                          enum file_found found, struct sj_error *err)
{
    struct xmpp_message_in m = {.from = in->from, .peer = in->peer, .body = f->text.s};

    if (f->text.len > SJ_BODY_MAX || !sj_strbuf_ok(&f->text))
        return sj_fail(err, SJ_UNACCEPTABLE, "The message is too long.");
    if (found == FILE_ONE)
        m.file = &f->file;
    return in->x->in->message(in->x->ctx, &m, err);
}

enum sj_status message_handle_chat(struct inbound *in, struct sj_error *err)
{
    const char *body = message_body(in);
    enum sj_status refused = message_refuse(in, body, err);
    if (refused != SJ_OK)
        return refused;
    if (in->peer != NULL) {
        struct file_in file;
        enum file_found found;
        enum sj_status status = file_find(in->stanza, body, &found, &file, err);
        if (status == SJ_OK && found != FILE_NONE) {
            status = message_handle_file(in, &file, found, err);
            file_in_release(&file);
            return status;
        }
        if (status != SJ_OK)
            return status;
    }
    if (body == NULL || message_is_blank(body))
        return SJ_OK;
    if (strlen(body) > SJ_BODY_MAX)
        return sj_fail(err, SJ_UNACCEPTABLE, "The message is too long.");
    if (in->peer == NULL)
        return message_talk(in, body, err);
    struct xmpp_message_in m = {.from = in->from, .peer = in->peer, .body = body};
    size_t skip = sizeof MESSAGE_ACTION - 1;
    if (strncmp(body, MESSAGE_ACTION, skip) == 0 && !message_is_blank(body + skip)) {
        m.action = true;
        m.body = body + skip;
    }
    return in->x->in->message(in->x->ctx, &m, err);
}

enum sj_status message_handle_headline(struct inbound *in, struct sj_error *err)
{
    (void)in, (void)err;
    return SJ_OK;
}

enum sj_status message_handle_groupchat(struct inbound *in, struct sj_error *err)
{
    (void)in;
    return sj_fail(err, SJ_UNAVAILABLE, "This is no room.");
}
