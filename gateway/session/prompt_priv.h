/* SPDX-License-Identifier: MPL-2.0 */
/* Shared by prompt.c, the life of a question, and prompt_form.c, the question as a form. */
#ifndef SESSION_PROMPT_PRIV_H
#define SESSION_PROMPT_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "prompt.h"
#include "sojourn/loop.h"

/* Owned by the session, from the first question of a log-in to its end. */
struct prompt {
    struct session *session;             /* borrowed */
    struct sj_timer deadline;
    uint64_t number;                     /* of the question, among all of this process */
    int64_t since_ms;                    /* the user did something, or the first question came */
    unsigned n_asked;                    /* questions of this log-in, at most 2 are counted */
    unsigned tells;
    bool open;                           /* else what follows the answer is not known yet */
    bool shown;                          /* presence said that there is a question */
    bool due;                            /* is to be told by message */
    bool talked;                         /* the user's next message is the answer */
    enum sj_prompt_kind kind;
    char *text, *url;
    struct xmpp_media picture;           /* bytes NULL: none */
    struct prompt_picture *put;          /* the same on its way to a server, or NULL */
    struct command_form *form;           /* prompt_as_form */
};

/* prompt.c */
/* SJ_UNACCEPTABLE: this cannot be an answer, the question stays open. */
enum sj_status prompt_answer(struct session *, const char *value, struct sj_error *);
/* The user does not want to answer: the log-in is given up. */
void prompt_refuse(struct session *);
/* By message; the next one of the user is the answer. */
void prompt_tell(struct session *);
/* prompt_form.c: what prompt_as_form made. */
void prompt_form_free(struct prompt *);

#endif
