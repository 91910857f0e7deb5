/* SPDX-License-Identifier: MPL-2.0 */
/* translate.c and error.c: finding a language, texts and errors in it. Languages: G100-55. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "sojourn/error.h"
#include "sojourn/log.h"
#include "sojourn/translate.h"

static void start(void)
{
    static const struct sj_log log = {.area = "test"};

    setenv("LANGUAGE", "fr", 1);     /* what the machine speaks is of no account */
    sj_translate_init(TEST_LOCALE_DIR, &log);
}

static void start_without(void)
{
    static const struct sj_log log = {.area = "test"};

    sj_translate_init("/nonexistent", &log);
}

/* G100-55 */
Test(translate, finds_the_language_of_a_tag, .init = start)
{
    static const struct {
        const char *tag, *found;
    } row[] = {
        {"de", "de"}, {"de-AT", "de"}, {"DE", "de"}, {"de-Latn-CH-1996", "de"}, {"fr-CA", "fr"},
        {"en", NULL}, {"en-GB", NULL}, {"it", NULL}, {"den", NULL}, {"d", NULL}, {"", NULL},
        {NULL, NULL}, {"de_DE", NULL}, {"../de", NULL}, {"de/../..", NULL}, {"%s", NULL},
        {"-", NULL}, {"de-%n%n", "de"}, {"\xff", NULL},
    };

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const char *found = sj_language(row[i].tag);
        cr_expect(row[i].found ? found && strcmp(found, row[i].found) == 0 : !found, "%s gives %s",
                  row[i].tag ? row[i].tag : "NULL", found ? found : "NULL");
    }
}

Test(translate, finds_texts_and_leaves_others_alone, .init = start)
{
    const char *own = "no text of ours";

    cr_expect_str_eq(sj_translate("de", "Password"), "Passwort");
    cr_expect_str_eq(sj_translate("fr-FR", "Password"), "Mot de passe");
    cr_expect_str_eq(sj_translate("it", "Password"), "Password");
    cr_expect_eq(sj_translate("de", own), own);
    cr_expect_eq(sj_translate(NULL, own), own);
    cr_expect_str_eq(sj_translate("de", ""), "");
    cr_expect_null(sj_translate("de", NULL));
}

Test(translate, is_english_without_catalogues, .init = start_without)
{
    cr_expect_null(sj_language("de"));
    cr_expect_str_eq(sj_translate("de", "Password"), "Password");
}

Test(translate, says_errors_with_their_arguments, .init = start)
{
    struct sj_error err;

    sj_fail(&err, SJ_UNACCEPTABLE, "\"%s\" is too long.", "Password");
    cr_expect_str_eq(err.text, "\"Password\" is too long.");
    sj_error_translate(&err, "de-CH");
    cr_expect_str_eq(err.text, "\u201ePasswort\u201c ist zu lang.");
    cr_expect_str_eq(err.lang, "de");
    cr_expect_eq(err.status, SJ_UNACCEPTABLE);
    sj_error_translate(&err, "fr");                  /* once only */
    cr_expect_str_eq(err.lang, "de");
    sj_fail(&err, SJ_LIMIT, "the message is too long for this network: it would take %zu lines, "
            "%u are the most", (size_t)31, 20u);
    sj_error_translate(&err, "fr");
    cr_expect_str_eq(err.text, "le message est trop long pour ce r\u00e9seau : il prendrait 31 "
                               "lignes, le maximum est de 20");
}

Test(translate, says_texts_that_went_through_a_format, .init = start)
{
    struct sj_error err;

    sj_fail(&err, SJ_REMOTE, "%s", "logged out");
    sj_error_translate(&err, "de");
    cr_expect_str_eq(err.text, "abgemeldet");
    err = (struct sj_error){.status = SJ_REMOTE, .text = "logged out"};
    sj_error_translate(&err, "fr");
    cr_expect_str_eq(err.text, "d\u00e9connect\u00e9");
}

/* What others say is not ours to translate, and nothing in it is a format. */
Test(translate, leaves_words_of_others_in_their_language, .init = start)
{
    struct sj_error err;

    sj_fail(&err, SJ_REMOTE, "%s", "Closing Link: %s%n%9$s");
    sj_error_translate(&err, "de");
    cr_expect_str_eq(err.text, "Closing Link: %s%n%9$s");
    cr_expect_null(err.lang);
    sj_fail(&err, SJ_UNACCEPTABLE, "The field %s was given twice.", "%s%n\"%s\" is too long.");
    sj_error_translate(&err, "de");
    cr_expect_str_eq(err.text, "Das Feld %s%n\"%s\" is too long. wurde zweimal angegeben.");
    sj_fail(&err, SJ_OK, "%s", "");
    sj_error_translate(&err, "de");
    cr_expect_str_eq(err.text, "");
}

Test(translate, cuts_what_is_too_long_on_a_code_point, .init = start)
{
    char name[600];
    struct sj_error err;

    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (size_t from = 0; from < 8; from++) {
        sj_fail(&err, SJ_UNACCEPTABLE, "Please fill in \"%s\".", name + from + 400);
        cr_expect_lt(strlen(err.text), SJ_ERROR_TEXT_MAX);
        sj_error_translate(&err, "de");
        cr_expect_lt(strlen(err.text), SJ_ERROR_TEXT_MAX);
        cr_expect_str_eq(err.lang, "de");
    }
    sj_fail(&err, SJ_INVALID, "%s", name);
    cr_expect_eq(strlen(err.text), SJ_ERROR_TEXT_MAX - 1);
}

/* Texts that no translation can be put together for are still said. */
Test(error, formats_what_it_cannot_take_apart)
{
    struct sj_error err;

    sj_fail(&err, SJ_DENIED, "mode %04o of %s", 0644u, "it");
    cr_expect_str_eq(err.text, "mode 0644 of it");
    cr_expect_null(err.format);
    sj_fail(&err, SJ_DENIED, "%s %s %s %s", "a", "b", "c", "d");
    cr_expect_str_eq(err.text, "a b c d");
    cr_expect_null(err.format);
    sj_fail(&err, SJ_DENIED, "100%% of %lld, %lu, %d", (long long)-5, 7ul, -3);
    cr_expect_str_eq(err.text, "100% of -5, 7, -3");
    sj_fail(&err, SJ_INVALID, "again: %s", err.text);
    cr_expect_str_eq(err.text, "again: 100% of -5, 7, -3");
}
