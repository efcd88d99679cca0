/* SPDX-License-Identifier: BSD-2-Clause
 * The library's own VFS with another xSync in the methods of the log's file. */
#include "disk.h"

#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#define STEP_US 1000

static struct disk *used;
static sqlite3_vfs *base;
static sqlite3_vfs ours;
static struct sqlite3_io_methods log_methods;
static const struct sqlite3_io_methods *base_methods;

/* Not at once: whoever would answer too early has the time to. */
static void
die_if(unsigned number, bool is_synced)
{
	if (atomic_load(&used->kills_at) != number || atomic_load(&used->is_synced) != is_synced)
		return;
	usleep(20 * STEP_US);
	raise(SIGKILL);
}

static int
sync_log(sqlite3_file *file, int flags)
{
	unsigned number = atomic_fetch_add(&used->tries, 1) + 1;
	sqlite3_int64 size = 0;
	int rc;

	usleep(atomic_load(&used->delay_us));
	die_if(number, false);
	if (atomic_load(&used->is_held)) {
		atomic_fetch_add(&used->waiting, 1);
		while (atomic_load(&used->is_held))
			usleep(STEP_US);
		atomic_fetch_sub(&used->waiting, 1);
	}
	if (atomic_load(&used->fails_at) == number)
		return SQLITE_IOERR_FSYNC;
	rc = base_methods->xSync(file, flags);
	if (rc != SQLITE_OK || base_methods->xFileSize(file, &size) != SQLITE_OK)
		return rc;
	atomic_store(&used->durable, size);
	atomic_fetch_add(&used->syncs, 1);
	die_if(number, true);
	return rc;
}

static int
open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *got)
{
	int rc = base->xOpen(base, name, file, flags, got);

	(void)vfs;
	if (rc == SQLITE_OK && (flags & SQLITE_OPEN_WAL)) {
		base_methods = file->pMethods;
		log_methods = *base_methods;
		log_methods.xSync = sync_log;
		file->pMethods = &log_methods;
	}
	return rc;
}

void
disk_use(struct disk *disk)
{
	used = disk;
	if (base)
		return;
	base = sqlite3_vfs_find(NULL);
	ours = *base;
	ours.zName = "test-disk";
	ours.xOpen = open_file;
	sqlite3_vfs_register(&ours, 1);
}

void
disk_await_held(struct disk *disk)
{
	while (atomic_load(&disk->waiting) == 0)
		usleep(STEP_US);
}
