/* SPDX-License-Identifier: MPL-2.0 */
/* The loopback backend's table: a network inside the process, without a server or a socket.
 *
 * Read this folder first when you write a backend: every rule of sojourn/backend.h is kept here
 * with nothing else in the way. Users of one net reach each other by name; six residents are
 * always there to try things on (loopback_residents.c). It also serves tests and first steps of
 * admins. This file holds data and the questions that need no link; loopback_link.c the life of a
 * login, loopback_ops.c what users do, loopback_net.c what a server would know. */
#include "loopback.h"

#include <string.h>

#include "loopback_file.h"
#include "loopback_link.h"
#include "loopback_net.h"
#include "loopback_room.h"
#include "sojourn/strbuf.h"

/* The registration form. The gateway shows and stores these without knowing what they mean; the
 * values come back in this order in struct sj_account. */
static const struct sj_field loopback_fields[LOOPBACK_FIELDS] = {
    [LOOPBACK_FIELD_USERNAME] = {
        .var = "username",
        .label = N_("Username"),
        .required = true,
    },
    [LOOPBACK_FIELD_PASSWORD] = {
        .var = "password",
        .label = N_("Password"),
        .kind = SJ_FIELD_SECRET,
    },
};

/* Keys of this backend's sections in the configuration, read in loopback_net_new. */
static const struct sj_option loopback_options[] = {
    {
        .name = "password",
        .kind = SJ_OPTION_SECRET,
        .help = "password that every account here must give; without it any will do",
    },
    {
        .name = "latency",
        .kind = SJ_OPTION_DURATION,
        .fallback = "0ms",
        .max = 60 * 1000,
        .help = "time after which the network answers",
    },
    {
        .name = "login-steps",
        .kind = SJ_OPTION_CHOICE,
        .fallback = "none",
        .choices = "none|code|secret|link|picture|all",
        .help = "what users are asked while they log in, to try how that goes",
    },
    {
        .name = "login-confirm",
        .kind = SJ_OPTION_DURATION,
        .fallback = "5s",
        .max = 24 * 3600 * 1000,
        .help = "a link or picture of login-steps counts as opened after so long",
    },
    {
        .name = "residents-period",
        .kind = SJ_OPTION_DURATION,
        .fallback = "60s",
        .min = 1000,
        .max = 24 * 3600 * 1000,
        .help = "how long the resident named wanderer stays online, away and offline",
    },
    {
        .name = "big-room",
        .kind = SJ_OPTION_INT,
        .fallback = "5000",
        .min = 2,
        .max = 10000,
        .help = "how many are in the room named #big",
    },
};

/* Told to users, so that they know who can read along. A real network looks at its settings. */
static enum sj_wire loopback_wire(const struct sj_net *net)
{
    (void)net;
    return SJ_WIRE_NONE;
}

/* An id that looks different but means the same must become the same text: the gateway compares
 * ids with strcmp. Applied to its own result it changes nothing. */
static enum sj_status loopback_id_canon(struct sj_strbuf *out, const struct sj_net *net,
                                        const struct sj_link *link, const char *id,
                                        struct sj_error *err)
{
    char folded[LOOPBACK_ID_MAX + 1];
    (void)link;                      /* nothing here is learnt at login */
    if (loopback_is_room(net, id)) {
        if (!loopback_room_fold(folded, id))
            return sj_fail(err, SJ_INVALID, "a room has a # and 1 to %u letters, digits, dots, "
                           "dashes or underscores", LOOPBACK_ID_MAX - 1);
        sj_strbuf_adds(out, folded);
        return SJ_OK;
    }
    if (!loopback_id_fold(folded, id))
        return sj_fail(err, SJ_INVALID, "a username has 1 to %u letters, digits, dots, dashes or "
                       "underscores", LOOPBACK_ID_MAX);
    sj_strbuf_adds(out, folded);
    return SJ_OK;
}

/* What can be said without the network. Whether the password is right is said at the login. */
static enum sj_status loopback_account_check(const struct sj_net *net,
                                             const struct sj_account *account,
                                             struct sj_error *err)
{
    char folded[LOOPBACK_ID_MAX + 1];
    const char *username = account->value[LOOPBACK_FIELD_USERNAME];
    const char *password = account->value[LOOPBACK_FIELD_PASSWORD];
    if (!username || !loopback_id_fold(folded, username))
        return sj_fail(err, SJ_UNACCEPTABLE, "Username: 1 to %u letters, digits, dots, dashes or "
                       "underscores", LOOPBACK_ID_MAX);
    if (loopback_is_resident(folded))
        return sj_fail(err, SJ_UNACCEPTABLE, "Username: this name is taken");
    if (net->password && (!password || !*password))
        return sj_fail(err, SJ_UNACCEPTABLE, "Password: this network wants one");
    return SJ_OK;
}

const struct sj_backend loopback_backend = {
    .abi = SJ_BACKEND_ABI,
    .name = "loopback",
    .network_type = "loopback",
    .network_name = "Loopback",
    .id_name = N_("username"),
    .id_help = N_("Username of the person on this network"),
    .register_help = N_("Choose the username under which you want to appear. Your contact \"echo\" "
                        "answers whatever you write."),
    .caps = SJ_CAP_CONTACTS | SJ_CAP_CONTACT_LIST | SJ_CAP_APPROVAL | SJ_CAP_PRESENCE |
            SJ_CAP_ANONYMOUS | SJ_CAP_PROFILES | SJ_CAP_OWN_PROFILE | SJ_CAP_PROMPTS |
            SJ_CAP_SEARCH | SJ_CAP_CONTACT_NAMES | SJ_CAP_TYPING | SJ_CAP_RECEIPTS |
            SJ_CAP_MARKERS | SJ_CAP_CORRECT | SJ_CAP_RETRACT | SJ_CAP_REACT | SJ_CAP_REPLY |
            SJ_CAP_ATTENTION | SJ_CAP_STYLED | SJ_CAP_IDLE | SJ_CAP_FILES | SJ_CAP_ROOMS |
            SJ_CAP_RAW | SJ_CAP_RESUME | SJ_CAP_MENTIONS | SJ_CAP_READ_SYNC |
            SJ_CAP_THREADS,
    .fields = loopback_fields,
    .n_fields = LOOPBACK_FIELDS,
    .options = loopback_options,
    .n_options = sizeof loopback_options / sizeof loopback_options[0],
    .search_fields = loopback_search_fields,
    .n_search_fields = LOOPBACK_SEARCH_FIELDS,
    .reactions = &loopback_reactions,
    .rooms = &loopback_rooms,
    .server_id = "*server",
    .net_new = loopback_net_new,
    .net_free = loopback_net_free,
    .wire = loopback_wire,
    .pause = loopback_net_pause,
    .id_canon = loopback_id_canon,
    .account_check = loopback_account_check,
    .link_new = loopback_link_new,
    .link_free = loopback_link_free,
    .connect = loopback_connect,
    .disconnect = loopback_disconnect,
    .send_message = loopback_send_message,
    .send_mark = loopback_send_mark,
    .set_typing = loopback_set_typing,
    .set_presence = loopback_set_presence,
    .set_idle = loopback_set_idle,
    .contact_add = loopback_contact_add,
    .contact_remove = loopback_contact_remove,
    .contact_answer = loopback_contact_answer,
    .contact_name = loopback_contact_name,
    .profile_get = loopback_profile_get,
    .avatar_get = loopback_avatar_get,
    .own_profile_set = loopback_own_profile_set,
    .prompt_answer = loopback_prompt_answer,
    .search = loopback_search,
    .raw = loopback_raw,
    .resume = loopback_resume,
    .file_data = loopback_file_data,
    .file_read = loopback_file_read,
    .file_next = loopback_file_next,
    .file_abort = loopback_file_abort,
};
