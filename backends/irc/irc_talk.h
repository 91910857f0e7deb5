/* SPDX-License-Identifier: MPL-2.0 */
/* What a link remembers of conversations while messages are more than lines: made when the first of
 * them is, so that others cost nothing. Owned by the link. */
#ifndef IRC_TALK_H
#define IRC_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/loop.h"
#include "sojourn/map.h"
#include "sojourn/message.h"
#include "sojourn/strbuf.h"

struct irc_link;
struct irc_read;

/* Messages of several lines whose ids are remembered. */
#define IRC_SPLIT_KEPT 8u

struct irc_talk {
    uint32_t batch;                  /* hash of the open labelled batch, 0: none */
    uint32_t batch_seq;              /* and the line that it answers */
    /* irc_ids.c: a message of several lines whose echoes come. */
    sj_op naming;                    /* 0: none */
    uint32_t naming_next;            /* number of the line that is due */
    struct sj_strbuf ids;
    char *split[IRC_SPLIT_KEPT];     /* ids of the last ones */
    unsigned n_split;
    /* irc_react.c: least recently used first. */
    struct sj_list reacted;
    unsigned n_reacted;
    struct sj_list multilines;       /* irc_multiline.c: the oldest first */
    unsigned n_multilines;
    struct sj_list typing;           /* irc_typing.c */
    struct sj_timer typing_timer;
    unsigned n_typing;
    struct irc_read *read;           /* irc_read.c: a ring; NULL: none yet */
    uint32_t n_read;                 /* so far */
};

/* Makes it at first need. */
struct irc_talk *irc_talk_get(struct irc_link *l);
void irc_talk_release(struct irc_link *l);

#endif
