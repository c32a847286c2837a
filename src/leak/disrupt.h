/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: T9 for real. */
#ifndef LEAK_DISRUPT_H
#define LEAK_DISRUPT_H

#include "run.h"

/* Takes the real tunnel down with flows open, watches, and puts it back as it was. */
void disrupt(struct leak_run *run, struct leak_test *test);

#endif
