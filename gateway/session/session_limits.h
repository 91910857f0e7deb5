/* SPDX-License-Identifier: MPL-2.0 */
/* Limits of one session: what they bound, and what happens beyond them. */
#ifndef SOJOURN_SESSION_LIMITS_H
#define SOJOURN_SESSION_LIMITS_H

#define SESSION_RESOURCES_MAX 32u        /* further resources are not tracked */
#define SESSION_OPS_MAX 512u             /* resource-constraint to the sender */
#define SESSION_HELD_MAX 200u            /* messages; to the network: resource-constraint */
#define SESSION_HELD_BYTES_MAX 262144u   /* from the network: dropped with a log line */
#define SESSION_REFUSALS_MAX 64u         /* errors that wait for the stream: oldest dropped */
#define SESSION_CLOSE_MS 3000            /* an orderly log-out may take so long */
#define SESSION_LINGER_MS 30000          /* without any known resource after a probe */
#define SESSION_PROBE_MS 120000          /* after a restart, for servers that never answer */
#define SESSION_UNUSED_MS 600000         /* registered, but no presence ever came */
#define SESSION_OP_MS 120000             /* then remote-server-timeout */
#define SESSION_CHECK_MS (XMPP_REQUEST_TIMEOUT_MS - 10000)   /* the request is answered by us */
#define SESSION_BACKOFF_FIRST_MS 2000
#define SESSION_BACKOFF_MAX_MS 600000
#define SESSION_STABLE_MS 60000          /* online for so long: the back-off starts anew */

#endif
