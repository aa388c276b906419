"""A CA of its own and server certificates for the VRM stand-in, made by the openssl command of Debian or FreeBSD."""
import atexit
import os
import secrets
import shutil
import ssl
import subprocess
import tempfile

OPENSSL_CONFIG = """
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[ok]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = %s
"""
DAYS = "60"             # a soak lets the clock run ahead by a month
NAMES = {"wrong-name": "DNS:vrm.example.com"}


class Certificates:
    """A folder of this process with a CA (`ca`, a path) and server certificates that it makes with the openssl command."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="vrm-demo-")
        atexit.register(self.remove)
        self.made = {}
        self.ca = self.authority("ca")

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *words):
        try:
            subprocess.run(("openssl",) + words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, cwd=self.folder)
        except FileNotFoundError:
            raise RuntimeError("The openssl command was not found: install the package openssl.") from None
        except subprocess.CalledProcessError as failure:
            text = failure.stderr.decode(errors="replace").strip().replace("\n", " ")
            raise RuntimeError("openssl %s failed: %s" % (words[0], text)) from None

    def request(self, name, alternative, *more):
        """`openssl req` with a new key NAME.key."""
        with open(self.path(name + ".conf"), "w") as config:
            config.write(OPENSSL_CONFIG % alternative)
        self.openssl("req", "-config", name + ".conf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                     "-nodes", "-subj", "/CN=VRM stand-in " + name, "-keyout", name + ".key", *more)

    def authority(self, name):
        self.request(name, "DNS:ca", "-x509", "-extensions", "ca", "-days", DAYS, "-out", name + ".pem")
        return self.path(name + ".pem")

    def context(self, kind):
        """The server's TLS context; kind is ok, wrong-name, expired or untrusted."""
        if kind not in self.made:
            signer = "ca"
            if kind == "untrusted":
                signer = "stranger"
                self.authority(signer)
            name = "server-" + kind
            self.request(name, NAMES.get(kind, "DNS:localhost,IP:127.0.0.1"), "-new", "-out", name + ".csr")
            self.openssl("x509", "-req", "-in", name + ".csr", "-CA", signer + ".pem", "-CAkey", signer + ".key",
                         "-set_serial", str(secrets.randbits(60)), "-days", "-1" if kind == "expired" else DAYS,
                         "-extfile", name + ".conf", "-extensions", "ok", "-out", name + ".pem")
            self.made[kind] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.made[kind].load_cert_chain(self.path(name + ".pem"), self.path(name + ".key"))
        return self.made[kind]
