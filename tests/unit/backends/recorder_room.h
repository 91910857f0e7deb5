/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms for the recorder (recorder.h). Events:
 *
 *   1 occupant #a romeo self owner moderator online id=romeo [account=x] [(title)] [: status]
 *   1 room #a [name "Name"] [description "Words"] [flags=3/1ff] [n=2] [max=10]
 *   1 subject #a [romeo]: words        1 entered #a
 *   1 gone #a romeo kicked [by juliet][: reason]
 *   1 left #a closed                   1 rename #a romeo montague
 *   1 invited #a [by juliet][: reason][ (password)]
 *   1 typing #a romeo active
 *   1 listed 3 #a [as room]            1 affiliate 3 romeo [nick] owner[: reason]
 *   1 past 3 romeo words [id=5#a]
 *   1 message #a/romeo words           said to everybody
 *   1 echo 3 #a/romeo words            the same, by the operation of that number
 *   1 whisper #a/romeo words           to the user alone
 *   1 reactions #a/romeo 5#a X         a mark of somebody in the room */
#ifndef TEST_RECORDER_ROOM_H
#define TEST_RECORDER_ROOM_H

#include "recorder.h"

enum sj_status recorder_join(struct recorder *r, unsigned n, const char *room, const char *nick,
                             const char *password);
enum sj_status recorder_leave(struct recorder *r, unsigned n, const char *room,
                              const char *reason);
enum sj_status recorder_nick(struct recorder *r, unsigned n, const char *room, const char *nick);
enum sj_status recorder_subject(struct recorder *r, unsigned n, const char *room,
                                const char *text);
enum sj_status recorder_change(struct recorder *r, unsigned n, const char *room,
                               const struct sj_room_change *changes, size_t count);
enum sj_status recorder_affiliates(struct recorder *r, unsigned n, const char *room,
                                   enum sj_affiliation affiliation);
enum sj_status recorder_invite(struct recorder *r, unsigned n, const char *room, const char *id,
                               const char *reason);
enum sj_status recorder_destroy(struct recorder *r, unsigned n, const char *room,
                                const char *reason);
enum sj_status recorder_look(struct recorder *r, unsigned n, const char *room);
enum sj_status recorder_aliases(struct recorder *r, unsigned n, const char *room);
enum sj_status recorder_list(struct recorder *r, unsigned n, const char *words, unsigned max);
enum sj_status recorder_history(struct recorder *r, unsigned n, const char *room,
                                const char *before, const char *after, unsigned max);
/* To everybody in the room, and to one. */
enum sj_status recorder_say(struct recorder *r, unsigned n, const char *room, const char *body);
enum sj_status recorder_whisper(struct recorder *r, unsigned n, const char *room,
                                const char *nick, const char *body);

#endif
