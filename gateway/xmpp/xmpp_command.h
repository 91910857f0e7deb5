/* SPDX-License-Identifier: MPL-2.0 */
/* Part of xmpp.h (include that one): forms, commands, and what is said to the gateway itself.
 *
 * One form serves data forms (XEP-0004) and questions in plain text alike. Values are texts; where
 * a field has several they are divided by line feeds. */
#ifndef SOJOURN_XMPP_COMMAND_H
#define SOJOURN_XMPP_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

struct xmpp;
struct xmpp_from;
struct xmpp_command_in;

enum xmpp_input_kind {
    XMPP_INPUT_TEXT,
    XMPP_INPUT_SECRET,           /* never filled in; its values are wiped */
    XMPP_INPUT_BOOL,             /* "1" or "0" */
    XMPP_INPUT_LIST,             /* one of choices, by value */
    XMPP_INPUT_LIST_MULTI,       /* some of them */
    XMPP_INPUT_LINES,            /* text of several lines */
    XMPP_INPUT_JID,
    XMPP_INPUT_JIDS,
    XMPP_INPUT_FIXED,            /* no question: value is shown */
    XMPP_INPUT_KINDS
};
struct xmpp_choice {
    const char *value;
    const char *label;
};
/* A picture to look at or a link to follow beside a field (XEP-0221): a code to scan, a captcha.
 * Either uri, or bytes that this room serves for a while (XEP-0231; at most 8 KiB). */
struct xmpp_media {
    const char *type;            /* "image/png" */
    const char *uri;
    const void *bytes;
    size_t n_bytes;
    unsigned width, height;      /* 0: not told */
};
struct xmpp_input {
    enum xmpp_input_kind kind;
    const char *var;             /* NULL: FIXED only */
    const char *label;
    const char *help;            /* one more sentence, or NULL */
    const char *value;           /* what is filled in, or NULL */
    bool required;
    bool unasked;                /* in a conversation: only if it stands behind the command */
    const struct xmpp_choice *choices;
    size_t n_choices;
    const struct xmpp_media *media;      /* or NULL */
};
#define XMPP_INPUTS_MAX 32u
struct xmpp_form {
    const char *form_type;       /* FORM_TYPE, or NULL */
    const char *title;           /* or NULL */
    const char *instructions;    /* lines, or NULL */
    size_t n;
    struct xmpp_input input[XMPP_INPUTS_MAX];
};
/* Rows of texts under columns (of which kind, var and label count). */
struct xmpp_table {
    const char *title;
    const struct xmpp_input *columns;
    size_t n_columns;
    const char *const *cells;    /* row by row; NULL: empty */
    size_t n_rows;
    const char *form_type;       /* FORM_TYPE, or NULL */
};

/* What somebody submitted, by var; fields that were absent do not stand here, empty ones have "".
 * Wiped by this room after the call. */
#define XMPP_VALUES_MAX 64u
#define XMPP_VALUES_BYTES_MAX 65536u
struct xmpp_values {
    size_t n;
    struct {
        const char *var, *value;
    } item[XMPP_VALUES_MAX];
};

/* ---- ad-hoc commands (XEP-0050) ---- */

enum xmpp_action { XMPP_EXECUTE, XMPP_PREV, XMPP_NEXT, XMPP_COMPLETE, XMPP_CANCEL };
struct xmpp_command_in {
    const struct xmpp_from *from;
    const char *node;
    uint64_t run;                /* the running command, 0: a new one */
    enum xmpp_action action;
    const struct xmpp_values *values;    /* NULL: no form came along */
};

/* What is wrong with a request beyond its status. */
enum xmpp_command_fault {
    XMPP_FAULT_NONE,
    XMPP_FAULT_BAD_SESSION,      /* never was, or somebody else's */
    XMPP_FAULT_EXPIRED,          /* has ended */
    XMPP_FAULT_BAD_ACTION,       /* not possible now */
    XMPP_FAULT_BAD_PAYLOAD,
    XMPP_FAULT_BAD_LOCALE,
    XMPP_FAULT_MALFORMED_ACTION,
    XMPP_FAULT_NOT_ALLOWED       /* another one is running */
};

enum xmpp_command_status { XMPP_EXECUTING, XMPP_COMPLETED, XMPP_CANCELED };
enum xmpp_note { XMPP_NOTE_INFO, XMPP_NOTE_WARN, XMPP_NOTE_ERROR };
struct xmpp_command_out {
    uint64_t run;
    const char *node;
    enum xmpp_command_status status;
    bool may_prev, may_next, may_complete;       /* EXECUTING: what the user may do next */
    const char *lang;            /* of all texts, or NULL */
    const char *note;            /* or NULL */
    enum xmpp_note note_kind;
    const struct xmpp_form *form;        /* to fill in, or with COMPLETED the result; or NULL */
    const struct xmpp_table *table;      /* or NULL; never both */
};

/* Implemented by the session room; every member non-NULL. */
struct xmpp_in_command {
    /* Calls each for every command that this user may run now. */
    void (*list)(void *ctx, const struct xmpp_from *,
                 void (*each)(void *arg, const char *node, const char *title), void *arg);
    /* The title of one of them; lives until the next call into the session room. SJ_NOTFOUND: no
     * such command, SJ_DENIED: not for this user. */
    enum sj_status (*info)(void *ctx, const struct xmpp_from *, const char *node,
                           const char **title, struct sj_error *);
    /* One step. SJ_OK: xmpp_answer_command or xmpp_answer follows (maybe already called). Else
     * *fault may say more. */
    enum sj_status (*step)(void *ctx, const struct xmpp_command_in *, uint64_t req,
                           enum xmpp_command_fault *fault, struct sj_error *);
    /* Somebody wrote to the gateway itself (XEP-0100 leaves it open; peers do). body is wiped
     * after the call, since it may be a password. */
    enum sj_status (*talk)(void *ctx, const struct xmpp_from *, const char *body,
                           struct sj_error *);
};

/* Answers a step. What is too large to be said is answered with resource-constraint. */
void xmpp_answer_command(struct xmpp *, uint64_t req, const struct xmpp_command_out *);

#endif
