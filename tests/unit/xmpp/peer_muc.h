/* SPDX-License-Identifier: MPL-2.0 */
/* The rooms of the session room of peer.h: ids that begin with '#' are rooms of the first host. */
#ifndef TEST_XMPP_PEER_MUC_H
#define TEST_XMPP_PEER_MUC_H

#include "peer.h"

/* A peer whose first host has rooms, connected. */
struct peer *peer_new_with_rooms(void);

#define ROOM "#garden@irc0.example.org"
#define USER "r@m.lit/o"
/* Elements as peer.h writes them. */
#define MUC_X "<x xmlns='http://jabber.org/protocol/muc'/>"
#define USER_X(content) "<x xmlns='http://jabber.org/protocol/muc#user'>" content "</x>"
#define EMPTY_USER_X "<x xmlns='http://jabber.org/protocol/muc#user'/>"
#define OCCUPANT "<occupant-id id='*' xmlns='urn:xmpp:occupant-id:0'/>"
#define CONDITION(name) "<" name " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"

/* Everything that the session room hears of rooms and archives. */
bool peer_is_room(void *ctx, unsigned host, const char *id);
enum sj_status peer_on_join(void *ctx, const struct xmpp_from *f, const struct xmpp_join_in *in,
                            struct sj_error *err);
void peer_on_room_presence(void *ctx, const struct xmpp_from *f, const struct xmpp_occupant_in *in);
void peer_on_leave(void *ctx, const struct xmpp_from *f, const char *room, const char *nick,
                   const char *status);
void peer_on_lost(void *ctx, const struct xmpp_from *f, const char *room);
enum sj_status peer_on_subject(void *ctx, const struct xmpp_from *f, const char *room,
                               const char *text, struct sj_error *err);
void peer_on_room_state(void *ctx, const struct xmpp_from *f, const char *room, const char *nick,
                        enum xmpp_chat_state state);
enum sj_status peer_on_invite(void *ctx, const struct xmpp_from *f,
                              const struct xmpp_invite_in *in, size_t n, struct sj_error *err);
enum xmpp_place peer_place(void *ctx, const struct xmpp_from *f, const char *room,
                           const char *nick, struct xmpp_place_info *out);
enum sj_status peer_on_room_card(void *ctx, const struct xmpp_from *f, const char *room,
                                 const char *nick, const struct xmpp_card_ask *ask, xmpp_req req,
                                 struct sj_error *err);
enum sj_status peer_on_room_picture(void *ctx, const struct xmpp_from *f, const char *room,
                                    const void *data, size_t len, xmpp_req req,
                                    struct sj_error *err);
enum sj_status peer_on_admin_get(void *ctx, const struct xmpp_from *f, const char *room,
                                 int affiliation, int role, xmpp_req req, struct sj_error *err);
enum sj_status peer_on_admin_set(void *ctx, const struct xmpp_from *f, const char *room,
                                 const struct xmpp_room_item *items, size_t n, xmpp_req req,
                                 struct sj_error *err);
enum sj_status peer_on_config_get(void *ctx, const struct xmpp_from *f, const char *room,
                                  xmpp_req req, struct sj_error *err);
enum sj_status peer_on_config_set(void *ctx, const struct xmpp_from *f, const char *room,
                                  const struct xmpp_room_config *c, xmpp_req req,
                                  struct sj_error *err);
enum sj_status peer_on_destroy(void *ctx, const struct xmpp_from *f, const char *room,
                               const char *reason, xmpp_req req, struct sj_error *err);
enum sj_status peer_on_moderate(void *ctx, const struct xmpp_from *f, const char *room,
                                const char *target, const char *reason, xmpp_req req,
                                struct sj_error *err);
enum sj_status peer_on_room_info(void *ctx, const struct xmpp_from *f, const char *room,
                                 xmpp_req req, struct sj_error *err);
enum sj_status peer_on_room_list(void *ctx, const struct xmpp_from *f,
                                 const struct xmpp_page *page, xmpp_req req, struct sj_error *err);
enum sj_status peer_on_archive(void *ctx, const struct xmpp_from *f,
                               const struct xmpp_archive_query *q, xmpp_req req,
                               struct sj_error *err);
enum sj_status peer_on_archive_ends(void *ctx, const struct xmpp_from *f, const char *room,
                                    xmpp_req req, struct sj_error *err);

#endif
