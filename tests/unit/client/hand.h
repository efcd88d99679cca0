/* SPDX-License-Identifier: BSD-2-Clause
 * A client under test and the server in the test's hand. */
#ifndef SL_TEST_HAND_H
#define SL_TEST_HAND_H

#include "support.h"

#include <sl/client.h>

extern struct sl_client *c;
extern struct sl_client_config config;
extern uint8_t pattern[8192]; /* no two stretches alike */

/* Fixtures: a client with defaults and a fixed seed; hand_restart takes a changed config. */
void hand_setup(void);
void hand_teardown(void);
void hand_restart(void);

/* A POST /a with so many bytes of the pattern. */
struct sl_coap_msg post(size_t len);
void start(const struct sl_coap_msg *request, uint64_t now_ms);

/* The next datagram out; fails the test when there is none. */
struct sl_coap_msg sent(void);
struct sl_span sent_bytes(void);
void sent_empty(enum sl_coap_type type, uint16_t message_id);
void sent_nothing(void);

/* A response to the request: piggybacked when type is ACK, else with a message ID of its own. */
struct sl_coap_msg response_to(
        const struct sl_coap_msg *request, enum sl_coap_type type, uint8_t code);
void give(const struct sl_coap_msg *msg, uint64_t now_ms);
void give_hex(const char *bytes, uint64_t now_ms);

#endif
