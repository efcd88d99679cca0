/* SPDX-License-Identifier: BSD-2-Clause
 * Which Content-Format answers a request: RFC 9148 section 4.3 and table 4, EST-oscore section
 * 4.3. A row is one function and one family of request bodies. */
#include <sl/est.h>

#define NO_BODY UINT32_MAX
#define ANSWERS 3

static const struct row {
	enum sl_est_function function;
	uint32_t body;             /* Content-Format of the request, or NO_BODY */
	size_t count;              /* of answers */
	uint32_t answers[ANSWERS]; /* the first one answers where there is no Accept */
} rows[] = {
        {SL_EST_CRTS, NO_BODY, 2, {SL_EST_PKCS7_CERTS, SL_EST_PKIX_CERT}}, /* EST-oscore 4.3.1 */
        {SL_EST_SEN, SL_EST_PKCS10, 2,
                {SL_EST_PKCS7_CERTS, SL_EST_PKIX_CERT}}, /* EST-oscore 4.3.1 */
        {SL_EST_SREN, SL_EST_PKCS10, 2,
                {SL_EST_PKCS7_CERTS, SL_EST_PKIX_CERT}},            /* EST-oscore 4.3.1 */
        {SL_EST_SKG, SL_EST_PKCS10, 1, {SL_EST_MULTIPART}},         /* 9148 4.8 */
        {SL_EST_SKC, SL_EST_PKCS10, 1, {SL_EST_MULTIPART}},         /* 9148 4.8 */
        {SL_EST_ATT, NO_BODY, 1, {SL_EST_CSRATTRS}},                /* 9148 table 4 */
        {SL_EST_WELL_KNOWN_CORE, NO_BODY, 1, {SL_EST_LINK_FORMAT}}, /* 7252 7.2 */
};

static bool
takes_body(const struct row *row, const struct sl_est_ask *ask)
{
	return row->body == NO_BODY || (ask->has_body_format && ask->body_format == row->body);
}

enum sl_err
sl_est_response_format(const struct sl_est_ask *ask, enum sl_est_format *format)
{
	const struct row *row = rows, *end = rows + sizeof rows / sizeof rows[0];

	while (row < end && (row->function != ask->function || !takes_body(row, ask)))
		row++;
	if (row == end)
		return SL_EMALFORMED;
	for (size_t i = 0; i < row->count; i++) {
		if (ask->has_accept && ask->accept != row->answers[i])
			continue;
		*format = (enum sl_est_format)row->answers[i];
		return SL_OK;
	}
	return SL_EUNSUPPORTED;
}
