/* SPDX-License-Identifier: MPL-2.0 */
/* Takes each stanza to its handler and guarantees the answers.
 *
 * A stanza goes to the network of its `to` domain, whatever stream it came on (DESIGN §2). Every iq
 * get or set gets exactly one result or error (R6120-01): from the handler, from xmpp_answer later,
 * or from here. No error is answered with an error (R6120-03), and nothing of our own domains is
 * let in (R6121-47). Handlers build no errors: they return a status. Rows are in routes.c.
 * Source: RFC 6120 §8.1, §8.2.3, §8.3; RFC 6121 §8; RFC 7622 §3. */
#include "router.h"

#include <string.h>

#include "address.h"
#include "component.h"
#include "late.h"
#include "muc.h"
#include "privilege.h"
#include "sojourn/translate.h"

#define ROUTER_ID_MAX 1023u
#define ROUTER_LANG_MAX 63u

/* ---- answers ---- */

xmpp_stanza_t *router_result(struct inbound *in)
{
    xmpp_stanza_t *st = stanza_new(in->x->output.ctx, "iq", "result", in->from.id);
    stanza_set(st, "from", in->to);
    stanza_set(st, "to", in->from.full);
    return st;
}

/* What XEP-0060 says beside the condition. */
static void router_add_pubsub_error(const struct inbound *in, xmpp_stanza_t *error)
{
    if (in->needs_presence)
        stanza_add(error, "presence-subscription-required", NS_PUBSUB_ERRORS);
    if (in->unsupported != NULL)
        stanza_set(stanza_add(error, "unsupported", NS_PUBSUB_ERRORS), "feature",
                   in->unsupported);
}

/* words: or NULL. */
static void router_send_error(struct inbound *in, enum stanza_condition condition,
                              const struct sj_error *words, bool legacy_code)
{
    xmpp_stanza_t *st =
        stanza_new(in->x->output.ctx, xmpp_stanza_get_name(in->stanza), "error", in->from.id);
    stanza_set(st, "from", in->to);
    stanza_set(st, "to", in->from.full);
    struct sj_error own = words != NULL ? *words : (struct sj_error){.status = SJ_OK};
    sj_error_translate(&own, in->from.lang);
    if (in->joins)
        stanza_add(st, "x", NS_MUC);
    stanza_add_error(st, condition, &own, legacy_code);
    if (in->moved_to != NULL)
        stanza_add_text(stanza_first(xmpp_stanza_get_child_by_name(st, "error")), in->moved_to);
    if (in->room != NULL)
        muc_finish_error(xmpp_stanza_get_child_by_name(st, "error"), in->room,
                         in->joins && own.status == SJ_LIMIT ? "wait"
                         : in->payload != NULL && in->nick != NULL &&
                                 condition == STANZA_NOT_ACCEPTABLE ? "cancel" : NULL);
    if (in->detail != NULL)
        stanza_add(xmpp_stanza_get_child_by_name(st, "error"), in->detail, NS_COMMANDS);
    router_add_pubsub_error(in, xmpp_stanza_get_child_by_name(st, "error"));
    in->answered = true;
    bool kept = strcmp(xmpp_stanza_get_name(st), "message") == 0;
    if (kept ? !room_send_kept(in->x, in->host, st, true) : !room_send(in->x, in->host, st))
        late_keep(in, words);
}

void router_refuse(struct inbound *in, enum stanza_condition condition,
                   const struct sj_error *words)
{
    router_send_error(in, condition, words, false);
}

static void router_send_limit(struct inbound *in, enum stanza_condition condition,
                              const char *text)
{
    struct sj_error words;
    sj_fail(&words, SJ_LIMIT, "%s", text);
    router_send_error(in, condition, &words, false);
}

void router_answer(struct inbound *in, xmpp_stanza_t *result)
{
    assert(!in->answered && in->request == 0);
    in->answered = true;
    /* What is too large to be said must still be answered. */
    if (room_send_status(in->x, in->host, result) == SJ_UNACCEPTABLE)
        router_send_limit(in, STANZA_RESOURCE_CONSTRAINT, N_("The answer is too large."));
}

static enum sj_status router_note(struct inbound *in, bool registers, enum request_card card,
                                  struct sj_error *err)
{
    in->request = requests_add(&in->x->requests, &(struct request_info){
                                                     .host = in->host,
                                                     .id = in->from.id,
                                                     .user = in->from.user,
                                                     .from = in->from.full,
                                                     .to = in->to,
                                                     .registers = registers,
                                                     .lang = in->from.lang,
                                                     .card = card,
                                                 });
    if (in->request == 0)
        return sj_fail(err, SJ_LIMIT, "Too many requests are open, try again later.");
    return SJ_OK;
}

enum sj_status router_defer(struct inbound *in, bool registers, struct sj_error *err)
{
    return router_note(in, registers, REQUEST_NO_CARD, err);
}

enum sj_status router_defer_card(struct inbound *in, enum request_card card, struct sj_error *err)
{
    return router_note(in, false, card, err);
}

enum sj_status router_fail(struct inbound *in, enum stanza_condition condition,
                           struct sj_error *err, const char *text)
{
    in->has_condition = true;
    in->condition = condition;
    return sj_fail(err, SJ_INVALID, "%s", text);
}

/* The one error answer of a handler's status. */
static void router_answer_status(struct inbound *in, const struct sj_error *err,
                                 enum sj_status status, bool legacy_code)
{
    enum stanza_condition condition =
        in->has_condition ? in->condition : stanza_condition_of(status);
    if (in->joins && status == SJ_LIMIT)
        condition = STANZA_SERVICE_UNAVAILABLE;      /* the room is full (G045-24) */
    /* A handler that returns a status without filling err leaves no stale text. */
    router_send_error(in, condition, err->status == status ? err : NULL, legacy_code);
}

/* ---- iq ---- */

static void router_handle_request(struct inbound *in)
{
    xmpp_stanza_t *child = stanza_first(in->stanza);
    if (child == NULL || stanza_next(child) != NULL) {
        router_send_error(in, STANZA_BAD_REQUEST, NULL, false);
        return;
    }
    in->payload = child;
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = in->nick != NULL ? muc_admit(in, &err) : SJ_OK;
    if (status != SJ_OK) {
        router_answer_status(in, &err, status, false);
        return;
    }
    const struct route_iq *route = routes_find_iq(in);
    if (route == NULL) {
        router_send_error(in, STANZA_SERVICE_UNAVAILABLE, NULL, false);
        return;
    }
    status = route->handle(in, &err);
    if (status != SJ_OK) {
        /* Where a request was open, it may have been answered meanwhile: not a second time. */
        bool open = in->request == 0 || requests_has(&in->x->requests, in->request);
        requests_drop(&in->x->requests, in->request);
        if (open && !in->answered)
            router_answer_status(in, &err, status, route->registers);
    } else if (!in->answered && in->request == 0) {
        sj_log_error(&in->x->log, "request left without an answer route=%s", route->source);
        router_send_error(in, STANZA_INTERNAL_SERVER_ERROR, NULL, route->registers);
    }
}

/* ---- what all kinds share ---- */

static const char *router_error_condition(xmpp_stanza_t *st)
{
    xmpp_stanza_t *error = xmpp_stanza_get_child_by_name(st, "error");
    if (error != NULL)
        for (xmpp_stanza_t *c = stanza_first(error); c != NULL; c = stanza_next(c)) {
            const char *ns = xmpp_stanza_get_ns(c);
            if (ns != NULL && strcmp(ns, NS_STANZAS) == 0 &&
                strcmp(xmpp_stanza_get_name(c), "text") != 0)
                return xmpp_stanza_get_name(c);
        }
    return "undefined-condition";
}

/* An error or result: never answered (R6120-02, R6120-03). */
static void router_handle_response(struct inbound *in, bool is_error)
{
    struct xmpp *x = in->x;
    const char *name = xmpp_stanza_get_name(in->stanza);
    if (name[0] == 'i' &&
        queries_answer(&x->queries, in->from.full, in->to, in->from.id, in->stanza))
        return;
    if (!is_error)
        return;
    const char *condition = router_error_condition(in->stanza);
    if (in->room != NULL) {
        muc_handle_bounce(in, name[0], condition);
        return;
    }
    if (name[0] == 'm' && in->peer == NULL)
        privilege_handle_refusal(in, condition);
    x->in->bounce(x->ctx, &in->from, in->peer, name[0], condition);
}

static void router_handle_cut(struct inbound *in, const char *name)
{
    bool request = strcmp(in->type, "get") == 0 || strcmp(in->type, "set") == 0;
    bool wants = name[0] == 'i' ? request : name[0] == 'm' && strcmp(in->type, "error") != 0;
    room_log_drop(in->x, "stanza too large", in->from.full, in->to);
    if (name[0] == 'i' && !request)
        queries_answer(&in->x->queries, in->from.full, in->to, in->from.id, NULL);
    if (wants)
        router_send_limit(in, STANZA_POLICY_VIOLATION, N_("The stanza is too large."));
}

static void router_handle_typed(struct inbound *in, const char *name)
{
    /* No client sends from a bare JID: a server speaks, or what we said in the user's name. */
    if (name[0] == 'm' && in->from.resource[0] == '\0' && privilege_takes_message(in))
        return;
    const struct route *route = routes_find(name[0], in->type, in->room != NULL);
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = route->handle(in, &err);
    if (status != SJ_OK && (route->answers & 1ul << status) != 0)
        router_answer_status(in, &err, status, false);
}

static void router_dispatch(struct inbound *in, const char *name, bool cut)
{
    bool is_error = strcmp(in->type, "error") == 0;
    if (cut) {
        router_handle_cut(in, name);
    } else if (is_error || (name[0] == 'i' && strcmp(in->type, "result") == 0)) {
        router_handle_response(in, is_error);
    } else if (name[0] == 'i') {
        if (strcmp(in->type, "get") == 0 || strcmp(in->type, "set") == 0)
            router_handle_request(in);
        else
            router_send_error(in, STANZA_BAD_REQUEST, NULL, false);
    } else {
        router_handle_typed(in, name);
    }
}

/* The localpart of `to` is no address of ours (R7622-07). */
static void router_answer_malformed(struct inbound *in, const char *name)
{
    bool ends = strcmp(in->type, "error") == 0 || strcmp(in->type, "result") == 0;
    bool gone = name[0] == 'p' && strcmp(in->type, "unavailable") == 0;
    if (!ends && !gone)
        router_send_error(in, STANZA_JID_MALFORMED, NULL, false);
}

static bool router_is_stanza(xmpp_stanza_t *st)
{
    const char *ns = xmpp_stanza_get_ns(st);
    const char *name = xmpp_stanza_get_name(st);
    if (ns == NULL || name == NULL ||
        (strcmp(ns, NS_COMPONENT) != 0 && strcmp(ns, "jabber:client") != 0))
        return false;
    return strcmp(name, "message") == 0 || strcmp(name, "presence") == 0 ||
           strcmp(name, "iq") == 0;
}

/* Parses both addresses; false: nobody to answer, the stanza is dropped. */
static bool router_read_addresses(struct xmpp *x, xmpp_stanza_t *st, struct jid *from,
                                  struct jid *to, unsigned *host)
{
    const char *from_text = stanza_get(st, "from");
    const char *to_text = stanza_get(st, "to");
    if (from_text == NULL || to_text == NULL || !jid_parse(from, from_text, x->fold) ||
        !jid_parse(to, to_text, x->fold)) {
        room_log_drop(x, "stanza without valid addresses", from_text, to_text);
        return false;
    }
    if (sj_map_find(&x->hosts, from->domain) != NULL) {
        room_log_drop(x, "stanza from a domain of ours", from_text, to_text);
        return false;
    }
    const struct component *c = sj_map_find(&x->hosts, to->domain);
    if (c == NULL) {
        room_log_drop(x, "stanza to a foreign domain", from_text, to_text);
        return false;
    }
    *host = c->index;
    return true;
}

/* By the form of the id alone. */
static void router_find_room(struct inbound *in, const struct jid *to)
{
    struct xmpp *x = in->x;
    if (!x->options->hosts[in->host].has_rooms || in->peer == NULL ||
        !x->in->muc.is_room(x->ctx, in->host, in->peer))
        return;
    in->room = to->bare;
    in->nick = in->to_resource ? to->resource : NULL;
}

void router_handle(struct component *c, xmpp_stanza_t *st, bool cut)
{
    struct xmpp *x = c->x;
    struct jid from;
    struct jid to;
    struct inbound in = {.x = x, .stream = c, .stanza = st};
    if (!router_is_stanza(st) || !router_read_addresses(x, st, &from, &to, &in.host))
        return;
    const char *name = xmpp_stanza_get_name(st);
    const char *type = stanza_get(st, "type");
    in.type = type != NULL ? type : "";
    in.to = to.full;
    in.to_resource = to.resource[0] != '\0';
    in.from = (struct xmpp_from){
        .host = in.host,
        .user = from.bare,
        .resource = from.resource,
        .full = from.full,
        .id = stanza_get(st, "id"),
        .lang = stanza_get(st, "xml:lang"),
    };
    /* Others keep the id for a while; one that long is no client's. */
    if (in.from.id != NULL && strlen(in.from.id) > ROUTER_ID_MAX)
        cut = true;
    if (in.from.lang != NULL && strlen(in.from.lang) > ROUTER_LANG_MAX)
        in.from.lang = NULL;
    struct sj_strbuf peer;
    sj_strbuf_init(&peer, JID_PART_MAX);
    if (to.local[0] != '\0' && address_unescape(&peer, to.local) != SJ_OK) {
        router_answer_malformed(&in, name);
    } else {
        in.peer = to.local[0] != '\0' ? peer.s : NULL;
        router_find_room(&in, &to);
        bool late = c->state == COMPONENT_ENDING && late_handle(&in);
        if (!late && (cut || !moved_handle(&in, name[0])))
            router_dispatch(&in, name, cut);
    }
    sj_strbuf_release(&peer);
}
