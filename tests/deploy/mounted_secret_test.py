"""A server takes over certificates and tokens that change as Kubernetes changes mounted Secrets: the files are links through a link to a
folder, and that link is put in place of the old one at once.

  mounted_secret_test.py SERVER ASSAY        assay-server, or assay-fake-server; and assay. Needs openssl.
"""
import hashlib
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

SERVER, ASSAY = Path(), Path()
SECONDS = 60  # That nothing here should take.


class MountedSecret:
    """A folder as the kubelet keeps it. FILES by name."""

    def __init__(self, folder, files):
        self.folder, self.version = folder, 0
        folder.mkdir()
        self.update(files)
        for name in files:
            (folder / name).symlink_to(Path("..data") / name)

    def update(self, files):
        old = self.folder / f"..version{self.version}"
        self.version += 1
        new = self.folder / f"..version{self.version}"
        new.mkdir()
        for name, content in files.items():
            (new / name).write_bytes(content)
        (self.folder / "..data_tmp").symlink_to(new.name)
        os.replace(self.folder / "..data_tmp", self.folder / "..data")
        shutil.rmtree(old, ignore_errors=True)


def certificate():
    """A new one for 127.0.0.1 that is its own authority, with its key, under the names of a Secret of type kubernetes.io/tls."""
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=assay", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "tls.key", "-out", "tls.crt"],
                       cwd=scratch, check=True, capture_output=True)
        return {name: (Path(scratch) / name).read_bytes() for name in ("tls.crt", "tls.key")}


def tokens(token):
    return {"tokens": f"team-a {hashlib.sha256(token.encode()).hexdigest()}\n".encode()}


class MountedSecretTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = Path(scratch.name)
        self.first = certificate()
        self.tls = MountedSecret(self.root / "tls", self.first)
        self.tokens = MountedSecret(self.root / "tokens", tokens("old"))
        self.server = subprocess.Popen(
            [SERVER, "--listen", "127.0.0.1:0", "--reload-interval", "1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=os.environ | {"ASSAY_TLS_CERTIFICATE": str(self.root / "tls" / "tls.crt"), "ASSAY_TLS_KEY": str(self.root / "tls" / "tls.key"),
                              "ASSAY_TOKENS": str(self.root / "tokens" / "tokens")})
        self.addCleanup(self.stop)
        self.address = self.server.stdout.readline().split()[-1]

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.communicate(timeout=SECONDS)

    def await_true(self, condition, what):
        end = time.monotonic() + SECONDS
        while not condition():
            self.assertLess(time.monotonic(), end, what)
            threading.Event().wait(0.05)

    def served(self):
        """The certificate that a new connection is shown."""
        host, port = self.address.split(":")
        return ssl.get_server_certificate((host, int(port))).strip().encode()

    def takes(self, token, authority):
        (self.root / "ca.pem").write_bytes(authority["tls.crt"])
        (self.root / "token").write_text(token)
        done = subprocess.run([ASSAY, "info", "--address", self.address, "--tls-ca", self.root / "ca.pem",
                               "--token-file", self.root / "token"], capture_output=True)
        return done.returncode == 0

    def test_a_certificate_that_changes_in_place_is_shown_to_new_connections(self):
        self.assertEqual(self.served(), self.first["tls.crt"].strip())
        for _ in range(3):
            renewed = certificate()
            self.tls.update(renewed)
            self.await_true(lambda: self.served() == renewed["tls.crt"].strip(), "the new certificate is served")
            self.assertTrue(self.takes("old", renewed))

    def test_tokens_that_change_in_place_count_without_a_restart(self):
        self.assertTrue(self.takes("old", self.first))
        self.assertFalse(self.takes("new", self.first))
        self.tokens.update(tokens("new"))
        self.await_true(lambda: self.takes("new", self.first), "the new token is taken")
        self.assertFalse(self.takes("old", self.first))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        print(__doc__)
        sys.exit(0 if sys.argv[1:] in (["--help"], ["-h"]) else 2)
    ASSAY, SERVER = Path(sys.argv.pop()).resolve(), Path(sys.argv.pop()).resolve()
    unittest.main()
