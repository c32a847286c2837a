#!/bin/sh
# Checks the arrows of the architecture: a folder includes only folders it stands on, and a third-party library is used
# only where the table says. proto is pure, so net stands on it: dialling through another proxy speaks its protocol.
set -eu
cd "$(dirname "$0")/.."
broken=$(mktemp)
trap 'rm -f "$broken"' EXIT

may_include() {
	case $1 in
	base) echo base ;;
	policy | proto | firewall | control | tunnel | apps) echo base "$1" ;;
	engine) echo base control engine ;;
	net) echo base net proto ;;
	config) echo base policy proto config firewall ;;
	warden) echo base firewall control tunnel config warden ;;
	leak) echo base firewall control tunnel config leak ;;
	egressd) echo base policy proto firewall control net tunnel apps config warden egressd ;;
	egressctl) echo base policy proto firewall control engine tunnel apps config leak egressctl ;;
	esac
}

may_use() {
	case $1 in
	event2) echo net control warden egressd ;;
	openssl) echo base net ;;
	ares) echo net ;;
	curl) echo apps control tunnel leak egressctl ;;
	jansson) echo apps control engine config tunnel egressd leak egressctl ;;
	idn2) echo config ;;
	libnftnl) echo firewall ;;
	libmnl) echo firewall leak ;;
	pcap) echo leak ;;
	cap) echo warden leak ;;
	seccomp) echo egressd ;;
	*) ;;
	esac
}

contains() {
	word=$1
	shift
	for item in "$@"; do [ "$item" != "$word" ] || return 0; done
	return 1
}

for layer in base policy proto firewall control engine net tunnel apps config warden leak egressd egressctl; do
	for file in src/"$layer"/*.c src/"$layer"/*.h include/"$layer"/*.h; do
		[ -e "$file" ] || continue
		sed -n 's/^#include "\([a-z]*\)\/.*/\1/p' "$file" | sort -u | while read -r used; do
			# shellcheck disable=SC2046
			contains "$used" $(may_include "$layer") || echo "$file: $layer may not include $used" >>"$broken"
		done
		sed -n 's/^#include <\([a-z0-9]*\)[/.].*/\1/p' "$file" | sort -u | while read -r used; do
			allowed=$(may_use "$used")
			# shellcheck disable=SC2086
			[ -z "$allowed" ] || contains "$layer" $allowed ||
				echo "$file: $layer may not use $used" >>"$broken"
		done
	done
done
cat "$broken"
[ ! -s "$broken" ] && echo "layers: as drawn"
