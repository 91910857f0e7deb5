/* SPDX-License-Identifier: MPL-2.0 */
/* The command that searches for people: the same search as by XEP-0055 (search.c), for whose
 * client has no menu for it. */
#include "command.h"
#include "command_list.h"
#include "search.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

static bool search_fits(const struct network *n)
{
    return (n->backend->caps & SJ_CAP_SEARCH) != 0;
}

static enum sj_status search_ask(struct run *r, struct command_form *out, struct sj_error *err)
{
    struct xmpp_input inputs[SJ_FIELDS_MAX];
    size_t n = search_inputs(r->network->backend, r->lang, inputs);

    (void)err;
    for (size_t i = 0; i < n; i++)
        command_form_add(out, &inputs[i]);
    return SJ_OK;
}

static void search_do(struct run *r)
{
    struct session *s = run_session(r);
    struct sessions *all = r->all;
    struct xmpp_values values = {.n = 0};
    struct sj_error err = {.status = SJ_OK};
    uint64_t id = r->id;

    if (!s) {
        command_done_note(r, XMPP_NOTE_ERROR, "You are not registered with this gateway.");
        return;
    }
    for (size_t i = 0; i < r->n_values && values.n < XMPP_VALUES_MAX; i++) {
        values.item[values.n].var = r->values[i].var;
        values.item[values.n++].value = r->values[i].text;
    }
    command_wait(r);
    if (search_for_run(s, &values, id, &err) != SJ_OK)
        command_outcome(all, id, &err);
}

static void search_show(struct run *r, const struct xmpp_found *found, size_t n)
{
    const struct xmpp_input columns[] = {
        {.kind = XMPP_INPUT_JID, .var = "jid", .label = sj_translate(r->lang, "Address")},
        {.kind = XMPP_INPUT_TEXT, .var = "nick", .label = sj_translate(r->lang, "Name")},
    };
    struct xmpp_table table = {.columns = columns, .n_columns = 2};
    const char **cells = sj_calloc(2 * n, sizeof *cells);
    char **jids = sj_calloc(n, sizeof *jids);

    for (size_t i = 0; i < n; i++) {
        struct sj_strbuf jid;
        sj_strbuf_init(&jid, SJ_STORE_TEXT_MAX);
        if (xmpp_peer_jid(r->all->xmpp, r->network->index, found[i].peer, &jid)) {
            cells[2 * table.n_rows] = jids[table.n_rows] = sj_strbuf_take(&jid);
            cells[2 * table.n_rows++ + 1] = found[i].name;
        }
        sj_strbuf_release(&jid);
    }
    table.cells = cells;
    command_done(r, &(struct command_reply){.table = &table});
    for (size_t i = 0; i < table.n_rows; i++)
        sj_free(jids[i]);
    sj_free(jids);
    sj_free(cells);
}

static void search_outcome(struct run *r, const struct sj_error *err)
{
    const struct session *s = run_session(r);
    struct xmpp_found found[SJ_FOUND_MAX];
    size_t n = s && !err ? search_results(s, found) : 0;

    if (err)
        command_done_error(r, err);
    else if (n == 0)
        command_done_note(r, XMPP_NOTE_INFO, "Nobody was found.");
    else
        search_show(r, found, n);
}

static void search_stop(struct run *r)
{
    struct session *s = run_session(r);

    if (s)
        search_abandon(s, r->id);
}

static const struct command_stage search_stages[] = {{
    .instructions = N_("Fill in at least one field to find people on the network."),
    .form = search_ask,
}};

const struct command command_search = {
    .node = "search",
    .word = "search",
    .title = N_("Search for people"),
    .help = N_("find people on the network"),
    .flags = COMMAND_REGISTERED,
    .stages = search_stages,
    .n_stages = 1,
    .fits = search_fits,
    .do_it = search_do,
    .outcome = search_outcome,
    .abandon = search_stop,
};
