/* SPDX-License-Identifier: MPL-2.0 */
/* Client certificates: PEM in every shape that users paste (gateway/base/conn_identity.c). That a
 * server gets to see it is shown in test_tls.c. */
#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#include "certificate.h"
#include "sojourn/conn.h"
#include "sojourn/error.h"
#include "sojourn/strbuf.h"

#define PEM_MAX 8192u

struct material {
    EVP_PKEY *key;
    X509 *certificate;
    char certificate_pem[PEM_MAX], key_pem[PEM_MAX];
};

static void to_text(char out[PEM_MAX], BIO *bio)
{
    int n = BIO_read(bio, out, PEM_MAX - 1);

    cr_assert_gt(n, 0);
    out[n] = '\0';
    BIO_free(bio);
}

static struct material material_of(EVP_PKEY *key)
{
    struct material m = { .key = key };
    BIO *bio = BIO_new(BIO_s_mem());

    m.certificate = certificate_new(m.key, NULL, "DNS:romeo", 7, -DAY_S, DAY_S);
    PEM_write_bio_X509(bio, m.certificate);
    to_text(m.certificate_pem, bio);
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, m.key, NULL, NULL, 0, NULL, NULL);
    to_text(m.key_pem, bio);
    return m;
}

static struct material material_new(void)
{
    return material_of(EVP_EC_gen("P-256"));
}

static void material_free(struct material *m)
{
    X509_free(m->certificate);
    EVP_PKEY_free(m->key);
}

static enum sj_status read_pem(const char *a, const char *b, const char *c, struct sj_error *err)
{
    static char text[6 * PEM_MAX];
    struct sj_identity *identity;

    (void)snprintf(text, sizeof text, "%s%s%s", a, b, c);
    enum sj_status status = sj_identity_new(&identity, text, err);
    cr_expect_eq(status == SJ_OK, identity != NULL);
    sj_identity_free(&identity);
    cr_expect_null(identity);
    return status;
}

Test(identity, reads_pem_in_any_order_and_with_any_line_ends)
{
    struct material m = material_new();
    struct sj_error err;
    char flat[PEM_MAX], dense[PEM_MAX];
    size_t n = 0;

    cr_expect_eq(read_pem(m.certificate_pem, m.key_pem, "", &err), SJ_OK, "%s", err.text);
    cr_expect_eq(read_pem("Bag Attributes\n", m.key_pem, m.certificate_pem, &err), SJ_OK);
    /* A one-line field makes blanks of line ends, or nothing at all. */
    for (const char *p = m.key_pem; *p; p++) {
        flat[p - m.key_pem] = *p == '\n' ? ' ' : *p;
        if (*p != '\n')
            dense[n++] = *p;
    }
    flat[strlen(m.key_pem)] = '\0';
    dense[n] = '\0';
    cr_expect_eq(read_pem(m.certificate_pem, flat, "", &err), SJ_OK, "%s", err.text);
    cr_expect_eq(read_pem(m.certificate_pem, dense, "", &err), SJ_OK, "%s", err.text);
    /* What openssl writes besides a key of this kind. */
    cr_expect_eq(read_pem("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                          "-----END EC PARAMETERS-----\n", m.key_pem, m.certificate_pem, &err),
                 SJ_OK, "%s", err.text);
    material_free(&m);
}

Test(identity, rsa_keys_too)
{
    struct material m = material_of(EVP_RSA_gen(2048));
    struct sj_error err;

    cr_expect_eq(read_pem(m.certificate_pem, m.key_pem, "", &err), SJ_OK, "%s", err.text);
    material_free(&m);
    m = material_of(EVP_RSA_gen(1024));
    cr_expect_eq(read_pem(m.certificate_pem, m.key_pem, "", &err), SJ_UNACCEPTABLE);
    cr_expect_str_eq(err.text, "The private key is too weak; make a new one.");
    material_free(&m);
}

Test(identity, says_what_is_missing_or_wrong)
{
    struct material m = material_new(), other = material_new();
    struct sj_error err;
    char damaged[PEM_MAX];

    cr_expect_eq(read_pem("", "", "", &err), SJ_UNACCEPTABLE);
    cr_expect_str_eq(err.text,
                     "There is no certificate. It begins with \"-----BEGIN CERTIFICATE-----\".");
    cr_expect_eq(read_pem(m.key_pem, "", "", &err), SJ_UNACCEPTABLE);
    cr_expect_eq(read_pem(m.certificate_pem, "", "", &err), SJ_UNACCEPTABLE);
    cr_expect_str_eq(err.text, "There is no private key for the certificate.");
    cr_expect_eq(read_pem(m.certificate_pem, other.key_pem, "", &err), SJ_UNACCEPTABLE);
    cr_expect_str_eq(err.text, "The private key belongs to another certificate.");
    cr_expect_eq(read_pem(m.certificate_pem, m.key_pem, other.key_pem, &err), SJ_UNACCEPTABLE);
    cr_expect_str_eq(err.text, "There is more than one private key.");
    sj_copy(damaged, sizeof damaged, m.certificate_pem);
    damaged[60] = damaged[60] == 'A' ? 'B' : 'A';
    damaged[40] = '!';
    cr_expect_eq(read_pem(damaged, m.key_pem, "", &err), SJ_UNACCEPTABLE);
    cr_expect_str_eq(err.text, "The certificate is damaged; paste it again.");
    sj_copy(damaged, sizeof damaged, m.key_pem);
    damaged[40] = '!';
    cr_expect_eq(read_pem(m.certificate_pem, damaged, "", &err), SJ_UNACCEPTABLE);
    cr_expect_str_eq(err.text, "The private key is damaged; paste it again.");
    /* Cut off within, or marks that do not belong together. */
    damaged[100] = '\0';
    cr_expect_eq(read_pem(m.certificate_pem, damaged, "", &err), SJ_UNACCEPTABLE);
    cr_expect_eq(read_pem("-----BEGIN CERTIFICATE-----AAAA-----END PRIVATE KEY-----", "", "", &err),
                 SJ_UNACCEPTABLE);
    material_free(&m);
    material_free(&other);
}

Test(identity, keys_with_a_passphrase_are_refused)
{
    struct material m = material_new();
    struct sj_error err;
    char pem[PEM_MAX];
    BIO *bio = BIO_new(BIO_s_mem());

    PEM_write_bio_PKCS8PrivateKey(bio, m.key, EVP_aes_128_cbc(), "sesame", 6, NULL, NULL);
    to_text(pem, bio);
    cr_expect_eq(read_pem(m.certificate_pem, pem, "", &err), SJ_UNACCEPTABLE);
    cr_expect_not_null(strstr(err.text, "passphrase"), "%s", err.text);
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey_traditional(bio, m.key, EVP_aes_128_cbc(),
                                         (const unsigned char *)"sesame", 6, NULL, NULL);
    to_text(pem, bio);
    cr_expect_eq(read_pem(m.certificate_pem, pem, "", &err), SJ_UNACCEPTABLE);
    cr_expect_not_null(strstr(err.text, "passphrase"), "%s", err.text);
    material_free(&m);
}

Test(identity, chains_and_texts_are_bounded)
{
    struct material m = material_new();
    struct sj_error err;
    struct sj_identity *identity;
    static char text[40000];

    size_t n = 0;
    for (unsigned i = 0; i <= SJ_IDENTITY_CHAIN_MAX; i++) {
        (void)snprintf(text, sizeof text, "%s", m.key_pem);
        for (unsigned k = 0; k < i; k++) {
            n = strlen(text);
            (void)snprintf(text + n, sizeof text - n, "%s", m.certificate_pem);
        }
        cr_expect_eq(sj_identity_new(&identity, text, &err), i ? SJ_OK : SJ_UNACCEPTABLE, "%u: %s",
                     i, err.text);
        sj_identity_free(&identity);
    }
    n = strlen(text);
    (void)snprintf(text + n, sizeof text - n, "%s", m.certificate_pem);
    cr_expect_eq(sj_identity_new(&identity, text, &err), SJ_UNACCEPTABLE);
    cr_expect_str_eq(err.text, "There are too many certificates; at most 4 are possible.");
    memset(text, 'A', sizeof text - 1);
    cr_expect_eq(sj_identity_new(&identity, text, &err), SJ_UNACCEPTABLE);
    cr_expect_str_eq(err.text, "The certificate is too long.");
    sj_identity_free(NULL);
    material_free(&m);
}
