#!/bin/sh
# run.sh [PATTERN]: the stack's tests, in network, mount and process namespaces of their own (root). The engine and what
# it was fed stay in a cache ($EGRESSD_STACK_CACHE, ~/.cache/egressd-stack); nothing else is left behind.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${EGRESSD_STACK_CACHE:-$HOME/.cache/egressd-stack}
"$root/tests/packages.sh" containerd runc debootstrap socat
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
"$root/tests/stack/fetch.sh" "$cache"

# Building images takes packages: Debian's mirror is reached through this socket, and nothing else is reached at all.
folder=$(mktemp -d /var/tmp/egressd-stack.XXXXXX)
socat "UNIX-LISTEN:$folder/mirror,fork" TCP:deb.debian.org:80 9>&- &
mirror=$!
trap 'kill $mirror 2>/dev/null; rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM HUP

export EGRESSD_STACK_CACHE="$cache" EGRESSD_STACK_FOLDER="$folder" PYTHONDONTWRITEBYTECODE=1
# shellcheck disable=SC2016 # expanded inside
unshare --net --mount --pid --fork --kill-child --mount-proc --propagation private sh -c '
	mount -t tmpfs -o mode=755 run /run
	ip link set lo up
	exec /usr/bin/python3 -m pytest -q -p no:cacheprovider --tb=short --durations=8 -c "$0/tests/pytest.ini" \
		"$0/tests/stack" ${1:+-k "$1"}' "$root" "${1:-}" 9>&-
