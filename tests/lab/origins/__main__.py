# SPDX-License-Identifier: GPL-3.0-or-later
"""origins SPEC: starts what the JSON file lists and says on one line which ports each got."""
import asyncio
import json
import ssl
import sys

from . import dns, http, tcp, udp
from .events import EventLog


def tls_context(spec):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(spec["certificate"], spec["key"])
    context.set_alpn_protocols(["http/1.1"])
    return context


async def start(spec, log):
    """Every [address, port] pair of the spec gets its server; port 0 means any."""
    context = tls_context(spec) if spec.get("https") else None
    ports = {kind: [] for kind in ("http", "https", "tcp", "banner", "udp", "dns")}
    for address, port in spec.get("http", []):
        ports["http"].append(await http.serve(log, spec, address, port))
    for address, port in spec.get("https", []):
        ports["https"].append(await http.serve(log, spec, address, port, context))
    for address, port in spec.get("tcp", []):
        ports["tcp"].append(await tcp.serve(log, address, port))
    for address, port in spec.get("banner", []):
        ports["banner"].append(await tcp.serve_banner(log, address, port))
    for address, port in spec.get("udp", []):
        ports["udp"].append(await udp.serve(log, address, port))
    for address, port in spec.get("dns", []):
        ports["dns"].append(await dns.serve(log, spec["names"], address, port))
    return ports


async def main(path):
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    log = EventLog()
    await log.serve(spec["events"])
    print(json.dumps(await start(spec, log)), flush=True)
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1]))
