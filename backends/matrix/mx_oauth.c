/* SPDX-License-Identifier: MPL-2.0 */
/* Login by OAuth 2.0, without a browser of our own: the home server says where its authorization
 * server is, the gateway makes itself known there (once for each login that needs it) and gets a
 * code that the user confirms in a browser; meanwhile it asks again and again, as slowly as it is
 * told to. What is got is refreshed and revoked there, too.
 *
 * Source: Matrix client-server API, "OAuth 2.0 API" (server metadata, client registration, scopes);
 * RFC 8628 (device grant), RFC 7591, RFC 6749 §6, RFC 7009. */
#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_login_priv.h"
#include "mx_net.h"
#include "mx_room.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define OAUTH_GRANT "urn:ietf:params:oauth:grant-type:device_code"
#define OAUTH_SCOPE "urn:matrix:client:api:* urn:matrix:client:device:"
#define OAUTH_ANSWER_MAX 65536u
#define OAUTH_GRANTS_MAX 32u             /* kinds of grants that are looked at */
#define OAUTH_CODE_MAX 4095u
#define OAUTH_TEXT_MAX 255u
#define OAUTH_INTERVAL_S 5               /* RFC 8628 §3.2, when nothing is said */
#define OAUTH_INTERVAL_MAX_S 300
#define OAUTH_SLOWER_MS 5000             /* RFC 8628 §3.5 */
#define OAUTH_LIFE_MAX_S 3600
#define OAUTH_FORM_MAX 32768u

/* A device grant that is under way. Owner: its login. */
struct mx_oauth {
    struct mx_link *link;
    struct sj_timer timer;               /* until it is asked again */
    char *token_url, *register_url, *device_url, *revoke_url;
    char *client;                        /* client_id */
    char *code;                          /* device_code; wiped */
    int64_t interval_ms, until_ms;
};

void mx_oauth_free(struct mx_oauth **oauth)
{
    struct mx_oauth *o = *oauth;
    if (!o)
        return;
    char *texts[] = {o->token_url, o->register_url, o->device_url, o->revoke_url, o->client};
    sj_timer_stop(&o->timer);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        sj_free(texts[i]);
    sj_secret_free(&o->code);
    sj_free(o);
    *oauth = NULL;
}

/* ---- requests ---- */

/* Appends "key=value" in a form (percent-encoded), behind what is there; a value that does not fit
 * leaves the form as it was. */
static void form_add(char *form, size_t size, const char *key, const char *value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~";
    size_t before = strlen(form), n = before;
    int head = snprintf(form + n, size - n, "%s%s=", n ? "&" : "", key);
    n += head > 0 ? (size_t)head : 0;
    for (const char *p = value; *p && n + 4 < size; p++) {
        if (strchr(plain, *p))
            form[n++] = *p;
        else
            n += (size_t)snprintf(form + n, 4, "%%%02X", (unsigned)(unsigned char)*p);
    }
    form[n + 4 < size ? n : before] = '\0';
}

/* Addresses of the authorization server: https, or of the home server itself where the admin has
 * named one of this machine. */
static bool oauth_url_is_good(const struct mx_link *l, const char *url)
{
    size_t n = strlen(l->url);
    bool here = l->base.net->plain && url && strncmp(url, l->url, n) == 0 && url[n] == '/';
    return url && !strpbrk(url, "#@ \"'<>\\") &&
           (here || (strncmp(url, "https://", 8) == 0 && url[8]));
}

/* A copy of the address under that key; NULL: none that is good. */
static char *oauth_url(const struct mx_link *l, struct json_object *json, const char *key)
{
    const char *url = mx_json_text(json, key, MX_URL_MAX);
    return oauth_url_is_good(l, url) ? sj_strdup(url) : NULL;
}

/* Asks the authorization server. One on this machine is asked as the home server is. */
static bool oauth_call(struct mx_link *l, const char *url, struct mx_call_spec *spec)
{
    size_t n = strlen(l->url);
    bool here = l->base.net->plain && strncmp(url, l->url, n) == 0;
    spec->path = here ? url + n : url;
    spec->flags |= MX_CALL_ANONYMOUS | (here ? 0u : (unsigned)MX_CALL_OUTSIDE);
    spec->max = OAUTH_ANSWER_MAX;
    return mx_call(l, spec, NULL);
}

static bool oauth_form(struct mx_link *l, const char *url, const char *form, int64_t total_ms,
                       void (*done)(struct mx_link *, const struct mx_answer *))
{
    struct mx_call_spec spec = {.method = SJ_HTTP_POST, .body = form, .flags = MX_CALL_FORM,
                                .total_ms = total_ms, .done = done};
    return oauth_call(l, url, &spec);
}

static void oauth_end(struct mx_link *l, enum sj_end end, const char *why)
{
    mx_oauth_free(&l->login->oauth);
    mx_link_end(l, end, why);
}

static void oauth_fail(struct mx_link *l, const struct mx_answer *a)
{
    enum sj_end end = mx_answer_end(a);
    oauth_end(l, end == SJ_END_PROTOCOL ? SJ_END_AUTH : end, a->err.text);
}

/* ---- the token ---- */

static void oauth_poll(void *arg);

static void oauth_on_token(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_oauth *o = l->login->oauth;
    const char *error = mx_json_text(a->json, "error", OAUTH_TEXT_MAX);
    bool again = a->http == 429 || a->http >= 500 || a->http == 0;
    if (a->err.status == SJ_OK && mx_login_take_tokens(l, a->json)) {
        mx_set(&l->oauth_client, o->client);
        mx_set(&l->oauth_token, o->token_url);
        mx_set(&l->oauth_revoke, o->revoke_url);
        mx_oauth_free(&l->login->oauth);
        l->base.host->prompt(&l->base, NULL);
        if (l->state == MX_LOGIN)
            mx_login_prove(l);
        return;
    }
    if (a->err.status == SJ_OK) {
        oauth_end(l, SJ_END_PROTOCOL, "the home server's answer to the login is incomplete");
        return;
    }
    if (error && strcmp(error, "slow_down") == 0)
        o->interval_ms += OAUTH_SLOWER_MS;
    again = again || (error && (strcmp(error, "slow_down") == 0 ||
                                strcmp(error, "authorization_pending") == 0));
    if (error && strcmp(error, "access_denied") == 0)
        oauth_end(l, SJ_END_AUTH, N_("The log-in was not allowed."));
    else if (again && sj_loop_now_ms(l->base.loop) < o->until_ms)
        sj_timer_start(l->base.loop, &o->timer, o->interval_ms);
    else if (again || (error && strcmp(error, "expired_token") == 0))
        oauth_end(l, SJ_END_AUTH, N_("Nobody has allowed the log-in in time."));
    else
        oauth_fail(l, a);
}

static void oauth_poll(void *arg)
{
    struct mx_oauth *o = arg;
    struct mx_link *l = o->link;
    char *form = sj_calloc(1, OAUTH_FORM_MAX);
    form_add(form, OAUTH_FORM_MAX, "grant_type", OAUTH_GRANT);
    form_add(form, OAUTH_FORM_MAX, "device_code", o->code);
    form_add(form, OAUTH_FORM_MAX, "client_id", o->client);
    if (!oauth_form(l, o->token_url, form, 0, oauth_on_token))
        oauth_end(l, SJ_END_OVERFLOW, "too much waits for the network");
    sj_secret_free(&form);
}

/* ---- the code ---- */

static void oauth_prompt(struct mx_link *l, struct json_object *json, int64_t life_s)
{
    const char *code = mx_json_text(json, "user_code", OAUTH_TEXT_MAX);
    char *url = oauth_url(l, json, "verification_uri_complete");
    bool complete = url != NULL;         /* the code is in it, and the page shows it */
    struct sj_strbuf text, clean;
    if (!url)
        url = oauth_url(l, json, "verification_uri");
    sj_strbuf_init(&text, SJ_PROMPT_TEXT_MAX);
    sj_strbuf_init(&clean, OAUTH_TEXT_MAX);
    mx_text_clean(&clean, code ? code : "", OAUTH_TEXT_MAX, false);
    sj_strbuf_adds(&text, N_("Open this address in a browser, log in there, and allow Sojourn to "
                             "act for you."));
    if (!complete)
        sj_strbuf_addf(&text, " The code is: %s", clean.s);
    const struct sj_prompt prompt = {
        .kind = SJ_PROMPT_ACTION, .text = text.s, .url = url,
        .expires_at = sj_loop_utc_ms(l->base.loop) + life_s * 1000};
    if (url && clean.len) {
        sj_timer_start(l->base.loop, &l->login->oauth->timer, l->login->oauth->interval_ms);
        l->base.host->prompt(&l->base, &prompt);
    } else {
        oauth_end(l, SJ_END_PROTOCOL, "the home server did not say where to log in");
    }
    sj_free(url);
    sj_strbuf_release(&text);
    sj_strbuf_release(&clean);
}

static void oauth_on_code(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_oauth *o = l->login->oauth;
    const char *code = mx_json_text(a->json, "device_code", OAUTH_CODE_MAX);
    int64_t interval_s = OAUTH_INTERVAL_S, life_s = OAUTH_LIFE_MAX_S;
    if (a->err.status != SJ_OK) {
        oauth_fail(l, a);
        return;
    }
    if (!code || !*code) {
        oauth_end(l, SJ_END_PROTOCOL, "the home server's answer to the login is incomplete");
        return;
    }
    mx_json_int(a->json, "interval", 1, OAUTH_INTERVAL_MAX_S, &interval_s);
    mx_json_int(a->json, "expires_in", 1, OAUTH_LIFE_MAX_S, &life_s);
    o->code = sj_strdup(code);
    mx_json_wipe(a->json, "device_code");
    o->interval_ms = interval_s * 1000;
    o->until_ms = sj_loop_now_ms(l->base.loop) + life_s * 1000;
    oauth_prompt(l, a->json, life_s);
}

static void oauth_ask_code(struct mx_link *l)
{
    struct mx_oauth *o = l->login->oauth;
    char device[MX_DEVICE_SIZE], scope[sizeof OAUTH_SCOPE + MX_DEVICE_SIZE];
    char *form = sj_calloc(1, OAUTH_FORM_MAX);
    mx_login_device(l, device);
    snprintf(scope, sizeof scope, "%s%s", OAUTH_SCOPE, device);
    form_add(form, OAUTH_FORM_MAX, "client_id", o->client);
    form_add(form, OAUTH_FORM_MAX, "scope", scope);
    if (!oauth_form(l, o->device_url, form, 0, oauth_on_code))
        oauth_end(l, SJ_END_OVERFLOW, "too much waits for the network");
    sj_free(form);
}

/* ---- the client ---- */

static void oauth_on_client(struct mx_link *l, const struct mx_answer *a)
{
    const char *client = mx_json_text(a->json, "client_id", OAUTH_TEXT_MAX);
    if (a->err.status != SJ_OK) {
        oauth_fail(l, a);
        return;
    }
    if (!client || !*client) {
        oauth_end(l, SJ_END_PROTOCOL, "the home server's answer to the login is incomplete");
        return;
    }
    l->login->oauth->client = sj_strdup(client);
    oauth_ask_code(l);
}

static void oauth_ask_client(struct mx_link *l)
{
    struct json_object *body = json_object_new_object(), *list;
    char name[MX_DEVICE_NAME_SIZE];
    mx_login_device_name(l, name);
    mx_json_put(body, "client_name", name);
    mx_json_put(body, "client_uri", l->base.net->page);
    mx_json_put(body, "application_type", "native");
    mx_json_put(body, "token_endpoint_auth_method", "none");
    list = mx_json_put_array(body, "grant_types");
    mx_json_add(list, OAUTH_GRANT);
    mx_json_add(list, "refresh_token");
    mx_json_put_array(body, "response_types");
    mx_json_put_array(body, "redirect_uris");
    struct mx_call_spec spec = {
        .method = SJ_HTTP_POST, .done = oauth_on_client,
        .body = json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN |
                                                         JSON_C_TO_STRING_NOSLASHESCAPE)};
    if (!oauth_call(l, l->login->oauth->register_url, &spec))
        oauth_end(l, SJ_END_OVERFLOW, "too much waits for the network");
    json_object_put(body);
}

/* ---- what the server has ---- */

static bool oauth_grants_devices(struct json_object *json)
{
    struct json_object *grants = mx_json_array(json, "grant_types_supported");
    for (size_t i = 0; i < mx_json_length(grants) && i < OAUTH_GRANTS_MAX; i++) {
        const char *grant = mx_json_text_at(grants, i, OAUTH_TEXT_MAX);
        if (grant && strcmp(grant, OAUTH_GRANT) == 0)
            return true;
    }
    return false;
}

static void oauth_on_metadata(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_oauth *o = sj_calloc(1, sizeof *o);
    o->link = l;
    sj_timer_init(&o->timer, oauth_poll, o);
    o->token_url = oauth_url(l, a->json, "token_endpoint");
    o->register_url = oauth_url(l, a->json, "registration_endpoint");
    o->device_url = oauth_url(l, a->json, "device_authorization_endpoint");
    o->revoke_url = oauth_url(l, a->json, "revocation_endpoint");
    bool good = a->err.status == SJ_OK && o->token_url && o->register_url && o->device_url &&
                oauth_grants_devices(a->json);
    l->login->oauth = o;
    if (good) {
        oauth_ask_client(l);
        return;
    }
    mx_oauth_free(&l->login->oauth);
    if (a->http == 0 || a->http == 429 || a->http >= 500)
        mx_login_fail(l, a);
    else
        mx_login_without_oauth(l);
}

void mx_oauth_start(struct mx_link *l)
{
    struct mx_call_spec spec = {
        .method = SJ_HTTP_GET, .path = "/_matrix/client/v1/auth_metadata",
        .flags = MX_CALL_ANONYMOUS | MX_CALL_REPEAT, .max = OAUTH_ANSWER_MAX,
        .done = oauth_on_metadata};
    mx_login_ask(l, &spec);
}

/* ---- later ---- */

bool mx_oauth_refresh(struct mx_link *l, void (*done)(struct mx_link *, const struct mx_answer *))
{
    char *form = sj_calloc(1, OAUTH_FORM_MAX);
    form_add(form, OAUTH_FORM_MAX, "grant_type", "refresh_token");
    form_add(form, OAUTH_FORM_MAX, "refresh_token", l->refresh);
    form_add(form, OAUTH_FORM_MAX, "client_id", l->oauth_client);
    bool asked = oauth_form(l, l->oauth_token, form, 0, done);
    sj_secret_free(&form);
    return asked;
}

bool mx_oauth_revoke(struct mx_link *l, int64_t total_ms,
                     void (*done)(struct mx_link *, const struct mx_answer *))
{
    const char *token = l->refresh ? l->refresh : l->token;
    if (!l->oauth_revoke || !token)
        return false;
    char *form = sj_calloc(1, OAUTH_FORM_MAX);
    form_add(form, OAUTH_FORM_MAX, "token", token);
    form_add(form, OAUTH_FORM_MAX, "client_id", l->oauth_client);
    bool asked = oauth_form(l, l->oauth_revoke, form, total_ms, done);
    sj_secret_free(&form);
    return asked;
}
