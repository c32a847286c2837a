# SPDX-License-Identifier: GPL-3.0-or-later
"""git over HTTP: git's own backend as a CGI program."""
import asyncio
import os
import urllib.parse

BACKEND = "/usr/lib/git-core/git-http-backend"


def environment(exchange):
    url = urllib.parse.urlsplit(exchange.target)
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "GIT_HTTP_EXPORT_ALL": "1", "HOME": "/nonexistent",
        "GIT_PROJECT_ROOT": exchange.connection.settings["git"], "PATH_INFO": url.path.removeprefix("/git"),
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
        "QUERY_STRING": url.query, "REQUEST_METHOD": exchange.method, "REMOTE_ADDR": exchange.peer,
        "CONTENT_TYPE": exchange.field("content-type"), "GIT_PROTOCOL": exchange.field("git-protocol"),
        "HTTP_CONTENT_ENCODING": exchange.field("content-encoding"),
    }


async def handle(exchange, parts, query):
    body = b"".join([piece async for piece in exchange.body()])
    backend = await asyncio.create_subprocess_exec(
        BACKEND, env={**environment(exchange), "CONTENT_LENGTH": str(len(body))},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    output, _ = await backend.communicate(body)
    head, _, content = output.partition(b"\r\n\r\n")
    fields = head.decode("latin-1").split("\r\n")
    status = next((field[8:] for field in fields if field.startswith("Status: ")), "200 OK")
    fields = [field for field in fields if field and not field.startswith("Status: ")]
    await exchange.head(status, *fields, f"Content-Length: {len(content)}")
    await exchange.write(content)
