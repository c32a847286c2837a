/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T0, T1, T10, T12: the ground that all the others stand on. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "base/text.h"
#include "batch.h"
#include "control/client.h"
#include "process.h"

/* --- T0 --- */

static void check_rules(struct leak_run *run, struct leak_test *test, struct text *text)
{
	const char *table = run->report->table;

	run_check_rules(run);
	switch (run->rules) {
	case RULES_SAME:
		text_add_format(text, "table inet %s is the policy's%s", table,
				run->report->owned ? ", owned" : "");
		return;
	case RULES_MISSING:
		test_found(test, LEAK_INCONCLUSIVE,
			   "table inet %s is not there: what holds now may not hold later", table);
		break;
	case RULES_DIFFERENT:
		test_found(test, LEAK_INCONCLUSIVE, "table inet %s is not the policy's: %.250s",
			   table, run->difference);
		break;
	case RULES_UNKNOWN:
		test_found(test, LEAK_INCONCLUSIVE, "the rules cannot be read: %.250s",
			   run->options->wanted == NULL ? "the policy has no rules of this kind"
							: run->firewall_problem);
		break;
	}
	test_cause(test, run_rules_cure(run), "the kernel does not have the policy's rules");
}

/* In a container of its own the leak test has another file system than egressd. */
static const char *daemon_socket(const struct leak_run *run, char *path, size_t size)
{
	const char *socket = run->options->socket_path;
	pid_t proxy = access(socket, F_OK) == 0 ? 0 : process_find_proxy(run->options->uid);

	if (proxy == 0)
		return socket;
	snprintf(path, size, "/proc/%d/root%s", (int)proxy, socket);
	return path;
}

/* True: egressd minds a tunnel of the policy that we have. */
static bool daemon_minds(const json_t *egresses, const char *device)
{
	const json_t *egress;
	size_t i;

	json_array_foreach(egresses, i, egress)
	{
		const json_t *tunnel = json_object_get(egress, "tunnel");
		const char *name = json_string_value(json_object_get(tunnel, "device"));

		if (name != NULL && strcmp(name, device) == 0)
			return true;
	}
	return false;
}

/* What egressd itself says: its tunnels by name, state and epoch. */
static void tunnels_judge(const struct leak_run *run, struct leak_test *test,
			  const json_t *egresses, struct text *text)
{
	const json_t *egress;
	size_t i;

	for (i = 0; i < run->tunnel_count; i++) {
		if (!daemon_minds(egresses, run->tunnels[i]))
			test_found(test, LEAK_INCONCLUSIVE,
				   "egressd says nothing of the policy's tunnel %s: does it go by "
				   "another policy (egressctl config show)?",
				   run->tunnels[i]);
	}
	json_array_foreach(egresses, i, egress)
	{
		const json_t *tunnel = json_object_get(egress, "tunnel");
		const char *device = json_string_value(json_object_get(tunnel, "device"));
		const char *state = json_string_value(json_object_get(tunnel, "state"));

		if (device == NULL || state == NULL)
			continue;
		text_add_format(text, "; %s %s, epoch %lld", device, state,
				(long long)json_integer_value(json_object_get(tunnel, "epoch")));
		if (strcmp(state, "up") != 0)
			test_found(test, LEAK_INCONCLUSIVE,
				   "egressd says that %s is %s: what is tested now is a gateway "
				   "without its tunnel",
				   device, state);
	}
}

static void check_daemon(struct leak_run *run, struct leak_test *test, struct text *text)
{
	struct control_answer answer;
	char path[300];

	if (control_call(daemon_socket(run, path, sizeof(path)), "GET", "/v1/status", NULL,
			 &answer) < 0)
		test_found(test, LEAK_INCONCLUSIVE, "%s", answer.problem);
	else if (answer.status != 200)
		test_found(test, LEAK_INCONCLUSIVE,
			   "egressd does not tell its state (HTTP status %d)", answer.status);
	else
		tunnels_judge(run, test, json_object_get(answer.body, "egresses"), text);
	control_answer_clear(&answer);
}

void test_environment(struct leak_run *run, struct leak_test *test)
{
	char words[LEAK_WORDS];
	struct text text;

	if (!run->is_gateway) {
		test_found(test, LEAK_SKIP,
			   "this is not the gateway's network namespace: no tunnel of the policy "
			   "and no rules are here");
		return;
	}
	text_init(&text, words, sizeof(words));
	check_rules(run, test, &text);
	check_daemon(run, test, &text);
	test_found(test, LEAK_PASS, "%s", words);
}

/* --- T1 --- */

static void witness_try(struct leak_run *run, struct leak_test *test, enum witness_place place,
			const struct network_link *link, struct text *text)
{
	if (control_on(run, place, link, PROBE_UDP)) {
		test->controls++;
		text_add_format(text, "%s%s%s", text->len > 0 ? ", " : "",
				place == PLACE_HOST ? "host " : "", link->name);
		return;
	}
	test_found(test, LEAK_INCONCLUSIVE,
		   "a permitted packet that left by %s was not seen: the witness is blind there",
		   link->name);
	test_cause(test, "egressctl leak-test without --device",
		   "%s is not watched, or what leaves by it cannot be captured", link->name);
}

void test_witness(struct leak_run *run, struct leak_test *test)
{
	char words[LEAK_WORDS];
	struct text text;

	text_init(&text, words, sizeof(words));
	for (size_t i = 0; i < run->here.count; i++) {
		if (run->here.links[i].ethernet && run_link_leads_out(run, &run->here.links[i]))
			witness_try(run, test, PLACE_UPLINK, &run->here.links[i], &text);
	}
	for (size_t i = 0; i < run->host.count && run->host_netns >= 0; i++) {
		if (run_watches_of_host(run, &run->host.links[i]))
			witness_try(run, test, PLACE_HOST, &run->host.links[i], &text);
	}
	if (test->controls == 0)
		test_found(test, LEAK_INCONCLUSIVE, "there is no device that could be watched");
	test_found(test, LEAK_PASS, "a permitted packet was seen on %s", words);
}

/* --- T10 --- */

enum tamper_result { TAMPER_REFUSED, TAMPER_DONE, TAMPER_NOT_TRIED };

/* Puts the same rules in place of themselves: when that is let through, nothing has changed but
 * that it could be. */
static enum tamper_result tamper(const struct leak_run *run, struct firewall *firewall)
{
	if (firewall_apply(firewall, &run->options->wanted->tables[0], false, NULL) == FIREWALL_OK)
		return TAMPER_DONE;
	return firewall_error(firewall) == EPERM ? TAMPER_REFUSED : TAMPER_NOT_TRIED;
}

static void tamper_as_root(struct leak_run *run, struct leak_test *test)
{
	bool owned = run->report->owned;

	if (!owned && !run->options->disruptive) {
		test_found(test, LEAK_SKIP,
			   "the table has no owner: whoever has NET_ADMIN here may change it, and "
			   "T0 tells afterwards (egressd owns it on Linux 6.9 and later)");
		return;
	}
	test->probes++;
	switch (tamper(run, run->firewall)) {
	case TAMPER_REFUSED:
		test->controls++;
		test_found(test, LEAK_PASS,
			   "replacing the rules was refused, to root and to the "
			   "proxy's user");
		return;
	case TAMPER_NOT_TRIED:
		test_found(test, LEAK_INCONCLUSIVE,
			   "replacing the rules could not be tried: %.250s",
			   firewall_problem(run->firewall));
		return;
	case TAMPER_DONE:
		break;
	}
	test_found(test, LEAK_FOUND, "root in this namespace replaced the rules");
	test_cause(test,
		   owned ? "restart egressd" : "Linux 6.9 or later, and egressd keeping the rules",
		   owned ? "the table's owner does not keep others from it"
			 : "the table has no owner: whoever has NET_ADMIN may change the rules");
}

static enum tamper_result tamper_as_user(const struct leak_run *run)
{
	struct identity identity = {.netns = -1, .uid = run->options->uid};
	char problem[FIREWALL_PROBLEM_SIZE];
	struct firewall *firewall;
	pid_t parent = getpid(), pid = fork();
	int status = 0;

	if (pid == 0) {
		if (identity_assume(&identity, parent) < 0)
			_exit(TAMPER_NOT_TRIED);
		firewall = firewall_open(problem);
		_exit(firewall != NULL ? (int)tamper(run, firewall) : TAMPER_NOT_TRIED);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) > TAMPER_NOT_TRIED)
		return TAMPER_NOT_TRIED;
	return (enum tamper_result)WEXITSTATUS(status);
}

void test_tampering(struct leak_run *run, struct leak_test *test)
{
	if (run->rules != RULES_SAME)
		run_check_rules(run);
	if (run->rules != RULES_SAME) {
		test_found(test, LEAK_SKIP, "the rules are not the policy's to begin with (T0)");
		return;
	}
	test->probes++;
	switch (tamper_as_user(run)) {
	case TAMPER_REFUSED:
		tamper_as_root(run, test);
		return;
	case TAMPER_NOT_TRIED:
		test_found(test, LEAK_INCONCLUSIVE,
			   "replacing the rules could not be tried as the proxy's user");
		return;
	case TAMPER_DONE:
		break;
	}
	test_found(test, LEAK_FOUND, "the proxy's own user replaced the rules");
	test_cause(test, "start egressd so that its proxy has no capability",
		   "user %u has NET_ADMIN", run->options->uid);
}

/* --- T12 --- */

void test_namespace(struct leak_run *run, struct leak_test *test)
{
	size_t devices = 0;

	if (!run->is_gateway) {
		test_found(test, LEAK_SKIP, "this is not the gateway's network namespace");
		return;
	}
	for (size_t i = 0; i < run->here.count; i++)
		devices += !run->here.links[i].loopback && run->here.links[i].up &&
			   !run_device_is_tunnel(run, run->here.links[i].name);
	if (devices == 0) {
		test_found(test, LEAK_INCONCLUSIVE,
			   "this namespace has no device but its tunnel: whoever owned it was "
			   "restarted, and this is what is left");
		test_cause(test, "restart the container of egressd", "the namespace is an orphan");
		return;
	}
	if (run->uplink == NULL || (!run->uplink->default4 && !run->uplink->default6)) {
		test_found(test, LEAK_INCONCLUSIVE, "no device here leads to a router");
		return;
	}
	test_found(test, LEAK_PASS, "%zu devices%s, the way out is %s", devices,
		   run->tunnel_count > 0 ? " besides the tunnel" : " and no tunnel",
		   run->uplink->name);
}
