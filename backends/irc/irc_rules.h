/* SPDX-License-Identifier: MPL-2.0 */
/* What a server says about its channels (RPL_ISUPPORT). Equal on nearly all servers of a network,
 * so the links of one net share it. */
#ifndef IRC_RULES_H
#define IRC_RULES_H

#include <stdbool.h>
#include <stdint.h>

struct irc_link;
struct sj_net;

#define IRC_RANKS_MAX 8u
#define IRC_MODES_MAX 52u
/* Bytes of a channel's name: RFC 1459 §1.3 has 200, ISUPPORT may say less. */
#define IRC_CHANNEL_MAX 200u

/* The four types of channel modes (modern.ircdocs.horse, CHANMODES). */
enum irc_mode_type {
    IRC_MODE_LIST,                   /* always a parameter; without one: asks for the list */
    IRC_MODE_VALUE,                  /* always a parameter */
    IRC_MODE_VALUE_SET,              /* a parameter when set */
    IRC_MODE_FLAG,
    IRC_MODE_TYPES,
    IRC_MODE_RANK = IRC_MODE_TYPES,  /* of PREFIX: the parameter is a nickname */
    IRC_MODE_UNKNOWN
};

struct irc_rules {
    uint32_t refs;
    uint16_t channel_length, topic_length, kick_length;  /* 0: unknown */
    uint16_t modes_max;              /* modes with a parameter in one line */
    char ranks[IRC_RANKS_MAX + 1];   /* PREFIX: modes, the highest first... */
    char signs[IRC_RANKS_MAX + 1];   /* ...and what stands before nicknames */
    char status_signs[IRC_RANKS_MAX + 1];                /* STATUSMSG */
    char modes[IRC_MODE_TYPES][IRC_MODES_MAX + 1];       /* CHANMODES */
    char elist[8];                   /* ELIST, upper case */
    char invex;                      /* the list of who needs no invitation; 0: none */
    char excepts;                    /* the list of whom no ban keeps out; 0: none */
    char bot;                        /* the user mode of bots, and their mark in WHO; 0: none */
};

/* Those of a link; never NULL, and the defaults of RFC 2812 where the server said nothing. */
const struct irc_rules *irc_rules_of(const struct irc_link *l);
/* Takes one token; value NULL: it is taken back. False: none of these. Does nothing once the link
 * is up: ranks that are kept as bits would change their meaning. */
bool irc_rules_take(struct irc_link *l, const char *key, const char *value);
/* The welcome is over: shares what was said with the net's other links. */
void irc_rules_share(struct irc_link *l);
/* l goes, or the net does. */
void irc_rules_release(struct irc_link *l);
void irc_rules_forget(struct sj_net *net);

enum irc_mode_type irc_rules_mode(const struct irc_rules *r, char mode);
/* Bit of a rank by its mode or its sign; 0: none. */
uint8_t irc_rules_rank(const struct irc_rules *r, char mode);
uint8_t irc_rules_sign(const struct irc_rules *r, char sign);

#endif
