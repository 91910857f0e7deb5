/* SPDX-License-Identifier: MPL-2.0 */
/* Commands of admins about users of one network: who is there, ending sessions, shutting users out
 * and deleting their registrations. Nodes, fields and form type are those of XEP-0133; what the
 * gateway should not offer (passwords, other people's contacts) is not here. Announcements and the
 * stop are in command_announce.c. Source: XEP-0133 §4, G133-01 to G133-09. */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "command_admin.h"
#include "command_list.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define ADMIN_LIST_BYTES_MAX 65536u      /* of addresses in one answer */

/* ---- counts and lists ---- */

enum admin_set { ADMIN_REGISTERED, ADMIN_ONLINE, ADMIN_DISABLED };

static const struct {
    const char *count_var, *list_var;
} admin_sets[] = {
    [ADMIN_REGISTERED] = {"registeredusersnum", "registereduserjids"},
    [ADMIN_ONLINE] = {"onlineusersnum", "onlineuserjids"},
    [ADMIN_DISABLED] = {"disabledusersnum", "disableduserjids"},
};

/* Walks over the users of one network that belong to a set. */
struct admin_walk {
    struct network *network;
    enum admin_set set;
    size_t max;                          /* names; 0: only counts */
    size_t found, named;
    struct sj_strbuf names;
    char **all;                          /* ADMIN_DISABLED: who is registered, until looked at */
    size_t n_all;
};

static void admin_found(struct admin_walk *w, const char *user)
{
    size_t n = strlen(user) + 1;

    w->found++;
    if (w->named >= w->max || w->names.len + n > ADMIN_LIST_BYTES_MAX)
        return;                          /* G133-07 */
    sj_strbuf_addf(&w->names, "%s%s", w->named > 0 ? "\n" : "", user);
    w->named++;
}

/* The store is not asked while it tells. */
static void admin_keep(struct admin_walk *w, const char *user)
{
    if ((w->n_all & (w->n_all - 1)) == 0)
        w->all = sj_realloc(w->all, (w->n_all ? 2 * w->n_all : 1) * sizeof *w->all);
    w->all[w->n_all++] = sj_strdup(user);
}

static void admin_look_at(struct admin_walk *w)
{
    for (size_t i = 0; i < w->n_all; i++) {
        struct sj_owner owner = {.host = w->network->options->host, .user = w->all[i],
                                 .label = ""};
        struct sj_error err = {.status = SJ_OK};
        bool yes = false;
        (void)sj_store_preferences_get(w->network->all->store, &owner, preferences_see_disabled,
                                       &yes, &err);
        if (yes)
            admin_found(w, w->all[i]);
        sj_free(w->all[i]);
    }
    sj_free(w->all);
    w->all = NULL;
}

static bool admin_see_registration(const struct sj_registration *r, void *arg)
{
    struct admin_walk *w = arg;

    if (strcmp(r->owner.host, w->network->options->host) != 0)
        return true;
    if (w->set == ADMIN_DISABLED)
        admin_keep(w, r->owner.user);
    else
        admin_found(w, r->owner.user);
    return true;
}

static enum sj_status admin_walk(struct admin_walk *w, struct sj_error *err)
{
    const struct session *s;
    uint32_t at = 0;
    size_t damaged = 0;
    enum sj_status status;

    sj_strbuf_init(&w->names, ADMIN_LIST_BYTES_MAX + 1);
    if (w->set != ADMIN_ONLINE) {
        status = sj_store_registration_each(w->network->all->store, &damaged,
                                            admin_see_registration, w, err);
        admin_look_at(w);
        return status;
    }
    while ((s = sj_map_next(&w->network->by_user, &at)) != NULL) {
        if (s->state == SESSION_ONLINE)
            admin_found(w, s->user);
    }
    return SJ_OK;
}

static void admin_count(struct run *r, enum admin_set set, const char *label)
{
    struct admin_walk w = {.network = r->network, .set = set};
    struct sj_error err = {.status = SJ_OK};
    char number[24];
    struct xmpp_form form = {.form_type = r->command->form_type, .n = 1};

    if (admin_walk(&w, &err) == SJ_OK) {
        snprintf(number, sizeof number, "%zu", w.found);
        form.input[0] = (struct xmpp_input){
            .kind = XMPP_INPUT_TEXT, .var = admin_sets[set].count_var, .label = label,
            .value = number};
        command_done(r, &(struct command_reply){.result = &form});
    } else {
        command_done_error(r, &err);
    }
    sj_strbuf_release(&w.names);
}

static size_t admin_max(const struct run *r)
{
    const char *text = run_value(r, "max_items");
    int64_t n;

    return text && sj_parse_int(text, 1, 200, &n) ? (size_t)n : SIZE_MAX;
}

static void admin_list(struct run *r, enum admin_set set, const char *label)
{
    struct admin_walk w = {.network = r->network, .set = set, .max = admin_max(r)};
    struct sj_error err = {.status = SJ_OK};
    char note[160] = "";
    struct xmpp_form form = {.form_type = r->command->form_type, .n = 1};

    if (admin_walk(&w, &err) == SJ_OK) {
        form.input[0] = (struct xmpp_input){
            .kind = XMPP_INPUT_JIDS, .var = admin_sets[set].list_var, .label = label,
            .value = w.names.s};
        if (w.named < w.found)
            snprintf(note, sizeof note, run_words(r, N_("These are %zu of %zu.")), w.named,
                     w.found);
        command_done(r, &(struct command_reply){.result = &form, .note = note[0] ? note : NULL});
    } else {
        command_done_error(r, &err);
    }
    sj_strbuf_release(&w.names);
}

static void admin_count_registered(struct run *r)
{
    admin_count(r, ADMIN_REGISTERED, N_("Registered users"));
}

static void admin_count_online(struct run *r)
{
    admin_count(r, ADMIN_ONLINE, N_("Users who are logged in"));
}

static void admin_count_disabled(struct run *r)
{
    admin_count(r, ADMIN_DISABLED, N_("Disabled users"));
}

static void admin_list_registered(struct run *r)
{
    admin_list(r, ADMIN_REGISTERED, N_("Registered users"));
}

static void admin_list_online(struct run *r)
{
    admin_list(r, ADMIN_ONLINE, N_("Users who are logged in"));
}

static void admin_list_disabled(struct run *r)
{
    admin_list(r, ADMIN_DISABLED, N_("Disabled users"));
}

static const struct xmpp_choice admin_maxima[] = {
    {"25", "25"},   {"50", "50"},   {"75", "75"},           {"100", "100"},
    {"150", "150"}, {"200", "200"}, {"none", N_("all of them")},
};
static const struct xmpp_input admin_max_items[] = {{
    .kind = XMPP_INPUT_LIST,
    .var = "max_items",
    .label = N_("How many to show at most"),
    .value = "50",
    .choices = admin_maxima,
    .n_choices = sizeof admin_maxima / sizeof admin_maxima[0],
}};
static const struct command_stage admin_list_stages[] = {
    {.inputs = admin_max_items, .n_inputs = 1},
};

#define ADMIN_NODE "http://jabber.org/protocol/admin#"
#define ADMIN_FORM "http://jabber.org/protocol/admin"

const struct command command_count_registered = {
    .node = ADMIN_NODE "get-registered-users-num",
    .title = N_("Number of registered users"),
    .form_type = ADMIN_FORM,
    .flags = COMMAND_ADMIN | COMMAND_FORM_ONLY,
    .do_it = admin_count_registered,
};
const struct command command_count_online = {
    .node = ADMIN_NODE "get-online-users-num",
    .title = N_("Number of users who are logged in"),
    .form_type = ADMIN_FORM,
    .flags = COMMAND_ADMIN | COMMAND_FORM_ONLY,
    .do_it = admin_count_online,
};
const struct command command_count_disabled = {
    .node = ADMIN_NODE "get-disabled-users-num",
    .title = N_("Number of disabled users"),
    .form_type = ADMIN_FORM,
    .flags = COMMAND_ADMIN | COMMAND_FORM_ONLY,
    .do_it = admin_count_disabled,
};
const struct command command_list_registered = {
    .node = ADMIN_NODE "get-registered-users-list",
    .word = "users",
    .title = N_("List of registered users"),
    .help = N_("for admins: who is registered"),
    .form_type = ADMIN_FORM,
    .flags = COMMAND_ADMIN,
    .stages = admin_list_stages,
    .n_stages = 1,
    .do_it = admin_list_registered,
};
const struct command command_list_online = {
    .node = ADMIN_NODE "get-online-users-list",
    .word = "online",
    .title = N_("List of users who are logged in"),
    .help = N_("for admins: who is logged in"),
    .form_type = ADMIN_FORM,
    .flags = COMMAND_ADMIN,
    .stages = admin_list_stages,
    .n_stages = 1,
    .do_it = admin_list_online,
};
const struct command command_list_disabled = {
    .node = ADMIN_NODE "get-disabled-users-list",
    .word = "disabled",
    .title = N_("List of disabled users"),
    .help = N_("for admins: who is shut out"),
    .form_type = ADMIN_FORM,
    .flags = COMMAND_ADMIN,
    .stages = admin_list_stages,
    .n_stages = 1,
    .do_it = admin_list_disabled,
};

/* ---- what is done to users ---- */

static const struct xmpp_input admin_accounts[] = {{
    .kind = XMPP_INPUT_JIDS,
    .var = "accountjids",
    .label = N_("Addresses of the users"),
    .required = true,
}};
static const struct command_stage admin_accounts_stages[] = {
    {.inputs = admin_accounts, .n_inputs = 1},
};

struct admin_work {
    struct run *run;
    admin_act *act;
    size_t done, failed;
    struct sj_strbuf text;               /* what did not go well, line by line */
};

static void admin_do_one(struct admin_work *w, char *jid)
{
    struct sj_error err = {.status = SJ_OK};
    char *slash = strchr(jid, '/');
    struct session *s;

    if (slash)
        *slash++ = '\0';
    s = session_get(w->run->network, jid, &err);
    if (s && !s->registered)
        sj_fail(&err, SJ_UNREGISTERED, "not registered");
    if (err.status == SJ_OK && w->act(w->run, s, slash, &err) == SJ_OK) {
        w->done++;
        sj_log_info(&w->run->all->log, "admin command=%s user=%s by=%s", w->run->command->word,
                    SJ_CLIP(jid), SJ_CLIP(w->run->user));
    } else {
        w->failed++;
        sj_error_translate(&err, w->run->lang);
        sj_strbuf_addf(&w->text, "\n%s: %s", jid, err.text);
    }
    if (s)
        session_release(s);
}

void admin_do_all(struct run *r, admin_act *act)
{
    struct admin_work w = {.run = r, .act = act};
    char *copy = sj_strdup(run_value(r, "accountjids")), *rest = copy, *jid;
    char head[160];

    sj_strbuf_init(&w.text, ADMIN_LIST_BYTES_MAX);
    while ((jid = strtok_r(rest, "\n", &rest)) != NULL)
        admin_do_one(&w, jid);
    sj_free(copy);
    snprintf(head, sizeof head, run_words(r, N_("Users for whom it is done: %zu of %zu.")), w.done,
             w.done + w.failed);
    char *note = sj_malloc(strlen(head) + w.text.len + 1);
    memcpy(note, head, strlen(head));
    memcpy(note + strlen(head), w.text.s, w.text.len + 1);
    records_grouped_by(r->network, r->user);
    command_done(r, &(struct command_reply){
        .kind = w.failed > 0 ? XMPP_NOTE_ERROR : XMPP_NOTE_INFO, .note = note});
    sj_free(note);
    sj_strbuf_release(&w.text);
}

/* A bare JID: all of the user's session; a full one: as if that client had gone (G133-09). */
static enum sj_status admin_end_one(struct run *r, struct session *s, const char *resource,
                                    struct sj_error *err)
{
    struct sj_strbuf full;
    enum sj_status status;

    if (!resource) {
        session_dismiss(s);
        return SJ_OK;
    }
    if (!session_resource(s, resource))
        return sj_fail(err, SJ_NOTFOUND, "no such client is there");
    sj_strbuf_init(&full, SJ_STORE_TEXT_MAX);
    sj_strbuf_addf(&full, "%s/%s", s->user, resource);
    struct xmpp_presence_in gone = {
        .from = {.host = r->network->index, .user = s->user, .resource = resource, .full = full.s},
        .show = XMPP_OFFLINE};
    status = presence_in(r->all, &gone, err);
    sj_strbuf_release(&full);
    return status;
}

static void admin_end(struct run *r)
{
    admin_do_all(r, admin_end_one);
}

/* Whoever was told of an earlier time is told anew. */
static void admin_forget_told(struct session *s)
{
    const struct sj_list *at;

    for (at = s->resources.next; at != &s->resources; at = at->next) {
        const struct resource *res = SJ_CONTAINER(at, struct resource, link);
        struct sj_strbuf full;
        sj_strbuf_init(&full, SJ_STORE_TEXT_MAX);
        sj_strbuf_addf(&full, "%s/%s", s->user, res->name);
        strangers_forget(s->all->strangers, s->network->index, full.s);
        sj_strbuf_release(&full);
    }
}

/* G133-04. */
static enum sj_status admin_disable_one(struct run *r, struct session *s, const char *resource,
                                        struct sj_error *err)
{
    struct sj_error why;

    (void)r, (void)resource;
    if (session_prefer(s, PREFERENCE_DISABLED, "1", err) != SJ_OK)
        return err->status;
    sj_fail(&why, SJ_DENIED, SESSION_DISABLED_TEXT);
    if (s->check)
        check_fail(s, &why);
    admin_forget_told(s);
    session_dismiss(s);
    return SJ_OK;
}

static void admin_disable(struct run *r)
{
    admin_do_all(r, admin_disable_one);
}

/* The user's next presence logs in; who is there already need not wait for one. */
static enum sj_status admin_enable_one(struct run *r, struct session *s, const char *resource,
                                       struct sj_error *err)
{
    (void)r, (void)resource;
    if (session_prefer(s, PREFERENCE_DISABLED, "0", err) != SJ_OK)
        return err->status;
    if (s->sees_user)
        xmpp_send_probe(s->all->xmpp, s->network->index, s->user);
    return SJ_OK;
}

static void admin_enable(struct run *r)
{
    admin_do_all(r, admin_enable_one);
}

static void admin_deleted(void *arg, uint64_t ticket, const struct sj_error *err)
{
    struct sessions *all = arg;

    (void)ticket;
    if (err)
        sj_log_error(&all->log, "admin command=delete failed cause=%s", SJ_CLIP(err->text));
}

/* The whole sequence of unregistering, without the answer (G133-03). It may go on after this. */
static enum sj_status admin_delete_one(struct run *r, struct session *s, const char *resource,
                                       struct sj_error *err)
{
    (void)resource;
    if (s->removal.wanted)
        return sj_fail(err, SJ_LIMIT, "is being unregistered already");
    sessions_unregister(r->all, r->network->index, s->user, admin_deleted, r->all, 0);
    return SJ_OK;
}

static void admin_delete(struct run *r)
{
    admin_do_all(r, admin_delete_one);
}

const struct command command_end_session = {
    .node = ADMIN_NODE "end-user-session",
    .word = "kick",
    .title = N_("End sessions of users"),
    .help = N_("for admins: log users out; they may come back"),
    .form_type = ADMIN_FORM,
    .flags = COMMAND_ADMIN,
    .stages = admin_accounts_stages,
    .n_stages = 1,
    .do_it = admin_end,
};
const struct command command_disable = {
    .node = ADMIN_NODE "disable-user",
    .word = "disable",
    .title = N_("Disable users"),
    .help = N_("for admins: log users out and do not let them in again; data are kept"),
    .form_type = ADMIN_FORM,
    .flags = COMMAND_ADMIN,
    .stages = admin_accounts_stages,
    .n_stages = 1,
    .do_it = admin_disable,
};
const struct command command_enable = {
    .node = ADMIN_NODE "reenable-user",
    .word = "reenable",
    .title = N_("Let disabled users in again"),
    .help = N_("for admins: let disabled users in again"),
    .form_type = ADMIN_FORM,
    .flags = COMMAND_ADMIN,
    .stages = admin_accounts_stages,
    .n_stages = 1,
    .do_it = admin_enable,
};
const struct command command_delete = {
    .node = ADMIN_NODE "delete-user",
    .word = "delete",
    .title = N_("Delete registrations of users"),
    .help = N_("for admins: unregister users; all their data go"),
    .form_type = ADMIN_FORM,
    .flags = COMMAND_ADMIN,
    .stages = admin_accounts_stages,
    .n_stages = 1,
    .do_it = admin_delete,
};
