/* SPDX-License-Identifier: MPL-2.0 */
/* One-to-one messages from contacts and the gateway to users.
 *
 * Each has one id in both places where clients look (GMSG-01). What is said is left to the session
 * room. Source: RFC 6121 §5, XEP-0100 §5.3, XEP-0245, XEP-0203, XEP-0359. */
#include "file.h"
#include "room.h"
#include "stanza.h"

#define MESSAGE_LIVE_MS 60000            /* younger ones carry no delay (G203-03) */
#define MESSAGE_ACTION "/me "

static void message_add_body(xmpp_stanza_t *st, const struct xmpp_message_out *m)
{
    if (!m->action) {
        stanza_add_with_text(st, "body", m->body);
        return;
    }
    struct sj_strbuf text;
    sj_strbuf_init(&text, SIZE_MAX / 2);
    sj_strbuf_adds(&text, MESSAGE_ACTION);
    sj_strbuf_adds(&text, m->body);
    stanza_add_with_text(st, "body", text.s);
    sj_strbuf_release(&text);
}

void message_add_content(struct xmpp *x, xmpp_stanza_t *st, const struct xmpp_message_out *m)
{
    if (m->file != NULL)
        file_add(st, m->file);
    else
        message_add_body(st, m);
    stanza_set(stanza_add(st, "origin-id", NS_SID), "id", stanza_get(st, "id"));
    if (m->sent_at != 0 && sj_loop_utc_ms(x->loop) - m->sent_at > MESSAGE_LIVE_MS)
        stanza_add_delay(st, stanza_get(st, "from"), m->sent_at);
}

bool xmpp_send_message(struct xmpp *x, unsigned host, const struct xmpp_message_out *m)
{
    const struct xmpp_host *h = &x->options->hosts[host];
    char stable[OUTPUT_STABLE_ID_SIZE];
    if (m->network_id != NULL)
        output_stable_id(&x->output, stable, h->secret,
                         (const char *const[]){h->name, m->peer != NULL ? m->peer : "", m->to,
                                               m->network_id},
                         4);
    xmpp_stanza_t *st = room_stanza_new(x, host, "message", "chat", m->peer, m->to,
                                        m->network_id != NULL ? stable : NULL);
    if (st == NULL)
        return false;
    stanza_set(st, "xml:lang", m->lang);
    message_add_content(x, st, m);
    return room_send(x, host, st);
}

bool xmpp_send_message_error(struct xmpp *x, unsigned host, const char *peer, const char *to,
                             const char *id, const struct sj_error *err)
{
    xmpp_stanza_t *st = room_stanza_new(x, host, "message", "error", peer, to, id);
    if (st == NULL)
        return false;
    if (id == NULL)
        xmpp_stanza_del_attribute(st, "id");
    stanza_add_error(st, stanza_condition_of(err->status), err, false);
    return room_send(x, host, st);
}
