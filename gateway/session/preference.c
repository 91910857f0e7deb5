/* SPDX-License-Identifier: MPL-2.0 */
/* The table of preferences, and their values in a session: bits for yes and no, texts only where
 * they differ from the default. The store has what differs, so that a default may change later for
 * who never chose. A new one is a row here and a name in preference.h. */
#include "preference.h"

#include <string.h>

#include "bookmark.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

static bool preference_fits_typing(const struct network *n)
{
    return (n->backend->caps & SJ_CAP_TYPING) != 0;
}

static bool preference_fits_reading(const struct network *n)
{
    return (n->backend->caps & SJ_CAP_MARKERS) != 0;
}

static bool preference_fits_copies(const struct network *n)
{
    return n->rich;
}

static const struct preference_row preference_table[PREFERENCE_COUNT] = {
    [PREFERENCE_STAY_ONLINE] = {
        .key = "stay-online",
        .kind = XMPP_INPUT_BOOL,
        .fallback = "0",
        .label = N_("Stay logged in when my last client goes offline"),
        .help = N_("Messages that come meanwhile wait at your own server."),
    },
    [PREFERENCE_STAY_OUT] = {
        .key = "stay-out",
        .kind = XMPP_INPUT_BOOL,
        .fallback = "0",
        .label = N_("Stay logged out until I ask for a log-in"),
        .hidden = true,                  /* the commands login and logout */
    },
    [PREFERENCE_TYPING] = {
        .key = "typing",
        .kind = XMPP_INPUT_BOOL,
        .fallback = "1",
        .label = N_("Show who types, and show others when I type"),
        .fits = preference_fits_typing,
    },
    [PREFERENCE_TELL_READ] = {
        .key = "tell-read",
        .kind = XMPP_INPUT_BOOL,
        .fallback = "1",
        .label = N_("Tell others what I have read"),
        .fits = preference_fits_reading,
    },
    [PREFERENCE_OWN_COPIES] = {
        .key = "own-copies",
        .kind = XMPP_INPUT_BOOL,
        .fallback = "1",
        .label = N_("Show me copies of what I write elsewhere on the network"),
        .help = N_("Where your own server lets the gateway show them as yours, it always does."),
        .fits = preference_fits_copies,
    },
    [PREFERENCE_BOOKMARKS] = {
        .key = "bookmarks",
        .kind = XMPP_INPUT_BOOL,
        .fallback = "1",
        .label = N_("Bookmark the rooms that I am in on the network"),
        .help = N_("Where your own server does not let the gateway do so, you are invited once."),
        .fits = bookmarks_fit,
    },
    [PREFERENCE_TOLD_ROOMS] = {
        .key = "told-rooms",
        .kind = XMPP_INPUT_TEXT,
        .hidden = true,                  /* bookmark.c, as the next one */
    },
    [PREFERENCE_MADE_ROOMS] = {
        .key = "made-rooms",
        .kind = XMPP_INPUT_TEXT,
        .hidden = true,
    },
    [PREFERENCE_DISABLED] = {
        .key = "disabled",
        .kind = XMPP_INPUT_BOOL,
        .fallback = "0",
        .hidden = true,                  /* an admin's commands */
    },
    [PREFERENCE_QUOTA] = {
        .key = "quota",
        .kind = XMPP_INPUT_TEXT,
        .hidden = true,                  /* an admin's command, quota.c */
        .changed = quota_load,
    },
    [PREFERENCE_SHOW_NICK] = {
        .key = "show-nick",
        .kind = XMPP_INPUT_BOOL,
        .fallback = "0",
        .label = N_("Show my nickname to people on the network"),
        .help = N_("The one that I have published here; the network may show it to everybody."),
        .fits = own_profile_fits,
        .changed = own_profile_prefer,
    },
    [PREFERENCE_SHOW_PICTURE] = {
        .key = "show-picture",
        .kind = XMPP_INPUT_BOOL,
        .fallback = "0",
        .label = N_("Show my picture to people on the network"),
        .help = N_("The one that I have published here; the network may show it to everybody."),
        .fits = own_profile_fits,
        .changed = own_profile_prefer,
    },
    [PREFERENCE_TOLD_NICK] = {
        .key = "told-nick",
        .kind = XMPP_INPUT_TEXT,
        .hidden = true,                  /* own_profile.c, as the next one: SHA-1 in hexadecimal */
    },
    [PREFERENCE_TOLD_PICTURE] = {
        .key = "told-picture",
        .kind = XMPP_INPUT_TEXT,
        .hidden = true,
    },
};
_Static_assert(PREFERENCE_COUNT <= 32 && PREFERENCE_COUNT <= SJ_STORE_PREFERENCES_MAX,
               "one bit each, one stored value each");

const struct preference_row *preference_row(enum preference p)
{
    return &preference_table[p];
}

static bool preference_is_bool(enum preference p)
{
    return preference_table[p].kind == XMPP_INPUT_BOOL;
}

bool session_prefers(const struct session *s, enum preference p)
{
    return (s->preferences & 1u << p) != 0;
}

const char *session_preference(const struct session *s, enum preference p)
{
    if (preference_is_bool(p))
        return session_prefers(s, p) ? "1" : "0";
    if (s->preference_texts && s->preference_texts[p])
        return s->preference_texts[p];
    return preference_table[p].fallback ? preference_table[p].fallback : "";
}

/* value NULL: the default. */
static void preference_apply(struct session *s, enum preference p, const char *value)
{
    const char *fallback = preference_table[p].fallback;
    const char *text = value ? value : fallback;

    if (preference_is_bool(p)) {
        s->preferences &= ~(1u << p);
        s->preferences |= (uint32_t)(text && strcmp(text, "1") == 0) << p;
        return;
    }
    if (value && fallback && strcmp(value, fallback) == 0)
        value = NULL;
    if (!value && !s->preference_texts)
        return;
    if (!s->preference_texts)
        s->preference_texts = sj_calloc(PREFERENCE_COUNT, sizeof *s->preference_texts);
    sj_free(s->preference_texts[p]);
    s->preference_texts[p] = sj_strdup(value);
}

void preferences_init(struct session *s)
{
    for (unsigned p = 0; p < PREFERENCE_COUNT; p++)
        preference_apply(s, p, NULL);
}

void preferences_release(struct session *s)
{
    for (size_t p = 0; s->preference_texts && p < PREFERENCE_COUNT; p++)
        sj_free(s->preference_texts[p]);
    sj_free(s->preference_texts);
    s->preference_texts = NULL;
}

/* Names that a later version made are left alone: they are not ours to judge. */
static void preferences_take(const struct sj_preferences *stored, void *arg)
{
    struct session *s = arg;

    for (size_t i = 0; i < stored->n; i++) {
        for (unsigned p = 0; p < PREFERENCE_COUNT; p++) {
            if (strcmp(preference_table[p].key, stored->values[i].var) == 0)
                preference_apply(s, p, stored->values[i].value);
        }
    }
}

void preferences_see_disabled(const struct sj_preferences *stored, void *yes)
{
    bool *disabled = yes;

    for (size_t i = 0; i < stored->n; i++) {
        if (strcmp(stored->values[i].var, preference_table[PREFERENCE_DISABLED].key) == 0)
            *disabled = strcmp(stored->values[i].value, "1") == 0;
    }
}

void preferences_load(struct session *s)
{
    struct sj_error err = {.status = SJ_OK};
    struct sj_owner owner;

    session_owner(s, &owner);
    if (sj_store_preferences_get(s->all->store, &owner, preferences_take, s, &err) != SJ_OK &&
        err.status != SJ_NOTFOUND)
        sj_log_warn(&s->log, "preferences not read, the defaults count cause=%s",
                    SJ_CLIP(err.text));
    quota_load(s);
}

static enum sj_status preferences_store(const struct session *s, struct sj_error *err)
{
    struct sj_preferences all = {.n = 0};
    struct sj_owner owner;

    for (unsigned p = 0; p < PREFERENCE_COUNT; p++) {
        const char *fallback = preference_table[p].fallback ? preference_table[p].fallback : "";
        const char *value = session_preference(s, p);
        if (strcmp(value, fallback) != 0)
            all.values[all.n++] = (struct sj_store_value){preference_table[p].key, value};
    }
    session_owner(s, &owner);
    enum sj_status status = sj_store_preferences_put(s->all->store, &owner, &all, err);
    if (status == SJ_OK)
        records_grouped(s->network, s->user, s->id);
    return status;
}

enum sj_status session_prefer(struct session *s, enum preference p, const char *value,
                              struct sj_error *err)
{
    char *before = sj_strdup(session_preference(s, p));
    enum sj_status status = SJ_OK;

    preference_apply(s, p, value);
    if (strcmp(before, session_preference(s, p)) != 0) {
        status = preferences_store(s, err);
        if (status != SJ_OK)
            preference_apply(s, p, before);
        else if (preference_table[p].changed)
            preference_table[p].changed(s);
    }
    sj_free(before);
    return status;
}
