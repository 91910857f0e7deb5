/* SPDX-License-Identifier: MPL-2.0 */
/* Shared by the files of the conversation: what is said, and a form that is asked field by
 * field. */
#ifndef SESSION_DIALOGUE_QUESTION_H
#define SESSION_DIALOGUE_QUESTION_H

#include <stdbool.h>

#include "command.h"
#include "sojourn/strbuf.h"

/* To the user of the run, in its language. */
void run_say(const struct run *, const char *text);
/* A text that did not fit was cut at the last part that did. */
void run_say_text(const struct run *, struct sj_strbuf *);

/* What comes before the question in the same message. */
struct question {
    struct run *run;
    struct command_form form;
    struct sj_strbuf text;
};
/* false: the form cannot be made; that has been said, and the run is gone. question_end in either
 * case. */
bool question_begin(struct question *, struct run *);
void question_end(struct question *);
void question_line(struct question *, const char *text);
/* Asks the next open field, or submits. The run may be gone afterwards. */
void question_next(struct question *);
/* Keeps what was typed for one field; false: it does not do, and the text says why. */
bool question_take(struct question *, const struct xmpp_input *, const char *typed);
/* Words behind the command, in the order of its fields; the last takes the rest. */
void question_take_rest(struct question *, char *rest);
/* "set NAME VALUE": one field of many, the others stay (COMMAND_NAMED). */
void question_named(struct question *, char *rest);
/* ".": what stands there stays; "..": also all that follows; "-": nothing is to stand there. */
void question_skip(struct question *, const struct xmpp_input *, const char *typed);

#endif
