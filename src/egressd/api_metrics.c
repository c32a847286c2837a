/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon's counters as Prometheus' text. */
#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"
#include "base/version.h"
#include "control/metrics.h"
#include "egressd/api_encode.h"
#include "egressd/api_status.h"

static void metrics_one(struct metrics *metrics, const char *name, enum metric_type type,
			const char *help, uint64_t value)
{
	metrics_family(metrics, name, type, help);
	metrics_count(metrics, NULL, 0, value);
}

static void metrics_sessions(const struct api_status *status, struct metrics *metrics)
{
	metrics_one(metrics, "egressd_sessions_active", METRIC_GAUGE,
		    "Client connections that are open.", status->sessions_active);
	metrics_one(metrics, "egressd_held_requests", METRIC_GAUGE,
		    "Requests that wait for their tunnel.", status->requests_held);
	metrics_family(metrics, "egressd_sessions_total", METRIC_COUNTER,
		       "Requests since the start, by how they were asked.");
	for (size_t i = 0; i < status->session_count; i++) {
		const struct api_session_count *count = &status->sessions[i];
		const struct metric_label labels[] = {{"protocol", count->protocol}};

		metrics_count(metrics, labels, ARRAY_LEN(labels), count->count);
	}
}

static void metrics_requests(const struct api_status *status, struct metrics *metrics)
{
	metrics_family(metrics, "egressd_requests_total", METRIC_COUNTER,
		       "Requests by the egress they were sent to and how they ended.");
	for (size_t i = 0; i < status->request_count; i++) {
		const struct api_request_count *count = &status->requests[i];
		const struct metric_label labels[] = {{"egress", count->egress},
						      {"outcome", count->outcome}};

		metrics_count(metrics, labels, ARRAY_LEN(labels), count->count);
	}
	metrics_family(metrics, "egressd_refusals_total", METRIC_COUNTER,
		       "Requests that were refused, by the reason.");
	for (size_t i = 0; i < status->refusal_count; i++) {
		const struct metric_label label = {"reason", status->refusals[i].reason};

		metrics_count(metrics, &label, 1, status->refusals[i].count);
	}
}

static void metrics_bytes(const struct api_status *status, struct metrics *metrics)
{
	const struct metric_label sent = {"direction", "sent"};
	const struct metric_label received = {"direction", "received"};

	metrics_family(metrics, "egressd_bytes_total", METRIC_COUNTER,
		       "Payload sent to origins and received from them.");
	metrics_count(metrics, &sent, 1, status->bytes_sent);
	metrics_count(metrics, &received, 1, status->bytes_received);
}

typedef uint64_t tunnel_value_fn(const struct tunnel_status *tunnel);

static uint64_t tunnel_value_up(const struct tunnel_status *tunnel)
{
	return tunnel->state == TUNNEL_UP;
}

static uint64_t tunnel_value_epoch(const struct tunnel_status *tunnel)
{
	return tunnel->epoch;
}

static uint64_t tunnel_value_probes(const struct tunnel_status *tunnel)
{
	return tunnel->probes_sent;
}

static uint64_t tunnel_value_failed(const struct tunnel_status *tunnel)
{
	return tunnel->probes_failed;
}

/* Two egresses may share a device, and a label may stand only once. */
static bool device_is_first(const struct api_status *status, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		const struct tunnel_status *earlier = status->egresses[i].tunnel;

		if (earlier && strcmp(earlier->device, status->egresses[index].tunnel->device) == 0)
			return false;
	}
	return true;
}

static void metrics_tunnels(const struct api_status *status, struct metrics *metrics)
{
	static const struct {
		const char *name;
		enum metric_type type;
		const char *help;
		tunnel_value_fn *value;
	} families[] = {
		{"egressd_tunnel_up", METRIC_GAUGE,
		 "1 when the tunnel is up, 0 when it is not "
		 "or nobody knows.",
		 tunnel_value_up},
		{"egressd_tunnel_epoch", METRIC_GAUGE, "Grows whenever the tunnel is a new one.",
		 tunnel_value_epoch},
		{"egressd_tunnel_probes_total", METRIC_COUNTER, "Probes sent through the tunnel.",
		 tunnel_value_probes},
		{"egressd_tunnel_probes_failed_total", METRIC_COUNTER,
		 "Probes that nobody answered.", tunnel_value_failed},
	};

	for (size_t f = 0; f < ARRAY_LEN(families); f++) {
		metrics_family(metrics, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; i < status->egress_count; i++) {
			const struct tunnel_status *tunnel = status->egresses[i].tunnel;

			if (tunnel && device_is_first(status, i)) {
				const struct metric_label label = {"device", tunnel->device};

				metrics_count(metrics, &label, 1, families[f].value(tunnel));
			}
		}
	}
}

static void metrics_resolver(const struct api_resolver_counts *resolver, struct metrics *metrics)
{
	metrics_one(metrics, "egressd_resolver_lookups_total", METRIC_COUNTER,
		    "Lookups of names; A and AAAA are two.", resolver->lookups);
	metrics_one(metrics, "egressd_resolver_cache_hits_total", METRIC_COUNTER,
		    "Lookups that the cache answered.", resolver->cache_hits);
	metrics_one(metrics, "egressd_resolver_failures_total", METRIC_COUNTER,
		    "Questions that the resolvers failed or refused.", resolver->failures);
	metrics_one(metrics, "egressd_resolver_timeouts_total", METRIC_COUNTER,
		    "Questions that no resolver answered in time.", resolver->timeouts);
}

static void metrics_rules(const struct warden_report *rules, struct metrics *metrics)
{
	metrics_one(metrics, "egressd_firewall_verified", METRIC_GAUGE,
		    "1 when the kernel, asked, had exactly the packet rules of the policy.",
		    rules->rules == WARDEN_RULES_VERIFIED);
	metrics_one(metrics, "egressd_firewall_owned", METRIC_GAUGE,
		    "1 when nobody else can change the packet rules.", rules->owned);
	metrics_one(metrics, "egressd_firewall_repairs_total", METRIC_COUNTER,
		    "How often the rules were changed by others and put back.", rules->repairs);
	metrics_family(metrics, "egressd_firewall_repaired_time_seconds", METRIC_GAUGE,
		       "When they were put back last, since the epoch; 0: never.");
	metrics_seconds(metrics, NULL, 0, rules->repaired_at_ms);
}

/* With the rules off nobody counts, and a 0 would be no measurement. */
static void metrics_witness(const struct warden_report *report, struct metrics *metrics)
{
	const struct warden_witness *witness = &report->witness;

	if (report->rules == WARDEN_RULES_OFF)
		return;
	metrics_one(metrics, "egressd_witness_on", METRIC_GAUGE,
		    "1 when what leaves beside the tunnels is counted.", witness->on);
	metrics_one(metrics, "egressd_leaked_packets_total", METRIC_COUNTER,
		    "Packets of egressd's that left beside the tunnels and had no business there.",
		    witness->packets);
	metrics_one(metrics, "egressd_leaked_bytes_total", METRIC_COUNTER, "Their bytes.",
		    witness->bytes);
	metrics_one(metrics, "egressd_witness_expected_packets_total", METRIC_COUNTER,
		    "Packets of egressd's beside the tunnels, as the policy has it.",
		    witness->expected);
	metrics_one(metrics, "egressd_witness_carrier_packets_total", METRIC_COUNTER,
		    "Packets of the VPN itself.", witness->carrier);
	metrics_one(metrics, "egressd_witness_other_packets_total", METRIC_COUNTER,
		    "Packets of everybody else beside the tunnels.", witness->others);
}

static void metrics_process(const struct api_status *status, struct metrics *metrics)
{
	const struct metric_label version = {"version", version_text()};

	metrics_family(metrics, "egressd_build_info", METRIC_GAUGE, "Always 1.");
	metrics_count(metrics, &version, 1, 1);
	metrics_one(metrics, "egressd_workers", METRIC_GAUGE, "Worker threads.", status->workers);
	metrics_rules(status->rules, metrics);
	metrics_one(metrics, "egressd_proxy_restarts_total", METRIC_COUNTER,
		    "How often the proxy died and was started again.", status->rules->restarts);
	metrics_witness(status->rules, metrics);
	metrics_one(metrics, "egressd_log_lines_dropped_total", METRIC_COUNTER,
		    "Lines of the proxy's log that were lost, since nobody read it.",
		    status->log_lines_lost);
	metrics_one(metrics, "egressd_last_reload_successful", METRIC_GAUGE,
		    "0 when the last reload was refused.", !status->last_reload_error);
	metrics_family(metrics, "egressd_config_loaded_time_seconds", METRIC_GAUGE,
		       "When the policy in force was loaded, since the epoch.");
	metrics_seconds(metrics, NULL, 0, status->config_loaded_at_ms);
	metrics_family(metrics, "process_start_time_seconds", METRIC_GAUGE,
		       "When the process started, since the epoch.");
	metrics_seconds(metrics, NULL, 0, status->started_at_ms);
}

void api_encode_metrics(const struct api_status *status, struct metrics *metrics)
{
	metrics_process(status, metrics);
	metrics_tunnels(status, metrics);
	metrics_sessions(status, metrics);
	metrics_requests(status, metrics);
	metrics_bytes(status, metrics);
	metrics_resolver(&status->resolver, metrics);
}
