/* SPDX-License-Identifier: MPL-2.0 */
/* Client certificates of conns: PEM as users paste it, to what a TLS handshake needs.
 *
 * What is pasted into a one-line field has blanks for line ends, and some programs drop them: the
 * blocks are found by their marks and written anew. All copies of the key are wiped; the library
 * wipes its own. Whether the other side knows the certificate is its business, so dates and issuers
 * are not looked at. RFC 7468; RFC 8446 §4.4.2. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

#include "conn_priv.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"

#define IDENTITY_PEM_MAX 16384u
#define IDENTITY_LABEL_MAX 40u
#define IDENTITY_LINE 64u
/* Blocks that are neither a certificate nor a key (parameters, requests) are passed over. */
#define IDENTITY_BLOCKS_MAX 8u
/* Of the key: what the library asks for in a handshake. */
#define IDENTITY_BITS_MIN 112

#define BEGIN "-----BEGIN "
#define END "-----END "
#define DASHES "-----"

struct sj_identity {
    X509 *certificate;
    EVP_PKEY *key;
    STACK_OF(X509) *chain;      /* what stands between it and its authority; NULL: nothing */
};

/* One block between its marks. */
struct identity_block {
    const char *label, *body;
    size_t label_n, body_n;
};

/* The next block from *at on; false: there is none that is whole. */
static bool block_next(const char **at, struct identity_block *b)
{
    const char *begin = strstr(*at, BEGIN);
    if (!begin)
        return false;
    b->label = begin + sizeof BEGIN - 1;
    const char *dashes = strstr(b->label, DASHES);
    if (!dashes || (size_t)(dashes - b->label) > IDENTITY_LABEL_MAX)
        return false;
    b->label_n = (size_t)(dashes - b->label);
    b->body = dashes + sizeof DASHES - 1;
    const char *end = strstr(b->body, END);
    if (!end || strncmp(end + sizeof END - 1, b->label, b->label_n) != 0)
        return false;
    b->body_n = (size_t)(end - b->body);
    *at = end + sizeof END - 1 + b->label_n;
    return true;
}

static bool block_is(const struct identity_block *b, const char *tail)
{
    size_t n = strlen(tail);
    return b->label_n >= n && memcmp(b->label + b->label_n - n, tail, n) == 0;
}

/* The block with line ends where they belong, in locked memory. */
static char *block_write(const struct identity_block *b)
{
    size_t size = 2 * (b->label_n + 20) + b->body_n + b->body_n / IDENTITY_LINE + 8;
    char *pem = sj_locked_new(size);
    int head = snprintf(pem, size, BEGIN "%.*s" DASHES "\n", (int)b->label_n, b->label);
    size_t at = (size_t)head, column = 0;
    for (size_t i = 0; i < b->body_n; i++) {
        if (b->body[i] == ' ' || (b->body[i] >= '\t' && b->body[i] <= '\r'))
            continue;
        pem[at++] = b->body[i];
        if (++column % IDENTITY_LINE == 0)
            pem[at++] = '\n';
    }
    if (column % IDENTITY_LINE)
        pem[at++] = '\n';
    (void)snprintf(pem + at, size - at, END "%.*s" DASHES "\n", (int)b->label_n, b->label);
    return pem;
}

/* Passphrases are not asked for: the library must not ask the terminal either. */
static int no_passphrase(char *buffer, int size, int rwflag, void *arg)
{
    (void)buffer;
    (void)size;
    (void)rwflag;
    (void)arg;
    return -1;
}

static enum sj_status identity_add_certificate(struct sj_identity *identity, BIO *bio,
                                               struct sj_error *err)
{
    X509 *certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    if (!certificate)
        return sj_fail(err, SJ_UNACCEPTABLE, "The certificate is damaged; paste it again.");
    if (!identity->certificate) {
        identity->certificate = certificate;
        return SJ_OK;
    }
    if (!identity->chain)
        identity->chain = sk_X509_new_null();
    if (sk_X509_num(identity->chain) + 1 >= (int)SJ_IDENTITY_CHAIN_MAX ||
        !sk_X509_push(identity->chain, certificate)) {
        X509_free(certificate);
        return sj_fail(err, SJ_UNACCEPTABLE, "There are too many certificates; at most %u are "
                                             "possible.", SJ_IDENTITY_CHAIN_MAX);
    }
    return SJ_OK;
}

static enum sj_status identity_add_key(struct sj_identity *identity, BIO *bio,
                                       struct sj_error *err)
{
    if (identity->key)
        return sj_fail(err, SJ_UNACCEPTABLE, "There is more than one private key.");
    identity->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    if (!identity->key)
        return sj_fail(err, SJ_UNACCEPTABLE, "The private key is damaged; paste it again.");
    return SJ_OK;
}

static enum sj_status identity_add(struct sj_identity *identity, const struct identity_block *b,
                                   struct sj_error *err)
{
    bool is_certificate = block_is(b, "CERTIFICATE");
    if (!is_certificate && !block_is(b, "PRIVATE KEY"))
        return SJ_OK;
    /* Old ones say so in a head of their own: "Proc-Type: 4,ENCRYPTED". */
    const char *head = strstr(b->body, "Proc-Type:");
    if (block_is(b, "ENCRYPTED PRIVATE KEY") || (head && head < b->body + b->body_n))
        return sj_fail(err, SJ_UNACCEPTABLE, "The private key has a passphrase. Take it off and "
                                             "paste the key without it.");
    char *pem = block_write(b);
    BIO *bio = BIO_new_mem_buf(pem, -1);
    enum sj_status status = is_certificate ? identity_add_certificate(identity, bio, err)
                                           : identity_add_key(identity, bio, err);
    BIO_free(bio);
    sj_locked_free(&pem);
    return status;
}

static enum sj_status identity_check(const struct sj_identity *identity, struct sj_error *err)
{
    if (!identity->certificate)
        return sj_fail(err, SJ_UNACCEPTABLE, "There is no certificate. It begins with \"%s\".",
                       "-----BEGIN CERTIFICATE-----");
    if (!identity->key)
        return sj_fail(err, SJ_UNACCEPTABLE, "There is no private key for the certificate.");
    if (X509_check_private_key(identity->certificate, identity->key) != 1)
        return sj_fail(err, SJ_UNACCEPTABLE, "The private key belongs to another certificate.");
    if (EVP_PKEY_get_security_bits(identity->key) < IDENTITY_BITS_MIN)
        return sj_fail(err, SJ_UNACCEPTABLE, "The private key is too weak; make a new one.");
    return SJ_OK;
}

enum sj_status sj_identity_new(struct sj_identity **out, const char *pem, struct sj_error *err)
{
    struct sj_identity *identity = sj_calloc(1, sizeof *identity);
    struct identity_block block;
    enum sj_status status = SJ_OK;
    unsigned blocks = 0;
    *out = NULL;
    if (strnlen(pem, IDENTITY_PEM_MAX + 1) > IDENTITY_PEM_MAX)
        status = sj_fail(err, SJ_UNACCEPTABLE, "The certificate is too long.");
    ERR_clear_error();
    while (status == SJ_OK && blocks++ < IDENTITY_BLOCKS_MAX && block_next(&pem, &block))
        status = identity_add(identity, &block, err);
    if (status == SJ_OK)
        status = identity_check(identity, err);
    ERR_clear_error();
    if (status == SJ_OK)
        *out = identity;
    else
        sj_identity_free(&identity);
    return status;
}

void sj_identity_free(struct sj_identity **identity)
{
    if (!identity || !*identity)
        return;
    X509_free((*identity)->certificate);
    EVP_PKEY_free((*identity)->key);
    sk_X509_pop_free((*identity)->chain, X509_free);
    sj_free(*identity);
    *identity = NULL;
}

struct sj_identity *conn_identity_copy(const struct sj_identity *identity)
{
    if (!identity)
        return NULL;
    struct sj_identity *copy = sj_calloc(1, sizeof *copy);
    *copy = *identity;
    X509_up_ref(copy->certificate);
    EVP_PKEY_up_ref(copy->key);
    if (copy->chain)
        copy->chain = X509_chain_up_ref(identity->chain);
    return copy;
}

bool conn_identity_use(const struct sj_identity *identity, struct ssl_st *ssl)
{
    return SSL_use_cert_and_key(ssl, identity->certificate, identity->key, identity->chain, 1) ==
           1;
}
