/* SPDX-License-Identifier: MPL-2.0 */
/* "help": what this user can type, one line a command. */
#include "command.h"
#include "command_list.h"
#include "session.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define HELP_MAX 8192u

static void help_add(struct sj_strbuf *text, const struct run *r,
                     const struct command_rights *rights)
{
    struct sj_error err;
    size_t n;
    const struct command *const *table = commands_table(&n);

    for (size_t i = 0; i < n; i++) {
        if (!(table[i]->flags & COMMAND_FORM_ONLY) &&
            command_may(table[i], r->network, rights, &err) == SJ_OK)
            sj_strbuf_addf(text, "%s%s - %s", text->len > 0 ? "\n" : "", table[i]->word,
                           run_words(r, table[i]->help));
    }
}

static void help_do(struct run *r)
{
    struct xmpp_from from = {.host = r->network->index, .user = r->user, .full = r->full};
    struct command_rights rights;
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf text;

    if (command_rights(&rights, r->all, &from, &err) != SJ_OK) {
        command_done_error(r, &err);
        return;
    }
    sj_strbuf_init(&text, HELP_MAX);
    help_add(&text, r, &rights);
    struct xmpp_form form = {
        .title = r->network->options->label,
        .n = 2,
        .input = {
            {.kind = XMPP_INPUT_LINES, .var = "words",
             .label = N_("Write one of these words to me"), .value = text.s},
            {.kind = XMPP_INPUT_FIXED,
             .value = N_("The first letters of a word will do. What I ask for I ask one by one; "
                         "cancel ends that. Put a text in \"quotation marks\" when it has "
                         "blanks.")},
        }};
    command_done(r, &(struct command_reply){.result = &form});
    sj_strbuf_release(&text);
}

const struct command command_help = {
    .node = "help",
    .word = "help",
    .title = N_("Help"),
    .help = N_("this list"),
    .do_it = help_do,
};
