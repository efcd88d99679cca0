/* SPDX-License-Identifier: BSD-2-Clause
 * The value of the OSCORE option: the compressed COSE object's header, RFC 8613 section 6.1.
 *
 *   | 0 0 0 h k n n n | Partial IV, n bytes | s | kid context, s bytes | kid, the rest |
 *                                           '-- only with h --------'   '- only with k'
 */
#include <sl/oscore.h>
#include <sl/reader.h>

#define RESERVED_BITS   0xe0
#define KID_CONTEXT_BIT 0x10
#define KID_BIT         0x08
#define PIV_LEN_BITS    0x07

static bool
is_piv(struct sl_span piv)
{
	return piv.len <= SL_OSCORE_PIV_MAX && (piv.len < 2 || piv.ptr[0] != 0);
}

enum sl_err
sl_oscore_option_decode(struct sl_oscore_option *opt, struct sl_span value)
{
	struct sl_oscore_option got = {0};
	struct sl_reader in = sl_reader_over(value);
	uint8_t flags = value.len > 0 ? sl_read_u8(&in) : 0;

	if (value.len > SL_OSCORE_OPTION_MAX || (flags & RESERVED_BITS) != 0)
		return SL_EMALFORMED;
	if (value.len > 0 && flags == 0)
		return SL_EMALFORMED; /* section 2: no flags at all is written as an empty option */

	got.partial_iv = sl_read_span(&in, flags & PIV_LEN_BITS);
	got.has_kid_context = (flags & KID_CONTEXT_BIT) != 0;
	if (got.has_kid_context)
		got.kid_context = sl_read_span(&in, sl_read_u8(&in));
	got.has_kid = (flags & KID_BIT) != 0;
	if (got.has_kid)
		got.kid = sl_read_rest(&in);

	if (sl_reader_finish(&in) != SL_OK || !is_piv(got.partial_iv))
		return SL_EMALFORMED;
	*opt = got;
	return SL_OK;
}

enum sl_err
sl_oscore_option_encode(struct sl_writer *w, const struct sl_oscore_option *opt)
{
	size_t len = 1 + opt->partial_iv.len + (opt->has_kid ? opt->kid.len : 0);
	size_t flags = opt->partial_iv.len;

	if (opt->has_kid_context)
		len += 1 + opt->kid_context.len;
	if (!is_piv(opt->partial_iv) || len > SL_OSCORE_OPTION_MAX)
		return SL_EMALFORMED;
	if (opt->has_kid_context)
		flags |= KID_CONTEXT_BIT;
	if (opt->has_kid)
		flags |= KID_BIT;
	if (flags == 0)
		return sl_writer_finish(w);

	sl_write_u8(w, (uint8_t)flags);
	sl_write_span(w, opt->partial_iv);
	if (opt->has_kid_context) {
		sl_write_u8(w, (uint8_t)opt->kid_context.len);
		sl_write_span(w, opt->kid_context);
	}
	if (opt->has_kid)
		sl_write_span(w, opt->kid);
	return sl_writer_finish(w);
}
