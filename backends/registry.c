/* SPDX-License-Identifier: MPL-2.0 */
/* Names the backends that are built in. To add one: its folder, its line here, its line in
 * CMakeLists.txt. */
#include "registry.h"

#include <string.h>

#include "irc/irc.h"
#include "loopback/loopback.h"
#include "matrix/matrix.h"
#include "sojourn/backend.h"

static const struct sj_backend *const registry_list[] = {
    &irc_backend,
    &loopback_backend,
    &matrix_backend,
};

const struct sj_backend *registry_at(size_t i)
{
    return i < sizeof registry_list / sizeof registry_list[0] ? registry_list[i] : NULL;
}

const struct sj_backend *registry_find(const char *name)
{
    for (size_t i = 0; registry_at(i); i++) {
        if (strcmp(registry_at(i)->name, name) == 0)
            return registry_at(i);
    }
    return NULL;
}
