/* SPDX-License-Identifier: BSD-2-Clause
 * The text form of the metrics: well formed, bounded, with the numbers that went in. And the lists behind the
 * labels: every value has its row. */
#include <stdlib.h>
#include <string.h>

#include <support.h>

#include "metrics.h"

#define SERIES_MAX 200

static struct metrics_sources sources;
static uint64_t cells[METRICS_CELLS_MAX];
static char text[METRICS_TEXT_MAX + 1];

static void
write_all(void)
{
	const struct metrics_process process = {.workers = 3, .running = 2, .restarts = 1};
	struct sl_writer w = sl_writer_over(text, METRICS_TEXT_MAX);

	ck_assert_ok(metrics_write(&w, cells, &process));
	text[w.len] = '\0';
}

static uint64_t
value_of(const char *series)
{
	char want[128];
	const char *at;

	snprintf(want, sizeof want, "\n%s ", series);
	at = strstr(text, want);
	ck_assert_msg(at != NULL, "no series %s", series);
	return strtoull(at + strlen(want), NULL, 10);
}

START_TEST(cells_fit_and_text_fits_whatever_the_numbers)
{
	ck_assert_uint_le(metrics_cell_count(), METRICS_CELLS_MAX);
	memset(cells, 0xff, sizeof cells);
	write_all();
	printf("T51.text-bytes %zu %d PASS -\n", strlen(text), METRICS_TEXT_MAX);
}
END_TEST

START_TEST(numbers_arrive_where_they_belong)
{
	sources = (struct metrics_sources){.log_held = 5, .resident_bytes = 4096};
	sources.core.requests = 7;
	sources.core.queued = 3; /* four bytes wide */
	sources.core.messages.running = 9;
	sources.device.overflow = 1ULL << 40;
	sources.core.responses[counts_code_row(SL_COAP_CHANGED)] = 11;
	sources.core.responses[counts_code_row(0xff)] = 12;
	sources.core.refusals[CORE_REFUSED_RATE] = 13;
	metrics_read(cells, &sources);
	write_all();
	ck_assert_uint_eq(value_of("sealift_proxy_requests_total"), 7);
	ck_assert_uint_eq(value_of("sealift_proxy_exchanges_queued"), 3);
	ck_assert_uint_eq(value_of("sealift_proxy_exchanges_unanswered"), 9);
	ck_assert_uint_eq(value_of("sealift_proxy_socket_overflow_total"), 1ULL << 40);
	ck_assert_uint_eq(value_of("sealift_proxy_responses_total{code=\"2.04\"}"), 11);
	ck_assert_uint_eq(value_of("sealift_proxy_responses_total{code=\"other\"}"), 12);
	ck_assert_uint_eq(value_of("sealift_proxy_refusals_total{reason=\"rate\"}"), 13);
	ck_assert_uint_eq(value_of("sealift_proxy_log_lines_held_total"), 5);
	ck_assert_uint_eq(value_of("sealift_proxy_resident_memory_bytes"), 4096);
	ck_assert_uint_eq(value_of("sealift_proxy_workers_running"), 2);
	ck_assert_uint_eq(value_of("sealift_proxy_worker_restarts_total"), 1);
}
END_TEST

START_TEST(histogram_rows_add_up)
{
	sources = (struct metrics_sources){0};
	sources.core.durations[counts_duration_row(10)]++; /* at a bound belongs to it */
	sources.core.durations[counts_duration_row(11)]++;
	sources.core.durations[counts_duration_row(60001)]++;
	sources.core.duration_sum_ms = 10 + 11 + 60001;
	metrics_read(cells, &sources);
	write_all();
	ck_assert_uint_eq(
	        value_of("sealift_proxy_exchange_duration_seconds_bucket{le=\"0.01\"}"), 1);
	ck_assert_uint_eq(
	        value_of("sealift_proxy_exchange_duration_seconds_bucket{le=\"0.025\"}"), 2);
	ck_assert_uint_eq(value_of("sealift_proxy_exchange_duration_seconds_bucket{le=\"60\"}"), 2);
	ck_assert_uint_eq(
	        value_of("sealift_proxy_exchange_duration_seconds_bucket{le=\"+Inf\"}"), 3);
	ck_assert_uint_eq(value_of("sealift_proxy_exchange_duration_seconds_count"), 3);
	ck_assert_ptr_nonnull(strstr(text, "_duration_seconds_sum 60.022\n"));
}
END_TEST

static void
check_name(const char *name, const char *type)
{
	bool is_total = strlen(name) > 6 && strcmp(name + strlen(name) - 6, "_total") == 0;

	ck_assert_msg(strncmp(name, "sealift_proxy_", 14) == 0, "%s has no prefix", name);
	ck_assert_msg(strspn(name, "abcdefghijklmnopqrstuvwxyz_") == strlen(name), "%s", name);
	ck_assert_msg(is_total == (strcmp(type, "counter") == 0), "%s is a %s", name, type);
	ck_assert_msg(strstr(name, "_ms") == NULL && strstr(name, "kib") == NULL,
	        "%s has no base unit", name);
}

/* HELP, TYPE, samples of that name, then the next family; no series twice. */
START_TEST(text_is_well_formed)
{
	char name[128] = "", type[32] = "";
	size_t series = 0;

	memset(cells, 0, sizeof cells);
	write_all();
	for (char *line = text, *next; *line != '\0'; line = next) {
		next = line + strcspn(line, "\n") + 1;
		next[-1] = '\0';
		if (strncmp(line, "# HELP ", 7) == 0) {
			snprintf(name, sizeof name, "%.*s", (int)strcspn(line + 7, " "), line + 7);
			ck_assert_msg(next[-2] == '.', "%s", line);
		} else if (strncmp(line, "# TYPE ", 7) == 0) {
			ck_assert(strncmp(line + 7, name, strlen(name)) == 0);
			snprintf(type, sizeof type, "%s", line + 8 + strlen(name));
			check_name(name, type);
		} else {
			ck_assert_msg(
			        strncmp(line, name, strlen(name)) == 0, "%s in %s", line, name);
			/* all values are zero, so equal lines are one series twice */
			ck_assert_ptr_null(strstr(next, line));
			series++;
		}
	}
	printf("T51.series %zu %d %s -\n", series, SERIES_MAX,
	        series <= SERIES_MAX ? "PASS" : "FAIL");
	ck_assert_uint_le(series, SERIES_MAX);
	ck_assert_uint_ge(series, 100);
}
END_TEST

START_TEST(gauges_end_with_their_worker)
{
	bool has_gauge = false, has_counter = false;

	for (size_t i = 0; i < metrics_cell_count(); i++) {
		has_gauge = has_gauge || !metrics_cell_is_counter(i);
		has_counter = has_counter || metrics_cell_is_counter(i);
	}
	ck_assert(has_gauge && has_counter);
	ck_assert(!metrics_cell_is_counter(METRICS_CELLS_MAX));
}
END_TEST

START_TEST(every_value_has_a_row_and_every_row_a_name)
{
	char code[5];

	for (unsigned i = 0; i < 256; i++) {
		size_t row = counts_code_row((uint8_t)i);

		ck_assert_uint_lt(row, COUNTS_CODES);
		sl_coap_code_text(code, (uint8_t)i);
		if (row < COUNTS_CODES - 1)
			ck_assert_str_eq(counts_code_names[row], code);
	}
	for (int status = -1; status < 1200; status++)
		ck_assert_uint_lt(counts_class_row(status), COUNTS_CLASSES);
	ck_assert_str_eq(counts_class_names[counts_class_row(99)], "other");
	ck_assert_str_eq(counts_class_names[counts_class_row(599)], "5xx");
	ck_assert_str_eq(counts_class_names[counts_class_row(600)], "other");
	for (size_t i = 0; i < CORE_REFUSALS; i++)
		ck_assert_ptr_nonnull(core_refusal_names[i]);
	for (size_t i = 0; i < COUNTS_TRANSPORTS; i++)
		ck_assert_ptr_nonnull(counts_transport_names[i]);
	ck_assert_uint_eq(counts_duration_row(UINT64_MAX), COUNTS_DURATIONS - 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tc = tcase_create("metrics");

	tcase_add_test(tc, cells_fit_and_text_fits_whatever_the_numbers);
	tcase_add_test(tc, numbers_arrive_where_they_belong);
	tcase_add_test(tc, histogram_rows_add_up);
	tcase_add_test(tc, text_is_well_formed);
	tcase_add_test(tc, gauges_end_with_their_worker);
	tcase_add_test(tc, every_value_has_a_row_and_every_row_a_name);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
