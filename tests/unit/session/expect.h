/* SPDX-License-Identifier: MPL-2.0 */
#ifndef TEST_EXPECT_H
#define TEST_EXPECT_H

#include <criterion/criterion.h>

#include "world.h"

#define CAPS_PLAIN (SJ_CAP_CONTACTS | SJ_CAP_PRESENCE | SJ_CAP_ANONYMOUS)
#define CAPS_FULL (CAPS_PLAIN | SJ_CAP_CONTACT_LIST | SJ_CAP_APPROVAL)

/* Everything that was sent since the last time is exactly this, line by line. */
#define EXPECT(w, text) cr_expect_str_eq(world_lines(w), text)

#endif
