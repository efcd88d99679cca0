/* SPDX-License-Identifier: BSD-2-Clause
 * All paths are compared and joined as decoded options, never as texts. */
#include "location.h"

static bool
begins_with(const struct sl_coap_msg *place, const struct sl_coap_msg *base)
{
	for (size_t i = 0; i < base->option_count; i++)
		if (i >= place->option_count || place->options[i].number != SL_COAP_LOCATION_PATH ||
		        !sl_span_equal(sl_coap_option_value(&place->options[i]),
		                sl_coap_option_value(&base->options[i])))
			return false;
	return true;
}

void
location_add(struct sl_coap_msg *msg, const struct asker *a, struct sl_span location,
        uint8_t room[static LOCATION_ROOM])
{
	const struct sl_map_target *origin = &a->origin->target;
	struct sl_writer w = sl_writer_over(room, LOCATION_ROOM);
	struct sl_coap_msg place, base, longer = *msg;
	enum sl_err err;

	sl_coap_msg_init(&place, msg->code);
	sl_coap_msg_init(&base, msg->code);
	err = sl_map_add_location(&place, origin, location, &w);
	if (err == SL_OK && a->route_path != NULL) {
		err = sl_map_add_location(&base, origin, sl_span_text(origin->path_query), &w);
		if (err == SL_OK && !begins_with(&place, &base))
			err = SL_ENOTFOUND;
		if (err == SL_OK)
			err = sl_map_add_location(&longer, origin, sl_span_text(a->route_path), &w);
	}
	for (size_t i = base.option_count; i < place.option_count && err == SL_OK; i++)
		err = sl_coap_add(
		        &longer, place.options[i].number, sl_coap_option_value(&place.options[i]));
	if (err == SL_OK)
		*msg = longer;
}
