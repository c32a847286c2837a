# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for File Browser: a front page and its health route. FB_PORT (80)."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from web import App, Raw, route  # noqa: E402


class Filebrowser(App):
    name, port_default = "File Browser", 80

    def __init__(self, environment=os.environ):
        super().__init__({"PORT": environment.get("FB_PORT", "80"), **environment})

    @route("GET", "/", anonymous=True)
    def front(self, _request):
        return Raw("<title>File Browser</title>", "text/html")

    @route("GET", "/health", anonymous=True)
    def health(self, _request):
        return {"status": "OK"}


if __name__ == "__main__":
    Filebrowser.main()
