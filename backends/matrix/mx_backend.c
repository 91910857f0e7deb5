/* SPDX-License-Identifier: MPL-2.0 */
/* The Matrix backend's table: what it can do, what it asks of users, and its functions.
 *
 * An ordinary client of the user's own home server (Matrix client-server API v1). Options stand in
 * mx_net.c, the life of a link in mx_link.c. End-to-end encryption is not possible here yet; rooms
 * that have it are shown as such. */
#include <string.h>

#include "matrix.h"
#include "mx_alias.h"
#include "mx_contact.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_login.h"
#include "mx_mark.h"
#include "mx_media.h"
#include "mx_muc.h"
#include "mx_net.h"
#include "mx_profile.h"
#include "mx_send.h"
#include "mx_sync.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define PASSWORD_MAX 1024u
#define MX_TOKEN_GIVEN_MAX 4095u         /* as long as a field may be */

static const struct sj_field backend_fields[MX_FIELDS] = {
    [MX_FIELD_USER] = {.var = "username", .label = N_("Matrix address"), .required = true},
    [MX_FIELD_PASSWORD] = {.var = "password", .label = N_("Password of your account there"),
                           .kind = SJ_FIELD_SECRET},
    [MX_FIELD_TOKEN] = {.var = "token", .label = N_("Or an access token"),
                        .kind = SJ_FIELD_SECRET},
};

static enum sj_status backend_id_canon(struct sj_strbuf *out, const struct sj_net *net,
                                       const struct sj_link *link, const char *id,
                                       struct sj_error *err)
{
    const struct mx_link *l = (const struct mx_link *)link;
    (void)net;
    if (!mx_id_canon(out, id, l && l->user ? mx_id_server(l->user) : NULL))
        return sj_fail(err, SJ_INVALID, "no address of this network");
    return SJ_OK;
}

static enum sj_status backend_check_secret(const struct sj_account *account, enum mx_field field,
                                           unsigned max, struct sj_error *err)
{
    const char *value = field < account->n_values ? account->value[field] : NULL;
    if (value && strlen(value) > max)
        return sj_fail(err, SJ_UNACCEPTABLE, "%s: at most %u bytes are possible",
                       backend_fields[field].label, max);
    if (value && field == MX_FIELD_TOKEN && strpbrk(value, "\r\n\t "))
        return sj_fail(err, SJ_UNACCEPTABLE, "%s: spaces and control characters are not possible",
                       backend_fields[field].label);
    return SJ_OK;
}

static enum sj_status backend_account_check(const struct sj_net *net,
                                            const struct sj_account *account,
                                            struct sj_error *err)
{
    const char *user = account->n_values > MX_FIELD_USER ? account->value[MX_FIELD_USER] : NULL;
    enum sj_status status = mx_login_check_user(net, user ? user : "",
                                                backend_fields[MX_FIELD_USER].label, err);
    if (status == SJ_OK)
        status = backend_check_secret(account, MX_FIELD_PASSWORD, PASSWORD_MAX, err);
    if (status == SJ_OK)
        status = backend_check_secret(account, MX_FIELD_TOKEN, MX_TOKEN_GIVEN_MAX, err);
    return status;
}

static bool backend_is_room(const struct sj_net *net, const char *id)
{
    (void)net;
    return id[0] == '#' || id[0] == '!';
}

static const struct sj_backend_rooms backend_rooms = {
    .is_room = backend_is_room,
    .join = mx_muc_join,
    .leave = mx_muc_leave,
    .set_nick = mx_muc_set_nick,
    .set_subject = mx_muc_set_subject,
    .change = mx_muc_change,
    .affiliates = mx_muc_affiliates,
    .invite = mx_muc_invite,
    .look = mx_muc_look,
    .aliases = mx_muc_aliases,
    .list = mx_muc_list,
    .history = mx_muc_history,
    .flags_settable = SJ_ROOM_MEMBERS_ONLY | SJ_ROOM_MODERATED | SJ_ROOM_LOGGED,
    .text_settable = true,
};

const struct sj_backend matrix_backend = {
    .abi = SJ_BACKEND_ABI,
    .name = "matrix",
    .network_type = "matrix",
    .network_name = "Matrix",
    .id_name = N_("Matrix address"),
    .id_help = N_("Matrix address of the person (@bob:example.org)"),
    .register_help = N_("Give your Matrix address and its password; without one you are asked to "
                        "log in by a browser, where your home server has that. You will appear "
                        "there as yourself, with one more device named Sojourn."),
    .caps = SJ_CAP_CONTACTS | SJ_CAP_CONTACT_LIST | SJ_CAP_APPROVAL | SJ_CAP_PRESENCE |
            SJ_CAP_ROOMS | SJ_CAP_FILES | SJ_CAP_PROFILES | SJ_CAP_OWN_PROFILE | SJ_CAP_SEARCH |
            SJ_CAP_TYPING | SJ_CAP_MARKERS | SJ_CAP_CORRECT | SJ_CAP_RETRACT | SJ_CAP_REACT |
            SJ_CAP_REPLY | SJ_CAP_STYLED | SJ_CAP_MENTIONS | SJ_CAP_RESUME | SJ_CAP_REPEAT |
            SJ_CAP_PROMPTS | SJ_CAP_THREADS,
    .fields = backend_fields,
    .n_fields = MX_FIELDS,
    .search_fields = mx_search_fields,
    .n_search_fields = MX_SEARCH_FIELDS,
    .rooms = &backend_rooms,
    .options = mx_options,
    .n_options = MX_OPTIONS,
    .net_new = mx_net_new,
    .net_free = mx_net_free,
    .wire = mx_net_wire,
    .pause = mx_sync_pause,
    .id_canon = backend_id_canon,
    .account_check = backend_account_check,
    .link_new = mx_link_new,
    .link_free = mx_link_free,
    .connect = mx_link_connect,
    .disconnect = mx_link_disconnect,
    .log_out = mx_link_log_out,
    .state_saved = mx_link_state_saved,
    .send_message = mx_send_message,
    .send_mark = mx_send_mark,
    .set_typing = mx_set_typing,
    .resume = mx_sync_resume,
    .prompt_answer = mx_prompt_answer,
    .set_presence = mx_set_presence,
    .contact_add = mx_contact_request,
    .contact_remove = mx_contact_drop,
    .contact_answer = mx_contact_answer,
    .file_data = mx_file_data,
    .file_read = mx_file_read,
    .file_next = mx_file_next,
    .file_abort = mx_file_abort,
    .profile_get = mx_profile_get,
    .avatar_get = mx_avatar_get,
    .own_profile_set = mx_own_profile_set,
    .search = mx_search,
};
