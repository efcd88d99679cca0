/* SPDX-License-Identifier: BSD-2-Clause */
#include <sl/err.h>

const char *
sl_err_text(enum sl_err err)
{
	switch (err) {
	case SL_OK:
		return "ok";
	case SL_EMALFORMED:
		return "malformed";
	case SL_EUNSUPPORTED:
		return "not supported";
	case SL_EAUTH:
		return "not authenticated or not allowed";
	case SL_EREPLAY:
		return "seen before";
	case SL_ENOTFOUND:
		return "not found";
	case SL_ESPACE:
		return "buffer too small";
	case SL_ELIMIT:
		return "over the limit";
	case SL_ENOMEM:
		return "out of memory";
	case SL_EIO:
		return "input or output failed";
	case SL_ETIMEOUT:
		return "timed out";
	}
	return "unknown error";
}
