/* SPDX-License-Identifier: MPL-2.0 */
/* What was written to a component stream is handled or not when it breaks: XEP-0114 has no
 * acknowledgement. So a copy of each message is kept until a ping that went out behind it is
 * answered by the server of one of its readers: servers handle a stream in order, so any answer
 * proves that everything before it was handled (as in handled.c; here only the way to the first
 * server counts). What is not proved goes out again on the next stream, in order, as the same bytes
 * with the same id, and a delay. Twice comes only what had been handled and not yet answered for.
 *
 * The copies lie one behind the other in blocks; one question is open at a time, asked some time
 * after the first copy, so that a message costs no allocation, and many cost one ping. Rooms are
 * not in it: whoever was in one is out of it when the stream breaks, and has the archive. Source:
 * DESIGN §4, XEP-0199 §4.1, XEP-0203 §4. */
#include "copies.h"

#include <string.h>

#include "component.h"
#include "room.h"
#include "sojourn/conn.h"
#include "sojourn/memory.h"
#include "stanza.h"

/* Before each copy. */
struct copies_head {
    int64_t at_ms;               /* of the loop, when it was said first: clocks may jump */
    uint64_t n;
};

struct copies_block {
    struct sj_list link;
    uint64_t begin;              /* position of its first byte */
    size_t at, used, size;       /* what lies before `at` is confirmed */
    char bytes[];
};

static struct copies_block *copies_block_of(struct sj_list *link)
{
    return SJ_CONTAINER(link, struct copies_block, link);
}

static void copies_drop_block(struct copies *k, struct copies_block *b)
{
    k->bytes -= b->used;
    sj_list_remove(&b->link);
    sj_free(b);
}

static void copies_clear(struct copies *k)
{
    while (!sj_list_empty(&k->blocks))
        copies_drop_block(k, copies_block_of(k->blocks.next));
}

/* The last block, with room for n bytes more. */
static struct copies_block *copies_room(struct copies *k, size_t n)
{
    struct copies_block *b = copies_block_of(k->blocks.prev);
    size_t size = n > COPIES_BLOCK_BYTES ? n : COPIES_BLOCK_BYTES;

    if (!sj_list_empty(&k->blocks) && b->size - b->used >= n)
        return b;
    b = sj_malloc(sizeof *b + size);
    *b = (struct copies_block){.begin = k->end, .size = size};
    sj_list_init(&b->link);
    sj_list_append(&k->blocks, &b->link);
    return b;
}

/* Everything before that position was handled. The last block stays for what comes next. */
static void copies_confirm(struct copies *k, uint64_t position)
{
    while (!sj_list_empty(&k->blocks)) {
        struct copies_block *b = copies_block_of(k->blocks.next);
        if (b->begin + b->used > position) {
            if (position > b->begin + b->at)
                b->at = (size_t)(position - b->begin);
            break;
        }
        if (&b->link == k->blocks.prev && b->size == COPIES_BLOCK_BYTES) {
            k->bytes -= b->used;
            b->begin = k->end;
            b->at = b->used = 0;
            break;
        }
        copies_drop_block(k, b);
    }
    if (k->bytes == 0)
        k->overflows = false;
}

/* ---- the question ---- */

static void copies_answer(struct xmpp *x, const struct query_reply *reply);

static void copies_ask(void *arg)
{
    struct copies *k = arg;
    struct component *c = k->c;

    sj_timer_stop(&k->timer);
    if (k->question != 0 || k->asked == k->end || c->state != COMPONENT_UP)
        return;
    xmpp_stanza_t *iq = room_stanza_new(c->x, c->index, "iq", "get", NULL, k->domain, NULL);
    stanza_add(iq, "ping", NS_PING);
    k->asked = k->end;
    k->asked_ms = sj_loop_now_ms(c->x->loop);
    k->question = k->end;                /* unlike all before it */
    if (!query_send(c->x, c->index, iq, copies_answer, k->question)) {
        k->question = 0;
        k->asked = 0;
        sj_timer_start(c->x->loop, &k->timer, COPIES_RETRY_MS);
    }
}

/* Something is to be asked about: soon. */
static void copies_ask_later(struct copies *k)
{
    struct sj_loop *loop = k->c->x->loop;

    if (k->question != 0 || k->asked == k->end)
        return;
    if (k->end - k->asked >= COPIES_ASK_BYTES && k->unanswered == 0)
        sj_loop_defer(loop, &k->ask);
    else if (!sj_timer_running(&k->timer))
        sj_timer_start(loop, &k->timer, COPIES_ASK_MS);
}

/* Nobody answers, and nothing else comes: where that domain has answered before, and twice in a
 * row, the stream is dead. */
static void copies_unanswered(struct copies *k)
{
    struct component *c = k->c;
    bool silent = k->answers && sj_conn_last_input_ms(c->conn) <= k->asked_ms;

    k->asked = 0;
    if (!silent) {
        k->domain[0] = '\0';             /* another one is asked */
        k->answers = false;
    }
    if (silent && ++k->unanswered > 1)
        component_fail(c, "no-answer");
    else if (k->domain[0] != '\0')
        sj_timer_start(c->x->loop, &k->timer, COPIES_RETRY_MS);
}

static void copies_answer(struct xmpp *x, const struct query_reply *reply)
{
    struct copies *k = &x->components[reply->host].copies;

    if (reply->token != k->question)
        return;                          /* of a stream that was lost */
    k->question = 0;
    if (reply->iq == NULL) {
        copies_unanswered(k);
        return;
    }
    k->answers = true;
    k->unanswered = 0;
    copies_confirm(k, reply->token);
    copies_ask_later(k);
}

/* ---- copies ---- */

static void copies_make_room(struct copies *k, size_t n)
{
    if (k->bytes + n <= COPIES_BYTES_MAX)
        return;
    if (!k->overflows)
        sj_log_warn(&k->c->log, "server does not confirm what it is sent, the oldest copies go "
                    "bytes=%zu", k->bytes);
    k->overflows = true;
    while (k->bytes + n > COPIES_BYTES_MAX && !sj_list_empty(&k->blocks))
        copies_drop_block(k, copies_block_of(k->blocks.next));
}

static void copies_keep(struct copies *k, int64_t at_ms, const char *text, size_t n)
{
    const struct copies_head head = {.at_ms = at_ms, .n = n};
    size_t whole = sizeof head + n;

    copies_make_room(k, whole);
    struct copies_block *b = copies_room(k, whole);
    memcpy(b->bytes + b->used, &head, sizeof head);
    memcpy(b->bytes + b->used + sizeof head, text, n);
    b->used += whole;
    k->bytes += whole;
    k->end += whole;
}

void copies_choose_domain(struct copies *k, const char *to)
{
    size_t bare = strcspn(to, "/");
    const char *at = memchr(to, '@', bare);
    const char *domain = at != NULL ? at + 1 : to;
    size_t n = bare - (size_t)(domain - to);

    if (n >= sizeof k->domain)
        return;
    memcpy(k->domain, domain, n);
    k->domain[n] = '\0';
}

void copies_add(struct copies *k, const char *to, const char *text, size_t n)
{
    if (k->domain[0] == '\0')
        copies_choose_domain(k, to);
    copies_keep(k, sj_loop_now_ms(k->c->x->loop), text, n);
    if (k->domain[0] != '\0')
        copies_ask_later(k);
}

/* ---- again ---- */

/* Texts have no markup that is not escaped: what looks like an element is one. */
static bool copies_has(const char *text, size_t n, const char *what)
{
    size_t length = strlen(what);

    for (const char *end = text + n; (size_t)(end - text) >= length; text++) {
        text = memchr(text, what[0], (size_t)(end - text) - length + 1);
        if (text == NULL)
            return false;
        if (memcmp(text, what, length) == 0)
            return true;
    }
    return false;
}

/* Errors go as they are, and what says when it was said. */
static bool copies_wants_delay(const char *text, size_t n)
{
    const char *end = memchr(text, '>', n);

    return end != NULL && !copies_has(text, (size_t)(end - text), " type=\"error\"") &&
           !copies_has(text, n, "<delay xmlns=\"" NS_DELAY "\"");
}

static void copies_write(struct copies *k, const struct copies_head *head, const char *text)
{
    static const char end[] = "</message>";
    struct component *c = k->c;
    size_t n = (size_t)head->n, n_end = sizeof end - 1;
    struct sj_strbuf out;

    sj_strbuf_init(&out, n + 512 + JID_MAX);
    if (n > n_end && copies_wants_delay(text, n)) {
        xmpp_stanza_t *st = stanza_new(c->x->output.ctx, "message", NULL, NULL);
        stanza_add_delay(st, c->host->name, sj_loop_utc_ms(c->x->loop) -
                                                (sj_loop_now_ms(c->x->loop) - head->at_ms));
        sj_strbuf_add(&out, text, n - n_end);
        output_element(&out, stanza_first(st), NULL);
        sj_strbuf_adds(&out, end);
        xmpp_stanza_release(st);
    } else {
        sj_strbuf_add(&out, text, n);
    }
    sj_conn_write(c->conn, out.s, out.len);
    c->stanzas_out++;
    copies_keep(k, head->at_ms, out.s, out.len);
    sj_strbuf_release(&out);
}

/* How many went out. */
static unsigned copies_write_block(struct copies *k, const struct copies_block *b)
{
    int64_t now_ms = sj_loop_now_ms(k->c->x->loop);
    unsigned n = 0;

    for (size_t at = b->at; at < b->used;) {
        struct copies_head head;
        memcpy(&head, b->bytes + at, sizeof head);
        at += sizeof head;
        if (now_ms - head.at_ms <= COPIES_AGE_MS) {
            copies_write(k, &head, b->bytes + at);
            n++;
        }
        at += (size_t)head.n;
    }
    return n;
}

void copies_send_again(struct copies *k)
{
    struct sj_list old;
    unsigned n = 0;

    sj_list_init(&old);
    while (!sj_list_empty(&k->blocks)) {
        struct sj_list *first = k->blocks.next;
        sj_list_remove(first);
        sj_list_append(&old, first);
    }
    k->bytes = 0;
    while (!sj_list_empty(&old)) {
        struct copies_block *b = copies_block_of(old.next);
        n += copies_write_block(k, b);
        sj_list_remove(&b->link);
        sj_free(b);
    }
    if (n == 0)
        return;
    sj_log_info(&k->c->log, "messages that the last stream may have lost were sent again n=%u", n);
    copies_ask_later(k);
}

void copies_lost(struct copies *k)
{
    k->question = 0;
    k->asked = 0;
    k->unanswered = 0;
    k->answers = false;
    sj_timer_stop(&k->timer);
    sj_defer_cancel(&k->ask);
}

void copies_init(struct copies *k, struct component *c)
{
    *k = (struct copies){.c = c};
    sj_list_init(&k->blocks);
    sj_timer_init(&k->timer, copies_ask, k);
    sj_defer_init(&k->ask, copies_ask, k);
}

void copies_release(struct copies *k)
{
    copies_lost(k);
    copies_clear(k);
}
