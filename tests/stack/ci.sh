#!/bin/sh
# ci.sh: the stack's most important tests with the programs in build/, in about two minutes on a fresh machine. Where no
# engine can be had or run (no mirror, no cgroups, no overlay) it says so in one line, and that is no failure.
set -eu
cd "$(dirname "$0")/../.."
skip() {
	echo "stack-check: SKIPPED: $1"
	exit 0
}

[ "$(id -u)" -eq 0 ] || skip "it takes root"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
timeout 60 tests/packages.sh containerd runc debootstrap socat tzdata >"$log" 2>&1 ||
	skip "its packages cannot be had: $(tail -n 1 "$log")"
cache=${EGRESSD_STACK_CACHE:-$HOME/.cache/egressd-stack}
export EGRESSD_STACK_MAY_SKIP=1
timeout 90 tests/stack/fetch.sh "$cache" >"$log" 2>&1 ||
	skip "no Docker Engine, or no Debian base for its images, could be had in time: $(tail -n 1 "$log")"

code=0
EGRESSD_STACK_PROGRAMS=$PWD/build timeout -k 10 200 tests/stack/run.sh \
	"everything_is_healthy or no_way_out or same_request or wish_travels or good_stack" ||
	code=$?
[ "$code" -ne 77 ] || skip "no Docker Engine runs here (above)"
[ "$code" -ne 124 ] || skip "it took longer than there was time for (above)"
exit "$code"
