/* SPDX-License-Identifier: MPL-2.0 */
/* An account that an admin brings from another store, while the gateway runs: before it is written
 * nothing of the user's is left in memory, and after it who is at home is asked to show up. Taking
 * it apart is the store's affair (sojourn/store_parcel.h). */
#include "command.h"
#include "session.h"

static enum sj_status imported_may(const struct session *s, struct sj_error *err)
{
    if (s->check || s->removal.wanted)
        return sj_fail(err, SJ_LIMIT, "the registration of %s is being changed at this moment: try "
                       "again", s->user);
    if (s->link)
        return sj_fail(err, SJ_LIMIT, "%s is logged in to %s: end the session first (an admin "
                       "writes \"kick\" to the gateway, or runs the command \"End sessions of "
                       "users\"), or stop the daemon", s->user, s->network->options->host);
    return SJ_OK;
}

enum sj_status sessions_make_room(struct sessions *all, unsigned host, const char *user, bool now,
                                  struct sj_error *err)
{
    struct session *s = session_find(&all->networks[host], user);
    enum sj_status status = s ? imported_may(s, err) : SJ_OK;

    if (status != SJ_OK || !s || !now)
        return status;
    records_flush(all);                  /* what is not on the disk yet would come after it */
    commands_end_user(all, host, user);
    s->wants_online = false;
    session_logout(s, "");               /* it may wait for its turn; what it holds is answered */
    session_free(&s);
    return SJ_OK;
}

void sessions_imported(struct sessions *all, unsigned host, const char *user)
{
    struct sj_error err = {.status = SJ_OK};
    struct session *s = session_get(&all->networks[host], user, &err);

    if (!s) {
        sj_log_error(&all->networks[host].log, "imported account not read cause=%s",
                     SJ_CLIP(err.text));
        return;
    }
    if (s->sees_user && !all->stopping)
        xmpp_send_probe(all->xmpp, host, user);
    session_release(s);
}
