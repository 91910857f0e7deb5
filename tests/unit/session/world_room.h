/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms in the world of world.h. What is said of rooms, a line a call:
 *
 *   occupant ROOM/NICK -> TO SHOW AFFILIATION/ROLE [FACTS]
 *   refused ROOM/NICK -> TO ID STATUS          (a join with "joins")
 *   error-room ROOM[/NICK] -> TO ID STATUS     (a message)
 *   subject ROOM[/NICK] -> TO 'TEXT' ID
 *   invite ROOM -> TO [FACTS]                  changed ROOM -> TO STATUSES
 *   answer-info REQ ROOM [FACTS]               answer-items REQ ITEM ...
 *   answer-config REQ ROOM [FACTS]             answer-list REQ ROOM ... [FACTS]
 *   archived ROOM/NICK -> TO ID BODY           answer-archive REQ FIRST LAST COUNT [complete]
 *   net join ROOM NICK [PASSWORD]   net leave ROOM [REASON]   net nick ROOM NICK
 *   net subject ROOM TEXT   net change ROOM CHANGE ...   net invite ROOM WHO [REASON]
 *   net affiliates ROOM N   net destroy ROOM [REASON]   net look ROOM   net list WORDS MAX
 *   net history ROOM BEFORE AFTER MAX
 * Ids begin with # for rooms; a nick with a blank can be no part of an address. */
#ifndef TEST_WORLD_ROOM_H
#define TEST_WORLD_ROOM_H

#include "expect.h"
#include "sojourn/room.h"

#define CAPS_ROOMS (CAPS_PLAIN | SJ_CAP_ROOMS)

/* The second: of a network that has history, and little else. */
extern const struct sj_backend_rooms world_rooms, world_past_rooms;

/* The user's side. */
enum sj_status wroom_join(struct world *w, const char *resource, const char *room,
                         const char *nick);
enum sj_status wroom_join_with(struct world *w, const char *resource, struct xmpp_join_in *in);
void wroom_present(struct world *w, const char *resource, const char *room, const char *nick,
                  int show);
void wroom_leave(struct world *w, const char *resource, const char *room, const char *status);
enum sj_status wroom_send(struct world *w, const char *resource, const char *room,
                         const char *nick, const char *body, const char *id);
/* A query of the archive of #a unless told otherwise, by romeo/r, as request 9. */
enum sj_status wroom_query(struct world *w, struct xmpp_archive_query *q);
#define WROOM_ALL .start = -1, .end = -1, .page = {.wanted = true, .max = XMPP_PAGE_MAX}
/* Ids of what the last one brought, in the order in which it was sent; its ends; "": none. */
const char *wroom_page_id(size_t i);
const char *wroom_page_end(bool last);
/* The network's side. occupant: "nick", "@nick" a moderator and owner, "+nick" a participant of
 * somewhere with visitors, "-nick" a visitor; "nick=id" whose person is known. */
void wroom_occupant(struct world *w, const char *room, const char *who, bool self);
/* The others (words), then the user, then entered, and the join is done. */
void wroom_enters(struct world *w, const char *room, const char *self, const char *others);
void wroom_says(struct world *w, const char *room, const char *nick, const char *body,
               const char *id);
/* What was sent last comes back, as what the user called it. */
void wroom_echo(struct world *w, const char *room, const char *nick, const char *body,
               const char *id);
/* In a room, from the start: romeo/r in #a as me, with these others; nothing recorded. */
struct world *wroom_ready(uint32_t caps, const char *others);

#endif
