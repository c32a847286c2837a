/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reference relay: copies while reads are short, splices through a large pipe while they are
 * not. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "reference.h"

enum step { STEP_AGAIN, STEP_WAIT, STEP_BROKEN };

static void relay_give_pipe(struct worker *worker, struct flow *flow)
{
	flow->spliced = false;
	/* A pipe with bytes of a broken stream in it is no use to the next. */
	if (flow->held == 0 && worker->pooled < REFERENCE_PIPES) {
		worker->pool[worker->pooled++] = flow->pipe;
		return;
	}
	flow->held = 0;
	close(flow->pipe.read);
	close(flow->pipe.write);
}

/* Without a pipe of the full size the flow goes on copying. */
static void relay_take_pipe(struct worker *worker, struct flow *flow)
{
	int ends[2];

	if (worker->pooled > 0) {
		flow->pipe = worker->pool[--worker->pooled];
		flow->spliced = true;
		return;
	}
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0)
		return;
	flow->pipe = (struct pipe_pair){ends[0], ends[1]};
	flow->spliced = fcntl(ends[1], F_SETPIPE_SZ, REFERENCE_PIPE) >= REFERENCE_PIPE;
	if (!flow->spliced) {
		close(ends[0]);
		close(ends[1]);
	}
}

void relay_close(struct worker *worker, struct pair *pair)
{
	for (int i = 0; i < 2; i++) {
		if (pair->flow[i].spliced)
			relay_give_pipe(worker, &pair->flow[i]);
		free(pair->flow[i].left);
		if (pair->side[i].fd >= 0)
			close(pair->side[i].fd);
	}
	pair->stage = PAIR_DEAD;
	pair->next_dead = worker->dead;
	worker->dead = pair;
}

static enum step relay_end_flow(struct flow *flow, int to)
{
	flow->ended = true;
	return shutdown(to, SHUT_WR) == 0 ? STEP_WAIT : STEP_BROKEN;
}

/* What one write did not take waits in memory of its own. */
static enum step relay_keep_left(struct flow *flow, const unsigned char *bytes, size_t len)
{
	flow->left = malloc(len);
	if (!flow->left)
		return STEP_BROKEN;
	memcpy(flow->left, bytes, len);
	flow->left_at = 0;
	flow->left_len = len;
	return STEP_WAIT;
}

static enum step relay_write_left(struct flow *flow, int to)
{
	ssize_t n =
		send(to, flow->left + flow->left_at, flow->left_len - flow->left_at, MSG_NOSIGNAL);

	if (n < 0)
		return errno == EAGAIN ? STEP_WAIT : STEP_BROKEN;
	flow->left_at += (size_t)n;
	if (flow->left_at < flow->left_len)
		return STEP_WAIT;
	free(flow->left);
	flow->left = NULL;
	return STEP_AGAIN;
}

static enum step relay_splice(struct worker *worker, struct flow *flow, struct side *from, int to)
{
	const unsigned how = SPLICE_F_NONBLOCK | SPLICE_F_MOVE;
	bool dry = false;
	ssize_t n;

	if (flow->held == 0) {
		n = splice(from->fd, NULL, flow->pipe.write, NULL, REFERENCE_PIPE, how);
		if (n < 0 && errno != EAGAIN)
			return STEP_BROKEN;
		if (n == 0)
			from->hung_up = true;
		dry = n <= 0;
		flow->held = n > 0 ? (size_t)n : 0;
	}
	if (dry) {
		relay_give_pipe(worker, flow);
		return n == 0 ? STEP_AGAIN : STEP_WAIT;
	}
	n = splice(flow->pipe.read, NULL, to, NULL, flow->held, how);
	if (n < 0)
		return errno == EAGAIN ? STEP_WAIT : STEP_BROKEN;
	flow->held -= (size_t)n;
	return STEP_AGAIN;
}

/* http://host:port/path becomes /path: the whole of what makes a relay a forwarder when every
 * request is one read. */
static size_t relay_strip_authority(unsigned char *bytes, size_t len)
{
	unsigned char *start = memmem(bytes, len, " http://", 8);
	unsigned char *path =
		start ? memchr(start + 8, '/', len - (size_t)(start + 8 - bytes)) : NULL;

	if (!path)
		return 0;
	memmove(path - (start + 1 - bytes), bytes, (size_t)(start + 1 - bytes));
	return (size_t)(path - (start + 1));
}

static enum step relay_copy(struct worker *worker, struct pair *pair, int index)
{
	struct side *from = &pair->side[index];
	struct flow *flow = &pair->flow[index];
	int to = pair->side[!index].fd;
	ssize_t n = recv(from->fd, worker->buffer, REFERENCE_BUFFER, 0), written;
	size_t skipped = 0, len;

	if (n < 0)
		return errno == EAGAIN ? STEP_WAIT : STEP_BROKEN;
	if (n == 0)
		return relay_end_flow(flow, to);
	if (worker->mode == MODE_HTTP && index == 0)
		skipped = relay_strip_authority(worker->buffer, (size_t)n);
	len = (size_t)n - skipped;
	written = send(to, worker->buffer + skipped, len, MSG_NOSIGNAL);
	if (written < 0 && errno != EAGAIN)
		return STEP_BROKEN;
	written = written < 0 ? 0 : written;
	if ((size_t)written < len)
		return relay_keep_left(flow, worker->buffer + skipped + written,
				       len - (size_t)written);
	if (n == REFERENCE_BUFFER)
		relay_take_pipe(worker, flow);
	else if (!from->hung_up)
		return STEP_WAIT; /* a short read took all there was, and more is a new edge */
	return STEP_AGAIN;
}

void relay_move(struct worker *worker, struct pair *pair, int from)
{
	struct flow *flow = &pair->flow[from];
	enum step step = STEP_AGAIN;

	while (step == STEP_AGAIN && !flow->ended) {
		if (flow->left)
			step = relay_write_left(flow, pair->side[!from].fd);
		else if (flow->spliced)
			step = relay_splice(worker, flow, &pair->side[from], pair->side[!from].fd);
		else
			step = relay_copy(worker, pair, from);
	}
	if (step == STEP_BROKEN || (pair->flow[0].ended && pair->flow[1].ended))
		relay_close(worker, pair);
}
