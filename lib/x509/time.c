/* SPDX-License-Identifier: BSD-2-Clause
 * UTCTime and GeneralizedTime as RFC 5280 section 4.1.2.5 allows them: with seconds, Zulu, no
 * fraction. Through 2049 as UTCTime, from 2050 as GeneralizedTime; on reading, an early
 * GeneralizedTime passes too. */
#include "parts.h"

#define DAY_S      86400
#define YEAR_MIN   1950
#define YEAR_SPLIT 2050
#define YEAR_MAX   9999

static bool
is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t
month_days(int64_t year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01 to the first day of the year; negative before. */
static int64_t
year_start(int64_t year)
{
	int64_t past = year - 1;

	return 365 * (year - 1970) + (past / 4 - past / 100 + past / 400) -
	       (1969 / 4 - 1969 / 100 + 1969 / 400);
}

static unsigned
read_digits(struct sl_reader *r, unsigned count)
{
	unsigned value = 0;

	while (count-- > 0) {
		uint8_t c = sl_read_u8(r);

		if (c < '0' || c > '9')
			sl_reader_fail(r);
		value = value * 10 + (unsigned)(c - '0');
	}
	return value;
}

int64_t
sl_x509_read_time(struct sl_reader *r)
{
	bool is_utc = sl_reader_peek(r) == SL_DER_UTC_TIME;
	struct sl_reader in = sl_der_enter(r, is_utc ? SL_DER_UTC_TIME : SL_DER_GENERALIZED_TIME);
	int64_t year = read_digits(&in, is_utc ? 2 : 4), days;
	unsigned month = read_digits(&in, 2), day = read_digits(&in, 2);
	unsigned hour = read_digits(&in, 2), minute = read_digits(&in, 2),
	         second = read_digits(&in, 2);

	if (is_utc)
		year += year < 50 ? 2000 : 1900;
	if (sl_read_u8(&in) != 'Z' || sl_reader_finish(&in) != SL_OK || year < YEAR_MIN ||
	        month < 1 || month > 12 || day < 1 || day > month_days(year, month) || hour > 23 ||
	        minute > 59 || second > 59) {
		sl_reader_fail(r);
		return 0;
	}
	days = year_start(year) + day - 1;
	for (unsigned m = 1; m < month; m++)
		days += month_days(year, m);
	return days * DAY_S + hour * 3600 + minute * 60 + second;
}

bool
sl_x509_is_time(int64_t when)
{
	return when >= year_start(YEAR_MIN) * DAY_S && when < year_start(YEAR_MAX + 1) * DAY_S;
}

static void
write_digits(struct sl_writer *w, int64_t value, unsigned count)
{
	int64_t unit = 1;

	for (unsigned i = 1; i < count; i++)
		unit *= 10;
	for (; unit > 0; unit /= 10)
		sl_write_u8(w, (uint8_t)('0' + value / unit % 10));
}

void
sl_x509_write_time(struct sl_writer *w, int64_t when)
{
	int64_t year = YEAR_MIN, days, second;
	unsigned month = 1;
	size_t opened;

	days = when / DAY_S - (when % DAY_S < 0 ? 1 : 0);
	second = when - days * DAY_S;
	while (year < YEAR_MAX && year_start(year + 1) <= days)
		year++;
	days -= year_start(year);
	while (month < 12 && days >= month_days(year, month))
		days -= month_days(year, month++);

	opened = sl_der_open(w, year < YEAR_SPLIT ? SL_DER_UTC_TIME : SL_DER_GENERALIZED_TIME);
	write_digits(w, year, year < YEAR_SPLIT ? 2 : 4);
	write_digits(w, month, 2);
	write_digits(w, days + 1, 2);
	write_digits(w, second / 3600, 2);
	write_digits(w, second / 60 % 60, 2);
	write_digits(w, second % 60, 2);
	sl_write_u8(w, 'Z');
	sl_der_close(w, opened);
}
