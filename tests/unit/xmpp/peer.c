/* SPDX-License-Identifier: MPL-2.0 */
/* The fake server and the fake session room of the XMPP room's tests; see peer.h. */
#include "peer.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "peer_muc.h"
#include "sojourn/memory.h"
#include "sojourn/sha1.h"
#include "stanza.h"
#include "stream.h"

#define PEER_LINE_SIZE 100000u
#define PEER_TURNS 1000     /* of some milliseconds: what has not come by then never comes */

/* ---- lines ---- */

static void lines_add(struct peer_lines *l, char *line)
{
    cr_assert(l->end < PEER_LINES_MAX);
    l->line[l->end++] = line;
}

static char *lines_take(struct peer_lines *l)
{
    if (l->first == l->end)
        return NULL;
    char *line = l->line[l->first++];
    if (l->first == l->end)
        l->first = l->end = 0;
    return line;
}

static void lines_release(struct peer_lines *l)
{
    for (char *line; (line = lines_take(l)) != NULL;)
        sj_free(line);
}

bool peer_match(const char *pattern, const char *text)
{
    for (; *pattern != '*'; pattern++, text++)
        if (*pattern != *text)
            return false;
        else if (*pattern == '\0')
            return true;
    while (*pattern == '*')
        pattern++;
    do
        if (peer_match(pattern, text))
            return true;
    while (*text++ != '\0');
    return false;
}

/* ---- canonical text ---- */

static int canon_compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void canon_attributes(struct sj_strbuf *out, xmpp_stanza_t *st, const char *parent_ns)
{
    int count = xmpp_stanza_get_attribute_count(st);
    const char *pairs[256];
    cr_assert(count <= 128);
    xmpp_stanza_get_attributes(st, pairs, count * 2);
    qsort(pairs, (size_t)count, 2 * sizeof *pairs, canon_compare);
    for (int i = 0; i < count; i++) {
        const char *name = pairs[2 * i];
        const char *value = pairs[2 * i + 1];
        if (strcmp(name, "xmlns") != 0 || strcmp(value, parent_ns) != 0)
            sj_strbuf_addf(out, " %s='%s'", name, value);
    }
}

void peer_canon(struct sj_strbuf *out, xmpp_stanza_t *st, const char *parent_ns)
{
    if (parent_ns == NULL)
        parent_ns = NS_COMPONENT;
    if (xmpp_stanza_is_text(st)) {
        sj_strbuf_adds(out, xmpp_stanza_get_text_ptr(st));
        return;
    }
    const char *name = xmpp_stanza_get_name(st);
    const char *ns = xmpp_stanza_get_ns(st);
    sj_strbuf_addf(out, "<%s", name);
    canon_attributes(out, st, parent_ns);
    if (xmpp_stanza_get_children(st) == NULL) {
        sj_strbuf_adds(out, "/>");
        return;
    }
    sj_strbuf_adds(out, ">");
    for (xmpp_stanza_t *c = xmpp_stanza_get_children(st); c != NULL; c = xmpp_stanza_get_next(c))
        peer_canon(out, c, ns);
    sj_strbuf_addf(out, "</%s>", name);
}

/* ---- the session room ---- */

#define heard(...) peer_heard(__VA_ARGS__)
void peer_heard(struct peer *p, const char *fmt, ...)
{
    char *line = sj_malloc(PEER_LINE_SIZE);
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, PEER_LINE_SIZE, fmt, args);
    va_end(args);
    lines_add(&p->heard, sj_realloc(line, strlen(line) + 1));
}

static enum sj_status answer(struct peer *p, struct sj_error *err)
{
    return p->status == SJ_OK ? SJ_OK : sj_fail(err, p->status, "%s", p->text ? p->text : "");
}

static const char *or_dash(const char *s)
{
    return s != NULL ? s : "-";
}

static void on_up(void *ctx, unsigned host)
{
    heard(ctx, "up %u", host);
}

static void on_down(void *ctx, unsigned host)
{
    heard(ctx, "down %u", host);
}

static enum sj_status on_register_get(void *ctx, const struct xmpp_from *f,
                                      struct xmpp_form_out *out, struct sj_error *err)
{
    struct peer *p = ctx;
    heard(p, "register-get %s", f->user);
    *out = p->form;
    return answer(p, err);
}

static enum sj_status request(struct peer *p, xmpp_req req, struct sj_error *err)
{
    p->request = req;
    if (p->answer_at_once)
        xmpp_answer(p->xmpp, req, p->answer);
    return answer(p, err);
}

static enum sj_status on_register_set(void *ctx, const struct xmpp_from *f,
                                      const struct xmpp_form_in *form, xmpp_req req,
                                      struct sj_error *err)
{
    struct peer *p = ctx;
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 20);
    for (size_t i = 0; i < form->n; i++)
        sj_strbuf_addf(&b, " %s=%s", form->field[i].var, form->field[i].value);
    heard(p, "register-set %s%s", f->user, b.s);
    sj_strbuf_release(&b);
    return request(p, req, err);
}

static enum sj_status on_register_remove(void *ctx, const struct xmpp_from *f, xmpp_req req,
                                         struct sj_error *err)
{
    heard(ctx, "register-remove %s", f->user);
    return request(ctx, req, err);
}

static enum sj_status on_presence(void *ctx, const struct xmpp_presence_in *in,
                                  struct sj_error *err)
{
    static const char *const shows[] = {"offline", "online", "chat", "away", "xa", "dnd"};
    heard(ctx, "presence %s to %s: %s %d %s", in->from.full, or_dash(in->peer), shows[in->show],
          in->priority, or_dash(in->status));
    if (in->idle_since != 0)
        heard(ctx, "idle since %lld", (long long)in->idle_since);
    return answer(ctx, err);
}

static enum sj_status on_subscription(void *ctx, const struct xmpp_subscription_in *in,
                                      struct sj_error *err)
{
    static const char *const kinds[] = {"subscribe", "subscribed", "unsubscribe", "unsubscribed"};
    heard(ctx, "%s %s to %s: %s", kinds[in->kind], in->from.user, or_dash(in->peer),
          or_dash(in->text));
    return answer(ctx, err);
}

static void on_probe(void *ctx, const struct xmpp_from *f, const char *peer)
{
    heard(ctx, "probe %s to %s", f->full, or_dash(peer));
}

static void on_bounce(void *ctx, const struct xmpp_from *f, const char *peer, char kind,
                      const char *condition)
{
    heard(ctx, "bounce %s to %s: %c %s id=%s", f->full, or_dash(peer), kind, condition,
          or_dash(f->id));
}

/* " in-room", " nick=n": where in a room it is said. */
static const char *peer_where(bool in_room, const char *nick, char out[64])
{
    snprintf(out, 64, "%s%s%s", in_room ? " in-room" : "", nick != NULL ? " nick=" : "",
             nick != NULL ? nick : "");
    return out;
}

static void add_fact(struct sj_strbuf *out, const char *name, const char *value)
{
    if (value != NULL)
        sj_strbuf_addf(out, " %s=%s", name, value);
}

/* What a message has beyond its text: " receipt replaces=m1", "" nothing. */
static void on_message_facts(struct sj_strbuf *out, const struct xmpp_message_in *m)
{
    char where[64];
    sj_strbuf_adds(out, peer_where(m->in_room, m->nick, where));
    sj_strbuf_adds(out, m->wants_receipt ? " receipt" : "");
    sj_strbuf_adds(out, m->markable ? " markable" : "");
    sj_strbuf_adds(out, m->attention ? " attention" : "");
    if (m->state != XMPP_STATE_NONE)
        sj_strbuf_addf(out, " state=%d", (int)m->state);
    add_fact(out, "origin", m->origin_id);
    add_fact(out, "replaces", m->replaces);
    add_fact(out, "reply", m->reply_to);
    add_fact(out, "cut", m->reply_body);
    add_fact(out, "mentions", m->mentions);
    add_fact(out, "thread", m->thread);
}

static void on_unanswered(void *ctx, const struct xmpp_unanswered *u, const struct sj_error *why)
{
    char where[64];

    if (u->peer != NULL)
        heard(ctx, "unanswered %s to %s%s: %s id=%s", u->from.full, u->peer,
              peer_where(u->in_room, u->nick, where), sj_status_text(why->status),
              or_dash(u->from.id));
    else
        heard(ctx, "unanswered %c of %s (%s) to %s: %s id=%s", u->kind, u->from.full, u->from.user,
              u->to, sj_status_text(why->status), or_dash(u->from.id));
}

static enum sj_status on_mark(void *ctx, const struct xmpp_mark_in *m, struct sj_error *err)
{
    static const char *const kinds[] = {"received", "displayed", "retracted", "reactions"};
    struct sj_strbuf set;
    sj_strbuf_init(&set, 8192);
    for (size_t i = 0; i < m->n_reactions; i++)
        sj_strbuf_addf(&set, " %s", m->reactions[i]);
    char where[64];
    heard(ctx, "mark %s to %s: %s %s%s body=%s%s", m->from.full, or_dash(m->peer),
          kinds[m->kind], m->target, set.s, or_dash(m->body),
          peer_where(m->in_room, m->nick, where));
    sj_strbuf_release(&set);
    return answer(ctx, err);
}

static void on_state(void *ctx, const struct xmpp_from *f, const char *peer,
                     enum xmpp_chat_state state)
{
    heard(ctx, "state %s to %s: %d", f->full, or_dash(peer), (int)state);
}

static enum sj_status on_message(void *ctx, const struct xmpp_message_in *m, struct sj_error *err)
{
    struct peer *p = ctx;
    struct sj_strbuf facts;
    sj_strbuf_init(&facts, 1 << 20);
    on_message_facts(&facts, m);
    heard(p, "message %u %s to %s: %s%s%s", m->from.host, m->from.full, or_dash(m->peer),
          m->action ? "*" : "", m->body, facts.s);
    sj_strbuf_release(&facts);
    if (m->file != NULL)
        heard(p, "file %s name=%s type=%s size=%llu %ux%u length=%u hash=%d caption=%s",
              m->file->url, or_dash(m->file->name), or_dash(m->file->media_type),
              (unsigned long long)m->file->size, m->file->width, m->file->height,
              m->file->length_ms, (int)m->file->hash_kind, or_dash(m->file->caption));
    if (p->on_message != NULL)
        p->on_message(p, m);
    return answer(p, err);
}

static void on_slot(void *ctx, unsigned host, const struct xmpp_slot *slot)
{
    struct peer *p = ctx;
    struct sj_strbuf headers;
    sj_strbuf_init(&headers, 4096);
    for (size_t i = 0; i < slot->n_headers; i++)
        sj_strbuf_addf(&headers, " %s: %s", slot->header[i].name, slot->header[i].value);
    heard(p, "slot %u %llu %s max=%llu put=%s get=%s%s%s", host, (unsigned long long)slot->ticket,
          sj_status_text(slot->err.status), (unsigned long long)slot->size_max,
          or_dash(slot->put), or_dash(slot->get), slot->trusted ? " trusted" : "", headers.s);
    sj_strbuf_release(&headers);
}

/* old-ID is ID on the same host, other-ID on the next, far-ID nowhere, old- the host itself. */
static enum xmpp_moved on_moved(void *ctx, const char *id, unsigned *host, struct sj_strbuf *out)
{
    (void)ctx;
    if (strncmp(id, "far-", 4) == 0)
        return XMPP_MOVED_NOWHERE;
    if (strncmp(id, "other-", 6) == 0)
        ++*host;
    else if (strncmp(id, "old-", 4) != 0)
        return XMPP_MOVED_NOT;
    sj_strbuf_adds(out, strchr(id, '-') + 1);
    return XMPP_MOVED_TO;
}

static enum sj_status on_prompt(void *ctx, const struct xmpp_from *f, const char *typed,
                                struct sj_strbuf *id, struct sj_error *err)
{
    struct peer *p = ctx;
    heard(p, "prompt %s: %s", f->user, typed);
    sj_strbuf_adds(id, p->prompt_id != NULL ? p->prompt_id : typed);
    return answer(p, err);
}

static void on_peer(void *ctx, const struct xmpp_from *f, const char *peer, struct xmpp_peer *out)
{
    (void)f;
    struct peer *p = ctx;
    *out = p->contact;
    if (out->visible && out->name == NULL)
        out->name = peer;
}

static void on_rosterx(void *ctx, unsigned host, const char *full, bool supported)
{
    heard(ctx, "rosterx %u %s %d", host, full, supported);
}

static void on_handled(void *ctx, unsigned host, uint64_t token, bool ok)
{
    heard(ctx, "handled %u %llu %d", host, (unsigned long long)token, ok);
}

static bool on_person(void *ctx, const struct xmpp_from *f, const char *peer,
                      struct xmpp_person *out)
{
    struct peer *p = ctx;
    (void)f;
    *out = p->person;
    if (out->name == NULL)
        out->name = p->contact.name != NULL ? p->contact.name : peer;
    return p->contact.visible;
}

static enum sj_status on_card(void *ctx, const struct xmpp_from *f, const char *peer,
                              const struct xmpp_card_ask *ask, xmpp_req req, struct sj_error *err)
{
    struct peer *p = ctx;
    heard(p, "card %s %s wants=%u%s", f->full, peer, ask->wants, ask->sha1 != NULL ? " sha1" : "");
    p->request = req;
    if (p->status != SJ_OK)
        return sj_fail(err, p->status, "%s", p->text != NULL ? p->text : "");
    if (p->card != NULL)
        xmpp_answer_card(p->xmpp, req, p->card);
    return SJ_OK;
}

static void on_wants(void *ctx, unsigned host, const char *full, unsigned nodes)
{
    heard(ctx, "wants %u %s %u", host, full, nodes);
}

static void on_own_nick(void *ctx, const struct xmpp_from *f, const char *nick)
{
    heard(ctx, "own-nick %s %s", f->user, nick);
}

static void on_own_picture(void *ctx, const struct xmpp_from *f,
                           const struct xmpp_own_picture *picture)
{
    char hex[SJ_SHA1_HEX_SIZE] = "none";
    if (picture->sha1 != NULL)
        sj_sha1_hex(hex, picture->sha1);
    heard(ctx, "own-picture %s %s %zu%s", f->user, hex, picture->bytes,
          picture->by_card ? " card" : "");
}

static void on_own_data(void *ctx, unsigned host, const char *user, const uint8_t sha1[20],
                        const void *data, size_t len)
{
    char hex[SJ_SHA1_HEX_SIZE];
    sj_sha1_hex(hex, sha1);
    heard(ctx, "own-data %u %s %s %s %zu", host, user, hex, data != NULL ? "right" : "none", len);
}

static void on_command_list(void *ctx, const struct xmpp_from *f,
                            void (*each)(void *arg, const char *node, const char *title), void *arg)
{
    struct peer *p = ctx;
    heard(p, "command-list %s", f->user);
    if (p->status != SJ_OK)
        return;
    each(arg, "register", "Register");
    each(arg, "status", "Status");
}

static enum sj_status on_command_info(void *ctx, const struct xmpp_from *f, const char *node,
                                      const char **title, struct sj_error *err)
{
    struct peer *p = ctx;
    (void)f;
    if (strcmp(node, "register") != 0)
        return sj_fail(err, SJ_NOTFOUND, "%s", "");
    *title = "Register";
    return p->status == SJ_OK ? SJ_OK : sj_fail(err, p->status, "%s", "");
}

static enum sj_status on_command_step(void *ctx, const struct xmpp_command_in *in, uint64_t req,
                                      enum xmpp_command_fault *fault, struct sj_error *err)
{
    static const char *const actions[] = {"execute", "prev", "next", "complete", "cancel"};
    struct peer *p = ctx;
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 20);
    for (size_t i = 0; in->values != NULL && i < in->values->n; i++)
        sj_strbuf_addf(&b, " %s=%s", in->values->item[i].var, in->values->item[i].value);
    heard(p, "command %s %s %llu %s lang=%s%s%s", in->from->full, in->node,
          (unsigned long long)in->run, actions[in->action], or_dash(in->from->lang),
          in->values != NULL ? " form" : "", b.s);
    sj_strbuf_release(&b);
    p->request = req;
    *fault = p->fault;
    if (p->status != SJ_OK)
        return sj_fail(err, p->status, "%s", p->text != NULL ? p->text : "");
    if (p->command != NULL)
        xmpp_answer_command(p->xmpp, req, p->command);
    return SJ_OK;
}

static enum sj_status on_talk(void *ctx, const struct xmpp_from *f, const char *body,
                              struct sj_error *err)
{
    struct peer *p = ctx;
    heard(p, "talk %s: %s", f->full, body);
    return p->status == SJ_OK ? SJ_OK
                              : sj_fail(err, p->status, "%s", p->text != NULL ? p->text : "");
}

static void on_privileges(void *ctx, unsigned host, const char *domain)
{
    struct peer *p = ctx;
    struct sj_strbuf b;
    sj_strbuf_init(&b, 4096);
    xmpp_privileges_text(p->xmpp, host, &b);
    heard(p, "privileges %u %s: %s", host, domain, b.s);
    sj_strbuf_release(&b);
}

static void heard_item(struct peer *p, const char *what, unsigned host, const char *user,
                       const struct xmpp_roster_item *item)
{
    static const char *const subs[] = {"none", "to", "from", "both", "remove"};
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 20);
    for (size_t i = 0; i < item->n_groups; i++)
        sj_strbuf_addf(&b, " +%s", item->group[i]);
    heard(p, "%s %u %s: %s '%s' %s%s%s%s", what, host, user, item->peer,
          item->name ? item->name : "", subs[item->sub], item->asks ? " asks" : "",
          item->cut ? " cut" : "", b.s);
    sj_strbuf_release(&b);
}

static void on_item(void *ctx, unsigned host, const char *user, const struct xmpp_roster_item *item)
{
    heard_item(ctx, "item", host, user, item);
}

static void on_pushed(void *ctx, unsigned host, const char *user,
                      const struct xmpp_roster_item *item)
{
    heard_item(ctx, "pushed", host, user, item);
}

static void on_read(void *ctx, unsigned host, const char *user, bool ok)
{
    heard(ctx, "read %u %s %d", host, user, ok);
}

static void on_written(void *ctx, unsigned host, const char *user, const char *peer, bool ok)
{
    heard(ctx, "written %u %s %s %d", host, user, peer, ok);
}

static void on_bookmark(void *ctx, unsigned host, const char *user, const char *room)
{
    heard(ctx, "bookmark %u %s %s", host, user, room);
}

static void on_bookmarks_read(void *ctx, unsigned host, const char *user, bool ok)
{
    heard(ctx, "bookmarks-read %u %s %d", host, user, ok);
}

static void on_bookmarked(void *ctx, unsigned host, const char *user, const char *room, bool ok)
{
    heard(ctx, "bookmarked %u %s %s %d", host, user, room, ok);
}

static enum sj_status on_search_form(void *ctx, const struct xmpp_from *f, struct xmpp_form *out,
                                     struct sj_error *err)
{
    struct peer *p = ctx;
    heard(p, "search-form %s", f->user);
    out->instructions = "Whom?";
    out->n = 2;
    out->input[0] = (struct xmpp_input){.var = "nick", .label = "Name"};
    out->input[1] =
        (struct xmpp_input){.kind = XMPP_INPUT_BOOL, .var = "online", .label = "Now", .value = "0"};
    return p->status != SJ_OK ? sj_fail(err, p->status, "no") : SJ_OK;
}

static enum sj_status on_search_start(void *ctx, const struct xmpp_search_in *in, uint64_t req,
                                      struct sj_error *err)
{
    struct peer *p = ctx;
    struct sj_strbuf b;
    sj_strbuf_init(&b, 1 << 16);
    for (size_t i = 0; i < in->values->n; i++)
        sj_strbuf_addf(&b, " %s=%s", in->values->item[i].var, in->values->item[i].value);
    heard(p, "search %s %s%s", in->from->user, in->as_form ? "form" : "plain", b.s);
    sj_strbuf_release(&b);
    p->request = req;
    if (p->status != SJ_OK)
        return sj_fail(err, p->status, "no");
    if (p->found != NULL)
        xmpp_answer_search(p->xmpp, req,
                           &(struct xmpp_search_out){.found = p->found,
                                                     .n = p->n_found,
                                                     .as_form = in->as_form,
                                                     .page = in->page});
    return SJ_OK;
}

const struct xmpp_in peer_session = {
    .up = on_up,
    .down = on_down,
    .register_get = on_register_get,
    .register_set = on_register_set,
    .register_remove = on_register_remove,
    .presence = on_presence,
    .subscription = on_subscription,
    .probe = on_probe,
    .bounce = on_bounce,
    .message = on_message,
    .messages = {.mark = on_mark, .state = on_state},
    .unanswered = on_unanswered,
    .moved = on_moved,
    .prompt = on_prompt,
    .peer = on_peer,
    .rosterx = on_rosterx,
    .handled = on_handled,
    .profile = {.person = on_person, .card = on_card, .wants = on_wants, .own_nick = on_own_nick,
                .own_picture = on_own_picture, .own_data = on_own_data},
    .search = {.form = on_search_form, .start = on_search_start},
    .command = {.list = on_command_list, .info = on_command_info, .step = on_command_step,
                .talk = on_talk},
    .file = {.slot = on_slot},
    .muc = {.is_room = peer_is_room, .join = peer_on_join, .presence = peer_on_room_presence,
            .leave = peer_on_leave, .lost = peer_on_lost, .subject = peer_on_subject,
            .state = peer_on_room_state, .invite = peer_on_invite, .place = peer_place,
            .card = peer_on_room_card, .picture = peer_on_room_picture,
            .admin_get = peer_on_admin_get,
            .admin_set = peer_on_admin_set, .config_get = peer_on_config_get,
            .config_set = peer_on_config_set, .destroy = peer_on_destroy,
            .moderate = peer_on_moderate, .info = peer_on_room_info,
            .list = peer_on_room_list},
    .archive = {.query = peer_on_archive, .ends = peer_on_archive_ends},
    .privilege =
        {
            .changed = on_privileges,
            .item = on_item,
            .read = on_read,
            .written = on_written,
            .pushed = on_pushed,
            .bookmark = on_bookmark,
            .bookmarks_read = on_bookmarks_read,
            .bookmarked = on_bookmarked,
        },
};

/* ---- the server ---- */

static void link_on_opened(void *arg, const char *id)
{
    (void)id;
    ((struct peer_link *)arg)->opened = true;
}

/* What asks whether everything before it was handled: a ping of the gateway's to a server. */
static bool link_is_question(xmpp_stanza_t *st)
{
    const char *from = xmpp_stanza_get_from(st), *to = xmpp_stanza_get_to(st);

    return xmpp_stanza_get_child_by_ns(st, "urn:xmpp:ping") && from && to &&
           !strpbrk(from, "@/") && !strpbrk(to, "@/") && strcmp(from, to) != 0;
}

static void link_on_stanza(void *arg, xmpp_stanza_t *st, bool cut)
{
    struct peer_link *l = arg;
    struct sj_strbuf text;
    if (!l->peer->shows_questions && link_is_question(st))
        return;
    sj_strbuf_init(&text, 16 << 20);
    cr_assert(!cut, "the room sent a stanza beyond the limits");
    peer_canon(&text, st, NULL);
    lines_add(&l->sent, sj_strbuf_take(&text));
}

static void link_on_closed(void *arg)
{
    ((struct peer_link *)arg)->closed = true;
}

static const struct stream_events link_events = {
    .opened = link_on_opened,
    .stanza = link_on_stanza,
    .closed = link_on_closed,
};

static void link_drop(struct peer_link *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    stream_free(&l->stream);
    lines_release(&l->sent);
    l->opened = l->closed = false;
}

/* Reads what is there; true when there was something. */
static bool link_read(struct peer_link *l)
{
    char buffer[65536];
    ssize_t n = l->fd >= 0 ? recv(l->fd, buffer, sizeof buffer, MSG_DONTWAIT) : -1;
    if (n == 0)
        l->closed = true;
    if (n <= 0)
        return false;
    l->bytes += (size_t)n;
    const char *error = stream_feed(l->stream, buffer, (size_t)n);
    cr_assert(error == NULL, "the room's stream is broken: %s\n%.*s", error, (int)n, buffer);
    return true;
}

/* Reads from every link that has something; true when one had. */
static bool links_read(struct peer *p)
{
    struct pollfd ready[PEER_HOSTS_MAX];
    unsigned n = p->options.n_hosts;
    bool any = false;
    for (unsigned i = 0; i < n; i++)
        ready[i] = (struct pollfd){.fd = p->link[i].fd, .events = POLLIN};
    if (poll(ready, n, 0) <= 0)
        return false;
    for (unsigned i = 0; i < n; i++)
        while (ready[i].revents != 0 && link_read(&p->link[i]))
            any = true;
    return any;
}

void peer_settle(struct peer *p)
{
    for (int quiet = 0; quiet < 3; quiet++) {
        sj_loop_turn(p->loop, quiet);
        if (links_read(p))
            quiet = 0;
    }
}

static int listen_on_loopback(uint16_t *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 512) == 0);
    cr_assert(getsockname(fd, (struct sockaddr *)&a, &len) == 0);
    *port = ntohs(a.sin_port);
    return fd;
}

struct peer *peer_new(unsigned n)
{
    cr_assert(n <= PEER_HOSTS_MAX);
    struct peer *p = sj_calloc(1, sizeof *p);
    p->loop = sj_loop_new();
    p->log = (struct sj_log){.area = "test"};
    sj_log_set_level(getenv("PEER_DEBUG") != NULL ? SJ_LOG_DEBUG : SJ_LOG_ERROR);
    uint16_t port = 0;
    p->listener = listen_on_loopback(&port);
    for (unsigned i = 0; i < n; i++) {
        snprintf(p->names[i], sizeof p->names[i], "irc%u.example.org", i);
        p->link[i] = (struct peer_link){.peer = p, .host = i, .fd = -1};
        p->hosts[i] = (struct xmpp_host){
            .name = p->names[i],
            .secret = "sojourn",
            .server = "127.0.0.1",
            .port = port,
            .identity_type = "irc",
            .identity_name = "Example IRC",
            .prompt_name = "nickname",
            .prompt_text = "Nickname of the person",
            .contacts_suggested = true,
        };
    }
    p->options = (struct xmpp_options){
        .hosts = p->hosts,
        .n_hosts = n,
        .version = "0.1",
        .stanza_max = (size_t)256 * 1024,
        .queue_max = (size_t)1024 * 1024,
    };
    p->contact = (struct xmpp_peer){.visible = true, .known = true, .show = XMPP_ONLINE};
    p->xmpp = xmpp_new(p->loop, &p->log, &p->options, &peer_session, p);
    return p;
}

void peer_free(struct peer **at)
{
    struct peer *p = *at;
    xmpp_room_free(&p->xmpp);
    for (unsigned i = 0; i < p->options.n_hosts; i++)
        link_drop(&p->link[i]);
    lines_release(&p->heard);
    close(p->listener);
    sj_loop_free(&p->loop);
    sj_free(p);
    *at = NULL;
}

struct peer_link *peer_accept(struct peer *p, unsigned host)
{
    struct peer_link *l = &p->link[host];
    link_drop(l);
    for (int turns = 0; turns < 2000 && l->fd < 0; turns++) {
        sj_loop_turn(p->loop, 0);
        struct pollfd ready = {.fd = p->listener, .events = POLLIN};
        if (poll(&ready, 1, 5) > 0)
            l->fd = accept(p->listener, NULL, NULL);
    }
    cr_assert(l->fd >= 0, "no connection came");
    l->stream = stream_new(&link_events, l);
    p->accepted++;
    return l;
}

void peer_handshake(struct peer *p, unsigned host)
{
    struct peer_link *l = &p->link[host];
    for (int turns = 0; turns < 2000 && !l->opened; turns++)
        peer_settle(p);
    cr_assert(l->opened, "no stream header came");
    peer_say(p, host,
             "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
             "xmlns:stream='http://etherx.jabber.org/streams' from='irc0.example.org' "
             "id='3BF96D32'>");
    peer_expect_at(p, host, "<handshake>b40106087d2a3184dae337085f44de64a375e36c</handshake>",
                   __FILE__, __LINE__);
    peer_say(p, host, "<handshake/>");
}

void peer_start(struct peer *p)
{
    xmpp_start(p->xmpp);
    for (unsigned i = 0; i < p->options.n_hosts; i++) {
        char line[16];
        peer_accept(p, i);
        peer_handshake(p, i);
        snprintf(line, sizeof line, "up %u", i);
        peer_hears_at(p, line, __FILE__, __LINE__);
    }
}

void peer_say_n(struct peer *p, unsigned host, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(p->link[host].fd, text, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            text += sent;
            n -= (size_t)sent;
        } else if (errno != EAGAIN) {
            break;
        }
        peer_settle(p);
    }
    peer_settle(p);
}

void peer_say(struct peer *p, unsigned host, const char *text)
{
    peer_say_n(p, host, text, strlen(text));
}

char *peer_next(struct peer *p, unsigned host)
{
    struct peer_link *l = &p->link[host];
    for (int turns = 0; turns < PEER_TURNS && l->sent.first == l->sent.end; turns++)
        peer_settle(p);
    return lines_take(&l->sent);
}

void peer_expect_at(struct peer *p, unsigned host, const char *expected, const char *file, int line)
{
    char *got = peer_next(p, host);
    cr_assert(got != NULL && peer_match(expected, got), "%s:%d: expected\n  %s\ngot\n  %s", file,
              line, expected, got != NULL ? got : "nothing");
    sj_free(got);
}

void peer_expect_nothing_at(struct peer *p, unsigned host, const char *file, int line)
{
    char mark[256];
    snprintf(mark, sizeof mark,
             "<iq type='get' id='mark%u' from='mark@example.net/m' to='%s'>"
             "<ping xmlns='urn:xmpp:ping'/></iq>",
             ++p->marks, p->names[host]);
    peer_say(p, host, mark);
    snprintf(mark, sizeof mark, "<iq from='%s' id='mark%u' to='mark@example.net/m' type='result'/>",
             p->names[host], p->marks);
    peer_expect_at(p, host, mark, file, line);
}

void peer_hears_at(struct peer *p, const char *expected, const char *file, int line)
{
    for (int turns = 0; turns < PEER_TURNS && p->heard.first == p->heard.end; turns++)
        peer_settle(p);
    char *got = lines_take(&p->heard);
    cr_assert(got != NULL && peer_match(expected, got), "%s:%d: expected to hear\n  %s\ngot\n  %s",
              file, line, expected, got != NULL ? got : "nothing");
    sj_free(got);
}

void peer_hears_nothing_at(struct peer *p, const char *file, int line)
{
    peer_expect_nothing_at(p, 0, file, line);
    char *got = lines_take(&p->heard);
    cr_assert(got == NULL, "%s:%d: expected to hear nothing, got\n  %s", file, line, got);
}
