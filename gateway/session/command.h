/* SPDX-License-Identifier: MPL-2.0 */
/* Commands: what a user can do, declared once as data with typed fields. Ad-hoc commands (adhoc.c)
 * and the conversation with the gateway (dialogue.c) are two front ends of the same declarations;
 * docs/HACKING.md tells how to add one.
 *
 * A command that somebody began is a *run*. It is owned by struct commands, bound to the user and
 * the resource that began it, named by its id in whatever may outlive a call, limited per user and
 * in all, and it ends at its deadline or with the user's registration (G050-16). */
#ifndef SESSION_COMMAND_H
#define SESSION_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"
#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "xmpp.h"

struct network;
struct run;
struct session;
struct sessions;

#define COMMAND_RUNS_MAX 2000u           /* in all; then resource-constraint */
#define COMMAND_RUNS_USER_MAX 8u         /* beyond, the user's oldest that waits for them ends */
#define COMMAND_BYTES_MAX 16777216u      /* of values kept in all; then resource-constraint */
#define COMMAND_IDLE_MS 600000           /* waits so long for its user */
#define COMMAND_BUSY_MS (XMPP_REQUEST_TIMEOUT_MS - 5000)     /* and so long for an outcome */
#define COMMAND_OWNED_MAX 64u

/* Who may run it. None: everybody who may talk to the gateway (registered, or may register). */
enum command_flag {
    COMMAND_REGISTERED = 1u << 0,        /* who is registered */
    COMMAND_ADMIN = 1u << 1,             /* who is an admin; nobody else hears of it */
    COMMAND_ALONE = 1u << 2,             /* not while another run of it is busy (G050-11) */
    COMMAND_NAMED = 1u << 3,             /* in text: "WORD FIELD VALUE" sets one field */
    COMMAND_TEXT_ONLY = 1u << 4,         /* has no ad-hoc node */
    COMMAND_FORM_ONLY = 1u << 5,         /* has no word */
};

/* A form while it is being made. What is computed is handed over by command_form_keep. */
struct command_form {
    struct xmpp_form form;
    void *owned[COMMAND_OWNED_MAX];
    size_t n_owned;
};

/* One form of a command. */
struct command_stage {
    const char *instructions;            /* or NULL */
    const struct xmpp_input *inputs;     /* the table; NULL: form makes all */
    size_t n_inputs;
    /* Adds or fills in what depends on the user or on former stages (run_value); or NULL. Called
     * each time the form is shown, and again to check what was submitted. */
    enum sj_status (*form)(struct run *, struct command_form *, struct sj_error *);
    /* Of what command_ask shows: filled in, ends like do_it, in whose place it is; or NULL. */
    void (*answered)(struct run *);
    /* Nothing was heard for COMMAND_BUSY_MS after that. true: has ended the run; or NULL. */
    bool (*waited)(struct run *);
    /* It was shown, and its user canceled, or does not fill it in. The run ends; true: what it
     * began goes on without it; or NULL. */
    bool (*left)(struct run *, bool canceled);
};

struct command {
    const char *node;                    /* ad-hoc node, stable */
    const char *word;                    /* what people type: lower case, no blank */
    const char *title;                   /* a few words: menu entry */
    const char *help;                    /* one line behind the word in "help" */
    const char *form_type;               /* FORM_TYPE or NULL */
    unsigned flags;
    const struct command_stage *stages;  /* asked one after the other, before do_it */
    size_t n_stages;
    /* Is it of use with this network at all? NULL: yes. */
    bool (*fits)(const struct network *);
    /* Everything is known: does it. Ends in exactly one of command_done (and its short forms),
     * command_ask, or, before what may tell the outcome at once, command_wait. */
    void (*do_it)(struct run *);
    /* A run that waited heard command_outcome (err NULL: well); ends like do_it. NULL: a note. */
    void (*outcome)(struct run *, const struct sj_error *err);
    /* A run that waited is canceled or timed out: stop what it began. NULL: let it go on. */
    void (*abandon)(struct run *);
};

enum run_state {
    RUN_ASKING,                          /* the user has a form */
    RUN_WORKING,                         /* inside do_it or outcome */
    RUN_BUSY                             /* the outcome comes later */
};

/* A text that the user gave. */
struct run_value {
    char *var, *text;                    /* wiped */
};

/* What a step says to the user; a front end shows it. */
struct command_turn {
    enum xmpp_command_status status;
    bool may_prev, may_next, may_complete;
    enum xmpp_note note_kind;
    const char *note;                    /* or NULL */
    const struct xmpp_form *form;        /* to fill in, or the result; or NULL */
    const struct xmpp_table *table;      /* or NULL */
};
/* One way in which users run commands. */
struct command_front {
    size_t rows;                         /* of a table that one answer well holds */
    void (*show)(struct run *, const struct command_turn *);
    /* It began to wait for an outcome; or NULL. */
    void (*waiting)(struct run *);
    /* It ended by its deadline while it waited for the user; or NULL. */
    void (*expired)(struct run *);
};

/* Owned by struct commands. */
struct run {
    uint64_t id;
    struct sessions *all;                /* borrowed */
    struct network *network;             /* borrowed */
    const struct command *command;
    const struct command_front *front;
    struct run_user *owner;              /* of struct commands */
    struct sj_list link;                 /* in owner's list, oldest first */
    struct sj_timer deadline;
    enum run_state state;
    size_t stage;                        /* that is being asked, below command->n_stages */
    const struct command_stage *extra;   /* asked by command_ask instead, or NULL */
    const struct command_stage *after;   /* filled in last by command_ask, or NULL */
    unsigned memo;                       /* the command's own */
    uint64_t question;                   /* prompt.c: the number of what it shows */
    uint64_t req;                        /* of the ad-hoc step that waits, or 0 */
    size_t asked_at;                     /* dialogue: the input that is asked */
    char *user, *full;                   /* bare JID; the one that began it */
    const char *lang;                    /* of the first request (G050-15), see sj_language */
    struct run_value *values;
    size_t n_values, n_bytes;
};

/* ---- for commands ---- */

/* The user's session if registered, else NULL; stays valid during the call. */
struct session *run_session(struct run *);
/* What the user gave for var: NULL absent, "" emptied. */
const char *run_value(const struct run *, const char *var);
bool run_says_yes(const struct run *, const char *var);
/* Wipes what was given for var. */
void run_forget(struct run *, const char *var);
/* The text in the user's language (mark it with N_()). Declared titles, labels, helps, choices and
 * fixed values are translated by the engine, formats of notes by command_done_note. */
const char *run_words(const struct run *, const char *text) __attribute__((format_arg(2)));

struct command_reply {
    enum xmpp_note kind;
    const char *note;                    /* or NULL */
    const struct xmpp_form *result;      /* or NULL: fields with values */
    const struct xmpp_table *table;      /* or NULL */
};
/* Ends the run with this; frees it. */
void command_done(struct run *, const struct command_reply *);
void command_done_note(struct run *, enum xmpp_note, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void command_done_error(struct run *, const struct sj_error *);
/* One more form before do_it is called again; values are kept. note: or NULL. */
void command_ask(struct run *, const struct command_stage *, enum xmpp_note, const char *note);
/* The outcome comes by command_outcome(run->id), at the latest before COMMAND_BUSY_MS. */
void command_wait(struct run *);
/* Nothing happens when the run is gone. err NULL: success. */
void command_outcome(struct sessions *, uint64_t run, const struct sj_error *err);

/* Adds an input; NULL when there is no room. */
struct xmpp_input *command_form_add(struct command_form *, const struct xmpp_input *);
/* Takes memory that the form needs; returns it. */
void *command_form_keep(struct command_form *, void *taken);

/* ---- for front ends ---- */

struct command_start {
    const struct xmpp_from *from;
    const struct command *command;
    const struct command_front *front;
    uint64_t req;                        /* or 0 */
};
/* Begins a run and shows its first form, or its end. */
enum sj_status command_begin(struct sessions *, const struct command_start *,
                             enum xmpp_command_fault *, struct sj_error *);
/* The user's next step. values NULL: none came along. */
enum sj_status command_step(struct run *, enum xmpp_action, const struct xmpp_values *,
                            uint64_t req, enum xmpp_command_fault *, struct sj_error *);
/* The form that the run asks now, in its language; released by command_form_release. */
enum sj_status command_form_now(struct run *, struct command_form *, struct sj_error *);
void command_form_release(struct command_form *);
/* Puts what is a text of ours into that language, in place. */
void command_form_translate(struct command_form *, const char *lang);
/* The columns of a table so, kept by the form. */
const struct xmpp_input *command_columns_translate(struct command_form *, const struct xmpp_table *,
                                                   const char *lang);
/* The text as it is to be kept, to be freed with sj_secret_free; NULL: it is no value for this
 * input, and err names the field. */
char *command_value_take(const struct xmpp_input *, const char *text, struct sj_error *);
/* The same for a whole submission (NULL: none): out, parallel to the inputs, NULL where nothing was
 * given; the caller frees what is there also on failure. */
enum sj_status command_values_take(const struct xmpp_form *, const struct xmpp_values *given,
                                   char **out, enum xmpp_command_fault *, struct sj_error *);
struct run *command_find(struct sessions *, uint64_t id);
void run_cancel(struct run *);
/* The same for a reason, which is what the user reads. */
void run_fail(struct run *, const struct sj_error *why);
void run_end(struct run *);              /* without a word */
void run_touch(struct run *);            /* the user does something: the deadline begins anew */
/* Keeps one value before the whole form is submitted (dialogue). SJ_LIMIT. */
enum sj_status run_keep(struct run *, const char *var, const char *text, struct sj_error *);

/* What a user may do, found out once for a request. */
struct command_rights {
    bool registered, may_register, admin, disabled;
};
enum sj_status command_rights(struct command_rights *out, struct sessions *,
                              const struct xmpp_from *, struct sj_error *);
/* SJ_DENIED with a text that says why not; SJ_NOTFOUND: there is no such command here. */
enum sj_status command_may(const struct command *, const struct network *,
                           const struct command_rights *, struct sj_error *);
/* What the request says, else what the user's clients said last; as sj_language says it. */
const char *command_language(struct network *, const struct xmpp_from *);
/* By node, or NULL. */
const struct command *command_by_node(const char *node);
/* command_table.c: all commands, in the order of menus. */
const struct command *const *commands_table(size_t *n);

/* ---- for the room ---- */

struct commands *commands_new(void);
void commands_free(struct commands **);
/* The gateway stops: who waits is told. */
void commands_stop(struct sessions *);
/* The registration ended: so do the user's runs. */
void commands_end_user(struct sessions *, unsigned host, const char *user);

/* The user's runs, oldest first: the next one behind run `after` (0: the first), or NULL. */
struct run *commands_next(struct sessions *, unsigned host, const char *user, uint64_t after);
/* Every run of this command that the user waits for. */
void commands_outcome_of(struct sessions *, unsigned host, const char *user,
                         const struct command *, const struct sj_error *err);
/* command_session.c: a log-in that was awaited is through (err NULL) or failed. */
void command_login_over(struct session *, const struct sj_error *err);
/* command_contact.c: reads the address that was given for var, as it stands over there or in
 * rosters, and keeps it in canonical form. */
enum sj_status command_read_address(struct run *, const struct session *, const char *var,
                                    struct sj_error *err);
/* The user's session if the network can be asked now, else NULL with err. */
struct session *command_session(struct run *, struct sj_error *err);
/* command_contact.c: the network has removed the contact (err NULL, or it knows of none), whether
 * or not the run that asked for it still waits. */
void command_removed(struct session *, const char *id, uint64_t run, const struct sj_error *err);

/* adhoc.c: struct xmpp_in_command */
void adhoc_list(void *ctx, const struct xmpp_from *,
                void (*each)(void *arg, const char *node, const char *title), void *arg);
enum sj_status adhoc_info(void *ctx, const struct xmpp_from *, const char *node,
                          const char **title, struct sj_error *);
enum sj_status adhoc_step(void *ctx, const struct xmpp_command_in *, uint64_t req,
                          enum xmpp_command_fault *, struct sj_error *);

#endif
