/* SPDX-License-Identifier: MPL-2.0 */
/* Who is on the other network: contacts, their presence, profiles and pictures; and what a network
 * asks the user while it logs in. Data of the backend contract (sojourn/backend.h, whose rules hold
 * here too). */
#ifndef SOJOURN_CONTACT_H
#define SOJOURN_CONTACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sojourn/message.h"

/* Limits, in bytes without the NUL. */
#define SJ_NAME_MAX 1023u
#define SJ_STATUS_MAX 1023u
#define SJ_AVATAR_ID_MAX 255u
#define SJ_AVATAR_MAX 262144u            /* bytes of one picture */
#define SJ_PROFILE_VALUE_MAX 1023u
#define SJ_PROMPT_TEXT_MAX 1023u
#define SJ_PROMPT_URL_MAX 2047u
#define SJ_PROMPT_PICTURE_MAX 65536u
#define SJ_FOUND_MAX 200u                /* results of one search */

enum sj_show {
    SJ_SHOW_OFFLINE,
    SJ_SHOW_ONLINE,
    SJ_SHOW_CHAT,
    SJ_SHOW_AWAY,
    SJ_SHOW_XA,
    SJ_SHOW_DND
};

/* A contact as the network tells it. NULL members: unknown, unchanged. */
struct sj_contact {
    const char *id;              /* canonical */
    const char *name;            /* display name or NULL */
    const char *group;           /* the network's group or NULL */
    const char *status;          /* text or NULL */
    const char *avatar;          /* SJ_CAP_PROFILES: the network's id of the picture, "" none */
    enum sj_show show;
    sj_msec idle_since;          /* with has_presence: 0 active or unknown */
    uint32_t lacks;              /* bits of enum sj_cap that the network has and this contact has
                                    not; kept until told anew */
    bool no_reply;               /* takes no messages at all */
    bool listed;                 /* it stands in the user's list over there */
    bool has_presence;           /* show, status and idle_since are known */
    bool has_lacks;              /* lacks and no_reply are known */
};

/* What a network knows of a person. */
enum sj_profile_key {
    SJ_PROFILE_FULL_NAME,
    SJ_PROFILE_NICK,
    SJ_PROFILE_EMAIL,
    SJ_PROFILE_PHONE,
    SJ_PROFILE_URL,
    SJ_PROFILE_ORGANISATION,
    SJ_PROFILE_TITLE,
    SJ_PROFILE_BIRTHDAY,         /* ISO 8601 */
    SJ_PROFILE_LOCALITY,
    SJ_PROFILE_COUNTRY,
    SJ_PROFILE_NOTE,
    SJ_PROFILE_COUNT
};
/* What no key stands for. */
struct sj_fact {
    const char *label;           /* a few words in English; translated where N_() marks it */
    const char *value;           /* as long as a value above at most */
};
#define SJ_FACTS_MAX 16u                     /* further ones are left out */
struct sj_profile {
    const char *id;
    const char *value[SJ_PROFILE_COUNT];     /* NULL: unknown */
    const struct sj_fact *facts;
    size_t n_facts;
};

struct sj_avatar {
    const char *contact;         /* id, also of a room; NULL: the user's own */
    const char *id;              /* as in struct sj_contact */
    const char *media_type;      /* as the network says; the bytes decide */
    const void *data;
    size_t len;                  /* at most SJ_AVATAR_MAX */
};

/* The user's own profile, going down. NULL members: unchanged; nick "", avatar.len 0: none any
 * more. The network keeps it; it is not told again at each log-in. */
struct sj_own_profile {
    const char *nick;
    const struct sj_avatar *avatar;
};

/* A question of the network during a login. One is open at a time; a new one takes the place of the
 * old. */
enum sj_prompt_kind {
    SJ_PROMPT_TEXT,              /* answered by a line */
    SJ_PROMPT_SECRET,            /* answered by a line that nobody may see, as a password */
    SJ_PROMPT_ACTION             /* something is to be done elsewhere (open url, scan the picture);
                                    the network notices; no answer is taken */
};
struct sj_prompt {
    enum sj_prompt_kind kind;
    const char *text;            /* what is asked for, for people */
    const char *url;             /* to be opened, or NULL */
    const char *picture_type;    /* "image/png", or NULL: no picture */
    const void *picture;
    size_t picture_len;
    sj_msec expires_at;          /* 0: the gateway's own limit */
};

#endif
