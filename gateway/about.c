/* SPDX-License-Identifier: MPL-2.0 */
/* Who runs the gateway and what happens to data: from the configuration, and from what each
 * backend says of itself, to plain structs for the XMPP room, which knows the forms (XEP-0157,
 * XEP-0504). */
#include "about.h"

#include <string.h>

#include "sojourn/backend.h"
#include "sojourn/memory.h"

_Static_assert(XMPP_ADDRESS_COUNT == 7, "config_address_keys has a row for each");

void about_addresses(struct about *a, const struct sj_values *gateway,
                     struct xmpp_options *options)
{
    for (size_t i = 0; i < config_address_n; i++) {
        const char *text = sj_values_text(gateway, config_address_keys[i]);
        char *at, *word, *rest;
        size_t n = 0;

        if (!text)
            continue;
        at = a->copy[i] = sj_strdup(text);
        while (n < CONFIG_URIS_MAX && (word = strtok_r(at, ", \t", &rest)) != NULL) {
            a->item[i][n++] = word;
            at = NULL;
        }
        options->addresses[i] = (struct xmpp_texts){(const char *const *)a->item[i], n};
    }
}

void about_release(struct about *a)
{
    for (size_t i = 0; i < XMPP_ADDRESS_COUNT; i++) {
        sj_free(a->copy[i]);
        a->copy[i] = NULL;
    }
}

static bool about_takes_secrets(const struct sj_backend *b)
{
    for (size_t i = 0; i < b->n_fields; i++) {
        if (b->fields[i].kind == SJ_FIELD_SECRET)
            return true;
    }
    return (b->caps & SJ_CAP_PROMPTS) != 0;
}

void about_policy(struct xmpp_policy *out, const struct config *config, size_t network,
                  const struct sj_net *net)
{
    static const enum xmpp_transport transport[] = {[SJ_WIRE_NONE] = XMPP_TRANSPORT_NONE,
                                                    [SJ_WIRE_PLAIN] = XMPP_TRANSPORT_PLAIN,
                                                    [SJ_WIRE_TLS] = XMPP_TRANSPORT_TLS};
    const struct config_network *c = &config->networks[network];

    *out = (struct xmpp_policy){
        .takes_secrets = about_takes_secrets(c->backend),
        .transport = transport[c->backend->wire(net)],
        .tos = sj_values_text(&config->gateway, "terms"),
        .info = sj_values_text(&config->gateway, "privacy-note"),
        .network_tos = sj_values_text(&c->common, "network-terms"),
        .network_info = sj_values_text(&c->common, "network-note")};
}
