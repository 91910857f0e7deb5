/* SPDX-License-Identifier: MPL-2.0 */
/* Finds the upload service of a server, and remembers it for a while.
 *
 * Items of the server, then info of the server itself and of each item; the first that says
 * store/file and has the feature is taken (G363-01). What is found lasts for hours, what is not for
 * minutes; one that fails is looked for anew with the next file. Source: XEP-0363 §4, XEP-0030. */
#include <string.h>

#include "form.h"
#include "room.h"
#include "sojourn/memory.h"
#include "stanza.h"
#include "upload.h"

#define UPLOAD_FOUND_MS (6 * 3600 * 1000)
#define UPLOAD_NONE_MS (10 * 60 * 1000)

struct upload_service *upload_service_by_number(const struct upload *u, uint64_t number)
{
    return sj_idmap_find(&u->by_number, number);
}

static void service_free(struct upload *u, struct upload_service *s)
{
    sj_map_remove(&u->by_domain, s->domain);
    sj_idmap_remove(&u->by_number, s->number);
    sj_list_remove(&s->link);
    u->n_services--;
    sj_free(s->jid);
    sj_free(s);
}

void upload_services_free(struct upload *u)
{
    while (!sj_list_empty(&u->services))
        service_free(u, SJ_CONTAINER(u->services.next, struct upload_service, link));
}

static void service_enter(struct upload *u, struct upload_service *s, enum upload_state state)
{
    int64_t now = sj_loop_now_ms(u->x->loop);

    s->state = state;
    s->until_ms = now + (state == UPLOAD_FOUND ? UPLOAD_FOUND_MS : UPLOAD_NONE_MS);
    sj_log_debug(&u->x->log, "upload service of=%s is=%s size_max=%llu", SJ_CLIP(s->domain),
                 state == UPLOAD_FOUND ? SJ_CLIP(s->jid) : "none",
                 (unsigned long long)s->size_max);
    upload_service_known(u, s);
}

void upload_service_doubt(struct upload *u, struct upload_service *s)
{
    if (s->state != UPLOAD_SEARCHING)
        s->until_ms = sj_loop_now_ms(u->x->loop);
}

/* ---- answers ---- */

static bool service_has(xmpp_stanza_t *info, const char *feature)
{
    for (xmpp_stanza_t *c = stanza_first(info); c; c = stanza_next(c)) {
        const char *var = stanza_is(c, "feature", NS_INFO) ? stanza_get(c, "var") : NULL;
        if (var && strcmp(var, feature) == 0)
            return true;
    }
    return false;
}

static bool service_is_store(xmpp_stanza_t *info)
{
    for (xmpp_stanza_t *c = stanza_first(info); c; c = stanza_next(c)) {
        const char *category = stanza_is(c, "identity", NS_INFO) ? stanza_get(c, "category") : NULL;
        const char *type = category ? stanza_get(c, "type") : NULL;
        if (type && strcmp(category, "store") == 0 && strcmp(type, "file") == 0)
            return true;
    }
    return false;
}

/* XEP-0363 §4: a form of the service, with its limit. */
static uint64_t service_limit(xmpp_stanza_t *info)
{
    int64_t n = 0;

    for (xmpp_stanza_t *c = stanza_first(info); c; c = stanza_next(c)) {
        const char *type = stanza_is(c, "x", NS_DATA) ? form_type(c) : NULL;
        if (!type || strcmp(type, NS_UPLOAD) != 0)
            continue;
        for (xmpp_stanza_t *f = form_first(c); f; f = form_next(f)) {
            const char *var = stanza_get(f, "var");
            const char *value = form_value(f);
            if (var && value && strcmp(var, "max-file-size") == 0 &&
                sj_parse_int(value, 1, INT64_MAX, &n))
                return (uint64_t)n;
        }
    }
    return 0;
}

static void service_on_info(struct xmpp *x, const struct query_reply *r)
{
    struct upload *u = x->upload;
    struct upload_service *s = upload_service_by_number(u, r->token);
    xmpp_stanza_t *info = r->ok ? stanza_child(r->iq, "query", NS_INFO) : NULL;

    if (!s || s->state != UPLOAD_SEARCHING)
        return;                          /* another one was quicker */
    s->open--;
    if (info && service_has(info, NS_UPLOAD) && (s->named || service_is_store(info))) {
        s->jid = sj_strdup(r->to);
        s->size_max = service_limit(info);
        s->purposes = service_has(info, NS_UPLOAD_PURPOSE "#message");
        service_enter(u, s, UPLOAD_FOUND);
    } else if (s->open == 0) {
        service_enter(u, s, UPLOAD_NONE);
    }
}

static bool service_ask(struct upload *u, unsigned host, struct upload_service *s, const char *to,
                        const char *ns, query_handler *answer)
{
    xmpp_stanza_t *iq = room_stanza_new(u->x, host, "iq", "get", NULL, to, NULL);

    stanza_add(iq, "query", ns);
    if (!query_send(u->x, host, iq, answer, s->number))
        return false;
    s->open++;
    return true;
}

static void service_on_items(struct xmpp *x, const struct query_reply *r)
{
    struct upload *u = x->upload;
    struct upload_service *s = upload_service_by_number(u, r->token);
    xmpp_stanza_t *items = r->ok ? stanza_child(r->iq, "query", NS_ITEMS) : NULL;
    unsigned asked = 0;
    struct jid jid;

    if (!s || s->state != UPLOAD_SEARCHING)
        return;
    s->open--;
    if (r->ok)
        service_ask(u, r->host, s, s->domain, NS_INFO, service_on_info);
    for (xmpp_stanza_t *c = items ? stanza_first(items) : NULL; c; c = stanza_next(c)) {
        const char *text = stanza_is(c, "item", NS_ITEMS) ? stanza_get(c, "jid") : NULL;
        if (!text || stanza_get(c, "node") || asked == UPLOAD_ITEMS_MAX ||
            !jid_parse(&jid, text, x->fold) || sj_map_find(&x->hosts, jid.domain) ||
            strcmp(jid.full, s->domain) == 0)
            continue;
        asked++;
        service_ask(u, r->host, s, jid.full, NS_INFO, service_on_info);
    }
    if (s->open == 0)
        service_enter(u, s, UPLOAD_NONE);
}

/* ---- the table ---- */

static void service_search(struct upload *u, unsigned host, struct upload_service *s)
{
    s->state = UPLOAD_SEARCHING;
    s->size_max = 0;
    s->purposes = false;
    sj_free(s->jid);
    s->jid = NULL;
    /* Answers to an earlier search must not count: it gets a new name. */
    sj_idmap_remove(&u->by_number, s->number);
    s->number = ++u->newest;
    sj_idmap_put(&u->by_number, s->number, s);
    s->open = 0;
    if (s->named)
        service_ask(u, host, s, s->domain, NS_INFO, service_on_info);
    else
        service_ask(u, host, s, s->domain, NS_ITEMS, service_on_items);
    if (s->open == 0) {                  /* too many questions are open: soon again */
        s->state = UPLOAD_NONE;
        s->until_ms = sj_loop_now_ms(u->x->loop);
    }
}

static struct upload_service *service_new(struct upload *u, const char *domain)
{
    size_t n = strlen(domain) + 1;
    struct upload_service *s = NULL;

    for (struct sj_list *i = u->services.next;
         u->n_services >= UPLOAD_SERVICES_MAX && i != &u->services; i = i->next) {
        s = SJ_CONTAINER(i, struct upload_service, link);
        if (s->state == UPLOAD_SEARCHING)
            continue;
        service_free(u, s);
        break;
    }
    if (u->n_services >= UPLOAD_SERVICES_MAX)
        return NULL;
    s = sj_calloc(1, sizeof *s + n);
    memcpy(s->domain, domain, n);
    s->state = UPLOAD_NONE;
    s->number = ++u->newest;
    sj_idmap_put(&u->by_number, s->number, s);
    sj_map_put(&u->by_domain, s->domain, s);
    sj_list_init(&s->link);
    u->n_services++;
    return s;
}

struct upload_service *upload_service_get(struct upload *u, unsigned host, const char *domain,
                                          bool trusted, bool named)
{
    struct upload_service *s = sj_map_find(&u->by_domain, domain);

    if (!s)
        s = service_new(u, domain);
    if (!s)
        return NULL;
    sj_list_remove(&s->link);
    sj_list_append(&u->services, &s->link);
    s->trusted = trusted;
    s->named = named;
    if (s->state != UPLOAD_SEARCHING && s->until_ms <= sj_loop_now_ms(u->x->loop))
        service_search(u, host, s);
    return s;
}
