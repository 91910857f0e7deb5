/* SPDX-License-Identifier: MPL-2.0 */
/* The command that sends a line in the network's own language, and shows what it answers. The same
 * is had by writing to the address that stands for the network (raw.c). */
#include "command.h"
#include "command_list.h"
#include "raw.h"
#include "session.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

static bool raw_fits(const struct network *n)
{
    return (n->backend->caps & SJ_CAP_RAW) != 0;
}

static const struct xmpp_input raw_inputs[] = {
    {.kind = XMPP_INPUT_TEXT, .var = "line", .label = N_("Line, in the network's own language"),
     .required = true},
};
static const struct command_stage raw_stages[] = {{.inputs = raw_inputs, .n_inputs = 1}};

static void raw_do(struct run *r)
{
    struct sj_error err = {.status = SJ_OK};
    struct session *s = command_session(r, &err);
    struct sessions *all = r->all;
    uint64_t id = r->id;

    if (!s) {
        command_done_error(r, &err);
        return;
    }
    command_wait(r);
    if (raw_for_run(s, run_value(r, "line"), id, &err) != SJ_OK)
        command_outcome(all, id, &err);
}

static void raw_outcome(struct run *r, const struct sj_error *err)
{
    const struct session *s = run_session(r);
    struct sj_strbuf text;

    sj_strbuf_init(&text, RAW_BYTES_MAX + 256u);
    if (s && !err)
        raw_answer(s, &text);
    struct xmpp_form form = {.n = 1, .input = {{
        .kind = XMPP_INPUT_LINES, .var = "answer", .label = N_("The network says"),
        .value = text.s}}};
    if (err)
        command_done_error(r, err);
    else if (text.len > 0)
        command_done(r, &(struct command_reply){.result = &form});
    else
        command_done_note(r, XMPP_NOTE_INFO, "The network said nothing to that.");
    sj_strbuf_release(&text);
}

static void raw_stop(struct run *r)
{
    struct session *s = run_session(r);

    if (s)
        raw_abandon(s, r->id);
}

const struct command command_raw = {
    .node = "raw",
    .word = "raw",
    .title = N_("Send a line to the network itself"),
    .help = N_("send the network a line in its own language"),
    .flags = COMMAND_REGISTERED,
    .stages = raw_stages,
    .n_stages = 1,
    .fits = raw_fits,
    .do_it = raw_do,
    .outcome = raw_outcome,
    .abandon = raw_stop,
};
