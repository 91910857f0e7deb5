/* SPDX-License-Identifier: MPL-2.0 */
/* Certificates made on the spot. */
#ifndef SOJOURN_TEST_CERTIFICATE_H
#define SOJOURN_TEST_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#define DAY_S (24L * 3600)

/* names: subjectAltName, NULL: an authority. issuer NULL: signs itself; everybody has one key.
 * Valid from from_s to to_s, relative to now. */
X509 *certificate_new(EVP_PKEY *key, X509 *issuer, const char *names, long serial, long from_s,
                      long to_s);

/* Has the OpenSSL of this process allow what is old and weak by itself, so that a test sees what we
 * forbid. To be called before anything else of it. */
void certificate_allow_all(void);

#endif
