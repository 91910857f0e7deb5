/* SPDX-License-Identifier: MPL-2.0 */
/* Forms of commands: made of the declared tables and of what is known, and the values that users
 * give for their fields, checked by kind (XEP-0004 §3.3; G004-02 to G004-09). */
#include <string.h>

#include "command.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define VALUE_LINE_MAX 4095u             /* bytes of one line: those of SJ_FIELD_MAX */

/* ---- making ---- */

struct xmpp_input *command_form_add(struct command_form *form, const struct xmpp_input *input)
{
    if (form->form.n == XMPP_INPUTS_MAX)
        return NULL;
    form->form.input[form->form.n] = *input;
    return &form->form.input[form->form.n++];
}

void *command_form_keep(struct command_form *form, void *taken)
{
    if (form->n_owned == COMMAND_OWNED_MAX) {
        sj_free(taken);
        return NULL;
    }
    form->owned[form->n_owned++] = taken;
    return taken;
}

void command_form_release(struct command_form *form)
{
    for (size_t i = 0; i < form->n_owned; i++)
        sj_free(form->owned[i]);
    form->n_owned = 0;
}

static const char *words_or_null(const char *lang, const char *text)
{
    return text ? sj_translate(lang, text) : NULL;
}

/* What was given before stands there when the form is shown again (G050-07), secrets never. */
static void form_fill(const struct run *r, struct xmpp_form *form)
{
    for (size_t i = 0; i < form->n; i++) {
        struct xmpp_input *in = &form->input[i];
        const char *given = in->var ? run_value(r, in->var) : NULL;
        if (in->kind == XMPP_INPUT_SECRET)
            in->value = NULL;
        else if (given && in->kind != XMPP_INPUT_FIXED)
            in->value = given;
    }
}

/* Choices with labels in that language; the table itself stays. */
static const struct xmpp_choice *choices_translate(struct command_form *form,
                                                   const struct xmpp_input *in, const char *lang)
{
    struct xmpp_choice *own = sj_calloc(in->n_choices, sizeof *own);

    for (size_t i = 0; i < in->n_choices; i++)
        own[i] = (struct xmpp_choice){in->choices[i].value,
                                      words_or_null(lang, in->choices[i].label)};
    own = command_form_keep(form, own);
    return own ? own : in->choices;
}

static void input_translate(struct command_form *form, struct xmpp_input *in, const char *lang)
{
    in->label = words_or_null(lang, in->label);
    in->help = words_or_null(lang, in->help);
    if (in->kind == XMPP_INPUT_FIXED)
        in->value = words_or_null(lang, in->value);
    if (in->n_choices > 0)
        in->choices = choices_translate(form, in, lang);
}

void command_form_translate(struct command_form *form, const char *lang)
{
    if (!lang)
        return;
    form->form.title = words_or_null(lang, form->form.title);
    form->form.instructions = words_or_null(lang, form->form.instructions);
    for (size_t i = 0; i < form->form.n; i++)
        input_translate(form, &form->form.input[i], lang);
}

const struct xmpp_input *command_columns_translate(struct command_form *form,
                                                   const struct xmpp_table *table,
                                                   const char *lang)
{
    struct xmpp_input *own;

    if (!lang || table->n_columns == 0)
        return table->columns;
    own = command_form_keep(form, sj_calloc(table->n_columns, sizeof *own));
    for (size_t i = 0; own && i < table->n_columns; i++) {
        own[i] = table->columns[i];
        own[i].label = words_or_null(lang, own[i].label);
    }
    return own ? own : table->columns;
}

enum sj_status command_form_now(struct run *r, struct command_form *out, struct sj_error *err)
{
    const struct command_stage *stage = r->extra ? r->extra : &r->command->stages[r->stage];
    enum sj_status status = SJ_OK;

    *out = (struct command_form){
        .form = {.form_type = r->command->form_type, .title = r->command->title,
                 .instructions = stage->instructions}};
    for (size_t i = 0; i < stage->n_inputs; i++)
        command_form_add(out, &stage->inputs[i]);
    if (stage->form)
        status = stage->form(r, out, err);
    if (status != SJ_OK)
        return status;
    command_form_translate(out, r->lang);
    form_fill(r, &out->form);
    return SJ_OK;
}

/* ---- values ---- */

static const char *input_name(const struct xmpp_input *in)
{
    return in->label ? in->label : in->var;
}

static bool value_is_multi(enum xmpp_input_kind kind)
{
    return kind == XMPP_INPUT_LINES || kind == XMPP_INPUT_JIDS || kind == XMPP_INPUT_LIST_MULTI;
}

static bool value_is_choice(const struct xmpp_input *in, const char *line)
{
    for (size_t i = 0; i < in->n_choices; i++) {
        if (strcmp(in->choices[i].value, line) == 0)
            return true;
    }
    return false;
}

/* Prepares the bare part; a resource stays as it is. */
static bool value_add_jid(struct sj_strbuf *out, const char *line)
{
    const char *slash = strchr(line, '/');
    char *bare = sj_strndup(line, slash ? (size_t)(slash - line) : strlen(line));
    bool good = (!slash || slash[1]) && xmpp_jid_prepare(bare, out);

    if (good && slash)
        sj_strbuf_adds(out, slash);
    sj_free(bare);
    return good;
}

static bool value_add_bool(struct sj_strbuf *out, const char *text)
{
    bool yes = strcmp(text, "1") == 0 || strcmp(text, "true") == 0;      /* G004-04 */
    bool no = strcmp(text, "0") == 0 || strcmp(text, "false") == 0;

    sj_strbuf_addc(out, yes ? '1' : '0');
    return yes || no;
}

static bool value_add_line(struct sj_strbuf *out, const struct xmpp_input *in, const char *line)
{
    switch (in->kind) {
    case XMPP_INPUT_BOOL:
        return value_add_bool(out, line);
    case XMPP_INPUT_JID:
    case XMPP_INPUT_JIDS:
        return value_add_jid(out, line);
    case XMPP_INPUT_LIST:
    case XMPP_INPUT_LIST_MULTI:
        sj_strbuf_adds(out, line);
        return value_is_choice(in, line);
    default:
        sj_strbuf_adds(out, line);
        return true;
    }
}

static bool value_has_line(const struct sj_strbuf *out, size_t from)
{
    const char *line = out->s + from;

    for (const char *at = out->s; at < line; at = strchr(at, '\n') + 1) {
        size_t n = strcspn(at, "\n");
        if (n == strlen(line) && strncmp(at, line, n) == 0)
            return true;
    }
    return false;
}

/* Line by line; addresses that are there already are passed over (G004-09). */
static bool value_add_lines(struct sj_strbuf *out, const struct xmpp_input *in, char *text)
{
    char *line = text, *end;

    for (; line; line = end) {
        size_t before = out->len;
        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        if (*line == '\0' && in->kind != XMPP_INPUT_LINES)
            continue;
        if (strlen(line) > VALUE_LINE_MAX && in->kind != XMPP_INPUT_LINES)
            return false;
        if (before > 0)
            sj_strbuf_addc(out, '\n');
        if (!value_add_line(out, in, line))
            return false;
        if (in->kind == XMPP_INPUT_JIDS && value_has_line(out, before > 0 ? before + 1 : 0)) {
            out->s[before] = '\0';
            out->len = before;
        }
    }
    return sj_strbuf_ok(out);
}

char *command_value_take(const struct xmpp_input *in, const char *text, struct sj_error *err)
{
    bool multi = value_is_multi(in->kind);
    struct sj_strbuf out;
    char *copy;
    bool good;

    if (!multi && text[strcspn(text, "\r\n")]) {
        sj_fail(err, SJ_UNACCEPTABLE, "\"%s\": one line only.", input_name(in));
        return NULL;
    }
    if (!multi && strlen(text) > VALUE_LINE_MAX) {
        sj_fail(err, SJ_UNACCEPTABLE, "\"%s\" is too long.", input_name(in));
        return NULL;
    }
    if (in->kind == XMPP_INPUT_SECRET || *text == '\0')
        return sj_strdup(text);          /* no secret in a strbuf */
    sj_strbuf_init(&out, XMPP_VALUES_BYTES_MAX);
    copy = sj_strdup(text);
    good = multi ? value_add_lines(&out, in, copy) : value_add_line(&out, in, copy);
    sj_free(copy);
    if (good)
        return sj_strbuf_take(&out);
    sj_strbuf_release(&out);
    sj_fail(err, SJ_UNACCEPTABLE, "\"%s\": this value does not fit.", input_name(in));
    return NULL;                         /* G004-07 */
}

static const char *values_find(const struct xmpp_values *v, const char *var)
{
    for (size_t i = 0; v && i < v->n; i++) {
        if (strcmp(v->item[i].var, var) == 0)
            return v->item[i].value;
    }
    return NULL;
}

/* Fields that are not ours are ignored, absent ones keep what they have (G004-06). */
enum sj_status command_values_take(const struct xmpp_form *form, const struct xmpp_values *given,
                                   char **out, enum xmpp_command_fault *fault,
                                   struct sj_error *err)
{
    for (size_t i = 0; i < form->n; i++) {
        const struct xmpp_input *in = &form->input[i];
        const char *text = in->var ? values_find(given, in->var) : NULL;
        if (in->kind == XMPP_INPUT_FIXED)
            continue;
        if (in->required && (!text || !*text)) {
            *fault = XMPP_FAULT_BAD_PAYLOAD;
            return sj_fail(err, SJ_INVALID, "Please fill in \"%s\".", input_name(in));
        }
        if (text && (out[i] = command_value_take(in, text, err)) == NULL)
            return SJ_UNACCEPTABLE;
    }
    return SJ_OK;
}
