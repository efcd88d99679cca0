/* SPDX-License-Identifier: BSD-2-Clause
 * Devices run EDHOC and enrol over a link that loses, repeats and reorders, at a server that is
 * killed and with a power supply that fails: every one ends with its certificate, and no key and
 * nonce ever seal two texts. */
#include "seal_ledger.h"
#include "world.h"

#include "support.h"

#include <sl/credentials.h>
#include <sl/device.h>
#include <sl/draw.h>
#include <sl/pkey.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define METHODS        4
#define POWER_CUTS_MAX 3

/* One credential of each kind on either side; EDHOC methods and suites choose. */
static const struct {
	enum sl_pkey_type type;
	const char *use;
} kinds[] = {
        {SL_PKEY_P256, "signature"},
        {SL_PKEY_P256, "static-dh"},
        {SL_PKEY_ED25519, "signature"},
        {SL_PKEY_X25519, "static-dh"},
};

/* The server has 2, 3 and 0: the last row begins with error 2 (RFC 9528 section 6.3). */
static const struct {
	const char *suites;
	bool is_25519;
} suites[] = {{"2", false}, {"3", false}, {"0", true}, {"1,0", true}};

static char dir[64], text[128];

/* DIR/SIDE-KIND.SUFFIX; a few names live at a time. */
static const char *
in_dir(const char *side, size_t kind, const char *suffix)
{
	static char names[8][128];
	static unsigned turn;
	char *name = names[turn++ % 8];

	snprintf(name, sizeof names[0], "%s/%s-%zu.%s", dir, side, kind, suffix);
	return name;
}

static void
write_file(const char *name, struct sl_span bytes, mode_t mode)
{
	FILE *f = fopen(name, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes.ptr, 1, bytes.len, f), bytes.len);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(name, mode), 0);
}

static void
make_credential(const char *side, size_t kind)
{
	uint8_t ccs[256], kid[2] = {(uint8_t)side[0], (uint8_t)kind};
	struct sl_writer w = sl_writer_over(ccs, sizeof ccs);
	struct sl_pkey *key = NULL;
	char pem[1024];

	ck_assert_ok(sl_pkey_generate(&key, kinds[kind].type));
	ck_assert_ok(sl_pkey_to_pem(key, pem, sizeof pem));
	write_file(in_dir(side, kind, "key"), sl_span_text(pem), 0400);
	snprintf(text, sizeof text, "%s-%zu", side, kind);
	ck_assert_ok(sl_ccs_write(&w, sl_span_text(text), sl_span(kid, sizeof kid), key));
	write_file(in_dir(side, kind, "ccs"), sl_writer_span(&w), 0444);
	sl_pkey_free(key);
}

static size_t
write_own(char *out, size_t cap)
{
	size_t used = 0;

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		used += (size_t)snprintf(out + used, cap - used,
		        "    - {key: server-%zu.key, credential: server-%zu.ccs, use: %s, "
		        "send: %s}\n",
		        k, k, kinds[k].use, k % 2 == 0 ? "kid" : "kccs");
	return used;
}

static void
write_yaml(char *out, size_t cap)
{
	size_t used = (size_t)snprintf(out, cap, "%s",
	        "store: sealift-est.db\n"
	        "ca: {key: ca.key, certificate: ca.pem}\n"
	        "profiles: [{name: default, key-types: [p256]}]\n"
	        "edhoc:\n"
	        "  methods: [0, 1, 2, 3]\n"
	        "  suites: [2, 3, 0]\n"
	        "  combined: accept\n"
	        "  credentials:\n");

	used += write_own(out + used, cap - used);
	used += (size_t)snprintf(out + used, cap - used, "peers:\n");
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		used += (size_t)snprintf(out + used, cap - used,
		        "  - {credential: device-%zu.ccs, identity: device-%zu, profile: "
		        "default}\n",
		        k, k);
	ck_assert_uint_lt(used, cap);
}

static void
remove_folder(const char *name)
{
	DIR *d = opendir(name);
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(d), entry->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(name);
}

static void
set_up(void)
{
	char yaml[4096];

	/* In memory where there is such a folder: a sync costs nothing there. */
	snprintf(dir, sizeof dir, "%s/sealift-edhoc-XXXXXX",
	        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		make_credential("server", k);
		make_credential("device", k);
	}
	write_yaml(yaml, sizeof yaml);
	origin_half_make(dir, yaml);
	world_open((int64_t)time(NULL));
	seal_ledger_forget();
}

static void
tear_down(void)
{
	world_close();
	remove_folder(dir);
}

/* --- one device ------------------------------------------------------------------------------- */

struct life {
	unsigned number;
	struct sl_draw draw;
	char state[128];
	uint64_t cut_at_ms;
	unsigned cuts, excuses, runs;
};

static bool
power_fails(void *arg)
{
	const struct life *l = arg;

	return world_now_ms() >= l->cut_at_ms;
}

static void
provision(const struct life *l, unsigned method)
{
	size_t row = l->number % ARRAY_LEN(suites), base = suites[row].is_25519 ? 2 : 0;
	/* Methods 0 and 1: the Initiator signs; 0 and 2: the Responder (RFC 9528 table 2). */
	size_t own = base + (method >= 2), server = base + (method % 2 == 1);
	char digit[2] = {(char)('0' + method), '\0'};
	struct sl_device_edhoc edhoc = {.key = in_dir("device", own, "key"),
	        .credential = in_dir("device", own, "ccs"),
	        .send = l->number % 8 < 4 ? "kid" : "kccs",
	        .peers = {in_dir("server", server, "ccs")},
	        .method = digit,
	        .suites = suites[row].suites,
	        .is_combined = l->number % 3 == 2};
	struct sl_device_where where = {.server = "coap://127.0.0.1"};
	struct sl_device_why why = {""};

	ck_assert_msg(
	        sl_device_init_edhoc(l->state, &edhoc, &where, &why) == SL_OK, "%s", why.text);
}

static struct sl_device *
boot(struct life *l)
{
	struct sl_device_options options = {.state = l->state, .hooks = {.arg = l}};
	struct sl_device_why why = {""};
	struct sl_device *device = NULL;

	options.hooks.is_cancelled = power_fails;
	if (l->number % 5 == 4)
		options.block_size = options.outer_block_size = 128;
	ck_assert_msg(sl_device_open(&device, &options, &why) == SL_OK, "%s", why.text);
	return device;
}

/* When it fails, if it fails, it is within the seconds that an enrolment takes. */
static void
plan_power(struct life *l)
{
	l->cut_at_ms = UINT64_MAX;
	if (l->cuts < POWER_CUTS_MAX && sl_draw_between(&l->draw, 0, 3) == 0)
		l->cut_at_ms = world_now_ms() + sl_draw_between(&l->draw, 1, 6000);
}

/* A call runs EDHOC twice for a request. When the server was killed more often, in one call, the call
 * may say that the server does not know the device; then it is made again, as a person would. */
static bool
is_excused(struct life *l, enum sl_device_outcome outcome, unsigned restarts)
{
	if (outcome == SL_DEVICE_CANCELLED)
		l->cuts++;
	else if (restarts >= 2 && (outcome == SL_DEVICE_UNWANTED || outcome == SL_DEVICE_NO_ANSWER))
		l->excuses++;
	else
		return false;
	return true;
}

static void
ask(struct life *l,
        enum sl_device_outcome (*call)(struct sl_device *, const struct sl_device_enrolment *))
{
	const struct sl_device_enrolment wish = {.timeout_ms = 600000};
	enum sl_device_outcome outcome;
	unsigned restarts;
	char why[SL_DEVICE_TEXT_MAX];

	do {
		struct sl_device *device = boot(l);

		plan_power(l);
		restarts = world_counts().restarts;
		outcome = call(device, &wish);
		l->runs += sl_device_result(device)->edhoc_runs;
		snprintf(why, sizeof why, "%s", sl_device_result(device)->text);
		sl_device_close(device);
	} while (is_excused(l, outcome, world_counts().restarts - restarts));
	ck_assert_msg(outcome == SL_DEVICE_DONE || outcome == SL_DEVICE_ENROLLED,
	        "device %u: %s: %s", l->number, sl_device_outcome_text(outcome), why);
}

static void
holds_its_certificate(const struct life *l)
{
	struct sl_device_options options = {.state = l->state};
	struct sl_device *device = NULL;

	ck_assert_ok(sl_device_open(&device, &options, NULL));
	ck_assert_msg(sl_device_show(device)->check == SL_OK, "device %u: %s", l->number,
	        sl_device_show(device)->problem);
	sl_device_close(device);
}

static void
live(struct life *l, unsigned method)
{
	uint8_t seed[SL_SIPHASH_KEY_LEN] = {
	        (uint8_t)l->number, (uint8_t)(l->number >> 8), (uint8_t)method, 3};
	struct world_config config = {.lost_percent = 10,
	        .repeated_percent = 5,
	        .delay_max_ms = 250,
	        .work_max_ms = 900,
	        .origin_restart_permille = l->number % 4 == 1 ? 60 : 0,
	        .origin_cut_permille = l->number % 4 == 3 ? 80 : 0,
	        .is_unverified = l->number % 2 == 1,
	        .has_edhoc_header = l->number % 6 == 2,
	        .seed = (uint8_t)(l->number * 4 + method)};

	l->draw = sl_draw_from(seed);
	snprintf(l->state, sizeof l->state, "%s/state", dir);
	world_begin(&config);
	provision(l, method);
	ask(l, sl_device_enroll);
	holds_its_certificate(l);
	if (l->number % 4 == 0) { /* by EDHOC with the new certificate, where it can sign */
		ask(l, sl_device_reenroll);
		holds_its_certificate(l);
	}
	world_end();
	remove_folder(l->state);
}

/* --- the tests -------------------------------------------------------------------------------- */

START_TEST(every_device_gets_its_certificate)
{
	unsigned rounds = test_rounds(50, 1000), cuts = 0, runs = 0, excuses = 0;
	struct world_counts w;
	struct origin_counts o;
	struct seal_counts s;
	uint64_t begun_ms, slowest_ms = 0;

	set_up();
	for (unsigned n = 0; n < rounds; n++) {
		struct life l = {.number = n};

		begun_ms = world_now_ms();
		live(&l, (unsigned)_i);
		cuts += l.cuts;
		excuses += l.excuses;
		runs += l.runs;
		if (world_now_ms() - begun_ms > slowest_ms)
			slowest_ms = world_now_ms() - begun_ms;
		hex_release();
	}
	w = world_counts();
	o = origin_half_counts();
	s = seal_ledger_counts();
	printf("method %d: %u devices enrolled, %u EDHOC runs, %u contexts, %u copies answered, "
	       "%u refusals, %u power cuts, %u restarts of the server, %u calls again, %llu "
	       "datagrams, %llu lost, "
	       "%llu repeated, slowest %llu s; %llu seals, %llu conflicts\n",
	        _i, rounds, runs, o.contexts, o.copies, o.refused, cuts, w.restarts, excuses,
	        (unsigned long long)w.datagrams, (unsigned long long)w.lost,
	        (unsigned long long)w.repeated, (unsigned long long)(slowest_ms / 1000),
	        (unsigned long long)s.seals, (unsigned long long)s.conflicts);
	ck_assert_uint_eq(s.conflicts, 0);
	ck_assert_uint_eq(s.repeats, 0);
	ck_assert_uint_ge(origin_half_certificates(NULL), rounds);
	ck_assert_uint_ge(runs, rounds);
	ck_assert_uint_gt(cuts, rounds / 20);
	ck_assert_uint_gt(w.restarts, rounds / 20);
	ck_assert_uint_lt(excuses, rounds / 10);
	ck_assert(rounds < 1000 || o.copies > 0);
	ck_assert_uint_gt(w.lost * 100, w.datagrams * 8);
	tear_down();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("edhoc_enrol");
	TCase *t = tcase_create("enrol");

	tcase_set_timeout(t, 3600);
	tcase_add_loop_test(t, every_device_gets_its_certificate, 0, METHODS);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
