/* SPDX-License-Identifier: MPL-2.0 */
/* What comes too late to be answered on its stream: behind our goodbye.
 *
 * No handler sees it, since what it asks for is not done any more, but subscriptions, which the
 * session room leaves to the next process, and messages to contacts and rooms, of which handlers
 * know whether they want an answer. It is refused, and as nothing can be sent the session room gets
 * it, for the next process. Requests that are still open get their
 * answer before the goodbye. Source: RFC 6120 §8.2.3 (R6120-01), §4.4. */
#include "late.h"

#include <string.h>

#include "component.h"
#include "handlers.h"
#include "requests.h"
#include "sojourn/translate.h"

#define LATE_WORDS N_("The gateway is being stopped; try again later.")

/* A text to the gateway itself; what else comes there wants no answer. */
static bool late_talks(const struct inbound *in)
{
    bool chat = in->type[0] == '\0' || strcmp(in->type, "chat") == 0 ||
                strcmp(in->type, "normal") == 0;
    return chat && in->peer == NULL && in->from.resource[0] != '\0' &&
           stanza_child_in(in->stanza, "body", in->from.lang) != NULL;
}

static bool late_wants_answer(struct inbound *in, char kind)
{
    if (kind == 'i')
        return strcmp(in->type, "get") == 0 || strcmp(in->type, "set") == 0;
    if (kind == 'm')
        return late_talks(in);
    in->joins = in->type[0] == '\0' && in->room != NULL &&
                stanza_child(in->stanza, "x", NS_MUC) != NULL;
    return in->joins;
}

bool late_handle(struct inbound *in)
{
    char kind = xmpp_stanza_get_name(in->stanza)[0];
    struct sj_error words;
    sj_fail(&words, SJ_UNAVAILABLE, "%s", LATE_WORDS);
    if (late_wants_answer(in, kind)) {
        router_refuse(in, STANZA_SERVICE_UNAVAILABLE, &words);
        stanza_wipe(in->stanza);         /* passwords, where a handler would have wiped them */
        component_wipe(in->stream);
        return true;
    }
    return kind != 'm' && !(kind == 'p' && presence_is_subscription(in->type));
}

void late_keep(const struct inbound *in, const struct sj_error *words)
{
    struct xmpp *x = in->x;
    char kind = xmpp_stanza_get_name(in->stanza)[0];
    struct sj_error err = {.status = SJ_UNAVAILABLE};
    if (words != NULL && words->status != SJ_OK)
        err = *words;
    if (!x->stopping && (kind != 'm' || in->peer == NULL))
        return;
    if (kind == 'p' && !in->joins)
        return;
    const struct xmpp_unanswered what = {
        .from = in->from,
        .kind = kind,
        .to = in->to,
        .peer = kind == 'm' ? in->peer : NULL,
        .nick = kind == 'm' ? in->nick : NULL,
        .in_room = kind == 'm' && in->room != NULL && in->nick == NULL,
    };
    x->in->unanswered(x->ctx, &what, &err);
}

void late_keep_request(struct xmpp *x, const struct request *q, const struct sj_error *err)
{
    if (!x->stopping)
        return;
    const struct xmpp_unanswered what = {
        .from = {.host = q->host,
                 .user = q->user->user,
                 .resource = strchr(q->from, '/') != NULL ? strchr(q->from, '/') + 1 : "",
                 .full = q->from,
                 .id = q->id,
                 .lang = q->lang},
        .kind = 'i',
        .to = q->to,
    };
    x->in->unanswered(x->ctx, &what, err);
}

void late_refuse_open(struct xmpp *x, unsigned host)
{
    struct sj_error err;
    struct sj_list *next;
    sj_fail(&err, SJ_UNAVAILABLE, "%s", LATE_WORDS);
    for (struct sj_list *l = x->requests.ordered.next; l != &x->requests.ordered; l = next) {
        const struct request *q = SJ_CONTAINER(l, struct request, link);
        next = l->next;
        if (q->host == host)
            xmpp_answer(x, q->number, &err);
    }
}

bool xmpp_send_late_error(struct xmpp *x, unsigned host, const struct xmpp_late *late,
                          const struct sj_error *err)
{
    const char *name = late->kind == 'i' ? "iq" : late->kind == 'm' ? "message" : "presence";
    xmpp_stanza_t *st = stanza_new(x->output.ctx, name, "error", late->id);
    struct sj_error words = *err;
    sj_error_translate(&words, sj_language(late->lang));
    stanza_set(st, "from", late->to);
    stanza_set(st, "to", late->full);
    if (late->kind == 'p')
        stanza_add(st, "x", NS_MUC);
    stanza_add_error(st, stanza_condition_of(err->status), &words, false);
    return late->kind == 'm' ? room_send_kept(x, host, st, true) : room_send(x, host, st);
}
