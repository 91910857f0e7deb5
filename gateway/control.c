/* SPDX-License-Identifier: MPL-2.0 */
/* The control socket: takes requests of sojournctl, bounded in number and length, and answers
 * with records. What the records say is the daemon's (control_calls). */
#include "control.h"

#include <string.h>

#include "control_item.h"
#include "sojourn/conn.h"
#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define CONTROL_CLIENTS_MAX 16u
#define CONTROL_LINE_MAX 8192u
#define CONTROL_ANSWER_MAX 1048576u
#define CONTROL_FINISH_MS 2000
#define CONTROL_IDLE_MS 30000
#define CONTROL_ITEMS_TURN 32u         /* lines of items in one turn of the loop */
#define CONTROL_AGAIN_MS 10            /* an item that could not be taken yet */

struct control_client {
    struct sj_list link;
    struct control *control;
    struct sj_conn *conn;
    struct sj_timer idle;
    uint64_t ticket;             /* of the request that waits, 0: none */
    bool follows;                /* what takes a while */
    void *import;                /* an account that comes in, or NULL */
    struct control_item item;
    struct sj_timer again;       /* the item is offered again; nothing is read before */
};

struct control {
    struct sj_loop *loop;
    struct sj_log log;
    struct sj_listener *listener;
    const struct control_calls *calls;
    void *ctx;
    struct sj_list clients;
    unsigned n_clients;
    uint64_t next_ticket;
};

void control_text(struct sj_strbuf *out, const char *key, const char *value)
{
    sj_strbuf_addf(out, "\t%s=", key);
    for (const char *c = value ? value : ""; *c; c++) {
        if (*c == '\t' || *c == '\n' || *c == '\r' || *c == '%')
            sj_strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)*c);
        else
            sj_strbuf_addc(out, *c);
    }
}

void control_number(struct sj_strbuf *out, const char *key, int64_t value)
{
    sj_strbuf_addf(out, "\t%s=%lld", key, (long long)value);
}

static void client_end_import(struct control_client *c)
{
    if (c->import)
        c->control->calls->import_end(c->control->ctx, c->import);
    c->import = NULL;
    control_item_release(&c->item);
}

static void client_free(struct control_client *c)
{
    client_end_import(c);
    sj_timer_stop(&c->idle);
    sj_timer_stop(&c->again);
    sj_list_remove(&c->link);
    c->control->n_clients--;
    sj_conn_free(&c->conn);
    sj_free(c);
}

static void client_idle(void *arg)
{
    client_free(arg);
}

static void client_answer(struct control_client *c, const char *text, size_t n)
{
    c->ticket = 0;
    sj_conn_write(c->conn, text, n);
    sj_conn_finish(c->conn, CONTROL_FINISH_MS);
}

static void client_error(struct control_client *c, const char *text)
{
    struct sj_strbuf out;

    sj_strbuf_init(&out, CONTROL_LINE_MAX);
    sj_strbuf_addf(&out, "error %s\n\n", text);
    client_answer(c, out.s, out.len);
    sj_strbuf_release(&out);
}

static void client_status(struct control_client *c)
{
    struct sj_strbuf out;

    sj_strbuf_init(&out, CONTROL_ANSWER_MAX);
    sj_strbuf_adds(&out, "ok\n");
    c->control->calls->status(c->control->ctx, &out);
    sj_strbuf_addc(&out, '\n');
    if (sj_strbuf_ok(&out))
        client_answer(c, out.s, out.len);
    else
        client_error(c, "the answer is too long");
    sj_strbuf_release(&out);
}

static void client_unregister(struct control_client *c, char *arguments)
{
    char *host = strchr(arguments, ' ');

    if (!host || host == arguments || host[1] == '\0') {
        client_error(c, "unregister needs a JID and the hostname of a network");
        return;
    }
    *host++ = '\0';
    c->ticket = ++c->control->next_ticket;
    sj_timer_stop(&c->idle);
    c->control->calls->unregister(c->control->ctx, arguments, host, c->ticket);
}

static void client_rekey(struct control_client *c)
{
    struct sj_error err = {.status = SJ_OK};

    if (c->control->calls->rekey(c->control->ctx, &err) != SJ_OK) {
        client_error(c, err.status == SJ_NOTFOUND ? "no new key" : err.text);
        return;
    }
    sj_timer_stop(&c->idle);
    c->follows = true;
}

static void client_import_fails(struct control_client *c, const char *why)
{
    client_end_import(c);
    client_error(c, why);
}

/* An item is whole; false: no line is to be read, as it waits, or as the answer is given. */
static bool client_import_item(struct control_client *c)
{
    const struct control_calls *calls = c->control->calls;
    struct sj_error err = {.status = SJ_OK};
    enum sj_status status;
    struct sj_strbuf out;
    bool over;

    sj_strbuf_init(&out, CONTROL_ANSWER_MAX);
    sj_strbuf_adds(&out, "ok\n");
    status = calls->import_item(c->control->ctx, c->import, c->item.p, c->item.n, &out, &err);
    over = out.len > 3;
    if (status == SJ_UNAVAILABLE) {
        sj_timer_start(c->control->loop, &c->again, CONTROL_AGAIN_MS);
    } else if (status != SJ_OK) {
        client_import_fails(c, err.text);
    } else if (over) {
        client_end_import(c);
        sj_strbuf_addc(&out, '\n');
        client_answer(c, out.s, out.len);
    } else {
        control_item_clear(&c->item);
    }
    sj_strbuf_release(&out);
    return status == SJ_OK && !over;
}

/* One line of an account that comes in; false: as above. */
static bool client_import_line(struct control_client *c, char *line)
{
    enum control_part part = control_item_take(&c->item, line);

    if (part == CONTROL_PART_LAST)
        return client_import_item(c);
    if (part == CONTROL_PART_BAD)
        client_import_fails(c, "this is no part of an account");
    return part != CONTROL_PART_BAD;
}

static void client_import(struct control_client *c)
{
    char *line;
    size_t n;

    for (unsigned i = 0; i < CONTROL_ITEMS_TURN; i++) {
        enum sj_line got = sj_conn_line(c->conn, CONTROL_ITEM_LINE, &line, &n);
        bool goes_on;
        if (got == SJ_LINE_NONE)
            return;
        sj_timer_start(c->control->loop, &c->idle, CONTROL_IDLE_MS);
        if (got == SJ_LINE_TOO_LONG || strlen(line) != n) {
            client_import_fails(c, "this line is too long or not text");
            return;
        }
        goes_on = client_import_line(c, line);
        sj_wipe(line, n);                /* it may hold a password */
        if (!goes_on)
            return;
    }
    sj_conn_again(c->conn);
}

static void client_again(void *arg)
{
    struct control_client *c = arg;

    sj_timer_start(c->control->loop, &c->idle, CONTROL_IDLE_MS);
    if (client_import_item(c))
        client_import(c);
}

static void client_import_begin(struct control_client *c, bool replace)
{
    c->import = c->control->calls->import_begin(c->control->ctx, replace);
    client_import(c);
}

static void client_request(struct control_client *c, char *line)
{
    if (strcmp(line, "status") == 0)
        client_status(c);
    else if (strncmp(line, "unregister ", 11) == 0)
        client_unregister(c, line + 11);
    else if (strcmp(line, "rekey") == 0)
        client_rekey(c);
    else if (strcmp(line, "import") == 0 || strcmp(line, "import replace") == 0)
        client_import_begin(c, line[6] != '\0');
    else
        client_error(c, "unknown request; this daemon knows status, unregister, rekey and import");
}

static void client_data(void *arg)
{
    struct control_client *c = arg;
    char *line;
    size_t n;
    enum sj_line got;

    if (sj_timer_running(&c->again))
        return;
    if (c->import) {
        client_import(c);
        return;
    }
    if (c->ticket || c->follows)
        return;
    got = sj_conn_line(c->conn, CONTROL_LINE_MAX, &line, &n);
    if (got == SJ_LINE_NONE)
        return;
    if (got == SJ_LINE_TOO_LONG || strlen(line) != n || !sj_utf8_valid(line, n))
        client_error(c, "this request is too long or not text");
    else
        client_request(c, line);
}

static void client_down(void *arg, const struct sj_error *why)
{
    (void)why;
    client_free(arg);
}

static void client_nothing(void *arg)
{
    (void)arg;
}

static const struct sj_conn_events client_events = {
    .up = client_nothing,
    .data = client_data,
    .drained = client_nothing,
    .down = client_down,
};

static void control_accepted(void *arg, struct sj_conn *conn)
{
    struct control *control = arg;
    struct control_client *c;

    if (control->n_clients >= CONTROL_CLIENTS_MAX) {
        sj_log_warn(&control->log, "control client refused, too many n=%u", control->n_clients);
        sj_conn_free(&conn);
        return;
    }
    c = sj_calloc(1, sizeof *c);
    c->control = control;
    c->conn = conn;
    sj_list_init(&c->link);
    sj_list_append(&control->clients, &c->link);
    control->n_clients++;
    sj_timer_init(&c->idle, client_idle, c);
    sj_timer_init(&c->again, client_again, c);
    sj_timer_start(control->loop, &c->idle, CONTROL_IDLE_MS);
    sj_conn_adopt(conn, &client_events, c);
}

enum sj_status control_new(struct control **out, struct sj_loop *loop, const struct sj_log *log,
                           const char *path, const struct control_calls *calls, void *ctx,
                           struct sj_error *err)
{
    struct control *c = sj_calloc(1, sizeof *c);
    enum sj_status status;

    c->loop = loop;
    c->log = (struct sj_log){.parent = log, .area = "control"};
    c->calls = calls;
    c->ctx = ctx;
    sj_list_init(&c->clients);
    status = sj_listen_unix(&c->listener, loop, path, control_accepted, c, err);
    if (status != SJ_OK) {
        sj_free(c);
        return status;
    }
    *out = c;
    return SJ_OK;
}

void control_free(struct control **at)
{
    struct control *c = at ? *at : NULL;

    if (!c)
        return;
    sj_listener_free(&c->listener);
    while (!sj_list_empty(&c->clients))
        client_free(SJ_CONTAINER(c->clients.next, struct control_client, link));
    sj_free(c);
    *at = NULL;
}

void control_unregistered(struct control *c, uint64_t ticket, const struct sj_error *err)
{
    struct sj_list *at;

    for (at = c->clients.next; at != &c->clients; at = at->next) {
        struct control_client *client = SJ_CONTAINER(at, struct control_client, link);
        if (client->ticket != ticket)
            continue;
        if (err)
            client_error(client, err->text[0] ? err->text : sj_status_text(err->status));
        else
            client_answer(client, "ok\n\n", 4);
        return;
    }
}

void control_progress(struct control *c, const char *record)
{
    for (struct sj_list *at = c->clients.next; at != &c->clients; at = at->next) {
        struct control_client *client = SJ_CONTAINER(at, struct control_client, link);
        if (!client->follows)
            continue;
        sj_conn_write(client->conn, "progress\t", 9);
        sj_conn_write(client->conn, record, strlen(record));
    }
}

void control_followed(struct control *c, const char *record)
{
    for (struct sj_list *at = c->clients.next; at != &c->clients; at = at->next) {
        struct control_client *client = SJ_CONTAINER(at, struct control_client, link);
        if (!client->follows)
            continue;
        client->follows = false;
        sj_conn_write(client->conn, "ok\n", 3);
        sj_conn_write(client->conn, record, strlen(record));
        client_answer(client, "\n", 1);
    }
}
