/* SPDX-License-Identifier: MPL-2.0 */
/* Searching for people on a network: the classic fields, or a form (XEP-0055).
 *
 * Who asked by a form gets the results in one, others as items. What a network can be asked for,
 * who may ask, and the search itself are the session room's business. Source: XEP-0055 §2 and §3,
 * XEP-0059 §3.1. */
#include <string.h>

#include "form.h"
#include "handlers.h"
#include "router.h"
#include "rsm.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

#define SEARCH_VALUE_MAX 1023u

/* All of the schema, in its order; a host may add none. */
static const char *const search_classic[] = {"first", "last", "nick", "email"};
#define SEARCH_CLASSIC (sizeof search_classic / sizeof *search_classic)

static bool search_is_classic(const char *var)
{
    for (size_t i = 0; i < SEARCH_CLASSIC; i++)
        if (strcmp(search_classic[i], var) == 0)
            return true;
    return false;
}

/* ---- in ---- */

enum sj_status search_handle_get(struct inbound *in, struct sj_error *err)
{
    struct xmpp_form form = {.form_type = NS_SEARCH};
    enum sj_status status = in->x->in->search.form(in->x->ctx, &in->from, &form, err);
    if (status != SJ_OK)
        return status;
    form.title = in->x->options->hosts[in->host].identity_name;
    xmpp_stanza_t *result = router_result(in);
    xmpp_stanza_t *query = stanza_add(result, "query", NS_SEARCH);
    if (form.instructions != NULL)
        stanza_add_with_text(query, "instructions", form.instructions);
    for (size_t i = 0; i < form.n; i++)
        if (form.input[i].var != NULL && search_is_classic(form.input[i].var))
            stanza_add(query, form.input[i].var, NULL);
    form_add_all(query, &form, false);
    router_answer(in, result);
    return SJ_OK;
}

static enum sj_status search_read_classic(xmpp_stanza_t *query, struct xmpp_values *out,
                                          struct sj_error *err)
{
    for (xmpp_stanza_t *c = stanza_first(query); c != NULL; c = stanza_next(c)) {
        const char *name = xmpp_stanza_get_name(c);
        if (!stanza_is(c, name, NS_SEARCH) || !search_is_classic(name))
            continue;
        for (size_t i = 0; i < out->n; i++)
            if (strcmp(out->item[i].var, name) == 0)
                return sj_fail(err, SJ_INVALID, "A field was given twice.");
        out->item[out->n].var = name;
        out->item[out->n++].value = stanza_text(c);
    }
    return SJ_OK;
}

static enum sj_status search_start(struct inbound *in, const struct xmpp_values *values,
                                   bool as_form, struct sj_error *err)
{
    struct xmpp_search_in ask = {.from = &in->from, .values = values, .as_form = as_form};
    enum sj_status status = rsm_read(in->payload, &ask.page, err);
    for (size_t i = 0; status == SJ_OK && i < values->n; i++)
        if (strlen(values->item[i].value) > SEARCH_VALUE_MAX)
            status = sj_fail(err, SJ_UNACCEPTABLE, "A value is too long.");
    if (status == SJ_OK)
        status = router_defer(in, false, err);
    if (status != SJ_OK)
        return status;
    return in->x->in->search.start(in->x->ctx, &ask, in->request, err);
}

static enum sj_status search_submit_form(struct inbound *in, xmpp_stanza_t *x,
                                         struct sj_error *err)
{
    const char *type = stanza_get(x, "type");
    const char *kind = form_type(x);
    if (type != NULL && strcmp(type, "cancel") == 0) {
        router_answer(in, router_result(in));
        return SJ_OK;
    }
    if (type == NULL || strcmp(type, "submit") != 0)
        return sj_fail(err, SJ_INVALID, "The form was not submitted.");
    if (kind != NULL && strcmp(kind, NS_SEARCH) != 0)
        return sj_fail(err, SJ_INVALID, "This is another form.");
    struct form_values values;
    enum sj_status status = form_read(&values, x)
                                ? search_start(in, &values.values, true, err)
                                : sj_fail(err, SJ_INVALID, "The form makes no sense.");
    form_values_wipe(&values);
    return status;
}

enum sj_status search_handle_set(struct inbound *in, struct sj_error *err)
{
    xmpp_stanza_t *x = stanza_child(in->payload, "x", NS_DATA);
    struct xmpp_values values = {.n = 0};
    enum sj_status status = search_read_classic(in->payload, &values, err);
    if (status != SJ_OK)
        return status;
    if (x != NULL && values.n > 0)
        return sj_fail(err, SJ_INVALID, "Use either the form or the plain fields.");
    return x != NULL ? search_submit_form(in, x, err) : search_start(in, &values, false, err);
}

/* ---- out ---- */

/* What was found and can be addressed: columns JID, name. */
struct search_rows {
    char **jid;
    const char **name;
    size_t n;
};

static void search_add_items(xmpp_stanza_t *query, const struct search_rows *rows,
                             const struct rsm_rows *page)
{
    for (size_t i = page->first; i < page->end; i++) {
        xmpp_stanza_t *item = stanza_add(query, "item", NULL);
        stanza_set(item, "jid", rows->jid[i]);
        for (size_t j = 0; j < SEARCH_CLASSIC; j++) {
            bool nick = strcmp(search_classic[j], "nick") == 0;
            stanza_add_with_text(item, search_classic[j], nick ? rows->name[i] : NULL);
        }
    }
}

static void search_add_table(xmpp_stanza_t *query, const struct search_rows *rows,
                             const struct rsm_rows *page, const char *lang)
{
    const struct xmpp_input columns[] = {
        {.kind = XMPP_INPUT_JID, .var = "jid", .label = sj_translate(lang, "Address")},
        {.kind = XMPP_INPUT_TEXT, .var = "nick", .label = sj_translate(lang, "Name")},
    };
    size_t n = page->end - page->first;
    if (n == 0)
        return;
    const char **cells = sj_calloc(2 * n, sizeof *cells);
    for (size_t i = 0; i < n; i++) {
        cells[2 * i] = rows->jid[page->first + i];
        cells[2 * i + 1] = rows->name[page->first + i];
    }
    form_add_table(query, &(struct xmpp_table){.columns = columns,
                                               .n_columns = 2,
                                               .cells = cells,
                                               .n_rows = n,
                                               .form_type = NS_SEARCH});
    sj_free(cells);
}

static enum sj_status search_send(struct xmpp *x, const struct request *q,
                                  const struct xmpp_search_out *out, const struct search_rows *rows,
                                  const struct rsm_rows *page)
{
    xmpp_stanza_t *iq = stanza_new(x->output.ctx, "iq", "result", q->id);
    stanza_set(iq, "from", q->to);
    stanza_set(iq, "to", q->from);
    xmpp_stanza_t *query = stanza_add(iq, "query", NS_SEARCH);
    if (out->as_form)
        search_add_table(query, rows, page, q->lang);
    else
        search_add_items(query, rows, page);
    rsm_add(query, &out->page, rows->jid, rows->n, page);
    return room_send_status(x, q->host, iq);
}

static void search_rows_fill(struct search_rows *rows, const struct xmpp *x, unsigned host,
                             const struct xmpp_search_out *out)
{
    rows->jid = sj_calloc(out->n + 1, sizeof *rows->jid);
    rows->name = sj_calloc(out->n + 1, sizeof *rows->name);
    rows->n = 0;
    for (size_t i = 0; i < out->n; i++) {
        struct sj_strbuf jid;
        sj_strbuf_init(&jid, JID_MAX);
        if (xmpp_peer_jid(x, host, out->found[i].peer, &jid)) {
            rows->name[rows->n] = out->found[i].name;
            rows->jid[rows->n++] = sj_strbuf_take(&jid);
        }
        sj_strbuf_release(&jid);
    }
}

static void search_rows_release(struct search_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        sj_free(rows->jid[i]);
    sj_free(rows->jid);
    sj_free(rows->name);
}

void xmpp_answer_search(struct xmpp *x, uint64_t req, const struct xmpp_search_out *out)
{
    const struct request *q = requests_find(&x->requests, req);
    struct search_rows rows;
    struct rsm_rows page;
    struct sj_error err = {.status = SJ_OK};
    if (q == NULL)
        return;
    search_rows_fill(&rows, x, q->host, out);
    if (!rsm_choose(&out->page, rows.jid, rows.n, &page))
        sj_fail(&err, SJ_NOTFOUND, "There is no such row any more.");
    /* Half of it, until it fits: a smaller page is always allowed. */
    while (err.status == SJ_OK &&
           search_send(x, q, out, &rows, &page) == SJ_UNACCEPTABLE) {
        if (page.first == page.end)
            sj_fail(&err, SJ_LIMIT, "The answer is too large.");
        else if (out->page.back)
            page.first += (page.end - page.first + 1) / 2;
        else
            page.end -= (page.end - page.first + 1) / 2;
    }
    if (err.status == SJ_OK)
        requests_drop(&x->requests, req);
    else
        xmpp_answer(x, req, &err);
    search_rows_release(&rows);
}
