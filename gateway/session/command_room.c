/* SPDX-License-Identifier: MPL-2.0 */
/* Commands about rooms: which there are, and the way into one, for whose client has no list of
 * rooms or whose user knows a room only by its name over there. Nobody can make a client enter a
 * room: it is sent an invitation, which every client that knows rooms shows (XEP-0045 §7.8.2), and
 * the answer says the address as a link (XEP-0147 §8). */
#include "command.h"
#include "command_list.h"
#include "room.h"
#include "room_list.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROOMS_WORDS_MAX 255u
#define ROOMS_COLUMNS 3u

static bool join_fits(const struct network *n)
{
    return (n->backend->caps & SJ_CAP_ROOMS) != 0;
}

/* ---- which there are ---- */

static bool rooms_fits(const struct network *n)
{
    return join_fits(n) && n->backend->rooms->list != NULL;
}

static const struct xmpp_input rooms_inputs[] = {
    {.kind = XMPP_INPUT_TEXT, .var = "words", .label = N_("Part of its name or subject"),
     .help = N_("Nothing filled in finds all public rooms."), .unasked = true},
};
static const struct command_stage rooms_stages[] = {{
    .inputs = rooms_inputs,
    .n_inputs = 1,
}};

static void rooms_do(struct run *r)
{
    struct sj_error err = {.status = SJ_OK};
    struct session *s = command_session(r, &err);
    const char *words = run_value(r, "words");
    struct sessions *all = r->all;
    uint64_t id = r->id;

    if (s && words && strlen(words) > ROOMS_WORDS_MAX)
        sj_fail(&err, SJ_UNACCEPTABLE, "That is too long to search for.");
    if (err.status != SJ_OK) {
        command_done_error(r, &err);
        return;
    }
    command_wait(r);
    if (room_list_for_run(s, words ? words : "", id, &err) != SJ_OK)
        command_outcome(all, id, &err);
}

/* A row while it is shown. */
struct rooms_texts {
    struct sj_strbuf jid, about;
    char people[16];
};

static bool rooms_row(const struct run *r, const struct room_row *row, struct rooms_texts *t,
                      const char **cells)
{
    bool named = row->name && *row->name && strcmp(row->name, row->id) != 0;

    if (!xmpp_peer_jid(r->all->xmpp, r->network->index, row->id, &t->jid))
        return false;
    if (row->people)
        snprintf(t->people, sizeof t->people, "%" PRIu32, row->people);
    sj_strbuf_addf(&t->about, "%s%s%s", named ? row->name : "",
                   named && *row->about ? ": " : "", row->about);
    cells[0] = t->jid.s;
    cells[1] = t->people;
    cells[2] = t->about.s;
    return true;
}

static void rooms_note(const struct run *r, size_t n, size_t more, char *out, size_t size)
{
    if (more)
        snprintf(out, size, run_words(r, N_("The largest %zu of %zu rooms, each with the number of "
                 "people in it. A part of its name or subject finds others: type rooms and that "
                 "part.")), n, n + more);
    else if (n == 1)
        snprintf(out, size, "%s", run_words(r, N_("One room, with the number of people in it:")));
    else
        snprintf(out, size, run_words(r, N_("%zu rooms, each with the number of people in it:")),
                 n);
}

static void rooms_show(struct run *r, const struct room_row *rows, size_t n, size_t total)
{
    static const struct xmpp_input columns[ROOMS_COLUMNS] = {
        {.kind = XMPP_INPUT_JID, .var = "jid", .label = N_("Address")},
        {.kind = XMPP_INPUT_TEXT, .var = "people", .label = N_("People")},
        {.kind = XMPP_INPUT_TEXT, .var = "about", .label = N_("What it is about")},
    };
    struct xmpp_table table = {.columns = columns, .n_columns = ROOMS_COLUMNS};
    struct rooms_texts *texts = sj_calloc(n, sizeof *texts);
    const char **cells = sj_calloc(ROOMS_COLUMNS * n, sizeof *cells);
    char note[512];

    for (size_t i = 0; i < n; i++) {
        sj_strbuf_init(&texts[i].jid, SJ_STORE_TEXT_MAX);
        sj_strbuf_init(&texts[i].about, SJ_STORE_TEXT_MAX);
        if (rooms_row(r, &rows[i], &texts[i], cells + ROOMS_COLUMNS * table.n_rows))
            table.n_rows++;
    }
    table.cells = cells;
    rooms_note(r, table.n_rows, total - n, note, sizeof note);
    command_done(r, &(struct command_reply){.note = note, .table = &table});
    for (size_t i = 0; i < n; i++) {
        sj_strbuf_release(&texts[i].jid);
        sj_strbuf_release(&texts[i].about);
    }
    sj_free(texts);
    sj_free(cells);
}

static void rooms_outcome(struct run *r, const struct sj_error *err)
{
    const struct session *s = run_session(r);
    size_t max = r->front->rows, n, total = 0;
    struct room_row *rows;

    if (err) {
        command_done_error(r, err);
        return;
    }
    rows = sj_calloc(max, sizeof *rows);
    n = s ? room_list_rows(s, rows, max, &total) : 0;
    if (n > 0)
        rooms_show(r, rows, n, total);
    else
        command_done_note(r, XMPP_NOTE_INFO, "No public room was found.");
    sj_free(rows);
}

const struct command command_rooms = {
    .node = "rooms",
    .word = "rooms",
    .title = N_("List rooms"),
    .help = N_("see which public rooms the network has; words behind it find some"),
    .flags = COMMAND_REGISTERED,
    .stages = rooms_stages,
    .n_stages = 1,
    .fits = rooms_fits,
    .do_it = rooms_do,
    .outcome = rooms_outcome,
};

/* ---- the way into one ---- */

static const struct xmpp_input join_inputs[] = {
    {.kind = XMPP_INPUT_TEXT, .var = "room", .label = N_("Name or address of the room"),
     .required = true},
    {.kind = XMPP_INPUT_SECRET, .var = "password", .label = N_("Its password, if it has one"),
     .unasked = true},
};
static const struct command_stage join_stages[] = {{
    .instructions = N_("Your client is sent an invitation to the room."),
    .inputs = join_inputs,
    .n_inputs = 2,
}};

/* Is what was given a room of this network? Keeps it in canonical form. */
static bool join_read(struct run *r, const struct session *s, struct sj_error *err)
{
    const struct network *n = r->network;
    const char *given = run_value(r, "password");

    if (command_read_address(r, s, "room", err) != SJ_OK)
        return false;
    if (!n->backend->rooms->is_room(n->options->net, run_value(r, "room")))
        sj_fail(err, SJ_UNACCEPTABLE, "That is no name of a room here.");
    else if (given && strlen(given) > SJ_ROOM_PASSWORD_MAX)
        sj_fail(err, SJ_UNACCEPTABLE, "The password is too long.");
    return err->status == SJ_OK;
}

static bool join_invite(const struct run *r, const struct session *s)
{
    const char *password = run_value(r, "password");
    const struct xmpp_invite_out invite = {
        .room = run_value(r, "room"), .to = s->user, .inviter = r->network->options->host,
        .password = password && *password ? password : NULL};

    return xmpp_send_invite(s->all->xmpp, r->network->index, &invite);
}

static void join_do(struct run *r)
{
    struct sj_error err = {.status = SJ_OK};
    const struct session *s = command_session(r, &err);
    struct sj_strbuf uri;

    sj_strbuf_init(&uri, SJ_STORE_TEXT_MAX);
    if (s && join_read(r, s, &err) &&
        (!xmpp_room_uri(r->all->xmpp, r->network->index, run_value(r, "room"), &uri) ||
         !join_invite(r, s)))
        sj_fail(&err, SJ_UNACCEPTABLE, "This room has a name that cannot be an address here.");
    if (err.status != SJ_OK)
        command_done_error(r, &err);
    else
        command_done_note(r, XMPP_NOTE_INFO, "Your client gets an invitation to this room; accept "
                          "it to enter. If you do not see one, open %s", uri.s);
    sj_strbuf_release(&uri);
}

const struct command command_join = {
    .node = "join",
    .word = "join",
    .title = N_("Join a room"),
    .help = N_("get an invitation to a room, by its name or address"),
    .flags = COMMAND_REGISTERED,
    .stages = join_stages,
    .n_stages = 1,
    .fits = join_fits,
    .do_it = join_do,
};
