/* SPDX-License-Identifier: MPL-2.0 */
/* Finds translations in gettext's catalogues (.mo), by the C library's own functions.
 *
 * One process speaks to users of many languages, so the locale cannot choose: each language is a
 * text domain of its own, sojourn-LANGUAGE, and all lie under the one locale that every system has,
 * C.UTF-8 (glibc looks for catalogues of "C.UTF-8", then "C"; a locale that is called "C" itself
 * has none). LANGUAGE in the environment would come before it and is taken out. Where a C library
 * does otherwise, all texts are English. Source: BCP 47 §2.1; XEP-0100 §4.1 (G100-55). */
#include "sojourn/translate.h"

#include <libintl.h>
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "sojourn/log.h"
#include "sojourn/strbuf.h"

#define TRANSLATE_LOCALE "C.UTF-8"

/* Each has its NAME.po in gateway/po. */
static const struct translate_language {
    const char *tag;
    const char *domain;
} translate_languages[] = {
    {.tag = "de", .domain = "sojourn-de"},
    {.tag = "fr", .domain = "sojourn-fr"},
};
#define TRANSLATE_LANGUAGES (sizeof translate_languages / sizeof translate_languages[0])

/* A catalogue's header is the translation of the empty text. */
static bool translate_is_open(const struct translate_language *l)
{
    return dgettext(l->domain, "")[0] != '\0';
}

void sj_translate_init(const char *dir, const struct sj_log *log)
{
    unsetenv("LANGUAGE");
    if (setlocale(LC_MESSAGES, TRANSLATE_LOCALE) == NULL) {
        sj_log_info(log, "no translations cause=no-locale locale=%s", TRANSLATE_LOCALE);
        return;
    }
    for (size_t i = 0; i < TRANSLATE_LANGUAGES; i++) {
        const struct translate_language *l = &translate_languages[i];
        bindtextdomain(l->domain, dir);
        bind_textdomain_codeset(l->domain, "UTF-8");
        if (!translate_is_open(l))
            sj_log_info(log, "no translation language=%s dir=%s", l->tag, SJ_CLIP(dir));
    }
}

static const struct translate_language *translate_find(const char *lang)
{
    if (lang == NULL)
        return NULL;
    for (size_t i = 0; i < TRANSLATE_LANGUAGES; i++) {
        size_t n = strlen(translate_languages[i].tag);
        if (sj_ascii_ncasecmp(lang, translate_languages[i].tag, n) == 0 &&
            (lang[n] == '\0' || lang[n] == '-'))
            return &translate_languages[i];
    }
    return NULL;
}

const char *sj_language(const char *lang)
{
    const struct translate_language *l = translate_find(lang);

    return l != NULL && translate_is_open(l) ? l->tag : NULL;
}

const char *sj_translate(const char *lang, const char *text)
{
    const struct translate_language *l = translate_find(lang);

    /* The empty text would give the catalogue's header. */
    return l != NULL && text != NULL && text[0] != '\0' ? dgettext(l->domain, text) : text;
}
