/* SPDX-License-Identifier: GPL-3.0-or-later */
/* egressctl tunnel: what Gluetun says of the VPN, and having it connect anew. */
#include "tunnel/gluetun.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "control/client.h"
#include "egressctl/command.h"
#include "egressctl/print.h"
#include "egressctl/tunnel.h"

static const char control_key_file[] = "/run/secrets/gluetun_control_key";

const char tunnel_roles[] =
	"A key of Gluetun's control server is made by hand. Put this into\n"
	"/gluetun/auth/config.toml of Gluetun's container, with two texts of your own as keys,\n"
	"the first one also into the file that key-file names in the policy, then restart "
	"Gluetun:\n\n"
	"[[roles]]\n"
	"name = \"status\"\n"
	"routes = [\"GET /v1/vpn/status\", \"GET /v1/publicip/ip\", \"GET /v1/portforward\"]\n"
	"auth = \"apikey\"\n"
	"apikey = \"KEY\"\n\n"
	"[[roles]]\n"
	"name = \"control\"\n"
	"routes = [\"GET /v1/vpn/status\", \"PUT /v1/vpn/status\"]\n"
	"auth = \"apikey\"\n"
	"apikey = \"ANOTHER KEY\"\n";

static void tunnel_print_gluetun(const json_t *gluetun, int64_t now_ms)
{
	const char *problem = json_text(gluetun, "problem", NULL);
	int64_t asked_at_ms = json_number(gluetun, "asked_at_ms");
	char age[32];

	if (asked_at_ms == 0) {
		printf("  Gluetun at %s was not asked yet\n", json_text(gluetun, "server", "?"));
		return;
	}
	printf("  Gluetun at %s, asked %s ago\n", json_text(gluetun, "server", "?"),
	       format_duration(now_ms - asked_at_ms, age));
	printf("    health   %s\n", json_text(gluetun, "health", "unknown"));
	if (problem) {
		printf("    %s%s%s\n", style_on(STYLE_WARN), problem, style_off());
		return;
	}
	printf("    VPN      %s\n", json_text(gluetun, "vpn", "not told"));
	printf("    exit     %s%s%s\n", json_text(gluetun, "exit", "not known"),
	       json_text(gluetun, "country", NULL) ? ", " : "", json_text(gluetun, "country", ""));
	if (json_number(gluetun, "port") > 0)
		printf("    port     %d is forwarded to it\n", (int)json_number(gluetun, "port"));
}

/* Whether the tunnel is up is the link's and the probe's to say, never Gluetun's. */
static void tunnel_print_egress(const json_t *egress, int64_t now_ms)
{
	const json_t *tunnel = json_object_get(egress, "tunnel");
	const json_t *gluetun = json_object_get(egress, "gluetun");
	bool up = strcmp(json_text(tunnel, "state", ""), "up") == 0;

	printf("%s: %s%s%s, %s\n", json_text(egress, "name", "-"),
	       style_on(up ? STYLE_GOOD : STYLE_BAD), json_text(tunnel, "state", "unknown"),
	       style_off(),
	       up ? json_text(tunnel, "device", "-") : json_text(tunnel, "reason", "?"));
	if (!json_is_object(gluetun)) {
		puts("  no Gluetun is asked about it (gluetun URL in the policy)");
		return;
	}
	tunnel_print_gluetun(gluetun, now_ms);
	if (strcmp(json_text(gluetun, "control", ""), gluetun_outcome_name(GLUETUN_NEEDS_KEY)) == 0)
		printf("\n%s", tunnel_roles);
}

static int tunnel_show(const struct invocation *invocation)
{
	struct control_answer answer;
	const json_t *egress;
	json_t *found;
	bool up = true;
	size_t i;
	int code = command_read(invocation, "/v1/status", &answer);

	if (code != 0)
		return code;
	found = json_array();
	json_array_foreach(json_object_get(answer.body, "egresses"), i, egress)
	{
		const json_t *tunnel = json_object_get(egress, "tunnel");

		if (!json_is_object(tunnel))
			continue;
		json_array_append(found, (json_t *)egress);
		up = strcmp(json_text(tunnel, "state", ""), "up") == 0 && up;
		if (!invocation->json)
			tunnel_print_egress(egress, json_number(answer.body, "now_ms"));
	}
	if (invocation->json)
		command_print_json(json_incref(found));
	else if (json_array_size(found) == 0)
		puts("no egress of the policy is a tunnel here");
	json_decref(found);
	control_answer_clear(&answer);
	return up ? EXIT_YES : EXIT_NO;
}

const struct egress_config *tunnel_find_gluetun(const struct config *config)
{
	for (size_t i = 0; i < config->egress_count; i++) {
		if (config->egresses[i].gluetun_url != NULL)
			return &config->egresses[i];
	}
	return NULL;
}

/* 0: Gluetun's word is in outcome; otherwise it has been said, and the exit code comes back. */
static int tunnel_put(const struct invocation *invocation, const char *url, const char *key,
		      const char *wanted, char outcome[GLUETUN_WORD_SIZE])
{
	struct gluetun_answer *answer = malloc(sizeof(*answer));
	char body[64];
	int code = 0;

	if (answer == NULL)
		return command_fail(invocation, EXIT_UNKNOWN, "out of memory");
	snprintf(body, sizeof(body), "{\"status\":\"%s\"}", wanted);
	gluetun_ask(url, key, "PUT", "/v1/vpn/status", body, answer);
	if (answer->outcome == GLUETUN_NEEDS_KEY)
		code = command_fail(
			invocation, EXIT_NO,
			"Gluetun does not let this key do that: a role of its "
			"config.toml must have \"PUT /v1/vpn/status\" among its routes");
	else if (answer->outcome == GLUETUN_SILENT)
		code = command_fail(invocation, EXIT_UNKNOWN,
				    "no control server of Gluetun answers in time: run this where "
				    "egressd runs");
	else if (answer->outcome != GLUETUN_ANSWERED ||
		 !gluetun_read_word(answer->body, answer->len, "outcome", outcome))
		code = command_fail(invocation, EXIT_UNKNOWN,
				    "what answers is no control server of Gluetun (HTTP status %d)",
				    answer->status);
	free(answer);
	return code;
}

/* path: of the key; NULL: where one usually is. */
static int tunnel_restart_at(const struct invocation *invocation,
			     const struct egress_config *egress, const char *path)
{
	char stopped[GLUETUN_WORD_SIZE], started[GLUETUN_WORD_SIZE];
	char key[GLUETUN_KEY_SIZE];
	int code;

	if (path == NULL)
		path = access(control_key_file, F_OK) == 0 ? control_key_file : egress->key_file;
	if (path != NULL && gluetun_read_key(path, key) < 0)
		return command_fail(invocation, EXIT_UNKNOWN, "%s: %s", path,
				    errno == ENODATA ? "there is no key in it" : strerror(errno));
	code = tunnel_put(invocation, egress->gluetun_url, path == NULL ? NULL : key, "stopped",
			  stopped);
	if (code == 0) {
		code = tunnel_put(invocation, egress->gluetun_url, path == NULL ? NULL : key,
				  "running", started);
		if (code != 0)
			fputs("egressctl: the VPN was stopped and not started: try again, or "
			      "restart Gluetun\n",
			      stderr);
	}
	explicit_bzero(key, sizeof(key));
	if (code != 0)
		return code;
	if (invocation->json)
		command_print_json(json_pack("{s:s, s:s}", "stopped", stopped, "started", started));
	else
		printf("Gluetun's VPN: %s, then %s. egressctl status tells when it is up.\n",
		       stopped, started);
	return EXIT_YES;
}

static int tunnel_restart(const struct invocation *invocation, const char *key_file)
{
	struct config *config = command_load(invocation);
	const struct egress_config *egress;
	int code;

	if (!config)
		return EXIT_UNKNOWN;
	egress = tunnel_find_gluetun(config);
	if (egress == NULL)
		code = command_fail(invocation, EXIT_UNKNOWN,
				    "the policy names no Gluetun (egress vpn device tun0 gluetun "
				    "http://127.0.0.1:8000)");
	else
		code = tunnel_restart_at(invocation, egress, key_file);
	config_unref(config);
	return code;
}

int command_tunnel(struct invocation *invocation)
{
	const char *key_file = NULL;
	const struct command_option own[] = {{"key-file", .text = &key_file}, {0}};

	if (!command_options(invocation, own) || invocation->argc != 1)
		return EXIT_USAGE;
	if (strcmp(invocation->argv[0], "status") == 0)
		return tunnel_show(invocation);
	if (strcmp(invocation->argv[0], "restart") == 0)
		return tunnel_restart(invocation, key_file);
	return EXIT_USAGE;
}
