/* SPDX-License-Identifier: BSD-2-Clause
 * What the tests of certificates and requests share. */
#ifndef TESTS_OBJECTS_SHARED_H
#define TESTS_OBJECTS_SHARED_H

#include "der_text.h"

#include <sl/c509.h>
#include <sl/cbor.h>

#include <stdio.h>
#include <string.h>

#define V3       "a0{020102}"
#define SERIAL   "020101"
#define VALIDITY "30{17{3235303130313030303030305a} 17{3236303130313030303030305a}}"
#define CERT_OF(version, serial, algorithm, issuer, validity, key, rest, signature)                \
	"30{30{" version serial algorithm issuer validity NAME_B key rest "}" algorithm signature  \
	"}"
/* One part differs from a good certificate. */
#define GOOD         CERT_OF(V3, SERIAL, ECDSA_SHA256, NAME_A, VALIDITY, P256_SPKI, "", SOME_SIGNATURE)
#define VERSION(v)   CERT_OF(v, SERIAL, ECDSA_SHA256, NAME_A, VALIDITY, P256_SPKI, "", SOME_SIGNATURE)
#define SERIAL_IS(s) CERT_OF(V3, s, ECDSA_SHA256, NAME_A, VALIDITY, P256_SPKI, "", SOME_SIGNATURE)
#define ISSUER(n)    CERT_OF(V3, SERIAL, ECDSA_SHA256, n, VALIDITY, P256_SPKI, "", SOME_SIGNATURE)
#define TIMES(a, b)                                                                                \
	CERT_OF(V3, SERIAL, ECDSA_SHA256, NAME_A, "30{" a b "}", P256_SPKI, "", SOME_SIGNATURE)
#define KEY(k)       CERT_OF(V3, SERIAL, ECDSA_SHA256, NAME_A, VALIDITY, k, "", SOME_SIGNATURE)
#define REST(r)      CERT_OF(V3, SERIAL, ECDSA_SHA256, NAME_A, VALIDITY, P256_SPKI, r, SOME_SIGNATURE)
#define SIGNED(a, s) CERT_OF(V3, SERIAL, a, NAME_A, VALIDITY, P256_SPKI, "", s)
#define T_2025       "17{3235303130313030303030305a}"
#define T_9999       "18{39393939313233313233353935395a}"
#define RSA          "30{06092a864886f70d010101 0500}"
#define ED25519      "30{06032b6570}"
#define ZEROS_8      "0000000000000000"
#define ZEROS_32     ZEROS_8 ZEROS_8 ZEROS_8 ZEROS_8
/* compressed key and signature of the good certificate, in C509 */
#define C509_KEY "015821fe" P256_X
#define C509_SIGNATURE                                                                             \
	"5840" ZEROS_8 ZEROS_8 ZEROS_8 "0000000000000001" ZEROS_8 ZEROS_8 ZEROS_8 "00000000000000" \
	"01"
#define C509_OF(serial, algorithm, issuer, from, until, key, extensions, signature)                \
	"8b03" serial algorithm issuer from until "6162" key extensions signature
/* 2025-01-01 and 2026-01-01: 1735689600, 1767225600 */
#define FROM  "1a67748580"
#define UNTIL "1a6955b900"

/* --- malformed C509 beyond the published list --- */

#define NATIVE(serial, algorithm, issuer, from, until, key, extensions, signature)                 \
	"8b02" serial algorithm issuer from until "6162" key extensions signature
#define NATIVE_KEY "01582102" P256_X

#endif
