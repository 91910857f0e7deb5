/* SPDX-License-Identifier: MPL-2.0 */
/* Small helpers over libstrophe's tree, and the table that turns a status into an error condition.
 *
 * Everything XML goes through these calls; text is never pasted together. Which status means what
 * is decided here and nowhere else (house style: errors). Source: RFC 6120 §8.3, XEP-0086 codes for
 * register errors, XEP-0082 times. */
#include "stanza.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

static const struct {
    const char *element;
    const char *type;
    const char *code;
} stanza_conditions[STANZA_CONDITION_COUNT] = {
#define STANZA_ROW(name, element_, type_, code_) \
    [STANZA_##name] = {.element = element_, .type = type_, .code = code_},
    STANZA_CONDITIONS(STANZA_ROW)
#undef STANZA_ROW
};

/* REMOTE: the network said no and the text says why; to a client that is a service which cannot be
 * had, and unlike remote-server-timeout it is not worth trying again. */
static const enum stanza_condition stanza_of_status[SJ_STATUS_COUNT] = {
    [SJ_OK] = STANZA_INTERNAL_SERVER_ERROR,
    [SJ_INVALID] = STANZA_BAD_REQUEST,
    [SJ_NOTFOUND] = STANZA_ITEM_NOT_FOUND,
    [SJ_EXISTS] = STANZA_CONFLICT,
    [SJ_AUTH] = STANZA_NOT_AUTHORIZED,
    [SJ_DENIED] = STANZA_FORBIDDEN,
    [SJ_NOTALLOWED] = STANZA_NOT_ALLOWED,
    [SJ_OFFLINE] = STANZA_SERVICE_UNAVAILABLE,
    [SJ_UNREACHABLE] = STANZA_REMOTE_SERVER_TIMEOUT,
    [SJ_UNREGISTERED] = STANZA_REGISTRATION_REQUIRED,
    [SJ_UNACCEPTABLE] = STANZA_NOT_ACCEPTABLE,
    [SJ_UNSUPPORTED] = STANZA_FEATURE_NOT_IMPLEMENTED,
    [SJ_UNAVAILABLE] = STANZA_SERVICE_UNAVAILABLE,
    [SJ_LIMIT] = STANZA_RESOURCE_CONSTRAINT,
    [SJ_TIMEOUT] = STANZA_REMOTE_SERVER_TIMEOUT,
    [SJ_REMOTE] = STANZA_SERVICE_UNAVAILABLE,
    [SJ_CANCELED] = STANZA_INTERNAL_SERVER_ERROR,
    [SJ_INTERNAL] = STANZA_INTERNAL_SERVER_ERROR,
};

enum stanza_condition stanza_condition_of(enum sj_status status)
{
    if ((unsigned)status >= SJ_STATUS_COUNT)
        return STANZA_INTERNAL_SERVER_ERROR;
    return stanza_of_status[status];
}

bool stanza_is(xmpp_stanza_t *st, const char *name, const char *ns)
{
    const char *own_name = xmpp_stanza_get_name(st);
    if (own_name == NULL || strcmp(own_name, name) != 0)
        return false;
    const char *own_ns = xmpp_stanza_get_ns(st);
    return own_ns != NULL && strcmp(own_ns, ns) == 0;
}

static xmpp_stanza_t *stanza_skip_texts(xmpp_stanza_t *node)
{
    while (node != NULL && !xmpp_stanza_is_tag(node))
        node = xmpp_stanza_get_next(node);
    return node;
}

xmpp_stanza_t *stanza_first(xmpp_stanza_t *parent)
{
    return stanza_skip_texts(xmpp_stanza_get_children(parent));
}

xmpp_stanza_t *stanza_next(xmpp_stanza_t *node)
{
    return stanza_skip_texts(xmpp_stanza_get_next(node));
}

xmpp_stanza_t *stanza_child(xmpp_stanza_t *parent, const char *name, const char *ns)
{
    xmpp_stanza_t *child = stanza_first(parent);
    while (child != NULL && !stanza_is(child, name, ns))
        child = stanza_next(child);
    return child;
}

const char *stanza_text(xmpp_stanza_t *st)
{
    xmpp_stanza_t *child = xmpp_stanza_get_children(st);
    const char *text = NULL;
    if (child != NULL && xmpp_stanza_is_text(child))
        text = xmpp_stanza_get_text_ptr(child);
    return text != NULL ? text : "";
}

const char *stanza_get(xmpp_stanza_t *st, const char *attribute)
{
    return xmpp_stanza_get_attribute(st, attribute);
}

/* Is this child of the stanza's own namespace, with that name? */
static bool stanza_is_sibling(xmpp_stanza_t *child, const char *name, const char *ns)
{
    const char *own = xmpp_stanza_get_ns(child);
    return strcmp(xmpp_stanza_get_name(child), name) == 0 && own != NULL && ns != NULL &&
           strcmp(own, ns) == 0;
}

xmpp_stanza_t *stanza_child_in(xmpp_stanza_t *parent, const char *name, const char *lang)
{
    const char *ns = xmpp_stanza_get_ns(parent);
    xmpp_stanza_t *first = NULL;
    xmpp_stanza_t *without = NULL;
    for (xmpp_stanza_t *c = stanza_first(parent); c != NULL; c = stanza_next(c)) {
        if (!stanza_is_sibling(c, name, ns))
            continue;
        const char *own = stanza_get(c, "xml:lang");
        if (own != NULL && lang != NULL && sj_ascii_casecmp(own, lang) == 0)
            return c;
        if (own == NULL && without == NULL)
            without = c;
        if (first == NULL)
            first = c;
    }
    return without != NULL ? without : first;
}

/* The texts are ours: the stream made them for this stanza. */
void stanza_wipe(xmpp_stanza_t *st)
{
    for (xmpp_stanza_t *c = xmpp_stanza_get_children(st); c != NULL; c = xmpp_stanza_get_next(c)) {
        if (xmpp_stanza_is_tag(c)) {
            stanza_wipe(c);
            continue;
        }
        char *text = (char *)xmpp_stanza_get_text_ptr(c);
        if (text != NULL)
            sj_wipe(text, strlen(text));
    }
}

xmpp_stanza_t *stanza_new(xmpp_ctx_t *ctx, const char *name, const char *type, const char *id)
{
    xmpp_stanza_t *st = xmpp_stanza_new(ctx);
    xmpp_stanza_set_name(st, name);
    stanza_set(st, "type", type);
    stanza_set(st, "id", id);
    return st;
}

xmpp_stanza_t *stanza_add(xmpp_stanza_t *parent, const char *name, const char *ns)
{
    xmpp_stanza_t *st = xmpp_stanza_new(xmpp_stanza_get_context(parent));
    xmpp_stanza_set_name(st, name);
    if (ns != NULL)
        xmpp_stanza_set_ns(st, ns);
    xmpp_stanza_add_child_ex(parent, st, 0);
    return st;
}

void stanza_add_text(xmpp_stanza_t *parent, const char *text)
{
    xmpp_stanza_t *node = xmpp_stanza_new(xmpp_stanza_get_context(parent));
    xmpp_stanza_set_text(node, text);
    xmpp_stanza_add_child_ex(parent, node, 0);
}

xmpp_stanza_t *stanza_add_with_text(xmpp_stanza_t *parent, const char *name, const char *text)
{
    xmpp_stanza_t *st = stanza_add(parent, name, NULL);
    if (text != NULL && text[0] != '\0')
        stanza_add_text(st, text);
    return st;
}

void stanza_set(xmpp_stanza_t *st, const char *attribute, const char *value)
{
    if (value != NULL)
        xmpp_stanza_set_attribute(st, attribute, value);
}

void stanza_add_error(xmpp_stanza_t *st, enum stanza_condition condition,
                      const struct sj_error *words, bool legacy_code)
{
    xmpp_stanza_t *error = stanza_add(st, "error", NULL);
    stanza_set(error, "type", stanza_conditions[condition].type);
    if (legacy_code)
        stanza_set(error, "code", stanza_conditions[condition].code);
    stanza_add(error, stanza_conditions[condition].element, NS_STANZAS);
    if (words == NULL || words->text[0] == '\0')
        return;
    xmpp_stanza_t *text = stanza_add(error, "text", NS_STANZAS);
    stanza_set(text, "xml:lang", words->lang != NULL ? words->lang : "en");
    stanza_add_text(text, words->text);
}

void stanza_format_time(char out[STANZA_TIME_SIZE], long long utc_ms)
{
    long long rest = utc_ms % 1000;
    time_t seconds = (time_t)(utc_ms / 1000 - (rest < 0));
    if (rest < 0)
        rest += 1000;
    struct tm tm = {0};
    if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year > 8099 || tm.tm_year < -1900)
        tm = (struct tm){.tm_year = 70, .tm_mday = 1};
    size_t n = strftime(out, STANZA_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest != 0)
        n += (size_t)snprintf(out + n, STANZA_TIME_SIZE - n, ".%03lld", rest);
    snprintf(out + n, STANZA_TIME_SIZE - n, "Z");
}

void stanza_add_delay(xmpp_stanza_t *st, const char *from, long long utc_ms)
{
    char stamp[STANZA_TIME_SIZE];
    stanza_format_time(stamp, utc_ms);
    xmpp_stanza_t *delay = stanza_add(st, "delay", NS_DELAY);
    stanza_set(delay, "from", from);
    stanza_set(delay, "stamp", stamp);
}
