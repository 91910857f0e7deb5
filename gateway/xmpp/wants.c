/* SPDX-License-Identifier: MPL-2.0 */
/* Learns from a client's capabilities which nodes its user's resource wants to be told of.
 *
 * The hash in presence names a set of features. What is kept stands under the hash that we reckon
 * from the answer itself, and is read from the very text that is hashed, so nobody can make us
 * believe something about other people's clients (G115-09, XEP-0115 §5.4, §8.1 and §8.2); an answer
 * that does not fit its hash counts for the client that gave it, and an ill-formed one for nobody.
 * Source: XEP-0115 §5 and §6, XEP-0163 §4.3. */
#include "wants.h"

#include <string.h>

#include "caps.h"
#include "room.h"
#include "sojourn/memory.h"
#include "stanza.h"

struct wants_set {
    struct sj_list used;
    unsigned nodes;
    char ver[CAPS_VER_SIZE];
};

static const char *const wants_nodes[XMPP_NODE_COUNT] = {
    [XMPP_NODE_AVATAR] = NS_AVATAR_METADATA "+notify",
    [XMPP_NODE_NICK] = NS_NICK "+notify",
    [XMPP_NODE_VCARD4] = NS_VCARD4_NODE "+notify",
};

void wants_init(struct wants *w)
{
    sj_map_init(&w->by_ver);
    sj_list_init(&w->used);
}

static void wants_drop(struct wants *w, struct wants_set *set)
{
    sj_map_remove(&w->by_ver, set->ver);
    sj_list_remove(&set->used);
    sj_free(set);
}

void wants_release(struct wants *w)
{
    while (!sj_list_empty(&w->used))
        wants_drop(w, SJ_CONTAINER(w->used.next, struct wants_set, used));
    sj_map_release(&w->by_ver);
}

static void wants_keep(struct wants *w, const char *ver, unsigned nodes)
{
    struct wants_set *set = sj_map_find(&w->by_ver, ver);
    if (set != NULL)
        return;
    if (w->by_ver.used >= WANTS_MAX)
        wants_drop(w, SJ_CONTAINER(w->used.next, struct wants_set, used));
    set = sj_calloc(1, sizeof *set);
    set->nodes = nodes;
    sj_copy(set->ver, sizeof set->ver, ver);
    sj_list_init(&set->used);
    sj_list_append(&w->used, &set->used);
    sj_map_put(&w->by_ver, set->ver, set);
}

/* ---- reading an answer ---- */

/* Everything of an answer; texts are borrowed from the stanza. */
struct wants_answer {
    struct caps_identity identity[WANTS_IDENTITIES_MAX];
    const char *var[WANTS_VARS_MAX];
    struct caps_form form[WANTS_FORMS_MAX];
    struct caps_field field[WANTS_FORMS_MAX][WANTS_FIELDS_MAX];
    const char **values;                 /* of all fields, in order */
    size_t n_values, max_values;
    struct caps_set set;
};

static bool wants_same(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

static bool wants_add_identity(struct wants_answer *a, xmpp_stanza_t *st)
{
    size_t n = a->set.n_identities;
    struct caps_identity id = {
        .category = stanza_get(st, "category"),
        .type = stanza_get(st, "type"),
        .lang = stanza_get(st, "xml:lang"),
        .name = stanza_get(st, "name"),
    };
    if (id.category == NULL || id.type == NULL || n == WANTS_IDENTITIES_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if (wants_same(a->identity[i].category, id.category) &&
            wants_same(a->identity[i].type, id.type) &&
            wants_same(a->identity[i].lang, id.lang) &&
            wants_same(a->identity[i].name, id.name))
            return false;
    a->identity[n] = id;
    a->set.n_identities++;
    return true;
}

static bool wants_add_var(struct wants_answer *a, xmpp_stanza_t *st)
{
    size_t n = a->set.n_features;
    const char *var = stanza_get(st, "var");
    if (var == NULL || n == WANTS_VARS_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if (strcmp(a->var[i], var) == 0)
            return false;
    a->var[n] = var;
    a->set.n_features++;
    return true;
}

/* The values of a field, appended to those of the answer. */
static bool wants_add_values(struct wants_answer *a, xmpp_stanza_t *st,
                                struct caps_field *field)
{
    field->values = a->values + a->n_values;
    for (xmpp_stanza_t *v = stanza_first(st); v != NULL; v = stanza_next(v)) {
        if (!stanza_is(v, "value", NS_DATA))
            continue;
        if (field->n_values == WANTS_VALUES_MAX || a->n_values == a->max_values)
            return false;
        a->values[a->n_values++] = stanza_text(v);
        field->n_values++;
    }
    return true;
}

/* A form whose FORM_TYPE is not hidden is no part of the hash (G115-07). */
static bool wants_add_form(struct wants_answer *a, xmpp_stanza_t *st)
{
    size_t n = a->set.n_forms;
    struct caps_form form = {.form_type = NULL, .fields = a->field[n]};
    for (xmpp_stanza_t *f = stanza_first(st); f != NULL; f = stanza_next(f)) {
        struct caps_field field = {.var = stanza_get(f, "var")};
        const char *type = stanza_get(f, "type");
        if (!stanza_is(f, "field", NS_DATA) || field.var == NULL)
            continue;
        if (!wants_add_values(a, f, &field))
            return false;
        if (strcmp(field.var, "FORM_TYPE") == 0) {
            if (form.form_type != NULL || field.n_values != 1)
                return false;
            if (type == NULL || strcmp(type, "hidden") != 0)
                return true;
            form.form_type = field.values[0];
        } else if (form.n_fields == WANTS_FIELDS_MAX) {
            return false;
        } else {
            a->field[n][form.n_fields++] = field;
        }
    }
    for (size_t i = 0; form.form_type != NULL && i < n; i++)
        if (strcmp(a->form[i].form_type, form.form_type) == 0)
            return false;
    if (form.form_type != NULL) {
        a->form[n] = form;
        a->set.n_forms++;
    }
    return true;
}

static bool wants_add(struct wants_answer *a, xmpp_stanza_t *st)
{
    if (stanza_is(st, "identity", NS_INFO))
        return wants_add_identity(a, st);
    if (stanza_is(st, "feature", NS_INFO))
        return wants_add_var(a, st);
    if (stanza_is(st, "x", NS_DATA))
        return a->set.n_forms < WANTS_FORMS_MAX && wants_add_form(a, st);
    return true;
}

/* By the pieces of the hashed text, each of which ends in '<', wherever they stand: what is kept
 * under a hash may depend on nothing that the hash does not show. */
static unsigned wants_nodes_of(const char *text)
{
    unsigned nodes = 0;
    const char *end;
    for (const char *piece = text; (end = strchr(piece, '<')) != NULL; piece = end + 1)
        for (size_t n = 0; n < XMPP_NODE_COUNT; n++)
            if (strlen(wants_nodes[n]) == (size_t)(end - piece) &&
                memcmp(wants_nodes[n], piece, (size_t)(end - piece)) == 0)
                nodes |= 1u << n;
    return nodes;
}

/* Reads <query/> of disco#info: the nodes that are asked for (bits of enum xmpp_node), and the hash
 * of everything in ver. False: ill-formed (XEP-0115 §5.4), nothing of it counts. */
static bool wants_read(xmpp_ctx_t *ctx, xmpp_stanza_t *query, unsigned *nodes,
                       char ver[CAPS_VER_SIZE])
{
    struct wants_answer *a = sj_calloc(1, sizeof *a);
    struct sj_strbuf text;
    bool good = true;
    sj_strbuf_init(&text, CAPS_TEXT_MAX);
    a->max_values = (size_t)WANTS_FORMS_MAX * WANTS_FIELDS_MAX;
    a->values = sj_calloc(a->max_values, sizeof *a->values);
    a->set.identities = a->identity;
    a->set.features = a->var;
    a->set.forms = a->form;
    for (xmpp_stanza_t *c = stanza_first(query); good && c != NULL; c = stanza_next(c))
        good = wants_add(a, c);
    if (good)
        caps_text(&text, &a->set);
    good = good && sj_strbuf_ok(&text);
    *nodes = good ? wants_nodes_of(text.s) : 0;
    if (good)
        caps_hash(ver, ctx, &text);
    sj_strbuf_release(&text);
    sj_free(a->values);
    sj_free(a);
    return good;
}

/* ---- asking ---- */

static void wants_on_answer(struct xmpp *x, const struct query_reply *reply)
{
    xmpp_stanza_t *query = reply->ok ? stanza_child(reply->iq, "query", NS_INFO) : NULL;
    unsigned nodes = 0;
    char ver[CAPS_VER_SIZE];
    if (query != NULL && wants_read(x->output.ctx, query, &nodes, ver))
        wants_keep(&x->wants, ver, nodes);
    if (nodes != 0)
        x->in->profile.wants(x->ctx, reply->host, reply->to, nodes);
}

bool xmpp_query_wants(struct xmpp *x, unsigned host, const char *full,
                      const struct xmpp_caps_in *caps, unsigned *nodes)
{
    struct wants *w = &x->wants;
    struct wants_set *set = caps != NULL ? sj_map_find(&w->by_ver, caps->ver) : NULL;
    if (set != NULL) {
        sj_list_remove(&set->used);
        sj_list_append(&w->used, &set->used);
        *nodes = set->nodes;
        return true;
    }
    xmpp_stanza_t *iq = room_stanza_new(x, host, "iq", "get", NULL, full, NULL);
    xmpp_stanza_t *query = stanza_add(iq, "query", NS_INFO);
    if (caps != NULL) {
        struct sj_strbuf node;
        sj_strbuf_init(&node, XMPP_CAPS_NODE_MAX + CAPS_VER_LEN + 1);
        sj_strbuf_addf(&node, "%s#%s", caps->node, caps->ver);
        stanza_set(query, "node", node.s);
        sj_strbuf_release(&node);
    }
    query_send(x, host, iq, wants_on_answer, 0);
    return false;
}
