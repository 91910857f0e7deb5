/* SPDX-License-Identifier: MPL-2.0 */
/* Reads what people type: words, quotation marks (also those that phones make of them), and values
 * by the kind of the field that was asked for. No text here is kept; some of it is secret. */
#include <string.h>

#include "dialogue.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

/* ---- words ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Bytes of the quotation mark at p; 0: none. */
static size_t quote_at(const char *p)
{
    static const char *const marks[] = {"\"", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e",
                                        "\xc2\xab", "\xc2\xbb"};

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t n = strlen(marks[i]);
        if (strncmp(p, marks[i], n) == 0)
            return n;
    }
    return 0;
}

static char *find_quote(char *p)
{
    while (*p && !quote_at(p))
        p++;
    return *p ? p : NULL;
}

/* Is there punctuation before end, at which a sentence ends? Its bytes, or 0. */
static size_t stop_before(const char *text, size_t end)
{
    static const char *const marks[] = {".", "!", "?", ",", ";", ":", " ", "\xe2\x80\xa6",
                                        "\xc2\xa0", "\xe2\x80\xaf"};     /* and two hard blanks */

    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t n = strlen(marks[i]);
        if (end >= n && memcmp(text + end - n, marks[i], n) == 0)
            return n;
    }
    return 0;
}

size_t word_length(const char *text)
{
    size_t all = strlen(text), end = all, n;

    while ((n = stop_before(text, end)) > 0)
        end -= n;
    return end > 0 ? end : all;
}

bool word_is(const char *text, const char *word)
{
    size_t n = word_length(text);

    return n == strlen(word) && sj_ascii_ncasecmp(text, word, n) == 0;
}

char *words_strip(char *text)
{
    size_t n;

    while (is_blank(*text))
        text++;
    for (n = strlen(text); n > 0 && is_blank(text[n - 1]); n--)
        text[n - 1] = '\0';
    return text;
}

char *words_unquote(char *text)
{
    size_t open = quote_at(text);
    char *end = open ? find_quote(text + open) : NULL;

    if (!end || end[quote_at(end)] != '\0')
        return text;
    *end = '\0';
    return text + open;
}

/* Ends the word at text; returns what is behind it. */
static char *word_end(char *text, char **word)
{
    size_t open = quote_at(text), close;
    char *end = open ? find_quote(text + open) : NULL;

    *word = end ? text + open : text;
    if (end) {
        close = quote_at(end);
        *end = '\0';
        return end + close;
    }
    while (*text && !is_blank(*text))
        text++;
    if (*text)
        *text++ = '\0';
    return text;
}

size_t words_cut(char *text, char **words, size_t max)
{
    size_t n = 0;

    for (text = words_strip(text); *text && n < max; text = words_strip(text)) {
        if (n + 1 == max) {
            words[n++] = words_unquote(text);
            break;
        }
        text = word_end(text, &words[n++]);
    }
    return n;
}

/* ---- values ---- */

static const char *input_name(const struct xmpp_input *in)
{
    return in->label ? in->label : in->var;
}

/* The word, or its first letter. */
static bool word_means(const char *typed, const char *word)
{
    return word_is(typed, word) ||
           (word_length(typed) == 1 && sj_ascii_lower(typed[0]) == sj_ascii_lower(word[0]));
}

static char *value_bool(const char *typed, const char *lang, struct sj_error *err)
{
    static const char *const words[2][6] = {
        {"no", "n", "off", "0", "false"},
        {"yes", "y", "on", "1", "true", "ok"},
    };
    const char *own[2] = {sj_translate(lang, dialogue_no), sj_translate(lang, dialogue_yes)};

    for (unsigned yes = 0; yes < 2; yes++) {
        for (size_t i = 0; i < 6 && words[yes][i]; i++) {
            if (word_is(typed, words[yes][i]))
                return sj_strdup(yes ? "1" : "0");
        }
        if (word_means(typed, own[yes]))
            return sj_strdup(yes ? "1" : "0");
    }
    sj_fail(err, SJ_UNACCEPTABLE, "Please answer yes or no.");
    return NULL;
}

static bool begins(const char *text, const char *with)
{
    return text && sj_ascii_ncasecmp(text, with, strlen(with)) == 0;
}

/* By number, value or label; else the only one that begins like that. */
static const char *choice_find(const struct xmpp_input *in, const char *typed)
{
    const char *found = NULL;
    int64_t number;
    size_t n = 0;

    if (sj_parse_int(typed, 1, (int64_t)in->n_choices, &number))
        return in->choices[number - 1].value;
    for (size_t i = 0; i < in->n_choices; i++) {
        const struct xmpp_choice *c = &in->choices[i];
        if (sj_ascii_casecmp(c->value, typed) == 0 ||
            (c->label && sj_ascii_casecmp(c->label, typed) == 0))
            return c->value;
        if (begins(c->value, typed) || begins(c->label, typed)) {
            found = c->value;
            n++;
        }
    }
    return n == 1 ? found : NULL;
}

static char *value_choice(const struct xmpp_input *in, const char *typed, struct sj_error *err)
{
    const char *value = *typed ? choice_find(in, typed) : NULL;
    char *plain = sj_strndup(typed, word_length(typed));

    if (!value && *plain)
        value = choice_find(in, plain);
    sj_free(plain);
    if (value)
        return sj_strdup(value);
    sj_fail(err, SJ_UNACCEPTABLE, "That is none of the choices.");
    return NULL;
}

/* Items divided by blanks or commas, one a line afterwards. */
static char *value_items(const struct xmpp_input *in, const char *typed, struct sj_error *err)
{
    struct sj_strbuf out;
    char *copy = sj_strdup(typed), *rest = NULL;
    bool good = true;

    sj_strbuf_init(&out, XMPP_VALUES_BYTES_MAX);
    for (char *at = copy, *item; (item = strtok_r(at, ", \t\r\n", &rest)) != NULL; at = NULL) {
        const char *value = in->kind == XMPP_INPUT_LIST_MULTI ? choice_find(in, item) : item;
        good = good && value;
        sj_strbuf_addf(&out, "%s%s", out.len > 0 ? "\n" : "", value ? value : "");
    }
    sj_free(copy);
    if (good)
        return sj_strbuf_take(&out);
    sj_strbuf_release(&out);
    sj_fail(err, SJ_UNACCEPTABLE, "One of these is none of the choices.");
    return NULL;
}

char *dialogue_value(const struct xmpp_input *in, const char *typed, const char *lang,
                     struct sj_error *err)
{
    char *read, *value;

    if (*typed == '\0') {
        if (!in->required)
            return sj_strdup("");
        sj_fail(err, SJ_UNACCEPTABLE, "Please give \"%s\".", input_name(in));
        return NULL;
    }
    switch (in->kind) {
    case XMPP_INPUT_BOOL:
        return value_bool(typed, lang, err);
    case XMPP_INPUT_LIST:
        return value_choice(in, typed, err);
    case XMPP_INPUT_LIST_MULTI:
    case XMPP_INPUT_JIDS:
        read = value_items(in, typed, err);
        break;
    default:
        read = sj_strdup(typed);
        break;
    }
    value = read ? command_value_take(in, read, err) : NULL;
    sj_secret_free(&read);
    return value;
}

const struct xmpp_input *dialogue_input(const struct xmpp_form *form, const char *name)
{
    const struct xmpp_input *found = NULL;
    size_t n = 0;

    for (size_t i = 0; i < form->n; i++) {
        const struct xmpp_input *in = &form->input[i];
        if (!in->var)
            continue;
        if (sj_ascii_casecmp(in->var, name) == 0)
            return in;
        if (begins(in->var, name)) {
            found = in;
            n++;
        }
    }
    return n == 1 ? found : NULL;
}
