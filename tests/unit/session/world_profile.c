/* SPDX-License-Identifier: MPL-2.0 */
/* See world_profile.h. The xmpp_* functions stand in for the XMPP room. */
#include "world_profile.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "sojourn/sha1.h"
#include "sojourn/strbuf.h"

static struct world_profile state;

struct world_profile *world_profile_reset(void)
{
    state = (struct world_profile){.picture_max = 100000};
    return &state;
}

void world_picture_text(char out[WORLD_PICTURE_SIZE], const struct xmpp_picture *p)
{
    char hex[SJ_SHA1_HEX_SIZE];

    out[0] = '\0';
    if (p->state == XMPP_PICTURE_UNKNOWN)
        snprintf(out, WORLD_PICTURE_SIZE, " photo ?");
    if (p->state != XMPP_PICTURE_KNOWN)
        return;
    sj_sha1_hex(hex, p->sha1);
    snprintf(out, WORLD_PICTURE_SIZE, " photo %.8s", hex);
}

size_t xmpp_picture_max(const struct xmpp *x)
{
    (void)x;
    return state.picture_max;
}

void xmpp_answer_card(struct xmpp *x, xmpp_req req, const struct xmpp_card *card)
{
    const char *note = card->profile ? card->profile->value[SJ_PROFILE_NOTE] : NULL;

    (void)x;
    world_note("card %llu %s note=%s %s %zu", (unsigned long long)req, card->name,
               note ? note : "-", card->type ? card->type : "-", card->len);
}

bool xmpp_send_node(struct xmpp *x, unsigned host, const char *peer, const char *to,
                    enum xmpp_node node, const struct xmpp_person *p)
{
    static const char *const names[] = {"avatar", "nick", "vcard4"};
    char picture[WORLD_PICTURE_SIZE];

    (void)x, (void)host;
    world_picture_text(picture, &p->picture);
    world_note("node %s -> %s %s%s%s", peer, to, names[node],
               node == XMPP_NODE_NICK ? " " : "",
               node == XMPP_NODE_NICK ? p->name : node == XMPP_NODE_AVATAR ? picture : "");
    return true;
}

bool xmpp_is_node_id(const char *id)
{
    return id != NULL && strncmp(id, "node-", 5) == 0;
}

bool xmpp_query_wants(struct xmpp *x, unsigned host, const char *full,
                      const struct xmpp_caps_in *caps, unsigned *nodes)
{
    (void)x, (void)host;
    if (caps != NULL && strcmp(caps->ver, WORLD_VER) == 0) {
        *nodes = state.nodes;
        return true;
    }
    world_note("wants? %s", full);
    return false;
}

bool xmpp_fetch_own_picture(struct xmpp *x, unsigned host, const char *user,
                            const struct xmpp_own_picture *p)
{
    char hex[SJ_SHA1_HEX_SIZE];

    (void)x, (void)host;
    sj_sha1_hex(hex, p->sha1);
    world_note("own? %s %.8s%s", user, hex, p->by_card ? " card" : "");
    return true;
}

/* What is deferred asks for the budget, which needs a tick to let it go. */
static void settle(struct world *w)
{
    world_run(w);
    world_advance(w, WORLD_BUDGET_MS);
}

/* ---- the network ---- */

static enum sj_status note_call(struct sj_link *link, sj_op op, struct sj_error *err)
{
    if (state.refused)
        return sj_fail(err, state.refused, "as the test says");
    assert(state.n_calls < WORLD_CALLS_MAX);
    state.call[state.n_calls++] = (struct world_call){link, op};
    return SJ_OK;
}

enum sj_status world_profile_get(struct sj_link *link, const char *id, sj_op op,
                                 struct sj_error *err)
{
    world_note("net profile %s", id);
    return note_call(link, op, err);
}

enum sj_status world_avatar_get(struct sj_link *link, const char *id, const char *avatar, sj_op op,
                                struct sj_error *err)
{
    world_note("net avatar %s %s", id, avatar);
    return note_call(link, op, err);
}

enum sj_status world_own_profile_set(struct sj_link *link, const struct sj_own_profile *own,
                                     sj_op op, struct sj_error *err)
{
    if (own->nick)
        world_note("net own nick %s", own->nick);
    if (own->avatar)
        world_note("net own picture %s %zu", own->avatar->media_type ? own->avatar->media_type
                                                                     : "-", own->avatar->len);
    return note_call(link, op, err);
}

static struct world_call take(size_t i)
{
    struct world_call call;

    assert(i < state.n_calls);
    call = state.call[i];
    memmove(&state.call[i], &state.call[i + 1], (--state.n_calls - i) * sizeof call);
    return call;
}

static void finish(struct world *w, struct world_call call, enum sj_status status)
{
    struct sj_error err;

    sj_fail(&err, status, "as the test says");
    call.link->host->op_done(call.link, call.op, status == SJ_OK ? NULL : &err);
    settle(w);
}

void world_call_fails(struct world *w, size_t i, enum sj_status status)
{
    finish(w, take(i), status);
}

void world_call_shows(struct world *w, size_t i, const void *data, size_t len)
{
    struct world_call call = take(i);
    struct sj_avatar a = {.contact = "?", .id = "?", .media_type = "text/html", .data = data,
                          .len = len};

    call.link->host->avatar(call.link, call.op, &a);
    finish(w, call, SJ_OK);
}

void world_call_tells(struct world *w, size_t i, const char *note)
{
    struct world_call call = take(i);
    struct sj_profile p = {.id = "?", .value = {[SJ_PROFILE_NOTE] = note}};

    call.link->host->profile(call.link, call.op, &p);
    finish(w, call, SJ_OK);
}

void world_call_states(struct world *w, size_t i, const struct sj_profile *p)
{
    struct world_call call = take(i);

    call.link->host->profile(call.link, call.op, p);
    finish(w, call, SJ_OK);
}

size_t world_png(uint8_t out[WORLD_PNG_LEN], unsigned number)
{
    static const uint8_t head[WORLD_PNG_LEN] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x20\0\0\0\x20";

    memcpy(out, head, WORLD_PNG_LEN);
    snprintf((char *)out + WORLD_PNG_LEN - 12, 12, "%u", number);
    return WORLD_PNG_LEN;
}

void world_pictured(struct world *w, const char *id, enum sj_show show, const char *avatar)
{
    struct sj_contact c = {.id = id, .show = show, .avatar = avatar, .listed = true,
                           .has_presence = true};

    w->link->host->contact(w->link, &c);
    settle(w);
}

enum sj_status world_ask_card(struct world *w, const char *peer, xmpp_req req)
{
    struct xmpp_from from = world_from(ROMEO, "r");
    struct xmpp_card_ask ask = {.wants = XMPP_CARD_PROFILE | XMPP_CARD_PICTURE};
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status = w->in->profile.card(w->sessions, &from, peer, &ask, req, &err);

    settle(w);
    return status;
}
