/* SPDX-License-Identifier: MPL-2.0 */
/* What the user's roster was last told of a contact's name and group. By that a name that the user
 * has given is told from ours: what equals ours may be changed by us (G356-09). A text is kept only
 * while it differs from the present one. */
#include <string.h>

#include "contact.h"
#include "sojourn/memory.h"

struct told_field {
    char **now, **told;
    bool *any;
};

static struct told_field told_name(struct contact *c)
{
    return (struct told_field){&c->name, &c->told_name, &c->name_told};
}

static struct told_field told_group(struct contact *c)
{
    return (struct told_field){&c->group, &c->told_group, &c->group_told};
}

static const char *told_text(const struct told_field *f)
{
    if (!*f->any)
        return NULL;
    if (*f->told)
        return *f->told;
    return *f->now ? *f->now : "";
}

static void told_set(const struct told_field *f, const char *text)
{
    char *fresh = strcmp(text, *f->now ? *f->now : "") == 0 ? NULL : sj_strdup(text);

    sj_free(*f->told);
    *f->told = fresh;
    *f->any = true;
}

/* The network's own word changes; what was told stays as it was. */
static bool told_change(const struct told_field *f, const char *text)
{
    char *old = *f->now;

    if (old && strcmp(old, text) == 0)
        return false;
    *f->now = sj_strdup(text);
    if (*f->any && !*f->told)
        *f->told = sj_strdup(old ? old : "");
    else if (*f->any)
        told_set(f, *f->told);
    sj_free(old);
    return true;
}

bool contact_rename(struct contact *c, const char *name)
{
    struct told_field f = told_name(c);
    bool changed = told_change(&f, name);

    if (c->named && c->name_told && !c->told_name)
        c->named = false;                /* both sides call it the same */
    return changed;
}

bool contact_regroup(struct contact *c, const char *group)
{
    struct told_field f = told_group(c);

    return told_change(&f, group);
}

const char *contact_told_name(struct contact *c)
{
    struct told_field f = told_name(c);

    return told_text(&f);
}

const char *contact_told_group(struct contact *c)
{
    struct told_field f = told_group(c);

    return told_text(&f);
}

void contact_tell_name(struct contact *c, const char *text)
{
    struct told_field f = told_name(c);

    told_set(&f, text);
}

void contact_tell_group(struct contact *c, const char *text)
{
    struct told_field f = told_group(c);

    told_set(&f, text);
}

void contact_tell_all(struct contact *c)
{
    contact_tell_name(c, c->name ? c->name : "");
    contact_tell_group(c, c->group ? c->group : "");
}

bool contact_is_told(const struct contact *c)
{
    return c->name_told && c->group_told && !c->told_name && !c->told_group;
}

void contact_written(struct contact *c, bool ok)
{
    bool is_new = c->writing == CONTACT_WRITES_NEW;

    c->writing = CONTACT_WRITES_NOTHING;
    if (ok) {
        c->suggested = c->in_roster = true;
        c->created = c->created || is_new;
        contact_changed(c);
    } else if (is_new) {
        c->name_told = c->group_told = false;
        sj_secret_free(&c->told_name);
        sj_secret_free(&c->told_group);
    } else {
        c->unsure = true;                /* the next reading tells what is there */
    }
}
