/* SPDX-License-Identifier: BSD-2-Clause
 * What the tests of the store share. */
#ifndef TESTS_STORE_SHARED_H
#define TESTS_STORE_SHARED_H

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sl/hash.h>

#include "lab.h"
#include "store_sqlite.h"

static struct lab lab;

static void
setup(void)
{
	lab_make(&lab, NULL);
	ck_assert_ok(store_open(&lab.store, lab.config.store, STORE_SERVE));
}

static void
teardown(void)
{
	lab_remove(&lab);
}

#endif
