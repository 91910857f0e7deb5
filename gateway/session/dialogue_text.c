/* SPDX-License-Identifier: MPL-2.0 */
/* What the gateway says in a conversation: questions for the fields of forms, and results, in lines
 * that can be read on a phone. */
#include <string.h>

#include "dialogue.h"
#include "sojourn/translate.h"

const char dialogue_secret_words[] =
    N_("It passes in clear text through your own server, and stays in your message history until "
       "you delete it there.");
const char dialogue_yes[] = N_("yes");
const char dialogue_no[] = N_("no");

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

/* A value in words. */
static const char *text_value(const struct xmpp_input *in, const char *lang)
{
    if (!in->value)
        return "";
    if (in->kind == XMPP_INPUT_BOOL)
        return sj_translate(lang, in->value[0] == '1' ? dialogue_yes : dialogue_no);
    for (size_t i = 0; in->kind == XMPP_INPUT_LIST && i < in->n_choices; i++) {
        if (strcmp(in->choices[i].value, in->value) == 0 && in->choices[i].label)
            return in->choices[i].label;
    }
    return in->value;
}

static void text_words(struct sj_strbuf *b, const char *before, const char *lang,
                       const char *text)
{
    sj_strbuf_addf(b, "%s%s", before, sj_translate(lang, text));
}

/* How to pass over what need not be answered. */
static void text_skips(struct sj_strbuf *b, const struct xmpp_input *in, const char *lang,
                       bool rest)
{
    bool filled = in->value && *in->value;

    if (filled) {
        sj_strbuf_addc(b, '\n');
        sj_strbuf_addf(b, sj_translate(lang, "Now it is: %s. Type . to leave it so."),
                       text_value(in, lang));
    } else if (!in->required) {
        text_words(b, "\n", lang, N_("Type . if you have none."));
    }
    if (filled && !in->required)
        text_words(b, " ", lang, N_("Type - to empty it."));
    if (!in->required && rest)
        text_words(b, " ", lang, N_("Type .. to leave out all that follows."));
}

void dialogue_ask(struct sj_strbuf *b, const struct xmpp_input *in, const char *lang, bool rest)
{
    if (in->kind == XMPP_INPUT_BOOL) {
        sj_strbuf_addf(b, sj_translate(lang, "%s? (yes or no)"), input_name(in));
        return;
    }
    sj_strbuf_addf(b, sj_translate(lang, "%s?"), input_name(in));
    if (in->help)
        sj_strbuf_addf(b, "\n%s", in->help);
    if (in->kind == XMPP_INPUT_SECRET)
        text_words(b, "\n", lang, dialogue_secret_words);
    if (in->media && in->media->uri)
        sj_strbuf_addf(b, "\n%s", in->media->uri);
    text_choices(b, in);
    text_skips(b, in, lang, rest);
}

void dialogue_list(struct sj_strbuf *b, const struct xmpp_form *form, const char *lang)
{
    for (size_t i = 0; i < form->n; i++) {
        const struct xmpp_input *in = &form->input[i];
        if (in->var)
            sj_strbuf_addf(b, "%s%s = %s (%s)", b->len > 0 ? "\n" : "", in->var,
                           text_value(in, lang), input_name(in));
    }
}

static void text_line(struct sj_strbuf *b)
{
    if (b->len > 0)
        sj_strbuf_addc(b, '\n');
}

static void text_fields(struct sj_strbuf *b, const struct xmpp_form *form, const char *lang)
{
    for (size_t i = 0; i < form->n; i++) {
        const struct xmpp_input *in = &form->input[i];
        text_line(b);
        if (in->kind == XMPP_INPUT_LINES || in->kind == XMPP_INPUT_JIDS)
            sj_strbuf_addf(b, sj_translate(lang, "%s:\n%s"), input_name(in), text_value(in, lang));
        else if (in->kind == XMPP_INPUT_FIXED)
            sj_strbuf_adds(b, text_value(in, lang));
        else
            sj_strbuf_addf(b, sj_translate(lang, "%s: %s"), input_name(in), text_value(in, lang));
        if (in->media && in->media->uri)
            sj_strbuf_addf(b, "\n%s", in->media->uri);
    }
}

/* As many rows as an answer holds. */
static void text_table(struct sj_strbuf *b, const struct xmpp_table *t, const char *lang)
{
    for (size_t row = 0; row < t->n_rows; row++) {
        if (b->len > DIALOGUE_TEXT_MAX / 2) {
            sj_strbuf_addc(b, '\n');
            sj_strbuf_addf(b, sj_translate(lang, "and %zu more"), t->n_rows - row);
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

void dialogue_result(struct sj_strbuf *b, const struct command_turn *turn, const char *lang)
{
    if (turn->note)
        sj_strbuf_adds(b, turn->note);
    if (turn->form)
        text_fields(b, turn->form, lang);
    if (turn->table)
        text_table(b, turn->table, lang);
    if (b->len == 0)
        text_words(b, "", lang, turn->status == XMPP_CANCELED ? N_("Cancelled.") : N_("Done."));
}
