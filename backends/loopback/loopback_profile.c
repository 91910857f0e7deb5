/* SPDX-License-Identifier: MPL-2.0 */
/* Profiles and pictures: those of residents are made up here, those of users are what they showed
 * of themselves (own_profile_set). Only who stands in a user's list, or is in a room with the user
 * that tells who is who, is seen.
 *
 * The outcome of a question is looked up when it is told, not when it is asked: a picture that was
 * changed meanwhile is not there any more. Users' pictures are bounded, since all are kept in
 * memory. */
#include "loopback_profile.h"

#include <stdio.h>
#include <string.h>

#include "loopback_link.h"
#include "loopback_picture.h"
#include "loopback_room.h"
#include "loopback_room_picture.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

static const struct {
    const char *id;
    struct sj_profile profile;
} profile_residents[] = {
    {"echo",
     {.value = {[SJ_PROFILE_FULL_NAME] = "Echo of the Mountain",
                [SJ_PROFILE_NICK] = "Echo",
                [SJ_PROFILE_NOTE] = "Repeats what it is told.",
                [SJ_PROFILE_EMAIL] = "echo@loopback.example",
                [SJ_PROFILE_URL] = "https://loopback.example/echo",
                [SJ_PROFILE_COUNTRY] = "Arcadia"}}},
    {"wanderer",
     {.value = {[SJ_PROFILE_FULL_NAME] = "The Wanderer",
                [SJ_PROFILE_NOTE] = "Never at home for long.",
                [SJ_PROFILE_PHONE] = "+1 555 0100",
                [SJ_PROFILE_BIRTHDAY] = "1970-01-01"}}},
    {"approver",
     {.value = {[SJ_PROFILE_FULL_NAME] = "Approver",
                [SJ_PROFILE_TITLE] = "Registrar",
                [SJ_PROFILE_ORGANISATION] = "Loopback",
                [SJ_PROFILE_LOCALITY] = "Verona"}}},
};

void loopback_avatar_of(const struct sj_net *net, const char *id, char out[LOOPBACK_AVATAR_SIZE])
{
    const struct loopback_account *a = loopback_account_find(net, id);
    unsigned long long number = 1;
    out[0] = '\0';
    if (strcmp(id, "refuser") == 0 || (!loopback_is_resident(id) && (!a || !a->own.picture)))
        return;
    if (a)
        number = a->own.number;
    else if (strcmp(id, "wanderer") == 0)
        number = net->wander_round + 1u;
    snprintf(out, LOOPBACK_AVATAR_SIZE, "%s-%llu", id, number);
}

void loopback_own_release(struct sj_net *net, struct loopback_own *own)
{
    net->picture_bytes -= own->len;
    sj_free(own->nick);
    sj_free(own->picture);
    *own = (struct loopback_own){NULL, NULL, 0, 0};
}

/* --- asking ------------------------------------------------------------------------------- */

/* May the link's user see that one, as a contact or by being in a room together? */
static bool profile_is_visible(const struct loopback_link *l, const char *id)
{
    const struct loopback_entry *e = loopback_entry_find(l->account, id);
    return (e && e->facts & LOOPBACK_TO) || loopback_rooms_show(l, id);
}

static enum sj_status profile_ask(struct loopback_link *l, const char *id, sj_op op,
                                  enum loopback_event_kind kind, const char *avatar,
                                  struct sj_error *err)
{
    enum sj_status status = loopback_op_begin(l, op, err);
    if (status != SJ_OK)
        return status;
    if (!loopback_is_room(l->base.net, id) && !profile_is_visible(l, id)) {
        loopback_op_finish(l, op, SJ_NOTFOUND, "there is no such user in your list");
        return SJ_OK;
    }
    struct loopback_event *e = loopback_queue_add(l, kind);
    sj_copy(e->id, sizeof e->id, id);
    e->op = op;
    e->body = sj_strdup(avatar);
    return SJ_OK;
}

enum sj_status loopback_profile_get(struct sj_link *base, const char *id, sj_op op,
                                    struct sj_error *err)
{
    return profile_ask(loopback_link_of(base), id, op, LOOPBACK_EVENT_PROFILE, NULL, err);
}

enum sj_status loopback_avatar_get(struct sj_link *base, const char *id, const char *avatar,
                                   sj_op op, struct sj_error *err)
{
    if (strnlen(avatar, SJ_AVATAR_ID_MAX + 1) > SJ_AVATAR_ID_MAX)
        return sj_fail(err, SJ_INVALID, "this is no picture's id");
    return profile_ask(loopback_link_of(base), id, op, LOOPBACK_EVENT_AVATAR, avatar, err);
}

/* --- answering ---------------------------------------------------------------------------- */

bool loopback_profile_fill(const struct loopback_link *l, const char *id, struct sj_profile *out)
{
    const struct loopback_account *a = loopback_account_find(l->base.net, id);
    if (!profile_is_visible(l, id))
        return false;
    *out = (struct sj_profile){.id = id};
    for (size_t i = 0; i < sizeof profile_residents / sizeof profile_residents[0]; i++) {
        if (strcmp(profile_residents[i].id, id) == 0) {
            *out = profile_residents[i].profile;
            out->id = id;
        }
    }
    if (a)
        out->value[SJ_PROFILE_NICK] = a->own.nick;
    return true;
}

bool loopback_picture_fill(const struct loopback_link *l, const char *id, const char *avatar,
                           struct sj_strbuf *out)
{
    const struct loopback_account *a = loopback_account_find(l->base.net, id);
    char now[LOOPBACK_AVATAR_SIZE];
    if (loopback_is_room(l->base.net, id))
        return loopback_room_picture_fill(l, id, avatar, out);
    loopback_avatar_of(l->base.net, id, now);
    if (!profile_is_visible(l, id) || !now[0] || strcmp(now, avatar) != 0)
        return false;
    if (a)
        sj_strbuf_add(out, a->own.picture, a->own.len);
    else if (strcmp(id, "approver") == 0)
        loopback_picture_gif(out);
    else
        loopback_picture_png(out, now);
    return true;
}

/* --- the user's own ----------------------------------------------------------------------- */

static enum sj_status own_check(const struct sj_net *net, const struct loopback_own *old,
                                const struct sj_own_profile *own, struct sj_error *err)
{
    if (own->nick && strnlen(own->nick, SJ_NAME_MAX + 1) > SJ_NAME_MAX)
        return sj_fail(err, SJ_INVALID, "a nickname has at most %u bytes", SJ_NAME_MAX);
    if (own->avatar && own->avatar->len > LOOPBACK_PICTURE_MAX)
        return sj_fail(err, SJ_UNACCEPTABLE, "a picture has at most %u bytes",
                       LOOPBACK_PICTURE_MAX);
    if (own->avatar && net->picture_bytes - old->len + own->avatar->len > LOOPBACK_PICTURES_MAX)
        return sj_fail(err, SJ_LIMIT, "this network has no room for more pictures");
    return SJ_OK;
}

static void own_set_picture(struct sj_net *net, struct loopback_own *own,
                            const struct sj_avatar *picture)
{
    net->picture_bytes += picture->len - own->len;
    sj_free(own->picture);
    own->picture = NULL;
    own->len = picture->len;
    own->number = ++net->picture;
    if (picture->len == 0)
        return;
    own->picture = sj_malloc(picture->len);
    memcpy(own->picture, picture->data, picture->len);
}

enum sj_status loopback_own_profile_set(struct sj_link *base, const struct sj_own_profile *own,
                                        sj_op op, struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    if (l->state != LOOPBACK_ONLINE)
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    enum sj_status status = own_check(base->net, &l->account->own, own, err);
    if (status == SJ_OK)
        status = loopback_op_begin(l, op, err);
    if (status != SJ_OK)
        return status;
    if (own->nick) {
        sj_free(l->account->own.nick);
        l->account->own.nick = *own->nick ? sj_strdup(own->nick) : NULL;
    }
    if (own->avatar)
        own_set_picture(base->net, &l->account->own, own->avatar);
    loopback_account_announce(base->net, l->account);
    loopback_rooms_presence(base->net, l->account);
    loopback_op_finish(l, op, SJ_OK, NULL);
    return SJ_OK;
}
