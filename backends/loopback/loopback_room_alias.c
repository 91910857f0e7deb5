/* SPDX-License-Identifier: MPL-2.0 */
/* Other addresses of rooms of the loopback network. They are names that nobody can make a room
 * under: who comes there is told that the room goes by another one. Owners change them, as one list
 * (loopback_room_change.c); they go with the room. */
#include <string.h>

#include "loopback_link.h"
#include "loopback_room_alias.h"
#include "sojourn/memory.h"
#include "sojourn/translate.h"

void loopback_room_aliases_clear(struct loopback_room *r)
{
    while (r->n_aliases > 0)
        sj_free(r->aliases[--r->n_aliases]);
}

struct loopback_room *loopback_room_by_alias(const struct sj_net *net, const char *id)
{
    struct loopback_room *r;
    uint32_t at = 0;
    while ((r = sj_map_next(&net->rooms, &at)) != NULL) {
        for (size_t i = 0; i < r->n_aliases; i++) {
            if (strcmp(r->aliases[i], id) == 0)
                return r;
        }
    }
    return NULL;
}

static bool alias_is_twice(const struct sj_room_change *c, size_t i, const char *folded)
{
    char other[LOOPBACK_ID_MAX + 1];
    for (size_t k = 0; k < i; k++) {
        if (loopback_room_fold(other, c->aliases[k]) && strcmp(other, folded) == 0)
            return true;
    }
    return false;
}

enum sj_status loopback_room_aliases_judge(struct loopback_ask *a, const struct sj_room_change *c)
{
    char id[LOOPBACK_ID_MAX + 1];
    for (size_t i = 0; i < c->n_aliases; i++) {
        if (i >= SJ_ROOM_ALIASES_MAX || !loopback_room_fold(id, c->aliases[i]) ||
            alias_is_twice(c, i, id)) {
            a->why = N_("an address is # and up to 31 letters and digits, and stands there once");
            return SJ_UNACCEPTABLE;
        }
        const struct loopback_room *other = loopback_room_by_alias(a->l->base.net, id);
        if (loopback_room_find(a->l->base.net, id) || (other && other != a->room)) {
            a->why = N_("this is the address of a room already");
            return SJ_EXISTS;
        }
    }
    return SJ_OK;
}

void loopback_room_aliases_set(struct loopback_room *r, const struct sj_room_change *c)
{
    char id[LOOPBACK_ID_MAX + 1];
    loopback_room_aliases_clear(r);
    for (size_t i = 0; i < c->n_aliases; i++) {
        if (loopback_room_fold(id, c->aliases[i]))
            r->aliases[r->n_aliases++] = sj_strdup(id);
    }
}
