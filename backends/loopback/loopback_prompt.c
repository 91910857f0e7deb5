/* SPDX-License-Identifier: MPL-2.0 */
/* Questions during the login, where the configuration asks for them (login-steps): a code, a magic
 * word, a link to open, a picture to scan, or one after the other. What an answer must be stands in
 * the question, so that the way of it can be tried; what is to be done elsewhere counts as done
 * after login-confirm. Real networks ask like this for codes from text messages and for the consent
 * of another device. When and how the login goes on is in loopback_link.c. */
#include <string.h>

#include "loopback_link.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"

#define PROMPT_CODE "4711"
#define PROMPT_WORD "sesame"
#define PROMPT_WRONG_MAX 3u              /* wrong answers of one login */
#define PROMPT_URL "https://loopback.example.org/confirm/"

enum step { STEP_CODE, STEP_SECRET, STEP_LINK, STEP_PICTURE, STEPS };
struct step_facts {
    enum sj_prompt_kind kind;
    const char *text;
    const char *again;                   /* after a wrong answer */
    const char *answer;                  /* the right one; NULL: none is taken */
};
static const struct step_facts steps[STEPS] = {
    [STEP_CODE] = {
        .kind = SJ_PROMPT_TEXT,
        .text = N_("Which code did you get? (On this network it is always 4711.)"),
        .again = N_("That was not the code. Please try again: it is 4711."),
        .answer = PROMPT_CODE,
    },
    [STEP_SECRET] = {
        .kind = SJ_PROMPT_SECRET,
        .text = N_("What is your second password? (On this network it is always \"sesame\".)"),
        .again = N_("That was not the second password. Please try again: it is \"sesame\"."),
        .answer = PROMPT_WORD,
    },
    [STEP_LINK] = {
        .kind = SJ_PROMPT_ACTION,
        .text = N_("Open this link to confirm that it is you. (Nothing is there; this network "
                   "just waits a little.)"),
    },
    [STEP_PICTURE] = {
        .kind = SJ_PROMPT_ACTION,
        .text = N_("Scan this picture with another device to confirm that it is you. (It says "
                   "nothing; this network just waits a little.)"),
    },
};

/* The steps of each choice of login-steps, in its order (loopback_backend.c). */
static const struct {
    enum step step[STEPS];
    uint8_t n;
} step_lists[LOOPBACK_STEPS_CHOICES] = {
    [LOOPBACK_STEPS_CODE] = {{STEP_CODE}, 1},
    [LOOPBACK_STEPS_SECRET] = {{STEP_SECRET}, 1},
    [LOOPBACK_STEPS_LINK] = {{STEP_LINK}, 1},
    [LOOPBACK_STEPS_PICTURE] = {{STEP_PICTURE}, 1},
    [LOOPBACK_STEPS_ALL] = {{STEP_CODE, STEP_SECRET, STEP_LINK, STEP_PICTURE}, STEPS},
};

/* 16 by 16 pixels, a pattern. */
static const uint8_t prompt_picture[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44,
    0x52, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x10, 0x01, 0x00, 0x00, 0x00, 0x00, 0x37,
    0x88, 0xc2, 0xcc, 0x00, 0x00, 0x00, 0x13, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x38,
    0x73, 0x86, 0x01, 0x88, 0x8c, 0x8d, 0x41, 0x88, 0x08, 0x36, 0x00, 0x9b, 0x6f, 0x0f, 0xf1,
    0x04, 0xa2, 0x89, 0x55, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60,
    0x82,
};

static const struct step_facts *prompt_step(const struct loopback_link *l, enum step *which)
{
    enum loopback_steps list = l->base.net->login_steps;
    if (l->step >= step_lists[list].n)
        return NULL;
    *which = step_lists[list].step[l->step];
    return &steps[*which];
}

bool loopback_prompt_ask(struct loopback_link *l)
{
    enum step which;
    const struct step_facts *step = prompt_step(l, &which);
    if (!step)
        return false;
    struct sj_prompt p = {.kind = step->kind, .text = l->wrong > 0 ? step->again : step->text};
    struct sj_strbuf url;
    sj_strbuf_init(&url, 128);
    if (which == STEP_LINK) {
        sj_strbuf_addf(&url, PROMPT_URL "%s", l->id);
        p.url = url.s;
    } else if (which == STEP_PICTURE) {
        p.picture_type = "image/png";
        p.picture = prompt_picture;
        p.picture_len = sizeof prompt_picture;
    }
    l->answered = false;
    if (!step->answer)
        sj_timer_start(l->base.loop, &l->confirm, l->base.net->confirm_ms);
    l->base.host->prompt(&l->base, &p);
    sj_strbuf_release(&url);
    return true;
}

void loopback_prompt_confirmed(void *arg)
{
    struct loopback_link *l = arg;
    loopback_queue_add(l, LOOPBACK_EVENT_STEP)->status = SJ_OK;
}

bool loopback_prompt_step(struct loopback_link *l, enum sj_status outcome)
{
    if (outcome == SJ_OK) {
        l->step++;
        l->wrong = 0;
        return true;
    }
    return ++l->wrong < PROMPT_WRONG_MAX;
}

enum sj_status loopback_prompt_answer(struct sj_link *base, const char *value,
                                      struct sj_error *err)
{
    struct loopback_link *l = loopback_link_of(base);
    enum step which;
    const struct step_facts *step = l->state == LOOPBACK_ASKING ? prompt_step(l, &which) : NULL;
    if (!step || !step->answer || l->answered)
        return sj_fail(err, SJ_UNACCEPTABLE, "nothing is being asked");
    size_t n = strlen(step->answer);
    if (which == STEP_CODE && strspn(value, "0123456789") != strlen(value))
        return sj_fail(err, SJ_UNACCEPTABLE, "a code has digits only");
    bool right = strlen(value) == n && sj_equal_secret(value, step->answer, n);
    l->answered = true;
    loopback_queue_add(l, LOOPBACK_EVENT_STEP)->status = right ? SJ_OK : SJ_AUTH;
    return SJ_OK;
}
