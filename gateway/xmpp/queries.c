/* SPDX-License-Identifier: MPL-2.0 */
/* Asks users' clients for their features, and matches the answers by id and address.
 *
 * Today one question: may this resource be sent roster items by iq (XEP-0144 §5, G144-02)? The
 * outcome is told exactly once, false on an error or after a timeout; one timer serves the list,
 * which is in order of age. Source: XEP-0030 §3.1, RFC 6120 §8.2.3. */
#include "queries.h"

#include <string.h>

#include "room.h"
#include "sojourn/memory.h"
#include "stanza.h"

struct query {
    struct sj_list link;
    int64_t due_ms;
    unsigned host;
    char id[OUTPUT_ID_SIZE];
    char full[];
};

static void queries_arm(struct queries *q)
{
    if (sj_list_empty(&q->ordered)) {
        sj_timer_stop(&q->timer);
        return;
    }
    const struct query *oldest = SJ_CONTAINER(q->ordered.next, struct query, link);
    int64_t wait = oldest->due_ms - sj_loop_now_ms(q->x->loop);
    sj_timer_start(q->x->loop, &q->timer, wait > 0 ? wait : 0);
}

/* Out of the table; the caller frees it. */
static void queries_unlink(struct queries *q, struct query *one)
{
    sj_map_remove(&q->by_id, one->id);
    sj_list_remove(&one->link);
    q->count--;
}

static void queries_tell(struct queries *q, struct query *one, bool supported)
{
    queries_unlink(q, one);
    q->x->in->rosterx(q->x->ctx, one->host, one->full, supported);
    sj_free(one);
}

static void queries_on_timer(void *arg)
{
    struct queries *q = arg;
    int64_t now = sj_loop_now_ms(q->x->loop);
    while (!sj_list_empty(&q->ordered)) {
        struct query *one = SJ_CONTAINER(q->ordered.next, struct query, link);
        if (one->due_ms > now)
            break;
        queries_tell(q, one, false);
    }
    queries_arm(q);
}

void queries_init(struct queries *q, struct xmpp *x)
{
    *q = (struct queries){.x = x};
    sj_map_init(&q->by_id);
    sj_list_init(&q->ordered);
    sj_timer_init(&q->timer, queries_on_timer, q);
}

void queries_release(struct queries *q)
{
    while (!sj_list_empty(&q->ordered)) {
        struct query *one = SJ_CONTAINER(q->ordered.next, struct query, link);
        queries_unlink(q, one);
        sj_free(one);
    }
    sj_timer_stop(&q->timer);
    sj_map_release(&q->by_id);
}

static bool queries_has_feature(xmpp_stanza_t *iq, const char *feature)
{
    const char *type = stanza_get(iq, "type");
    xmpp_stanza_t *info = stanza_child(iq, "query", NS_INFO);
    if (info == NULL || type == NULL || strcmp(type, "result") != 0)
        return false;
    for (xmpp_stanza_t *c = stanza_first(info); c != NULL; c = stanza_next(c)) {
        const char *var = stanza_get(c, "var");
        if (stanza_is(c, "feature", NS_INFO) && var != NULL && strcmp(var, feature) == 0)
            return true;
    }
    return false;
}

bool queries_answer(struct queries *q, unsigned host, const char *from, xmpp_stanza_t *iq)
{
    const char *id = stanza_get(iq, "id");
    struct query *one = id != NULL ? sj_map_find(&q->by_id, id) : NULL;
    if (one == NULL || one->host != host || strcmp(one->full, from) != 0)
        return false;
    queries_tell(q, one, queries_has_feature(iq, NS_ROSTERX));
    queries_arm(q);
    return true;
}

void xmpp_query_rosterx(struct xmpp *x, unsigned host, const char *full)
{
    struct queries *q = &x->queries;
    if (q->count >= XMPP_QUERIES_MAX) {
        sj_log_debug(&x->log, "query not sent, too many are open to=%s", SJ_CLIP(full));
        return;
    }
    size_t n = strlen(full) + 1;
    struct query *one = sj_calloc(1, sizeof *one + n);
    memcpy(one->full, full, n);
    one->host = host;
    one->due_ms = sj_loop_now_ms(x->loop) + XMPP_QUERY_TIMEOUT_MS;
    output_new_id(&x->output, one->id);
    sj_map_put(&q->by_id, one->id, one);
    sj_list_append(&q->ordered, &one->link);
    q->count++;
    queries_arm(q);
    xmpp_stanza_t *iq = room_stanza_new(x, host, "iq", "get", NULL, full, one->id);
    stanza_add(iq, "query", NS_INFO);
    room_send(x, host, iq);
}
