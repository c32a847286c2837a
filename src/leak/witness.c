/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The witness: one capture a device. */
#include "leak/witness.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "leak/network.h"

enum {
	WITNESS_TAPS_MAX = 64,
	WITNESS_SNAPLEN = 1600,
	WITNESS_BUFFER = 4 << 20,
};

struct tap {
	struct witness *witness;
	enum witness_place place;
	char device[IFNAMSIZ];
	pcap_t *pcap;
	enum frame_link link;
	bool dumped;
	bool enough; /* of the look that goes on */
	bool broken; /* its device has gone or gone down: nothing is captured any more */
	witness_fn *seen;
	void *arg;
};

struct witness {
	struct tap taps[WITNESS_TAPS_MAX];
	size_t count;
	pcap_t *form; /* of the file: Ethernet, whether or not anything is captured */
	pcap_dumper_t *file;
};

struct witness *witness_new(const char *pcap_path, char problem[WITNESS_PROBLEM_SIZE])
{
	struct witness *witness = calloc(1, sizeof(*witness));

	snprintf(problem, WITNESS_PROBLEM_SIZE, "out of memory");
	if (witness == NULL || pcap_path == NULL)
		return witness;
	witness->form = pcap_open_dead(DLT_EN10MB, WITNESS_SNAPLEN);
	if (witness->form == NULL)
		goto fail;
	witness->file = pcap_dump_open(witness->form, pcap_path);
	if (witness->file != NULL)
		return witness;
	snprintf(problem, WITNESS_PROBLEM_SIZE, "%s", pcap_geterr(witness->form));
fail:
	witness_free(witness);
	return NULL;
}

void witness_free(struct witness *witness)
{
	if (witness == NULL)
		return;
	for (size_t i = 0; i < witness->count; i++)
		pcap_close(witness->taps[i].pcap);
	if (witness->file != NULL)
		pcap_dump_close(witness->file);
	if (witness->form != NULL)
		pcap_close(witness->form);
	free(witness);
}

struct opening {
	struct tap *tap;
	char *problem;
};

static int tap_open(void *arg)
{
	struct opening *opening = arg;
	struct tap *tap = opening->tap;
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_create(tap->device, error);

	if (pcap == NULL) {
		snprintf(opening->problem, WITNESS_PROBLEM_SIZE, "%.250s", error);
		return -1;
	}
	if (pcap_set_snaplen(pcap, WITNESS_SNAPLEN) != 0 || pcap_set_immediate_mode(pcap, 1) != 0 ||
	    pcap_set_buffer_size(pcap, WITNESS_BUFFER) != 0 || pcap_activate(pcap) < 0 ||
	    pcap_setnonblock(pcap, 1, error) < 0)
		goto fail;
	/* On loopback what is sent is what is received, and libpcap shows it once, coming in. */
	if (tap->place == PLACE_UPLINK && pcap_setdirection(pcap, PCAP_D_OUT) < 0)
		goto fail;
	tap->link = pcap_datalink(pcap) == DLT_EN10MB ? FRAME_ETHERNET : FRAME_IP;
	tap->dumped = tap->place == PLACE_UPLINK && tap->link == FRAME_ETHERNET;
	tap->pcap = pcap;
	return 0;
fail:
	snprintf(opening->problem, WITNESS_PROBLEM_SIZE, "%s cannot be watched: %.200s",
		 tap->device, pcap_geterr(pcap));
	pcap_close(pcap);
	return -1;
}

bool witness_watch(struct witness *witness, enum witness_place place, int netns, const char *device,
		   char problem[WITNESS_PROBLEM_SIZE])
{
	struct tap *tap = &witness->taps[witness->count];
	struct opening opening = {.tap = tap, .problem = problem};

	if (witness->count == WITNESS_TAPS_MAX) {
		snprintf(problem, WITNESS_PROBLEM_SIZE, "more devices than can be watched");
		return false;
	}
	*tap = (struct tap){.witness = witness, .place = place};
	snprintf(tap->device, sizeof(tap->device), "%s", device);
	snprintf(problem, WITNESS_PROBLEM_SIZE, "its namespace cannot be entered");
	if (network_visit(netns, tap_open, &opening) < 0)
		return false;
	witness->count++;
	return true;
}

static void tap_on_packet(u_char *arg, const struct pcap_pkthdr *header, const u_char *bytes)
{
	struct tap *tap = (struct tap *)(void *)arg;
	struct frame frame;
	struct sighting sighting = {.place = tap->place,
				    .device = tap->device,
				    .at = header->ts,
				    .frame = &frame,
				    .len = header->len};

	if (tap->dumped && tap->witness->file != NULL)
		pcap_dump((u_char *)tap->witness->file, header, bytes);
	if (frame_parse(tap->link, bytes, header->caplen, &frame) &&
	    !tap->seen(tap->arg, &sighting))
		tap->enough = true;
}

static void tap_drain(struct tap *tap)
{
	int count = 0;

	while (!tap->broken &&
	       (count = pcap_dispatch(tap->pcap, -1, tap_on_packet, (u_char *)tap)) > 0)
		;
	/* A tunnel may be taken down and comes back; not seeing it clears nobody. */
	if (count < 0 && tap->place != PLACE_TUNNEL)
		tap->broken = true;
}

/* What is there now. True: somebody has seen enough. */
static bool witness_drain(struct witness *witness, witness_fn *seen, void *arg)
{
	bool enough = false;

	for (size_t i = 0; i < witness->count; i++) {
		struct tap *tap = &witness->taps[i];

		tap->seen = seen;
		tap->arg = arg;
		tap->enough = false;
		tap_drain(tap);
		enough |= tap->enough;
	}
	return enough;
}

const char *witness_broken(const struct witness *witness)
{
	for (size_t i = 0; i < witness->count; i++) {
		if (witness->taps[i].broken)
			return witness->taps[i].device;
	}
	return NULL;
}

int witness_look(struct witness *witness, int64_t for_ms, witness_fn *seen, void *arg)
{
	int64_t until = clock_monotonic_ms() + for_ms;
	struct pollfd polls[WITNESS_TAPS_MAX];
	int64_t left;

	while (!witness_drain(witness, seen, arg)) {
		left = until - clock_monotonic_ms();
		if (left <= 0)
			break;
		for (size_t i = 0; i < witness->count; i++) {
			struct tap *tap = &witness->taps[i];

			polls[i] = (struct pollfd){
				.fd = tap->broken ? -1 : pcap_get_selectable_fd(tap->pcap),
				.events = POLLIN};
		}
		if (poll(polls, witness->count, (int)left) < 0)
			return -1; /* a signal: the caller knows what that means */
	}
	errno = ENODEV;
	return witness_broken(witness) == NULL ? 0 : -1;
}

uint64_t witness_lost(const struct witness *witness)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < witness->count; i++) {
		struct pcap_stat numbers;

		if (pcap_stats(witness->taps[i].pcap, &numbers) == 0)
			lost += numbers.ps_drop;
	}
	return lost;
}

const char *witness_place_name(enum witness_place place)
{
	static const char *const names[PLACES] = {
		[PLACE_UPLINK] = "uplink",
		[PLACE_TUNNEL] = "tunnel",
		[PLACE_LOOPBACK] = "loopback",
		[PLACE_APP] = "app",
		[PLACE_APP_LOOPBACK] = "app's loopback",
		[PLACE_HOST] = "host",
	};

	return names[place];
}
