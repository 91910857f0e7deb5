/* SPDX-License-Identifier: MPL-2.0 */
/* Channels in the world of irc_world.h. Events, after those there:
 *
 *   occupant #a nick [self] AFFILIATION ROLE SHOW [id=x] [account=x] [(title)] [: status]
 *   gone #a nick KIND [by x][: reason]      left #a KIND [by x][: reason]
 *   rename #a nick nick                     room #a "Name" flags=X/X [n=2] [max=10]
 *   subject #a [nick] [@ms]: words          entered #a        invited #a [by x]
 *   listed 3 #a [n=2] [: words]             affiliate 3 x AFFILIATION
 *   typing #a nick KIND                     past 3 #a/nick [ID @MS] words
 *   [echo N ]message #a/nick words */
#ifndef TEST_IRC_WORLD_ROOM_H
#define TEST_IRC_WORLD_ROOM_H

#include "irc_world.h"

extern const struct sj_host_rooms irc_world_rooms;

/* For the files of the world. */
void irc_world_event(struct sj_link *link, const char *text);
sj_op irc_world_begin(struct irc_world *w);
enum sj_status irc_world_end(struct irc_world *w, enum sj_status status);
struct sj_error *irc_world_error(struct irc_world *w);

enum sj_status irc_joins(struct irc_world *w, const char *room, const char *password);
enum sj_status irc_parts(struct irc_world *w, const char *room, const char *reason);
enum sj_status irc_renames(struct irc_world *w, const char *room, const char *nick);
enum sj_status irc_topics(struct irc_world *w, const char *room, const char *text);
enum sj_status irc_invites(struct irc_world *w, const char *room, const char *id);
enum sj_status irc_changes(struct irc_world *w, const char *room,
                           const struct sj_room_change *changes, size_t n);
enum sj_status irc_affiliates(struct irc_world *w, const char *room, enum sj_affiliation a);
enum sj_status irc_looks(struct irc_world *w, const char *room);
enum sj_status irc_lists(struct irc_world *w, const char *words, unsigned max);
enum sj_status irc_histories(struct irc_world *w, const char *room, const char *before,
                             const char *after, unsigned max);
/* Says it in the room. */
enum sj_status irc_says_in(struct irc_world *w, const char *room, const char *body);
/* Joins: the server lets us in with these names, and everything is heard. */
void irc_in_channel(struct irc_world *w, const char *room, const char *names);
/* Answers the PING that stands behind what was sent. */
void irc_pongs(struct irc_world *w);
/* Takes what is to be heard until this event, which is the last of it. */
void irc_skips_to(struct irc_world *w, const char *event);

#endif
