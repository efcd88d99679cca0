/* SPDX-License-Identifier: BSD-2-Clause
 * What strangers send: requests that are well formed and unwanted, and forty kinds of malformed ones. */
#include "datagram.h"

#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define POST 2

static void
fill(uint8_t *out, size_t len, uint64_t *chance)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)wire_draw(chance);
}

static void
begin(struct datagram *d, uint8_t type, uint8_t code, uint64_t *chance)
{
	uint8_t token[4];
	struct datagram_head head = {.type = type,
	        .code = code,
	        .message_id = (uint16_t)wire_draw(chance),
	        .token = token,
	        .token_len = (uint8_t)(wire_draw(chance) % 5)};

	fill(token, sizeof token, chance);
	datagram_begin(d, &head);
}

static void
end(struct datagram *d, size_t len, uint64_t *chance)
{
	uint8_t payload[1024];

	fill(payload, len, chance);
	datagram_payload(d, payload, len);
}

static void
make_ping(struct datagram *d, uint64_t *chance)
{
	struct datagram_head head = {.message_id = (uint16_t)wire_draw(chance)};

	datagram_begin(d, &head);
}

static void
make_first(struct datagram *d, uint64_t *chance)
{
	begin(d, wire_draw(chance) % 4 == 0 ? NON : CON, POST, chance);
	datagram_oscore(d, (uint32_t)wire_draw(chance));
	end(d, 20 + wire_draw(chance) % 60, chance);
}

static void
make_block_with(struct datagram *d, bool has_size, uint64_t *chance)
{
	begin(d, CON, POST, chance);
	datagram_oscore(d, (uint32_t)wire_draw(chance));
	datagram_block(d, OPTION_BLOCK1, 0, true, 2);
	if (has_size)
		datagram_option(d, OPTION_SIZE1, "\xff\xff\xff\xff", 4);
	end(d, 64, chance);
}

static void
make_block(struct datagram *d, uint64_t *chance)
{
	make_block_with(d, false, chance);
}

static void
make_size1(struct datagram *d, uint64_t *chance)
{
	make_block_with(d, true, chance);
}

static void
make_echo(struct datagram *d, uint64_t *chance)
{
	uint8_t value[9];

	fill(value, sizeof value, chance);
	begin(d, CON, POST, chance);
	datagram_oscore(d, (uint32_t)wire_draw(chance));
	datagram_option(d, OPTION_ECHO, value, sizeof value);
	end(d, 40, chance);
}

static void
make_garbage(struct datagram *d, uint64_t *chance)
{
	d->len = wire_draw(chance) % 120;
	fill(d->bytes, d->len, chance);
}

static void
make_plain(struct datagram *d, uint64_t *chance)
{
	begin(d, CON, 1, chance);
	datagram_option(d, 11, "secret", 6);
}

static void
make_tiny(struct datagram *d, uint64_t *chance)
{
	begin(d, CON, POST, chance);
	datagram_oscore(d, (uint32_t)wire_draw(chance));
	end(d, 1, chance);
}

/* --- what is not offered ---------------------------------------------------------------------------------------- */

static void
make_with(struct datagram *d, uint16_t number, const char *value, uint64_t *chance)
{
	begin(d, CON, number == 6 ? 1 : POST, chance);
	if (number < OPTION_OSCORE)
		datagram_option(d, number, value, strlen(value));
	datagram_oscore(d, (uint32_t)wire_draw(chance));
	if (number > OPTION_OSCORE)
		datagram_option(d, number, value, strlen(value));
	end(d, 40, chance);
}

static void
make_observe(struct datagram *d, uint64_t *chance)
{
	make_with(d, 6, "", chance);
}

static void
make_qblock1(struct datagram *d, uint64_t *chance) /* RFC 9177 */
{
	make_with(d, 19, "\x0a", chance);
}

static void
make_qblock2(struct datagram *d, uint64_t *chance)
{
	make_with(d, 31, "\x0a", chance);
}

static void
make_token(struct datagram *d, uint64_t *chance) /* RFC 8974 */
{
	make_first(d, chance);
	d->bytes[0] = (uint8_t)((d->bytes[0] & 0xf0) | 13);
}

/* --- malformed ---------------------------------------------------------------------------------------------------- */

#define MALFORMED 40
static unsigned malformed_kind;

/* In the fixed header. */
static bool
spoil_head(struct datagram *d, unsigned kind, uint64_t *chance)
{
	static const uint8_t firsts[7] = {0x00, 0x80, 0xc0, 0x09, 0x0d, 0x0f, 0x08};

	if (kind < 3)
		d->bytes[0] = (uint8_t)(firsts[kind] | (d->bytes[0] & 0x3f));
	else if (kind < 7)
		d->bytes[0] = (uint8_t)((d->bytes[0] & 0xf0) | firsts[kind]);
	if (kind == 6)
		d->len = 4 + wire_draw(chance) % 8;
	else if (kind >= 7 && kind <= 10)
		d->len = kind == 10 ? 0 : kind - 6;
	return kind <= 10;
}

/* In code and type. */
static bool
spoil_code(struct datagram *d, unsigned kind, uint64_t *chance)
{
	static const uint8_t codes[] = {0x00, 0x00, 0x21, 0xe1, 0x45, 0x45, 0x45, 0x00};
	static const uint8_t types[] = {CON, NON, CON, CON, CON, NON, ACK, RST};

	if (kind < 11 || kind > 18)
		return false;
	d->bytes[1] = codes[kind - 11];
	d->bytes[0] = (uint8_t)(0x40 | types[kind - 11] << 4 | (d->bytes[0] & 0x0f));
	if (kind == 17)
		d->bytes[1] = (uint8_t)wire_draw(chance);
	return true;
}

/* A tail behind a good option. */
static bool
spoil_tail(struct datagram *d, unsigned kind)
{
	static const struct {
		const char *bytes;
		size_t len;
	} tails[] = {{"\xf0", 1}, {"\x0f", 1}, {"\xd0", 1}, {"\xe0\x01", 2}, {"\x0d", 1},
	        {"\x0e\x01", 2}, {"\x1cxx", 3}, {"\xe0\xff\xff\xe0\xff\xff", 6}, {"\xff", 1}};

	if (kind < 19 || kind > 27)
		return false;
	d->len = 4U + (d->bytes[0] & 15);
	d->last = 0;
	datagram_oscore(d, 1);
	memcpy(d->bytes + d->len, tails[kind - 19].bytes, tails[kind - 19].len);
	d->len += tails[kind - 19].len;
	return true;
}

/* Well formed, and wrong in an option. */
static bool
spoil_option(struct datagram *d, unsigned kind, uint64_t *chance)
{
	static const struct {
		uint16_t number;
		size_t len;
		uint8_t byte;
	} options[] = {{OPTION_OSCORE, 256, 0x0b}, {OPTION_OSCORE, 1, 0xff},
	        {OPTION_BLOCK1, 1, 0x07}, {OPTION_BLOCK1, 4, 0x02}, {OPTION_BLOCK1, 3, 0xff},
	        {OPTION_BLOCK2, 1, 0x0a}, {OPTION_SIZE1, 8, 0xff}, {35, 40, 0xc3}, {39, 0, 0}};
	uint8_t value[300];

	if (kind < 28 || kind > 36)
		return false;
	memset(value, options[kind - 28].byte, sizeof value);
	begin(d, CON, POST, chance);
	if (options[kind - 28].number > OPTION_OSCORE)
		datagram_oscore(d, 7);
	datagram_option(d, options[kind - 28].number, value, options[kind - 28].len);
	end(d, wire_draw(chance) % 70, chance);
	return true;
}

static void
make_malformed(struct datagram *d, uint64_t *chance)
{
	unsigned kind = malformed_kind;

	make_first(d, chance);
	if (spoil_head(d, kind, chance) || spoil_code(d, kind, chance) || spoil_tail(d, kind) ||
	        spoil_option(d, kind, chance))
		return;
	if (kind == 37)
		d->len = wire_draw(chance) % d->len;
	else if (kind == 38)
		d->bytes[wire_draw(chance) % d->len] ^= (uint8_t)(1U << wire_draw(chance) % 8);
	else
		make_garbage(d, chance);
}

datagram_fn
datagram_kind(const char *name)
{
	static const struct {
		const char *name;
		datagram_fn make;
	} kinds[] = {{"ping", make_ping}, {"first", make_first}, {"block", make_block},
	        {"size1", make_size1}, {"echo", make_echo}, {"garbage", make_garbage},
	        {"plain", make_plain}, {"tiny", make_tiny}, {"observe", make_observe},
	        {"qblock1", make_qblock1}, {"qblock2", make_qblock2}, {"token", make_token}};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return kinds[i].make;
	if (strncmp(name, "malformed-", 10) != 0)
		return NULL;
	malformed_kind = (unsigned)strtoul(name + 10, NULL, 10) % MALFORMED;
	return make_malformed;
}
