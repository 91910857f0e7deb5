/* SPDX-License-Identifier: MPL-2.0 */
/* Glue between an account that comes in (store/import.c) and what must agree with it: the
 * configuration, which has to have the network, and the sessions, which must not hold anything of
 * the user's that the store does not say any more. */
#include "importer.h"

#include <string.h>

#include "config.h"
#include "control.h"
#include "sessions.h"
#include "sojourn/backend.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/store_parcel.h"
#include "sojourn/strbuf.h"
#include "xmpp.h"

#define IMPORTER_JID_MAX 3071u

struct importer {
    const struct config *config;
    struct sj_log log;
    struct sessions *sessions;           /* or NULL */
    struct sj_import *import;
    struct sj_import_calls calls;
    unsigned host;                       /* index of the network */
    bool told;                           /* the sessions know of it */
};

static bool importer_find(struct importer *im, const char *host)
{
    for (size_t i = 0; i < im->config->n_networks; i++) {
        if (strcmp(im->config->networks[i].host, host) == 0) {
            im->host = (unsigned)i;
            return true;
        }
    }
    return false;
}

bool importer_user(const char *text, struct sj_strbuf *out)
{
    return strchr(text, '@') && xmpp_jid_prepare(text, out);
}

static bool importer_is_prepared(const char *user)
{
    struct sj_strbuf jid;
    bool same;

    sj_strbuf_init(&jid, IMPORTER_JID_MAX);
    same = importer_user(user, &jid) && strcmp(jid.s, user) == 0;
    sj_strbuf_release(&jid);
    return same;
}

static enum sj_status importer_may(void *arg, const struct sj_parcel_account *account, bool now,
                                   struct sj_error *err)
{
    struct importer *im = arg;
    const char *backend;

    if (!importer_find(im, account->owner.host))
        return sj_fail(err, SJ_NOTFOUND, "the configuration has no network with the hostname %s",
                       account->owner.host);
    backend = im->config->networks[im->host].backend->name;
    if (account->kind[0] != '\0' && strcmp(account->kind, backend) != 0)
        return sj_fail(err, SJ_INVALID, "%s is another kind of network here: %s, not %s",
                       account->owner.host, backend, account->kind);
    if (!importer_is_prepared(account->owner.user) || account->owner.label[0] != '\0')
        return sj_fail(err, SJ_INVALID, "%s is no bare JID", account->owner.user);
    return im->sessions
               ? sessions_make_room(im->sessions, im->host, account->owner.user, now, err)
               : SJ_OK;
}

struct importer *importer_new(const struct config *config, const struct sj_log *log,
                              struct sj_store *store, struct sessions *sessions, bool replace)
{
    struct importer *im = sj_calloc(1, sizeof *im);

    im->config = config;
    im->log = (struct sj_log){.parent = log, .area = "import"};
    im->sessions = sessions;
    im->calls = (struct sj_import_calls){.may = importer_may, .arg = im};
    im->import = sj_import_new(store, replace, &im->calls);
    return im;
}

/* The account is there: who is at home may log in. Once. */
static void importer_tell(struct importer *im)
{
    struct sj_import_count count;
    struct sj_owner owner;
    bool whole = sj_import_done(im->import, &count);

    if (im->told || !sj_import_is_written(im->import) || !sj_import_owner(im->import, &owner))
        return;
    im->told = true;
    sj_log_info(&im->log, "account imported user=%s net=%s replaced=%d whole=%d contacts=%llu "
                "entries=%llu", SJ_CLIP(owner.user), owner.host, count.replaced, whole,
                (unsigned long long)count.contacts, (unsigned long long)count.entries);
    if (im->sessions)
        sessions_imported(im->sessions, im->host, owner.user);
}

static void importer_record(struct importer *im, struct sj_strbuf *out)
{
    struct sj_import_count count;
    struct sj_owner owner;

    if (!sj_import_done(im->import, &count) || !sj_import_owner(im->import, &owner))
        return;
    sj_strbuf_adds(out, "account");
    control_text(out, "user", owner.user);
    control_text(out, "host", owner.host);
    control_text(out, "state", count.replaced ? "replaced" : "imported");
    control_number(out, "contacts", (int64_t)count.contacts);
    control_number(out, "rooms", (int64_t)count.rooms);
    control_number(out, "entries", (int64_t)count.entries);
    control_number(out, "left_out", (int64_t)count.left_out);
    sj_strbuf_addc(out, '\n');
    importer_tell(im);
}

enum sj_status importer_item(struct importer *im, const uint8_t *item, size_t n,
                             struct sj_strbuf *out, struct sj_error *err)
{
    enum sj_status status = sj_import_item(im->import, item, n, err);

    if (status == SJ_OK)
        importer_record(im, out);
    return status;
}

void importer_free(struct importer **at)
{
    struct importer *im = at ? *at : NULL;

    if (!im)
        return;
    sj_import_settle(im->import);
    importer_tell(im);
    sj_import_free(&im->import);
    sj_free(im);
    *at = NULL;
}
