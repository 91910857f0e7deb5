/* SPDX-License-Identifier: MPL-2.0 */
/* Questions of a network while it logs somebody in: codes, secrets, links, pictures. */
#ifndef SESSION_PROMPT_H
#define SESSION_PROMPT_H

#include <stdbool.h>

#include "command.h"
#include "prompt_picture.h"
#include "sojourn/contact.h"

struct session;

#define PROMPT_TELLS_MAX 10u             /* messages about one log-in; later questions are shown to
                                            who asks for them */
#define PROMPT_LIFE_MAX_MS 3600000       /* a network's own limit is no longer than this */
#define PROMPT_GRACE_MS 5000             /* after it, the network may still ask anew */
#define PROMPT_ANSWER_MAX 1023u          /* bytes */

/* The network asks (NULL: no longer) on the link of the session, or of its check. */
void prompt_heard(struct session *, const struct sj_prompt *);
bool prompt_is_open(const struct session *);
/* The log-in that asked is over (err NULL: well); tells the command that waits for it.
 * false: none does. */
bool prompt_over(struct session *, const struct sj_error *err);
/* The same without a word. */
void prompt_drop(struct session *);
/* Tells what could not be told when the stream was away. */
void prompt_flush(struct session *);
bool prompt_is_due(const struct session *);
/* A message to the gateway that no command waits for. true: it was about the question. */
bool prompt_talk(struct session *, const char *text);
/* Something else was asked since, by this run: the next message is the answer to that. */
void prompt_hush(const struct run *);
/* In a conversation: gives up the log-in that asks in a form of this run, and ends the run. false:
 * it asks something else. */
bool prompt_cancel(struct run *);
/* A client of the user came. */
void prompt_greet(struct session *, const char *full);
/* The picture of the open question that is put where files are, or NULL. */
struct prompt_picture *prompt_picture(const struct session *);
/* The open question for the registration form; lives until the next of these calls. */
const struct xmpp_form *prompt_as_form(struct session *, const char *lang);
/* The answer from there. SJ_UNACCEPTABLE: this cannot be one. */
enum sj_status prompt_reply(struct session *, const char *value, struct sj_error *);
/* The words of an open question, for this user; else NULL. */
const char *prompt_question(const struct session *);

/* The question as a form, for whichever command waits for the log-in. */
extern const struct command_stage prompt_stage;

#endif
