/* SPDX-License-Identifier: MPL-2.0 */
/* Texts for users in their own language.
 *
 * Texts are written in English where they are used; gateway/po has the other languages, collected
 * by gateway/po/update. Literals in tables are marked by N_() and translated where the language of
 * the reader is known, which backends never know.
 *
 * A language is a BCP 47 tag as it came from a client, any text at all: de-AT finds de, what is not
 * known finds English. All of this is for the thread of the loop. */
#ifndef SOJOURN_TRANSLATE_H
#define SOJOURN_TRANSLATE_H

struct sj_log;

/* Marks a literal that is translated elsewhere. */
#define N_(text) text

/* Opens the translations below dir, all of them now: later the process may read no files. What is
 * missing is said in one log line each, and is English. Once, at the start. */
void sj_translate_init(const char *dir, const struct sj_log *log);

/* The tag of the translation that serves lang, static; NULL: English. */
const char *sj_language(const char *lang);

/* The text in that language, else the text itself; lives as long as the process, or the text.
 * Allocates nothing when there is no translation. As a format it takes the same arguments. */
const char *sj_translate(const char *lang, const char *text) __attribute__((format_arg(2)));

#endif
