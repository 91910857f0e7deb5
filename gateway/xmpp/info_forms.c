/* SPDX-License-Identifier: MPL-2.0 */
/* The forms that stand in answers of service discovery: who runs the gateway, what happens to data,
 * and which reactions a network takes.
 *
 * Only what is so of every installation is said here; what differs comes from the configuration and
 * from what the network's backend tells of itself, and what nobody knows is left out. Each form has
 * a FORM_TYPE (G115-07, G128-01), and is part of the entity's hash like its features.
 * Source: XEP-0128 §2, XEP-0157 §2, XEP-0504 §3, XEP-0444 §4. */
#include "info_forms.h"

#include <assert.h>
#include <stdio.h>

#include "sojourn/strbuf.h"

static const char *const info_address_vars[XMPP_ADDRESS_COUNT] = {
    [XMPP_ADDRESS_ABUSE] = "abuse-addresses",
    [XMPP_ADDRESS_ADMIN] = "admin-addresses",
    [XMPP_ADDRESS_FEEDBACK] = "feedback-addresses",
    [XMPP_ADDRESS_SALES] = "sales-addresses",
    [XMPP_ADDRESS_SECURITY] = "security-addresses",
    [XMPP_ADDRESS_STATUS] = "status-addresses",
    [XMPP_ADDRESS_SUPPORT] = "support-addresses",
};

#define INFO_KEPT                                                                                  \
    "What you write and what you receive is passed on and not kept. Your account's data and your " \
    "contact list are kept, encrypted, until you unregister."
#define INFO_ACCESS                                                                                \
    "Whoever runs this gateway has the key to them, and could read what passes through it."

static struct caps_form *info_form_new(struct info_forms *f, const char *type)
{
    assert(f->n < INFO_FORMS_MAX);
    struct caps_form *form = &f->form[f->n++];
    form->form_type = type;
    form->fields = &f->field[f->n_fields];
    return form;
}

/* A field of the newest form. */
static void info_add_texts(struct info_forms *f, const char *var, const char *type,
                           const char *const *values, size_t n)
{
    assert(f->n > 0 && f->n_fields < INFO_FIELDS_MAX);
    f->field[f->n_fields++] =
        (struct caps_field){.var = var, .values = values, .n_values = n, .type = type};
    f->form[f->n - 1].n_fields++;
}

static const char **info_keep(struct info_forms *f, const char *value)
{
    assert(f->n_values < INFO_VALUES_MAX);
    f->value[f->n_values] = value;
    return &f->value[f->n_values++];
}

/* A field of one value; value NULL: no field. */
static void info_add(struct info_forms *f, const char *var, const char *type, const char *value)
{
    if (value != NULL)
        info_add_texts(f, var, type, info_keep(f, value), 1);
}

/* G157-01. */
static void info_add_addresses(struct info_forms *f, const struct xmpp_options *options)
{
    for (size_t i = 0; i < XMPP_ADDRESS_COUNT; i++) {
        const struct xmpp_texts *t = &options->addresses[i];
        if (t->n == 0)
            continue;
        if (f->n == 0)
            info_form_new(f, "http://jabber.org/network/serverinfo");
        info_add_texts(f, info_address_vars[i], "list-multi", t->text, t->n);
    }
}

/* The gateway's own policy. Boolean values that are false by default are left out. */
static void info_add_policy(struct info_forms *f, const struct xmpp_policy *p)
{
    info_form_new(f, "urn:xmpp:data-policy:0");
    info_add(f, "auth_data", "list-single", p->takes_secrets ? "plain" : "no_auth");
    if (p->transport != XMPP_TRANSPORT_NONE)
        info_add(f, "data_transmission", "list-single",
                 p->transport == XMPP_TRANSPORT_TLS ? "encrypted" : "plain");
    if (p->transport == XMPP_TRANSPORT_TLS)
        info_add(f, "encryption_algorithm", "text-single", "TLS, 1.2 or later");
    info_add(f, "data_retention", "text-single", "0");
    info_add(f, "data_deletion", "boolean", "true");
    info_add(f, "encryption_at_rest", "boolean", "true");
    info_add(f, "full_erasure", "boolean", "true");
    info_add(f, "access_policy", "list-multi", "admins");
    info_add(f, "tos", "text-single", p->tos);
    const char **lines = info_keep(f, INFO_KEPT);
    info_keep(f, INFO_ACCESS);
    if (p->info != NULL)
        info_keep(f, p->info);
    info_add_texts(f, "extra_info", "text-multi", lines, p->info != NULL ? 3 : 2);
}

/* What this gateway can say of the network behind it: little. */
static void info_add_network(struct info_forms *f, const struct xmpp_host *host)
{
    struct sj_strbuf type;
    sj_strbuf_init(&type, INFO_TYPE_MAX - 1);
    sj_strbuf_addf(&type, "urn:xmpp:data-policy:identity:gateway:%s:0", host->identity_type);
    sj_copy(f->network_type, INFO_TYPE_MAX, type.s);
    sj_strbuf_release(&type);
    info_form_new(f, f->network_type);
    info_add(f, "data_retention", "text-single", "unknown");
    info_add(f, "tos", "text-single", host->policy->network_tos);
    info_add(f, "extra_info", "text-multi", host->policy->network_info);
}

void info_forms_gateway(struct info_forms *f, const struct xmpp_options *options, unsigned host)
{
    const struct xmpp_host *h = &options->hosts[host];
    info_add_addresses(f, options);
    if (h->policy == NULL)
        return;
    info_add_policy(f, h->policy);
    if (h->policy->transport != XMPP_TRANSPORT_NONE)
        info_add_network(f, h);
}

void info_forms_contact(struct info_forms *f, const struct xmpp_host *host, uint32_t features)
{
    const struct xmpp_reaction_rules *rules = &host->reactions;
    if ((features & XMPP_FEATURE_REACT) == 0 || (rules->max_per_user == 0 && rules->allowed.n == 0))
        return;
    info_form_new(f, "urn:xmpp:reactions:0:restrictions");
    if (rules->max_per_user > 0) {
        snprintf(f->number, sizeof f->number, "%u", rules->max_per_user);
        info_add(f, "max_reactions_per_user", "text-single", f->number);
    }
    if (rules->allowed.n > 0)
        info_add_texts(f, "allowlist", "list-multi", rules->allowed.text, rules->allowed.n);
}
