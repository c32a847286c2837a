/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telling what a leak test found. */
#ifndef EGRESSCTL_LEAK_TEST_H
#define EGRESSCTL_LEAK_TEST_H

#include <jansson.h>
#include <stdbool.h>

#include "leak/leak.h"

#define LEAK_TEST_HELP                                                                             \
	"Run it as root in the network namespace of the gateway. More: man egressctl\n"            \
	"  --netns PID|NAME|/PATH  the app whose ways out are tried, and who asks the proxy;\n"    \
	"                          clients: every app of the policy on this machine\n"             \
	"  --host PID|NAME|/PATH   the machine around the gateway, whose ways out are watched\n"   \
	"  --real-address A[,A6]   what the world must not see\n"                                  \
	"  --exit-url URL          a page that answers with the address it sees (--exit-url6)\n"   \
	"  --endpoint ADDRESS:PORT the VPN server\n"                                               \
	"  --proxy URL, --echo-url URL, --rebinding-name NAME, --target A[,A6]\n"                  \
	"  --disruptive            take the real tunnel down (--down COMMAND, --up COMMAND)\n"     \
	"  --direct-query          ask the exit URL beside the tunnel too: it sees who you are\n"  \
	"  --device NAME           watch this device only\n"                                       \
	"  --pcap FILE             keep what was captured\n"                                       \
	"  --only T3,T5, --list, --strict, --uid UID, --apps NETWORK,...\n"                        \
	"Exit code 0: nothing leaked; 1: a leak; 2: undecided; 3: usage; 4: a privilege or the\n"  \
	"kernel is missing; 5: the tunnel was not put back as it was.\n"

/* One document; stable. */
json_t *leak_report_json(const struct leak_report *report, bool strict);

/* For people. */
void leak_report_print(const struct leak_report *report, bool strict);

/* One line of the table. */
void leak_report_print_test(const struct leak_test *test);

#endif
