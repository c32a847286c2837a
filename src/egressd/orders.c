/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the warden says: the files of a policy, to go by them, how the rules stand, to stop. */
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "config/files.h"
#include "egressd/daemon.h"
#include "egressd/publish.h"
#include "warden/channel.h"

enum {
	ORDERS_REPORT_MAX = 1 << 20,
};

/* Takes fd. -1: it cannot be kept. */
static int orders_take_file(struct daemon *daemon, const char *path, int fd)
{
	if (daemon->files == NULL)
		daemon->files = config_files_new();
	if (daemon->files != NULL)
		return config_files_take(daemon->files, path, strlen(path), fd);
	fd_close(fd);
	return -1;
}

static bool orders_on_file(struct daemon *daemon, const char *path, int fd)
{
	if (orders_take_file(daemon, path, fd) == 0)
		return true;
	log_error("the warden's copy of %s cannot be taken: %m", path);
	return false;
}

/* Takes fd. */
static void orders_on_refused(struct daemon *daemon, int fd)
{
	char *report = NULL;
	size_t len;

	if (fd >= 0 && lseek(fd, 0, SEEK_SET) == 0)
		report = fd_read_all(fd, ORDERS_REPORT_MAX, &len);
	fd_close(fd);
	daemon_end_reload(daemon, false, report);
	free(report);
}

static void orders_on_report(struct daemon *daemon, const struct warden_report *report)
{
	bool halted = !warden_report_allows(report);

	daemon->report = *report;
	if (atomic_exchange(&daemon->shared.halted, halted) == halted || daemon->workers == NULL)
		return;
	if (halted)
		log_error("nothing is let out: %s",
			  report->namespace_gone ? "the network namespace has no uplink any more"
						 : "the packet rules are not known to be in force");
	else
		log_info("traffic may be let out again");
	for (unsigned i = 0; i < daemon->shared.workers; i++)
		worker_wake_tunnels(daemon->workers[i]);
}

/* Takes fd. False: there is nothing more to be heard. */
static bool orders_obey(struct daemon *daemon, const struct warden_message *message, int fd)
{
	switch (message->word) {
	case WARDEN_REPORT:
		orders_on_report(daemon, &message->report);
		break;
	case WARDEN_CONTROL:
		fd_close(daemon->control);
		daemon->control = fd;
		return true;
	case WARDEN_FILE:
		return orders_on_file(daemon, message->path, fd);
	case WARDEN_LOAD:
		daemon->answers = message->asked;
		if (daemon->is_ready)
			daemon_load(daemon);
		break;
	case WARDEN_REFUSED:
		daemon->answers = message->asked;
		orders_on_refused(daemon, fd);
		return true;
	case WARDEN_STOP:
		if (daemon->workers == NULL)
			return false;
		daemon_stop(daemon);
		break;
	}
	fd_close(fd);
	return true;
}

int daemon_take_orders(struct daemon *daemon)
{
	struct warden_message message;
	int fd;

	do {
		if (channel_receive(daemon->channel, true, &message, &fd) != CHANNEL_GOT ||
		    !orders_obey(daemon, &message, fd))
			return -1;
	} while (message.word != WARDEN_LOAD);
	return daemon->files == NULL || daemon->control < 0 ? -1 : 0;
}

static void orders_on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct daemon *daemon = arg;
	struct warden_message message;
	int passed;
	enum channel_result result = channel_receive(fd, false, &message, &passed);

	(void)what;
	if (result == CHANNEL_NOTHING ||
	    (result == CHANNEL_GOT && orders_obey(daemon, &message, passed)))
		return;
	/* It goes when the warden goes; the kernel sees to it, and this is for the case that it
	 * does not. One that is there starts us anew. */
	log_error("the warden is gone, or cannot be followed: ending at once");
	event_del(&daemon->channel_event);
	daemon->stopping = true;
	daemon_stop(daemon);
}

int daemon_watch_orders(struct daemon *daemon)
{
	/* What was read first has gone into the policy in force. */
	config_files_free(daemon->files);
	daemon->files = NULL;
	event_assign(&daemon->channel_event, daemon->base, daemon->channel, EV_READ | EV_PERSIST,
		     orders_on_ready, daemon);
	return event_add(&daemon->channel_event, NULL);
}
