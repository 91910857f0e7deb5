/* SPDX-License-Identifier: MPL-2.0 */
/* Forms in answers of service discovery (XEP-0128). */
#ifndef XMPP_INFO_FORMS_H
#define XMPP_INFO_FORMS_H

#include "caps.h"
#include "xmpp.h"

#define INFO_FORMS_MAX 3u
#define INFO_FIELDS_MAX 24u
#define INFO_VALUES_MAX 32u
#define INFO_TYPE_MAX 128u

/* The forms of one entity. Points into itself: it may not move. Texts are borrowed. */
struct info_forms {
    struct caps_form form[INFO_FORMS_MAX];
    size_t n;
    struct caps_field field[INFO_FIELDS_MAX];
    size_t n_fields;
    const char *value[INFO_VALUES_MAX];
    size_t n_values;
    char network_type[INFO_TYPE_MAX];    /* FORM_TYPE of the network's policy */
    char number[16];
};

/* Addresses and policies of a gateway; made once, f is zeroed before. */
void info_forms_gateway(struct info_forms *f, const struct xmpp_options *options, unsigned host);
/* What a contact of this network may be sent (G444-01). */
void info_forms_contact(struct info_forms *f, const struct xmpp_host *host, uint32_t features);

#endif
