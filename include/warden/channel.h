/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between warden and proxy: one SOCK_SEQPACKET socket, one message a packet. The warden hands over
 * descriptors; the proxy can say three things, each of one fixed size and without descriptors.
 */
#ifndef WARDEN_CHANNEL_H
#define WARDEN_CHANNEL_H

#include <limits.h>
#include <stdint.h>

#include "base/compiler.h"
#include "warden/report.h"

enum {
	/* Where the proxy finds its end when it starts. */
	CHANNEL_DESCRIPTOR = 3,
};

enum warden_word {
	WARDEN_REPORT,  /* report */
	WARDEN_CONTROL, /* the control socket, which listens */
	WARDEN_FILE,    /* path, and a sealed copy; the policy's own file comes first */
	WARDEN_LOAD,    /* these were all: go by them, and answer */
	WARDEN_REFUSED, /* a reload came to nothing: the descriptor has the reason as text */
	WARDEN_STOP,    /* drain and end; once more: end now */
};

struct warden_message {
	enum warden_word word;
	uint32_t asked; /* WARDEN_LOAD, WARDEN_REFUSED: every PROXY_RELOAD up to this one is
			   answered */
	union {
		struct warden_report report;
		char path[PATH_MAX];
	};
};

enum proxy_word {
	PROXY_RELOAD,  /* please read the policy file again */
	PROXY_LOADED,  /* the answer to WARDEN_LOAD: in force */
	PROXY_REFUSED, /* the other answer: all is as before */
};

struct proxy_message {
	enum proxy_word word;
	uint32_t asked; /* PROXY_RELOAD: its number */
};

enum channel_result {
	CHANNEL_GOT,
	CHANNEL_NOTHING, /* not yet */
	CHANNEL_OVER,    /* the other end is gone, or does not make sense */
};

/* [0] is the warden's and does not block, [1] the proxy's. -1 + errno. */
MUST_CHECK int channel_open(int ends[2]);

/* The warden's side. fd is borrowed; -1: none. -1 + errno: EAGAIN when the proxy does not read. */
MUST_CHECK int channel_tell(int channel, const struct warden_message *message, int fd);
MUST_CHECK enum channel_result channel_hear(int channel, struct proxy_message *message);

/* The proxy's side. *fd belongs to the caller then; -1: none came. wait: until there is something.
 */
MUST_CHECK enum channel_result channel_receive(int channel, bool wait,
					       struct warden_message *message, int *fd);
MUST_CHECK int channel_answer(int channel, enum proxy_word word, uint32_t asked);

/* Is this descriptor such an end? */
bool channel_is_one(int fd);

#endif
