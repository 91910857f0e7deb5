/* SPDX-License-Identifier: MPL-2.0 */
/* Makes the sample of a store of schema 1: compiled against the last commit of that schema
 * (619911d: include, store, gateway/base; README.md), never built with the rest. */
#include <stdio.h>
#include <string.h>

#include "sojourn/log.h"
#include "sojourn/loop.h"
#include "sojourn/store.h"

static struct sj_owner owner_of(unsigned i)
{
    static char users[3][64];
    snprintf(users[i], sizeof users[i], "romeo%u@example.org", i);
    return (struct sj_owner){"net.example.org", users[i], ""};
}

static void put(struct sj_store *s, unsigned i)
{
    char id[64], password[64];
    struct sj_error err;
    struct sj_registration r = {.owner = owner_of(i), .created_at = 1700000000000 + i,
                                .sees_user = true, .online = i == 1, .n_values = 2};
    const struct sj_preferences set = {.n = 1, .values = {{"stay-online", "yes"}}};
    snprintf(password, sizeof password, "password-of-%u-secret", i);
    r.values[0] = (struct sj_store_value){"username", "montague"};
    r.values[1] = (struct sj_store_value){"password", password};
    sj_store_registration_put(s, &r, &err);
    for (unsigned n = 0; n < 3; n++) {
        struct sj_store_change c = {.owner = r.owner,
                                    .contact = {.id = id, .name = n ? "Juliet" : NULL,
                                                .group = n == 2 ? "Verona" : NULL, .to = true,
                                                .from = n == 1, .asked_out = n == 2,
                                                .suggested = n == 1}};
        snprintf(id, sizeof id, "juliet-%u-%u", i, n);
        sj_store_contacts_write(s, &c, 1, &err);
    }
    sj_store_state_put(s, &r.owner, "state of the link", sizeof "state of the link");
    sj_store_preferences_put(s, &r.owner, &set, &err);
}

int main(int argc, char **argv)
{
    struct sj_log log = {.area = "make"};
    struct sj_error err;
    struct sj_store *s = NULL;
    struct sj_loop *loop = sj_loop_new();
    const struct sj_store_options options = {.dir = argv[1], .key_file = argv[2],
                                             .map_bytes = 1};
    if (argc != 3 || sj_store_open(&s, loop, &log, &options, &err) != SJ_OK)
        return 1;
    put(s, 1);
    put(s, 2);
    sj_store_close(&s);
    sj_loop_free(&loop);
    return 0;
}
