/* SPDX-License-Identifier: MPL-2.0 */
/* An answer to a sync that is being worked off, step by step. Used by mx_sync.c, mx_work.c and
 * mx_gap.c only. */
#ifndef MX_WORK_H
#define MX_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;
struct mx_link;
struct mx_room;

enum mx_stage {
    MX_STAGE_ACCOUNT, MX_STAGE_PRESENCE, MX_STAGE_INVITE, MX_STAGE_JOIN, MX_STAGE_LEAVE,
    MX_STAGE_END
};
enum mx_part { MX_PART_STATE, MX_PART_GAP, MX_PART_TIMELINE, MX_PART_EPHEMERAL, MX_PART_END };

/* Owner: its link. */
struct mx_work {
    struct json_object *root;
    char *next;                          /* next_batch */
    uint64_t bytes;                      /* in net->reading */
    enum mx_stage stage;
    struct json_object *room;            /* of rooms.join: the one at hand, ours */
    char *room_id;
    enum mx_part part;
    size_t at;                           /* event of the present list */
    bool first;                          /* of this link */
    bool old;                            /* from before the first login */
    bool news;                           /* there was an event */
    bool waits;                          /* for a page of what is missing */
    struct json_object *gap;             /* the page at hand, ours; NULL: none */
    char *gap_from;                      /* where the next page begins; NULL: nothing is missing */
    char *gap_to;                        /* where the last one ends, or NULL */
    char *gap_stop;                      /* the first event of the timeline, or NULL */
    unsigned gap_pages;
    uint64_t gap_bytes;                  /* in net->reading */
};

/* One step of l->work, up to MX_STAGE_END. */
void mx_work_step(struct mx_link *l);
void mx_work_free(struct mx_link *l);
/* The next event of list, taken out of it, owned by the caller; NULL: there is none. *end: the list
 * is through. */
struct json_object *mx_work_event(struct mx_work *w, struct json_object *list, bool *end);

/* mx_gap.c: what is missing before the timeline of the room at hand, and one step of getting it. */
void mx_gap_begin(const struct mx_link *l, struct mx_work *w);
void mx_gap_step(struct mx_link *l, struct mx_work *w, struct mx_room *r);
/* Forgets the gap; a page that was asked for does not come. */
void mx_gap_end(struct mx_link *l, struct mx_work *w);

#endif
