/* SPDX-License-Identifier: BSD-2-Clause
 * Requests from one line of text, for the tables of these tests. */
#ifndef TEST_MAPPINGS_BUILD_H
#define TEST_MAPPINGS_BUILD_H

#include <sl/coap.h>

/* options is "11:6162 9:0914": number and hex value each; payload is hex. Fails the test when the text
 * is wrong. */
void build_request(struct sl_coap_msg *msg, uint8_t code, const char *options, const char *payload);
/* The same with text values: "11=ab 35=http://host/". */
void build_request_text(struct sl_coap_msg *msg, uint8_t code, const char *options);

#endif
