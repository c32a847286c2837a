/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The proxy's life: started, told, heard, started again, ended. */
#include <event2/event.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "parts.h"

enum {
	/* Longer than the proxy drains, and than it takes to end at once. */
	SUPERVISE_DRAIN_S = 15,
	SUPERVISE_END_S = 3,
};

static void warden_on_message(struct warden *warden, const struct proxy_message *message)
{
	switch (message->word) {
	case PROXY_RELOAD:
		warden->asked = message->asked;
		warden_reload(warden);
		break;
	case PROXY_LOADED:
	case PROXY_REFUSED:
		/* To one that has just started it is no reload. */
		if (message->word == PROXY_LOADED && !warden->child.serves &&
		    warden->proposed != NULL)
			log_info("policy reloaded");
		if (message->word == PROXY_LOADED)
			warden->child.serves = true;
		warden_on_answer(warden, message->word == PROXY_LOADED);
		break;
	}
}

static void warden_on_channel(evutil_socket_t fd, short what, void *arg)
{
	struct warden *warden = arg;
	struct proxy_message message;
	enum channel_result result = channel_hear(fd, &message);

	(void)what;
	if (result == CHANNEL_GOT)
		warden_on_message(warden, &message);
	if (result != CHANNEL_OVER)
		return;
	/* Its end comes as a signal; one that only stopped to make sense is ended. */
	event_del(&warden->channel_event);
	child_kill(&warden->child);
}

void warden_tell_report(struct warden *warden, const struct warden_report *report)
{
	struct warden_message message = {.word = WARDEN_REPORT, .report = *report};

	if (warden->child.channel < 0)
		return;
	message.report.same_user = warden->user.same;
	if (channel_tell(warden->child.channel, &message, -1) < 0) {
		log_error("the proxy does not hear how the rules stand and is ended: %m");
		child_kill(&warden->child);
	}
}

static int warden_tell_all(struct warden *warden)
{
	const struct warden_message control = {.word = WARDEN_CONTROL};

	warden_tell_report(warden, warden_rules_report(warden->rules));
	if (channel_tell(warden->child.channel, &control, warden->control) < 0)
		return -1;
	return warden_tell_plan(warden);
}

int warden_start_proxy(struct warden *warden)
{
	struct log_line line;

	if (child_start(&warden->child, warden->program, &warden->user,
			warden->options->no_seccomp) < 0) {
		log_error("the proxy cannot be started: %m");
		return -1;
	}
	log_begin(&line, LOG_INFO, "proxy started");
	log_field_number(&line, "pid", warden->child.pid);
	log_field_number(&line, "uid", warden->user.uid);
	log_end(&line);
	event_assign(&warden->channel_event, warden->base, warden->child.channel,
		     EV_READ | EV_PERSIST, warden_on_channel, warden);
	if (event_add(&warden->channel_event, NULL) < 0 || warden_tell_all(warden) < 0) {
		/* Dead already, most likely: how it ended says why. */
		log_debug("the proxy cannot be told its policy: %m");
		child_kill(&warden->child);
	}
	return 0;
}

static void warden_end(struct warden *warden, int exit_code)
{
	warden->exit_code = warden->leaving ? WARDEN_NAMESPACE_GONE : exit_code;
	event_base_loopbreak(warden->base);
}

static void warden_on_start_time(evutil_socket_t fd, short what, void *arg);

static void warden_start_later(struct warden *warden, const char *words)
{
	unsigned wait_ms = child_next_wait_ms(&warden->child);
	const struct timeval wait = {wait_ms / 1000, (wait_ms % 1000) * 1000L};
	struct log_line line;

	log_begin(&line, LOG_ERROR, "proxy died");
	log_field(&line, "end", words);
	log_field_number(&line, "again_ms", wait_ms);
	log_end(&line);
	warden_rules_report(warden->rules)->restarts++;
	evtimer_assign(&warden->start_event, warden->base, warden_on_start_time, warden);
	if (event_add(&warden->start_event, &wait) < 0)
		warden_end(warden, WARDEN_FAILED);
}

static void warden_on_start_time(evutil_socket_t fd, short what, void *arg)
{
	struct warden *warden = arg;

	(void)fd;
	(void)what;
	if (warden_start_proxy(warden) < 0)
		warden_start_later(warden, "could not be started");
}

void warden_on_child_signal(struct warden *warden)
{
	char words[80];
	int status, code;

	if (!child_has_ended(&warden->child, &status, words))
		return;
	event_del(&warden->channel_event);
	fd_clear(&warden->child.channel);
	code = child_exit_code(status);
	/* Only who was asked to end has ended well. */
	if (code == WARDEN_ENDED && !warden->stopping)
		code = WARDEN_FAILED;
	/* One that never served cannot: it has said why, and will not do better the next time. */
	if (warden->stopping ||
	    (!warden->child.serves && warden_rules_report(warden->rules)->restarts == 0)) {
		if (code != WARDEN_ENDED)
			log_error("the proxy %s", words);
		warden_end(warden, code);
		return;
	}
	warden_on_proxy_gone(warden);
	warden_start_later(warden, words);
}

static void warden_on_kill_time(evutil_socket_t fd, short what, void *arg)
{
	struct warden *warden = arg;

	(void)fd;
	(void)what;
	log_error("the proxy does not end by itself and is killed");
	child_kill(&warden->child);
}

void warden_stop(struct warden *warden)
{
	const struct warden_message message = {.word = WARDEN_STOP};
	const struct timeval wait = {warden->stopping ? SUPERVISE_END_S : SUPERVISE_DRAIN_S, 0};

	if (warden->child.pid == 0) {
		warden_end(warden, WARDEN_ENDED);
		return;
	}
	if (warden->stopping)
		event_del(&warden->kill_event);
	warden->stopping = true;
	evtimer_assign(&warden->kill_event, warden->base, warden_on_kill_time, warden);
	if (channel_tell(warden->child.channel, &message, -1) < 0 ||
	    event_add(&warden->kill_event, &wait) < 0)
		child_kill(&warden->child);
}

static void warden_on_leave_time(evutil_socket_t fd, short what, void *arg)
{
	struct warden *warden = arg;

	(void)fd;
	(void)what;
	log_error("ending: this network namespace has no uplink any more; a restart joins the new "
		  "one");
	warden->leaving = true;
	/* Twice is at once: no client can reach us and nothing be reached, so there is nothing to
	 * drain. */
	warden_stop(warden);
	if (warden->child.pid != 0)
		warden_stop(warden);
}

void warden_on_namespace(void *arg, bool gone)
{
	struct warden *warden = arg;
	const struct timeval wait = {warden->options->namespace_grace_s, 0};

	warden_rules_report(warden->rules)->namespace_gone = gone;
	warden_rules_tell(warden->rules);
	if (!gone) {
		log_info("the network namespace has an uplink again");
		event_del(&warden->leave_event);
		return;
	}
	log_error("the network namespace has lost its uplink");
	evtimer_assign(&warden->leave_event, warden->base, warden_on_leave_time, warden);
	if (event_add(&warden->leave_event, &wait) < 0)
		warden_on_leave_time(-1, 0, warden);
}
