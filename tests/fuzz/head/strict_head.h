/* SPDX-License-Identifier: BSD-2-Clause
 * A second reader of request heads: the grammar of RFC 9112 as one pass over the raw bytes, without a library, and
 * the rules of the end point as a list. Slow and plain on purpose. */
#ifndef STRICT_HEAD_H
#define STRICT_HEAD_H

#include "head.h"

/* May the request pass? Then *out says what it is. */
bool strict_head_takes(
        struct sl_span raw, const struct head_rules *rules, struct head_request *out);

#endif
