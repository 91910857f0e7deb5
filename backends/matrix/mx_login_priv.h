/* SPDX-License-Identifier: MPL-2.0 */
/* A login that is under way: for mx_login.c, mx_sso.c and mx_oauth.c only. */
#ifndef MX_LOGIN_PRIV_H
#define MX_LOGIN_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "mx_login.h"

struct mx_answer;
struct mx_call_spec;
struct mx_oauth;

#define MX_LOGIN_ASKS_MAX 3u             /* times that the user is asked for the same */
#define MX_LOGIN_BODY_MAX 16384u
#define MX_DEVICE_SIZE 24u               /* of a device's id, with its NUL */
#define MX_DEVICE_NAME_SIZE 96u

struct mx_login {
    char *user;                          /* as given */
    char *password, *token;              /* wiped; "": none was given */
    struct mx_oauth *oauth;              /* NULL: none under way */
    bool looked;                         /* .well-known was asked in this login */
    bool has_password, has_sso;          /* ways of the home server */
    bool asking;                         /* for the token of a login elsewhere */
    uint8_t asked;                       /* times */
};

/* Asks; ends the link when that is not possible. */
void mx_login_ask(struct mx_link *l, struct mx_call_spec *spec);
void mx_login_fail(struct mx_link *l, const struct mx_answer *a);
/* Takes access_token and refresh_token of an answer, and wipes them there. */
bool mx_login_take_tokens(struct mx_link *l, struct json_object *json);
/* Is that the account which was registered? */
bool mx_login_is_account(const struct mx_link *l, const char *user);
/* Is the token good, and whose? Ends in mx_link_up or mx_link_end. */
void mx_login_prove(struct mx_link *l);
/* The user is logged in as `user`; ends in mx_link_up or mx_link_end. */
void mx_login_done(struct mx_link *l, const char *user, const char *device);
/* "SOJOURN..." of this user, and "Sojourn (hostname)". */
void mx_login_device(const struct mx_link *l, char id[MX_DEVICE_SIZE]);
void mx_login_device_name(const struct mx_link *l, char name[MX_DEVICE_NAME_SIZE]);
/* Nothing that needs a browser elsewhere is possible: by what the server has, or not at all. */
void mx_login_without_oauth(struct mx_link *l);

/* mx_sso.c */
void mx_sso_ask(struct mx_link *l);

/* mx_oauth.c: a device grant, when the home server has one; else mx_login_without_oauth. */
void mx_oauth_start(struct mx_link *l);
void mx_oauth_free(struct mx_oauth **o);
/* The link's login came by it: a new access token, and the end of it; false: not asked. */
bool mx_oauth_refresh(struct mx_link *l, void (*done)(struct mx_link *, const struct mx_answer *));
bool mx_oauth_revoke(struct mx_link *l, int64_t total_ms,
                     void (*done)(struct mx_link *, const struct mx_answer *));

#endif
