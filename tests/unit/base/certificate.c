/* SPDX-License-Identifier: MPL-2.0 */
/* See certificate.h. */
#include "certificate.h"

#include <criterion/criterion.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

static void certificate_add(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    cr_assert_not_null(extension);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

X509 *certificate_new(EVP_PKEY *key, X509 *issuer, const char *names, long serial,
                             long from_s, long to_s)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), to_s);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)(names ? "server" : "test authority"), -1,
                               -1, 0);
    X509 *signer = issuer ? issuer : certificate;
    X509_set_issuer_name(certificate, X509_get_subject_name(signer));
    certificate_add(certificate, signer, NID_basic_constraints,
                    names ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (names)
        certificate_add(certificate, signer, NID_subject_alt_name, names);
    cr_assert_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    return certificate;
}

void certificate_allow_all(void)
{
    static const char lines[] = "openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\n"
                                "system_default = old\n[old]\nMinProtocol = TLSv1\n"
                                "CipherString = DEFAULT@SECLEVEL=0\n";
    char path[] = "/tmp/sojourn-openssl-XXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, lines, sizeof lines - 1) == (ssize_t)(sizeof lines - 1));
    close(fd);
    setenv("OPENSSL_CONF", path, 1);
    cr_assert_eq(OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL), 1);
    unlink(path);
}
