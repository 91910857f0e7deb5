/* SPDX-License-Identifier: MPL-2.0 */
/* See world.h. The xmpp_* functions below stand in for the XMPP room. */
#include "world.h"

#include <assert.h>
#include <stdarg.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "files.h"
#include "group.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "store_priv.h"
#include "world_profile.h"
#include "world_prompt.h"
#include "world_room.h"

struct xmpp {
    struct world *w;
};

static struct sj_strbuf world_record;
static char *world_taken;
static struct xmpp world_xmpp;
static struct world *world_now;
static struct engine_ops world_full_engine, world_broken_engine;
static int world_accesses;       /* that are left to the broken one */

#define RECORD(...)                               \
    do {                                          \
        sj_strbuf_addf(&world_record, __VA_ARGS__); \
        sj_strbuf_addc(&world_record, '\n');      \
    } while (0)

void world_note(const char *fmt, ...)
{
    char line[16384];
    va_list args;

    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    RECORD("%s", line);
}

void world_line(const char *fmt, ...)
{
    char text[65536];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    RECORD("%s", text);
}

void world_op(sj_op op)
{
    world_now->op = op;
}

static const char *who(const char *peer)
{
    return peer ? peer : "G";
}

/* Would the room take a stanza of this peer? */
static bool takes(const struct xmpp *x, const char *peer)
{
    return !x->w->stream_down && x->w->queued < WORLD_QUEUE_MAX &&
           !(peer && strncmp(peer, WORLD_NO_ADDRESS, strlen(WORLD_NO_ADDRESS)) == 0);
}

bool xmpp_is_up(const struct xmpp *x, unsigned host)
{
    (void)host;
    return !x->w->stream_down;
}

size_t xmpp_queued(const struct xmpp *x, unsigned host)
{
    (void)host;
    return x->w->queued;
}

bool xmpp_is_congested(const struct xmpp *x, unsigned host)
{
    (void)host;
    return x->w->congested;
}

void xmpp_on_relieved(struct xmpp *x, void (*relieved)(void *ctx, unsigned host))
{
    x->w->relieved = relieved;
}

bool xmpp_send_presence(struct xmpp *x, unsigned host, const struct xmpp_presence_out *p)
{
    static const char *const name[] = {"offline", "online", "chat", "away", "xa", "dnd"};

    (void)host;
    if (!takes(x, p->peer))
        return false;
    char can[24] = "";
    if (p->features)
        snprintf(can, sizeof can, " can %x", p->features);
    char photo[WORLD_PICTURE_SIZE] = "";
    if (p->peer && p->show != XMPP_OFFLINE)
        world_picture_text(photo, &p->picture);
    RECORD("presence %s -> %s %s%s%s%s%s%s", who(p->peer), p->to, name[p->show],
           p->status ? " " : "", p->status ? p->status : "", can, photo,
           p->idle_since ? " idle" : "");
    return true;
}

bool xmpp_send_subscription(struct xmpp *x, unsigned host, const char *peer, const char *to,
                            enum xmpp_sub kind, const char *status, const char *nick,
                            const char *id)
{
    static const char *const name[] = {"subscribe", "subscribed", "unsubscribe", "unsubscribed"};

    (void)host, (void)nick, (void)id;
    if (!takes(x, peer))
        return false;
    RECORD("sub %s -> %s %s%s%s", who(peer), to, name[kind], status ? " " : "",
           status ? status : "");
    return true;
}

bool xmpp_send_unsubscribed(struct xmpp *x, unsigned host, const char *peer, const char *to,
                            const struct sj_error *why)
{
    return xmpp_send_subscription(x, host, peer, to, XMPP_UNSUBSCRIBED,
                                  why && why->text[0] ? why->text : NULL, NULL, NULL);
}

bool xmpp_send_probe(struct xmpp *x, unsigned host, const char *to)
{
    (void)x, (void)host;
    RECORD("probe %s", to);
    return true;
}

bool xmpp_send_presence_error(struct xmpp *x, unsigned host, const char *peer, const char *to,
                              const struct sj_error *err)
{
    (void)x, (void)host;
    RECORD("error-presence %s -> %s %s", who(peer), to, sj_status_text(err->status));
    return true;
}

bool world_takes(const struct xmpp *x)
{
    return takes(x, NULL);
}

bool xmpp_send_message(struct xmpp *x, unsigned host, const struct xmpp_message_out *m)
{
    (void)host;
    if (!takes(x, m->peer) || (x->w->body_max && strlen(m->body) > x->w->body_max))
        return false;
    if (x->w->takes && --x->w->takes == 0)
        x->w->queued = WORLD_QUEUE_MAX;
    if (m->file)
        sj_strbuf_addf(&world_record, "file %s -> %s %s %s %llu%s", who(m->peer), m->to,
                       m->file->url, m->file->name ? m->file->name : "-",
                       (unsigned long long)m->file->size,
                       m->file->hash_kind == SJ_DIGEST_SHA256 ? " sha256" : "");
    else
        sj_strbuf_addf(&world_record, "message %s -> %s %s", who(m->peer), m->to, m->body);
    world_facts(&world_record, m);
    sj_strbuf_addc(&world_record, '\n');
    return true;
}

bool xmpp_send_message_error(struct xmpp *x, unsigned host, const char *peer, const char *to,
                             const char *id, const struct sj_error *err)
{
    (void)host;
    if (!takes(x, peer))
        return false;
    RECORD("error-message %s -> %s %s %s", peer, to, id ? id : "-", sj_status_text(err->status));
    return true;
}

bool xmpp_send_late_error(struct xmpp *x, unsigned host, const struct xmpp_late *late,
                          const struct sj_error *err)
{
    (void)host;
    if (!takes(x, late->to))
        return false;
    RECORD("error-late %c %s -> %s %s %s", late->kind, late->to, late->full,
           late->id ? late->id : "-", sj_status_text(err->status));
    return true;
}

bool xmpp_send_rosterx(struct xmpp *x, unsigned host, const char *to, enum xmpp_rosterx action,
                       const struct xmpp_item *items, size_t n, bool by_iq)
{
    static const char *const name[] = {"add", "modify", "delete"};

    (void)x, (void)host;
    sj_strbuf_addf(&world_record, "items %s %s", to, name[action]);
    for (size_t i = 0; i < n; i++)
        sj_strbuf_addf(&world_record, " %s", items[i].peer);
    RECORD(" (%s)", by_iq ? "iq" : "message");
    return true;
}

unsigned xmpp_privileges(const struct xmpp *x, unsigned host, const char *user)
{
    (void)host, (void)user;
    return x->w->stream_down ? 0 : x->w->privileges;
}

bool xmpp_roster_read(struct xmpp *x, unsigned host, const char *user)
{
    if (!(xmpp_privileges(x, host, user) & XMPP_MAY_READ_ROSTER))
        return false;
    RECORD("roster-read %s", user);
    return true;
}

bool xmpp_roster_write(struct xmpp *x, unsigned host, const char *user,
                       const struct xmpp_roster_item *item)
{
    static const char *const name[] = {"none", "to", "from", "both", "remove"};

    if (!(xmpp_privileges(x, host, user) & XMPP_MAY_SET_ROSTER))
        return false;
    sj_strbuf_addf(&world_record, "roster-write %s '%s' %s", item->peer,
                   item->name ? item->name : "", name[item->sub]);
    for (size_t i = 0; i < item->n_groups; i++)
        sj_strbuf_addf(&world_record, " +%s", item->group[i]);
    sj_strbuf_addc(&world_record, '\n');
    return true;
}

bool xmpp_roster_remove(struct xmpp *x, unsigned host, const char *user, const char *peer)
{
    if (!(xmpp_privileges(x, host, user) & XMPP_MAY_SET_ROSTER))
        return false;
    RECORD("roster-remove %s", peer);
    return true;
}

void xmpp_query_rosterx(struct xmpp *x, unsigned host, const char *full)
{
    (void)x, (void)host;
    RECORD("query %s", full);
}

void xmpp_answer(struct xmpp *x, xmpp_req req, const struct sj_error *err)
{
    (void)x;
    RECORD("answer %llu %s", (unsigned long long)req,
           err ? sj_status_text(err->status) : "ok");
}

/* What waits is shown where it was said: that it waits is the XMPP room's affair. */
uint64_t xmpp_hold(struct xmpp *x, unsigned host, const char *user)
{
    (void)host;
    if (x->w->shows_holds)
        RECORD("hold %s", user);
    x->w->n_held++;
    return ++x->w->holds;
}

void xmpp_let_go(struct xmpp *x, uint64_t hold, bool dropped)
{
    if (hold && x->w->shows_holds)
        RECORD("%s", dropped ? "unsaid" : "let go");
    x->w->n_held -= hold != 0;
}

bool xmpp_is_held(const struct xmpp *x, unsigned host, const char *user)
{
    (void)host, (void)user;
    return x->w->n_held > 0;
}

void xmpp_pass_holds(struct xmpp *x, bool on)
{
    (void)x, (void)on;
}

void xmpp_on_crowded(struct xmpp *x, void (*crowded)(void *ctx))
{
    x->w->crowded = crowded;
}

bool xmpp_ask_handled(struct xmpp *x, unsigned host, const char *domain, uint64_t token)
{
    (void)host;
    RECORD("handled? %s", domain);
    x->w->asked = token;
    return true;
}

void world_handled(struct world *w, bool ok)
{
    uint64_t token = w->asked;

    w->asked = 0;
    w->in->handled(w->sessions, 0, token, ok);
    world_run(w);
}

/* The scripted network. */
struct sj_net {
    struct world *w;
};
struct test_link {
    struct sj_link base;
    struct sj_defer defer;
    enum { TEST_NOTHING, TEST_UP, TEST_DOWN } next;
    sj_op done;
};

static struct sj_net test_net;
static const struct sj_field test_fields[] = {
    {.var = "username", .label = "Nickname", .required = true},
    {.var = "password", .label = "Password", .kind = SJ_FIELD_SECRET},
    {.var = "name", .label = "Real name", .fallback = "nobody"},
};

static enum sj_status test_id_canon(struct sj_strbuf *out, const struct sj_net *net,
                                    const struct sj_link *link, const char *id,
                                    struct sj_error *err)
{
    (void)net, (void)link;
    if (*id == '\0' || strchr(id, ' '))
        return sj_fail(err, SJ_INVALID, "no such address can exist");
    for (; *id; id++)
        sj_strbuf_addc(out, sj_ascii_lower(*id));
    return SJ_OK;
}

static enum sj_status test_account_check(const struct sj_net *net, const struct sj_account *a,
                                         struct sj_error *err)
{
    (void)net;
    if (strchr(a->value[0], ' '))
        return sj_fail(err, SJ_UNACCEPTABLE, "Nickname: no spaces");
    return SJ_OK;
}

static void test_deferred(void *arg)
{
    struct test_link *l = arg;
    struct world *w = l->base.net->w;
    sj_op done = l->done;

    l->done = 0;
    if (done && w->ids) {
        char id[24];
        snprintf(id, sizeof id, "n%u", ++w->n_ids);
        l->base.host->message_id(&l->base, done, id);
    }
    if (done)
        l->base.host->op_done(&l->base, done, NULL);
    if (l->next == TEST_UP && w->refuse) {
        l->next = TEST_NOTHING;
        l->base.host->link_state(&l->base, SJ_LINK_DOWN, w->refuse, NULL);
    } else if (l->next == TEST_UP) {
        l->next = TEST_NOTHING;
        l->base.host->link_state(&l->base, SJ_LINK_UP, SJ_END_ASKED, NULL);
    } else if (l->next == TEST_DOWN) {
        l->next = TEST_NOTHING;
        l->base.host->link_state(&l->base, SJ_LINK_DOWN, SJ_END_ASKED, NULL);
    }
}

static struct sj_link *test_link_new(const struct sj_link *base, const struct sj_account *a,
                                     const void *blob, size_t len)
{
    struct test_link *l = sj_calloc(1, sizeof *l);

    (void)a;
    snprintf(base->net->w->state, sizeof base->net->w->state, "%.*s", (int)len,
             blob ? (const char *)blob : "");
    l->base = *base;
    sj_defer_init(&l->defer, test_deferred, l);
    base->net->w->older = base->net->w->link;
    base->net->w->link = &l->base;
    base->net->w->links++;
    return &l->base;
}

static void test_link_free(struct sj_link **link)
{
    struct test_link *l = SJ_CONTAINER(*link, struct test_link, base);
    struct world *w = l->base.net->w;

    if (w->link == *link)
        w->link = NULL;
    if (w->older == *link)
        w->older = NULL;
    sj_defer_cancel(&l->defer);
    sj_free(l);
    *link = NULL;
}

static void test_later(struct sj_link *link, int next)
{
    struct test_link *l = SJ_CONTAINER(link, struct test_link, base);

    if (next)
        l->next = (unsigned)next;
    sj_loop_defer(link->loop, &l->defer);
}

static enum sj_status test_connect(struct sj_link *link, struct sj_error *err)
{
    (void)err;
    RECORD("net connect");
    if (!link->net->w->connect_waits)
        test_later(link, TEST_UP);
    return SJ_OK;
}

static void test_disconnect(struct sj_link *link, const char *reason)
{
    (void)reason;
    RECORD("net disconnect");
    if (!link->net->w->disconnect_waits)
        test_later(link, TEST_DOWN);
}

static void test_state_saved(struct sj_link *link, const struct sj_error *err)
{
    (void)link;
    RECORD("net saved%s%s", err ? ": " : "", err ? err->text : "");
}

void world_later(struct sj_link *link, sj_op op)
{
    link->net->w->op = op;
    if (link->net->w->messages_wait)
        return;
    SJ_CONTAINER(link, struct test_link, base)->done = op;
    test_later(link, TEST_NOTHING);
}

static const struct sj_reaction_rules *test_reactions;

void world_set_reactions(const struct sj_reaction_rules *rules)
{
    test_reactions = rules;
}

static enum sj_status test_send(struct sj_link *link, const struct sj_message *m, sj_op op,
                                struct sj_error *err)
{
    (void)err;
    if (m->file) {
        RECORD("net file %s %s %s %llu%s%s", m->peer, m->file->name ? m->file->name : "-",
               m->file->media_type ? m->file->media_type : "-",
               (unsigned long long)m->file->size, *m->body ? " " : "", m->body);
        link->net->w->op = op;
        return SJ_OK;
    }
    world_now->txn = m->txn;
    sj_strbuf_addf(&world_record, "net send %s%s%s %s%s", m->peer, m->nick ? "/" : "",
                   m->nick ? m->nick : "", m->action ? "* " : "", m->body);
    world_sent_facts(&world_record, m);
    sj_strbuf_addc(&world_record, '\n');
    world_later(link, op);
    return SJ_OK;
}

static enum sj_status test_presence(struct sj_link *link, enum sj_show show, const char *status,
                                    struct sj_error *err)
{
    (void)link, (void)err, (void)status;
    RECORD("net show %d", (int)show);
    return SJ_OK;
}

static void test_idle(struct sj_link *link, sj_msec since)
{
    (void)link;
    RECORD("net idle %lld", (long long)since);
}

static enum sj_status test_add(struct sj_link *link, const char *id, sj_op op, struct sj_error *err)
{
    RECORD("net add %s", id);
    if (link->net->w->add_refused)
        return sj_fail(err, link->net->w->add_refused, "as the test says");
    link->net->w->op = op;
    return SJ_OK;
}

static enum sj_status test_remove(struct sj_link *link, const char *id, sj_op op,
                                  struct sj_error *err)
{
    (void)err;
    RECORD("net remove %s", id);
    link->net->w->op = op;
    return SJ_OK;
}

static enum sj_status test_answer(struct sj_link *link, const char *id, bool accept, sj_op op,
                                  struct sj_error *err)
{
    (void)link, (void)op, (void)err;
    RECORD("net answer %s %s", id, accept ? "yes" : "no");
    return SJ_OK;
}

static const struct sj_field test_search_fields[] = {
    {.var = "nick", .label = "Nickname"},
    {.var = "online", .label = "Online", .kind = SJ_FIELD_BOOL, .fallback = "0"},
};

static enum sj_status test_search(struct sj_link *link, const char *const *values, size_t n,
                                  sj_op op, struct sj_error *err)
{
    assert(n == 2);
    RECORD("net search %s %s", values[0] ? values[0] : "-", values[1] ? values[1] : "-");
    if (link->net->w->search_refused)
        return sj_fail(err, link->net->w->search_refused, "as the test says");
    link->net->w->op = op;
    return SJ_OK;
}

static enum sj_status test_raw(struct sj_link *link, const char *line, sj_op op,
                               struct sj_error *err)
{
    if (strcmp(line, "no") == 0)
        return sj_fail(err, SJ_UNACCEPTABLE, "not that");
    RECORD("net raw %s", line);
    link->net->w->op = op;
    return SJ_OK;
}

static void test_resume(struct sj_link *link, const char *position)
{
    (void)link;
    RECORD("net resume %s", position ? position : "-");
}

void world_position(struct world *w, const char *position)
{
    w->link->host->position(w->link, position);
    world_run(w);
}

bool xmpp_peer_jid(const struct xmpp *x, unsigned host, const char *peer, struct sj_strbuf *out)
{
    (void)x, (void)host;
    if (strncmp(peer, WORLD_NO_ADDRESS, 1) == 0)
        return false;
    sj_strbuf_addf(out, "%s@" HOST, peer);
    return true;
}

void xmpp_answer_search(struct xmpp *x, uint64_t req, const struct xmpp_search_out *out)
{
    struct sj_strbuf b;

    (void)x;
    sj_strbuf_init(&b, 1 << 16);
    for (size_t i = 0; i < out->n; i++)
        sj_strbuf_addf(&b, " %s(%s)", out->found[i].peer,
                       out->found[i].name ? out->found[i].name : "");
    RECORD("found %llu %s%s%s:%s", (unsigned long long)req, out->as_form ? "form" : "items",
           out->page.wanted ? " after " : "",
           out->page.wanted && out->page.mark ? out->page.mark : "", b.s);
    sj_strbuf_release(&b);
}

static struct sj_backend test_backend;
static struct sessions_network test_network;
static struct sessions_options test_options;

static void world_open(struct world *w)
{
    struct sj_error err = {.status = SJ_OK};

    w->sessions = sessions_new(w->loop, NULL, w->store, &test_options);
    sessions_set_xmpp(w->sessions, &world_xmpp);
    assert(sessions_load(w->sessions, &err) == SJ_OK);
    w->in->up(w->sessions, 0);
    world_advance(w, 1);
    world_run(w);
}

static void test_pause(struct sj_net *net, bool paused)
{
    (void)net;
    RECORD("net %s", paused ? "pause" : "go on");
}

void world_pausable(bool can_pause)
{
    test_backend.pause = can_pause ? test_pause : NULL;
}

static enum sj_status test_name(struct sj_link *link, const char *id, const char *name,
                                const char *group, sj_op op, struct sj_error *err)
{
    (void)link, (void)op, (void)err;
    RECORD("net name %s '%s' '%s'", id, name ? name : "-", group ? group : "-");
    return SJ_OK;
}

static void test_shutdown(void *arg)
{
    (void)arg;
    RECORD("stop");
}

struct world *world_new(uint32_t caps)
{
    const struct sj_store_options memory = {.dir = NULL, .key_file = NULL,
                                            .archive_days = caps & SJ_CAP_ROOMS ? 30 : 0};
    struct world *w = sj_calloc(1, sizeof *w);
    struct sj_error err = {.status = SJ_OK};

    sj_log_set_level(SJ_LOG_ERROR);
    sj_strbuf_init(&world_record, 1 << 20);
    world_now = w;
    test_net.w = w;
    world_xmpp.w = w;
    w->loop = sj_loop_new();
    sj_loop_test_advance(w->loop, 1000);
    w->in = sessions_xmpp_in();
    w->store = world_disk_open(w->loop);
    if (!w->store)
        assert(sj_store_open(&w->store, w->loop, NULL, &memory, &err) == SJ_OK);
    w->engine = w->store->engine->ops;
    test_backend = (struct sj_backend){
        .abi = SJ_BACKEND_ABI, .name = "test", .network_type = "test", .network_name = "Test",
        .id_name = "nickname", .id_help = "who?", .register_help = "give a nickname",
        .caps = caps, .fields = test_fields, .n_fields = 3, .id_canon = test_id_canon,
        .account_check = test_account_check, .link_new = test_link_new,
        .link_free = test_link_free, .connect = test_connect, .disconnect = test_disconnect,
        .state_saved = test_state_saved,
        .send_message = test_send, .set_presence = test_presence, .set_idle = test_idle,
        .contact_add = test_add,
        .contact_remove = test_remove, .contact_answer = test_answer,
        .contact_name = test_name, .send_mark = world_send_mark, .set_typing = world_set_typing,
        .reactions = test_reactions, .prompt_answer = world_reply,
        .profile_get = world_profile_get, .avatar_get = world_avatar_get,
        .own_profile_set = world_own_profile_set,
        .search_fields = test_search_fields, .n_search_fields = 2, .search = test_search};
    if (caps & SJ_CAP_RAW) {
        test_backend.raw = test_raw;
        test_backend.server_id = "*server";
    }
    if (caps & SJ_CAP_RESUME)
        test_backend.resume = test_resume;
    if (caps & SJ_CAP_FILES)
        files_backend(&test_backend);
    if (caps & SJ_CAP_ROOMS)
        test_backend.rooms = &world_rooms;
    files_reset(w);
    test_network = (struct sessions_network){
        .host = HOST, .label = "Test", .backend = &test_backend, .net = &test_net,
        .login_rate = 0, .login_burst = 10, .logins_at_once = 10};
    static const char *const admins[] = {"admin@example.org"};
    test_options = (struct sessions_options){
        .admins = admins, .n_admins = 1,
        .networks = &test_network, .n_networks = 1, .journal_ms = 5, .hold_ms = 30000,
        .prompt_ms = 600000,
        .shutdown = test_shutdown,
        .contacts_max = 4, .sessions_max = 100, .avatar_bytes = 100000,
        .fetch = files_http(false), .upload = files_http(true), .files_max = 1000000,
        .upload_max = 1000000, .files_at_once = 8};
    world_open(w);
    world_clear(w);
    return w;
}

void world_keeps_history(void)
{
    test_backend.rooms = &world_past_rooms;
}

static void world_begin_anew(struct world *w)
{
    sessions_free(&w->sessions);
    world_clear(w);
    world_open(w);
}

void world_restart(struct world *w)
{
    struct sj_error err = {.status = SJ_OK};

    assert(sj_store_flush(w->store, &err) == SJ_OK);
    world_begin_anew(w);
}

void world_crash(struct world *w)
{
    group_clear(w->store);
    world_begin_anew(w);
}

void world_free(struct world *w)
{
    sessions_free(&w->sessions);
    sj_store_close(&w->store);
    world_disk_remove();
    sj_loop_free(&w->loop);
    sj_strbuf_release(&world_record);
    sj_free(world_taken);
    world_taken = NULL;
    sj_free(w);
}

static enum sj_status full_begin(struct engine *e, enum engine_mode mode, struct sj_error *err)
{
    return mode != ENGINE_READS ? sj_fail(err, SJ_LIMIT, "the disk is full")
                 : world_now->engine->begin(e, mode, err);
}

void world_disk_full(struct world *w, bool full)
{
    world_full_engine = *w->engine;
    world_full_engine.begin = full_begin;
    w->store->engine->ops = full ? &world_full_engine : w->engine;
}

static enum sj_status broken_begin(struct engine *e, enum engine_mode mode, struct sj_error *err)
{
    return world_accesses-- > 0 ? world_now->engine->begin(e, mode, err)
                                : sj_fail(err, SJ_INTERNAL, "the disk is broken");
}

void world_disk_breaks(struct world *w, int after)
{
    world_accesses = after;
    world_broken_engine = *w->engine;
    world_broken_engine.begin = broken_begin;
    w->store->engine->ops = after >= 0 ? &world_broken_engine : w->engine;
}

void world_stream(struct world *w, bool up)
{
    w->stream_down = !up;
    if (up)
        w->in->up(w->sessions, 0);
    else
        w->in->down(w->sessions, 0);
    world_advance(w, 50);
}

void world_contacts_max(unsigned n)
{
    test_options.contacts_max = n;
}

void world_files_at_once(unsigned n)
{
    test_options.files_at_once = n;
}

void world_user_key(const char *key)
{
    test_network.user_key = key;
}

void world_quota(enum sessions_quota which, unsigned n)
{
    test_network.quota[which] = n;
}

void world_run(struct world *w)
{
    for (int i = 0; i < 8; i++) {
        sj_loop_test_advance(w->loop, 0);
        sj_loop_turn(w->loop, 0);
    }
}

void world_advance(struct world *w, int64_t ms)
{
    sj_loop_test_advance(w->loop, ms);
    world_run(w);
}

void world_ignore_log(enum sj_log_level level, const char *line, void *ctx)
{
    (void)level, (void)line, (void)ctx;
}

const char *world_lines(struct world *w)
{
    (void)w;
    sj_free(world_taken);
    world_taken = sj_strdup(world_record.s);
    sj_strbuf_reset(&world_record);
    return world_taken;
}

void world_clear(struct world *w)
{
    (void)w;
    sj_strbuf_reset(&world_record);
}

struct xmpp_from world_from(const char *user, const char *resource)
{
    static char full[512];

    snprintf(full, sizeof full, "%s%s%s", user, *resource ? "/" : "", resource);
    return (struct xmpp_from){.host = 0, .user = user, .resource = resource, .full = full,
                              .id = "i1"};
}

void world_unanswered(struct world *w, const struct xmpp_unanswered *u)
{
    struct xmpp_unanswered what = *u;
    struct sj_strbuf to;
    struct sj_error err;

    sj_strbuf_init(&to, 4096);
    if (!what.from.user)
        what.from = world_from(ROMEO, "r");
    sj_strbuf_addf(&to, "%s%s" HOST, u->peer ? u->peer : "", u->peer ? "@" : "");
    if (!u->to)
        what.to = to.s;
    sj_fail(&err, SJ_NOTFOUND, "Nobody is there.");
    w->in->unanswered(w->sessions, &what, &err);
    sj_strbuf_release(&to);
}

enum sj_status world_register(struct world *w, const char *user, const char *name, xmpp_req req)
{
    struct xmpp_from from = world_from(user, "r");
    struct xmpp_form_in form = {.n = 1, .field = {{"username", name}}};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->register_set(w->sessions, &from, &form, req, &err);

    world_advance(w, 20);
    return status;
}

enum sj_status world_presence(struct world *w, const char *resource, const char *peer,
                              enum xmpp_show show, int priority)
{
    struct xmpp_presence_in p = {.from = world_from(ROMEO, resource), .peer = peer, .show = show,
                                 .priority = priority};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->presence(w->sessions, &p, &err);

    world_advance(w, 20);
    return status;
}

void world_bounce(struct world *w, const char *peer, const char *condition)
{
    struct xmpp_from from = world_from(ROMEO, "");

    w->in->bounce(w->sessions, &from, peer, 'p', condition);
    world_run(w);
}

enum sj_status world_sub(struct world *w, const char *peer, enum xmpp_sub kind)
{
    struct xmpp_subscription_in p = {.from = world_from(ROMEO, ""), .peer = peer, .kind = kind};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->subscription(w->sessions, &p, &err);

    world_run(w);
    return status;
}

enum sj_status world_send(struct world *w, const char *peer, const char *body)
{
    struct xmpp_message_in m = {.from = world_from(ROMEO, "r"), .peer = peer, .body = body};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->message(w->sessions, &m, &err);

    world_run(w);
    return status;
}

void world_ready(struct world *w)
{
    assert(world_register(w, ROMEO, "romeo", 1) == SJ_OK);
    world_sub(w, NULL, XMPP_SUBSCRIBED);
    world_presence(w, "r", NULL, XMPP_ONLINE, 0);
    world_clear(w);
}

void world_up(struct world *w)
{
    w->link->host->link_state(w->link, SJ_LINK_UP, SJ_END_ASKED, NULL);
    world_run(w);
}

void world_down(struct world *w, enum sj_end end)
{
    w->link->host->link_state(w->link, SJ_LINK_DOWN, end, NULL);
    world_run(w);
}

void world_contact(struct world *w, const char *id, enum sj_show show, bool listed)
{
    struct sj_contact c = {.id = id, .show = show, .listed = listed, .has_presence = true};

    w->link->host->contact(w->link, &c);
    world_run(w);
}

void world_listed(struct world *w, const char *id, const char *name, const char *group)
{
    struct sj_contact c = {.id = id, .name = name, .group = group, .listed = true};

    w->link->host->contact(w->link, &c);
    world_run(w);
}

void world_gone(struct world *w, const char *id)
{
    w->link->host->contact_gone(w->link, id, NULL);
    world_run(w);
}

void world_list_told(struct world *w)
{
    w->link->host->list_told(w->link);
    world_run(w);
}

void world_grant(struct world *w, unsigned privileges)
{
    w->privileges = privileges;
    w->in->privilege.changed(w->sessions, 0, "example.org");
    world_advance(w, 100);
}

static struct xmpp_roster_item world_item_of(const char *peer, const char *name,
                                             enum xmpp_roster_sub sub, const char *group)
{
    struct xmpp_roster_item item = {.peer = peer, .name = name, .sub = sub};

    if (group)
        item.group[item.n_groups++] = group;
    return item;
}

void world_item(struct world *w, const char *peer, const char *name, enum xmpp_roster_sub sub,
                const char *group)
{
    struct xmpp_roster_item item = world_item_of(peer, name, sub, group);

    w->in->privilege.item(w->sessions, 0, ROMEO, &item);
    world_run(w);
}

void world_push(struct world *w, const char *peer, const char *name, enum xmpp_roster_sub sub,
                const char *group)
{
    struct xmpp_roster_item item = world_item_of(peer, name, sub, group);

    w->in->privilege.pushed(w->sessions, 0, ROMEO, &item);
    world_run(w);
}

void world_read(struct world *w, bool ok)
{
    w->in->privilege.read(w->sessions, 0, ROMEO, ok);
    world_advance(w, 100);
}

void world_written(struct world *w, const char *peer, bool ok)
{
    w->in->privilege.written(w->sessions, 0, ROMEO, peer, ok);
    world_advance(w, 100);
}

void world_says(struct world *w, const char *peer, const char *body)
{
    struct sj_message m = {.peer = peer, .body = body};

    w->link->host->message(w->link, &m);
    world_run(w);
}

void world_done(struct world *w, enum sj_status status)
{
    struct sj_error err;

    sj_fail(&err, status, "as the test says");
    w->link->host->op_done(w->link, w->op, status == SJ_OK ? NULL : &err);
    world_run(w);
}
