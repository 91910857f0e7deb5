/* SPDX-License-Identifier: MPL-2.0 */
/* SCRAM-SHA-256: the exchange of RFC 7677 §3; servers that lie, ask too much or make no sense. */
#include "sojourn/scram.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "scram_priv.h"
#include "sojourn/memory.h"

#define NONCE "rOprNGfwEbeRWgbNEkqO"
#define BOTH NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SALT "W22ZaJ0SNY7soEsUEjb6gQ=="
#define CHALLENGE "r=" BOTH ",s=" SALT ",i=4096"
#define PROOF "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define SIGNATURE "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

/* Up to the last message, in slices of so many rounds. */
static struct sj_scram *exchange(unsigned slice)
{
    struct sj_scram *s = scram_new_with_nonce("user", "pencil", NONCE);
    struct sj_error err;
    unsigned slices = 1;

    cr_assert_str_eq(sj_scram_first(s), "n,,n=user,r=" NONCE);
    cr_assert_eq(sj_scram_challenge(s, CHALLENGE, &err), SJ_OK, "%s", err.text);
    while (!sj_scram_derive(s, slice))
        slices++;
    cr_expect_eq(slices, (4095 + slice - 1) / slice);
    cr_assert_str_eq(sj_scram_final(s), "c=biws,r=" BOTH ",p=" PROOF);
    return s;
}

Test(scram, the_published_exchange_in_any_slices)
{
    static const unsigned slices[] = { 1, 7, SJ_SCRAM_SLICE, 4095, 100000 };

    for (size_t i = 0; i < sizeof slices / sizeof slices[0]; i++) {
        struct sj_scram *s = exchange(slices[i]);
        cr_expect_eq(sj_scram_verify(s, "v=" SIGNATURE, NULL), SJ_OK);
        sj_scram_free(&s);
        cr_expect_null(s);
    }
}

Test(scram, the_server_must_prove_that_it_knows_the_password)
{
    static const char *const lies[] = {
        "", "v=", "v=" SIGNATURE "A", "x=" SIGNATURE,
        "v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "v=6rriTRBi23WpRR/wtup+mMhUZUn/",
        "v=" PROOF, "v", "v=*",
    };
    struct sj_error err;

    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct sj_scram *s = exchange(4096);
        cr_expect_eq(sj_scram_verify(s, lies[i], &err), SJ_DENIED, "%s", lies[i]);
        cr_expect_not_null(strstr(err.text, "could not prove"));
        cr_expect_not(sj_scram_was_wrong(s));
        sj_scram_free(&s);
    }
}

Test(scram, the_server_may_say_why_it_refuses)
{
    struct sj_scram *s = exchange(4096);

    cr_expect_eq(sj_scram_verify(s, "e=invalid-proof", NULL), SJ_DENIED);
    cr_expect(sj_scram_was_wrong(s));
    sj_scram_free(&s);
    s = exchange(4096);
    cr_expect_eq(sj_scram_verify(s, "e=unknown-user,v=" SIGNATURE, NULL), SJ_DENIED);
    cr_expect_not(sj_scram_was_wrong(s));
    sj_scram_free(&s);
}

Test(scram, challenges_that_are_refused)
{
    static const char *const rows[] = {
        "", ",", "r", "r=", "m=ext,r=" BOTH ",s=" SALT ",i=4096",
        "r=" NONCE ",s=" SALT ",i=4096",                      /* nothing of the server's */
        "r=x" BOTH ",s=" SALT ",i=4096",                      /* not ours */
        "r=" NONCE "\x01,s=" SALT ",i=4096", "r=" NONCE "\xc3\xa4,s=" SALT ",i=4096",
        "r=" BOTH, "r=" BOTH ",s=", "r=" BOTH ",s=,i=4096", "r=" BOTH ",s=W2,i=4096",
        "r=" BOTH ",s=!!!!,i=4096", "r=" BOTH ",i=4096,s=" SALT, "r=" BOTH ",s=" SALT,
        "r=" BOTH ",s=" SALT ",i=", "r=" BOTH ",s=" SALT ",i=0", "r=" BOTH ",s=" SALT ",i=-4096",
        "r=" BOTH ",s=" SALT ",i=4095", "r=" BOTH ",s=" SALT ",i=600001",
        "r=" BOTH ",s=" SALT ",i=4294971392", "r=" BOTH ",s=" SALT ",i=99999999999999999999",
        "r=" BOTH ",s=" SALT ",i= 4096", "r=" BOTH ",s=" SALT ",i=4096x",
    };
    struct sj_error err;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sj_scram *s = scram_new_with_nonce("user", "pencil", NONCE);
        sj_scram_first(s);
        cr_expect_eq(sj_scram_challenge(s, rows[i], &err), SJ_DENIED, "%s", rows[i]);
        cr_expect_neq(err.text[0], '\0');
        sj_scram_free(&s);
    }
}

Test(scram, long_nonces_salts_and_messages_are_refused)
{
    char text[8192];
    size_t lengths[] = { 600, 2000 };

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        char filler[2048];
        memset(filler, 'A', lengths[i]);
        filler[lengths[i]] = '\0';
        for (int what = 0; what < 3; what++) {
            struct sj_scram *s = scram_new_with_nonce("user", "pencil", NONCE);
            sj_scram_first(s);
            (void)snprintf(text, sizeof text, "r=%s%s,s=%s,i=4096%s%s", BOTH,
                           what == 0 ? filler : "", what == 1 ? filler : SALT,
                           what == 2 ? ",x=" : "", what == 2 ? filler : "");
            enum sj_status status = sj_scram_challenge(s, text, NULL);
            /* An extension at the end may be there, within the limit of the whole. */
            cr_expect_eq(status, what == 2 && lengths[i] == 600 ? SJ_OK : SJ_DENIED);
            sj_scram_free(&s);
        }
    }
}

Test(scram, names_are_spelt_out_and_bounded)
{
    char name[SJ_SCRAM_NAME_MAX + 2];
    struct sj_scram *s = scram_new_with_nonce("a,b=c", "x", "n");

    cr_expect_str_eq(sj_scram_first(s), "n,,n=a=2Cb=3Dc,r=n");
    sj_scram_free(&s);
    memset(name, ',', sizeof name);
    name[SJ_SCRAM_NAME_MAX + 1] = '\0';
    cr_expect_null(sj_scram_new(name, "x"));
    cr_expect_null(sj_scram_new("x", name));
    cr_expect_null(sj_scram_new("", "x"));
    cr_expect_null(sj_scram_new("x", ""));
    name[SJ_SCRAM_NAME_MAX] = '\0';
    s = sj_scram_new(name, name);
    const char *first = sj_scram_first(s);
    cr_expect_eq(strncmp(first, "n,,n==2C=2C", 11), 0);
    /* Name, and a nonce of 32 characters that is never the same. */
    cr_expect_eq(strlen(first), 5 + 3 * SJ_SCRAM_NAME_MAX + 3 + 32);
    struct sj_scram *other = sj_scram_new(name, name);
    cr_expect_str_neq(sj_scram_first(other), first);
    sj_scram_free(&s);
    sj_scram_free(&other);
    sj_scram_free(&s);
    sj_scram_free(NULL);
}
