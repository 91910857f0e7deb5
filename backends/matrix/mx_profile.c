/* SPDX-License-Identifier: MPL-2.0 */
/* Profiles: what a home server tells of people, the user's own name and picture, and the search in
 * the directory of users. Pictures are read and taken by mx_media*.c.
 * Source: Matrix client-server API, "Profiles", "User Directory". */
#include "mx_profile.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_media.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define PROFILE_PATIENCE_MS 30000

const struct sj_field mx_search_fields[MX_SEARCH_FIELDS] = {
    {"nick", N_("Name or Matrix address, or a part of it"), SJ_FIELD_TEXT, false, NULL},
};

/* One call for the operation; path_id: what takes the place of the star, body is consumed. */
static enum sj_status profile_call(struct mx_link *l, struct mx_call_spec *spec,
                                   const char *pattern, const char *path_id,
                                   struct json_object *body, struct sj_error *err)
{
    struct sj_strbuf path;
    if (!mx_link_is_up(l)) {
        json_object_put(body);
        return sj_fail(err, SJ_UNREACHABLE, "not logged in");
    }
    sj_strbuf_init(&path, SJ_HTTP_URL_MAX);
    mx_path(&path, pattern, path_id);
    spec->path = path.s;
    spec->flags = MX_CALL_REPEAT;
    spec->patience_ms = PROFILE_PATIENCE_MS;
    bool started = body ? mx_call_json(l, spec, body, err) : mx_call(l, spec, err);
    sj_strbuf_release(&path);
    return started ? SJ_OK : err->status;
}

static void profile_on_done(struct mx_link *l, const struct mx_answer *a)
{
    mx_link_done_err(l, a->ask->op, a->err.status == SJ_OK ? NULL : &a->err);
}

/* ---- others ---- */

static void profile_on_answer(struct mx_link *l, const struct mx_answer *a)
{
    const struct mx_ask *ask = a->ask;
    struct sj_strbuf name;
    if (a->err.status != SJ_OK) {
        profile_on_done(l, a);
        return;
    }
    const char *text = mx_json_text(a->json, "displayname", SJ_BODY_MAX);
    sj_strbuf_init(&name, SJ_PROFILE_VALUE_MAX);
    mx_text_clean(&name, text ? text : "", SJ_PROFILE_VALUE_MAX, false);
    const char *shown = name.len ? name.s : NULL;
    const struct sj_profile p = {
        .id = ask->id,
        .value = {[SJ_PROFILE_FULL_NAME] = shown, [SJ_PROFILE_NICK] = shown}};
    mx_link_done(l, ask->op, SJ_OK, NULL);
    l->base.host->profile(&l->base, ask->op, &p);
    sj_strbuf_release(&name);
}

enum sj_status mx_profile_get(struct sj_link *link, const char *id, sj_op op,
                              struct sj_error *err)
{
    struct mx_call_spec spec = {.method = SJ_HTTP_GET, .ask = {.op = op, .id = id},
                                .done = profile_on_answer};
    struct sj_strbuf user;
    sj_strbuf_init(&user, MX_ID_MAX);
    enum sj_status status;
    if (mx_id_decode(&user, id, NULL) && mx_id_is_user(user.s))
        status = profile_call(mx_link_of(link), &spec, "/_matrix/client/v3/profile/*", user.s,
                              NULL, err);
    else
        status = sj_fail(err, SJ_INVALID, "this is no user");
    sj_strbuf_release(&user);
    return status;
}

enum sj_status mx_avatar_get(struct sj_link *link, const char *id, const char *avatar, sj_op op,
                             struct sj_error *err)
{
    return mx_media_picture(mx_link_of(link), id, avatar, op, err);
}

/* ---- the user's own ---- */

static enum sj_status profile_put(struct mx_link *l, const char *pattern, const char *key,
                                  const char *value, sj_op op, struct sj_error *err)
{
    struct mx_call_spec spec = {.method = SJ_HTTP_PUT, .ask = {.op = op},
                                .done = profile_on_done};
    struct json_object *body = json_object_new_object();
    mx_json_put(body, key, value);
    return profile_call(l, &spec, pattern, l->user, body, err);
}

static enum sj_status profile_put_picture(struct mx_link *l, const char *mxc, sj_op op,
                                          struct sj_error *err)
{
    return profile_put(l, "/_matrix/client/v3/profile/*/avatar_url", "avatar_url", mxc, op, err);
}

void mx_profile_uploaded(struct mx_link *l, sj_op op, const char *mxc)
{
    struct sj_error err = {.status = SJ_OK};
    if (profile_put_picture(l, mxc, op, &err) != SJ_OK)
        mx_link_done_err(l, op, &err);
}

/* A change of both is asked for by nobody; the outcome is that of the picture then. */
enum sj_status mx_own_profile_set(struct sj_link *link, const struct sj_own_profile *own, sj_op op,
                                  struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    if (own->nick) {
        enum sj_status status =
            profile_put(l, "/_matrix/client/v3/profile/*/displayname", "displayname", own->nick,
                        own->avatar ? 0 : op, err);
        if (status != SJ_OK || !own->avatar)
            return status;
    }
    if (own->avatar->len == 0)
        return profile_put_picture(l, "", op, err);
    return mx_media_own(l, own->avatar, op, err);
}

/* ---- the directory ---- */

static void search_tell(struct mx_link *l, sj_op op, struct json_object *found)
{
    const char *user = mx_json_text(found, "user_id", MX_ID_MAX);
    const char *name = mx_json_text(found, "display_name", SJ_BODY_MAX);
    struct sj_strbuf id, shown;
    if (!user || !mx_id_is_user(user))
        return;
    sj_strbuf_init(&id, SJ_ID_MAX);
    sj_strbuf_init(&shown, SJ_NAME_MAX);
    mx_id_encode(&id, user);
    mx_text_clean(&shown, name ? name : "", SJ_NAME_MAX, false);
    const struct sj_contact c = {.id = id.s, .name = shown.len ? shown.s : NULL};
    if (sj_strbuf_ok(&id))
        l->base.host->found(&l->base, op, &c);
    sj_strbuf_release(&id);
    sj_strbuf_release(&shown);
}

static void search_on_answer(struct mx_link *l, const struct mx_answer *a)
{
    struct json_object *results = mx_json_array(a->json, "results");
    size_t n = mx_json_length(results);
    if (n > MX_SEARCH_MAX)
        n = MX_SEARCH_MAX;
    for (size_t i = 0; a->err.status == SJ_OK && i < n && mx_link_is_up(l); i++)
        search_tell(l, a->ask->op, mx_json_at(results, i));
    profile_on_done(l, a);
}

enum sj_status mx_search(struct sj_link *link, const char *const *values, size_t n, sj_op op,
                         struct sj_error *err)
{
    struct mx_call_spec spec = {.method = SJ_HTTP_POST, .ask = {.op = op},
                                .done = search_on_answer};
    const char *term = n > 0 && values[0] ? values[0] : "";
    if (!*term)
        return sj_fail(err, SJ_UNACCEPTABLE, "say a name, or a part of it");
    struct json_object *body = json_object_new_object();
    mx_json_put(body, "search_term", term);
    mx_json_put_int(body, "limit", MX_SEARCH_MAX);
    return profile_call(mx_link_of(link), &spec, "/_matrix/client/v3/user_directory/search", NULL,
                        body, err);
}
