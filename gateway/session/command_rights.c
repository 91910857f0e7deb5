/* SPDX-License-Identifier: MPL-2.0 */
/* Who may run which command, and in which language. Source: G050-03, G133-01. */
#include "command.h"

#include "session.h"
#include "sojourn/translate.h"

enum sj_status command_rights(struct command_rights *out, struct sessions *all,
                              const struct xmpp_from *from, struct sj_error *err)
{
    struct session *s = session_get(&all->networks[from->host], from->user, err);

    if (!s && err->status != SJ_UNREGISTERED)
        return err->status;
    *out = (struct command_rights){
        .registered = s && s->registered && !s->removal.wanted,
        .admin = sessions_is_admin(all, from->user),
        .disabled = s && s->registered && session_prefers(s, PREFERENCE_DISABLED),
        .may_register = sessions_may_register(all, from->host, from->user)};
    if (s)
        session_release(s);
    *err = (struct sj_error){.status = SJ_OK};
    return SJ_OK;
}

enum sj_status command_may(const struct command *c, const struct network *n,
                           const struct command_rights *r, struct sj_error *err)
{
    if (c->fits && !c->fits(n))
        return sj_fail(err, SJ_NOTFOUND, "There is no such command here.");
    if (c->flags & COMMAND_ADMIN)
        return r->admin ? SJ_OK : sj_fail(err, SJ_DENIED, "This is for admins of the gateway.");
    if (r->disabled)
        return sj_fail(err, SJ_DENIED, SESSION_DISABLED_TEXT);
    if (!r->registered && !r->may_register)
        return sj_fail(err, SJ_DENIED, "You may not register with this gateway.");
    if ((c->flags & COMMAND_REGISTERED) && !r->registered)
        return sj_fail(err, SJ_DENIED, "You are not registered with this gateway. Register first.");
    return SJ_OK;
}

const char *command_language(struct network *n, const struct xmpp_from *from)
{
    const struct session *s = from->lang ? NULL : session_find(n, from->user);

    return from->lang ? sj_language(from->lang) : s ? s->lang : NULL;
}
