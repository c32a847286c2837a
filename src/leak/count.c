/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counting what passes the uplink and is none of ours. */
#include <stdio.h>

#include "base/special.h"
#include "run.h"

static int flow_is_carrier(const struct leak_run *run, size_t flow)
{
	return address_class(&run->flows[flow].to) == ADDRESS_PUBLIC;
}

static void report_carrier(struct leak_run *run)
{
	struct leak_report *report = run->report;
	const struct flow_count *top = NULL;
	char text[ADDRESS_TEXT_SIZE];
	uint64_t all = run->others;

	for (size_t i = 0; i < run->flow_count; i++) {
		all += run->flows[i].packets;
		if (flow_is_carrier(run, i) &&
		    (top == NULL || run->flows[i].packets > top->packets))
			top = &run->flows[i];
	}
	report->carrier_packets = top != NULL ? top->packets : 0;
	report->other_packets = all - report->carrier_packets;
	if (top != NULL)
		snprintf(report->carrier, sizeof(report->carrier), "%s %s",
			 top->protocol == IPPROTO_TCP ? "tcp" : "udp",
			 address_format_endpoint(&top->to, text));
}

void run_count(struct leak_run *run, const struct sighting *sighting)
{
	const struct frame *frame = sighting->frame;
	size_t i;

	if (sighting->place != PLACE_UPLINK || frame->neighbours)
		return;
	for (i = 0; i < run->flow_count; i++) {
		if (run->flows[i].protocol == frame->protocol &&
		    address_equals_endpoint(&run->flows[i].to, &frame->destination))
			break;
	}
	if (i == RUN_FLOWS_MAX ||
	    (frame->protocol != IPPROTO_UDP && frame->protocol != IPPROTO_TCP)) {
		run->others++;
	} else {
		if (i == run->flow_count)
			run->flows[run->flow_count++] = (struct flow_count){
				.protocol = frame->protocol, .to = frame->destination};
		run->flows[i].packets++;
	}
	report_carrier(run);
}
