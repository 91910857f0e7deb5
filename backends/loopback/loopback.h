/* SPDX-License-Identifier: MPL-2.0 */
#ifndef SOJOURN_LOOPBACK_H
#define SOJOURN_LOOPBACK_H

#include "sojourn/backend.h"

extern const struct sj_backend loopback_backend;

#endif
