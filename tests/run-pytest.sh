#!/bin/sh
# run-pytest.sh BUILD FOLDER [PATTERN]: runs the system tests of a folder against the programs in BUILD.
# They wait far more than they compute: two at once for each processor (N=1: one after the other).
# The flow tests have a network namespace of their own: its loopback holds nobody else's ports.
build=$1
folder=$2
shift 2
export EGRESSD_BUILD="$PWD/$build" PYTHONDONTWRITEBYTECODE=1
set -- /usr/bin/python3 -m pytest -q -p no:cacheprovider --tb=short --durations=5 -n "${N:-$(($(nproc) * 2))}" "$folder" ${1:+-k "$1"}
[ "$folder" = tests/flow ] || exec "$@"
# shellcheck disable=SC2016,SC2046 # expanded inside; one word or none
exec unshare --net $([ "$(id -u)" -eq 0 ] || echo --map-root-user) sh -c '
	ip link set lo up
	# Looking at the daemon'"'"'s sockets reads through all that linger: keep them few.
	echo 256 >/proc/sys/net/ipv4/tcp_max_tw_buckets
	exec "$@"' sh "$@"
