/* SPDX-License-Identifier: BSD-2-Clause */
#include "work.h"

int
work_fail(struct work *w, int status)
{
	fprintf(stderr, "sealift-device: %s\n", w->why.text);
	if (!w->o->is_json)
		return status;
	sl_buf_clear(&w->report.out);
	report_text(&w->report, "command", options_command_name(w->o->command));
	report_text(&w->report, "outcome", "failed");
	report_text(&w->report, "text", w->why.text);
	(void)report_print(&w->report, stdout);
	return status;
}

int
work_fail_because(struct work *w, const struct complaint *why, int status)
{
	snprintf(w->why.text, sizeof w->why.text, "%s", why->text);
	return work_fail(w, status);
}

int
work_done(struct work *w)
{
	if (report_print(&w->report, stdout))
		return EXIT_DONE;
	fputs("sealift-device: cannot write the result\n", stderr);
	return EXIT_FAILED;
}

void
work_report_done(struct work *w)
{
	report_text(&w->report, "command", options_command_name(w->o->command));
	report_text(&w->report, "outcome", "done");
}
