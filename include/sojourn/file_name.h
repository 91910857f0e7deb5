/* SPDX-License-Identifier: MPL-2.0 */
/* Names of files as others give them: data, never a path (GFIL-06). Pure functions. */
#ifndef SOJOURN_FILE_NAME_H
#define SOJOURN_FILE_NAME_H

#include <stdbool.h>

#include "sojourn/message.h"

/* What is harmless of text: the part behind the last separator, without leading dots, characters
 * that control terminals or the direction of writing, and what does not fit, of which the ending
 * is kept. false: nothing is left (out is ""). text NULL: nothing. */
bool sj_file_name(char out[SJ_FILE_NAME_MAX + 1], const char *text);
/* The same of the last segment of a URL's path. */
bool sj_file_name_of_url(char out[SJ_FILE_NAME_MAX + 1], const char *url);

/* The text when it is type/subtype (RFC 6838 §4.2) of at most 127 bytes without parameters or with
 * a "; charset=..." behind, which is cut off; into out (128 bytes). false: it is none. */
#define SJ_MEDIA_TYPE_SIZE 128
bool sj_media_type(char out[SJ_MEDIA_TYPE_SIZE], const char *text);

#endif
