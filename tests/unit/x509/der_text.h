/* SPDX-License-Identifier: BSD-2-Clause
 * DER written as text: hex, where a tag followed by { ... } gets its length from what is inside. */
#ifndef SL_TEST_DER_TEXT_H
#define SL_TEST_DER_TEXT_H

#include "support.h"

/* "30{ 0201 05 }" is 30 03 02 01 05. In an exactly sized heap block, see hex. */
struct sl_span der(const char *text);

/* What many tests need: names, keys, algorithms. */
#define NAME(hex_of_cn)           "30{31{30{0603550403 0c{" hex_of_cn "}}}}"
#define NAME_A                    NAME("61")
#define NAME_B                    NAME("62")
#define P256_ALGORITHM            "30{06072a8648ce3d0201 06082a8648ce3d030107}"
#define P256_X                    "b1216ab96e5b3b3340f5bdf02e693f16213a04525ed44450b1019c2dfd3838ab"
#define P256_Y                    "ac4e14d86c0983ed5e9eef2448c6861cc406547177e6026030d051f7792ac206"
#define P256_SPKI                 "30{" P256_ALGORITHM "03{0004" P256_X P256_Y "}}"
#define ECDSA_SHA256              "30{06082a8648ce3d040302}"
#define SOME_SIGNATURE            "03{00 30{020101 020101}}"
#define EXTENSION(oid_hex, value) "30{06{" oid_hex "} 04{" value "}}"
#define CRITICAL(oid_hex, value)  "30{06{" oid_hex "} 0101ff 04{" value "}}"

#endif
