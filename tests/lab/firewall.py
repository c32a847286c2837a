# SPDX-License-Identifier: GPL-3.0-or-later
"""Gluetun's own firewall and policy routing, as it sets them in its namespace; on, off, and open for one packet."""
from . import world

LINKS = (("eth0", world.GATEWAY_HOME, world.HOME_LAN), ("eth1", world.GATEWAY_APPS, "172.30.0.0/24"))
LINKS6 = (("eth0", world.GATEWAY_HOME6, world.HOME_LAN6),)
ESTABLISHED = "-m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT"


def table(policy, rules):
    chains = [f":{chain} {policy} [0:0]" for chain in ("INPUT", "FORWARD", "OUTPUT")]
    return "\n".join(["*filter", *chains, *rules, "COMMIT", ""])


def rules(links, multicast, endpoint=None):
    """endpoint: the device, address and UDP port by which the VPN's server is reached; None while nobody may go there."""
    lines = ["-A INPUT -i lo -j ACCEPT", "-A OUTPUT -o lo -j ACCEPT",
             f"-A OUTPUT {ESTABLISHED}", f"-A INPUT {ESTABLISHED}"]
    for device, address, subnet in links:
        lines.append(f"-A OUTPUT -o {device} -s {address} -d {subnet} -j ACCEPT")
        if multicast:
            lines.append(f"-A OUTPUT -o {device} -d ff02::1:ff00:0/104 -j ACCEPT")
    lines += [f"-A INPUT -i {device} -d {subnet} -j ACCEPT" for device, _, subnet in links]
    if endpoint:
        device, address, port = endpoint
        lines.append(f"-A OUTPUT -d {address} -o {device} -p udp --dport {port} -j ACCEPT")
    lines.append("-A OUTPUT -o tun0 -j ACCEPT")
    return lines


FORMS = ("nft", "legacy")  # Gluetun takes the first that works


class Firewall:
    def __init__(self, gateway, endpoint_port, form="nft"):
        self.gateway, self.endpoint_port, self.form = gateway, endpoint_port, form
        self.enabled = False

    def program(self, version, action=""):
        """iptables in the form that is in use: "iptables-nft", "ip6tables-legacy-save"."""
        return f"ip{'6' if version == 6 else ''}tables-{self.form}{action}"

    def routing(self):
        """The rules of priority 98 and 100: what has eth0's address leaves by eth0, tunnel or no tunnel."""
        lines = [f"rule add pref 98 to {subnet} lookup main" for _, _, subnet in LINKS]
        lines += [f"rule add pref 100 from {world.GATEWAY_HOME} lookup 200",
                  f"route add default via {world.HOME} dev eth0 table 200"]
        self.gateway.batch("\n".join(lines))
        self.gateway.run("ip", "-6", "rule", "add", "pref", "98", "to", world.HOME_LAN6, "lookup", "main")

    def _load(self, program, text):
        self.gateway.run(program, input=text)

    def on(self):
        self._load(self.program(4, "-restore"), table("DROP", rules(LINKS, False, ("eth0", world.VPN_PUBLIC, self.endpoint_port))))
        self._load(self.program(6, "-restore"), table("DROP", rules(LINKS6, True)))
        self.enabled = True

    def off(self):
        for version in (4, 6):
            self._load(self.program(version, "-restore"), table("ACCEPT", []))
        self.enabled = False

    def saved(self):
        """Its rules as iptables-save tells them, without comments and counts."""
        text = "".join(self.gateway.run(self.program(version, "-save")) for version in (4, 6))
        return [line.split(" [")[0] for line in text.splitlines() if not line.startswith("#")]

    def save_and_restore(self):
        """What "iptables-save | iptables-restore" does, for both families."""
        for version in (4, 6):
            self._load(self.program(version, "-restore"), self.gateway.run(self.program(version, "-save")))

    def use(self, form):
        """The same rules in the other form, and none in this one."""
        was_on = self.enabled
        self.off()
        self.form = form
        if was_on:
            self.on()

    def open_for(self, address, protocol, port):
        """One destination may leave in clear, so that a control packet can be seen. Returns what closes it again."""
        program = self.program(6 if ":" in address else 4)
        rule = ["OUTPUT", "-o", "eth0", "-d", address, "-p", protocol, "--dport", str(port), "-j", "ACCEPT"]
        self.gateway.run(program, "-I", *rule)
        return lambda: self.gateway.run(program, "-D", *rule)
