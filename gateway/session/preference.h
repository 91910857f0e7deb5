/* SPDX-License-Identifier: MPL-2.0 */
/* What a user may choose: declared once, as data, in preference.c; set by the command
 * "preferences" ("set" in text), kept sealed in the store, loaded with the session. */
#ifndef SESSION_PREFERENCE_H
#define SESSION_PREFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "sojourn/error.h"
#include "xmpp.h"

struct network;
struct session;
struct sj_preferences;

#define PREFERENCE_TEXT_MAX 255u         /* bytes of one that is typed and no yes or no */

/* The order means nothing: the store has names. At most 32. */
enum preference {
    PREFERENCE_STAY_ONLINE,
    PREFERENCE_STAY_OUT,
    PREFERENCE_DISABLED,
    PREFERENCE_SHOW_NICK,
    PREFERENCE_SHOW_PICTURE,
    PREFERENCE_TOLD_NICK,
    PREFERENCE_TOLD_PICTURE,
    PREFERENCE_TYPING,
    PREFERENCE_TELL_READ,
    PREFERENCE_OWN_COPIES,
    PREFERENCE_BOOKMARKS,
    PREFERENCE_TOLD_ROOMS,
    PREFERENCE_MADE_ROOMS,
    PREFERENCE_QUOTA,
    PREFERENCE_COUNT
};

struct preference_row {
    const char *key;                     /* typed by people, and the store's: never renamed */
    enum xmpp_input_kind kind;           /* BOOL, TEXT or LIST */
    const char *fallback;                /* "1" or "0" for BOOL */
    const char *label;                   /* what it says when it is on */
    const char *help;                    /* or NULL */
    const struct xmpp_choice *choices;   /* LIST: one of the values */
    size_t n_choices;
    bool hidden;                         /* set by something else than the form */
    bool (*fits)(const struct network *);        /* is it of use with this network? NULL: yes */
    void (*changed)(struct session *);   /* what follows when the user has changed it, or NULL */
};
const struct preference_row *preference_row(enum preference);

/* A yes or no: one bit, cheap enough for any path. */
bool session_prefers(const struct session *, enum preference);
/* The text of any other, never NULL; lives until it is changed. */
const char *session_preference(const struct session *, enum preference);
/* Chooses and stores. value: as the row's kind keeps it ("1", "0"); NULL: the default. On failure
 * nothing has changed. */
enum sj_status session_prefer(struct session *, enum preference, const char *value,
                              struct sj_error *);

/* sessions.c: defaults for a new session; what is stored, for a registered one; at its end. */
void preferences_init(struct session *);
void preferences_load(struct session *);
void preferences_release(struct session *);
/* For sj_store_preferences_get: *(bool *)yes, is the user disabled by what is stored? */
void preferences_see_disabled(const struct sj_preferences *, void *yes);

#endif
