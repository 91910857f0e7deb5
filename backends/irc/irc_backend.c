/* SPDX-License-Identifier: MPL-2.0 */
/* The IRC backend's table: what it can do, what it asks of users, and its functions.
 *
 * An ordinary IRC client (RFC 1459, RFC 2812, IRCv3) for messages, presence and channels. The
 * options stand in irc_net.c, the life of a link in irc_link.c. */
#include <string.h>

#include "irc.h"
#include "irc_ask.h"
#include "irc_chan.h"
#include "irc_identity.h"
#include "irc_link.h"
#include "irc_mark.h"
#include "irc_moved.h"
#include "irc_nick.h"
#include "irc_presence.h"
#include "irc_raw.h"
#include "irc_send.h"
#include "irc_typing.h"
#include "sojourn/conn.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* A nickname goes into our own prefix, next to user and host. */
#define NICK_FIELD_MAX 64u
/* AUTHENTICATE takes any length; IDENTIFY and PASS must fit in one line. */
#define PASSWORD_MAX 300u
#define REALNAME_FIELD_MAX 200u

static const struct sj_field irc_fields[IRC_FIELDS] = {
    [IRC_FIELD_NICK] = { .var = "username", .label = N_("Nickname"), .required = true },
    [IRC_FIELD_PASSWORD] = { .var = "password", .label = N_("Password of your account there"),
                             .kind = SJ_FIELD_SECRET },
    [IRC_FIELD_LOGIN] = { .var = "login", .label = N_("Account name, if it differs") },
    [IRC_FIELD_NAME] = { .var = "name", .label = N_("Real name, as others see it") },
    [IRC_FIELD_SERVER_PASSWORD] = { .var = "server_password",
                                    .label = N_("Password of the server or bouncer itself"),
                                    .kind = SJ_FIELD_SECRET },
    [IRC_FIELD_CERTIFICATE] = { .var = "certificate", .kind = SJ_FIELD_SECRET,
                                .label = N_("Client certificate (PEM) to log in with; - for none "
                                            "any more") },
    [IRC_FIELD_CERTIFICATE_KEY] = { .var = "certificate_key", .kind = SJ_FIELD_SECRET,
                                    .label = N_("Private key of the certificate (PEM), without a "
                                                "passphrase") },
    [IRC_FIELD_BOT] = { .var = "bot", .kind = SJ_FIELD_BOOL, .fallback = "0",
                        .label = N_("Mark me as a bot (a program writes, not a person)") },
};

static enum sj_status backend_id_canon(struct sj_strbuf *out, const struct sj_net *net,
                                       const struct sj_link *link, const char *id,
                                       struct sj_error *err)
{
    char nick[IRC_NICK_MAX + 1];
    enum irc_casemap map = net ? net->casemap : IRC_CASEMAP_RFC1459;

    if (link)
        map = (enum irc_casemap)((const struct irc_link *)link)->casemap;
    if (!irc_nick_may_be_target(id) && !irc_chan_is_name(id))
        return sj_fail(err, SJ_INVALID, "no nickname of this network");
    sj_copy(nick, sizeof nick, id);
    irc_case_fold(map, nick);
    sj_strbuf_adds(out, nick);
    return SJ_OK;
}

/* Is every byte fit for a line, and the value short enough? */
static enum sj_status check_value(const char *value, const char *label, size_t max, bool spaces,
                                  struct sj_error *err)
{
    if (strlen(value) > max)
        return sj_fail(err, SJ_UNACCEPTABLE, "%s: at most %zu bytes are possible", label, max);
    for (const char *p = value; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return sj_fail(err, SJ_UNACCEPTABLE, "%s: control characters are not possible", label);
        if (*p == ' ' && !spaces)
            return sj_fail(err, SJ_UNACCEPTABLE, "%s: spaces are not possible", label);
    }
    return SJ_OK;
}

static const char *field_value(const struct sj_account *account, enum irc_field field)
{
    const char *value = field < account->n_values ? account->value[field] : NULL;

    return value ? value : "";
}

static enum sj_status check_nick(const struct sj_net *net, const char *nick, struct sj_error *err)
{
    const char *label = irc_fields[IRC_FIELD_NICK].label;

    if (!*nick)
        return sj_fail(err, SJ_UNACCEPTABLE, "%s: it is needed", label);
    if (!irc_nick_is_valid(nick))
        return sj_fail(err, SJ_UNACCEPTABLE,
                       "%s: letters, digits and -[]\\`_^{|} are possible, and it must not start "
                       "with a digit or -", label);
    return check_value(nick, label, net && net->nick_length ? net->nick_length : NICK_FIELD_MAX,
                       false, err);
}

static enum sj_wire backend_wire(const struct sj_net *net)
{
    return net->tls ? SJ_WIRE_TLS : SJ_WIRE_PLAIN;
}

static enum sj_status backend_account_check(const struct sj_net *net,
                                            const struct sj_account *account,
                                            struct sj_error *err)
{
    static const struct {
        enum irc_field field;
        size_t max;
        bool spaces;
    } rule[] = {
        { IRC_FIELD_PASSWORD, PASSWORD_MAX, true },
        { IRC_FIELD_LOGIN, IRC_NICK_MAX, false },
        { IRC_FIELD_NAME, REALNAME_FIELD_MAX, true },
        { IRC_FIELD_SERVER_PASSWORD, PASSWORD_MAX, true },
    };

    enum sj_status status = check_nick(net, field_value(account, IRC_FIELD_NICK), err);
    for (size_t i = 0; i < sizeof rule / sizeof rule[0] && status == SJ_OK; i++)
        status = check_value(field_value(account, rule[i].field), irc_fields[rule[i].field].label,
                             rule[i].max, rule[i].spaces, err);
    struct sj_identity *identity = NULL;
    if (status == SJ_OK)
        status = irc_identity_of(&identity, net, account, err);
    sj_identity_free(&identity);
    return status;
}

const struct sj_backend irc_backend = {
    .abi = SJ_BACKEND_ABI,
    .name = "irc",
    .network_type = "irc",
    .network_name = "IRC",
    .id_name = N_("nickname"),
    .id_help = N_("Nickname of the person on IRC"),
    .register_help = N_("Choose the nickname under which you want to appear. If you have an "
                        "account on this network, give its password, and its name if that is not "
                        "your nickname."),
    .caps = SJ_CAP_CONTACTS | SJ_CAP_PRESENCE | SJ_CAP_ANONYMOUS | SJ_CAP_STYLED | SJ_CAP_ROOMS |
            SJ_CAP_RAW | SJ_CAP_REPLY | SJ_CAP_REACT | SJ_CAP_RETRACT | SJ_CAP_TYPING |
            SJ_CAP_PROFILES | SJ_CAP_READ_SYNC,
    .fields = irc_fields,
    .n_fields = IRC_FIELDS,
    .options = irc_options,
    .n_options = IRC_OPTIONS,
    .rooms = &irc_backend_rooms,
    .moved_marks = IRC_MOVED_MARKS,
    .server_id = IRC_SERVER_ID,
    .net_new = irc_net_new,
    .net_free = irc_net_free,
    .wire = backend_wire,
    .pause = irc_net_pause,
    .id_canon = backend_id_canon,
    .id_moved = irc_moved_id,
    .account_check = backend_account_check,
    .link_new = irc_link_new,
    .link_free = irc_link_free,
    .connect = irc_link_connect,
    .disconnect = irc_link_disconnect,
    .send_message = irc_send_message,
    .send_mark = irc_send_mark,
    .set_typing = irc_set_typing,
    .set_presence = irc_set_presence,
    .contact_add = irc_contact_add,
    .contact_remove = irc_contact_remove,
    .profile_get = irc_profile_get,
    .raw = irc_raw,
};
