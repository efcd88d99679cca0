/* SPDX-License-Identifier: BSD-2-Clause
 * The HTTP side for plain http to an address: HTTP/1.1 over kept connections on our loop, one request at a
 * time on each, nothing sent twice. Behind origin_side.h, whose contracts hold. */
#ifndef PROXY_LEAN_SIDE_H
#define PROXY_LEAN_SIDE_H

#include "origin_side.h"

struct lean_side;

/* SL_ENOMEM. */
enum sl_err lean_side_new(
        struct lean_side **out, const struct origin_side_config *config) SL_MUST_USE;
void lean_side_free(struct lean_side *side);
void lean_side_start(struct lean_side *side, const struct core_fetch *fetch);
void lean_side_abort(struct lean_side *side, struct sl_ref ref);
struct origin_side_counts lean_side_counts(const struct lean_side *side);

#endif
