/* SPDX-License-Identifier: MPL-2.0 */
/* The benchmark driver: one process plays the XMPP server and the IRC server around one gateway
 * and measures it (docs/PERFORMANCE.md). Here: options, the order of rounds, exit status:
 * 0 all budgets kept, 1 a budget or a message was missed, 2 nothing could be measured. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define DESCRIPTORS_SPARE 200u
#define BODY_BYTES_MAX 380u

static const char usage[] =
    "usage: bench [options]\n"
    "  --gateway PATH   sojournd to measure, or: biboumi, floor (a bare\n"
    "                   relay), floor-faulty (must be found out)\n"
    "  --peer NAME      measure biboumi or floor side by side and print ratios\n"
    "  --users N        largest number of sessions (default 5000)\n"
    "  --rounds N       rounds of fresh processes, alternating (default 3)\n"
    "  --quick          1000 users, one round, short phases: about a minute\n"
    "  --only NAME,...  start memory idle storm restart single flood latency scale\n"
    "                   pressure\n"
    "  --contacts N     contacts of each user (default 0)\n"
    "  --caps NAME,...  what the IRC server offers: server-time echo-message\n"
    "                   labeled-response message-tags batch (default none)\n"
    "  --ison           the IRC server has no MONITOR\n"
    "  --body N         bytes of a message's filler (default 100)\n"
    "  --rate N         messages a second one by one (default 2000)\n"
    "  --idle S         seconds of idling to measure (default 10)\n"
    "  --json           the result as JSON on stdout\n"
    "  --keep           leave configuration, data and logs where they were\n";

static const struct {
    const char *name;
    uint32_t bit;
} cap_names[] = {{"server-time", CAP_TIME}, {"echo-message", CAP_ECHO},
                 {"labeled-response", CAP_LABEL}, {"message-tags", CAP_TAGS}, {"batch", CAP_BATCH}};

static uint64_t number_option(const char *name, const char *text, uint64_t min, uint64_t max)
{
    size_t used;
    uint64_t value = number_parse(text, strlen(text), &used);

    if (used == 0 || text[used] != '\0' || value < min || value > max)
        die("--%s: a number from %llu to %llu", name, (unsigned long long)min,
            (unsigned long long)max);
    return value;
}

static bool word_is(const char *word, size_t n, const char *name)
{
    return strlen(name) == n && memcmp(word, name, n) == 0;
}

/* Bit of one word of a list; 0: unknown. */
static uint32_t part_bit(const char *word, size_t n)
{
    for (int i = 0; i < PART_COUNT; i++)
        if (word_is(word, n, part_name((enum part)i)))
            return 1u << i;
    return 0;
}

static uint32_t cap_bit(const char *word, size_t n)
{
    for (size_t i = 0; i < sizeof cap_names / sizeof cap_names[0]; i++)
        if (word_is(word, n, cap_names[i].name))
            return cap_names[i].bit;
    return 0;
}

static uint32_t list_option(const char *name, const char *text,
                            uint32_t (*bit)(const char *word, size_t n))
{
    uint32_t bits = 0;

    while (*text) {
        size_t n = strcspn(text, ",");
        uint32_t one = bit(text, n);

        if (one == 0)
            die("--%s: unknown name: %.*s", name, (int)n, text);
        bits |= one;
        text += n + (text[n] == ',');
    }
    return bits;
}

static void quick_set(struct options *o)
{
    o->users = 1000;
    o->rounds = 1;
    o->idle_s = 4;
    o->single_s = 1;
    o->flood_s = 1;
    o->latency_s = 2;
    o->pressure_s = 2;
}

enum {
    OPT_GATEWAY, OPT_PEER, OPT_USERS, OPT_ROUNDS, OPT_QUICK, OPT_ONLY, OPT_CONTACTS, OPT_CAPS,
    OPT_ISON, OPT_BODY, OPT_RATE, OPT_IDLE, OPT_JSON, OPT_KEEP, OPT_HELP
};

static const struct option long_options[] = {
    {"gateway", required_argument, NULL, OPT_GATEWAY},
    {"peer", required_argument, NULL, OPT_PEER},
    {"users", required_argument, NULL, OPT_USERS},
    {"rounds", required_argument, NULL, OPT_ROUNDS},
    {"quick", no_argument, NULL, OPT_QUICK},
    {"only", required_argument, NULL, OPT_ONLY},
    {"contacts", required_argument, NULL, OPT_CONTACTS},
    {"caps", required_argument, NULL, OPT_CAPS},
    {"ison", no_argument, NULL, OPT_ISON},
    {"body", required_argument, NULL, OPT_BODY},
    {"rate", required_argument, NULL, OPT_RATE},
    {"idle", required_argument, NULL, OPT_IDLE},
    {"json", no_argument, NULL, OPT_JSON},
    {"keep", no_argument, NULL, OPT_KEEP},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static void option_apply(struct options *o, int which, const char *text)
{
    switch (which) {
    case OPT_GATEWAY: o->gateway = text; break;
    case OPT_PEER: o->peer = text; break;
    case OPT_USERS: o->users = (uint32_t)number_option("users", text, 1, USERS_MAX); break;
    case OPT_ROUNDS: o->rounds = (unsigned)number_option("rounds", text, 1, ROUNDS_MAX); break;
    case OPT_QUICK: break;           /* taken first, so that other options refine it */
    case OPT_ONLY: o->parts = list_option("only", text, part_bit); break;
    case OPT_CONTACTS:
        o->contacts = (uint32_t)number_option("contacts", text, 0, PEERS_MAX);
        break;
    case OPT_CAPS: o->caps = list_option("caps", text, cap_bit); break;
    case OPT_ISON: o->monitor = false; break;
    case OPT_BODY: o->body_bytes = number_option("body", text, 1, BODY_BYTES_MAX); break;
    case OPT_RATE: o->rate = (unsigned)number_option("rate", text, 1, 100000); break;
    case OPT_IDLE: o->idle_s = (double)number_option("idle", text, 1, 600); break;
    case OPT_JSON: o->json = true; break;
    case OPT_KEEP: o->keep = true; break;
    case OPT_HELP: fputs(usage, stdout); exit(0);
    default: fputs(usage, stderr); exit(2);
    }
}

static struct options options_read(int argc, char **argv)
{
    struct options o = {.users = 5000, .rounds = 3, .monitor = true, .parts = UINT32_MAX,
                        .body_bytes = 100, .idle_s = 10, .single_s = 2, .flood_s = 1.5,
                        .latency_s = 3, .pressure_s = 4, .rate = 2000, .starts = 5};
    int which;

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            quick_set(&o);
    while ((which = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        option_apply(&o, which, optarg);
    if (optind < argc)
        die("unexpected argument: %s", argv[optind]);
    if (!o.gateway)
        die("--gateway is missing (tests/bench gives it)");
    return o;
}

/* Each session takes a descriptor here and one in the gateway, which inherits the limit. */
static void descriptors_raise(uint32_t users)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        die("getrlimit: %s", strerror(errno));
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < users + DESCRIPTORS_SPARE)
        die("%u users need a limit of %u descriptors (ulimit -Hn), here it is %llu",
            (unsigned)users, (unsigned)(users + DESCRIPTORS_SPARE),
            (unsigned long long)limit.rlim_cur);
}

static void directory_make(char *out, size_t size)
{
    const char *base = getenv("TMPDIR");
    int n = snprintf(out, size, "%s/sojourn-bench.XXXXXX", base && *base ? base : "/tmp");

    if (n < 0 || (size_t)n >= size || !mkdtemp(out))
        die("cannot make a temporary directory: %s", strerror(errno));
}

static void rounds_run(struct bench *b)
{
    for (unsigned round = 0; round < b->options.rounds; round++)
        for (unsigned i = 0; i < b->n_subjects; i++) {
            struct subject *s = &b->subject[i];

            if (s->failure[0] != '\0')
                continue;
            note("round %u of %u: %s", round + 1, b->options.rounds, s->gateway.name);
            round_run(&b->options, s, round);
        }
}

static int floor_main(char **argv)
{
    size_t used;
    uint64_t xmpp = number_parse(argv[2], strlen(argv[2]), &used);
    uint64_t irc = number_parse(argv[3], strlen(argv[3]), &used);

    return floor_run((uint16_t)xmpp, (uint16_t)irc, strcmp(argv[4], "faulty") == 0);
}

/* Measures, with everything below dir; returns the exit status. */
static int bench_run(const struct options *o, const char *dir)
{
    struct bench *b = mem_zeroed(1, sizeof *b);
    bool good;

    b->options = *o;
    gateway_init(&b->subject[b->n_subjects++].gateway, o->gateway, dir);
    if (o->peer)
        gateway_init(&b->subject[b->n_subjects++].gateway, o->peer, dir);
    rounds_run(b);
    good = report_print(b);
    free(b);
    return good ? 0 : 1;
}

/* Waits for the child; a signal to end is passed on to it. */
static int bench_wait(pid_t pid, const sigset_t *watched)
{
    int status;

    for (;;) {
        siginfo_t info;

        if (sigwaitinfo(watched, &info) < 0)
            continue;
        if (info.si_signo != SIGCHLD)
            kill(pid, SIGKILL);
        else if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
    }
}

/* The same in a child, so that the directory goes however that ends; its gateways end with it. */
static int bench_guard(const struct options *o, const char *dir)
{
    sigset_t watched, before;
    pid_t pid;

    sigemptyset(&watched);
    sigaddset(&watched, SIGCHLD);
    sigaddset(&watched, SIGINT);
    sigaddset(&watched, SIGTERM);
    sigaddset(&watched, SIGHUP);
    sigprocmask(SIG_BLOCK, &watched, &before);
    pid = fork();
    if (pid < 0)
        die("fork: %s", strerror(errno));
    if (pid == 0) {
        sigprocmask(SIG_SETMASK, &before, NULL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        exit(bench_run(o, dir));
    }
    return bench_wait(pid, &watched);
}

int main(int argc, char **argv)
{
    char dir[GATEWAY_PATH_MAX / 2];
    struct options o;
    int status;

    signal(SIGPIPE, SIG_IGN);
    if (argc == 5 && strcmp(argv[1], "--floor") == 0)
        return floor_main(argv);
    o = options_read(argc, argv);
    descriptors_raise(o.users);
    directory_make(dir, sizeof dir);
    status = bench_guard(&o, dir);
    if (o.keep)
        note("kept: %s", dir);
    else
        directory_remove(dir);
    return status;
}
