/* SPDX-License-Identifier: MPL-2.0 */
/* Text to typed values and back. Inside of config only. */
#ifndef SOJOURN_CONFIG_VALUE_H
#define SOJOURN_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"
#include "sojourn/option.h"

struct sj_strbuf;

#define CONFIG_TEXT_MAX 1024u       /* bytes of a text value whose option names no limit */

/* Fills number (and not text) of out. False: why says what is wrong and what is allowed; the value
 * of a secret is not repeated there. */
bool config_value_parse(struct sj_value *out, const struct sj_option *o, const char *text,
                        struct sj_strbuf *why);
/* "1 to 65535", "yes or no", ...; nothing for plain text. */
void config_value_allowed(struct sj_strbuf *out, const struct sj_option *o);
/* Small number of single-letter changes (insert, remove, replace, swap) from a to b; anything far
 * away gives SIZE_MAX. */
size_t config_distance(const char *a, const char *b);

/* A readable regular file? SJ_INVALID otherwise. */
enum sj_status config_file_check(const char *path, struct sj_error *err);
/* The first line of a private file, a new string; NULL with err. */
char *config_secret_read(const char *path, size_t max, struct sj_error *err);

#endif
