/* SPDX-License-Identifier: MPL-2.0 */
/* The configuration of rooms as a form, and their end.
 *
 * The form has what the network lets the asker change, and nothing else (G045-89); fields that are
 * not known are passed over when it comes back, values that make no sense refuse it as a whole
 * (G045-90). An empty form takes a new room as it is, a cancelled one gives it up (G045-88). A
 * password is lent for one call and wiped here. Source: XEP-0045 §10.1, §10.2, §10.9, §16.5.3. */
#include <stdio.h>
#include <string.h>

#include "component.h"
#include "form.h"
#include "handlers.h"
#include "muc.h"
#include "sojourn/contact.h"
#include "sojourn/translate.h"

#define OWNER_FORM NS_MUC "#roomconfig"
#define OWNER_VAR "muc#roomconfig_"
#define OWNER_ALIASES "x-aliases"        /* ours: no name is registered for it (XEP-0068 §3.4) */

/* Values of the form that are lists; borrowed from the stanza. */
struct owner_lists {
    const char *aliases[XMPP_ROOM_ALIASES_MAX];
};

/* Flags that are boolean fields; inverted: the field says the opposite. */
static const struct {
    const char *var, *label;
    uint32_t flag;
    bool inverted;
} owner_flags[] = {
    {OWNER_VAR "publicroom", N_("Shown in public lists"), XMPP_ROOM_SECRET, true},
    {OWNER_VAR "membersonly", N_("Only members may enter"), XMPP_ROOM_MEMBERS_ONLY, false},
    {OWNER_VAR "moderatedroom", N_("Only those with voice may speak"), XMPP_ROOM_MODERATED, false},
    {OWNER_VAR "passwordprotectedroom", N_("A password is needed"), XMPP_ROOM_PASSWORD, false},
    {OWNER_VAR "changesubject", N_("Everybody may change the subject"), XMPP_ROOM_SUBJECT_LOCKED,
     true},
    {OWNER_VAR "persistentroom", N_("Stays when nobody is in it"), XMPP_ROOM_PERSISTENT, false},
    {OWNER_VAR "enablelogging", N_("What is said is public"), XMPP_ROOM_LOGGED, false},
};
#define OWNER_FLAGS (sizeof owner_flags / sizeof *owner_flags)

enum sj_status muc_handle_owner_get(struct inbound *in, struct sj_error *err)
{
    enum sj_status status = router_defer(in, false, err);
    if (status != SJ_OK)
        return status;
    return in->x->in->muc.config_get(in->x->ctx, &in->from, in->peer, in->request, err);
}

/* ---- reading ---- */

static bool owner_read_bool(const char *value, bool *out)
{
    *out = strcmp(value, "1") == 0 || strcmp(value, "true") == 0;
    return *out || strcmp(value, "0") == 0 || strcmp(value, "false") == 0;
}

static void owner_set_flag(struct xmpp_room_config *c, uint32_t flag, bool on)
{
    c->known |= flag;
    c->flags = on ? c->flags | flag : c->flags & ~flag;
}

/* false: the value makes no sense. */
static bool owner_read_flag(struct xmpp_room_config *c, const char *var, const char *value,
                            bool *known)
{
    bool on = false;
    *known = true;
    for (size_t i = 0; i < OWNER_FLAGS; i++)
        if (strcmp(var, owner_flags[i].var) == 0) {
            bool ok = owner_read_bool(value, &on);
            owner_set_flag(c, owner_flags[i].flag, on != owner_flags[i].inverted);
            return ok;
        }
    if (strcmp(var, OWNER_VAR "whois") == 0) {
        owner_set_flag(c, XMPP_ROOM_ANONYMOUS, strcmp(value, "moderators") == 0);
        return strcmp(value, "moderators") == 0 || strcmp(value, "anyone") == 0;
    }
    *known = false;
    return true;
}

static bool owner_read_text(const char **out, const char *value, size_t max)
{
    *out = value;
    return strlen(value) <= max;
}

/* One of its lines; blank ones are none. */
static bool owner_read_alias(struct owner_lists *lists, size_t *n, const char *text)
{
    if (text[strspn(text, " \t\r\n")] == '\0')
        return true;
    if (*n == XMPP_ROOM_ALIASES_MAX || strlen(text) > SJ_ID_MAX || strpbrk(text, "\t\r\n"))
        return false;
    lists->aliases[(*n)++] = text;
    return true;
}

static bool owner_read_aliases(struct xmpp_room_config *c, struct owner_lists *lists,
                               xmpp_stanza_t *field)
{
    bool good = true;
    c->aliases = lists->aliases;
    c->n_aliases = 0;
    for (xmpp_stanza_t *v = stanza_first(field); v != NULL && good; v = stanza_next(v)) {
        if (stanza_is(v, "value", NS_DATA))
            good = owner_read_alias(lists, &c->n_aliases, stanza_text(v));
    }
    return good;
}

static bool owner_read_field(struct xmpp_room_config *c, const char *var, const char *value)
{
    bool known = false;
    if (!owner_read_flag(c, var, value, &known))
        return false;
    if (known)
        return true;
    if (strcmp(var, OWNER_VAR "roomname") == 0)
        return owner_read_text(&c->name, value, SJ_NAME_MAX);
    if (strcmp(var, OWNER_VAR "roomdesc") == 0)
        return owner_read_text(&c->description, value, XMPP_SUBJECT_MAX);
    if (strcmp(var, OWNER_VAR "roomsecret") == 0)
        return owner_read_text(&c->password, value, XMPP_ROOM_PASSWORD_MAX);
    if (strcmp(var, OWNER_VAR "maxusers") != 0)
        return true;                     /* not offered */
    if (value[0] == '\0' || strcmp(value, "none") == 0) {
        c->occupants_max = 0;
        return true;
    }
    return sj_parse_int(value, 0, INT32_MAX, &c->occupants_max);
}

static enum sj_status owner_read_form(xmpp_stanza_t *form, struct xmpp_room_config *c,
                                      struct owner_lists *lists, struct sj_error *err)
{
    const char *type = form_type(form);
    c->instant = form_first(form) == NULL;
    if (!c->instant && (type == NULL || strcmp(type, OWNER_FORM) != 0))
        return sj_fail(err, SJ_INVALID, "This is not the form of a room.");
    for (xmpp_stanza_t *f = form_first(form); f != NULL; f = form_next(f)) {
        const char *var = stanza_get(f, "var");
        const char *value = form_value(f);
        if (var == NULL || strcmp(var, "FORM_TYPE") == 0)
            continue;
        bool listed = strcmp(var, OWNER_ALIASES) == 0;
        if (listed ? !owner_read_aliases(c, lists, f)
                   : !owner_read_field(c, var, value != NULL ? value : ""))
            return sj_fail(err, SJ_UNACCEPTABLE, "A value of the form makes no sense: %s.", var);
    }
    return SJ_OK;
}

static enum sj_status owner_configure(struct inbound *in, xmpp_stanza_t *form,
                                      struct sj_error *err)
{
    struct xmpp_room_config c = {.occupants_max = -1};
    struct owner_lists lists;
    const char *type = stanza_get(form, "type");
    enum sj_status status = SJ_OK;
    c.cancel = type != NULL && strcmp(type, "cancel") == 0;
    if (type == NULL || (!c.cancel && strcmp(type, "submit") != 0))
        return sj_fail(err, SJ_INVALID, "This form was not filled in.");
    if (!c.cancel)
        status = owner_read_form(form, &c, &lists, err);
    if (status == SJ_OK)
        status = router_defer(in, false, err);
    if (status == SJ_OK)
        status = in->x->in->muc.config_set(in->x->ctx, &in->from, in->peer, &c, in->request, err);
    stanza_wipe(form);
    component_wipe(in->stream);
    return status;
}

static enum sj_status owner_destroy(struct inbound *in, xmpp_stanza_t *destroy,
                                    struct sj_error *err)
{
    const char *reason = NULL;
    enum sj_status status = muc_read_reason(destroy, NS_MUC_OWNER, &reason, err);
    if (status == SJ_OK)
        status = router_defer(in, false, err);
    if (status != SJ_OK)
        return status;
    return in->x->in->muc.destroy(in->x->ctx, &in->from, in->peer, reason, in->request, err);
}

enum sj_status muc_handle_owner_set(struct inbound *in, struct sj_error *err)
{
    xmpp_stanza_t *form = stanza_child(in->payload, "x", NS_DATA);
    xmpp_stanza_t *destroy = stanza_child(in->payload, "destroy", NS_MUC_OWNER);
    if ((form == NULL) == (destroy == NULL))
        return sj_fail(err, SJ_INVALID, "Send a form, or the wish to end the room.");
    return form != NULL ? owner_configure(in, form, err) : owner_destroy(in, destroy, err);
}

/* ---- the form ---- */

static void owner_add_texts(xmpp_stanza_t *form, const struct xmpp_room_info *r, const char *lang)
{
    if (!r->text_settable)
        return;
    form_add_field(form, &(struct form_field){.type = "text-single", .var = OWNER_VAR "roomname",
                                              .label = sj_translate(lang, "Name"),
                                              .value = r->name});
    form_add_field(form, &(struct form_field){.type = "text-single", .var = OWNER_VAR "roomdesc",
                                              .label = sj_translate(lang, "Description"),
                                              .value = r->description});
}

static void owner_add_max(xmpp_stanza_t *form, const struct xmpp_room_info *r, const char *lang)
{
    char number[24];
    if (!r->max_settable)
        return;
    snprintf(number, sizeof number, "%lld", (long long)r->occupants_max);
    form_add_field(form, &(struct form_field){.type = "text-single", .var = OWNER_VAR "maxusers",
                                              .label = sj_translate(lang, "Most occupants"),
                                              .value = r->occupants_max > 0 ? number : "none"});
}

static void owner_add_aliases(xmpp_stanza_t *form, const struct xmpp_room_info *r,
                              const char *lang)
{
    if (r->aliases == NULL)
        return;
    xmpp_stanza_t *f = stanza_add(form, "field", NULL);
    stanza_set(f, "type", "text-multi");
    stanza_set(f, "var", OWNER_ALIASES);
    stanza_set(f, "label", sj_translate(lang, "Addresses over there, the main one first"));
    for (size_t i = 0; i < r->n_aliases; i++)
        stanza_add_with_text(f, "value", r->aliases[i]);
}

static void owner_add_whois(xmpp_stanza_t *form, const struct xmpp_room_info *r, const char *lang)
{
    static const char *const choices[][2] = {{"moderators", N_("Moderators")},
                                               {"anyone", N_("Everybody")}};
    if ((r->settable & XMPP_ROOM_ANONYMOUS) == 0)
        return;
    const char *value = (r->flags & XMPP_ROOM_ANONYMOUS) != 0 ? "moderators" : "anyone";
    xmpp_stanza_t *f = stanza_add(form, "field", NULL);
    stanza_set(f, "type", "list-single");
    stanza_set(f, "var", OWNER_VAR "whois");
    stanza_set(f, "label", sj_translate(lang, "Who sees who the others are"));
    stanza_add_with_text(f, "value", value);
    for (size_t i = 0; i < 2; i++) {
        xmpp_stanza_t *option = stanza_add(f, "option", NULL);
        stanza_set(option, "label", sj_translate(lang, choices[i][1]));
        stanza_add_with_text(option, "value", choices[i][0]);
    }
}

static void owner_add_form(xmpp_stanza_t *query, const struct xmpp_room_info *r, const char *lang)
{
    xmpp_stanza_t *form = form_add(query, OWNER_FORM, r->name, NULL);
    owner_add_texts(form, r, lang);
    owner_add_aliases(form, r, lang);
    for (size_t i = 0; i < OWNER_FLAGS; i++) {
        bool on = ((r->flags & owner_flags[i].flag) != 0) != owner_flags[i].inverted;
        if ((r->settable & owner_flags[i].flag) == 0)
            continue;
        form_add_field(form, &(struct form_field){.type = "boolean", .var = owner_flags[i].var,
                                                  .label = sj_translate(lang, owner_flags[i].label),
                                                  .value = on ? "1" : "0"});
        if (owner_flags[i].flag == XMPP_ROOM_PASSWORD)   /* never told, only set */
            form_add_field(form, &(struct form_field){.type = "text-private",
                                                      .var = OWNER_VAR "roomsecret",
                                                      .label = sj_translate(lang, "Password")});
    }
    owner_add_whois(form, r, lang);
    owner_add_max(form, r, lang);
}

void xmpp_answer_room_config(struct xmpp *x, xmpp_req req, const struct xmpp_room_info *r)
{
    unsigned host;
    enum request_card kind;
    xmpp_stanza_t *result = muc_result(x, req, &host, &kind);
    if (result == NULL)
        return;
    xmpp_stanza_t *query = stanza_add(result, "query", NS_MUC_OWNER);
    const char *lang = requests_find(&x->requests, req)->lang;
    stanza_set(result, "xml:lang", lang);
    if (r->settable != 0 || r->text_settable || r->max_settable ||
        r->aliases != NULL)
        owner_add_form(query, r, lang);
    muc_answer(x, req, host, result);
}
