/* SPDX-License-Identifier: MPL-2.0 */
/* Case mappings of nicknames and channels: the CASEMAPPING token of RPL_ISUPPORT. */
#ifndef IRC_CASE_H
#define IRC_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum irc_casemap { IRC_CASEMAP_RFC1459, IRC_CASEMAP_STRICT, IRC_CASEMAP_ASCII };

/* Mapping by its ISUPPORT name (n bytes). rfc7613 and names that nobody knows map the ASCII
 * letters only: folding less keeps two people apart, folding more could merge them. */
enum irc_casemap irc_casemap_parse(const char *name, size_t n);
const char *irc_casemap_name(enum irc_casemap m);

char irc_case_lower(enum irc_casemap m, char c);
/* Folds s in place. */
void irc_case_fold(enum irc_casemap m, char *s);
bool irc_case_equal(enum irc_casemap m, const char *a, const char *b);
/* Hash of the folded text; never 0. For matching within one link only. */
uint32_t irc_case_hash(enum irc_casemap m, const char *s);

#endif
