/* SPDX-License-Identifier: MPL-2.0 */
/* The warden lets happen at a word what a user cannot bring about alone: being kicked, a guest who
 * talks, a split of the network, the end of a link. docs/BACKENDS.md has the words for readers.
 *
 * It hears what begins with "!" in a room where it is, what is whispered to it there, and what it
 * is told as a contact. Everybody may command it: it is there to try things on, and bounded by
 * what a room bears. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loopback_link.h"
#include "loopback_room.h"
#include "loopback_room_picture.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define WARDEN_CROWD_MAX 5000            /* guests, or messages, of one word */

/* A word that was heard. */
struct order {
    struct loopback_link *l;             /* of whom it is */
    struct sj_net *net;
    struct loopback_room *r;             /* or NULL: none */
    struct loopback_occupant *warden, *who;      /* in it; who: whom it is about */
    const char *rest;                    /* what follows, "" for nothing */
    uint64_t number;                     /* of the message */
};

struct word {
    const char *word;
    unsigned needs;
    void (*obey)(struct order *o, int value);
    int value;
};
enum { WORD_ROOM = 1, WORD_WHO = 3, WORD_REST = 4 };    /* who: is in the room */

static const char *order_reason(const struct order *o)
{
    return *o->rest ? o->rest : NULL;
}

/* --- words about somebody ----------------------------------------------------------------- */

static void obey_exit(struct order *o, int kind)
{
    const bool lost = kind == SJ_EXIT_LOST || kind == SJ_EXIT_LEFT;
    const struct sj_exit exit = {
        .kind = (enum sj_exit_kind)kind,
        .actor = lost ? NULL : o->warden->nick,
        .reason = order_reason(o),
    };
    if (o->who == o->warden)
        return;                              /* without it nothing here could be undone */
    loopback_occupant_exit(o->net, o->r, o->who, &exit);
    loopback_room_tidy(o->net, o->r);
}

static void obey_affiliation(struct order *o, int affiliation)
{
    char id[LOOPBACK_ID_MAX + 1];
    sj_copy(id, sizeof id, o->who->id);
    if (!*id || o->who == o->warden)
        return;
    (void)loopback_room_appoint(o->net, o->r, id, (enum sj_affiliation)affiliation,
                                o->warden->nick, order_reason(o));
    loopback_room_tidy(o->net, o->r);
}

static void obey_role(struct order *o, int role)
{
    loopback_occupant_set_role(o->net, o->r, o->who, (enum sj_role)role);
}

static void obey_gag(struct order *o, int on)
{
    o->who->gagged = on;
}

static void obey_rename(struct order *o, int unused)
{
    char nick[LOOPBACK_NICK_MAX + 1];
    (void)unused;
    if (loopback_nick_fold(nick, o->rest) && !loopback_occupant_find(o->r, nick))
        loopback_occupant_rename(o->net, o->r, o->who, nick);
}

static void obey_show(struct order *o, int show)
{
    if (o->who->kind == LOOPBACK_USER)
        return;                              /* who shows themselves */
    o->who->show = (enum sj_show)show;
    loopback_room_set(&o->who->status, o->rest);
    loopback_occupant_tell(o->net, o->r, o->who);
}

static void obey_typing(struct order *o, int typing)
{
    loopback_room_typing(o->net, o->r, o->who, (enum sj_typing)typing);
}

/* --- words that speak --------------------------------------------------------------------- */

enum { SPEAK_PLAIN, SPEAK_ACTION, SPEAK_NOTICE };

static void order_say(struct order *o, const struct loopback_occupant *by,
                      const struct sj_message *m, const struct loopback_occupant *to)
{
    const struct loopback_speech s = {
        .by = by,
        .to = to,
        .own = by->kind == LOOPBACK_USER,
    };
    uint64_t number = loopback_room_say(o->net, o->r, m, &s);
    if (by == o->warden && !to)
        o->r->spoken = number;
}

static void obey_speak(struct order *o, int kind)
{
    const struct sj_message m = {
        .peer = o->r->id,
        .body = o->rest,
        .action = kind == SPEAK_ACTION,
        .notice = kind == SPEAK_NOTICE,
    };
    order_say(o, o->who, &m, NULL);
}

static void obey_whisper(struct order *o, int unused)
{
    const struct sj_message m = {.peer = o->r->id, .body = o->rest};
    (void)unused;
    order_say(o, o->who, &m, loopback_occupant_of(o->r, o->l->id));
}

static void obey_reply(struct order *o, int unused)
{
    char id[LOOPBACK_ROOM_MESSAGE_SIZE];
    const struct sj_message m = {.peer = o->r->id, .body = o->rest, .reply_to = id};
    (void)unused;
    loopback_room_message_name(id, o->number, o->r->id);
    order_say(o, o->warden, &m, NULL);
}

/* In the thread that begins with the message with the word. */
static void obey_thread(struct order *o, int unused)
{
    char id[LOOPBACK_ROOM_MESSAGE_SIZE];
    const struct sj_message m = {.peer = o->r->id, .body = o->rest, .thread = id};
    (void)unused;
    loopback_room_message_name(id, o->number, o->r->id);
    order_say(o, o->warden, &m, NULL);
}

/* Its last message is replaced. */
static void obey_correct(struct order *o, int unused)
{
    char id[LOOPBACK_ROOM_MESSAGE_SIZE];
    const struct sj_message m = {.peer = o->r->id, .body = o->rest, .replaces = id};
    uint64_t first = o->r->spoken;
    (void)unused;
    loopback_room_message_name(id, first, o->r->id);
    if (first)
        order_say(o, o->warden, &m, NULL);
    o->r->spoken = first;
}

/* Something about a message. */
static void order_mark(struct order *o, int kind, uint64_t number)
{
    char id[LOOPBACK_ROOM_MESSAGE_SIZE];
    const struct sj_mark m = {
        .kind = (enum sj_mark_kind)kind,
        .peer = o->r->id,
        .target = id,
        .reactions = &o->rest,
        .n_reactions = kind == SJ_MARK_REACTIONS && *o->rest,
    };
    loopback_room_message_name(id, number, o->r->id);
    if (number && strlen(o->rest) <= SJ_REACTION_MAX)
        loopback_room_mark(o->net, o->r, &m, o->warden);
}

/* Its own last message. */
static void obey_retract(struct order *o, int unused)
{
    (void)unused;
    order_mark(o, SJ_MARK_RETRACTED, o->r->spoken);
}

/* The message with the word. */
static void obey_mark(struct order *o, int kind)
{
    order_mark(o, kind, o->number);
}

/* A number of times the same, for limits. */
static void obey_repeat(struct order *o, int unused)
{
    char *end = NULL;
    long n = strtol(o->rest, &end, 10);
    struct sj_message m = {.peer = o->r->id};
    (void)unused;
    m.body = *end == ' ' && end[1] ? end + 1 : "again";
    for (long i = 0; i < n && i < WARDEN_CROWD_MAX; i++)
        order_say(o, o->warden, &m, NULL);
}

/* --- words about many --------------------------------------------------------------------- */

static void obey_join(struct order *o, int unused)
{
    char nick[LOOPBACK_NICK_MAX + 1];
    (void)unused;
    if (o->r->nicks.used < LOOPBACK_OCCUPANTS_MAX && loopback_nick_fold(nick, o->rest) &&
        !loopback_occupant_find(o->r, nick))
        (void)loopback_occupant_enter(o->net, o->r, LOOPBACK_GUEST, "", nick);
}

/* So many, if everybody can hear of them. */
static unsigned order_count(const struct order *o)
{
    int64_t n;
    if (!sj_parse_int(o->rest, 1, WARDEN_CROWD_MAX, &n) ||
        !loopback_room_has_space(o->net, o->r, (size_t)n + 16))
        return 0;
    return (unsigned)n;
}

static void order_crowd(struct order *o, unsigned n)
{
    char nick[LOOPBACK_NICK_MAX + 1];
    while (n > 0 && o->r->nicks.used < LOOPBACK_OCCUPANTS_MAX) {
        snprintf(nick, sizeof nick, "guest%u", ++o->r->guests);
        if (loopback_occupant_find(o->r, nick))
            continue;
        (void)loopback_occupant_enter(o->net, o->r, LOOPBACK_GUEST, "", nick);
        n--;
    }
}

static void obey_crowd(struct order *o, int unused)
{
    (void)unused;
    order_crowd(o, order_count(o));
}

/* The network falls apart: the last of the guests are lost at once. */
static void obey_split(struct order *o, int unused)
{
    const struct sj_exit exit = {.kind = SJ_EXIT_LOST, .reason = "split of the network"};
    unsigned n = order_count(o);
    struct sj_list *prev;
    (void)unused;
    for (struct sj_list *i = o->r->order.prev; n > 0 && i != &o->r->order; i = prev) {
        struct loopback_occupant *guest = SJ_CONTAINER(i, struct loopback_occupant, order);
        prev = i->prev;
        if (guest->kind != LOOPBACK_GUEST)
            continue;
        loopback_occupant_exit(o->net, o->r, guest, &exit);
        o->r->absent++;
        n--;
    }
}

static void obey_heal(struct order *o, int unused)
{
    (void)unused;
    if (!loopback_room_has_space(o->net, o->r, o->r->absent))
        return;
    o->r->guests -= o->r->absent <= o->r->guests ? o->r->absent : o->r->guests;
    order_crowd(o, o->r->absent);
    o->r->absent = 0;
}

/* --- words about the room ----------------------------------------------------------------- */

static void obey_subject(struct order *o, int unused)
{
    (void)unused;
    loopback_room_set_subject(o->net, o->r, o->warden->nick, o->rest);
}

static void obey_name(struct order *o, int unused)
{
    (void)unused;
    loopback_room_set(&o->r->name, o->rest);
    loopback_room_tell_room(o->net, o->r);
}

static void obey_describe(struct order *o, int unused)
{
    (void)unused;
    loopback_room_set(&o->r->description, o->rest);
    loopback_room_tell_room(o->net, o->r);
}

static void obey_picture(struct order *o, int unused)
{
    (void)unused;
    loopback_room_picture_next(o->net, o->r);
    loopback_room_tell_room(o->net, o->r);
}

static void obey_password(struct order *o, int unused)
{
    (void)unused;
    if (strlen(o->rest) <= SJ_ROOM_PASSWORD_MAX)
        loopback_room_set_password(o->r, o->rest);
    loopback_room_tell_room(o->net, o->r);
}

static const struct {
    const char *word;
    uint32_t flag;
} warden_flags[] = {
    {"secret", SJ_ROOM_SECRET},
    {"members", SJ_ROOM_MEMBERS_ONLY},
    {"moderated", SJ_ROOM_MODERATED},
    {"locked", SJ_ROOM_SUBJECT_LOCKED},
    {"anonymous", SJ_ROOM_ANONYMOUS},
    {"logged", SJ_ROOM_LOGGED},
};

static void obey_flag(struct order *o, int on)
{
    for (size_t i = 0; i < sizeof warden_flags / sizeof warden_flags[0]; i++) {
        uint32_t flag = warden_flags[i].flag;
        if (strcmp(warden_flags[i].word, o->rest) == 0)
            loopback_room_set_flags(o->net, o->r, on ? flag : 0, flag);
    }
    loopback_room_tell_room(o->net, o->r);
}

static void obey_close(struct order *o, int unused)
{
    const struct sj_exit exit = {.kind = SJ_EXIT_CLOSED, .actor = o->warden->nick,
                                 .reason = order_reason(o)};
    (void)unused;
    loopback_room_end(o->net, o->r, &exit);
}

static void obey_crash(struct order *o, int unused)
{
    const struct sj_exit exit = {.kind = SJ_EXIT_LOST, .reason = order_reason(o)};
    struct loopback_room *r = o->r;
    (void)unused;
    loopback_room_empty(o->net, r, &exit);
    loopback_room_tidy(o->net, r);
}

/* --- words for everywhere ----------------------------------------------------------------- */

/* "ROOM why" */
static void obey_invite(struct order *o, int unused)
{
    char id[LOOPBACK_ID_MAX + 1];
    char word[LOOPBACK_ID_MAX + 1];
    size_t n = strcspn(o->rest, " ");
    struct loopback_told t = {.kind = LOOPBACK_TOLD_INVITED, .flag = true};
    (void)unused;
    if (n > LOOPBACK_ID_MAX)
        return;
    memcpy(word, o->rest, n);
    word[n] = '\0';
    struct loopback_room *r = loopback_room_fold(id, word) ? loopback_room_find(o->net, id) : NULL;
    t.text[LOOPBACK_ID] = LOOPBACK_WARDEN;
    t.text[LOOPBACK_WORDS] = o->rest[n] && o->rest[n + 1] ? o->rest + n + 1 : NULL;
    if (!r)
        return;
    if (r->flags & SJ_ROOM_MEMBERS_ONLY &&
        loopback_affiliation_of(r, o->l->id) == SJ_AFFILIATION_NONE)
        (void)loopback_room_affiliate(r, o->l->id, SJ_AFFILIATION_MEMBER, NULL);
    loopback_told_add(o->l, r->id, &t);
}

static void obey_end(struct order *o, int end)
{
    loopback_link_cut(o->l, (enum sj_end)end);
}

static void obey_words(struct order *o, int unused);

static const struct word warden_words[] = {
    {"words", 0, obey_words, 0},
    {"kick", WORD_WHO, obey_exit, SJ_EXIT_KICKED},
    {"part", WORD_WHO, obey_exit, SJ_EXIT_LEFT},
    {"lose", WORD_WHO, obey_exit, SJ_EXIT_LOST},
    {"remove", WORD_WHO, obey_exit, SJ_EXIT_REMOVED},
    {"ban", WORD_WHO, obey_affiliation, SJ_AFFILIATION_OUTCAST},
    {"nobody", WORD_WHO, obey_affiliation, SJ_AFFILIATION_NONE},
    {"member", WORD_WHO, obey_affiliation, SJ_AFFILIATION_MEMBER},
    {"admin", WORD_WHO, obey_affiliation, SJ_AFFILIATION_ADMIN},
    {"owner", WORD_WHO, obey_affiliation, SJ_AFFILIATION_OWNER},
    {"mute", WORD_WHO, obey_role, SJ_ROLE_VISITOR},
    {"voice", WORD_WHO, obey_role, SJ_ROLE_PARTICIPANT},
    {"op", WORD_WHO, obey_role, SJ_ROLE_MODERATOR},
    {"gag", WORD_WHO, obey_gag, true},
    {"ungag", WORD_WHO, obey_gag, false},
    {"rename", WORD_WHO | WORD_REST, obey_rename, 0},
    {"away", WORD_WHO, obey_show, SJ_SHOW_AWAY},
    {"back", WORD_WHO, obey_show, SJ_SHOW_ONLINE},
    {"typing", WORD_WHO, obey_typing, SJ_TYPING_ACTIVE},
    {"stopped", WORD_WHO, obey_typing, SJ_TYPING_STOPPED},
    {"say", WORD_WHO | WORD_REST, obey_speak, SPEAK_PLAIN},
    {"act", WORD_WHO | WORD_REST, obey_speak, SPEAK_ACTION},
    {"note", WORD_WHO | WORD_REST, obey_speak, SPEAK_NOTICE},
    {"whisper", WORD_WHO | WORD_REST, obey_whisper, 0},
    {"reply", WORD_ROOM | WORD_REST, obey_reply, 0},
    {"thread", WORD_ROOM | WORD_REST, obey_thread, 0},
    {"correct", WORD_ROOM | WORD_REST, obey_correct, 0},
    {"retract", WORD_ROOM, obey_retract, 0},
    {"moderate", WORD_ROOM, obey_mark, SJ_MARK_RETRACTED},
    {"react", WORD_ROOM, obey_mark, SJ_MARK_REACTIONS},
    {"read", WORD_ROOM, obey_mark, SJ_MARK_DISPLAYED},
    {"repeat", WORD_ROOM | WORD_REST, obey_repeat, 0},
    {"join", WORD_ROOM | WORD_REST, obey_join, 0},
    {"crowd", WORD_ROOM | WORD_REST, obey_crowd, 0},
    {"split", WORD_ROOM | WORD_REST, obey_split, 0},
    {"heal", WORD_ROOM, obey_heal, 0},
    {"subject", WORD_ROOM, obey_subject, 0},
    {"name", WORD_ROOM, obey_name, 0},
    {"describe", WORD_ROOM, obey_describe, 0},
    {"password", WORD_ROOM, obey_password, 0},
    {"picture", WORD_ROOM, obey_picture, 0},
    {"set", WORD_ROOM | WORD_REST, obey_flag, 1},
    {"unset", WORD_ROOM | WORD_REST, obey_flag, 0},
    {"close", WORD_ROOM, obey_close, 0},
    {"crash", WORD_ROOM, obey_crash, 0},
    {"invite", WORD_REST, obey_invite, 0},
    {"outage", 0, obey_end, SJ_END_CLOSED},
    {"restart", 0, obey_end, SJ_END_RESTART},
};
#define WARDEN_WORDS (sizeof warden_words / sizeof warden_words[0])

/* Says something to who has said the word, where it was said. */
static void order_answer(struct order *o, const char *text)
{
    const struct sj_message m = {.peer = o->r ? o->r->id : LOOPBACK_WARDEN, .body = text};
    const struct loopback_post post = {.from = LOOPBACK_WARDEN, .number = ++o->net->message};
    if (o->r)
        order_say(o, o->warden, &m, loopback_occupant_of(o->r, o->l->id));
    else
        (void)loopback_queue_message(o->l, &m, &post);
}

static void obey_words(struct order *o, int unused)
{
    struct sj_strbuf out;
    (void)unused;
    sj_strbuf_init(&out, SJ_BODY_MAX);
    for (size_t i = 0; i < WARDEN_WORDS; i++)
        sj_strbuf_addf(&out, "%s%s%s%s", i ? ", " : "", warden_words[i].word,
                       (warden_words[i].needs & WORD_WHO) == WORD_WHO ? " WHO" : "",
                       warden_words[i].needs & WORD_REST ? " ..." : "");
    order_answer(o, out.s);
    sj_strbuf_release(&out);
}

/* --- hearing ------------------------------------------------------------------------------ */

/* The next word of *text, which goes on behind it. */
static void order_take(char *out, size_t size, const char **text)
{
    size_t n = strcspn(*text, " ");
    size_t kept = n < size ? n : size - 1;
    memcpy(out, *text, kept);
    out[kept] = '\0';
    *text += n;
    *text += strspn(*text, " ");
}

static bool order_find_who(struct order *o)
{
    char nick[LOOPBACK_NICK_MAX + 1];
    order_take(nick, sizeof nick, &o->rest);
    o->who = strcmp(nick, "me") == 0 ? loopback_occupant_of(o->r, o->l->id)
                                     : loopback_occupant_find(o->r, nick);
    return o->who != NULL;
}

void loopback_warden_hears(struct loopback_link *l, struct loopback_room *r, const char *words,
                           uint64_t number)
{
    char word[16];
    struct order o = {.l = l, .net = l->base.net, .r = r, .rest = words, .number = number};
    o.warden = r ? loopback_occupant_of(r, LOOPBACK_WARDEN) : NULL;
    if (r && !o.warden)
        return;                      /* it is not there */
    order_take(word, sizeof word, &o.rest);
    const struct word *w = warden_words;
    while (w < warden_words + WARDEN_WORDS && strcmp(w->word, word) != 0)
        w++;
    bool known = w < warden_words + WARDEN_WORDS && (!(w->needs & WORD_ROOM) || r);
    if (known && (w->needs & WORD_WHO) == WORD_WHO)
        known = order_find_who(&o);
    if (known && w->needs & WORD_REST)
        known = *o.rest != '\0';
    if (known)
        w->obey(&o, w->value);
    else
        order_answer(&o, "I do not understand; try: words");
}
