/* SPDX-License-Identifier: MPL-2.0 */
/* One IRC link between a scripted server on a loopback socket and a recording host, on the test
 * clock. A test reads like the transcript: irc_gets what the link must send, irc_says what the
 * server answers, irc_hears what the host must be told, each in order.
 *
 *   up                                down END[: TEXT]
 *   op N ok | op N STATUS: TEXT       message|action|notice|own PEER [ID @MS] BODY
 *   [own ]reactions|retracted PEER[/NICK] ID [EMOJI...]  typing PEER STATE
 *   contact ID SHOW [NAME] [: STATUS] tell TEXT          self ID
 *   profile N ID|FULL NAME|NICK[|LABEL=VALUE ...]
 *
 * A host call from inside an operation, an op_done too many, or a log line at warn or error fails
 * the test. */
#ifndef TEST_IRC_WORLD_H
#define TEST_IRC_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "sojourn/backend.h"
#include "sojourn/loop.h"

struct irc_world;
struct irc_link;

/* A net with these options, "key=value key=value" (beyond the server's address), not connected. */
struct irc_world *irc_world_new(const char *options);
void irc_world_free(struct irc_world *w);
/* Why net_new refuses a net with these options beside the server's address. */
enum sj_status irc_world_other_net(struct irc_world *w, struct sj_net **out, const char *options,
                                   struct sj_error *err);
/* From now on, lines at warn are right. */
void irc_expects_warnings(struct irc_world *w);
struct sj_loop *irc_world_loop(const struct irc_world *w);
struct sj_net *irc_world_net(const struct irc_world *w);
struct irc_link *irc_world_link(const struct irc_world *w);

/* Makes the link and has it connected: fields as "username=x password=y" (no
 * spaces within values; '+' stands for one). */
void irc_account(struct irc_world *w, const char *fields);
/* Makes the link and starts to connect, without a server that takes it. */
void irc_try(struct irc_world *w, const char *fields);
/* irc_account with "username=me"; its first lines are read. */
void irc_start(struct irc_world *w);
/* The same, and logs in: nothing is left to read or hear. caps: what the server offers, NULL: it
 * knows no CAP. isupport: tokens or NULL. */
void irc_online(struct irc_world *w, const char *caps, const char *isupport);

/* The next line that the server gets is exactly this; NULL: any. Returns it. */
const char *irc_gets(struct irc_world *w, const char *line);
/* The next line that is there already; NULL: none. */
const char *irc_line_if_any(struct irc_world *w);
/* Nothing was sent. */
void irc_gets_nothing(struct irc_world *w);
void irc_says(struct irc_world *w, const char *line);
void irc_says_raw(struct irc_world *w, const void *bytes, size_t n);
/* The server ends the connection. */
void irc_hangs_up(struct irc_world *w);
/* The client connects anew instead: its first bytes, 16 of them at most. */
const unsigned char *irc_again(struct irc_world *w);
/* The client ended it. */
bool irc_is_closed(struct irc_world *w);
/* The next event is exactly this. */
void irc_hears(struct irc_world *w, const char *event);
/* From now on also: "id OP ID", "lacks CAP...", and "(to ID)" of answers. */
void irc_hear_all(struct irc_world *w);
void irc_hears_nothing(struct irc_world *w);
/* What the link had the host keep last. */
const void *irc_saved(const struct irc_world *w, size_t *n);
/* The next event, "" after a while without one. */
const char *irc_event(struct irc_world *w);
/* Lets what is ready happen. */
void irc_settle(struct irc_world *w);
void irc_advance(struct irc_world *w, int64_t ms);

/* Operations, with the rules of the contract checked. The numbers of ops count from 1. */
enum sj_status irc_sends(struct irc_world *w, const char *peer, const char *body);
enum sj_status irc_sends_message(struct irc_world *w, const struct sj_message *msg);
enum sj_status irc_marks(struct irc_world *w, const struct sj_mark *mark);
enum sj_status irc_adds(struct irc_world *w, const char *id);
enum sj_status irc_asks_who(struct irc_world *w, const char *id);
enum sj_status irc_removes(struct irc_world *w, const char *id);
enum sj_status irc_shows(struct irc_world *w, enum sj_show show, const char *status);
void irc_leaves(struct irc_world *w, const char *reason);
void irc_frees(struct irc_world *w);
/* Text of the last operation's error. */
const char *irc_error(const struct irc_world *w);

#endif
