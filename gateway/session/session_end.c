/* SPDX-License-Identifier: MPL-2.0 */
/* When a link ends, or a log-in fails: who is told, and what comes next. A link that was lost is
 * made again with growing, jittered delays; refused credentials keep the user out until they give
 * new ones (DESIGN §5, G100-26, G100-30). */
#include "command.h"
#include "position.h"
#include "session.h"
#include "sojourn/memory.h"
#include "sojourn/strbuf.h"
#include "sojourn/translate.h"
#include "talk.h"
#include "transfer.h"

void session_note_trouble(struct session *s, enum sj_status status, const struct sj_error *cause)
{
    struct sj_error err = *cause;

    contact_set(&s->trouble, cause->text);
    if (!s->awaited)
        return;
    err.status = status;
    command_login_over(s, &err);
}

void session_tell_failure(struct session *s, enum sj_status status, const struct sj_error *cause)
{
    struct sj_error err = session_words(s, cause);

    if (s->failure_told || s->quiet)
        return;
    s->failure_told = true;
    err.status = status;
    xmpp_send_presence_error(s->all->xmpp, s->network->index, NULL, s->user, &err);
}

void session_wait_over(void *arg)
{
    struct session *s = arg;

    session_enter(s, SESSION_QUEUED, "back-off is over");
    session_login(s);
}

/* Doubling with full jitter on the upper half: half of the users come back in the first half. */
static int64_t session_backoff_ms(const struct session *s)
{
    int64_t ms = SESSION_BACKOFF_FIRST_MS;

    for (unsigned i = 1; i < s->tries && ms < SESSION_BACKOFF_MAX_MS; i++)
        ms *= 2;
    if (ms > SESSION_BACKOFF_MAX_MS)
        ms = SESSION_BACKOFF_MAX_MS;
    return ms / 2 + (int64_t)sj_random_below((uint32_t)ms);
}

static void session_wait(struct session *s, enum sj_end end, const struct sj_error *cause)
{
    int64_t ms;

    if (s->online_at_ms && sj_loop_now_ms(s->all->loop) - s->online_at_ms >= SESSION_STABLE_MS)
        s->tries = 0;
    s->online_at_ms = 0;
    s->tries++;
    s->throttled = end == SJ_END_THROTTLED;
    if (s->throttled && s->tries < 6)
        s->tries = 6;                                /* a minute at least */
    ms = session_backoff_ms(s);
    if (sj_end_is_error(end))
        sj_log_info(&s->log, "link down reason=%s cause=%s retry_ms=%lld", sj_end_name(end),
                    SJ_CLIP(cause->text), (long long)ms);
    session_enter(s, SESSION_BACKOFF, sj_end_name(end));
    sj_timer_init(&s->timer, session_wait_over, s);
    sj_timer_start(s->all->loop, &s->timer, ms);
    session_tell_failure(s, SJ_UNREACHABLE, cause);
    session_note_trouble(s, SJ_UNREACHABLE, cause);
}

/* The user must act: presence says so, and one message (DESIGN §5, G100-26, G100-30). cause has
 * the status of the presence error. */
static void session_keep_out(struct session *s, const char *reason, const struct sj_error *cause,
                             const char *advice)
{
    struct sj_strbuf body;
    struct sj_error words = session_words(s, cause);

    sj_log_info(&s->log, "link down reason=%s cause=%s", reason, SJ_CLIP(cause->text));
    session_enter(s, SESSION_REFUSED, reason);
    session_store_online(s, false);
    s->failure_told = false;             /* an outage before it was another matter */
    s->gave_up = false;
    session_tell_failure(s, cause->status, cause);
    session_note_trouble(s, SJ_REMOTE, cause);
    rooms_give_up(s, cause);
    sj_strbuf_init(&body, 1024);
    sj_strbuf_addf(&body, sj_translate(s->lang, "You are not logged in to %s: %s."),
                   s->network->options->label, words.text);
    sj_strbuf_addf(&body, " %s", sj_translate(s->lang, advice));
    session_say_translated(s, body.s);
    sj_strbuf_release(&body);
}

static void session_refuse(struct session *s, enum sj_end end, const struct sj_error *cause)
{
    struct sj_error gone, why = *cause;

    why.status = end == SJ_END_AUTH ? SJ_AUTH : SJ_DENIED;
    session_keep_out(s, sj_end_name(end), &why,
                     N_("I will not try again by myself; please change your registration with this "
                        "gateway (register again in your client)."));
    sj_fail(&gone, SJ_UNREACHABLE, "The network refused your log-in.");
    held_out_bounce(s, &gone);
}

void session_give_up(struct session *s, const struct sj_error *why)
{
    struct sj_error gone;

    sessions_bury(s->all, &s->link);
    prompt_over(s, why);
    session_keep_out(s, "given up", why,
                     N_("To try again, type login to me, or use the command \"Log in\" of this "
                        "gateway."));
    s->gave_up = true;
    sj_fail(&gone, SJ_UNREACHABLE, "You are not logged in to the network.");
    held_out_bounce(s, &gone);
}

void session_cause(struct sj_error *out, enum sj_end end, const struct sj_error *why)
{
    if (why && why->text[0])
        *out = *why;
    else
        sj_fail(out, SJ_REMOTE, "%s", sj_end_text(end));
}

void session_link_down(struct session *s, enum sj_end end, const struct sj_error *why)
{
    bool was_closing = s->state == SESSION_CLOSING;
    struct sj_error lost, cause;

    session_cause(&cause, end, why);
    sj_fail(&lost, SJ_UNREACHABLE,
            "The connection to the network ended before it confirmed this; it may or may not "
            "have arrived.");
    sessions_bury(s->all, &s->link);
    if (!s->check)
        prompt_over(s, &cause);
    transfers_stop(s, &lost);
    position_link_down(s);
    held_out_wait(s);
    ops_lost(s, &lost, !was_closing && sj_end_may_retry(end) && s->wants_online);
    rooms_link_down(s, was_closing ? NULL : &cause);
    talks_clear(s);
    sj_secret_free(&s->self_id);
    portraits_retry(s);
    session_unannounce(s, was_closing ? NULL : &cause);
    if (was_closing) {
        sj_log_info(&s->log, "link down reason=%s", sj_end_name(SJ_END_ASKED));
        session_enter(s, SESSION_OFFLINE, "logged out");
        held_in_flush(s);                            /* what crossed the log-out */
        if (s->removal.wanted)
            session_removed(s);
        else
            session_login(s);                        /* the user may have come back meanwhile */
        session_release(s);
    } else if (!sj_end_may_retry(end) && end != SJ_END_ASKED) {
        session_refuse(s, end, &cause);
    } else {
        session_wait(s, end, &cause);
        if (!s->wants_online)
            session_logout(s, "");
    }
}
