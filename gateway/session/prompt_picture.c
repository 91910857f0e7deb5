/* SPDX-License-Identifier: MPL-2.0 */
/* A picture that a network shows during a log-in, on its way to a place where the user's client can
 * fetch it (XEP-0363, G004-13): a slot is asked for, the bytes are put there, and the user gets
 * them as a file. It is a few KiB and in memory already; larger files are the business of
 * transfer.c.
 *
 * One at a time for each session, since only one question is open; the next question cancels it. */
#include "prompt_picture.h"

#include <string.h>

#include "prompt.h"
#include "session.h"
#include "sojourn/http.h"
#include "sojourn/memory.h"

#define PICTURE_TICKET (UINT64_C(1) << 63)       /* transfers count from 1 */

/* Owned by the prompt. */
struct prompt_picture {
    struct session *session;             /* borrowed: lives longer */
    char *type;
    uint8_t *bytes;                      /* wiped */
    size_t n_bytes;
    bool asked;                          /* for a slot */
    bool due;                            /* it lies there, and the user is to be told */
    struct sj_http *client;
    uint64_t http;                       /* 0: none */
    char *get;
};

static uint64_t picture_ticket(const struct session *s)
{
    return PICTURE_TICKET | s->id;
}

bool prompt_picture_has(uint64_t ticket)
{
    return (ticket & PICTURE_TICKET) != 0;
}

struct prompt_picture *prompt_picture_new(struct session *s, const struct xmpp_media *m)
{
    const struct sessions_options *o = s->all->options;
    struct prompt_picture *p;

    if (!o->upload || !o->fetch || m->n_bytes > o->upload_max)
        return NULL;
    p = sj_calloc(1, sizeof *p);
    p->session = s;
    p->type = sj_strdup(m->type);
    p->bytes = sj_malloc(m->n_bytes);
    p->n_bytes = m->n_bytes;
    memcpy(p->bytes, m->bytes, m->n_bytes);
    p->asked = true;
    xmpp_slot_get(s->all->xmpp, s->network->index,
                  &(struct xmpp_slot_ask){.user = s->user, .name = "picture", .media_type = p->type,
                                          .size = p->n_bytes, .ticket = picture_ticket(s)});
    return p;
}

void prompt_picture_free(struct prompt_picture **at)
{
    struct prompt_picture *p = at ? *at : NULL;

    if (!p)
        return;
    if (p->asked)
        xmpp_slot_forget(p->session->all->xmpp, p->session->network->index,
                         picture_ticket(p->session));
    if (p->http)
        sj_http_cancel(p->client, p->http);
    sj_wipe(p->bytes, p->n_bytes);
    sj_free(p->bytes);
    sj_free(p->type);
    sj_free(p->get);
    sj_free(p);
    *at = NULL;
}

static void picture_headers(void *ctx, uint64_t id, int status, const char *type, int64_t length)
{
    (void)ctx, (void)id, (void)status, (void)type, (void)length;
}

static void picture_data(void *ctx, uint64_t id, const void *p, size_t n)
{
    (void)ctx, (void)id, (void)p, (void)n;
}

static void picture_writable(void *ctx, uint64_t id, size_t room)
{
    (void)ctx, (void)id, (void)room;
}

/* Refused for good, it is left at the question, which says how to see the picture. */
static void picture_tell(struct prompt_picture *p)
{
    struct session *s = p->session;
    struct xmpp_file file = {.url = p->get, .name = "picture", .media_type = p->type,
                             .size = p->n_bytes};
    bool sent = xmpp_send_message(s->all->xmpp, s->network->index,
                                  &(struct xmpp_message_out){.to = s->user, .body = p->get,
                                                             .file = &file});

    p->due = !sent && session_is_blocked(s);
    if (p->due)
        sessions_sweep_later(s->all);
    else if (!sent)
        sj_log_debug(&s->log, "picture put, but the message with it was refused");
}

bool prompt_picture_is_due(const struct prompt_picture *p)
{
    return p && p->due;
}

void prompt_picture_flush(struct prompt_picture *p)
{
    if (prompt_picture_is_due(p))
        picture_tell(p);
}

static void picture_done(void *ctx, uint64_t id, int status, const struct sj_error *err)
{
    struct prompt_picture *p = ctx;
    struct session *s = p->session;
    struct sj_error why = {.status = SJ_OK};

    (void)id;
    p->http = 0;
    if (!err && sj_http_status_check(status, &why) == SJ_OK)
        picture_tell(p);
    else
        sj_log_debug(&s->log, "picture not put status=%d cause=%s", status,
                     SJ_CLIP(err ? err->text : why.text));
}

static const struct sj_http_events picture_events = {
    .headers = picture_headers,
    .data = picture_data,
    .writable = picture_writable,
    .done = picture_done,
};

static void picture_put(struct prompt_picture *p, const struct xmpp_slot *slot)
{
    const struct sessions_options *o = p->session->all->options;
    struct sj_http_header headers[XMPP_SLOT_HEADERS_MAX + 1];
    struct sj_error err = {.status = SJ_OK};
    size_t n = 0;

    for (; n < slot->n_headers; n++)
        headers[n] = (struct sj_http_header){slot->header[n].name, slot->header[n].value};
    headers[n++] = (struct sj_http_header){"Content-Type", p->type};
    p->client = slot->trusted ? o->upload : o->fetch;
    p->get = sj_strdup(slot->get);
    p->http = sj_http_start(p->client, &(struct sj_http_request){
        .method = SJ_HTTP_PUT, .kind = SJ_HTTP_CALL, .url = slot->put, .allow_http = o->upload_http,
        .headers = headers, .n_headers = n, .body = p->bytes, .body_size = p->n_bytes,
        .response_max = SJ_HTTP_DATA_MAX, .total_ms = PROMPT_PICTURE_MS,
        .events = &picture_events, .ctx = p}, &err);
    if (!p->http)
        sj_log_debug(&p->session->log, "picture not put cause=%s", SJ_CLIP(err.text));
}

void prompt_picture_slot(struct sessions *all, const struct xmpp_slot *slot)
{
    struct session *s = session_by_id(all, slot->ticket & ~PICTURE_TICKET);
    struct prompt_picture *p = s ? prompt_picture(s) : NULL;

    if (!p || !p->asked)
        return;
    p->asked = false;
    if (slot->err.status == SJ_OK)
        picture_put(p, slot);
    else
        sj_log_debug(&s->log, "no place for a picture cause=%s", SJ_CLIP(slot->err.text));
}
