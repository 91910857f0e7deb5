/* SPDX-License-Identifier: MPL-2.0 */
/* Power levels: numbers of users, and numbers that actions need. 100 and more is an owner, 50
 * and more an admin and moderator, as the usual presets have it; who has not what it takes to
 * speak is a visitor. A room without levels has one owner, its creator; from room version 12 on
 * creators stand above all levels, and in no list of them. Source: Matrix client-server API,
 * "m.room.power_levels"; room version 12. */
#include "mx_power.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_id.h"
#include "mx_json.h"
#include "mx_room.h"

/* Levels are whole numbers of at most 53 bits (canonical JSON). */
#define POWER_MAX INT64_C(9007199254740991)

static int64_t power_get(struct json_object *o, const char *key, int64_t fallback)
{
    int64_t level = fallback;
    mx_json_int(o, key, -POWER_MAX, POWER_MAX, &level);
    return level;
}

static bool power_is_creator(const struct mx_room *r, const char *user)
{
    if (!r->creators_rule)
        return false;
    if (r->creator && strcmp(r->creator, user) == 0)
        return true;
    for (size_t i = 0; i < mx_json_length(r->creators) && i < MX_POWER_CREATORS_MAX; i++) {
        const char *id = mx_json_text_at(r->creators, i, MX_ID_MAX);
        if (id && strcmp(id, user) == 0)
            return true;
    }
    return false;
}

int64_t mx_power_of(const struct mx_room *r, const char *user)
{
    if (power_is_creator(r, user))
        return MX_POWER_CREATOR;
    if (!r->power)
        return r->creator && strcmp(r->creator, user) == 0 ? MX_POWER_OWNER : 0;
    return power_get(mx_json_object(r->power, "users"), user,
                     power_get(r->power, "users_default", 0));
}

int64_t mx_power_for(const struct mx_room *r, const char *action)
{
    return power_get(r->power, action, strcmp(action, "invite") == 0 ? 0 : MX_POWER_MODERATOR);
}

int64_t mx_power_to_send(const struct mx_room *r, const char *type, bool state)
{
    int64_t usual = state ? power_get(r->power, "state_default", r->power ? MX_POWER_MODERATOR : 0)
                          : power_get(r->power, "events_default", 0);
    return power_get(mx_json_object(r->power, "events"), type, usual);
}

enum sj_affiliation mx_power_affiliation(const struct mx_room *r, const struct mx_member *m)
{
    int64_t level = mx_power_of(r, m->id);
    if (m->membership == MX_BANNED)
        return SJ_AFFILIATION_OUTCAST;
    if (level >= MX_POWER_OWNER)
        return SJ_AFFILIATION_OWNER;
    if (level >= MX_POWER_MODERATOR)
        return SJ_AFFILIATION_ADMIN;
    return m->membership == MX_OUT ? SJ_AFFILIATION_NONE : SJ_AFFILIATION_MEMBER;
}

enum sj_role mx_power_role(const struct mx_room *r, const struct mx_member *m)
{
    int64_t level = mx_power_of(r, m->id);
    if (level >= mx_power_for(r, "kick") && level > 0)
        return SJ_ROLE_MODERATOR;
    return level >= mx_power_to_send(r, "m.room.message", false) ? SJ_ROLE_PARTICIPANT
                                                                 : SJ_ROLE_VISITOR;
}

static struct json_object *power_copy(const struct mx_room *r)
{
    struct json_object *copy = NULL;
    if (!r->power || json_object_deep_copy(r->power, &copy, NULL) != 0)
        copy = json_object_new_object();
    return copy;
}

struct json_object *mx_power_with(const struct mx_room *r, const char *user, int64_t level)
{
    struct json_object *copy = power_copy(r);
    struct json_object *users = mx_json_object(copy, "users");
    if (!users)
        users = mx_json_put_object(copy, "users");
    if (!r->power && r->creator && !r->creators_rule)
        mx_json_put_int(users, r->creator, MX_POWER_OWNER);
    mx_json_put_int(users, user, level);
    return copy;
}

struct json_object *mx_power_to_speak(const struct mx_room *r, int64_t level)
{
    struct json_object *copy = power_copy(r);
    mx_json_put_int(copy, "events_default", level);
    return copy;
}
