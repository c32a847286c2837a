/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * T9 without disruption: the same rules in a private gateway whose tunnel goes, step by step, as a
 * VPN client takes it down. First without the rules, where everything has to be seen to leak: that
 * is the control.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "disrupt.h"
#include "run.h"
#include "scratch.h"

enum {
	LOOK_MS = 150,
	RETRANSMITS_MS = 700, /* two of them: 200 ms, then 400 ms */
	STEPS = 3,
	PROBES = 5,
};

struct scene {
	struct scratch scratch;
	struct leak_test *test;
	uint32_t uid;
	struct leak_probe *probes; /* new flows; the last one stands for the open flow's data */
	unsigned seen[PROBES + 1];
	bool is_control; /* without rules: what is seen is no leak */
};

static bool scene_on_sighting(void *arg, const struct sighting *sighting)
{
	struct scene *scene = arg;

	for (size_t i = 0; i <= PROBES; i++) {
		if (!leak_probe_is_in(&scene->probes[i], sighting->frame))
			continue;
		scene->seen[i]++;
		if (!scene->is_control)
			test_evidence(scene->test, sighting, &scene->probes[i]);
	}
	return true;
}

/* --- a flow that is open --- */

/* Connects, waits for a byte, sends its data, and stays until the other end of go closes: whoever
 * may not kill another user's process ends it all the same. */
static int flow_child(const struct scene *scene, pid_t parent, int said, int go)
{
	struct identity identity = {.netns = -1, .uid = scene->uid};
	struct sockaddr_storage storage;
	socklen_t len = address_to_sockaddr(&scene->scratch.target, &storage);
	const struct leak_probe *data = &scene->probes[PROBES];
	char byte = 0;
	int fd;

	if (identity_assume(&identity, parent) < 0)
		return 1;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&storage, len) < 0 ||
	    write(said, &byte, 1) != 1 || read(go, &byte, 1) != 1)
		return 1;
	if (send(fd, data->tag, TAG_SIZE, MSG_NOSIGNAL) < 0 || write(said, &byte, 1) != 1)
		return 1;
	return (int)read(go, &byte, 1);
}

struct flow {
	pid_t pid;
	int said, go;
};

static bool flow_wait(struct flow *flow)
{
	char byte;

	return read(flow->said, &byte, 1) == 1;
}

static bool flow_open(struct flow *flow, const struct scene *scene)
{
	int said[2] = {-1, -1}, go[2] = {-1, -1};

	pid_t parent = getpid();

	*flow = (struct flow){.pid = -1, .said = -1, .go = -1};
	if (pipe(said) < 0 || pipe(go) < 0)
		return false;
	flow->pid = fork();
	if (flow->pid == 0) {
		fd_close(said[0]);
		fd_close(go[1]);
		_exit(flow_child(scene, parent, said[1], go[0]));
	}
	fd_close(said[1]);
	fd_close(go[0]);
	flow->said = said[0];
	flow->go = go[1];
	return flow->pid > 0 && flow_wait(flow);
}

static void flow_kill(struct flow *flow)
{
	if (flow->pid > 0)
		(void)kill(flow->pid, SIGKILL);
	fd_clear(&flow->said);
	fd_clear(&flow->go);
	if (flow->pid > 0)
		(void)waitpid(flow->pid, NULL, 0);
	flow->pid = -1;
}

/* --- the scene --- */

static void probes_fill(struct scene *scene)
{
	static const struct {
		enum probe_kind kind;
		enum probe_way way;
		const char *name;
	} kinds[PROBES + 1] = {
		{PROBE_TCP, WAY_ROUTED, "a new TCP flow"},
		{PROBE_TCP, WAY_DEVICE, "a new TCP flow, bound to the uplink"},
		{PROBE_UDP, WAY_ROUTED, "a datagram"},
		{PROBE_QUIC, WAY_DEVICE, "QUIC, bound to the uplink"},
		{PROBE_DNS, WAY_ROUTED, "DNS"},
		{PROBE_UDP, WAY_ROUTED, "the data of the open flow"},
	};

	for (size_t i = 0; i <= PROBES; i++) {
		leak_probe_init(&scene->probes[i], kinds[i].kind, &scene->scratch.target,
				kinds[i].name);
		scene->probes[i].way = kinds[i].way;
		snprintf(scene->probes[i].device, IFNAMSIZ, "%s", SCRATCH_UPLINK);
	}
}

static int scene_look(struct scene *scene, int64_t ms)
{
	return witness_look(scene->scratch.witness, ms, scene_on_sighting, scene);
}

static int scene_send(struct scene *scene)
{
	struct identity identity = {.netns = -1, .uid = scene->uid};
	struct sender sender;

	if (sender_start(&sender, &identity, scene->probes, PROBES) < 0 ||
	    scene_look(scene, LOOK_MS) < 0)
		return -1;
	sender_end(&sender);
	return 0;
}

/* The tunnel's end, one step after the other: its route, its link, the device itself. */
static int scene_step(struct scene *scene, int step)
{
	switch (step) {
	case 0:
		return network_set_default(scene->scratch.tunnel, AF_INET, 10, false);
	case 1:
		return network_set_up(scene->scratch.tunnel, false);
	default:
		return network_remove_link(scene->scratch.tunnel);
	}
}

static int scene_play(struct scene *scene)
{
	struct flow flow = {.pid = -1, .said = -1, .go = -1};
	char problem[WITNESS_PROBLEM_SIZE];
	int result = -1;

	memset(scene->seen, 0, sizeof(scene->seen));
	if (scratch_renew(&scene->scratch) < 0)
		return -1;
	witness_free(scene->scratch.witness);
	scene->scratch.witness = witness_new(NULL, problem);
	if (scene->scratch.witness == NULL ||
	    !witness_watch(scene->scratch.witness, PLACE_UPLINK, -1, SCRATCH_UPLINK, problem) ||
	    !flow_open(&flow, scene))
		goto done;
	for (int step = 0; step < STEPS; step++) {
		if (scene_step(scene, step) < 0)
			goto done;
		if (step == 0 && (write(flow.go, "", 1) != 1 || !flow_wait(&flow)))
			goto done;
		/* What a killed process leaves belongs to nobody, and goes on sending. */
		if (step == 0)
			flow_kill(&flow);
		if (step == 0 && scene_look(scene, RETRANSMITS_MS) < 0)
			goto done;
		if (scene_send(scene) < 0)
			goto done;
	}
	result = 0;
done:
	flow_kill(&flow);
	return result;
}

/* The control, where everything has to be seen. */
static void scene_judge_control(struct scene *scene)
{
	for (size_t i = 0; i <= PROBES; i++) {
		if (scene->seen[i] == 0)
			test_found(scene->test, LEAK_INCONCLUSIVE,
				   "without the rules %s was not seen to leak: with them it proves "
				   "nothing",
				   scene->probes[i].name);
		scene->test->controls += scene->seen[i] > 0;
	}
	test_found(scene->test, LEAK_PASS, "without the rules everything was seen to leak");
}

static void scene_judge(struct scene *scene, const struct leak_run *run)
{
	if (scene->is_control) {
		scene_judge_control(scene);
		return;
	}
	scene->test->probes += STEPS * PROBES + 1;
	for (size_t i = 0; i <= PROBES; i++) {
		if (scene->seen[i] == 0)
			continue;
		test_found(scene->test, LEAK_FOUND,
			   "in a private gateway with these rules %s got out when the tunnel went",
			   scene->probes[i].name);
		test_cause(
			scene->test, run_rules_cure(run),
			"the rules (table inet %s) let the proxy's user out when its tunnel goes",
			run->report->table);
	}
	test_found(scene->test, LEAK_PASS, "with the rules nothing was");
}

static bool rules_put(const struct leak_run *run, char problem[FIREWALL_PROBLEM_SIZE])
{
	struct firewall *firewall = firewall_open(problem);
	bool put = firewall != NULL && firewall_apply(firewall, &run->options->wanted->tables[0],
						      false, NULL) == FIREWALL_OK;

	if (firewall != NULL && !put)
		snprintf(problem, FIREWALL_PROBLEM_SIZE, "%s", firewall_problem(firewall));
	firewall_close(firewall);
	return put;
}

static void simulate(struct leak_run *run, struct scene *scene, bool with_rules)
{
	char problem[WITNESS_PROBLEM_SIZE], refused[FIREWALL_PROBLEM_SIZE];

	if (scratch_open(&scene->scratch, run->tunnels[0], problem) < 0) {
		test_found(scene->test, LEAK_SKIP, "%s", problem);
		return;
	}
	probes_fill(scene);
	scene->is_control = !with_rules;
	if (with_rules && !rules_put(run, refused))
		test_found(scene->test, LEAK_INCONCLUSIVE,
			   "the private gateway does not take the rules: %.250s", refused);
	else if (scene_play(scene) < 0)
		test_found(scene->test, LEAK_INCONCLUSIVE, "the private gateway did not work: %s",
			   strerror(errno));
	else
		scene_judge(scene, run);
}

/* In a child, whose namespaces end with it: flows that were opened without the rules are no part of
 * the scene with them. */
static void simulate_apart(struct leak_run *run, struct leak_test *shared, bool with_rules)
{
	struct scene scene = {.uid = run->options->uid, .test = shared};
	int status = -1;
	pid_t pid;

	scene.probes = probes_new(PROBES + 1);
	fflush(NULL);
	pid = scene.probes != NULL ? fork() : -1;
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		simulate(run, &scene, with_rules);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		test_found(shared, LEAK_INCONCLUSIVE, "the private gateway ended before its time");
	probes_free(scene.probes, PROBES + 1);
}

static void simulate_both(struct leak_run *run, struct leak_test *test)
{
	struct leak_test *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared == MAP_FAILED) {
		test_found(test, LEAK_INCONCLUSIVE, "out of memory");
		return;
	}
	*shared = *test;
	simulate_apart(run, shared, false);
	if (shared->result == LEAK_PASS)
		simulate_apart(run, shared, true);
	*test = *shared;
	munmap(shared, sizeof(*shared));
	/* What a private gateway proves is not that the real one holds. */
	test_found(
		test, LEAK_SKIP,
		"simulated: in a private gateway with these rules nothing got out when its tunnel "
		"went; the real one was left alone (--disruptive)");
}

void test_killswitch(struct leak_run *run, struct leak_test *test)
{
	if (run->tunnel_count == 0) {
		test_found(test, LEAK_SKIP,
			   "no tunnel ends here that could go: the policy's egresses are other "
			   "proxies, and theirs are tried by leak-test where those stand");
		return;
	}
	if (run->options->disruptive) {
		test->mode = "disruptive";
		disrupt(run, test);
		return;
	}
	test->mode = "simulated";
	if (run->options->wanted == NULL) {
		test_found(test, LEAK_SKIP, "the policy has no rules to simulate");
		return;
	}
	if (run->rules != RULES_SAME)
		run_check_rules(run);
	if (run->is_gateway && run->rules != RULES_SAME) {
		test_found(test, LEAK_INCONCLUSIVE,
			   "the rules here are not the policy's (T0): simulating those would prove "
			   "nothing about these");
		return;
	}
	simulate_both(run, test);
}
