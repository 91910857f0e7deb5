/* SPDX-License-Identifier: MPL-2.0 */
/* The admin's command that sets limits of users (quota.h): how much each may ask of the network. */
#include "command.h"
#include "command_admin.h"
#include "quota.h"
#include "session.h"

static const struct xmpp_input quota_inputs[] = {
    {.kind = XMPP_INPUT_JIDS, .var = "accountjids", .label = N_("Addresses of the users"),
     .required = true},
    {.kind = XMPP_INPUT_FIXED,
     .value = N_("Nothing stands for what the network's configuration says, 0 for no limit.")},
    {.kind = XMPP_INPUT_TEXT, .var = "messages", .label = N_("Messages a minute")},
    {.kind = XMPP_INPUT_TEXT, .var = "bytes", .label = N_("Bytes of messages a minute")},
    {.kind = XMPP_INPUT_TEXT, .var = "joins", .label = N_("Rooms entered a minute")},
    {.kind = XMPP_INPUT_TEXT, .var = "logins", .label = N_("Log-ins an hour")},
};
static const struct command_stage quota_stages[] = {
    {.inputs = quota_inputs, .n_inputs = sizeof quota_inputs / sizeof quota_inputs[0]},
};

static const char *const quota_vars[SESSIONS_QUOTAS] = {
    [SESSIONS_MESSAGES] = "messages",
    [SESSIONS_BYTES] = "bytes",
    [SESSIONS_JOINS] = "joins",
    [SESSIONS_LOGINS] = "logins",
};

static enum sj_status quota_set_one(struct run *r, struct session *s, const char *resource,
                                    struct sj_error *err)
{
    const char *values[SESSIONS_QUOTAS];
    char text[QUOTA_TEXT_SIZE];
    enum sj_status status;

    (void)resource;
    for (unsigned i = 0; i < SESSIONS_QUOTAS; i++)
        values[i] = run_value(r, quota_vars[i]);
    status = quota_format(text, values, err);
    if (status == SJ_OK)
        status = session_prefer(s, PREFERENCE_QUOTA, text, err);
    return status;
}

static void quota_set(struct run *r)
{
    admin_do_all(r, quota_set_one);
}

const struct command command_quota = {
    .node = "limits",
    .word = "limit",
    .title = N_("Set limits of users"),
    .help = N_("for admins: how much users may send, enter and log in"),
    .flags = COMMAND_ADMIN,
    .stages = quota_stages,
    .n_stages = 1,
    .do_it = quota_set,
};
