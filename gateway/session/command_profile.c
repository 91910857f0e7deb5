/* SPDX-License-Identifier: MPL-2.0 */
/* The command that shows what the network knows of somebody, for who is no contact and for clients
 * without cards; fetched, limited and kept as cards are (profile.c). */
#include "command.h"
#include "command_list.h"
#include "profile.h"
#include "rooms.h"
#include "session.h"
#include "sojourn/translate.h"

static bool profile_fits(const struct network *n)
{
    return (n->backend->caps & SJ_CAP_PROFILES) != 0;
}

static enum sj_status profile_form(struct run *r, struct command_form *out, struct sj_error *err)
{
    (void)err;
    command_form_add(out, &(struct xmpp_input){
        .kind = XMPP_INPUT_TEXT, .var = "address", .label = r->network->backend->id_help,
        .required = true});
    return SJ_OK;
}

static void profile_do(struct run *r)
{
    struct sj_error err = {.status = SJ_OK};
    struct session *s = command_session(r, &err);

    if (!s || command_read_address(r, s, "address", &err) != SJ_OK) {
        command_done_error(r, &err);
    } else if (rooms_is_room(s->all, s->network->index, run_value(r, "address"))) {
        command_done_note(r, XMPP_NOTE_ERROR, "This is a room, not a person.");
    } else {
        command_wait(r);
        profile_for_run(s, run_value(r, "address"), r->id);
    }
}

/* By enum sj_profile_key. */
static const struct {
    const char *var, *label;
} profile_keys[SJ_PROFILE_COUNT] = {
    [SJ_PROFILE_FULL_NAME] = {"name", N_("Name")},
    [SJ_PROFILE_NICK] = {"nick", N_("Nickname")},
    [SJ_PROFILE_EMAIL] = {"email", N_("Email")},
    [SJ_PROFILE_PHONE] = {"phone", N_("Telephone")},
    [SJ_PROFILE_URL] = {"url", N_("Web page")},
    [SJ_PROFILE_ORGANISATION] = {"organisation", N_("Organisation")},
    [SJ_PROFILE_TITLE] = {"title", N_("Title")},
    [SJ_PROFILE_BIRTHDAY] = {"birthday", N_("Birthday")},
    [SJ_PROFILE_LOCALITY] = {"locality", N_("Town")},
    [SJ_PROFILE_COUNTRY] = {"country", N_("Country")},
    [SJ_PROFILE_NOTE] = {"note", N_("Note")},
};
/* Facts have no names that last. */
static const char *const profile_fact_vars[SJ_FACTS_MAX] = {
    "fact-1", "fact-2", "fact-3", "fact-4", "fact-5", "fact-6", "fact-7", "fact-8", "fact-9",
    "fact-10", "fact-11", "fact-12", "fact-13", "fact-14", "fact-15", "fact-16",
};
_Static_assert(SJ_PROFILE_COUNT + SJ_FACTS_MAX <= XMPP_INPUTS_MAX, "a form holds a profile");

static void profile_add(struct xmpp_form *form, const char *var, const char *label,
                        const char *value)
{
    if (value)
        form->input[form->n++] = (struct xmpp_input){
            .kind = XMPP_INPUT_TEXT, .var = var, .label = label, .value = value};
}

static void profile_show(struct run *r, const struct kept *kept)
{
    struct xmpp_form form = {.title = run_value(r, "address")};

    for (size_t i = 0; kept && i < SJ_PROFILE_COUNT; i++)
        profile_add(&form, profile_keys[i].var, profile_keys[i].label, kept->value[i]);
    for (size_t i = 0; kept && i < kept->n_facts; i++)
        profile_add(&form, profile_fact_vars[i], kept->facts[i].label, kept->facts[i].value);
    if (kept && kept->absent)
        command_done_note(r, XMPP_NOTE_ERROR, "The network knows nobody of this address now.");
    else if (form.n == 0)
        command_done_note(r, XMPP_NOTE_INFO, "The network says nothing about %s.",
                          run_value(r, "address"));
    else
        command_done(r, &(struct command_reply){.result = &form});
}

static void profile_outcome(struct run *r, const struct sj_error *err)
{
    const struct session *s = run_session(r);

    if (err)
        command_done_error(r, err);
    else
        profile_show(r, s ? kept_find(s->all->profiles, s, run_value(r, "address")) : NULL);
}

static const struct command_stage profile_stages[] = {{.form = profile_form}};

const struct command command_profile = {
    .node = "profile",
    .word = "profile",
    .title = N_("Profile of a person"),
    .help = N_("what the network knows of somebody"),
    .flags = COMMAND_REGISTERED,
    .stages = profile_stages,
    .n_stages = 1,
    .fits = profile_fits,
    .do_it = profile_do,
    .outcome = profile_outcome,
};
