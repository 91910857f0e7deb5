/* SPDX-License-Identifier: MPL-2.0 */
/* The user's language: what their clients last said, and texts of the gateway in it. Nothing is
 * kept over a restart: presence comes before there is anything to say (R6120-10, G100-55). */
#include "session.h"
#include "sojourn/translate.h"

void session_heard(struct session *s, const struct xmpp_from *from)
{
    if (from->lang)
        s->lang = sj_language(from->lang);
}

bool session_say(struct session *s, const char *text)
{
    const char *words = sj_translate(s->lang, text);
    struct xmpp_message_out out = {.to = s->user, .body = words,
                                   .lang = words != text ? s->lang : NULL};

    return xmpp_send_message(s->all->xmpp, s->network->index, &out);
}

bool session_say_translated(struct session *s, const char *text)
{
    struct xmpp_message_out out = {.to = s->user, .body = text, .lang = s->lang};

    return xmpp_send_message(s->all->xmpp, s->network->index, &out);
}

struct sj_error session_words(const struct session *s, const struct sj_error *err)
{
    struct sj_error words = *err;

    sj_error_translate(&words, s->lang);
    return words;
}

void session_unsubscribed(struct session *s, const char *peer, const struct sj_error *why)
{
    struct sj_error words = {.status = SJ_OK};

    if (why)
        words = session_words(s, why);
    xmpp_send_unsubscribed(s->all->xmpp, s->network->index, peer, s->user, &words);
}
