/* SPDX-License-Identifier: MPL-2.0 */
/* Searching for people on a network (XEP-0055), for an iq request or for a run of a command.
 *
 * A user has one search at a time. Results are kept until the network says that these were all, or
 * until the deadline; there are at most SJ_FOUND_MAX, whatever a network sends. What a search costs
 * is borne by the network: without any value that narrows it down none is made. */
#include "search.h"

#include <string.h>

#include "command.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

/* Owned by the session. */
struct search {
    sj_op op;                            /* 0: it is over */
    xmpp_req req;                        /* who waits: a request, or a run */
    uint64_t run;
    bool as_form;
    struct xmpp_page page;
    char *mark;                          /* of page */
    struct sj_timer deadline;
    size_t n;
    struct {
        char *id, *name;
    } found[SJ_FOUND_MAX];
};

void search_free(struct session *s)
{
    struct search *f = s->search;

    if (!f)
        return;
    sj_timer_stop(&f->deadline);
    for (size_t i = 0; i < f->n; i++) {
        sj_free(f->found[i].id);
        sj_free(f->found[i].name);
    }
    sj_free(f->mark);
    sj_free(f);
    s->search = NULL;
}

size_t search_results(const struct session *s, struct xmpp_found out[SJ_FOUND_MAX])
{
    const struct search *f = s->search;
    size_t n = f ? f->n : 0;

    for (size_t i = 0; i < n; i++)
        out[i] = (struct xmpp_found){.peer = f->found[i].id, .name = f->found[i].name};
    return n;
}

static void search_answer(struct session *s, const struct sj_error *err)
{
    struct xmpp_found found[SJ_FOUND_MAX];
    struct search *f = s->search;
    struct xmpp_search_out out = {.found = found, .as_form = f->as_form, .page = f->page};

    if (err) {
        xmpp_answer(s->all->xmpp, f->req, err);
        return;
    }
    out.page.mark = f->mark;
    out.n = search_results(s, found);
    xmpp_answer_search(s->all->xmpp, f->req, &out);
}

/* err NULL: these are all. */
static void search_end(struct session *s, const struct sj_error *err)
{
    struct search *f = s->search;

    f->op = 0;
    sj_timer_stop(&f->deadline);
    if (f->run)
        command_outcome(s->all, f->run, err);
    else
        search_answer(s, err);
    search_free(s);
}

void search_found(struct session *s, sj_op op, const struct sj_contact *c)
{
    struct search *f = s->search;

    if (!f || f->op != op || op == 0)
        return;
    if (f->n == SJ_FOUND_MAX) {
        sj_log_debug(&s->log, "more was found than is shown peer=%s", SJ_CLIP(c->id));
        return;
    }
    f->found[f->n].id = sj_strdup(c->id);
    f->found[f->n++].name = sj_strdup(c->name);
}

void search_done(struct session *s, sj_op op, const struct sj_error *err)
{
    if (s->search && s->search->op == op && op != 0)
        search_end(s, err);
}

static void search_late(void *session)
{
    struct session *s = session;
    struct sj_error err;

    sj_fail(&err, SJ_TIMEOUT, "The network did not answer in time.");
    op_forget(s->all, s->search->op);
    search_end(s, s->search->n > 0 ? NULL : &err);
}

void search_abandon(struct session *s, uint64_t run)
{
    if (!s->search || s->search->run != run)
        return;
    op_forget(s->all, s->search->op);
    search_free(s);
}

/* ---- what can be asked for ---- */

size_t search_inputs(const struct sj_backend *b, const char *lang, struct xmpp_input *out)
{
    for (size_t i = 0; i < b->n_search_fields; i++) {
        const struct sj_field *f = &b->search_fields[i];
        out[i] = (struct xmpp_input){
            .kind = f->kind == SJ_FIELD_BOOL ? XMPP_INPUT_BOOL : XMPP_INPUT_TEXT, .var = f->var,
            .label = sj_translate(lang, f->label), .value = f->fallback, .required = f->required};
    }
    return b->n_search_fields;
}

/* The session of a registered user of a network that can be searched. */
static struct session *search_session(struct sessions *all, const struct xmpp_from *from,
                                      struct sj_error *err)
{
    struct network *n = &all->networks[from->host];
    struct session *s;

    if (!(n->backend->caps & SJ_CAP_SEARCH)) {
        sj_fail(err, SJ_UNAVAILABLE, "%s", "");
        return NULL;
    }
    s = session_get(n, from->user, err);
    if (s && s->registered && !s->removal.wanted)
        return s;
    if (s)
        session_release(s);
    if (s || err->status == SJ_UNREGISTERED)
        sj_fail(err, SJ_UNREGISTERED, "You are not registered with this gateway.");
    return NULL;
}

enum sj_status search_form(void *ctx, const struct xmpp_from *from, struct xmpp_form *out,
                           struct sj_error *err)
{
    struct sessions *all = ctx;
    struct session *s = search_session(all, from, err);

    if (!s)
        return err->status;
    session_release(s);
    out->n = search_inputs(all->networks[from->host].backend, from->lang, out->input);
    out->instructions = sj_translate(from->lang, "Fill in at least one field to find people on "
                                                 "the network.");
    return SJ_OK;
}

/* ---- the search ---- */

static enum sj_status search_read_value(const struct sj_field *f, const char *given,
                                        const char **out, struct sj_error *err)
{
    bool yes = strcmp(given, "1") == 0 || strcmp(given, "true") == 0;

    if (strlen(given) > SJ_FIELD_MAX || !sj_utf8_valid(given, strlen(given)))
        return sj_fail(err, SJ_UNACCEPTABLE, "%s: this cannot be searched for.", f->label);
    if (f->kind != SJ_FIELD_BOOL)
        *out = given;
    else if (yes || !*given || strcmp(given, "0") == 0 || strcmp(given, "false") == 0)
        *out = yes ? "1" : NULL;
    else
        return sj_fail(err, SJ_UNACCEPTABLE, "%s: yes or no.", f->label);
    return SJ_OK;
}

/* Parallel to search_fields (in->var, G004-06: unknown ones are ignored). */
static enum sj_status search_read_values(const struct sj_backend *b, const struct xmpp_values *in,
                                         const char *value[SJ_FIELDS_MAX], struct sj_error *err)
{
    bool narrow = false;

    for (size_t i = 0; i < b->n_search_fields; i++) {
        const struct sj_field *f = &b->search_fields[i];
        value[i] = NULL;
        for (size_t j = 0; j < in->n; j++) {
            if (strcmp(in->item[j].var, f->var) != 0)
                continue;
            if (search_read_value(f, in->item[j].value, &value[i], err) != SJ_OK)
                return err->status;
        }
        narrow = narrow || (f->kind != SJ_FIELD_BOOL && value[i] && value[i][0]);
        if (f->required && (!value[i] || !value[i][0]))
            return sj_fail(err, SJ_UNACCEPTABLE, "%s: it is needed", f->label);
    }
    if (!narrow)
        return sj_fail(err, SJ_UNACCEPTABLE, "Say at least a part of whom to search for.");
    return SJ_OK;
}

/* Makes s->search and asks the network. */
static enum sj_status search_begin(struct session *s, const struct xmpp_values *in,
                                   const struct search *like, struct sj_error *err)
{
    const struct sj_backend *b = s->network->backend;
    struct op_ask ask = {.kind = OP_SEARCH};
    const char *value[SJ_FIELDS_MAX];
    struct search *f;
    enum sj_status status = search_read_values(b, in, value, err);
    sj_op op;

    if (status != SJ_OK)
        return status;
    if (s->state != SESSION_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "You are not logged in to the network; show yourself "
                       "as available first.");
    if (s->search)
        return sj_fail(err, SJ_LIMIT, "Your last search is not over yet.");
    op = op_new(s, &ask, err);
    if (op == 0)
        return err->status;
    f = s->search = sj_calloc(1, sizeof *f);
    f->op = op;
    f->req = like->req;
    f->run = like->run;
    f->as_form = like->as_form;
    f->page = like->page;
    f->mark = sj_strdup(like->page.mark);
    sj_timer_init(&f->deadline, search_late, s);
    sj_timer_start(s->all->loop, &f->deadline, SEARCH_MS);
    status = b->search(s->link, value, b->n_search_fields, op, err);
    if (status == SJ_OK)
        return SJ_OK;
    op_forget(s->all, op);
    search_free(s);
    return status;
}

enum sj_status search_start(void *ctx, const struct xmpp_search_in *in, uint64_t req,
                            struct sj_error *err)
{
    struct search like = {.req = req, .as_form = in->as_form, .page = in->page};
    struct session *s = search_session(ctx, in->from, err);
    enum sj_status status;

    if (!s)
        return err->status;
    status = search_begin(s, in->values, &like, err);
    session_release(s);
    return status;
}

enum sj_status search_for_run(struct session *s, const struct xmpp_values *in, uint64_t run,
                              struct sj_error *err)
{
    struct search like = {.run = run};

    return search_begin(s, in, &like, err);
}
