/* SPDX-License-Identifier: BSD-2-Clause
 * The store as a file: who may read it, who serves it, and what an operator is told when it does not open. */
#include "store_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_BYTES 512

/* Secrets are inside: nobody else may read the file. */
enum sl_err
store_file_check(const char *file, enum store_mode mode)
{
	struct stat st;
	int fd;

	if (mode == STORE_CREATE) {
		fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return errno == EEXIST ? SL_ENOTFOUND : SL_EIO;
		close(fd);
		return SL_OK;
	}
	if (stat(file, &st) != 0)
		return errno == ENOENT ? SL_ENOTFOUND : SL_EIO;
	return (st.st_mode & (S_IRWXG | S_IRWXO)) ? SL_EAUTH : SL_OK;
}

enum sl_err
store_file_lock(const char *file, int *fd)
{
	char name[NAME_MAX_BYTES];
	int len = snprintf(name, sizeof name, "%s.lock", file);

	if (len < 0 || (size_t)len >= sizeof name)
		return SL_EIO;
	*fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0)
		return SL_EIO;
	return flock(*fd, LOCK_EX | LOCK_NB) == 0 ? SL_OK : SL_ELIMIT;
}

const char *
store_open_text(enum sl_err err)
{
	switch (err) {
	case SL_ENOTFOUND:
		return "does not exist; sealift-est init makes one";
	case SL_EAUTH:
		return "is open to group or others; chmod 0600";
	case SL_ELIMIT:
		return "another process serves this store";
	case SL_EUNSUPPORTED:
		return "is not a store of this version";
	case SL_EIO:
		return "cannot be opened; file and folder must be ours and writable, and the disk "
		       "not "
		       "full";
	default:
		return sl_err_text(err);
	}
}
