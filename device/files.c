/* SPDX-License-Identifier: BSD-2-Clause */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sl/wipe.h>

#define SUFFIX ".new"

static void
reached(const struct files *f, enum files_step step)
{
	if (f->at != NULL)
		f->at(f->at_arg, step);
}

enum sl_err
files_open(struct files *f, const char *path, struct complaint *why)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return complain(why, errno == ENOENT ? SL_ENOTFOUND : SL_EIO, "%s: %s", path,
		        strerror(errno));
	if (fstat(fd, &st) != 0) {
		close(fd);
		return complain(why, SL_EIO, "%s: %s", path, strerror(errno));
	}
	if (st.st_uid != geteuid()) {
		close(fd);
		return complain(why, SL_EAUTH, "%s: belongs to another user (uid %u)", path,
		        (unsigned)st.st_uid);
	}
	if ((st.st_mode & 077) != 0) {
		close(fd);
		return complain(why, SL_EAUTH,
		        "%s: mode %03o lets others in; mend it with: chmod 700 %s", path,
		        (unsigned)(st.st_mode & 0777), path);
	}
	f->dir = fd;
	return SL_OK;
}

enum sl_err
files_make(struct files *f, const char *path, struct complaint *why)
{
	bool is_new = mkdir(path, 0700) == 0;
	enum sl_err err;

	if (!is_new && errno != EEXIST)
		return complain(why, SL_EIO, "%s: %s", path, strerror(errno));
	err = files_open(f, path, why);
	/* Its name stands in a directory that need not be readable, so all of it is synced. */
	if (err == SL_OK && is_new && syncfs(f->dir) != 0) {
		err = complain(why, SL_EIO, "%s: %s", path, strerror(errno));
		files_close(f);
	}
	return err;
}

void
files_close(struct files *f)
{
	if (f->dir >= 0)
		close(f->dir);
	f->dir = -1;
}

bool
files_has(const struct files *f, const char *name)
{
	struct stat st;

	return fstatat(f->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static enum sl_err
write_all(int fd, struct sl_span bytes)
{
	while (bytes.len > 0) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return SL_EIO;
		bytes = sl_span(bytes.ptr + n, bytes.len - (size_t)n);
	}
	return SL_OK;
}

static enum sl_err
write_synced(const struct files *f, const char *temporary, unsigned mode, struct sl_span bytes)
{
	enum sl_err err;
	int fd, failure;

	if (unlinkat(f->dir, temporary, 0) != 0 && errno != ENOENT)
		return SL_EIO;
	fd = openat(f->dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return SL_EIO;
	err = write_all(fd, bytes);
	if (err == SL_OK)
		reached(f, FILES_WRITTEN);
	if (err == SL_OK && (fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0))
		err = SL_EIO;
	failure = errno;
	if (close(fd) != 0)
		err = SL_EIO;
	else
		errno = failure;
	if (err == SL_OK)
		reached(f, FILES_SYNCED);
	return err;
}

static enum sl_err
sync_dir(const struct files *f)
{
	return fsync(f->dir) == 0 ? SL_OK : SL_EIO;
}

enum sl_err
files_rename(const struct files *f, const char *from, const char *to)
{
	enum sl_err err;

	if (renameat(f->dir, from, f->dir, to) != 0)
		return errno == ENOENT ? SL_ENOTFOUND : SL_EIO;
	reached(f, FILES_RENAMED);
	err = sync_dir(f);
	if (err == SL_OK)
		reached(f, FILES_DURABLE);
	return err;
}

enum sl_err
files_write(const struct files *f, const char *name, unsigned mode, struct sl_span bytes)
{
	char temporary[64];
	enum sl_err err;

	if (snprintf(temporary, sizeof temporary, "%s" SUFFIX, name) >= (int)sizeof temporary)
		return SL_EIO;
	err = write_synced(f, temporary, mode, bytes);
	if (err == SL_OK)
		err = files_rename(f, temporary, name);
	return err;
}

enum sl_err
files_remove(const struct files *f, const char *name)
{
	if (unlinkat(f->dir, name, 0) != 0)
		return errno == ENOENT ? SL_OK : SL_EIO;
	reached(f, FILES_RENAMED);
	return sync_dir(f);
}

static enum sl_err
check_file(int fd, const char *name, bool is_secret, struct complaint *why)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return complain(why, SL_EIO, "%s: %s", name, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return complain(why, SL_EMALFORMED, "%s: not a plain file", name);
	if (is_secret && (st.st_mode & 077) != 0)
		return complain(why, SL_EAUTH,
		        "%s: mode %03o lets others read a secret; mend it with: chmod 400 %s", name,
		        (unsigned)(st.st_mode & 0777), name);
	return SL_OK;
}

static enum sl_err
read_all(int fd, const char *name, struct sl_buf *out, struct complaint *why)
{
	uint8_t piece[1024];
	enum sl_err err = SL_OK;
	ssize_t n;

	do {
		n = read(fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = complain(why, SL_EIO, "%s: %s", name, strerror(errno));
		else
			err = sl_buf_add(out, sl_span(piece, (size_t)n));
	} while (n != 0 && err == SL_OK);
	sl_wipe(piece, sizeof piece);
	if (err == SL_ELIMIT)
		err = complain(why, err, "%s: longer than %zu bytes", name, out->max);
	return err;
}

static enum sl_err
read_at(int dir, const char *name, bool is_secret, struct sl_buf *out, struct complaint *why)
{
	int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	enum sl_err err;

	if (fd < 0)
		return complain(why, errno == ENOENT ? SL_ENOTFOUND : SL_EIO, "%s: %s", name,
		        strerror(errno));
	err = check_file(fd, name, is_secret, why);
	if (err == SL_OK)
		err = read_all(fd, name, out, why);
	close(fd);
	return err;
}

enum sl_err
files_read(const struct files *f, const char *name, bool is_secret, struct sl_buf *out,
        struct complaint *why)
{
	return read_at(f->dir, name, is_secret, out, why);
}

enum sl_err
files_read_secret_path(const char *path, struct sl_buf *out, struct complaint *why)
{
	return read_at(AT_FDCWD, path, true, out, why);
}

enum sl_err
files_read_path(const char *path, struct sl_buf *out, struct complaint *why)
{
	return read_at(AT_FDCWD, path, false, out, why);
}

/* Its name stands in a directory that need not be readable, so all of it is synced. */
static enum sl_err
fill(int fd, unsigned mode, struct sl_span bytes)
{
	enum sl_err err = write_all(fd, bytes);

	if (err == SL_OK && (fchmod(fd, (mode_t)mode) != 0 || fsync(fd) != 0 || syncfs(fd) != 0))
		err = SL_EIO;
	return err;
}

enum sl_err
files_create_path(const char *path, unsigned mode, struct sl_span bytes, struct complaint *why)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum sl_err err;

	if (fd < 0 && errno == EEXIST)
		return complain(why, SL_EREPLAY, "%s: is there already; it stays as it is", path);
	if (fd < 0)
		return complain(why, SL_EIO, "%s: %s", path, strerror(errno));
	err = fill(fd, mode, bytes);
	if (err != SL_OK) {
		err = complain(why, err, "%s: %s", path, strerror(errno));
		(void)unlink(path);
	}
	close(fd);
	return err;
}

enum sl_err
files_lock(const struct files *f, const char *name, int *held, struct complaint *why)
{
	int fd = openat(f->dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return complain(why, SL_EIO, "%s: %s", name, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return complain(
		        why, SL_EIO, "%s: another sealift-device uses this state directory", name);
	}
	*held = fd;
	return SL_OK;
}
