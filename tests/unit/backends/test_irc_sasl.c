/* SPDX-License-Identifier: MPL-2.0 */
/* SASL on IRC: which mechanism is used where, SCRAM's exchange, and servers that cheat
 * (backends/irc/irc_sasl.c). The test plays the server's side of SCRAM with sj_scram itself: its
 * messages are the client's, so the server's proof is computed from the same pieces. */
#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "irc.h"
#include "irc_base64.h"
#include "irc_link.h"
#include "irc_login.h"
#include "irc_sasl.h"
#include "irc_world.h"
#include "sojourn/conn.h"
#include "sojourn/log.h"
#include "sojourn/scram.h"

#define ROUNDS 4096
#define SALT "salt-of-the-server"

/* Up to the choice of a mechanism. */
static struct irc_world *begin(const char *options, const char *fields, const char *sasl)
{
    struct irc_world *w = irc_world_new(options);
    char line[256];

    irc_account(w, fields);
    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    (void)snprintf(line, sizeof line, ":irc.test CAP * LS :%s", sasl);
    irc_says(w, line);
    irc_gets(w, "CAP REQ :sasl");
    irc_says(w, ":irc.test CAP me ACK :sasl");
    return w;
}

static void says_base64(struct irc_world *w, const char *text)
{
    char line[4096] = "AUTHENTICATE ";
    char coded[3000];
    size_t n = irc_base64(coded, (const unsigned char *)text, strlen(text));

    for (size_t at = 0;; at += IRC_SASL_PIECE) {
        size_t piece = n - at < IRC_SASL_PIECE ? n - at : IRC_SASL_PIECE;
        (void)snprintf(line, sizeof line, "AUTHENTICATE %.*s", piece ? (int)piece : 1,
                       piece ? coded + at : "+");
        irc_says(w, line);
        if (piece < IRC_SASL_PIECE)
            return;
    }
}

/* The next text out of its pieces of base64. */
static void gets_base64(struct irc_world *w, char *out, size_t size)
{
    char coded[3000] = "";
    size_t piece, n;

    do {
        const char *line = irc_gets(w, NULL);
        cr_assert_eq(strncmp(line, "AUTHENTICATE ", 13), 0, "%s", line);
        piece = strlen(line + 13);
        cr_assert_lt(strlen(coded) + piece, sizeof coded);
        if (strcmp(line + 13, "+") != 0)
            (void)snprintf(coded + strlen(coded), sizeof coded - strlen(coded), "%s", line + 13);
    } while (piece == IRC_SASL_PIECE);
    cr_assert_lt(strlen(coded), size);
    cr_assert(irc_base64_read((unsigned char *)out, &n, coded, strlen(coded)), "%s", coded);
    out[n] = '\0';
}

static void hmac(unsigned char out[32], const void *key, size_t key_n, const void *text, size_t n)
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, key, key_n);
    crypto_auth_hmacsha256_update(&state, text, n);
    crypto_auth_hmacsha256_final(&state, out);
}

/* The server's last message, computed apart from sj_scram. */
static void server_final(char *out, size_t size, const char *password, const char *first,
                         const char *challenge, const char *final)
{
    unsigned char u[32], key[32], salt[64];
    char text[8192], coded[64];
    size_t n = strlen(SALT);

    memcpy(salt, SALT "\0\0\0\1", n + 4);
    hmac(u, password, strlen(password), salt, n + 4);
    memcpy(key, u, 32);
    for (int i = 1; i < ROUNDS; i++) {
        hmac(u, password, strlen(password), u, 32);
        for (int k = 0; k < 32; k++)
            key[k] ^= u[k];
    }
    hmac(key, key, 32, "Server Key", 10);
    int proof = (int)(strstr(final, ",p=") - final);
    (void)snprintf(text, sizeof text, "%s,%s,%.*s", first + 3, challenge, proof, final);
    hmac(u, key, 32, text, strlen(text));
    n = irc_base64(coded, u, 32);
    (void)snprintf(out, size, "v=%.*s", (int)n, coded);
}

struct exchange {
    char first[1024], challenge[2048], final[2048], verdict[128];
};

/* Up to our proof; verdict is what an honest server would say. */
static void exchange(struct irc_world *w, struct exchange *x, const char *password,
                     const char *nonce_tail)
{
    char salt[64];

    irc_gets(w, "AUTHENTICATE SCRAM-SHA-256");
    irc_says(w, "AUTHENTICATE +");
    gets_base64(w, x->first, sizeof x->first);
    cr_assert_eq(strncmp(x->first, "n,,n=me,r=", 10), 0, "%s", x->first);
    size_t n = irc_base64(salt, (const unsigned char *)SALT, strlen(SALT));
    (void)snprintf(x->challenge, sizeof x->challenge, "r=%s%s,s=%.*s,i=%d", x->first + 10,
                   nonce_tail, (int)n, salt, ROUNDS);
    says_base64(w, x->challenge);
    for (int i = 0; i < ROUNDS / (int)SJ_SCRAM_SLICE + 1; i++)
        irc_advance(w, 20);
    gets_base64(w, x->final, sizeof x->final);
    server_final(x->verdict, sizeof x->verdict, password, x->first, x->challenge, x->final);
}

Test(irc_sasl, scram_is_preferred_and_both_sides_prove)
{
    struct irc_world *w = begin("", "username=me password=sesame",
                                "sasl=PLAIN,SCRAM-SHA-256,EXTERNAL");
    struct exchange x;

    exchange(w, &x, "sesame", "-and-more");
    says_base64(w, x.verdict);
    irc_gets(w, "AUTHENTICATE +");
    irc_says(w, ":irc.test 900 me me!me@h me :You are now logged in as me");
    irc_says(w, ":irc.test 903 me :SASL authentication successful");
    irc_gets(w, "CAP END");
    cr_expect_null(irc_world_link(w)->login->scram);
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears_nothing(w);
    irc_world_free(w);
}

Test(irc_sasl, messages_of_the_server_may_come_in_pieces)
{
    struct irc_world *w = begin("", "username=me password=sesame", "sasl=SCRAM-SHA-256");
    struct exchange x;
    char tail[401];

    memset(tail, 'x', 400);
    tail[400] = '\0';
    exchange(w, &x, "sesame", tail);
    says_base64(w, x.verdict);
    irc_gets(w, "AUTHENTICATE +");
    irc_world_free(w);
}

Test(irc_sasl, a_server_that_does_not_know_the_password_is_left)
{
    static const char *const lies[] = {
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "v=", "x",
    };
    struct exchange x;

    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct irc_world *w = begin("", "username=me password=sesame", "sasl=SCRAM-SHA-256,PLAIN");
        exchange(w, &x, "sesame", "y");
        says_base64(w, lies[i]);
        cr_expect_eq(strncmp(irc_event(w), "down auth: the network could not prove", 38), 0);
        irc_gets_nothing(w);
        irc_world_free(w);
    }
}

Test(irc_sasl, success_without_a_proof_is_none)
{
    struct irc_world *w = begin("", "username=me password=sesame", "sasl=SCRAM-SHA-256,PLAIN");

    irc_gets(w, "AUTHENTICATE SCRAM-SHA-256");
    irc_says(w, "AUTHENTICATE +");
    irc_gets(w, NULL);
    irc_says(w, ":irc.test 903 me :SASL authentication successful");
    irc_hears(w, "down auth: the network did not prove that it knows the account");
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_sasl, a_wrong_password_is_not_tried_again_with_plain)
{
    struct irc_world *w = begin("", "username=me password=sesame", "sasl=SCRAM-SHA-256,PLAIN");
    struct exchange x;

    exchange(w, &x, "other", "y");
    says_base64(w, "e=invalid-proof");
    irc_hears(w, "down auth: the password is wrong");
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_sasl, accounts_without_a_scram_key_have_plain)
{
    struct irc_world *w = begin("", "username=me password=sesame", "sasl=SCRAM-SHA-256,PLAIN");
    struct exchange x;

    exchange(w, &x, "sesame", "y");
    says_base64(w, "e=other-error");
    irc_gets(w, "AUTHENTICATE *");
    irc_says(w, ":irc.test 906 me :SASL authentication aborted");
    irc_gets(w, "AUTHENTICATE PLAIN");
    irc_says(w, "AUTHENTICATE +");
    irc_gets(w, "AUTHENTICATE AG1lAHNlc2FtZQ==");
    irc_says(w, ":irc.test 904 me :wrong");
    irc_hears(w, "down auth: wrong");
    irc_world_free(w);
}

Test(irc_sasl, a_list_without_names_is_tried_until_one_is_known)
{
    struct irc_world *w = begin("", "username=me password=sesame", "sasl");

    irc_gets(w, "AUTHENTICATE SCRAM-SHA-256");
    irc_says(w, ":irc.test 908 me EXTERNAL,PLAIN :are available SASL mechanisms");
    irc_says(w, ":irc.test 904 me :SASL authentication failed");
    irc_gets(w, "AUTHENTICATE PLAIN");
    irc_world_free(w);
    w = begin("", "username=me password=sesame", "sasl");
    irc_gets(w, "AUTHENTICATE SCRAM-SHA-256");
    irc_says(w, ":irc.test 908 me EXTERNAL :are available SASL mechanisms");
    irc_says(w, ":irc.test 904 me :SASL authentication failed");
    irc_hears(w, "down auth: SASL authentication failed");
    irc_world_free(w);
}

Test(irc_sasl, challenges_that_make_no_sense_end_the_login)
{
    static const char *const rows[] = {
        "AUTHENTICATE !!!!", "AUTHENTICATE AAAA", "AUTHENTICATE Zm9v", "AUTHENTICATE +",
        "AUTHENTICATE cj14LHM9eCxpPTE=",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_world *w = begin("", "username=me password=sesame", "sasl=SCRAM-SHA-256");
        irc_gets(w, "AUTHENTICATE SCRAM-SHA-256");
        irc_says(w, "AUTHENTICATE +");
        irc_gets(w, NULL);
        irc_says(w, rows[i]);
        cr_expect_eq(strncmp(irc_event(w), "down auth: the network's part", 29), 0, "%s", rows[i]);
        irc_world_free(w);
    }
}

Test(irc_sasl, a_challenge_without_an_end_is_bounded)
{
    struct irc_world *w = begin("", "username=me password=sesame", "sasl=SCRAM-SHA-256");
    char line[500] = "AUTHENTICATE ";

    memset(line + 13, 'A', IRC_SASL_PIECE);
    line[13 + IRC_SASL_PIECE] = '\0';
    irc_gets(w, "AUTHENTICATE SCRAM-SHA-256");
    for (int i = 0; i < 7; i++)
        irc_says(w, line);
    irc_hears(w, "down auth: the network's part of the login (SASL) makes no sense");
    irc_world_free(w);
}

Test(irc_sasl, work_for_keys_is_done_in_turns_and_ends_with_the_link)
{
    struct irc_world *w = begin("", "username=me password=sesame", "sasl=SCRAM-SHA-256");
    char first[1024], challenge[2048];

    irc_gets(w, "AUTHENTICATE SCRAM-SHA-256");
    irc_says(w, "AUTHENTICATE +");
    gets_base64(w, first, sizeof first);
    (void)snprintf(challenge, sizeof challenge, "r=%sy,s=c2FsdA==,i=600000", first + 10);
    says_base64(w, challenge);
    irc_settle(w);
    cr_expect_eq(irc_world_link(w)->login->sasl, IRC_SASL_DERIVING);
    irc_advance(w, 20);
    /* Everything else goes on meanwhile. */
    irc_says(w, "PING :still here");
    irc_gets(w, "PONG :still here");
    cr_expect_eq(irc_world_link(w)->login->sasl, IRC_SASL_DERIVING);
    irc_leaves(w, NULL);
    irc_frees(w);
    cr_expect(sj_list_empty(&irc_world_net(w)->deriving));
    irc_advance(w, 20);
    irc_world_free(w);
}

/* The server breaks SCRAM off for another reason than the password, then says that all is well:
 * it has proved nothing. */
Test(irc_sasl, success_after_a_refusal_is_none)
{
    struct irc_world *w = begin("", "username=me password=sesame", "sasl=PLAIN,SCRAM-SHA-256");
    struct exchange x;

    exchange(w, &x, "sesame", "y");
    says_base64(w, "e=other-error");
    irc_gets(w, "AUTHENTICATE *");
    says_base64(w, x.verdict);
    irc_gets_nothing(w);
    irc_says(w, ":irc.test 903 me :SASL authentication successful");
    irc_hears(w, "down auth: the network did not prove that it knows the account");
    irc_gets_nothing(w);
    irc_world_free(w);
}

/* A certificate made on the spot, as PEM. */
static void make_pem(char *out, size_t size)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem;

    X509_set_pubkey(certificate, key);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 1000);
    X509_sign(certificate, key, EVP_sha256());
    PEM_write_bio_X509(bio, certificate);
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    BIO_write(bio, "", 1);
    BIO_get_mem_data(bio, &pem);
    cr_assert_lt(strlen(pem), size);
    memcpy(out, pem, strlen(pem) + 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
    BIO_free(bio);
}

static struct sj_identity *identity_new(void)
{
    struct sj_identity *identity;
    char pem[4096];

    make_pem(pem, sizeof pem);
    cr_assert_eq(sj_identity_new(&identity, pem, NULL), SJ_OK);
    return identity;
}

/* Up to the choice of a mechanism, with a certificate, as if there were TLS. */
static struct irc_world *certified(const char *fields, const char *sasl)
{
    struct irc_world *w = irc_world_new("");
    char line[256];

    irc_account(w, fields);
    irc_world_link(w)->login->identity = identity_new();
    irc_world_link(w)->is_tls = true;
    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    (void)snprintf(line, sizeof line, ":irc.test CAP * LS :%s", sasl);
    irc_says(w, line);
    irc_gets(w, "CAP REQ :sasl");
    irc_says(w, ":irc.test CAP me ACK :sasl");
    return w;
}

Test(irc_sasl, a_certificate_comes_before_everything)
{
    struct irc_world *w = certified("username=me password=sesame",
                                    "sasl=PLAIN,SCRAM-SHA-256,EXTERNAL");

    irc_gets(w, "AUTHENTICATE EXTERNAL");
    irc_says(w, "AUTHENTICATE +");
    irc_gets(w, "AUTHENTICATE +");
    irc_says(w, ":irc.test 903 me :SASL authentication successful");
    irc_gets(w, "CAP END");
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears_nothing(w);
    irc_world_free(w);
    w = certified("username=me login=account", "sasl=EXTERNAL");
    irc_gets(w, "AUTHENTICATE EXTERNAL");
    irc_says(w, "AUTHENTICATE +");
    irc_gets(w, "AUTHENTICATE YWNjb3VudA==");
    irc_says(w, ":irc.test 904 me :SASL authentication failed");
    irc_hears(w, "down auth: SASL authentication failed");
    irc_world_free(w);
}

Test(irc_sasl, a_certificate_that_is_not_known_leaves_the_password)
{
    struct irc_world *w = certified("username=me password=sesame", "sasl=PLAIN,EXTERNAL");

    irc_gets(w, "AUTHENTICATE EXTERNAL");
    irc_says(w, "AUTHENTICATE +");
    irc_gets(w, "AUTHENTICATE +");
    irc_says(w, ":irc.test 904 me :SASL authentication failed");
    irc_gets(w, "AUTHENTICATE PLAIN");
    irc_says(w, "AUTHENTICATE +");
    irc_gets(w, "AUTHENTICATE AG1lAHNlc2FtZQ==");
    irc_says(w, ":irc.test 903 me :SASL authentication successful");
    irc_gets(w, "CAP END");
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your account does not know your certificate, so your password was used. To "
                 "make it known, write \"CERT ADD\" to nickserv.");
    irc_world_free(w);
}

Test(irc_sasl, certificates_are_checked_when_they_are_given)
{
    struct irc_world *plain = irc_world_new(""), *tls = irc_world_new("tls=yes");
    const char *values[IRC_FIELDS] = { [IRC_FIELD_NICK] = "me",
                                       [IRC_FIELD_CERTIFICATE] = "-----BEGIN" };
    const struct sj_account account = { values, IRC_FIELDS };
    struct sj_error err;

    cr_expect_eq(irc_backend.account_check(irc_world_net(tls), &account, &err), SJ_UNACCEPTABLE);
    cr_expect_not_null(strstr(err.text, "There is no certificate."), "%s", err.text);
    cr_expect_eq(irc_backend.account_check(irc_world_net(plain), &account, &err), SJ_UNACCEPTABLE);
    cr_expect_not_null(strstr(err.text, "without encryption"), "%s", err.text);
    values[IRC_FIELD_CERTIFICATE] = values[IRC_FIELD_CERTIFICATE_KEY] = "-";
    cr_expect_eq(irc_backend.account_check(irc_world_net(plain), &account, &err), SJ_OK);
    irc_world_free(tls);
    irc_world_free(plain);
}

/* A server without TLS may ask for it (STS): what is shown there is kept until then. */
Test(irc_sasl, a_certificate_waits_for_tls)
{
    char pem[4096];
    const char *values[IRC_FIELDS] = { [IRC_FIELD_NICK] = "me", [IRC_FIELD_PASSWORD] = "sesame",
                                       [IRC_FIELD_CERTIFICATE] = pem };
    const struct sj_account account = { values, IRC_FIELDS };
    struct irc_world *w = irc_world_new("server=localhost");
    struct sj_error err;

    make_pem(pem, sizeof pem);
    cr_expect_eq(irc_backend.account_check(irc_world_net(w), &account, &err), SJ_OK, "%s",
                 err.text);
    irc_account(w, "username=me");
    struct irc_login *login = irc_login_new(irc_world_link(w), &account);
    cr_expect_not_null(login->identity);
    irc_login_free(&login);
    irc_world_free(w);
    /* As if the configuration had said tls = yes when it was stored. */
    w = irc_world_new("");
    irc_account(w, "username=me password=sesame");
    irc_world_link(w)->login->identity = identity_new();
    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    irc_says(w, ":irc.test CAP * LS :sasl=EXTERNAL");
    irc_gets(w, "CAP END");
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your certificate was not shown, because the connection is not encrypted.");
    irc_world_free(w);
}

/* The server's address is not this machine's, by its name: nothing connects there. */
Test(irc_sasl, plain_passwords_go_over_safe_wires_only)
{
    static const struct {
        const char *options;
        bool is_safe;
    } rows[] = {
        { "", true },
        { "server=localhost", true },
        { "server=::1", true },
        { "server=127.8.8.8", true },
        { "server=irc.example.org", false },
        { "server=127.0.0.1.example.org", false },
        { "server=192.0.2.1", false },
        { "server=irc.example.org clear-passwords=yes", true },
        { "server=irc.example.org tls=yes", true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct irc_world *w = irc_world_new(rows[i].options);
        const struct sj_net *net = irc_world_net(w);
        const struct irc_link l = { .base = { .net = irc_world_net(w) },
                                    .is_tls = net->tls != NULL };
        cr_expect_eq(irc_link_keeps_secrets(&l), rows[i].is_safe, "%s", rows[i].options);
        irc_world_free(w);
    }
}

/* A world whose server counts as a far one. */
static struct irc_world *far_begin(const char *options, const char *fields)
{
    struct irc_world *w = irc_world_new(options);

    irc_world_net(w)->is_local = false;
    irc_account(w, fields);
    return w;
}

Test(irc_sasl, no_password_in_the_clear)
{
    struct irc_world *w = far_begin("nickserv=command nickserv-mask=NickServ!*@services.test",
                                    "username=me password=sesame");

    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    irc_says(w, ":irc.test CAP * LS :sasl=PLAIN");
    irc_gets(w, "CAP END");
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    irc_gets(w, "USERHOST me");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your account's password was not used: the connection is not encrypted, and "
                 "everybody on its way could read it.");
    irc_gets_nothing(w);
    irc_world_free(w);
    w = far_begin("", "username=me server_password=sesame");
    irc_hears(w, "down auth: the connection is not encrypted, so the server's password was not "
                 "sent");
    irc_gets_nothing(w);
    irc_world_free(w);
    /* The admin's own password is the admin's business. */
    w = far_begin("server-password=common", "username=me");
    irc_gets(w, "CAP LS 302");
    irc_gets(w, "PASS :common");
    irc_world_free(w);
}

/* Somebody on the way offers STS to another link: this one is as open as before. */
Test(irc_sasl, an_offer_of_tls_to_others_opens_nothing_here)
{
    struct irc_world *w = far_begin("server=localhost", "username=me password=sesame");
    struct irc_sts *sts = &irc_world_net(w)->sts;

    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    sts->until_ms = sj_loop_now_ms(irc_world_loop(w)) + IRC_STS_TRIAL_MS;
    cr_assert_not_null(irc_net_tls(irc_world_net(w)));
    irc_says(w, ":irc.test CAP * LS :sasl=PLAIN");
    irc_gets(w, "CAP END");
    irc_says(w, ":irc.test 001 me :Welcome");
    irc_says(w, ":irc.test 422 me :no motd");
    irc_gets(w, "USERHOST me");
    irc_hears(w, "up");
    irc_hears(w, "self me");
    irc_hears(w, "tell Your account's password was not used: the connection is not encrypted, and "
                 "everybody on its way could read it.");
    irc_gets_nothing(w);
    irc_world_free(w);
}

Test(irc_sasl, scram_works_in_the_clear_and_plain_does_not_follow)
{
    struct irc_world *w = far_begin("", "username=me password=sesame");

    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    irc_says(w, ":irc.test CAP * LS :sasl=SCRAM-SHA-256,PLAIN");
    irc_gets(w, "CAP REQ :sasl");
    irc_says(w, ":irc.test CAP me ACK :sasl");
    irc_gets(w, "AUTHENTICATE SCRAM-SHA-256");
    irc_says(w, ":irc.test 904 me :SASL authentication failed");
    irc_hears(w, "down auth: SASL authentication failed");
    irc_gets_nothing(w);
    irc_world_free(w);
}

static void expect_no_secret(enum sj_log_level level, const char *line, void *ctx)
{
    (void)level;
    ++*(unsigned *)ctx;
    cr_expect_null(strstr(line, "sesame"), "logged: %s", line);
    cr_expect_null(strstr(line, "AUTHENTICATE biws"), "logged: %s", line);
    cr_expect_null(strstr(line, "AUTHENTICATE Yz1i"), "logged: %s", line);
}

Test(irc_sasl, scram_leaves_nothing_in_the_log)
{
    unsigned lines = 0;

    sj_log_set_level(SJ_LOG_TRACE);
    struct irc_world *w = irc_world_new("");
    sj_log_set_sink(expect_no_secret, &lines);
    irc_account(w, "username=me password=sesame");
    for (int i = 0; i < 3; i++)
        irc_gets(w, NULL);
    irc_says(w, ":irc.test CAP * LS :sasl=SCRAM-SHA-256");
    irc_gets(w, "CAP REQ :sasl");
    irc_says(w, ":irc.test CAP me ACK :sasl");
    struct exchange x;
    exchange(w, &x, "sesame", "y");
    says_base64(w, x.verdict);
    irc_gets(w, "AUTHENTICATE +");
    cr_expect_gt(lines, 8);
    irc_world_free(w);
}
