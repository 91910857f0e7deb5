/* SPDX-License-Identifier: MPL-2.0 */
/* SASL: which mechanisms there are, and the exchange. */
#ifndef IRC_SASL_H
#define IRC_SASL_H

#include <stdbool.h>
#include <stddef.h>

struct irc_line;
struct irc_link;
struct sj_net;

/* Bytes of one AUTHENTICATE (IRCv3 SASL 3.1), and of what the server may say in several. */
#define IRC_SASL_PIECE 400u
#define IRC_SASL_INPUT_MAX (6 * IRC_SASL_PIECE)

/* In the order in which they are tried. */
enum irc_mechanism {
    IRC_MECHANISM_EXTERNAL = 1u << 0,    /* by the user's client certificate */
    IRC_MECHANISM_SCRAM = 1u << 1,       /* SCRAM-SHA-256: the server never sees the password */
    IRC_MECHANISM_PLAIN = 1u << 2,       /* only where nobody can listen: irc_link_keeps_secrets */
    IRC_MECHANISMS_ALL = (1u << 3) - 1
};

/* Bits of a list divided by commas, n bytes; unknown names are left out. */
unsigned irc_sasl_parse(const char *s, size_t n);
/* Is one of what the server offers of use? */
bool irc_sasl_is_possible(const struct irc_link *l);
/* The capability is granted: begins with the best mechanism. */
void irc_sasl_start(struct irc_link *l);
/* Ends the exchange without an outcome (the login is over). */
void irc_sasl_release(struct irc_link *l);
/* Works on the keys of the logins that wait, one slice: the net's timer. */
void irc_sasl_derive(struct sj_net *net);

void irc_sasl_handle_authenticate(struct irc_link *l, struct irc_line *line);
void irc_sasl_handle_mechanisms(struct irc_link *l, struct irc_line *line);     /* 908 */
void irc_sasl_handle_done(struct irc_link *l, struct irc_line *line);           /* 903 907 */
void irc_sasl_handle_failed(struct irc_link *l, struct irc_line *line);         /* 902 904-906 */

#endif
