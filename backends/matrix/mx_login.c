/* SPDX-License-Identifier: MPL-2.0 */
/* Logging in. With a token from an earlier link: /account/whoami says whether it is still good.
 * Else: where the home server is (.well-known, unless the admin has fixed one), whether it is one
 * (/versions), whether it takes passwords (GET /login), and POST /login. Without a password, or
 * where none is taken, the user is asked to log in by a browser (mx_oauth.c, mx_sso.c). A refused
 * token is refreshed where the server gave a token for that, else the login begins anew.
 *
 * The device has the same id at every login of the user, so that a new login takes the place of the
 * old one and no devices pile up. The password is wiped when the link is up.
 * Source: Matrix client-server API, "Server discovery", "Login", "Refreshing access tokens". */
#include "mx_login.h"

#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_login_priv.h"
#include "mx_net.h"
#include "mx_room.h"
#include "sojourn/digest.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define LOGIN_WELL_KNOWN_MAX (64u * 1024u)
#define LOGIN_PATIENCE_MS 20000          /* for 429 and 5xx within a login */
#define LOGIN_STEP_MS 30000
#define LOGIN_LOGOUT_MS 2500             /* the gateway waits 3 s for the end of a link */
#define LOGIN_FLOWS_MAX 64u
#define LOGIN_BODY_MAX MX_LOGIN_BODY_MAX

static void login_digest(const struct mx_link *l, const struct mx_login *login, uint8_t out[32])
{
    struct sj_digest *digest = sj_digest_new(SJ_DIGEST_SHA256);
    uint8_t full[SJ_DIGEST_MAX];
    sj_digest_add(digest, l->salt, sizeof l->salt);
    sj_digest_add(digest, login->user, strlen(login->user) + 1);
    sj_digest_add(digest, login->password, strlen(login->password));
    if (*login->token)
        sj_digest_add(digest, login->token, strlen(login->token) + 1);
    sj_digest_end(digest, full);
    sj_digest_free(&digest);
    memcpy(out, full, 32);
}

static const char *login_value(const struct sj_account *account, enum mx_field field)
{
    const char *value = field < account->n_values ? account->value[field] : NULL;
    return value ? value : "";
}

/* A kept token is that of the account as it was registered: another name or password is to be
 * proved anew. */
struct mx_login *mx_login_new(struct mx_link *l, const struct sj_account *account)
{
    struct mx_login *login = sj_calloc(1, sizeof *login);
    uint8_t digest[32];
    login->user = sj_strdup(login_value(account, MX_FIELD_USER));
    login->password = sj_strdup(login_value(account, MX_FIELD_PASSWORD));
    login->token = sj_strdup(login_value(account, MX_FIELD_TOKEN));
    if (!l->user)
        sj_random_bytes(l->salt, sizeof l->salt);
    login_digest(l, login, digest);
    if (!l->user || !sj_equal_secret(digest, l->account, sizeof digest)) {
        sj_secret_free(&l->token);
        sj_secret_free(&l->refresh);
        sj_free(l->since);
        sj_free(l->user);
        sj_free(l->url);
        l->since = l->user = l->url = NULL;
        mx_set(&l->oauth_client, NULL);
        mx_set(&l->oauth_token, NULL);
        mx_set(&l->oauth_revoke, NULL);
    }
    memcpy(l->account, digest, sizeof digest);
    return login;
}

void mx_login_free(struct mx_login **login)
{
    if (!*login)
        return;
    sj_free((*login)->user);
    sj_secret_free(&(*login)->password);
    sj_secret_free(&(*login)->token);
    mx_oauth_free(&(*login)->oauth);
    sj_free(*login);
    *login = NULL;
}

enum sj_status mx_login_check_user(const struct sj_net *net, const char *user, const char *label,
                                   struct sj_error *err)
{
    if (!*user)
        return sj_fail(err, SJ_UNACCEPTABLE, "%s: it is needed", label);
    for (const char *p = user; *p; p++) {
        if ((unsigned char)*p <= 0x20 || *p == 0x7f)
            return sj_fail(err, SJ_UNACCEPTABLE, "%s: spaces and control characters are not "
                                                 "possible", label);
    }
    if (user[0] != '@' && net && net->homeserver && !strchr(user, ':') &&
        strlen(user) < MX_ID_MAX)
        return SJ_OK;
    if (!mx_id_is_user(user))
        return sj_fail(err, SJ_UNACCEPTABLE, "%s: it looks like @romeo:example.org", label);
    if (net && !mx_net_allows(net, mx_id_server(user)))
        return sj_fail(err, SJ_UNACCEPTABLE, "%s: only accounts of certain home servers may "
                                             "register here", label);
    return SJ_OK;
}

/* ---- steps ---- */

void mx_login_ask(struct mx_link *l, struct mx_call_spec *spec)
{
    struct sj_error err = {.status = SJ_OK};
    spec->patience_ms = LOGIN_PATIENCE_MS;
    spec->total_ms = LOGIN_STEP_MS;
    if (!mx_call(l, spec, &err))
        mx_link_end(l, SJ_END_OVERFLOW, err.text);
}

void mx_login_fail(struct mx_link *l, const struct mx_answer *a)
{
    mx_link_end(l, mx_answer_end(a), a->err.text);
}

static void login_set_secret(char **secret, const char *value)
{
    sj_secret_free(secret);
    *secret = sj_strdup(value);
}

static bool login_read_tokens(struct json_object *json, char **to_token, char **to_refresh)
{
    const char *token = mx_json_text(json, "access_token", MX_TOKEN_MAX);
    const char *refresh = mx_json_text(json, "refresh_token", MX_TOKEN_MAX);
    bool good = token && *token && token[strcspn(token, "\r\n")] == '\0';
    if (good)
        login_set_secret(to_token, token);
    if (good && refresh)
        login_set_secret(to_refresh, refresh);
    mx_json_wipe(json, "access_token");
    mx_json_wipe(json, "refresh_token");
    return good;
}

bool mx_login_take_tokens(struct mx_link *l, struct json_object *json)
{
    return login_read_tokens(json, &l->token, &l->refresh);
}

void mx_login_use_next(struct mx_link *l)
{
    if (!l->next_token)
        return;
    login_set_secret(&l->token, l->next_token);
    if (l->next_refresh)
        login_set_secret(&l->refresh, l->next_refresh);
    sj_secret_free(&l->next_token);
    sj_secret_free(&l->next_refresh);
}

void mx_login_saved(struct mx_link *l)
{
    mx_login_use_next(l);
    l->refreshing = false;
    if (l->state == MX_LOGIN)
        mx_link_up(l);
    else if (mx_link_is_up(l))
        mx_link_defer(l, MX_TODO_WORK | MX_TODO_SEND);
}

void mx_login_device(const struct mx_link *l, char id[MX_DEVICE_SIZE])
{
    snprintf(id, MX_DEVICE_SIZE, "SOJOURN%016llX", (unsigned long long)l->base.user);
}

void mx_login_device_name(const struct mx_link *l, char name[MX_DEVICE_NAME_SIZE])
{
    snprintf(name, MX_DEVICE_NAME_SIZE, "Sojourn (%s)", l->base.net->host_name);
}

bool mx_login_is_account(const struct mx_link *l, const char *user)
{
    const char *given = l->login->user;
    size_t n = strlen(given);
    if (given[0] == '@')
        return strcmp(given, user) == 0;
    return strncmp(user + 1, given, n) == 0 && user[1 + n] == ':';
}

void mx_login_done(struct mx_link *l, const char *user, const char *device)
{
    if (!mx_net_allows(l->base.net, mx_id_server(user))) {
        mx_link_end(l, SJ_END_AUTH, N_("Only accounts of certain home servers may log in here."));
        return;
    }
    sj_free(l->user);
    l->user = sj_strdup(user);
    mx_set(&l->device, device);
    mx_link_save_first(l);
}

static void login_on_login(struct mx_link *l, const struct mx_answer *a)
{
    const char *user = mx_json_text(a->json, "user_id", MX_ID_MAX);
    const char *device = mx_json_text(a->json, "device_id", MX_ID_MAX);
    if (a->err.status != SJ_OK && (a->http == 403 || a->http == 401 || a->http == 400)) {
        bool gone = mx_answer_is(a, "M_USER_DEACTIVATED");
        mx_link_end(l, gone ? SJ_END_BANNED : SJ_END_AUTH, a->err.text);
        return;
    }
    if (a->err.status != SJ_OK) {
        mx_login_fail(l, a);
        return;
    }
    if (!mx_id_is_user(user) || !mx_login_take_tokens(l, a->json)) {
        mx_link_end(l, SJ_END_PROTOCOL, "the home server's answer to the login is incomplete");
        return;
    }
    mx_login_done(l, user, device);
}

/* The body of POST /login. The password stands in it: no buffer that grows. */
static char *login_body(const struct mx_link *l)
{
    char user[MX_ID_MAX * 6 + 3], *password = sj_malloc(LOGIN_BODY_MAX);
    char *body = sj_malloc(LOGIN_BODY_MAX * 2);
    char host[MX_DEVICE_NAME_SIZE * 6 + 3];
    char name[MX_DEVICE_NAME_SIZE], id[MX_DEVICE_SIZE];
    mx_login_device_name(l, name);
    mx_login_device(l, id);
    if (mx_json_quote(user, sizeof user, l->login->user) &&
        mx_json_quote(password, LOGIN_BODY_MAX, l->login->password) &&
        mx_json_quote(host, sizeof host, name)) {
        snprintf(body, LOGIN_BODY_MAX * 2,
                 "{\"type\":\"m.login.password\",\"identifier\":{\"type\":\"m.id.user\","
                 "\"user\":%s},\"password\":%s,\"device_id\":\"%s\","
                 "\"initial_device_display_name\":%s,\"refresh_token\":true}",
                 user, password, id, host);
    } else {
        sj_free(body);
        body = NULL;
    }
    sj_wipe(password, LOGIN_BODY_MAX);
    sj_free(password);
    return body;
}

static bool login_has_flow(struct json_object *json, const char *flow)
{
    struct json_object *flows = mx_json_array(json, "flows");
    for (size_t i = 0; i < mx_json_length(flows) && i < LOGIN_FLOWS_MAX; i++) {
        const char *type = mx_json_text(mx_json_at(flows, i), "type", MX_ID_MAX);
        if (type && strcmp(type, flow) == 0)
            return true;
    }
    return false;
}

static void login_by_password(struct mx_link *l)
{
    char *body = login_body(l);
    struct mx_call_spec spec = {.method = SJ_HTTP_POST, .path = "/_matrix/client/v3/login",
                                .body = body, .flags = MX_CALL_ANONYMOUS, .done = login_on_login};
    if (body)
        mx_login_ask(l, &spec);
    else
        mx_link_end(l, SJ_END_AUTH, "the password is too long");
    sj_secret_free(&body);
}

void mx_login_without_oauth(struct mx_link *l)
{
    if (l->login->has_sso)
        mx_sso_ask(l);
    else if (l->login->has_password)
        mx_link_end(l, SJ_END_AUTH, N_("This home server wants a password; please register again "
                                       "and give it."));
    else
        mx_link_end(l, SJ_END_AUTH, N_("This home server has no way to log in that is possible "
                                       "here."));
}

/* The password where it is taken; else a browser of the user's. */
static void login_on_flows(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_login *login = l->login;
    if (a->err.status != SJ_OK && a->http != 404) {
        mx_login_fail(l, a);
        return;
    }
    login->has_password = login_has_flow(a->json, "m.login.password");
    login->has_sso = login_has_flow(a->json, "m.login.sso");
    if (login->has_password && *login->password)
        login_by_password(l);
    else
        mx_oauth_start(l);
}

/* A token that the user has from elsewhere. */
static void login_on_proof(struct mx_link *l, const struct mx_answer *a)
{
    const char *user = mx_json_text(a->json, "user_id", MX_ID_MAX);
    if (a->err.status != SJ_OK && a->http != 401 && a->http != 403)
        mx_login_fail(l, a);
    else if (a->err.status != SJ_OK)
        mx_link_end(l, SJ_END_AUTH, a->err.text);
    else if (!mx_id_is_user(user))
        mx_link_end(l, SJ_END_PROTOCOL, "the home server's answer to the login is incomplete");
    else if (!mx_login_is_account(l, user))
        mx_link_end(l, SJ_END_AUTH, N_("That is the login of another account than you have "
                                       "registered."));
    else
        mx_login_done(l, user, mx_json_text(a->json, "device_id", MX_ID_MAX));
}

void mx_login_prove(struct mx_link *l)
{
    struct mx_call_spec spec = {.method = SJ_HTTP_GET,
                                .path = "/_matrix/client/v3/account/whoami",
                                .flags = MX_CALL_REPEAT, .done = login_on_proof};
    mx_login_ask(l, &spec);
}

static void login_on_versions(struct mx_link *l, const struct mx_answer *a)
{
    struct mx_call_spec spec = {.method = SJ_HTTP_GET, .path = "/_matrix/client/v3/login",
                                .flags = MX_CALL_ANONYMOUS | MX_CALL_REPEAT,
                                .done = login_on_flows};
    bool there = a->err.status == SJ_OK && mx_json_array(a->json, "versions");
    if (there && *l->login->token) {
        l->token_given = true;
        sj_secret_free(&l->token);
        l->token = sj_strdup(l->login->token);
        mx_login_prove(l);
    } else if (there)
        mx_login_ask(l, &spec);
    else if (a->err.status == SJ_OK || a->err.status == SJ_NOTFOUND)
        mx_link_end(l, SJ_END_UNREACHABLE, N_("There is no home server at this address."));
    else
        mx_login_fail(l, a);
}

static void login_ask_versions(struct mx_link *l)
{
    struct mx_call_spec spec = {.method = SJ_HTTP_GET, .path = "/_matrix/client/versions",
                                .flags = MX_CALL_ANONYMOUS | MX_CALL_REPEAT,
                                .done = login_on_versions};
    mx_login_ask(l, &spec);
}

/* ---- where the server is ---- */

static void login_set_url(struct mx_link *l, const char *url, size_t n)
{
    while (n > 0 && url[n - 1] == '/')
        n--;
    sj_free(l->url);
    l->url = sj_strndup(url, n);
}

static bool login_url_is_good(const char *url)
{
    return url && strncmp(url, "https://", 8) == 0 && url[8] && !strpbrk(url, "?#@ \"'<>\\");
}

/* Absent, the server itself is taken for the home server; present and wrong, nothing is guessed. */
static void login_on_well_known(struct mx_link *l, const struct mx_answer *a)
{
    struct json_object *entry = mx_json_object(a->json, "m.homeserver");
    const char *url = mx_json_text(entry, "base_url", MX_URL_MAX);
    if (a->err.status == SJ_OK && login_url_is_good(url)) {
        login_set_url(l, url, strlen(url));
    } else if (a->err.status == SJ_OK || a->http == 0) {
        if (a->http == 0 && a->err.status != SJ_REMOTE)
            mx_link_end(l, mx_answer_end(a), a->err.text);
        else
            mx_link_end(l, SJ_END_UNREACHABLE,
                        N_("What this server says about where its home server is makes no sense."));
        return;
    } else {
        struct sj_strbuf text;
        sj_strbuf_init(&text, MX_URL_MAX);
        sj_strbuf_addf(&text, "https://%s", mx_id_server(l->login->user));
        login_set_url(l, text.s, text.len);
        sj_strbuf_release(&text);
    }
    login_ask_versions(l);
}

static void login_discover(struct mx_link *l)
{
    const struct sj_net *net = l->base.net;
    struct sj_strbuf url;
    l->login->looked = true;
    if (net->homeserver) {
        login_set_url(l, net->homeserver, net->homeserver_len);
        login_ask_versions(l);
        return;
    }
    sj_strbuf_init(&url, MX_URL_MAX);
    sj_strbuf_addf(&url, "https://%s/.well-known/matrix/client", mx_id_server(l->login->user));
    struct mx_call_spec spec = {.method = SJ_HTTP_GET, .path = url.s,
                                .flags = MX_CALL_ANONYMOUS | MX_CALL_OUTSIDE | MX_CALL_REPEAT,
                                .max = LOGIN_WELL_KNOWN_MAX, .done = login_on_well_known};
    mx_login_ask(l, &spec);
    sj_strbuf_release(&url);
}

/* ---- tokens ---- */

/* The server forgets the old tokens when a new one is used, so that has to be on the disk before:
 * else a crash in between would cost the login. */
static void login_on_refresh(struct mx_link *l, const struct mx_answer *a)
{
    if (a->err.status == SJ_OK && login_read_tokens(a->json, &l->next_token, &l->next_refresh)) {
        mx_link_save_first(l);
        return;
    }
    l->refreshing = false;
    bool refused = a->http == 401 || a->http == 403 || a->http == 404 || a->err.status == SJ_OK ||
                   (a->http == 400 && l->oauth_token);
    if (refused)
        sj_secret_free(&l->refresh);
    if (refused && l->state == MX_LOGIN)
        login_discover(l);
    else if (refused)
        mx_login_renew(l);
    else
        mx_login_fail(l, a);
}

static void login_refresh(struct mx_link *l)
{
    char *body = sj_malloc(LOGIN_BODY_MAX + 32), *token = sj_malloc(LOGIN_BODY_MAX);
    struct mx_call_spec spec = {.method = SJ_HTTP_POST, .path = "/_matrix/client/v3/refresh",
                                .body = body, .flags = MX_CALL_ANONYMOUS,
                                .done = login_on_refresh};
    l->refreshing = true;
    if (l->oauth_token) {
        if (!mx_oauth_refresh(l, login_on_refresh))
            mx_link_end(l, SJ_END_OVERFLOW, "too much waits for the network");
        sj_free(token);
        sj_free(body);
        return;
    }
    if (!mx_json_quote(token, LOGIN_BODY_MAX, l->refresh))
        snprintf(token, LOGIN_BODY_MAX, "\"\"");
    snprintf(body, LOGIN_BODY_MAX + 32, "{\"refresh_token\":%s}", token);
    mx_login_ask(l, &spec);
    sj_wipe(token, LOGIN_BODY_MAX);
    sj_free(token);
    sj_secret_free(&body);
}

void mx_login_renew(struct mx_link *l)
{
    if (l->refreshing)
        return;
    if (l->refresh) {
        login_refresh(l);
        return;
    }
    /* The next link has the password again. */
    sj_secret_free(&l->token);
    mx_link_save(l);
    mx_link_end(l, SJ_END_RESTART, N_("The home server has ended the login."));
}

static void login_on_whoami(struct mx_link *l, const struct mx_answer *a)
{
    const char *user = mx_json_text(a->json, "user_id", MX_ID_MAX);
    if (a->err.status == SJ_OK && user && strcmp(user, l->user) == 0) {
        mx_link_save(l);                 /* the address may be another */
        mx_link_up(l);
    } else if (a->http == 401 && l->refresh) {
        login_refresh(l);
    } else if (a->http == 401 || a->err.status == SJ_OK) {
        sj_secret_free(&l->token);
        login_discover(l);
    } else if (a->http == 0 && !l->base.net->homeserver && !l->login->looked) {
        login_discover(l);               /* it may have moved */
    } else {
        mx_login_fail(l, a);
    }
}

static void login_on_logout(struct mx_link *l, const struct mx_answer *a)
{
    if (a->err.status != SJ_OK && a->http != 401)
        sj_log_warn(l->base.log, "device was left at the home server cause=%s",
                    SJ_CLIP(a->err.text));
    mx_link_end(l, SJ_END_ASKED, NULL);
}

bool mx_login_end(struct mx_link *l)
{
    const struct mx_call_spec spec = {.method = SJ_HTTP_POST,
                                      .path = "/_matrix/client/v3/logout",
                                      .total_ms = LOGIN_LOGOUT_MS, .done = login_on_logout};
    if (!l->token || !l->url || l->token_given)
        return false;                    /* a login of another client is that client's to end */
    if (l->oauth_token)
        return mx_oauth_revoke(l, LOGIN_LOGOUT_MS, login_on_logout);
    return mx_call(l, &spec, NULL);
}

void mx_login_start(struct mx_link *l)
{
    struct mx_call_spec spec = {.method = SJ_HTTP_GET, .path = "/_matrix/client/v3/account/whoami",
                                .flags = MX_CALL_REPEAT, .done = login_on_whoami};
    const struct sj_net *net = l->base.net;
    if (!l->token || !l->url || !l->user) {
        login_discover(l);
        return;
    }
    if (net->homeserver)
        login_set_url(l, net->homeserver, net->homeserver_len);
    mx_login_ask(l, &spec);
}
