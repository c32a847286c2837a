# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates made on the spot: one authority, and whatever it signs."""
import os
import subprocess


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Authority:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.certificate, self.key = self.path("ca.crt"), self.path("ca.key")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "7",
                "-subj", "/CN=laboratory authority", "-keyout", self.key, "-out", self.certificate,
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, usage, alternatives=()):
        """A key and certificate; usage is serverAuth or clientAuth. Returns the two paths."""
        key, request, certificate = (self.path(f"{name}.{end}") for end in ("key", "csr", "crt"))
        extensions = [f"extendedKeyUsage={usage}", "keyUsage=digitalSignature,keyAgreement", "basicConstraints=CA:FALSE"]
        if alternatives:
            extensions.append("subjectAltName=" + ",".join(alternatives))
        with open(self.path(f"{name}.ext"), "w", encoding="ascii") as file:
            file.write("\n".join(extensions) + "\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-CAcreateserial",
                "-days", "7", "-extfile", file.name, "-out", certificate)
        return certificate, key
