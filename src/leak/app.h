/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: finding the apps and the proxy they use. */
#ifndef LEAK_APP_H
#define LEAK_APP_H

#include "run.h"

/* Opens the apps' namespaces, when any were named, and finds the proxy. False: report->problem. */
MUST_CHECK bool leak_apps_open(struct leak_run *run);

#endif
