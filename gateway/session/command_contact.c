/* SPDX-License-Identifier: MPL-2.0 */
/* Commands about contacts: add one, remove one, for whose client cannot or whose user does not know
 * the address. The network is asked first; then the roster follows by the ways that there are:
 * written with privileges (roster.c), else by a contact request to the user, which every client
 * shows. What subscriptions mean is in subscription.c. */
#include <string.h>

#include "command.h"
#include "command_list.h"
#include "rooms.h"
#include "roster.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

static enum sj_status contact_form(struct run *r, struct command_form *out, struct sj_error *err)
{
    (void)err;
    command_form_add(out, &(struct xmpp_input){
        .kind = XMPP_INPUT_TEXT, .var = "address", .label = r->network->backend->id_help,
        .required = true});
    return SJ_OK;
}

static const struct command_stage contact_stages[] = {{.form = contact_form}};

enum sj_status command_read_address(struct run *r, const struct session *s, const char *var,
                                    struct sj_error *err)
{
    const char *given = run_value(r, var);
    const char *at = strrchr(given, '@');
    bool ours = at && sj_ascii_casecmp(at + 1, r->network->options->host) == 0;
    char *plain = sj_strndup(given, ours ? (size_t)(at - given) : strlen(given));
    struct sj_strbuf id;
    enum sj_status status;

    sj_strbuf_init(&id, SJ_ID_MAX);
    status = session_canon(s, plain, &id, err);
    if (status == SJ_OK)
        status = run_keep(r, var, id.s, err);
    sj_strbuf_release(&id);
    sj_free(plain);
    return status;
}

struct session *command_session(struct run *r, struct sj_error *err)
{
    struct session *s = run_session(r);

    if (s && s->state == SESSION_ONLINE)
        return s;
    if (!s)
        sj_fail(err, SJ_UNREGISTERED, "You are not registered with this gateway.");
    else
        sj_fail(err, SJ_UNREACHABLE, "You are not logged in to the network; show yourself as "
                "available first.");
    return NULL;
}

/* The session of a run whose address is good, a person's, and whose network can be asked, else
 * NULL. */
static struct session *contact_session(struct run *r, struct sj_error *err)
{
    struct session *s = command_session(r, err);

    if (!s || command_read_address(r, s, "address", err) != SJ_OK)
        return NULL;
    if (!rooms_is_room(s->all, s->network->index, run_value(r, "address")))
        return s;
    sj_fail(err, SJ_UNACCEPTABLE, "This is a room, not a person: type join and its address, or "
            "enter it with your client.");
    return NULL;
}

void command_removed(struct session *s, const char *id, uint64_t run, const struct sj_error *err)
{
    struct contact *c = contact_find(s, id);

    if (c && (!err || err->status == SJ_NOTFOUND))
        contact_gone(s, c, NULL);
    command_outcome(s->all, run, err);
}

static void contact_asked(struct session *s, const struct op_ask *what, const struct sj_error *err)
{
    if (what->kind == OP_CONTACT_REMOVE)
        command_removed(s, what->peer, what->run, err);
    else
        command_outcome(s->all, what->run, err);
}

/* Asks the network if it has a list, and waits; else all is well already. */
static void contact_ask(struct run *r, struct session *s, enum op_kind kind,
                        enum sj_status (*ask)(struct sj_link *, const char *, sj_op,
                                              struct sj_error *))
{
    struct op_ask what = {.kind = kind, .peer = run_value(r, "address"), .run = r->id};
    struct sj_error err = {.status = SJ_OK};
    sj_op op = ask ? op_new(s, &what, &err) : 0;

    command_wait(r);
    if (!ask) {
        contact_asked(s, &what, NULL);
    } else if (!op) {
        contact_asked(s, &what, &err);
    } else if (ask(s->link, what.peer, op, &err) != SJ_OK) {
        op_forget(s->all, op);
        contact_asked(s, &what, &err);
    }
}

/* ---- add ---- */

static void contact_add_do(struct run *r)
{
    struct sj_error err = {.status = SJ_OK};
    struct session *s = contact_session(r, &err);
    const char *id = s ? run_value(r, "address") : NULL;
    struct contact *c = s ? contact_add(s, id) : NULL;

    if (s && !c)
        sj_fail(&err, SJ_LIMIT, "You have as many contacts here as the gateway allows (%u).",
                s->all->options->contacts_max);
    if (!c) {
        command_done_error(r, &err);
        return;
    }
    if (c->to) {
        command_done_note(r, XMPP_NOTE_INFO, "%s is among your contacts already.", id);
        return;
    }
    c->asked_out = true;
    contact_changed(c);
    contact_ask(r, s, OP_COMMAND, s->network->backend->contact_add);
}

static void contact_not_added(struct session *s, const char *id)
{
    struct contact *c = s ? contact_find(s, id) : NULL;

    if (!c || !c->asked_out)
        return;
    c->asked_out = false;
    contact_changed(c);
    contact_drop_unused(c);
}

/* It exists over there: the roster is to have it, too. true: that is done for the user. */
static bool contact_into_roster(struct session *s, struct contact *c)
{
    c->asked_out = c->unwanted = false;
    c->listed = true;
    c->suggested = false;                /* the user wants it now, whatever became of an offer */
    if (roster_takes_over(s)) {
        roster_later(s);
        return true;
    }
    c->suggested = c->asked = true;
    contact_changed(c);
    if (!c->asked_in)
        xmpp_send_subscription(s->all->xmpp, s->network->index, c->id, s->user, XMPP_SUBSCRIBE,
                               NULL, c->name, NULL);
    return false;
}

static void contact_add_outcome(struct run *r, const struct sj_error *err)
{
    struct session *s = run_session(r);
    const char *id = run_value(r, "address");
    struct contact *c = s ? contact_find(s, id) : NULL;
    struct sj_error gone;

    if (err || !c) {
        sj_fail(&gone, SJ_NOTFOUND, "There is nobody of this address.");
        contact_not_added(s, id);
        command_done_error(r, err ? err : &gone);
    } else if (!c->to && !c->listed && (s->network->backend->caps & SJ_CAP_APPROVAL)) {
        command_done_note(r, XMPP_NOTE_INFO, "%s has been asked; the answer takes as long as it "
                          "takes.", id);
    } else if (contact_into_roster(s, c)) {
        command_done_note(r, XMPP_NOTE_INFO, "%s is on the way into your contact list.", id);
    } else {
        command_done_note(r, XMPP_NOTE_INFO, "You get a contact request of %s: accept it, and the "
                          "contact stands in your list.", id);
    }
}

static void contact_add_abandon(struct run *r)
{
    contact_not_added(run_session(r), run_value(r, "address"));
}

const struct command command_add = {
    .node = "add-contact",
    .word = "add",
    .title = N_("Add a contact"),
    .help = N_("put somebody of the network on your contact list"),
    .flags = COMMAND_REGISTERED,
    .stages = contact_stages,
    .n_stages = 1,
    .do_it = contact_add_do,
    .outcome = contact_add_outcome,
    .abandon = contact_add_abandon,
};

/* ---- remove ---- */

static void contact_remove_do(struct run *r)
{
    struct sj_error err = {.status = SJ_OK};
    struct session *s = contact_session(r, &err);
    const char *id = s ? run_value(r, "address") : NULL;
    const struct contact *c = s ? contact_find(s, id) : NULL;

    if (!s)
        command_done_error(r, &err);
    else if (!c)
        command_done_note(r, XMPP_NOTE_ERROR, "%s is none of your contacts.", id);
    else
        contact_ask(r, s, OP_CONTACT_REMOVE, s->network->backend->contact_remove);
}

static void contact_remove_outcome(struct run *r, const struct sj_error *err)
{
    if (err && err->status != SJ_NOTFOUND)
        command_done_error(r, err);
    else
        command_done_note(r, XMPP_NOTE_INFO, "%s is no longer among your contacts.",
                          run_value(r, "address"));
}

const struct command command_remove = {
    .node = "remove-contact",
    .word = "remove",
    .title = N_("Remove a contact"),
    .help = N_("take somebody off your contact list, here and on the network"),
    .flags = COMMAND_REGISTERED,
    .stages = contact_stages,
    .n_stages = 1,
    .do_it = contact_remove_do,
    .outcome = contact_remove_outcome,
};
