/* SPDX-License-Identifier: BSD-2-Clause
 * What a link to an EDHOC resource says about it: target attributes of RFC 9668 section 6. */
#include <sl/est.h>

#define DIGITS_MAX 20 /* of a uint64_t */

static void
write_number(struct sl_writer *w, int64_t number)
{
	uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
	char digits[DIGITS_MAX];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		sl_write_u8(w, '-');
	sl_write_span(w, sl_span(digits + at, sizeof digits - at));
}

static void
write_value(struct sl_writer *w, const char *name, int64_t number)
{
	sl_write_text(w, ";");
	sl_write_text(w, name);
	sl_write_text(w, "=");
	write_number(w, number);
}

static void
write_set(struct sl_writer *w, const char *name, unsigned set)
{
	for (int i = 0; set >> i != 0; i++)
		if (set >> i & 1)
			write_value(w, name, i);
}

enum sl_err
sl_est_edhoc_attributes(char *out, size_t cap, const struct sl_est_edhoc *offer)
{
	struct sl_writer w = sl_writer_over(out, cap);

	sl_write_text(&w, ";ed-r");
	for (size_t i = 0; i < offer->suite_count; i++)
		write_value(&w, "ed-csuite", offer->suites[i]);
	write_set(&w, "ed-method", offer->methods);
	write_set(&w, "ed-cred-t", offer->credentials);
	for (size_t i = 0; i < offer->label_count; i++)
		write_value(&w, "ed-idcred-t", offer->labels[i]);
	if (offer->takes_combined)
		sl_write_text(&w, ";ed-comb-req");
	sl_write_u8(&w, '\0');
	return sl_writer_finish(&w);
}
