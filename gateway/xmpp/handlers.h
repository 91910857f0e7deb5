/* SPDX-License-Identifier: MPL-2.0 */
/* The handlers that the route table names. Each returns the status to answer with, or SJ_OK after
 * router_answer or router_defer (iq), or SJ_OK when there is nothing to say. */
#ifndef XMPP_HANDLERS_H
#define XMPP_HANDLERS_H

#include "sojourn/error.h"

struct inbound;

/* disco.c */
enum sj_status disco_handle_info(struct inbound *in, struct sj_error *err);
enum sj_status disco_handle_items(struct inbound *in, struct sj_error *err);
/* adhoc.c */
enum sj_status adhoc_handle_set(struct inbound *in, struct sj_error *err);
/* bob.c */
enum sj_status bob_handle_get(struct inbound *in, struct sj_error *err);
/* register.c */
enum sj_status register_handle_get(struct inbound *in, struct sj_error *err);
enum sj_status register_handle_set(struct inbound *in, struct sj_error *err);
/* gateway.c */
enum sj_status gateway_handle_get(struct inbound *in, struct sj_error *err);
enum sj_status gateway_handle_set(struct inbound *in, struct sj_error *err);
/* vcard.c */
enum sj_status vcard_handle_get(struct inbound *in, struct sj_error *err);
enum sj_status vcard_handle_set(struct inbound *in, struct sj_error *err);
/* pep.c */
enum sj_status pep_handle_get(struct inbound *in, struct sj_error *err);
enum sj_status pep_handle_set(struct inbound *in, struct sj_error *err);
/* own.c: the user's own picture and nick, as their server tells of them */
enum sj_status own_handle_event(struct inbound *in, struct sj_error *err);
/* entity.c */
enum sj_status entity_handle_ping(struct inbound *in, struct sj_error *err);
enum sj_status entity_handle_version(struct inbound *in, struct sj_error *err);
enum sj_status entity_handle_time(struct inbound *in, struct sj_error *err);
enum sj_status entity_handle_last(struct inbound *in, struct sj_error *err);
/* search.c */
enum sj_status search_handle_get(struct inbound *in, struct sj_error *err);
enum sj_status search_handle_set(struct inbound *in, struct sj_error *err);
/* presence.c */
enum sj_status presence_handle_available(struct inbound *in, struct sj_error *err);
enum sj_status presence_handle_unavailable(struct inbound *in, struct sj_error *err);
enum sj_status presence_handle_probe(struct inbound *in, struct sj_error *err);
enum sj_status presence_handle_subscription(struct inbound *in, struct sj_error *err);
/* Is it one of the four types that are about who may see whom? */
bool presence_is_subscription(const char *type);
enum sj_status presence_handle_unknown(struct inbound *in, struct sj_error *err);
/* roster.c */
enum sj_status roster_handle_push(struct inbound *in, struct sj_error *err);
/* message_in.c */
enum sj_status message_handle_chat(struct inbound *in, struct sj_error *err);
enum sj_status message_handle_headline(struct inbound *in, struct sj_error *err);
enum sj_status message_handle_groupchat(struct inbound *in, struct sj_error *err);
/* muc_presence_in.c */
enum sj_status muc_handle_available(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_unavailable(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_subscribe(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_ignored(struct inbound *in, struct sj_error *err);
/* muc_message.c */
enum sj_status muc_handle_groupchat(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_private(struct inbound *in, struct sj_error *err);
/* muc_admin.c */
enum sj_status muc_handle_admin_get(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_admin_set(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_moderate(struct inbound *in, struct sj_error *err);
/* muc_owner.c */
enum sj_status muc_handle_owner_get(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_owner_set(struct inbound *in, struct sj_error *err);
/* muc_disco.c */
enum sj_status muc_handle_info(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_items(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_list(struct inbound *in, struct sj_error *err);
/* muc_iq.c */
enum sj_status muc_handle_occupant_info(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_card(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_card_set(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_ping(struct inbound *in, struct sj_error *err);
enum sj_status muc_handle_last(struct inbound *in, struct sj_error *err);
/* archive_in.c */
enum sj_status archive_handle_form(struct inbound *in, struct sj_error *err);
enum sj_status archive_handle_query(struct inbound *in, struct sj_error *err);
enum sj_status archive_handle_metadata(struct inbound *in, struct sj_error *err);

#endif
