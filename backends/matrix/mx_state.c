/* SPDX-License-Identifier: MPL-2.0 */
/* Encodes and decodes the kept state: a version byte, two fixed fields, then texts, each with its
 * length in two bytes. Tokens are in it, so the memory is plain and wiped, not a buffer that grows;
 * the store seals it. */
#include "mx_state.h"

#include <string.h>

#include "mx_id.h"
#include "mx_link.h"
#include "sojourn/memory.h"

#define STATE_VERSION 2u                 /* 1 ends behind STATE_SINCE */

/* In this order. */
enum {
    STATE_URL, STATE_USER, STATE_DEVICE, STATE_TOKEN, STATE_REFRESH, STATE_SINCE, STATE_CLIENT,
    STATE_TOKEN_URL, STATE_REVOKE_URL, STATE_GIVEN, STATE_TEXTS
};
#define STATE_TEXTS_1 ((size_t)STATE_SINCE + 1)
static const size_t state_max[STATE_TEXTS] = {
    [STATE_URL] = MX_URL_MAX,     [STATE_USER] = MX_ID_MAX,      [STATE_DEVICE] = MX_ID_MAX,
    [STATE_TOKEN] = MX_TOKEN_MAX, [STATE_REFRESH] = MX_TOKEN_MAX, [STATE_SINCE] = MX_SINCE_MAX,
    [STATE_CLIENT] = MX_ID_MAX, [STATE_TOKEN_URL] = MX_URL_MAX, [STATE_REVOKE_URL] = MX_URL_MAX,
    [STATE_GIVEN] = 1,
};

static void state_texts(const struct mx_link *l, const char *text[STATE_TEXTS])
{
    text[STATE_URL] = l->url;
    text[STATE_USER] = l->user;
    text[STATE_DEVICE] = l->device;
    text[STATE_TOKEN] = l->next_token ? l->next_token : l->token;
    text[STATE_REFRESH] = l->next_refresh ? l->next_refresh : l->refresh;
    text[STATE_SINCE] = NULL;        /* the gateway keeps positions (host->position) */
    text[STATE_CLIENT] = l->oauth_client;
    text[STATE_TOKEN_URL] = l->oauth_token;
    text[STATE_REVOKE_URL] = l->oauth_revoke;
    text[STATE_GIVEN] = l->token_given ? "1" : NULL;
}

char *mx_state_encode(const struct mx_link *l, size_t *n)
{
    const char *text[STATE_TEXTS];
    size_t size = 1 + sizeof l->account + sizeof l->salt;
    if (!l->url || !l->user)
        return NULL;
    state_texts(l, text);
    for (size_t i = 0; i < STATE_TEXTS; i++)
        size += 2 + (text[i] ? strlen(text[i]) : 0);
    if (size > SJ_STATE_MAX)
        return NULL;
    char *blob = sj_malloc(size);
    char *p = blob;
    *p++ = (char)STATE_VERSION;
    memcpy(p, l->account, sizeof l->account);
    p += sizeof l->account;
    memcpy(p, l->salt, sizeof l->salt);
    p += sizeof l->salt;
    for (size_t i = 0; i < STATE_TEXTS; i++) {
        size_t len = text[i] ? strlen(text[i]) : 0;
        *p++ = (char)(unsigned char)(len >> 8);
        *p++ = (char)(unsigned char)(len & 0xff);
        memcpy(p, text[i] ? text[i] : "", len);
        p += len;
    }
    *n = size;
    return blob;
}

/* The next text as a slice; false: there is none, or it cannot be one. */
static bool state_next(const unsigned char **p, const unsigned char *end, size_t max,
                       const unsigned char **text, size_t *n)
{
    if (end - *p < 2)
        return false;
    *n = (size_t)(*p)[0] << 8 | (*p)[1];
    *text = *p + 2;
    if (*n > max || (size_t)(end - *text) < *n || memchr(*text, '\0', *n))
        return false;
    *p = *text + *n;
    return true;
}

bool mx_state_decode(struct mx_link *l, const void *blob, size_t len)
{
    const unsigned char *p = blob, *end = p + len, *text[STATE_TEXTS];
    size_t n[STATE_TEXTS] = {0};
    if (len == 0)
        return true;
    if (len < 1 + sizeof l->account + sizeof l->salt || *p < 1 || *p > STATE_VERSION)
        return false;
    size_t texts = *p == 1 ? STATE_TEXTS_1 : STATE_TEXTS;
    const unsigned char *fixed = p + 1;
    p = fixed + sizeof l->account + sizeof l->salt;
    for (size_t i = 0; i < texts; i++) {
        if (!state_next(&p, end, state_max[i], &text[i], &n[i]))
            return false;
    }
    if (p != end || !n[STATE_URL] || !n[STATE_USER])
        return false;
    char **to[STATE_GIVEN] = {&l->url, &l->user, &l->device, &l->token, &l->refresh, &l->since,
                              &l->oauth_client, &l->oauth_token, &l->oauth_revoke};
    l->token_given = n[STATE_GIVEN] > 0;
    for (size_t i = 0; i < STATE_GIVEN; i++)
        *to[i] = n[i] ? sj_strndup((const char *)text[i], n[i]) : NULL;
    memcpy(l->account, fixed, sizeof l->account);
    memcpy(l->salt, fixed + sizeof l->account, sizeof l->salt);
    return true;
}
