/* SPDX-License-Identifier: MPL-2.0 */
/* Names and groups that users of the loopback network give to the people in their lists.
 *
 * They belong to the list: kept with it (loopback_state.c), told with it, gone with its entry. A
 * change is told to the user like any other news of the entry, as real networks confirm what they
 * took. Nobody else sees them. */
#include <string.h>

#include "loopback_link.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

static bool names_fit(const char *text, size_t max)
{
    size_t n = text ? strnlen(text, max + 1) : 0;
    if (n > max || (n > 0 && !sj_utf8_valid(text, n)))
        return false;
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < 0x20)
            return false;
    }
    return true;
}

/* true: it is another one. "" takes the name away. */
static bool names_set(char **field, const char *text)
{
    if (!text || strcmp(text, *field ? *field : "") == 0)
        return false;
    sj_free(*field);
    *field = *text ? sj_strdup(text) : NULL;
    return true;
}

enum sj_status loopback_contact_name(struct sj_link *base, const char *id, const char *name,
                                     const char *group, sj_op op, struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    if (!names_fit(name, LOOPBACK_NAME_MAX) || !names_fit(group, LOOPBACK_GROUP_MAX))
        return sj_fail(err, SJ_UNACCEPTABLE, "a name has at most %u bytes, a group %u",
                       LOOPBACK_NAME_MAX, LOOPBACK_GROUP_MAX);
    enum sj_status status = loopback_op_begin(l, op, err);
    if (status != SJ_OK)
        return status;
    struct loopback_entry *e = loopback_entry_find(l->account, id);
    if (!e || !(e->facts & LOOPBACK_TO)) {
        loopback_op_finish(l, op, SJ_NOTFOUND, N_("this user is not in your list"));
        return SJ_OK;
    }
    bool changed = names_set(&e->name, name);
    changed = names_set(&e->group, group) || changed;
    if (changed) {
        loopback_queue_news(l->account, e, LOOPBACK_NEWS_CONTACT);
        loopback_queue_save(l->account);
    }
    loopback_op_finish(l, op, SJ_OK, NULL);
    return SJ_OK;
}
