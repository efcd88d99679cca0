/* SPDX-License-Identifier: BSD-2-Clause
 * Sockets that speak while nobody asks are ended, busy and silent ones are not. */
#include <support.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kept.h"

/* A datagram socket that is connected to itself: what it sends it may read. */
static int
open_self(struct kept *k)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof to;
	int fd = kept_open(k, AF_INET, SOCK_DGRAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&to, sizeof to), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&to, &len), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

/* Was it shut down? */
static bool
has_ended(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}

START_TEST(only_idle_ones_that_speak_are_ended)
{
	struct kept k;
	int fds[4];

	ck_assert_ok(kept_init(&k, 4));
	for (size_t i = 0; i < 4; i++)
		fds[i] = open_self(&k);
	kept_set_busy(&k, fds[1], false);
	kept_set_busy(&k, fds[2], false);
	kept_set_busy(&k, fds[3], false);
	kept_set_busy(&k, fds[3], true);
	ck_assert_uint_eq(kept_end_unasked(&k), 0);
	for (size_t i = 0; i < 4; i++)
		if (i != 1)
			ck_assert_int_eq(send(fds[i], "x", 1, 0), 1);
	ck_assert_uint_eq(kept_end_unasked(&k), 1);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(has_ended(fds[i]), i == 2);
	ck_assert_uint_eq(kept_end_unasked(&k), 0); /* once is enough */
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(kept_close(&k, fds[i]), 0);
	kept_clear(&k);
}
END_TEST

START_TEST(room_is_bounded_and_comes_back)
{
	struct kept k;
	int a, b, outside = socket(AF_INET, SOCK_DGRAM, 0);

	ck_assert_ok(kept_init(&k, 2));
	a = open_self(&k);
	b = open_self(&k);
	ck_assert_int_eq(kept_open(&k, AF_INET, SOCK_DGRAM, 0), -1);
	ck_assert(!kept_set_busy(&k, outside, false)); /* not ours */
	ck_assert_int_eq(kept_close(&k, a), 0);
	a = open_self(&k);
	ck_assert(kept_set_busy(&k, b, false));
	ck_assert_int_eq(send(b, "x", 1, 0), 1);
	ck_assert_uint_eq(
	        kept_end_unasked(&k), 1); /* b moved to another place and is still known */
	ck_assert_int_eq(kept_close(&k, a), 0);
	ck_assert_int_eq(kept_close(&k, b), 0);
	ck_assert_uint_eq(k.count, 0);
	ck_assert_int_eq(kept_close(&k, outside), 0);
	kept_clear(&k);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("kept");
	TCase *tc = tcase_create("kept");

	tcase_add_test(tc, only_idle_ones_that_speak_are_ended);
	tcase_add_test(tc, room_is_bounded_and_comes_back);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
