/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the witness saw, in one line. */
#include "egressctl/status_witness.h"

#include <stdio.h>

#include "egressctl/print.h"

enum style witness_text(const json_t *witness, int64_t now_ms, char out[PRINT_SIZE])
{
	int64_t leaked = json_number(witness, "leaked_packets");
	char since[32], at[32], count[32], carrier[32], others[32];

	if (!json_is_true(json_object_get(witness, "on"))) {
		snprintf(out, PRINT_SIZE, "OFF: nobody counts what leaves (the log says why)");
		return STYLE_BAD;
	}
	format_time(json_number(witness, "since_ms"), now_ms, since);
	format_count(leaked, count);
	format_count(json_number(witness, "carrier_packets"), carrier);
	format_count(json_number(witness, "other_packets"), others);
	if (leaked == 0) {
		snprintf(out, PRINT_SIZE, "0 packets outside since %s; %s carrier, %s others",
			 since, carrier, others);
		return STYLE_GOOD;
	}
	format_time(json_number(witness, "leaked_at_ms"), now_ms, at);
	snprintf(out, PRINT_SIZE, "LEAK: %s packet%s outside since %s, last at %s; %s carrier",
		 count, leaked == 1 ? "" : "s", since, at, carrier);
	return STYLE_BAD;
}
