/* SPDX-License-Identifier: MPL-2.0 */
/* What the gateway says in a conversation: questions for the fields of forms, and results, in lines
 * that can be read on a phone. */
#include "dialogue.h"

const char dialogue_secret_words[] =
    "It passes in clear text through your own server, and stays in your message history until you "
    "delete it there.";

static const char *input_name(const struct xmpp_input *in)
{
    return in->label ? in->label : in->var ? in->var : "";
}

static void text_choices(struct sj_strbuf *b, const struct xmpp_input *in)
{
    for (size_t i = 0; i < in->n_choices; i++)
        sj_strbuf_addf(b, "\n%zu - %s", i + 1,
                       in->choices[i].label ? in->choices[i].label : in->choices[i].value);
}

/* How to pass over what need not be answered. */
static void text_skips(struct sj_strbuf *b, const struct xmpp_input *in, bool rest)
{
    bool filled = in->value && *in->value;

    if (filled)
        sj_strbuf_addf(b, "\nNow it is: %s. Type . to leave it so", in->value);
    else if (!in->required)
        sj_strbuf_adds(b, "\nType . if you have none");
    if (filled && !in->required)
        sj_strbuf_adds(b, ", - to empty it");
    if (!in->required && rest)
        sj_strbuf_adds(b, ", .. to leave out all that follows");
    if (filled || !in->required)
        sj_strbuf_addc(b, '.');
}

void dialogue_ask(struct sj_strbuf *b, const struct xmpp_input *in, bool rest)
{
    sj_strbuf_adds(b, input_name(in));
    if (in->kind == XMPP_INPUT_BOOL) {
        sj_strbuf_adds(b, "? (yes or no)");
        return;
    }
    sj_strbuf_adds(b, "?");
    if (in->help)
        sj_strbuf_addf(b, "\n%s", in->help);
    if (in->kind == XMPP_INPUT_SECRET)
        sj_strbuf_addf(b, "\n%s", dialogue_secret_words);
    if (in->media && in->media->uri)
        sj_strbuf_addf(b, "\n%s", in->media->uri);
    text_choices(b, in);
    text_skips(b, in, rest);
}

/* The label of the choice that a value stands for. */
static const char *text_value(const struct xmpp_input *in)
{
    if (!in->value)
        return "";
    if (in->kind == XMPP_INPUT_BOOL)
        return in->value[0] == '1' ? "yes" : "no";
    return in->value;
}

void dialogue_list(struct sj_strbuf *b, const struct xmpp_form *form)
{
    for (size_t i = 0; i < form->n; i++) {
        const struct xmpp_input *in = &form->input[i];
        if (in->var)
            sj_strbuf_addf(b, "%s%s = %s (%s)", b->len > 0 ? "\n" : "", in->var, text_value(in),
                           input_name(in));
    }
}

static void text_line(struct sj_strbuf *b)
{
    if (b->len > 0)
        sj_strbuf_addc(b, '\n');
}

static void text_fields(struct sj_strbuf *b, const struct xmpp_form *form)
{
    for (size_t i = 0; i < form->n; i++) {
        const struct xmpp_input *in = &form->input[i];
        text_line(b);
        if (in->kind == XMPP_INPUT_LINES || in->kind == XMPP_INPUT_JIDS)
            sj_strbuf_addf(b, "%s:\n%s", input_name(in), text_value(in));
        else if (in->kind == XMPP_INPUT_FIXED)
            sj_strbuf_adds(b, text_value(in));
        else
            sj_strbuf_addf(b, "%s: %s", input_name(in), text_value(in));
        if (in->media && in->media->uri)
            sj_strbuf_addf(b, "\n%s", in->media->uri);
    }
}

/* As many rows as an answer holds. */
static void text_table(struct sj_strbuf *b, const struct xmpp_table *t)
{
    for (size_t row = 0; row < t->n_rows; row++) {
        if (b->len > DIALOGUE_TEXT_MAX / 2) {
            sj_strbuf_addf(b, "\nand %zu more", t->n_rows - row);
            return;
        }
        text_line(b);
        for (size_t i = 0; i < t->n_columns; i++) {
            const char *cell = t->cells[row * t->n_columns + i];
            if (cell && *cell)
                sj_strbuf_addf(b, "%s%s", i > 0 ? ", " : "", cell);
        }
    }
}

void dialogue_result(struct sj_strbuf *b, const struct command_turn *turn)
{
    if (turn->note)
        sj_strbuf_adds(b, turn->note);
    if (turn->form)
        text_fields(b, turn->form);
    if (turn->table)
        text_table(b, turn->table);
    if (b->len == 0)
        sj_strbuf_adds(b, turn->status == XMPP_CANCELED ? "Cancelled." : "Done.");
}
