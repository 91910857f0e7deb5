/* SPDX-License-Identifier: MPL-2.0 */
/* The front end of commands for clients that know ad-hoc commands (XEP-0050): runs are shown as
 * answers to the requests of the one full JID that began them. Wire format, ids and errors are the
 * XMPP room's business. */
#include <string.h>

#include "command.h"
#include "session.h"
#include "sojourn/translate.h"

#define ADHOC_ROWS 100u

static void adhoc_show(struct run *r, const struct command_turn *turn)
{
    struct xmpp_command_out out = {
        .run = r->id, .node = r->command->node, .status = turn->status,
        .may_prev = turn->may_prev, .may_next = turn->may_next,
        .may_complete = turn->may_complete, .lang = r->lang ? r->lang : "en", .note = turn->note,
        .note_kind = turn->note_kind, .form = turn->form, .table = turn->table};
    uint64_t req = r->req;

    r->req = 0;
    if (req)
        xmpp_answer_command(r->all->xmpp, req, &out);
}

static const struct command_front adhoc_front = {.rows = ADHOC_ROWS, .show = adhoc_show};

void adhoc_list(void *ctx, const struct xmpp_from *from,
                void (*each)(void *arg, const char *node, const char *title), void *arg)
{
    struct sessions *all = ctx;
    struct command_rights rights;
    struct sj_error err = {.status = SJ_OK};
    size_t n;
    const struct command *const *table = commands_table(&n);

    if (command_rights(&rights, all, from, &err) != SJ_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        if (!(table[i]->flags & COMMAND_TEXT_ONLY) &&
            command_may(table[i], &all->networks[from->host], &rights, &err) == SJ_OK)
            each(arg, table[i]->node, sj_translate(from->lang, table[i]->title));
    }
}

enum sj_status adhoc_info(void *ctx, const struct xmpp_from *from, const char *node,
                          const char **title, struct sj_error *err)
{
    struct sessions *all = ctx;
    const struct command *c = command_by_node(node);
    struct command_rights rights;
    enum sj_status status;

    if (!c)
        return sj_fail(err, SJ_NOTFOUND, "There is no such command here.");
    *title = sj_translate(from->lang, c->title);
    status = command_rights(&rights, all, from, err);
    return status == SJ_OK ? command_may(c, &all->networks[from->host], &rights, err) : status;
}

static enum sj_status adhoc_begin(struct sessions *all, const struct xmpp_command_in *in,
                                  uint64_t req, enum xmpp_command_fault *fault,
                                  struct sj_error *err)
{
    struct command_start start = {.from = in->from, .command = command_by_node(in->node),
                                  .front = &adhoc_front, .req = req};

    if (!start.command)
        return sj_fail(err, SJ_NOTFOUND, "There is no such command here.");
    if (in->action == XMPP_EXECUTE)
        return command_begin(all, &start, fault, err);
    *fault = XMPP_FAULT_BAD_ACTION;
    return sj_fail(err, SJ_INVALID, "Nothing has been begun.");
}

/* Is it the run of this very client, by this front end? */
static bool adhoc_is_owner(const struct run *r, const struct xmpp_command_in *in)
{
    return r->front == &adhoc_front && r->network->index == in->from->host &&
           strcmp(r->full, in->from->full) == 0 && strcmp(r->command->node, in->node) == 0;
}

enum sj_status adhoc_step(void *ctx, const struct xmpp_command_in *in, uint64_t req,
                          enum xmpp_command_fault *fault, struct sj_error *err)
{
    struct sessions *all = ctx;
    struct run *r;

    if (!in->run)
        return adhoc_begin(all, in, req, fault, err);
    r = command_find(all, in->run);
    if (!r) {
        *fault = XMPP_FAULT_EXPIRED;
        return sj_fail(err, SJ_INVALID, "This has ended; please begin again.");
    }
    if (!adhoc_is_owner(r, in)) {
        *fault = XMPP_FAULT_BAD_SESSION;
        return sj_fail(err, SJ_INVALID, "There is no such running command.");
    }
    return command_step(r, in->action, in->values, req, fault, err);
}
