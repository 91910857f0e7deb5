/* SPDX-License-Identifier: MPL-2.0 */
/* Pictures of rooms: made up for those that have one by themselves, or given by an owner; and who
 * may see the pictures of whom by being in a room together. Pictures that owners give count with
 * those that users show of themselves. */
#include <stdio.h>
#include <string.h>

#include "loopback_link.h"
#include "loopback_picture.h"
#include "loopback_room.h"
#include "loopback_room_picture.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

void loopback_room_avatar(const struct loopback_room *r, char out[LOOPBACK_AVATAR_SIZE])
{
    out[0] = '\0';
    if (r->picture)
        snprintf(out, LOOPBACK_AVATAR_SIZE, "room-%u", r->picture);
}

void loopback_room_picture_release(struct sj_net *net, struct loopback_room *r)
{
    net->picture_bytes -= r->picture_len;
    sj_free(r->picture_data);
    r->picture_data = NULL;
    r->picture_len = 0;
}

void loopback_room_picture_next(struct sj_net *net, struct loopback_room *r)
{
    loopback_room_picture_release(net, r);
    r->picture = ++r->pictures;
}

enum sj_status loopback_room_picture_judge(struct loopback_ask *a, const struct sj_avatar *p)
{
    size_t others = a->l->base.net->picture_bytes - a->room->picture_len;
    if (!p || p->len > LOOPBACK_PICTURE_MAX) {
        a->why = "this picture is too large";
        return SJ_UNACCEPTABLE;
    }
    if (others + p->len > LOOPBACK_PICTURES_MAX) {
        a->why = "this network has no room for more pictures";
        return SJ_LIMIT;
    }
    return SJ_OK;
}

void loopback_room_picture_set(struct sj_net *net, struct loopback_room *r,
                               const struct sj_avatar *p)
{
    loopback_room_picture_next(net, r);
    if (p->len == 0) {
        r->picture = 0;
        return;
    }
    r->picture_data = sj_malloc(p->len);
    memcpy(r->picture_data, p->data, p->len);
    r->picture_len = p->len;
    net->picture_bytes += p->len;
}

bool loopback_room_picture_fill(const struct loopback_link *l, const char *room,
                                const char *avatar, struct sj_strbuf *out)
{
    const struct loopback_room *r = loopback_room_find(l->base.net, room);
    char now[LOOPBACK_AVATAR_SIZE];
    if (!r || !loopback_occupant_of(r, l->id))
        return false;
    loopback_room_avatar(r, now);
    if (!now[0] || strcmp(now, avatar) != 0)
        return false;
    if (r->picture_data)
        sj_strbuf_add(out, r->picture_data, r->picture_len);
    else
        loopback_picture_png(out, now);
    return true;
}

bool loopback_rooms_show(const struct loopback_link *l, const char *id)
{
    const struct loopback_room *r;
    uint32_t at = 0;
    if (*id == '\0')
        return false;
    while ((r = sj_map_next(&l->base.net->rooms, &at)) != NULL) {
        const struct loopback_occupant *self = loopback_occupant_of(r, l->id);
        bool open = !(r->flags & SJ_ROOM_ANONYMOUS) ||
                    (self && self->role == SJ_ROLE_MODERATOR);
        if (self && open && loopback_occupant_of(r, id))
            return true;
    }
    return false;
}
