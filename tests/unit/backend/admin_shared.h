/* SPDX-License-Identifier: BSD-2-Clause
 * What the tests of the commands share. */
#ifndef TESTS_ADMIN_SHARED_H
#define TESTS_ADMIN_SHARED_H

#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "lab.h"

#define WORDS_MAX 32
#define TEXT_MAX  65536

static struct lab lab;
static char said[TEXT_MAX], complained[TEXT_MAX];

static void
setup(void)
{
	lab_make(&lab, NULL);
}

static void
teardown(void)
{
	lab_remove(&lab);
}

static int
catch_into(int fd, int *kept)
{
	int file = memfd_create("said", 0);

	fflush(NULL);
	*kept = dup(fd);
	ck_assert_int_ge(dup2(file, fd), 0);
	return file;
}

static void
release(int fd, int kept, int file, char out[static TEXT_MAX])
{
	ssize_t len;

	fflush(NULL);
	ck_assert_int_ge(dup2(kept, fd), 0);
	close(kept);
	len = pread(file, out, TEXT_MAX - 1, 0);
	out[len > 0 ? len : 0] = '\0';
	close(file);
}

/* The words of one command line, split at spaces; "@" is the lab's folder, "@c" its "-c FILE". */
static int SL_PRINTF(2, 3) run(int (*command)(int, char **), const char *fmt, ...)
{
	static char line[2048], words[WORDS_MAX][256];
	char *argv[WORDS_MAX + 1], *next = line, *word;
	int argc = 0, out_kept, err_kept, out, err, status;
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof line, fmt, args);
	va_end(args);
	while ((word = strsep(&next, " "))) {
		ck_assert_int_lt(argc, WORDS_MAX - 1);
		if (strcmp(word, "@c") == 0) {
			snprintf(words[argc], sizeof words[0], "-c");
			argc++;
			snprintf(words[argc], sizeof words[0], "%s", lab.yaml);
		} else {
			snprintf(words[argc], sizeof words[0], "%s%s",
			        word[0] == '@' ? lab.dir : "", word[0] == '@' ? word + 1 : word);
		}
		argc++;
	}
	for (int i = 0; i < argc; i++)
		argv[i] = words[i];
	argv[argc] = NULL;
	out = catch_into(STDOUT_FILENO, &out_kept);
	err = catch_into(STDERR_FILENO, &err_kept);
	status = command(argc, argv);
	release(STDOUT_FILENO, out_kept, out, said);
	release(STDERR_FILENO, err_kept, err, complained);
	return status;
}

#define ck_status(want, ...)                                                                       \
	do {                                                                                       \
		int got_ = run(__VA_ARGS__);                                                       \
		ck_assert_msg(                                                                     \
		        got_ == (want), "exit %d, want %d: %s%s", got_, (want), said, complained); \
	} while (0)

#define ck_says(text, part) ck_assert_msg(strstr(text, part), "no \"%s\" in: %s", part, text)

static inline unsigned
mode_of(const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", lab.dir, name);
	ck_assert_msg(stat(path, &st) == 0, "%s is missing", name);
	return st.st_mode & 0777;
}

static inline const char *
text_of(const char *name)
{
	static char text[TEXT_MAX];
	char path[256];
	ssize_t len;
	int fd;

	snprintf(path, sizeof path, "%s/%s", lab.dir, name);
	fd = open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	len = read(fd, text, sizeof text - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	return text;
}

static void
write_text(const char *name, const char *text, unsigned mode)
{
	char path[256];
	int fd;

	snprintf(path, sizeof path, "%s/%s", lab.dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

#endif
