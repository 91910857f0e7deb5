/* SPDX-License-Identifier: MPL-2.0 */
/* What is never passed on to a network, because nobody there could make sense of it: encrypted
 * messages, whose body is a placeholder (G380-01), offers of calls (GCAL-02), and riddles that are
 * to keep robots out (G158-01).
 *
 * The sender gets an error that says what to do. A riddle comes from the server of a user to whom
 * the contact wrote; that user is told, since nobody else could know that messages are missing.
 * Source: XEP-0380, XEP-0353 §3, XEP-0158 §3. */
#include "message_refuse.h"

#include <string.h>

#include "form.h"
#include "router.h"

enum refusal { REFUSE_ENCRYPTED, REFUSE_CALL, REFUSE_RIDDLE };

static const struct {
    const char *name, *ns;
    enum refusal why;
} refuse_rows[] = {
    {"encryption", "urn:xmpp:eme:0", REFUSE_ENCRYPTED},
    {"encrypted", "eu.siacs.conversations.axolotl", REFUSE_ENCRYPTED},
    {"encrypted", "urn:xmpp:omemo:1", REFUSE_ENCRYPTED},
    {"encrypted", "urn:xmpp:omemo:2", REFUSE_ENCRYPTED},
    {"openpgp", "urn:xmpp:openpgp:0", REFUSE_ENCRYPTED},
    {"x", "jabber:x:encrypted", REFUSE_ENCRYPTED},
    {"propose", "urn:xmpp:jingle-message:0", REFUSE_CALL},
    {"captcha", "urn:xmpp:captcha", REFUSE_RIDDLE},
};
#define REFUSE_ROWS (sizeof refuse_rows / sizeof *refuse_rows)
#define REFUSE_INITIALS "eoxpc"          /* of the names above: most children are none of these */

/* The row that a child of the message hits, REFUSE_ROWS: none. */
static size_t refuse_find(xmpp_stanza_t *st, xmpp_stanza_t **child)
{
    for (xmpp_stanza_t *c = stanza_first(st); c != NULL; c = stanza_next(c)) {
        if (strchr(REFUSE_INITIALS, xmpp_stanza_get_name(c)[0]) == NULL)
            continue;
        for (size_t i = 0; i < REFUSE_ROWS; i++)
            if (stanza_is(c, refuse_rows[i].name, refuse_rows[i].ns)) {
                *child = c;
                return i;
            }
    }
    return REFUSE_ROWS;
}

/* To whom the contact wrote, by the form of the riddle. A server speaks for its own users only. */
static const char *refuse_riddle_user(struct inbound *in, xmpp_stanza_t *riddle)
{
    if (strchr(in->from.user, '@') != NULL)
        return in->from.user;
    xmpp_stanza_t *form = stanza_child(riddle, "x", NS_DATA);
    for (xmpp_stanza_t *f = form != NULL ? form_first(form) : NULL; f != NULL; f = form_next(f)) {
        const char *var = stanza_get(f, "var");
        const char *jid = var != NULL && strcmp(var, "from") == 0 ? form_value(f) : NULL;
        const char *at = jid != NULL ? strchr(jid, '@') : NULL;
        if (at != NULL && strcmp(at + 1, in->from.user) == 0)
            return jid;
    }
    return NULL;
}

static void refuse_tell_riddle(struct inbound *in, xmpp_stanza_t *riddle)
{
    const char *user = refuse_riddle_user(in, riddle);
    struct sj_strbuf bare;
    sj_strbuf_init(&bare, JID_MAX);
    if (in->peer != NULL && user != NULL && xmpp_jid_prepare(user, &bare)) {
        struct xmpp_from from = {
            .host = in->host, .user = bare.s, .resource = "", .full = bare.s};
        struct xmpp_peer peer = {.visible = false};
        in->x->in->peer(in->x->ctx, &from, in->peer, &peer);
        struct sj_strbuf text;
        sj_strbuf_init(&text, 2 * JID_MAX);
        sj_strbuf_addf(&text,
                       "Your server did not deliver a message of %s: it asks to solve a riddle "
                       "first, and nobody there can see it. Add this contact to your contact list, "
                       "or ask who runs your server.",
                       in->peer);
        if (peer.known)
            xmpp_send_message(in->x, in->host,
                              &(struct xmpp_message_out){.to = bare.s, .body = text.s});
        sj_strbuf_release(&text);
    }
    sj_strbuf_release(&bare);
}

enum sj_status message_refuse(struct inbound *in, const char *body, struct sj_error *err)
{
    xmpp_stanza_t *child = NULL;
    size_t row = refuse_find(in->stanza, &child);
    bool otr = body != NULL && strncmp(body, "?OTR", 4) == 0;
    if (row == REFUSE_ROWS && !otr)
        return SJ_OK;
    enum refusal why = row < REFUSE_ROWS ? refuse_rows[row].why : REFUSE_ENCRYPTED;
    if (why == REFUSE_RIDDLE) {
        refuse_tell_riddle(in, child);
        return sj_fail(err, SJ_UNACCEPTABLE, "Nobody here can solve riddles.");
    }
    if (why == REFUSE_CALL)
        return sj_fail(err, SJ_UNSUPPORTED,
                       "Calls are not possible through this gateway. Write a message instead.");
    return sj_fail(err, SJ_UNACCEPTABLE,
                   "This gateway cannot read encrypted messages. Turn encryption off for this "
                   "contact.");
}
