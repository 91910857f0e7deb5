/* SPDX-License-Identifier: MPL-2.0 */
/* The local addresses that a network is reached from. */
#ifndef IRC_SOURCE_H
#define IRC_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "sojourn/error.h"

#define IRC_SOURCES_MAX 64u

struct irc_sources {
    char *text;                          /* what the others point into */
    const char *v4[IRC_SOURCES_MAX], *v6[IRC_SOURCES_MAX];
    size_t n4, n6;
};

/* Reads a list of numeric addresses; NULL: none. SJ_INVALID with text. */
enum sj_status irc_sources_init(struct irc_sources *out, const char *list, struct sj_error *err);
void irc_sources_release(struct irc_sources *sources);
/* One of each family, for sj_conn_target.source: the same ones for the same user. */
void irc_sources_pick(const struct irc_sources *sources, uint64_t user, const char *out[2]);

#endif
