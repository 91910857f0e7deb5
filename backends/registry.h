/* SPDX-License-Identifier: MPL-2.0 */
/* The only list of backends in the product. */
#ifndef SOJOURN_REGISTRY_H
#define SOJOURN_REGISTRY_H

#include <stddef.h>

struct sj_backend;

/* Backend at i, NULL past the end. */
const struct sj_backend *registry_at(size_t i);
/* Backend by name or NULL. */
const struct sj_backend *registry_find(const char *name);

#endif
