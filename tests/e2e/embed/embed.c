/* SPDX-License-Identifier: BSD-2-Clause
 * A program that embeds the device: enrols, or finds itself enrolled, and says what it holds.
 *   cc embed.c $(pkg-config --static --cflags --libs sealift-device)
 * usage: embed STATE-DIRECTORY PROVISIONING-FILE COAP-URI */
#include <signal.h>
#include <sl/device.h>

static volatile sig_atomic_t is_interrupted;

static void
on_signal(int number)
{
	is_interrupted = number;
}

static bool
is_cancelled(void *arg)
{
	(void)arg;
	return is_interrupted != 0;
}

static void
on_progress(void *arg, const struct sl_device_progress *progress)
{
	fprintf(arg, "... %s\n", progress->text);
}

static int
enrol(struct sl_device *device)
{
	const struct sl_device_enrolment wish = {.timeout_ms = 60000, .key = SL_DEVICE_KEY_P256};
	enum sl_device_outcome outcome = sl_device_enroll(device, &wish);
	const struct sl_device_state *state;

	if (outcome != SL_DEVICE_DONE && outcome != SL_DEVICE_ENROLLED) {
		fprintf(stderr, "embed: %s\n", sl_device_result(device)->text);
		return 1;
	}
	state = sl_device_show(device);
	printf("%s: %s; %zu certificates, ours of %zu bytes; %zu anchors; %s\n", state->identity,
	        sl_device_outcome_text(outcome), state->certificate_count,
	        state->certificates[0].len, state->anchor_count,
	        state->check == SL_OK ? "valid" : state->problem);
	return state->check == SL_OK ? 0 : 1;
}

/* The first start makes the state directory. */
static enum sl_err
open_device(struct sl_device **device, char **words, struct sl_device_why *why)
{
	const struct sl_device_options options = {
	        .state = words[0], .hooks = {on_progress, is_cancelled, stderr, NULL}};
	const struct sl_device_where where = {.server = words[2]};
	enum sl_err err = sl_device_open(device, &options, why);

	if (err != SL_ENOTFOUND)
		return err;
	err = sl_device_init(words[0], words[1], &where, why);
	return err == SL_OK ? sl_device_open(device, &options, why) : err;
}

int
main(int argc, char **argv)
{
	struct sl_device_why why = {"say three words"};
	struct sl_device *device;
	int status;

	signal(SIGINT, on_signal);
	if (argc != 4 || open_device(&device, argv + 1, &why) != SL_OK) {
		fprintf(stderr, "embed: %s\n", why.text);
		return 2;
	}
	status = enrol(device);
	sl_device_close(device);
	return status;
}
