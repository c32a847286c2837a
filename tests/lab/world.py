# SPDX-License-Identifier: GPL-3.0-or-later
"""Who lives where. All of it exists in private namespaces only; the addresses of the Internet are the ones set
aside for documentation, and the resolvers are where the shipped policy looks for them.

    app ──172.30.0.0/24── gateway ──192.168.44.0/24── home ─┐
                             │                        witness ├── internet (origins, name server)
                             └─── tun0 ── OpenVPN ── vpnserver ┘
"""
APP = "172.30.0.10"  # Prowlarr, in the shipped policy
APP_FLARESOLVERR = "172.30.0.11"
GATEWAY_APPS = "172.30.0.2"
GATEWAY_HOME = "192.168.44.2"
GATEWAY_HOME6 = "fd44::2"
HOME = "192.168.44.1"
HOME6 = "fd44::1"
HOME_LAN = "192.168.44.0/24"
HOME_LAN6 = "fd44::/64"

HOME_PUBLIC = "45.80.1.2"  # a leak is seen by an origin as coming from here
HOME_PUBLIC6 = "2a0e:b107:1::2"
VPN_PUBLIC = "45.80.2.2"  # what every origin must see
VPN_PUBLIC6 = "2a0e:b107:2::2"
TUNNEL = "10.8.0.0"
TUNNEL6 = "fd08:8::/64"

RESOLVERS = ("9.9.9.9", "1.1.1.1")
ORIGINS = ("198.51.100.10", "198.51.100.11", "198.51.100.12", "2001:db8:100::10", "2001:db8:100::11")

BOTH = {"A": ["198.51.100.10"], "AAAA": ["2001:db8:100::10"]}
NAMES = {
    "1337x.to": {"A": ["198.51.100.11"], "AAAA": ["2001:db8:100::11"]},
    "example.org": {"A": ["198.51.100.10"]},
    "www.example.org": {"CNAME": "example.org"},
    "six.example.org": {"AAAA": ["2001:db8:100::10"]},
    "both.example.org": BOTH,
    "dead.example.org": {"A": ["198.51.100.250"]},
    "half-dead.example.org": {"A": ["198.51.100.250", "198.51.100.10"]},
    "inside.example.org": {"A": ["192.168.44.1"]},
    "mapped.example.org": {"AAAA": ["::ffff:192.168.44.1"]},
    "tracker.example.net": {"A": ["198.51.100.12"]},
    "api.themoviedb.org": {"A": ["198.51.100.12"]},
    "api.thetvdb.com": {"A": ["198.51.100.12"]},
    "accounts.google.com": {"A": ["198.51.100.12"]},
    "clients2.google.com": {"A": ["198.51.100.12"]},
    "update.googleapis.com": {"A": ["198.51.100.12"]},
    "start.duckduckgo.com": {"A": ["198.51.100.12"]},
}
TCP_PORT, BANNER_PORT, UDP_PORT = 7000, 7001, 7002


def certificate_names():
    addresses = [address for address in ORIGINS]
    return [f"DNS:{name}" for name in NAMES] + [f"IP:{address}" for address in addresses]
