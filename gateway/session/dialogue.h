/* SPDX-License-Identifier: MPL-2.0 */
/* The conversation with the gateway's own address: the text front end of commands, for clients that
 * know neither gateways nor ad-hoc commands, and for phones. */
#ifndef SESSION_DIALOGUE_H
#define SESSION_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>

#include "command.h"
#include "sojourn/strbuf.h"

#define DIALOGUE_TALKS_MAX 4096u         /* users remembered; the one unused for longest goes */
#define DIALOGUE_ANSWERS_MAX 30u         /* messages of one user that are answered ... */
#define DIALOGUE_ANSWERS_MS 60000        /* ... in so long; the next ones are not */
#define DIALOGUE_TEXT_MAX 8192u          /* bytes of an answer */
#define DIALOGUE_ROWS 20u                /* of a list, for commands that can show others */

/* dialogue.c */
struct talks *talks_new(void);
void talks_free(struct talks **);
enum sj_status dialogue_hear(void *ctx, const struct xmpp_from *, const char *body,
                             struct sj_error *);

/* dialogue_value.c */

/* The text without blanks around it; changed. */
char *words_strip(char *text);
/* And without the quotation marks if it stands in a pair of them; changed. */
char *words_unquote(char *text);
/* Cuts text (changed) into at most max words at blanks; a part in quotation marks is one word, and
 * the last one is all of the rest. */
size_t words_cut(char *text, char **words, size_t max);
/* Bytes of text without the punctuation that phones put behind a word; of a text that has nothing
 * else, all of it. */
size_t word_length(const char *text);
/* Is it that word, in upper or lower case, such punctuation aside? */
bool word_is(const char *text, const char *word);
/* What people type for a field, as its value: yes and no (also in their language), the number or
 * the beginning of a choice, several addresses in one line. NULL with err: it does not do. To be
 * freed with sj_secret_free. */
char *dialogue_value(const struct xmpp_input *, const char *typed, const char *lang,
                     struct sj_error *);
/* The one input whose var begins like this; NULL: none or several. */
const struct xmpp_input *dialogue_input(const struct xmpp_form *, const char *name);

/* dialogue_text.c */

/* The question for one input; rest: nothing behind it is required. */
void dialogue_ask(struct sj_strbuf *, const struct xmpp_input *, const char *lang, bool rest);
/* "name: value" for each. */
void dialogue_list(struct sj_strbuf *, const struct xmpp_form *, const char *lang);
/* What a command ended with. */
void dialogue_result(struct sj_strbuf *, const struct command_turn *, const char *lang);
extern const char dialogue_secret_words[], dialogue_yes[], dialogue_no[];

#endif
