/* SPDX-License-Identifier: MPL-2.0 */
#ifndef SOJOURN_MATRIX_H
#define SOJOURN_MATRIX_H

#include "sojourn/backend.h"

extern const struct sj_backend matrix_backend;

#endif
