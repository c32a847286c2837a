/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the layer only: the kernel's and the library's headers, in the one order they bear. */
#ifndef FIREWALL_NF_TABLES_H
#define FIREWALL_NF_TABLES_H

#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>

#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>

enum {
	/* Of every message about something in a table: NFTA_TABLE_NAME, NFTA_RULE_TABLE... */
	ATTRIBUTE_TABLE = 1,
};

#endif
