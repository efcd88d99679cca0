/* SPDX-License-Identifier: BSD-2-Clause
 * The one error dialect of the house. A code says what the caller should do, not where it happened. */
#ifndef SL_ERR_H
#define SL_ERR_H

#if defined(__GNUC__)
#define SL_MUST_USE __attribute__((warn_unused_result))
#define SL_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define SL_MUST_USE
#define SL_PRINTF(fmt, args)
#endif

enum sl_err {
	SL_OK = 0,
	SL_EMALFORMED,   /* the input breaks its format: refuse it */
	SL_EUNSUPPORTED, /* well formed, but nothing we do */
	SL_EAUTH,        /* does not authenticate, or is not allowed: stop */
	SL_EREPLAY,      /* seen before: stop */
	SL_ENOTFOUND,    /* no such thing; a stale reference */
	SL_ESPACE,       /* the caller's buffer is too small */
	SL_ELIMIT,       /* a configured limit is reached */
	SL_ENOMEM,       /* the machine has no memory */
	SL_EIO,          /* the machine failed us: disk, socket, library */
	SL_ETIMEOUT,     /* too late */
};

/* A short lower-case English text for a code, never NULL. */
const char *sl_err_text(enum sl_err err);

#endif
