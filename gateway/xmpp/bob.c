/* SPDX-License-Identifier: MPL-2.0 */
/* Serves small pictures that stand in forms, such as a code to scan, under the hash of their bytes
 * (XEP-0231, G004-13; in forms: XEP-0221).
 *
 * A picture may let whoever has it into an account: it is for the one bare JID that it was shown
 * to; for everybody else, and after a while, it does not exist. All is bounded, the oldest goes. */
#include "bob.h"

#include <stdio.h>
#include <string.h>

#include "component.h"
#include "handlers.h"
#include "router.h"
#include "sojourn/memory.h"
#include "sojourn/sha1.h"
#include "stanza.h"

/* Owner: struct bob. */
struct bob_item {
    struct sj_list by_age;
    unsigned host;
    int64_t until_ms;
    char cid[BOB_CID_SIZE];
    char type[BOB_TYPE_MAX + 1];
    char *user;
    uint8_t *bytes;                      /* wiped */
    size_t n_bytes;
};
struct bob {
    struct sj_list by_age;               /* the oldest first */
    size_t n;
};

struct bob *bob_new(void)
{
    struct bob *b = sj_calloc(1, sizeof *b);
    sj_list_init(&b->by_age);
    return b;
}

static void bob_drop(struct bob *b, struct bob_item *i)
{
    sj_list_remove(&i->by_age);
    b->n--;
    sj_wipe(i->bytes, i->n_bytes);
    sj_free(i->bytes);
    sj_free(i->user);
    sj_free(i);
}

static struct bob_item *bob_item(struct sj_list *at)
{
    return SJ_CONTAINER(at, struct bob_item, by_age);
}

void bob_free(struct bob **b)
{
    if (b == NULL || *b == NULL)
        return;
    while (!sj_list_empty(&(*b)->by_age))
        bob_drop(*b, bob_item((*b)->by_age.next));
    sj_free(*b);
    *b = NULL;
}

/* What has had its time goes; all have the same. */
static void bob_sweep(struct bob *b, int64_t now_ms)
{
    while (!sj_list_empty(&b->by_age) && bob_item(b->by_age.next)->until_ms <= now_ms)
        bob_drop(b, bob_item(b->by_age.next));
}

static bool bob_is_for(const struct bob_item *i, unsigned host, const char *user)
{
    return i->host == host && strcmp(i->user, user) == 0;
}

static struct bob_item *bob_find(struct bob *b, unsigned host, const char *user, const char *cid)
{
    for (struct sj_list *at = b->by_age.next; at != &b->by_age; at = at->next)
        if (bob_is_for(bob_item(at), host, user) && strcmp(bob_item(at)->cid, cid) == 0)
            return bob_item(at);
    return NULL;
}

/* The oldest of this user when there are as many as allowed, else the oldest of all. */
static void bob_make_room(struct bob *b, unsigned host, const char *user)
{
    struct bob_item *oldest = NULL;
    size_t mine = 0;
    for (struct sj_list *at = b->by_age.next; at != &b->by_age; at = at->next)
        if (bob_is_for(bob_item(at), host, user)) {
            oldest = oldest != NULL ? oldest : bob_item(at);
            mine++;
        }
    if (mine >= BOB_USER_MAX)
        bob_drop(b, oldest);
    else if (b->n >= BOB_ITEMS_MAX)
        bob_drop(b, bob_item(b->by_age.next));
}

void bob_cid(char cid[BOB_CID_SIZE], const struct xmpp_media *m)
{
    uint8_t digest[SJ_SHA1_LEN];
    char hex[SJ_SHA1_HEX_SIZE];
    sj_sha1(digest, m->bytes, m->n_bytes);
    sj_sha1_hex(hex, digest);
    snprintf(cid, BOB_CID_SIZE, "sha1+%s@bob.xmpp.org", hex);
}

/* image/ and a name (RFC 6838 §4.2). */
static bool bob_is_picture(const char *type)
{
    if (type == NULL || strncmp(type, "image/", 6) != 0 || strlen(type) > BOB_TYPE_MAX)
        return false;
    const char *name = type + 6;
    return *name != '\0' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.+-") == strlen(name);
}

bool bob_keep(struct xmpp *x, unsigned host, const char *user, const struct xmpp_media *m,
              char cid[BOB_CID_SIZE])
{
    struct bob *b = x->bob;
    int64_t now = sj_loop_now_ms(x->loop);
    if (m->bytes == NULL || m->n_bytes == 0 || m->n_bytes > BOB_SIZE_MAX ||
        !bob_is_picture(m->type))
        return false;
    bob_cid(cid, m);
    bob_sweep(b, now);
    struct bob_item *i = bob_find(b, host, user, cid);
    if (i != NULL)
        bob_drop(b, i);                  /* it lives on as the newest */
    bob_make_room(b, host, user);
    i = sj_calloc(1, sizeof *i);
    i->host = host;
    i->until_ms = now + BOB_LIFE_MS;
    sj_copy(i->cid, sizeof i->cid, cid);
    sj_copy(i->type, sizeof i->type, m->type);
    i->user = sj_strdup(user);
    i->n_bytes = m->n_bytes;
    i->bytes = sj_malloc(m->n_bytes);
    memcpy(i->bytes, m->bytes, m->n_bytes);
    sj_list_init(&i->by_age);
    sj_list_append(&b->by_age, &i->by_age);
    b->n++;
    return true;
}

const struct xmpp_form *bob_in_form(struct bob_form *out, struct xmpp *x, unsigned host,
                                    const char *user, const struct xmpp_form *form)
{
    size_t n = 0;
    char cid[BOB_CID_SIZE];
    for (size_t i = 0; i < form->n; i++) {
        const struct xmpp_media *m = form->input[i].media;
        if (m == NULL || m->uri != NULL)
            continue;
        if (n == 0)
            out->form = *form;
        if (n == BOB_MEDIA_MAX)
            break;
        out->media[n] = *m;
        if (bob_keep(x, host, user, m, cid)) {
            snprintf(out->uri[n], sizeof out->uri[n], "cid:%s", cid);
            out->media[n].uri = out->uri[n];
        }
        out->form.input[i].media = &out->media[n++];
    }
    return n > 0 ? &out->form : form;
}

enum sj_status bob_handle_get(struct inbound *in, struct sj_error *err)
{
    struct xmpp *x = in->x;
    const char *cid = stanza_get(in->payload, "cid");
    int64_t now = sj_loop_now_ms(x->loop);
    char age[24];
    if (cid == NULL)
        return sj_fail(err, SJ_INVALID, "It was not said which data.");
    bob_sweep(x->bob, now);
    const struct bob_item *i = bob_find(x->bob, in->host, in->from.user, cid);
    if (i == NULL)
        return sj_fail(err, SJ_NOTFOUND, "%s", "");
    char *text = xmpp_base64_encode(x->output.ctx, i->bytes, i->n_bytes);
    snprintf(age, sizeof age, "%lld", (long long)((i->until_ms - now) / 1000));
    xmpp_stanza_t *result = router_result(in);
    xmpp_stanza_t *data = stanza_add(result, "data", NS_BOB);
    stanza_set(data, "cid", i->cid);
    stanza_set(data, "type", i->type);
    stanza_set(data, "max-age", age);
    stanza_add_text(data, text != NULL ? text : "");
    if (text != NULL)
        xmpp_free(x->output.ctx, text);
    router_answer(in, result);
    return SJ_OK;
}
