/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms of users: what the XMPP room reports of them (struct xmpp_in_muc, struct
 * xmpp_in_archive). */
#ifndef SESSION_ROOMS_H
#define SESSION_ROOMS_H

#include "xmpp.h"

struct room;
struct room_client;

bool rooms_is_room(void *ctx, unsigned host, const char *id);
enum sj_status rooms_join(void *ctx, const struct xmpp_from *from, const struct xmpp_join_in *in,
                          struct sj_error *err);
void rooms_presence(void *ctx, const struct xmpp_from *from, const struct xmpp_occupant_in *in);
void rooms_leave(void *ctx, const struct xmpp_from *from, const char *room, const char *nick,
                 const char *status);
void rooms_lost(void *ctx, const struct xmpp_from *from, const char *room);
enum sj_status rooms_subject(void *ctx, const struct xmpp_from *from, const char *room,
                             const char *text, struct sj_error *err);
void rooms_state(void *ctx, const struct xmpp_from *from, const char *room, const char *nick,
                 enum xmpp_chat_state state);
enum sj_status rooms_invite(void *ctx, const struct xmpp_from *from,
                            const struct xmpp_invite_in *in, size_t n, struct sj_error *err);
enum xmpp_place rooms_place(void *ctx, const struct xmpp_from *from, const char *room,
                            const char *nick, struct xmpp_place_info *out);
enum sj_status rooms_card(void *ctx, const struct xmpp_from *from, const char *room,
                          const char *nick, const struct xmpp_card_ask *ask, xmpp_req req,
                          struct sj_error *err);
enum sj_status rooms_picture(void *ctx, const struct xmpp_from *from, const char *room,
                             const void *data, size_t len, xmpp_req req, struct sj_error *err);
enum sj_status rooms_admin_get(void *ctx, const struct xmpp_from *from, const char *room,
                               int affiliation, int role, xmpp_req req, struct sj_error *err);
enum sj_status rooms_admin_set(void *ctx, const struct xmpp_from *from, const char *room,
                               const struct xmpp_room_item *items, size_t n, xmpp_req req,
                               struct sj_error *err);
enum sj_status rooms_config_get(void *ctx, const struct xmpp_from *from, const char *room,
                                xmpp_req req, struct sj_error *err);
enum sj_status rooms_config_set(void *ctx, const struct xmpp_from *from, const char *room,
                                const struct xmpp_room_config *config, xmpp_req req,
                                struct sj_error *err);
enum sj_status rooms_destroy(void *ctx, const struct xmpp_from *from, const char *room,
                             const char *reason, xmpp_req req, struct sj_error *err);
enum sj_status rooms_moderate(void *ctx, const struct xmpp_from *from, const char *room,
                              const char *target, const char *reason, xmpp_req req,
                              struct sj_error *err);
enum sj_status rooms_info(void *ctx, const struct xmpp_from *from, const char *room, xmpp_req req,
                          struct sj_error *err);
enum sj_status rooms_list(void *ctx, const struct xmpp_from *from, const struct xmpp_page *page,
                          xmpp_req req, struct sj_error *err);
enum sj_status rooms_archive_query(void *ctx, const struct xmpp_from *from,
                                   const struct xmpp_archive_query *query, xmpp_req req,
                                   struct sj_error *err);
enum sj_status rooms_archive_ends(void *ctx, const struct xmpp_from *from, const char *room,
                                  xmpp_req req, struct sj_error *err);

/* Says to a client in a room, where that is so, that nothing of it can be read here. false: it was
 * not queued. */
bool room_warn(const struct room_client *);
/* The form for who runs it, now or when the network has said what is to be in it. */
enum sj_status room_ask_config(struct room *, xmpp_req, struct sj_error *);

#endif
