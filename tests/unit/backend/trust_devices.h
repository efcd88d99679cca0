/* SPDX-License-Identifier: BSD-2-Clause
 * Devices with credentials of every kind, good and bad, and what they send as ID_CRED_I. */
#ifndef TRUST_DEVICES_H
#define TRUST_DEVICES_H

#include "trust_world.h"

#define DAY   INT64_C(86400)
#define SIGN  SL_KU_DIGITAL_SIGNATURE
#define AGREE SL_KU_KEY_AGREEMENT

enum who {
	GOOD,
	GOOD_384,
	MIDDLE,
	MIDDLE_ALONE,
	TWO,
	LONGEST,
	PRINTABLE, /* certificates */
	EXPIRED,
	FUTURE,
	ENDS_SOON,
	ENDED,
	ONLY_AGREES,
	ONLY_SIGNS,
	ENCIPHERS,
	NO_USAGE,
	IS_CA,
	THE_ANCHOR,
	NO_SERIAL,
	TWO_SERIALS,
	BMP,
	T61,
	TOO_LONG,
	CONTROL,
	NUL,
	NOT_UTF8,
	FORGED,
	SIGNATURE,
	TBS,
	CUT,
	OFF_CURVE,
	BELOW_A_DEVICE,
	BELOW_OLD,
	SELF,
	STRANGER,
	OLD,
	BAD,
	REVOKED,
	ISSUED,
	ISSUED_REVOKED,
	ISSUED_GONE,
	ISSUED_UNKNOWN,
	TWIN,
	PINNED,
	PINNED_OLD,
	PINNED_SIGNS,
	PINNED_CHANGED,
	LISTED, /* in the directory, below an anchor */
	LISTED_STRANGER,
	NATIVE,
	NATIVE_EXPIRED,
	NATIVE_AGREES,
	NATIVE_CHANGED, /* C509 */
	CCS_7,
	CCS_8,
	CCS_9,
	CCS_X,
	CCS_ED,
	CCS_ZERO,
	CCS_384,
	CCS_REVOKED,
	CCS_TWIN, /* known */
	CCS_CHANGED,
	CCS_OTHER_KEY,
	CCS_LONGER,
	CCS_UNKNOWN,
	OURS,
};

enum send {
	CHAIN,
	REVERSED,
	THUMB,
	CHAIN_THUMB,
	CHAIN_OTHER_THUMB,
	CHAIN_KID,
	URI,
	OTHER_URI,
	URI_LISTED,
	URI_STRANGER,
	URI_DOTS,
	URI_BARE,
	URI_CHAIN,
	KID,
	OTHER_KID,
	KCCS,
	KCCS_OTHER,
	C5C,
	C5C_RAW,
	C5T_RAW,
	KID_TEXT,
	KID_TWICE,
	EMPTY,
	NO_MAP,
	LONG_CHAIN,
	BAG,
	UNKNOWN_LABEL,
};

/* chain: leaf first. */
struct device {
	struct sl_span chain[3];
	size_t chain_len;
	struct sl_span cred;
	const struct sl_pkey *key;
};

/* world with the peers that these devices are measured against, and three certificates of ours: valid (serial in
 * devices_issued), revoked, and one whose profile is gone. */
void devices_make(void);
void devices_remove(void);
const char *devices_issued(void);
/* What one device pins, and the claims set of CCS_7 to CCS_TWIN. */
struct sl_span device_pinned(void);
struct sl_span device_ccs(enum who who);
/* The same certificate in C509. */
struct sl_span device_c509(struct sl_span der);
/* The authority between world.one and MIDDLE. */
struct sl_span device_middle(void);
void device_be(struct device *d, enum who who);
/* May change what is its CRED_I, to C509. */
struct sl_span device_id(struct device *d, enum send send);

#endif
