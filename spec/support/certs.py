"""Certificates for the tests, made with the openssl command (elliptic curves: quick to make)."""

import os
import subprocess


def openssl(*arguments):
    """Runs openssl; raises with its message when it fails."""
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {arguments[0]}: {done.stderr}")


DAYS = "60"       # the soak lets the clock run ahead by a month
NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


class Authority:
    """A certificate authority of its own: `ca_file` is its certificate."""

    def __init__(self, folder, name):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.ca_file = os.path.join(self.folder, "ca.crt")
        self.ca_key = os.path.join(self.folder, "ca.key")
        openssl("req", "-x509", *NEW_KEY, "-keyout", self.ca_key, "-out", self.ca_file,
                "-days", DAYS, "-subj", f"/CN={name}",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, common_name, alt_name=None):
        """-> (certificate file, key file), signed by this authority."""
        base = os.path.join(self.folder, "".join(c if c.isalnum() else "_" for c in common_name))
        request, extensions = base + ".csr", base + ".ext"
        openssl("req", "-new", *NEW_KEY, "-keyout", base + ".key", "-out", request,
                "-subj", f"/CN={common_name}")
        with open(extensions, "w", encoding="ascii") as file:
            file.write("basicConstraints=CA:FALSE\n")
            if alt_name:
                file.write(f"subjectAltName={alt_name}\n")
        openssl("x509", "-req", "-in", request, "-CA", self.ca_file, "-CAkey", self.ca_key,
                "-CAcreateserial", "-days", DAYS, "-extfile", extensions, "-out", base + ".crt")
        return base + ".crt", base + ".key"


def self_signed(folder, common_name):
    """-> (certificate file, key file) that no authority signed."""
    os.makedirs(folder, exist_ok=True)
    base = os.path.join(str(folder), "self_signed")
    openssl("req", "-x509", *NEW_KEY, "-keyout", base + ".key", "-out", base + ".crt",
            "-days", DAYS, "-subj", f"/CN={common_name}")
    return base + ".crt", base + ".key"
