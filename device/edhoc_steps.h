/* SPDX-License-Identifier: BSD-2-Clause
 * The inside of an EDHOC run, shared by its two files: edhoc_steps.c makes and reads the messages,
 * edhoc_run.c moves them over CoAP. */
#ifndef EDHOC_STEPS_H
#define EDHOC_STEPS_H

#include "edhoc_run.h"

#include <sl/client.h>

#define EDHOC_PREFIX_MAX (SL_EDHOC_ID_MAX + 2)

enum edhoc_run_state {
	EDHOC_RUN_IDLE,
	EDHOC_RUN_WAITING, /* for what came of payload */
	EDHOC_RUN_PAUSED,  /* then again */
	EDHOC_RUN_ENDED,
};

struct edhoc_run {
	struct edhoc_run_config config;
	struct sl_client *client;
	struct sl_edhoc edhoc;
	enum edhoc_run_state state;
	bool is_at_3; /* message_3 is made */
	bool context_is_given;
	int64_t suite;
	uint64_t deadline_ms, pause_until_ms, draws;
	unsigned echo_rounds; /* about the message under way */
	struct outer_echo echo;
	enum edhoc_run_outcome outcome;
	char text[240];
	struct edhoc_run_counts counts;
	size_t payload_len;
	uint8_t payload[EDHOC_RUN_MESSAGE_MAX + EDHOC_PREFIX_MAX]; /* what is asked */
	uint8_t message[EDHOC_RUN_MESSAGE_MAX], plaintext[EDHOC_RUN_MESSAGE_MAX],
	        scratch[EDHOC_RUN_MESSAGE_MAX];
};

/* What is to be done after a step. */
enum edhoc_step {
	EDHOC_STEP_ASK,  /* send payload and wait */
	EDHOC_STEP_SAY,  /* send payload, and that was it: the run has ended */
	EDHOC_STEP_NONE, /* the run has ended */
	EDHOC_STEP_PASS, /* it was no EDHOC message that counts now */
};

/* Ends; keys and secrets go unless it was a success. */
void edhoc_steps_end(struct edhoc_run *run, enum edhoc_run_outcome outcome, const char *fmt, ...)
        SL_PRINTF(3, 4);
enum edhoc_step edhoc_steps_begin(struct edhoc_run *run);
/* The finished message_3 into payload, as often as it is needed. */
enum edhoc_step edhoc_steps_repeat_message_3(struct edhoc_run *run);
enum edhoc_step edhoc_steps_on_message_2(struct edhoc_run *run, struct sl_span message);
/* message_4, or nothing. */
enum edhoc_step edhoc_steps_on_message_3_taken(struct edhoc_run *run, struct sl_span message_4);
/* An error message, which anybody may have sent. */
enum edhoc_step edhoc_steps_on_error(struct edhoc_run *run, struct sl_span message);

#endif
