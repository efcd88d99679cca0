/* SPDX-License-Identifier: BSD-2-Clause
 * What a run leaves behind. The vectors say every secret of a session: none of them is on the stack
 * after a step, and none in the run or its storage after its end, whatever end it was. */
#include "run.h"

#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#define STACK  (256 * 1024)
#define NEEDLE 12 /* bytes of a secret that are looked for: 2^-96 by chance */

static struct run run;
static uint8_t stack[STACK];
static struct session v;
static struct sl_span message; /* 2 or 3: the one that the ends differ in */

static const char *const sessions[] = {"m3_s3", "m0_s2", "m2_s4", "m1_s6", "m3_s24", "m0_s25"};
/* The first ones pass through the library, which may leave them on its part of the stack. */
#define OF_LIBRARY 7
static const char *const secrets[] = {"x", "y", "sk_i", "sk_r", "g_xy", "g_rx", "g_iy", "prk_2e",
        "prk_3e2m", "prk_4e3m", "mac_2", "mac_3", "k_3", "k_4", "keystream_2", "plaintext_2",
        "plaintext_3", "prk_out", "prk_exporter", "oscore_master_secret"};

/* How far a run gets before it ends, and how it ends. */
enum end {
	ABORTED,    /* abort */
	REFUSED,    /* a message that is not the peer's */
	UNVERIFIED, /* a credential that is not the peer's */
	FINISHED,
	ENDS,
};

static enum sl_edhoc_role role;
static enum end end;
static enum sl_err outcome; /* of the last step: asserting within it would write over its stack */

static bool
holds(const void *bytes, size_t len, const char *name)
{
	struct sl_span secret = {NULL, 0};

	if (json_object_get(v.json, name) != NULL)
		secret = vectors_hex(v.json, name);
	return secret.len >= NEEDLE && memmem(bytes, len, secret.ptr, NEEDLE) != NULL;
}

static void
ck_absent(const char *place, const void *bytes, size_t len)
{
	for (size_t i = bytes == stack ? OF_LIBRARY : 0; i < ARRAY_LEN(secrets); i++)
		ck_assert_msg(!holds(bytes, len, secrets[i]), "%s, role %d, end %d: %s in the %s",
		        v.name, role, end, secrets[i], place);
}

static void
on_a_stack_of_its_own(void (*step)(void))
{
	static ucontext_t here, there;

	memset(stack, 0, sizeof stack);
	ck_assert_int_eq(getcontext(&there), 0);
	there.uc_stack.ss_sp = stack;
	there.uc_stack.ss_size = sizeof stack;
	there.uc_link = &here;
	makecontext(&there, step, 0);
	ck_assert_int_eq(swapcontext(&here, &there), 0);
	ck_absent("stack", stack, sizeof stack);
}

static void
take(void (*step)(void), enum sl_err want)
{
	on_a_stack_of_its_own(step);
	ck_assert_err(outcome, want);
}

static void
begin(void)
{
	struct sl_span out;

	run_start(&run, &v, role);
	run_dictate(&run);
	outcome = role == SL_EDHOC_INITIATOR ? run_write_1(&run, &out) : SL_OK;
}

static void
read_1(void)
{
	struct sl_edhoc_seen seen;

	outcome = run_read(&run, 1, v.message[1], &seen);
}

static void
write_2(void)
{
	struct sl_span out;

	outcome = run_write_2(&run, &out);
}

/* Message 2 or 3, whole, or bent when the run is to be refused. */
static void
read_it(void)
{
	struct sl_edhoc_seen seen;

	outcome = run_read(&run, role == SL_EDHOC_INITIATOR ? 2 : 3, message, &seen);
}

static void
verify_it(void)
{
	size_t which;

	outcome = sl_edhoc_verify(&run.s, &run.peer, 1, &which);
}

static void
write_last(void)
{
	struct sl_span out;

	outcome = role == SL_EDHOC_INITIATOR ? sl_edhoc_write_message_3(&run.s, v.ead[3], &out)
	                                     : sl_edhoc_write_message_4(&run.s, v.ead[4], &out);
}

static void
read_last(void)
{
	struct sl_edhoc_seen seen;

	outcome = run_read(&run, 4, v.message[4], &seen);
}

static void
export_keys(void)
{
	struct sl_edhoc_oscore oscore;

	outcome = sl_edhoc_oscore(&run.s, &oscore);
	sl_key_clear(&oscore.master_secret);
	sl_key_clear(&oscore.master_salt);
}

static void
update_keys(void)
{
	outcome = sl_edhoc_key_update(&run.s, sl_span("again", 5));
}

static void
finish(void)
{
	take(write_last, SL_OK);
	if (role == SL_EDHOC_INITIATOR)
		take(read_last, SL_OK);
	ck_assert(holds(&run.s, sizeof run.s, "prk_exporter")); /* the search finds what is there */
	if (v.for_oscore)
		take(export_keys, SL_OK);
	take(update_keys, SL_OK);
	sl_edhoc_clear(&run.s);
}

/* A stranger's key in the peer's credential. */
static void
verify_another(void)
{
	struct sl_pkey *stranger = NULL;

	ck_assert_ok(sl_pkey_generate(&stranger, sl_pkey_type(run.peer_key)));
	run.peer.key = stranger;
	take(verify_it, SL_EAUTH);
	sl_pkey_free(stranger);
}

static void
play(void)
{
	message = heap_copy(v.message[role == SL_EDHOC_INITIATOR ? 2 : 3]);
	take(begin, SL_OK);
	if (role == SL_EDHOC_RESPONDER) {
		take(read_1, SL_OK);
		take(write_2, SL_OK);
	}
	if (end == REFUSED) {
		((uint8_t *)message.ptr)[message.len - 1] ^= 1;
		on_a_stack_of_its_own(read_it);
		if (outcome == SL_OK) /* message_2 has no tag */
			take(verify_it, SL_EAUTH);
		return;
	}
	take(read_it, SL_OK);
	if (end == ABORTED) {
		sl_edhoc_abort(&run.s);
	} else if (end == UNVERIFIED) {
		verify_another();
	} else {
		take(verify_it, SL_OK);
		finish();
	}
}

START_TEST(nothing_secret_is_left)
{
	v = generated_named(sessions[_i]);
	for (role = SL_EDHOC_INITIATOR; role <= SL_EDHOC_RESPONDER; role++)
		for (end = 0; end < ENDS; end++) {
			play();
			ck_nothing_left(&run);
			ck_absent("run", &run.s, sizeof run.s);
			ck_absent("message", run.message, sizeof run.message);
			ck_absent("plaintext", run.plaintext, sizeof run.plaintext);
			ck_absent("scratch", run.scratch, sizeof run.scratch);
			run_end(&run);
		}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("edhoc residue");
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, nothing_secret_is_left, 0, ARRAY_LEN(sessions));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
