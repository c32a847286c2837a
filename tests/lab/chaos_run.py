# SPDX-License-Identifier: GPL-3.0-or-later
"""One run: a laboratory, one side, and a sequence of events, each looked at by the witness and by the clock."""
import time

from . import world
from .chaos_events import EVENTS
from .chaos_happening import Happening
from .chaos_side import SIDES
from .chaos_traffic import Traffic
from .lab import Lab
from .vpn import Vpn
from .wireguard import WireGuard

VPNS = {vpn.name: vpn for vpn in (Vpn, WireGuard)}
CONTROLS = [(protocol, version) for protocol in ("udp", "tcp") for version in (4, 6)]
MENDING = ("server", "firewall", "tunnel", "rules", "policy")  # in this order
ENDS_WITHIN = 15  # a silent far end is noticed within 10 s
RECOVERS_WITHIN = 30
CONTROL_RECOVERS = 5  # or not: nobody promised it
CONTROL_WAITS = 1.0  # nothing tells a plain program that its tunnel is gone


class Run:
    def __init__(self, vpn, side):
        self.lab = Lab(vpn=VPNS[vpn])
        self.side_type = SIDES[side]
        self.side = self.traffic = None
        self.noticed_at = self.is_new = None
        self.events_mark = 0

    def __enter__(self):
        self.lab.up()
        try:
            self.side = self.side_type(self.lab)
            self.traffic = Traffic(self.side.space, self.side.kinds, each=3 if self.side.is_control else 1)
        except BaseException:
            self.lab.down()
            raise
        return self

    def __exit__(self, *_):
        self.side.stop()
        self.traffic.close()
        self.lab.down()

    # What events ask for

    def replace(self, number):
        """The VPN's container is restarted; what shared its namespace is started again in the new one, and at once."""
        with self.side.paused:
            self.lab.unplug_gateway()
            self.noticed_at = self.side.lose_namespace()
            self.traffic.hang_up()
            self.lab.renew_gateway()
        time.sleep(0.05 + number % 12 / 100)
        self.lab.start_gateway()
        self.is_new = True

    def mend(self, what):
        """When it was right again."""
        if what == "server":
            self.lab.vpnserver.run("nft", "delete", "table", "inet", "silence")
        elif what == "firewall":
            self.lab.firewall.on()
        elif what == "tunnel":
            self.lab.vpn.restart()
        elif what == "rules":
            return self.side.mend_rules()
        elif what == "policy":
            self.side.allow()
        return time.monotonic()

    # One step

    def step(self, step):
        """Does it, waits until all is as before, and tells as plain data what was seen."""
        events = [EVENTS[name] for name in step.names if EVENTS[name].control or not self.side.is_control]
        told = {"step": step.number, "title": step.title(), "events": [event.name for event in events],
                "refused_ms": None, "recovered_ms": None, "problems": []}
        if events:
            if not self.traffic.run(RECOVERS_WITHIN):
                told["problems"].append("not every flow runs")
            time.sleep(step.before_s)
            self._happen(step, events, told)
        self._look(told)
        if told["problems"] and not self.side.is_control:
            told["log"] = self.side.daemon.text()[-4000:]
        return told

    def _happen(self, step, events, told):
        self.noticed_at, self.is_new = None, False
        with Happening(self.lab.gateway) as happening:
            for number, event in enumerate(events):
                if number:
                    time.sleep(step.between_s)
                event.deed(self, step.number)
            done = time.monotonic()
            ended = self._wait_refusal(step, events, told)
        mending = time.monotonic()
        wanted = [what for what in MENDING if any(what in event.mends for event in events)]
        if ended:
            stays = any(event.stays for event in events) and all(event.stays or not event.ends for event in events)
            stopped = max(ended, self.traffic.last_passed_before(mending) if stays else 0)
            told["refused_ms"] = max(0, stopped - happening.at()) * 1000
        mended = [self.mend(what) for what in wanted]
        if None in mended:
            told["problems"].append("the rules did not come back")
        self._wait_recovery(max([done, *(at or 0 for at in mended)]), mending if mended else max(done, ended or 0), told)

    def _wait_refusal(self, step, events, told):
        """When the last flow ended, or None: then nothing has to."""
        if self.is_new and not self.side.is_control:
            if self.noticed_at is None:
                told["problems"].append("did not end with its namespace")
            return self.noticed_at
        if self.side.is_control or not any(event.ends for event in events):
            time.sleep(CONTROL_WAITS if self.side.is_control and "server silent" in told["events"] else step.after_s)
            return None
        # The policy decides about each datagram: its association stays, and nothing comes back.
        denied = "policy changed and back" in step.names
        ended, running = self.traffic.wait_ended(ENDS_WITHIN, associations=not denied)
        if running:
            told["problems"].append("flows did not end: " + ", ".join(running))
            return None
        time.sleep(step.after_s)  # new requests come in meanwhile
        return max(ended, self.traffic.last_answer()) if denied else ended

    def _wait_recovery(self, stands_at, after, told):
        """A request of every kind passes again; the time is that of the first."""
        passed, missing = self.traffic.passed_after(after, CONTROL_RECOVERS if self.side.is_control else RECOVERS_WITHIN)
        if self.side.is_control:
            self.traffic.hang_up()  # its flows have lost their way, and would wait for minutes
        elif missing:
            told["problems"].append("requests do not pass again: " + ", ".join(missing))
        else:
            told["recovered_ms"] = max(0, passed - stands_at) * 1000

    def _look(self, told):
        report = self.lab.witness.look()
        mark = self.lab.events.mark()
        peers = {event.get("peer") for event in self.lab.events.entries[self.events_mark:mark]}
        self.events_mark = mark
        told.update(leaked=len(report.leaks), packets=[repr(packet) for packet in report.leaks[:5]],
                    carrier=report.carrier, lost=report.lost,
                    in_clear=sorted(peers & {world.HOME_PUBLIC, world.HOME_PUBLIC6}))

    def control_packets(self):
        """Of every kind: how many of them the witness saw. One may be lost among neighbours, a second is not."""
        self._look({})
        return {f"{protocol} IPv{version}": self.lab.control_packet(protocol, version) or
                self.lab.control_packet(protocol, version) for protocol, version in CONTROLS}
