/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: finding the app and the proxy it uses. */
#ifndef LEAK_APP_H
#define LEAK_APP_H

#include "run.h"

/* Opens the app's namespace, when one was named, and finds the proxy. False: report->problem. */
MUST_CHECK bool leak_app_open(struct leak_run *run);

#endif
