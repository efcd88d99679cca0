/* SPDX-License-Identifier: BSD-2-Clause
 * The HTTP side through libcurl's multi interface on our loop: HTTP/1.1, TLS always verified, no redirect, no proxy, no
 * cookie, no second attempt. With transfer.c the only file that knows libcurl. Behind origin_side.h, whose
 * contracts hold. */
#ifndef PROXY_CURL_SIDE_H
#define PROXY_CURL_SIDE_H

#include "origin_side.h"

struct curl_side;

/* SL_ENOMEM, SL_EIO. */
enum sl_err curl_side_new(
        struct curl_side **out, const struct origin_side_config *config) SL_MUST_USE;
void curl_side_free(struct curl_side *side);
void curl_side_start(struct curl_side *side, const struct core_fetch *fetch);
void curl_side_abort(struct curl_side *side, struct sl_ref ref);
struct origin_side_counts curl_side_counts(const struct curl_side *side);

#endif
