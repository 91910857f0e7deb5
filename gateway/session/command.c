/* SPDX-License-Identifier: MPL-2.0 */
/* The engine of commands: the life of a run from its first form to its outcome, and the limits.
 * Who may run what is in command_rights.c, what was given in command_value.c, forms in
 * command_form.c, what commands do in the other command_*.c; how users meet them is the front
 * ends' business. Source: XEP-0050 §3, G050-03 to G050-16. */
#include "command_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define RUN_KEY_MAX (SJ_STORE_TEXT_MAX + 16u)

static void run_key(struct sj_strbuf *out, unsigned host, const char *user)
{
    sj_strbuf_init(out, RUN_KEY_MAX);
    sj_strbuf_addf(out, "%u %s", host, user);
}

/* ---- runs ---- */

static void run_on_deadline(void *arg);

struct commands *commands_new(void)
{
    struct commands *k = sj_calloc(1, sizeof *k);

    sj_idmap_init(&k->by_id);
    sj_map_init(&k->users);
    return k;
}

static void run_free(struct run *r)
{
    struct commands *k = r->all->commands;
    struct run_user *u = r->owner;

    sj_timer_stop(&r->deadline);
    sj_idmap_remove(&k->by_id, r->id);
    sj_list_remove(&r->link);
    if (--u->n_runs == 0) {
        sj_map_remove(&k->users, u->key);
        sj_free(u);
    }
    run_forget_all(r);
    sj_free(r->user);
    sj_free(r->full);
    sj_free(r);
}

void commands_free(struct commands **at)
{
    struct commands *k = at ? *at : NULL;

    if (!k)
        return;
    for (uint32_t next = 0; k->by_id.used > 0; next = 0)
        run_free(sj_idmap_next(&k->by_id, &next));
    sj_idmap_release(&k->by_id);
    sj_map_release(&k->users);
    sj_free(k);
    *at = NULL;
}

struct run *command_find(struct sessions *all, uint64_t id)
{
    return id ? sj_idmap_find(&all->commands->by_id, id) : NULL;
}

static struct run_user *run_user(struct commands *k, unsigned host, const char *user)
{
    struct sj_strbuf key;
    struct run_user *u;

    run_key(&key, host, user);
    u = sj_map_find(&k->users, key.s);
    if (!u) {
        u = sj_calloc(1, sizeof *u + key.len + 1);
        memcpy(u->key, key.s, key.len + 1);
        sj_list_init(&u->runs);
        sj_map_put(&k->users, u->key, u);
    }
    sj_strbuf_release(&key);
    return u;
}

static struct run *run_new(struct sessions *all, const struct command_start *start)
{
    struct commands *k = all->commands;
    struct run *r = sj_calloc(1, sizeof *r);

    r->id = ++k->next_id;
    r->all = all;
    r->network = &all->networks[start->from->host];
    r->command = start->command;
    r->front = start->front;
    r->req = start->req;
    r->user = sj_strdup(start->from->user);
    r->full = sj_strdup(start->from->full);
    r->lang = command_language(r->network, start->from);
    r->owner = run_user(k, start->from->host, start->from->user);
    r->owner->n_runs++;
    sj_list_init(&r->link);
    sj_list_append(&r->owner->runs, &r->link);
    sj_timer_init(&r->deadline, run_on_deadline, r);
    sj_idmap_put(&k->by_id, r->id, r);
    return r;
}

struct session *run_session(struct run *r)
{
    struct sj_error err = {.status = SJ_OK};
    struct session *s = session_get(r->network, r->user, &err);

    if (!s)
        return NULL;
    session_release(s);
    return s->registered && !s->removal.wanted ? s : NULL;
}

/* ---- the life of a run ---- */

static bool run_may_next(const struct run *r)
{
    return !r->extra && r->stage + 1 < r->command->n_stages;
}

static bool run_may_prev(const struct run *r)
{
    return !r->extra && r->stage > 0;
}

static void run_show_end(struct run *r, enum xmpp_command_status status,
                         const struct command_reply *reply)
{
    struct command_turn turn = {.status = status};
    struct command_form form = {.n_owned = 0};
    struct xmpp_table table;

    if (reply) {
        turn.note_kind = reply->kind;
        turn.note = reply->note;
    }
    if (reply && reply->result) {
        form.form = *reply->result;
        command_form_translate(&form, r->lang);
        turn.form = &form.form;
    }
    if (reply && reply->table) {
        table = *reply->table;
        table.columns = command_columns_translate(&form, &table, r->lang);
        turn.table = &table;
    }
    r->front->show(r, &turn);
    command_form_release(&form);
}

void command_done(struct run *r, const struct command_reply *reply)
{
    run_show_end(r, XMPP_COMPLETED, reply);
    run_free(r);
}

void command_done_note(struct run *r, enum xmpp_note kind, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, sj_translate(r->lang, fmt), args);
    va_end(args);
    command_done(r, &(struct command_reply){.kind = kind, .note = text});
}

void command_done_error(struct run *r, const struct sj_error *err)
{
    struct sj_error words = *err;
    const char *text = words.text;

    sj_error_translate(&words, r->lang);
    if (!words.text[0])
        text = run_words(r, sj_status_text(err->status));
    command_done(r, &(struct command_reply){.kind = XMPP_NOTE_ERROR, .note = text});  /* G050-12 */
}

static void run_ask(struct run *r, enum xmpp_note kind, const char *note)
{
    struct command_form form;
    struct sj_error err = {.status = SJ_OK};
    struct command_turn turn = {.status = XMPP_EXECUTING, .form = &form.form, .note = note,
                                .note_kind = kind, .may_prev = run_may_prev(r),
                                .may_next = run_may_next(r), .may_complete = !run_may_next(r)};
    enum sj_status status = command_form_now(r, &form, &err);

    if (status == SJ_OK) {
        r->state = RUN_ASKING;
        run_touch(r);
        r->front->show(r, &turn);
    } else {
        command_done_error(r, &err);
    }
    command_form_release(&form);
}

/* Whatever do_it or outcome did, the run went on or is gone. */
static void run_check_went_on(struct sessions *all, uint64_t id)
{
    struct run *r = command_find(all, id);
    struct sj_error bug;

    if (!r || r->state != RUN_WORKING)
        return;
    sj_log_error(&all->log, "bug: a command did not end node=%s", r->command->node);
    sj_fail(&bug, SJ_INTERNAL, "%s", sj_status_text(SJ_INTERNAL));
    command_done_error(r, &bug);
}

static void run_go_on(struct run *r)
{
    struct sessions *all = r->all;
    uint64_t id = r->id;

    if (r->extra || r->stage < r->command->n_stages) {
        run_ask(r, XMPP_NOTE_INFO, NULL);
        return;
    }
    r->state = RUN_WORKING;
    if (r->after && r->after->answered)
        r->after->answered(r);
    else
        r->command->do_it(r);
    run_check_went_on(all, id);
}

void command_ask(struct run *r, const struct command_stage *stage, enum xmpp_note kind,
                 const char *note)
{
    r->extra = stage;
    run_ask(r, kind, note);
}

void command_wait(struct run *r)
{
    r->state = RUN_BUSY;
    sj_timer_start(r->all->loop, &r->deadline, COMMAND_BUSY_MS);
    if (r->front->waiting)
        r->front->waiting(r);
}

void command_outcome(struct sessions *all, uint64_t id, const struct sj_error *err)
{
    struct run *r = command_find(all, id);

    if (!r || r->state != RUN_BUSY)
        return;
    sj_timer_stop(&r->deadline);
    r->state = RUN_WORKING;
    if (r->command->outcome)
        r->command->outcome(r, err);
    else if (err)
        command_done_error(r, err);
    else
        command_done_note(r, XMPP_NOTE_INFO, "Done.");
    run_check_went_on(all, id);
}

static void run_abandon(struct run *r)
{
    if ((r->state == RUN_BUSY || r->extra) && r->command->abandon)
        r->command->abandon(r);
}

/* Does what it began go on without it? */
static bool run_is_left(struct run *r, bool canceled)
{
    return r->state == RUN_ASKING && r->extra && r->extra->left && r->extra->left(r, canceled);
}

static void run_drop(struct run *r)
{
    if (!run_is_left(r, true))
        run_abandon(r);
}

void run_cancel(struct run *r)
{
    run_drop(r);
    run_show_end(r, XMPP_CANCELED, NULL);
    run_free(r);
}

void run_fail(struct run *r, const struct sj_error *why)
{
    run_drop(r);
    command_done_error(r, why);
}

void run_end(struct run *r)
{
    run_free(r);
}

void run_touch(struct run *r)
{
    sj_timer_start(r->all->loop, &r->deadline, COMMAND_IDLE_MS);
}

static void run_expire(struct run *r)
{
    if (!run_is_left(r, false) && r->front->expired)
        r->front->expired(r);
    run_free(r);
}

static void run_on_deadline(void *arg)
{
    struct run *r = arg;
    struct sj_error late;

    if (r->state == RUN_ASKING) {
        run_expire(r);
        return;
    }
    if (r->after && r->after->waited && r->after->waited(r))
        return;
    run_abandon(r);
    sj_fail(&late, SJ_TIMEOUT, "The network did not answer in time.");
    command_done_error(r, &late);
}

/* ---- steps ---- */

static struct run *run_find_busy(const struct run_user *u, const struct command *c)
{
    const struct sj_list *at;

    for (at = u->runs.next; at != &u->runs; at = at->next) {
        struct run *r = SJ_CONTAINER(at, struct run, link);
        if (r->command == c && r->state == RUN_BUSY)
            return r;
    }
    return NULL;
}

/* One of the same that works on something already (G050-11). */
static bool run_is_doubled(const struct run_user *u, const struct command *c)
{
    return (c->flags & COMMAND_ALONE) && run_find_busy(u, c);
}

/* Clients rarely cancel what their user closed: the oldest form makes room. false: all work. */
static bool run_make_room(struct run_user *u)
{
    struct sj_list *at;

    if (u->n_runs < COMMAND_RUNS_USER_MAX)
        return true;
    for (at = u->runs.next; at != &u->runs; at = at->next) {
        struct run *r = SJ_CONTAINER(at, struct run, link);
        if (r->state == RUN_ASKING) {
            run_expire(r);
            return true;
        }
    }
    return false;
}

static enum sj_status command_admit(struct sessions *all, const struct command_start *start,
                                    enum xmpp_command_fault *fault, struct sj_error *err)
{
    struct commands *k = all->commands;
    struct sj_strbuf key;
    struct run_user *u;

    if (all->stopping)
        return sj_fail(err, SJ_UNAVAILABLE, "The gateway is being stopped; try again later.");
    run_key(&key, start->from->host, start->from->user);
    u = sj_map_find(&k->users, key.s);
    sj_strbuf_release(&key);
    if (u && (run_is_doubled(u, start->command) || !run_make_room(u))) {
        *fault = XMPP_FAULT_NOT_ALLOWED;
        return sj_fail(err, SJ_LIMIT, "The last one is still being worked on.");
    }
    if (k->by_id.used >= COMMAND_RUNS_MAX)
        return sj_fail(err, SJ_LIMIT, "The gateway is too busy; try again later.");
    return SJ_OK;
}

enum sj_status command_begin(struct sessions *all, const struct command_start *start,
                             enum xmpp_command_fault *fault, struct sj_error *err)
{
    struct command_rights rights;
    struct session *s = session_find(&all->networks[start->from->host], start->from->user);
    enum sj_status status = command_rights(&rights, all, start->from, err);

    if (s)
        session_heard(s, start->from);
    if (status == SJ_OK)
        status = command_may(start->command, &all->networks[start->from->host], &rights, err);
    if (status == SJ_OK)
        status = command_admit(all, start, fault, err);
    if (status == SJ_OK)
        run_go_on(run_new(all, start));
    return status;
}

static enum sj_status run_submit(struct run *r, const struct xmpp_values *values, uint64_t req,
                                 enum xmpp_command_fault *fault, struct sj_error *err)
{
    struct command_form form;
    enum sj_status status = command_form_now(r, &form, err);

    if (status == SJ_OK)
        status = run_take(r, &form.form, values, fault, err);
    command_form_release(&form);
    if (status != SJ_OK)
        return status;
    r->after = r->extra;
    r->extra = NULL;
    r->stage += r->after == NULL;
    r->req = req;
    run_go_on(r);
    return SJ_OK;
}

static enum sj_status run_cancel_step(struct run *r, uint64_t req)
{
    if (r->req)                          /* the step that still waits is answered, too */
        run_show_end(r, XMPP_CANCELED, NULL);
    r->req = req;
    run_cancel(r);                       /* G050-06 */
    return SJ_OK;
}

enum sj_status command_step(struct run *r, enum xmpp_action action,
                            const struct xmpp_values *values, uint64_t req,
                            enum xmpp_command_fault *fault, struct sj_error *err)
{
    bool legal = r->state == RUN_ASKING;

    if (action == XMPP_CANCEL)
        return run_cancel_step(r, req);
    if (action == XMPP_PREV)
        legal = legal && run_may_prev(r);
    else if (action != XMPP_EXECUTE)
        legal = legal && (action == XMPP_NEXT) == run_may_next(r);
    if (!legal) {
        *fault = XMPP_FAULT_BAD_ACTION;
        return sj_fail(err, SJ_INVALID, "This cannot be done now.");
    }
    if (action != XMPP_PREV)
        return run_submit(r, values, req, fault, err);
    r->stage--;
    r->req = req;
    run_go_on(r);
    return SJ_OK;
}

/* ---- the room ---- */

struct run *commands_next(struct sessions *all, unsigned host, const char *user, uint64_t after)
{
    struct sj_strbuf key;
    const struct run_user *u;
    struct run *found = NULL;

    run_key(&key, host, user);
    u = sj_map_find(&all->commands->users, key.s);
    sj_strbuf_release(&key);
    for (const struct sj_list *at = u ? u->runs.next : NULL; u && at != &u->runs && !found;
         at = at->next) {
        struct run *r = SJ_CONTAINER(at, struct run, link);
        if (r->id > after)
            found = r;
    }
    return found;
}

void commands_end_user(struct sessions *all, unsigned host, const char *user)
{
    struct sj_error gone;
    struct run *r;
    uint64_t after = 0;

    sj_fail(&gone, SJ_UNREGISTERED, "You have unregistered from this gateway.");
    while ((r = commands_next(all, host, user, after)) != NULL) {
        after = r->id;
        if (r->state == RUN_BUSY)
            command_done_error(r, &gone);
        else if (r->state == RUN_ASKING)
            run_free(r);                 /* one that works did this, and ends by itself */
    }
}

void commands_outcome_of(struct sessions *all, unsigned host, const char *user,
                         const struct command *c, const struct sj_error *err)
{
    struct sj_strbuf key;
    struct run_user *u;
    struct run *r;

    run_key(&key, host, user);
    while ((u = sj_map_find(&all->commands->users, key.s)) != NULL &&
           (r = run_find_busy(u, c)) != NULL)
        command_outcome(all, r->id, err);
    sj_strbuf_release(&key);
}

void commands_stop(struct sessions *all)
{
    struct sj_error stopping;
    struct run *r;
    uint32_t at = 0;

    sj_fail(&stopping, SJ_UNAVAILABLE, "The gateway is being stopped; try again later.");
    while ((r = sj_idmap_next(&all->commands->by_id, &at)) != NULL) {
        if (r->state == RUN_BUSY)
            command_done_error(r, &stopping);
    }
}
