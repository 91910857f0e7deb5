/* SPDX-License-Identifier: MPL-2.0 */
/* Login by single sign-on: the user's browser asks the home server, proves there who they are, and
 * is sent to an address with a token in it that is good for one login. Nobody listens at that
 * address, which is one of the user's own machine: the user copies it from the browser, and gives
 * it, or the token alone, as the answer to the question.
 * Source: Matrix client-server API, "Client login via SSO", "Token-based user login". */
#include <json-c/json.h>
#include <string.h>

#include "mx_call.h"
#include "mx_id.h"
#include "mx_link.h"
#include "mx_login_priv.h"
#include "sojourn/log.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define SSO_BACK "http://localhost/sojourn"      /* nobody is there: the address is what counts */
#define SSO_TOKEN_MAX 4096u

void mx_sso_ask(struct mx_link *l)
{
    struct mx_login *login = l->login;
    struct sj_strbuf url;
    sj_strbuf_init(&url, SJ_PROMPT_URL_MAX);
    sj_strbuf_adds(&url, l->url);
    mx_path(&url, "/_matrix/client/v3/login/sso/redirect?redirectUrl=*", SSO_BACK);
    const struct sj_prompt prompt = {
        .kind = SJ_PROMPT_SECRET, .url = url.s,
        .text = login->asked == 0
            ? N_("Open this address in a browser and log in there. In the end the browser is led "
                 "to a page that it cannot show, whose address begins with http://localhost/ : "
                 "copy that address and give it as your answer.")
            : N_("The home server did not take that. Open this address once more, log in, and give "
                 "the address of the page that cannot be shown, at once: it is good for a short "
                 "time and once only.")};
    login->asked++;
    login->asking = true;
    if (sj_strbuf_ok(&url))
        l->base.host->prompt(&l->base, &prompt);
    else
        mx_link_end(l, SJ_END_PROTOCOL, "the address of the home server is too long");
    sj_strbuf_release(&url);
}

static void sso_on_login(struct mx_link *l, const struct mx_answer *a)
{
    const char *user = mx_json_text(a->json, "user_id", MX_ID_MAX);
    const char *device = mx_json_text(a->json, "device_id", MX_ID_MAX);
    bool refused = a->http == 403 || a->http == 401 || a->http == 400;
    if (a->err.status != SJ_OK && refused && l->login->asked < MX_LOGIN_ASKS_MAX)
        mx_sso_ask(l);
    else if (a->err.status != SJ_OK && refused)
        mx_link_end(l, SJ_END_AUTH, a->err.text);
    else if (a->err.status != SJ_OK)
        mx_login_fail(l, a);
    else if (!mx_id_is_user(user) || !mx_login_take_tokens(l, a->json))
        mx_link_end(l, SJ_END_PROTOCOL, "the home server's answer to the login is incomplete");
    else
        mx_login_done(l, user, device);
}

/* The body of POST /login. The token stands in it: no buffer that grows. */
static void sso_log_in(struct mx_link *l, const char *quoted)
{
    char id[MX_DEVICE_SIZE], name[MX_DEVICE_NAME_SIZE], shown[6 * MX_DEVICE_NAME_SIZE + 3];
    char *body = sj_malloc(MX_LOGIN_BODY_MAX * 2);
    mx_login_device(l, id);
    mx_login_device_name(l, name);
    if (!mx_json_quote(shown, sizeof shown, name))
        sj_copy(shown, sizeof shown, "\"Sojourn\"");
    snprintf(body, MX_LOGIN_BODY_MAX * 2,
             "{\"type\":\"m.login.token\",\"token\":%s,\"device_id\":\"%s\","
             "\"initial_device_display_name\":%s,\"refresh_token\":true}", quoted, id, shown);
    struct mx_call_spec spec = {.method = SJ_HTTP_POST, .path = "/_matrix/client/v3/login",
                                .body = body, .flags = MX_CALL_ANONYMOUS, .done = sso_on_login};
    mx_login_ask(l, &spec);
    sj_secret_free(&body);
}

/* What stands behind loginToken= in an address, or all of it, between blanks; its length. */
static size_t sso_find_token(const char **value)
{
    static const char mark[] = "loginToken=";
    const char *at = strstr(*value, mark);
    *value = at ? at + sizeof mark - 1 : *value + strspn(*value, " \t\n");
    return strcspn(*value, at ? "&# \t\n" : " \t\n");
}

/* Percent-encoded; false: that is no text, or out is too small. */
static bool sso_decode(char *out, size_t size, const char *s, size_t n)
{
    size_t len = 0;
    for (size_t i = 0; i < n && len + 1 < size; i++) {
        unsigned c = (unsigned char)s[i];
        if (c == '%') {
            static const char digits[] = "0123456789abcdef0123456789ABCDEF";
            const char *a = i + 1 < n ? strchr(digits, s[i + 1]) : NULL;
            const char *b = i + 2 < n ? strchr(digits, s[i + 2]) : NULL;
            if (!a || !b)
                return false;
            c = (unsigned)((a - digits) % 16 * 16 + (b - digits) % 16);
            i += 2;
        }
        if (c <= 0x20 || c >= 0x7f)
            return false;
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return len > 0 && len + 1 < size;
}

enum sj_status mx_prompt_answer(struct sj_link *link, const char *value, struct sj_error *err)
{
    struct mx_link *l = mx_link_of(link);
    size_t n = sso_find_token(&value);
    if (l->state != MX_LOGIN || !l->login || !l->login->asking)
        return sj_fail(err, SJ_UNACCEPTABLE, "nothing is being asked");
    char *token = sj_malloc(SSO_TOKEN_MAX + 1), *quoted = sj_malloc(MX_LOGIN_BODY_MAX);
    bool good = value[n + strspn(value + n, " \t\n")] == '\0' || value[n] == '&' ||
                value[n] == '#';
    good = good && sso_decode(token, SSO_TOKEN_MAX + 1, value, n) &&
           mx_json_quote(quoted, MX_LOGIN_BODY_MAX, token);
    if (good) {
        l->login->asking = false;
        sso_log_in(l, quoted);
    }
    sj_wipe(token, SSO_TOKEN_MAX + 1);
    sj_wipe(quoted, MX_LOGIN_BODY_MAX);
    sj_free(token);
    sj_free(quoted);
    return good ? SJ_OK : sj_fail(err, SJ_UNACCEPTABLE, "this is no address with a login token");
}
