/* SPDX-License-Identifier: MPL-2.0 */
/* See world.h: the XMPP room's part for commands.
 *
 *   command REQ RUN NODE executing|completed|canceled [prev] [next] [complete] [| FORM] [! NOTE] */
#include <string.h>

#include "sojourn/strbuf.h"
#include "world.h"

static void record_form(struct sj_strbuf *b, const struct xmpp_form *form)
{
    sj_strbuf_adds(b, " |");
    for (size_t i = 0; i < form->n; i++) {
        const struct xmpp_input *in = &form->input[i];
        sj_strbuf_addf(b, " %s%s=%s", in->var ? in->var : "-", in->required ? "*" : "",
                       in->value ? in->value : "");
    }
}

void xmpp_answer_command(struct xmpp *x, uint64_t req, const struct xmpp_command_out *out)
{
    static const char *const states[] = {"executing", "completed", "canceled"};
    static const char *const notes[] = {"info", "warn", "error"};
    struct sj_strbuf b;

    (void)x;
    sj_strbuf_init(&b, 1 << 20);
    sj_strbuf_addf(&b, "command %llu %llu %s %s%s%s%s", (unsigned long long)req,
                   (unsigned long long)out->run, out->node, states[out->status],
                   out->may_prev ? " prev" : "", out->may_next ? " next" : "",
                   out->may_complete ? " complete" : "");
    if (out->form)
        record_form(&b, out->form);
    for (size_t i = 0; out->table && i < out->table->n_rows * out->table->n_columns; i++)
        sj_strbuf_addf(&b, " [%s]", out->table->cells[i] ? out->table->cells[i] : "");
    if (out->note)
        sj_strbuf_addf(&b, " ! %s: %s", notes[out->note_kind], out->note);
    world_note("%s", b.s);
    sj_strbuf_release(&b);
}

bool xmpp_jid_prepare(const char *jid, struct sj_strbuf *out)
{
    if (*jid == '\0' || strchr(jid, ' ') || strchr(jid, '/'))
        return false;
    for (; *jid; jid++)
        sj_strbuf_addc(out, sj_ascii_lower(*jid));
    return true;
}
