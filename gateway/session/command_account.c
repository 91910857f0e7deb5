/* SPDX-License-Identifier: MPL-2.0 */
/* Commands about the registration: register, or edit it, and unregister. Form, checks and flow are
 * those of in-band registration (register.c, removal.c; XEP-0077, XEP-0100 §4.1 to §4.3); here they
 * are only asked and told in another way. */
#include "command.h"
#include "command_list.h"
#include "register.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

/* ---- register ---- */

static const enum xmpp_input_kind account_kinds[] = {
    [false] = XMPP_INPUT_TEXT,
    [true] = XMPP_INPUT_BOOL,
};

static struct xmpp_from account_from(const struct run *r)
{
    return (struct xmpp_from){.host = r->network->index, .user = r->user, .resource = "",
                              .full = r->full, .lang = r->lang};
}

static void account_add(struct command_form *out, const struct xmpp_field *f, bool registered)
{
    char *label = command_form_keep(out, sj_strdup(f->label));
    char *value = f->value ? command_form_keep(out, sj_strdup(f->value)) : NULL;

    command_form_add(out, &(struct xmpp_input){
        .kind = f->secret ? XMPP_INPUT_SECRET : account_kinds[f->boolean],
        .var = f->var, .label = label, .value = value,
        .help = f->secret && registered ? N_("Leave it empty to keep the one on file.") : NULL,
        .required = f->required && !(f->secret && registered)});
}

static enum sj_status account_form(struct run *r, struct command_form *out, struct sj_error *err)
{
    struct xmpp_from from = account_from(r);
    struct xmpp_form_out form = {.registered = false};
    enum sj_status status = register_fields(r->all, &from, &form, err);

    if (status != SJ_OK)
        return status;
    r->memo = form.registered;
    out->form.instructions = command_form_keep(out, sj_strdup(form.instructions));
    for (size_t i = 0; i < form.n; i++)
        account_add(out, &form.field[i], form.registered);
    return SJ_OK;
}

static void account_register(struct run *r)
{
    struct sessions *all = r->all;
    struct xmpp_from from = account_from(r);
    struct xmpp_form_in form = {.n = 0};
    struct sj_error err = {.status = SJ_OK};
    uint64_t id = r->id;

    for (size_t i = 0; i < r->n_values && form.n < XMPP_FIELDS_MAX; i++) {
        form.field[form.n].var = r->values[i].var;
        form.field[form.n++].value = r->values[i].text;
    }
    command_wait(r);
    if (register_begin(all, &from, &form, (struct waiter){.run = id}, &err) != SJ_OK)
        command_outcome(all, id, &err);
}

static void account_registered(struct run *r, const struct sj_error *err)
{
    if (err)
        command_done_error(r, err);
    else if (r->memo)
        command_done_note(r, XMPP_NOTE_INFO, "Your registration with %s is up to date.",
                          r->network->options->label);
    else
        command_done_note(r, XMPP_NOTE_INFO,
                          "You are registered with %s. Let me see when you are online: accept my "
                          "request for it in your client, and I log you in whenever you are.",
                          r->network->options->label);
}

static void account_register_abandon(struct run *r)
{
    struct session *s = session_find(r->network, r->user);

    if (s && s->check && s->check->waiter.run == r->id)
        check_abandon(s);
}

static const struct command_stage account_register_stages[] = {{.form = account_form}};

const struct command command_register = {
    .node = "register",
    .word = "register",
    .title = N_("Register, or change the registration"),
    .help = N_("give or change your account on the network"),
    .flags = COMMAND_ALONE,
    .stages = account_register_stages,
    .n_stages = 1,
    .do_it = account_register,
    .outcome = account_registered,
    .abandon = account_register_abandon,
};

/* ---- unregister ---- */

static const struct xmpp_input account_sure[] = {
    {
        .kind = XMPP_INPUT_BOOL,
        .var = "sure",
        .label = N_("Forget my account and log me out for good"),
        .value = "0",
        .required = true,
    },
};
static const struct command_stage account_unregister_stages[] = {
    {
        .instructions = N_("The gateway deletes everything that it stored about you. Your account "
                           "on the network itself stays as it is."),
        .inputs = account_sure,
        .n_inputs = 1,
    },
};

static void account_removed(void *arg, uint64_t run, const struct sj_error *err)
{
    command_outcome(arg, run, err);
}

static void account_unregister(struct run *r)
{
    if (!run_says_yes(r, "sure")) {
        command_done_note(r, XMPP_NOTE_INFO, "Nothing was changed.");
        return;
    }
    command_wait(r);
    sessions_unregister(r->all, r->network->index, r->user, account_removed, r->all, r->id);
}

static void account_unregistered(struct run *r, const struct sj_error *err)
{
    if (err)
        command_done_error(r, err);
    else
        command_done_note(r, XMPP_NOTE_INFO, "You are no longer registered with %s.",
                          r->network->options->label);
}

const struct command command_unregister = {
    .node = "unregister",
    .word = "unregister",
    .title = N_("Unregister"),
    .help = N_("log out for good; the gateway forgets you"),
    .flags = COMMAND_REGISTERED | COMMAND_ALONE,
    .stages = account_unregister_stages,
    .n_stages = 1,
    .do_it = account_unregister,
    .outcome = account_unregistered,
};
