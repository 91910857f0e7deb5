/* SPDX-License-Identifier: MPL-2.0 */
/* Batches of type draft/multiline that come in, and what the server takes of them.
 *
 * Lines are collected until the batch ends, and are then handled like one line whose text has line
 * ends in it, with the tags of the batch: its id, its time, its label, the batch that it stands in.
 * So what holds for a line holds for them. A batch that does not end is ended when others begin;
 * lines of other targets or commands in it are left out. How they go out: irc_message.c.
 * IRCv3 multiline (draft), batch. */
#include "irc_multiline.h"

#include <stdlib.h>
#include <string.h>

#include "irc_link.h"
#include "irc_parse.h"
#include "irc_talk.h"
#include "irc_text.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define TYPE "draft/multiline"
#define TAG_KEPT_MAX 1024u

/* Texts of the batch that are kept, and of its first line. */
enum kept { KEPT_TIME, KEPT_MSGID, KEPT_LABEL, KEPT_BATCH, KEPT_REPLY, KEPT_REACT, KEPT_UNREACT,
            KEPT_TARGET, KEPT_NICK, KEPT_USER, KEPT_HOST, KEPT_TEXTS };

struct irc_multiline {
    struct sj_list link;
    char *ref;
    char *kept[KEPT_TEXTS];
    struct sj_strbuf text;
    unsigned n_lines;
    bool is_notice;
};

/* ---- what the server takes ---- */

static unsigned number_of(const char *s, const char *end)
{
    unsigned v = 0;

    for (; s < end && *s >= '0' && *s <= '9' && v < 1000000; s++)
        v = v * 10 + (unsigned)(*s - '0');
    return v;
}

void irc_multiline_learn(struct sj_net *net, const char *value, size_t n)
{
    static const char bytes[] = "max-bytes=", lines[] = "max-lines=";
    const char *end = value + n;

    net->multiline_bytes = 0;
    net->multiline_lines = IRC_MULTILINE_LINES_MAX;      /* it may say nothing of them */
    for (const char *at = value; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma ? comma : end;
        size_t length = (size_t)(stop - at);
        if (length > sizeof bytes - 1 && memcmp(at, bytes, sizeof bytes - 1) == 0)
            net->multiline_bytes = number_of(at + sizeof bytes - 1, stop);
        else if (length > sizeof lines - 1 && memcmp(at, lines, sizeof lines - 1) == 0)
            net->multiline_lines = number_of(at + sizeof lines - 1, stop);
        at = stop + (comma != NULL);
    }
}

bool irc_multiline_fits(const struct irc_link *l, size_t lines, size_t bytes)
{
    const struct sj_net *net = l->base.net;

    return lines > 1 && irc_cap_has(l, IRC_CAP_MULTILINE | IRC_CAP_BATCH) &&
           lines <= net->multiline_lines && bytes <= net->multiline_bytes;
}

/* ---- batches ---- */

static void multiline_free(struct irc_multiline *m)
{
    sj_list_remove(&m->link);
    for (size_t i = 0; i < KEPT_TEXTS; i++)
        sj_free(m->kept[i]);
    sj_strbuf_release(&m->text);
    sj_free(m->ref);
    sj_free(m);
}

static struct irc_multiline *multiline_find(const struct irc_link *l, const char *ref)
{
    const struct irc_talk *t = l->talk;

    for (struct sj_list *at = t ? t->multilines.next : NULL; t && at != &t->multilines;
         at = at->next) {
        struct irc_multiline *m = SJ_CONTAINER(at, struct irc_multiline, link);
        if (strcmp(m->ref, ref) == 0)
            return m;
    }
    return NULL;
}

static char *keep(const char *text)
{
    return text && strlen(text) <= TAG_KEPT_MAX ? sj_strdup(text) : NULL;
}

/* It is complete, or as complete as it will be. */
static void multiline_end(struct irc_link *l, struct irc_multiline *m)
{
    struct irc_line line = {
        .tags = { .time = m->kept[KEPT_TIME], .msgid = m->kept[KEPT_MSGID],
                  .label = m->kept[KEPT_LABEL], .batch = m->kept[KEPT_BATCH],
                  .reply = m->kept[KEPT_REPLY], .react = m->kept[KEPT_REACT],
                  .unreact = m->kept[KEPT_UNREACT] },
        .nick = m->kept[KEPT_NICK], .user = m->kept[KEPT_USER], .host = m->kept[KEPT_HOST],
        .command = m->is_notice ? "NOTICE" : "PRIVMSG", .n_params = 2,
        .param = { m->kept[KEPT_TARGET], m->text.s },
    };

    /* Out of the list first: handling it may end the link, and begin others. */
    sj_list_remove(&m->link);
    l->talk->n_multilines--;
    if (m->n_lines > 0 && line.nick && m->is_notice)
        irc_text_handle_notice(l, &line);
    else if (m->n_lines > 0 && line.nick)
        irc_text_handle_privmsg(l, &line);
    multiline_free(m);
}

/* BATCH +<ref> draft/multiline <target> */
static void multiline_begin(struct irc_link *l, const struct irc_line *line)
{
    struct irc_talk *t = irc_talk_get(l);
    struct irc_multiline *m = multiline_find(l, line->param[0] + 1);

    if (m)
        multiline_end(l, m);
    while (t->n_multilines >= IRC_MULTILINES_MAX)
        multiline_end(l, SJ_CONTAINER(t->multilines.next, struct irc_multiline, link));
    m = sj_calloc(1, sizeof *m);
    m->ref = sj_strdup(line->param[0] + 1);
    m->kept[KEPT_TIME] = keep(line->tags.time);
    m->kept[KEPT_MSGID] = keep(line->tags.msgid);
    m->kept[KEPT_LABEL] = keep(line->tags.label);
    m->kept[KEPT_BATCH] = keep(line->tags.batch);
    m->kept[KEPT_REPLY] = keep(line->tags.reply);
    m->kept[KEPT_REACT] = keep(line->tags.react);
    m->kept[KEPT_UNREACT] = keep(line->tags.unreact);
    m->kept[KEPT_TARGET] = sj_strdup(line->param[2]);
    sj_strbuf_init(&m->text, SJ_BODY_MAX);
    sj_list_init(&m->link);
    sj_list_append(&t->multilines, &m->link);
    t->n_multilines++;
}

bool irc_multiline_on_batch(struct irc_link *l, const struct irc_line *line)
{
    const char *ref = line->param[0];

    if (*ref == '+' && ref[1] && line->n_params > 2 && strcmp(line->param[1], TYPE) == 0) {
        multiline_begin(l, line);
        return true;
    }
    struct irc_multiline *m = *ref == '-' ? multiline_find(l, ref + 1) : NULL;
    if (m)
        multiline_end(l, m);
    return m != NULL;
}

static void multiline_add(struct irc_multiline *m, const struct irc_line *line)
{
    const char *text = line->param[1];
    size_t n = strlen(text);
    bool joins = line->tags.concat && m->n_lines > 0;

    if (m->n_lines >= IRC_MULTILINE_LINES_MAX)
        return;
    if (m->text.len + n + 1 > SJ_BODY_MAX) {
        m->n_lines = IRC_MULTILINE_LINES_MAX;
        return;
    }
    if (m->n_lines > 0 && !joins)
        sj_strbuf_addc(&m->text, '\n');
    sj_strbuf_add(&m->text, text, n);
    m->n_lines++;
}

bool irc_multiline_on_text(struct irc_link *l, const struct irc_line *line, bool is_notice)
{
    struct irc_multiline *m = line->tags.batch ? multiline_find(l, line->tags.batch) : NULL;

    if (!m)
        return false;
    if (!irc_case_equal((enum irc_casemap)l->casemap, m->kept[KEPT_TARGET], line->param[0]))
        return true;
    if (!m->kept[KEPT_NICK]) {
        m->is_notice = is_notice;
        m->kept[KEPT_NICK] = sj_strdup(line->nick);
        m->kept[KEPT_USER] = sj_strdup(line->user);
        m->kept[KEPT_HOST] = sj_strdup(line->host);
    }
    if (m->is_notice == is_notice && strcmp(m->kept[KEPT_NICK], line->nick) == 0)
        multiline_add(m, line);
    return true;
}

/* FAIL BATCH <code> [<context>...] :text, of the oldest message that went out so. */
bool irc_multiline_on_fail(struct irc_link *l, const struct irc_line *line)
{
    const char *text = IRC_WORDS(l, line->param[line->n_params - 1]);
    uint32_t number;

    if (strcmp(line->param[0], "BATCH") != 0)
        return false;
    if (irc_text_answered(l, line, &number))
        return irc_ops_fail_one(l, number, SJ_REMOTE, text);
    return irc_ops_find_batch(&l->ops, &number) && irc_ops_fail_one(l, number, SJ_REMOTE, text);
}

void irc_multiline_release(struct irc_talk *t)
{
    while (!sj_list_empty(&t->multilines))
        multiline_free(SJ_CONTAINER(t->multilines.next, struct irc_multiline, link));
}
