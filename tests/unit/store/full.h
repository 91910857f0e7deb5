/* SPDX-License-Identifier: MPL-2.0 */
/* An owner with a record in every table, for tests of what works on all tables. */
#ifndef TEST_STORE_FULL_H
#define TEST_STORE_FULL_H

#include "fixture.h"

#define FULL_CONTACTS 3u
#define FULL_MESSAGES 4u
#define FULL_ENTRIES 5u

/* What was given out to others: must stay what it is. */
struct full {
    char name[256];              /* of a message that the network sent */
    char entry[64];              /* id of the archive's first entry */
};

/* Registers owner i with everything; syncs. */
void full_put(struct fixture *f, unsigned i, struct full *out);
/* Everything is there, by every way that leads to it. given NULL: names that were given out are not
 * looked at. */
void full_expect(struct fixture *f, unsigned i, const struct full *given);
/* What a parcel takes along is there, and what it does not is not. */
void full_expect_moved(struct fixture *f, unsigned i, bool archives);

#endif
