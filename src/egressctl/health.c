/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl health: one line and an exit code for whoever restarts what is not well. */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"
#include "base/fd.h"
#include "base/special.h"
#include "control/client.h"
#include "egressctl/command.h"
#include "egressctl/print.h"

enum {
	HEALTH_CONNECT_MS = 1000,
};

struct health {
	json_t *problems; /* sentences */
	const json_t *status, *config;
	size_t answered; /* of the listeners */
};

static void health_complain(struct health *health, const char *format, ...) PRINTF_LIKE(2, 3);

static void health_complain(struct health *health, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	json_array_append_new(health->problems, json_vsprintf(format, args));
	va_end(args);
}

static void health_of_tunnels(struct health *health)
{
	const json_t *egress;
	size_t i;

	json_array_foreach(json_object_get(health->status, "egresses"), i, egress)
	{
		const json_t *tunnel = json_object_get(egress, "tunnel");

		if (json_is_object(tunnel) && strcmp(json_text(tunnel, "state", ""), "up") != 0)
			health_complain(health, "the tunnel of '%s' is not up: %s",
					json_text(egress, "name", "?"),
					json_text(tunnel, "reason", "nothing is known of it"));
	}
}

/* Off is what somebody chose; anything else that is not in force is not as it was promised. */
static void health_of_rules(struct health *health)
{
	const json_t *firewall = json_object_get(health->status, "firewall");
	const char *state = json_text(firewall, "state", "unknown");

	if (strcmp(state, "in force") != 0 && strcmp(state, "off") != 0)
		health_complain(health, "the packet rules are not in force: %s",
				json_text(firewall, "text", state));
}

static bool device_is_tunnel(const json_t *status, const char *device)
{
	const json_t *egress;
	size_t i;

	json_array_foreach(json_object_get(status, "egresses"), i, egress)
	{
		if (strcmp(json_text(json_object_get(egress, "tunnel"), "device", ""), device) == 0)
			return true;
	}
	return false;
}

/* Would a client find this address here, by an interface that leads to clients? */
static bool interface_leads_to(const struct ifaddrs *interface, const struct address *wanted,
			       const json_t *status)
{
	struct address own;

	if (interface->ifa_addr == NULL || (interface->ifa_flags & IFF_UP) == 0 ||
	    device_is_tunnel(status, interface->ifa_name))
		return false;
	own = address_from_sockaddr(interface->ifa_addr, wanted->family == AF_INET
								 ? sizeof(struct sockaddr_in)
								 : sizeof(struct sockaddr_in6));
	if (own.family != wanted->family)
		return false;
	if (address_class(wanted) == ADDRESS_UNSPECIFIED)
		return (interface->ifa_flags & IFF_LOOPBACK) == 0;
	return address_equals(&own, wanted);
}

/* When Gluetun's container was restarted, its neighbours stay behind in a namespace with nothing in
 * it but lo, where everything still answers itself. */
static bool namespace_has(struct health *health, struct address *door)
{
	struct ifaddrs *list, *each;

	if (getifaddrs(&list) < 0)
		return false;
	for (each = list; each != NULL; each = each->ifa_next) {
		if (interface_leads_to(each, door, health->status))
			break;
	}
	if (each != NULL && address_class(door) == ADDRESS_UNSPECIFIED) {
		uint16_t port = door->port;

		*door = address_from_sockaddr(each->ifa_addr, sizeof(struct sockaddr_in6));
		door->port = port;
	}
	freeifaddrs(list);
	return each != NULL;
}

/* 0, or -1 + errno. */
static int door_knock(const struct address *door)
{
	struct sockaddr_storage address;
	socklen_t len = address_to_sockaddr(door, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd poll_fd = {.fd = fd, .events = POLLOUT};
	const struct linger at_once = {.l_onoff = 1};
	socklen_t size = sizeof(int);
	int error = 0;

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&address, len) < 0)
		error = errno;
	if (error == EINPROGRESS && poll(&poll_fd, 1, HEALTH_CONNECT_MS) == 1)
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
	/* Reset before a byte was sent: a session that asked for nothing is not told of. */
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	fd_close(fd);
	errno = error == EINPROGRESS ? ETIMEDOUT : error;
	return error == 0 ? 0 : -1;
}

/* Nobody knocks at a forward: that would open a connection to the app behind it, or be told of in
 * the log as somebody who was turned away. */
static void health_of_door(struct health *health, const char *endpoint, bool knock)
{
	struct address door;

	if (!address_parse_endpoint(endpoint, strlen(endpoint), &door))
		health_complain(health, "egressd tells an address that is none: %s", endpoint);
	else if (!namespace_has(health, &door))
		health_complain(health,
				"%s is on no interface here: the network namespace has lost it "
				"(was the container that owns it restarted?)",
				endpoint);
	else if (knock && door_knock(&door) < 0)
		health_complain(health, "nothing answers at %s: %s", endpoint, strerror(errno));
	else if (knock)
		health->answered++;
}

static void health_of_doors(struct health *health)
{
	const json_t *door;
	size_t i;

	json_array_foreach(json_object_get(health->config, "listeners"), i, door)
		health_of_door(health, json_text(door, "address", ""), true);
	json_array_foreach(json_object_get(health->config, "forwards"), i, door)
		health_of_door(health, json_text(door, "listen", ""), false);
}

static int health_print(const struct invocation *invocation, struct health *health)
{
	const char *rules = json_text(json_object_get(health->status, "firewall"), "state", "off");
	bool healthy = json_array_size(health->problems) == 0;
	const json_t *problem;
	size_t i;

	if (invocation->json) {
		command_print_json(
			json_pack("{s:b, s:O}", "healthy", healthy, "problems", health->problems));
		return healthy ? EXIT_YES : EXIT_NO;
	}
	if (healthy)
		printf("healthy: every tunnel is up, %zu listener%s, packet rules %s\n",
		       health->answered, health->answered == 1 ? " answers" : "s answer", rules);
	json_array_foreach(health->problems, i, problem)
	{
		fputs(i == 0 ? "unhealthy: " : "           ", stdout);
		print_clean(json_string_value(problem));
		putchar('\n');
	}
	return healthy ? EXIT_YES : EXIT_NO;
}

/* Docker knows 0 and 1 only: not to be told is not to be well. */
int command_health(struct invocation *invocation)
{
	struct control_answer status, config;
	struct health health;
	int code = EXIT_NO;

	if (!command_options(invocation, NULL) || invocation->argc != 0)
		return EXIT_USAGE;
	if (command_read(invocation, "/v1/status", &status) != 0)
		return EXIT_NO;
	if (command_read(invocation, "/v1/config", &config) == 0) {
		health = (struct health){
			.problems = json_array(), .status = status.body, .config = config.body};
		health_of_tunnels(&health);
		health_of_rules(&health);
		health_of_doors(&health);
		code = health_print(invocation, &health);
		json_decref(health.problems);
		control_answer_clear(&config);
	}
	control_answer_clear(&status);
	return code;
}
