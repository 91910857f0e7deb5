/* SPDX-License-Identifier: MPL-2.0 */
/* The keys of [gateway] and those that every network has. Keys of one kind of network stand with
 * its backend. Parser, --check, docs/CONFIG.md and the sample file all come from these rows. */
#include "config.h"

#define MINUTE 60000
#define HOUR (60 * MINUTE)
#define KIB 1024
#define MIB (1024 * KIB)

const struct sj_option config_gateway_options[] = {
    { .name = "server", .kind = SJ_OPTION_TEXT, .fallback = "127.0.0.1", .max = 255,
      .help = "Name or address where the XMPP server listens for components." },
    { .name = "port", .kind = SJ_OPTION_INT, .fallback = "5347", .min = 1, .max = 65535,
      .help = "Port where the XMPP server listens for components." },
    { .name = "data-dir", .kind = SJ_OPTION_PATH, .required = true, .max = 1023,
      .help = "Directory of the store; made when it is missing. Whoever gets a copy of it learns "
              "nothing without the key." },
    { .name = "key-file", .kind = SJ_OPTION_PATH, .max = 1023,
      .help = "File with the key of the store: 32 bytes, private (mode 0600); made at the first "
              "start or by sojournctl genkey. Keep it apart from backups of data-dir. It may be "
              "left out when the service manager hands over a credential named store.key." },
    { .name = "control-socket", .kind = SJ_OPTION_PATH, .fallback = "/run/sojourn/control.sock",
      .max = 107, .help = "Socket through which sojournctl talks to the daemon." },
    { .name = "identd-listen", .kind = SJ_OPTION_LIST, .max = 1023,
      .help = "Addresses with ports on which to answer servers that ask whose a connection is "
              "(ident, RFC 1413), as in 0.0.0.0:113, [::]:113: each user has a name of their own "
              "there, which says nothing about who they are. Servers ask port 113 of the address "
              "that the connection comes from." },
    { .name = "admins", .kind = SJ_OPTION_LIST, .max = 65535,
      .help = "Bare JIDs that may run admin commands over XMPP: see who is registered, log users "
              "out, shut them out, unregister them, announce, stop the gateway." },
    { .name = "allow", .kind = SJ_OPTION_LIST, .max = 65535,
      .help = "Who may register: domains and bare JIDs, * for everybody. Without it, the users of "
              "the component's parent domain: of example.org for irc.example.org." },
    { .name = "abuse-address", .kind = SJ_OPTION_LIST, .max = 2047,
      .help = "Where abuse is reported: URIs such as mailto:abuse@example.org, "
              "xmpp:admin@example.org or https://example.org/report. Users see these addresses." },
    { .name = "admin-address", .kind = SJ_OPTION_LIST, .max = 2047,
      .help = "How to reach who runs the gateway: URIs, as in abuse-address." },
    { .name = "feedback-address", .kind = SJ_OPTION_LIST, .max = 2047,
      .help = "Where to send feedback: URIs, as in abuse-address." },
    { .name = "sales-address", .kind = SJ_OPTION_LIST, .max = 2047,
      .help = "Where to ask about prices: URIs, as in abuse-address." },
    { .name = "security-address", .kind = SJ_OPTION_LIST, .max = 2047,
      .help = "Where to report security problems: URIs, as in abuse-address." },
    { .name = "status-address", .kind = SJ_OPTION_LIST, .max = 2047,
      .help = "Where to see whether the service works: URIs, as in abuse-address." },
    { .name = "support-address", .kind = SJ_OPTION_LIST, .max = 2047,
      .help = "Where to get help: URIs, as in abuse-address." },
    { .name = "terms", .kind = SJ_OPTION_TEXT, .max = 2047,
      .help = "URI of the terms of service of this gateway; users see it in the data policy." },
    { .name = "privacy-note", .kind = SJ_OPTION_TEXT, .max = 1023,
      .help = "What users should know about their data at this gateway, besides what it says by "
              "itself: a sentence or two." },
    { .name = "privileged-servers", .kind = SJ_OPTION_LIST, .max = 65535,
      .help = "Domains of XMPP servers that may grant privileges over the rosters and messages of "
              "their users (XEP-0356). Without it, the component's parent domain: example.org for "
              "irc.example.org. What a server grants is set there: docs/SERVERS.md." },
    { .name = "locale-dir", .kind = SJ_OPTION_PATH, .max = 1023,
      .help = "Directory of the translations of what users read; without it, where they were "
              "installed. What is not there is said in English." },
    { .name = "log-level", .kind = SJ_OPTION_CHOICE, .fallback = "info",
      .choices = "error|warn|info|debug|trace",
      .help = "How much is logged; trace shows what people write to each other." },
    { .name = "confine", .kind = SJ_OPTION_BOOL, .fallback = "yes",
      .help = "Once it runs, the daemon opens files in data-dir only, reads its configuration and "
              "certificates of authorities again, and starts no program (docs/SECURITY.md). Say no "
              "only to find out whether this stands in the way of something." },
    { .name = "hold-time", .kind = SJ_OPTION_DURATION, .fallback = "30s", .min = 0, .max = HOUR,
      .help = "How long messages to a network wait while its link is being renewed, before they "
              "are returned to their sender." },
    { .name = "journal-delay", .kind = SJ_OPTION_DURATION, .fallback = "5ms", .min = 0, .max = 1000,
      .help = "Messages to a network that are not confirmed after so long are written to disk, so "
              "that a crash leaves none without an answer." },
    { .name = "prompt-timeout", .kind = SJ_OPTION_DURATION, .fallback = "10m", .min = 1000,
      .max = HOUR,
      .help = "How long a question that a network asks during a login (a code, a link) waits for "
              "the user, where the network itself sets no limit." },
    { .name = "stanza-max", .kind = SJ_OPTION_INT, .fallback = "262144", .min = 10000,
      .max = 524288,
      .help = "Largest stanza to and from the XMPP server, in bytes; not more than the server "
              "takes from components." },
    { .name = "queue-max", .kind = SJ_OPTION_INT, .fallback = "8388608", .min = 64 * KIB,
      .max = 32 * MIB,
      .help = "Bytes that may wait for one XMPP stream when its server takes nothing for 20 s "
              "(until then networks wait for it); beyond twice that, messages are held for each "
              "user within bounds, and what passes those is dropped with a log line." },
    { .name = "message-ids-days", .kind = SJ_OPTION_INT, .fallback = "30", .min = 1, .max = 3650,
      .help = "Days for which the ids of sent messages are kept (not the messages), so that they "
              "can be edited and reacted to also after a restart; only for networks that can do "
              "such things." },
    { .name = "archive-days", .kind = SJ_OPTION_INT, .fallback = "30", .min = 0, .max = 3650,
      .help = "Days for which what was said in the rooms of a user is kept for them, sealed, so "
              "that their clients can ask for what they missed; 0: nothing is kept, and what there "
              "was is removed." },
    { .name = "archive-messages", .kind = SJ_OPTION_INT, .fallback = "10000", .min = 1,
      .max = 1000000,
      .help = "How many messages of one room of a user are kept at most; the oldest go." },
    { .name = "data-max-bytes", .kind = SJ_OPTION_INT, .fallback = "0", .min = 0,
      .max = INT64_MAX / 2,
      .help = "What the records of all users may take on the disk, with as much again (64 MiB "
              "at most) in reserve; 0: as much as there is. Beyond it nobody new is registered, "
              "and for each message of a room that is kept two of the oldest go." },
    { .name = "upload-service", .kind = SJ_OPTION_TEXT, .fallback = "auto", .max = 1023,
      .help = "Where files from networks are put so that users can fetch them: the address of an "
              "upload service (XEP-0363), auto for the one of the XMPP server that the component "
              "belongs to, else of the user's, or none. It must let the component store files." },
    { .name = "upload-max-bytes", .kind = SJ_OPTION_INT, .fallback = "104857600", .min = 1,
      .max = INT64_MAX,
      .help = "Largest file that is passed from a network to users; larger ones are told of in "
              "words. The upload service may take less." },
    { .name = "upload-http", .kind = SJ_OPTION_BOOL, .fallback = "no",
      .help = "The upload service may name addresses without encryption (http); for a server on "
              "the same machine or for tests." },
    { .name = "files-max-bytes", .kind = SJ_OPTION_INT, .fallback = "104857600", .min = 1,
      .max = INT64_MAX,
      .help = "Largest file of a user that is fetched and handed to a network; of larger ones the "
              "link is sent." },
    { .name = "files-at-once", .kind = SJ_OPTION_INT, .fallback = "100", .min = 1, .max = 1000,
      .help = "Files on their way at the same time, of all users and both ways; others wait. "
              "Each takes up to about 200 KiB of memory, however large it is." },
    { .name = "files-ca", .kind = SJ_OPTION_FILE, .max = 1023,
      .help = "Certificates (PEM) that are trusted for https; without it those of the system." },
    { .name = "fetch-http", .kind = SJ_OPTION_BOOL, .fallback = "no",
      .help = "Files of users are also fetched without encryption (http)." },
    { .name = "fetch-networks", .kind = SJ_OPTION_LIST, .max = 4095,
      .help = "Networks (192.0.2.0/24) that are not public, but from which files may be fetched, "
              "because the users' upload service is there. Whoever may register can have the "
              "gateway ask any web server in them." },
    { .name = "contacts-max", .kind = SJ_OPTION_INT, .fallback = "1000", .min = 1, .max = 100000,
      .help = "Contacts that one user may have on one network." },
    { .name = "sessions-max", .kind = SJ_OPTION_INT, .fallback = "20000", .min = 1, .max = 1000000,
      .help = "Users that may be logged in at once, all networks together." },
    { .name = "avatar-cache-bytes", .kind = SJ_OPTION_INT, .fallback = "16777216",
      .min = 1024 * KIB, .max = 1024 * MIB,
      .help = "Bytes of contacts' pictures that are kept in memory, all users and networks "
              "together; others are fetched again when somebody asks." },
};
const size_t config_gateway_n = sizeof config_gateway_options / sizeof config_gateway_options[0];

const char *const config_address_keys[] = {
    "abuse-address", "admin-address", "feedback-address", "sales-address",
    "security-address", "status-address", "support-address",
};
const size_t config_address_n = sizeof config_address_keys / sizeof config_address_keys[0];

const struct sj_option config_network_options[] = {
    { .name = "backend", .kind = SJ_OPTION_TEXT, .required = true, .max = 16,
      .help = "Kind of network." },
    { .name = "secret", .kind = SJ_OPTION_SECRET, .required = true, .max = 1023,
      .help = "Secret that the XMPP server expects from this component." },
    { .name = "name", .kind = SJ_OPTION_TEXT, .max = 100,
      .help = "Name of this network, shown to users." },
    { .name = "network-terms", .kind = SJ_OPTION_TEXT, .max = 2047,
      .help = "URI of the terms of service of the network itself; users see it in the data "
              "policy." },
    { .name = "network-note", .kind = SJ_OPTION_TEXT, .max = 1023,
      .help = "What users should know about their data on the network itself: a sentence or "
              "two." },
    { .name = "login-rate", .kind = SJ_OPTION_INT, .fallback = "5", .min = 0, .max = 1000,
      .help = "Logins a second that the network is asked for in the long run; 0: as fast as they "
              "come." },
    { .name = "login-burst", .kind = SJ_OPTION_INT, .fallback = "10", .min = 1, .max = 10000,
      .help = "Logins that may be made at once before login-rate counts." },
    { .name = "logins-at-once", .kind = SJ_OPTION_INT, .fallback = "20", .min = 1, .max = 10000,
      .help = "Logins that may be under way at the same time." },
    { .name = "user-messages", .kind = SJ_OPTION_INT, .fallback = "0", .min = 0,
      .max = 1000000000,
      .help = "Messages, edits and reactions a minute that one user may send, all at once or one "
              "by one; 0: no limit. This and the next three can be set for single users by the "
              "admin's command \"limit\"." },
    { .name = "user-bytes", .kind = SJ_OPTION_INT, .fallback = "0", .min = 0, .max = 1000000000,
      .help = "Bytes of messages a minute that one user may send; 0: no limit." },
    { .name = "user-joins", .kind = SJ_OPTION_INT, .fallback = "0", .min = 0, .max = 1000000000,
      .help = "Rooms a minute that one user's clients may enter; 0: no limit." },
    { .name = "user-logins", .kind = SJ_OPTION_INT, .fallback = "0", .min = 0, .max = 1000000000,
      .help = "Logins an hour that one user may cause, by coming and going, by asking for one or "
              "by registering; 0: no limit. Those that the gateway makes again by itself do not "
              "count." },
};
const size_t config_network_n = sizeof config_network_options / sizeof config_network_options[0];
