/* SPDX-License-Identifier: BSD-2-Clause
 * Clocks of the machine and of other processes. */
#include "clock.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

uint64_t
clock_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t
us_of(struct timeval t)
{
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_usec;
}

uint64_t
clock_self_cpu_us(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	return us_of(use.ru_utime) + us_of(use.ru_stime);
}

/* The first number of a file: nanoseconds on a CPU. */
static uint64_t
thread_cpu_ns(unsigned long pid, const char *thread)
{
	char path[128], text[64];
	uint64_t ns = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%lu/task/%.20s/schedstat", pid, thread);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	if (fgets(text, sizeof text, f) != NULL)
		ns = strtoull(text, NULL, 10);
	fclose(f);
	return ns;
}

static uint64_t
process_cpu_ns(unsigned long pid)
{
	const struct dirent *entry;
	char path[64];
	uint64_t ns = 0;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%lu/task", pid);
	dir = opendir(path);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			ns += thread_cpu_ns(pid, entry->d_name);
	if (dir != NULL)
		closedir(dir);
	return ns;
}

uint64_t
clock_cpu_us_of(const char *pids)
{
	uint64_t ns = 0;
	char *end;

	while (pids != NULL && *pids != '\0') {
		ns += process_cpu_ns(strtoul(pids, &end, 10));
		if (end == pids)
			break;
		pids = *end == ',' ? end + 1 : end;
	}
	return ns / 1000;
}
