/* SPDX-License-Identifier: BSD-2-Clause
 * Content-Format numbers and media types (the CoAP Content-Formats registry), RFC 8075 section 6.
 * Numbers without a row travel as application/coap-payload;cf=N. */
#include "field.h"

#include <sl/mappings.h>
#include <sl/text.h>

#include <string.h>

#define PAYLOAD_TYPE "application/coap-payload" /* RFC 8075 section 6.2 */

static const struct row {
	uint16_t number;
	const char *text;
} rows[] = {
        {0, "text/plain;charset=utf-8"},                                 /* 7252 12.3 */
        {19, "application/ace+cbor"},                                    /* 9200 8.16 */
        {40, "application/link-format"},                                 /* 7252 12.3 */
        {42, "application/octet-stream"},                                /* 7252 12.3 */
        {50, "application/json"},                                        /* 7252 12.3 */
        {60, "application/cbor"},                                        /* 8949 9.4 */
        {61, "application/cwt"},                                         /* 8392 9.3 */
        {62, "application/multipart-core"},                              /* 8710 4 */
        {64, "application/edhoc+cbor-seq"},                              /* 9528 10.10 */
        {65, "application/cid-edhoc+cbor-seq"},                          /* 9528 10.10 */
        {101, "application/cose-key"},                                   /* 9052 11.6 */
        {102, "application/cose-key-set"},                               /* 9052 11.6 */
        {257, "application/concise-problem-details+cbor"},               /* 9290 6.4 */
        {280, "application/pkcs7-mime;smime-type=server-generated-key"}, /* 9148 8.1 */
        {281, "application/pkcs7-mime;smime-type=certs-only"},           /* 9148 8.1 */
        {284, "application/pkcs8"},                                      /* 9148 8.1 */
        {285, "application/csrattrs"},                                   /* 9148 8.1 */
        {286, "application/pkcs10"},                                     /* 9148 8.1 */
        {287, "application/pkix-cert"},                                  /* 9148 8.1 */
        {SL_MAP_NUMBER_OSCORE, "application/oscore"},                    /* 8613 13.6 */
};

enum sl_err
sl_map_media_type(uint16_t content_format, char *out, size_t cap)
{
	char unknown[sizeof PAYLOAD_TYPE ";cf=65535"];
	struct sl_writer w = sl_writer_over(unknown, sizeof unknown);
	struct sl_span text;

	sl_write_text(&w, PAYLOAD_TYPE ";cf=");
	sl_map_write_decimal(&w, content_format);
	text = sl_writer_span(&w);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].number == content_format)
			text = sl_span_text(rows[i].text);
	if (text.len >= cap)
		return SL_ESPACE;
	memcpy(out, text.ptr, text.len);
	out[text.len] = '\0';
	return SL_OK;
}

/* The value of the first parameter of this name. SL_ENOTFOUND, SL_EMALFORMED. */
static enum sl_err
find_param(struct sl_span params, struct sl_span name, struct sl_span *value)
{
	struct sl_map_param param;
	enum sl_err err;

	for (;;) {
		err = sl_map_next_param(&param, &params);
		if (err != SL_OK)
			return err;
		if (sl_map_equal_nocase(param.name, name)) {
			*value = param.value;
			return SL_OK;
		}
	}
}

/* A charset other than UTF-8 is another format; where it is UTF-8 it says nothing new. */
static bool
has_foreign_charset(struct sl_span params)
{
	struct sl_span value;

	return find_param(params, sl_span_text("charset"), &value) == SL_OK &&
	       !sl_map_equal_nocase(value, sl_span_text("utf-8"));
}

static bool
matches(const struct row *row, const struct sl_map_media *media)
{
	struct sl_map_media want;
	struct sl_map_param param;
	struct sl_span value;

	if (sl_map_media_split(&want, sl_span_text(row->text)) != SL_OK ||
	        !sl_map_equal_nocase(want.type, media->type))
		return false;
	while (sl_map_next_param(&param, &want.params) == SL_OK) {
		if (sl_span_equal_text(param.name, "charset"))
			continue;
		if (find_param(media->params, param.name, &value) != SL_OK ||
		        !sl_map_equal_nocase(value, param.value))
			return false;
	}
	return true;
}

/* RFC 8075 section 6.2: the parameter is mandatory. */
static enum sl_err
read_payload_type(struct sl_span params, uint16_t *content_format)
{
	struct sl_span value;
	uint64_t number;

	if (find_param(params, sl_span_text("cf"), &value) != SL_OK ||
	        sl_parse_uint(&number, value, UINT16_MAX) != SL_OK ||
	        number == SL_MAP_NUMBER_OSCORE)
		return SL_ENOTFOUND;
	*content_format = (uint16_t)number;
	return SL_OK;
}

/* Every parameter must be well formed, also those that nobody asks for. */
static enum sl_err
split_strict(struct sl_map_media *media, struct sl_span text)
{
	enum sl_err err = sl_map_media_split(media, text);
	struct sl_map_param param;
	struct sl_span params;

	if (err != SL_OK)
		return err;
	params = media->params;
	do
		err = sl_map_next_param(&param, &params);
	while (err == SL_OK);
	return err == SL_ENOTFOUND ? SL_OK : err;
}

enum sl_err
sl_map_content_format(struct sl_span media_type, uint16_t *content_format)
{
	struct sl_map_media media;
	enum sl_err err = split_strict(&media, media_type);

	if (err != SL_OK)
		return err;
	if (has_foreign_charset(media.params))
		return SL_ENOTFOUND;
	if (sl_map_equal_nocase(media.type, sl_span_text(PAYLOAD_TYPE)))
		return read_payload_type(media.params, content_format);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].number == SL_MAP_NUMBER_OSCORE || !matches(&rows[i], &media))
			continue;
		*content_format = rows[i].number;
		return SL_OK;
	}
	return SL_ENOTFOUND;
}
