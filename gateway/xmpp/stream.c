/* SPDX-License-Identifier: MPL-2.0 */
/* Builds libstrophe stanzas from the bytes of a stream, with expat in namespace mode.
 *
 * libstrophe's own parser has no limits, takes quadratic time for text and loses the prefix of
 * xml:lang; this one counts bytes, depth, nodes and attributes while it parses, gathers text in one
 * buffer, and refuses document types and processing instructions, so that no entity can be
 * declared. Comments are ignored. It knows no XEP: what a stanza means is the router's business,
 * the life of the stream is component.c's. Source: RFC 6120 §4, §11.1. */
#include "stream.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

/* Distributions have backported it without a version; expat without it needs no call. */
XML_Bool XML_SetReparseDeferralEnabled(XML_Parser parser, XML_Bool enabled)
    __attribute__((weak));

#define STREAM_NS_XML "http://www.w3.org/XML/1998/namespace"
/* Cannot occur in XML 1.0, not even as a character reference. */
#define STREAM_SEPARATOR '\x01'

struct stream {
    const struct stream_events *events;
    void *arg;
    XML_Parser parser;
    struct arena arena;
    xmpp_ctx_t *ctx;
    struct sj_strbuf text;               /* of the innermost element, not yet a node */
    xmpp_stanza_t *open[STREAM_DEPTH_MAX];
    unsigned children[STREAM_DEPTH_MAX];
    unsigned depth;                      /* open elements, the root counts 1 */
    unsigned nodes;
    long long stanza_at;                 /* byte where the open stanza began */
    long long event_at;                  /* byte of the newest event */
    long long fed;                       /* bytes so far */
    const char *error;
    bool cut;                            /* the open stanza broke a limit */
    bool halted;
    bool wipes;                          /* the input that was parsed is to be overwritten */
};

static void stream_fail(struct stream *s, const char *condition)
{
    if (s->error == NULL)
        s->error = condition;
    XML_StopParser(s->parser, XML_FALSE);
}

void stream_halt(struct stream *s)
{
    s->halted = true;
    XML_StopParser(s->parser, XML_FALSE);
}

static bool stream_is_over(const struct stream *s)
{
    return s->halted || s->error != NULL;
}

/* Splits what namespace mode gives: "uri SEP local" or "local". *ns has *n bytes. */
static const char *stream_split(const char *name, const char **ns, size_t *n)
{
    const char *sep = strchr(name, STREAM_SEPARATOR);
    *ns = sep == NULL ? "" : name;
    *n = sep == NULL ? 0 : (size_t)(sep - name);
    return sep == NULL ? name : sep + 1;
}

/* Notes where we are, and whether the open stanza has grown too long. */
static void stream_mark(struct stream *s)
{
    s->event_at = XML_GetCurrentByteIndex(s->parser);
    if (s->depth >= 2 && s->event_at - s->stanza_at > (long long)STREAM_STANZA_MAX)
        s->cut = true;
}

/* Takes one more node into the element at level; false: too many, the stanza is cut. */
static bool stream_count(struct stream *s, unsigned level)
{
    if (s->nodes >= STREAM_NODES_MAX || s->children[level] >= STREAM_CHILDREN_MAX)
        s->cut = true;
    if (s->cut)
        return false;
    s->nodes++;
    s->children[level]++;
    return true;
}

/* Turns the gathered text into a node of the element at level. */
static void stream_flush_text(struct stream *s, unsigned level)
{
    if (!sj_strbuf_ok(&s->text))
        s->cut = true;
    if (s->text.len > 0 && !s->cut && stream_count(s, level)) {
        xmpp_stanza_t *node = xmpp_stanza_new(s->ctx);
        xmpp_stanza_set_text_with_size(node, s->text.s, s->text.len);
        xmpp_stanza_add_child_ex(s->open[level], node, 0);
    }
    sj_strbuf_reset(&s->text);
}

static bool stream_is_xml(const char *ns, size_t n)
{
    return n == sizeof STREAM_NS_XML - 1 && memcmp(ns, STREAM_NS_XML, n) == 0;
}

static void stream_set_attributes(struct stream *s, xmpp_stanza_t *element, const char **atts)
{
    unsigned count = 0;
    for (; atts[0] != NULL; atts += 2) {
        const char *ns;
        size_t ns_len;
        const char *local = stream_split(atts[0], &ns, &ns_len);
        if (++count > STREAM_ATTRIBUTES_MAX || strlen(local) > STREAM_NAME_MAX) {
            s->cut = true;
            return;
        }
        /* An attribute of a foreign namespace must not pass for ours; nobody here reads them. */
        if (ns_len == 0)
            xmpp_stanza_set_attribute(element, local, atts[1]);
        else if (stream_is_xml(ns, ns_len) && strcmp(local, "lang") == 0)
            xmpp_stanza_set_attribute(element, "xml:lang", atts[1]);
    }
}

static xmpp_stanza_t *stream_element_new(struct stream *s, const char *name, const char **atts)
{
    const char *ns;
    size_t ns_len;
    const char *local = stream_split(name, &ns, &ns_len);
    char ns_text[STREAM_NAME_MAX + 1];
    xmpp_stanza_t *element = xmpp_stanza_new(s->ctx);
    if (ns_len > STREAM_NAME_MAX || strlen(local) > STREAM_NAME_MAX) {
        s->cut = true;
        xmpp_stanza_set_name(element, "cut");
        return element;
    }
    /* That namespace may not be declared, only its prefix be used: written out, anything else
     * would end the stream. */
    char prefixed[sizeof "xml:" + STREAM_NAME_MAX];
    if (stream_is_xml(ns, ns_len)) {
        snprintf(prefixed, sizeof prefixed, "xml:%s", local);
        local = prefixed;
        ns_len = 0;
    }
    memcpy(ns_text, ns, ns_len);
    ns_text[ns_len] = '\0';
    xmpp_stanza_set_name(element, local);
    stream_set_attributes(s, element, atts);
    xmpp_stanza_set_ns(element, ns_text);
    return element;
}

static void stream_open_root(struct stream *s, const char *name, const char **atts)
{
    const char *ns;
    size_t ns_len;
    const char *local = stream_split(name, &ns, &ns_len);
    static const char streams[] = "http://etherx.jabber.org/streams";
    if (ns_len != sizeof streams - 1 || memcmp(ns, streams, ns_len) != 0 ||
        strcmp(local, "stream") != 0) {
        stream_fail(s, "invalid-namespace");
        return;
    }
    const char *id = NULL;
    for (; atts[0] != NULL; atts += 2)
        if (strcmp(atts[0], "id") == 0)
            id = atts[1];
    s->events->opened(s->arg, id);
}

static void stream_on_start(void *arg, const char *name, const char **atts)
{
    struct stream *s = arg;
    if (stream_is_over(s))
        return;
    s->depth++;
    if (s->depth == 1) {
        s->event_at = XML_GetCurrentByteIndex(s->parser);
        stream_open_root(s, name, atts);
        return;
    }
    if (s->depth == 2) {
        s->stanza_at = XML_GetCurrentByteIndex(s->parser);
        s->nodes = 0;
        s->cut = false;
        sj_strbuf_reset(&s->text);
    }
    stream_mark(s);
    if (s->depth > STREAM_SKIP_DEPTH_MAX) {
        stream_fail(s, "policy-violation");
        return;
    }
    unsigned level = s->depth - 2;
    if (level >= STREAM_DEPTH_MAX)
        s->cut = true;
    if (s->cut)
        return;
    if (level > 0) {
        stream_flush_text(s, level - 1);
        if (!stream_count(s, level - 1))
            return;
    }
    s->open[level] = stream_element_new(s, name, atts);
    s->children[level] = 0;
    if (level > 0)
        xmpp_stanza_add_child_ex(s->open[level - 1], s->open[level], 0);
}

static void stream_on_end(void *arg, const char *name)
{
    (void)name;
    struct stream *s = arg;
    if (stream_is_over(s))
        return;
    stream_mark(s);
    if (s->depth >= 2 && s->depth - 2 < STREAM_DEPTH_MAX && !s->cut)
        stream_flush_text(s, s->depth - 2);
    s->depth--;
    if (s->depth == 0) {
        s->events->closed(s->arg);
    } else if (s->depth == 1) {
        xmpp_stanza_t *stanza = s->open[0];
        s->events->stanza(s->arg, stanza, s->cut);
        xmpp_stanza_release(stanza);
        s->open[0] = NULL;
    }
}

static void stream_on_text(void *arg, const char *p, int n)
{
    struct stream *s = arg;
    if (stream_is_over(s))
        return;
    stream_mark(s);
    if (s->depth >= 2 && !s->cut && n > 0)
        sj_strbuf_add(&s->text, p, (size_t)n);
}

static void stream_on_doctype(void *arg, const char *name, const char *system_id,
                              const char *public_id, int has_internal)
{
    (void)name, (void)system_id, (void)public_id, (void)has_internal;
    stream_fail(arg, "restricted-xml");
}

static void stream_on_instruction(void *arg, const char *target, const char *data)
{
    (void)target, (void)data;
    stream_fail(arg, "restricted-xml");
}

static void stream_on_comment(void *arg, const char *data)
{
    (void)data;
    struct stream *s = arg;
    if (!stream_is_over(s))
        stream_mark(s);
}

struct stream *stream_new(const struct stream_events *events, void *arg)
{
    struct stream *s = sj_calloc(1, sizeof *s);
    s->events = events;
    s->arg = arg;
    arena_init(&s->arena);
    s->ctx = arena_ctx_new(&s->arena);
    sj_strbuf_init(&s->text, STREAM_STANZA_MAX);
    static const XML_Memory_Handling_Suite memory = {sj_malloc, sj_realloc, sj_free};
    static const char separator[] = {STREAM_SEPARATOR, '\0'};
    s->parser = XML_ParserCreate_MM("UTF-8", &memory, separator);
    if (XML_SetReparseDeferralEnabled != NULL)
        XML_SetReparseDeferralEnabled(s->parser, XML_FALSE);
    XML_SetUserData(s->parser, s);
    XML_SetElementHandler(s->parser, stream_on_start, stream_on_end);
    XML_SetCharacterDataHandler(s->parser, stream_on_text);
    XML_SetStartDoctypeDeclHandler(s->parser, stream_on_doctype);
    XML_SetProcessingInstructionHandler(s->parser, stream_on_instruction);
    XML_SetCommentHandler(s->parser, stream_on_comment);
    return s;
}

void stream_free(struct stream **s)
{
    if (s == NULL || *s == NULL)
        return;
    struct stream *gone = *s;
    *s = NULL;
    if (gone->open[0] != NULL)
        xmpp_stanza_release(gone->open[0]);
    XML_ParserFree(gone->parser);
    sj_strbuf_release(&gone->text);
    xmpp_ctx_free(gone->ctx);
    arena_release(&gone->arena);
    sj_free(gone);
}

char *stream_buffer(struct stream *s, size_t n)
{
    return XML_GetBuffer(s->parser, (int)n);
}

/* Overwrites what expat keeps of the input up to the last thing that it told of. */
static void stream_wipe_input(struct stream *s)
{
    int done = 0, all = 0;
    const char *input = XML_GetInputContext(s->parser, &done, &all);
    if (input != NULL && done > 0)
        sj_wipe((char *)(uintptr_t)input, (size_t)done);
    s->wipes = false;
}

const char *stream_parse(struct stream *s, size_t n)
{
    if (stream_is_over(s))
        return s->error;
    s->fed += (long long)n;
    enum XML_Status status = XML_ParseBuffer(s->parser, (int)n, XML_FALSE);
    if (s->wipes)
        stream_wipe_input(s);
    if (stream_is_over(s))
        return s->error;
    if (status != XML_STATUS_OK)
        s->error = "not-well-formed";
    else if (s->fed - s->event_at > (long long)STREAM_TOKEN_MAX)
        s->error = "policy-violation";
    return s->error;
}

const char *stream_feed(struct stream *s, const char *p, size_t n)
{
    while (n > 0 && !stream_is_over(s)) {
        size_t part = n < (size_t)65536 ? n : (size_t)65536;
        char *to = stream_buffer(s, part);
        if (to == NULL)
            return s->error = "internal-server-error";
        memcpy(to, p, part);
        stream_parse(s, part);
        p += part;
        n -= part;
    }
    return s->error;
}

void stream_wipe(struct stream *s)
{
    s->wipes = true;                     /* the parser still reads there */
    if (s->text.cap > 0)
        sj_wipe(s->text.s, s->text.cap);
    sj_strbuf_reset(&s->text);
}
