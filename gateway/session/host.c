/* SPDX-License-Identifier: MPL-2.0 */
/* struct sj_host: what backends report, as events of sessions. A link is looked up by its
 * session's id each time; an event of a link that was given up is dropped. */
#include <string.h>

#include "bookmark.h"
#include "late.h"
#include "position.h"
#include "raw.h"
#include "roster.h"
#include "save.h"
#include "search.h"
#include "session.h"
#include "talk.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "transfer.h"

#define HOST_IDLE_MS 60000

/* The table that a link points to is a member of struct sessions. */
static struct session *host_session(const struct sj_link *link)
{
    struct sessions *all = SJ_CONTAINER(link->host, struct sessions, host);
    struct session *s = session_by_id(all, link->session);

    if (s)
        pressure_look(s->network);
    return s;
}

static bool host_is_check(const struct session *s, const struct sj_link *link)
{
    return s->check && s->check->link == link;
}

static bool host_is_live(const struct session *s, const struct sj_link *link)
{
    return s && s->link == link;
}

static void host_link_state(struct sj_link *link, enum sj_link_state state, enum sj_end end,
                            const struct sj_error *why)
{
    struct session *s = host_session(link);

    if (!s)
        return;
    if (host_is_check(s, link))
        check_link_state(s, state, end, why);
    else if (host_is_live(s, link) && state == SJ_LINK_UP &&
             (s->state == SESSION_CONNECTING || s->state == SESSION_ASKING))
        session_link_up(s);
    else if (host_is_live(s, link) && state == SJ_LINK_DOWN)
        session_link_down(s, end, why);
}

static void host_op_done(struct sj_link *link, sj_op op, const struct sj_error *err)
{
    struct session *s = host_session(link);

    if (!s || !op)
        return;
    op_finish(s->all, s, op, err);
    if (!sj_list_empty(&s->held_out))
        held_out_send(s);                /* what waited for an id that will not come any more */
}

static void host_message(struct sj_link *link, const struct sj_message *m)
{
    struct session *s = host_session(link);

    if (!s || (!host_is_live(s, link) && !host_is_check(s, link)))
        return;
    if ((m->in_room || m->nick) && host_is_live(s, link))
        room_hear(s, m);
    else if (!m->in_room && !m->nick &&
             !(host_is_live(s, link) && position_passes_over(s, m)))
        session_deliver(s, m);
}

static void host_message_id(struct sj_link *link, sj_op op, const char *id)
{
    struct session *s = host_session(link);

    if (!host_is_live(s, link) || !(s->network->backend->caps & SJ_CAPS_WITH_IDS))
        return;
    op_message_id(s->all, s, op, id);
    if (!sj_list_empty(&s->held_out))
        held_out_send(s);
}

static void host_mark(struct sj_link *link, const struct sj_mark *m)
{
    struct session *s = host_session(link);

    if (m->in_room && host_is_live(s, link))
        room_hear_mark(s, m);
    else if (!m->in_room && s && (host_is_live(s, link) || host_is_check(s, link)))
        session_deliver_mark(s, m);
}

static void host_lacks(struct sj_link *link, uint32_t caps)
{
    struct session *s = host_session(link);

    if (s && host_is_check(s, link))
        s->check->lacks = caps & SJ_CAPS_OF_CONTACT;
    else if (host_is_live(s, link))
        abilities_learn_link(s, caps & SJ_CAPS_OF_CONTACT);
}

static void host_typing(struct sj_link *link, const char *id, enum sj_typing typing)
{
    struct session *s = host_session(link);

    if (host_is_live(s, link))
        typing_from_network(s, id, typing);
}

/* Networks reckon it anew each time: what differs by less is the same (G319-01). */
static bool host_idle_same(int64_t a, int64_t b)
{
    return a == b || (a != 0 && b != 0 && (a > b ? a - b : b - a) < HOST_IDLE_MS);
}

static void host_presence(struct session *s, struct contact *c, const struct sj_contact *in,
                          bool other)
{
    bool same = c->has_presence && c->show == in->show &&
                (c->status == in->status ||
                 (c->status && in->status && strcmp(c->status, in->status) == 0)) &&
                host_idle_same(c->idle_since, in->idle_since);
    bool went = c->has_presence && c->show != SJ_SHOW_OFFLINE && in->show == SJ_SHOW_OFFLINE;

    if (same && !other)
        return;
    c->has_presence = true;
    c->show = in->show;
    c->idle_since = in->idle_since;
    contact_set(&c->status, in->status);
    if (went)
        c->seen_at = sj_loop_utc_ms(s->all->loop);
    if (!c->to || !s->announced || s->quiet || c->quiet)
        return;
    contact_send_presence(s, c, s->user, NULL);
    if (c->asked_in && c->question_due)
        contact_send_question(s, c, NULL);           /* behind the presence (G100-37) */
}

static void host_names(struct contact *c, const struct sj_contact *in)
{
    bool name = in->name && contact_rename(c, in->name);
    bool group = in->group && contact_regroup(c, in->group);

    if (name) {
        records_promise(c->session);
        nodes_tell(c->session, c, XMPP_NODE_NICK);   /* G172-03 */
        nodes_tell(c->session, c, XMPP_NODE_VCARD4);
    }
    if (!name && !group)
        return;
    /* One that was only listed is no record of the user's until it is offered. */
    if (c->to || c->from || c->asked_out || c->asked_in || c->suggested)
        contact_changed(c);
    if (c->suggested && !contact_is_told(c))
        roster_later(c->session);
}

static void host_listed(struct session *s, struct contact *c)
{
    c->listed = true;
    c->expected = false;
    if (c->asked_out)
        contact_approved(s, c);
    if (c->suggested || c->to)
        return;
    if (!c->name)
        roster_wait_for_name(s);
    roster_later(s);
}

static void host_contact(struct sj_link *link, const struct sj_contact *in)
{
    struct session *s = host_session(link);
    struct contact *c;
    bool other;

    if (!s || (!host_is_live(s, link) && !host_is_check(s, link)))
        return;
    c = in->listed ? contact_add(s, in->id) : contact_find(s, in->id);
    if (!c)
        return;
    host_names(c, in);
    other = abilities_learn(s, c, in);
    other = portrait_learn(s, c, in) || other;
    if (in->has_presence)
        host_presence(s, c, in, other);
    else if (other && c->shown && s->announced && !s->quiet && !c->quiet)
        contact_send_presence(s, c, s->user, NULL);  /* G115-05 */
    if (in->listed && !c->unwanted)
        host_listed(s, c);
}

static void host_contact_gone(struct sj_link *link, const char *id, const struct sj_error *why)
{
    struct session *s = host_session(link);
    struct contact *c = host_is_live(s, link) ? contact_find(s, id) : NULL;

    if (!c)
        return;
    if (c->asked_out) {
        contact_refused(s, c, why);
        return;
    }
    contact_gone(s, c, why);
}

/* The network's list is complete: who was in it before the log-in and is not now was removed over
 * there meanwhile (G144-06, G100-52). */
static void host_list_told(struct sj_link *link)
{
    struct session *s = host_session(link);
    struct contact *c;
    uint32_t at = 0;

    if (!host_is_live(s, link))
        return;
    while ((c = sj_map_next(&s->contacts, &at)) != NULL) {
        if (c->unwanted)
            contact_let_go(s, c);
        else if (c->expected && !c->listed && !c->asked_out)
            contact_gone(s, c, NULL);
    }
    late_catch_up(s->network, s->user);
    bookmarks_listed(s);
}

static void host_contact_renamed(struct sj_link *link, const char *id, const char *new_id)
{
    struct session *s = host_session(link);
    struct contact *c = host_is_live(s, link) ? contact_find(s, id) : NULL;
    struct contact *now;

    if (!c || strcmp(id, new_id) == 0)
        return;
    sj_log_debug(&s->log, "contact renamed from=%s to=%s", SJ_CLIP(id), SJ_CLIP(new_id));
    records_promise(s);
    contact_end(s, c, NULL);
    suggest_gone(s, c);
    now = roster_move(s, c, new_id);
    if (!now)
        roster_gone(s, c);
    contact_forget(c);
    if (now)
        roster_later(s);
}

static void host_contact_request(struct sj_link *link, const char *id, const char *name,
                                 const char *text)
{
    struct session *s = host_session(link);
    struct contact *c = host_is_live(s, link) ? contact_add(s, id) : NULL;
    struct sj_error err = {.status = SJ_OK};

    if (!c)
        return;
    if (name)
        contact_rename(c, name);
    if (c->from || c->unwanted) {                    /* answered earlier: no question twice */
        if (s->network->backend->contact_answer(s->link, id, c->from, 0, &err) != SJ_OK)
            sj_log_debug(&s->log, "answer not passed on cause=%s", SJ_CLIP(err.text));
        return;
    }
    c->asked_in = true;
    contact_changed(c);
    contact_send_question(s, c, text);               /* G100-48, G172-01 */
}

static void host_notice(struct sj_link *link, const char *text)
{
    struct session *s = host_session(link);

    if (s && (host_is_live(s, link) || host_is_check(s, link)))
        session_say(s, text);
}

static void host_self(struct sj_link *link, const char *id)
{
    struct session *s = host_session(link);

    if (s)
        contact_set(&s->self_id, id);
}

static void host_state_save(struct sj_link *link, const void *blob, size_t len)
{
    struct session *s = host_session(link);

    if (s && (host_is_check(s, link) || host_is_live(s, link)))
        saves_add(s, link, blob, len);
}

static void host_position(struct sj_link *link, const char *position)
{
    struct session *s = host_session(link);

    if (host_is_live(s, link))
        position_told(s, position);
}

static void host_profile(struct sj_link *link, sj_op op, const struct sj_profile *p)
{
    struct session *s = host_session(link);

    if (host_is_live(s, link))
        fetch_on_profile(s, op, p);
}

static void host_avatar(struct sj_link *link, sj_op op, const struct sj_avatar *a)
{
    struct session *s = host_session(link);

    if (host_is_live(s, link))
        fetch_on_avatar(s, op, a);
}

/* It takes so many bytes of a file that the user sends. */
static void host_file_wanted(struct sj_link *link, sj_op op, size_t len)
{
    struct session *s = host_session(link);

    if (host_is_live(s, link) && len > 0)
        transfer_file_wanted(s, op, len);
}

static void host_file_chunk(struct sj_link *link, sj_op op, const void *data, size_t len)
{
    struct session *s = host_session(link);

    if (host_is_live(s, link))
        transfer_file_chunk(s, op, data, len);
}

static void host_found(struct sj_link *link, sj_op op, const struct sj_contact *c)
{
    struct session *s = host_session(link);

    if (host_is_live(s, link))
        search_found(s, op, c);
}

static void host_raw(struct sj_link *link, sj_op op, const char *line)
{
    struct session *s = host_session(link);

    if (host_is_live(s, link))
        raw_told(s, op, line);
}

/* While a registration is being checked, only that log-in may ask. */
static void host_prompt(struct sj_link *link, const struct sj_prompt *p)
{
    struct session *s = host_session(link);
    bool live = host_is_live(s, link) &&
                (s->state == SESSION_CONNECTING || s->state == SESSION_ASKING);

    if (s && host_is_check(s, link))
        prompt_heard(s, p);
    else if (live && s->check)
        session_logout(s, "");
    else if (live)
        prompt_heard(s, p);
}

const struct sj_host session_host = {
    .link_state = host_link_state,
    .op_done = host_op_done,
    .message = host_message,
    .contact = host_contact,
    .contact_gone = host_contact_gone,
    .list_told = host_list_told,
    .contact_renamed = host_contact_renamed,
    .contact_request = host_contact_request,
    .notice = host_notice,
    .self = host_self,
    .state_save = host_state_save,
    .position = host_position,
    .message_id = host_message_id,
    .mark = host_mark,
    .lacks = host_lacks,
    .typing = host_typing,
    .file_wanted = host_file_wanted,
    .file_chunk = host_file_chunk,
    .profile = host_profile,
    .avatar = host_avatar,
    .found = host_found,
    .raw = host_raw,
    .prompt = host_prompt,
    .rooms = &session_host_rooms,
};
