/* SPDX-License-Identifier: MPL-2.0 */
/* A message into lines that fit. */
#ifndef IRC_SPLIT_H
#define IRC_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

/* The parts, without the line ends between them, add up to the text exactly; empty lines vanish. */
struct irc_split {
    const char *at, *end;
    size_t max;
    bool keeps_empty;                /* all lines are parts, those without text too */
    bool goes_on;                    /* the last part goes on with the line of the one before */
    bool in_line, is_done;           /* internal */
};

/* max: bytes of one part, at least 4. */
void irc_split_init(struct irc_split *s, const char *text, size_t n, size_t max);
/* The next part, 1..max bytes on code points (0: an empty line, where these are kept); false at the
 * end. */
bool irc_split_next(struct irc_split *s, const char **part, size_t *n);

#endif
