/* SPDX-License-Identifier: MPL-2.0 */
/* The user's own nickname and picture, shown on the network when the user has asked for that
 * (G153-07, G163-08; XEP-0084 §4, XEP-0153 §3.2, XEP-0172 §4.4).
 *
 * The user's server tells what they are; nothing is polled. A picture of the node wins over the one
 * of the vCard. What was told to the network last is a hidden preference, so that no log-in tells
 * it again, and it is taken back when the user wants it no more. The bytes decide what a picture
 * is; what the network refuses is not offered twice. */
#include "own_profile.h"

#include <string.h>

#include "image.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/sha1.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

/* A picture that the user has by one of two ways. */
struct own_hash {
    enum xmpp_picture_state state;       /* UNKNOWN: nothing was said */
    uint8_t sha1[SJ_SHA1_LEN];
};

/* Owned by the session; made when the first of it is heard, or needed. */
struct own_profile {
    struct sj_timer later;
    char *nick;                          /* NULL: not known */
    struct own_hash node, card;
    bool fetching;
    bool lost;                           /* failed cannot be had: not asked for again */
    uint8_t failed[SJ_SHA1_LEN];
    sj_op nick_op, picture_op;           /* 0: none under way */
    char *nick_sent;
    char picture_sent[SJ_SHA1_HEX_SIZE];
};

bool own_profile_fits(const struct network *n)
{
    return (n->backend->caps & SJ_CAP_OWN_PROFILE) != 0;
}

static void own_on_later(void *arg)
{
    own_profile_sync(arg);
}

static struct own_profile *own_get(struct session *s)
{
    if (!s->own) {
        s->own = sj_calloc(1, sizeof *s->own);
        sj_timer_init(&s->own->later, own_on_later, s);
    }
    return s->own;
}

void own_profile_free(struct session *s)
{
    if (!s->own)
        return;
    sj_timer_stop(&s->own->later);
    sj_free(s->own->nick);
    sj_free(s->own->nick_sent);
    sj_free(s->own);
    s->own = NULL;
}

/* ---- what the network was told ---- */

static void own_told(struct session *s, enum preference p, const char *what)
{
    struct sj_error err = {.status = SJ_OK};

    if (session_prefer(s, p, *what ? what : NULL, &err) != SJ_OK)
        sj_log_warn(&s->log, "profile not noted, it is told again cause=%s", SJ_CLIP(err.text));
}

void own_profile_forget(struct session *s)
{
    if (!own_profile_fits(s->network))
        return;
    own_told(s, PREFERENCE_TOLD_NICK, "");
    own_told(s, PREFERENCE_TOLD_PICTURE, "");
}

/* The link failed, not what was told: it is tried again at the next log-in. */
static bool own_is_about_link(enum sj_status status)
{
    return status == SJ_UNREACHABLE || status == SJ_TIMEOUT || status == SJ_CANCELED;
}

static void own_say_refusal(struct session *s, bool picture, const struct sj_error *err)
{
    struct sj_error words = session_words(s, err);
    struct sj_strbuf text;

    sj_strbuf_init(&text, 1024);
    if (picture)
        sj_strbuf_addf(&text, sj_translate(s->lang, "Your picture was not taken over there: %s"),
                       words.text);
    else
        sj_strbuf_addf(&text, sj_translate(s->lang, "Your nickname was not taken over there: %s"),
                       words.text);
    session_say_translated(s, text.s);
    sj_strbuf_release(&text);
}

static void own_nick_done(struct session *s, const struct sj_error *err)
{
    s->own->nick_op = 0;
    if (err && own_is_about_link(err->status))
        return;
    own_told(s, PREFERENCE_TOLD_NICK, s->own->nick_sent);
    if (err && *s->own->nick_sent)
        own_say_refusal(s, false, err);
}

static void own_picture_done(struct session *s, const struct sj_error *err)
{
    s->own->picture_op = 0;
    if (err && own_is_about_link(err->status))
        return;
    own_told(s, PREFERENCE_TOLD_PICTURE, s->own->picture_sent);
    if (err && *s->own->picture_sent)
        own_say_refusal(s, true, err);
}

void own_profile_op_done(struct session *s, sj_op op, const struct sj_error *err)
{
    if (!s->own)
        return;
    if (op == s->own->nick_op)
        own_nick_done(s, err);
    else if (op == s->own->picture_op)
        own_picture_done(s, err);
    own_profile_sync(s);
}

/* ---- telling it ---- */

/* What is said next waits a while. */
static void own_pause(struct session *s)
{
    sj_timer_start(s->all->loop, &s->own->later, OWN_PROFILE_MS);
}

/* *op is filled in before the outcome may come. When too much is under way it is tried later. */
static void own_send(struct session *s, const struct sj_own_profile *own, sj_op *op,
                     void (*done)(struct session *, const struct sj_error *))
{
    struct op_ask ask = {.kind = OP_OWN_PROFILE};
    struct sj_error err = {.status = SJ_OK};

    *op = op_new(s, &ask, &err);
    own_pause(s);
    if (*op == 0 || s->network->backend->own_profile_set(s->link, own, *op, &err) == SJ_OK)
        return;
    op_forget(s->all, *op);
    done(s, &err);
}

static void own_sync_nick(struct session *s)
{
    struct own_profile *o = s->own;
    const char *wanted = session_prefers(s, PREFERENCE_SHOW_NICK) ? o->nick : "";

    if (!wanted || o->nick_op || strcmp(wanted, session_preference(s, PREFERENCE_TOLD_NICK)) == 0)
        return;
    sj_free(o->nick_sent);
    o->nick_sent = sj_strdup(wanted);
    own_send(s, &(struct sj_own_profile){.nick = o->nick_sent}, &o->nick_op, own_nick_done);
}

/* The picture that the user has; NULL: not known, or known to be none (*none). */
static const struct own_hash *own_picture(const struct own_profile *o, bool *none)
{
    const struct own_hash *h = o->node.state == XMPP_PICTURE_KNOWN ? &o->node : &o->card;

    *none = h->state == XMPP_PICTURE_NONE || o->node.state == XMPP_PICTURE_NONE;
    return h->state == XMPP_PICTURE_KNOWN ? h : NULL;
}

static void own_send_picture(struct session *s, const char *hex, const char *type,
                             const void *data, size_t len)
{
    struct sj_avatar a = {.id = hex, .media_type = type, .data = data, .len = len};

    sj_copy(s->own->picture_sent, sizeof s->own->picture_sent, hex);
    own_send(s, &(struct sj_own_profile){.avatar = &a}, &s->own->picture_op, own_picture_done);
}

static void own_fetch(struct session *s, const struct own_hash *h)
{
    struct xmpp_own_picture p = {.sha1 = h->sha1, .by_card = h == &s->own->card};

    s->own->fetching = xmpp_fetch_own_picture(s->all->xmpp, s->network->index, s->user, &p);
    own_pause(s);
}

static void own_sync_picture(struct session *s)
{
    struct own_profile *o = s->own;
    const char *told = session_preference(s, PREFERENCE_TOLD_PICTURE);
    bool none = true;
    const struct own_hash *h =
        session_prefers(s, PREFERENCE_SHOW_PICTURE) ? own_picture(o, &none) : NULL;
    char hex[SJ_SHA1_HEX_SIZE];

    if (o->picture_op || o->fetching)
        return;
    if (!h) {
        if (none && *told)
            own_send_picture(s, "", NULL, NULL, 0);
        return;
    }
    sj_sha1_hex(hex, h->sha1);
    if (strcmp(hex, told) != 0 && !(o->lost && memcmp(o->failed, h->sha1, SJ_SHA1_LEN) == 0))
        own_fetch(s, h);
}

/* Is there anything to compare with? Most users have none of it. */
static bool own_is_idle(const struct session *s)
{
    return !s->own && !*session_preference(s, PREFERENCE_TOLD_NICK) &&
           !*session_preference(s, PREFERENCE_TOLD_PICTURE);
}

void own_profile_sync(struct session *s)
{
    if (s->state != SESSION_ONLINE || !own_profile_fits(s->network) || own_is_idle(s))
        return;
    if (sj_timer_running(&own_get(s)->later))
        return;
    own_sync_nick(s);
    own_sync_picture(s);
}

void own_profile_prefer(struct session *s)
{
    if (s->own)
        sj_timer_stop(&s->own->later);
    own_profile_sync(s);
}

/* ---- what is heard ---- */

/* Only of users whose session is there: nothing is loaded for this. */
static struct session *own_session(void *ctx, const struct xmpp_from *from)
{
    struct sessions *all = ctx;
    struct session *s = session_find(&all->networks[from->host], from->user);

    return s && s->registered && own_profile_fits(s->network) ? s : NULL;
}

void own_profile_on_nick(void *ctx, const struct xmpp_from *from, const char *nick)
{
    struct session *s = own_session(ctx, from);
    struct own_profile *o;

    if (!s)
        return;
    o = own_get(s);
    sj_free(o->nick);
    o->nick = sj_strndup(nick, sj_utf8_cut(nick, strlen(nick), PREFERENCE_TEXT_MAX));
    own_profile_sync(s);
}

static void own_hear(struct session *s, struct own_hash *h, const uint8_t *sha1)
{
    h->state = sha1 ? XMPP_PICTURE_KNOWN : XMPP_PICTURE_NONE;
    if (sha1)
        memcpy(h->sha1, sha1, sizeof h->sha1);
    own_profile_sync(s);
}

void own_profile_on_picture(void *ctx, const struct xmpp_from *from,
                            const struct xmpp_own_picture *p)
{
    struct session *s = own_session(ctx, from);

    if (s)
        own_hear(s, p->by_card ? &own_get(s)->card : &own_get(s)->node, p->sha1);
}

void own_profile_hear_hash(struct session *s, const char *hex)
{
    uint8_t sha1[SJ_SHA1_LEN];

    if (!own_profile_fits(s->network) || (*hex && !sj_sha1_parse(sha1, hex)))
        return;
    own_hear(s, &own_get(s)->card, *hex ? sha1 : NULL);
}

/* Is that still the one to be shown? */
static bool own_is_wanted(const struct session *s, const uint8_t sha1[SJ_SHA1_LEN])
{
    bool none;
    const struct own_hash *h = own_picture(s->own, &none);

    return s->state == SESSION_ONLINE && session_prefers(s, PREFERENCE_SHOW_PICTURE) && h &&
           memcmp(h->sha1, sha1, SJ_SHA1_LEN) == 0;
}

void own_profile_on_data(void *ctx, unsigned host, const char *user, const uint8_t sha1[20],
                         const void *data, size_t len)
{
    struct sessions *all = ctx;
    struct session *s = session_find(&all->networks[host], user);
    struct own_profile *o = s ? s->own : NULL;
    char hex[SJ_SHA1_HEX_SIZE];
    struct image image;

    if (!o || !o->fetching)
        return;
    o->fetching = false;
    if (own_is_wanted(s, sha1) && !o->picture_op) {
        sj_sha1_hex(hex, sha1);
        o->lost = !data || !image_read(&image, data, len);
        memcpy(o->failed, sha1, sizeof o->failed);
        if (!o->lost)
            own_send_picture(s, hex, image_type(image.kind), data, len);
    }
    own_profile_sync(s);
}
