/* SPDX-License-Identifier: BSD-2-Clause
 * Latencies, counted in buckets: 64 for each power of two, so that a quantile is right within 1.6 %. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HISTOGRAM_STEPS   64 /* of each power of two */
#define HISTOGRAM_OCTAVES 34 /* to 2^39 us */

struct histogram {
	uint64_t buckets[HISTOGRAM_STEPS * HISTOGRAM_OCTAVES];
	uint64_t count, sum_us, max_us;
};

void histogram_add(struct histogram *h, uint64_t us);
/* The upper end of the bucket that holds the quantile; permyriad: 5000 is the median, 9990 is p99.9. 0: empty. */
uint64_t histogram_quantile(const struct histogram *h, unsigned permyriad);
/* Members of a JSON object, without braces and without a comma at the end. */
void histogram_json(const struct histogram *h, FILE *out);

#endif
