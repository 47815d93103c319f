"""Certificates that openssl makes, and tokens, in a temporary folder of one test run."""
import hashlib
import os
import pathlib
import subprocess
import tempfile

FOLDER = tempfile.TemporaryDirectory()


def path(name):
    return f"{FOLDER.name}/{name}"


def read(name):
    return pathlib.Path(path(name)).read_bytes()


def openssl(*args):
    subprocess.run(["openssl", *args], cwd=FOLDER.name, check=True, capture_output=True)


def make_authority(name):
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "100",
            "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")


def issue(authority, name, days=100):
    """NAME.pem and NAME.key for localhost and 127.0.0.1; put in place by renaming, as who rotates them should."""
    pathlib.Path(path("extensions.cnf")).write_text("subjectAltName = DNS:localhost, IP:127.0.0.1\n")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", "new.key", "-out", "new.csr")
    openssl("x509", "-req", "-in", "new.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key", "-CAcreateserial",
            "-extfile", "extensions.cnf", "-days", str(days), "-out", "new.pem")
    for kind in ("key", "pem"):
        os.replace(path(f"new.{kind}"), path(f"{name}.{kind}"))


def serial_of(name):
    done = subprocess.run(["openssl", "x509", "-noout", "-serial", "-in", path(f"{name}.pem")], check=True,
                          capture_output=True, text=True)
    return done.stdout.strip().split("=")[1]


def write_tokens(*pairs):
    lines = [f"{tenant} {hashlib.sha256(token.encode()).hexdigest()}\n" for tenant, token in pairs]
    pathlib.Path(path("tokens.new")).write_text("# tenants\n" + "".join(lines))
    os.replace(path("tokens.new"), path("tokens.txt"))
