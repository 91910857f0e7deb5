/* SPDX-License-Identifier: MPL-2.0 */
/* Files on the loopback network: taken piece by piece, kept for a while in memory, given back piece
 * by piece to whoever got the message.
 *
 * A file comes down after its message: the link asks for bytes until there are no more, and only
 * then the message goes on as any other (loopback_ops.c), with the number of the file for a key. A
 * stream has one request open at a time, so that a slow side holds nobody else. */
#include "loopback_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loopback_link.h"
#include "sojourn/memory.h"

#define FILE_FIRST_BYTES 4096u

/* A file that is kept. Owner: the net. */
struct file {
    struct sj_list by_age;
    uint64_t number;
    size_t len, used;                /* len: as allocated */
    uint8_t *data;
};

/* A file on its way. Owner: the link. Its bytes count among those of the net. */
struct stream {
    struct sj_list list;
    sj_op op;
    uint64_t number;                 /* of the file */
    bool up;                         /* to the user */
    size_t at;                       /* bytes that have passed */
    /* from the user: */
    bool discards;                   /* nobody will ask for the bytes */
    char peer[LOOPBACK_ID_MAX + 1];
    struct sj_message *message;
    uint8_t *data;
    size_t room;
};

/* --- what is kept ------------------------------------------------------------------------- */

static void file_forget(struct sj_net *net, struct file *f)
{
    sj_list_remove(&f->by_age);
    net->file_bytes -= f->len;
    net->n_files--;
    sj_free(f->data);
    sj_free(f);
}

/* Room for so many bytes more, at the cost of old files; false: too much is on its way. */
static bool file_make_room(struct sj_net *net, size_t bytes)
{
    while (net->file_bytes + bytes > LOOPBACK_FILES_BYTES_MAX && !sj_list_empty(&net->files))
        file_forget(net, SJ_CONTAINER(net->files.next, struct file, by_age));
    return net->file_bytes + bytes <= LOOPBACK_FILES_BYTES_MAX;
}

static void file_keep(struct sj_net *net, struct stream *s)
{
    if (net->n_files >= LOOPBACK_FILES_MAX)
        file_forget(net, SJ_CONTAINER(net->files.next, struct file, by_age));
    struct file *f = sj_calloc(1, sizeof *f);
    net->n_files++;
    f->number = s->number;
    f->len = s->room;
    f->data = s->data;
    f->used = s->at;
    s->data = NULL;
    s->room = 0;
    sj_list_init(&f->by_age);
    sj_list_append(&net->files, &f->by_age);
}

static struct file *file_find(const struct sj_net *net, uint64_t number)
{
    for (struct sj_list *i = net->files.prev; i != &net->files; i = i->prev) {
        struct file *f = SJ_CONTAINER(i, struct file, by_age);
        if (f->number == number)
            return f;
    }
    return NULL;
}

void loopback_files_release(struct sj_net *net)
{
    while (!sj_list_empty(&net->files))
        file_forget(net, SJ_CONTAINER(net->files.next, struct file, by_age));
}

/* --- streams ------------------------------------------------------------------------------ */

static struct stream *stream_new(struct loopback_link *l, sj_op op, struct sj_error *err)
{
    if (l->n_streams >= LOOPBACK_STREAMS_MAX) {
        sj_fail(err, SJ_LIMIT, "too many files are on their way");
        return NULL;
    }
    if (loopback_op_begin(l, op, err) != SJ_OK)
        return NULL;
    struct stream *s = sj_calloc(1, sizeof *s);
    s->op = op;
    sj_list_init(&s->list);
    sj_list_append(&l->streams, &s->list);
    l->n_streams++;
    return s;
}

static struct stream *stream_find(const struct loopback_link *l, sj_op op, bool up)
{
    for (struct sj_list *i = l->streams.next; i != &l->streams; i = i->next) {
        struct stream *s = SJ_CONTAINER(i, struct stream, list);
        if (s->op == op && s->up == up)
            return s;
    }
    return NULL;
}

static void stream_free(struct loopback_link *l, struct stream *s)
{
    sj_list_remove(&s->list);
    l->n_streams--;
    l->base.net->file_bytes -= s->room;
    sj_free(s->message);
    sj_free(s->data);
    sj_free(s);
}

void loopback_files_drop(struct loopback_link *l)
{
    while (!sj_list_empty(&l->streams))
        stream_free(l, SJ_CONTAINER(l->streams.next, struct stream, list));
}

static void stream_end(struct loopback_link *l, struct stream *s, enum sj_status status,
                       const char *why)
{
    sj_op op = s->op;
    stream_free(l, s);
    loopback_op_finish(l, op, status, why);
}

static void stream_go_on(struct loopback_link *l, const struct stream *s)
{
    loopback_queue_add(l, LOOPBACK_EVENT_FILE)->op = s->op;
}

/* --- from the user ------------------------------------------------------------------------ */

enum sj_status loopback_file_begin(struct loopback_link *l, const struct sj_message *m, sj_op op,
                                   struct sj_error *err)
{
    const struct loopback_mirror same = {.one = NULL};
    bool discards = loopback_resident_listens(m->peer);
    if (m->file->size > LOOPBACK_FILE_MAX && !discards)
        return sj_fail(err, SJ_LIMIT, "this network takes files of at most %u bytes",
                       LOOPBACK_FILE_MAX);
    struct stream *s = stream_new(l, op, err);
    if (!s)
        return err->status;
    s->discards = discards;
    s->number = ++l->base.net->message;
    s->message = loopback_message_copy(m, &same);
    memcpy(s->peer, m->peer, strlen(m->peer) + 1);
    stream_go_on(l, s);
    return SJ_OK;
}

/* All of it is there: its message goes on. */
static void stream_deliver(struct loopback_link *l, struct stream *s)
{
    char key[24];
    struct sj_message m = *s->message;
    struct sj_file file = *m.file;
    sj_op op = s->op;
    snprintf(key, sizeof key, "%llu", (unsigned long long)s->number);
    file.key = key;
    file.size = s->at;
    m.peer = s->peer;
    m.file = &file;
    if (!s->discards)
        file_keep(l->base.net, s);
    loopback_send_on(l, &m, op);
    stream_free(l, s);
}

static bool stream_grow(struct sj_net *net, struct stream *s, size_t len)
{
    size_t room = s->room ? s->room * 2 : FILE_FIRST_BYTES;
    if (room < s->at + len)
        room = s->at + len;
    if (!file_make_room(net, room - s->room))
        return false;
    net->file_bytes += room - s->room;
    s->room = room;
    s->data = sj_realloc(s->data, room);
    return true;
}

static bool stream_take(struct sj_net *net, struct stream *s, const void *data, size_t len)
{
    if (s->discards)
        return true;
    if (len > LOOPBACK_FILE_MAX - s->at ||
        (s->at + len > s->room && !stream_grow(net, s, len)))
        return false;
    memcpy(s->data + s->at, data, len);
    return true;
}

void loopback_file_data(struct sj_link *base, sj_op op, const void *data, size_t len)
{
    struct loopback_link *l = loopback_link_of(base);
    struct stream *s = stream_find(l, op, false);
    if (!s || l->state != LOOPBACK_ONLINE)
        return;
    if (len == 0) {
        stream_deliver(l, s);
    } else if (stream_take(base->net, s, data, len)) {
        s->at += len;
        stream_go_on(l, s);
    } else {
        stream_end(l, s, SJ_LIMIT, "this file is too large for this network");
    }
}

/* --- to the user -------------------------------------------------------------------------- */

enum sj_status loopback_file_read(struct sj_link *base, const char *key, sj_op op,
                                  struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    struct stream *s = stream_new(l, op, err);
    if (!s)
        return err->status;
    s->up = true;
    s->number = strtoull(key, NULL, 10);
    stream_go_on(l, s);
    return SJ_OK;
}

void loopback_file_next(struct sj_link *base, sj_op op)
{
    struct loopback_link *l = loopback_link_of(base);
    const struct stream *s = stream_find(l, op, true);
    if (s && l->state == LOOPBACK_ONLINE)
        stream_go_on(l, s);
}

static void stream_give(struct loopback_link *l, struct stream *s)
{
    const struct file *f = file_find(l->base.net, s->number);
    if (!f) {
        stream_end(l, s, SJ_NOTFOUND, "this file is not there any more");
        return;
    }
    size_t at = s->at;
    size_t n = f->used - at < SJ_FILE_CHUNK_MAX ? f->used - at : SJ_FILE_CHUNK_MAX;
    if (n == 0) {
        stream_end(l, s, SJ_OK, NULL);
        return;
    }
    s->at += n;
    l->base.host->file_chunk(&l->base, s->op, f->data + at, n);      /* s may be gone */
}

void loopback_file_tell(struct loopback_link *l, const struct loopback_event *e)
{
    struct stream *s = stream_find(l, e->op, true);
    if (s)
        stream_give(l, s);
    else if (stream_find(l, e->op, false))
        l->base.host->file_wanted(&l->base, e->op, SJ_FILE_CHUNK_MAX);
}

void loopback_file_abort(struct sj_link *base, sj_op op)
{
    struct loopback_link *l = loopback_link_of(base);
    struct stream *s = stream_find(l, op, true);
    if (!s)
        s = stream_find(l, op, false);
    if (s)
        stream_end(l, s, SJ_CANCELED, NULL);
}
