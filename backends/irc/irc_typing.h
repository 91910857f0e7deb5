/* SPDX-License-Identifier: MPL-2.0 */
/* The user types: TAGMSG with +typing. */
#ifndef IRC_TYPING_H
#define IRC_TYPING_H

#include "sojourn/backend.h"

struct irc_link;
struct irc_talk;

/* Conversations in which the user types at once; of the others nobody is told. */
#define IRC_TYPING_MAX 16u

/* struct sj_backend.set_typing */
void irc_set_typing(struct sj_link *base, const char *id, enum sj_typing typing);
/* A message goes there: that says that the user types no more. */
void irc_typing_said(struct irc_link *l, const char *id);
/* From the timer in struct irc_talk, and its end. */
void irc_typing_on_timer(void *arg);
void irc_typing_release(struct irc_talk *t);

#endif
