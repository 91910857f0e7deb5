/* SPDX-License-Identifier: MPL-2.0 */
/* XEP-0115: both vectors of the specification, and ours. */
#include <criterion/criterion.h>

#include "arena.h"
#include "caps.h"

#define CAPS "http://jabber.org/protocol/caps"
#define INFO "http://jabber.org/protocol/disco#info"
#define ITEMS "http://jabber.org/protocol/disco#items"
#define MUC "http://jabber.org/protocol/muc"
#define COUNT(a) (sizeof(a) / sizeof *(a))

static void expect_ver(const struct caps_set *set, const char *expected)
{
    struct arena arena;
    char ver[CAPS_VER_SIZE];
    arena_init(&arena);
    xmpp_ctx_t *ctx = arena_ctx_new(&arena);
    caps_ver(ver, ctx, set);
    cr_expect_str_eq(ver, expected);
    xmpp_ctx_free(ctx);
    arena_release(&arena);
}

Test(caps, hashes_the_simple_example)
{
    static const char *const features[] = {MUC, ITEMS, CAPS, INFO};
    expect_ver(
        &(struct caps_set){
            .identities = &(struct caps_identity){"client", "pc", NULL, "Exodus 0.9.1"},
            .n_identities = 1,
            .features = features,
            .n_features = COUNT(features),
        },
        "QgayPKawpkPSDYmwT/WM94uAlu0=");
}

/* G115-07. */
Test(caps, hashes_the_example_with_a_form)
{
    static const char *const features[] = {INFO, MUC, CAPS, ITEMS};
    static const struct caps_identity identities[] = {
        {"client", "pc", "en", "Psi 0.11"},
        {"client", "pc", "el", "\xce\xa8 0.11"},
    };
    static const char *const versions[] = {"ipv6", "ipv4"};
    static const char *const os[] = {"Mac"};
    static const char *const os_version[] = {"10.5.1"};
    static const char *const software[] = {"Psi"};
    static const char *const software_version[] = {"0.11"};
    static const struct caps_field fields[] = {
        {"software_version", software_version, 1, NULL},
        {"ip_version", versions, 2, "list-multi"},
        {"os", os, 1, NULL},
        {"software", software, 1, NULL},
        {"os_version", os_version, 1, NULL},
    };
    expect_ver(
        &(struct caps_set){
            .identities = identities,
            .n_identities = 2,
            .features = features,
            .n_features = COUNT(features),
            .forms = &(struct caps_form){"urn:xmpp:dataforms:softwareinfo", fields, COUNT(fields)},
            .n_forms = 1,
        },
        "q07IKJEyjvHSyhy//CH0CxmKi8w=");
}

/* G115-06. */
Test(caps, hashes_a_gateway)
{
    static const char *const features[] = {CAPS, INFO, "jabber:iq:register", "urn:xmpp:ping"};
    expect_ver(
        &(struct caps_set){
            .identities = &(struct caps_identity){"gateway", "irc", NULL, "Example IRC"},
            .n_identities = 1,
            .features = features,
            .n_features = COUNT(features),
        },
        "PHlZBJxd0w5YHS6wBLh61zcOy8U=");
}
