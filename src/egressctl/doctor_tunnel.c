/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks that ask somebody on the far side of the tunnel. */
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/special.h"
#include "config/config.h"
#include "doctor.h"
#include "doctor_ping.h"

enum {
	CLOCK_OFF_S = 300,
	DATE_CONNECT_MS = 1000,
	DATE_TIMEOUT_MS = 2000,
	FAR_ANSWERS_MS = 1000,
	LARGE_TRIES = 2, /* the first may be what tells the kernel of a narrower path */
};

/* The policy's tunnel, when it can be asked through. */
static const struct egress_config *tunnel_up(const struct doctor *doctor)
{
	const struct egress_config *egress = doctor_find_tunnel(doctor, true);

	return egress != NULL && network_find(&doctor->network, egress->device)->up ? egress : NULL;
}

/* The n-th address of IPv4 beyond the tunnel that the policy has asked anyway: its resolvers. */
static bool far_address(const struct egress_config *egress, size_t index, struct address *address)
{
	for (size_t i = 0; i < egress->resolver_count; i++) {
		if (egress->resolvers[i].family != AF_INET ||
		    address_is_special(&egress->resolvers[i]) || index-- > 0)
			continue;
		*address = egress->resolvers[i];
		address->port = 0;
		return true;
	}
	return false;
}

/* 0: not told. */
static size_t device_mtu(const char *device)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int result;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	result = ioctl(fd, SIOCGIFMTU, &request);
	fd_close(fd);
	return result < 0 || request.ifr_mtu < 0 ? 0 : (size_t)request.ifr_mtu;
}

static void large_judge(const struct ping *ping, const char *device, size_t mtu,
			struct doctor_finding *finding)
{
	char name[ADDRESS_TEXT_SIZE];

	address_format(&ping->to, name);
	if (ping->outcome == PING_ANSWERED) {
		doctor_find(finding, DOCTOR_OK,
			    "packets of %zu bytes, all that %s takes, go to %s and back",
			    ping->size, device, name);
	} else if (ping->outcome == PING_TOO_BIG) {
		doctor_find(finding, DOCTOR_OK,
			    "the path to %s takes less than %s's %zu bytes, and says so", name,
			    device, mtu);
	} else {
		doctor_find(finding, DOCTOR_WARN,
			    "small packets come back from %s, those of %zu bytes are lost: pages "
			    "begin to load and hang",
			    name, ping->size);
		doctor_cure(finding,
			    "lower what %s takes: WIREGUARD_MTU (1280 always fits), or "
			    "OPENVPN_MSSFIX, of Gluetun",
			    device);
	}
}

static void check_large(const struct doctor *doctor, unsigned number,
			struct doctor_finding *finding)
{
	const struct egress_config *egress = tunnel_up(doctor);
	struct ping ping = {.wait_ms = FAR_ANSWERS_MS, .outcome = PING_SILENT};
	size_t mtu;

	(void)number;
	if (egress == NULL) {
		doctor_find(finding, DOCTOR_SKIP, "no tunnel is up to send through");
		return;
	}
	ping.device = egress->device;
	mtu = device_mtu(egress->device);
	for (size_t i = 0; ping.outcome != PING_ANSWERED && far_address(egress, i, &ping.to); i++)
		ping_run(&ping);
	if (ping.to.family == AF_UNSPEC || ping.outcome != PING_ANSWERED || mtu == 0) {
		doctor_find(finding, DOCTOR_UNKNOWN, "%s",
			    ping.to.family == AF_UNSPEC
				    ? "the policy names nobody on the far side to ask"
			    : ping.outcome == PING_IMPOSSIBLE ? strerror(ping.error)
							      : "nobody answers a ping through the "
								"tunnel, not even a small one");
		return;
	}
	ping.size = mtu < PING_SIZE_MAX ? mtu : PING_SIZE_MAX;
	ping.outcome = PING_SILENT;
	for (int i = 0; i < LARGE_TRIES && ping.outcome != PING_ANSWERED; i++)
		ping_run(&ping);
	large_judge(&ping, egress->device, mtu, finding);
}

/* --- the clock --- */

/* What a web server there says the time is; -1: nothing. Whoever it is: no more than the date of
 * its answer is used. */
static time_t date_ask(const char *device, const struct address *address)
{
	char url[ADDRESS_TEXT_SIZE + 16], way[32], name[ADDRESS_TEXT_SIZE];
	CURL *curl = curl_easy_init();
	struct curl_header *field;
	time_t date = -1;

	if (curl == NULL)
		return -1;
	snprintf(url, sizeof(url), "http://%s/", address_format(address, name));
	snprintf(way, sizeof(way), "if!%s", device);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(curl, CURLOPT_INTERFACE, way);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)DATE_CONNECT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)DATE_TIMEOUT_MS);
	if (curl_easy_perform(curl) == CURLE_OK &&
	    curl_easy_header(curl, "Date", 0, CURLH_HEADER, -1, &field) == CURLHE_OK)
		date = curl_getdate(field->value, NULL);
	curl_easy_cleanup(curl);
	return date;
}

/* True when somebody told the time. */
static bool clock_compare(const struct egress_config *egress, struct doctor_finding *finding)
{
	char name[ADDRESS_TEXT_SIZE];
	struct address address;
	time_t date = -1;
	int64_t off;

	for (size_t i = 0; date < 0 && far_address(egress, i, &address); i++)
		date = date_ask(egress->device, &address);
	if (date < 0)
		return false;
	address_format(&address, name);
	off = clock_wall_ms() / 1000 - (int64_t)date;
	if (llabs(off) <= CLOCK_OFF_S) {
		doctor_find(finding, DOCTOR_OK, "as %s, through the tunnel, tells the time", name);
		return true;
	}
	doctor_find(finding, DOCTOR_FAIL,
		    "the clock is %lld s %s %s's, as it tells through the tunnel", llabs(off),
		    off < 0 ? "behind" : "ahead of", name);
	doctor_cure(finding, "set the host's clock, and let a time server keep it (timedatectl "
			     "set-ntp true): certificates are judged by it");
	return true;
}

static void check_clock(const struct doctor *doctor, unsigned number,
			struct doctor_finding *finding)
{
	const struct egress_config *egress = tunnel_up(doctor);
	struct timex state = {0};
	struct stat program;

	(void)number;
	if (stat("/proc/self/exe", &program) == 0 && clock_wall_ms() / 1000 < program.st_mtime) {
		doctor_find(finding, DOCTOR_FAIL,
			    "the clock is behind the day this program was made");
		doctor_cure(finding, "set it: no certificate is valid at such a time");
		return;
	}
	if (egress != NULL && clock_compare(egress, finding))
		return;
	if (adjtimex(&state) != TIME_ERROR)
		doctor_find(finding, DOCTOR_OK, "the kernel says that a time server keeps it");
	else
		doctor_find(finding, DOCTOR_UNKNOWN, "the kernel knows of no time server, and %s",
			    egress == NULL ? "no tunnel is up to ask through"
					   : "the policy's resolvers have no web page to compare "
					     "with");
}

const struct doctor_check doctor_tunnel_checks[] = {
	{"large", check_large, 0},
	{"clock", check_clock, 0},
	{0},
};
