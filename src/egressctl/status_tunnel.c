/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A tunnel in one line each: its addresses and probe, and what Gluetun says of it. */
#include "egressctl/status_tunnel.h"

#include <stdio.h>
#include <string.h>

void addresses_text(const json_t *tunnel, int64_t now_ms, size_t room, char out[PRINT_SIZE])
{
	const json_t *probe = json_object_get(tunnel, "probe");
	const char *ipv4 = json_text(tunnel, "ipv4", "");
	const char *ipv6 = json_text(tunnel, "ipv6", "");
	int64_t answered_at_ms = json_number(probe, "answered_at_ms");
	char answer[80] = "";
	char age[32];

	if (answered_at_ms > 0)
		snprintf(answer, sizeof(answer), "; probe answered %s ago in %.0f ms",
			 format_duration(now_ms - answered_at_ms, age),
			 (double)json_number(probe, "rtt_us") / 1000);
	/* Where not everything fits, that there is an IPv6 address says more than the address. */
	if (ipv4[0] && ipv6[0] && strlen(ipv4) + 2 + strlen(ipv6) + strlen(answer) > room)
		ipv6 = "IPv6";
	snprintf(out, PRINT_SIZE, "%s%s%s%s", ipv4, ipv4[0] && ipv6[0] ? ", " : "",
		 ipv4[0] || ipv6[0] ? ipv6 : "no address", answer);
}

enum style gluetun_text(const json_t *gluetun, char out[PRINT_SIZE])
{
	const char *problem = json_text(gluetun, "problem", NULL);
	const char *vpn = json_text(gluetun, "vpn", NULL);
	const char *exit = json_text(gluetun, "exit", NULL);
	const char *country = json_text(gluetun, "country", NULL);

	if (problem) {
		snprintf(out, PRINT_SIZE, "Gluetun: %s", problem);
		return STYLE_WARN;
	}
	snprintf(out, PRINT_SIZE, "Gluetun says %s, %s; exit %s%s%s", vpn ? vpn : "nothing",
		 json_text(gluetun, "health", "unknown"), exit ? exit : "not known",
		 country ? ", " : "", country ? country : "");
	return STYLE_PLAIN;
}
