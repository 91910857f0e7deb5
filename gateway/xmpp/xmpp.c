/* SPDX-License-Identifier: MPL-2.0 */
/* The room's object: made, started, stopped; and the sending half that all other files share.
 *
 * What goes out passes room_send: output.c makes it harmless, component.c queues it. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "bob.h"
#include "component.h"
#include "disco.h"
#include "room.h"
#include "sojourn/conn.h"
#include "sojourn/memory.h"
#include "stanza.h"
#include "upload.h"

#define ROOM_LOG_BURST 10u
#define ROOM_LOG_PERIOD_MS 60000

static void room_on_stop_done(void *arg)
{
    struct xmpp *x = arg;
    void (*stopped)(void *) = x->stopped;
    x->stopped = NULL;
    if (stopped != NULL)
        stopped(x->stopped_arg);
}

/* 128 random bits as text. */
static void room_draw_key(char out[33])
{
    unsigned char bytes[16];
    sj_random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

struct xmpp *xmpp_new(struct sj_loop *loop, const struct sj_log *log,
                      const struct xmpp_options *options, const struct xmpp_in *in, void *ctx)
{
    struct xmpp *x = sj_calloc(1, sizeof *x);
    x->loop = loop;
    x->log = (struct sj_log){.parent = log, .area = "xmpp"};
    x->options = options;
    x->in = in;
    x->ctx = ctx;
    x->started_ms = sj_loop_now_ms(loop);
    x->fold = jid_fold_new();
    room_draw_key(x->command_key);
    output_init(&x->output, options->stanza_max);
    requests_init(&x->requests, x);
    queries_init(&x->queries, x);
    wants_init(&x->wants);
    holds_init(&x->holds);
    sj_idmap_init(&x->own_asks);
    sj_map_init(&x->hosts);
    sj_defer_init(&x->stop_done, room_on_stop_done, x);
    x->disco = disco_new(x);
    x->bob = bob_new();
    x->upload = upload_new(x);
    x->components = sj_calloc(options->n_hosts, sizeof *x->components);
    for (unsigned i = 0; i < options->n_hosts; i++) {
        component_init(&x->components[i], x, i);
        sj_map_put(&x->hosts, options->hosts[i].name, &x->components[i]);
    }
    return x;
}

void xmpp_start(struct xmpp *x)
{
    for (unsigned i = 0; i < x->options->n_hosts; i++)
        component_start(&x->components[i]);
}

void room_check_stopped(struct xmpp *x)
{
    if (!x->stopping)
        return;
    for (unsigned i = 0; i < x->options->n_hosts; i++)
        if (x->components[i].state != COMPONENT_STOPPED)
            return;
    sj_loop_defer(x->loop, &x->stop_done);
}

void xmpp_room_stop(struct xmpp *x, int64_t timeout_ms, void (*done)(void *arg), void *arg)
{
    x->stopping = true;
    x->stopped = done;
    x->stopped_arg = arg;
    for (unsigned i = 0; i < x->options->n_hosts; i++)
        component_stop(&x->components[i], timeout_ms);
    room_check_stopped(x);
}

void xmpp_room_free(struct xmpp **x)
{
    if (x == NULL || *x == NULL)
        return;
    struct xmpp *gone = *x;
    *x = NULL;
    sj_defer_cancel(&gone->stop_done);
    for (unsigned i = 0; i < gone->options->n_hosts; i++)
        component_release(&gone->components[i]);
    sj_free(gone->components);
    disco_free(&gone->disco);
    bob_free(&gone->bob);
    upload_free(&gone->upload);
    queries_release(&gone->queries);
    wants_release(&gone->wants);
    holds_release(&gone->holds);
    own_release(gone);
    requests_release(&gone->requests);
    sj_map_release(&gone->hosts);
    output_release(&gone->output);
    jid_fold_free(gone->fold);
    sj_free(gone);
}

bool xmpp_is_up(const struct xmpp *x, unsigned host)
{
    return x->components[host].state == COMPONENT_UP;
}

size_t xmpp_queued(const struct xmpp *x, unsigned host)
{
    const struct component *c = &x->components[host];
    return c->state == COMPONENT_UP ? sj_conn_queued(c->conn) : 0;
}

bool xmpp_is_congested(const struct xmpp *x, unsigned host)
{
    return x->components[host].congested;
}

void xmpp_on_relieved(struct xmpp *x, void (*relieved)(void *ctx, unsigned host))
{
    x->relieved = relieved;
}

void xmpp_stats(const struct xmpp *x, unsigned host, struct xmpp_stats *out)
{
    const struct component *c = &x->components[host];
    *out = (struct xmpp_stats){
        .stanzas_in = c->stanzas_in,
        .stanzas_out = c->stanzas_out,
        .refused_out = c->refused_out,
        .reconnects = c->reconnects,
        .requests = x->requests.count,
        .queued = xmpp_queued(x, host),
    };
}

/* ---- sending ---- */

static enum sj_status room_format_and_write(struct xmpp *x, struct component *c, xmpp_stanza_t *st,
                                            bool kept)
{
    enum sj_status status = component_check(c);
    if (status != SJ_OK)
        return status;
    const char *text = NULL;
    size_t n = 0;
    status = output_format(&x->output, c->host->name, st, &text, &n);
    if (status != SJ_OK) {
        room_log_drop(x,
                      status == SJ_LIMIT ? "outgoing stanza too large" : "outgoing stanza refused",
                      stanza_get(st, "from"), stanza_get(st, "to"));
        return status == SJ_LIMIT ? SJ_UNACCEPTABLE : status;
    }
    if (hold_take(c, xmpp_stanza_get_to(st), text, n, kept))
        return SJ_OK;
    status = component_write(c, text, n);
    if (status == SJ_OK && kept)
        copies_add(&c->copies, xmpp_stanza_get_to(st), text, n);
    else if (c->copies.domain[0] == '\0' && strchr(xmpp_stanza_get_to(st), '@') != NULL)
        copies_choose_domain(&c->copies, xmpp_stanza_get_to(st));
    return status;
}

static enum sj_status room_send_as(struct xmpp *x, unsigned host, xmpp_stanza_t *st, bool kept)
{
    struct component *c = &x->components[host];
    enum sj_status status = room_format_and_write(x, c, st, kept);
    if (status != SJ_OK)
        c->refused_out++;
    xmpp_stanza_release(st);
    return status;
}

enum sj_status room_send_status(struct xmpp *x, unsigned host, xmpp_stanza_t *st)
{
    return room_send_as(x, host, st, false);
}

bool room_send_kept(struct xmpp *x, unsigned host, xmpp_stanza_t *st, bool answer)
{
    return room_send_as(x, host, st, answer || !x->options->hosts[host].tells_again) == SJ_OK;
}

bool room_send(struct xmpp *x, unsigned host, xmpp_stanza_t *st)
{
    return room_send_status(x, host, st) == SJ_OK;
}

void room_log_drop(struct xmpp *x, const char *what, const char *from, const char *to)
{
    unsigned dropped = 0;
    if (sj_log_wants(SJ_LOG_DEBUG) &&
        sj_log_allow(&x->drops, sj_loop_now_ms(x->loop), ROOM_LOG_BURST, ROOM_LOG_PERIOD_MS,
                     &dropped))
        sj_log_debug(&x->log, "%s from=%s to=%s suppressed=%u", what, SJ_CLIP(from), SJ_CLIP(to),
                     dropped);
}

bool xmpp_peer_jid(const struct xmpp *x, unsigned host, const char *peer, struct sj_strbuf *out)
{
    if (address_escape(out, peer) != SJ_OK)
        return false;
    sj_strbuf_addc(out, '@');
    sj_strbuf_adds(out, x->options->hosts[host].name);
    return sj_strbuf_ok(out);
}

void xmpp_new_id(char out[XMPP_NEW_ID_SIZE])
{
    static_assert(XMPP_NEW_ID_SIZE == OUTPUT_ID_SIZE, "size of ids");
    output_new_id(out);
}

bool room_address(const struct xmpp *x, unsigned host, const char *peer, const char *nick,
                  struct sj_strbuf *out)
{
    if (!xmpp_peer_jid(x, host, peer, out))
        return false;
    if (nick == NULL)
        return true;
    if (!xmpp_nick_ok(x, nick))
        return false;
    sj_strbuf_addc(out, '/');
    sj_strbuf_adds(out, nick);
    return sj_strbuf_ok(out);
}

xmpp_stanza_t *room_stanza_of(struct xmpp *x, unsigned host, const char *name, const char *type,
                              const char *room, const char *nick, const char *to, const char *id)
{
    char own_id[OUTPUT_ID_SIZE];
    if (id == NULL) {
        output_new_id(own_id);
        id = own_id;
    }
    const char *from = x->options->hosts[host].name;
    if (room != NULL) {
        sj_strbuf_reset(&x->output.address);
        if (!room_address(x, host, room, nick, &x->output.address))
            return NULL;
        from = x->output.address.s;
    }
    xmpp_stanza_t *st = stanza_new(x->output.ctx, name, type, id);
    stanza_set(st, "from", from);
    stanza_set(st, "to", to);
    return st;
}

xmpp_stanza_t *room_stanza_new(struct xmpp *x, unsigned host, const char *name, const char *type,
                               const char *peer, const char *to, const char *id)
{
    return room_stanza_of(x, host, name, type, peer, NULL, to, id);
}
