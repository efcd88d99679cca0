/* SPDX-License-Identifier: BSD-2-Clause
 * File access of the backend. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sl/wipe.h>

#define CHUNK 4096

const char *
files_why(enum sl_err err)
{
	return err == SL_EIO && errno != 0 ? strerror(errno) : sl_err_text(err);
}

static enum sl_err
check_open_file(int fd, enum files_secrecy secrecy)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return SL_EIO;
	if (!S_ISREG(st.st_mode))
		return SL_EMALFORMED;
	if (secrecy == FILES_SECRET && (st.st_mode & (S_IRWXG | S_IRWXO)))
		return SL_EAUTH;
	return SL_OK;
}

enum sl_err
files_read(struct sl_buf *buf, const char *path, enum files_secrecy secrecy)
{
	uint8_t chunk[CHUNK];
	enum sl_err err;
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? SL_ENOTFOUND : SL_EIO;
	err = check_open_file(fd, secrecy);
	while (!err && (got = read(fd, chunk, sizeof chunk)) != 0) {
		if (got < 0)
			err = errno == EINTR ? SL_OK : SL_EIO;
		else
			err = sl_buf_add(buf, sl_span(chunk, (size_t)got));
	}
	sl_wipe(chunk, sizeof chunk);
	close(fd);
	return err;
}

static enum sl_err
write_all(int fd, struct sl_span bytes)
{
	while (bytes.len > 0) {
		ssize_t put = write(fd, bytes.ptr, bytes.len);

		if (put < 0 && errno != EINTR)
			return SL_EIO;
		if (put > 0) {
			bytes.ptr += put;
			bytes.len -= (size_t)put;
		}
	}
	return fsync(fd) == 0 ? SL_OK : SL_EIO;
}

static enum sl_err
sync_folder(const char *path)
{
	char folder[512];
	enum sl_err err = files_beside(folder, sizeof folder, path, ".");
	int fd;

	if (err)
		return err;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return SL_EIO;
	err = fsync(fd) == 0 ? SL_OK : SL_EIO;
	close(fd);
	return err;
}

enum sl_err
files_write_new(const char *path, struct sl_span bytes, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	enum sl_err err;
	int failure;

	if (fd < 0)
		return errno == EEXIST ? SL_EREPLAY : SL_EIO;
	err = write_all(fd, bytes);
	failure = errno;
	if (close(fd) != 0 && !err) {
		err = SL_EIO;
		failure = errno;
	}
	errno = failure;
	if (!err)
		err = sync_folder(path);
	if (err) {
		failure = errno;
		unlink(path);
		errno = failure;
	}
	return err;
}

enum sl_err
files_beside(char *out, size_t cap, const char *beside, const char *name)
{
	const char *slash = strrchr(beside, '/');
	int folder = slash ? (int)(slash - beside) + 1 : 0;
	int len;

	if (name[0] == '/')
		folder = 0;
	len = snprintf(out, cap, "%.*s%s", folder, beside, name);
	return len >= 0 && (size_t)len < cap ? SL_OK : SL_ESPACE;
}
