/* SPDX-License-Identifier: BSD-2-Clause
 * Bucket i of octave o ends at (64 + i + 1) << (o - 1); the first octave counts single microseconds. */
#include "histogram.h"

#include <inttypes.h>

static size_t
bucket_of(uint64_t us)
{
	unsigned octave = 0;

	while (us >= 2 * HISTOGRAM_STEPS) {
		us >>= 1;
		octave++;
	}
	if (us >= HISTOGRAM_STEPS)
		octave++;
	if (octave >= HISTOGRAM_OCTAVES)
		return HISTOGRAM_STEPS * HISTOGRAM_OCTAVES - 1;
	return (size_t)octave * HISTOGRAM_STEPS + us % HISTOGRAM_STEPS;
}

static uint64_t
end_of(size_t bucket)
{
	unsigned octave = (unsigned)(bucket / HISTOGRAM_STEPS);
	uint64_t step = bucket % HISTOGRAM_STEPS;

	return octave == 0 ? step : ((HISTOGRAM_STEPS + step + 1) << (octave - 1)) - 1;
}

void
histogram_add(struct histogram *h, uint64_t us)
{
	h->buckets[bucket_of(us)]++;
	h->count++;
	h->sum_us += us;
	if (us > h->max_us)
		h->max_us = us;
}

uint64_t
histogram_quantile(const struct histogram *h, unsigned permyriad)
{
	uint64_t wanted = (h->count * permyriad + 9999) / 10000, seen = 0;

	for (size_t i = 0; i < sizeof h->buckets / sizeof h->buckets[0]; i++) {
		seen += h->buckets[i];
		if (seen >= wanted && seen > 0)
			return end_of(i) < h->max_us ? end_of(i) : h->max_us;
	}
	return 0;
}

void
histogram_json(const struct histogram *h, FILE *out)
{
	fprintf(out,
	        "\"p50_us\":%" PRIu64 ",\"p99_us\":%" PRIu64 ",\"p999_us\":%" PRIu64
	        ",\"max_us\":%" PRIu64 ",\"mean_us\":%" PRIu64,
	        histogram_quantile(h, 5000), histogram_quantile(h, 9900),
	        histogram_quantile(h, 9990), h->max_us, h->count == 0 ? 0 : h->sum_us / h->count);
}
