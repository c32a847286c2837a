/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: names that are asked for through the proxy. */
#ifndef LEAK_NAMES_H
#define LEAK_NAMES_H

#include "proxy.h"

/* Unique names of every kind, each of which must be seen nowhere but in the tunnel. */
void names_ask(struct leak_run *run, struct leak_test *test);

/* True when it is the proxy's answer that it was not allowed to try. */
bool proxy_denied(const struct proxy_answer *answer);

/* SKIP: nobody can ask the proxy from here. True when it cannot. */
bool proxy_is_out_of_reach(struct leak_run *run, struct leak_test *test);

#endif
