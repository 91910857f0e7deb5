/* SPDX-License-Identifier: MPL-2.0 */
/* Rooms: none yet. Every network says that none of its ids is a room, so nothing else here is
 * reached; what is, is refused. */
#include "rooms.h"

bool rooms_is_room(void *ctx, unsigned host, const char *id)
{
    (void)ctx, (void)host, (void)id;
    return false;
}

enum sj_status rooms_join(void *ctx, const struct xmpp_from *from, const struct xmpp_join_in *in,
                          struct sj_error *err)
{
    (void)ctx, (void)from, (void)in;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}

void rooms_presence(void *ctx, const struct xmpp_from *from, const struct xmpp_occupant_in *in)
{
    (void)ctx, (void)from, (void)in;
}

void rooms_leave(void *ctx, const struct xmpp_from *from, const char *room, const char *nick,
                 const char *status)
{
    (void)ctx, (void)from, (void)room, (void)nick, (void)status;
}

void rooms_lost(void *ctx, const struct xmpp_from *from, const char *room)
{
    (void)ctx, (void)from, (void)room;
}

enum sj_status rooms_subject(void *ctx, const struct xmpp_from *from, const char *room,
                             const char *text, struct sj_error *err)
{
    (void)ctx, (void)from, (void)room, (void)text;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}

void rooms_state(void *ctx, const struct xmpp_from *from, const char *room, const char *nick,
                 enum xmpp_chat_state state)
{
    (void)ctx, (void)from, (void)room, (void)nick, (void)state;
}

enum sj_status rooms_invite(void *ctx, const struct xmpp_from *from,
                            const struct xmpp_invite_in *in, size_t n, struct sj_error *err)
{
    (void)ctx, (void)from, (void)in, (void)n;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}

enum xmpp_place rooms_place(void *ctx, const struct xmpp_from *from, const char *room,
                            const char *nick, struct xmpp_place_info *out)
{
    (void)ctx, (void)from, (void)room, (void)nick, (void)out;
    return XMPP_PLACE_OUTSIDE;
}

enum sj_status rooms_card(void *ctx, const struct xmpp_from *from, const char *room,
                          const char *nick, const struct xmpp_card_ask *ask, xmpp_req req,
                          struct sj_error *err)
{
    (void)ctx, (void)from, (void)room, (void)nick, (void)ask, (void)req;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}

enum sj_status rooms_admin_get(void *ctx, const struct xmpp_from *from, const char *room,
                               int affiliation, int role, xmpp_req req, struct sj_error *err)
{
    (void)ctx, (void)from, (void)room, (void)affiliation, (void)role, (void)req;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}

enum sj_status rooms_admin_set(void *ctx, const struct xmpp_from *from, const char *room,
                               const struct xmpp_room_item *items, size_t n, xmpp_req req,
                               struct sj_error *err)
{
    (void)ctx, (void)from, (void)room, (void)items, (void)n, (void)req;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}

enum sj_status rooms_config_get(void *ctx, const struct xmpp_from *from, const char *room,
                                xmpp_req req, struct sj_error *err)
{
    (void)ctx, (void)from, (void)room, (void)req;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}

enum sj_status rooms_config_set(void *ctx, const struct xmpp_from *from, const char *room,
                                const struct xmpp_room_config *config, xmpp_req req,
                                struct sj_error *err)
{
    (void)ctx, (void)from, (void)room, (void)config, (void)req;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}

enum sj_status rooms_destroy(void *ctx, const struct xmpp_from *from, const char *room,
                             const char *reason, xmpp_req req, struct sj_error *err)
{
    (void)ctx, (void)from, (void)room, (void)reason, (void)req;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}

enum sj_status rooms_info(void *ctx, const struct xmpp_from *from, const char *room, xmpp_req req,
                          struct sj_error *err)
{
    (void)ctx, (void)from, (void)room, (void)req;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}

enum sj_status rooms_list(void *ctx, const struct xmpp_from *from, const struct xmpp_page *page,
                          xmpp_req req, struct sj_error *err)
{
    (void)ctx, (void)from, (void)page, (void)req;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}

enum sj_status rooms_archive_query(void *ctx, const struct xmpp_from *from,
                                   const struct xmpp_archive_query *query, xmpp_req req,
                                   struct sj_error *err)
{
    (void)ctx, (void)from, (void)query, (void)req;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}

enum sj_status rooms_archive_ends(void *ctx, const struct xmpp_from *from, const char *room,
                                  xmpp_req req, struct sj_error *err)
{
    (void)ctx, (void)from, (void)room, (void)req;
    return sj_fail(err, SJ_UNSUPPORTED, "There are no rooms here.");
}
