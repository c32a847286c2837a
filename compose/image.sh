#!/bin/sh
# image.sh BUILD ROOT: what the image consists of: the programs in BUILD, every library that the loader would look for, and
# the few files that those read.
set -eu
build=$1
root=$2
install -D -s -m 0755 -t "$root/usr/sbin" "$build/egressd"
install -D -s -m 0755 -t "$root/usr/bin" "$build/egressctl"
ldd "$build/egressd" "$build/egressctl" | tr -s '[:blank:]' '\n' | grep '^/.*\.so' | sort -u | xargs cp -L --parents -t "$root"
install -D -m 0644 -t "$root/etc/ssl/certs" /etc/ssl/certs/ca-certificates.crt
mkdir -p "$root/usr/lib/ssl" "$root/usr/share/zoneinfo" "$root/etc/egressd" "$root/run/egressd" "$root/tmp" "$root/var/lib/egressd"
ln -s /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
cp -a /usr/share/zoneinfo/. "$root/usr/share/zoneinfo/"
rm -rf "$root/usr/share/zoneinfo/right" "$root/usr/share/zoneinfo/posix"
printf 'root:x:0:0:root:/:/sbin/nologin\negressd:x:1900:1900:egressd:/:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\negressd:x:1900:\n' >"$root/etc/group"
chown 1900:1900 "$root/var/lib/egressd"
chmod 1777 "$root/tmp"
