/* SPDX-License-Identifier: GPL-3.0-or-later */
/* T9 for real: the tunnel goes with a flow through the proxy open, whose data bear a tag. */
#include "disrupt.h"

#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "batch.h"
#include "process.h"
#include "proxy.h"
#include "restorer.h"

enum {
	DATA_EVERY_US = 50 * 1000,
	WATCH_MS = 1500,
	CONTROL_MS = 5000,
	RECOVERY_MS = 20000,
	RECOVERY_STEP_MS = 200,
	FLOW_TIMEOUT_S = 5,
	FLOW_PROBLEM_SIZE = 80,
};

struct disruption {
	struct leak_run *run;
	struct leak_test *test;
	struct leak_probe data;   /* never sent as such: its tag is in what the flow carries */
	char device[IF_NAMESIZE]; /* by which they left while the tunnel was up; "": unseen */
	pid_t flow;
	int go;                          /* a byte makes the flow speak */
	bool killed;                     /* the proxy, while the flow was open */
	char problem[FLOW_PROBLEM_SIZE]; /* why no flow could be opened */
};

/* HOST:PORT of a URL, for CONNECT. */
static void url_endpoint(const char *url, char *out, size_t size)
{
	const char *start = strstr(url, "://");
	bool tls = strncmp(url, "https:", 6) == 0;
	size_t len;

	start = start != NULL ? start + 3 : url;
	len = strcspn(start, "/?#");
	snprintf(out, size, "%.*s%s", (int)len, start,
		 memchr(start, ':', len) != NULL ? "" : (tls ? ":443" : ":80"));
}

/* A tunnel through the proxy; -1: problem says why there is none. */
static int flow_connect(const struct leak_run *run, char problem[FLOW_PROBLEM_SIZE])
{
	struct timeval timeout = {.tv_sec = FLOW_TIMEOUT_S};
	char endpoint[300], head[700];
	struct sockaddr_storage storage;
	socklen_t len = address_to_sockaddr(&run->proxy, &storage);
	int fd = socket(run->proxy.family, SOCK_STREAM, 0);
	ssize_t got;

	url_endpoint(run->options->exit_url, endpoint, sizeof(endpoint));
	snprintf(head, sizeof(head), "CONNECT %s HTTP/1.1\r\nHost: %s\r\n\r\n", endpoint, endpoint);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
	    connect(fd, (struct sockaddr *)&storage, len) < 0 || write(fd, head, strlen(head)) < 0)
		snprintf(problem, FLOW_PROBLEM_SIZE, "%s", strerror(errno));
	else if ((got = recv(fd, head, 12, MSG_WAITALL)) < 12)
		snprintf(problem, FLOW_PROBLEM_SIZE, "%s",
			 got < 0 ? strerror(errno) : "it closes without an answer");
	else if (memcmp(head + 8, " 200", 4) != 0)
		snprintf(problem, FLOW_PROBLEM_SIZE, "it answers%.4s", head + 8);
	else
		return fd;
	fd_close(fd);
	return -1;
}

/* Opens a tunnel through the proxy, and when it is told to, never stops to send the tag. */
static int flow_child(const struct disruption *disruption, pid_t parent, int said, int go)
{
	const struct leak_run *run = disruption->run;
	struct identity identity = {.netns = run->app->netns,
				    .capabilities = (uint64_t)ALL_CAPABILITIES};
	char problem[FLOW_PROBLEM_SIZE] = "", label[TAG_LABEL_SIZE], byte;
	int fd = -1;

	(void)signal(SIGPIPE, SIG_IGN);
	if (identity_assume(&identity, parent) < 0)
		snprintf(problem, sizeof(problem), "%s", strerror(errno));
	else
		fd = flow_connect(run, problem);
	if (write(said, problem, sizeof(problem)) < 0 || fd < 0 || read(go, &byte, 1) != 1)
		return 1;
	tag_label(disruption->data.tag, label);
	while (write(fd, label, TAG_LABEL_SIZE - 1) > 0)
		(void)usleep(DATA_EVERY_US);
	return 0;
}

static bool flow_open(struct disruption *disruption)
{
	int said[2] = {-1, -1}, go[2] = {-1, -1};
	pid_t parent = getpid();
	bool told = false;

	fflush(NULL);
	if (pipe(said) == 0 && pipe(go) == 0)
		disruption->flow = fork();
	if (disruption->flow == 0) {
		fd_close(go[1]);
		_exit(flow_child(disruption, parent, said[1], go[0]));
	}
	if (disruption->flow < 0)
		snprintf(disruption->problem, FLOW_PROBLEM_SIZE, "%s", strerror(errno));
	fd_close(said[1]);
	fd_close(go[0]);
	disruption->go = go[1];
	if (disruption->flow > 0)
		told = read(said[0], disruption->problem, FLOW_PROBLEM_SIZE) == FLOW_PROBLEM_SIZE;
	fd_close(said[0]);
	return told && disruption->problem[0] == '\0';
}

static void flow_end(struct disruption *disruption)
{
	fd_clear(&disruption->go);
	if (disruption->flow <= 0)
		return;
	(void)kill(disruption->flow, SIGKILL);
	(void)waitpid(disruption->flow, NULL, 0);
	disruption->flow = -1;
}

/* On their way out, not on the one to the proxy. */
static bool sighting_is_of_data(const struct disruption *disruption,
				const struct sighting *sighting)
{
	return (sighting->place == PLACE_TUNNEL || sighting->place == PLACE_UPLINK) &&
	       frame_has_tag(sighting->frame, disruption->data.tag) &&
	       sighting->frame->source.port != disruption->run->proxy.port;
}

static bool control_on_sighting(void *arg, const struct sighting *sighting)
{
	struct disruption *disruption = arg;

	run_count(disruption->run, sighting);
	if (!sighting_is_of_data(disruption, sighting))
		return true;
	snprintf(disruption->device, sizeof(disruption->device), "%s", sighting->device);
	return false;
}

/* Which device has to go: the one that a flow like the one to be cut is seen to send by. A flow of
 * its own, since the server may end it for what it is sent. False: it was said why not. */
static bool control_sees_flow(struct disruption *disruption)
{
	const struct leak_run *run = disruption->run;

	if (!flow_open(disruption)) {
		test_found(disruption->test, LEAK_SKIP,
			   "no flow could be opened through the proxy at %.80s (%.*s), so there is "
			   "nothing that could go on in clear (--netns APP, --exit-url)",
			   run->proxy_url, FLOW_PROBLEM_SIZE, disruption->problem);
		return false;
	}
	if (write(disruption->go, "", 1) != 1 ||
	    witness_look(run->witness, CONTROL_MS, control_on_sighting, disruption) < 0)
		disruption->device[0] = '\0';
	flow_end(disruption);
	if (disruption->device[0] != '\0')
		return true;
	test_found(
		disruption->test, LEAK_INCONCLUSIVE,
		"the data of a flow through the proxy were seen neither in the tunnel nor beside "
		"it, so whether they stay in cannot be told (--exit-url)");
	return false;
}

static bool disruption_on_sighting(void *arg, const struct sighting *sighting)
{
	struct disruption *disruption = arg;

	if (sighting->place == PLACE_UPLINK && sighting_is_of_data(disruption, sighting)) {
		test_evidence(disruption->test, sighting, &disruption->data);
		return true;
	}
	run_count(disruption->run, sighting);
	return true;
}

static void disruption_look(struct disruption *disruption)
{
	if (witness_look(disruption->run->witness, WATCH_MS, disruption_on_sighting, disruption) <
	    0)
		test_found(disruption->test, LEAK_INCONCLUSIVE, "the witness was interrupted");
}

/* What a killed process leaves in the kernel goes on sending; its warden starts another. */
static void proxy_kill(struct disruption *disruption)
{
	pid_t proxy = process_find_proxy(disruption->run->options->uid);

	if (proxy <= 0 || kill(proxy, SIGKILL) < 0)
		return;
	disruption->killed = true;
	disruption_look(disruption);
}

static void watch_flow(struct disruption *disruption)
{
	struct leak_test *test = disruption->test;

	test->probes++;
	if (write(disruption->go, "", 1) != 1) {
		test_found(test, LEAK_INCONCLUSIVE, "the open flow is gone");
		return;
	}
	disruption_look(disruption);
	proxy_kill(disruption);
	if (test->leaked == 0)
		return;
	test_found(test, LEAK_FOUND,
		   "the data of a flow through the proxy went on in clear when the "
		   "tunnel went: %u packets",
		   test->leaked);
	test_cause(test, run_rules_cure(disruption->run),
		   "the proxy's open connections are not held to the tunnel (rules: %s)",
		   disruption->run->report->rules);
}

/* Of every kind and family, as the routes take them or bound to a device. */
static void probes_add(struct batch_of_probes *batch, const char *device)
{
	static const enum probe_kind kinds[] = {PROBE_TCP, PROBE_UDP, PROBE_DNS, PROBE_QUIC,
						PROBE_ICMP};
	const struct leak_options *options = batch->run->options;
	char name[PROBE_NAME_SIZE];

	for (size_t i = 0; i < 2 * ARRAY_LEN(kinds); i++) {
		enum probe_kind kind = kinds[i / 2];
		struct leak_probe *probe;

		snprintf(name, sizeof(name), "%s%s%s", leak_probe_kind_name(kind),
			 device != NULL ? " bound to " : "", device != NULL ? device : "");
		probe = batch_of_probes_add(
			batch, kind, i % 2 ? &options->target6 : &options->target4,
			kind == PROBE_ICMP ? 0 : (kind == PROBE_DNS ? 53 : 443), name);
		if (probe == NULL || device == NULL)
			continue;
		probe->way = WAY_DEVICE;
		snprintf(probe->device, sizeof(probe->device), "%s", device);
	}
}

/* New flows of the proxy's user, with their controls. */
static void watch_new(struct disruption *disruption)
{
	struct leak_run *run = disruption->run;
	struct batch_of_probes batch;

	if (!batch_of_probes_init(&batch, run, disruption->test, false))
		return;
	probes_add(&batch, NULL);
	for (size_t i = 0; i < run->here.count; i++) {
		if (run_link_leads_out(run, &run->here.links[i]))
			probes_add(&batch, run->here.links[i].name);
	}
	batch_of_probes_run(&batch);
	batch_of_probes_clear(&batch);
}

/* As it was: the proxy answers again. */
static bool disruption_recovered(struct leak_run *run, int64_t *took_ms)
{
	int64_t began = clock_monotonic_ms();
	struct proxy_answer answer;

	do {
		proxy_ask(run, &(struct asking){.url = run->options->exit_url}, &answer);
		*took_ms = clock_monotonic_ms() - began;
		if (answer.error == 0 && answer.status > 0 && answer.status < 500)
			return true;
		(void)usleep(RECOVERY_STEP_MS * 1000);
	} while (*took_ms < RECOVERY_MS);
	return false;
}

static void disrupt_device(struct disruption *disruption, const char *device)
{
	const struct leak_options *options = disruption->run->options;
	struct leak_test *test = disruption->test;
	struct restorer restorer;
	int64_t took_ms = 0;
	bool went;

	if (restorer_start(&restorer, device, options->up_command) < 0) {
		test_found(test, LEAK_INCONCLUSIVE, "%s cannot be taken down: %s", device,
			   strerror(errno));
		return;
	}
	went = restorer_down(device, options->down_command) == 0;
	if (went) {
		watch_flow(disruption);
		watch_new(disruption);
	} else {
		test_found(test, LEAK_INCONCLUSIVE, "%s could not be taken down: %s", device,
			   strerror(errno));
	}
	if (!restorer_restore(&restorer) || !disruption_recovered(disruption->run, &took_ms)) {
		disruption->run->report->not_restored = true;
		test_found(test, LEAK_INCONCLUSIVE, "%s was not put back as it was", device);
		test_cause(test, "restart the VPN", "%s is not as it was before the test", device);
	}
	if (went)
		test_found(
			test, LEAK_PASS,
			"%s taken down with a flow open%s: its data and %u probes stayed in; back "
			"after %lld ms",
			device, disruption->killed ? ", and the proxy killed" : "",
			test->probes - 1, (long long)took_ms);
}

/* A flow that leaves beside the tunnel already is as good: then the tunnel goes all the same. */
static const char *disruption_device(const struct disruption *disruption)
{
	const struct leak_run *run = disruption->run;

	for (size_t i = 0; i < run->tunnel_count; i++) {
		if (strcmp(run->tunnels[i], disruption->device) == 0)
			return disruption->device;
	}
	return run->tunnels[0];
}

void disrupt(struct leak_run *run, struct leak_test *test)
{
	static const struct address nobody = {.family = AF_INET};
	struct disruption disruption = {.run = run, .test = test, .flow = -1, .go = -1};

	leak_probe_init(&disruption.data, PROBE_UDP, &nobody, "the data of an open flow");
	if (!run->is_gateway || run->tunnel_count == 0 || run->uplink == NULL ||
	    network_find(&run->here, run->tunnels[0]) == NULL)
		test_found(test, LEAK_SKIP, "there is no tunnel here to take down");
	else if (!control_sees_flow(&disruption))
		return;
	else if (!flow_open(&disruption))
		test_found(test, LEAK_INCONCLUSIVE,
			   "no second flow could be opened through the proxy at %.80s (%.*s)",
			   run->proxy_url, FLOW_PROBLEM_SIZE, disruption.problem);
	else
		disrupt_device(&disruption, disruption_device(&disruption));
	flow_end(&disruption);
}
