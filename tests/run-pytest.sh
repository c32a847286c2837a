#!/bin/sh
# run-pytest.sh BUILD FOLDER [PATTERN]: runs the system tests of a folder against the programs in BUILD.
# They wait far more than they compute: two at once for each processor (N=1: one after the other).
build=$1
folder=$2
shift 2
export EGRESSD_BUILD="$PWD/$build" PYTHONDONTWRITEBYTECODE=1
set -- /usr/bin/python3 -m pytest -q -p no:cacheprovider --tb=short --durations=5 -n "${N:-$(($(nproc) * 2))}" "$folder" ${1:+-k "$1"}
# Whoever is not root is root of a namespace, where the flow tests can make theirs.
[ "$folder" = tests/flow ] && [ "$(id -u)" -ne 0 ] && set -- unshare --net --map-root-user "$@"
exec "$@"
