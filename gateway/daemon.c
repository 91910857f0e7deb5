/* SPDX-License-Identifier: MPL-2.0 */
/* Builds the running gateway from a configuration and takes it down again. Start: store, networks,
 * sessions, component streams, control socket; stop: users and networks are told, then the streams
 * are closed, then everything is freed in the opposite order. */
#include "daemon.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "about.h"
#include "abilities.h"
#include "config.h"
#include "confine.h"
#include "control.h"
#include "identd.h"
#include "importer.h"
#include "sessions.h"
#include "sojourn/backend.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/memory.h"
#include "sojourn/store.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"
#include "transport.h"
#include "upkeep.h"
#include "xmpp.h"

#define DAEMON_STOP_LINKS_MS 4000
#define DAEMON_STOP_STREAMS_MS 3000
#define DAEMON_LIST_MAX 4096u
#define DAEMON_GRANTED_MAX 4096u

struct daemon_list {
    char **item;
    size_t n;
};

struct daemon {
    const struct config *config;
    struct sj_log log;
    struct sj_loop *loop;
    struct sj_store *store;
    struct sessions_network *networks;
    struct sj_net **nets;
    struct sj_log *net_logs;
    struct xmpp_host *hosts;
    struct xmpp_policy *policies;
    struct about about;
    char **names;
    size_t n;
    struct daemon_list allow, admins, privileged;
    struct transport transport;
    struct sessions_options session_options;
    struct xmpp_options xmpp_options;
    struct sessions *sessions;
    struct xmpp *xmpp;
    struct control *control;
    struct upkeep *upkeep;
    struct identd *identd;
    int64_t started_ms;
    bool stopping;
};

static const struct config_network *daemon_network(const struct daemon *d, size_t i)
{
    return &d->config->networks[i];
}

/* Makes the net of network i; err gets "file:line: ..." in front. */
static enum sj_status daemon_net(struct sj_net **out, const struct config *config, size_t i,
                                 struct sj_loop *loop, const struct sj_log *log,
                                 struct sj_error *err)
{
    const struct config_network *c = &config->networks[i];
    const char *wrong = sj_backend_check(c->backend);
    struct sj_error inner = {.status = SJ_OK};

    if (wrong)
        return sj_fail(err, SJ_INTERNAL, "bug in backend %s: %s", c->backend->name, wrong);
    if (c->backend->net_new(out, loop, log, &c->own, &inner) == SJ_OK)
        return SJ_OK;
    return sj_fail(err, SJ_INVALID, "%s:%u: [%s]: %s", config->path, c->line, c->host, inner.text);
}

enum sj_status daemon_check(const struct config *config, struct sj_error *err)
{
    struct sj_loop *loop = sj_loop_new();
    struct sj_log log = {.area = "check"};
    enum sj_status status = transport_check(config, err);
    const char *identd = sj_values_text(&config->gateway, "identd-listen");
    struct sj_error inner = {.status = SJ_OK};

    if (status == SJ_OK && identd && identd_check(identd, &inner) != SJ_OK)
        status = sj_fail(err, SJ_INVALID, "%s: identd-listen: %s", config->path, inner.text);

    for (size_t i = 0; status == SJ_OK && i < config->n_networks; i++) {
        struct sj_net *net = NULL;
        status = daemon_net(&net, config, i, loop, &log, err);
        if (status == SJ_OK)
            config->networks[i].backend->net_free(&net);
    }
    sj_loop_free(&loop);
    return status;
}

static unsigned daemon_number(const struct sj_values *v, const char *name)
{
    return (unsigned)sj_values_number(v, name);
}

static void daemon_reactions(struct xmpp_reaction_rules *out, const struct sj_reaction_rules *in)
{
    if (in)
        *out = (struct xmpp_reaction_rules){in->max_per_user, {in->allowed, in->n_allowed}};
}

static enum sj_status daemon_nets(struct daemon *d, struct sj_error *err)
{
    d->networks = sj_calloc(d->n, sizeof *d->networks);
    d->nets = sj_calloc(d->n, sizeof *d->nets);
    d->net_logs = sj_calloc(d->n, sizeof *d->net_logs);
    d->hosts = sj_calloc(d->n, sizeof *d->hosts);
    d->names = sj_calloc(d->n, sizeof *d->names);
    d->policies = sj_calloc(d->n, sizeof *d->policies);
    for (size_t i = 0; i < d->n; i++) {
        const struct config_network *c = daemon_network(d, i);
        const struct sj_backend *b = c->backend;
        const char *name = sj_values_text(&c->common, "name");
        struct sj_strbuf label;
        enum sj_status status;

        sj_strbuf_init(&label, SJ_NAME_MAX);
        sj_strbuf_adds(&label, b->network_name);
        if (name)
            sj_strbuf_addf(&label, " (%s)", name);
        d->names[i] = sj_strbuf_take(&label);
        d->net_logs[i] = (struct sj_log){.parent = &d->log, .area = b->name, .key = "net",
                                         .value = c->host};
        status = daemon_net(&d->nets[i], d->config, i, d->loop, &d->net_logs[i], err);
        if (status != SJ_OK)
            return status;
        d->networks[i] = (struct sessions_network){
            .host = c->host, .label = d->names[i], .backend = b, .net = d->nets[i],
            .user_key = c->secret,
            .login_rate = daemon_number(&c->common, "login-rate"),
            .login_burst = daemon_number(&c->common, "login-burst"),
            .logins_at_once = daemon_number(&c->common, "logins-at-once"),
            .quota = {[SESSIONS_MESSAGES] = daemon_number(&c->common, "user-messages"),
                      [SESSIONS_BYTES] = daemon_number(&c->common, "user-bytes"),
                      [SESSIONS_JOINS] = daemon_number(&c->common, "user-joins"),
                      [SESSIONS_LOGINS] = daemon_number(&c->common, "user-logins")}};
        d->hosts[i] = (struct xmpp_host){
            .name = c->host, .secret = c->secret,
            .server = sj_values_text(&d->config->gateway, "server"),
            .port = (uint16_t)sj_values_number(&d->config->gateway, "port"),
            .identity_type = b->network_type, .identity_name = d->names[i],
            .prompt_name = b->id_name, .prompt_text = b->id_help,
            .contacts_suggested = (b->caps & SJ_CAP_CONTACT_LIST) != 0,
            .has_profiles = (b->caps & SJ_CAP_PROFILES) != 0,
            .takes_idle = (b->caps & SJ_CAP_IDLE) != 0,
            .takes_profile = (b->caps & SJ_CAP_OWN_PROFILE) != 0,
            .tells_again = (b->caps & SJ_CAP_RESUME) != 0,
            .has_rooms = (b->caps & SJ_CAP_ROOMS) != 0, .moved_marks = b->moved_marks,
            .features = abilities_of_network(b->caps), .policy = &d->policies[i]};
        about_policy(&d->policies[i], d->config, i, d->nets[i]);
        daemon_reactions(&d->hosts[i].reactions, b->reactions);
    }
    return SJ_OK;
}

/* One item as addresses of users come: prepared. What is no address names nobody. */
static void daemon_list_add(struct daemon *d, const char *key, const char *word,
                            struct daemon_list *out)
{
    struct sj_strbuf jid;

    sj_strbuf_init(&jid, SJ_STORE_TEXT_MAX);
    if (strcmp(word, "*") == 0)
        sj_strbuf_adds(&jid, word);
    else if (!xmpp_jid_prepare(word, &jid))
        sj_log_warn(&d->log, "%s names no domain or bare JID, passed over value=%s", key,
                    SJ_CLIP(word));
    if (out->n == DAEMON_LIST_MAX)
        sj_log_warn(&d->log, "%s is too long, passed over value=%s", key, SJ_CLIP(word));
    else
        out->item[out->n++] = sj_strbuf_take(&jid);
    sj_strbuf_release(&jid);
}

/* Cuts the list "a, b c". A list that names nobody is still a list. */
static void daemon_list_read(struct daemon *d, const char *key, struct daemon_list *out)
{
    const char *text = sj_values_text(&d->config->gateway, key);
    char *copy, *at, *word, *rest;

    if (!text)
        return;
    copy = sj_strdup(text);
    out->item = sj_calloc(DAEMON_LIST_MAX, sizeof *out->item);
    for (at = copy; (word = strtok_r(at, ", \t", &rest)) != NULL; at = NULL)
        daemon_list_add(d, key, word, out);
    sj_free(copy);
}

static void daemon_list_free(struct daemon_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        sj_free(list->item[i]);
    sj_free(list->item);
}

static enum sj_status daemon_store(struct daemon *d, struct sj_error *err)
{
    const struct sj_values *v = &d->config->gateway;
    struct sj_store_options options = {
        .dir = sj_values_text(v, "data-dir"),
        .key_file = sj_values_text(v, "key-file"),
        .message_days = (unsigned)sj_values_number(v, "message-ids-days"),
        .archive_days = (unsigned)sj_values_number(v, "archive-days"),
        .archive_messages = (unsigned)sj_values_number(v, "archive-messages"),
        .data_max_bytes = (uint64_t)sj_values_number(v, "data-max-bytes")};

    return sj_store_open(&d->store, d->loop, &d->log, &options, err);
}

static void daemon_status_network(const struct daemon *d, unsigned i, struct sj_strbuf *out)
{
    struct sessions_stats s;
    struct xmpp_stats x;
    struct sj_strbuf granted;

    sessions_stats(d->sessions, i, &s);
    xmpp_stats(d->xmpp, i, &x);
    sj_strbuf_adds(out, "network");
    control_text(out, "host", d->networks[i].host);
    control_text(out, "backend", d->networks[i].backend->name);
    control_text(out, "stream", xmpp_is_up(d->xmpp, i) ? "up" : "down");
    sj_strbuf_init(&granted, DAEMON_GRANTED_MAX);
    xmpp_privileges_text(d->xmpp, i, &granted);
    control_text(out, "privileges", granted.s);
    sj_strbuf_release(&granted);
    control_number(out, "sessions", (int64_t)s.sessions);
    control_number(out, "online", (int64_t)s.online);
    control_number(out, "connecting", (int64_t)s.connecting);
    control_number(out, "asking", (int64_t)s.asking);
    control_number(out, "waiting", (int64_t)s.waiting);
    control_number(out, "refused", (int64_t)s.refused);
    control_number(out, "operations", (int64_t)s.operations);
    control_number(out, "held", (int64_t)s.held);
    control_number(out, "to_network", (int64_t)s.to_network);
    control_number(out, "from_network", (int64_t)s.from_network);
    control_number(out, "stanzas_in", (int64_t)x.stanzas_in);
    control_number(out, "stanzas_out", (int64_t)x.stanzas_out);
    control_number(out, "reconnects", (int64_t)x.reconnects);
    sj_strbuf_addc(out, '\n');
}

static void daemon_status(void *ctx, struct sj_strbuf *out)
{
    struct daemon *d = ctx;
    struct sj_store_stats store;

    sj_store_stats(d->store, &store);
    sj_strbuf_adds(out, "daemon");
    control_text(out, "version", SOJOURN_VERSION);
    control_number(out, "uptime_s", (sj_loop_now_ms(d->loop) - d->started_ms) / 1000);
    control_number(out, "registrations", (int64_t)store.registrations);
    control_number(out, "store_used_kib", (int64_t)(store.used_bytes / 1024));
    control_number(out, "store_map_kib", (int64_t)(store.map_bytes / 1024));
    sj_strbuf_addc(out, '\n');
    for (unsigned i = 0; i < d->n; i++)
        daemon_status_network(d, i, out);
}

static void daemon_unregistered(void *arg, uint64_t ticket, const struct sj_error *err)
{
    struct daemon *d = arg;

    control_unregistered(d->control, ticket, err);
}

static void daemon_unregister(void *ctx, const char *user, const char *host, uint64_t ticket)
{
    struct daemon *d = ctx;
    struct sj_error err = {.status = SJ_OK};
    struct sj_strbuf jid;
    unsigned i;

    sj_strbuf_init(&jid, SJ_STORE_TEXT_MAX);
    for (i = 0; i < d->n && sj_ascii_casecmp(d->networks[i].host, host) != 0; i++)
        continue;
    if (i == d->n)
        sj_fail(&err, SJ_NOTFOUND, "no network of this gateway has the hostname %s", host);
    else if (!xmpp_jid_prepare(user, &jid))
        sj_fail(&err, SJ_INVALID, "%s is no bare JID", user);
    if (err.status != SJ_OK)
        daemon_unregistered(d, ticket, &err);
    else
        sessions_unregister(d->sessions, i, jid.s, daemon_unregistered, d, ticket);
    sj_strbuf_release(&jid);
}

static enum sj_status daemon_rekey(void *ctx, struct sj_error *err)
{
    struct daemon *d = ctx;

    return upkeep_rekey(d->upkeep, d->control, err);
}

static void *daemon_import_begin(void *ctx, bool replace)
{
    struct daemon *d = ctx;

    return importer_new(d->config, &d->log, d->store, d->sessions, replace);
}

static enum sj_status daemon_import_item(void *ctx, void *import, const uint8_t *item, size_t n,
                                         struct sj_strbuf *out, struct sj_error *err)
{
    (void)ctx;
    return importer_item(import, item, n, out, err);
}

static void daemon_import_end(void *ctx, void *import)
{
    struct importer *importer = import;

    (void)ctx;
    importer_free(&importer);
}

static const struct control_calls daemon_calls = {
    .status = daemon_status,
    .unregister = daemon_unregister,
    .rekey = daemon_rekey,
    .import_begin = daemon_import_begin,
    .import_item = daemon_import_item,
    .import_end = daemon_import_end,
};

/* At first, while files may be read. */
static void daemon_translate(const struct daemon *d)
{
    const char *dir = sj_values_text(&d->config->gateway, "locale-dir");

    sj_translate_init(dir ? dir : SOJOURN_LOCALE_DIR, &d->log);
}

static void daemon_streams_closed(void *arg)
{
    struct daemon *d = arg;

    sj_loop_stop(d->loop);
}

static void daemon_links_closed(void *arg)
{
    struct daemon *d = arg;

    xmpp_room_stop(d->xmpp, DAEMON_STOP_STREAMS_MS, daemon_streams_closed, d);
}

/* An admin stops the gateway by a command. */
static void daemon_shutdown(void *arg)
{
    struct daemon *d = arg;

    if (d->stopping)
        return;
    d->stopping = true;
    sj_log_info(&d->log, "stopping by an admin's command");
    sessions_stop(d->sessions, DAEMON_STOP_LINKS_MS, daemon_links_closed, d);
}

static void daemon_on_stop(int signo, void *arg)
{
    struct daemon *d = arg;

    if (d->stopping) {
        sj_log_warn(&d->log, "stopping at once signal=%d", signo);
        sj_loop_stop(d->loop);
        return;
    }
    d->stopping = true;
    sj_log_info(&d->log, "stopping signal=%d", signo);
    sessions_stop(d->sessions, DAEMON_STOP_LINKS_MS, daemon_links_closed, d);
}

/* The two doors that others may come in by. */
static enum sj_status daemon_listen(struct daemon *d, struct sj_error *err)
{
    const struct sj_values *v = &d->config->gateway;
    const char *identd = sj_values_text(v, "identd-listen");
    enum sj_status status = control_new(&d->control, d->loop, &d->log,
                                        sj_values_text(v, "control-socket"), &daemon_calls, d, err);

    if (status == SJ_OK && identd)
        status = identd_new(&d->identd, d->loop, &d->log, identd, err);
    return status;
}

static enum sj_status daemon_build(struct daemon *d, struct sj_error *err)
{
    const struct sj_values *v = &d->config->gateway;
    enum sj_status status = daemon_store(d, err);

    if (status == SJ_OK) {
        d->upkeep = upkeep_new(d->loop, d->store);
        status = daemon_nets(d, err);
    }
    if (status != SJ_OK)
        return status;
    daemon_list_read(d, "allow", &d->allow);
    daemon_list_read(d, "admins", &d->admins);
    daemon_list_read(d, "privileged-servers", &d->privileged);
    d->session_options = (struct sessions_options){
        .networks = d->networks, .n_networks = (unsigned)d->n,
        .allow = (const char *const *)d->allow.item, .n_allow = d->allow.n,
        .admins = (const char *const *)d->admins.item, .n_admins = d->admins.n,
        .shutdown = daemon_shutdown, .shutdown_arg = d,
        .journal_ms = sj_values_number(v, "journal-delay"),
        .hold_ms = sj_values_number(v, "hold-time"),
        .prompt_ms = sj_values_number(v, "prompt-timeout"),
        .contacts_max = daemon_number(v, "contacts-max"),
        .sessions_max = daemon_number(v, "sessions-max"),
        .avatar_bytes = (size_t)sj_values_number(v, "avatar-cache-bytes")};
    status = transport_init(&d->transport, d->config, d->loop, &d->log, err);
    if (status != SJ_OK)
        return status;
    transport_options(&d->transport, d->config, &d->session_options);
    d->sessions = sessions_new(d->loop, &d->log, d->store, &d->session_options);
    d->xmpp_options = (struct xmpp_options){
        .hosts = d->hosts, .n_hosts = (unsigned)d->n, .version = SOJOURN_VERSION,
        .stanza_max = (size_t)sj_values_number(v, "stanza-max"),
        .queue_max = (size_t)sj_values_number(v, "queue-max"),
        .privileged = (const char *const *)d->privileged.item, .n_privileged = d->privileged.n};
    sj_store_id_key(d->store, d->xmpp_options.occupant_key);
    about_addresses(&d->about, v, &d->xmpp_options);
    transport_upload(d->config, &d->xmpp_options.upload);
    d->xmpp = xmpp_new(d->loop, &d->log, &d->xmpp_options, sessions_xmpp_in(), d->sessions);
    sessions_set_xmpp(d->sessions, d->xmpp);
    status = sessions_load(d->sessions, err);
    return status == SJ_OK ? daemon_listen(d, err) : status;
}

enum sj_status daemon_new(struct daemon **out, const struct config *config, struct sj_error *err)
{
    struct daemon *d = sj_calloc(1, sizeof *d);
    enum sj_status status;

    d->config = config;
    d->n = config->n_networks;
    d->log = (struct sj_log){.area = "daemon"};
    d->loop = sj_loop_new();
    d->started_ms = sj_loop_now_ms(d->loop);
    daemon_translate(d);
    status = daemon_build(d, err);
    if (status == SJ_OK)
        *out = d;
    else
        daemon_free(&d);
    return status;
}

static void daemon_reload_report(void *ctx, const char *text)
{
    struct daemon *d = ctx;

    sj_log_error(&d->log, "configuration not reloaded: %s", text);
}

/* SIGHUP: the log level is taken over; everything else takes a restart, and the log says so. Files
 * that values name are not looked at: a confined process may not. */
static void daemon_on_hup(int signo, void *arg)
{
    struct daemon *d = arg;
    struct config *fresh = config_load_plain(d->config->path, daemon_reload_report, d);
    enum sj_log_level level;

    (void)signo;
    if (!fresh)
        return;
    if (sj_log_level_parse(sj_values_text(&fresh->gateway, "log-level"), &level))
        sj_log_set_level(level);
    config_free(&fresh);
    sj_log_info(&d->log, "log level reloaded; other settings take effect at a restart");
}

static void daemon_raise_descriptors(struct daemon *d)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        sj_log_warn(&d->log, "limit of open files not raised");
}

void daemon_run(struct daemon *d)
{
    daemon_raise_descriptors(d);
    sj_loop_on_signal(d->loop, SIGTERM, daemon_on_stop, d);
    sj_loop_on_signal(d->loop, SIGINT, daemon_on_stop, d);
    sj_loop_on_signal(d->loop, SIGHUP, daemon_on_hup, d);
    sj_log_info(&d->log, "started version=%s networks=%zu", SOJOURN_VERSION, d->n);
    if (sj_values_number(&d->config->gateway, "confine"))
        confine_to_config(d->config, &d->log);
    xmpp_start(d->xmpp);
    sj_loop_run(d->loop);
    sj_log_info(&d->log, "stopped");
}

void daemon_free(struct daemon **at)
{
    struct daemon *d = at ? *at : NULL;

    if (!d)
        return;
    upkeep_free(&d->upkeep);
    control_free(&d->control);
    identd_free(&d->identd);
    sessions_free(&d->sessions);
    transport_release(&d->transport);
    xmpp_room_free(&d->xmpp);
    for (size_t i = 0; d->nets && i < d->n; i++) {
        if (d->nets[i])
            d->networks[i].backend->net_free(&d->nets[i]);
        sj_free(d->names[i]);
    }
    sj_store_close(&d->store);
    sj_loop_free(&d->loop);
    about_release(&d->about);
    sj_free(d->policies);
    daemon_list_free(&d->allow);
    daemon_list_free(&d->admins);
    daemon_list_free(&d->privileged);
    sj_free(d->names);
    sj_free(d->hosts);
    sj_free(d->net_logs);
    sj_free(d->nets);
    sj_free(d->networks);
    sj_wipe(d->xmpp_options.occupant_key, sizeof d->xmpp_options.occupant_key);
    sj_free(d);
    *at = NULL;
}
