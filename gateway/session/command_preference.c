/* SPDX-License-Identifier: MPL-2.0 */
/* The command "preferences" ("set" in text): its form is the table of preferences (preference.c),
 * filled in with what the user has chosen. What is not submitted stays as it is (G004-06). */
#include "command.h"
#include "command_list.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

static bool preference_is_shown(const struct preference_row *row, const struct network *n)
{
    return !row->hidden && (!row->fits || row->fits(n));
}

static enum sj_status preference_form(struct run *r, struct command_form *out,
                                      struct sj_error *err)
{
    const struct session *s = run_session(r);

    if (!s)
        return sj_fail(err, SJ_UNREGISTERED, "You are not registered with this gateway.");
    for (unsigned p = 0; p < PREFERENCE_COUNT; p++) {
        const struct preference_row *row = preference_row(p);
        if (preference_is_shown(row, r->network))
            command_form_add(out, &(struct xmpp_input){
                .kind = row->kind, .var = row->key, .label = row->label, .help = row->help,
                .value = command_form_keep(out, sj_strdup(session_preference(s, p))),
                .choices = row->choices, .n_choices = row->n_choices});
    }
    return SJ_OK;
}

static void preference_do(struct run *r)
{
    struct session *s = run_session(r);
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = SJ_OK;

    if (!s) {
        sj_fail(&err, SJ_UNREGISTERED, "You are not registered with this gateway.");
        command_done_error(r, &err);
        return;
    }
    for (unsigned p = 0; status == SJ_OK && p < PREFERENCE_COUNT; p++) {
        const struct preference_row *row = preference_row(p);
        const char *value = preference_is_shown(row, r->network) ? run_value(r, row->key) : NULL;
        if (value)
            status = session_prefer(s, p, *value ? value : NULL, &err);
    }
    if (status == SJ_OK)
        command_done_note(r, XMPP_NOTE_INFO, N_("It is set."));
    else
        command_done_error(r, &err);
}

static const struct command_stage preference_stages[] = {{.form = preference_form}};

const struct command command_preferences = {
    .node = "preferences",
    .word = "set",
    .title = N_("Preferences"),
    .help = N_("see and change your preferences"),
    .flags = COMMAND_REGISTERED | COMMAND_NAMED,
    .stages = preference_stages,
    .n_stages = 1,
    .do_it = preference_do,
};
