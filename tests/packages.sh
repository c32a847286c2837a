#!/bin/sh
# Installs what building and testing need and this machine lacks (Debian 12, apt). Quiet when nothing is missing.
set -eu
wanted="build-essential pkg-config git libevent-dev libssl-dev libc-ares-dev libjansson-dev libcurl4-openssl-dev
libidn2-dev libnftnl-dev libmnl-dev libcap-ng-dev libseccomp-dev libcmocka-dev clang clang-format libclang-rt-14-dev openssl openvpn
wireguard-go nftables iptables iproute2 procps chromium curl wget ca-certificates tcpdump python3 python3-pytest python3-pytest-xdist
socat valgrind strace man-db"
[ "$#" -eq 0 ] || wanted="$wanted $*"
missing=
for package in $wanted; do
	dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "installing:$missing"
if [ "$(id -u)" -eq 0 ]; then
	sudo=
elif command -v sudo >/dev/null; then
	sudo=sudo
else
	echo "install these packages as root, then run this again: apt-get install$missing" >&2
	exit 1
fi
$sudo apt-get -qq update
# shellcheck disable=SC2086 # a list of words on purpose
DEBIAN_FRONTEND=noninteractive $sudo apt-get -qq install --no-install-recommends -y $missing >/dev/null
