/* SPDX-License-Identifier: BSD-2-Clause
 * Runs a fuzz target over files (folders are walked one level deep), for compilers without libFuzzer and as
 * the regression run over seeds and findings. No file at all is a failure. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define INPUT_MAX (1024 * 1024)

static size_t ran;

static int
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes = malloc(INPUT_MAX), *exact;
	size_t len;

	if (f == NULL || bytes == NULL) {
		perror(path);
		return 1;
	}
	len = fread(bytes, 1, INPUT_MAX, f);
	fclose(f);
	exact = malloc(len == 0 ? 1 : len);
	for (size_t i = 0; exact != NULL && i < len; i++)
		exact[i] = bytes[i];
	free(bytes);
	if (exact == NULL)
		return 1;
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
	ran++;
	return 0;
}

static int
run_folder(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char file[4096];
	int bad = 0;

	if (dir == NULL) {
		perror(path);
		return 1;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(file, sizeof file, "%s/%s", path, entry->d_name) < (int)sizeof file)
			bad |= run_file(file);
	}
	closedir(dir);
	return bad;
}

int
main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st) != 0) {
			perror(argv[i]);
			return 1;
		}
		bad |= S_ISDIR(st.st_mode) ? run_folder(argv[i]) : run_file(argv[i]);
	}
	printf("fuzz: %zu inputs replayed\n", ran);
	return bad != 0 || ran == 0 ? 1 : 0;
}
