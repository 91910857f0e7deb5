/* SPDX-License-Identifier: MPL-2.0 */
#ifndef SOJOURN_IRC_H
#define SOJOURN_IRC_H

#include "sojourn/backend.h"

extern const struct sj_backend irc_backend;

#endif
